//! From an ensemble to what is published: areas and datums per output time, the rows of both, and the numbers that
//! every product and the summary carry.

use std::sync::Arc;

use driftline_database::{FeatureKind, NewFeature, NewRun};
use driftline_domain::{RunId, ValidTime};
use driftline_leeway::{Snapshot, Status};
use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::Error;
use crate::forecast::{Engine, Forecast};
use crate::geometry::{Extent, multi_polygon, point};
use crate::products::{self, AreaSet, AreaSettings, Cloud, LEVELS, search_areas, spread};

/// Areas are not drawn sharper than this share of the forcing's cell (leeway.md 6.1).
const BANDWIDTH_FLOOR_CELLS: f64 = 0.1;
/// Square kilometres in a square nautical mile.
const KM2_PER_NM2: f64 = 1.852 * 1.852;
/// The version that every result names.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// An ensemble with its areas.
pub struct RunProducts {
    pub(crate) forecast: Forecast,
    codes: Vec<Vec<u8>>,
    pub(crate) areas: Vec<Option<AreaSet>>,
}

impl Engine {
    /// Makes the areas of every output time.
    pub async fn products(&self, forecast: Forecast) -> Result<RunProducts, Error> {
        let coast = Arc::clone(&self.coast);
        let work = move || -> Result<RunProducts, Error> {
            let sea = |lon: f64, lat: f64| !coast.on_land(lon, lat);
            let floor_m = forecast.cell_m * BANDWIDTH_FLOOR_CELLS;
            let settings = AreaSettings {
                levels: LEVELS.to_vec(),
                bandwidth_floor_m: floor_m,
                sea: Some(&sea),
            };
            let mut products = RunProducts {
                codes: status_codes(&forecast.outcome.snapshots),
                areas: Vec::new(),
                forecast,
            };
            let areas = products
                .clouds()?
                .par_iter()
                .map(|cloud| search_areas(cloud, &settings))
                .collect::<Result<_, _>>()?;
            products.areas = areas;
            Ok(products)
        };
        self.compute.run(work).await?
    }
}

fn status_codes(snapshots: &[Snapshot]) -> Vec<Vec<u8>> {
    snapshots
        .iter()
        .map(|snapshot| snapshot.status.iter().map(|status| *status as u8).collect())
        .collect()
}

impl RunProducts {
    /// Positions at every output time, as products take them.
    pub(crate) fn clouds(&self) -> Result<Vec<Cloud<'_>>, Error> {
        let snapshots = self.forecast.outcome.snapshots.iter().zip(&self.codes);
        snapshots
            .map(|(snapshot, codes)| {
                let time = ValidTime::from_unix_s(snapshot.time_s).ok_or(Error::Time(snapshot.time_s))?;
                Ok(Cloud {
                    time,
                    lon_deg: &snapshot.lon_deg,
                    lat_deg: &snapshot.lat_deg,
                    status: codes,
                })
            })
            .collect()
    }

    /// What `driftline simulate` reports: counts, timings, forcing, and the state at the end.
    pub fn report(&self) -> Result<Value, Error> {
        let forecast = &self.forecast;
        let (outcome, spec) = (&forecast.outcome, &forecast.spec);
        let last = outcome.snapshots.last().ok_or(Error::Empty)?;
        let clouds = self.clouds()?;
        let final_cloud = clouds.last().ok_or(Error::Empty)?;
        let afloat = spread(final_cloud, &[products::Status::Active])?;
        // With everything ashore or out of data the mean of the last positions still says where that is.
        let spread = afloat
            .or(spread(final_cloud, &products::Status::ALL)?)
            .ok_or(Error::Empty)?;
        let count = |status: Status| last.status.iter().filter(|&&one| one == status).count();
        Ok(json!({
            "particles": spec.ensemble_size,
            "steps": outcome.stats.steps,
            "particle_steps": outcome.stats.particle_steps,
            "kernel_seconds": forecast.kernel_s,
            "load_seconds": forecast.load_s,
            "forcing": forecast.sources,
            "fallback_particles_share": {
                "current": outcome.stats.fallback_share(driftline_domain::ForcingKind::Current),
                "wind": outcome.stats.fallback_share(driftline_domain::ForcingKind::Wind),
            },
            "coast_extrapolated_share": outcome.stats.coast_extrapolated_share(),
            "seeds_moved_off_land": {"count": outcome.seeds_moved.count, "max_distance_m": outcome.seeds_moved.max_distance_m},
            "mean": {"lon": spread.mean.0, "lat": spread.mean.1},
            "covariance_m2": spread.covariance_m2,
            "active": count(Status::Active),
            "stranded": count(Status::Stranded),
            "missing_data": count(Status::MissingData),
            "areas_km2": self.areas.last().and_then(Option::as_ref).map(areas_km2),
            "valid_from": spec.time,
            "valid_until": forecast.valid_until,
            "forecast_cut_short_by_forcing": forecast.cut_short,
            "object": {"number": spec.object.number, "key": spec.object.key, "description": spec.object.description, "citation": spec.object.citation},
            "seed": forecast.seed,
            "engine_version": ENGINE_VERSION,
            "mode": spec.mode,
            "current_error": {"sigma_ms": forecast.current_error.sigma_ms, "tau_s": forecast.current_error.tau_s, "calibration": forecast.calibration},
            "jibe_per_hour": driftline_leeway::JIBE_PER_HOUR,
            "step_s": spec.step_s,
            "output_interval_s": spec.output_interval_s,
        }))
    }

    /// The row of a run: times, box, summary, areas and datums, charge.
    pub(crate) fn run_row(&self, context: &RunContext, files: Vec<Value>) -> Result<NewRun, Error> {
        let mut summary = self.report()?;
        summary["hourly"] = Value::Array(self.hourly());
        summary["files"] = Value::Array(files);
        summary["attribution"] = json!(self.attribution());
        summary["issued"] = json!(context.issued);
        let features = self.features(context);
        let mut extent = Extent::around(self.forecast.spec.position.lon_deg());
        for snapshot in &self.forecast.outcome.snapshots {
            snapshot
                .lon_deg
                .iter()
                .zip(&snapshot.lat_deg)
                .for_each(|(lon, lat)| extent.add(*lon, *lat));
        }
        features.iter().for_each(|feature| extent.add_box(feature.bbox));
        Ok(NewRun {
            id: context.run,
            valid_from: self.forecast.spec.time,
            valid_until: self.forecast.valid_until,
            bbox: extent.bbox(),
            summary,
            features,
            charge_units: self.particle_hours(),
        })
    }

    /// What a mission costs: particles times hours computed, rounded up.
    fn particle_hours(&self) -> i64 {
        let seconds = self.forecast.valid_until.unix_s() - self.forecast.spec.time.unix_s();
        let particle_seconds = i64::from(self.forecast.spec.ensemble_size) * seconds;
        particle_seconds / 3600 + i64::from(particle_seconds % 3600 > 0)
    }

    /// Lines that every product must carry, each once.
    pub(crate) fn attribution(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .forecast
            .sources
            .iter()
            .filter_map(|source| source.about.attribution.clone())
            .collect();
        lines.push("Coast: GSHHG (LGPL)".to_owned());
        lines.sort();
        lines.dedup();
        lines
    }

    fn hourly(&self) -> Vec<Value> {
        let rows = self.forecast.outcome.snapshots.iter().zip(&self.areas);
        let row = |(snapshot, areas): (&Snapshot, &Option<AreaSet>)| {
            let datum = areas
                .as_ref()
                .map(|areas| json!({"lon": areas.datum.mean.0, "lat": areas.datum.mean.1}));
            json!({
                "valid_time": ValidTime::from_unix_s(snapshot.time_s),
                "areas_km2": areas.as_ref().map(areas_km2),
                "datum": datum,
                "stranded": snapshot.status.iter().filter(|&&status| status == Status::Stranded).count(),
            })
        };
        rows.map(row).collect()
    }

    fn features(&self, context: &RunContext) -> Vec<NewFeature> {
        let common = self.common_properties(context);
        let sets = || self.areas.iter().flatten();
        let areas = sets().flat_map(|set| set.levels.iter().map(move |area| (set, area)));
        let areas = areas.map(|(set, area)| {
            let percent = (area.level * 100.0).round() as u32;
            let mut properties = common.clone();
            set_properties(&mut properties, set);
            properties["level"] = json!(area.level);
            properties["poc"] =
                json!(area.level * (set.n_particles as f64 / f64::from(self.forecast.spec.ensemble_size)));
            properties["area_km2"] = json!(area.area_km2);
            properties["area_nm2"] = json!(area.area_km2 / KM2_PER_NM2);
            let (geometry, bbox) = multi_polygon(&area.polygons, set.datum.mean.0);
            feature(
                FeatureKind::SearchAreas,
                format!("{}.search-area.{percent}.{}", context.run, compact(set.time)),
                set.time,
                Some(area.level),
                geometry,
                bbox,
                properties,
            )
        });
        let datums = sets().flat_map(|set| {
            [("mean", set.datum.mean), ("mode", set.datum.mode)].map(|(kind, place)| (set, kind, place))
        });
        let datums = datums.map(|(set, kind, place)| {
            let mut properties = common.clone();
            set_properties(&mut properties, set);
            properties["datum_kind"] = json!(kind);
            properties["lat"] = json!(place.1);
            properties["lon"] = json!(place.0);
            let (geometry, bbox) = point(place);
            feature(
                FeatureKind::Datums,
                format!("{}.datum.{kind}.{}", context.run, compact(set.time)),
                set.time,
                None,
                geometry,
                bbox,
                properties,
            )
        });
        areas.chain(datums).collect()
    }

    /// Identity and provenance, the same on every feature of a run (sar.md, section 10).
    pub(crate) fn common_properties(&self, context: &RunContext) -> Value {
        let forecast = &self.forecast;
        let fallback = driftline_domain::ForcingKind::ALL.map(|kind| forecast.outcome.stats.fallback_share(kind));
        let sources: Vec<Value> = forecast.sources.iter().map(|source| {
            let age_h = context.issued.duration_since(source.about.run.0).as_secs_f64() / 3600.0;
            json!({"kind": source.about.kind, "feed": source.about.feed, "run": source.about.run, "revision": source.about.revision, "age_h": age_h, "share": source.share})
        }).collect();
        let text: Vec<String> = forecast
            .sources
            .iter()
            .map(|source| format!("{} {} {}", source.about.kind, source.about.feed, source.about.run))
            .collect();
        json!({
            "mission_id": context.mission,
            "run_id": context.run,
            "mission_name": forecast.spec.name,
            "issued": context.issued,
            "updated": context.issued,
            "status": "current",
            "object_code": forecast.spec.object.key,
            "object_name": forecast.spec.object.description,
            "engine_version": ENGINE_VERSION,
            "leeway_mode": forecast.spec.mode,
            "seed": forecast.seed,
            "calibration": forecast.calibration,
            "current_error_sigma_ms": forecast.current_error.sigma_ms,
            "current_error_tau_h": forecast.current_error.tau_s / 3600.0,
            "forcing_text": text.join("; "),
            "forcing": sources,
            "fallback_used": fallback.iter().any(|share| *share > 0.0),
            "fallback_current_share": fallback[0],
            "fallback_wind_share": fallback[1],
            "valid_until": forecast.valid_until,
            "attribution": self.attribution().join("; "),
        })
    }
}

/// Whose run it is and when it was made.
pub(crate) struct RunContext {
    pub(crate) mission: driftline_domain::MissionId,
    pub(crate) run: RunId,
    pub(crate) issued: Timestamp,
}

impl RunContext {
    /// For a forecast made by hand: it belongs to no stored mission, but its products still need names.
    pub(crate) fn loose() -> Self {
        Self {
            mission: driftline_domain::MissionId::generate(),
            run: RunId::generate(),
            issued: Timestamp::now(),
        }
    }
}

fn areas_km2(set: &AreaSet) -> Value {
    let sizes = set
        .levels
        .iter()
        .map(|area| ((area.level * 100.0).round().to_string(), json!(area.area_km2)));
    Value::Object(sizes.collect())
}

fn set_properties(properties: &mut Value, set: &AreaSet) {
    properties["valid_time"] = json!(set.time);
    properties["n_particles"] = json!(set.n_particles);
    properties["n_effective"] = json!(set.n_effective);
    properties["stranded_fraction"] = json!(set.stranded_fraction);
    properties["land_fraction"] = json!(set.land_fraction);
    properties["bandwidth_m"] = json!(set.bandwidth_m);
    properties["kernel"] = json!(set.kernel);
}

fn feature(
    kind: FeatureKind,
    id: String,
    valid_time: ValidTime,
    level: Option<f64>,
    geometry: Value,
    bbox: [f64; 4],
    mut properties: Value,
) -> NewFeature {
    properties["id"] = json!(id);
    NewFeature {
        kind,
        id,
        valid_time,
        level,
        bbox,
        geometry,
        properties,
    }
}

/// A time as it stands in feature ids.
fn compact(time: ValidTime) -> String {
    time.0.strftime("%Y%m%dT%H%M%SZ").to_string()
}
