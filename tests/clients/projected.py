"""Projects positions with PROJ, in the axis order of each system's definition.

    projected.py '{"systems": ["http://www.opengis.net/def/crs/EPSG/0/32631"], "positions": [[4.1, 60.15]]}'

Positions are longitude and latitude on WGS 84. Prints for each system: the positions, the tolerance that two correct programs
keep, and about a kilometre, both in the system's unit.
"""

import json
import sys

from pyproj import CRS, Transformer

WGS84 = CRS.from_authority("OGC", "CRS84")


def projected(system, positions):
    # …/def/crs/OGC/1.3/CRS84 or …/def/crs/EPSG/0/32631.
    authority, _, code = system.split("/")[-3:]
    target = CRS.from_authority(authority, code)
    transformer = Transformer.from_crs(WGS84, target)
    # Answers are rounded, to 1e-6 degrees at the coarsest; positions asked with may be.
    is_angular = target.axis_info[0].unit_name == "degree"
    return {
        "positions": [transformer.transform(lon, lat) for lon, lat in positions],
        "tolerance": 1.1e-6 if is_angular else 0.25,
        "a_kilometre": 0.01 if is_angular else 1000.0,
    }


asked = json.loads(sys.argv[1])
print(json.dumps({system: projected(system, asked["positions"]) for system in asked["systems"]}))
