"""The data: a field that Driftline ingests, and missions in twelve clusters that it computes; their particles, read back through the
service, are the points that the other servers get. What is there from the last time is used again."""

import csv
import io
import json
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import draws
from driftline import CURRENT, ORGANISATION, WIND, Driftline, command

# Where the particles of a mission begin: at sea, some of them near enough to a coast that particles run ashore.
CLUSTERS = [
    (-3.0, 61.5), (-1.5, 63.5), (0.5, 62.0), (2.5, 64.0), (4.5, 63.0), (1.0, 60.0),
    (3.0, 58.5), (0.0, 57.5), (5.5, 57.0), (2.5, 55.5), (4.0, 54.0), (7.0, 55.0),
]  # fmt: skip
RADIUS_M = 25_000
# With hourly output this many hours make 48 output times.
FORECAST_H = draws.HOURS - 1
PAGE = 10_000


def prepared(binary: Path, python: Path, folder: Path, sizes: dict[str, int]) -> dict:
    """Key, and for each name a mission of so many particles with its rows and their CSV."""
    about = folder / "driftline.json"
    if about.exists():
        return json.loads(about.read_text())
    if not (folder / "field.nc").exists():
        subprocess.run([python, Path(__file__).parent / "fields.py", folder], check=True)
    data = folder / "driftline-data"
    # What was only half made is made again.
    shutil.rmtree(data, ignore_errors=True)
    for feed, file in ((CURRENT, "field.nc"), (WIND, "wind.nc")):
        command(binary, data, "ingest", "file", str(folder / file), "--feed", feed, "--attribution", "Invented for measuring")
    command(binary, data, "orgs", "create", ORGANISATION)
    key = command(binary, data, "keys", "create", "--org", ORGANISATION, "--name", "bench")["key"]
    made = {"key": key, "missions": {}}
    it = Driftline("Driftline", folder, binary=binary, made=made)
    try:
        it.start()
        for name, particles in sizes.items():
            mission = computed(it, particles)
            made["missions"][name] = {"mission": mission, "rows": read_back(it, mission, folder / f"{name}.csv")}
    finally:
        it.stop()
    about.write_text(json.dumps(made, indent=1))
    return made


def computed(it: Driftline, particles: int) -> str:
    """Sends a mission and waits for its run."""
    start = draws.stamp(draws.START)
    releases = [{"point": {"lon": lon, "lat": lat, "time": start, "radius_m": RADIUS_M}} for lon, lat in CLUSTERS]
    body = {
        "name": f"{particles} particles", "object_type": "PIW-1", "forecast_hours": FORECAST_H, "ensemble_size": particles,
        "config": {"seed": 1, "scenarios": [{"release": release} for release in releases]},
    }  # fmt: skip
    headers = {**it.headers, "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{it.port}/v1/missions"
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), headers)) as answer:
        mission = json.load(answer)["id"]
    while True:
        status = json.loads(it.get(f"/v1/missions/{mission}/status"))
        if status["status"] == "completed":
            return mission
        if status["status"] not in ("queued", "running"):
            raise RuntimeError(f"the mission of {particles} particles: {status}")
        time.sleep(0.5)


def read_back(it: Driftline, mission: str, path: Path) -> int:
    """Writes the particles as the others are to have them, in the order of pages; how many there are."""
    address, rows = f"/missions/{mission}/ogc/collections/particles/items?f=csv&limit={PAGE}", 0
    with path.open("w") as file:
        out = csv.writer(file)
        out.writerow(["id", "particle_id", "valid_time", "lon", "lat", "status"])
        while address:
            request = urllib.request.Request(f"http://127.0.0.1:{it.port}{address}", headers=it.headers)
            with urllib.request.urlopen(request, timeout=120) as answer:
                text, links = answer.read().decode(), answer.headers.get_all("Link") or []
            for row in csv.DictReader(io.StringIO(text)):
                values = (row[name] for name in ("particle_id", "valid_time", "longitude", "latitude", "particle_status"))
                out.writerow([rows, *values])
                rows += 1
            following = re.search(r'<https?://[^/]+([^>]+)>; rel="next"', ", ".join(links))
            address = following[1] if following else None
    return rows
