//! The list of processes and their descriptions (18-062r2, 7.8 and 7.9).

use axum::response::Response;
use driftline_auth_billing::Scope;
use serde_json::{Value, json};

use super::exception::Exception;
use super::process::Process;
use crate::Error;
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::links::Link;
use crate::query::{PageLimits, shown};

/// Processes of a page.
pub(crate) const LIMITS: PageLimits = PageLimits {
    default: 100,
    max: 1_000,
};

/// `GET /ogc/processes`.
pub(super) async fn processes(ask: Ask) -> Result<Response, Exception> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&["f", "limit", "cursor"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let limit = LIMITS.limit(&ask.query)?;
    let behind = match ask.query.get("cursor") {
        None => 0,
        Some(id) => 1 + place_of(id)?,
    };
    let rest = &Process::ALL[behind..];
    let page = &rest[..limit.min(rest.len())];
    let mut links = vec![Link::new("self", JSON, ask.self_url())];
    if let Some(last) = page.last().filter(|_| page.len() < rest.len()) {
        let mut pairs = ask.query.pairs().to_vec();
        pairs.retain(|(name, _)| name != "cursor");
        pairs.push(("cursor".to_owned(), last.id().to_owned()));
        links.push(Link::new("next", JSON, ask.site.url_with(&ask.path, &pairs)));
    }
    let listed: Vec<Value> = page.iter().map(|process| process.summary(&ask.site)).collect();
    let list = json!({"processes": listed, "links": links});
    Ok(document(&ask.headers, JSON, &list)?)
}

/// `GET /ogc/processes/{process_id}`.
pub(super) async fn process(ask: Ask) -> Result<Response, Exception> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let process = named(&ask)?;
    Ok(document(&ask.headers, JSON, &process.description(&ask.site))?)
}

/// The process that the path names.
pub(super) fn named(ask: &Ask) -> Result<Process, Exception> {
    let id = ask.param("process_id");
    Process::find(id).ok_or_else(|| Exception::NoSuchProcess(id.to_owned()))
}

fn place_of(id: &str) -> Result<usize, Error> {
    let place = Process::ALL.iter().position(|process| process.id() == id);
    place.ok_or_else(|| Error::parameter("cursor", format!("'{}' was not emitted by this service", shown(id))))
}
