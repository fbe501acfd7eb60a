//! A small run and its label for tests.

use driftline_domain::{MissionId, Mode, ObjectClass, RunId, ValidTime};

use super::{Cloud, RunLabel, Status};

/// The time of an output, from 2015-11-16T06:00:00Z.
pub(crate) fn hour(hour: usize) -> ValidTime {
    ValidTime::from_unix_s(1_447_653_600 + 3600 * hour as i64).unwrap()
}

/// A run in memory.
pub(crate) struct Run(Vec<Columns>);

struct Columns {
    time: ValidTime,
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    status: Vec<Status>,
}

impl Run {
    /// From functions of particle and hour.
    pub(crate) fn of(
        particles: usize,
        hours: usize,
        lon: impl Fn(usize, usize) -> f64,
        lat: impl Fn(usize, usize) -> f64,
        status: impl Fn(usize, usize) -> Status,
    ) -> Self {
        let columns = (0..hours).map(|h| Columns {
            time: hour(h),
            lon_deg: (0..particles).map(|p| lon(p, h)).collect(),
            lat_deg: (0..particles).map(|p| lat(p, h)).collect(),
            status: (0..particles).map(|p| status(p, h)).collect(),
        });
        Self(columns.collect())
    }

    /// 20,000 particles over five hours that drift north-east over the antimeridian; every seventh strands.
    pub(crate) fn fiji() -> Self {
        let scatter = |particle: usize, salt: usize| ((particle * 2_654_435_761 + salt) % 10_007) as f64 / 10_007.0;
        Self::of(
            20_000,
            5,
            |p, h| 179.6 + 0.3 * scatter(p, 1) + 0.1 * h as f64,
            |p, h| -17.0 + 0.3 * scatter(p, 77) + 0.05 * h as f64,
            |p, h| {
                if p % 7 == 0 && h > 2 {
                    Status::Stranded
                } else if p % 1_000 == 3 {
                    Status::MissingData
                } else {
                    Status::Active
                }
            },
        )
    }

    pub(crate) fn clouds(&self) -> Vec<Cloud<'_>> {
        let columns = self.0.iter();
        columns
            .map(|columns| Cloud {
                time: columns.time,
                lon_deg: &columns.lon_deg,
                lat_deg: &columns.lat_deg,
                status: &columns.status,
            })
            .collect()
    }
}

pub(crate) fn label() -> RunLabel {
    RunLabel {
        mission_id: MissionId::generate(),
        run_id: RunId::generate(),
        issued: hour(0),
        object: ObjectClass::find("PIW-1").unwrap(),
        mode: Mode::Operational,
        seed: 42,
        engine_version: "0.1.0".to_owned(),
        attribution: vec![
            "Data from MET Norway".to_owned(),
            "Generated using E.U. Copernicus Marine Service".to_owned(),
        ],
        more: [("fallback_used".to_owned(), false.into())].into_iter().collect(),
    }
}
