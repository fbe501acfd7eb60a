//! Publication: the run, its features, the mission's completion and its charge stand or fall together.

use driftline_domain::{JobId, MissionId};
use jiff::Timestamp;

use crate::billing::settle_credit;
use crate::columns::{Reader, json, micros};
use crate::features::kind_number;
use crate::missions::{fetch, touch_content};
use crate::open::Change;
use crate::sql::{self, QueryBuilder, Value};
use crate::usage::MISSION_METER;
use crate::usage_batch::insert_record;
use crate::{Database, Error, Mission, NewFeature, NewRun, Result, Run, UsageRecord, place};

impl Database {
    /// Puts a simulation down for those who make products of it: `left` tells them where it is. The job is queued again, as
    /// the next stage of the same attempt. False where the lease was lost.
    pub async fn hand_over_job(
        &self,
        job: JobId,
        token: i64,
        left: &serde_json::Value,
        now: Timestamp,
    ) -> Result<bool> {
        let what = "hand the simulation over";
        let mut change = self.change(what).await?;
        let row = sql::query(
            "UPDATE jobs SET state = 'queued', stage = 'results', handed_over = ?3, lease_until = NULL, run_at = 0, \
             token = token + 1, attempts = attempts - 1 WHERE id = ?1 AND token = ?2 AND state = 'leased' \
             AND stage = 'simulate' RETURNING mission_id, org_id",
        )
        .bind(job)
        .bind(token)
        .bind(json("what was left", left)?)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let Some(row) = row else { return Ok(false) };
        let row = Reader(&row);
        let mission: MissionId = row.id("mission_id")?;
        sql::query("UPDATE missions SET stage = 'simulated', updated_at = ? WHERE id = ?")
            .bind(micros(now))
            .bind(mission)
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        touch_content(&mut change, row.id("org_id")?).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Publishes a run: the run, its features, the mission's completion and its charge stand or fall together. `None`
    /// where the lease was lost, and then nothing changed. Repeated after an unclear end it returns the published run.
    pub async fn complete_job(
        &self,
        job: JobId,
        token: i64,
        run: NewRun,
        node: &str,
        now: Timestamp,
    ) -> Result<Option<Run>> {
        let what = "publish the run";
        let bbox = place::checked(run.bbox)?;
        if run.charge_units < 0 {
            return Err(Error::invalid(
                "the charge",
                run.charge_units,
                "it must not be negative",
            ));
        }
        let mut change = self.change(what).await?;
        let row = sql::query(
            "UPDATE jobs SET state = 'done', lease_until = NULL WHERE id = ? AND token = ? AND state = 'leased' \
             RETURNING mission_id, org_id",
        )
        .bind(job)
        .bind(token)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let Some(row) = row else {
            return published_before(&mut change, job, &run).await;
        };
        let row = Reader(&row);
        let (id, org) = (row.id("mission_id")?, row.id("org_id")?);
        let mission = fetch(&mut change.tx, id).await?;
        let mission = mission.ok_or_else(|| Error::damaged("mission_id", id, "the job's mission is gone"))?;
        // First, because it locks the organisation: its runs and records are numbered in the order of their commits, so
        // that whoever pages through them by number misses none.
        touch_content(&mut change, org).await?;
        let seq = insert_run(&mut change, &mission, &run, bbox, now).await?;
        insert_features(&mut change, &mission, &run, seq).await?;
        complete_mission(&mut change, &mission, &run, now).await?;
        insert_record(&mut change, &charge(&mission, &run, node, seq, now)).await?;
        settle_credit(&mut change, id, run.charge_units, mission.spec.distress, now).await?;
        let published = fetch(&mut change.tx, id).await?.and_then(|mission| mission.run);
        change.commit().await?;
        Ok(published)
    }
}

async fn published_before(change: &mut Change, job: JobId, run: &NewRun) -> Result<Option<Run>> {
    let mission = sql::query(
        "SELECT r.mission_id FROM runs r JOIN missions m ON m.id = r.mission_id \
                               WHERE r.id = ? AND m.job_id = ? AND m.withdrawn_at IS NULL",
    )
    .bind(run.id)
    .bind(job)
    .fetch_optional(&mut change.tx)
    .await
    .map_err(Error::engine("look the run up"))?;
    let Some(row) = mission else { return Ok(None) };
    let id = Reader(&row).id("mission_id")?;
    Ok(fetch(&mut change.tx, id).await?.and_then(|mission| mission.run))
}

async fn insert_run(
    change: &mut Change,
    mission: &Mission,
    run: &NewRun,
    bbox: [f64; 4],
    now: Timestamp,
) -> Result<i64> {
    let [west, south, east, north] = bbox;
    sql::query_scalar(
        "INSERT INTO runs (id, mission_id, org_id, published_at, valid_from, valid_until, west, south, east, north, \
         summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
    )
    .bind(run.id)
    .bind(mission.id)
    .bind(mission.org)
    .bind(micros(now))
    .bind(micros(run.valid_from.0))
    .bind(micros(run.valid_until.0))
    .bind(west)
    .bind(south)
    .bind(east)
    .bind(north)
    .bind(json("the summary", &run.summary)?)
    .fetch_one(&mut change.tx)
    .await
    .map_err(Error::engine("publish the run"))
}

/// Rows of one statement: a statement has at most 32,766 values in the embedded engine.
const ROWS_AT_ONCE: usize = 200;

async fn insert_features(change: &mut Change, mission: &Mission, run: &NewRun, seq: i64) -> Result<()> {
    let numbered: Vec<(i64, &NewFeature)> = (0_i64..).zip(&run.features).collect();
    for rows in numbered.chunks(ROWS_AT_ONCE) {
        let mut query = QueryBuilder::new(
            "INSERT INTO features (run_seq, row, org_id, kind, mission_id, run_id, id, valid_time, level, west, south, \
             east, north, geometry, properties) VALUES ",
        );
        let mut separator = "(";
        for (row, feature) in rows {
            let [west, south, east, north] = place::checked(feature.bbox)?;
            let values: [Value; 15] = [
                seq.into(),
                (*row).into(),
                mission.org.into(),
                kind_number(feature.kind).into(),
                mission.id.into(),
                run.id.into(),
                feature.id.as_str().into(),
                micros(feature.valid_time.0).into(),
                feature.level.into(),
                west.into(),
                south.into(),
                east.into(),
                north.into(),
                json("the geometry", &feature.geometry)?.into(),
                json("the properties", &feature.properties)?.into(),
            ];
            for value in values {
                query.push(separator).push_bind(value);
                separator = ", ";
            }
            query.push(")");
            separator = ", (";
        }
        let inserted = query.build().execute(&mut change.tx).await;
        inserted.map_err(Error::engine("publish the features"))?;
    }
    Ok(())
}

async fn complete_mission(change: &mut Change, mission: &Mission, run: &NewRun, now: Timestamp) -> Result<()> {
    sql::query(
        "UPDATE missions SET status = 'completed', stage = 'completed', progress = 1, error = NULL, run_id = ?1, \
         valid_until = ?2, completed_at = ?3, updated_at = ?3 WHERE id = ?4",
    )
    .bind(run.id)
    .bind(micros(run.valid_until.0))
    .bind(micros(now))
    .bind(mission.id)
    .execute(&mut change.tx)
    .await
    .map(drop)
    .map_err(Error::engine("complete the mission"))
}

/// Epoch 0 is no process's start, and a run's sequence is given once: the record's number is unique.
fn charge(mission: &Mission, run: &NewRun, node: &str, seq: i64, now: Timestamp) -> UsageRecord {
    UsageRecord {
        node: node.to_owned(),
        epoch: 0,
        seq,
        org: mission.org,
        key: mission.created_by,
        meter: MISSION_METER.to_owned(),
        units: run.charge_units,
        at: now,
        request: None,
        mission: Some(mission.id),
    }
}
