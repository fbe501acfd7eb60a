"""Validates answers of a WMTS against the schemas of WMTS 1.0 and OWS 1.1.

    wmts_schema.py URL...

Prints a JSON list with one object for each address: its root element, and what the schema has against it.
"""

import importlib.metadata
import json
import pathlib
import sys
import urllib.error
import urllib.request

from lxml import etree

PLACE = pathlib.Path(importlib.metadata.distribution("MapProxy").locate_file("mapproxy/test/schemas"))


def xsd(path):
    return etree.XMLSchema(etree.parse(PLACE / path, etree.XMLParser(no_network=True)))


SCHEMAS = {
    "{http://www.opengis.net/wmts/1.0}Capabilities": xsd("wmts/1.0/wmtsGetCapabilities_response.xsd"),
    "{http://www.opengis.net/ows/1.1}ExceptionReport": xsd("ows/1.1.0/owsExceptionReport.xsd"),
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
    return {"root": etree.QName(document).localname, "errors": errors}


print(json.dumps([checked(url) for url in sys.argv[1:]]))
