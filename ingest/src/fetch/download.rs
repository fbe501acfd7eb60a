//! Objects and ranges of them into files: asked for piece by piece, continued where it broke off, and only as long as it
//! is the same object (RFC 9110, sections 13.1.5 and 14.2).

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::answer::{content_length, content_range, given_range, is_called_html};
use super::ask::{Answer, Ask};
use super::hosts::Host;
use super::part::{Origin, Part, looks_like_text};
use super::plan::{self, Plan};
use super::receipt::write_receipt;
use super::redact::redacted;
use super::{FetchError, Fetcher, Validator};

/// An object may change so often while it is fetched before that is called off.
const MOST_BEGINNINGS: u32 = 3;

/// Bytes that count as progress even where they complete nothing.
const PROGRESS_BYTES: u64 = 1 << 20;

/// What is to be fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The object.
    pub url: Url,
    /// Bytes of it that go into the file, in this order; none for the whole object.
    pub ranges: Vec<Range<u64>>,
    /// A file with fewer bytes cannot be whole.
    pub at_least_bytes: u64,
    /// An object that was changed more recently than this is still being uploaded.
    pub settled_for: Option<Duration>,
    /// The version that the caller has already: if it is still that, `FetchError::Unchanged` comes back.
    pub known: Option<Validator>,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The object, without secrets.
    pub url: Url,
    /// Bytes of it that are in the file: first, and last plus one. None for the whole object.
    pub ranges: Vec<[u64; 2]>,
    /// Version of the object.
    pub validator: Validator,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// When the file was complete.
    pub fetched_at: Timestamp,
    /// Bytes that an earlier call had left.
    pub resumed_from: u64,
    /// Requests of this call.
    pub requests: u32,
}

pub(super) async fn to_file(
    fetcher: &Fetcher,
    wanted: &Wanted,
    destination: &Path,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Received, FetchError> {
    let host = fetcher.host(&wanted.url)?;
    let plan = plan_of(fetcher, wanted)?;
    let shown = redacted(&wanted.url);
    let origin = Origin {
        url: shown.to_string(),
        ranges: plan.ranges(),
    };
    let part = Part::open(destination, origin).await?;
    let mut download = Download {
        fetcher,
        host: Arc::clone(&host),
        wanted,
        plan,
        shown: shown.to_string(),
        progress,
        resumed_from: part.done(),
        part,
        destination,
        ended: false,
        requests: 0,
        beginnings: 1,
    };
    download.forget_what_cannot_be_continued().await?;
    let result = download.all_requests(&host).await;
    download.close(shown, result).await
}

/// Refuses what could never become a file.
fn plan_of(fetcher: &Fetcher, wanted: &Wanted) -> Result<Plan, FetchError> {
    let url = redacted(&wanted.url).to_string();
    let Some(plan) = Plan::new(&wanted.ranges) else {
        let reason = "one of the ranges is empty".to_owned();
        return Err(FetchError::Unaskable { url, reason });
    };
    let (most, least) = (fetcher.settings().most_bytes, wanted.at_least_bytes);
    match plan.bytes() {
        Some(bytes) if bytes > most => Err(FetchError::TooLong { url, bytes, most }),
        Some(bytes) if bytes < least => Err(FetchError::TooShort { url, bytes, least }),
        _ => Ok(plan),
    }
}

/// A download under way.
struct Download<'a> {
    fetcher: &'a Fetcher,
    host: Arc<Host>,
    wanted: &'a Wanted,
    plan: Plan,
    shown: String,
    progress: &'a (dyn Fn(u64) + Send + Sync),
    part: Part,
    destination: &'a Path,
    /// A whole object of unknown length ended without an error.
    ended: bool,
    resumed_from: u64,
    requests: u32,
    beginnings: u32,
}

/// An answer that gives bytes that are wanted.
struct Bytes {
    /// Place in the object of its first byte.
    position: u64,
    /// Ascending ranges of the object that are taken from it.
    pieces: Vec<Range<u64>>,
    /// Place after its last byte, if told.
    end: Option<u64>,
}

impl Download<'_> {
    /// Without a mark of its version nothing tells whether the rest would be of the same object.
    async fn forget_what_cannot_be_continued(&mut self) -> Result<(), FetchError> {
        if self.part.done() > 0 && self.part.validator.for_if_range().is_none() {
            self.part.start_over().await?;
            self.resumed_from = 0;
        }
        Ok(())
    }

    async fn all_requests(&mut self, host: &Host) -> Result<(), FetchError> {
        let fetcher = self.fetcher;
        let mut patience = fetcher.patience();
        while !self.is_complete() {
            let before = self.part.done();
            match fetcher.once(host, self.one_request()).await {
                Ok(()) => patience.renew(),
                Err(FetchError::Changed { .. }) if self.beginnings < MOST_BEGINNINGS => self.begin_anew().await?,
                Err(error) => {
                    self.keep_what_came().await?;
                    if self.part.done() >= before + PROGRESS_BYTES {
                        patience.renew();
                    }
                    patience.after(error).await?;
                }
            }
        }
        self.refuse_what_is_no_data()
    }

    fn is_complete(&self) -> bool {
        let whole = self.plan.bytes().or(self.part.total);
        self.ended || whole.is_some_and(|whole| self.part.done() >= whole)
    }

    /// The unfinished file becomes the file, stays for the next call, or is removed where nothing can become of it.
    async fn close(mut self, shown: Url, result: Result<(), FetchError>) -> Result<Received, FetchError> {
        if let Err(error) = result {
            let hopeless = match error {
                FetchError::TooShort { .. } | FetchError::TooLong { .. } => true,
                FetchError::NotData { .. } => looks_like_text(self.part.first_bytes()),
                _ => false,
            };
            if hopeless || self.part.done() == 0 {
                self.part.discard().await?;
            }
            return Err(error);
        }
        let (ranges, validator, bytes) = (self.plan.ranges(), self.part.validator.clone(), self.part.done());
        let received = Received {
            url: shown,
            ranges,
            validator,
            bytes,
            sha256: self.part.seal().await?,
            fetched_at: self.fetcher.now(),
            resumed_from: self.resumed_from,
            requests: self.requests,
        };
        write_receipt(self.destination, &received).await?;
        self.part.settle().await?;
        Ok(received)
    }

    async fn begin_anew(&mut self) -> Result<(), FetchError> {
        tracing::debug!(url = self.shown, "changed while it was fetched; begun anew");
        self.beginnings += 1;
        self.resumed_from = 0;
        self.part.start_over().await
    }

    /// After a failure: what came is continued if the version is known, else it is worth nothing.
    async fn keep_what_came(&mut self) -> Result<(), FetchError> {
        if self.part.validator.for_if_range().is_some() {
            return self.part.record().await;
        }
        self.part.start_over().await
    }

    /// Asks for the next bytes and takes what comes.
    async fn one_request(&mut self) -> Result<(), FetchError> {
        let done = self.part.done();
        let rest = self.plan.rest(done);
        let (_, span) = plan::first_request(&rest);
        let asked = (!self.plan.is_whole() || done > 0).then_some((span.start, span.end));
        let ask = Ask {
            range: asked,
            if_range: asked.and_then(|_| self.part.validator.for_if_range()),
            known: self.wanted.known.as_ref().filter(|_| done == 0),
            ..Ask::get(&self.wanted.url)
        };
        self.requests += 1;
        let host = Arc::clone(&self.host);
        let mut answer = self.fetcher.send(&host, ask).await?;
        self.refuse_page(&mut answer).await?;
        let bytes = self.accept(&answer, asked, &rest)?;
        self.take(&mut answer, bytes).await
    }

    /// A page that calls itself one is refused before it can touch what came before.
    async fn refuse_page(&self, answer: &mut Answer<'_>) -> Result<(), FetchError> {
        if !answer.status().is_success() || !is_called_html(answer.headers()) {
            return Ok(());
        }
        let first = answer.chunk().await?.unwrap_or_default();
        Err(self.no_data(&first))
    }

    fn no_data(&self, first: &[u8]) -> FetchError {
        let beginning = String::from_utf8_lossy(&first[..first.len().min(80)]);
        FetchError::NotData {
            url: self.shown.clone(),
            first_bytes: beginning.escape_debug().to_string(),
        }
    }

    /// Compares the head of an answer with what was asked for and with what came before.
    fn accept(
        &mut self,
        answer: &Answer<'_>,
        asked: Option<(u64, u64)>,
        rest: &[Range<u64>],
    ) -> Result<Bytes, FetchError> {
        let whole = match answer.status().as_u16() {
            304 => return Err(self.unchanged()),
            416 => return Err(self.beyond_the_end(answer, asked)),
            status => status == 200,
        };
        let validator = Validator::of(answer.headers());
        self.refuse_another_version(&validator, whole)?;
        self.refuse_unsettled(&validator)?;
        let bytes = if whole {
            self.accept_whole(answer, asked, rest)?
        } else {
            self.accept_part(answer, asked, rest)?
        };
        self.refuse_wrong_total()?;
        if self.part.validator == Validator::default() {
            self.part.validator = validator;
        }
        Ok(bytes)
    }

    /// The version that the caller has, or another one than that of the bytes that are there. Whoever sends the whole
    /// object where a part was asked for has to prove that it is the same one.
    fn refuse_another_version(&self, validator: &Validator, whole: bool) -> Result<(), FetchError> {
        let known = self.wanted.known.as_ref().and_then(|known| known.etag.as_ref());
        if self.part.done() == 0 {
            return match known {
                Some(known) if validator.etag.as_ref() == Some(known) => Err(self.unchanged()),
                _ => Ok(()),
            };
        }
        if self.part.validator.contradicts(validator) || (whole && !self.part.validator.same_as(validator)) {
            return Err(self.changed());
        }
        Ok(())
    }

    fn unchanged(&self) -> FetchError {
        FetchError::Unchanged {
            url: self.shown.clone(),
        }
    }

    fn changed(&self) -> FetchError {
        FetchError::Changed {
            url: self.shown.clone(),
        }
    }

    /// Status 416: the object ends before what was asked for, either because it is another one by now, or because who
    /// wanted the range was wrong about it.
    fn beyond_the_end(&self, answer: &Answer<'_>, asked: Option<(u64, u64)>) -> FetchError {
        let total = content_range(answer.headers()).and_then(|range| range.total);
        let shrunk = total.zip(self.part.total).is_some_and(|(now, before)| now != before);
        if shrunk || (self.plan.is_whole() && asked.is_some()) {
            return self.changed();
        }
        self.shorter_than(asked.map_or(0, |(_, end)| end), total)
    }

    fn refuse_unsettled(&self, validator: &Validator) -> Result<(), FetchError> {
        let (Some(last_modified), Some(settled_for)) = (validator.last_modified, self.wanted.settled_for) else {
            return Ok(());
        };
        let settled_for = SignedDuration::try_from(settled_for).unwrap_or(SignedDuration::MAX);
        let not_before = last_modified.checked_add(settled_for).unwrap_or(Timestamp::MAX);
        if not_before <= self.fetcher.now() {
            return Ok(());
        }
        Err(FetchError::Unsettled {
            url: self.shown.clone(),
            last_modified,
            not_before,
        })
    }

    fn refuse_wrong_total(&self) -> Result<(), FetchError> {
        let most = self.fetcher.settings().most_bytes;
        match self.part.total.filter(|_| self.plan.is_whole()) {
            Some(bytes) if bytes > most => Err(FetchError::TooLong {
                url: self.shown.clone(),
                bytes,
                most,
            }),
            Some(bytes) if bytes < self.part.done() => Err(self.changed()),
            _ => Ok(()),
        }
    }

    /// Status 206: the range must be the one that was asked for, or its beginning, of an object of the same length.
    fn accept_part(
        &mut self,
        answer: &Answer<'_>,
        asked: Option<(u64, u64)>,
        rest: &[Range<u64>],
    ) -> Result<Bytes, FetchError> {
        let (first, end) = asked.unwrap_or((0, u64::MAX));
        let given = given_range(&self.shown, answer.headers(), (first, end))?;
        self.refuse_another_total(given.total)?;
        if given.end < end && given.total == Some(given.end) && !self.plan.is_whole() {
            return Err(self.shorter_than(end, given.total));
        }
        self.part.total = self.part.total.or(given.total);
        let (count, _) = plan::first_request(rest);
        Ok(Bytes {
            position: first,
            pieces: rest[..count].to_vec(),
            end: Some(given.end),
        })
    }

    fn refuse_another_total(&self, total: Option<u64>) -> Result<(), FetchError> {
        match self.part.total.zip(total) {
            Some((before, now)) if before != now => Err(self.changed()),
            _ => Ok(()),
        }
    }

    fn shorter_than(&self, wanted: u64, total: Option<u64>) -> FetchError {
        FetchError::ShorterThanAsked {
            url: self.shown.clone(),
            wanted,
            total,
        }
    }

    /// Status 200: the whole object, from which is taken what is wanted if that is bearable.
    fn accept_whole(
        &mut self,
        answer: &Answer<'_>,
        asked: Option<(u64, u64)>,
        rest: &[Range<u64>],
    ) -> Result<Bytes, FetchError> {
        let total = content_length(answer.headers());
        self.refuse_another_total(total)?;
        let unbearable = total.is_none_or(|total| total > self.fetcher.settings().small_object_bytes);
        if asked.is_some() && unbearable {
            return Err(FetchError::RangeIgnored {
                url: self.shown.clone(),
                total,
            });
        }
        let (count, span) = plan::one_pass(rest);
        if let Some(total) = total.filter(|total| !self.plan.is_whole() && *total < span.end) {
            return Err(self.shorter_than(span.end, Some(total)));
        }
        self.part.total = self.part.total.or(total);
        Ok(Bytes {
            position: 0,
            pieces: rest[..count].to_vec(),
            end: total,
        })
    }

    /// Takes what is wanted of the body.
    async fn take(&mut self, answer: &mut Answer<'_>, bytes: Bytes) -> Result<(), FetchError> {
        let last = bytes.pieces.last().map_or(0, |piece| piece.end);
        let stop = bytes.end.map_or(last, |end| end.min(last));
        let (before, mut position) = (self.part.done(), bytes.position);
        while position < stop {
            let Some(chunk) = answer.chunk().await? else {
                if bytes.end.is_some() {
                    return Err(answer.cut());
                }
                self.ended = true;
                break;
            };
            for wanted in plan::cut(&chunk, position, &bytes.pieces) {
                self.part.append(wanted).await?;
            }
            position = position.saturating_add(chunk.len() as u64);
            (self.progress)(self.part.done());
            self.refuse_what_grows_too_long()?;
            if self.part.has_first_bytes() {
                self.refuse_what_is_no_data()?;
            }
        }
        // An answer that brings nothing must count as an attempt, or there would be no end.
        if self.part.done() == before && !self.is_complete() {
            return Err(answer.cut());
        }
        Ok(())
    }

    fn refuse_what_grows_too_long(&self) -> Result<(), FetchError> {
        let (bytes, most) = (self.part.done(), self.fetcher.settings().most_bytes);
        if bytes <= most {
            return Ok(());
        }
        Err(FetchError::TooLong {
            url: self.shown.clone(),
            bytes,
            most,
        })
    }

    /// By the first bytes and by the length, as soon as they are known.
    fn refuse_what_is_no_data(&self) -> Result<(), FetchError> {
        let first = self.part.first_bytes();
        if looks_like_text(first) {
            return Err(self.no_data(first));
        }
        let announced = self.part.total.filter(|_| self.plan.is_whole());
        let bytes = announced.unwrap_or_else(|| self.part.done());
        let counts = self.is_complete() || announced.is_some();
        let least = self.wanted.at_least_bytes.max(1);
        if counts && bytes < least {
            return Err(FetchError::TooShort {
                url: self.shown.clone(),
                bytes,
                least,
            });
        }
        Ok(())
    }
}
