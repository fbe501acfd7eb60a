"""Draws layers with QGIS as a user's project does, without a screen.

    draw.py CASES.json

CASES.json holds {"folder": where pictures go, "cases": [...]}. A case has a name, layers (from top to bottom, see layers.py),
the map's crs, extent (west, south, east, north in that crs) and size in pixels, and may have a time (first, last),
probes (places in the crs whose colour is wanted), at_least (features of the first layer), identify (a place asked of the
first layer) and legend (true: the first layer's).

Prints an object with what became of each case. Its `problem` is null or opens with the one thing that is wrong:
"layer invalid", "too few features", "timed out", "render errors" or "rendered empty".
"""

import json
import os
import pathlib
import sys
import tempfile

os.environ["QT_QPA_PLATFORM"] = "offscreen"
profile = tempfile.TemporaryDirectory(prefix="driftline-qgis-")
os.environ["XDG_RUNTIME_DIR"] = profile.name

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDateTimeRange,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsMapToPixel,
    QgsPointXY,
    QgsRaster,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, QEventLoop, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QImage

LIMIT_MS = 60_000


def instant(text):
    moment = QDateTime.fromString(text, Qt.ISODate)
    moment.setTimeSpec(Qt.UTC)
    return moment


def settings_of(case, layers):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(case["crs"]))
    settings.setExtent(QgsRectangle(*case["extent"]))
    settings.setOutputSize(QSize(*case["size"]))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(case.get("background", "transparent")))
    if "time" in case:
        settings.setIsTemporal(True)
        settings.setTemporalRange(QgsDateTimeRange(*map(instant, case["time"])))
    return settings


def until(signal, start, limit_ms=LIMIT_MS):
    """Starts something and waits for its signal; whether it came in time."""
    loop, late = QEventLoop(), []
    signal.connect(loop.quit)
    timer = QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: (late.append(True), loop.quit()))
    timer.start(limit_ms)
    start()
    loop.exec_()
    return not late


def look_at(image, case, settings):
    """Pixels drawn, colours, and the colour at each probe as red, green, blue, alpha."""
    image = image.convertToFormat(QImage.Format_ARGB32)
    pixels = memoryview(image.constBits().asstring(image.byteCount())).cast("I")
    background = QColor(case.get("background", "transparent")).rgba()
    to_pixel = settings.mapToPixel()
    probes = []
    for place in case.get("probes", []):
        at = to_pixel.transform(QgsPointXY(*place))
        x, y = int(at.x()), int(at.y())
        inside = 0 <= x < image.width() and 0 <= y < image.height()
        probes.append(list(QColor.fromRgba(image.pixel(x, y)).getRgb()) if inside else None)
    drawn = sum(1 for pixel in pixels if pixel != background)
    return {"drawn": drawn, "colours": len(set(pixels)), "probes": probes}


def identified(layer, place, settings):
    """What the layer says at a place, as text."""
    size, extent = settings.outputSize(), settings.visibleExtent()
    found = layer.dataProvider().identify(
        QgsPointXY(*place), QgsRaster.IdentifyFormatText, extent, size.width(), size.height()
    )
    return {"valid": found.isValid(), "results": [str(value) for value in found.results().values()]}


def legend_of(layer, settings):
    """Size of the layer's legend picture; none where QGIS finds no address for one."""
    fetcher = layer.dataProvider().getLegendGraphicFetcher(settings)
    if fetcher is None:
        return None
    pictures = []
    fetcher.finish.connect(pictures.append)
    if not until(fetcher.finish, fetcher.start) or not pictures:
        return None
    return [pictures[0].width(), pictures[0].height()]


def draw(case, folder, found):
    """Fills `found`; the sentence it returns says what is wrong, if anything."""
    layers = [make(layer) for layer in case["layers"]]
    for layer, words in zip(layers, case["layers"]):
        # The layer is not asked for its error: QGIS 3.22 falls over that where a collection does not exist.
        if not layer.isValid():
            return f"layer invalid: {words['kind']}"
    if isinstance(layers[0], QgsVectorLayer):
        found["features"] = sum(1 for _ in layers[0].getFeatures())
        if found["features"] < case.get("at_least", 0):
            return f"too few features: {found['features']} of {case['at_least']}"
    settings = settings_of(case, layers)
    job = QgsMapRendererParallelJob(settings)
    if not until(job.finished, job.start):
        job.cancel()
        return "timed out"
    image = job.renderedImage()
    picture = folder / f"{case['name']}.png"
    image.save(str(picture))
    found |= look_at(image, case, settings) | {"picture": str(picture)}
    if "identify" in case:
        found["identified"] = identified(layers[0], case["identify"], settings)
    if case.get("legend"):
        found["legend"] = legend_of(layers[0], settings)
    if job.errors():
        return "render errors: " + "; ".join(error.message for error in job.errors())
    return None


def main():
    plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
    folder = pathlib.Path(plan["folder"])
    wire, report = Wire(), {}
    for case in plan["cases"]:
        found = {}
        problem = draw(case, folder, found)
        # What worker threads said is still on its way.
        QgsApplication.processEvents()
        found |= wire.take()
        if problem is None and (found["refused"] or found["warnings"]):
            problem = "render errors: " + "; ".join(found["refused"] + found["warnings"])
        if problem is None and found["drawn"] == 0:
            problem = "rendered empty"
        report[case["name"]] = {"problem": problem} | found
    print(json.dumps(report), flush=True)


application = QgsApplication([], False, profile.name)
application.initQgis()
from layers import make
from wire import Wire

main()
profile.cleanup()
# QGIS's own end of its threads may crash after all is said.
os._exit(0)
