"""Reads an EDR root with the models of others: edr-pydantic for what it says about itself, covjson-pydantic for values, OWSLib as
a client, xarray and netCDF4 for NetCDF.

    edr_models.py ROOT KEY PLACE BBOX TIMES FOLDER

ROOT is the address of the landing page, PLACE longitude,latitude, BBOX west,south,east,north, TIMES an interval. The NetCDF and GeoTIFF
answers are left in FOLDER. Prints what was understood as one JSON object; what a model refuses ends with its message.
"""

import json
import pathlib
import sys

import numpy as np
import requests
import xarray as xr
from covjson_pydantic.coverage import Coverage, CoverageCollection
from edr_pydantic.capabilities import ConformanceModel, LandingPageModel
from edr_pydantic.collections import Collection, Collections, Instances
from owslib.ogcapi.edr import EnvironmentalDataRetrieval

root, key, place, bbox, times, folder = sys.argv[1:]
lon, lat = map(float, place.split(","))
west, south, east, north = map(float, bbox.split(","))
folder = pathlib.Path(folder)
session = requests.Session()
session.headers["X-API-Key"] = key


def get(url, **parameters):
    answer = session.get(url, params=parameters)
    if answer.status_code != 200:
        sys.exit(f"{answer.url}: {answer.status_code} {answer.text[:400]}")
    return answer


def coverage(answer):
    model = CoverageCollection if answer.json()["type"] == "CoverageCollection" else Coverage
    return model.model_validate_json(answer.content)


LandingPageModel.model_validate_json(get(root).content)
ConformanceModel.model_validate_json(get(f"{root}/conformance").content)
collections = Collections.model_validate_json(get(f"{root}/collections").content)
report = {"collections": {}}
for collection in collections.collections:
    Collection.model_validate_json(get(f"{root}/collections/{collection.id}").content)
    about = {"queries": [name for name, query in collection.data_queries if query is not None]}
    report["collections"][collection.id] = about
    if collection.data_queries.instances is not None:
        instances = Instances.model_validate_json(get(collection.data_queries.instances.link.href).content)
        about["instances"] = [instance.id for instance in instances.instances]
    if collection.id == "waves":
        continue
    parameter = next(iter(collection.parameter_names.root))
    common = {"parameter-name": parameter, "datetime": times}
    square = f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
    path = f"LINESTRING({west} {south},{lon} {lat},{east} {north})"
    asked = {
        "position": {"coords": f"POINT({lon} {lat})"},
        "several": {"coords": f"MULTIPOINT(({lon} {lat}),({west} {south}))"},
        "area": {"coords": square},
        "cube": {"bbox": bbox},
        "radius": {"coords": f"POINT({lon} {lat})", "within": "3", "within-units": "nmi"},
        "trajectory": {"coords": path},
        "corridor": {"coords": path, "corridor-width": "4", "width-units": "km"},
    }
    domains = {}
    for name, query in asked.items():
        route = "position" if name == "several" else name
        read = coverage(get(f"{root}/collections/{collection.id}/{route}", **query, **common))
        first = read.coverages[0] if isinstance(read, CoverageCollection) else read
        domains[name] = [type(read).__name__, str(first.domain.domainType.value)]
    about["domains"] = domains
    netcdf = folder / f"{collection.id}.nc"
    netcdf.write_bytes(get(f"{root}/collections/{collection.id}/cube", bbox=bbox, f="NetCDF", **common).content)
    with xr.open_dataset(netcdf) as cube:
        values = cube[parameter]
        about["netcdf"] = {
            "dims": list(values.dims),
            "shape": list(values.shape),
            "first": str(cube["time"].values[0]),
            "units": values.attrs["units"],
        }
        same = coverage(get(f"{root}/collections/{collection.id}/cube", bbox=bbox, **common))
        told = np.array([np.nan if value is None else value for value in same.ranges[parameter].values], np.float32)
        if not np.array_equal(told, values.values.ravel(), equal_nan=True):
            sys.exit(f"{collection.id}: NetCDF and CoverageJSON tell different values")
        about["values"] = int(np.isfinite(told).sum())
    series = folder / f"{collection.id}-series.nc"
    series.write_bytes(
        get(f"{root}/collections/{collection.id}/position", coords=f"POINT({lon} {lat})", f="NetCDF", **common).content
    )
    with xr.open_dataset(series) as one:
        about["series"] = {"feature": one.attrs["featureType"], "observations": int(one[parameter].size)}
    first_time = str(np.datetime_as_string(np.datetime64(about["netcdf"]["first"]), unit="s")) + "Z"
    tiff = folder / f"{collection.id}.tif"
    only = {"properties": parameter, "datetime": first_time}
    tiff.write_bytes(get(f"{root}/collections/{collection.id}/coverage", bbox=bbox, f="GeoTIFF", **only).content)

client = EnvironmentalDataRetrieval(root, headers={"X-API-Key": key})
report["owslib"] = client.data()
answer = client.query_data("currents", "position", coords=f"POINT({lon} {lat})", datetime_=times)
report["owslib_shape"] = answer["type"]
print(json.dumps(report))
