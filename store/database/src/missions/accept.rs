//! Missions taken in: one, or many of which all are taken or none. Mission, job, reserved credit and idempotency key stand or
//! fall together. Locks are taken in one order: idempotency keys by name, the organisation, what hangs on it.

use driftline_domain::{JobId, OrgId};
use jiff::{SignedDuration, Timestamp};

use super::{IDEMPOTENCY_KEPT_H, fetch, hold_standing};
use crate::billing::hold_credit;
use crate::columns::{Reader, json, micros};
use crate::open::Change;
use crate::process_jobs::{self, NewProcessJob};
use crate::quotas::{hold_to_quotas, particle_hours};
use crate::{Act, Database, Error, Mission, MissionCreation, NewMission, Result, audit, queue, sql};

const WHAT: &str = "accept the mission";

/// A mission that passes every quota is on record, in the transaction that accepts it.
fn distress_call(new: &NewMission) -> Act {
    Act {
        org: Some(new.org),
        actor: new.created_by.to_string(),
        action: "mission.distress",
        subject: new.id.to_string(),
        details: serde_json::json!({}),
    }
}

impl Database {
    /// Accepts a mission: the mission, its job and its idempotency key stand or fall together.
    pub async fn create_mission(&self, new: NewMission) -> Result<MissionCreation> {
        self.accept_mission(new, None).await
    }

    /// Accepts missions of one organisation, all or none, in their order. Where an idempotency key came with another body
    /// before, nothing is accepted and [`MissionCreation::IdempotencyConflict`] is all that is answered.
    pub async fn create_missions(&self, all: &[NewMission]) -> Result<Vec<MissionCreation>> {
        self.accept_missions(all, None).await
    }

    pub(crate) async fn accept_mission(
        &self,
        new: NewMission,
        process_job: Option<NewProcessJob>,
    ) -> Result<MissionCreation> {
        let id = new.id;
        let taken = self.accept_missions(&[new], process_job.as_ref()).await?;
        taken.into_iter().next().ok_or(Error::NotFound {
            what: "mission",
            name: id.to_string(),
        })
    }

    async fn accept_missions(
        &self,
        all: &[NewMission],
        process_job: Option<&NewProcessJob>,
    ) -> Result<Vec<MissionCreation>> {
        let Some(first) = all.first() else {
            return Ok(Vec::new());
        };
        let (org, now) = (first.org, first.created_at);
        if let Some(other) = all.iter().find(|new| new.org != org) {
            return Err(Error::invalid(
                "the organisation",
                other.org,
                "missions of one submission are of one",
            ));
        }
        let queued_at = self.queue_now(now).await?;
        let mut change = self.change(WHAT).await?;
        let earlier = earlier_of_all(&mut change, all).await?;
        if earlier.contains(&Some(MissionCreation::IdempotencyConflict)) {
            return Ok(vec![MissionCreation::IdempotencyConflict]);
        }
        let fresh: Vec<&NewMission> = all
            .iter()
            .zip(&earlier)
            .filter_map(|(new, earlier)| earlier.is_none().then_some(new))
            .collect();
        if fresh.is_empty() {
            return Ok(earlier.into_iter().flatten().collect());
        }
        // First, because it locks the organisation: its jobs enter the queue one by one.
        hold_standing(&mut change, org).await?;
        hold_back(&mut change, org, &fresh, now).await?;
        for new in &fresh {
            let job = JobId::generate();
            insert(&mut change, new, job).await?;
            queue::enter(&mut change, new, job, &self.rules, queued_at).await?;
            if let Some(process_job) = process_job {
                process_jobs::insert(&mut change, new, process_job).await?;
            }
        }
        pay(&mut change, org, &fresh).await?;
        let mut taken = Vec::with_capacity(all.len());
        for (new, earlier) in all.iter().zip(earlier) {
            taken.push(match earlier {
                Some(earlier) => earlier,
                None => MissionCreation::Created(created(&mut change, new).await?),
            });
        }
        // Last of all, since whoever writes the same chain waits from here on.
        for new in fresh.iter().filter(|new| new.spec.distress) {
            audit::append(&mut change, &distress_call(new), new.created_at).await?;
        }
        change.commit().await?;
        Ok(taken)
    }

    /// Whether a submission with this idempotency key was accepted before: then `create_mission` creates nothing.
    pub async fn knows_submission(&self, org: OrgId, key: &str, now: Timestamp) -> Result<bool> {
        sql::query_scalar("SELECT count(*) > 0 FROM idempotency WHERE org_id = ? AND key = ? AND created_at >= ?")
            .bind(org)
            .bind(key)
            .bind(oldest_key(now))
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("look the idempotency key up"))
    }
}

fn oldest_key(now: Timestamp) -> i64 {
    micros(now) - SignedDuration::from_hours(IDEMPOTENCY_KEPT_H).as_micros() as i64
}

/// What became of the submissions that came before, by their idempotency keys, which are locked in the order of their names.
async fn earlier_of_all(change: &mut Change, all: &[NewMission]) -> Result<Vec<Option<MissionCreation>>> {
    let mut keys: Vec<(OrgId, &str)> = all
        .iter()
        .filter_map(|new| new.idempotency.as_ref().map(|(key, _)| (new.org, key.as_str())))
        .collect();
    keys.sort_unstable();
    if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::invalid(
            "the idempotency key",
            twice[0].1,
            "it stands twice in one submission",
        ));
    }
    for (org, key) in &keys {
        change.lock(&format!("submission {org} {key}")).await?;
    }
    if let Some(new) = all.first().filter(|_| !keys.is_empty()) {
        forget_old_keys(change, new.created_at).await?;
    }
    let mut found = Vec::with_capacity(all.len());
    for new in all {
        found.push(match &new.idempotency {
            Some((key, sha256)) => earlier(change, new, key, sha256).await?,
            None => None,
        });
    }
    Ok(found)
}

async fn forget_old_keys(change: &mut Change, now: Timestamp) -> Result<()> {
    sql::query("DELETE FROM idempotency WHERE created_at < ?")
        .bind(oldest_key(now))
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("forget old idempotency keys"))
}

async fn earlier(
    change: &mut Change,
    new: &NewMission,
    key: &str,
    sha256: &[u8; 32],
) -> Result<Option<MissionCreation>> {
    let row = sql::query("SELECT body_sha256, mission_id FROM idempotency WHERE org_id = ? AND key = ?")
        .bind(new.org)
        .bind(key)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine("look the idempotency key up"))?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader(&row);
    let body: Vec<u8> = row.get("body_sha256")?;
    if body != sha256 {
        return Ok(Some(MissionCreation::IdempotencyConflict));
    }
    let id = row.id("mission_id")?;
    let mission = fetch(&mut change.tx, id).await?;
    mission
        .map(|mission| Some(MissionCreation::Replayed(mission)))
        .ok_or_else(|| Error::damaged("mission_id", id, "its mission is gone"))
}

/// The quota, for all of them before any.
async fn hold_back(change: &mut Change, org: OrgId, fresh: &[&NewMission], now: Timestamp) -> Result<()> {
    let ordinary = fresh.iter().filter(|new| !new.spec.distress);
    let asked: Vec<i64> = ordinary.map(|new| particle_hours(&new.spec)).collect();
    if asked.is_empty() {
        return Ok(());
    }
    hold_to_quotas(change, org, asked.iter().sum(), now).await
}

/// Reserves credit for each; what is short is told for all of them together.
async fn pay(change: &mut Change, org: OrgId, fresh: &[&NewMission]) -> Result<()> {
    let mut held = 0_i64;
    for new in fresh {
        let done = hold_credit(change, org, new.id, &new.spec, new.created_at).await;
        if let Err(Error::CreditShort { balance, .. }) = done {
            return Err(Error::CreditShort {
                needed: fresh.iter().map(|new| particle_hours(&new.spec)).sum(),
                balance: balance.saturating_add(held),
            });
        }
        done?;
        held = held.saturating_add(particle_hours(&new.spec));
    }
    Ok(())
}

async fn insert(change: &mut Change, new: &NewMission, job: JobId) -> Result<()> {
    let name = new.spec.name.as_deref().unwrap_or_default();
    sql::query(
        "INSERT INTO missions (id, org_id, created_by, job_id, search, spec, warnings, status, stage, created_at, \
         updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', 'queued', ?8, ?8)",
    )
    .bind(new.id)
    .bind(new.org)
    .bind(new.created_by)
    .bind(job)
    .bind(name.to_lowercase())
    .bind(json("the mission", &new.spec)?)
    .bind(json("the warnings", &new.warnings)?)
    .bind(micros(new.created_at))
    .execute(&mut change.tx)
    .await
    .map_err(Error::engine(WHAT))?;
    let Some((key, sha256)) = &new.idempotency else {
        return Ok(());
    };
    sql::query("INSERT INTO idempotency (org_id, key, body_sha256, mission_id, created_at) VALUES (?, ?, ?, ?, ?)")
        .bind(new.org)
        .bind(key)
        .bind(sha256.to_vec())
        .bind(new.id)
        .bind(micros(new.created_at))
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine(WHAT))
}

async fn created(change: &mut Change, new: &NewMission) -> Result<Mission> {
    let mission = fetch(&mut change.tx, new.id).await?;
    mission.ok_or_else(|| Error::NotFound {
        what: "mission",
        name: new.id.to_string(),
    })
}
