//! Fetches one part of a cycle from the first of its places that has it, and looks at it before it counts.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use driftline_domain::{RunTime, ValidTime};
use driftline_store::Origin;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::Scheduler;
use crate::Error;
use crate::cycle::{Opened, digest, wanted_series};
use crate::feed::{Access, Field, IndexDialect, Part, Place, Wanted};
use crate::fetch::{self, Class, FetchError, Received, Text, Validator};
use crate::index::{self, ByteRange, IndexError};
use crate::spool::{CycleSpool, RefusedBytes};

/// Somebody who is told how fetching goes.
pub trait Watcher: Send + Sync {
    /// So many parts of a cycle are to be fetched.
    fn begins(&self, _feed: &str, _run: RunTime, _parts: usize) {}
    /// Bytes of a part have come.
    fn receives(&self, _feed: &str, _run: RunTime, _bytes: u64) {}
    /// A part is here and sound.
    fn has(&self, _feed: &str, _run: RunTime, _part: &str) {}
    /// Nothing more is fetched of the cycle for now.
    fn ends(&self, _feed: &str, _run: RunTime) {}
}

/// Nobody.
pub(crate) struct Unwatched;

impl Watcher for Unwatched {}

/// The cycle that a part belongs to.
pub(crate) struct Errand<'a> {
    pub(crate) feed: &'a str,
    pub(crate) run: RunTime,
    pub(crate) fields: &'a [Field],
    pub(crate) cadence: SignedDuration,
    pub(crate) spool: &'a CycleSpool,
}

/// What became of a part.
pub(crate) enum Outcome {
    /// It is here and sound; the bytes that were fetched for it now.
    Here { part: Arc<Opened>, fetched: u64 },
    /// No place has it yet.
    Absent(String),
    /// It should be there and could not be had, or is no use.
    Failed {
        code: &'static str,
        /// What is at fault: the part, or the host that did not give it.
        subject: String,
        reason: String,
    },
}

impl Scheduler {
    /// A part, from the spool or from one of its places.
    pub(crate) fn part<'a>(&'a self, errand: &'a Errand<'a>, part: &'a Part) -> BoxFuture<'a, Result<Outcome, Error>> {
        Box::pin(self.try_places(errand, part))
    }

    async fn try_places(&self, errand: &Errand<'_>, part: &Part) -> Result<Outcome, Error> {
        if let Some(receipt) = errand.spool.fetched(&part.name)
            && let Some(outcome) = self.look_at(errand, part, receipt, 0).await?
        {
            return Ok(outcome);
        }
        let age = Timestamp::now().duration_since(errand.run.0);
        let mut absent = Vec::new();
        let mut failed = None;
        for place in &part.places {
            if place.while_younger_than.is_some_and(|limit| age > limit) {
                continue;
            }
            match self.fetch_at_place(errand, part, place).await? {
                here @ Outcome::Here { .. } => return Ok(here),
                Outcome::Absent(reason) => absent.push(reason),
                other @ Outcome::Failed { .. } => failed = Some(other),
            }
        }
        Ok(failed.unwrap_or_else(|| Outcome::Absent(absent.first().cloned().unwrap_or_default())))
    }

    /// A part from one place. Where an index leads to other bytes than it promises, the whole object is read instead.
    async fn fetch_at_place(&self, errand: &Errand<'_>, part: &Part, place: &Place) -> Result<Outcome, Error> {
        let by_place = self.fetched_and_looked_at(errand, part, place).await?;
        let is_content = |outcome: &Outcome| matches!(outcome, Outcome::Failed { code, .. } if CONTENT.contains(code));
        match &place.access {
            Access::Indexed { object, .. } if is_content(&by_place) => {
                let whole = Place {
                    access: Access::Whole { object: object.clone() },
                    ..place.clone()
                };
                match self.fetched_and_looked_at(errand, part, &whole).await? {
                    here @ Outcome::Here { .. } => Ok(here),
                    _ => Ok(by_place),
                }
            }
            _ => Ok(by_place),
        }
    }

    async fn fetched_and_looked_at(&self, errand: &Errand<'_>, part: &Part, place: &Place) -> Result<Outcome, Error> {
        match self.fetch(errand, part, place).await {
            Ok(receipt) => {
                let mut refused = errand.spool.refused(&part.name).into_iter();
                if let Some(known) = refused.rfind(|one| one.sha256 == receipt.sha256) {
                    let (reason, now) = (known.reason, Timestamp::now());
                    errand.spool.refuse(&part.name, &receipt, reason.clone(), now)?;
                    return Ok(errand.failed(part, REFUSED_BEFORE, reason));
                }
                let bytes = receipt.bytes;
                let outcome = self.look_at(errand, part, receipt, bytes).await?;
                Ok(outcome.unwrap_or_else(|| errand.failed(part, UNREADABLE, "the disk changed it".to_owned())))
            }
            Err(Trouble::Fetch(error)) => match error.class() {
                Class::Absent => Ok(Outcome::Absent(error.to_string())),
                // A server that cuts out what it is asked for says on a page, with status 200, that it has not got the file.
                _ if is_page(&error) && is_question(&place.access) => Ok(Outcome::Absent(error.to_string())),
                Class::Local => Err(Error::Fetch(error)),
                _ => Ok(failure(errand, part, place, &error)),
            },
            Err(Trouble::Content { code, reason }) => Ok(errand.failed(part, code, reason)),
        }
    }

    /// Opens a fetched part and compares it with what it was promised to be; `None`, and the part is gone, where the bytes
    /// are no longer those that came.
    async fn look_at(
        &self,
        errand: &Errand<'_>,
        part: &Part,
        receipt: Received,
        fetched: u64,
    ) -> Result<Option<Outcome>, Error> {
        let path = errand.spool.path(&part.name);
        let (name, came) = (part.name.clone(), receipt.clone());
        let opened = self.compute.run(move || opened_as_it_came(&path, name, &came)).await?;
        let objection = match opened {
            Ok(None) => {
                let (feed, part) = (errand.feed, part.name.as_str());
                tracing::warn!(
                    feed,
                    part,
                    "the fetched file was changed or damaged on this disk; it is fetched again"
                );
                errand.spool.drop_part(part)?;
                return Ok(None);
            }
            Ok(Some(opened)) => match objection(errand, part, &opened) {
                None => {
                    self.watcher.has(errand.feed, errand.run, &part.name);
                    let part = Arc::new(opened);
                    return Ok(Some(Outcome::Here { part, fetched }));
                }
                Some(objection) => objection,
            },
            Err(Error::Refused { source, .. }) => (UNREADABLE, source.to_string()),
            Err(error) => return Err(error),
        };
        let (code, reason) = objection;
        let reason = format!("{} from {}: {reason}", part.name, receipt.url);
        errand
            .spool
            .refuse(&part.name, &receipt, reason.clone(), Timestamp::now())?;
        Ok(Some(errand.failed(part, code, reason)))
    }

    async fn fetch(&self, errand: &Errand<'_>, part: &Part, place: &Place) -> Result<Received, Trouble> {
        let destination = errand.spool.path(&part.name);
        match &place.access {
            Access::Whole { object } => {
                let wanted = fetch::Wanted {
                    url: object.clone(),
                    ranges: Vec::new(),
                    at_least_bytes: place.at_least_bytes,
                    settled_for: Some(place.server.settles_after().unsigned_abs()),
                    known: refused_version(errand.spool, part, object, &[]),
                };
                self.to_file(errand, part, &wanted, &destination).await
            }
            Access::Indexed {
                object,
                index,
                dialect,
                wanted,
            } => {
                let of_index = (object, index, *dialect);
                self.indexed(errand, part, of_index, wanted, place.at_least_bytes, &destination)
                    .await
            }
            Access::Local { path } => fetch::local_copy(path, &destination).await.map_err(Trouble::Fetch),
        }
    }

    async fn indexed(
        &self,
        errand: &Errand<'_>,
        part: &Part,
        (object, index_at, dialect): (&Url, &Url, IndexDialect),
        wanted: &[Wanted],
        at_least_bytes: u64,
        destination: &Path,
    ) -> Result<Received, Trouble> {
        let Text::New { body, .. } = self.fetcher.text(index_at, MOST_INDEX_BYTES, None).await? else {
            return Err(Trouble::content("index", format!("{index_at} did not come")));
        };
        let ranges = index_ranges(errand.run, part, dialect, &body, wanted)
            .map_err(|error| Trouble::content("index", format!("{index_at}: {error}")))?;
        let ranges = self.closed(object, ranges).await?;
        let wanted = fetch::Wanted {
            url: object.clone(),
            known: refused_version(errand.spool, part, object, &ranges),
            ranges,
            at_least_bytes,
            settled_for: None,
        };
        self.to_file(errand, part, &wanted, destination).await
    }

    /// An index of starts leaves the last message's end open: the object's own length closes it.
    async fn closed(&self, object: &Url, ranges: Vec<ByteRange>) -> Result<Vec<Range<u64>>, Trouble> {
        if ranges.iter().all(|range| range.end.is_some()) {
            return Ok(ranges
                .iter()
                .filter_map(|range| Some(range.start..range.end?))
                .collect());
        }
        let fetch::Looked::There {
            bytes: Some(length), ..
        } = self.fetcher.look(object, None).await?
        else {
            return Err(Trouble::content("index", format!("{object} does not tell its length")));
        };
        Ok(ranges
            .iter()
            .map(|range| range.start..range.end.unwrap_or(length))
            .collect())
    }

    async fn to_file(
        &self,
        errand: &Errand<'_>,
        part: &Part,
        wanted: &fetch::Wanted,
        destination: &Path,
    ) -> Result<Received, Trouble> {
        let progress = |bytes: u64| self.watcher.receives(errand.feed, errand.run, bytes);
        match self.fetcher.to_file(wanted, destination, &progress).await {
            Ok(receipt) => Ok(receipt),
            Err(FetchError::Unchanged { .. }) => {
                let refused = errand.spool.refused(&part.name).into_iter();
                let shown = fetch::redacted(&wanted.url);
                let known = refused
                    .filter(|one| one.url == shown.as_str())
                    .map(|one| one.reason)
                    .next_back();
                Err(Trouble::content(REFUSED_BEFORE, known.unwrap_or_default()))
            }
            Err(error) => Err(Trouble::Fetch(error)),
        }
    }
}

impl Errand<'_> {
    fn failed(&self, part: &Part, code: &'static str, reason: String) -> Outcome {
        Outcome::Failed {
            code,
            subject: format!("{} {}", self.run, part.name),
            reason: format!("{}: {reason}", self.run),
        }
    }
}

/// A fetched part, unless its bytes are not those of its receipt.
fn opened_as_it_came(path: &Path, name: String, receipt: &Received) -> Result<Option<Opened>, Error> {
    let digest = digest(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    if digest.1 != receipt.sha256 {
        return Ok(None);
    }
    Opened::open_hashed(path, name, Some(Origin::from(receipt)), digest).map(Some)
}

/// The byte ranges of the wanted messages of a part that is one step.
fn index_ranges(
    run: RunTime,
    part: &Part,
    dialect: IndexDialect,
    body: &str,
    wanted: &[Wanted],
) -> Result<Vec<ByteRange>, IndexError> {
    let messages = index::parse(dialect, body)?;
    let valid = part.times.first().copied().unwrap_or(ValidTime(run.0));
    Ok(index::merged(&index::find(&messages, wanted, run, valid)?))
}

/// Longest index that is read.
const MOST_INDEX_BYTES: u64 = 4 * 1024 * 1024;

fn is_page(error: &FetchError) -> bool {
    matches!(error, FetchError::NotData { .. })
}

/// Whether a place is asked for a part of a file rather than for a file.
fn is_question(access: &Access) -> bool {
    matches!(access, Access::Whole { object } if object.query().is_some())
}

/// A place that did not answer as it should; of the part that says nothing.
pub(crate) const UNREACHABLE: &str = "unreachable";
/// Bytes that cannot be opened.
pub(crate) const UNREADABLE: &str = "unreadable";
/// Bytes that were looked at before.
const REFUSED_BEFORE: &str = "refused_before";
/// What is wrong with bytes that came, or with the index that led to them: other bytes of the object may be the right ones.
const CONTENT: [&str; 6] = [
    "index",
    UNREADABLE,
    "content_differs_from_name",
    "field_missing",
    "grid_differs",
    "times_differ",
];

/// Why a place gave no part.
enum Trouble {
    Fetch(FetchError),
    Content { code: &'static str, reason: String },
}

impl Trouble {
    fn content(code: &'static str, reason: String) -> Self {
        Self::Content { code, reason }
    }
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

fn failure(errand: &Errand<'_>, part: &Part, place: &Place, error: &FetchError) -> Outcome {
    let code = match error.class() {
        Class::Absent => "absent",
        Class::AgedOut => "aged_out",
        Class::Later { .. } => UNREACHABLE,
        Class::Refused => "refused_by_server",
        Class::Local => "local",
        Class::Unchanged => "unchanged",
    };
    match place
        .object()
        .and_then(fetch::host_name)
        .filter(|_| code == UNREACHABLE)
    {
        Some(host) => Outcome::Failed {
            code,
            subject: host,
            reason: format!("{}: {error}", errand.run),
        },
        None => errand.failed(part, code, error.to_string()),
    }
}

/// The version of these bytes of an object that was refused before, so that they are not fetched again.
fn refused_version(spool: &CycleSpool, part: &Part, object: &Url, ranges: &[Range<u64>]) -> Option<Validator> {
    let is_range = |one: &RefusedBytes| {
        let refused = one.ranges.iter().map(|[start, end]| *start..*end);
        refused.eq(ranges.iter().cloned())
    };
    let refused = spool.refused(&part.name).into_iter();
    let shown = fetch::redacted(object);
    let of_object = refused.filter(|one| one.url == shown.as_str() && one.validator.is_some() && is_range(one));
    of_object.map(|one| one.validator).next_back()
}

/// What is wrong with an opened part, if anything: another run, a field that is not there, other times.
fn objection(errand: &Errand<'_>, part: &Part, opened: &Opened) -> Option<(&'static str, String)> {
    // Some providers state a reference time that is an hour off; another cycle is at least half a cadence away.
    if let Some(stated) = opened.file.stated_run()
        && stated.0.duration_since(errand.run.0).abs() >= errand.cadence / 2
    {
        let reason = format!("its content is of the run {stated}, its name says {}", errand.run);
        return Some(("content_differs_from_name", reason));
    }
    let series = wanted_series(opened, errand.fields);
    for field in errand.fields {
        let Some((_, found)) = series.iter().find(|(_, series)| field.takes(series)) else {
            return Some(("field_missing", missing_field(field, opened)));
        };
        if let Some(grid) = &field.grid
            && *grid != found.grid
        {
            let reason = format!(
                "{} lies on {} x {} nodes within {:?}, the feed's grid has {} x {} within {:?}",
                field.kind,
                found.grid.nx(),
                found.grid.ny(),
                found.grid.bounds(),
                grid.nx(),
                grid.ny(),
                grid.bounds()
            );
            return Some(("grid_differs", reason));
        }
        if !part.times.is_empty() && found.times != part.times {
            let reason = format!(
                "{} is for {}, and {} was expected",
                field.kind,
                span(&found.times),
                span(&part.times)
            );
            return Some(("times_differ", reason));
        }
    }
    None
}

fn missing_field(field: &Field, opened: &Opened) -> String {
    let names: Vec<String> = field.variables.iter().map(|pair| pair.join("/")).collect();
    let found: Vec<String> = opened
        .file
        .series()
        .iter()
        .map(|series| format!("{} in {}", series.kind, series.source_variables.join("/")))
        .collect();
    format!(
        "{} in {} is not there; the file has {}",
        field.kind,
        names.join(" or "),
        found.join(", ")
    )
}

fn span(times: &[ValidTime]) -> String {
    match times {
        [] => "no time".to_owned(),
        [one] => one.to_string(),
        [first, .., last] => format!("{} times from {first} to {last}", times.len()),
    }
}
