//! `limit`, `cursor` and `offset`. A cursor names the last feature seen as (run sequence, row); because published runs
//! never change, a walk along `next` sees each feature once, whatever is published meanwhile. `offset` is accepted for
//! clients that know nothing else, and never emitted.

use driftline_database::Cursor;

use super::{Query, shown};
use crate::Error;

/// How many features a page has unless asked for otherwise, and at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageLimits {
    /// Without `limit`.
    pub(crate) default: usize,
    /// More is answered with this many.
    pub(crate) max: usize,
}

impl PageLimits {
    /// Features of an items page (ogc.md, section 1: at least 10,000). GDAL from 3.8 on goes by the API document, where a
    /// small default would make it walk a collection in thousands of requests; before, it asks for 10 unless told
    /// otherwise by its open option PAGE_SIZE.
    pub(crate) const ITEMS: Self = Self {
        default: 1_000,
        max: 10_000,
    };
    /// Objects of a `/v1` list (contract.md).
    pub(crate) const LIST: Self = Self { default: 50, max: 100 };

    /// The `limit` parameter; a larger one than the maximum means the maximum (Part 1, /req/core/fc-limit-response-1).
    pub(crate) fn limit(self, query: &Query) -> Result<usize, Error> {
        let Some(text) = query.get("limit") else {
            return Ok(self.default);
        };
        let refuse = || {
            Error::parameter(
                "limit",
                format!("'{}' is not a whole number from 1 to {}", shown(text), self.max),
            )
        };
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse());
        }
        // More digits than fit an integer are still more than the maximum.
        let limit = text.parse::<usize>().unwrap_or(usize::MAX);
        if limit == 0 {
            return Err(refuse());
        }
        Ok(limit.min(self.max))
    }
}

/// Where a page begins and how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// Features at most.
    pub(crate) limit: usize,
    /// The last feature of the page before.
    pub(crate) after: Option<Cursor>,
    /// Features to leave out first.
    pub(crate) offset: u64,
}

impl Page {
    /// Reads the three parameters.
    pub(crate) fn parse(query: &Query) -> Result<Self, Error> {
        let after = query.get("cursor").map(parse_cursor).transpose()?;
        let page = Self::beginning(query)?;
        if after.is_some() && page.offset > 0 {
            return Err(Error::parameter("offset", "it cannot be used beside cursor".to_owned()));
        }
        Ok(Self { after, ..page })
    }

    /// Reads `limit` and `offset`.
    pub(crate) fn beginning(query: &Query) -> Result<Self, Error> {
        let limit = PageLimits::ITEMS.limit(query)?;
        let offset = match query.get("offset") {
            None => 0,
            Some(text) => {
                let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse()
                    .ok()
                    .filter(|offset| plain && *offset <= MAX_OFFSET)
                    .ok_or_else(|| {
                        Error::parameter(
                            "offset",
                            format!("'{}' is not a whole number from 0 to {MAX_OFFSET}", shown(text)),
                        )
                    })?
            }
        };
        Ok(Self {
            limit,
            after: None,
            offset,
        })
    }
}

/// Skipping costs as much as reading; a walk this deep has to use `next`.
const MAX_OFFSET: u64 = 1_000_000;

/// A cursor as it stands in `next` links.
pub(crate) fn print_cursor(cursor: Cursor) -> String {
    format!("{}.{}", cursor.run_seq, cursor.row)
}

/// A cursor out of a `next` link.
pub(crate) fn parse_cursor(text: &str) -> Result<Cursor, Error> {
    let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split_once('.').filter(|(seq, row)| plain(seq) && plain(row));
    let cursor = parts.and_then(|(seq, row)| {
        Some(Cursor {
            run_seq: seq.parse().ok()?,
            row: row.parse().ok()?,
        })
    });
    cursor.ok_or_else(|| Error::parameter("cursor", format!("'{}' was not emitted by this service", shown(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Result<Page, Error> {
        Page::parse(&Query::parse(Some(raw), |_| false)?)
    }

    #[test]
    fn limits_are_defaulted_clamped_and_checked() {
        assert_eq!(parse("").unwrap().limit, 1_000);
        assert_eq!(parse("limit=1").unwrap().limit, 1);
        assert_eq!(parse("limit=10000").unwrap().limit, 10_000);
        assert_eq!(parse("limit=10001").unwrap().limit, 10_000);
        assert_eq!(parse("limit=99999999999999999999999").unwrap().limit, 10_000);
        for bad in ["0", "-1", "", "ten", "1.5", "1e3", "+5", " 5", "0x10"] {
            assert!(parse(&format!("limit={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn cursors_and_offsets_are_checked() {
        let cursor = Cursor { run_seq: 12, row: 345 };
        let printed = print_cursor(cursor);
        assert_eq!(parse(&format!("cursor={printed}")).unwrap().after, Some(cursor));
        assert_eq!(parse("offset=20").unwrap().offset, 20);
        for bad in [
            "cursor=",
            "cursor=12",
            "cursor=-1.2",
            "cursor=1.2.3",
            "cursor=a.b",
            "cursor=99999999999999999999.1",
            "offset=-1",
            "offset=x",
            "offset=",
            "offset=2000000",
            "offset=5&cursor=1.2",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
