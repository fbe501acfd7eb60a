"""Copies a forcing file and moves its times by whole hours, so that it begins a day before now.

    forcing_of_now.py FROM INTO
"""

import json
import shutil
import sys
import time

import netCDF4

shutil.copyfile(sys.argv[1], sys.argv[2])
with netCDF4.Dataset(sys.argv[2], "r+") as file:
    times = file["time"]
    wanted = (int(time.time()) // 3600 - 24) * 3600
    times[:] = times[:] - times[0] + wanted
print(json.dumps({"first": wanted}))
