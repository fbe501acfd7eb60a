"""Compares values of an EDR root with the NetCDF files that they come from, read with netCDF4 and turned with pyproj.

    edr_values.py ROOT KEY FEED=SOURCE.nc...

For each feed the newest cycle (instance) of currents or wind is asked: at nodes of the grid drawn with a fixed seed, for
every step, and for regular grids also a cube. Of grids whose components follow their axes the vector is turned to east and
north by the bearing of the geodesic to the point 10 m along the grid's y axis. Prints one JSON object; a value that is further off
than half a step of the store's packing ends with a sentence.
"""

import json
import sys

import netCDF4
import numpy as np
import pyproj
import requests

root, key, *feeds = sys.argv[1:]
NODES = 40
KINDS = {
    "currents": (
        [("x_sea_water_velocity", "y_sea_water_velocity"), ("eastward_sea_water_velocity", "northward_sea_water_velocity")],
        ("eastward_sea_water_velocity", "northward_sea_water_velocity"),
        0.001,
    ),
    "wind": (
        [("x_wind", "y_wind"), ("eastward_wind", "northward_wind")],
        ("eastward_wind", "northward_wind"),
        0.01,
    ),
}
session = requests.Session()
session.headers["X-API-Key"] = key


def get(path, **parameters):
    answer = session.get(f"{root}/collections/{path}", params=parameters)
    if answer.status_code != 200:
        sys.exit(f"{answer.url}: {answer.status_code} {answer.text[:400]}")
    return answer.json()


def named(file, standard_name):
    found = [v for v in file.variables.values() if getattr(v, "standard_name", "") == standard_name]
    return found[0] if found else None


def pair_of(file):
    for collection, (pairs, names, step) in KINDS.items():
        for pair in pairs:
            found = [named(file, name) for name in pair]
            if all(variable is not None for variable in found):
                return collection, found, names, step, pair[0].startswith("x_")
    sys.exit("the source holds no vector that is known")


def plane(variable):
    array = np.ma.filled(variable[:].astype(np.float64), np.nan)
    return array.reshape(array.shape[0], *array.shape[-2:])


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], np.float64)


report = {}
chance = np.random.default_rng(20151116)
for argument in feeds:
    feed, source = argument.split("=", 1)
    with netCDF4.Dataset(source) as file:
        collection, (first, second), names, step, turned = pair_of(file)
        u, v = plane(first), plane(second)
        times = netCDF4.num2date(named(file, "time")[:], named(file, "time").units, only_use_cftime_datetimes=False)
        if turned:
            mapping = file.variables[first.grid_mapping]
            text = getattr(mapping, "proj4", None) or getattr(mapping, "proj4_string", None)
            projection = pyproj.Proj(text)
            x = named(file, "projection_x_coordinate")
            y = named(file, "projection_y_coordinate")
            scale = 1000.0 if getattr(x, "units", "m") == "km" else 1.0
            xs, ys = np.meshgrid(x[:] * scale, y[:] * scale)
            lon, lat = projection(xs, ys, inverse=True)
            ahead_lon, ahead_lat = projection(xs, ys + 10.0, inverse=True)
            bearing = np.radians(pyproj.Geod(ellps="WGS84").inv(lon, lat, ahead_lon, ahead_lat)[0])
            u, v = u * np.cos(bearing) + v * np.sin(bearing), v * np.cos(bearing) - u * np.sin(bearing)
        else:
            lon, lat = np.meshgrid(named(file, "longitude")[:], named(file, "latitude")[:])
    instances = get(f"{collection}/instances")["instances"]
    instance = next(one["id"] for one in instances if one["id"].rsplit(".", 1)[0] == feed)
    where = f"{collection}/instances/{instance}"
    rows, columns = lon.shape
    worst, compared, missing = 0.0, 0, 0
    picked = [(int(chance.integers(1, rows - 1)), int(chance.integers(1, columns - 1))) for _ in range(NODES)]
    coords = "MULTIPOINT(" + ",".join(f"({lon[j, i]:.9f} {lat[j, i]:.9f})" for j, i in picked) + ")"
    told = get(f"{where}/position", coords=coords, **{"parameter-name": ",".join(names)})
    for (j, i), coverage in zip(picked, told["coverages"], strict=True):
        texts = [f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in times]
        if coverage["domain"]["axes"]["t"]["values"] != texts:
            sys.exit(f"{feed}: the times of node {j}, {i} are not those of the source")
        for name, expected in zip(names, (u, v), strict=True):
            values = numbers(coverage["ranges"][name]["values"])
            if not np.array_equal(np.isnan(values), np.isnan(expected[:, j, i])):
                sys.exit(f"{feed}: values are missing at node {j}, {i} where the source has some, or the other way round")
            missing += int(np.isnan(values).sum())
            compared += int(np.isfinite(values).sum())
            if np.isfinite(values).any():
                worst = max(worst, float(np.nanmax(np.abs(values - expected[:, j, i]))))
    cube = 0
    if not turned:
        j0, i0 = rows // 3, columns // 3
        j1, i1 = min(rows - 1, j0 + 6), min(columns - 1, i0 + 5)
        # The source has its axes in single precision: a tenth of a cell around the nodes holds them and no others.
        aside = abs(lon[0, 1] - lon[0, 0]) / 10
        box = sorted([lat[j0, i0], lat[j1, i1]])
        edges = (lon[j0, i0] - aside, box[0] - aside, lon[j1, i1] + aside, box[1] + aside)
        bbox = ",".join(f"{edge:.9f}" for edge in edges)
        told = get(f"{where}/cube", bbox=bbox, **{"parameter-name": ",".join(names)})
        south_first = lat[0, 0] < lat[-1, 0]
        for name, expected in zip(names, (u, v), strict=True):
            part = expected[:, j0 : j1 + 1, i0 : i1 + 1]
            part = part if south_first else part[:, ::-1]
            values = numbers(told["ranges"][name]["values"])
            if told["ranges"][name]["shape"] != list(part.shape):
                sys.exit(f"{feed}: the cube has the shape {told['ranges'][name]['shape']}, the source {part.shape}")
            if not np.array_equal(np.isnan(values), np.isnan(part.ravel())):
                sys.exit(f"{feed}: values of the cube are missing where the source has some")
            cube += int(np.isfinite(values).sum())
            worst = max(worst, float(np.nanmax(np.abs(values - part.ravel()))))
    # Half a step of packing, and what single precision, nine decimals of a degree and the bearing's error leave.
    if worst > 0.5 * step + 2e-5:
        sys.exit(f"{feed}: a value is {worst} m/s off")
    if compared == 0:
        sys.exit(f"{feed}: nothing was compared")
    report[feed] = {"compared": compared, "missing": missing, "cube": cube, "worst_ms": worst, "instance": instance}
print(json.dumps(report))
