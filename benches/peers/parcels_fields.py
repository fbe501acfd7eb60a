"""Puts the mission's current and wind on longitudes and latitudes, for Parcels: run once, outside of every timing.

Parcels 3 cannot read components along the axes of a map projection. OpenDrift's readers interpolate and turn them here to
east and north; spacing 0.02 degrees for the 800 m current, 0.05 by 0.025 degrees for the 2.5 km wind. Where the original has no value
(land, outside the tilted domain) the file has none, and Parcels takes 0.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import pyproj
import xarray as xr
from opendrift.readers import reader_netCDF_CF_generic

WEST, EAST, SOUTH, NORTH = 2.5, 7.1, 59.0, 62.3


def on_degrees(source: str, components: dict[str, str], dlon: float, dlat: float, target: Path) -> None:
    """Writes `components` (name in the target: standard name) of every time of a file."""
    reader = reader_netCDF_CF_generic.Reader(source)
    lon = np.arange(WEST, EAST + dlon / 2, dlon)
    lat = np.arange(SOUTH, NORTH + dlat / 2, dlat)
    lons, lats = (grid.ravel() for grid in np.meshgrid(lon, lat))
    degrees = pyproj.Proj("+proj=longlat +ellps=WGS84")
    inside = reader.covers_positions(lons, lats)[0]
    fields = {name: np.full((len(reader.times), len(lons)), np.nan, np.float32) for name in components}
    for number, time in enumerate(reader.times):
        values, _ = reader.get_variables_interpolated(
            list(components.values()),
            time=time,
            lon=lons[inside],
            lat=lats[inside],
            z=np.zeros(len(inside)),
            rotate_to_proj=degrees,
        )
        for name, standard in components.items():
            fields[name][number, inside] = np.ma.filled(values[standard].astype(np.float32), np.nan)
    shape = (len(reader.times), len(lat), len(lon))
    dataset = xr.Dataset(
        {name: (("time", "latitude", "longitude"), field.reshape(shape)) for name, field in fields.items()},
        {"time": np.array(reader.times, "datetime64[ns]"), "latitude": lat, "longitude": lon},
    )
    # Whole or not there.
    partial = target.with_suffix(".partial")
    dataset.to_netcdf(partial)
    partial.rename(target)


def main() -> None:
    """Makes what is missing in the folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--current", required=True)
    parser.add_argument("--wind", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    asked.folder.mkdir(parents=True, exist_ok=True)
    current = {"uo": "x_sea_water_velocity", "vo": "y_sea_water_velocity"}
    wind = {"u10": "x_wind", "v10": "y_wind"}
    for source, components, dlon, dlat, name in (
        (asked.current, current, 0.02, 0.02, "current.nc"),
        (asked.wind, wind, 0.05, 0.025, "wind.nc"),
    ):
        if not (asked.folder / name).exists():
            on_degrees(source, components, dlon, dlat, asked.folder / name)


main()
