//! What stands beside GRIB files: `.idx` in the dialect of wgrib2, `.index` of ECMWF.

use crate::content::{Change, Content, Feed};

/// A message as NOAA names it: parameter and level.
pub(crate) const GFS: [[&str; 2]; 8] = [
    ["PRMSL", "mean sea level"],
    ["GUST", "surface"],
    ["UGRD", "850 mb"],
    ["VGRD", "850 mb"],
    ["UGRD", "10 m above ground"],
    ["VGRD", "10 m above ground"],
    ["UGRD", "planetary boundary layer"],
    ["VGRD", "planetary boundary layer"],
];

/// The order of a GFS-wave file, with one swell.
pub(crate) const WAVE: [[&str; 2]; 13] = [
    ["WIND", "surface"],
    ["WDIR", "surface"],
    ["UGRD", "surface"],
    ["VGRD", "surface"],
    ["HTSGW", "surface"],
    ["PERPW", "surface"],
    ["DIRPW", "surface"],
    ["WVHGT", "surface"],
    ["WVPER", "surface"],
    ["WVDIR", "surface"],
    ["SWELL", "1 in sequence"],
    ["SWPER", "1 in sequence"],
    ["SWDIR", "1 in sequence"],
];

/// Parameter, kind of level and level as ECMWF names them.
const ECMWF: [[&str; 3]; 7] = [
    ["msl", "sfc", ""],
    ["u", "pl", "850"],
    ["v", "pl", "850"],
    ["10u", "sfc", ""],
    ["10v", "sfc", ""],
    ["100u", "sfc", ""],
    ["100v", "sfc", ""],
];

/// The index of a file with messages of these lengths, in this order.
pub(crate) fn of(content: &Content, lengths: &[usize], change: &Change) -> String {
    let mut offset = 0;
    let mut out = String::new();
    for (at, length) in lengths.iter().enumerate() {
        out += &match content.feed {
            Feed::Gfs => wgrib2(content, [at, offset], GFS[at % GFS.len()], change),
            Feed::GfsWave => wgrib2(content, [at, offset], WAVE[at % WAVE.len()], change),
            _ => ecmwf(content, [offset, *length], ECMWF[at % ECMWF.len()], change),
        };
        offset += length;
    }
    out
}

fn wgrib2(content: &Content, [at, offset]: [usize; 2], [name, level]: [&str; 2], change: &Change) -> String {
    let date = content.run.strftime("d=%Y%m%d%H");
    let when = match content.step {
        0 => "anl".to_owned(),
        hours => format!("{hours} hour fcst"),
    };
    let mark = if change.renamed { "X" } else { "" };
    format!("{}:{offset}:{date}:{name}{mark}:{level}:{when}:\n", at + 1)
}

fn ecmwf(content: &Content, [offset, length]: [usize; 2], names: [&str; 3], change: &Change) -> String {
    let [name, kind, level] = names;
    let (date, time, step) = (
        content.run.strftime("%Y%m%d"),
        content.run.strftime("%H00"),
        content.step,
    );
    let level = match level {
        "" => String::new(),
        some => format!(r#""levelist": "{some}", "#),
    };
    let mark = if change.renamed { "x" } else { "" };
    format!(
        r#"{{"domain": "g", "date": "{date}", "time": "{time}", "expver": "0001", "class": "od", "type": "fc", "stream": "oper", "step": "{step}", "levtype": "{kind}", {level}"param": "{mark}{name}", "_offset": {offset}, "_length": {length}}}"#
    ) + "\n"
}
