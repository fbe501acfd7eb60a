//! Usage of nodes that were cut off, such as one on a vessel: `POST /v1/usage/records`, and the same by the command line. A
//! record is known by its node, epoch and number, so that whatever is sent again changes nothing. It counts in the hour of its
//! use while that is open, and as an adjustment afterwards.
//!
//! The names of such nodes are kept apart by organisation: no tenant can take a number from a node of this installation, or
//! from another tenant's.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{RawQuery, State};
use driftline_database::{Database, Entry, ErrorKind, MISSION_METER, UsageRecord};
use driftline_domain::{KeyId, MissionId, OrgId, RequestId, Violation};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::map_links::unreadable;
use crate::routes::allow_only;
use crate::{Caller, Clock, Error, METERS, Problem, Scope};

pub(crate) const RECORDS_PATH: &str = "/v1/usage/records";

/// Records in one request.
const MOST: usize = 1_000;
const NAME_MAX: usize = 64;
/// No answer costs as much; more is a mistake.
const MOST_UNITS: i64 = 10_000_000;
/// Particle-hours of the largest mission there can be.
const MOST_OF_MISSION: i64 = 240_000_000;
/// Units of one meter that a key can have on one day (UTC), however they come: more is a mistake, or somebody's who means harm.
const MOST_A_DAY: i64 = 10_000_000_000;
/// Clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
const BACK: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A record as its node has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSent {
    /// The node's own name.
    pub node: String,
    /// Start of its process, microseconds since 1970.
    pub epoch: i64,
    /// Number within the epoch.
    pub seq: i64,
    /// Whose; without it the caller's.
    #[serde(default)]
    pub org: Option<OrgId>,
    /// The key that was used there.
    pub key: KeyId,
    /// What is counted.
    pub meter: String,
    /// How much of it.
    pub units: i64,
    /// When.
    pub at: Timestamp,
    /// The request that was answered.
    #[serde(default)]
    pub request: Option<RequestId>,
    /// The mission that was computed there; one of this installation is charged by who computes it.
    #[serde(default)]
    pub mission: Option<MissionId>,
}

/// Why nothing was entered.
#[derive(Debug)]
pub enum RecordRefusal {
    /// Rules are broken: each by its record's place.
    Violations(Vec<Violation>),
    /// The database failed.
    Database(driftline_database::Error),
}

/// What became of the records.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Counted in the hours of their use.
    pub entered: usize,
    /// Counted as adjustments, since those hours are closed.
    pub late: usize,
    /// In the ledger before.
    pub known: usize,
    /// Beside the ledger, since their hours have no room for them: the operator has been told.
    #[serde(skip_serializing_if = "is_none")]
    pub set_aside: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    records: Vec<RecordSent>,
}

pub(crate) async fn receive(
    State((database, clock)): State<(Database, Clock)>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    body: Result<Json<Body>, JsonRejection>,
) -> Result<Json<Imported>, Problem> {
    caller.require(Scope::UsageWrite)?;
    allow_only(&[], raw.as_deref())?;
    let Json(body) = body.map_err(unreadable)?;
    if body.records.len() > MOST {
        let message = format!(
            "{} records are more than {MOST}; send them in parts",
            body.records.len()
        );
        return Err(Problem::invalid(vec![Violation::new("records", "too_many", message)]));
    }
    let imported = import_records(&database, caller.org, body.records, clock()).await;
    imported.map(Json).map_err(|refusal| match refusal {
        RecordRefusal::Violations(violations) => Problem::invalid(violations),
        RecordRefusal::Database(error) => error.into(),
    })
}

/// Enters all records of an organisation, or none where one of them breaks a rule.
pub async fn import_records(
    database: &Database,
    org: OrgId,
    sent: Vec<RecordSent>,
    now: Timestamp,
) -> Result<Imported, RecordRefusal> {
    let keys = database.keys(org).await.map_err(RecordRefusal::Database)?;
    let keys: BTreeSet<KeyId> = keys.into_iter().map(|key| key.id).collect();
    let missions = sent.iter().filter_map(|record| record.mission).collect();
    let missions = database
        .missions_of_anybody(missions)
        .await
        .map_err(RecordRefusal::Database)?;
    let known = Known { org, keys, missions };
    let mut violations = Vec::new();
    for (place, record) in sent.iter().enumerate() {
        for (field, message) in broken_rules(record, &known, now) {
            violations.push(Violation::new(format!("records[{place}].{field}"), "invalid", message));
        }
    }
    if !violations.is_empty() {
        return Err(RecordRefusal::Violations(violations));
    }
    let records: Vec<UsageRecord> = sent.into_iter().map(|record| record.of(org)).collect();
    let entries = match database.enter_usage_within(&records, MOST_A_DAY, now).await {
        Err(error) if error.kind() == ErrorKind::Invalid => {
            let violation = Violation::new("records", "too_much", error.to_string());
            return Err(RecordRefusal::Violations(vec![violation]));
        }
        entries => entries.map_err(RecordRefusal::Database)?,
    };
    let count = |wanted| entries.iter().filter(|entry| **entry == wanted).count();
    Ok(Imported {
        entered: count(Entry::InItsHour),
        late: count(Entry::Late),
        known: count(Entry::Known),
        set_aside: count(Entry::SetAside),
    })
}

impl RecordSent {
    fn of(self, org: OrgId) -> UsageRecord {
        UsageRecord {
            node: format!("{org}/{}", self.node),
            epoch: self.epoch,
            seq: self.seq,
            org,
            key: self.key,
            meter: self.meter,
            units: self.units,
            at: self.at,
            request: self.request,
            mission: self.mission,
        }
    }
}

/// What records are held against.
struct Known {
    org: OrgId,
    keys: BTreeSet<KeyId>,
    /// Of those in the records the missions of this installation, whosesoever they are.
    missions: BTreeSet<MissionId>,
}

fn broken_rules(record: &RecordSent, known: &Known, now: Timestamp) -> Vec<(&'static str, String)> {
    let shown = |text: &str| text.chars().filter(|c| !c.is_control()).take(64).collect::<String>();
    let is_word = |text: &str, most: usize| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        (1..=most).contains(&text.len()) && text.bytes().all(plain)
    };
    let mut broken = Vec::new();
    if !is_word(&record.node, NAME_MAX) {
        broken.push(("node", format!("'{}' is no name for a node", shown(&record.node))));
    }
    if !METERS.contains(&record.meter.as_str()) {
        let known = METERS.join(", ");
        let message = format!("'{}' is no meter; the meters are {known}", shown(&record.meter));
        broken.push(("meter", message));
    }
    if record.epoch < 0 || record.seq < 0 {
        let (epoch, seq) = (record.epoch, record.seq);
        broken.push(("seq", format!("neither epoch {epoch} nor number {seq} may be negative")));
    }
    let most = if record.meter == MISSION_METER {
        MOST_OF_MISSION
    } else {
        MOST_UNITS
    };
    if !(0..=most).contains(&record.units) {
        broken.push(("units", format!("{} is not between 0 and {most}", record.units)));
    }
    if record.org.is_some_and(|other| other != known.org) || !known.keys.contains(&record.key) {
        broken.push(("key", format!("there is no key '{}' of this organisation", record.key)));
    }
    if let Some(mission) = record.mission.filter(|mission| known.missions.contains(mission)) {
        broken.push(("mission", format!("{mission} is charged here, by who computes it")));
    }
    let age = now.duration_since(record.at);
    if age < -AHEAD || age > BACK {
        broken.push((
            "at",
            format!("{} is in the future, or more than 400 days ago", record.at),
        ));
    }
    broken
}

impl From<RecordRefusal> for Error {
    fn from(refusal: RecordRefusal) -> Self {
        match refusal {
            RecordRefusal::Violations(violations) => {
                let words = violations
                    .iter()
                    .take(5)
                    .map(|violation| format!("{}: {}", violation.field, violation.message));
                Self::RecordsRefused(words.collect::<Vec<_>>().join("; "))
            }
            RecordRefusal::Database(error) => Self::Database(error),
        }
    }
}
