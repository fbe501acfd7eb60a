"""Reads pages of features with pydantic's models of GeoJSON (RFC 7946), which refuse what is none.

    geojson_models.py KEY URL...

Prints a JSON list with the number of features of each page.
"""

import json
import sys
import urllib.request

from geojson_pydantic import FeatureCollection

key, *urls = sys.argv[1:]


def read(url):
    request = urllib.request.Request(url, headers={"X-API-Key": key, "Accept": "application/geo+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        page = FeatureCollection.model_validate_json(answer.read())
    return {"url": url, "features": len(page.features)}


print(json.dumps([read(url) for url in urls]))
