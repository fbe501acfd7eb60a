//! What features of each collection say of themselves: flat scalars, so that QGIS, ArcGIS and TAK show them as columns
//! (sar.md, section 10). Queryables, sortables, column encodings and the API document are made from these lists.

use driftline_query::Kind::{self, Boolean, Integer, Number, Text, Time};
use driftline_query::Queryable;

use super::collection::Collection;

/// A property.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type.
    pub(crate) kind: Kind,
    /// What it is, with its unit.
    pub(crate) title: &'static str,
    /// Whether filters and orders may name it.
    pub(crate) is_queryable: bool,
}

const fn property(name: &'static str, kind: Kind, title: &'static str) -> Property {
    Property {
        name,
        kind,
        title,
        is_queryable: true,
    }
}

/// Said, but not to be asked for: lists and long texts.
const fn remark(name: &'static str, title: &'static str) -> Property {
    Property {
        name,
        kind: Text,
        title,
        is_queryable: false,
    }
}

const ID: Property = property("id", Text, "Stable identifier");
const MISSION: Property = property("mission_id", Text, "Mission");
const RUN: Property = property("run_id", Text, "Run");
const ISSUED: Property = property("issued", Time, "When the run was computed");
const UPDATED: Property = property("updated", Time, "Last change of the feature");
const STATUS: Property = property("status", Text, "current or withdrawn");
const SUPERSEDED: Property = property("superseded_by", Text, "The feature that took its place");
const OBJECT_CODE: Property = property("object_code", Text, "Leeway class");
const OBJECT_NAME: Property = property("object_name", Text, "Name of the Leeway class");
const VALID_TIME: Property = property("valid_time", Time, "When it holds");
const VALID_START: Property = property("valid_start", Time, "First time that it holds");
const VALID_END: Property = property("valid_end", Time, "Last time that it holds");
const PARTICLE: Property = property("particle_id", Integer, "Number of the particle");
const PARTICLE_STATUS: Property = property("particle_status", Text, "active, stranded, missing_data, …");
const NAME: Property = property("mission_name", Text, "Name of the mission");
const ENGINE: Property = property("engine_version", Text, "Version of the program");
const MODE: Property = property("leeway_mode", Text, "operational or parity");
const SEED: Property = property("seed", Integer, "Seed of the random numbers");
const DIRECTION: Property = property("direction", Text, "forward or backtrack");
const FORCING_TEXT: Property = property("forcing_text", Text, "Kind, feed and cycle of the forcing");
const FALLBACK: Property = property("fallback_used", Boolean, "Whether some forcing was replaced");
const ATTRIBUTION: Property = remark("attribution", "Credits of the forcing");
const N: Property = property("n_particles", Integer, "Particles adrift");
const N_EFFECTIVE: Property = property("n_effective", Number, "Independent particles that they are worth");
const STRANDED: Property = property("stranded_fraction", Number, "Share of all particles ashore");
const MISSING: Property = property("missing_fraction", Number, "Share of all particles out of the forcing");
const BANDWIDTH: Property = property("bandwidth_m", Number, "Width of the kernel, m");
const LEVEL: Property = property(
    "level",
    Number,
    "Probability that the area holds an object still adrift",
);
const POC: Property = property("poc", Number, "Probability of containment");
const AREA_KM2: Property = property("area_km2", Number, "Area, km²");

const AREAS: [Property; 28] = [
    ID,
    MISSION,
    RUN,
    NAME,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
    VALID_TIME,
    LEVEL,
    POC,
    AREA_KM2,
    property("area_nm2", Number, "Area, square nautical miles"),
    property("density_threshold_per_km2", Number, "Density at the outline, km⁻²"),
    OBJECT_CODE,
    OBJECT_NAME,
    N,
    N_EFFECTIVE,
    STRANDED,
    MISSING,
    BANDWIDTH,
    MODE,
    SEED,
    DIRECTION,
    ENGINE,
    FORCING_TEXT,
    FALLBACK,
    ATTRIBUTION,
];

const DATUMS: [Property; 33] = [
    ID,
    MISSION,
    RUN,
    NAME,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
    VALID_TIME,
    property("datum_kind", Text, "mean, mode or lobe"),
    property("lon", Number, "Longitude, degrees"),
    property("lat", Number, "Latitude, degrees"),
    property("lobe", Integer, "Number of the lobe, from 1"),
    property("lobes", Integer, "Lobes at this time"),
    property("share", Number, "Share of the particles adrift"),
    LEVEL,
    POC,
    AREA_KM2,
    property("covariance_east_m2", Number, "Variance to the east, m²"),
    property("covariance_east_north_m2", Number, "Covariance, m²"),
    property("covariance_north_m2", Number, "Variance to the north, m²"),
    OBJECT_CODE,
    OBJECT_NAME,
    N,
    N_EFFECTIVE,
    STRANDED,
    MISSING,
    MODE,
    SEED,
    DIRECTION,
    ENGINE,
    FORCING_TEXT,
    ATTRIBUTION,
];

const PARTICLES: [Property; 10] = [
    ID,
    MISSION,
    RUN,
    PARTICLE,
    VALID_TIME,
    PARTICLE_STATUS,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
];

const TRAJECTORIES: [Property; 12] = [
    ID,
    MISSION,
    RUN,
    PARTICLE,
    VALID_START,
    VALID_END,
    PARTICLE_STATUS,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
    remark("vertex_times", "Time of each vertex"),
];

const CELLS: [Property; 12] = [
    ID,
    MISSION,
    RUN,
    VALID_TIME,
    POC,
    property("density_per_km2", Number, "Probability density, km⁻²"),
    AREA_KM2,
    OBJECT_CODE,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
];

const SHORELINE: [Property; 21] = [
    ID,
    MISSION,
    RUN,
    NAME,
    property("segment", Text, "The stretch of shore"),
    property("length_m", Number, "Its length, m"),
    property("probability", Number, "Probability that the object arrives there"),
    property("first_arrival", Time, "First arrival"),
    property("arrival_time_10", Time, "When a tenth of the arrivals has come"),
    property("arrival_time_50", Time, "When half of the arrivals has come"),
    property("arrival_time_90", Time, "When nine tenths of the arrivals have come"),
    property("n_arrivals", Integer, "Particles that arrive"),
    property("n_particles", Integer, "Particles of the run"),
    OBJECT_CODE,
    OBJECT_NAME,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
    ENGINE,
    ATTRIBUTION,
];

const RADIUS: Property = property("uncertainty_radius_m", Number, "Standard deviation of the position, m");

const MISSIONS: [Property; 23] = [
    ID,
    MISSION,
    RUN,
    NAME,
    remark("description", "What the sender says of it"),
    property("last_known_time", Time, "When the object was last seen"),
    RADIUS,
    OBJECT_CODE,
    OBJECT_NAME,
    property("forecast_hours", Integer, "Hours forecast"),
    property("ensemble_size", Integer, "Particles"),
    property("priority", Text, "urgent, normal or low"),
    property("distress", Boolean, "Whether somebody is in distress"),
    DIRECTION,
    MODE,
    property("scenarios", Integer, "Scenarios"),
    VALID_START,
    VALID_END,
    property("created_at", Time, "When the mission was accepted"),
    property("completed_at", Time, "When its results were published"),
    UPDATED,
    STATUS,
    SUPERSEDED,
];

const SCENARIOS: [Property; 17] = [
    ID,
    MISSION,
    RUN,
    property("scenario_id", Text, "Scenario"),
    property("scenario_name", Text, "What the sender calls it"),
    property("scenario_weight", Number, "Its share of the probability"),
    property("release", Text, "point, cone, track, polygon or bearings"),
    RADIUS,
    OBJECT_CODE,
    OBJECT_NAME,
    property("changes", Integer, "How often the object changes"),
    VALID_START,
    VALID_END,
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
];

const RUNS: [Property; 18] = [
    ID,
    MISSION,
    RUN,
    VALID_START,
    VALID_END,
    OBJECT_CODE,
    OBJECT_NAME,
    ENGINE,
    property("mode", Text, "operational or parity"),
    DIRECTION,
    SEED,
    property("particles", Integer, "Particles"),
    property("stranded", Integer, "Particles ashore at the end"),
    property("missing_data", Integer, "Particles out of the forcing at the end"),
    ISSUED,
    UPDATED,
    STATUS,
    SUPERSEDED,
];

impl Collection {
    /// Its properties, in the order of columns.
    pub(crate) fn properties(self) -> &'static [Property] {
        match self {
            Self::SearchAreas => &AREAS,
            Self::Datums => &DATUMS,
            Self::Particles => &PARTICLES,
            Self::Trajectories => &TRAJECTORIES,
            Self::PocCells => &CELLS,
            Self::Shoreline => &SHORELINE,
            Self::Missions => &MISSIONS,
            Self::Scenarios => &SCENARIOS,
            Self::Runs => &RUNS,
        }
    }

    /// The property of this name.
    pub(crate) fn property(self, name: &str) -> Option<&'static Property> {
        self.properties().iter().find(|property| property.name == name)
    }

    /// What filters may name: properties, and the geometry.
    pub(crate) fn queryables(self) -> Vec<Queryable> {
        let geometry = Queryable {
            name: "geometry",
            kind: Kind::Geometry,
        };
        self.sortables().into_iter().chain([geometry]).collect()
    }

    /// What orders may name.
    pub(crate) fn sortables(self) -> Vec<Queryable> {
        let properties = self.properties().iter().filter(|property| property.is_queryable);
        properties
            .map(|property| Queryable {
                name: property.name,
                kind: property.kind,
            })
            .collect()
    }
}
