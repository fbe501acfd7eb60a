"""MapServer as FastCGI, two processes behind nginx: pictures from tiled GeoTIFFs with overviews found by a time index, vector tiles
and OGC API Features from PostGIS. What nginx uses counts as well, as does PostgreSQL."""

import json
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import draws
import server
from driftline import page_path
from postgis import PostGis
from server import Asked, Missing, Server, environment

PROGRAM = Path("/usr/lib/cgi-bin/mapserv")
WORKERS = 2
# Colours of the speed, m/s. Classes are looked up in a table of 256 entries: by default MapServer makes one of 65,536 for each picture.
RAMP = [(0.15 * step, 0.15 * (step + 1)) for step in range(10)]
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 10000000;
    client_body_temp_path {folder}/nginx-body; fastcgi_temp_path {folder}/nginx-fcgi; proxy_temp_path {folder}/nginx-proxy;
    uwsgi_temp_path {folder}/nginx-uwsgi; scgi_temp_path {folder}/nginx-scgi;
    fastcgi_buffers 64 64k; fastcgi_busy_buffers_size 128k;
    server {{
        listen 127.0.0.1:{port} backlog=512;
        location /mapserv {{
            fastcgi_pass unix:{folder}/mapserv.sock;
            fastcgi_split_path_info ^(/mapserv)(.*)$;
            fastcgi_param PATH_INFO $fastcgi_path_info; fastcgi_param SCRIPT_NAME /mapserv;
            fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri; fastcgi_param SERVER_NAME 127.0.0.1; fastcgi_param SERVER_PORT {port};
            fastcgi_param SERVER_PROTOCOL $server_protocol; fastcgi_param HTTP_ACCEPT $http_accept;
        }}
    }}
}}
"""
MAP = """
MAP
  NAME "bench" EXTENT -5 50 15 65 SIZE 256 256 UNITS DD MAXSIZE 4096
  PROJECTION "init=epsg:4326" END
  WEB METADATA
    "ows_title" "bench" "ows_enable_request" "*" "ows_srs" "EPSG:3857 EPSG:4326"
    "ows_onlineresource" "http://127.0.0.1:{port}/mapserv?map=bench&"
    "oga_onlineresource" "http://127.0.0.1:{port}/mapserv/bench/ogcapi" "oga_enable_request" "*"
  END END
  OUTPUTFORMAT NAME "png" DRIVER AGG/PNG MIMETYPE "image/png" IMAGEMODE RGBA TRANSPARENT ON FORMATOPTION "COMPRESSION=1" END
  OUTPUTFORMAT NAME "mvt" DRIVER MVT EXTENSION "pbf" FORMATOPTION "EDGE_BUFFER=10" END
  LAYER
    NAME "speed" TYPE RASTER STATUS ON
    TILEINDEX "{folder}/times.shp" TILEITEM "location" PROCESSING "SCALE=0,1.5" PROCESSING "SCALE_BUCKETS=256"
    PROJECTION "init=epsg:4326" END
    METADATA
      "wms_title" "speed" "wms_timeextent" "2025-01-01T00:00:00Z/2025-01-02T23:00:00Z/PT1H" "wms_timeitem" "time"
      "wms_timedefault" "2025-01-01T00:00:00Z" "wms_enable_request" "*"
    END
{classes}
  END
{layers}
END
"""
POINTS = """
  LAYER
    NAME "{name}" TYPE POINT STATUS ON EXTENT -5 50 15 65
    CONNECTIONTYPE POSTGIS CONNECTION "host=127.0.0.1 port={port} dbname=points user=postgres" PROCESSING "CLOSE_CONNECTION=DEFER"
    DATA "geom FROM {name} USING UNIQUE id USING SRID=4326"
    PROJECTION "init=epsg:4326" END
    METADATA "ows_title" "{name}" "gml_include_items" "all" "gml_featureid" "id" "oga_enable_request" "*" "oga_max_limit" "10000" END
    TEMPLATE "none"
    CLASS STYLE SIZE 4 COLOR 255 0 0 END END
  END
"""


def geotiffs(folder: Path) -> None:
    """48 tiled, deflated files with overviews and the index of their times."""
    if (folder / "times.shp").exists():
        return
    for needed in ("gdal_translate", "gdaladdo", "ogr2ogr"):
        if not shutil.which(needed):
            raise Missing(f"{needed} is not installed")
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    found = []
    for hour in range(draws.HOURS):
        source, made = folder / "grids" / f"speed_{hour:02}.img", folder / "grids" / f"speed_{hour:02}.tif"
        options = ["-co", "TILED=YES", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=3", "-a_srs", "EPSG:4326"]
        subprocess.run(["gdal_translate", "-q", *options, source, made], **quiet)
        subprocess.run(["gdaladdo", "-q", "-r", "average", made, "2", "4", "8"], **quiet)
        ring = [[-5, 50], [15, 50], [15, 65], [-5, 65], [-5, 50]]
        properties = {"location": str(made), "time": draws.Tile(0, 0, 0, hour).time()}
        found.append({"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    (folder / "times.json").write_text(json.dumps({"type": "FeatureCollection", "features": found}))
    index = ["ogr2ogr", "-q", "-oo", "DATE_AS_STRING=YES", folder / "times.shp", folder / "times.json"]
    subprocess.run(index, **quiet)


@dataclass
class MapServer(Server):
    """nginx, MapServer and PostgreSQL."""

    points: PostGis | None = None

    def start(self) -> None:
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")
        if not PROGRAM.exists() or not nginx:
            raise Missing("cgi-mapserver or nginx is not installed")
        words = subprocess.run([PROGRAM, "-v"], capture_output=True, text=True).stdout
        self.version = words.split()[2]
        geotiffs(self.folder)
        self.points.start()
        self.points.load(["points_100k"])
        classes = "\n".join(self.colour(low, high) for low, high in RAMP)
        layers = POINTS.format(name="points_100k", port=self.points.port)
        text = MAP.format(folder=self.folder, port=self.port, classes=classes, layers=layers)
        (self.folder / "bench.map").write_text(text)
        config = f'CONFIG\n  ENV\n    "MS_MAP_PATTERN" "."\n  END\n  MAPS\n    "bench" "{self.folder}/bench.map"\n  END\nEND\n'
        (self.folder / "mapserver.conf").write_text(config)
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, port=self.port))
        place = self.folder / "mapserv.sock"
        place.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place))
            listening.listen(512)
            place.chmod(0o777)
            # FastCGI: the listening socket is the program's standard input.
            for _ in range(WORKERS):
                told = environment(MAPSERVER_CONFIG_FILE=str(self.folder / "mapserver.conf"))
                self.launch([str(PROGRAM)], "mapserv.log", stdin=listening, env=told)
        self.launch([nginx, "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "nginx.log")], "nginx.log", env=environment())
        self.wait_for("/mapserv?map=bench&SERVICE=WMS&REQUEST=GetCapabilities")

    @staticmethod
    def colour(low: float, high: float) -> str:
        red, blue = int(170 * low), int(255 - 170 * low)
        return f'    CLASS EXPRESSION ([pixel] >= {low:.2f} AND [pixel] < {high:.2f}) STYLE COLOR {red} 120 {blue} END END'

    def pids(self) -> list[int]:
        return super().pids() + self.points.pids()

    def stop(self) -> None:
        super().stop()
        self.points.stop()

    def asked(self, task: str, drawn: list) -> Asked | None:
        """The requests of a task."""
        base, path = "/mapserv?map=bench", "/mapserv/bench/ogcapi"
        items = f"{path}/collections/points_100k/items"
        match task:
            case server.MAPS:
                return Asked([self.map_path(tile) for tile in drawn], server.picture, 100)
            case server.TILES:
                fixed = f"{base}&mode=tile&tilemode=gmap&layers=points_100k&map.imagetype=mvt"
                return Asked([f"{fixed}&tile={tile.x}+{tile.y}+{tile.z}" for tile in drawn], server.tile_features)
            case server.PAGES:
                return Asked([f"{page_path(items, page)}&f=json" for page in drawn], server.features)
            case server.FIRST:
                return Asked([f"{items}?f=json&limit=1000"], server.features, 1000)
            case server.DEPTH:
                return Asked([f"{items}?f=json&limit=1000&offset={row}" for row in drawn], server.features, 1000)
            case server.CAPABILITIES:
                return Asked([f"{base}&SERVICE=WMS&REQUEST=GetCapabilities"], server.elements)
            case server.LANDING:
                return Asked([f"{path}/?f=json"], server.members)
            case server.COLLECTIONS:
                return Asked([f"{path}/collections?f=json"], server.members)
            case server.API:
                return Asked([f"{path}/api?f=json"], server.members)
        return None

    @staticmethod
    def map_path(tile: draws.Tile) -> str:
        box = ",".join(f"{edge:.3f}" for edge in tile.bbox_3857())
        fixed = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=speed&STYLES=&CRS=EPSG:3857&WIDTH=256&HEIGHT=256"
        return f"/mapserv?map=bench&{fixed}&FORMAT=image/png&TRANSPARENT=TRUE&BBOX={box}&TIME={tile.time()}"
