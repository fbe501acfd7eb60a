//! Every real file beside the project is either published with the values that a foreign decoder reads, or refused with a
//! reason that the foreign decoder confirms. A file that no table names fails: new data is never passed over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Commands, beside, python, scratch};
use crate::store::every_value;

/// GRIB2 files without a current, a wind at 10 m or waves: one parameter that each holds, as ecCodes numbers it, and how the
/// refusal must name it.
const REFUSED: [(&str, &str, &str); 7] = [
    ("ecmwf-ifs-oper-surface.grib2", "0/19/192", "parameter 0/19/192"),
    ("gfs.complex.grib2", "0/3/5", "'HGT' (geopotential height)"),
    ("gfs.jpeg.grib2", "0/3/5", "'HGT' (geopotential height)"),
    ("gfs.png.grib2", "0/3/5", "'HGT' (geopotential height)"),
    (
        "gfs.t12z.pgrb2.0p25.f023-PV-TMP-missing.grib2",
        "0/0/0",
        "'TMP' (temperature)",
    ),
    ("gfs.t18z.pgrb2.0p25.f186-RH.grib2", "0/1/1", "'RH' (relative humidity)"),
    (
        "CMC_caps_HGT_ISBL_0050_ps3km_2018090900_P005.grib2",
        "0/3/5",
        "'HGT' (geopotential height)",
    ),
];

/// GRIB2 files that are published, and the arrays that come of each.
const PUBLISHED: [(&str, &[&str]); 3] = [
    ("gfs.t12z.pgrbf120.2p5deg.10m-wind.grib2", &["wind_east", "wind_north"]),
    (
        "gdaswave.t00z.wcoast.0p16.f000.grib2",
        &["wave_direction", "wave_height", "wind_east", "wind_north"],
    ),
    (
        "gfswave.t18z.atlocn.0p16.f001.grib2",
        &["wave_direction", "wave_height", "wind_east", "wind_north"],
    ),
];

/// All files of forcing beside the project, by their endings.
fn files(ending: &str) -> Option<Vec<PathBuf>> {
    let folders = [
        beside("data/feeds", "every sample of a feed")?,
        beside("data/real", "every real field")?,
    ];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|found| found == ending));
    found.sort();
    Some(found)
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_grib_file_is_published_as_eccodes_reads_it_or_refused_for_what_eccodes_finds_in_it() {
    let Some(files) = files("grib2") else { return };
    let folder = scratch("shared-grib");
    let data = folder.path().join("data");
    for (number, file) in files.iter().enumerate() {
        let (path, feed) = (file.to_str().unwrap(), format!("sample-{number}"));
        let held: Vec<Value> = python("grib_values.py", &[path]).as_array().unwrap().clone();
        let parameters: BTreeSet<&str> = held.iter().map(|held| held["parameter"].as_str().unwrap()).collect();
        if let Some((_, arrays)) = PUBLISHED.iter().find(|(known, _)| *known == name(file)) {
            Commands::on(&data).ingest(file, &feed);
            let objects = data.join("objects");
            let compared = python("grib_values.py", &[path, objects.to_str().unwrap(), &feed]);
            println!("{}: {compared}", name(file));
            let found: BTreeSet<&str> = compared.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(found, arrays.iter().copied().collect());
        } else if let Some((_, parameter, words)) = REFUSED.iter().find(|(known, _, _)| *known == name(file)) {
            // Neither wind nor waves nor currents are among what ecCodes finds, so that the reason is a true one.
            assert!(parameters.contains(parameter), "{}: {parameters:?}", name(file));
            for wanted in ["0/2/2", "0/2/3", "10/0/3", "10/1/2", "10/1/3"] {
                assert!(!parameters.contains(wanted), "{}: {parameters:?}", name(file));
            }
            let said = Commands::on(&data).refused(&["ingest", "file", path, "--feed", &feed]);
            assert!(said.contains("holds no current, no 10 m wind and no waves"), "{said}");
            assert!(said.contains(words), "{said}");
            assert!(
                Commands::on(&data)
                    .cycles()
                    .iter()
                    .all(|cycle| cycle["feed"] != feed.as_str())
            );
        } else {
            panic!("{} is in no table of this test", file.display());
        }
    }
    assert_eq!(files.len(), REFUSED.len() + PUBLISHED.len(), "{files:?}");
}

#[test]
fn every_netcdf_file_is_published_as_netcdf4_reads_it() {
    let Some(files) = files("nc") else { return };
    let numbered: Vec<_> = (0..).map(|number| format!("sample-{number}")).zip(files).collect();
    let report = every_value(&numbered);
    println!("{report}");
    assert_eq!(report.as_object().unwrap().len(), numbered.len());
}
