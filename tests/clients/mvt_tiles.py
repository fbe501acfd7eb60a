"""Decodes the vector tile that holds a place, with mapbox_vector_tile.

    mvt_tiles.py KEY TEMPLATE ZOOM LON LAT

TEMPLATE is a TileJSON address with {z}, {x} and {y}. Prints for each layer: version, extent, the number of features, and the
names of their properties.
"""

import json
import math
import sys
import urllib.request

import mapbox_vector_tile

key, template, zoom, lon, lat = sys.argv[1:]
across = 2 ** int(zoom)
x = int((float(lon) + 180) / 360 * across)
y = int((1 - math.asinh(math.tan(math.radians(float(lat)))) / math.pi) / 2 * across)
url = template.replace("{z}", zoom).replace("{x}", str(x)).replace("{y}", str(y))
with urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": key}), timeout=60) as answer:
    tile = mapbox_vector_tile.decode(answer.read())
layers = {
    name: {
        "version": layer["version"],
        "extent": layer["extent"],
        "features": len(layer["features"]),
        "properties": sorted({member for feature in layer["features"] for member in feature["properties"]}),
    }
    for name, layer in tile.items()
}
print(json.dumps({"url": url.replace(key, "KEY"), "layers": layers}))
