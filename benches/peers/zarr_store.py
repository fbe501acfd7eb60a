#!/usr/bin/env python3
"""Writes and reads stored forcing with Driftline and with tensorstore, the same field in the same layout, in one run.

    .peers-env/bin/python benches/peers/zarr_store.py [--shared FOLDER] [--out FILE]

The field is [24, 2041, 4320] float32 twice, east and north: the CMEMS sample of FOLDER/data/feeds (without it NorKyst of
tests/data) mirrored and repeated over the globe, its vectors turned hour by hour as the M2 tide turns. Driftline's part is
the example `measure_layout` of the store crate. tensorstore writes the arrays with the metadata that Driftline wrote, and
reads the objects that Driftline wrote. Both read files from the page cache, with two threads. The times are of both arrays;
Driftline's reads give float32 with NaN, tensorstore's the stored int16; rows with "and NumPy" make the same float32 of them.
Ratios above 1 are in Driftline's favour.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import netCDF4
import numpy as np
import tensorstore as ts

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = "data/feeds/cmems_mod_glo_phy-cur_anfc_0.083deg_P1D-m_2024-01_100W-020E_10N-65N.nc"
STEPS, NY, NX = 24, 2041, 4320
SCALE, MISSING = np.float32(1000), np.int16(-32768)
RAW_MB = STEPS * NY * NX * 4 / 1e6


def sample(shared):
    """Two components of one time step, NaN for land."""
    path, names = shared / SAMPLE, ("uo", "vo")
    if not path.exists():
        path, names = ROOT / "tests/data/forcing/norkyst800_subset_16Nov2015.nc", ("u", "v")
    with netCDF4.Dataset(path) as file:
        variables = [np.ma.filled(file[name][:].astype("f4"), np.nan) for name in names]
    return path.name, [values.reshape(-1, *values.shape[-2:])[0] for values in variables]


def over_the_globe(values):
    """The sample repeated, every other copy mirrored, so that no seam is sharper than the field."""
    ny, nx = values.shape
    rows = [values if k % 2 == 0 else values[::-1] for k in range(-(-NY // ny))]
    column = np.concatenate(rows)[:NY]
    columns = [column if k % 2 == 0 else column[:, ::-1] for k in range(-(-NX // nx))]
    return np.ascontiguousarray(np.concatenate(columns, axis=1)[:, :NX])


def turned(east, north):
    """Both components of every step, packed as they are stored, and the raw east component."""
    angle = np.float32(2 * np.pi / 12.4206)
    raw, packed = np.empty((STEPS, NY, NX), "f4"), [np.empty((STEPS, NY, NX), "i2") for _ in range(2)]
    for step in range(STEPS):
        sin, cos = np.sin(angle * step), np.cos(angle * step)
        raw[step] = east * cos - north * sin
        packed[0][step] = pack(raw[step])
        packed[1][step] = pack(east * sin + north * cos)
    return raw, packed


def pack(values):
    return np.where(np.isnan(values), MISSING, np.rint(np.nan_to_num(values) * SCALE)).astype("i2")


def driftline(built, field, keep):
    command = [built] if built else ["cargo", "run", "--quiet", "--release", "-p", "driftline-store", "--example", "measure_layout", "--"]
    command += ["--field", str(field), "--keep", str(keep)]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {line["what"]: line for line in map(json.loads, lines)}


def opened(path, metadata=None, cache_bytes=0, sync=False):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
    if metadata:
        spec |= {"create": True, "delete_existing": True, "metadata": metadata}
    context = ts.Context(
        {
            "data_copy_concurrency": {"limit": 2},
            "cache_pool": {"total_bytes_limit": cache_bytes},
            "file_io_sync": sync,
        }
    )
    return ts.open(spec, context=context).result()


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def medians(pairs):
    walls, cpus = zip(*pairs)
    return statistics.median(walls), statistics.median(cpus)


def writes(metadata, packed, raw, scratch):
    """One array: as packed numbers, with packing by NumPy in front, and with files synced."""
    def one(sync, prepare):
        def work():
            opened(scratch / "array", metadata, sync=sync).write(prepare()).result()
        found = timed(work)
        shutil.rmtree(scratch / "array")
        return found

    packing = lambda: np.stack([pack(step) for step in raw])
    return {
        "packed": medians([one(False, lambda: packed) for _ in range(3)]),
        "with packing": one(False, packing),
        "packed, synced": one(True, lambda: packed),
    }


AND_NUMPY = ", and NumPy"


def unpacked(numbers):
    """What a client makes of the stored numbers by the array's CF attributes."""
    return np.where(numbers == MISSING, np.float32(np.nan), numbers / SCALE)


def reads(arrays, shape, rounds, then=lambda numbers: numbers):
    """Both arrays at different places, the first half of the rounds uncounted."""
    steps, rows, columns = shape
    found = []
    for k in list(range(rounds)) * 2:
        j, i = 4 + k * 211 % (NY - rows - 8), 4 + k * 397 % (NX - columns - 8)
        def work():
            futures = [array[:steps, j : j + rows, i : i + columns].read() for array in arrays]
            for future in futures:
                then(future.result())
        found.append(timed(work))
    return medians(found[rounds:])


def slabs(arrays, steps, then=lambda numbers: numbers):
    def work(step):
        for future in [array[step].read() for array in arrays]:
            then(future.result())
    return medians([timed(lambda: work(step)) for step in steps][1:])


def check(arrays, packed):
    """Every number that Driftline stored is the one that NumPy packs, or its neighbour where the turn rounds otherwise."""
    for array, wanted in zip(arrays, packed):
        off = np.abs(array.read().result().astype("i4") - wanted)
        if off.max() > 1 or (off > 0).mean() > 0.01:
            raise SystemExit(f"values differ by {off.max()} steps, {(off > 0).mean():.2%} of them differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared", help="where the samples are")
    parser.add_argument("--built", type=pathlib.Path, help="the built example; without it cargo builds it")
    parser.add_argument("--out", type=pathlib.Path, help="file for every figure as JSON")
    asked = parser.parse_args()
    name, components = sample(asked.shared)
    components = [over_the_globe(values) for values in components]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.stack(components).tofile(folder / "field")
        ours = driftline(asked.built, folder / "field", folder / "kept")
        raw, packed = turned(*components)
        group = folder / "kept/objects" / ours["write globe"]["prefix"] / "current"
        paths = [group / "current_east", group / "current_north"]
        metadata = json.loads((paths[0] / "zarr.json").read_text())
        check([opened(path) for path in paths], packed)
        theirs = {"write": writes(metadata, packed[0], raw, folder)}
        del raw, packed
        arrays = [opened(path) for path in paths]
        remembering = [opened(path, cache_bytes=1 << 30) for path in paths]
        for how, these in (("from files", arrays), ("from memory", remembering)):
            for what, shape, rounds in (("tile 120 x 120 x 24", (24, 120, 120), 15), ("point x 24", (24, 1, 1), 101)):
                theirs[f"{what}, {how}"] = reads(these, shape, rounds)
                theirs[f"{what}, {how}{AND_NUMPY}"] = reads(these, shape, rounds, unpacked)
        for how, these, steps in (("from files", arrays, [0, 6, 12, 18, 23, 1, 8]), ("from memory", remembering, [0, 1, 2, 3, 4, 5])):
            theirs[f"slab 2041 x 4320, {how}"] = slabs(these, steps)
            theirs[f"slab 2041 x 4320, {how}{AND_NUMPY}"] = slabs(these, steps, unpacked)
    report(name, ours, theirs)
    if asked.out:
        asked.out.write_text(json.dumps({"field": name, "driftline": ours, "tensorstore": theirs}, indent=1) + "\n")


def report(name, ours, theirs):
    print(f"field from {name}, {os.cpu_count()} cores, tensorstore {ts.__version__ if hasattr(ts, '__version__') else ''}\n")
    globe = ours["write globe"]
    print(f"size: float32 / stored = {globe['ratio']:.2f}, {globe['objects']} objects\n")
    print("| | Driftline wall (CPU) ms | tensorstore wall (CPU) ms | ratio of walls | of CPU |")
    print("|---|---|---|---|---|")
    wall, cpu = globe["wall_ms"] / 2, (globe["cpu_ms"] - globe["of_it_source_cpu_ms"]) / 2
    for what, (their_wall, their_cpu) in theirs.pop("write").items():
        line = f"| write an array ({RAW_MB:.0f} MB), tensorstore {what} | {wall:.0f} ({cpu:.0f})"
        print(f"{line} | {their_wall:.0f} ({their_cpu:.0f}) | {their_wall / wall:.2f} | {their_cpu / cpu:.2f} |")
    for what, (their_wall, their_cpu) in theirs.items():
        own = ours[what.removesuffix(AND_NUMPY)]
        wall, cpu = own["wall_ms"], own["cpu_ms"]
        line = f"| {what} | {wall:.2f} ({cpu:.2f}) | {their_wall:.2f} ({their_cpu:.2f})"
        print(f"{line} | {their_wall / wall:.2f} | {their_cpu / cpu:.2f} |")
    for what, figures in ours.items():
        if what not in theirs:
            print(f"\n{what}: " + ", ".join(f"{key} {value:.5g}" for key, value in figures.items() if isinstance(value, float)))


main()
