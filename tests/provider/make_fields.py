#!/usr/bin/env python3
"""Writes tests/data/feeds/: the fields that the fixture server serves, from the bundled ones of tests/data/forcing.

67 hours each. GRIB messages are written by ecCodes in the packing of the feed they stand for (5.3, 5.40 with bitmap,
5.42); the server puts other dates and steps into their bytes. Fields of NetCDF feeds are plain little-endian arrays that
the server writes NetCDF-4 from. Needs eccodes, netCDF4, numpy, pyproj:

    python tests/provider/make_fields.py
"""
import json
from pathlib import Path

import pyproj  # Before eccodes, which brings a PROJ of its own: the other way round both crash at exit.
import eccodes
import netCDF4
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests/data/forcing"
TARGET = ROOT / "tests/data/feeds"
HOURS = 67
MISSING = -32768


def read(name, *variables):
    with netCDF4.Dataset(SOURCE / name) as file:
        return [np.ma.filled(file[variable][:].astype("f8"), np.nan) for variable in variables]


def bilinear(field, row, column):
    """Values at fractional rows and columns of the last two axes; a missing corner makes a missing value."""
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    top, left = np.clip(top, 0, field.shape[-2] - 2), np.clip(left, 0, field.shape[-1] - 2)
    down, right = row - top, column - left
    return (field[..., top, left] * (1 - down) * (1 - right) + field[..., top, left + 1] * (1 - down) * right
            + field[..., top + 1, left] * down * (1 - right) + field[..., top + 1, left + 1] * down * right)


# ---------------------------------------------------------------------------------------------------------- GRIB
def message(values, grid, keys, packing, decimals):
    """One GRIB2 message; `values` north row first, as the grids of these feeds are."""
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    west, east, north, south, step = grid
    rows, columns = values.shape
    head = {
        "tablesVersion": 2, "significanceOfReferenceTime": 1, "dataDate": 20151116, "dataTime": 0,
        "productionStatusOfProcessedData": 0, "typeOfProcessedData": 1, "shapeOfTheEarth": 6, "Ni": columns, "Nj": rows,
        "latitudeOfFirstGridPointInDegrees": north, "longitudeOfFirstGridPointInDegrees": west,
        "latitudeOfLastGridPointInDegrees": south, "longitudeOfLastGridPointInDegrees": east,
        "iDirectionIncrementInDegrees": step, "jDirectionIncrementInDegrees": step,
        "iScansNegatively": 0, "jScansPositively": 0, "typeOfGeneratingProcess": 2, "indicatorOfUnitOfTimeRange": 1,
        "forecastTime": 0,
    }
    for key, value in (head | keys).items():
        eccodes.codes_set(handle, key, value)
    holes = np.isnan(values)
    if holes.any():
        eccodes.codes_set(handle, "bitmapPresent", 1)
        eccodes.codes_set(handle, "missingValue", 9999)
    spread = np.nanmax(values) - np.nanmin(values)
    if packing == "grid_complex_spatial_differencing" and spread > 0:
        # ecCodes takes no decimal precision for complex packing: bits enough for it do the same.
        eccodes.codes_set(handle, "bitsPerValue", int(np.ceil(np.log2(spread * 10.0**decimals + 1))) + 1)
    else:
        eccodes.codes_set(handle, "decimalPrecision", decimals)
    eccodes.codes_set_values(handle, np.where(holes, 9999, values).ravel())
    eccodes.codes_set(handle, "packingType", packing)
    got = eccodes.codes_get_values(handle)
    worst = np.abs(np.where(holes, 0, got.reshape(values.shape) - values)).max()
    assert worst <= 0.51 * 10.0**-decimals, (keys, packing, worst)
    assert eccodes.codes_get(handle, "packingType") == packing or np.ptp(values[~holes]) == 0, packing
    made = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return made


def level(category, number, kind, value=0, discipline=0, scale=0):
    return {"discipline": discipline, "parameterCategory": category, "parameterNumber": number,
            "typeOfFirstFixedSurface": kind, "scaleFactorOfFirstFixedSurface": scale, "scaledValueOfFirstFixedSurface": value}


def made_from_wind(u, v, land):
    """A wind sea in balance with the wind (Pierson and Moskowitz, 1964): height, period, where it comes from."""
    speed = np.hypot(u, v)
    height, period = 0.0246 * speed**2, 0.729 * speed
    from_where = np.degrees(np.arctan2(-u, -v)) % 360
    hide = lambda field: np.where(land, np.nan, field)
    return hide(speed), hide(height), hide(np.maximum(period, 1.0)), hide(from_where)


def write_gfs(u, v, grid):
    """Eight messages an hour: those before and after the wind are there so that ranges matter."""
    ncep = {"centre": 7, "localTablesVersion": 1, "generatingProcessIdentifier": 96}
    out = []
    for hour in range(HOURS):
        a, b = u[hour], v[hour]
        for values, keys, decimals in [
            (np.full_like(a, 101325.0), level(3, 1, 101), 0),
            (np.hypot(a, b) * 1.3, level(2, 22, 1), 1),
            (a * 1.4 - b * 0.3, level(2, 2, 100, 85000), 1),
            (b * 1.4 + a * 0.3, level(2, 3, 100, 85000), 1),
            (a, level(2, 2, 103, 10), 2),
            (b, level(2, 3, 103, 10), 2),
            (a * 1.2, level(2, 2, 220), 1),
            (b * 1.2, level(2, 3, 220), 1),
        ]:
            out.append(message(values, grid, ncep | keys, "grid_complex_spatial_differencing", decimals))
    (TARGET / "gfs.grib2").write_bytes(b"".join(out))


def write_wave(u, v, land, grid):
    """Thirteen messages an hour in the order of a GFS-wave file; a swell exists only where the wind sea is high."""
    ncep = {"centre": 7, "localTablesVersion": 1, "generatingProcessIdentifier": 11, "backgroundGeneratingProcessIdentifier": 0}
    sea = lambda number, kind=1, value=1: level(0, number, kind, value, discipline=10)
    out = []
    for hour in range(HOURS):
        speed, height, period, origin = made_from_wind(u[hour], v[hour], land)
        swell = lambda field: np.where(height > 1.0, field, np.nan)
        wind_u, wind_v = np.where(land, np.nan, u[hour]), np.where(land, np.nan, v[hour])
        for values, keys in [
            (speed, level(2, 1, 1, 1)), (origin, level(2, 0, 1, 1)), (wind_u, level(2, 2, 1, 1)), (wind_v, level(2, 3, 1, 1)),
            (height, sea(3)), (period, sea(11)), (origin, sea(10)), (height * 0.9, sea(5)), (period * 0.9, sea(6)), (origin, sea(4)),
            (swell(height * 0.4), sea(8, 241)), (swell(period * 1.3), sea(9, 241)), (swell(origin), sea(7, 241)),
        ]:
            out.append(message(values, grid, ncep | keys, "grid_jpeg", 2))
    (TARGET / "gfswave.grib2").write_bytes(b"".join(out))


def write_ecmwf(u, v, grid):
    ecmwf = {"centre": 98, "localTablesVersion": 0, "generatingProcessIdentifier": 160, "tablesVersion": 34}
    out = []
    for hour in range(HOURS):
        a, b = u[hour], v[hour]
        for values, keys, decimals in [
            (np.full_like(a, 101325.0), level(3, 0, 101), 0),
            (a * 1.4 - b * 0.3, level(2, 2, 100, 85000), 2),
            (b * 1.4 + a * 0.3, level(2, 3, 100, 85000), 2),
            (a, level(2, 2, 103, 10), 3),
            (b, level(2, 3, 103, 10), 3),
            (a * 1.2, level(2, 2, 103, 100), 3),
            (b * 1.2, level(2, 3, 103, 100), 3),
        ]:
            out.append(message(values, grid, ecmwf | keys, "grid_ccsds", decimals))
    (TARGET / "ecmwf.grib2").write_bytes(b"".join(out))


# -------------------------------------------------------------------------------------------------------- arrays
def packed(field):
    """Thousandths as int16, missing as the least."""
    return np.where(np.isnan(field), MISSING, np.rint(np.nan_to_num(field) * 1000)).astype("<i2")


def current_on_twelfths():
    """Current at the nodes of the 1/12 degree grid that CMEMS uses."""
    u, v, longitude, latitude = read("derived_latlon_current_16Nov2015.nc", "uo", "vo", "longitude", "latitude")
    columns, rows = np.arange(31, 86), np.arange(712, 742)  # twelfths east of Greenwich and north of the equator
    row, column = np.meshgrid((rows / 12 - latitude[0]) / 0.02, (columns / 12 - longitude[0]) / 0.02, indexing="ij")
    return [bilinear(field[:, 0], row, column) for field in (u, v)], columns, rows


def turned(source, target, x, y, u, v):
    """Components along the axes of one projection, turned to the axes of another (or to east and north)."""
    longitude, latitude = source(x, y, inverse=True)
    angle = direction_of_x(source, longitude, latitude)
    if target is not None:
        angle = angle - direction_of_x(target, longitude, latitude)
    return u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)


def direction_of_x(projection, longitude, latitude):
    """Angle from east to the x axis, counter-clockwise."""
    x, y = projection(longitude, latitude)
    a, b = projection(x - 50.0, y, inverse=True), projection(x + 50.0, y, inverse=True)
    return np.arctan2(np.radians(b[1] - a[1]), np.radians(b[0] - a[0]) * np.cos(np.radians(latitude)))


def norkyst_v3():
    """Surface current on a piece of the grid of NorKyst v3 (WGS84, eastings and northings of its own), east and north."""
    old = pyproj.Proj("+proj=stere +lat_0=90 +lon_0=70 +lat_ts=60 +a=6371000 +b=6371000 +units=m")
    new = pyproj.Proj("+proj=stere +lat_0=90 +lat_ts=60 +lon_0=70 +x_0=3369600 +y_0=1844800 +a=6378137 +b=6356752.3142 +units=m")
    u, v, x, y = read("norkyst800_subset_16Nov2015.nc", "u", "v", "X", "Y")
    middle = old(float(x[150]), float(y[100]), inverse=True)
    left, bottom = (np.round(np.array(new(*middle)) / 800) * 800)
    new_x, new_y = left + 800.0 * np.arange(-30, 30), bottom + 800.0 * np.arange(-24, 24)
    grid_x, grid_y = np.meshgrid(new_x, new_y)
    longitude, latitude = new(grid_x, grid_y, inverse=True)
    old_x, old_y = old(longitude, latitude)
    row, column = (old_y - y[0]) / 800.0, (old_x - x[0]) / 800.0
    along = [bilinear(field[:, 0], row, column) for field in (u, v)]
    east, north = turned(old, None, old_x, old_y, *along)
    return new_x, new_y, longitude, latitude, east, north


def meps():
    """Wind at 10 m on a piece of the grid of MEPS, along its axes."""
    old = pyproj.Proj("+proj=lcc +lat_0=63 +lon_0=15 +lat_1=63 +lat_2=63 +R=6371000 +units=m")
    new = pyproj.Proj("+proj=lcc +lat_0=63.3 +lon_0=15 +lat_1=63.3 +lat_2=63.3 +R=6371000 +units=m")
    u, v, x, y = read("arome_subset_16Nov2015.nc", "x_wind_10m", "y_wind_10m", "x", "y")
    middle = new(*old(float(x[40]), float(y[75]), inverse=True))
    left, bottom = (np.round((np.array(middle) - (-1060084, -1332517.9)) / 2500) * 2500) + (-1060084, -1332517.9)
    new_x, new_y = left + 2500.0 * np.arange(-18, 18), bottom + 2500.0 * np.arange(-20, 20)
    grid_x, grid_y = np.meshgrid(new_x, new_y)
    longitude, latitude = new(grid_x, grid_y, inverse=True)
    old_x, old_y = old(longitude, latitude)
    along = [bilinear(field, (old_y - y[0]) / 2500.0, (old_x - x[0]) / 2500.0) for field in (u, v)]
    return new_x, new_y, longitude, latitude, *turned(old, new, old_x, old_y, *along)


def write_projected(name, x, y, longitude, latitude, u, v):
    assert np.isfinite(longitude).all() and (~np.isnan(u[0])).sum() > 500, name
    (TARGET / f"{name}.i16").write_bytes(packed(u).tobytes() + packed(v).tobytes())
    places = b"".join(part.astype("<f8").tobytes() for part in (x, y, longitude, latitude))
    (TARGET / f"{name}.f64").write_bytes(places)
    return {"columns": len(x), "rows": len(y), "sea_share": float((~np.isnan(u[0])).mean())}


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    u, v, longitude, latitude = read("derived_latlon_wind_16Nov2015.nc", "u10", "v10", "longitude", "latitude")
    (current_u, current_v), columns, rows = current_on_twelfths()
    grid = (longitude[0], longitude[-1], latitude[0], latitude[-1], 0.25)
    # Land of the waves: where no node of the current within a cell's half is wet.
    wet = ~np.isnan(current_u[0])
    land = np.ones((len(latitude), len(longitude)), bool)
    for row, north in enumerate(latitude):
        for column, east in enumerate(longitude):
            near = np.ix_(np.abs(rows / 12 - north) < 0.12, np.abs(columns / 12 - east) < 0.12)
            land[row, column] = not wet[near].any()
    write_gfs(u, v, grid)
    write_wave(u, v, land, grid)
    write_ecmwf(u, v, grid)
    (TARGET / "wind.f32").write_bytes(u.astype("<f4").tobytes() + v.astype("<f4").tobytes())
    (TARGET / "current.f32").write_bytes(current_u.astype("<f4").tobytes() + current_v.astype("<f4").tobytes())
    about = {
        "hours": HOURS,
        "wind": {"columns": len(longitude), "rows": len(latitude), "west": float(longitude[0]), "north": float(latitude[0]),
                 "step": 0.25},
        "current": {"columns": len(columns), "rows": len(rows), "first_column": int(columns[0]), "first_row": int(rows[0])},
        "norkyst": write_projected("norkyst", *norkyst_v3()),
        "meps": write_projected("meps", *meps()),
    }
    (TARGET / "fields.json").write_text(json.dumps(about, indent=2) + "\n")
    print(json.dumps(about))


if __name__ == "__main__":
    main()
