"""Opens an MBTiles file with GDAL. Run with the system's Python.

    mbtiles_gdal.py FILE

Prints as JSON the layers with feature counts, the attributes of areas and the extent of areas in degrees.
"""

import json
import sys

from osgeo import gdal, ogr, osr

gdal.UseExceptions()
ogr.UseExceptions()
dataset = gdal.OpenEx(sys.argv[1], gdal.OF_VECTOR, allowed_drivers=["MBTiles"])
layers = [dataset.GetLayer(number) for number in range(dataset.GetLayerCount())]
areas = dataset.GetLayerByName("search-areas")
degrees = osr.SpatialReference()
degrees.ImportFromEPSG(4326)
degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
to_degrees = osr.CoordinateTransformation(areas.GetSpatialRef(), degrees)
west, east, south, north = 180.0, -180.0, 90.0, -90.0
levels = {}
for feature in areas:
    geometry = feature.GetGeometryRef().Clone()
    geometry.Transform(to_degrees)
    w, e, s, n = geometry.GetEnvelope()
    west, east, south, north = min(west, w), max(east, e), min(south, s), max(north, n)
    levels[feature.GetField("level")] = levels.get(feature.GetField("level"), 0) + 1
definition = areas.GetLayerDefn()
print(
    json.dumps(
        {
            "layers": {layer.GetName(): layer.GetFeatureCount() for layer in layers},
            "fields": sorted(definition.GetFieldDefn(number).GetName() for number in range(definition.GetFieldCount())),
            "levels": levels,
            "box": [west, south, east, north],
            "metadata": dataset.GetMetadata(),
        }
    )
)
