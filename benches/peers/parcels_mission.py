"""The mission by Parcels 3 with a leeway kernel of ours: C that Parcels generates and compiles when it runs.

It does less than the mission asks, in Parcels' favour: no land mask and no stranding, no jibing, no error of the current,
positions in single precision are Parcels' default and kept. Parcels cannot read fields on a projection's plane, so it
reads the same data put on longitudes and latitudes beforehand (tests/data/forcing/README.md). Hourly output goes to a
Zarr store in memory. One JSON object on the last line of standard output.
"""

import argparse
import json
import math
import time
from datetime import timedelta
from importlib.metadata import version

import numpy as np
import parcels
import zarr

# The class PIW-1: downwind and crosswind slope in % of the wind speed, standard deviations in cm/s (Allen and Plourde 1999).
DOWN_SLOPE, DOWN_STD = 0.96, 12.0
CROSS_SLOPE, CROSS_STD = 0.54, 9.4


def leeway_euler(particle, fieldset, time):  # noqa: D103 - Parcels turns the body into C
    (u, v) = fieldset.UV[time, particle.depth, particle.lat, particle.lon]
    wind_east = fieldset.WE[time, particle.depth, particle.lat, particle.lon]
    wind_north = fieldset.WN[time, particle.depth, particle.lat, particle.lon]
    speed = math.sqrt(wind_east * wind_east + wind_north * wind_north)
    # Per metre of wind: down and cross, already divided by the speed that the direction would be divided by.
    down = 0.01 * (particle.down_slope + particle.down_offset / speed)
    cross = 0.01 * (particle.cross_slope + particle.cross_offset / speed)
    east = down * wind_east + cross * wind_north
    north = down * wind_north - cross * wind_east
    metres = 1852.0 * 60.0
    particle_dlon += (u + east / (metres * math.cos(particle.lat * math.pi / 180.0))) * particle.dt  # noqa: F821
    particle_dlat += (v + north / metres) * particle.dt  # noqa: F821


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
    parser.add_argument("--object", choices=["PIW-1"], required=True)
    parser.add_argument("--current", required=True)
    parser.add_argument("--wind", required=True)
    asked = parser.parse_args()

    place = {"lon": "longitude", "lat": "latitude", "time": "time"}
    fields = parcels.FieldSet.from_netcdf(asked.current, {"U": "uo", "V": "vo"}, place)
    for name, variable in (("WE", "u10"), ("WN", "v10")):
        fields.add_field(parcels.Field.from_netcdf(asked.wind, (name, variable), place))

    count = asked.particles
    random = np.random.default_rng(0)
    east_m, north_m = random.normal(0.0, asked.radius, (2, count))
    side = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    # A negative downwind slope is drawn again, as is the practice.
    down_eps = random.normal(0.0, DOWN_STD, count)
    while (bad := DOWN_SLOPE + down_eps / 20.0 < 0.0).any():
        down_eps[bad] = random.normal(0.0, DOWN_STD, bad.sum())
    cross_eps = random.normal(0.0, CROSS_STD, count)

    coefficients = ("down_slope", "down_offset", "cross_slope", "cross_offset")
    drifter = parcels.JITParticle.add_variables(
        [parcels.Variable(name, dtype=np.float32, to_write=False) for name in coefficients]
    )
    particles = parcels.ParticleSet(
        fields,
        drifter,
        lon=asked.lon + east_m / (1852.0 * 60.0 * math.cos(math.radians(asked.lat))),
        lat=asked.lat + north_m / (1852.0 * 60.0),
        time=np.full(count, np.datetime64(asked.start.removesuffix("Z"))),
        down_slope=DOWN_SLOPE + down_eps / 20.0,
        down_offset=down_eps / 2.0,
        cross_slope=side * CROSS_SLOPE + cross_eps / 20.0,
        cross_offset=cross_eps / 2.0,
    )
    kernel = particles.Kernel(leeway_euler)
    step = timedelta(seconds=asked.step)
    # Compiles and takes no step.
    began = time.perf_counter()
    particles.execute(kernel, runtime=timedelta(0), dt=step, verbose_progress=False)
    compile_s = time.perf_counter() - began
    output = particles.ParticleFile(zarr.MemoryStore(), outputdt=timedelta(seconds=asked.output))
    began = time.perf_counter()
    particles.execute(
        kernel, runtime=timedelta(hours=asked.hours), dt=step, output_file=output, verbose_progress=False
    )
    loop_s = time.perf_counter() - began
    # A particle that leaves the fields is an error in Parcels unless a kernel deletes it, and none does here: whoever comes
    # this far has taken every step with every particle.
    if len(particles) != count:
        raise SystemExit(f"{count - len(particles)} particles are gone")
    print(
        json.dumps(
            {
                "version": version("parcels"),
                "particle_steps": count * asked.hours * 3600 // asked.step,
                "loop_s": loop_s,
                "compile_s": compile_s,
                "active": len(particles),
                "ended": {},
                "mean_lon": float(np.mean(particles.lon)),
                "mean_lat": float(np.mean(particles.lat)),
            }
        )
    )


main()
