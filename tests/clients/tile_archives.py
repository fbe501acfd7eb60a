"""Reads tiles.pmtiles with its own library and tiles.mbtiles with SQLite, decodes every tile with mapbox_vector_tile, and
compares areas with the GeoJSON files of the same run.

    tile_archives.py FOLDER

Prints as JSON the headers, whether both archives hold the same tiles, names and attributes of layers, and the largest distance
between an area's outline and its source in units of a tile.
"""

import gzip
import json
import math
import pathlib
import sqlite3
import sys

import mapbox_vector_tile
import numpy
import shapely
from pmtiles.reader import MmapSource, Reader, all_tiles
from shapely.geometry import shape

folder = pathlib.Path(sys.argv[1])
EXTENT = 4096


def pmtiles():
    with open(folder / "tiles.pmtiles", "rb") as file:
        source = MmapSource(file)
        reader = Reader(source)
        header = reader.header()
        tiles = dict(all_tiles(source))
        fetched = {place: reader.get(*place) for place in tiles}
        assert fetched == tiles, "a tile is found by its place"
        return header, reader.metadata(), tiles


def mbtiles():
    database = sqlite3.connect(f"file:{folder / 'tiles.mbtiles'}?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = database.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles")
    tiles = {(z, x, (1 << z) - 1 - y): data for z, x, y, data in rows}
    return dict(database.execute("SELECT name, value FROM metadata")), tiles


def units(zoom, x, y):
    """From degrees to units of a tile."""
    n = 1 << zoom

    def one(lon, lat):
        across = (lon + 180) / 360 * n - x
        down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n - y
        return across * EXTENT, down * EXTENT

    return lambda places: numpy.array([one(lon, lat) for lon, lat in places])


header, metadata, tiles = pmtiles()
about, others = mbtiles()
layers, counts, deepest = {}, {}, {}
for (z, x, y), data in sorted(tiles.items()):
    # Rows from the north, as the tile itself has them.
    decoded = mapbox_vector_tile.decode(gzip.decompress(data), default_options={"y_coord_down": True})
    for name, layer in decoded.items():
        counts.setdefault(name, {}).setdefault(z, 0)
        counts[name][z] += len(layer["features"])
        for feature in layer["features"]:
            layers.setdefault(name, set()).update(feature["properties"])
            if name == "search-areas" and z == header["max_zoom"]:
                properties = feature["properties"]
                key = (round(properties["level"] * 100), properties["valid_time"])
                deepest.setdefault(key, []).append(((x, y), shape(feature["geometry"])))

sources = {}
for level in (50, 90, 95):
    for one in json.loads((folder / f"search_area_{level}.geojson").read_text())["features"]:
        sources[level, one["properties"]["valid_time"]] = shape(one["geometry"])
z = header["max_zoom"]
worst = 0.0
for key, parts in deepest.items():
    for (x, y), drawn in parts:
        wanted = shapely.transform(sources[key], units(z, x, y))
        frame = shape({"type": "Polygon", "coordinates": [[[-64, -64], [4160, -64], [4160, 4160], [-64, 4160], [-64, -64]]]})
        inside = wanted.buffer(0).intersection(frame)
        # What both cover may differ by a rim of some units and no more.
        apart = drawn.buffer(0).symmetric_difference(inside)
        worst = max(worst, apart.area / max(drawn.length, 1.0))
print(
    json.dumps(
        {
            "header": {key: value for key, value in header.items() if isinstance(value, (int, bool))},
            "tile_type": header["tile_type"].name,
            "tile_compression": header["tile_compression"].name,
            "metadata": metadata,
            "mbtiles": about,
            "tiles": len(tiles),
            "same": tiles == others,
            "layers": {name: sorted(keys) for name, keys in layers.items()},
            "counts": counts,
            "areas": [len(deepest), len(sources)],
            "missing": sorted(map(str, set(sources) - set(deepest))),
            "rim_units": worst,
        }
    )
)
