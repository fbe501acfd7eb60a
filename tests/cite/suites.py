"""The official suites: what each is told, how it is run, and how what it says is counted.

TestNG suites leave an XML file with a status for each test method and data row. CTL suites leave nothing that counts and
end with 0 whatever happened: the lines that they print are counted.
"""

import collections
import dataclasses
import math
import re
import subprocess
import zipfile
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

LIMIT_S = 1800
# Where the mission of `service` has its areas, at a zoom where a few tiles hold all of them.
NEAR_LON, NEAR_LAT, ZOOM = 4.9, 59.5, 8
GET_CAPABILITIES = "REQUEST=GetCapabilities&VERSION="


@dataclasses.dataclass
class Outcome:
    """What a suite said."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    # A line for each test that did not pass.
    remarks: list = dataclasses.field(default_factory=list)


def features(service):
    return {"iut": service.address("/ogc/"), "noofcollections": "-1"}


def tiles(service):
    across = 2**ZOOM
    column = int((NEAR_LON + 180) / 360 * across)
    row = int((1 - math.asinh(math.tan(math.radians(NEAR_LAT))) / math.pi) / 2 * across)
    root = service.address("/ogc")
    return {
        "iut": f"{root}/",
        "tilematrixsetdefinitionuri": "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
        "urltemplatefortiles": f"{root}/collections/search-areas/tiles/WebMercatorQuad"
        "/{tileMatrix}/{tileRow}/{tileCol}",
        "tilematrix": str(ZOOM),
        "mintilerow": str(row),
        "maxtilerow": str(row),
        "mintilecol": str(column),
        "maxtilecol": str(column),
    }


def edr(service):
    root = service.address("/edr")
    # All of them; -1, which its form has for that, leaves it without any.
    return {"iut": f"{root}/", "apiDefinition": f"{root}/api", "noofcollections": "1000"}


def processes(service):
    return {"iut": service.address("/ogc/"), "echoprocessid": "echo", "processtestlimit": "10"}


def wms(service):
    # Every option but the two of elevation: no layer of this service has one.
    return {
        "capabilities-url": service.address(f"/wms?SERVICE=WMS&{GET_CAPABILITIES}1.3.0"),
        "updatesequence": "auto",
        "basic": "basic",
        "queryable": "queryable",
        "time": "time",
        "recommended": "recommended",
    }


def wmts(service):
    return {"capabilities-url": service.address(f"/wmts?SERVICE=WMTS&{GET_CAPABILITIES}1.0.0")}


@dataclasses.dataclass
class Suite:
    """One of the suites."""

    artifact: str
    version: str
    standard: str
    is_ctl: bool
    arguments: object
    # Asks a service that holds nothing but its test layers: its scripts suppose that one layer has a time.
    is_alone: bool = False

    def jar(self, folder):
        """Its runnable jar, of whatever version the folder has; None where there is none."""
        found = sorted(folder.glob(f"{self.artifact}-*-aio.jar"))
        return found[-1] if found else None

    def run(self, jar, options, service, folder):
        folder.mkdir(parents=True)
        given = folder / "arguments.xml"
        entries = "".join(
            f'<entry key="{name}">{escape(value)}</entry>' for name, value in self.arguments(service).items()
        )
        # Without a document type: its definition would be fetched.
        given.write_text(f'<?xml version="1.0"?>\n<properties version="1.0">{entries}</properties>\n')
        work = self.run_ctl if self.is_ctl else self.run_testng
        return work(jar, [*options, f"-Djava.io.tmpdir={folder}"], given, folder)

    def run_testng(self, jar, options, given, folder):
        java(options, jar, ["-o", folder, given], folder)
        results = sorted(folder.glob("testng/*/testng-results.xml"))
        if not results:
            raise SystemExit(f"{self.artifact} ended without a result; see {folder / 'said'}")
        return of_testng(results[-1])

    def run_ctl(self, jar, options, given, folder):
        base = folder / "te"
        scripts = jar.with_name(jar.name.replace("-aio.jar", "-ctl.zip"))
        if not scripts.is_file():
            raise SystemExit(f"{self.artifact} needs {scripts.name} beside {jar.name}")
        with zipfile.ZipFile(scripts) as archive:
            archive.extractall(base / "scripts")
        switch_on(base / "scripts")
        # The engine looks for the parsers that scripts use as a file of the class path, which it does not find within a jar.
        with zipfile.ZipFile(jar) as archive:
            archive.extractall(folder / "beside", [name for name in archive.namelist() if name.endswith(".ctl")])
        said = java([*options, f"-DTE_BASE={base}"], jar, [given], folder, folder / "beside")
        return of_ctl(said)


SUITES = [
    Suite("ets-ogcapi-features10", "1.9", "OGC API Features 1 and 2", False, features),
    Suite("ets-ogcapi-tiles10", "1.2", "OGC API Tiles 1", False, tiles),
    Suite("ets-ogcapi-edr10", "1.3", "OGC API EDR 1.0", False, edr),
    Suite("ets-ogcapi-processes10", "1.3", "OGC API Processes 1", False, processes),
    Suite("ets-wms13", "1.34", "WMS 1.3.0", True, wms, is_alone=True),
    Suite("ets-wmts10", "1.11", "WMTS 1.0.0", True, wmts),
]


def java(options, jar, arguments, folder, beside=None):
    """Runs a jar, with a folder before it on the class path, and returns what it printed."""
    with zipfile.ZipFile(jar) as archive:
        manifest = archive.read("META-INF/MANIFEST.MF").decode()
    main = re.search(r"^Main-Class: (\S+)", manifest, re.M)[1]
    path = f"{beside}:{jar}" if beside else str(jar)
    with (folder / "said").open("w+", errors="replace") as said:
        subprocess.run(
            ["java", *options, "-cp", path, main, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            timeout=LIMIT_S,
            cwd=folder,
        )
        said.seek(0)
        return said.read()


def switch_on(scripts):
    """The runnable jar of wmts10 asks KVP only; its web form offers RESTful addresses and GetFeatureInfo too."""
    for script in scripts.rglob("wmts-auto.xml"):
        text = script.read_text()
        for name in ("include-restful-encoding", "include-GetFeatureInfo-tests"):
            text = text.replace(f'name="{name}">off<', f'name="{name}">on<')
        script.write_text(text)


def of_testng(results):
    """Counts test methods, each once for every row of data that it was called with."""
    outcome = Outcome()
    for group in ElementTree.parse(results).iter("class"):
        for method in group.iter("test-method"):
            if method.get("is-config") == "true":
                continue
            status = method.get("status")
            if status == "PASS":
                outcome.passed += 1
                continue
            outcome.failed += status == "FAIL"
            outcome.skipped += status != "FAIL"
            why = " ".join((method.findtext(".//message") or "").split())
            name = f"{group.get('name').rsplit('.', 1)[-1]}.{method.get('name')}"
            outcome.remarks.append(f"{status} {name}: {why[:240]}")
    return outcome


def of_ctl(said):
    """Counts the tests' closing lines; a test that failed only because one below it did is not counted."""
    ends = re.findall(r"^\s*Test (\S+).*? (Passed|Failed - Inherited|Failed|Skipped|Warning|Not Tested)\b.*$", said, re.M)
    counted = collections.Counter(end for _, end in ends)
    outcome = Outcome(counted["Passed"] + counted["Warning"], counted["Failed"], counted["Skipped"] + counted["Not Tested"])
    if not ends:
        raise SystemExit("the suite printed no test's end; see what it said")
    outcome.remarks += [f"{end.upper()} {name}" for name, end in ends if end not in ("Passed", "Failed - Inherited")]
    return outcome
