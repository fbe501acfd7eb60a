"""Writes a picture with at most 256 colours, as small as PNG makes it: what is of one colour stays of one colour, which
dithering would spoil. Run with the system's Python.

    small_picture.py FROM.png INTO.png
"""

import json
import pathlib
import sys

import numpy
from osgeo import gdal

gdal.UseExceptions()
source = gdal.Open(sys.argv[1])
table = gdal.ColorTable()
red, green, blue = (source.GetRasterBand(number) for number in (1, 2, 3))
gdal.ComputeMedianCutPCT(red, green, blue, 256, table)
palette = numpy.array([table.GetColorEntry(entry)[:3] for entry in range(table.GetCount())], dtype=numpy.int32)
pixels = numpy.dstack([band.ReadAsArray() for band in (red, green, blue)]).reshape(-1, 3).astype(numpy.int32)
colours, which = numpy.unique(pixels, axis=0, return_inverse=True)
nearest = numpy.empty(len(colours), dtype=numpy.uint8)
for start in range(0, len(colours), 4096):
    some = colours[start : start + 4096, None, :] - palette[None, :, :]
    nearest[start : start + 4096] = (some * some).sum(axis=2).argmin(axis=1)
memory = gdal.GetDriverByName("MEM").Create("", source.RasterXSize, source.RasterYSize, 1)
memory.GetRasterBand(1).SetColorTable(table)
memory.GetRasterBand(1).WriteArray(nearest[which.reshape(-1)].reshape(source.RasterYSize, source.RasterXSize))
gdal.GetDriverByName("PNG").CreateCopy(sys.argv[2], memory, options=["ZLEVEL=9"])
pathlib.Path(sys.argv[2] + ".aux.xml").unlink(missing_ok=True)
print(json.dumps({"bytes": pathlib.Path(sys.argv[2]).stat().st_size}))
