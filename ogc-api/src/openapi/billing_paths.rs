//! Paths of plans, credit, invoices and payments.

use serde_json::{Map, Value, json};

use super::parameters::{in_path, in_query};
use super::paths::get;
use crate::document::JSON;

const TAG: &str = "Accounts";

pub(super) fn add_billing(paths: &mut Map<String, Value>) {
    let [plans, subscription, credits, invoices, invoice, methods, webhook] = driftline_auth_billing::BILLING_PATHS;
    get(plans, "listPlans", TAG, "Plans with their prices").add(paths);
    let about = "The organisation's plan, what follows it, and whether a payment method is there";
    get(subscription, "getSubscription", TAG, about).add(paths);
    let about = "Prepaid credit: the balance and its entries, the newest first";
    get(credits, "listCredits", TAG, about)
        .with(&["billing_before", "billing_limit"])
        .add(paths);
    let about = "Closed invoices, the newest first, an estimate of the current month, and invoices of Stripe";
    get(invoices, "listInvoices", TAG, about)
        .with(&["billing_before", "billing_limit"])
        .add(paths);
    let about = "An invoice; with `.pdf` behind its id as a PDF";
    let one = get(invoice, "getInvoice", TAG, about).with(&["invoice_id"]).add(paths);
    one["responses"]["200"]["content"]["application/pdf"] = json!({"schema": {"type": "string", "format": "binary"}});
    let about = "An address of Stripe's at which a payment method is entered";
    get(methods, "createPaymentMethod", TAG, about)
        .by("post")
        .status("201")
        .add(paths);
    let about = "Heeds an event that Stripe signed, once";
    let mut heard = get(webhook, "hearStripe", TAG, about).by("post");
    heard.answer = ("200", None, "object");
    let heard = heard.add(paths);
    heard["security"] = json!([]);
    heard["requestBody"] = json!({
        "required": true,
        "content": {JSON: {"schema": {"type": "object"}}},
    });
}

/// Parameters of these paths.
pub(super) fn parameters() -> Value {
    json!({
        "billing_before": in_query("before", "What `next` of the page before says.", json!({"type": "integer"})),
        "billing_limit": in_query(
            "limit",
            "Entries on the page at most.",
            json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
        ),
        "invoice_id": in_path("invoice_id", "Identifier of an invoice, `inv_…`.", json!({"type": "string"})),
    })
}
