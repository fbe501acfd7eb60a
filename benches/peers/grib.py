#!/usr/bin/env python3
"""Time to unpack every message of GRIB2 files, ours against ecCodes on the same files in one run, one thread each.

`measure_grib` (an example of driftline-decode, release build) and ecCodes take turns; CPU time counts, of reading the file
and unpacking all values. ecCodes gives double precision: its single precision is not there for every packing and is no faster.
Ratios are of the medians over all turns. Only `eccodes` of requirements.txt is needed.

    benches/peers/grib.py --example target/release/examples/measure_grib FILE...
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import eccodes as ec

# The bars: at most so many times the time of ecCodes.
BARS = {
    "grid_complex": 1.1,
    "grid_complex_spatial_differencing": 1.1,
    "grid_jpeg": 1.4,
    "grid_ccsds": 2.2,
}


def unpack(path: Path) -> tuple[int, str]:
    """Number of values and the packing of the file's first message."""
    count, packing = 0, ""
    with path.open("rb") as file:
        while (handle := ec.codes_grib_new_from_file(file)) is not None:
            packing = packing or ec.codes_get(handle, "packingType")
            count += len(ec.codes_get_values(handle))
            ec.codes_release(handle)
    return count, packing


def by_eccodes(path: Path, rounds: int) -> list[float]:
    """Milliseconds of each round."""
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        unpack(path)
        times.append((time.process_time_ns() - start) / 1e6)
    return times


def by_us(example: Path, path: Path, rounds: int) -> dict:
    """What the example prints."""
    command = [example, "--rounds", str(rounds), path]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Prints a Markdown table and says whether every bar is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--example", type=Path, required=True)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("files", type=Path, nargs="+")
    asked = parser.parse_args()
    ec.codes_grib_multi_support_on()
    print(f"ecCodes {ec.codes_get_api_version()}, {asked.turns} turns of {asked.rounds} rounds, CPU ms\n")
    print("| file | packing | values | ecCodes | Driftline | ratio | bar |")
    print("|---|---|---|---|---|---|---|")
    missed = []
    for path in asked.files:
        values, packing = unpack(path)
        theirs, ours = [], []
        for _ in range(asked.turns):
            found = by_us(asked.example, path, asked.rounds)
            if found["values"] != values:
                raise SystemExit(f"{path}: {found['values']} values, and ecCodes finds {values}")
            ours.append(found["median_ms"])
            theirs += by_eccodes(path, asked.rounds)
        mine, other = statistics.median(ours), statistics.median(theirs)
        ratio, bar = mine / other, BARS.get(packing)
        print(
            f"| {path.name} | {packing} | {values} | {other:.1f} | {mine:.1f} | {ratio:.2f} "
            f"| {bar or ''} |",
            flush=True,
        )
        if bar and ratio > bar:
            missed.append(path.name)
    print("\n" + (f"bar missed: {', '.join(missed)}" if missed else "every bar is met"))


if __name__ == "__main__":
    main()
