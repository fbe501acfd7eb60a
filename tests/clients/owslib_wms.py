"""Reads a WMS with OWSLib, by the addresses that its capabilities name.

    owslib_wms.py URL VERSION LAYER BBOX PLACE TIME...

URL carries the key as its user pasted it. Prints what the client understood as JSON: layers, reference systems, styles and
times of LAYER, a digest of its map of BBOX (west,south,east,north) at each TIME in EPSG:4326 and EPSG:3857, and what stands
at PLACE (longitude,latitude).
"""

import hashlib
import json
import math
import sys

from owslib.wms import WebMapService

SIZE = (256, 256)


def metres(lon, lat):
    return 6378137.0 * math.radians(lon), 6378137.0 * math.asinh(math.tan(math.radians(lat)))


def digest(answer):
    content = answer.read()
    return {
        "kind": answer.info()["Content-Type"],
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


url, version, layer, bbox, place, *times = sys.argv[1:]
west, south, east, north = map(float, bbox.split(","))
lon, lat = map(float, place.split(","))
service = WebMapService(url, version=version)
about = service.contents[layer]
boxes = {"EPSG:4326": (west, south, east, north), "EPSG:3857": (*metres(west, south), *metres(east, north))}
maps, infos = {}, {}
for time in times:
    asked = dict(layers=[layer], styles=[""], size=SIZE, time=time)
    for srs, box in boxes.items():
        picture = service.getmap(srs=srs, bbox=box, format="image/png", transparent=True, **asked)
        maps[f"{srs} {time}"] = digest(picture)
    # Counted from the upper left, as all versions do.
    at = (int((lon - west) / (east - west) * SIZE[0]), int((north - lat) / (north - south) * SIZE[1]))
    info = service.getfeatureinfo(
        srs="EPSG:4326", bbox=boxes["EPSG:4326"], query_layers=[layer], info_format="application/json", xy=at, **asked
    )
    infos[time] = json.loads(info.read())
print(
    json.dumps(
        {
            "version": service.identification.version,
            "layers": list(service.contents),
            "operations": [operation.name for operation in service.operations],
            "formats": service.getOperationByName("GetMap").formatOptions,
            "crs": about.crsOptions,
            "box": about.boundingBoxWGS84,
            "styles": {name: style.get("legend") for name, style in about.styles.items()},
            "times": about.timepositions,
            "default_time": about.defaulttimeposition,
            "attribution": about.attribution,
            "maps": maps,
            "infos": infos,
        }
    )
)
