//! The list of jobs (18-062r2, clause 12), newest first: missions, and echo jobs in memory, in one order of acceptance. Dismissed
//! jobs are not listed.

use std::cmp::Reverse;

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Scope;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exception::Exception;
use super::job::Job;
use super::job_filter::{PARAMETERS, Wishes};
use crate::AppState;
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::links::Link;

/// `GET /ogc/jobs`.
pub(super) async fn jobs(State(state): State<AppState>, ask: Ask) -> Result<Response, Exception> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&PARAMETERS)?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let wishes = Wishes::parse(&ask.query)?;
    let (org, now) = (ask.caller.org, Timestamp::now());
    let missions = state.database.process_jobs(org, &wishes.of_missions(), now).await?;
    let missions = missions.into_iter().map(|job| Job::Mission(Box::new(job)));
    let echoes = state.echo_jobs().list(org).into_iter().map(Job::Echo);
    let mut found: Vec<Job> = missions.chain(echoes.filter(|job| wishes.wants(job, now))).collect();
    found.sort_by_key(|job| Reverse(job.place()));
    let has_more = found.len() > wishes.limit;
    found.truncate(wishes.limit);
    let mut links = vec![Link::new("self", JSON, ask.self_url())];
    if let Some(last) = found.last().filter(|_| has_more) {
        let mut pairs = ask.query.pairs().to_vec();
        pairs.retain(|(name, _)| name != "cursor");
        pairs.push(("cursor".to_owned(), last.place().to_string()));
        links.push(Link::new("next", JSON, ask.site.url_with(&ask.path, &pairs)));
    }
    let listed: Vec<Value> = found.iter().map(|job| job.status_info(&ask.site, now)).collect();
    Ok(document(&ask.headers, JSON, &json!({"jobs": listed, "links": links}))?)
}
