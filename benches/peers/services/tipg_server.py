"""tipg with two workers on PostGIS: vector tiles and OGC API Features. PostgreSQL counts as well."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import server
from driftline import page_path
from postgis import PostGis
from server import Asked, Missing, Server, environment

WORKERS = 2


def version_of(python: Path, package: str) -> str:
    """The version of a package of .services-env."""
    asked = f"import importlib.metadata as m; print(m.version('{package}'))"
    done = subprocess.run([python, "-c", asked], capture_output=True, text=True) if python.exists() else None
    if done is None or done.returncode != 0:
        raise Missing(f"{package} is not installed")
    return done.stdout.strip()


@dataclass
class Tipg(Server):
    """tipg and PostgreSQL."""

    python: Path = Path()
    points: PostGis | None = None

    def start(self) -> None:
        self.version = version_of(self.python, "tipg")
        self.points.start()
        self.points.load(["points_100k", "points_1m"])
        # By default a tile is cut off at 10,000 features: here all servers give all of them.
        told = environment(DATABASE_URL=self.points.url(), TIPG_DB_SCHEMAS='["public"]', TIPG_MAX_FEATURES_PER_TILE="100000")
        command = [str(self.python), "-m", "uvicorn", "tipg.main:app", "--workers", str(WORKERS), "--port", str(self.port)]
        self.launch([*command, "--no-access-log", "--log-level", "warning"], "tipg.log", env=told)
        self.wait_for("/collections/public.points_100k")

    def pids(self) -> list[int]:
        return super().pids() + self.points.pids()

    def stop(self) -> None:
        super().stop()
        self.points.stop()

    def asked(self, task: str, drawn: list) -> Asked | None:
        """The requests of a task."""
        name = "public.points_1m" if task in (server.TILES_1M, server.FIRST_1M, server.DEPTH_1M) else "public.points_100k"
        items = f"/collections/{name}/items"
        match task:
            case server.TILES | server.TILES_1M:
                base = f"/collections/{name}/tiles/WebMercatorQuad"
                return Asked([f"{base}/{tile.z}/{tile.x}/{tile.y}" for tile in drawn], server.tile_features)
            case server.PAGES:
                return Asked([f"{page_path(items, page)}&f=geojson" for page in drawn], server.features)
            case server.FIRST | server.FIRST_1M:
                return Asked([f"{items}?f=geojson&limit=1000"], server.features, 1000)
            case server.DEPTH | server.DEPTH_1M:
                return Asked([f"{items}?f=geojson&limit=1000&offset={row}" for row in drawn], server.features, 1000)
            case server.LANDING:
                return Asked(["/?f=json"], server.members)
            case server.COLLECTIONS:
                return Asked(["/collections?f=json"], server.members)
            case server.API:
                return Asked(["/api"], server.members)
        return None
