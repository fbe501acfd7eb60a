"""Loads a stylesheet in SLD into QGIS: sld.py FILE GEOMETRY. Prints whether QGIS took it, and how many symbols it found."""

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import QgsApplication, QgsRenderContext, QgsVectorLayer

application = QgsApplication([], False)
application.initQgis()
layer = QgsVectorLayer(f"{sys.argv[2]}?crs=EPSG:4326&field=level:double&field=particle_status:string", "layer", "memory")
message, loaded = layer.loadSldStyle(sys.argv[1])
symbols = len(layer.renderer().symbols(QgsRenderContext())) if layer.renderer() else 0
print(json.dumps({"loaded": bool(loaded), "message": message, "symbols": symbols}), flush=True)
# QGIS's own end of its threads may crash after all is said.
os._exit(0)
