"""Reads a WMTS with OWSLib: owslib_wmts.py URL LAYER. Prints its layers, its tile matrix sets and how a tile begins."""

import json
import sys

from owslib.wmts import WebMapTileService

service = WebMapTileService(sys.argv[1])
layer = service[sys.argv[2]]
tile = service.gettile(
    layer=layer.id,
    style=next(iter(layer.styles)),
    tilematrixset="WebMercatorQuad",
    tilematrix="4",
    row=4,
    column=8,
    format="image/png",
)
print(
    json.dumps(
        {
            "layers": list(service.contents),
            "sets": sorted(service.tilematrixsets),
            "styles": list(layer.styles),
            "tile": tile.read()[:8].hex(),
        }
    )
)
