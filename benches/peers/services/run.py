#!/usr/bin/env python3
"""Asks Driftline, MapServer, tipg, martin and titiler for the same data by the same seeded draws, and prints what an answer costs each
server in processor time. README.md beside this file says what is asked and how the servers are set up.

    benches/peers/services/run.py [--driftline target/release/driftline] [--only NAMES] [--task NAME] [--quick]
        [--out FILE.json] [--update docs/performance.md]
"""

import argparse
import json
import os
import signal
import statistics
import sys
from pathlib import Path

import cpu
import draws
import server
import tables
from driftline import Driftline
from load import drive
from mapserver import MapServer
from martin_server import Martin
from postgis import PostGis
from prepare import prepared
from server import Missing, Server
from tipg_server import Tipg
from titiler_server import Titiler

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = ROOT / ".services-env"
PYTHON = ENVIRONMENT / "bin" / "python"
CONNECTIONS, MANY = 8, 64
RUNS = 3
# A run goes through its draws again and again until it took so long: what the kernel counts, it counts in hundredths of a second.
LEAST_WALL_S = 2.0
# Particles of each mission; at 48 hours they make 100,000 and 1,000,000 points.
SIZES = {"points_100k": 2_084, "points_1m": 20_834}


def tasks(folder: Path, rows: dict[str, int], quick: bool) -> dict[str, list]:
    """What is asked, in order, each with its draws."""
    few = 10 if quick else 1
    small, large = folder / "points_100k.csv", folder / "points_1m.csv"
    return {
        server.MAPS: draws.maps(400 // few),
        server.TILES: draws.tiles(small, 300 // few),
        server.TILES_1M: draws.tiles(large, 60 // few),
        server.PAGES: draws.pages(small, 1000 // few),
        server.FIRST: [0],
        server.DEPTH: draws.depths(rows["points_100k"], 60 // few),
        server.FIRST_1M: [0],
        server.DEPTH_1M: draws.depths(rows["points_1m"], 60 // few),
        server.CAPABILITIES: [0],
        server.LANDING: [0],
        server.COLLECTIONS: [0],
        server.API: [0],
    }


def measure(it: Server, task: str, drawn: list, connections: int) -> dict | None:
    """All runs of a task against a server that is up; `None` where it has no such thing."""
    asked = it.asked(task, drawn)
    if asked is None:
        return None
    requests, address = [it.bytes_of(path) for path in asked.paths], (server.LOOPBACK, it.port)
    held = {}

    def check(number: int, body: bytes) -> None:
        held[number] = asked.content(body)
        if held[number] < asked.least:
            raise ValueError(f"{it.name}: {held[number]} in the answer to {asked.paths[number]}, wanted {asked.least}")

    # Not counted: it fills what servers keep of their data, and looks into every answer.
    first = drive(address, requests, 1, connections, check)
    again = drive(address, requests, max(1, connections // len(requests)), connections)
    passes = max(1, round(LEAST_WALL_S / again.wall_s * max(1, connections // len(requests))))
    runs = []
    for _ in range(RUNS):
        before = cpu.cpu_s(it.pids())
        driven = drive(address, requests, passes, connections)
        used = cpu.cpu_s(it.pids()) - before
        answers = len(driven.waits_s)
        runs.append(
            {
                "answers": answers,
                "cpu_ms": used / answers * 1e3,
                "p50_ms": driven.quantile_ms(0.50),
                "p99_ms": driven.quantile_ms(0.99),
                "per_s": answers / driven.wall_s,
                "bytes": driven.body_bytes / answers,
            }
        )
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    found = {"server": it.name, "version": it.version, "task": task, "connections": connections, **middle}
    found |= {"holds": statistics.mean(held.values()), "load": os.getloadavg()[0], "cold_wall_s": first.wall_s, "runs": runs}
    found["resident_bytes"] = cpu.resident_bytes(it.pids())
    print(
        f"{it.name}, {task}, {connections} connections: {found['cpu_ms']:.3f} ms CPU, p50 {found['p50_ms']:.2f} ms, "
        f"p99 {found['p99_ms']:.2f} ms, {found['per_s']:.0f}/s, {found['bytes']:.0f} bytes, {found['holds']:.1f} in each",
        file=sys.stderr,
    )
    return found


def measured(it: Server, asked: dict[str, list]) -> tuple[list[dict], list[str]]:
    """Every task of one server, from its start to its end, and what it could not do."""
    found, failed = [], []
    try:
        it.start()
        for connections in (CONNECTIONS, MANY):
            for task, drawn in asked.items():
                # Many connections: what a single answer needs there says how fairly they are served.
                if connections == MANY and task not in (server.MAPS, server.TILES, server.PAGES):
                    continue
                try:
                    found.append(measure(it, task, drawn, connections))
                except Exception as error:  # noqa: BLE001 (a peer that fails one task is told of, and asked for the next)
                    if isinstance(it, Driftline):
                        raise
                    failed.append(f"{it.name}, {task}: {error}")
                    print(failed[-1], file=sys.stderr)
    except (Missing, RuntimeError) as problem:
        if isinstance(it, Driftline):
            raise
        failed.append(f"{it.name} is left out: {problem}")
        print(failed[-1], file=sys.stderr)
    finally:
        it.stop()
    return [one for one in found if one], failed


def main() -> None:
    """Prepares, measures and reports."""
    # Whoever ends this program ends the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driftline", type=Path, default=ROOT / "target/release/driftline", help="the release binary")
    parser.add_argument("--folder", type=Path, default=ENVIRONMENT / "data", help="data of all servers; kept for the next time")
    parser.add_argument("--only", default="driftline,mapserver,tipg,martin,titiler", help="servers, separated by commas")
    parser.add_argument("--task", action="append", help="a task by its name in the table; can be given more than once")
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws, to see whether all is set up")
    parser.add_argument("--out", type=Path, help="file for every run as JSON")
    parser.add_argument("--update", type=Path, help="Markdown file whose table is replaced")
    asked = parser.parse_args()
    for needed in (asked.driftline, PYTHON):
        if not needed.exists():
            raise SystemExit(f"{needed} is missing; `make bench-services` makes it")
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    binary = asked.driftline.resolve()
    made = prepared(binary, PYTHON, folder, SIZES)
    rows = {name: of["rows"] for name, of in made["missions"].items()}
    chosen = {task: drawn for task, drawn in tasks(folder, rows, asked.quick).items() if not asked.task or task in asked.task}
    servers = {
        "driftline": Driftline("Driftline", folder, binary=binary, made=made),
        "mapserver": MapServer("MapServer", folder, points=PostGis("PostGIS", folder)),
        "tipg": Tipg("tipg", folder, python=PYTHON, points=PostGis("PostGIS", folder)),
        "martin": Martin("martin", folder, points=PostGis("PostGIS", folder)),
        "titiler": Titiler("titiler.xarray", folder, python=PYTHON),
    }
    found, failed = [], []
    for name in asked.only.split(","):
        more, less = measured(servers[name], chosen)
        found += more
        failed += less
    text = tables.report(found, failed, CONNECTIONS, MANY)
    print(text)
    if asked.out:
        asked.out.write_text(json.dumps({"machine": tables.machine(), "found": found, "failed": failed}, indent=1) + "\n")
    if asked.update:
        tables.update(asked.update, text)


main()
