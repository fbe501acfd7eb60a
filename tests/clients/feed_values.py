"""Reads a published cycle with xarray, fetches again every source that its lineage names, byte range by byte range, decodes
those bytes with ecCodes or netCDF4, and compares every value.

Prints how many values were compared, the largest difference in m/s, at how many nodes only one of the two has a value, and
how many sources no longer have the SHA-256 that the manifest names.
"""
import datetime
import hashlib
import json
import pathlib
import sys
import urllib.request

import eccodes
import netCDF4
import numpy as np
import xarray

objects, feed = pathlib.Path(sys.argv[1]), sys.argv[2]


def newest():
    manifests = [json.loads(path.read_text()) for path in sorted((objects / "forcing/manifests").glob("*.json"))]
    return [manifest for manifest in manifests if manifest["feed"] == feed][-1]


def fetch(origin):
    parts = []
    for start, end in origin.get("ranges") or [(0, None)]:
        request = urllib.request.Request(origin["url"])
        if end is not None:
            request.add_header("Range", f"bytes={start}-{end - 1}")
        with urllib.request.urlopen(request) as answer:
            parts.append(answer.read())
    return b"".join(parts)


def grib_fields(data):
    """(component, valid time, latitudes, longitudes, values) of every message of wind at 10 m."""
    while data:
        length = int.from_bytes(data[8:16], "big")
        handle = eccodes.codes_new_from_message(data[:length])
        data = data[length:]
        get = lambda key: eccodes.codes_get(handle, key)
        component = {(2, 2): 0, (2, 3): 1}.get((get("parameterCategory"), get("parameterNumber")))
        surface = eccodes.codes_get_long(handle, "typeOfFirstFixedSurface")
        at_ten_metres = (surface, eccodes.codes_get_long(handle, "level")) == (103, 10)
        if component is not None and at_ten_metres:
            shape = get("Nj"), get("Ni")
            values = eccodes.codes_get_values(handle).reshape(shape)
            values = np.where(values == get("missingValue"), np.nan, values)
            latitudes = eccodes.codes_get_array(handle, "latitudes").reshape(shape)[:, 0]
            longitudes = eccodes.codes_get_array(handle, "longitudes").reshape(shape)[0]
            valid = datetime.datetime.strptime(f"{get('validityDate')}{get('validityTime'):04}", "%Y%m%d%H%M")
            yield component, valid, latitudes, longitudes, values
        eccodes.codes_release(handle)


def netcdf_fields(data, names):
    with netCDF4.Dataset("memory", memory=data) as file:
        times = netCDF4.num2date(file["time"][:], file["time"].units, only_use_cftime_datetimes=False)
        for component, name in enumerate(names):
            values = np.ma.filled(file[name][:].astype("f8"), np.nan)
            values = values[:, 0] if values.ndim == 4 else values
            for step, valid in enumerate(times):
                yield component, valid, file["latitude"][:], file["longitude"][:], values[step]


def compare(series, stored, fields, seen):
    names = ["wind_east", "wind_north"] if series["kind"] == "wind" else ["current_east", "current_north"]
    for component, valid, latitudes, longitudes, values in fields:
        if np.datetime64(valid, "s") not in stored.time.values.astype("datetime64[s]"):
            continue
        mine = stored[names[component]].sel(time=np.datetime64(valid, "s"))
        rows = [int(np.argmin(np.abs(stored.latitude.values - latitude))) for latitude in latitudes]
        turned = (np.asarray(longitudes) + 180.0) % 360.0 - 180.0
        columns = [int(np.argmin(np.abs(stored.longitude.values - longitude))) for longitude in turned]
        mine = mine.values[np.ix_(rows, columns)]
        seen["missing_differ"] += int((np.isnan(mine) != np.isnan(values)).sum())
        both = np.isfinite(mine) & np.isfinite(values)
        seen["nodes"] += int(both.sum())
        if both.any():
            seen["worst"] = max(seen["worst"], float(np.abs(mine - values)[both].max()))


manifest = newest()
seen = {"nodes": 0, "worst": 0.0, "missing_differ": 0, "other_bytes": 0}
series = manifest["series"][0]
stored = xarray.open_zarr(objects / manifest["prefix"] / series["group"], consolidated=False)
for source in manifest["sources"]:
    data = fetch(source["origin"])
    seen["other_bytes"] += int(hashlib.sha256(data).hexdigest() != source["sha256"])
    fields = grib_fields(data) if data[:4] == b"GRIB" else netcdf_fields(data, series["source_variables"])
    compare(series, stored, fields, seen)
print(json.dumps(seen))
