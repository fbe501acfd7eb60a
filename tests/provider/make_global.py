#!/usr/bin/env python3
"""Writes a whole 10-m wind cycle in the layout of GFS, for benchmarks: 209 steps, u and v, 0.25 degree, global, packed 5.3.

    python tests/provider/make_global.py OUT [--run 2026-11-20T00] [--steps 209]

OUT/gfs.YYYYMMDD/HH/atmos/gfs.tHHz.pgrb2.0p25.fFFF and .idx, about 0.35 GB, in a few minutes. The fields are the bundled wind
off Norway (67 hours) spread over the globe: each patch of 12 degrees shows another hour and another flip of it,
enlarged fourfold by interpolation, so that texture and spread are real and no two patches are alike. With --sample the texture of a
real global field (../shared/data/feeds/gfs.complex.grib2, geopotential height) is added to the patches, turned to a wind by its
gradient. Nothing of it is committed. Needs eccodes, netCDF4, numpy.
"""
import argparse
import datetime
from pathlib import Path

import eccodes
import netCDF4
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 721, 1440
HOURS = 67


def wind():
    with netCDF4.Dataset(ROOT / "tests/data/forcing/derived_latlon_wind_16Nov2015.nc") as file:
        return np.stack([np.ma.filled(file[name][:].astype("f4"), 0) for name in ("u10", "v10")])


def enlarged(field, rows, columns):
    """Bilinear, the corners of the field at the corners of the patch."""
    at = np.linspace(0, field.shape[-2] - 1.001, rows), np.linspace(0, field.shape[-1] - 1.001, columns)
    top, left = at[0].astype(int), at[1].astype(int)
    down, right = (at[0] - top)[:, None], (at[1] - left)[None, :]
    part = lambda r, c: field[..., r[:, None], c[None, :]]
    return (part(top, left) * (1 - down) * (1 - right) + part(top, left + 1) * (1 - down) * right
            + part(top + 1, left) * down * (1 - right) + part(top + 1, left + 1) * down * right)


def geostrophic(sample):
    """A wind with the texture of a real global height field: its gradient, scaled to 8 m/s."""
    with open(sample, "rb") as file:
        handle = eccodes.codes_grib_new_from_file(file)
    height = eccodes.codes_get_values(handle).reshape(ROWS, COLUMNS)
    south, east = np.gradient(height)
    parts = np.stack([south, east]).astype("f4")
    return np.clip(parts / (parts.std() + 1e-9) * 8, -25, 25)


def globe(fields, hour, background):
    """Both components at a hour."""
    out = np.empty((2, ROWS, COLUMNS), "f4")
    size = 48
    for row in range(0, ROWS, size):
        for column in range(0, COLUMNS, size):
            number = row // size * 30 + column // size
            phase = (hour + 7 * number) % (2 * (HOURS - 1))
            patch = enlarged(fields[:, min(phase, 2 * (HOURS - 1) - phase)], size, size)
            patch = patch[:, ::-1 if number % 2 else 1, ::-1 if number % 3 else 1]
            rows, columns = min(size, ROWS - row), min(size, COLUMNS - column)
            out[:, row:row + rows, column:column + columns] = patch[:, :rows, :columns]
    # The bundled hours come round again after 132: the wind freshens slowly, so that no hour is another to the last bit.
    out *= np.float32(1 + hour / 4000)
    return out if background is None else out * 0.7 + np.roll(background, hour, axis=2) * 0.5


def message(values, number, run, step):
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    for key, value in {
        "centre": 7, "tablesVersion": 2, "localTablesVersion": 1, "significanceOfReferenceTime": 1,
        "dataDate": int(f"{run:%Y%m%d}"), "dataTime": run.hour * 100, "productionStatusOfProcessedData": 0,
        "typeOfProcessedData": 1, "shapeOfTheEarth": 6, "Ni": COLUMNS, "Nj": ROWS,
        "latitudeOfFirstGridPointInDegrees": 90, "longitudeOfFirstGridPointInDegrees": 0,
        "latitudeOfLastGridPointInDegrees": -90, "longitudeOfLastGridPointInDegrees": 359.75,
        "iDirectionIncrementInDegrees": 0.25, "jDirectionIncrementInDegrees": 0.25,
        "iScansNegatively": 0, "jScansPositively": 0, "discipline": 0, "parameterCategory": 2, "parameterNumber": number,
        "typeOfFirstFixedSurface": 103, "scaleFactorOfFirstFixedSurface": 0, "scaledValueOfFirstFixedSurface": 10,
        "generatingProcessIdentifier": 96, "typeOfGeneratingProcess": 2, "indicatorOfUnitOfTimeRange": 1,
        "forecastTime": step,
    }.items():
        eccodes.codes_set(handle, key, value)
    # Half a centimetre a second: ten bits or so, as in real files.
    bits = int(np.ceil(np.log2((values.max() - values.min()) * 100 + 1)))
    eccodes.codes_set(handle, "bitsPerValue", bits)
    eccodes.codes_set_values(handle, values.ravel().astype("f8"))
    eccodes.codes_set(handle, "packingType", "grid_complex_spatial_differencing")
    made = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--run", default="2026-11-20T00", help="nominal time of the cycle, UTC")
    parser.add_argument("--steps", type=int, default=209)
    parser.add_argument("--sample", type=Path, help="a global 0.25 degree GRIB2 field whose texture is added")
    arguments = parser.parse_args()
    run = datetime.datetime.strptime(arguments.run, "%Y-%m-%dT%H")
    folder = arguments.out / f"gfs.{run:%Y%m%d}/{run:%H}/atmos"
    folder.mkdir(parents=True, exist_ok=True)
    fields, background = wind(), geostrophic(arguments.sample) if arguments.sample else None
    steps = (list(range(121)) + list(range(123, 385, 3)))[:arguments.steps]
    total = 0
    for step in steps:
        parts = [message(field, number, run, step) for number, field in zip((2, 3), globe(fields, step, background))]
        when = f"{step} hour fcst" if step else "anl"
        lines = [f"{at + 1}:{offset}:d={run:%Y%m%d%H}:{name}:10 m above ground:{when}:\n"
                 for at, (offset, name) in enumerate([(0, "UGRD"), (len(parts[0]), "VGRD")])]
        name = f"gfs.t{run:%H}z.pgrb2.0p25.f{step:03}"
        (folder / name).write_bytes(b"".join(parts))
        (folder / f"{name}.idx").write_text("".join(lines))
        total += sum(map(len, parts))
    print(f"{len(steps)} steps, {total / 1e6:.0f} MB in {folder}")


if __name__ == "__main__":
    main()
