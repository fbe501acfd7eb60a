"""Reads OGC API Features with OWSLib.

    owslib_features.py ROOT KEY BBOX DATETIME

Prints what the client understood as JSON: conformance, collections, one page and all pages of search-areas, the pages of
a box and of an interval, and of a condition in CQL2 in an order.
"""

import json
import sys

from owslib.ogcapi.features import Features
from owslib.util import http_get


def every_page(client, collection, limit, **filters):
    """Ids over all pages, by the `next` links that the server emits."""
    page = client.collection_items(collection, limit=limit, **filters)
    ids = []
    while True:
        ids += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            return ids
        page = http_get(following[0], headers=client.headers).json()


root, key, bbox, interval = sys.argv[1:]
client = Features(root, headers={"Authorization": f"Bearer {key}"})
one = client.collection_items("search-areas", limit=1)
print(
    json.dumps(
        {
            "conformance": client.conformance()["conformsTo"],
            "api": client.api()["openapi"],
            "collections": [collection["id"] for collection in client.collections()["collections"]],
            "feature_collections": client.feature_collections(),
            "extent": client.collection("search-areas")["extent"],
            "item": client.collection_item("search-areas", one["features"][0]["id"])["id"],
            "first": one["features"][0]["id"],
            "all": every_page(client, "search-areas", 10),
            "large": every_page(client, "search-areas", 1000),
            "bbox": every_page(client, "search-areas", 7, bbox=[float(number) for number in bbox.split(",")]),
            "datetime": every_page(client, "search-areas", 7, datetime_=interval),
            "filtered": every_page(client, "search-areas", 5, filter="level = 0.9", sortby=("valid_time", "desc")),
        }
    )
)
