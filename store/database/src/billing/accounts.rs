//! Who is billed: what stands on an organisation's invoices, and its customer at Stripe.

use driftline_domain::OrgId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plans::is_stripe_id;
use crate::columns::{Reader, json, micros};
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

/// What stands on invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl Database {
    /// Sets what stands on an organisation's invoices from now on.
    pub async fn set_account(&self, org: OrgId, details: &AccountDetails, now: Timestamp) -> Result<()> {
        details
            .check()
            .map_err(|rule| Error::invalid("the billing account", org, rule))?;
        sql::query(
            "INSERT INTO billing_accounts (org_id, details, updated_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (org_id) DO UPDATE SET details = ?2, updated_at = ?3",
        )
        .bind(org)
        .bind(json("the billing account", details)?)
        .bind(micros(now))
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(Error::engine("set the billing account"))
    }

    /// An organisation as a customer; without details where none were set.
    pub async fn account(&self, org: OrgId) -> Result<Account> {
        let row = sql::query("SELECT * FROM billing_accounts WHERE org_id = ?")
            .bind(org)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the billing account"))?;
        let found = row.as_ref().map(account).transpose()?;
        Ok(found.unwrap_or(Account {
            org,
            details: AccountDetails::default(),
            stripe_customer: None,
            payment_method: None,
        }))
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
    pub async fn payment_methods_to_tell(&self) -> Result<Vec<Account>> {
        let rows = sql::query(
            "SELECT * FROM billing_accounts WHERE stripe_customer IS NOT NULL AND payment_method IS NOT NULL \
             AND payment_method <> coalesce(payment_method_told, '') ORDER BY org_id",
        )
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the payment methods"))?;
        rows.iter().map(account).collect()
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

pub(super) fn account(row: &Row) -> Result<Account> {
    let row = Reader(row);
    Ok(Account {
        org: row.id("org_id")?,
        details: row.json("details")?,
        stripe_customer: row.get("stripe_customer")?,
        payment_method: row.get("payment_method")?,
    })
}
