"""Validates answers of a WMS against the schemas that their standards give: 1.3.0 by XML Schema, 1.1.1 by DTD.

    wms_schema.py URL...

Prints a JSON list with one object for each address: its root element, its version, and what the schema has against it.
"""

import importlib.metadata
import json
import pathlib
import sys
import urllib.error
import urllib.request

from lxml import etree

PLACE = pathlib.Path(importlib.metadata.distribution("MapProxy").locate_file("mapproxy/test/schemas/wms"))
WMS, OGC = "{http://www.opengis.net/wms}", "{http://www.opengis.net/ogc}"


def xsd(path):
    return etree.XMLSchema(etree.parse(PLACE / path, etree.XMLParser(no_network=True)))


def dtd(path):
    return etree.DTD(str(PLACE / path))


SCHEMAS = {
    f"{WMS}WMS_Capabilities": xsd("1.3.0/capabilities_1_3_0.xsd"),
    f"{OGC}ServiceExceptionReport": xsd("1.3.0/exceptions_1_3_0.xsd"),
    "WMT_MS_Capabilities": dtd("1.1.1/WMS_MS_Capabilities.dtd"),
    "ServiceExceptionReport": dtd("1.1.1/exception_1_1_1.dtd"),
}


def answer(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as found:
            return found.read()
    except urllib.error.HTTPError as refused:
        return refused.read()


def checked(url):
    document = etree.fromstring(answer(url), etree.XMLParser(load_dtd=False, no_network=True))
    schema = SCHEMAS[document.tag]
    schema.validate(document)
    errors = [f"line {error.line}: {error.message}" for error in schema.error_log]
    return {"root": etree.QName(document).localname, "version": document.get("version"), "errors": errors}


print(json.dumps([checked(url) for url in sys.argv[1:]]))
