//! A client that keeps what a broken answer brought.

use std::io::Read;
use std::time::Duration;

use driftline_provider::{Catalogue, Feed, Provider};
use jiff::Timestamp;
use ureq::Agent;

pub(crate) const STEP: &str = "noaa-gfs-bdp-pds/gfs.20261120/06/atmos/gfs.t06z.pgrb2.0p25.f003";
pub(crate) const SIX: &str = "2026-11-20T06:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn gfs() -> Provider {
    Provider::start_blocking(Catalogue::empty().cycle(Feed::Gfs, at(SIX))).unwrap()
}

/// An answer, or the reason why there was none.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) broken: bool,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

pub(crate) fn ask(provider: &Provider, path: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = agent().get(format!("{}/{path}", provider.base_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let Ok(answer) = request.call() else {
        return Got {
            status: 0,
            headers: http::HeaderMap::new(),
            body: Vec::new(),
            broken: true,
        };
    };
    let (head, body) = answer.into_parts();
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let mut reader = body.into_reader();
    let broken = loop {
        match reader.read(&mut piece) {
            Ok(0) => break false,
            Ok(read) => bytes.extend(&piece[..read]),
            Err(_) => break true,
        }
    };
    Got {
        status: head.status.as_u16(),
        headers: head.headers,
        body: bytes,
        broken,
    }
}

pub(crate) fn get(provider: &Provider, path: &str) -> Got {
    ask(provider, path, &[])
}

/// Offset of every message that an index names.
pub(crate) fn offsets(index: &str) -> Vec<usize> {
    let second = |line: &str| line.split(':').nth(1).unwrap().parse().unwrap();
    index.lines().map(second).collect()
}

/// Texts between two marks.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start)
        .skip(1)
        .map(|rest| rest.split(end).next().unwrap())
        .collect()
}
