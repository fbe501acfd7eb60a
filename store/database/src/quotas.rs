//! Quotas of organisations by meter and period, how much of them is used by the ledger, and notices that a part of one has
//! been reached. Days and months are those of UTC.

mod of_missions;

use driftline_domain::OrgId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub(crate) use of_missions::{hold_to_quotas, particle_hours};

use crate::accounts::AccountChange;
use crate::audit::{self, Act};
use crate::columns::{Reader, micros};
use crate::orgs_keys::require_standing;
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// The time that a quota is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaPeriod {
    /// A day.
    Day,
    /// A calendar month.
    Month,
}

/// What an organisation may use of one meter in one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// Whose.
    pub org: OrgId,
    /// What is counted.
    pub meter: String,
    /// In which time.
    pub period: QuotaPeriod,
    /// Units of which the organisation is told.
    pub soft: Option<i64>,
    /// Units beyond which it is refused.
    pub hard: Option<i64>,
}

/// A quota and what the ledger has of it in the current period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaUse {
    /// The quota.
    #[serde(flatten)]
    pub quota: Quota,
    /// Units in the ledger.
    pub used: i64,
}

/// Which bound of a quota a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaBound {
    /// The one that is told.
    Soft,
    /// The one that is refused.
    Hard,
}

/// An organisation has reached a part of a quota.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaNotice {
    /// Whose.
    pub org: OrgId,
    /// Of which meter.
    pub meter: String,
    /// Of which period.
    pub period: QuotaPeriod,
    /// When that began.
    pub period_start: Timestamp,
    /// Of which bound.
    pub bound: QuotaBound,
    /// How much of it, 80 or 100.
    pub percent: i64,
    /// The bound's units.
    pub units: i64,
    /// What was used then.
    pub used: i64,
    /// When it was noticed.
    pub at: Timestamp,
}

impl QuotaPeriod {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// Its name in rows and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The period that holds this instant: its beginning, and that of the next.
    pub fn around(self, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
        let bounds = || -> std::result::Result<_, jiff::Error> {
            let day = now.to_zoned(TimeZone::UTC).date();
            let (start, next) = match self {
                Self::Day => (day, day.tomorrow()?),
                Self::Month => (day.first_of_month(), day.last_of_month().tomorrow()?),
            };
            let instant = |date: jiff::civil::Date| Ok::<_, jiff::Error>(date.to_zoned(TimeZone::UTC)?.timestamp());
            Ok((instant(start)?, instant(next)?))
        };
        bounds().map_err(|error| Error::invalid("the time", now, error))
    }

    fn of_name(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|period| period.name() == name);
        known.ok_or_else(|| Error::damaged("period", name, "no such period is known"))
    }
}

impl QuotaBound {
    /// Its name in rows and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

impl Database {
    /// Sets a quota in place of the one before; without both bounds there is none any more.
    pub async fn set_quota(&self, quota: &Quota, now: Timestamp) -> Result<()> {
        if let Some(units) = [quota.soft, quota.hard].into_iter().flatten().find(|units| *units < 1) {
            return Err(Error::invalid("the quota", units, "a quota has at least one unit"));
        }
        let what = "set the quota";
        let mut change = self.change(what).await?;
        let is_removed = quota.soft.is_none() && quota.hard.is_none();
        require_standing(&mut change, quota.org).await?;
        let statement = if is_removed {
            sql::query("DELETE FROM quotas WHERE org_id = ? AND meter = ? AND period = ?")
                .bind(quota.org)
                .bind(&quota.meter)
                .bind(quota.period.name())
        } else {
            sql::query(
                "INSERT INTO quotas (org_id, meter, period, soft, hard, set_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (org_id, meter, period) DO UPDATE SET soft = ?4, hard = ?5, set_at = ?6",
            )
            .bind(quota.org)
            .bind(&quota.meter)
            .bind(quota.period.name())
            .bind(quota.soft)
            .bind(quota.hard)
            .bind(micros(now))
        };
        let done = statement.execute(&mut change.tx).await.map_err(Error::engine(what))?;
        if done.rows_affected() > 0 {
            let action = if is_removed { "quota.removed" } else { "quota.set" };
            let details = serde_json::json!({
                "period": quota.period, "soft": quota.soft, "hard": quota.hard
            });
            let act = Act::of_system(Some(quota.org), action, &quota.meter, details);
            audit::append(&mut change, &act, now).await?;
        }
        change.commit().await
    }

    /// The quotas of one organisation, or of all, with what the ledger has in the current periods. Usage that came late
    /// counts when it was entered, as on the bill.
    pub async fn quota_use(&self, org: Option<OrgId>, now: Timestamp) -> Result<Vec<QuotaUse>> {
        let mut all = Vec::new();
        for period in QuotaPeriod::ALL {
            let (start, _) = period.around(now)?;
            let sum = |table: &str, time: &str| {
                let units = sql::whole_sum("u.units");
                format!(
                    "(SELECT {units} FROM {table} u WHERE u.org_id = q.org_id \
                     AND u.meter = q.meter AND u.{time} >= ?1)"
                )
            };
            let (hours, late) = (sum("usage_hours", "hour"), sum("usage_late", "entered_hour"));
            let of_one = if org.is_some() { " AND q.org_id = ?3" } else { "" };
            let text = format!(
                "SELECT q.org_id, q.meter, q.period, q.soft, q.hard, {hours} AS used, {late} AS late FROM quotas q \
                 WHERE q.period = ?2{of_one} ORDER BY q.org_id, q.meter"
            );
            let mut query = sql::query(text).bind(micros(start)).bind(period.name());
            if let Some(org) = org {
                query = query.bind(org);
            }
            let rows = query
                .fetch_all(&self.reader)
                .await
                .map_err(Error::engine("read the quotas"))?;
            for row in &rows {
                all.push(quota_use(row)?);
            }
        }
        Ok(all)
    }

    /// Notes that a part of a quota was reached; false where that was noted before.
    pub async fn note_quota(&self, notice: &QuotaNotice) -> Result<bool> {
        let noted = sql::query(
            "INSERT INTO quota_notices (org_id, meter, period, period_start, bound, percent, units, used, at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(notice.org)
        .bind(&notice.meter)
        .bind(notice.period.name())
        .bind(micros(notice.period_start))
        .bind(notice.bound.name())
        .bind(notice.percent)
        .bind(notice.units)
        .bind(notice.used)
        .bind(micros(notice.at))
        .execute(&self.writer)
        .await
        .map_err(Error::engine("note the quota"))?;
        Ok(noted.rows_affected() > 0)
    }

    /// Notices of an organisation since a time, newest first.
    pub async fn quota_notices(&self, org: OrgId, since: Timestamp) -> Result<Vec<QuotaNotice>> {
        let rows = sql::query(
            "SELECT * FROM quota_notices WHERE org_id = ? AND at >= ? ORDER BY at DESC, meter, percent DESC",
        )
        .bind(org)
        .bind(micros(since))
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("read the notices"))?;
        rows.iter().map(notice).collect()
    }

    /// Notices of which nobody was told yet, oldest first.
    pub async fn quota_notices_to_tell(&self, limit: u32) -> Result<Vec<QuotaNotice>> {
        let rows = sql::query("SELECT * FROM quota_notices WHERE told_at IS NULL ORDER BY at LIMIT ?")
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("read the notices"))?;
        rows.iter().map(notice).collect()
    }
}

impl AccountChange {
    /// The organisation is told of this notice in this change; false where somebody else told it before.
    pub async fn quota_notice_told(&mut self, notice: &QuotaNotice, now: Timestamp) -> Result<bool> {
        let told = sql::query(
            "UPDATE quota_notices SET told_at = ? WHERE org_id = ? AND meter = ? AND period = ? AND period_start = ? \
             AND bound = ? AND percent = ? AND told_at IS NULL",
        )
        .bind(micros(now))
        .bind(notice.org)
        .bind(&notice.meter)
        .bind(notice.period.name())
        .bind(micros(notice.period_start))
        .bind(notice.bound.name())
        .bind(notice.percent)
        .execute(&mut self.0.tx)
        .await
        .map_err(Error::engine("note that a notice was told"))?;
        Ok(told.rows_affected() > 0)
    }
}

fn quota_use(row: &Row) -> Result<QuotaUse> {
    let row = Reader(row);
    Ok(QuotaUse {
        quota: Quota {
            org: row.id("org_id")?,
            meter: row.get("meter")?,
            period: QuotaPeriod::of_name(&row.get::<String>("period")?)?,
            soft: row.get("soft")?,
            hard: row.get("hard")?,
        },
        used: row.get::<i64>("used")?.saturating_add(row.get("late")?),
    })
}

fn notice(row: &Row) -> Result<QuotaNotice> {
    let row = Reader(row);
    let bound: String = row.get("bound")?;
    Ok(QuotaNotice {
        org: row.id("org_id")?,
        meter: row.get("meter")?,
        period: QuotaPeriod::of_name(&row.get::<String>("period")?)?,
        period_start: row.time("period_start")?,
        bound: [QuotaBound::Soft, QuotaBound::Hard]
            .into_iter()
            .find(|known| known.name() == bound)
            .ok_or_else(|| Error::damaged("bound", &bound, "no such bound is known"))?,
        percent: row.get("percent")?,
        units: row.get("units")?,
        used: row.get("used")?,
        at: row.time("at")?,
    })
}
