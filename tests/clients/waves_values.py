"""Compares the waves in the store with the file that they were made from, value by value, through readers that are not
ours: xarray opens the store as plain CF, netCDF4 the file.

    waves_values.py OBJECTS FEED=SOURCE.nc

Prints one JSON object with what was compared; anything wrong ends with a sentence and exit code 1.
"""

import json
import pathlib
import sys

import netCDF4
import numpy as np
import xarray as xr

HEIGHTS = ("VHM0", "swh")
DIRECTIONS = ("VMDR", "dirpw")
# Half the steps of the store, 1 cm and 0.01 degrees, and what single precision adds on the way.
HEIGHT_ERROR_M = 0.005 + 2e-6
DIRECTION_ERROR_DEG = 0.005 + 6e-5


def require(true, sentence):
    if not true:
        sys.exit(sentence)


def newest(objects, feed):
    manifests = [json.loads(path.read_text()) for path in sorted((objects / "forcing" / "manifests").glob("*.json"))]
    found = [manifest for manifest in manifests if manifest["feed"] == feed]
    require(found, f"no manifest of {feed}")
    return found[-1]


def plain(variable):
    return np.ma.filled(np.ma.asarray(variable[:], dtype=np.float64), np.nan)


def main():
    objects = pathlib.Path(sys.argv[1])
    feed, path = sys.argv[2].split("=", 1)
    manifest = newest(objects, feed)
    require(manifest["schema"] == 3, f"layout version {manifest['schema']}")
    [series] = manifest["series"]
    require(series["kind"] == "waves", f"the series is {series['kind']}")
    group = xr.open_zarr(objects / manifest["prefix"] / series["group"], consolidated=False, chunks=None)
    source = netCDF4.Dataset(path)
    [height] = [source[name] for name in HEIGHTS if name in source.variables]
    [direction] = [source[name] for name in DIRECTIONS if name in source.variables]
    for name, standard_name, units in [
        ("wave_height", "sea_surface_wave_significant_height", "m"),
        ("wave_direction", "sea_surface_wave_to_direction", "degree"),
    ]:
        array = group[name]
        require(array.dtype.kind == "f", f"xarray does not unpack {name}")
        require(array.attrs["standard_name"] == standard_name and array.attrs["units"] == units, f"{name}: {array.attrs}")
    rows = np.argsort(source["latitude"][:])
    columns = np.argsort((source["longitude"][:].astype(np.float64) + 180.0) % 360.0)
    require(np.abs(np.sort(source["latitude"][:]) - group["latitude"].values).max() < 2e-5, "latitude is not the source's")
    wanted_m = plain(height)[:, rows][:, :, columns]
    wanted_deg = (plain(direction)[:, rows][:, :, columns] + 180.0) % 360.0
    found_m, found_deg = group["wave_height"].values.astype(np.float64), group["wave_direction"].values.astype(np.float64)
    require(found_m.shape == wanted_m.shape, f"{found_m.shape} instead of {wanted_m.shape}")
    absent = np.isnan(wanted_m) | np.isnan(wanted_deg)
    require(np.array_equal(np.isnan(found_m), absent), "heights are missing at other nodes than in the source")
    directed = ~absent & (wanted_m > 0)
    require(np.array_equal(~np.isnan(found_deg), directed), "directions are missing at other nodes than in the source")
    error_m = np.abs(found_m - wanted_m)[~absent]
    error_deg = np.abs((found_deg - wanted_deg + 180.0) % 360.0 - 180.0)[directed]
    require(error_m.max() <= HEIGHT_ERROR_M, f"a height is off by {error_m.max()} m")
    require(error_deg.max() <= DIRECTION_ERROR_DEG, f"a direction is off by {error_deg.max()} degrees")
    require((found_deg[directed] >= 0).all() and (found_deg[directed] <= 360).all(), "a direction is not in 0 to 360")
    report = {
        "steps": int(found_m.shape[0]),
        "compared": int(error_m.size),
        "missing": int(absent.sum()),
        "worst_m": float(error_m.max()),
        "worst_deg": float(error_deg.max()),
        "highest_m": float(found_m[~absent].max()),
    }
    print(json.dumps(report))


main()
