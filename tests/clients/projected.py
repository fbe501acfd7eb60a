"""Projects positions with PROJ, in the axis order of each system's definition.

    projected.py '{"systems": ["http://www.opengis.net/def/crs/EPSG/0/32631"], "positions": [[4.1, 60.15]]}'

Positions are longitude and latitude on WGS 84, rounded to 1e-6 degrees at the coarsest. Prints for each system: the positions, how
far such a rounding moves one of them at most, and about a kilometre, in the system's unit.
"""

import json
import sys

from pyproj import CRS, Transformer

# Half of it, for the position that was asked with, and half of it for the answer; a tenth more for different programs.
ROUNDING_DEG = 1.1e-6
WGS84 = CRS.from_authority("OGC", "CRS84")


def projected(system, positions):
    # …/def/crs/OGC/1.3/CRS84 or …/def/crs/EPSG/0/32631.
    authority, _, code = system.split("/")[-3:]
    target = CRS.from_authority(authority, code)
    transformer = Transformer.from_crs(WGS84, target)
    is_angular = target.axis_info[0].unit_name == "degree"
    there = [transformer.transform(lon, lat) for lon, lat in positions]
    moved = [transformer.transform(lon + ROUNDING_DEG, lat + ROUNDING_DEG) for lon, lat in positions]
    off = [abs(a - b) for one, other in zip(there, moved) for a, b in zip(one, other)]
    return {"positions": there, "tolerance": 1.5 * max(off), "a_kilometre": 0.01 if is_angular else 1000.0}


asked = json.loads(sys.argv[1])
print(json.dumps({system: projected(system, asked["positions"]) for system in asked["systems"]}))
