"""Compares wind and waves in the store with the GRIB2 file that they were made from, value by value, through readers that are
not ours: xarray opens the store, ecCodes the file.

    grib_values.py FILE                  what the file holds: discipline, category, number, first surface, level
    grib_values.py FILE OBJECTS FEED     the comparison

Prints one JSON object; anything wrong ends with a sentence and exit code 1.
"""

import json
import pathlib
import sys

import eccodes
import numpy as np
import xarray as xr

# Parameter of each stored array, and half of its packing's step with what single precision adds.
ARRAYS = {
    "wind_east": ((0, 2, 2), 0.005 + 1e-5),
    "wind_north": ((0, 2, 3), 0.005 + 1e-5),
    "wave_height": ((10, 0, 3), 0.005 + 2e-6),
    "wave_direction": ((10, 0, 10), 0.005 + 6e-5),
}


def require(true, sentence):
    if not true:
        sys.exit(sentence)


def messages(path):
    with open(path, "rb") as file:
        while (handle := eccodes.codes_grib_new_from_file(file)) is not None:
            yield handle
            eccodes.codes_release(handle)


def parameter(handle):
    keys = ("discipline", "parameterCategory", "parameterNumber")
    return tuple(eccodes.codes_get_long(handle, key) for key in keys)


def listed(path):
    return [
        {
            "parameter": "/".join(map(str, parameter(handle))),
            "surface": eccodes.codes_get_long(handle, "typeOfFirstFixedSurface"),
            "level": eccodes.codes_get_string(handle, "level"),
        }
        for handle in messages(path)
    ]


def field(path, wanted):
    """Values, latitudes and longitudes of the only message of a parameter, both axes ascending."""
    found = []
    for handle in messages(path):
        if parameter(handle) != wanted:
            continue
        shape = tuple(eccodes.codes_get_long(handle, key) for key in ("Nj", "Ni"))
        values, latitudes, longitudes = (
            eccodes.codes_get_array(handle, key).reshape(shape) for key in ("values", "latitudes", "longitudes")
        )
        if eccodes.codes_get_long(handle, "bitmapPresent"):
            values = np.where(values == eccodes.codes_get_double(handle, "missingValue"), np.nan, values)
        longitudes = (longitudes[0] + 180.0) % 360.0 - 180.0
        rows, columns = np.argsort(latitudes[:, 0]), np.argsort(longitudes)
        found.append((values[np.ix_(rows, columns)], latitudes[rows, 0], longitudes[columns]))
    require(len(found) == 1, f"{path} holds {len(found)} messages of {wanted}")
    return found[0]


def compare(path, objects, feed):
    manifests = [json.loads(entry.read_text()) for entry in sorted((objects / "forcing/manifests").glob("*.json"))]
    [manifest] = [manifest for manifest in manifests if manifest["feed"] == feed]
    report = {}
    for series in manifest["series"]:
        group = xr.open_zarr(objects / manifest["prefix"] / series["group"], consolidated=True, chunks=None)
        wanted = {name: field(path, ARRAYS[name][0]) for name in sorted(group.data_vars)}
        absent = np.any([np.isnan(values) for values, _, _ in wanted.values()], axis=0)
        for name, (values, latitudes, longitudes) in wanted.items():
            for axis, theirs in (("latitude", latitudes), ("longitude", longitudes)):
                # The file writes its step in whole millionths of a degree, and ecCodes adds it up.
                allowed = 0.5e-6 * len(theirs) + 1e-6
                require(np.abs(group[axis].values - theirs).max() <= allowed, f"{name}: {axis} is not the source's")
            [found] = group[name].values.astype(np.float64)
            # Calm water has no direction.
            directed = absent | (wanted["wave_height"][0] == 0) if name == "wave_direction" else absent
            require(np.array_equal(np.isnan(found), directed), f"{name} misses other nodes than the source")
            difference = found - values
            if name == "wave_direction":
                # Stored is where waves go, GRIB2 says where they come from.
                difference = (difference + 180.0 + 180.0) % 360.0 - 180.0
            worst = float(np.abs(difference[~directed]).max())
            require(worst <= ARRAYS[name][1], f"{name} is off by {worst}")
            report[name] = {"compared": int((~directed).sum()), "missing": int(directed.sum()), "worst": worst}
    return report


if len(sys.argv) == 2:
    print(json.dumps(listed(sys.argv[1])))
else:
    print(json.dumps(compare(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])))
