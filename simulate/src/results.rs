//! From an ensemble to what is published: areas and datums per output time, the rows of both, and the numbers that
//! every product and the summary carry.

use std::sync::{Arc, OnceLock};

use driftline_coast::Coast;
use driftline_database::{FeatureKind, NewFeature, NewRun};
use driftline_domain::{Direction, ForcingKind, Mode, RunId, Scenario, ValidTime};
use driftline_leeway::{SeedsMoved, Snapshot, Status};
use geo::CoordsIter;
use geojson::Feature;
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::extent::Extent;
use crate::forecast::{Engine, Forecast, SourceUsed};
use crate::products::{
    self, AreaSet, AreaSettings, Cloud, LEVELS, RasterGrid, RunLabel, SeaMask, areas_and_probability, spread,
};

/// Areas are not drawn sharper than this share of the forcing's cell (leeway.md 6.1).
const BANDWIDTH_FLOOR_CELLS: f64 = 0.1;
/// Share of particles without forcing from which on a reader is warned.
const WORTH_A_WARNING: f64 = 0.01;
/// The version that every result names.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Grid and bands of the probability raster, a band per output time.
type Raster = (RasterGrid, Vec<Vec<f32>>);

/// An ensemble with its areas.
pub struct RunProducts {
    pub(crate) forecast: Forecast,
    pub(crate) areas: Vec<Option<AreaSet>>,
    /// Who came ashore, where and when.
    pub(crate) stranding: products::Stranding,
    raster: OnceLock<Raster>,
    shore: Arc<Coast>,
    /// The coast that the run met.
    pub(crate) coast: CoastUsed,
}

/// What a result says of the coast: enough to tell whether another run met the same one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CoastUsed {
    /// Where its shoreline comes from, as the coast file says.
    source: String,
    /// CRC-32 of the coast file, eight hexadecimal digits.
    checksum: String,
    /// Whom every product names for it.
    #[serde(skip)]
    credit: String,
}

impl CoastUsed {
    fn of(coast: &Coast) -> Self {
        let credit = if coast.is_embedded() {
            "Coast: GSHHG (LGPL)".to_owned()
        } else {
            format!("Coast: {}", coast.source())
        };
        Self {
            source: coast.source().to_owned(),
            checksum: format!("{:08x}", coast.checksum()),
            credit,
        }
    }
}

impl Engine {
    /// Makes areas and probability of every output time.
    pub async fn products(&self, forecast: Forecast) -> Result<RunProducts, Error> {
        self.make_products(forecast, true).await
    }

    /// Makes the areas of every output time alone; the probability is made when a file asks for it.
    pub async fn areas(&self, forecast: Forecast) -> Result<RunProducts, Error> {
        self.make_products(forecast, false).await
    }

    async fn make_products(&self, forecast: Forecast, with_raster: bool) -> Result<RunProducts, Error> {
        let coast = Arc::clone(&self.coast);
        let work = move || -> Result<RunProducts, Error> {
            let sea = |lon: f64, lat: f64| !coast.on_land(lon, lat);
            let settings = area_settings(&forecast, &sea);
            let clouds = forecast.clouds()?;
            let stranding = products::stranding(&clouds, &forecast.outcome.ended, &coast)?;
            let (areas, raster) = if with_raster {
                let (areas, raster) = areas_and_raster(&clouds, &settings)?;
                (areas, OnceLock::from(raster))
            } else {
                let areas = clouds.par_iter().map(|cloud| products::search_areas(cloud, &settings));
                (areas.collect::<Result<_, _>>()?, OnceLock::new())
            };
            Ok(RunProducts {
                forecast,
                areas,
                stranding,
                raster,
                coast: CoastUsed::of(&coast),
                shore: coast,
            })
        };
        self.compute.run(work).await?
    }
}

fn area_settings<'a>(forecast: &Forecast, sea: SeaMask<'a>) -> AreaSettings<'a> {
    AreaSettings {
        levels: LEVELS.to_vec(),
        bandwidth_floor_m: forecast.cell_m * BANDWIDTH_FLOOR_CELLS,
        sea: Some(sea),
    }
}

/// Areas and probability of every output time, both from one estimate of the density.
fn areas_and_raster(
    clouds: &[Cloud<'_>],
    settings: &AreaSettings<'_>,
) -> Result<(Vec<Option<AreaSet>>, Raster), Error> {
    let grid = RasterGrid::around(clouds, settings.bandwidth_floor_m);
    let (areas, bands) = clouds
        .par_iter()
        .map(|cloud| areas_and_probability(cloud, settings, &grid))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .unzip();
    Ok((areas, (grid, bands)))
}

impl Forecast {
    /// Positions at every output time, as products take them.
    pub(crate) fn clouds(&self) -> Result<Vec<Cloud<'_>>, Error> {
        self.outcome.snapshots.iter().map(cloud_of).collect()
    }
}

/// A snapshot as products take it.
pub(crate) fn cloud_of(snapshot: &Snapshot) -> Result<Cloud<'_>, Error> {
    Ok(Cloud {
        time: ValidTime::from_unix_s(snapshot.time_s).ok_or(Error::Time(snapshot.time_s))?,
        lon_deg: &snapshot.lon_deg,
        lat_deg: &snapshot.lat_deg,
        status: &snapshot.status,
    })
}

impl RunProducts {
    /// Positions at every output time, as products take them.
    pub(crate) fn clouds(&self) -> Result<Vec<Cloud<'_>>, Error> {
        self.forecast.clouds()
    }

    /// Place of the output time that the run ended with: output times go with the clock, a backtrack against it.
    fn end(&self) -> usize {
        match self.forecast.spec.direction {
            Direction::Forward => self.forecast.outcome.snapshots.len().saturating_sub(1),
            Direction::Backtrack => 0,
        }
    }

    /// Grid and bands of the probability raster; made now if they were not.
    pub(crate) fn raster(&self) -> Result<&Raster, Error> {
        if let Some(raster) = self.raster.get() {
            return Ok(raster);
        }
        let sea = |lon: f64, lat: f64| !self.shore.on_land(lon, lat);
        let (_, raster) = areas_and_raster(&self.clouds()?, &area_settings(&self.forecast, &sea))?;
        Ok(self.raster.get_or_init(|| raster))
    }

    /// What `driftline simulate` reports: counts, timings, forcing, and the state at the end.
    pub fn report(&self) -> Result<Value, Error> {
        let forecast = &self.forecast;
        let (outcome, spec) = (&forecast.outcome, &forecast.spec);
        let end = self.end();
        let last = outcome.snapshots.get(end).ok_or(Error::Empty)?;
        let clouds = self.clouds()?;
        let final_cloud = clouds.get(end).ok_or(Error::Empty)?;
        let afloat = spread(final_cloud, &[Status::Active])?;
        // With everything ashore or out of data the mean of the last positions still says where that is.
        let spread = afloat.or(spread(final_cloud, &Status::ALL)?).ok_or(Error::Empty)?;
        let count = |status: Status| last.status.iter().filter(|&&one| one == status).count();
        Ok(json!({
            "particles": spec.ensemble_size,
            "steps": outcome.stats.steps,
            "particle_steps": outcome.stats.particle_steps,
            "kernel_seconds": forecast.kernel_s,
            "load_seconds": forecast.load_s,
            "forcing": forecast.sources,
            "fallback_particles_share": {
                "current": outcome.stats.fallback_share(ForcingKind::Current),
                "wind": outcome.stats.fallback_share(ForcingKind::Wind),
            },
            "coast": self.coast,
            "coast_extrapolated_share": outcome.stats.coast_extrapolated_share(),
            "seeds_moved_off_land": {"count": outcome.seeds_moved.count, "max_distance_m": outcome.seeds_moved.max_distance_m},
            "mean": {"lon": spread.mean.0, "lat": spread.mean.1},
            "covariance_m2": spread.covariance_m2,
            "active": count(Status::Active),
            "stranded": count(Status::Stranded),
            "missing_data": count(Status::MissingData),
            "areas_km2": self.areas.get(end).and_then(Option::as_ref).map(areas_km2),
            "not_released": count(Status::NotReleased),
            "valid_from": forecast.valid_from,
            "valid_until": forecast.valid_until,
            "forecast_cut_short_by_forcing": forecast.cut_short,
            "object": {"number": spec.object.number, "key": spec.object.key, "description": spec.object.description, "citation": spec.object.citation},
            "seed": forecast.seed,
            "engine_version": ENGINE_VERSION,
            "mode": spec.mode,
            "current_error": {"sigma_ms": forecast.current_error.sigma_ms, "tau_s": forecast.current_error.tau_s, "calibration": forecast.calibration},
            "wind_error": {"sigma_ms": forecast.wind_error.sigma_ms, "tau_s": forecast.wind_error.tau_s},
            "slow_coefficients": {"share": forecast.slow_coefficients.share, "tau_s": forecast.slow_coefficients.tau_s},
            "capsizing": spec.capsizing,
            "capsized": outcome.stats.capsized,
            "coastline_action": spec.coastline_action,
            "direction": spec.direction,
            "scenarios": self.scenarios()?,
            "groups": forecast.groups,
            "absurd_forcing_values": {"current": forecast.absurd_values[0], "wind": forecast.absurd_values[1]},
            "jibe_per_hour": driftline_leeway::JIBE_PER_HOUR,
            "warnings": self.warnings(),
            "step_s": spec.step_s,
            "output_interval_s": spec.output_interval_s,
        }))
    }

    /// What is told of each scenario: its share, and where its particles are at the end.
    fn scenarios(&self) -> Result<Vec<Value>, Error> {
        let (forecast, clouds) = (&self.forecast, self.clouds()?);
        let end = clouds.get(self.end()).ok_or(Error::Empty)?;
        let scenarios = forecast.spec.scenarios();
        let one = |(number, (scenario, share)): (usize, (&Scenario, f64))| -> Result<Value, Error> {
            let groups = || forecast.groups.iter().filter(|group| group.scenario == number);
            let first = groups().map(|group| group.first_particle as usize).min().unwrap_or(0);
            let count: usize = groups().map(|group| group.particles as usize).sum();
            let particles = first..(first + count).min(end.len());
            let part = Cloud {
                time: end.time,
                lon_deg: &end.lon_deg[particles.clone()],
                lat_deg: &end.lat_deg[particles.clone()],
                status: &end.status[particles],
            };
            let adrift = if count == 0 {
                None
            } else {
                spread(&part, &[Status::Active])?
            };
            Ok(json!({
                "name": scenario.name,
                "weight": share,
                "object": scenario.object.key,
                "changes": scenario.changes,
                "particles": count,
                "active": part.status.iter().filter(|status| **status == Status::Active).count(),
                "stranded": part.status.iter().filter(|status| **status == Status::Stranded).count(),
                "mean": adrift.map(|spread| json!({"lon": spread.mean.0, "lat": spread.mean.1})),
            }))
        };
        scenarios
            .iter()
            .zip(forecast.spec.scenario_shares())
            .enumerate()
            .map(one)
            .collect()
    }

    /// What is published as the run's summary, without its files.
    pub(crate) fn summary(&self, context: &RunContext) -> Result<Value, Error> {
        let mut summary = self.report()?;
        summary["stranding"] = self.stranding.summary();
        summary["hourly"] = Value::Array(self.hourly());
        summary["attribution"] = json!(self.attribution());
        summary["issued"] = json!(context.issued);
        Ok(summary)
    }

    /// The row of a run: times, box, summary, areas and datums, charge.
    pub(crate) fn run_row(&self, context: &RunContext, files: Vec<Value>) -> Result<NewRun, Error> {
        let mut summary = self.summary(context)?;
        summary["files"] = Value::Array(files);
        let features = self.features(&self.label(context))?;
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
            valid_from: self.forecast.valid_from,
            valid_until: self.forecast.valid_until,
            bbox: extent.bbox(),
            summary,
            features,
            charge_units: self.particle_hours(),
        })
    }

    /// What a reader of the areas has to know.
    fn warnings(&self) -> Vec<String> {
        let (outcome, spec) = (&self.forecast.outcome, &self.forecast.spec);
        let mut warnings = Vec::new();
        if self.forecast.cut_short {
            warnings.push(match spec.direction {
                Direction::Forward => format!(
                    "forcing ends before the forecast does: it is valid until {}",
                    self.forecast.valid_until
                ),
                Direction::Backtrack => format!(
                    "forcing begins after the time that the backtrack was to reach: it goes back to {}",
                    self.forecast.valid_from
                ),
            });
        }
        for (kind, count) in ForcingKind::DRIFT.into_iter().zip(self.forecast.absurd_values) {
            if count > 0 {
                warnings.push(format!(
                    "{count} values of the {kind} are faster than any there is: they count as missing"
                ));
            }
        }
        if spec.direction == Direction::Backtrack {
            warnings.push(
                "a backtrack shows where the object can have come from if every place is as likely beforehand"
                    .to_owned(),
            );
        }
        let count = |status: Status| {
            outcome
                .ended
                .iter()
                .flatten()
                .filter(|ended| ended.status == status)
                .count()
        };
        let missing = count(Status::MissingData);
        if missing as f64 > WORTH_A_WARNING * f64::from(spec.ensemble_size) {
            let percent = 100.0 * missing as f64 / f64::from(spec.ensemble_size);
            warnings.push(format!(
                "{missing} of {} particles ({percent:.1} %) left the forcing: the areas speak of the others only",
                spec.ensemble_size
            ));
        }
        let waiting = self.forecast.outcome.snapshots.get(self.end()).map_or(0, |end| {
            end.status
                .iter()
                .filter(|status| **status == Status::NotReleased)
                .count()
        });
        if waiting > 0 {
            warnings.push(format!(
                "the run ended before {waiting} of {} particles were released: the areas speak of the others only",
                spec.ensemble_size
            ));
        }
        if outcome.seeds_moved.count > 0 {
            let SeedsMoved { count, max_distance_m } = outcome.seeds_moved;
            warnings.push(format!(
                "{count} particles started on land and were moved to the nearest sea, up to {max_distance_m:.0} m away"
            ));
        }
        warnings.extend(self.warnings_of_scenarios());
        warnings
    }

    /// Where a run could not do what its scenarios say.
    fn warnings_of_scenarios(&self) -> Vec<String> {
        let (forecast, spec) = (&self.forecast, &self.forecast.spec);
        let mut warnings = Vec::new();
        let scenarios = spec.scenarios();
        for (number, (scenario, share)) in scenarios.iter().zip(spec.scenario_shares()).enumerate() {
            let groups = forecast.groups.iter().filter(|group| group.scenario == number);
            let particles: u32 = groups.map(|group| group.particles).sum();
            let given = f64::from(particles) / f64::from(spec.ensemble_size);
            if (given - share).abs() > WORTH_A_WARNING {
                warnings.push(format!(
                    "scenario {number} has {particles} of {} particles, {:.1} %, for a weight of {:.1} %: there are too few to share out as the weights say",
                    spec.ensemble_size,
                    100.0 * given,
                    100.0 * share
                ));
            }
            for change in &scenario.changes {
                let never = match spec.direction {
                    Direction::Forward => change.at >= forecast.valid_until,
                    Direction::Backtrack => change.at <= forecast.valid_from,
                };
                if never {
                    warnings.push(format!(
                        "scenario {number} never became {}: the run ends before {}",
                        change.to.key, change.at
                    ));
                }
            }
        }
        if spec.capsizing && spec.direction == Direction::Backtrack && spec.mode == Mode::Operational {
            warnings.push("nothing capsizes in a backtrack: objects stay what they were found as".to_owned());
        }
        warnings
    }

    /// What a mission costs: particles times hours computed, rounded up.
    fn particle_hours(&self) -> i64 {
        let seconds = self.forecast.valid_until.unix_s() - self.forecast.valid_from.unix_s();
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
        lines.push(self.coast.credit.clone());
        lines.sort();
        lines.dedup();
        lines
    }

    fn hourly(&self) -> Vec<Value> {
        let rows = self.forecast.outcome.snapshots.iter().zip(&self.areas);
        let row = |(snapshot, areas): (&Snapshot, &Option<AreaSet>)| {
            let count = |wanted: Status| snapshot.status.iter().filter(|&&status| status == wanted).count();
            let datum = areas
                .as_ref()
                .map(|areas| json!({"lon": areas.datum.mean.0, "lat": areas.datum.mean.1}));
            json!({
                "valid_time": ValidTime::from_unix_s(snapshot.time_s),
                "areas_km2": areas.as_ref().map(areas_km2),
                "datum": datum,
                "active": count(Status::Active),
                "stranded": count(Status::Stranded),
                "missing_data": count(Status::MissingData),
            })
        };
        rows.map(row).collect()
    }

    fn features(&self, label: &RunLabel) -> Result<Vec<NewFeature>, Error> {
        let mut rows = Vec::new();
        for set in self.areas.iter().flatten() {
            for area in &set.levels {
                let places = area.polygons.coords_iter().map(|place| (place.x, place.y));
                rows.push(row(
                    FeatureKind::SearchAreas,
                    set,
                    Some(area.level),
                    places,
                    set.area_feature(area, label)?,
                )?);
            }
        }
        for set in self.areas.iter().flatten() {
            for (place, feature) in set.datum_places().zip(set.datum_features(label)?) {
                rows.push(row(FeatureKind::Datums, set, None, std::iter::once(place), feature)?);
            }
        }
        Ok(rows)
    }

    /// What every feature of the run says of it.
    pub(crate) fn label(&self, context: &RunContext) -> RunLabel {
        let spec = &self.forecast.spec;
        RunLabel {
            mission_id: context.mission,
            run_id: context.run,
            issued: ValidTime(context.issued),
            object: spec.object,
            mode: spec.mode,
            seed: self.forecast.seed,
            engine_version: ENGINE_VERSION.to_owned(),
            attribution: self.attribution(),
            more: self.provenance(context),
        }
    }

    /// Provenance beside what every label names anyway (sar.md, section 10).
    fn provenance(&self, context: &RunContext) -> Map<String, Value> {
        let forecast = &self.forecast;
        let [current, wind] = ForcingKind::DRIFT.map(|kind| forecast.outcome.stats.fallback_share(kind));
        let source = |source: &SourceUsed| {
            let age_h = context.issued.duration_since(source.about.run.0).as_secs_f64() / 3600.0;
            let about = &source.about;
            json!({"kind": about.kind, "feed": about.feed, "run": about.run, "revision": about.revision, "age_h": age_h, "share": source.share})
        };
        let text = |source: &SourceUsed| format!("{} {} {}", source.about.kind, source.about.feed, source.about.run);
        let members = [
            ("mission_name", json!(forecast.spec.name)),
            ("updated", json!(context.issued)),
            ("calibration", json!(forecast.calibration)),
            ("current_error_sigma_ms", json!(forecast.current_error.sigma_ms)),
            ("current_error_tau_h", json!(forecast.current_error.tau_s / 3600.0)),
            (
                "forcing_text",
                json!(forecast.sources.iter().map(text).collect::<Vec<_>>().join("; ")),
            ),
            ("direction", json!(forecast.spec.direction)),
            ("wind_error_sigma_ms", json!(forecast.wind_error.sigma_ms)),
            ("slow_coefficients_share", json!(forecast.slow_coefficients.share)),
            ("scenarios", json!(forecast.spec.scenarios().len())),
            ("forcing", Value::Array(forecast.sources.iter().map(source).collect())),
            ("fallback_used", json!(current > 0.0 || wind > 0.0)),
            ("fallback_current_share", json!(current)),
            ("fallback_wind_share", json!(wind)),
            ("valid_until", json!(forecast.valid_until)),
            ("attribution", json!(self.attribution().join("; "))),
        ];
        members
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
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

/// A feature as it is stored; `places` are those that its box has to hold.
fn row(
    kind: FeatureKind,
    set: &AreaSet,
    level: Option<f64>,
    places: impl Iterator<Item = (f64, f64)>,
    feature: Feature,
) -> Result<NewFeature, Error> {
    let mut extent = Extent::around(set.datum.mean.0);
    places.for_each(|(lon, lat)| extent.add(lon, lat));
    let properties = feature.properties.unwrap_or_default();
    Ok(NewFeature {
        kind,
        id: properties
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        valid_time: set.time,
        level,
        bbox: extent.bbox(),
        geometry: serde_json::to_value(&feature.geometry).map_err(products::Error::from)?,
        properties: Value::Object(properties),
    })
}
