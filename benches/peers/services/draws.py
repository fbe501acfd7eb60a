"""What is asked for: the same seeded draws for every server, made from the points that all of them hold. Degrees, UTC."""

import csv
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 7
START = datetime(2025, 1, 1, tzinfo=UTC)
HOURS = 48
WEST, SOUTH, EAST, NORTH = -5.0, 50.0, 15.0, 65.0
HALF_WORLD_M = math.pi * 6_378_137.0


@dataclass(frozen=True)
class Tile:
    """A tile of WebMercatorQuad, for pictures at an hour after the first one."""

    z: int
    x: int
    y: int
    hour: int = 0

    def bbox_3857(self) -> tuple[float, float, float, float]:
        """Its edges in metres of EPSG:3857."""
        width = 2 * HALF_WORLD_M / 2**self.z
        west, north = self.x * width - HALF_WORLD_M, HALF_WORLD_M - self.y * width
        return west, north - width, west + width, north

    def time(self) -> str:
        return stamp(START + timedelta(hours=self.hour))


@dataclass(frozen=True)
class Page:
    """A page of features: a box, and an interval that is closed at both ends."""

    bbox: tuple[float, float, float, float]
    begin: datetime
    end: datetime


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def tile_at(z: int, lon: float, lat: float, hour: int = 0) -> Tile:
    across = (lon + 180) / 360
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return Tile(z, int(across * 2**z), int(down * 2**z), hour)


def points(path: Path, most: int, dice: random.Random) -> list[tuple[float, float, datetime]]:
    """Some of the points of a CSV."""
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    chosen = dice.choices(rows, k=most)
    return [(float(row[3]), float(row[4]), datetime.fromisoformat(row[2])) for row in chosen]


def maps(count: int) -> list[Tile]:
    """Pictures, zooms 5 to 8, of tiles whose middle is somewhere in the field."""
    dice = random.Random(SEED)
    return [
        tile_at(dice.randint(5, 8), dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH), dice.randrange(HOURS))
        for _ in range(count)
    ]


def tiles(path: Path, count: int) -> list[Tile]:
    """Vector tiles, zooms 7 to 12, each with some particle in it."""
    dice = random.Random(SEED + 1)
    return [tile_at(dice.randint(7, 12), lon, lat) for lon, lat, _ in points(path, count, dice)]


def pages(path: Path, count: int) -> list[Page]:
    """Boxes of 0.2 to 1.5 degrees and six hours around some point, so that no page is empty."""
    dice = random.Random(SEED + 2)
    drawn = []
    for lon, lat, time in points(path, count, dice):
        width, height = dice.uniform(0.2, 1.5), dice.uniform(0.2, 1.5)
        west, south = lon - width * dice.random(), lat - height * dice.random()
        begin = time - timedelta(hours=dice.randrange(6))
        box = tuple(round(value, 4) for value in (west, south, west + width, south + height))
        drawn.append(Page(box, begin, begin + timedelta(hours=6)))
    return drawn


def depths(rows: int, count: int) -> list[int]:
    """Places where a page of 1,000 still fits."""
    dice = random.Random(SEED + 3)
    return [dice.randrange(1, rows - 1_000) for _ in range(count)]
