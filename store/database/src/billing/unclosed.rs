//! Which months have no invoice yet: what whoever closes months by itself looks at, so that none is forgotten because the service
//! stood still when it was due.

use std::collections::{BTreeMap, BTreeSet};

use driftline_domain::OrgId;
use jiff::Timestamp;

use crate::columns::Reader;
use crate::sql;
use crate::{Database, Error, Result};

/// When an organisation had a plan, and which of its months are closed.
#[derive(Debug, Clone, PartialEq)]
pub struct PlansAndClosed {
    /// Organisation.
    pub org: OrgId,
    /// From when until when; none: without end. Oldest first.
    pub plans: Vec<(Timestamp, Option<Timestamp>)>,
    /// First instants of the months that have an invoice.
    pub closed: BTreeSet<Timestamp>,
}

impl Database {
    /// Every organisation that ever had a plan: when it had one, and which months are closed.
    pub async fn plans_and_closed_months(&self) -> Result<Vec<PlansAndClosed>> {
        let what = "look for months that are not closed";
        let mut all: BTreeMap<OrgId, PlansAndClosed> = BTreeMap::new();
        let rows =
            sql::query("SELECT org_id, starts_at, ends_at FROM billing_subscriptions ORDER BY org_id, starts_at")
                .fetch_all(&self.reader)
                .await
                .map_err(Error::engine(what))?;
        for row in &rows {
            let row = Reader(row);
            let org = row.id("org_id")?;
            let known = all.entry(org).or_insert_with(|| PlansAndClosed {
                org,
                plans: Vec::new(),
                closed: BTreeSet::new(),
            });
            known.plans.push((row.time("starts_at")?, row.maybe_time("ends_at")?));
        }
        let rows = sql::query("SELECT org_id, period_from FROM invoices")
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine(what))?;
        for row in &rows {
            let row = Reader(row);
            if let Some(known) = all.get_mut(&row.id("org_id")?) {
                known.closed.insert(row.time("period_from")?);
            }
        }
        Ok(all.into_values().collect())
    }
}
