//! Plans: what a month costs, what it includes and what more costs. A plan that was made is never changed; the next version
//! of its name takes its place for those who are given it from then on.

use std::collections::BTreeMap;

use driftline_domain::PlanId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::{self, Act};
use crate::columns::{Reader, json, micros};
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// A version of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Its identifier.
    pub id: PlanId,
    /// The name that all its versions share.
    pub name: String,
    /// From 1.
    pub version: i64,
    /// What it costs.
    pub terms: PlanTerms,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a plan costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTerms {
    /// What customers read.
    pub title: String,
    /// ISO 4217, three capital letters.
    pub currency: String,
    /// Price of a month, minor units.
    pub monthly_minor: i64,
    /// Whether missions are paid with credit bought before: without credit no mission, distress apart.
    #[serde(default)]
    pub prepaid: bool,
    /// Prices by meter; what is used of other meters is counted and free.
    #[serde(default)]
    pub meters: BTreeMap<String, MeterPrice>,
    /// Prices in Stripe that a subscription there is made of; empty: nothing of this plan is in Stripe.
    #[serde(default)]
    pub stripe_prices: Vec<String>,
}

/// What a meter's units cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterPrice {
    /// Units of each month that cost nothing more.
    #[serde(default)]
    pub included: i64,
    /// Price of `per` units beyond them, minor units.
    pub minor: i64,
    /// How many units that price is for: small prices need no fractions.
    #[serde(default = "one")]
    pub per: i64,
}

fn one() -> i64 {
    1
}

/// Prices and quantities at most: their products and sums stay far from what 64 bits hold.
const MOST: i64 = 1_000_000_000_000;

impl PlanTerms {
    fn check(&self) -> Result<(), String> {
        let length = self.title.trim().chars().count();
        if !(1..=200).contains(&length) || self.title.chars().any(char::is_control) {
            return Err("title has 1 to 200 printable characters".to_owned());
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(format!("currency '{}' is not of the form EUR", self.currency));
        }
        if !(0..=MOST).contains(&self.monthly_minor) {
            return Err(format!("monthly_minor is {}; it is 0 to {MOST}", self.monthly_minor));
        }
        for (meter, price) in &self.meters {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            if !(1..=48).contains(&meter.len()) || !meter.bytes().all(plain) {
                return Err(format!("'{meter}' is no name of a meter"));
            }
            if !(0..=MOST).contains(&price.included) || !(0..=MOST).contains(&price.minor) {
                return Err(format!("meters.{meter}: included and minor are 0 to {MOST}"));
            }
            if !(1..=MOST).contains(&price.per) {
                return Err(format!("meters.{meter}.per is {}; it is 1 to {MOST}", price.per));
            }
        }
        match self.stripe_prices.iter().find(|price| !is_stripe_id(price)) {
            Some(price) => Err(format!("stripe_prices: '{price}' is no identifier of Stripe")),
            None => Ok(()),
        }
    }
}

/// Letters, digits and underscores: what may stand in an address there.
pub(super) fn is_stripe_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl Database {
    /// Makes a plan, or the next version of one; terms that equal the newest version's make none.
    pub async fn put_plan(&self, name: &str, terms: &PlanTerms, now: Timestamp) -> Result<Plan> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
            let rule = "a name has 1 to 64 lower-case letters, digits and dashes";
            return Err(Error::invalid("the plan name", format!("'{name}'"), rule));
        }
        terms
            .check()
            .map_err(|rule| Error::invalid("the plan", format!("'{name}'"), rule))?;
        let what = "make the plan";
        let mut change = self.change(what).await?;
        change.lock(&format!("plan {name}")).await?;
        let newest = sql::query("SELECT * FROM billing_plans WHERE name = ? ORDER BY version DESC LIMIT 1")
            .bind(name)
            .fetch_optional(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        let newest = newest.as_ref().map(plan).transpose()?;
        let version = match newest {
            Some(newest) if newest.terms == *terms => return Ok(newest),
            Some(newest) => newest.version + 1,
            None => 1,
        };
        let row = sql::query(
            "INSERT INTO billing_plans (id, name, version, terms, created_at) VALUES (?, ?, ?, ?, ?) RETURNING *",
        )
        .bind(PlanId::generate())
        .bind(name)
        .bind(version)
        .bind(json("the plan", terms)?)
        .bind(micros(now))
        .fetch_one(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let made = plan(&row)?;
        let details = serde_json::json!({ "version": version });
        audit::append(&mut change, &Act::of_system(None, "plan.made", name, details), now).await?;
        change.commit().await?;
        Ok(made)
    }

    /// The newest version of every plan, by name.
    pub async fn plans(&self) -> Result<Vec<Plan>> {
        let rows = sql::query(
            "SELECT * FROM billing_plans p WHERE version = (SELECT max(version) FROM billing_plans n \
             WHERE n.name = p.name) ORDER BY name",
        )
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the plans"))?;
        rows.iter().map(plan).collect()
    }

    /// The newest version of the plan of this name.
    pub async fn plan(&self, name: &str) -> Result<Option<Plan>> {
        let row = sql::query("SELECT * FROM billing_plans WHERE name = ? ORDER BY version DESC LIMIT 1")
            .bind(name)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the plan"))?;
        row.as_ref().map(plan).transpose()
    }
}

/// A plan from a row of its table.
pub(super) fn plan(row: &Row) -> Result<Plan> {
    let row = Reader(row);
    Ok(Plan {
        id: row.id("id")?,
        name: row.get("name")?,
        version: row.get("version")?,
        terms: row.json("terms")?,
        created_at: row.time("created_at")?,
    })
}
