#!/usr/bin/env python3
"""Makes the invented current, 500 x 500 nodes between 5 W and 15 E, 50 and 65 N, at 48 hours from 2025-01-01T00Z on: as CF NetCDF
(u and v in m/s), and its speed as Zarr in chunks of 250 x 250 x 1 and as 48 raw grids with headers, from which GDAL makes tiled
GeoTIFFs. And a light wind over the same area, which missions need beside it. Runs in .services-env.

    fields.py FOLDER
"""

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

NODES, HOURS = 500, 48
WEST, SOUTH, EAST, NORTH = -5.0, 50.0, 15.0, 65.0
EDDIES = 40


def components(hour: int, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """East and north, m/s: eddies of a fixed seed that travel east on a mean flow that turns with the tide."""
    dice = np.random.default_rng(5)
    turn = 2 * np.pi * hour / 12.4206
    u, v = np.full((NODES, NODES), 0.15 * np.cos(turn)), np.full((NODES, NODES), 0.1 * np.sin(turn))
    for _ in range(EDDIES):
        x, y = dice.uniform(WEST, EAST) + 0.01 * hour, dice.uniform(SOUTH, NORTH)
        radius, speed = dice.uniform(0.3, 1.2), dice.uniform(-0.9, 0.9)
        dx, dy = (lon[None, :] - x) / radius, 2 * (lat[:, None] - y) / radius
        fall = speed * np.exp(0.5 - 0.5 * (dx**2 + dy**2))
        u -= fall * dy
        v += fall * dx
    return u.astype("f4"), v.astype("f4")


@contextmanager
def vectors(path: Path, lon: np.ndarray, lat: np.ndarray, names: tuple[str, str], kind: str):
    """A CF NetCDF of two components, its times set, its values to be filled in."""
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions = "CF-1.8"
        for name, values, units, standard in (
            ("time", np.arange(HOURS), "hours since 2025-01-01 00:00:00", "time"),
            ("lat", lat, "degrees_north", "latitude"),
            ("lon", lon, "degrees_east", "longitude"),
        ):
            file.createDimension(name, len(values))
            variable = file.createVariable(name, "f8", (name,))
            variable.units, variable.standard_name = units, standard
            variable[:] = values
        east, north = (file.createVariable(name, "f4", ("time", "lat", "lon"), zlib=True, fill_value=np.nan) for name in names)
        for variable, way in ((east, "eastward"), (north, "northward")):
            variable.units, variable.standard_name = "m s-1", f"{way}_{kind}"
        yield east, north


def wind(path: Path) -> None:
    """From the south-west, stronger and weaker with the hours."""
    lon, lat = np.linspace(WEST, EAST, 41), np.linspace(SOUTH, NORTH, 31)
    with vectors(path, lon, lat, ("u10", "v10"), "wind") as (east, north):
        for variable in (east, north):
            variable.setncattr("height", "10 m")
        for hour in range(HOURS):
            slope = 0.05 * (lat[:, None] - 57) + 0.02 * (lon[None, :] - 5)
            # No hour repeats another: Driftline refuses that as a stuck feed.
            strength = 3 + np.sin(2 * np.pi * hour / 24) + 0.01 * hour + slope
            east[hour], north[hour] = 0.7 * strength, 0.7 * strength


def main() -> None:
    folder = Path(sys.argv[1])
    wind(folder / "wind.nc")
    lon, lat = np.linspace(WEST, EAST, NODES), np.linspace(SOUTH, NORTH, NODES)
    speed = np.empty((HOURS, NODES, NODES), "f4")
    with vectors(folder / "field.part", lon, lat, ("u", "v"), "sea_water_velocity") as (east, north):
        for hour in range(HOURS):
            u, v = components(hour, lon, lat)
            east[hour], north[hour], speed[hour] = u, v, np.hypot(u, v)
    grids = folder / "grids"
    grids.mkdir(exist_ok=True)
    dx, dy = (EAST - WEST) / (NODES - 1), (NORTH - SOUTH) / (NODES - 1)
    for hour in range(HOURS):
        # ENVI: rows from north to south, the corner of the first cell half a step outside its node.
        speed[hour, ::-1].tofile(grids / f"speed_{hour:02}.img")
        corner = f"1, 1, {WEST - dx / 2}, {NORTH + dy / 2}, {dx}, {dy}"
        header = f"ENVI\nsamples = {NODES}\nlines = {NODES}\nbands = 1\nheader offset = 0\ndata type = 4\ninterleave = bsq\n"
        header += f"byte order = 0\nmap info = {{Geographic Lat/Lon, {corner}, WGS-84, units=Degrees}}\n"
        (grids / f"speed_{hour:02}.hdr").write_text(header)
    shutil.rmtree(folder / "speed.zarr", ignore_errors=True)
    times = np.datetime64("2025-01-01T00:00:00", "ns") + np.arange(HOURS) * np.timedelta64(1, "h")
    array = xr.DataArray(speed, {"time": times, "lat": lat, "lon": lon}, ("time", "lat", "lon"), "speed", {"units": "m s-1"})
    array.to_dataset().to_zarr(folder / "speed.zarr", zarr_format=2, encoding={"speed": {"chunks": (1, 250, 250)}})
    # Last: a folder that was only half made is made again.
    (folder / "field.part").rename(folder / "field.nc")


main()
