"""Opens KML, KMZ, GPX, GeoPackage and CSV with GDAL and compares their areas with the GeoJSON files of the same run. Run with the
system's Python.

    document_vectors.py FOLDER

Prints as JSON layers and feature counts, the largest difference of any vertex in degrees, times, and what GDAL's own validator
has against the GeoPackage.
"""

import json
import os
import sys

from osgeo import gdal, ogr
from osgeo_utils.samples import validate_gpkg

gdal.UseExceptions()
ogr.UseExceptions()
folder = sys.argv[1]


def path(name):
    return os.path.join(folder, name)


def opened(name, driver):
    return gdal.OpenEx(path(name), gdal.OF_VECTOR, allowed_drivers=[driver])


def vertices(geometry):
    """Longitude and latitude of all vertices, ring after ring."""
    if geometry.GetGeometryCount() == 0:
        return [geometry.GetPoint_2D(number) for number in range(geometry.GetPointCount())]
    parts = (geometry.GetGeometryRef(number) for number in range(geometry.GetGeometryCount()))
    return [place for part in parts for place in vertices(part)]


def source():
    """Level and time to vertices."""
    found = {}
    for level in (50, 90, 95):
        with open(path(f"search_area_{level}.geojson"), encoding="utf-8") as file:
            for one in json.load(file)["features"]:
                geometry = ogr.CreateGeometryFromJson(json.dumps(one["geometry"]))
                found[level, one["properties"]["valid_time"]] = vertices(geometry)
    return found


def difference(found, wanted):
    if found.keys() != wanted.keys():
        return f"{len(found)} areas, not {len(wanted)}"
    worst = 0.0
    for key, places in found.items():
        if len(places) != len(wanted[key]):
            return f"{key} has {len(places)} vertices, not {len(wanted[key])}"
        for place, other in zip(places, wanted[key]):
            worst = max(worst, abs(place[0] - other[0]), abs(place[1] - other[1]))
    return worst


def iso(feature, index):
    year, month, day, hour, minute, second, _ = feature.GetFieldAsDateTime(index)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{int(second):02}Z"


def layers(dataset):
    found = [dataset.GetLayer(number) for number in range(dataset.GetLayerCount())]
    return {layer.GetName(): layer.GetFeatureCount() for layer in found}


def kml(name, driver):
    dataset = opened(name, driver)
    found, spans = {}, 0
    for number in range(dataset.GetLayerCount()):
        layer = dataset.GetLayer(number)
        for feature in layer:
            # LIBKML gives the extended data as fields; the older driver only name and description.
            names = [feature.GetFieldDefnRef(index).GetName() for index in range(feature.GetFieldCount())]
            if "level" not in names or feature.GetField("level") is None:
                continue
            level = round(float(feature.GetField("level")) * 100)
            time = feature.GetField("valid_time")
            begin, end = iso(feature, names.index("begin")), iso(feature, names.index("end"))
            spans += begin == time.replace("/", "-") and begin < end
            found[level, time] = vertices(feature.GetGeometryRef())
    return {"layers": layers(dataset), "difference": difference(found, source()), "spans": spans}


def old_kml():
    """The driver without libkml: it sees the geometries."""
    dataset = opened("areas.kml", "KML")
    count = sum(layers(dataset).values())
    return {"features": count}


def gpx():
    dataset = opened("areas.gpx", "GPX")
    counts = layers(dataset)
    times = {}
    for feature in dataset.GetLayerByName("track_points"):
        index = feature.GetFieldIndex("time")
        times.setdefault(feature.GetField("track_fid"), []).append(iso(feature, index))
    wanted = source()
    names = {}
    for feature in dataset.GetLayerByName("tracks"):
        names[feature.GetFID()] = feature.GetField("name")
    worst, areas = 0.0, 0
    for feature in dataset.GetLayerByName("tracks"):
        if feature.GetField("type") != "search-area":
            continue
        areas += 1
        level = int(feature.GetField("name").split(" ")[0])
        time = times[feature.GetFID()][0]
        places, other = vertices(feature.GetGeometryRef()), wanted[level, time]
        if len(places) != len(other):
            worst = f"{level} % at {time} has {len(places)} vertices, not {len(other)}"
            break
        for place, right in zip(places, other):
            worst = max(worst, abs(place[0] - right[0]), abs(place[1] - right[1]))
    return {"layers": counts, "areas": areas, "difference": worst}


def geopackage():
    dataset = opened("run.gpkg", "GPKG")
    found, poc = {}, 0.0
    layer = dataset.GetLayerByName("search_areas")
    system = layer.GetSpatialRef()
    for feature in layer:
        time = iso(feature, feature.GetFieldIndex("valid_time"))
        found[round(feature.GetField("level") * 100), time] = vertices(feature.GetGeometryRef())
        poc = max(poc, feature.GetField("poc"))
    kinds = {}
    for number in range(dataset.GetLayerCount()):
        one = dataset.GetLayer(number)
        kinds[one.GetName()] = ogr.GeometryTypeToName(one.GetGeomType())
    provenance = {row.GetField("name"): row.GetField("value") for row in dataset.GetLayerByName("provenance")}
    problems = validate_gpkg.check(path("run.gpkg"), abort_at_first_error=False, extra_checks=True, warning_msg=False)
    return {
        "layers": layers(dataset),
        "kinds": kinds,
        "system": system.GetAuthorityCode(None),
        "difference": difference(found, source()),
        "poc": poc,
        "provenance": provenance,
        "problems": problems,
    }


def table():
    dataset = gdal.OpenEx(path("areas.csv"), gdal.OF_VECTOR, allowed_drivers=["CSV"])
    layer = dataset.GetLayer(0)
    kinds = {ogr.GeometryTypeToName(feature.GetGeometryRef().GetGeometryType()) for feature in layer}
    return {"features": layer.GetFeatureCount(), "kinds": sorted(kinds)}


print(
    json.dumps(
        {
            "kml": kml("areas.kml", "LIBKML"),
            "kmz": kml("areas.kmz", "LIBKML"),
            "old_kml": old_kml(),
            "gpx": gpx(),
            "gpkg": geopackage(),
            "csv": table(),
        }
    )
)
