//! Names for people: originating centres (common code table C-1) and the parameters (code table 4.2) that are forcing or
//! that stand beside it in files.

/// What a centre is credited as; `None` for centres that are not known here.
pub(crate) fn centre(centre: u16) -> Option<&'static str> {
    Some(match centre {
        7 => "NOAA/NCEP",
        8 => "NOAA/NWS",
        34 => "Japan Meteorological Agency",
        54 => "Environment and Climate Change Canada",
        58 => "US Navy FNMOC",
        74 => "Met Office",
        78 => "Deutscher Wetterdienst",
        82 => "SMHI",
        84 | 85 => "M\u{e9}t\u{e9}o-France",
        86 => "Finnish Meteorological Institute",
        88 => "MET Norway",
        94 => "Danish Meteorological Institute",
        98 => "ECMWF",
        _ => return None,
    })
}

/// Discipline, category and number; abbreviation of NCEP; name.
type Parameter = ((u8, u8, u8), &'static str, &'static str);

const PARAMETERS: [Parameter; 44] = [
    ((0, 0, 0), "TMP", "temperature"),
    ((0, 0, 6), "DPT", "dew point temperature"),
    ((0, 1, 0), "SPFH", "specific humidity"),
    ((0, 1, 1), "RH", "relative humidity"),
    ((0, 1, 3), "PWAT", "precipitable water"),
    ((0, 1, 7), "PRATE", "precipitation rate"),
    ((0, 1, 8), "APCP", "total precipitation"),
    ((0, 1, 60), "SDWE", "water equivalent of snow depth"),
    ((0, 2, 0), "WDIR", "wind direction"),
    ((0, 2, 1), "WIND", "wind speed"),
    ((0, 2, 2), "UGRD", "u-component of wind"),
    ((0, 2, 3), "VGRD", "v-component of wind"),
    ((0, 2, 8), "VVEL", "vertical velocity"),
    ((0, 2, 10), "ABSV", "absolute vorticity"),
    ((0, 2, 22), "GUST", "wind speed of gusts"),
    ((0, 3, 0), "PRES", "pressure"),
    ((0, 3, 1), "PRMSL", "pressure reduced to mean sea level"),
    ((0, 3, 5), "HGT", "geopotential height"),
    ((0, 6, 1), "TCDC", "total cloud cover"),
    ((0, 7, 6), "CAPE", "convective available potential energy"),
    ((2, 0, 0), "LAND", "land cover"),
    ((10, 0, 3), "HTSGW", "significant height of wind waves and swell"),
    ((10, 0, 4), "WVDIR", "direction of wind waves"),
    ((10, 0, 5), "WVHGT", "significant height of wind waves"),
    ((10, 0, 6), "WVPER", "mean period of wind waves"),
    ((10, 0, 7), "SWDIR", "direction of swell"),
    ((10, 0, 8), "SWELL", "significant height of swell"),
    ((10, 0, 9), "SWPER", "mean period of swell"),
    ((10, 0, 10), "DIRPW", "primary wave direction"),
    ((10, 0, 11), "PERPW", "primary wave mean period"),
    ((10, 0, 12), "DIRSW", "secondary wave direction"),
    ((10, 0, 13), "PERSW", "secondary wave mean period"),
    ((10, 0, 14), "MWD", "mean direction of wind waves and swell"),
    ((10, 0, 15), "MWSPER", "mean period of wind waves and swell"),
    ((10, 0, 21), "USSD", "u-component of Stokes drift"),
    ((10, 0, 22), "VSSD", "v-component of Stokes drift"),
    ((10, 1, 0), "DIRC", "direction of the current"),
    ((10, 1, 1), "SPC", "speed of the current"),
    ((10, 1, 2), "UOGRD", "u-component of the current"),
    ((10, 1, 3), "VOGRD", "v-component of the current"),
    ((10, 2, 0), "ICEC", "ice cover"),
    ((10, 3, 0), "WTMP", "water temperature"),
    ((10, 3, 1), "DSLM", "deviation of sea level from the mean"),
    ((10, 4, 3), "SALTY", "salinity"),
];

/// Abbreviation and name of a parameter, where it is one of those above.
pub(crate) fn parameter(code: (u8, u8, u8)) -> Option<(&'static str, &'static str)> {
    let found = PARAMETERS.iter().find(|(known, ..)| *known == code);
    found.map(|&(_, abbreviation, name)| (abbreviation, name))
}

/// The name that the centre itself uses in its lists of messages: ECMWF has its own, others use those of NCEP.
pub(crate) fn short_name(centre: u16, code: (u8, u8, u8)) -> String {
    let ecmwf = match code {
        (0, 2, 2) => Some("10u"),
        (0, 2, 3) => Some("10v"),
        (10, 0, 3) => Some("swh"),
        (10, 0, 14) => Some("mwd"),
        _ => None,
    };
    let own = ecmwf.filter(|_| centre == 98);
    own.or_else(|| parameter(code).map(|(abbreviation, _)| abbreviation))
        .map_or_else(|| format!("{}/{}/{}", code.0, code.1, code.2), str::to_owned)
}
