"""Reads what the fixture server serves with ecCodes and netCDF4, and compares it with the bundled fields.

Prints, for each file, what its headers say and the largest difference of its values from the fields it was made of, in m/s.
"""
import datetime
import json
import sys
import urllib.request

import eccodes
import netCDF4
import numpy as np

base, forcing = sys.argv[1:]
HOURS = 67


def fetch(path):
    with urllib.request.urlopen(f"{base}/{path}") as answer:
        return answer.read()


def hour_of(instant):
    """The field that stands for an instant: hours run to and fro."""
    hour = int(instant.timestamp() // 3600) % (2 * (HOURS - 1))
    return min(hour, 2 * (HOURS - 1) - hour)


def nuance(instant):
    """What the fixture adds where hours run backwards, in m/s."""
    return 0.001 if int(instant.timestamp() // 3600) % (2 * (HOURS - 1)) >= HOURS else 0.0


def bundled(name, *variables):
    with netCDF4.Dataset(f"{forcing}/{name}") as file:
        return [np.ma.filled(file[variable][:], np.nan) for variable in variables]


def message(data, number):
    """Headers and values of the message of this number."""
    for _ in range(number):
        data = data[int.from_bytes(data[8:16], "big"):]
    handle = eccodes.codes_new_from_message(data[:int.from_bytes(data[8:16], "big")])
    keys = {key: eccodes.codes_get(handle, key) for key in ("packingType", "validityDate", "validityTime", "Ni", "Nj", "missingValue")}
    values = eccodes.codes_get_values(handle).reshape(keys["Nj"], keys["Ni"])
    eccodes.codes_release(handle)
    return keys, np.where(values == keys["missingValue"], np.nan, values)


def grib(path, numbers, rows=slice(None), columns=slice(None)):
    data = fetch(path)
    wind = bundled("derived_latlon_wind_16Nov2015.nc", "u10", "v10")
    worst = 0.0
    for number, component in zip(numbers, wind):
        keys, values = message(data, number)
        valid = datetime.datetime.strptime(f"{keys['validityDate']}{keys['validityTime']:04}", "%Y%m%d%H%M")
        valid = valid.replace(tzinfo=datetime.timezone.utc)
        field = component[hour_of(valid)][rows, columns] + nuance(valid)
        assert np.isfinite(values).sum() >= 20
        worst = max(worst, float(np.nanmax(np.abs(values - field))))
    return {"packing": keys["packingType"], "valid": f"{valid:%Y-%m-%dT%H:%M}", "worst": worst}


def netcdf(path, compare):
    with netCDF4.Dataset("memory", memory=fetch(path)) as file:
        instants = netCDF4.num2date(file["time"][:], file["time"].units, only_use_cftime_datetimes=False)
        instants = [instant.replace(tzinfo=datetime.timezone.utc) for instant in instants]
        worst = float(compare(file, [hour_of(instant) for instant in instants]))
        return {"times": len(instants), "first": f"{instants[0]:%Y-%m-%dT%H:%M}", "worst": worst, "format": file.data_model}


def currents(file, hours):
    """At 3 E 60 N, a node of both grids; the sum of the parts is the total everywhere."""
    at = int(np.argmin(np.abs(file["latitude"][:] - 60))), int(np.argmin(np.abs(file["longitude"][:] - 3)))
    model, = bundled("derived_latlon_current_16Nov2015.nc", "uo")
    own = np.abs(file["uo"][:, 0, at[0], at[1]] - model[hours, 0, 35, 25]).max()
    parts = sum(np.ma.filled(file[name][:], np.nan) for name in ("uo", "utide", "vsdx"))
    return max(own, np.nanmax(np.abs(parts - np.ma.filled(file["utotal"][:], np.nan))))


def waves(file, hours):
    """Stokes drift is 1.5 % of the wind at 4 E 60 N, a node of both grids."""
    at = int(np.argmin(np.abs(file["latitude"][:] - 60))), int(np.argmin(np.abs(file["longitude"][:] - 4)))
    wind, = bundled("derived_latlon_wind_16Nov2015.nc", "u10")
    return np.abs(file["VSDX"][:, at[0], at[1]] - 0.015 * wind[hours, 8, 1]).max()


def speeds(name, u, v, mine_u, mine_v):
    """The median speed of a piece of a field is that of the whole field's middle within its spread: the loosest of checks,
    for grids that have no node in common."""
    whole = np.hypot(*bundled(name, u, v))

    def compare(file, hours):
        mine = np.hypot(np.ma.filled(file[mine_u][:, 0], np.nan), np.ma.filled(file[mine_v][:, 0], np.nan))
        least, most = np.nanmin(whole[hours]), np.nanmax(whole[hours])
        return max(0.0, np.nanmax(mine) - most, least - np.nanmin(mine))

    return compare


six = "gfs.20270228/06"
native = "mdl-native-14/native"
met = "thredds/fileServer"
box = "subregion=&leftlon=4&rightlon=5&toplat=61&bottomlat=60"
physics, sea = "GLOBAL_ANALYSISFORECAST_PHY_001_024", "GLOBAL_ANALYSISFORECAST_WAV_001_027"
print(json.dumps({
    "gfs": grib(f"noaa-gfs-bdp-pds/{six}/atmos/gfs.t06z.pgrb2.0p25.f123", (4, 5)),
    "gfswave": grib(f"noaa-gfs-bdp-pds/{six}/wave/gridded/gfswave.t06z.global.0p25.f123.grib2", (2, 3)),
    "ecmwf": grib("forecasts/20270228/06z/ifs/0p25/oper/20270228060000-123h-oper-fc.grib2", (3, 4)),
    "filter": grib(f"cgi-bin/filter_gfs_0p25.pl?file=gfs.t06z.pgrb2.0p25.f123&dir=%2Fgfs.20270228%2F06%2Fatmos"
                   f"&lev_10_m_above_ground=on&var_UGRD=on&var_VGRD=on&{box}", (0, 1), slice(4, 9), slice(1, 6)),
    "currents": netcdf(f"{native}/{physics}/cmems_mod_glo_phy_anfc_merged-uv_PT1H-i_202211/2027/03/SMOC_20270301_R20270228.nc", currents),
    "waves": netcdf(f"{native}/{sea}/cmems_mod_glo_wav_anfc_0.083deg_PT3H-i_202411/2027/02/mfwamglocep_2027022800_R20270228_00H.nc", waves),
    "norkyst": netcdf(f"{met}/fou-hi/norkystv3_his_files/2027/02/28/norkyst800_his_zdepth_20270228T00Z_m00_AN.nc",
                      speeds("norkyst800_subset_16Nov2015.nc", "u", "v", "u_eastward", "v_northward")),
    "meps": netcdf(f"{met}/meps25epsarchive/2027/02/28/00/member_00/meps_sfc_05_20270228T00Z.nc",
                   speeds("arome_subset_16Nov2015.nc", "x_wind_10m", "y_wind_10m", "x_wind_10m", "y_wind_10m")),
}))
