//! The audit log: who did what, as a chain of hashes for each organisation and one for the installation. An entry is
//! written in the transaction of the act that it tells of, so that neither is without the other. An entry holds ids and
//! no personal data: a person who is erased leaves a number behind.
//!
//! The hash of an entry is the SHA-256 over the hash before it and every field, each behind its length (8 bytes,
//! big-endian). Whoever keeps the newest hash elsewhere finds out whether anything before it was changed, taken out or
//! put in.

use driftline_domain::OrgId;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::columns::{Reader, json, micros};
use crate::open::Change;
use crate::orgs_keys::{bytes_32, whole_micros};
use crate::sql::{self, QueryBuilder, Row};
use crate::{Database, Error, Result};

/// Entries that are read at once for a verification.
const BATCH: i64 = 1_000;

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// In whose chain it stands; `None`: the installation's.
    pub org: Option<OrgId>,
    /// Who did it: `usr_…`, `key_…`, `system` or `nobody`.
    pub actor: String,
    /// What, for example `member.removed`.
    pub action: &'static str,
    /// What it was done to, for example an id.
    pub subject: String,
    /// More about it, without personal data and secrets.
    pub details: serde_json::Value,
}

impl Act {
    /// What whoever runs the installation did, or the service by itself.
    pub fn of_system(
        org: Option<OrgId>,
        action: &'static str,
        subject: impl ToString,
        details: serde_json::Value,
    ) -> Self {
        Self {
            org,
            actor: "system".to_owned(),
            action,
            subject: subject.to_string(),
            details,
        }
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its number in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More about it, JSON as it was stored.
    #[serde(skip)]
    pub details: String,
    /// Hash of the entry before it; zeros for the first.
    #[serde(skip)]
    pub previous: [u8; 32],
    /// Its own hash.
    #[serde(skip)]
    pub hash: [u8; 32],
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only those with a smaller number: pages go from the newest to the oldest.
    pub before: Option<i64>,
    /// Only those with a larger number.
    pub after: Option<i64>,
    /// Only this action.
    pub action: Option<String>,
    /// Only of this actor.
    pub actor: Option<String>,
    /// Only from then on.
    pub from: Option<Timestamp>,
    /// Only before then.
    pub until: Option<Timestamp>,
    /// Oldest first.
    pub oldest_first: bool,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Entries that were looked at.
    pub entries: i64,
    /// Number of the first entry that is not what it was, or is missing.
    pub broken_at: Option<i64>,
    /// Hash of the newest entry; to be kept elsewhere.
    pub head: [u8; 32],
}

impl AuditEntry {
    /// The hash that this entry must have in the chain of this organisation.
    pub fn digest(&self, org: Option<OrgId>) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.previous);
        let (chain, seq, at) = (chain_of(org), self.seq.to_be_bytes(), micros(self.at).to_be_bytes());
        let fields: [&[u8]; 7] = [
            chain.as_bytes(),
            &seq,
            &at,
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.subject.as_bytes(),
            self.details.as_bytes(),
        ];
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        hash.finalize().into()
    }
}

fn chain_of(org: Option<OrgId>) -> Uuid {
    org.map_or(Uuid::nil(), |org| org.uuid())
}

/// Appends to a chain in a transaction. The chain's head is locked to its end: this comes last in the transaction.
pub(crate) async fn append(change: &mut Change, act: &Act, now: Timestamp) -> Result<()> {
    let failed = || Error::engine("write the audit log");
    let chain = chain_of(act.org);
    let head = sql::query(
        "INSERT INTO audit_heads (chain, seq, hash) VALUES (?, 1, ?) \
         ON CONFLICT (chain) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash",
    )
    .bind(chain)
    .bind(vec![0_u8; 32])
    .fetch_one(&mut change.tx)
    .await
    .map_err(failed())?;
    let head = Reader(&head);
    let mut entry = AuditEntry {
        seq: head.get("seq")?,
        at: whole_micros(now),
        actor: act.actor.clone(),
        action: act.action.to_owned(),
        subject: act.subject.clone(),
        details: json("audit details", &act.details)?,
        previous: bytes_32("hash", head.get("hash")?)?,
        hash: [0; 32],
    };
    entry.hash = entry.digest(act.org);
    sql::query(
        "INSERT INTO audit_entries (chain, seq, at, actor, action, subject, details, previous, hash) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(chain)
    .bind(entry.seq)
    .bind(micros(entry.at))
    .bind(&entry.actor)
    .bind(&entry.action)
    .bind(&entry.subject)
    .bind(&entry.details)
    .bind(entry.previous.to_vec())
    .bind(entry.hash.to_vec())
    .execute(&mut change.tx)
    .await
    .map_err(failed())?;
    sql::query("UPDATE audit_heads SET hash = ? WHERE chain = ?")
        .bind(entry.hash.to_vec())
        .bind(chain)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(failed())
}

impl Database {
    /// Writes an entry for an act that changed nothing else.
    pub async fn record_act(&self, act: &Act, now: Timestamp) -> Result<()> {
        let mut change = self.change("write the audit log").await?;
        append(&mut change, act, now).await?;
        change.commit().await
    }

    /// Entries of a chain, newest first unless told otherwise.
    pub async fn audit_entries(&self, org: Option<OrgId>, filter: &AuditFilter, limit: i64) -> Result<Vec<AuditEntry>> {
        let mut query = QueryBuilder::new("SELECT * FROM audit_entries WHERE chain = ");
        query.push_bind(chain_of(org));
        if let Some(before) = filter.before {
            query.push(" AND seq < ").push_bind(before);
        }
        if let Some(after) = filter.after {
            query.push(" AND seq > ").push_bind(after);
        }
        if let Some(action) = &filter.action {
            query.push(" AND action = ").push_bind(action);
        }
        if let Some(actor) = &filter.actor {
            query.push(" AND actor = ").push_bind(actor);
        }
        if let Some(from) = filter.from {
            query.push(" AND at >= ").push_bind(micros(from));
        }
        if let Some(until) = filter.until {
            query.push(" AND at < ").push_bind(micros(until));
        }
        query.push(if filter.oldest_first {
            " ORDER BY seq LIMIT "
        } else {
            " ORDER BY seq DESC LIMIT "
        });
        query.push_bind(limit);
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("read the audit log"))?;
        rows.iter().map(entry_of).collect()
    }

    /// Computes every hash of a chain anew.
    pub async fn verify_audit(&self, org: Option<OrgId>) -> Result<AuditVerdict> {
        let (head_seq, head_hash) = self.audit_head(org).await?;
        let mut verdict = AuditVerdict {
            entries: 0,
            broken_at: None,
            head: head_hash,
        };
        let mut previous = [0; 32];
        loop {
            let filter = AuditFilter {
                after: Some(verdict.entries),
                oldest_first: true,
                ..AuditFilter::default()
            };
            let batch = self.audit_entries(org, &filter, BATCH).await?;
            // What was appended meanwhile is not looked at.
            let batch: Vec<AuditEntry> = batch.into_iter().filter(|entry| entry.seq <= head_seq).collect();
            for entry in &batch {
                let expected = verdict.entries + 1;
                if entry.seq != expected || entry.previous != previous || entry.hash != entry.digest(org) {
                    verdict.broken_at = Some(expected);
                    return Ok(verdict);
                }
                previous = entry.hash;
                verdict.entries = expected;
            }
            if batch.is_empty() {
                break;
            }
        }
        if verdict.entries != head_seq || previous != head_hash {
            verdict.broken_at = Some(verdict.entries + 1);
        }
        Ok(verdict)
    }

    /// Number and hash of the newest entry; 0 and zeros where there is none.
    pub async fn audit_head(&self, org: Option<OrgId>) -> Result<(i64, [u8; 32])> {
        let row = sql::query("SELECT seq, hash FROM audit_heads WHERE chain = ?")
            .bind(chain_of(org))
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the audit log"))?;
        let Some(row) = row else {
            return Ok((0, [0; 32]));
        };
        let row = Reader(&row);
        Ok((row.get("seq")?, bytes_32("hash", row.get("hash")?)?))
    }
}

fn entry_of(row: &Row) -> Result<AuditEntry> {
    let row = Reader(row);
    Ok(AuditEntry {
        seq: row.get("seq")?,
        at: row.time("at")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        details: row.get("details")?,
        previous: bytes_32("previous", row.get("previous")?)?,
        hash: bytes_32("hash", row.get("hash")?)?,
    })
}
