"""A forward proxy on loopback that stands in for the hosts whose documents the suites load: it answers from folders and
archives, and nothing leaves the machine.

A suite whose DTD, XML schema or JSON schema cannot be loaded ends without a single test. Plain requests come with an
absolute address (RFC 9112, 3.2.2); for https the client asks for a tunnel (RFC 9110, 9.3.6), which ends here, with a
certificate made on the spot that only the suite's own trust store knows.
"""

import http.server
import pathlib
import ssl
import subprocess
import threading
import urllib.parse

# What java.util.Properties writes a reference to in its XML form; of its public definition only the grammar matters.
PROPERTIES_DTD = b"""<!ELEMENT properties (comment?, entry*)>
<!ATTLIST properties version CDATA #FIXED "1.0">
<!ELEMENT comment (#PCDATA)>
<!ELEMENT entry (#PCDATA)>
<!ATTLIST entry key CDATA #REQUIRED>
"""
HOSTS = ["schemas.opengis.net", "www.opengis.net", "www.w3.org", "java.sun.com"]
TYPES = {".yaml": "application/yaml", ".json": "application/json", ".dtd": "application/xml-dtd"}


class Documents:
    """What there is to answer with: folders that are laid out as a host is, and single documents."""

    def __init__(self, folders, single):
        self.folders = folders
        self.single = {"java.sun.com/dtd/properties.dtd": PROPERTIES_DTD, **single}
        self.lock = threading.Lock()
        # What was asked for and is nowhere; a suite may go on without, or end there.
        self.missing = set()

    def find(self, host, path):
        """The document, or None."""
        parts = [part for part in urllib.parse.unquote(path).split("/") if part]
        name = "/".join([host, *parts])
        if name in self.single:
            return self.single[name]
        if ".." not in parts:
            for folder in self.folders.get(host, []):
                if folder.joinpath(*parts).is_file():
                    return folder.joinpath(*parts).read_bytes()
        with self.lock:
            self.missing.add(name)
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    documents = None
    tls = None
    host = None

    def do_CONNECT(self):
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        host = self.path.rsplit(":", 1)[0]
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.host = host
        self.close_connection = False

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        body = self.documents.find(address.hostname or self.host, address.path)
        self.send_response(200 if body is not None else 404)
        ending = pathlib.PurePosixPath(address.path).suffix
        self.send_header("Content-Type", TYPES.get(ending, "application/xml"))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body or b"")

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class StandIn:
    """The proxy, running until it is closed, and the options that make a JVM use it."""

    def __init__(self, documents, folder):
        self.documents = documents
        trust = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "stand-in.pem", folder / "stand-in.key")
        handler = type("Handler", (Handler,), {"documents": documents, "tls": context})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        port = str(self.server.server_port)
        self.options = [
            *(f"-D{scheme}.proxy{what}" for scheme in ("http", "https") for what in ("Host=127.0.0.1", f"Port={port}")),
            "-Dhttp.nonProxyHosts=127.0.0.1|localhost",
            f"-Djavax.net.ssl.trustStore={trust}",
            "-Djavax.net.ssl.trustStorePassword=changeit",
        ]

    def close(self):
        self.server.shutdown()


def certificate(folder):
    """Makes a certificate for HOSTS, and a trust store that holds nothing else."""
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    trust = folder / "trust.p12"
    quiet = {"check": True, "capture_output": True}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7", "-subj", "/CN=stand-in"]
        + ["-addext", f"subjectAltName={names}", "-keyout", folder / "stand-in.key", "-out", folder / "stand-in.pem"],
        **quiet,
    )
    trust.unlink(missing_ok=True)
    subprocess.run(
        ["keytool", "-importcert", "-noprompt", "-alias", "stand-in", "-file", folder / "stand-in.pem"]
        + ["-keystore", trust, "-storetype", "PKCS12", "-storepass", "changeit"],
        **quiet,
    )
    return trust
