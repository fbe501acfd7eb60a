//! Published runs, in the order of their publication.

use driftline_domain::{MissionId, OrgId, RunId, ValidTime};

use crate::columns::{Reader, micros_of};
use crate::sql::{QueryBuilder, Row};
use crate::{Database, Error, Result, Run, place};

/// Which runs are wanted, in the order of publication.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only of this mission.
    pub mission: Option<MissionId>,
    /// Only those published behind this one.
    pub after_seq: Option<i64>,
    /// Only those with something valid at or after this time.
    pub from: Option<ValidTime>,
    /// Only those with something valid at or before this time.
    pub until: Option<ValidTime>,
    /// Only those that touch this box: west, south, east, north.
    pub bbox: Option<[f64; 4]>,
    /// At most so many; nothing without a number.
    pub limit: u32,
}

const SELECT: &str = "SELECT seq, id, mission_id, org_id, published_at, valid_from, valid_until, west, south, east, \
     north, summary FROM runs WHERE withdrawn_at IS NULL AND org_id = ";

impl Database {
    /// One page of an organisation's runs, in the order of publication; runs of withdrawn missions are not among them.
    pub async fn runs(&self, org: OrgId, filter: &RunFilter) -> Result<Vec<Run>> {
        let mut query = QueryBuilder::new(SELECT);
        query.push_bind(org);
        if let Some(mission) = filter.mission {
            query.push(" AND mission_id = ").push_bind(mission);
        }
        if let Some(from) = micros_of(filter.from) {
            query.push(" AND valid_until >= ").push_bind(from);
        }
        if let Some(until) = micros_of(filter.until) {
            query.push(" AND valid_from <= ").push_bind(until);
        }
        if let Some(bbox) = filter.bbox {
            place::push_touches(&mut query, "", bbox)?;
        }
        if let Some(seq) = filter.after_seq {
            query.push(" AND seq > ").push_bind(seq);
        }
        query.push(" ORDER BY seq LIMIT ").push_bind(i64::from(filter.limit));
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the runs"))?;
        rows.iter().map(run).collect()
    }

    /// Of these runs those that are published and not withdrawn, whosesoever they are.
    pub async fn published_among(&self, runs: &[RunId]) -> Result<Vec<RunId>> {
        let mut query = QueryBuilder::new("SELECT id FROM runs WHERE withdrawn_at IS NULL AND id");
        query.push_list(runs.iter().copied());
        let rows = query.build().fetch_all(&self.reader).await;
        let rows = rows.map_err(Error::engine("look for published runs"))?;
        rows.iter().map(|row| Reader(row).id("id")).collect()
    }

    /// Of these missions those that this database knows, withdrawn ones included, whosesoever they are.
    pub async fn known_missions(&self, missions: &[MissionId]) -> Result<Vec<MissionId>> {
        let mut query = QueryBuilder::new("SELECT id FROM missions WHERE id");
        query.push_list(missions.iter().copied());
        let rows = query.build().fetch_all(&self.reader).await;
        let rows = rows.map_err(Error::engine("look for missions"))?;
        rows.iter().map(|row| Reader(row).id("id")).collect()
    }

    /// What simulations of these missions have left for workers that make products, where one of them may still come.
    pub async fn handed_over_of(&self, missions: &[MissionId]) -> Result<Vec<serde_json::Value>> {
        let mut query = QueryBuilder::new(
            "SELECT handed_over FROM jobs WHERE handed_over IS NOT NULL AND state IN ('queued', 'leased') AND mission_id",
        );
        query.push_list(missions.iter().copied());
        let rows = query.build().fetch_all(&self.reader).await;
        let rows = rows.map_err(Error::engine("look for simulations that wait"))?;
        rows.iter().map(|row| Reader(row).json("handed_over")).collect()
    }

    /// The run of a live mission whose files are asked for.
    pub async fn run_for_file(&self, org: OrgId, mission: MissionId, id: RunId) -> Result<Option<Run>> {
        let mut query = QueryBuilder::new(SELECT);
        query.push_bind(org).push(" AND mission_id = ").push_bind(mission);
        query.push(" AND id = ").push_bind(id);
        let row = query
            .build()
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the run"))?;
        row.as_ref().map(run).transpose()
    }
}

/// The run that stands beside a mission in a joined row, in columns behind `run_`.
pub(crate) fn run_of_mission(row: &Row, seq: i64) -> Result<Run> {
    let row = Reader(row);
    Ok(Run {
        id: row.id("run_id")?,
        seq,
        mission: row.id("id")?,
        org: row.id("org_id")?,
        published_at: row.time("run_published_at")?,
        valid_from: ValidTime(row.time("run_valid_from")?),
        valid_until: ValidTime(row.time("run_valid_until")?),
        bbox: row.bbox(["run_west", "run_south", "run_east", "run_north"])?,
        summary: row.json("run_summary")?,
    })
}

fn run(row: &Row) -> Result<Run> {
    let row = Reader(row);
    Ok(Run {
        id: row.id("id")?,
        seq: row.get("seq")?,
        mission: row.id("mission_id")?,
        org: row.id("org_id")?,
        published_at: row.time("published_at")?,
        valid_from: ValidTime(row.time("valid_from")?),
        valid_until: ValidTime(row.time("valid_until")?),
        bbox: row.bbox(["west", "south", "east", "north"])?,
        summary: row.json("summary")?,
    })
}
