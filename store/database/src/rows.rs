//! What is kept: organisations, keys, missions, jobs, runs, features and usage, as typed rows.

use driftline_domain::{JobId, KeyId, MissionId, MissionSpec, OrgId, RequestId, RunId, UserId, ValidTime};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Organisation {
    /// Identifier.
    pub id: OrgId,
    /// Unique name, as the operator typed it; of one that was deleted the name that it had.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Kept by its owner; does what its scopes say.
    Secret,
    /// Stands in a web page for all to see; reads maps, from the pages of certain origins.
    Publishable,
}

impl KeyKind {
    /// Its name in columns and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }
}

/// An API key as stored: never the key itself, only its SHA-256.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Identifier, safe to print.
    pub id: KeyId,
    /// Owner.
    pub org: OrgId,
    /// What it is for.
    pub kind: KeyKind,
    /// What the owner calls it.
    pub name: String,
    /// First characters of the key, safe to print, so that its owner recognises it.
    pub hint: String,
    /// SHA-256 of the whole key.
    #[serde(skip)]
    pub sha256: [u8; 32],
    /// What it may do, for example `missions:write`.
    pub scopes: Vec<String>,
    /// Origins of the pages that may use a publishable key, or patterns of them; empty for secret keys.
    pub origins: Vec<String>,
    /// Networks from which it works, such as `10.1.0.0/16`; empty: from everywhere.
    pub networks: Vec<String>,
    /// The key that takes its place.
    pub replaced_by: Option<KeyId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The person whose membership this row stands for; such a key is held by nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The person who made it; none for the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
}

/// Where a mission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissionStatus {
    /// Accepted, its job waits.
    Queued,
    /// A worker computes it.
    Running,
    /// Results are published.
    Completed,
    /// It could not be computed; `error` says why.
    Failed,
    /// Withdrawn before it completed.
    Cancelled,
}

/// A mission as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mission {
    /// Identifier.
    pub id: MissionId,
    /// Owner.
    pub org: OrgId,
    /// Key that created it.
    pub created_by: KeyId,
    /// The job that computes it.
    pub job_id: JobId,
    /// The question.
    pub spec: MissionSpec,
    /// Warnings found at validation, for example a position on land.
    pub warnings: Vec<String>,
    /// Where it stands.
    pub status: MissionStatus,
    /// Progress of the running job, 0 to 1.
    pub progress: f64,
    /// What the worker is doing, a word.
    pub stage: String,
    /// Why it failed, for its owner.
    pub error: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// When it completed.
    pub completed_at: Option<Timestamp>,
    /// Last valid time that forcing covers, once known.
    pub valid_until: Option<ValidTime>,
    /// When the present or last attempt at it began.
    pub attempt_at: Option<Timestamp>,
    /// The published run.
    pub run: Option<Run>,
}

/// A published answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Identifier.
    pub id: RunId,
    /// Order of publication over all runs of the installation, from 1; the major part of every paging cursor.
    pub seq: i64,
    /// The mission it answers.
    pub mission: MissionId,
    /// Owner.
    pub org: OrgId,
    /// When it was published.
    pub published_at: Timestamp,
    /// First and last valid time.
    pub valid_from: ValidTime,
    /// Last valid time.
    pub valid_until: ValidTime,
    /// West, south, east, north of everything in it; west > east across the antimeridian.
    pub bbox: [f64; 4],
    /// Result summary for `GET /v1/missions/{id}/results`: areas, counts, forcing, parameters, files.
    pub summary: serde_json::Value,
}

/// What a worker hands over when it has published its files.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Identifier; files lie under `results/<mission>/<run>/`.
    pub id: RunId,
    /// First valid time.
    pub valid_from: ValidTime,
    /// Last valid time.
    pub valid_until: ValidTime,
    /// West, south, east, north.
    pub bbox: [f64; 4],
    /// Result summary.
    pub summary: serde_json::Value,
    /// Search areas and datums, in the order they are to be listed.
    pub features: Vec<NewFeature>,
    /// What the mission costs: units of meter `mission.particle_hours`.
    pub charge_units: i64,
}

/// Collections whose features are rows; particles and trajectories are read from the run's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// Containment areas.
    SearchAreas,
    /// Mean and most likely positions.
    Datums,
}

/// One feature to be stored.
#[derive(Debug, Clone)]
pub struct NewFeature {
    /// Collection.
    pub kind: FeatureKind,
    /// Stable identifier: run, kind, level and valid time; never reused.
    pub id: String,
    /// Valid time.
    pub valid_time: ValidTime,
    /// Containment level of an area, otherwise `None`.
    pub level: Option<f64>,
    /// West, south, east, north; west > east across the antimeridian.
    pub bbox: [f64; 4],
    /// GeoJSON geometry.
    pub geometry: serde_json::Value,
    /// Flat GeoJSON properties.
    pub properties: serde_json::Value,
}

/// One stored feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its place in the collection: (run sequence, row within the run), the paging cursor.
    pub cursor: Cursor,
    /// Stable identifier.
    pub id: String,
    /// The mission it belongs to.
    pub mission: MissionId,
    /// The run it belongs to.
    pub run: RunId,
    /// Valid time.
    pub valid_time: ValidTime,
    /// West, south, east, north.
    pub bbox: [f64; 4],
    /// GeoJSON geometry, as stored text.
    pub geometry: String,
    /// GeoJSON properties, as stored text.
    pub properties: String,
}

/// A place in a collection: features come in the order of runs, and within a run in the order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// Run sequence.
    pub run_seq: i64,
    /// Row within the run, from 0.
    pub row: i64,
}

/// Which features are wanted.
#[derive(Debug, Clone, Default)]
pub struct FeatureFilter {
    /// Only of this mission.
    pub mission: Option<MissionId>,
    /// Only those that touch this box: west, south, east, north.
    pub bbox: Option<[f64; 4]>,
    /// Only those valid at or after this time.
    pub from: Option<ValidTime>,
    /// Only those valid at or before this time.
    pub until: Option<ValidTime>,
    /// Only those behind this place.
    pub after: Option<Cursor>,
}

/// One billable answer or completed mission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// Node that served it, the epoch of its process and its number in that epoch: unique over the installation.
    pub node: String,
    /// Start of the serving process, microseconds since 1970.
    pub epoch: i64,
    /// Number within the epoch, from 0.
    pub seq: i64,
    /// Who pays.
    pub org: OrgId,
    /// The key used.
    pub key: KeyId,
    /// What is counted, for example `features` or `mission.particle_hours`.
    pub meter: String,
    /// How much of it.
    pub units: i64,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// The request it answers, as in `x-request-id`; none for a mission's charge.
    pub request: Option<RequestId>,
    /// The mission it charges; none for an answer.
    pub mission: Option<MissionId>,
}

/// How far a node's usage log has been entered into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// Node.
    pub node: String,
    /// Log segment number.
    pub segment: i64,
    /// Bytes of that segment that are in the ledger.
    pub offset: i64,
}

/// An hour of use of one meter by one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageHour {
    /// Who pays.
    pub org: OrgId,
    /// The key used.
    pub key: KeyId,
    /// Meter.
    pub meter: String,
    /// Start of the hour.
    pub hour: Timestamp,
    /// Units in it.
    pub units: i64,
    /// Records in it.
    pub records: i64,
}
