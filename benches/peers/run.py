#!/usr/bin/env python3
"""Runs one mission with OpenDrift, Parcels and Driftline, one after the other, and prints what each took.

Every program runs as a process of its own, start-up included; the kernel's accounting of that process (wait4) gives CPU time
and peak memory. Programs alternate, so that what else the machine does falls on all of them. Figures are medians.
README.md beside this file says what the programs do differently.

    benches/peers/run.py --driftline target/release/driftline [--out FILE.json] [--update docs/performance.md]
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "benches" / "peers"
PYTHON = ROOT / ".peers-env" / "bin" / "python"
FIELDS = ROOT / ".peers-env" / "fields"
CURRENT = ROOT / "tests/data/forcing/norkyst800_subset_16Nov2015.nc"
WIND = ROOT / "tests/data/forcing/arome_subset_16Nov2015.nc"
BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"

HOURS, STEP_S, OUTPUT_S = 48, 600, 3600
LAT, LON, RADIUS_M = 60.15, 4.1, 1000
START, OBJECT = "2015-11-16T00:00:00Z", "PIW-1"

DRIFTLINE, DRIFTLINE_ONE, OPENDRIFT, PARCELS = "Driftline", "Driftline, 1 thread", "OpenDrift", "Parcels"


def commands(driftline: Path, particles: int) -> dict[str, list[str]]:
    """The command line of each program."""
    place = ["--lat", str(LAT), "--lon", str(LON), "--radius", str(RADIUS_M), "--object", OBJECT]
    size = ["--particles", str(particles), "--hours", str(HOURS)]
    ours = [str(driftline), "simulate", *place, *size, "--time", START, "--dt", str(STEP_S), "--seed", "1"]
    ours += ["--forcing", str(CURRENT), "--forcing", str(WIND), "--json"]
    theirs = [*place, *size, "--start", START, "--step", str(STEP_S), "--output", str(OUTPUT_S)]
    python = [str(PYTHON), "-W", "ignore"]
    opendrift = [*python, str(HERE / "opendrift_mission.py"), *theirs, "--forcing", str(CURRENT), "--forcing", str(WIND)]
    fields = ["--current", str(FIELDS / "current.nc"), "--wind", str(FIELDS / "wind.nc")]
    return {
        DRIFTLINE: ours,
        DRIFTLINE_ONE: [*ours, "--threads", "1"],
        OPENDRIFT: opendrift,
        PARCELS: [*python, str(HERE / "parcels_mission.py"), *theirs, *fields],
    }


def environment() -> dict[str, str]:
    """What programs are told: nothing that would steer their libraries (no OMP_NUM_THREADS, no OPENBLAS_CORETYPE)."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {"LANG": "C.UTF-8"}


def measured(command: list[str]) -> dict:
    """Runs a command; its wall and CPU seconds, its peak memory, and the JSON of its last line."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = os.posix_spawn(
            command[0],
            command,
            environment(),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, err.fileno(), 2),
            ],
        )
        _, status, used = os.wait4(process, 0)
        wall_s = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        text = out.read().decode(errors="replace")
        if status != 0:
            words = err.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command[:3])} ended with {os.waitstatus_to_exitcode(status)}: {words}")
    return {
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        **facts(json.loads(text.strip().splitlines()[-1])),
    }


def facts(report: dict) -> dict:
    """The same members from all programs."""
    if "engine_version" not in report:
        return report
    # Driftline reads its fields before the loop, the others within it.
    return {
        "version": report["engine_version"],
        "particle_steps": report["particle_steps"],
        "loop_s": report["load_seconds"] + report["kernel_seconds"],
        "load_s": report["load_seconds"],
        "kernel_s": report["kernel_seconds"],
        "products_s": report["products_seconds"],
        "active": report["active"],
        "ended": {name: report[name] for name in ("stranded", "missing_data") if report[name]},
        "mean_lon": report["mean"]["lon"],
        "mean_lat": report["mean"]["lat"],
    }


def cpu_model() -> str:
    """The processor's name, and family and model number where the name says little."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts_of = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    name = facts_of.get("model name", platform.machine())
    return f"{name} (family {facts_of.get('cpu family')}, model {facts_of.get('model')})"


def measure(driftline: Path, sizes: dict[int, int]) -> list[dict]:
    """All runs, in the order they were made."""
    runs = []
    # What only the first run of a program on a machine pays: reading its files from disk, caches of fonts and bytecode.
    for name, command in commands(driftline, 1000).items():
        print(f"warming up {name}", file=sys.stderr)
        measured(command)
    for particles, repeats in sizes.items():
        for repeat in range(repeats):
            programs = list(commands(driftline, particles).items())
            # Another one goes first each time.
            turn = repeat % len(programs)
            for name, command in programs[turn:] + programs[:turn]:
                run = {"program": name, "particles": particles, "load_before": os.getloadavg()[0], **measured(command)}
                runs.append(run)
                print(
                    f"{particles:>7} particles, {name}: {run['wall_s']:.2f} s wall, {run['cpu_s']:.2f} s CPU, "
                    f"{run['peak_bytes'] / 1e6:.0f} MB",
                    file=sys.stderr,
                )
    return runs


def medians(runs: list[dict]) -> dict:
    """Medians of what is measured, and what is the same in every run of a program from the last one."""
    middle = {
        name: statistics.median(run[name] for run in runs)
        for name in ("wall_s", "cpu_s", "peak_bytes", "loop_s", "particle_steps")
    }
    spread = (min(run["wall_s"] for run in runs), max(run["wall_s"] for run in runs))
    return {**runs[-1], **middle, "wall_range_s": spread, "repeats": len(runs)}


def ratio(value: float, of: float) -> str:
    """How many times as much, in two or three digits."""
    times = value / of
    return f"{times:.0f} ×" if times >= 10 else f"{times:.1f} ×"


def table(runs: list[dict], machine: str) -> str:
    """The figures as Markdown."""
    versions = {run["program"]: run["version"] for run in runs}
    quietest, *_, busiest = sorted(run["load_before"] for run in runs)
    lines = [
        f"Measured on {datetime.date.today()} by `make bench-peers`: {machine}. Driftline {versions[DRIFTLINE]}, OpenDrift "
        f"{versions[OPENDRIFT]}, Parcels {versions[PARCELS]}, in one run, alternating; medians. "
        f"The machine's load average before a program started was {quietest:.1f} to {busiest:.1f}.",
    ]
    for particles in dict.fromkeys(run["particles"] for run in runs):
        of_size = [run for run in runs if run["particles"] == particles]
        programs = {name: medians([run for run in of_size if run["program"] == name]) for name in versions}
        ours = programs[DRIFTLINE]
        lines += [
            "",
            f"**{particles:,} particles, {HOURS} h, {STEP_S // 60} min steps** ({counted(ours['repeats'])})",
            "",
            "| program | wall, s (least to most) | CPU, s | peak, MB | wall | CPU | memory | M steps/s: process | loop |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for name, of in programs.items():
            low, high = of["wall_range_s"]
            lines.append(
                f"| {name} | {of['wall_s']:.2f} ({low:.2f} to {high:.2f}) | {of['cpu_s']:.2f} | {of['peak_bytes'] / 1e6:,.0f} "
                f"| {ratio(of['wall_s'], ours['wall_s'])} | {ratio(of['cpu_s'], ours['cpu_s'])} "
                f"| {ratio(of['peak_bytes'], ours['peak_bytes'])} "
                f"| {of['particle_steps'] / of['wall_s'] / 1e6:.3f} | {of['particle_steps'] / of['loop_s'] / 1e6:.3f} |"
            )
        part = {
            name: statistics.median(run[name] for run in of_size if run["program"] == DRIFTLINE)
            for name in ("load_s", "kernel_s", "products_s")
        }
        lines += [
            "",
            f"Of Driftline's wall time {part['load_s']:.3f} s went into reading the fields, {part['kernel_s']:.3f} s into the kernel "
            f"and {part['products_s']:.3f} s into the areas of every hour.",
        ]
    largest = max(run["particles"] for run in runs)
    lines += [
        "",
        f"What came out, {largest:,} particles:",
        "",
        "| program | afloat at the end | ended | particle-steps | mean of those afloat |",
        "|---|---|---|---|---|",
    ]
    for name in versions:
        of = [run for run in runs if run["program"] == name and run["particles"] == largest][-1]
        ended = ", ".join(f"{count:,} {state}" for state, count in of["ended"].items()) or "–"
        lines.append(
            f"| {name} | {of['active']:,} | {ended} | {of['particle_steps']:,} "
            f"| {of['mean_lat']:.3f} N {of['mean_lon']:.3f} E |"
        )
    return "\n".join(lines)


def counted(repeats: int) -> str:
    """How often each program ran."""
    return "one run each" if repeats == 1 else f"{repeats} runs each"


def update(path: Path, text: str) -> None:
    """Puts the table between the markers of a file."""
    before, marked, rest = path.read_text().partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not marked or not closed:
        raise SystemExit(f"{path} has no {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driftline", type=Path, default=ROOT / "target/release/driftline", help="the release binary")
    parser.add_argument("--out", type=Path, help="file for every run as JSON")
    parser.add_argument("--update", type=Path, help="Markdown file whose table is replaced")
    parser.add_argument(
        "--sizes", default="1000:5,5000:5,50000:3", help="particles:repeats, separated by commas (default: %(default)s)"
    )
    asked = parser.parse_args()
    sizes = {int(size): int(repeats) for size, repeats in (one.split(":") for one in asked.sizes.split(","))}
    for needed, how in ((asked.driftline, "cargo build --release -p driftline"), (PYTHON, "benches/peers/setup.sh")):
        if not needed.exists():
            raise SystemExit(f"{needed} is missing; {how} makes it")
    fields = ["--current", str(CURRENT), "--wind", str(WIND), "--folder", str(FIELDS)]
    if os.spawnv(os.P_WAIT, PYTHON, [str(PYTHON), str(HERE / "parcels_fields.py"), *fields]) != 0:
        raise SystemExit("the fields for Parcels could not be made")
    runs = measure(asked.driftline.resolve(), sizes)
    machine = f"{os.cpu_count()} cores, {cpu_model()}, {platform.system()} {platform.machine()}"
    text = table(runs, machine)
    print(text)
    if asked.out:
        asked.out.write_text(json.dumps({"machine": machine, "runs": runs}, indent=1) + "\n")
    if asked.update:
        update(asked.update, text)


main()
