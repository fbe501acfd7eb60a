//! What a webhook of Stripe says, as far as it is kept here. Only what was signed is read.

use driftline_database::{StripeInvoice, StripeNews};
use serde::Deserialize;
use serde_json::Value;

/// A webhook.
pub(in crate::billing) struct Heard {
    /// Its identifier: each counts once.
    pub(in crate::billing) id: String,
    /// Its sort, such as `invoice.paid`.
    pub(in crate::billing) kind: String,
    /// When Stripe made it.
    pub(in crate::billing) made_s: i64,
    /// What it tells.
    pub(in crate::billing) news: StripeNews,
}

// Stripe adds members as it likes: those that are not ours are passed over.
#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
    /// What it said before, as far as that changed.
    #[serde(default)]
    previous_attributes: Value,
}

/// Reads a webhook; what is wrong with one that is none.
pub(in crate::billing) fn read(body: &[u8]) -> Result<Heard, String> {
    let event: Event = serde_json::from_slice(body).map_err(|error| format!("the body is no event: {error}"))?;
    if event.id.is_empty() || event.id.len() > 255 || event.r#type.len() > 255 {
        return Err("the event's id or type is not 1 to 255 characters long".to_owned());
    }
    Ok(Heard {
        news: news(&event.r#type, &event.data),
        id: event.id,
        kind: event.r#type,
        made_s: event.created,
    })
}

/// What the object of an event of this sort tells. One that lacks what it should have tells nothing, and is logged.
fn news(kind: &str, data: &Data) -> StripeNews {
    let object = &data.object;
    let found = match kind {
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => subscription(object),
        "invoice.finalized"
        | "invoice.paid"
        | "invoice.payment_failed"
        | "invoice.voided"
        | "invoice.marked_uncollectible"
        | "invoice.updated" => invoice(object),
        "payment_method.attached" => payment_method(data, true),
        "payment_method.detached" => payment_method(data, false),
        "v1.billing.meter.error_report_triggered" => {
            tracing::error!(alarm = true, "Stripe could not add up some usage that it had taken");
            return StripeNews::Nothing;
        }
        _ => return StripeNews::Nothing,
    };
    found.unwrap_or_else(|| {
        tracing::warn!(kind, "an event of Stripe lacks what it should tell");
        StripeNews::Nothing
    })
}

fn text(object: &Value, member: &str) -> Option<String> {
    let text = object[member].as_str()?;
    (text.len() <= 255).then(|| text.to_owned())
}

fn subscription(object: &Value) -> Option<StripeNews> {
    Some(StripeNews::Subscription {
        subscription: text(object, "id")?,
        status: text(object, "status")?,
    })
}

fn invoice(object: &Value) -> Option<StripeNews> {
    Some(StripeNews::Invoice {
        customer: text(object, "customer")?,
        invoice: StripeInvoice {
            id: text(object, "id")?,
            status: text(object, "status")?,
            currency: text(object, "currency")?.to_uppercase(),
            due_minor: object["amount_due"].as_i64()?,
            paid_minor: object["amount_paid"].as_i64()?,
        },
    })
}

fn payment_method(data: &Data, is_attached: bool) -> Option<StripeNews> {
    // A detached one names no customer any more, but says which one it had.
    let customer = text(&data.object, "customer").or_else(|| text(&data.previous_attributes, "customer"));
    Some(StripeNews::PaymentMethod {
        customer: customer.unwrap_or_default(),
        method: text(&data.object, "id")?,
        is_attached,
    })
}
