"""Validates KML files against KML 2.2 (OGC 07-147r2) and lists what is in them.

    kml_schema.py FILE...

Prints as JSON for each file what the schema has against it, its placemarks with span and number of outlines, and its network
links. Of a KMZ the first document is read.
"""

import importlib.metadata
import json
import sys
import zipfile

from lxml import etree

SCHEMA = importlib.metadata.distribution("MapProxy").locate_file("mapproxy/test/schemas/kml/2.2.0/ogckml22.xsd")
xsd = etree.XMLSchema(etree.parse(str(SCHEMA), etree.XMLParser(no_network=True)))
K = {"k": "http://www.opengis.net/kml/2.2"}


def read(path):
    if path.endswith(".kmz"):
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0])
    with open(path, "rb") as file:
        return file.read()


def about(path):
    tree = etree.fromstring(read(path), etree.XMLParser(no_network=True))
    xsd.validate(tree)
    one = lambda element, where: element.findtext(where, namespaces=K)
    return {
        "errors": [f"line {error.line}: {error.message}" for error in xsd.error_log],
        "name": one(tree, "k:Document/k:name"),
        "description": one(tree, "k:Document/k:description"),
        "placemarks": [
            {
                "id": mark.get("id"),
                "name": one(mark, "k:name"),
                "begin": one(mark, "k:TimeSpan/k:begin"),
                "end": one(mark, "k:TimeSpan/k:end"),
                "outlines": len(mark.findall(".//k:outerBoundaryIs", K)),
                "level": one(mark, "k:ExtendedData/k:Data[@name='level']/k:value"),
            }
            for mark in tree.iterfind(".//k:Placemark", K)
        ],
        "links": [
            {
                "name": one(link, "k:name"),
                "visible": one(link, "k:visibility"),
                "href": one(link, "k:Link/k:href"),
                "mode": one(link, "k:Link/k:refreshMode"),
                "interval": one(link, "k:Link/k:refreshInterval"),
            }
            for link in tree.iterfind(".//k:NetworkLink", K)
        ],
    }


print(json.dumps({path: about(path) for path in sys.argv[1:]}))
