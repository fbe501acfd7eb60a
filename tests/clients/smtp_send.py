"""Sends a mail by Python's own SMTP client.

    smtp_send.py PORT RECIPIENT SUBJECT [CERTIFICATE USER PASSWORD]

With CERTIFICATE by STARTTLS, trusting it alone, and signed in. Prints {"sent": true}, or {"sent": false, "code": ...} with what
the server refused it with.
"""

import json
import smtplib
import ssl
import sys


def send(port, recipient, subject, certificate=None, user=None, password=None):
    with smtplib.SMTP("localhost", int(port), timeout=30) as server:
        if certificate:
            server.starttls(context=ssl.create_default_context(cafile=certificate))
            server.login(user, password)
        server.sendmail("sender@example.org", [recipient], f"Subject: {subject}\r\n\r\nText.\r\n")


try:
    send(*sys.argv[1:])
    print(json.dumps({"sent": True}))
except smtplib.SMTPRecipientsRefused as refused:
    print(json.dumps({"sent": False, "code": next(iter(refused.recipients.values()))[0]}))
except smtplib.SMTPResponseException as refused:
    print(json.dumps({"sent": False, "code": refused.smtp_code}))
