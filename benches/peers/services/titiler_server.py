"""titiler.xarray with two workers: pictures (XYZ) of the speed from Zarr on this machine's disk."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import server
from server import Asked, Server, environment
from tipg_server import version_of

WORKERS = 2


@dataclass
class Titiler(Server):
    """titiler.xarray."""

    python: Path = Path()

    def start(self) -> None:
        self.version = version_of(self.python, "titiler.xarray")
        here = Path(__file__).parent
        command = [str(self.python), "-m", "uvicorn", "titiler_app:app", "--app-dir", str(here), "--workers", str(WORKERS)]
        # What GDAL recommends for reading many small ranges is set by nobody: the data are files of this machine.
        self.launch([*command, "--port", str(self.port), "--no-access-log", "--log-level", "warning"], "titiler.log", env=environment())
        self.wait_for("/healthz", 120)

    def asked(self, task: str, drawn: list) -> Asked | None:
        """The requests of a task."""
        if task != server.MAPS:
            return None
        fixed = f"url={quote(str(self.folder / 'speed.zarr'))}&variable=speed&rescale=0,1&colormap_name=viridis"
        path = "/tiles/WebMercatorQuad/{tile.z}/{tile.x}/{tile.y}.png?{fixed}&sel=time={time}"
        paths = [path.format(tile=tile, fixed=fixed, time=tile.time().removesuffix("Z")) for tile in drawn]
        return Asked(paths, server.picture, 100)
