"""Opens KML files with GDAL's two drivers. Run with the system's Python.

    kml_gdal.py FILE...

Prints as JSON for each file and driver the layers with their feature counts, of network links none.
"""

import json
import sys

from osgeo import gdal

gdal.UseExceptions()


def layers(path, driver):
    try:
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR, allowed_drivers=[driver])
    except RuntimeError as error:
        return str(error)
    found = [dataset.GetLayer(number) for number in range(dataset.GetLayerCount())]
    return {layer.GetName(): layer.GetFeatureCount() for layer in found}


print(json.dumps({path: {driver: layers(path, driver) for driver in ("LIBKML", "KML")} for path in sys.argv[1:]}))
