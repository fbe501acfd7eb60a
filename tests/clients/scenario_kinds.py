"""Reads particles.nc of a mission with one scenario and compares where and when particles begin with what was asked.

    scenario_kinds.py FOLDER MISSION

The mission has output at every step, so that the first value of a trajectory is where its particle was released. Distances and
bearings are PROJ's geodesics. Prints as JSON what the Rust side holds against bounds.
"""

import json
import pathlib
import sys

import numpy as np
import pyarrow.parquet
import xarray
from pyproj import Geod

folder = pathlib.Path(sys.argv[1])
mission = json.loads(pathlib.Path(sys.argv[2]).read_text())
((kind, asked),) = mission["config"]["scenarios"][0]["release"].items()
earth = Geod(ellps="WGS84")


def seconds(text):
    return int(np.datetime64(text.rstrip("Z"), "s").astype("int64"))


with xarray.open_dataset(folder / "particles.nc") as data:
    direction = data.attrs["simulation_direction"]
    epoch = data["time"].values.astype("datetime64[s]").astype("int64")
    lon, lat = data["lon"].values, data["lat"].values
afloat = ~np.isnan(lon)
forward = direction == "forward"
first = afloat.argmax(axis=1) if forward else afloat.shape[1] - 1 - afloat[:, ::-1].argmax(axis=1)
rows = np.arange(len(lon))
begin_lon, begin_lat, begin_s = lon[rows, first], lat[rows, first], epoch[first]

# The same places in the other file.
table = pyarrow.parquet.read_table(folder / "particles.parquet")
shape = (len(epoch), len(lon))
source = {name: table[name].to_numpy().reshape(shape).T for name in ("lon", "lat")}
differing = int((source["lon"][afloat] != lon[afloat]).sum() + (source["lat"][afloat] != lat[afloat]).sum())


def offsets(centre_lon, centre_lat):
    """East and north in metres of each beginning from a place, or from a place of its own."""
    centre_lon, centre_lat = np.broadcast_to(centre_lon, len(lon)), np.broadcast_to(centre_lat, len(lon))
    azimuth, _, distance = earth.inv(centre_lon, centre_lat, begin_lon, begin_lat)
    angle = np.radians(azimuth)
    return distance * np.sin(angle), distance * np.cos(angle)


def window(first_s, last_s):
    """How far beginnings are from even over a window, as a share of it: the largest gap between the two distributions."""
    if last_s == first_s:
        return float(np.abs(begin_s - first_s).max())
    share = np.sort((begin_s - first_s) / (last_s - first_s))
    return float(np.abs(share - (np.arange(len(share)) + 0.5) / len(share)).max())


out = {"direction": direction, "particles": len(lon), "released": int(afloat.any(axis=1).sum()), "differing": differing}
if kind == "point":
    east, north = offsets(asked["lon"], asked["lat"])
    out["sigma"] = [float(east.std() / asked["radius_m"]), float(north.std() / asked["radius_m"])]
    out["mean_sigma"] = [float(east.mean() / asked["radius_m"]), float(north.mean() / asked["radius_m"])]
    out["window"] = window(seconds(asked["time"]), seconds(asked.get("until", asked["time"])))
elif kind == "cone":
    start, end = asked["from"], asked["to"]
    first_s, last_s = seconds(start["time"]), seconds(end["time"])
    out["window"] = window(first_s, last_s)
    azimuth, _, length = earth.inv(start["lon"], start["lat"], end["lon"], end["lat"])
    # A particle is released at the beginning of the step that holds its time; its place is that of its rank.
    share = (np.arange(len(lon)) + 0.5) / len(lon)
    n = len(lon)
    axis_lon, axis_lat, _ = earth.fwd([start["lon"]] * n, [start["lat"]] * n, [azimuth] * n, share * length)
    radius = start["radius_m"] + (end["radius_m"] - start["radius_m"]) * share
    east, north = offsets(axis_lon, axis_lat)
    out["sigma"] = [float((east / radius).std()), float((north / radius).std())]
elif kind == "track":
    legs = asked["legs"]
    nearest = np.full(len(lon), np.inf)
    for a, b in zip(legs, legs[1:]):
        azimuth, _, length = earth.inv(a["lon"], a["lat"], b["lon"], b["lat"])
        for along in np.linspace(0.0, length, 200):
            x, y, _ = earth.fwd(a["lon"], a["lat"], azimuth, along)
            nearest = np.minimum(nearest, np.hypot(*offsets(x, y)))
    out["farthest_sigmas"] = float(nearest.max() / asked["radius_m"])
    out["time_share"] = [
        float((begin_s.min() - seconds(asked["departure"][0])) / 3600),
        float((seconds(legs[-1]["time"]) - begin_s.max()) / 3600),
    ]
elif kind == "polygon":

    def inside(ring):
        x, y = np.array(ring).T
        odd = np.zeros(len(lon), dtype=bool)
        for k in range(len(ring) - 1):
            crosses = (y[k] > begin_lat) != (y[k + 1] > begin_lat)
            with np.errstate(divide="ignore", invalid="ignore"):
                at = x[k] + (begin_lat - y[k]) / (y[k + 1] - y[k]) * (x[k + 1] - x[k])
            odd ^= crosses & (begin_lon < at)
        return odd

    out["outside"] = int((~inside(asked["coordinates"][0])).sum() + sum(inside(r).sum() for r in asked["coordinates"][1:]))
    out["west_half"] = float((begin_lon < np.mean([p[0] for p in asked["coordinates"][0][:-1]])).mean())
    out["window"] = window(*map(seconds, asked["times"]))
else:
    out["lines"] = []
    for line in asked["lines"]:
        n = len(lon)
        azimuth, _, distance = earth.inv([line["lon"]] * n, [line["lat"]] * n, begin_lon, begin_lat)
        off = (np.array(azimuth) - line["bearing_deg"] + 180.0) % 360.0 - 180.0
        half = line.get("sigma_deg", line.get("width_deg", 0.0) / 2)
        out["lines"].append(
            {"farthest": float(np.abs(off).max() / half), "spread": float(off.std() / half), "range": float(np.max(distance) / line["range_m"])}
        )
    out["window"] = window(*map(seconds, asked["times"]))
print(json.dumps(out))
