//! Forcing that is a formula: on a grid over the North Sea, hourly for six hours. Currents flow east, faster from west
//! to east and with every hour; wind blows from the south, the same everywhere. Waves, which are stored only where a test
//! says so, travel to the north-east and get higher from south to north and with every hour.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use driftline_domain::{BBox, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime, VectorField};
use driftline_ogc_api::{ForcingAbout, ForcingMaps, ForcingRun, MapSlab, SeamError};
use futures::future::BoxFuture;

use crate::content::T0_S;

pub(crate) const BOUNDS: [f64; 4] = [0.0, 55.0, 10.0, 65.0];
pub(crate) const LAST_HOUR: i64 = 6;
pub(crate) const CURRENT_CREDIT: &str = "Currents <by> \"E.U. Copernicus\" & others";

const STEP_DEG: f64 = 0.25;

/// The store of these tests.
pub(crate) struct TestForcing {
    /// Grows with what is published.
    pub(crate) version: AtomicU64,
    /// How often fields were read.
    pub(crate) reads: AtomicUsize,
    /// Whether there are waves.
    pub(crate) has_waves: AtomicBool,
}

impl Default for TestForcing {
    fn default() -> Self {
        Self {
            version: AtomicU64::new(7),
            reads: AtomicUsize::new(0),
            has_waves: AtomicBool::new(false),
        }
    }
}

/// Speed of the current at a longitude and an hour, m/s.
pub(crate) fn current_ms(lon: f64, hour: i64) -> f64 {
    0.05 + 0.08 * lon + 0.08 * hour as f64
}

/// Height of the waves at a latitude and an hour, m.
pub(crate) fn wave_height_m(lat: f64, hour: i64) -> f64 {
    0.5 + 0.3 * (lat - BOUNDS[1]) + 0.25 * hour as f64
}

/// Where they travel to, degrees clockwise from north.
pub(crate) const WAVES_TO_DEG: f64 = 45.0;

pub(crate) fn time(hour: i64) -> ValidTime {
    ValidTime::from_unix_s(T0_S + 3600 * hour).unwrap()
}

/// A model run, hours from the newest one.
pub(crate) fn run(hour: i64) -> RunTime {
    RunTime::from_unix_s(T0_S + 3600 * hour).unwrap()
}

fn grid() -> RegularGrid {
    let nodes = |low: f64, high: f64| ((high - low) / STEP_DEG) as usize + 1;
    RegularGrid {
        nx: nodes(BOUNDS[0], BOUNDS[2]),
        ny: nodes(BOUNDS[1], BOUNDS[3]),
        lon0_deg: BOUNDS[0],
        lat0_deg: BOUNDS[1],
        dlon_deg: STEP_DEG,
        dlat_deg: STEP_DEG,
    }
}

impl ForcingMaps for TestForcing {
    fn about(&self, kind: ForcingKind) -> BoxFuture<'_, Result<Option<ForcingAbout>, SeamError>> {
        let [west, south, east, north] = BOUNDS;
        let credit = match kind {
            ForcingKind::Current => CURRENT_CREDIT,
            ForcingKind::Wind => "Wind by MET Norway",
            ForcingKind::Waves if self.has_waves.load(Ordering::Relaxed) => "Waves by MET Norway",
            ForcingKind::Waves => return Box::pin(async { Ok(None) }),
        };
        let about = ForcingAbout {
            bbox: BBox {
                west,
                south,
                east,
                north,
            },
            from: time(0),
            until: time(LAST_HOUR),
            step_s: 3_600,
            attribution: vec![credit.to_owned()],
            version: self.version.load(Ordering::Relaxed),
            runs: vec![
                ForcingRun {
                    run: run(-6),
                    from: time(0),
                    until: time(2),
                },
                ForcingRun {
                    run: run(0),
                    from: time(0),
                    until: time(LAST_HOUR),
                },
            ],
        };
        Box::pin(async { Ok(Some(about)) })
    }

    fn slabs(
        &self,
        kind: ForcingKind,
        bbox: BBox,
        at: ValidTime,
        _max_cell_m: Option<f64>,
    ) -> BoxFuture<'_, Result<Vec<MapSlab>, SeamError>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let grid = grid();
        let hour = (at.unix_s() - T0_S + 1_800).div_euclid(3_600);
        let lon = |node: usize| grid.lon0_deg + (node % grid.nx) as f64 * STEP_DEG;
        let nodes = 0..grid.nx * grid.ny;
        let field = match kind {
            ForcingKind::Current => VectorField {
                east: nodes.clone().map(|node| current_ms(lon(node), hour) as f32).collect(),
                north: nodes.map(|_| 0.0).collect(),
            },
            ForcingKind::Wind => VectorField {
                east: nodes.clone().map(|_| 0.0).collect(),
                north: nodes.map(|_| 12.0).collect(),
            },
            ForcingKind::Waves => {
                let lat = |node: usize| grid.lat0_deg + (node / grid.nx) as f64 * STEP_DEG;
                let (sin, cos) = WAVES_TO_DEG.to_radians().sin_cos();
                let part = |share: f64| {
                    nodes
                        .clone()
                        .map(move |node| (wave_height_m(lat(node), hour) * share) as f32)
                };
                VectorField {
                    east: part(sin).collect(),
                    north: part(cos).collect(),
                }
            }
        };
        let spec = GridSpec::Regular(grid);
        let slab = MapSlab {
            grid: spec.clone(),
            field: Arc::new(field),
            time: time(hour),
            feed: "test <feed>".to_owned(),
            run: RunTime::from_unix_s(T0_S).unwrap(),
            revision: 1,
            attribution: Some(CURRENT_CREDIT.to_owned()),
        };
        let found = spec.window_around(&bbox, 3).map(|_| slab);
        Box::pin(async { Ok(found.into_iter().collect()) })
    }

    /// The older run has half of everything.
    fn slabs_of_run(
        &self,
        kind: ForcingKind,
        run: RunTime,
        bbox: BBox,
        at: ValidTime,
        max_cell_m: Option<f64>,
    ) -> BoxFuture<'_, Result<Vec<MapSlab>, SeamError>> {
        let share = if run == self::run(0) { 1.0 } else { 0.5 };
        Box::pin(async move {
            let slabs = self.slabs(kind, bbox, at, max_cell_m).await?;
            let part = |values: &Vec<f32>| values.iter().map(|value| value * share).collect();
            let of_run = |slab: MapSlab| MapSlab {
                field: Arc::new(VectorField {
                    east: part(&slab.field.east),
                    north: part(&slab.field.north),
                }),
                run,
                ..slab
            };
            Ok(slabs.into_iter().map(of_run).collect())
        })
    }
}
