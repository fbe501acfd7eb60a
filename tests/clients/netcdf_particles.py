"""Reads particles.nc with xarray and netCDF4 and compares it with particles.parquet of the same run.

    netcdf_particles.py FOLDER

Prints as JSON the shape and attributes, and how many positions, states and fills differ: a particle has values up to and with
the output time at which it stopped, fills after it.
"""

import json
import pathlib
import sys

import netCDF4
import numpy as np
import pyarrow.parquet
import xarray

folder = pathlib.Path(sys.argv[1])
table = pyarrow.parquet.read_table(folder / "particles.parquet")
seconds = table["time"].cast("int64").to_numpy() // 1_000_000
times = np.unique(seconds)
particles = int(table["particle_id"].to_numpy().max()) + 1
source = {name: table[name].to_numpy().reshape(len(times), particles).T for name in ("lon", "lat", "status")}

with netCDF4.Dataset(folder / "particles.nc") as raw:
    model = raw.data_model
    raw.set_auto_mask(False)
    status = raw["status"][:]
    encoding = {name: str(raw[name].dtype) for name in raw.variables}
    filters = {name: raw[name].filters() for name in ("lon", "lat", "status")}
    flags = {"values": raw["status"].flag_values.tolist(), "meanings": raw["status"].flag_meanings}

with xarray.open_dataset(folder / "particles.nc") as data:
    stopped = source["status"] != 0
    # After the first output time at which it is not active any more there is nothing.
    gone = np.cumsum(stopped, axis=1) > 1
    lon, lat = data["lon"].values, data["lat"].values
    wanted_status = np.where(gone, 127, source["status"])
    differing = {
        "lon": int((lon[~gone] != source["lon"][~gone]).sum()),
        "lat": int((lat[~gone] != source["lat"][~gone]).sum()),
        "status": int((status != wanted_status).sum()),
        "fill": int((~np.isnan(lon[gone])).sum() + (~np.isnan(lat[gone])).sum()),
    }
    epoch = data["time"].values.astype("datetime64[s]").astype("int64")
    print(
        json.dumps(
            {
                "model": model,
                "sizes": dict(data.sizes),
                "dimensions": list(data["lon"].dims),
                "encoding": encoding,
                "filters": {name: [bool(found["zlib"]), bool(found["shuffle"])] for name, found in filters.items()},
                "flags": flags,
                "times_equal": epoch.tolist() == times.tolist(),
                "trajectory": [int(data["trajectory"][0]), int(data["trajectory"][-1])],
                "cf_role": data["trajectory"].attrs["cf_role"],
                "standard_names": {name: data[name].attrs["standard_name"] for name in ("lon", "lat", "time", "status")},
                "positions": int((~gone).sum()),
                "fills": int(gone.sum()),
                "differing": differing,
                "attributes": {key: str(value) for key, value in data.attrs.items()},
            }
        )
    )
