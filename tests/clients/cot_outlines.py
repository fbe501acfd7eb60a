"""Compares polygons drawn for TAK with the search areas that they stand for.

    cot_outlines.py FOLDER EVENTS.json|cot.zip

FOLDER holds search_area_50.geojson and its like. Events are those that cot_client.py prints; of a data package every .cot file
that its manifest names is read. Prints as JSON for each level and time the part of the area that is not drawn, how much more is
drawn (both as shares of the area), and the vertices of each polygon.
"""

import json
import pathlib
import re
import sys
import zipfile

from lxml import etree
from shapely.geometry import Polygon, shape
from shapely.ops import unary_union

folder = pathlib.Path(sys.argv[1])
sources = {}
for level in (50, 90, 95):
    for one in json.loads((folder / f"search_area_{level}.geojson").read_text())["features"]:
        sources[level, one["properties"]["valid_time"]] = shape(one["geometry"])

manifest = None
if sys.argv[2].endswith(".zip"):
    events = []
    with zipfile.ZipFile(sys.argv[2]) as archive:
        assert archive.testzip() is None
        manifest = etree.fromstring(archive.read("MANIFEST/manifest.xml"))
        named = [content.get("zipEntry") for content in manifest.iterfind("Contents/Content")]
        assert sorted(named) == sorted(set(archive.namelist()) - {"MANIFEST/manifest.xml"}), "the manifest names every entry"
        for content in manifest.iterfind("Contents/Content"):
            event = etree.fromstring(archive.read(content.get("zipEntry")))
            told = {one.get("name"): one.get("value") for one in content.iterfind("Parameter")}
            assert told["uid"] == event.get("uid")
            detail = event.find("detail")
            events.append(
                {
                    **dict(event.attrib),
                    "outline": [link.get("point") for link in detail.iterfind("link[@point]")],
                    "remarks": detail.findtext("remarks"),
                }
            )
else:
    events = json.loads(pathlib.Path(sys.argv[2]).read_text())

drawn, vertices = {}, []
for event in events:
    if event["type"] != "u-d-f":
        continue
    places = [tuple(reversed([float(part) for part in point.split(",")])) for point in event["outline"]]
    assert places[0] == places[-1], "a closed outline"
    vertices.append(len(places))
    level = int(re.search(r"area-(\d+)\.", event["uid"]).group(1))
    time = re.search(r"Valid (\S+)", event["remarks"]).group(1)
    polygon = Polygon(places)
    assert polygon.is_valid, event["uid"]
    drawn.setdefault((level, time), []).append(polygon)
print(
    json.dumps(
        {
            "areas": {
                f"{level} {time}": [
                    sources[level, time].difference(unary_union(parts)).area / sources[level, time].area,
                    unary_union(parts).difference(sources[level, time]).area / sources[level, time].area,
                ]
                for (level, time), parts in drawn.items()
            },
            "vertices": vertices,
            "types": sorted({event["type"] for event in events}),
            "uids": len({event["uid"] for event in events}),
            "events": len(events),
            "version": None if manifest is None else manifest.get("version"),
        }
    )
)
