"""Reads the CSV documents with Python's own reader and compares them with the GeoJSON files of the same run.

    document_tables.py FOLDER

Prints as JSON the number of rows and the largest differences, in degrees: of decimal degrees, and of what degrees and decimal
minutes say.
"""

import csv
import json
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])


def rows(name):
    with open(folder / name, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def features(name):
    return json.loads((folder / name).read_text(encoding="utf-8"))["features"]


def degrees(text):
    found = re.fullmatch(r"(\d{2,3})°(\d\d\.\d{3})'([NSEW])", text)
    value = int(found[1]) + float(found[2]) / 60
    return -value if found[3] in "SW" else value


def largest(pairs):
    return max((abs(a - b) for a, b in pairs), default=0.0)


datums, areas, stranded = rows("datums.csv"), rows("areas.csv"), rows("stranded.csv")
source = {(one["properties"]["valid_time"], one["properties"]["datum_kind"]): one for one in features("centroid.geojson")}
decimal, minutes = [], []
for row in datums:
    for kind in ("mean", "mode"):
        lon, lat = source[row["valid_time"], kind]["geometry"]["coordinates"]
        for name, value in (("lat", lat), ("lon", lon)):
            decimal.append((float(row[f"{kind}_{name}_deg"]), value))
            minutes.append((degrees(row[f"{kind}_{name}_dm"]), value))

sizes, outlines, boxes = [], [], []
parts = {}
for level in (50, 90, 95):
    for one in features(f"search_area_{level}.geojson"):
        kind, coordinates = one["geometry"]["type"], one["geometry"]["coordinates"]
        polygons = [coordinates] if kind == "Polygon" else coordinates
        for number, polygon in enumerate(polygons, 1):
            parts[one["properties"]["valid_time"], level / 100, number] = (one["properties"], polygon)
for row in areas:
    about, polygon = parts.pop((row["valid_time"], float(row["level"]), int(row["part"])))
    sizes.append((float(row["area_km2"]), about["area_km2"]))
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", row["WKT"])]
    flat = [value for ring in polygon for place in ring for value in place]
    assert len(numbers) == len(flat), row["valid_time"]
    decimal.extend(zip(numbers, flat))
    places = [place.split(" ") for place in row["outline_dm"].split("; ")]
    outlines.extend((degrees(lat), place[1]) for (lat, _), place in zip(places, polygon[0], strict=True))
    outlines.extend((degrees(lon), place[0]) for (_, lon), place in zip(places, polygon[0], strict=True))
    lons, lats = zip(*polygon[0])
    corners = [("south", min(lats)), ("west", min(lons)), ("north", max(lats)), ("east", max(lons))]
    boxes.extend((float(row[f"{side}_deg"]), value) for side, value in corners)
    boxes.extend((degrees(row[f"{side}_dm"]), value) for side, value in corners)

ashore = {one["properties"]["particle_id"]: one for one in features("stranded.geojson")}
for row in stranded:
    one = ashore.pop(int(row["particle_id"]))
    assert row["valid_time"] == one["properties"]["valid_time"]
    lon, lat = one["geometry"]["coordinates"]
    decimal.extend([(float(row["lat_deg"]), lat), (float(row["lon_deg"]), lon)])
    minutes.extend([(degrees(row["lat_dm"]), lat), (degrees(row["lon_dm"]), lon)])

print(
    json.dumps(
        {
            "rows": {"datums": len(datums), "areas": len(areas), "stranded": len(stranded)},
            "datums_of_source": sum(kind in ("mean", "mode") for _, kind in source),
            "left_over": len(parts) + len(ashore),
            "decimal_deg": largest(decimal),
            "minutes_deg": largest(minutes + outlines + boxes),
            "size_km2": largest(sizes),
            "provenance": {name: datums[0][name] for name in ("run_id", "seed", "mode", "engine_version", "forcing", "attribution")},
        }
    )
)
