"""Sends webhooks as Stripe signs them, written from its documentation with Python's own HMAC.

    stripe_webhook.py URL SECRET EVENT...

Each EVENT is JSON. Prints a list: for each the status with the right signature, with another secret's, and again with the right one.
"""

import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request


def send(url, body, secret):
    at = int(time.time())
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={signed}"})
    try:
        return urllib.request.urlopen(request, timeout=30).status
    except urllib.error.HTTPError as refused:
        return refused.code


url, secret, *events = sys.argv[1:]
answers = []
for event in events:
    body = event.encode()
    answers.append([send(url, body, secret), send(url, body, "whsec_of_somebody"), send(url, body, secret)])
print(json.dumps(answers))
