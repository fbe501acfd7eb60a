//! Forcing that is a formula: on a grid over the North Sea, hourly for six hours. Currents flow east, faster from west
//! to east and with every hour; wind blows from the south, the same everywhere. Waves, which are stored only where a test
//! says so, travel to the north-east and get higher from south to north and with every hour.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use driftline_domain::{BBox, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime, VectorField};
use driftline_ogc_api::{
    CycleAbout, CycleName, CycleObject, CycleObjects, FieldAbout, FieldStep, ForcingAbout, ForcingFields, ForcingMaps,
    ForcingRun, MapSlab, SeamError, StepsQuestion, StoredField,
};
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
        let hour = (at.unix_s() - T0_S + 1_800).div_euclid(3_600);
        let slab = self.slab(kind, hour);
        let found = slab.grid.window_around(&bbox, 3).map(|_| slab);
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

impl TestForcing {
    /// The field of an hour.
    fn slab(&self, kind: ForcingKind, hour: i64) -> MapSlab {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let grid = grid();
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
        MapSlab {
            grid: GridSpec::Regular(grid),
            field: Arc::new(field),
            time: time(hour),
            feed: "test <feed>".to_owned(),
            run: RunTime::from_unix_s(T0_S).unwrap(),
            revision: 1,
            attribution: Some(CURRENT_CREDIT.to_owned()),
        }
    }
}

/// The one cycle.
pub(crate) fn cycle() -> CycleName {
    CycleName {
        feed: "test".to_owned(),
        run: RunTime::from_unix_s(T0_S).unwrap(),
    }
}

impl ForcingFields for TestForcing {
    fn steps(&self, question: StepsQuestion) -> BoxFuture<'_, Result<Vec<FieldStep>, SeamError>> {
        let grid = GridSpec::Regular(grid());
        let meets = grid.window_around(&question.bbox, 0).is_some();
        let is_ours = question.of_cycle.is_none_or(|name| name == cycle());
        let index = ForcingKind::ALL.iter().position(|kind| *kind == question.kind).unwrap();
        let series = Arc::new(FieldAbout {
            cycle: cycle(),
            revision: 1,
            index,
            grid,
            attribution: Some(CURRENT_CREDIT.to_owned()),
        });
        let is_inside = |time: &ValidTime| {
            question.from.is_none_or(|from| *time >= from) && question.until.is_none_or(|until| *time <= until)
        };
        let steps = (0..=LAST_HOUR).filter(|hour| meets && is_ours && is_inside(&time(*hour)));
        let steps = steps.map(|hour| FieldStep {
            time: time(hour),
            fields: vec![StoredField {
                series: Arc::clone(&series),
                step: hour as usize,
            }],
        });
        let steps = steps.collect();
        Box::pin(async move { Ok(steps) })
    }

    fn field<'a>(&'a self, field: &'a StoredField, bbox: BBox) -> BoxFuture<'a, Result<Option<MapSlab>, SeamError>> {
        let slab = self.slab(ForcingKind::ALL[field.series.index], field.step as i64);
        let found = slab.grid.window_around(&bbox, 3).map(|_| slab);
        Box::pin(async move { Ok(found) })
    }

    fn cycles(&self, kind: ForcingKind) -> BoxFuture<'_, Result<Vec<CycleAbout>, SeamError>> {
        Box::pin(async move {
            let about = ForcingMaps::about(self, kind).await?;
            let cycle = |about| CycleAbout {
                name: cycle(),
                revision: 1,
                about,
            };
            Ok(about.map(cycle).into_iter().collect())
        })
    }
}

/// What the cycle's Zarr store holds: metadata, and a chunk of the bytes 0 to 255 over and over.
const OBJECTS: [(&str, u64); 2] = [("zarr.json", 20), ("current/current_east/c/0/0/0", 3_000_000)];

impl CycleObjects for TestForcing {
    fn about<'a>(
        &'a self,
        name: &'a CycleName,
        revision: u32,
        path: &'a str,
    ) -> BoxFuture<'a, Result<Option<CycleObject>, SeamError>> {
        let known = OBJECTS.into_iter().find(|(known, _)| *known == path);
        let found = known
            .filter(|_| *name == cycle() && revision == 1)
            .map(|(path, bytes)| CycleObject {
                bytes,
                sha256: format!("sha of {path}"),
            });
        Box::pin(async move { Ok(found) })
    }

    fn read<'a>(
        &'a self,
        _: &'a CycleName,
        _: u32,
        _: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let bytes: Vec<u8> = range.map(|at| at as u8).collect();
        Box::pin(async move { Ok(Some(bytes.into())) })
    }
}
