//! Organisations and their plans at Stripe. Each is looked for there by the identifier of ours that it carries before it is made:
//! whether an earlier attempt arrived is then no question.

use driftline_database::{Database, Subscription};
use driftline_domain::OrgId;
use jiff::Timestamp;

use super::client::{Stripe, text};
use super::error::StripeError;
use super::form::Form;
use crate::billing::Month;
use crate::chain;

const CUSTOMERS: &str = "/v1/customers";
const SUBSCRIPTIONS: &str = "/v1/subscriptions";

/// The customer of an organisation, made where there is none yet.
pub(super) async fn customer(
    database: &Database,
    stripe: &Stripe,
    org: OrgId,
    now: Timestamp,
) -> Result<String, StripeError> {
    let account = database.account(org).await?;
    if let Some(customer) = account.stripe_customer {
        return Ok(customer);
    }
    let path = format!("{CUSTOMERS}/search");
    let query = Form::new().with("query", format!("metadata['driftline_org']:'{org}'"));
    let found = stripe.get(&path, &query).await?;
    let customer = match found["data"].get(0) {
        Some(found) => text(found, &path, "id")?.to_owned(),
        None => {
            let name = match account.details.name.as_str() {
                "" => database
                    .organisation(org)
                    .await?
                    .map(|org| org.name)
                    .unwrap_or_default(),
                name => name.to_owned(),
            };
            let form = Form::new()
                .with("name", name)
                .with_some("email", &account.details.email)
                .with("metadata[driftline_org]", org);
            let made = stripe.post(CUSTOMERS, &form, &format!("customer-{org}")).await?;
            text(&made, CUSTOMERS, "id")?.to_owned()
        }
    };
    Ok(database.note_stripe_customer(org, &customer, now).await?)
}

/// Ends a subscription at Stripe, with an invoice of the usage that stands on none yet; what was paid for the rest of the month
/// is given back on it.
pub(super) async fn end(
    database: &Database,
    stripe: &Stripe,
    subscription: &Subscription,
    there: &str,
) -> Result<(), StripeError> {
    let id = subscription.id;
    let path = format!("{SUBSCRIPTIONS}/{there}");
    let form = Form::new().with("invoice_now", true).with("prorate", true);
    match stripe.delete(&path, &form, &format!("end-{id}")).await {
        // It has ended there already.
        Err(error) if error.is_final() => tracing::warn!(%error, "a subscription at Stripe could not be ended"),
        other => drop(other?),
    }
    Ok(database.stripe_subscription_has_ended(id).await?)
}

/// Brings a subscription to Stripe.
pub(super) async fn begin(
    database: &Database,
    stripe: &Stripe,
    subscription: &Subscription,
    now: Timestamp,
) -> Result<(), StripeError> {
    let id = subscription.id;
    let customer = customer(database, stripe, subscription.org, now).await?;
    let query = Form::new()
        .with("customer", &customer)
        .with("status", "all")
        .with("limit", 100);
    let listed = stripe.get(SUBSCRIPTIONS, &query).await?;
    let listed = listed["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours = id.to_string();
    let found = listed
        .iter()
        .find(|one| one["metadata"]["driftline_subscription"] == ours.as_str());
    let made = match found {
        Some(found) => found.clone(),
        None => {
            // Months there are months here. The first one is charged from now on, by its days.
            let month = Month::of(now).map_err(|error| StripeError::Settings(chain(&error)))?;
            let anchor = month.until.as_second();
            let form = terms(database, subscription, &customer).await?;
            let form = form.with("billing_cycle_anchor", anchor);
            let key = format!("subscription-{id}-{anchor}");
            stripe.post(SUBSCRIPTIONS, &form, &key).await?
        }
    };
    let there = text(&made, SUBSCRIPTIONS, "id")?;
    let status = text(&made, SUBSCRIPTIONS, "status")?;
    let since = made["start_date"]
        .as_i64()
        .and_then(|at_s| Timestamp::from_second(at_s).ok());
    let since = since.ok_or_else(|| StripeError::Answer {
        path: SUBSCRIPTIONS.to_owned(),
        member: "start_date",
    })?;
    Ok(database.note_stripe_subscription(id, there, status, since).await?)
}

async fn terms(database: &Database, subscription: &Subscription, customer: &str) -> Result<Form, StripeError> {
    let account = database.account(subscription.org).await?;
    let mut form = Form::new()
        .with("customer", customer)
        .with("metadata[driftline_subscription]", subscription.id);
    for (number, price) in subscription.plan.terms.stripe_prices.iter().enumerate() {
        form = form.with(format!("items[{number}][price]"), price);
    }
    Ok(match account.payment_method {
        Some(method) => form
            .with("collection_method", "charge_automatically")
            .with("default_payment_method", method),
        // Without a payment method Stripe sends invoices.
        None => form
            .with("collection_method", "send_invoice")
            .with("days_until_due", 14),
    })
}

/// Tells Stripe which payment method a customer's invoices are to be paid with.
pub(super) async fn payment_method(stripe: &Stripe, customer: &str, method: &str) -> Result<(), StripeError> {
    let path = format!("{CUSTOMERS}/{customer}");
    let form = Form::new().with("invoice_settings[default_payment_method]", method);
    stripe
        .post(&path, &form, &format!("payment-method-{customer}-{method}"))
        .await
        .map(drop)
}

/// An address of Stripe's at which a customer enters a payment method, and is sent back from to `return_url`.
pub(super) async fn set_up(
    stripe: &Stripe,
    customer: &str,
    currency: &str,
    return_url: &str,
    once: &str,
) -> Result<String, StripeError> {
    const SESSIONS: &str = "/v1/checkout/sessions";
    let form = Form::new()
        .with("mode", "setup")
        .with("customer", customer)
        .with("currency", currency.to_ascii_lowercase())
        .with("success_url", return_url)
        .with("cancel_url", return_url);
    let made = stripe.post(SESSIONS, &form, &format!("set-up-{once}")).await?;
    Ok(text(&made, SESSIONS, "url")?.to_owned())
}
