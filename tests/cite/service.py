"""The service that the suites ask: our binary on a data directory of its own, with forcing off Norway, one completed mission
and the conformance configuration."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORCING = ROOT / "tests/data/forcing"
# A window of each file around the mission (see tests/upgrade/cut.py): edr10 asks for two degrees of every hour as GeoJSON.
FEEDS = {
    "norkyst800": ("norkyst800_subset_16Nov2015.nc", (0, 110, 0, 110, 13)),
    "arome": ("arome_subset_16Nov2015.nc", (5, 50, 5, 55, 13)),
}
CREDIT = "Data from MET Norway"
# 6,500 positions: features10 does not count collections beyond 10,000. Near enough to the coast that some strand: it asks
# every collection for a feature. South of 60 degrees, where no polar system is listed: it transforms two corners of a box and calls
# what lies between them the same box, which in systems whose axes are turned there it is not.
MISSION = {
    "name": "CITE",
    "object_type": "PIW-1",
    "last_known_lat": 59.4,
    "last_known_lon": 4.9,
    "last_known_time": "2015-11-16T00:00:00Z",
    "uncertainty_radius_m": 1000,
    "forecast_hours": 12,
    "ensemble_size": 500,
    "config": {"seed": 7},
}
START_LIMIT_S, MISSION_LIMIT_S = 60, 120


class Service:
    """Started when made, with forcing and a mission unless it is to be bare; `close` ends it."""

    def __init__(self, driftline, folder, blue_lake, is_bare=False):
        folder.mkdir(exist_ok=True)
        self.driftline, self.data = driftline, folder / "data"
        for feed, (file, window) in [] if is_bare else FEEDS.items():
            self.ingest(feed, FORCING / file, folder / file, window)
        self.command("orgs", "create", "cite", "--json")
        self.key = json.loads(self.command("keys", "create", "--org", "cite", "--name", "cite", "--json"))["key"]
        settings = {"DRIFTLINE__PROVIDER__PHONE": "+00 000 000", "DRIFTLINE__PROVIDER__EMAIL": "duty@example.org"}
        # A suite asks with one key what many clients would.
        for name in ["REQUESTS", "ORGANISATION_REQUESTS", "MAPS", "ORGANISATION_MAPS", "MISSION_WRITES", "ADDRESS_REQUESTS"]:
            settings[f"DRIFTLINE__LIMITS__{name}_PER_MINUTE"] = "1000000"
        if blue_lake:
            settings["DRIFTLINE__CONFORMANCE__BLUE_LAKE"] = str(blue_lake)
        self.log = (folder / "service.log").open("wb+")
        self.process = subprocess.Popen(
            [driftline, "serve", "--data-dir", self.data, "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, **settings},
        )
        try:
            self.base = self.listening()
            if not is_bare:
                self.completed_mission()
        except BaseException:
            self.close()
            raise

    def ingest(self, feed, file, cut, window):
        program = [sys.executable, ROOT / "tests/upgrade/cut.py", file, cut, *map(str, window)]
        subprocess.run(program, check=True)
        self.command("ingest", "file", cut, "--feed", feed, "--attribution", CREDIT)

    def command(self, *arguments):
        done = subprocess.run([self.driftline, *arguments, "--data-dir", self.data], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"driftline {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def listening(self):
        """The address that the log names, once it answers."""
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until and self.process.poll() is None:
            said = pathlib.Path(self.log.name).read_text(errors="replace")
            found = re.search(r"listening on (http://[0-9.:]+)", said)
            if found:
                return found[1]
            time.sleep(0.1)
        raise SystemExit(f"the service does not start; see {self.log.name}")

    def ask(self, path, body=None):
        request = urllib.request.Request(f"{self.base}{path}", headers={"X-API-Key": self.key})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def completed_mission(self):
        mission = self.ask("/v1/missions", MISSION)["id"]
        until = time.monotonic() + MISSION_LIMIT_S
        while time.monotonic() < until:
            status = self.ask(f"/v1/missions/{mission}")["status"]
            if status == "completed":
                return
            if status in ("failed", "cancelled"):
                break
            time.sleep(0.1)
        raise SystemExit(f"the mission {mission} is not completed; see {self.log.name}")

    def address(self, path):
        """An address with the key in its path: the suites rebuild queries and send no header of ours."""
        return f"{self.base}/key/{self.key}{path}"

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()
