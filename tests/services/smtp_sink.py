"""An SMTP server that keeps each mail as a file: FOLDER/000001.eml and so on, its envelope beside it as 000001.json
({"from": ..., "to": [...], "tls": ..., "user": ...}). A mail is there as soon as its .eml is (renamed into place).

--certificate and --key: STARTTLS is offered, and required before a mail. --user and --password: who is not signed in (PLAIN or
LOGIN) is refused. Recipients whose local part begins with "nobody" are refused for good (550), with "later" for now (451).
"""

import argparse
import asyncio
import json
import signal
import ssl
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Sink:
    def __init__(self, folder):
        self.folder = folder
        # Mails of an earlier run in the same folder stay.
        self.count = len(list(folder.glob("*.eml")))

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        name = f"{self.count:06}"
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        (self.folder / f"{name}.json").write_text(json.dumps(about))
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(envelope.original_content)
        unfinished.rename(self.folder / f"{name}.eml")
        return "250 kept"


async def serve(settings):
    sink = Sink(settings.folder)
    tls = None
    if settings.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(settings.certificate, settings.key)

    def authenticate(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            settings.user.encode(),
            settings.password.encode(),
        )
        # Not handled: aiosmtpd says 535 to whom it refuses.
        return AuthResult(success=right, handled=False, auth_data=data if right else None)

    def connection():
        return SMTP(
            sink,
            hostname="localhost",
            tls_context=tls,
            require_starttls=tls is not None,
            auth_require_tls=tls is not None,
            auth_required=settings.user is not None,
            authenticator=authenticate if settings.user is not None else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", settings.port)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--starttls", action="store_true", help="said to smtp.sh, which makes the certificate")
    parser.add_argument("--user")
    parser.add_argument("--password")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
