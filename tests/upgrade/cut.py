"""Cuts a window out of a NetCDF forcing file: the same variables and attributes, fewer nodes and times.

    cut.py SOURCE TARGET X0 NX Y0 NY TIMES      (x and y by the names of their dimensions: X/x/longitude, Y/y/latitude)
"""

import sys

import netCDF4

source_path, target_path, x0, nx, y0, ny, times = sys.argv[1:]
columns, rows = slice(int(x0), int(x0) + int(nx)), slice(int(y0), int(y0) + int(ny))
window = {"x": columns, "longitude": columns, "y": rows, "latitude": rows, "time": slice(0, int(times))}
source, target = netCDF4.Dataset(source_path), netCDF4.Dataset(target_path, "w", format="NETCDF4")
source.set_auto_maskandscale(False)
target.set_auto_maskandscale(False)
for name, dimension in source.dimensions.items():
    target.createDimension(name, len(range(len(dimension))[window.get(name.lower(), slice(None))]))
target.setncatts({name: source.getncattr(name) for name in source.ncattrs()})
for name, variable in source.variables.items():
    attributes = {key: variable.getncattr(key) for key in variable.ncattrs()}
    fill = attributes.pop("_FillValue", None)
    copy = target.createVariable(name, variable.dtype, variable.dimensions, zlib=True, fill_value=fill)
    copy.setncatts(attributes)
    copy.set_auto_maskandscale(False)
    copy[...] = variable[tuple(window.get(dimension.lower(), slice(None)) for dimension in variable.dimensions)]
target.close()
