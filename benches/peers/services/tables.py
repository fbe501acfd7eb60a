"""What was measured, as Markdown: processor time of an answer for each server and how many times as much as Driftline's it is."""

import datetime
import os
import platform
from pathlib import Path

import server

BEGIN, END = "<!-- services: begin -->", "<!-- services: end -->"
# What an answer may cost, milliseconds of the server's processor time.
AIMS_MS = {
    server.MAPS: 0.5,
    server.TILES: 1.2,
    server.PAGES: 0.25,
    server.FIRST: 2.5,
    server.DEPTH: 2.5,
    server.FIRST_1M: 2.5,
    server.DEPTH_1M: 2.5,
    server.CAPABILITIES: 0.1,
    server.LANDING: 0.1,
    server.COLLECTIONS: 0.1,
    server.API: 0.1,
}
# The aim for tiles of a million points: so much and so much more for each feature that is in the tile.
TILE_BASE_MS, TILE_FEATURE_MS = 0.2, 60e-6
OURS = "Driftline"


def machine() -> str:
    """Cores, processor and system."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    facts = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    name = f"{facts.get('model name', platform.machine())} (family {facts.get('cpu family')}, model {facts.get('model')})"
    return f"{os.cpu_count()} cores, {name}, {platform.system()} {platform.machine()}"


def times(value: float, of: float) -> str:
    """How many times as much, in two or three digits."""
    ratio = value / of if of else float("inf")
    return f"{ratio:.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×"


def aim(task: str, holds: float) -> str:
    if task == server.TILES_1M:
        return f"{TILE_BASE_MS + TILE_FEATURE_MS * holds:.2f}"
    return f"{AIMS_MS[task]:g}"


def report(found: list[dict], failed: list[str], few: int, many: int) -> str:
    """All tables."""
    versions = {one["server"]: one["version"] for one in found}
    loads = sorted(one["load"] for one in found) or [0.0]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        f"Measured on {datetime.date.today()} by `make bench-services`: {machine()}. {named}, one after the other, {few} connections; "
        f"medians of three runs. The machine's load average was {loads[0]:.1f} to {loads[-1]:.1f}.",
        "",
    ]
    peers = [name for name in versions if name != OURS]
    lines += costs([one for one in found if one["connections"] == few], peers)
    lines += ["", "What the answers held, and how long a client waited for them:", ""]
    lines += waits([one for one in found if one["connections"] == few])
    crowded = [one for one in found if one["connections"] == many]
    if crowded:
        lines += ["", f"At {many} connections:", ""]
        lines += waits(crowded)
    if failed:
        lines += ["", "Not measured: " + "; ".join(failed) + "."]
    return "\n".join(lines)


def costs(found: list[dict], peers: list[str]) -> list[str]:
    """A row for each task."""
    lines = ["| CPU ms of an answer | aim | " + " | ".join([OURS, *peers]) + " |", "|---" * (3 + len(peers)) + "|"]
    for task in dict.fromkeys(one["task"] for one in found):
        of = {one["server"]: one for one in found if one["task"] == task}
        ours = of.get(OURS)
        cells = [f"{ours['cpu_ms']:.3f}" if ours else "–"]
        for peer in peers:
            theirs = of.get(peer)
            if theirs is None:
                cells.append("–")
            else:
                ratio = f" ({times(theirs['cpu_ms'], ours['cpu_ms'])})" if ours else ""
                cells.append(f"{theirs['cpu_ms']:.2f}{ratio}")
        holds = ours["holds"] if ours else 0
        lines.append(f"| {task} | {aim(task, holds)} | " + " | ".join(cells) + " |")
    return lines


def waits(found: list[dict]) -> list[str]:
    """A row for each task and server."""
    lines = ["| task | server | bytes | features | p50, ms | p99, ms | p99 / p50 | answers/s |", "|---|---|---|---|---|---|---|---|"]
    counted = (server.TILES, server.TILES_1M, server.PAGES, server.FIRST, server.DEPTH, server.FIRST_1M, server.DEPTH_1M)
    for one in sorted(found, key=lambda one: list(AIMS_MS).index(one["task"]) if one["task"] in AIMS_MS else 1.5):
        holds = f"{one['holds']:,.1f}" if one["task"] in counted else "–"
        lines.append(
            f"| {one['task']} | {one['server']} | {one['bytes']:,.0f} | {holds} | {one['p50_ms']:.2f} | {one['p99_ms']:.2f} "
            f"| {one['p99_ms'] / one['p50_ms']:.1f} | {one['per_s']:,.0f} |"
        )
    return lines


def update(path: Path, text: str) -> None:
    """Puts the tables between the markers of a file."""
    before, marked, rest = path.read_text().partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not marked or not closed:
        raise SystemExit(f"{path} has no {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
