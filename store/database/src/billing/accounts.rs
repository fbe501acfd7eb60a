//! Who is billed: what stands on an organisation's invoices, and its customer at Stripe.

use std::fmt;

use driftline_domain::OrgId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plans::is_stripe_id;
use super::sealing::{Sealing, needed};
use crate::accounts::AccountChange;
use crate::audit::{self, Act};
use crate::columns::{Reader, json, micros};
use crate::open::Change;
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// An organisation as a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Organisation.
    pub org: OrgId,
    /// What stands on invoices.
    pub details: AccountDetails,
    /// Its customer at Stripe.
    pub stripe_customer: Option<String>,
    /// The payment method that Stripe has of it.
    pub payment_method: Option<String>,
}

/// What stands on invoices. Printing it shows nothing personal.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountDetails {
    /// Name in full; empty: the organisation's.
    pub name: String,
    /// Address, a line each.
    pub address: Vec<String>,
    /// ISO 3166, two capital letters.
    pub country: String,
    /// VAT identification number.
    pub vat_id: String,
    /// Where invoices go.
    pub email: String,
    /// Tax in hundredths of a percent; none: the seller's own.
    pub tax_rate_bp: Option<i64>,
    /// The customer owes the tax (Article 196 of Directive 2006/112/EC): the invoice has none and says so.
    pub reverse_charge: bool,
}

impl fmt::Debug for AccountDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountDetails")
            .field("country", &self.country)
            .field("tax_rate_bp", &self.tax_rate_bp)
            .field("reverse_charge", &self.reverse_charge)
            .finish_non_exhaustive()
    }
}

impl AccountDetails {
    fn check(&self) -> Result<(), String> {
        let texts = [&self.name, &self.vat_id, &self.email, &self.country];
        for text in texts.into_iter().chain(&self.address) {
            if text.chars().count() > 255 || text.chars().any(char::is_control) {
                return Err("a text has at most 255 printable characters".to_owned());
            }
        }
        if self.address.len() > 8 {
            return Err(format!("the address has {} lines, at most 8", self.address.len()));
        }
        let is_country = self.country.len() == 2 && self.country.bytes().all(|b| b.is_ascii_uppercase());
        if !self.country.is_empty() && !is_country {
            return Err(format!("country '{}' is not of the form NO", self.country));
        }
        if self.tax_rate_bp.is_some_and(|rate| !(0..=10_000).contains(&rate)) {
            return Err("tax_rate_bp is 0 to 10000 hundredths of a percent".to_owned());
        }
        if self.reverse_charge && self.vat_id.is_empty() {
            return Err("reverse_charge needs the customer's vat_id".to_owned());
        }
        Ok(())
    }
}

/// A payment method that Stripe is to use for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodToTell {
    /// Organisation.
    pub org: OrgId,
    /// Its customer at Stripe.
    pub customer: String,
    /// The payment method.
    pub method: String,
}

/// A billing account as it is stored, with what is personal sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRow {
    org: OrgId,
    details: String,
    sealed: Option<Vec<u8>>,
}

/// What may be a person's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Personal {
    name: String,
    address: Vec<String>,
    vat_id: String,
    email: String,
}

impl AccountRow {
    fn new(org: OrgId, details: &AccountDetails, sealing: Option<&dyn Sealing>) -> Result<Self> {
        let mut open = details.clone();
        let personal = Personal {
            name: std::mem::take(&mut open.name),
            address: std::mem::take(&mut open.address),
            vat_id: std::mem::take(&mut open.vat_id),
            email: std::mem::take(&mut open.email),
        };
        let sealed = if open == *details {
            None
        } else {
            let plain = json("the billing account", &personal)?;
            let sealed = needed(sealing, org)?.seal(org, plain.as_bytes());
            Some(sealed.map_err(|why| Error::Sealed(org, why))?)
        };
        Ok(Self {
            org,
            details: json("the billing account", &open)?,
            sealed,
        })
    }
}

impl AccountChange {
    /// Puts a billing account in the place of the one before.
    pub async fn put_account(&mut self, row: &AccountRow, now: Timestamp) -> Result<()> {
        put(&mut self.0, row, now).await
    }
}

async fn put(change: &mut Change, row: &AccountRow, now: Timestamp) -> Result<()> {
    sql::query(
        "INSERT INTO billing_accounts (org_id, details, sealed, updated_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (org_id) DO UPDATE SET details = ?2, sealed = ?3, updated_at = ?4",
    )
    .bind(row.org)
    .bind(&row.details)
    .bind(row.sealed.clone())
    .bind(micros(now))
    .execute(&mut change.tx)
    .await
    .map(drop)
    .map_err(Error::engine("set the billing account"))
}

impl Database {
    /// Sets what stands on an organisation's invoices from now on.
    pub async fn set_account(&self, org: OrgId, details: &AccountDetails, now: Timestamp) -> Result<()> {
        let row = self.account_row(org, details)?;
        let mut change = self.change("set the billing account").await?;
        put(&mut change, &row, now).await?;
        let act = Act::of_system(Some(org), "billing_account.set", org, serde_json::json!({}));
        audit::append(&mut change, &act, now).await?;
        change.commit().await
    }

    /// A billing account as it is to be stored.
    pub fn account_row(&self, org: OrgId, details: &AccountDetails) -> Result<AccountRow> {
        details
            .check()
            .map_err(|rule| Error::invalid("the billing account", org, rule))?;
        AccountRow::new(org, details, self.sealing.as_deref())
    }

    /// An organisation as a customer; without details where none were set.
    pub async fn account(&self, org: OrgId) -> Result<Account> {
        let row = sql::query("SELECT * FROM billing_accounts WHERE org_id = ?")
            .bind(org)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the billing account"))?;
        let found = row
            .as_ref()
            .map(|row| account(row, self.sealing.as_deref()))
            .transpose()?;
        Ok(found.unwrap_or(Account {
            org,
            details: AccountDetails::default(),
            stripe_customer: None,
            payment_method: None,
        }))
    }

    /// Organisations that have a billing account.
    pub async fn billing_accounts(&self) -> Result<Vec<OrgId>> {
        let rows = sql::query("SELECT org_id FROM billing_accounts ORDER BY org_id")
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the billing accounts"))?;
        rows.iter().map(|row| Reader(row).id("org_id")).collect()
    }

    /// Notes the customer that Stripe made for an organisation; one that was noted before stays. Returns the one that counts.
    pub async fn note_stripe_customer(&self, org: OrgId, customer: &str, now: Timestamp) -> Result<String> {
        if !is_stripe_id(customer) {
            return Err(Error::invalid(
                "the customer",
                customer,
                "it is no identifier of Stripe",
            ));
        }
        sql::query_scalar(
            "INSERT INTO billing_accounts (org_id, details, stripe_customer, updated_at) VALUES (?1, '{}', ?2, ?3) \
             ON CONFLICT (org_id) DO UPDATE SET \
             stripe_customer = coalesce(billing_accounts.stripe_customer, ?2), updated_at = ?3 RETURNING stripe_customer",
        )
        .bind(org)
        .bind(customer)
        .bind(micros(now))
        .fetch_one(&self.writer)
        .await
        .map_err(Error::engine("note the customer"))
    }
}

impl Database {
    /// Customers at Stripe that have a payment method which it was not told to use yet.
    pub async fn payment_methods_to_tell(&self) -> Result<Vec<MethodToTell>> {
        let rows = sql::query(
            "SELECT org_id, stripe_customer, payment_method FROM billing_accounts WHERE stripe_customer IS NOT NULL \
             AND payment_method IS NOT NULL AND payment_method <> coalesce(payment_method_told, '') ORDER BY org_id",
        )
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the payment methods"))?;
        let read = |row: &Row| {
            let row = Reader(row);
            Ok(MethodToTell {
                org: row.id("org_id")?,
                customer: row.get("stripe_customer")?,
                method: row.get("payment_method")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Notes the payment method that Stripe was told to use.
    pub async fn payment_method_is_told(&self, org: OrgId, method: &str) -> Result<()> {
        sql::query("UPDATE billing_accounts SET payment_method_told = ? WHERE org_id = ?")
            .bind(method)
            .bind(org)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note the payment method"))
    }
}

pub(super) fn account(row: &Row, sealing: Option<&dyn Sealing>) -> Result<Account> {
    let row = Reader(row);
    let org = row.id("org_id")?;
    let mut details: AccountDetails = row.json("details")?;
    if let Some(sealed) = row.get::<Option<Vec<u8>>>("sealed")? {
        let plain = needed(sealing, org)?.open(org, &sealed);
        let plain = plain.map_err(|why| Error::Sealed(org, why))?;
        // What is personal is in no error.
        let personal = serde_json::from_slice::<Personal>(&plain);
        let personal =
            personal.map_err(|_never_shown| Error::Sealed(org, "it is not of the form it should have".to_owned()))?;
        details = AccountDetails {
            name: personal.name,
            address: personal.address,
            vat_id: personal.vat_id,
            email: personal.email,
            ..details
        };
    }
    Ok(Account {
        org,
        details,
        stripe_customer: row.get("stripe_customer")?,
        payment_method: row.get("payment_method")?,
    })
}
