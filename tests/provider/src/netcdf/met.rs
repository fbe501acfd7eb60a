//! Files of MET Norway: NorKyst v3 on a polar stereographic grid (components already east and north) and wind of MEPS on
//! a Lambert grid (components along its axes).

use super::Made;
use crate::content::Form;
use crate::error::Error;
use crate::fields::{Projected, hour_of, nuance};
use crate::layout::after;
use crate::sheet::{Sheet, Words};

const SECONDS: Words<'static> = &[
    ("standard_name", "time"),
    ("units", "seconds since 1970-01-01 00:00:00"),
    ("calendar", "gregorian"),
    ("axis", "T"),
];

impl Made<'_> {
    /// Seconds of the hours from the start.
    fn seconds(&self, hours: i32) -> Vec<f64> {
        (0..hours)
            .map(|hour| after(self.start(), hour).as_second() as f64)
            .collect()
    }

    /// A component of a projected field for some hours.
    fn hours_of(&self, grid: &Projected, part: usize, hours: i32) -> Vec<f32> {
        let each = (0..hours).flat_map(|hour| {
            let valid = after(self.start(), hour);
            let by = self.change.shift() + nuance(valid);
            grid.pair.at(hour_of(valid))[part].iter().map(move |value| value + by)
        });
        each.collect()
    }

    /// A projected axis, stretched from its first node.
    fn metres(&self, nodes: &[f64]) -> Vec<f64> {
        let first = nodes.first().copied().unwrap_or_default();
        nodes
            .iter()
            .map(|node| first + (node - first) * self.stretch())
            .collect()
    }
}

/// A day of NorKyst: hourly, two of the 15 depths; the last file of a forecast has one step.
pub(super) fn norkyst(made: &Made<'_>) -> Result<Vec<u8>, Error> {
    const FILL: f32 = 1e37;
    let grid = &made.fields.norkyst;
    let hours = if made.inside.step >= 120 { 1 } else { 24 };
    let dimensions = [
        ("time", hours as usize),
        ("depth", 2),
        ("Y", grid.y.len()),
        ("X", grid.x.len()),
    ];
    let mut sheet = Sheet::new("Norkyst_v3-800m 120 hours ocean forecast", &dimensions);
    sheet.axis("time", &made.seconds(hours), SECONDS);
    sheet.axis(
        "depth",
        &[0.0f64, 1.0],
        &[
            ("axis", "Z"),
            ("units", "m"),
            ("positive", "down"),
            ("standard_name", "depth"),
        ],
    );
    let axis = |axis, name| [("axis", axis), ("units", "m"), ("standard_name", name)];
    sheet.axis("X", &made.metres(&grid.x), &axis("X", "projection_x_coordinate"));
    sheet.axis("Y", &made.metres(&grid.y), &axis("Y", "projection_y_coordinate"));
    sheet.doubles(
        &["lon", "Y", "X"],
        &grid.longitude,
        &[("standard_name", "longitude"), ("units", "degrees_east")],
    );
    sheet.doubles(
        &["lat", "Y", "X"],
        &grid.latitude,
        &[("standard_name", "latitude"), ("units", "degrees_north")],
    );
    norkyst_mapping(&mut sheet);
    // As in the real files, where everything is rounded to five digits: off by up to 68 minutes.
    let rounded = made.inside.run.as_second().div_euclid(4096) * 4096;
    sheet.doubles(&["forecast_reference_time"], &[rounded as f64], SECONDS);
    for (part, (name, standard)) in [
        ("u_eastward", "eastward_sea_water_velocity"),
        ("v_northward", "northward_sea_water_velocity"),
    ]
    .into_iter()
    .enumerate()
    {
        let surface = made.hours_of(grid, part, hours);
        let layers = surface.chunks(grid.longitude.len());
        let deep: Vec<f32> = layers
            .flat_map(|layer| layer.iter().copied().chain(layer.iter().map(|value| value * 0.95)))
            .collect();
        let words = [
            ("standard_name", standard),
            ("units", "meter second-1"),
            ("grid_mapping", "projection_stere"),
            ("coordinates", "lon lat"),
        ];
        let name = made.name(name);
        sheet.floats(&[&name, "time", "depth", "Y", "X"], &deep, FILL, &words);
    }
    sheet.bytes()
}

fn norkyst_mapping(sheet: &mut Sheet) {
    let proj4 = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=70 +x_0=3369600 +y_0=1844800 +a=6378137 +b=6356752.3142 +units=m +no_defs +type=crs";
    let numbers = [
        ("straight_vertical_longitude_from_pole", 70.0),
        ("latitude_of_projection_origin", 90.0),
        ("standard_parallel", 60.0),
        ("false_easting", 3_369_600.0),
        ("false_northing", 1_844_800.0),
        ("semi_major_axis", 6_378_137.0),
        ("semi_minor_axis", 6_356_752.314_2),
    ];
    sheet.mapping(
        "projection_stere",
        &[("grid_mapping_name", "polar_stereographic"), ("proj4", proj4)],
        &numbers,
    );
}

/// Wind of MEPS or AROME at 10 m for some hours.
pub(super) fn meps(made: &Made<'_>, hours: i32) -> Result<Vec<u8>, Error> {
    debug_assert_eq!(made.inside.form, Form::Data);
    let grid = &made.fields.meps;
    let dimensions = [
        ("time", hours as usize),
        ("height7", 1),
        ("y", grid.y.len()),
        ("x", grid.x.len()),
    ];
    let mut sheet = Sheet::new("MEPS 2.5km", &dimensions);
    sheet.axis("time", &made.seconds(hours), SECONDS);
    sheet.axis(
        "height7",
        &[10.0f32],
        &[("units", "m"), ("positive", "up"), ("standard_name", "height")],
    );
    let single = |nodes: Vec<f64>| nodes.into_iter().map(|node| node as f32).collect::<Vec<f32>>();
    let axis = |name| [("units", "m"), ("standard_name", name)];
    sheet.axis("x", &single(made.metres(&grid.x)), &axis("projection_x_coordinate"));
    sheet.axis("y", &single(made.metres(&grid.y)), &axis("projection_y_coordinate"));
    sheet.doubles(
        &["longitude", "y", "x"],
        &grid.longitude,
        &[("standard_name", "longitude"), ("units", "degree_east")],
    );
    sheet.doubles(
        &["latitude", "y", "x"],
        &grid.latitude,
        &[("standard_name", "latitude"), ("units", "degree_north")],
    );
    let proj4 = "+proj=lcc +lat_0=63.3 +lon_0=15 +lat_1=63.3 +lat_2=63.3 +no_defs +R=6.371e+06";
    let numbers = [
        ("standard_parallel", 63.3),
        ("longitude_of_central_meridian", 15.0),
        ("latitude_of_projection_origin", 63.3),
        ("earth_radius", 6_371_000.0),
    ];
    sheet.mapping(
        "projection_lambert",
        &[("grid_mapping_name", "lambert_conformal_conic"), ("proj4", proj4)],
        &numbers,
    );
    sheet.doubles(
        &["forecast_reference_time"],
        &[made.inside.run.as_second() as f64],
        SECONDS,
    );
    for (part, (name, standard)) in [("x_wind_10m", "x_wind"), ("y_wind_10m", "y_wind")]
        .into_iter()
        .enumerate()
    {
        let words = [
            ("standard_name", standard),
            ("units", "m/s"),
            ("grid_mapping", "projection_lambert"),
            ("coordinates", "longitude latitude"),
        ];
        let name = made.name(name);
        sheet.floats(
            &[&name, "time", "height7", "y", "x"],
            &made.hours_of(grid, part, hours),
            9.969_21e36,
            &words,
        );
    }
    sheet.bytes()
}
