#!/usr/bin/env python3
"""Runs the official OGC CITE suites that a folder holds against the service, one after the other, and prints how many tests
passed, failed and were skipped. `make cite` calls it; docs/conformance.md has the table.

    tests/cite/run.py --driftline target/debug/driftline --jars FOLDER --out FOLDER [--data FOLDER] [--only wms13]

The folder of the jars holds `<artifact>-<version>-aio.jar` and, of the CTL suites, `<artifact>-<version>-ctl.zip` beside
it, and `ogc-schemas-<version>.jar`, schemas that wmts10 loads. The folder of data holds `blue-lake/` (the layers that wms13 asks for) and `schemas.opengis.net/`. Exit code 1 when a
test failed, 2 when a suite could not be run.
"""

import argparse
import pathlib
import shutil
import sys
import zipfile

from service import ROOT, Service
from stand_in import Documents, StandIn
from suites import SUITES

SCHEMAS = ".test-env/lib/python3*/site-packages/mapproxy/test/schemas"


def documents(data, jars):
    """What suites load from the network: the XML schemas that come with the test clients, and what the data holds."""
    schemas = next(ROOT.glob(SCHEMAS), None)
    if schemas is None:
        raise SystemExit("MapProxy's schemas are not there: run deploy/setup/test-clients.sh, as `make cite` does")
    # The archive of XML schemas as it is published, laid out as that host is under `ogc/`.
    folders = [zipfile.Path(archive, "ogc/") for archive in sorted(jars.glob("ogc-schemas-*.jar"))]
    folders += [schemas] + ([data / "schemas.opengis.net"] if data else [])
    single = {
        "www.w3.org/1999/xlink.xsd": links_schema(jars) or (schemas / "xlink/1.0.0/xlinks.xsd").read_bytes(),
        "www.w3.org/2001/xml.xsd": (schemas / "xml.xsd").read_bytes(),
    }
    return Documents({"schemas.opengis.net": folders}, single)


def links_schema(jars):
    """W3C's schema of links, which one of the suites brings; OGC's older one of the same namespace lacks what GML builds on."""
    for jar in sorted(jars.glob("*-aio.jar")):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith("w3c/2008/06/xlink.xsd"):
                    return archive.read(name)
    return None


def table(rows):
    """Lines of equal width."""
    rows = [("suite", "version", "passed", "failed", "skipped"), *rows]
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driftline", type=pathlib.Path, required=True)
    parser.add_argument("--jars", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--only", action="append", help="suites whose artifact ends so")
    parser.add_argument("--all-layers", action="store_true", help="wms13 sees all layers, not its own alone")
    asked = parser.parse_args()
    wanted = [suite for suite in SUITES if not asked.only or suite.artifact.endswith(tuple(asked.only))]
    found = [(suite, suite.jar(asked.jars)) for suite in wanted]
    absent = [suite.artifact for suite, jar in found if jar is None]
    if len(absent) == len(wanted):
        raise SystemExit(f"{asked.jars} holds no suite: {', '.join(absent)}")

    out = asked.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    data = asked.data and asked.data.resolve()
    known = documents(data, asked.jars)
    stand_in = StandIn(known, out)
    blue_lake = data / "blue-lake" if data and (data / "blue-lake").is_dir() else None
    service = Service(asked.driftline.resolve(), out, blue_lake)
    bare = Service(asked.driftline.resolve(), out / "bare", blue_lake, is_bare=True)
    rows, broken = [], list(absent)
    total = [0, 0, 0]
    try:
        for suite, jar in found:
            if jar is None:
                continue
            print(f"running {jar.name}", flush=True)
            try:
                whom = bare if suite.is_alone and not asked.all_layers else service
                outcome = suite.run(jar.resolve(), stand_in.options, whom, out / suite.artifact)
            except SystemExit as why:
                print(f"  {why}")
                broken.append(suite.artifact)
                continue
            for remark in outcome.remarks:
                # Arguments hold the key, and reports get shared.
                print(f"  {remark.replace(whom.key, 'KEY')}")
            counts = (outcome.passed, outcome.failed, outcome.skipped)
            version = jar.name[len(suite.artifact) + 1 : -len("-aio.jar")]
            rows.append((suite.artifact, version, *counts))
            total = [a + b for a, b in zip(total, counts)]
    finally:
        service.close()
        bare.close()
        stand_in.close()
    for missing in sorted(known.missing):
        print(f"asked for and not there: {missing}")
    print()
    print("\n".join(table(rows)))
    if broken:
        print(f"not run: {', '.join(broken)}")
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 2 if broken else int(total[1] > 0)


if __name__ == "__main__":
    sys.exit(main())
