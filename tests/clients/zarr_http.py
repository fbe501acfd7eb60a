"""Opens the Zarr store of a cycle over HTTP with xarray and zarr-python, and compares it with the folder that it is served from.

    zarr_http.py URL KEY OBJECTS PREFIX GROUP

URL is the address of the store without a key. It is opened with the key as a header and once more with the key in the path.
"""

import json
import sys
import urllib.parse

import numpy as np
import xarray as xr
import zarr

url, key, objects, prefix, group = sys.argv[1:]
parts = urllib.parse.urlsplit(url)
with_key = f"{parts.scheme}://{parts.netloc}/key/{key}{parts.path}"
local = xr.open_zarr(f"{objects}/{prefix}", group=group, chunks=None)
header = {"client_kwargs": {"headers": {"X-API-Key": key}}}
report = {}
for name, address, options in (("header", url, header), ("path", with_key, {})):
    remote = xr.open_zarr(address, group=group, storage_options=options, chunks=None)
    report[name] = {}
    for variable in (name for name, array in local.data_vars.items() if "time" in array.dims):
        # A corner, which needs a few chunks, and a whole step.
        for part in ({"time": slice(0, 2)}, {"time": -1}):
            ours = remote[variable].isel(part).values
            if not np.array_equal(ours, local[variable].isel(part).values, equal_nan=True):
                sys.exit(f"{variable} is not what the folder holds")
        report[name][variable] = int(np.isfinite(ours).sum())
store = zarr.open_group(with_key, mode="r")
report["arrays"] = sorted(path for path, _ in store.members(max_depth=None))
print(json.dumps(report))
