"""Walks the STAC catalogue with pystac-client and validates every page with stac-pydantic.

    stac_catalog.py ROOT KEY

Prints as JSON what was found: collections, items with their assets, and items in a box and an interval of the missions.
"""

import json
import sys
import warnings

import pystac
import requests
from pystac_client import Client
from pystac_client.warnings import PystacClientWarning
from stac_pydantic import Catalog, Collection, Item
from stac_pydantic.api import ItemCollection, LandingPage

root, key = sys.argv[1], sys.argv[2]
headers = {"X-API-Key": key}


def page(address):
    answer = requests.get(address, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def every_item(address):
    """Items over all pages: a search over all collections, which the client would want for that, is not offered."""
    items = []
    while address:
        found = page(address)
        ItemCollection.model_validate(found)
        items += [pystac.Item.from_dict(item) for item in found["features"]]
        following = [link["href"] for link in found["links"] if link["rel"] == "next"]
        address = following[0] if following else None
    for item in items:
        Item.model_validate(page(item.get_self_href()))
    return items


LandingPage.model_validate(page(root))
Catalog.model_validate(page(root))
with warnings.catch_warnings():
    # Whatever the client falls back to is a fault here.
    warnings.simplefilter("error", PystacClientWarning)
    client = Client.open(root, headers=headers)
    collections = list(client.get_collections())
    found = {}
    for collection in collections:
        Collection.model_validate(page(collection.get_self_href()))
        items = every_item(collection.get_self_href() + "/items")
        found[collection.id] = [
            {
                "id": item.id,
                "bbox": item.bbox,
                "properties": item.properties,
                "assets": {name: asset.to_dict() for name, asset in item.assets.items()},
            }
            for item in items
        ]
files = {}
for item in found["missions"]:
    for name, asset in item["assets"].items():
        answer = requests.get(asset["href"], headers=headers, timeout=60)
        files[name] = [answer.status_code, answer.headers["content-type"] == asset["type"]]
print(json.dumps({"title": client.title, "conformance": client.get_conforms_to(), "found": found, "files": files}))
