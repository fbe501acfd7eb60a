"""Prints the single records of a stopped installation's ledger, its hourly sums, and digests of what it signs links with,
as JSON.

    ledger.py DRIFTLINE.sqlite
"""

import hashlib
import json
import sqlite3
import sys

database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
records = [
    {"request": request and request.hex(), "mission": mission and mission.hex(), "meter": meter, "units": units}
    for request, mission, meter, units in database.execute(
        "SELECT request_id, mission_id, meter, units FROM usage_records ORDER BY entry"
    )
]
hours = [
    {"meter": meter, "units": units, "records": count}
    for meter, units, count in database.execute(
        "SELECT meter, sum(units), sum(records) FROM usage_hours GROUP BY meter ORDER BY meter"
    )
]
signing = {
    name: hashlib.sha256(secret).hexdigest()
    for name, secret in database.execute("SELECT name, secret FROM signing_secrets ORDER BY name")
}
print(json.dumps({"records": records, "hours": hours, "signing": signing}))
