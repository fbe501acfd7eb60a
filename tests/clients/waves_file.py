"""Writes a NetCDF file of waves, for tests that ingest one.

    waves_file.py formula TARGET.nc         waves off Norway in the layout of CMEMS files, from a formula
    waves_file.py heights TARGET.nc         the same without their direction
    waves_file.py grib SOURCE.grib2 TARGET.nc   significant height and primary direction of a GFS-wave GRIB2 file, which GDAL
                                            reads, in the layout that converters of GRIB write

Prints one JSON object that says what was written; anything wrong ends with a sentence and exit code 1.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import netCDF4
import numpy as np

LAND = -32767


def heights(target):
    return formula(target, left_out=("VMDR",))


def formula(target, left_out=()):
    """16 November 2015, every three hours: a swell from the west that grows towards the north and turns with time."""
    lon = np.arange(0.0, 10.0, 1 / 12).astype(np.float32)
    lat = np.arange(57.0, 63.0, 1 / 12).astype(np.float32)
    hours = np.arange(0, 48, 3)
    file = netCDF4.Dataset(target, "w")
    file.title = "Mean fields from a formula, in the layout of global wave analyses"
    file.institution = "Driftline tests"
    for name, values, dtype, more in [
        ("time", (hours + 577440).astype(np.int32), "i4", {"standard_name": "time", "units": "hours since 1950-01-01", "calendar": "standard"}),
        ("latitude", lat, "f4", {"standard_name": "latitude", "units": "degrees_north"}),
        ("longitude", lon, "f4", {"standard_name": "longitude", "units": "degrees_east"}),
    ]:
        file.createDimension(name, None if name == "time" else len(values))
        variable = file.createVariable(name, dtype, (name,))
        variable.setncatts(more)
        variable[:] = values
    step, row, column = np.meshgrid(np.arange(len(hours)), np.arange(len(lat)), np.arange(len(lon)), indexing="ij")
    land = column > len(lon) - 12 - 6 * np.sin(row / 9)
    height_cm = 180 + 2 * row + 90 * np.sin((column + 5 * step) / 15)
    from_cdeg = (27000 + 150 * row + 400 * step + 6000 * np.sin(column / 40)) % 36000
    # A part of the sea and a period stand beside the whole, as they do in real files.
    for name, standard_name, units, values, offset in [
        ("VHM0", "sea_surface_wave_significant_height", "m", height_cm, 0.0),
        ("VMDR", "sea_surface_wave_from_direction", "degree", from_cdeg - 18000, 180.0),
        ("VHM0_WW", "sea_surface_wind_wave_significant_height", "m", height_cm / 2, 0.0),
        ("VTPK", "sea_surface_wave_period_at_variance_spectral_density_maximum", "s", height_cm * 3, 0.0),
    ]:
        if name in left_out:
            continue
        variable = file.createVariable(name, "i2", ("time", "latitude", "longitude"), zlib=True, shuffle=True, fill_value=LAND)
        variable.setncatts({"standard_name": standard_name, "units": units, "missing_value": np.int16(LAND)})
        variable.set_auto_maskandscale(False)
        variable[:] = np.where(land, LAND, np.round(values)).astype(np.int16)
        variable.setncatts({"scale_factor": 0.01, "add_offset": offset})
    file.close()
    return {"steps": len(hours), "nodes": int(lat.size * lon.size), "land": int(land[0].sum())}


def band(source, number, folder):
    """A band as GDAL decodes it, north first."""
    target = folder / f"band{number}"
    subprocess.run(
        ["gdal_translate", "-q", "-of", "ENVI", "-ot", "Float64", "-b", str(number), source, target], check=True, timeout=120
    )
    return np.fromfile(target, dtype="<f8")


def grib(source, target):
    about = json.loads(subprocess.run(["gdalinfo", "-json", source], check=True, capture_output=True, timeout=120).stdout)
    nx, ny = about["size"]
    west, dx, _, north, _, dy = about["geoTransform"]
    bands = {found["metadata"][""]["GRIB_ELEMENT"]: found for found in reversed(about["bands"])}
    fields = {}
    with tempfile.TemporaryDirectory() as folder:
        for element in ("HTSGW", "DIRPW"):
            values = band(source, bands[element]["band"], pathlib.Path(folder)).reshape(ny, nx)
            fields[element] = np.where(values == bands[element]["noDataValue"], np.nan, values)
    about_time = bands["HTSGW"]["metadata"][""]
    valid_s = int(about_time["GRIB_VALID_TIME"].split()[0])
    file = netCDF4.Dataset(target, "w", format="NETCDF3_CLASSIC")
    file.Conventions = "CF-1.7"
    file.institution = "US National Weather Service - NCEP"
    for name, values, dtype, units in [
        ("valid_time", np.array([valid_s]), "f8", "seconds since 1970-01-01T00:00:00"),
        ("latitude", north + dy * (np.arange(ny) + 0.5), "f8", "degrees_north"),
        ("longitude", (west + dx * (np.arange(nx) + 0.5)) % 360.0, "f8", "degrees_east"),
    ]:
        file.createDimension(name, len(values))
        variable = file.createVariable(name, dtype, (name,))
        variable.units = units
        variable[:] = values
    for name, element, units, long_name in [
        ("swh", "HTSGW", "m", "Significant height of combined wind waves and swell"),
        ("dirpw", "DIRPW", "Degree true", "Primary wave direction"),
    ]:
        variable = file.createVariable(name, "f4", ("valid_time", "latitude", "longitude"), fill_value=np.float32(np.nan))
        variable.setncatts({"units": units, "long_name": long_name, "standard_name": "unknown"})
        variable[0] = fields[element].astype(np.float32)
    file.close()
    return {"steps": 1, "nodes": nx * ny, "land": int(np.isnan(fields["HTSGW"]).sum())}


def main():
    made = {"formula": formula, "heights": heights, "grib": grib}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(made))


main()
