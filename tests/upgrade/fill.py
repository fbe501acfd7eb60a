"""Fills a running installation with one completed mission and some metered answers, and notes what a later version must
find.

    fill.py KEY.json SERVER.log EXPECTED.json
"""

import datetime
import json
import pathlib
import re
import sys
import time
import urllib.request

key = json.loads(pathlib.Path(sys.argv[1]).read_text())["key"]
log = pathlib.Path(sys.argv[2])
for _ in range(300):
    found = re.search(r"listening on (http://[0-9.:]+)", log.read_text())
    if found:
        break
    time.sleep(0.1)
base = found.group(1)


def send(path, body=None, method=None, headers={}, key=key):
    request = urllib.request.Request(base + path, data=body and json.dumps(body).encode(), method=method)
    if key:
        request.add_header("X-API-Key", key)
    request.add_header("Content-Type", "application/json")
    for name, value in headers.items():
        request.add_header(name, value)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def ask(path, body=None, **how):
    return json.loads(send(path, body, **how))


def completed(id):
    for _ in range(600):
        status = ask(f"/v1/missions/{id}/status")["status"]
        if status not in ("queued", "running"):
            break
        time.sleep(0.1)
    if status != "completed":
        sys.exit(f"the mission is {status}")


mission = {
    "name": "Kept for later versions",
    "last_known_lat": 60.15,
    "last_known_lon": 4.1,
    "last_known_time": "2015-11-16T00:00:00Z",
    "object_type": "PIW-1",
    "uncertainty_radius_m": 500,
    "forecast_hours": 3,
    "ensemble_size": 100,
    "config": {"seed": 1},
}
id = ask("/v1/missions", mission)["id"]
completed(id)
counts = {}
for collection in ("search-areas", "datums", "trajectories", "particles"):
    page = ask(f"/missions/{id}/ogc/collections/{collection}/items?limit=10000")
    counts[collection] = page["numberReturned"]
# The first link makes the secret that links are signed with.
ask("/v1/map-links", {"mission": id, "expires_in_s": 3600})
# A job of OGC API Processes, and a mission that is no more: new with 0.5.
job = ask(
    "/ogc/processes/drift/execution",
    {"inputs": {**mission, "name": "A job"}},
    headers={"Prefer": "respond-async"},
)["jobID"]
for _ in range(600):
    if ask(f"/ogc/jobs/{job}")["status"] not in ("accepted", "running"):
        break
    time.sleep(0.1)
withdrawn = ask("/v1/missions", {**mission, "name": "Withdrawn"})["id"]
completed(withdrawn)
send(f"/v1/missions/{withdrawn}", method="DELETE")
# People, plans and links: new with 0.6.
login = {"email": "ada@example.org", "password": "lantern puffin gneiss"}
access = ask("/v1/auth/login", login)["access_token"]
bearer = {"Authorization": f"Bearer {access}"}
ask(f"/v1/missions/{id}/share-links", {"expires_in_s": 34_000_000, "name": "harbour master"})
links = ask(f"/v1/missions/{id}/share-links")["links"]
accounts = {
    "login": login,
    "me": {name: value for name, value in ask("/v1/auth/me", key=None, headers=bearer).items() if name in ("email", "name")},
    "audit_entries": ask("/v1/audit/verification", key=None, headers=bearer)["entries"],
    "share_links": [{name: link[name] for name in ("id", "name", "expires_at")} for link in links],
    "subscription": ask("/v1/billing/subscription")["subscription"],
    "balance": ask("/v1/billing/credits")["balance"],
    "quotas": [{name: quota[name] for name in ("meter", "soft", "hard")} for quota in ask("/v1/billing/quotas")["quotas"]],
}
expected = {
    "made_on": datetime.datetime.now(datetime.UTC).date().isoformat(),
    "mission": id,
    "name": mission["name"],
    "run": ask(f"/v1/missions/{id}/results")["run_id"],
    "counts": counts,
    "tilesets": [[found["dataType"], found["id"]] for found in ask(f"/missions/{id}/tiles")["tilesets"]],
    "job": ask(f"/ogc/jobs/{job}"),
    "withdrawn": withdrawn,
    "accounts": accounts,
    "again": {**mission, "name": "By a later version"},
}
pathlib.Path(sys.argv[3]).write_text(json.dumps(expected))
