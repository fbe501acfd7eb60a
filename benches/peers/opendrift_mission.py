"""The mission by OpenDrift's Leeway with its default settings: global land mask, stranding, jibing, Euler.

One JSON object on the last line of standard output. Results stay in memory, as OpenDrift does when no file is named.
OpenDrift is GPL-2.0; this script calls it as its users do and holds nothing of it.
"""

import argparse
import json
from datetime import datetime, timedelta
from importlib.metadata import version

from opendrift.models.leeway import Leeway
from opendrift.readers import reader_netCDF_CF_generic


class CountedLeeway(Leeway):
    """Leeway that adds up the particles it really moves: one addition per step."""

    particle_steps = 0

    def update(self):
        self.particle_steps += self.num_elements_active()
        super().update()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--particles", type=int, required=True)
    parser.add_argument("--hours", type=int, required=True)
    parser.add_argument("--lat", type=float, required=True)
    parser.add_argument("--lon", type=float, required=True)
    parser.add_argument("--start", required=True)
    parser.add_argument("--radius", type=float, required=True)
    parser.add_argument("--step", type=int, required=True)
    parser.add_argument("--output", type=int, required=True)
    parser.add_argument("--object", required=True)
    parser.add_argument("--forcing", action="append", required=True)
    asked = parser.parse_args()

    model = CountedLeeway(loglevel=50)
    model.add_reader([reader_netCDF_CF_generic.Reader(path) for path in asked.forcing])
    keys = [properties["OBJKEY"] for _, properties in sorted(model.leewayprop.items())]
    model.seed_elements(
        lon=asked.lon,
        lat=asked.lat,
        radius=asked.radius,
        number=asked.particles,
        time=datetime.fromisoformat(asked.start.removesuffix("Z")),
        object_type=keys.index(asked.object) + 1,
    )
    model.run(
        duration=timedelta(hours=asked.hours),
        time_step=asked.step,
        time_step_output=asked.output,
    )
    status = [model.status_categories[code] for code in model.elements_deactivated.status.astype(int)]
    afloat = model.elements
    print(
        json.dumps(
            {
                "version": version("opendrift"),
                "particle_steps": int(model.particle_steps),
                "loop_s": model.timing["main loop"].total_seconds(),
                "active": len(afloat.lon),
                "ended": {name: status.count(name) for name in sorted(set(status))},
                "mean_lon": float(afloat.lon.mean()),
                "mean_lat": float(afloat.lat.mean()),
            }
        )
    )


main()
