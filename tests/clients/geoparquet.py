"""Reads result files as any user of GeoParquet does.

    geoparquet.py FILE.parquet...

Checks the `geo` metadata of those that have a geometry column (GeoParquet 1.1: version, primary column, WKB, box in
longitude and latitude that holds every geometry; plain lon and lat columns beside it say the same), or the plain lon and
lat columns of the others. Prints what each file
holds as JSON; anything wrong ends with a sentence and exit code 1.
"""

import json
import pathlib
import struct
import sys

import pyarrow.parquet as pq

POINT, LINE, POLYGON = 1, 2, 3


def require(true, sentence):
    if not true:
        sys.exit(sentence)


class Wkb:
    """Positions of a little-endian two-dimensional geometry."""

    def __init__(self, content):
        self.content, self.at, self.positions, self.kinds = content, 0, [], []
        self.geometry()
        require(self.at == len(content), "bytes are left behind a geometry")

    def take(self, form):
        values = struct.unpack_from("<" + form, self.content, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def geometry(self):
        order, kind = self.take("BI")
        require(order == 1, "a geometry is not little-endian")
        self.kinds.append(kind)
        if kind == POINT:
            self.positions.append(self.take("dd"))
        elif kind == LINE:
            self.line()
        elif kind == POLYGON:
            for _ in range(self.take("I")[0]):
                first = len(self.positions)
                self.line()
                require(self.positions[first] == self.positions[-1], "a ring is not closed")
        else:
            require(kind in (4, 5, 6), f"geometry type {kind}")
            for _ in range(self.take("I")[0]):
                self.geometry()

    def line(self):
        for _ in range(self.take("I")[0]):
            self.positions.append(self.take("dd"))


def look_at(path):
    file = pq.ParquetFile(path)
    table = file.read()
    metadata = file.metadata.metadata or {}
    found = {"rows": table.num_rows, "columns": table.column_names, "row_groups": file.num_row_groups}
    if b"geo" in metadata:
        geo = json.loads(metadata[b"geo"])
        name = geo["primary_column"]
        column = geo["columns"][name]
        require(geo["version"].startswith("1."), f"{path.name}: GeoParquet {geo['version']}")
        require(column["encoding"] == "WKB", f"{path.name}: encoding {column['encoding']}")
        crs = column.get("crs", "OGC:CRS84")
        require(crs == "OGC:CRS84" or crs["id"] == {"authority": "OGC", "code": "CRS84"}, f"{path.name}: crs {crs}")
        west, south, east, north = column["bbox"]
        points = [Wkb(content).positions for content in table[name].to_pylist()]
        if {"lon", "lat"} <= set(table.column_names):
            plain = zip(table["lon"].to_pylist(), table["lat"].to_pylist())
            require(points == [[place] for place in plain], f"{path.name}: lon and lat are not the geometry")
            found["states"] = {state: 0 for state in table["state"].to_pylist()}
            for state in table["state"].to_pylist():
                found["states"][state] += 1
            found["tally"] = json.loads(metadata[b"tally"])
            found["source"] = json.loads(metadata[b"source"])
        for positions in points:
            for lon, lat in positions:
                inside = west - 1e-9 <= lon <= east + 1e-9 and south - 1e-9 <= lat <= north + 1e-9
                require(inside, f"{path.name}: {lon}, {lat} lies outside its bbox {column['bbox']}")
        found["geometry_types"], found["bbox"] = column["geometry_types"], column["bbox"]
    else:
        require({"lon", "lat"} <= set(table.column_names), f"{path.name}: neither geometry nor lon and lat")
        lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
        require((abs(lon) <= 180).all() and (abs(lat) <= 90).all(), f"{path.name}: positions off the globe")
        found["times"] = len(table["time"].unique())
        found["particles"] = len(table["particle_id"].unique())
    return found


print(json.dumps({pathlib.Path(path).name: look_at(pathlib.Path(path)) for path in sys.argv[1:]}))
