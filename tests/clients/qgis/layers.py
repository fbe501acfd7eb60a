"""Layers as QGIS's own dialogues make them, from a few words of a case."""

import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

from qgis.core import (
    QgsDataSourceUri,
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsRasterLayer,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
    QgsVectorLayerTemporalProperties,
    QgsVectorTileBasicRenderer,
    QgsVectorTileBasicRendererStyle,
    QgsVectorTileLayer,
    QgsWkbTypes,
)

SYMBOLS = {
    QgsWkbTypes.PointGeometry: lambda colour: QgsMarkerSymbol.createSimple({"color": colour, "size": "2", "outline_style": "no"}),
    QgsWkbTypes.LineGeometry: lambda colour: QgsLineSymbol.createSimple({"color": colour, "width": "0.6"}),
    QgsWkbTypes.PolygonGeometry: lambda colour: QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"}),
}
GEOMETRIES = {
    "point": QgsWkbTypes.PointGeometry,
    "line": QgsWkbTypes.LineGeometry,
    "polygon": QgsWkbTypes.PolygonGeometry,
}


def rules(geometry, paint):
    """A renderer of pairs of an expression and a colour, what comes first on top."""
    root = QgsRuleBasedRenderer.Rule(None)
    for place, (expression, colour) in enumerate(paint):
        symbol = SYMBOLS[geometry](colour)
        for part in symbol.symbolLayers():
            part.setRenderingPass(len(paint) - place)
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, filterExp=expression))
    renderer = QgsRuleBasedRenderer(root)
    renderer.setUsingSymbolLevels(True)
    return renderer


def features(layer):
    """OGC API Features; `paint` as in `rules`, `time_field` makes it follow the map's time."""
    source = QgsDataSourceUri()
    source.setParam("url", layer["url"])
    source.setParam("typename", layer["collection"])
    source.setParam("pagesize", "1000")
    made = QgsVectorLayer(source.uri(False), layer["collection"], "OAPIF")
    if not made.isValid():
        return made
    made.setRenderer(rules(made.geometryType(), layer["paint"]))
    if "time_field" in layer:
        temporal = made.temporalProperties()
        temporal.setMode(QgsVectorLayerTemporalProperties.ModeFeatureDateTimeInstantFromField)
        temporal.setStartField(layer["time_field"])
        temporal.setIsActive(True)
    return made


def bare(element):
    """An element's name without its namespace."""
    return element.tag.rsplit("}", 1)[-1]


def advertised(layer):
    """The element of the capabilities that describes a layer."""
    address = layer["url"] + ("&" if "?" in layer["url"] else "?") + "SERVICE=WMS&REQUEST=GetCapabilities"
    with urllib.request.urlopen(address) as answer:
        tree = xml.fromstring(answer.read())
    for element in tree.iter():
        if bare(element) == "Layer" and layer["layer"] in [child.text for child in element if bare(child) == "Name"]:
            return element
    raise SystemExit(f"the capabilities of {layer['url']} have no layer {layer['layer']}")


def time_extent(layer):
    """What the capabilities say of a layer's time, as QGIS's dialogue copies it into the layer's address."""
    for child in advertised(layer):
        # 1.1.1 states the values in an Extent beside the Dimension.
        if bare(child) in ("Dimension", "Extent") and child.get("name") == "time" and (child.text or "").strip():
            return child.text.strip()
    raise SystemExit(f"the capabilities of {layer['url']} advertise no time for {layer['layer']}")


def first_style(layer):
    """The name of a layer's first style, as the dialogue offers it."""
    style = next(child for child in advertised(layer) if bare(child) == "Style")
    return next(child.text for child in style if bare(child) == "Name")


def wms(layer):
    """WMS, in the version that the address asks for or the server chooses; the style is the first one if so wished."""
    words = {
        "contextualWMSLegend": "0",
        "crs": layer["crs"],
        "dpiMode": "7",
        "featureCount": "10",
        "format": "image/png",
        "layers": layer["layer"],
        "styles": first_style(layer) if layer.get("styled") else "",
        "url": layer["url"],
    }
    if layer.get("temporal"):
        words |= {
            "type": "wmst",
            "allowTemporalUpdates": "true",
            "temporalSource": "provider",
            "timeDimensionExtent": time_extent(layer),
        }
    made = QgsRasterLayer(urllib.parse.urlencode(words, quote_via=urllib.parse.quote), layer["layer"], "wms")
    if made.isValid() and layer.get("temporal"):
        made.temporalProperties().setIsActive(True)
    return made


def wmts(layer):
    """WMTS, as the dialogue of WMS makes it from capabilities."""
    words = {
        "contextualWMSLegend": "0",
        "crs": layer["crs"],
        "dpiMode": "7",
        "format": "image/png",
        "layers": layer["layer"],
        "styles": layer["style"],
        "tileMatrixSet": layer["set"],
        "tileDimensions": "time=current",
        "url": layer["url"],
    }
    return QgsRasterLayer(urllib.parse.urlencode(words, quote_via=urllib.parse.quote), layer["layer"], "wms")


def raster_tiles(layer):
    """XYZ tiles as pictures."""
    words = {"type": "xyz", "url": layer["url"], "zmin": "0", "zmax": str(layer["zmax"])}
    return QgsRasterLayer(urllib.parse.urlencode(words, quote_via=urllib.parse.quote), "tiles", "wms")


def vector_tiles(layer):
    """XYZ tiles as vectors, or a file of them; `paint` are pairs of an expression and a colour, `geometry` what they are drawn as."""
    if layer["kind"] == "mbtiles":
        words = {"type": "mbtiles", "url": layer["file"]}
    else:
        words = {"type": "xyz", "url": layer["url"], "zmin": "0", "zmax": str(layer["zmax"])}
    made = QgsVectorTileLayer(urllib.parse.urlencode(words, quote_via=urllib.parse.quote), "tiles")
    if not made.isValid():
        return made
    geometry = GEOMETRIES[layer["geometry"]]
    styles = []
    # What comes first is to lie on top: drawn last.
    for expression, colour in reversed(layer["paint"]):
        style = QgsVectorTileBasicRendererStyle(colour, layer["layer"], geometry)
        style.setFilterExpression(expression)
        style.setSymbol(SYMBOLS[geometry](colour))
        styles.append(style)
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(styles)
    made.setRenderer(renderer)
    return made


MAKERS = {
    "features": features,
    "wms": wms,
    "wmts": wmts,
    "raster-tiles": raster_tiles,
    "vector-tiles": vector_tiles,
    "mbtiles": vector_tiles,
}


def make(layer):
    """A layer of one of the kinds of MAKERS."""
    return MAKERS[layer["kind"]](layer)
