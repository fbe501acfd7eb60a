//! Runs made by hand whose features are known: right triangles as search areas and points as datums, on whole hours,
//! one run across the antimeridian. Whether they meet a box is said by a formula of its own, not by a geometry library.

use driftline_database::{FeatureKind, NewFeature, NewRun};
use driftline_domain::{MissionId, Mode, ObjectClass, RunId, ValidTime};
use driftline_simulate::products::{
    Cloud, MAX_TRACKS, RunLabel, Status, particles_parquet, tracks, trajectories_parquet,
};
use driftline_tiles::cog::{RasterBand, RasterStack, write};
use serde_json::{Value, json};

use crate::service::{Service, Tenant};

/// One feature, as the test knows it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) time_s: i64,
    /// South-west corner, and lengths of the legs along the parallel and the meridian; a point has legs of length 0.
    pub(crate) corner: (f64, f64),
    pub(crate) legs: (f64, f64),
}

impl Known {
    /// Whether the triangle shares a point with a box whose west may be greater than its east.
    pub(crate) fn touches(&self, [west, south, east, north]: [f64; 4]) -> bool {
        let east = if west > east { east + 360.0 } else { east };
        [-360.0, 0.0, 360.0]
            .iter()
            .any(|turn| self.touches_plain([west + turn, south, east + turn, north]))
    }

    fn touches_plain(&self, [west, south, east, north]: [f64; 4]) -> bool {
        let ((x, y), (leg_x, leg_y)) = (self.corner, self.legs);
        if x > east || x + leg_x < west || y > north || y + leg_y < south {
            return false;
        }
        // Of all points of the box the one nearest to the right angle is inside, or none is.
        let (dx, dy) = (x.max(west) - x, y.max(south) - y);
        let share = |d: f64, leg: f64| if leg > 0.0 { d / leg } else { 0.0 };
        share(dx, leg_x) + share(dy, leg_y) <= 1.0
    }

    /// Whether the box around the triangle does.
    pub(crate) fn touches_its_box(&self, bbox: [f64; 4]) -> bool {
        let [west, south, east, north] = bbox;
        let low = self.corner;
        let high = (low.0 + self.legs.0, low.1 + self.legs.1);
        let east = if west > east { east + 360.0 } else { east };
        [-360.0, 0.0, 360.0]
            .iter()
            .any(|turn| low.0 <= east + turn && high.0 >= west + turn && low.1 <= north && high.1 >= south)
    }

    pub(crate) fn is_within(&self, from_s: Option<i64>, until_s: Option<i64>) -> bool {
        from_s.is_none_or(|from| self.time_s >= from) && until_s.is_none_or(|until| self.time_s <= until)
    }
}

/// What a published run is known to hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownRun {
    pub(crate) areas: Vec<Known>,
    pub(crate) datums: Vec<Known>,
    pub(crate) particles: Vec<Known>,
    pub(crate) tracks: Vec<KnownTrack>,
}

/// A straight track, as the test knows it.
#[derive(Debug, Clone)]
pub(crate) struct KnownTrack {
    pub(crate) id: String,
    pub(crate) start: (f64, f64),
    pub(crate) end: (f64, f64),
    pub(crate) start_s: i64,
    pub(crate) end_s: i64,
}

impl KnownTrack {
    /// Whether the segment shares a point with a box: what is left of it between the box's four lines.
    pub(crate) fn touches(&self, [west, south, east, north]: [f64; 4]) -> bool {
        let east = if west > east { east + 360.0 } else { east };
        let clipped = |low: f64, high: f64, from: f64, to: f64| {
            let share = |limit: f64| (limit - from) / (to - from);
            (share(low), share(high))
        };
        [-360.0, 0.0, 360.0].iter().any(|turn| {
            let (x0, x1) = clipped(west + turn, east + turn, self.start.0, self.end.0);
            let (y0, y1) = clipped(south, north, self.start.1, self.end.1);
            x0.max(y0).max(0.0) <= x1.min(y1).min(1.0)
        })
    }

    pub(crate) fn is_within(&self, from_s: Option<i64>, until_s: Option<i64>) -> bool {
        from_s.is_none_or(|from| self.end_s >= from) && until_s.is_none_or(|until| self.start_s <= until)
    }
}

pub(crate) const T0_S: i64 = 1_735_689_600; // 2025-01-01T00:00:00Z
pub(crate) const CREDIT: &str = "Data from MET Norway";

/// Accepts a mission and publishes a run of so many hours for it that begins near a place and drifts north-east. The run
/// is one of a version that made no probability raster.
pub(crate) async fn publish(service: &Service, tenant: &Tenant, place: (f64, f64), hours: i64) -> (String, KnownRun) {
    publish_files(service, tenant, place, hours, &[]).await
}

/// The same with a probability raster: around the corner of the areas, highest in the middle, wider with every hour.
pub(crate) async fn publish_with_raster(
    service: &Service,
    tenant: &Tenant,
    place: (f64, f64),
    hours: i64,
) -> (String, KnownRun) {
    let raster = ("probability.tif", raster(place, hours));
    publish_files(service, tenant, place, hours, &[raster]).await
}

/// Cells of the raster on a side, and their width in degrees.
pub(crate) const CELLS: usize = 60;
pub(crate) const CELL_DEG: f64 = 0.02;

fn raster(place: (f64, f64), hours: i64) -> Vec<u8> {
    let (west, north) = (place.0 - 0.2, place.1 + 1.0);
    let band = |hour: i64| {
        let middle = (place.0 + 0.05 * hour as f64, place.1 + 0.03 * hour as f64);
        let width = 0.1 + 0.02 * hour as f64;
        let value = |cell: usize| {
            let lon = west + (cell % CELLS) as f64 * CELL_DEG + CELL_DEG / 2.0;
            let lat = north - (cell / CELLS) as f64 * CELL_DEG - CELL_DEG / 2.0;
            let distance = (lon - middle.0).hypot(lat - middle.1);
            if distance > width {
                0.0
            } else {
                (0.02 * (1.0 - distance / width)) as f32
            }
        };
        RasterBand {
            description: ValidTime::from_unix_s(T0_S + 3600 * hour).unwrap().to_string(),
            values: (0..CELLS * CELLS).map(value).collect(),
        }
    };
    let stack = RasterStack {
        west,
        north,
        dlon: CELL_DEG,
        dlat: CELL_DEG,
        nx: CELLS,
        ny: CELLS,
        bands: (0..=hours).map(band).collect(),
        unit: "km-2".to_owned(),
        title: "Probability density".to_owned(),
        attribution: vec![CREDIT.to_owned()],
        metadata: Vec::new(),
        missing: driftline_tiles::cog::Missing::Zero,
    };
    write(&stack).unwrap()
}

async fn publish_files(
    service: &Service,
    tenant: &Tenant,
    place: (f64, f64),
    hours: i64,
    more: &[(&str, Vec<u8>)],
) -> (String, KnownRun) {
    let mission = service.accept(tenant).await;
    let names: Vec<&str> = more.iter().map(|(name, _)| *name).collect();
    let (new, mut known) = run_of(place, hours, &names);
    let files = parquet_files(mission.id, new.id, place, hours, &mut known);
    let run = service.complete(new).await;
    let more = more.iter().map(|(name, bytes)| (*name, bytes.clone()));
    for (name, bytes) in files.into_iter().chain(more) {
        service
            .files
            .0
            .lock()
            .unwrap()
            .insert((run.id, name.to_owned()), bytes.into());
    }
    for (name, text) in [
        ("centroid.geojson", "{}"),
        ("notes.txt", "calm"),
        ("secret.txt", "not listed"),
    ] {
        service
            .files
            .0
            .lock()
            .unwrap()
            .insert((run.id, name.to_owned()), text.into());
    }
    (mission.id.to_string(), known)
}

/// A run to be published, which lists these files beside others.
pub(crate) fn run_of(place: (f64, f64), hours: i64, more: &[&str]) -> (NewRun, KnownRun) {
    let id = RunId::generate();
    let (mut features, mut known) = (Vec::new(), KnownRun::default());
    for hour in 0..=hours {
        let corner = (place.0 + 0.05 * hour as f64, place.1 + 0.03 * hour as f64);
        let time_s = T0_S + 3600 * hour;
        for level in [0.5, 0.9, 0.95] {
            let leg = level * (0.4 + 0.02 * hour as f64);
            let area = Known {
                id: format!("{id}.area.{level}.{time_s}"),
                time_s,
                corner,
                legs: (leg, leg * 0.5),
            };
            features.push(feature(FeatureKind::SearchAreas, &area, Some(level), triangle(&area)));
            known.areas.push(area);
        }
        let datum = Known {
            id: format!("{id}.mean.{time_s}"),
            time_s,
            corner,
            legs: (0.0, 0.0),
        };
        let point = json!({"type": "Point", "coordinates": [wrap(corner.0), corner.1]});
        features.push(feature(FeatureKind::Datums, &datum, None, point));
        known.datums.push(datum);
    }
    let last = known.areas.last().unwrap();
    let mut listed = vec![
        json!({"name": "centroid.geojson", "size_bytes": 2}),
        json!("notes.txt"),
        json!("../escape"),
        json!("listed-and-missing.nc"),
    ];
    listed.extend(more.iter().map(|name| json!({"name": name})));
    let new = NewRun {
        id,
        valid_from: ValidTime::from_unix_s(T0_S).unwrap(),
        valid_until: ValidTime::from_unix_s(T0_S + 3600 * hours).unwrap(),
        bbox: [
            wrap(place.0),
            place.1,
            wrap(last.corner.0 + last.legs.0),
            last.corner.1 + last.legs.1.max(0.2),
        ],
        summary: json!({
            "stranded": 0,
            "forcing": [{"feed": "norkyst", "attribution": CREDIT}, {"feed": "arome", "attribution": CREDIT}],
            "files": listed,
        }),
        features,
        charge_units: 1,
    };
    (new, known)
}

/// Particles of each run; number 3 strands after two hours.
pub(crate) const PARTICLES: usize = 30;

/// Every particle goes straight, a twentieth of a degree east and three hundredths north in an hour.
fn parquet_files(
    mission: MissionId,
    run: RunId,
    place: (f64, f64),
    hours: i64,
    known: &mut KnownRun,
) -> [(&'static str, Vec<u8>); 2] {
    let mut dice = Dice(11);
    let starts: Vec<(f64, f64)> = (0..PARTICLES)
        .map(|_| (place.0 + dice.between(0.0, 0.3), place.1 + dice.between(0.0, 0.2)))
        .collect();
    let hours_of = |particle: usize, hour: i64| if particle == 3 { hour.min(2) } else { hour } as f64;
    let at = |particle: usize, hour: i64| {
        let ((x, y), hours) = (starts[particle], hours_of(particle, hour));
        (x + 0.05 * hours, y + 0.03 * hours)
    };
    let columns: Vec<_> = (0..=hours)
        .map(|hour| {
            let places = (0..PARTICLES).map(|particle| at(particle, hour));
            let (lon, lat): (Vec<f64>, Vec<f64>) = places.map(|(x, y)| (wrap(x), y)).unzip();
            let status: Vec<Status> = (0..PARTICLES)
                .map(|particle| {
                    if particle == 3 && hour >= 2 {
                        Status::Stranded
                    } else {
                        Status::Active
                    }
                })
                .collect();
            (ValidTime::from_unix_s(T0_S + 3600 * hour).unwrap(), lon, lat, status)
        })
        .collect();
    let clouds: Vec<Cloud<'_>> = columns
        .iter()
        .map(|(time, lon_deg, lat_deg, status)| Cloud {
            time: *time,
            lon_deg,
            lat_deg,
            status,
        })
        .collect();
    for hour in 0..=hours {
        for particle in 0..PARTICLES {
            known.particles.push(Known {
                id: format!("{run}.particles.{}", hour as usize * PARTICLES + particle),
                time_s: T0_S + 3600 * hour,
                corner: at(particle, hour),
                legs: (0.0, 0.0),
            });
        }
    }
    known.tracks = (0..PARTICLES)
        .map(|particle| KnownTrack {
            id: format!("{run}.trajectories.{particle}"),
            start: at(particle, 0),
            end: at(particle, hours),
            start_s: T0_S,
            end_s: T0_S + 3600 * hours_of(particle, hours) as i64,
        })
        .collect();
    let label = label(mission, run);
    let tracks = tracks(&clouds, MAX_TRACKS).unwrap();
    [
        ("particles.parquet", particles_parquet(&clouds, &label).unwrap()),
        ("trajectories.parquet", trajectories_parquet(&tracks, &label).unwrap()),
    ]
}

fn label(mission_id: MissionId, run_id: RunId) -> RunLabel {
    RunLabel {
        mission_id,
        run_id,
        issued: ValidTime::from_unix_s(T0_S).unwrap(),
        object: ObjectClass::find("PIW-1").unwrap(),
        mode: Mode::Operational,
        seed: 1,
        engine_version: "0".to_owned(),
        attribution: vec![CREDIT.to_owned()],
        more: serde_json::Map::new(),
    }
}

/// Numbers that are the same in every run of the test.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Between 0 and 1 (SplitMix64).
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.roll()
    }
}

pub(crate) fn wrap(lon: f64) -> f64 {
    if lon > 180.0 { lon - 360.0 } else { lon }
}

fn feature(kind: FeatureKind, known: &Known, level: Option<f64>, geometry: Value) -> NewFeature {
    let ((x, y), (leg_x, leg_y)) = (known.corner, known.legs);
    NewFeature {
        kind,
        id: known.id.clone(),
        valid_time: ValidTime::from_unix_s(known.time_s).unwrap(),
        level,
        bbox: [wrap(x), y, wrap(x + leg_x), y + leg_y],
        geometry,
        properties: json!({"level": level, "valid_time": ValidTime::from_unix_s(known.time_s).unwrap()}),
    }
}

/// The triangle, cut at the antimeridian as RFC 7946 wants it.
fn triangle(known: &Known) -> Value {
    let ((x, y), (leg_x, leg_y)) = (known.corner, known.legs);
    let (east, top) = (x + leg_x, y + leg_y);
    if east <= 180.0 || x >= 180.0 {
        let ring = [[wrap(x), y], [wrap(east), y], [wrap(x), top], [wrap(x), y]];
        return json!({"type": "Polygon", "coordinates": [ring]});
    }
    let cut = y + leg_y * (1.0 - (180.0 - x) / leg_x);
    let western = [[x, y], [180.0, y], [180.0, cut], [x, top], [x, y]];
    let eastern = [[-180.0, y], [east - 360.0, y], [-180.0, cut], [-180.0, y]];
    json!({"type": "MultiPolygon", "coordinates": [[western], [eastern]]})
}
