//! `GET /v1/billing/usage/report`: the ledger as a table, for whoever wants to know more of it than its sums. Rows are usage of
//! one hour, meter and key; a CQL2 filter picks among them (evaluated by DataFusion's expressions over Arrow columns, like the
//! filters of features), `group_by` adds them up, and the answer is JSON, CSV or Parquet.

mod columns;
mod encode;

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::{GroupBy, Scope, UsageGroup, UsageRow, grouped, usage_rows};
use driftline_domain::OrgId;
use http::header;
use jiff::{SignedDuration, Timestamp};

use crate::ask::Ask;
use crate::{AppState, Error};

pub(crate) const REPORT_PATH: &str = "/v1/billing/usage/report";

const DEFAULT_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);
const MAX_SPAN: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Csv,
    Parquet,
}

impl Form {
    pub(crate) const NAMES: [&'static str; 3] = ["json", "csv", "parquet"];

    fn of(name: Option<&str>) -> Result<Self, Error> {
        match name {
            None | Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            Some(other) => {
                let reason = format!("'{}' is none of {}", crate::query::shown(other), Self::NAMES.join(", "));
                Err(Error::parameter("f", reason))
            }
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// What a report is of.
struct Wish {
    from: Timestamp,
    until: Timestamp,
    filter: Option<String>,
    by: Vec<GroupBy>,
    form: Form,
}

pub(crate) async fn report(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::UsageRead)?;
    ask.query.allow_only(&["from", "until", "filter", "group_by", "f"])?;
    let wish = Wish::of(&ask, Timestamp::now())?;
    let (org, form) = (ask.caller.org, wish.form);
    let rows = usage_rows(&state.database, org, wish.from, wish.until).await?;
    let work = state.compute.run(move || written(org, rows, &wish)).await;
    let bytes = work.map_err(|error| Error::Internal(format!("a report: {error}")))??;
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(form.media_type()));
    Ok(response)
}

/// The report as bytes; work for the compute pool.
fn written(org: OrgId, rows: Vec<UsageRow>, wish: &Wish) -> Result<Vec<u8>, Error> {
    let rows = match &wish.filter {
        Some(filter) => columns::picked(rows, filter)?,
        None => rows,
    };
    let groups = if wish.by.is_empty() {
        rows.into_iter().map(whole).collect()
    } else {
        grouped(&rows, &wish.by)
    };
    encode::encoded(org, &groups, wish)
}

fn whole(row: UsageRow) -> UsageGroup {
    UsageGroup {
        from: Some(row.hour),
        meter: Some(row.meter),
        key: Some(row.key),
        late: row.late,
        units: row.units,
        records: row.records,
    }
}

impl Wish {
    fn of(ask: &Ask, now: Timestamp) -> Result<Self, Error> {
        let time = |name: &'static str| {
            let text = ask.query.get(name);
            let wrong = |text: &str| {
                let reason = format!("'{}' is not an RFC 3339 time with a zone", crate::query::shown(text));
                Error::parameter(name, reason)
            };
            text.map(|text| text.parse::<Timestamp>().ok().ok_or_else(|| wrong(text)))
                .transpose()
        };
        let until = time("until")?.unwrap_or(now);
        let from = time("from")?.unwrap_or_else(|| until.checked_sub(DEFAULT_SPAN).unwrap_or(Timestamp::MIN));
        if from >= until || until.duration_since(from) > MAX_SPAN {
            let reason = format!("{from} has to be before until, {until}, by at most 400 days");
            return Err(Error::parameter("from", reason));
        }
        let by = ask.query.get("group_by").map(GroupBy::list).transpose();
        Ok(Self {
            from,
            until,
            filter: ask.query.get("filter").map(str::to_owned),
            by: by
                .map_err(|reason| Error::parameter("group_by", reason))?
                .unwrap_or_default(),
            form: Form::of(ask.query.get("f"))?,
        })
    }
}
