"""Looks at a Cloud Optimized GeoTIFF as GDAL's own validator does, and reads its bands. Run with the system's Python.

    cog.py FILE LON LAT

FILE is anything that GDAL opens. Prints as JSON what the validator complains of, the bands with their descriptions, the
sum of their values, and the value of each at the place.
"""

import json
import struct
import sys

from osgeo import gdal
from osgeo_utils.samples import validate_cloud_optimized_geotiff as validator

gdal.UseExceptions()
name, lon, lat = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
dataset = gdal.Open(name)
warnings, errors, _ = validator.validate(dataset, full_check=True)
west, across, _, north, _, down = dataset.GetGeoTransform()
column, row = int((lon - west) / across), int((lat - north) / down)
bands = []
for number in range(1, dataset.RasterCount + 1):
    band = dataset.GetRasterBand(number)
    values = struct.unpack(f"<{band.XSize * band.YSize}f", band.ReadRaster(buf_type=gdal.GDT_Float32))
    bands.append(
        {
            "description": band.GetDescription(),
            "nodata": band.GetNoDataValue(),
            "type": gdal.GetDataTypeName(band.DataType),
            "unit": band.GetUnitType(),
            "overviews": band.GetOverviewCount(),
            "rows": [sum(values[at * band.XSize : (at + 1) * band.XSize]) for at in range(band.YSize)],
            "here": values[row * band.XSize + column],
            "least": min(values),
        }
    )
reference = dataset.GetSpatialRef()
print(
    json.dumps(
        {
            "errors": errors,
            "warnings": warnings,
            "size": [dataset.RasterXSize, dataset.RasterYSize],
            "epsg": reference.GetAuthorityCode(None),
            "transform": dataset.GetGeoTransform(),
            "metadata": dataset.GetMetadata(),
            "structure": dataset.GetMetadata("IMAGE_STRUCTURE"),
            "bands": bands,
        }
    )
)
