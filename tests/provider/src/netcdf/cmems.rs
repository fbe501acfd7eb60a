//! Files of CMEMS: hourly merged currents, daily currents with depth, waves. What the bundled current does not have is
//! made by rule: a tide of 0.1 m/s with the period of M2, Stokes drift of 1.5 % of the wind, waves in balance with it.

use std::f32::consts::TAU;

use super::{Made, since_1950};
use crate::error::Error;
use crate::fields::{hour_of, nuance};
use crate::layout::after;
use crate::sheet::{Sheet, Words};

const EAST: &str = "eastward_sea_water_velocity";
const NORTH: &str = "northward_sea_water_velocity";
const METRES: (&str, &str) = ("units", "m s-1");
const HOURS_SINCE: Words<'static> = &[
    ("standard_name", "time"),
    ("units", "hours since 1950-01-01"),
    ("calendar", "gregorian"),
    ("axis", "T"),
];

impl Made<'_> {
    /// Current at an hour after the start, a component after the other, with what a new issue adds.
    fn current(&self, hours: i32) -> [Vec<f32>; 2] {
        let valid = after(self.start(), hours);
        let by = self.change.shift() + nuance(valid);
        let field = self.fields.current.pair.at(hour_of(valid));
        field.map(|values| values.iter().map(|value| value + by).collect())
    }

    /// Wind at every node of the current, NaN on land.
    fn wind(&self, hours: i32) -> Vec<[f32; 2]> {
        let valid = after(self.start(), hours);
        // Stored in coarser steps than currents.
        let (hour, by) = (hour_of(valid), 20.0 * nuance(valid));
        let current = &self.fields.current;
        let wet = current.pair.at(hour)[0].iter();
        let (longitudes, latitudes) = (current.longitudes(), current.latitudes());
        let places = latitudes
            .iter()
            .flat_map(|latitude| longitudes.iter().map(move |longitude| (longitude, latitude)));
        wet.zip(places)
            .map(|(wet, (longitude, latitude))| match wet.is_nan() {
                true => [f32::NAN; 2],
                false => {
                    let wind = self.fields.wind.near(hour, f64::from(*longitude), f64::from(*latitude));
                    wind.map(|component| component + by)
                }
            })
            .collect()
    }

    /// Longitude and latitude.
    fn horizontal(&self, sheet: &mut Sheet) {
        let current = &self.fields.current;
        let degrees = |axis, units, name| [("axis", axis), ("units", units), ("standard_name", name)];
        sheet.axis(
            "longitude",
            &self.axis(&current.longitudes()),
            &degrees("X", "degrees_east", "longitude"),
        );
        sheet.axis(
            "latitude",
            &self.axis(&current.latitudes()),
            &degrees("Y", "degrees_north", "latitude"),
        );
    }

    fn dimensions(&self, times: usize, depths: usize) -> Vec<(&'static str, usize)> {
        let current = &self.fields.current;
        let depth = ("depth", depths);
        let mut all = vec![
            ("time", times),
            ("latitude", current.rows),
            ("longitude", current.columns),
        ];
        if depths > 0 {
            all.insert(1, depth);
        }
        all
    }
}

/// The tide at an hour: the same everywhere.
pub(super) fn tide(hours_since_1950: i64) -> [f32; 2] {
    const M2_HOURS: f64 = 12.420_601_2;
    let phase = ((hours_since_1950 as f64 / M2_HOURS).fract() as f32) * TAU;
    [0.10 * phase.cos(), 0.05 * phase.sin()]
}

/// Stokes drift as a share of the wind.
const STOKES: f32 = 0.015;

/// SMOC: 24 hours of a day, four pairs of which three share their standard names.
pub(super) fn hourly(made: &Made<'_>) -> Result<Vec<u8>, Error> {
    let mut sheet = Sheet::new(
        "hourly mean merged surface currents from oceanic circulation, tides and waves",
        &made.dimensions(24, 1),
    );
    let first = since_1950(made.start());
    sheet.axis(
        "time",
        &(0..24).map(|hour| (first + hour) as f32).collect::<Vec<_>>(),
        HOURS_SINCE,
    );
    sheet.axis(
        "depth",
        &[0.494_025f32],
        &[
            ("axis", "Z"),
            ("units", "m"),
            ("positive", "down"),
            ("standard_name", "depth"),
        ],
    );
    made.horizontal(&mut sheet);
    let [mut model, mut tides, mut stokes, mut total] = [const { [Vec::new(), Vec::new()] }; 4];
    for hour in 0..24 {
        let (current, wind, tide) = (made.current(hour), made.wind(hour), tide(first + i64::from(hour)));
        for part in 0..2 {
            for (value, wind) in current[part].iter().zip(&wind) {
                let (tide, drift) = (if value.is_nan() { f32::NAN } else { tide[part] }, wind[part] * STOKES);
                model[part].push(*value);
                tides[part].push(tide);
                stokes[part].push(drift);
                total[part].push(value + tide + drift);
            }
        }
    }
    let stokes_names = [
        "sea_surface_wave_stokes_drift_x_velocity",
        "sea_surface_wave_stokes_drift_y_velocity",
    ];
    for (names, standard, pair) in [
        (["uo", "vo"], [EAST, NORTH], &model),
        (["utide", "vtide"], [EAST, NORTH], &tides),
        (["vsdx", "vsdy"], stokes_names, &stokes),
        (["utotal", "vtotal"], [EAST, NORTH], &total),
    ] {
        for part in 0..2 {
            let words = [("standard_name", standard[part]), METRES];
            let name = made.name(names[part]);
            sheet.floats(
                &[&name, "time", "depth", "latitude", "longitude"],
                &pair[part],
                f32::NAN,
                &words,
            );
        }
    }
    sheet.bytes()
}

/// A daily mean (of the hours that there are) at three depths, stamped at midnight, as the toolbox does
/// (of native files it is not known).
pub(super) fn daily(made: &Made<'_>) -> Result<Vec<u8>, Error> {
    const DEPTHS: [f32; 3] = [0.494_025, 1.541_375, 2.645_669];
    let mut sheet = Sheet::new(
        "daily mean fields from Global Ocean Physics Analysis and Forecast",
        &made.dimensions(1, 3),
    );
    sheet.axis("time", &[since_1950(made.start()) as f64], HOURS_SINCE);
    sheet.axis(
        "depth",
        &DEPTHS,
        &[
            ("axis", "Z"),
            ("units", "m"),
            ("positive", "down"),
            ("standard_name", "depth"),
        ],
    );
    made.horizontal(&mut sheet);
    let hours: Vec<_> = (0..24).map(|hour| made.current(hour)).collect();
    for (part, (name, standard)) in [("uo", EAST), ("vo", NORTH)].into_iter().enumerate() {
        let nodes = hours.first().map_or(0, |pair| pair[part].len());
        let mean = |node: usize| hours.iter().map(|pair| pair[part][node]).sum::<f32>() / 24.0;
        let surface: Vec<f32> = (0..nodes).map(mean).collect();
        let deeper = [1.0, 0.9, 0.8]
            .iter()
            .flat_map(|share| surface.iter().map(move |value| value * share));
        let words = [
            ("standard_name", standard),
            METRES,
            ("cell_methods", "area: mean time: mean"),
        ];
        let name = made.name(name);
        let values: Vec<f32> = deeper.collect();
        sheet.floats(
            &[&name, "time", "depth", "latitude", "longitude"],
            &values,
            9.969_21e36,
            &words,
        );
    }
    sheet.bytes()
}

/// Four steps of waves: 3, 6, 9 and 12 hours after the time in the file's name.
pub(super) fn waves(made: &Made<'_>) -> Result<Vec<u8>, Error> {
    const STEPS: [i32; 4] = [3, 6, 9, 12];
    let mut sheet = Sheet::new("Global Ocean Waves Analysis and Forecast", &made.dimensions(4, 0));
    let first = since_1950(made.start());
    sheet.axis("time", &STEPS.map(|step| (first + i64::from(step)) as i32), HOURS_SINCE);
    made.horizontal(&mut sheet);
    let winds: Vec<[f32; 2]> = STEPS.iter().flat_map(|step| made.wind(*step)).collect();
    let shift = made.change.shift();
    let stokes = |wind: f32| wind * STOKES + shift;
    let height = |[u, v]: [f32; 2]| 0.0246 * (u * u + v * v) + shift;
    let origin = |[u, v]: [f32; 2]| (-u).atan2(-v).to_degrees().rem_euclid(360.0);
    let values = [
        winds.iter().map(|wind| height(*wind)).collect::<Vec<f32>>(),
        winds.iter().map(|wind| origin(*wind)).collect(),
        winds.iter().map(|wind| stokes(wind[0])).collect(),
        winds.iter().map(|wind| stokes(wind[1])).collect(),
    ];
    let rows = [
        ("VHM0", "sea_surface_wave_significant_height", "m", 0.01),
        ("VMDR", "sea_surface_wave_from_direction", "degree", 0.1),
        ("VSDX", "sea_surface_wave_stokes_drift_x_velocity", "m s-1", 0.001),
        ("VSDY", "sea_surface_wave_stokes_drift_y_velocity", "m s-1", 0.001),
    ];
    for ((name, standard, units, scale), values) in rows.into_iter().zip(&values) {
        let name = made.name(name);
        let words = [("standard_name", standard), ("units", units)];
        sheet.shorts(&[&name, "time", "latitude", "longitude"], values, scale, &words);
    }
    sheet.bytes()
}
