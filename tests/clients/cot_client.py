"""A TAK client as far as Driftline can tell: connects over TLS with a client certificate and prints what it is sent.

    cot_client.py PORT CA [CERTIFICATE KEY] [--flood] [--garbage] [--tls12]

Prints a line of JSON for each event as it comes, and a last one that says how the connection ended. Pings once a second.
With --flood it pings as fast as it can and reads nothing; with --garbage it sends an event that does not end; with --tls12 it
speaks nothing newer.
"""

import json
import socket
import ssl
import sys
import time

from lxml import etree

switches = {word for word in sys.argv[1:] if word.startswith("--")}
port, authority, *own = [word for word in sys.argv[1:] if not word.startswith("--")]
PING = b'<?xml version="1.0"?><event version="2.0" uid="test-ping" type="t-x-c-t" how="m-g" time="2020-01-01T00:00:00Z" start="2020-01-01T00:00:00Z" stale="2020-01-01T00:01:00Z"><point lat="0" lon="0" hae="0" ce="0" le="0"/><detail/></event>'


def say(**what):
    print(json.dumps(what), flush=True)


def told(event):
    detail = event.find("detail")
    point = event.find("point")
    found = {name: event.get(name) for name in ("uid", "type", "how", "time", "start", "stale", "version")}
    found["point"] = {name: float(point.get(name)) for name in ("lat", "lon", "hae", "ce", "le")}
    if detail is not None:
        found["outline"] = [link.get("point") for link in detail.iterfind("link[@point]")]
        found["links"] = [link.get("uid") for link in detail.iterfind("link[@uid]")]
        found["callsign"] = getattr(detail.find("contact"), "attrib", {}).get("callsign")
        found["remarks"] = detail.findtext("remarks")
        found["forced"] = detail.find("__forcedelete") is not None
        found["colours"] = {one.tag: dict(one.attrib) for one in detail if one.tag in ("strokeColor", "fillColor", "color")}
    return found


context = ssl.create_default_context(cafile=authority)
if "--tls12" in switches:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
if own:
    context.load_cert_chain(*own)
try:
    plain = socket.socket()
    plain.settimeout(10)
    if "--flood" in switches:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", int(port)))
    stream = context.wrap_socket(plain, server_hostname="localhost")
except (OSError, ssl.SSLError) as error:
    say(end="handshake", error=str(error))
    sys.exit()


stream.settimeout(60)
if "--flood" in switches:
    # Never reads: what it is sent fills the buffers on the way.
    began = time.monotonic()
    try:
        while True:
            stream.sendall(PING)
    except (OSError, ssl.SSLError) as error:
        say(end="dropped", error=str(error), after_s=time.monotonic() - began)
    sys.exit()
if "--garbage" in switches:
    try:
        while True:
            stream.sendall(b"<event " + b"x" * 10_000)
            time.sleep(0.01)
    except (OSError, ssl.SSLError) as error:
        say(end="dropped", error=str(error))
    sys.exit()
held = b""
stream.settimeout(0.2)
pinged = 0.0
try:
    say(connected=stream.version())
    while True:
        if time.monotonic() - pinged > 1:
            pinged = time.monotonic()
            stream.sendall(PING)
        try:
            got = stream.recv(65_536)
        except TimeoutError:
            continue
        if not got:
            say(end="closed")
            break
        held += got
        while b"</event>" in held:
            text, held = held.split(b"</event>", 1)
            text = (text + b"</event>").strip()
            say(event=told(etree.fromstring(text)))
except (OSError, ssl.SSLError) as error:
    say(end="broken", error=str(error))
