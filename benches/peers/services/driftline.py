"""Driftline's release binary on its own data directory, key in a header, meter on."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import draws
import server
from server import Asked, Server, environment

ORGANISATION, CURRENT, WIND = "bench", "bench-current", "bench-wind"


def command(binary: Path, data: Path, *words: str) -> dict:
    """Runs one command of the program and reads its JSON."""
    done = subprocess.run([binary, *words, "--data-dir", data, "--json"], capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        raise RuntimeError(f"driftline {' '.join(map(str, words[:2]))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


@dataclass
class Driftline(Server):
    """The service under measurement."""

    binary: Path = Path()
    made: dict = field(default_factory=dict)

    def start(self) -> None:
        words = subprocess.run([self.binary, "--version"], check=True, capture_output=True, text=True).stdout
        self.version = words.split()[-1]
        self.headers = {"X-Api-Key": self.made["key"]}
        listen = f"{server.LOOPBACK}:{self.port}"
        # The access log is written to a file, as it is in service.
        serve = [str(self.binary), "serve", "--data-dir", str(self.folder / "driftline-data"), "--listen", listen]
        # The others have no limits either.
        names = ["REQUESTS", "ORGANISATION_REQUESTS", "MAPS", "ORGANISATION_MAPS", "ADDRESS_REQUESTS"]
        limits = {f"DRIFTLINE__LIMITS__{name}_PER_MINUTE": "10000000" for name in names}
        self.launch(serve, "driftline.log", env={**environment(), **limits})
        self.wait_for("/ready")

    def asked(self, task: str, drawn: list) -> Asked | None:
        """The requests of a task."""
        items = {name: f"/missions/{of['mission']}/ogc/collections/particles/items" for name, of in self.made["missions"].items()}
        tiles = {name: f"/missions/{of['mission']}/tiles/particles" for name, of in self.made["missions"].items()}
        match task:
            case server.MAPS:
                return Asked([self.map_path(tile) for tile in drawn], server.picture, 100)
            case server.TILES | server.TILES_1M:
                base = tiles["points_1m" if task == server.TILES_1M else "points_100k"]
                return Asked([f"{base}/{tile.z}/{tile.x}/{tile.y}.mvt" for tile in drawn], server.tile_features)
            case server.PAGES:
                return Asked([page_path(items["points_100k"], page) for page in drawn], server.features)
            case server.FIRST | server.FIRST_1M:
                base = items["points_1m" if task == server.FIRST_1M else "points_100k"]
                return Asked([f"{base}?limit=1000"], server.features, 1000)
            case server.DEPTH | server.DEPTH_1M:
                base = items["points_1m" if task == server.DEPTH_1M else "points_100k"]
                return Asked([self.page_behind(base, row) for row in drawn], server.features, 1000)
            case server.CAPABILITIES:
                return Asked(["/wms?SERVICE=WMS&REQUEST=GetCapabilities"], server.elements)
            case server.LANDING:
                return Asked(["/ogc"], server.members)
            case server.COLLECTIONS:
                return Asked(["/ogc/collections"], server.members)
            case server.API:
                return Asked(["/ogc/api"], server.members)
        return None

    def map_path(self, tile: draws.Tile) -> str:
        box = ",".join(f"{edge:.3f}" for edge in tile.bbox_3857())
        fixed = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=currents&STYLES=&CRS=EPSG:3857&WIDTH=256&HEIGHT=256"
        return f"/wms?{fixed}&FORMAT=image/png&TRANSPARENT=TRUE&BBOX={box}&TIME={tile.time()}"

    def page_behind(self, base: str, row: int) -> str:
        """The address of the page that begins at a row, by cursor: the `next` of the page before, which a walk would give."""
        page = json.loads(self.get(f"{base}?limit=1&offset={row - 1}"))
        after = next(link["href"] for link in page["links"] if link["rel"] == "next")
        cursor = re.search(r"cursor=([^&]+)", after)
        if cursor is None:
            raise ValueError(f"a next link without a cursor: {after}")
        return f"{base}?limit=1000&cursor={cursor[1]}"


def page_path(base: str, page: draws.Page) -> str:
    """The same for every server that speaks OGC API Features."""
    box = ",".join(map(str, page.bbox))
    interval = quote(f"{draws.stamp(page.begin)}/{draws.stamp(page.end)}", safe="/:")
    return f"{base}?limit=100&bbox={box}&datetime={interval}"
