"""Cuts the two files of 2 February 2016 out of OpenDrift's test data, value by value as they are stored.

    cut_feb2016.py FOLDER_WITH_THE_ORIGINALS OUT_FOLDER

ROMS keeps its whole grid, the uppermost two of 35 levels, and of its 108 variables what a surface current needs. AROME
keeps 25 hours and the nodes around Vestfjorden. Attributes are copied; `history` gets a line.
"""

import pathlib
import sys

import netCDF4

CUTS = [
    (
        "Nordic-4km_SLEVELS_avg_00_subset2Feb2016.nc",
        "nordic4km_surface_02Feb2016.nc",
        ["ocean_time", "s_rho", "lon_rho", "lat_rho", "angle", "mask_rho", "mask_u", "mask_v", "u", "v"],
        {"s_rho": slice(33, 35)},
    ),
    (
        "AROME_MetCoOp_00_DEF_20160202_subset.nc",
        "arome_vestfjorden_02Feb2016.nc",
        None,
        {"time": slice(0, 25), "x": slice(58, 94), "y": slice(79, 110)},
    ),
]


def copy(source, target, wanted, slices):
    source.set_auto_maskandscale(False)
    needed = wanted or [name for name in source.variables]
    dims = {dim for name in needed for dim in source.variables[name].dimensions}
    for name, dim in source.dimensions.items():
        if name in dims:
            size = len(range(*slices.get(name, slice(None)).indices(len(dim))))
            target.createDimension(name, None if dim.isunlimited() else size)
    for name in needed:
        old = source.variables[name]
        attributes = {key: old.getncattr(key) for key in old.ncattrs()}
        # A fill value of another type than the variable's is the file's own oddity, and is kept as an attribute.
        fill = attributes.pop("_FillValue", None)
        same_type = fill is not None and fill.dtype == old.dtype
        new = target.createVariable(
            name, old.dtype, old.dimensions, zlib=bool(old.dimensions), shuffle=True, complevel=9, fill_value=fill if same_type else None
        )
        new.set_auto_maskandscale(False)
        new.setncatts(attributes)
        if fill is not None and not same_type:
            print(f"{name}: its _FillValue {fill} is no {old.dtype}; not kept")
        index = tuple(slices.get(dim, slice(None)) for dim in old.dimensions)
        new[...] = old[index] if old.dimensions else old[...]
    target.setncatts({key: source.getncattr(key) for key in source.ncattrs()})
    target.history = f"cut by cut_feb2016.py\n{getattr(source, 'history', '')}"


def main():
    originals, out = map(pathlib.Path, sys.argv[1:])
    for old, new, wanted, slices in CUTS:
        with netCDF4.Dataset(originals / old) as source, netCDF4.Dataset(out / new, "w", format="NETCDF4_CLASSIC") as target:
            copy(source, target, wanted, slices)
        print(new, (out / new).stat().st_size)


main()
