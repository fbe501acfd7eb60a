#!/usr/bin/env python3
"""Makes the GRIB2 files of this folder that are not copies, and what ecCodes reads from all of them.

Needs eccodes 2.50.0 and netCDF4 (both from PyPI). `make.py --pygrib DIR --cfgrib DIR` also copies the real files out of the
unpacked source archives of pygrib 2.1.8 and cfgrib 0.9.15.1. Writes messages.csv (every message as ecCodes unpacks it) and
places.csv (some nodes where ecCodes puts them).
"""

import argparse
import csv
import shutil
from pathlib import Path

import eccodes as ec
import netCDF4
import numpy as np

HERE = Path(__file__).parent
FORCING = HERE.parent / "forcing"
MISSING = 9999.0


def message(grid: dict, product: dict, values: np.ndarray, packing: str, bits: int, **more) -> bytes:
    """One message; NaN is missing, coded in a bitmap or within the packing where `management` is given."""
    handle = ec.codes_grib_new_from_samples("GRIB2")
    management = more.pop("management", None)
    start = {"centre": 88, "dataDate": 20151116, "dataTime": 0, "typeOfFirstFixedSurface": 1}
    for key, value in {**start, **grid, **product}.items():
        ec.codes_set(handle, key, value)
    gaps = bool(np.isnan(values).any())
    ec.codes_set(handle, "missingValue", MISSING)
    filled = np.where(np.isnan(values), MISSING, values).astype(float)
    if gaps and management is None:
        ec.codes_set(handle, "bitmapPresent", 1)
    ec.codes_set(handle, "bitsPerValue", bits)
    if packing != "grid_png":
        ec.codes_set(handle, "packingType", packing)
    if management is not None:
        ec.codes_set(handle, "missingValueManagementUsed", management)
    for key, value in more.items():
        ec.codes_set(handle, key, value)
    ec.codes_set_values(handle, filled)
    if packing == "grid_png":
        ec.codes_set(handle, "packingType", packing)
    found = ec.codes_get(handle, "packingType")
    if found != packing:
        raise SystemExit(f"{packing} asked, {found} written")
    data = ec.codes_get_message(handle)
    ec.codes_release(handle)
    return data


def lon_lat(west: float, south: float, step: float, nx: int, ny: int, mode: int) -> dict:
    """A grid whose scanning mode is `mode`."""
    east, north = west + step * (nx - 1), south + step * (ny - 1)
    lon = (east, west) if mode & 0x80 else (west, east)
    lat = (south, north) if mode & 0x40 else (north, south)
    return {
        "gridType": "regular_ll",
        "shapeOfTheEarth": 6,
        "Ni": nx,
        "Nj": ny,
        "latitudeOfFirstGridPointInDegrees": lat[0],
        "longitudeOfFirstGridPointInDegrees": lon[0] % 360,
        "latitudeOfLastGridPointInDegrees": lat[1],
        "longitudeOfLastGridPointInDegrees": lon[1] % 360,
        "iDirectionIncrementInDegrees": step,
        "jDirectionIncrementInDegrees": step,
        "scanningMode": mode,
    }


def scanned(values: np.ndarray, mode: int) -> np.ndarray:
    """Rows from south to north, nodes from west to east, in the order of a scanning mode (flag table 3.4)."""
    field = values if mode & 0x40 else values[::-1]
    field = field[:, ::-1] if mode & 0x80 else field
    field = field.T if mode & 0x20 else field
    field = field.copy()
    if mode & 0x10:
        field[1::2] = field[1::2, ::-1]
    return field.ravel()


WIND = [
    {"discipline": 0, "parameterCategory": 2, "parameterNumber": n, "typeOfFirstFixedSurface": 103,
     "scaleFactorOfFirstFixedSurface": 0, "scaledValueOfFirstFixedSurface": 10}
    for n in (2, 3)
]
CURRENT = [{"discipline": 10, "parameterCategory": 1, "parameterNumber": n} for n in (2, 3)]


def netcdf(name: str, variables: tuple[str, str], step: int) -> list[np.ndarray]:
    """Both components at a step as two-dimensional arrays with NaN."""
    with netCDF4.Dataset(FORCING / name) as data:
        fields = [np.ma.filled(data[v][step].astype(float), np.nan) for v in variables]
    return [field.reshape(field.shape[-2:]) for field in fields]


def packings() -> None:
    """One current of a coast in every packing, and the same field without its coast where a packing has no bitmap."""
    fields = netcdf("derived_latlon_current_16Nov2015.nc", ("uo", "vo"), 12)
    with netCDF4.Dataset(FORCING / "derived_latlon_current_16Nov2015.nc") as data:
        west, south = float(data["longitude"][0]), float(data["latitude"][0])
        step = float(data["longitude"][1] - data["longitude"][0])
    window = (slice(30, 120), slice(60, 181))
    fields = [field[window] for field in fields]
    grid = lon_lat(round(west + 60 * step, 6), round(south + 30 * step, 6), round(step, 6), 121, 90, 0)
    variants = {
        "simple": ("grid_simple", {}),
        "complex": ("grid_complex", {}),
        "complex_missing_1": ("grid_complex", {"management": 1}),
        "differenced": ("grid_complex_spatial_differencing", {}),
        "differenced_missing_1": ("grid_complex_spatial_differencing", {"management": 1}),
        "jpeg_2000": ("grid_jpeg", {}),
        "png": ("grid_png", {}),
        "ccsds": ("grid_ccsds", {}),
        "ieee": ("grid_ieee", {}),
    }
    for name, (packing, more) in variants.items():
        bits = {"ieee": 32}.get(name, 12)
        data = b"".join(
            message(grid, CURRENT[k], scanned(fields[k], 0), packing, bits, **more) for k in (0, 1)
        )
        (HERE / f"packing_{name}.grib2").write_bytes(data)
    # Management 2 is read and not written by ecCodes: the same bytes, in which the number below all ones is missing, too.
    for name in ("complex", "differenced"):
        data = bytearray((HERE / f"packing_{name}_missing_1.grib2").read_bytes())
        for section in sections(data, 5):
            data[section + 22] = 2
        (HERE / f"packing_{name}_missing_2.grib2").write_bytes(data)
    twice(scanned(fields[0], 0), scanned(fields[1], 0), grid)
    constant = np.where(np.isnan(fields[0]), np.nan, 0.25)
    zeros = {"simple": "grid_simple", "jpeg_2000": "grid_jpeg", "ccsds": "grid_ccsds", "differenced": "grid_complex_spatial_differencing"}
    for name, packing in zeros.items():
        data = b"".join(message(grid, CURRENT[k], scanned(constant, 0), packing, 12) for k in (0, 1))
        (HERE / f"constant_{name}.grib2").write_bytes(data)


def twice(east: np.ndarray, north: np.ndarray, grid: dict) -> None:
    """Differenced twice, which ecCodes reads and does not write: one group for all, packed here."""
    data = b""
    for k, values in enumerate((east, north)):
        plain = bytearray(message(grid, CURRENT[k], values, "grid_simple", 12))
        numbers = np.rint(values[~np.isnan(values)] * 1000).astype(int)
        least = int(numbers.min())
        numbers -= least
        steps = np.diff(numbers, n=2, prepend=[0, 0])
        lowest = int(steps[2:].min())
        packed = np.where(np.arange(len(steps)) < 2, 0, steps - lowest)
        width = int(packed.max()).bit_length()
        bits = "".join(f"{number:0{width}b}" for number in packed)
        stream = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
        start = b"".join(int(number).to_bytes(2, "big") for number in numbers[:2]) + (abs(lowest) | (0x8000 if lowest < 0 else 0)).to_bytes(2, "big")
        body7 = start + bytes([0]) + bytes([width]) + bytes([0]) + stream
        body5 = (
            len(numbers).to_bytes(4, "big") + (3).to_bytes(2, "big") + np.array([least], ">f4").tobytes()
            + bytes([0, 0, 0, 3, 8, 0, 1, 0]) + bytes(8) + (1).to_bytes(4, "big") + bytes([0, 8])
            + bytes(4) + bytes([1]) + len(numbers).to_bytes(4, "big") + bytes([8, 2, 2])
        )
        five, six, seven = sections(plain, 5)[0], sections(plain, 6)[0], sections(plain, 7)[0]
        parts = [
            plain[16:five], (len(body5) + 5).to_bytes(4, "big") + bytes([5]) + body5, plain[six:seven],
            (len(body7) + 5).to_bytes(4, "big") + bytes([7]) + body7, b"7777",
        ]
        rest = b"".join(bytes(part) for part in parts)
        data += bytes(plain[:8]) + (len(rest) + 16).to_bytes(8, "big") + rest
    (HERE / "packing_differenced_twice.grib2").write_bytes(data)


def sections(data: bytearray, wanted: int) -> list[int]:
    """Where the sections of this number begin."""
    found, at = [], 0
    while at < len(data):
        end = at + int.from_bytes(data[at + 8 : at + 16], "big") - 4
        at += 16
        while at < end:
            if data[at + 4] == wanted:
                found.append(at)
            at += int.from_bytes(data[at : at + 4], "big")
        at = end + 4
    return found


def scanning_modes() -> None:
    """One wind in each of the sixteen ways of scanning, each a message of its own time so that none is another's double."""
    fields = [field[::-1] for field in netcdf("derived_latlon_wind_16Nov2015.nc", ("u10", "v10"), 6)]
    ny, nx = fields[0].shape
    data = b""
    for mode in range(0, 256, 16):
        grid = lon_lat(-3.0, 60.0, 0.25, nx, ny, mode)
        for k in (0, 1):
            data += message(grid, WIND[k], scanned(fields[k], mode), "grid_simple", 16)
    (HERE / "scanning_modes.grib2").write_bytes(data)
    globe = [np.outer(np.cos(np.radians(np.arange(-90, 91, 15))), (10 - 4 * k) * np.sin(np.radians(np.arange(0, 360, 15) + 40 * k))) for k in (0, 1)]
    data = b"".join(message(lon_lat(0, -90, 15, 24, 13, 0), WIND[k], scanned(globe[k], 0), "grid_simple", 16) for k in (0, 1))
    (HERE / "globe.grib2").write_bytes(data)


def projections() -> None:
    """Wind on a Lambert cone and currents on a polar plane, along the axes of the grid."""
    wind = netcdf("arome_subset_16Nov2015.nc", ("x_wind_10m", "y_wind_10m"), 6)
    with netCDF4.Dataset(FORCING / "arome_subset_16Nov2015.nc") as data:
        first = float(data["longitude"][0, 0]), float(data["latitude"][0, 0])
    ny, nx = wind[0].shape
    plane = {
        "shapeOfTheEarth": 1, "scaleFactorOfRadiusOfSphericalEarth": 0, "scaledValueOfRadiusOfSphericalEarth": 6371000,
        "Nx": nx, "Ny": ny, "scanningMode": 64, "resolutionAndComponentFlags": 8,
    }
    lambert = {
        "gridType": "lambert", **plane,
        "latitudeOfFirstGridPoint": round(first[1] * 1e6), "longitudeOfFirstGridPoint": round(first[0] * 1e6),
        "LaD": 63_000_000, "LoV": 15_000_000, "Latin1": 63_000_000, "Latin2": 63_000_000, "Dx": 2_500_000, "Dy": 2_500_000,
    }
    data = b"".join(message(lambert, {**WIND[k], "stepUnits": "h", "step": 6}, scanned(wind[k], 64), "grid_ccsds", 12) for k in (0, 1))
    (HERE / "lambert_wind.grib2").write_bytes(data)
    window = (slice(20, 80), slice(40, 130))
    current = [field[window] for field in netcdf("norkyst800_subset_16Nov2015.nc", ("u", "v"), 6)]
    with netCDF4.Dataset(FORCING / "norkyst800_subset_16Nov2015.nc") as data:
        x, y = float(data["X"][40]), float(data["Y"][20])
    lon, lat = polar_inverse(x, y, 6_371_000.0, 60.0, 70.0)
    ny, nx = current[0].shape
    polar = {
        "gridType": "polar_stereographic", **plane, "Nx": nx, "Ny": ny,
        "latitudeOfFirstGridPoint": round(lat * 1e6), "longitudeOfFirstGridPoint": round(lon * 1e6),
        "LaD": 60_000_000, "orientationOfTheGrid": 70_000_000, "Dx": 800_000, "Dy": 800_000, "projectionCentreFlag": 0,
    }
    data = b"".join(message(polar, {**CURRENT[k], "stepUnits": "h", "step": 6}, scanned(current[k], 64), "grid_jpeg", 12) for k in (0, 1))
    (HERE / "polar_current.grib2").write_bytes(data)


def polar_inverse(x: float, y: float, radius: float, true_lat: float, lon0: float) -> tuple[float, float]:
    """Longitude and latitude on a sphere (Snyder 20-14, 20-16, 20-18 with scale at the pole from 21-33)."""
    rho = float(np.hypot(x, y))
    scale = (1 + np.sin(np.radians(true_lat))) / 2
    c = 2 * np.arctan2(rho, 2 * radius * scale)
    return float(lon0 + np.degrees(np.arctan2(x, -y))), float(90 - np.degrees(c))


COPIES = {
    "pygrib": {
        "gfs.t12z.pgrbf120.2p5deg.grib2": "gfs_wind_10m.grib2",
        "eta.grb": "eta_wind_10m.grib2",
        "scanning_mode.grib2": None,
        "scanning_mode_with_bitmap.grib2": None,
        "no-radius-shapeOfEarth-7.grb2": None,
        "regular_latlon_surface.grib2": None,
    },
    "cfgrib": {
        "alternate-scanning.grib": None,
        "ds.waveh.5.grib": None,
        "hpa_and_pa.grib": None,
        "cfrzr_and_cprat_0s.grib": None,
        "step_60m.grib": None,
        "regular_gg_wrong_increment.grib": None,
        "regular_ll_wrong_increment.grib": None,
        "era5-levels-corrupted.grib": None,
    },
}


def copies(folders: dict[str, Path]) -> None:
    """Real files; of two large ones only the 10 m wind."""
    for project, files in COPIES.items():
        for name, short in files.items():
            source = folders[project] / {"pygrib": "sampledata", "cfgrib": "tests/sample-data"}[project] / name
            if short is None:
                shutil.copy(source, HERE / name)
                continue
            wind = [data for handle, data in messages(source) if ec.codes_get(handle, "shortName") in ("10u", "10v")]
            (HERE / short).write_bytes(b"".join(wind))


def messages(path: Path):
    """Every message that ecCodes finds."""
    ec.codes_grib_multi_support_off()
    yield from handles(path)


def fields(path: Path):
    """Every field, also the second and later ones of a message."""
    ec.codes_grib_multi_support_on()
    yield from handles(path)


def handles(path: Path):
    """What ecCodes finds in a file, with its bytes."""
    with path.open("rb") as file:
        while (handle := ec.codes_grib_new_from_file(file)) is not None:
            yield handle, ec.codes_get_message(handle)
            ec.codes_release(handle)


def digest(values: np.ndarray) -> int:
    """Sum over values of their place (counted round by 65521) and their bits in single precision, modulo 2^64."""
    single = values.astype(np.float32)
    single[np.isnan(single)] = np.nan
    bits = single.view(np.uint32).astype(np.uint64)
    bits[np.isnan(single)] = 0x7FC00000
    weights = np.arange(len(bits), dtype=np.uint64) % np.uint64(65521) + np.uint64(1)
    with np.errstate(over="ignore"):
        return int((bits * weights).sum(dtype=np.uint64))


def facts(path: Path) -> list[list]:
    """What ecCodes makes of each message of edition 2."""
    rows = []
    for number, (handle, _) in enumerate(fields(path), 1):
        if ec.codes_get(handle, "edition") != 2:
            continue
        ec.codes_set(handle, "missingValue", 1e30)
        values = ec.codes_get_values(handle)
        values[values == 1e30] = np.nan
        present = values[~np.isnan(values)]
        least, most = (present.min(), present.max()) if len(present) else (0, 0)
        date, time = ec.codes_get(handle, "validityDate"), ec.codes_get(handle, "validityTime")
        rows.append([
            path.name, number, *(ec.codes_get(handle, key) for key in ("discipline", "parameterCategory", "parameterNumber")),
            f"{date}{time:04}", len(values), len(values) - len(present), repr(float(least)), repr(float(most)),
            repr(float(present.mean()) if len(present) else 0.0), digest(values),
        ])
    return rows


def places(path: Path) -> list[list]:
    """Some nodes of each message where ecCodes puts them, with their values as they are in the message."""
    rows = []
    for number, (handle, _) in enumerate(fields(path), 1):
        ec.codes_set(handle, "missingValue", 1e30)
        nodes = [(node["lon"], node["lat"], node["value"]) for node in ec.codes_grib_get_data(handle)]
        chosen = np.random.default_rng(number).choice(len(nodes), min(24, len(nodes)), replace=False)
        for index in sorted(chosen):
            lon, lat, value = nodes[index]
            if value != 1e30:
                rows.append([path.name, number, f"{lon:.6f}", f"{lat:.6f}", repr(float(value))])
    return rows


def main() -> None:
    """Makes everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pygrib", type=Path)
    parser.add_argument("--cfgrib", type=Path)
    parser.add_argument("--facts", type=Path, nargs="*", help="only print the facts of these files")
    asked = parser.parse_args()
    if asked.facts:
        for path in asked.facts:
            for row in facts(path):
                print(*row, sep=",")
        return
    packings()
    scanning_modes()
    projections()
    if asked.pygrib and asked.cfgrib:
        copies({"pygrib": asked.pygrib, "cfgrib": asked.cfgrib})
    files = [*sorted(HERE.glob("*.grib2")), *sorted(HERE.glob("*.grb2")), *sorted(HERE.glob("*.grib"))]
    with (HERE / "messages.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow("file field discipline category parameter valid values missing least most mean digest".split())
        for path in files:
            if "corrupted" not in path.name:
                out.writerows(facts(path))
    # ecCodes knows no second lines that run backwards; those of the sixteen modes are checked against each other.
    placed = ["packing_simple", "globe", "lambert_wind", "polar_current", "gfs_wind_10m", "eta_wind_10m"]
    with (HERE / "places.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow("file field lon lat value".split())
        for name in placed:
            out.writerows(places(HERE / f"{name}.grib2"))


if __name__ == "__main__":
    main()
