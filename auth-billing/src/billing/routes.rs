//! `/v1/billing`: plans, subscription, credit, invoices with their PDF, and the way to enter a payment method; and the webhook
//! that Stripe calls, which nobody signs in for.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use driftline_compute::Compute;
use driftline_database::{CreditEntry, Database, Invoice, MeterPrice, Plan, StripeHeard, StripeInvoice, Subscription};
use driftline_domain::{InvoiceId, RequestId, Violation};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::stripe::{self, StripeError, StripeSync, WebhookSecret};
use super::{InvoiceDocument, Month, Seller, estimate, pdf};
use crate::map_links::PublicUrl;
use crate::routes::allow_only;
use crate::{Caller, Clock, Problem, Resource, Scope, Verb};

/// The paths of [`billing_router`] and [`webhook_router`], for documents that list every route.
pub const BILLING_PATHS: [&str; 7] = [
    "/v1/billing/plans",
    "/v1/billing/subscription",
    "/v1/billing/credits",
    "/v1/billing/invoices",
    "/v1/billing/invoices/{invoice_id}",
    "/v1/billing/payment-methods",
    WEBHOOK_PATH,
];
/// Where Stripe's webhooks go.
const WEBHOOK_PATH: &str = "/v1/billing/webhooks/stripe";
/// A webhook at most; Stripe's are far smaller.
const MOST_BYTES: usize = 256 * 1024;
const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 100;

/// What the routes need.
#[derive(Clone)]
pub struct BillingParts {
    /// Plans, credit and invoices.
    pub database: Database,
    /// The time.
    pub clock: Clock,
    /// Who sends invoices.
    pub seller: Seller,
    /// Traffic with Stripe, where there is any.
    pub stripe: Option<StripeSync>,
    /// The secret of Stripe's webhooks, where there are any.
    pub webhook_secret: Option<WebhookSecret>,
    /// Where PDFs are made.
    pub compute: Compute,
    /// What addresses begin with that customers are sent back to.
    pub public_url: PublicUrl,
    /// The program's version, for documents.
    pub version: &'static str,
}

/// What an organisation sees of its billing; [`crate::Auth::wrap`] belongs around it.
pub fn billing_router<S: Clone + Send + Sync + 'static>(parts: BillingParts) -> Router<S> {
    Router::new()
        .route(BILLING_PATHS[0], get(plans))
        .route(BILLING_PATHS[1], get(subscription))
        .route(BILLING_PATHS[2], get(credits))
        .route(BILLING_PATHS[3], get(invoices))
        .route(BILLING_PATHS[4], get(invoice))
        .route(BILLING_PATHS[5], post(payment_method))
        .with_state(parts)
}

/// The webhook; it is open, since its signature is what counts.
pub fn webhook_router<S: Clone + Send + Sync + 'static>(parts: BillingParts) -> Router<S> {
    Router::new()
        .route(WEBHOOK_PATH, post(webhook))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(parts)
}

/// Who belongs to the organisation sees its bills; a key needs its scope.
fn may_read(caller: &Caller) -> Result<(), Problem> {
    match caller.role {
        Some(_) => caller.require_right(Resource::Organisation, Verb::Read, false),
        None => caller.require(Scope::UsageRead),
    }
}

/// Who may change the organisation says how it pays; a key needs its scope.
fn may_pay(caller: &Caller) -> Result<(), Problem> {
    match caller.role {
        Some(_) => caller.require_right(Resource::Organisation, Verb::Update, false),
        None => caller.require(Scope::BillingWrite),
    }
}

#[derive(Serialize)]
struct PlanAnswer {
    name: String,
    version: i64,
    title: String,
    currency: String,
    monthly_minor: i64,
    prepaid: bool,
    meters: BTreeMap<String, MeterPrice>,
}

impl From<Plan> for PlanAnswer {
    fn from(plan: Plan) -> Self {
        Self {
            name: plan.name,
            version: plan.version,
            title: plan.terms.title,
            currency: plan.terms.currency,
            monthly_minor: plan.terms.monthly_minor,
            prepaid: plan.terms.prepaid,
            meters: plan.terms.meters,
        }
    }
}

async fn plans(
    State(parts): State<BillingParts>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    may_read(&caller)?;
    allow_only(&[], raw.as_deref())?;
    let plans: Vec<PlanAnswer> = parts
        .database
        .plans()
        .await?
        .into_iter()
        .map(PlanAnswer::from)
        .collect();
    Ok(Json(json!({ "plans": plans })).into_response())
}

async fn subscription(
    State(parts): State<BillingParts>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    may_read(&caller)?;
    allow_only(&[], raw.as_deref())?;
    let now = (parts.clock)();
    let current = parts.database.subscription(caller.org, now).await?;
    let next = match current.as_ref().and_then(|current| current.ends_at) {
        Some(end) => parts.database.subscription(caller.org, end).await?,
        None => None,
    };
    let shown = |one: Subscription| {
        json!({
            "id": one.id,
            "plan": PlanAnswer::from(one.plan),
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "stripe_status": one.stripe_status,
        })
    };
    let account = parts.database.account(caller.org).await?;
    Ok(Json(json!({
        "org": caller.org,
        "subscription": current.map(shown),
        "next": next.map(shown),
        "has_payment_method": account.payment_method.is_some(),
    }))
    .into_response())
}

#[derive(Deserialize)]
struct Page {
    before: Option<i64>,
    limit: Option<u32>,
}

impl Page {
    /// Where the page ends and how long it is.
    fn of(query: Result<Query<Self>, QueryRejection>, raw: Option<&str>) -> Result<(i64, u32), Problem> {
        allow_only(&["before", "limit"], raw)?;
        let Query(page) = query.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MOST).contains(&limit) {
            let message = format!("{limit} is not between 1 and {MOST}");
            return Err(Problem::invalid(vec![Violation::new("limit", "out_of_range", message)]));
        }
        Ok((page.before.unwrap_or(i64::MAX), limit))
    }
}

#[derive(Serialize)]
struct CreditsAnswer {
    balance: i64,
    unit: &'static str,
    entries: Vec<CreditEntry>,
    /// `before` of the next page.
    next: Option<i64>,
}

async fn credits(
    State(parts): State<BillingParts>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<Json<CreditsAnswer>, Problem> {
    may_read(&caller)?;
    let (before, limit) = Page::of(query, raw.as_deref())?;
    let mut entries = parts.database.credit_entries(caller.org, before, limit + 1).await?;
    let next = cut(&mut entries, limit, |entry| entry.entry);
    Ok(Json(CreditsAnswer {
        balance: parts.database.credit_balance(caller.org).await?,
        unit: "particle-hours",
        entries,
        next,
    }))
}

/// Takes what is one too many off, and says behind which the next page begins.
fn cut<T>(items: &mut Vec<T>, limit: u32, number: impl Fn(&T) -> i64) -> Option<i64> {
    let limit = limit as usize;
    let has_more = items.len() > limit;
    items.truncate(limit);
    items.last().filter(|_| has_more).map(number)
}

#[derive(Serialize)]
struct InvoicesAnswer {
    invoices: Vec<InvoiceSummary>,
    next: Option<i64>,
    /// The current month, as far as it is known.
    estimate: Option<InvoiceDocument>,
    /// Invoices that Stripe made, as far as it has told.
    stripe: Vec<StripeInvoice>,
}

#[derive(Serialize)]
struct InvoiceSummary {
    id: InvoiceId,
    number: serde_json::Value,
    period_from: Timestamp,
    period_until: Timestamp,
    closed_at: Timestamp,
    currency: String,
    total_minor: i64,
}

async fn invoices(
    State(parts): State<BillingParts>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<Json<InvoicesAnswer>, Problem> {
    may_read(&caller)?;
    let (below, limit) = Page::of(query, raw.as_deref())?;
    let mut found = parts.database.invoices(caller.org, below, limit + 1).await?;
    let next = cut(&mut found, limit, |invoice| invoice.number);
    let now = (parts.clock)();
    let month = Month::of(now).map_err(|error| Problem::internal(&error))?;
    let estimate = estimate(&parts.database, caller.org, month, &parts.seller, now).await;
    let summary = |invoice: Invoice| InvoiceSummary {
        id: invoice.id,
        number: invoice.document["number"].clone(),
        period_from: invoice.period_from,
        period_until: invoice.period_until,
        closed_at: invoice.closed_at,
        currency: invoice.currency,
        total_minor: invoice.total_minor,
    };
    Ok(Json(InvoicesAnswer {
        invoices: found.into_iter().map(summary).collect(),
        next,
        estimate: estimate.map_err(|error| match error {
            crate::Error::Database(error) => error.into(),
            error => Problem::internal(&error),
        })?,
        stripe: parts.database.stripe_invoices(caller.org).await?,
    }))
}

/// An invoice; with `.pdf` behind its id as a PDF.
async fn invoice(
    State(parts): State<BillingParts>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    match id.strip_suffix(".pdf") {
        Some(id) => paper(&parts, one(&parts, &caller, id, raw.as_deref()).await?).await,
        None => {
            let invoice = one(&parts, &caller, &id, raw.as_deref()).await?;
            Ok(Json(json!({ "id": invoice.id, "invoice": invoice.document })).into_response())
        }
    }
}

async fn paper(parts: &BillingParts, invoice: Invoice) -> Result<Response, Problem> {
    let document: InvoiceDocument =
        serde_json::from_value(invoice.document).map_err(|error| Problem::internal(&error))?;
    let version = parts.version;
    let made = parts.compute.run(move || pdf(&document, version)).await;
    let bytes = made
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let name = format!("attachment; filename=\"invoice-{:06}.pdf\"", invoice.number);
    let name = HeaderValue::try_from(name).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, bytes).into_response())
}

async fn one(parts: &BillingParts, caller: &Caller, id: &str, raw: Option<&str>) -> Result<Invoice, Problem> {
    may_read(caller)?;
    allow_only(&[], raw)?;
    let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
    let missing = || Problem::not_found(format!("there is no invoice '{shown}'"));
    let id: InvoiceId = id.parse().map_err(|_no_id| missing())?;
    parts.database.invoice(caller.org, id).await?.ok_or_else(missing)
}

/// An address of Stripe's at which a payment method is entered; it is valid for a day and used once.
async fn payment_method(
    State(parts): State<BillingParts>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    may_pay(&caller)?;
    allow_only(&[], raw.as_deref())?;
    let Some(stripe) = &parts.stripe else {
        return Err(Problem::conflict(
            "this installation takes no payments: invoices are paid as they say",
        ));
    };
    let now = (parts.clock)();
    let Some(subscription) = parts.database.subscription(caller.org, now).await? else {
        return Err(Problem::conflict(
            "the organisation has no plan yet, so there is nothing to pay",
        ));
    };
    let back = format!("{}/", (parts.public_url)(&headers, &uri)?.trim_end_matches('/'));
    let currency = &subscription.plan.terms.currency;
    let once = RequestId::generate().to_string();
    let url = stripe.set_up_payment(caller.org, currency, &back, &once).await;
    let url = url.map_err(|error| match error {
        StripeError::Database(error) => error.into(),
        error => Problem::unavailable(&error),
    })?;
    Ok((StatusCode::CREATED, Json(json!({ "url": url }))).into_response())
}

/// Heeds what Stripe signed, once. What is not Stripe's learns nothing but that.
async fn webhook(State(parts): State<BillingParts>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    let Some(secret) = &parts.webhook_secret else {
        return Err(Problem::not_found("this installation hears no webhooks of Stripe"));
    };
    let now = (parts.clock)();
    let mut signatures = headers.get_all("stripe-signature").iter();
    let header = signatures
        .next()
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // A second header could be another's word for the same body.
    if signatures.next().is_some() || !secret.signs(header, &body, now) {
        let detail = "Stripe-Signature does not sign this body, or is more than 5 minutes old";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_signature", detail));
    }
    let heard = stripe::read(&body).map_err(Problem::bad_request)?;
    let heeded = parts
        .database
        .heed_stripe_event(&heard.id, &heard.kind, heard.made_s, &heard.news, now)
        .await?;
    tracing::info!(kind = heard.kind, ?heeded, "heard of Stripe");
    if heeded == StripeHeard::TooSoon {
        let detail = "what the event is about is not known here yet; it is to be sent again";
        return Err(Problem {
            headers: [(RETRY_AFTER, HeaderValue::from_static("60"))].into(),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        });
    }
    Ok(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Person;
    use crate::{Carry, Scopes};
    use driftline_database::{KeyKind, Role};
    use driftline_domain::{KeyId, OrgId, SessionId, UserId};

    fn caller(role: Option<Role>, scopes: &[Scope]) -> Caller {
        let org = OrgId::generate();
        Caller {
            org,
            org_name: "Coastguard".into(),
            key: KeyId::generate(),
            kind: KeyKind::Secret,
            scopes: scopes.iter().copied().collect::<Scopes>(),
            role,
            person: role.map(|role| Person {
                user: UserId::generate(),
                session: SessionId::generate(),
                member: Some((org, role)),
                is_superadmin: false,
            }),
            carry: Carry::nothing(),
            limited_to: None,
            shares: None,
            link_ends: None,
        }
    }

    /// contract.md, "Who may do what": organisation and billing.
    #[test]
    fn every_role_sees_bills_and_administrators_pay_them() {
        for role in Role::ALL {
            let who = caller(Some(role), &[]);
            assert_eq!(may_read(&who), Ok(()), "{role}");
            assert_eq!(may_pay(&who).is_ok(), role == Role::OrgAdmin, "{role}");
        }
        for (scopes, reads, pays) in [
            (&[Scope::UsageRead][..], true, false),
            (&[Scope::BillingWrite], false, true),
            (&[Scope::MissionsRead, Scope::FeaturesRead], false, false),
        ] {
            let key = caller(None, scopes);
            assert_eq!(
                (may_read(&key).is_ok(), may_pay(&key).is_ok()),
                (reads, pays),
                "{scopes:?}"
            );
        }
    }
}
