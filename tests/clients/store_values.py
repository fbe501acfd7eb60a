"""Compares what the store holds with the files it was made from, value by value, through readers that are not ours.

    store_values.py OBJECTS FEED=SOURCE.nc...

The store side is opened with xarray (Zarr v3, by the metadata that the cycle's root and the group repeat), and zarr-python
and tensorstore must read the same numbers; the source side is read with netCDF4 and, where components follow the
axes of a projected grid, turned to east and north with pyproj: by the bearing on WGS84 of the geodesic from each node to
the point 10 m along the grid's y axis. Of ROMS files, whose components stand on the sides of cells and follow a grid of
positions, the masks are applied, both sides of each cell averaged and the vector turned by `angle` here, with numpy. Every
object is compared with the length and SHA-256 in its manifest first.
Prints one JSON object with what was compared; anything wrong ends with a sentence and exit code 1.
"""

import hashlib
import json
import pathlib
import sys

import netCDF4
import numpy as np
import pyproj
import tensorstore
import xarray as xr
import zarr

# Source variables by what they mean, each with the array that must hold it and the step of its packing in m/s.
PAIRS = [
    (("x_sea_water_velocity", "y_sea_water_velocity"), ("current_east", "current_north"), 0.001, True),
    (("eastward_sea_water_velocity", "northward_sea_water_velocity"), ("current_east", "current_north"), 0.001, False),
    (("x_wind", "y_wind"), ("wind_east", "wind_north"), 0.01, True),
    (("eastward_wind", "northward_wind"), ("wind_east", "wind_north"), 0.01, False),
    # PyGNOME's samples give no standard names.
    (("air_u", "air_v"), ("wind_east", "wind_north"), 0.01, False),
]
# The bearing of a 10 m geodesic differs from the tangent's by less than this, rad: its own rounding is 1e-9 m / 10 m,
# and the axis bends by 10 m / 6371 km over it.
BEARING_ERROR = 2e-6
FLOAT32_ERROR = 3 * np.finfo(np.float32).eps


def require(true, sentence):
    if not true:
        sys.exit(sentence)


def manifests(objects):
    newest = {}
    for path in sorted((objects / "forcing" / "manifests").glob("*.json")):
        manifest = json.loads(path.read_text())
        key = (manifest["feed"], manifest["run"])
        if key not in newest or newest[key]["revision"] < manifest["revision"]:
            newest[key] = manifest
    return list(newest.values())


def check_objects(objects, manifest):
    for entry in manifest["objects"]:
        path = objects / manifest["prefix"] / entry["path"]
        require(path.is_file(), f"{path} is named by its manifest but not there")
        content = path.read_bytes()
        require(len(content) == entry["bytes"], f"{path} has {len(content)} bytes, its manifest says {entry['bytes']}")
        require(hashlib.sha256(content).hexdigest() == entry["sha256"], f"{path} is not what its manifest says")


def components(source):
    """The two component variables of a source, with the pair they belong to."""
    by_name = {getattr(variable, "standard_name", name): variable for name, variable in source.variables.items()}
    for names, arrays, step, follows_axes in PAIRS:
        if all(name in by_name for name in names):
            return [by_name[name] for name in names], arrays, step, follows_axes
    sys.exit(f"{source.filepath()} holds none of the known pairs")


def projection(source, variable):
    mapping = source.variables[variable.grid_mapping]
    [string] = [getattr(mapping, name) for name in ("proj4", "proj4_string") if name in mapping.ncattrs()]
    return pyproj.Proj(string)


def metres(axis):
    """A projected axis; that of the Arctic model counts kilometres."""
    return np.asarray(axis[:], dtype=np.float64) * {"m": 1.0, "km": 1000.0}[axis.units]


def axis_bearing(proj, x, y):
    """Bearing of the y axis at every node, rad."""
    grid_x, grid_y = np.meshgrid(x, y)
    lon, lat = proj(grid_x, grid_y, inverse=True)
    ahead_lon, ahead_lat = proj(grid_x, grid_y + 10.0, inverse=True)
    bearing, _, _ = pyproj.Geod(ellps="WGS84").inv(lon, lat, ahead_lon, ahead_lat)
    return np.radians(bearing), lon, lat


def ascending(values, axis_values, axis):
    order = np.argsort(axis_values)
    return np.take(values, order, axis=axis), axis_values[order]


def unevenness(axis):
    """How far an axis is from the nearest even one: HYCOM's are rounded to 8e-5 degrees, and the store's are even."""
    numbers = np.arange(len(axis))
    return np.abs(axis - np.polyval(np.polyfit(numbers, axis, 1), numbers)).max()


def unpacked(variable, step):
    """One step of a source variable as float64 with NaN for missing, the nearest level to the surface."""
    index = [slice(None)] * variable.ndim
    index[variable.dimensions.index("time")] = step
    for position, name in enumerate(variable.dimensions):
        if name not in ("time", *variable.dimensions[-2:]):
            index[position] = 0
    return np.ma.filled(np.ma.asarray(variable[tuple(index)], dtype=np.float64), np.nan)


def compare(group, source, about):
    if "lon_rho" in source.variables:
        return compare_roms(group, source, about)
    variables, arrays, step, follows_axes = components(source)
    y_name, x_name = variables[0].dimensions[-2:]
    x, y = (np.asarray(source.variables[name][:], dtype=np.float64) for name in (x_name, y_name))
    if follows_axes:
        x, y = (metres(source.variables[name]) for name in (x_name, y_name))
        proj = projection(source, variables[0])
        bearing, lon, lat = axis_bearing(proj, np.sort(x), np.sort(y))
        require(np.abs(np.sort(x) - group["x"].values).max() < 0.05, f"{about}: x is not the source's")
        require(np.abs(np.sort(y) - group["y"].values).max() < 0.05, f"{about}: y is not the source's")
        stored = pyproj.Proj(pyproj.CRS.from_cf(group["crs"].attrs))
        mesh = np.meshgrid(group["x"].values, group["y"].values)
        stored_lon, stored_lat = stored(*mesh, inverse=True)
        # 0.05 m in each axis, as above, are less than 2e-6 degrees here.
        require(np.abs(stored_lon - lon).max() < 2e-6 and np.abs(stored_lat - lat).max() < 2e-6, f"{about}: crs is not the source's")
    else:
        x = (x + 180.0) % 360.0 - 180.0
        for axis, theirs in (("longitude", np.sort(x)), ("latitude", np.sort(y))):
            allowed = 2e-5 + unevenness(theirs)
            require(np.abs(theirs - group[axis].values).max() < allowed, f"{about}: {axis} is not the source's")

    def field(number):
        fields = [unpacked(variable, number) for variable in variables]
        for axis, values in ((0, y), (1, x)):
            fields = [ascending(field, values, axis)[0] for field in fields]
        if not follows_axes:
            return fields
        along_x, along_y = fields
        return [
            along_x * np.cos(bearing) + along_y * np.sin(bearing),
            along_y * np.cos(bearing) - along_x * np.sin(bearing),
        ]

    return compare_steps(group, source.variables["time"], arrays, step, field, BEARING_ERROR if follows_axes else 0.0, about)


def mean_of_sides(values, axis, cells):
    """The mean of the two sides of each cell that have a value; value k stands between the cells k and k + 1."""
    values = np.moveaxis(values, axis, 0)
    sides = np.full((2, cells, *values.shape[1:]), np.nan)
    sides[0, : min(cells, len(values))] = values[:cells]
    sides[1, 1:] = values[: cells - 1]
    present = np.isfinite(sides)
    count = present.sum(axis=0)
    total = np.where(present, sides, 0.0).sum(axis=0)
    return np.moveaxis(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0), 0, axis)


def compare_roms(group, source, about):
    rows, columns = source.variables["lon_rho"].shape
    for name in ("longitude", "latitude"):
        theirs = np.ma.filled(np.ma.asarray(source.variables[f"{name[:3]}_rho"][:], dtype=np.float64), np.nan)
        ours = group[name].values
        require(ours.shape == (rows, columns), f"{about}: {name} has the shape {ours.shape}")
        require(np.abs((ours - theirs + 180.0) % 360.0 - 180.0).max() < 1e-12, f"{about}: {name} is not the source's")
    angle = np.asarray(source.variables["angle"][:], dtype=np.float64)
    land = {points: np.asarray(source.variables[f"mask_{points}"][:]) < 0.5 for points in ("rho", "u", "v")}
    surface = int(np.argmax(source.variables["s_rho"][:]))

    def component(name, number):
        variable = source.variables[name]
        values = np.ma.filled(np.ma.asarray(variable[number, surface], dtype=np.float64), np.nan)
        return np.where(land[name], np.nan, values)

    def field(number):
        u = mean_of_sides(component("u", number), 1, columns)
        v = mean_of_sides(component("v", number), 0, rows)
        u, v = (np.where(land["rho"], np.nan, values) for values in (u, v))
        return [u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)]

    names = ("current_east", "current_north")
    return compare_steps(group, source.variables["ocean_time"], names, 0.001, field, 0.0, about)


def compare_steps(group, raw, arrays, step, field, bearing_error, about):
    calendar = getattr(raw, "calendar", "standard")
    times = [np.datetime64(t.isoformat(), "ns") for t in netCDF4.num2date(raw[:], raw.units, calendar)]
    require(np.array_equal(np.array(times), group["time"].values.astype("datetime64[ns]")), f"{about}: times are not the source's")
    stored = [group[name] for name in arrays]
    for array in stored:
        require(array.dtype.kind == "f", f"{about}: xarray does not unpack {array.name}")
        require(array.attrs["units"] == "m s-1", f"{about}: units of {array.name}")
    compared = missing = 0
    worst = 0.0
    for number in range(len(times)):
        fields = field(number)
        absent = np.isnan(fields[0]) | np.isnan(fields[1])
        speed = np.hypot(*fields)
        allowed = step / 2 + speed * (FLOAT32_ERROR + bearing_error)
        for array, wanted in zip(stored, fields):
            found = array[number].values.astype(np.float64)
            require(np.array_equal(np.isnan(found), absent), f"{about}: step {number} of {array.name} misses other nodes than the source")
            error = np.abs(found - wanted)[~absent]
            require((error <= allowed[~absent]).all(), f"{about}: step {number} of {array.name} is off by {error.max()} m/s")
            worst = max(worst, float(error.max(initial=0.0)))
            compared += int(error.size)
            missing += int(absent.sum())
    require(compared > 0, f"{about}: nothing was compared")
    return {"steps": len(times), "compared": compared, "missing": missing, "worst_ms": worst, "step_ms": step}


def opened(root, name):
    """A series through xarray, after two other readers agreed on its numbers."""
    path = root / name
    whole = zarr.open_consolidated(root, zarr_format=3)[name]
    group = xr.open_zarr(path, consolidated=True, chunks=None)
    listed = {entry.name for entry in path.iterdir() if (entry / "zarr.json").exists()}
    require(set(whole.array_keys()) == listed, f"{path}: the root repeats {sorted(whole.array_keys())}, there are {sorted(listed)}")
    require(set(group.variables) == listed, f"{path}: xarray finds {sorted(group.variables)}, there are {sorted(listed)}")
    for array in (array for _, array in whole.arrays() if array.ndim == 3):
        kvstore = {"driver": "file", "path": f"{path / array.basename}/"}
        other = tensorstore.open({"driver": "zarr3", "kvstore": kvstore}, read=True).result()
        require(np.array_equal(other.read().result(), array[...]), f"{path}: tensorstore and zarr-python differ in {array.basename}")
    return group


def main():
    objects = pathlib.Path(sys.argv[1])
    sources = dict(argument.split("=", 1) for argument in sys.argv[2:])
    report = {}
    for manifest in manifests(objects):
        feed = manifest["feed"]
        check_objects(objects, manifest)
        if feed not in sources:
            continue
        source = netCDF4.Dataset(sources[feed])
        for series in manifest["series"]:
            group = opened(objects / manifest["prefix"], series["group"])
            report[feed] = compare(group, source, f"{feed} {series['group']}")
    require(set(report) == set(sources), f"the store holds {sorted(report)}, wanted {sorted(sources)}")
    print(json.dumps(report))


main()
