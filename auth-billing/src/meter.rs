//! The exact meter: a handler marks its answer as billable, and the answer's head is released only when the record of
//! it is on disk. Billed are answers 200 and 206 to GET and POST; never HEAD, OPTIONS, 204, 304 or an error.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use driftline_database::MISSION_METER;
use driftline_domain::RequestId;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::chain;
use crate::quotas::expected_meter;
use crate::{Caller, Error, Problem, Quotas, UsageEntry, UsageLog};

/// Every meter that this program bills.
pub const METERS: [&str; 10] = [
    "tile",
    "map",
    "legend",
    "feature-info",
    "features",
    "edr",
    "particles",
    "export",
    "cot",
    MISSION_METER,
];

/// How many units an answer cost.
pub const CHARGE_HEADER: HeaderName = HeaderName::from_static("x-charge-units");

/// A handler's mark in the answer's extensions: this is to be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billable {
    /// What is counted.
    pub meter: &'static str,
    /// How much of it; nothing is recorded for 0.
    pub units: u64,
    /// An answer about a mission in distress is never held back for billing.
    pub distress: bool,
}

/// What was charged, in the answer's extensions for the access log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charged(pub(crate) u64);

/// The meter around billable routes.
#[derive(Clone)]
pub struct Metering {
    log: UsageLog,
    quotas: Option<Quotas>,
}

impl Metering {
    /// A meter that records into this log.
    pub fn new(log: UsageLog) -> Self {
        Self { log, quotas: None }
    }

    /// The same, refusing what a quota does not allow.
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self {
            quotas: Some(quotas),
            ..self
        }
    }

    /// Puts the meter around every route of this router; [`crate::Auth::wrap`] belongs around the result.
    pub fn wrap<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), meter))
    }
}

async fn meter(State(metering): State<Metering>, request: Request, next: Next) -> Response {
    let billed_method = matches!(*request.method(), Method::GET | Method::POST);
    let caller = request.extensions().get::<Caller>().cloned();
    let id = request.extensions().get::<RequestId>().copied();
    if let (Some(quotas), Some(caller)) = (&metering.quotas, &caller) {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        if let Some(meter) = expected_meter(request.method(), path, query)
            && let Err(problem) = quotas.check_request(caller.org, meter, path).await
        {
            return problem.into_response();
        }
    }
    let mut response = next.run(request).await;
    let Some(billable) = response.extensions_mut().remove::<Billable>() else {
        return response;
    };
    if !billed_method || !matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        return response;
    }
    let Some(caller) = caller else {
        tracing::error!(meter = billable.meter, "a billable route stands outside authentication");
        return Problem::internal_logged().into_response();
    };
    if let Err(problem) = metering.check(&billable, &caller) {
        return problem.into_response();
    }
    if billable.units > 0
        && let Err(error) = metering.record(&billable, &caller, id).await
    {
        if !billable.distress {
            return Problem::unavailable(&error).into_response();
        }
        tracing::error!(
            alarm = true,
            cause = chain(&error),
            org.id = %caller.org,
            key.id = %caller.key,
            meter = billable.meter,
            units = billable.units,
            "a distress answer was released without its usage record; it must be settled afterwards"
        );
    }
    response
        .headers_mut()
        .insert(CHARGE_HEADER, HeaderValue::from(billable.units));
    response.extensions_mut().insert(Charged(billable.units));
    response
}

impl Metering {
    /// What the address did not say: an answer that is ready is not given out beyond a quota.
    fn check(&self, billable: &Billable, caller: &Caller) -> Result<(), Problem> {
        match &self.quotas {
            Some(quotas) if !billable.distress && billable.units > 0 => quotas.check(caller.org, billable.meter, 1),
            _ => Ok(()),
        }
    }

    async fn record(&self, billable: &Billable, caller: &Caller, request: Option<RequestId>) -> Result<(), Error> {
        let entry = UsageEntry {
            org: caller.org,
            key: caller.key,
            meter: billable.meter.to_owned(),
            units: billable.units,
            request: request.unwrap_or_else(RequestId::generate),
            owed: billable.distress,
        };
        self.log.append(entry).await?;
        if let Some(quotas) = &self.quotas {
            quotas.count(caller.org, billable.meter, billable.units);
        }
        Ok(())
    }
}
