"""martin on PostGIS: vector tiles. Used where the program is found in PATH; nothing here builds it."""

import shutil
import subprocess
from dataclasses import dataclass

import server
from postgis import PostGis
from server import Asked, Missing, Server, environment

WORKERS = 2


@dataclass
class Martin(Server):
    """martin and PostgreSQL."""

    points: PostGis | None = None

    def start(self) -> None:
        program = shutil.which("martin")
        if not program:
            raise Missing("martin is not in PATH; `cargo install martin --version 1.14.0 --locked` builds it on Rust 1.95")
        self.version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
        self.points.start()
        self.points.load(["points_100k", "points_1m"])
        listen = ["--listen-addresses", f"{server.LOOPBACK}:{self.port}", "--workers", str(WORKERS)]
        # Without its cache of answers; none of the others has one either.
        command = [program, *listen, "--cache-size", "0", "--max-feature-count", "100000", self.points.url()]
        self.launch(command, "martin.log", env=environment())
        self.wait_for("/health")

    def pids(self) -> list[int]:
        return super().pids() + self.points.pids()

    def stop(self) -> None:
        super().stop()
        self.points.stop()

    def asked(self, task: str, drawn: list) -> Asked | None:
        """The requests of a task."""
        if task not in (server.TILES, server.TILES_1M):
            return None
        name = "points_1m" if task == server.TILES_1M else "points_100k"
        return Asked([f"/{name}/{tile.z}/{tile.x}/{tile.y}" for tile in drawn], server.tile_features)
