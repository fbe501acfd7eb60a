"""Looks at stores after a crash: each published cycle must be whole.

    store_whole.py OBJECTS...

Every object that a manifest names must have its length and SHA-256, and xarray must read every value of every array
(each chunk closes with a CRC-32C that the reader checks). Prints per store the cycles that are whole; one that is not
ends with a sentence and exit code 1.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
import xarray as xr


def whole(objects, manifest):
    root = objects / manifest["prefix"]
    for entry in manifest["objects"]:
        content = (root / entry["path"]).read_bytes()
        if len(content) != entry["bytes"] or hashlib.sha256(content).hexdigest() != entry["sha256"]:
            sys.exit(f"{root / entry['path']} is not what its manifest says")
    finite = 0
    for series in manifest["series"]:
        group = xr.open_zarr(root / series["group"], consolidated=False, chunks=None)
        for name in group.data_vars:
            if group[name].ndim == 3:
                finite += int(np.isfinite(group[name].values).sum())
    return {"feed": manifest["feed"], "run": manifest["run"], "revision": manifest["revision"], "values": finite}


def main():
    found = []
    for store in map(pathlib.Path, sys.argv[1:]):
        manifests = sorted((store / "forcing" / "manifests").glob("*.json"))
        found.append([whole(store, json.loads(path.read_text())) for path in manifests])
    print(json.dumps(found))


main()
