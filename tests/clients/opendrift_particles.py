"""Opens particles.nc as OpenDrift opens its own output, and with trajan. Run with the Python of .opendrift-env.

    opendrift_particles.py FILE

Prints as JSON what OpenDrift makes of it (class, times, states, last positions) and what trajan does (distances, speeds).
"""

import json
import logging
import sys

logging.disable(logging.CRITICAL)

import numpy as np
import opendrift
import trajan  # noqa: F401  (registers ds.traj)
import xarray

drift = opendrift.open(sys.argv[1])
last = {name: np.asarray(getattr(drift.elements, name), dtype=float) for name in ("lon", "lat")}
with xarray.open_dataset(sys.argv[1]) as data:
    tracks = data.traj
    speed = tracks.speed().values
    distance = tracks.distance_to_next().values
    print(
        json.dumps(
            {
                "class": type(drift).__name__,
                "status_categories": list(drift.status_categories),
                "start": drift.start_time.isoformat(),
                "end": drift.time.isoformat(),
                "steps": int(drift.steps_output),
                "time_step_s": drift.time_step.total_seconds(),
                "time_step_output_s": drift.time_step_output.total_seconds(),
                "active": int(drift.num_elements_active()),
                "deactivated": int(drift.num_elements_deactivated()),
                "active_mean": [float(last["lon"].mean()), float(last["lat"].mean())],
                "trajan": {
                    "kind": type(tracks).__name__,
                    "trajectories": int(tracks.ds.sizes["trajectory"]),
                    "fastest_ms": float(np.nanmax(speed)),
                    "mean_km_per_output": float(np.nanmean(distance) / 1000.0),
                },
            }
        )
    )
