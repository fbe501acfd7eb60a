//! The two versions, and how they are negotiated (06-042, 6.2.4): no version means the highest, an unknown one the next
//! lower that is offered, or the lowest.

use super::exception::Exception;
use crate::query::shown;

/// A version of WMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// 1.1.1: SRS, X and Y, longitude before latitude everywhere.
    V111,
    /// 1.3.0: CRS, I and J, EPSG:4326 has latitude first.
    V130,
}

impl Version {
    /// The version that answers a request for this one.
    pub(crate) fn negotiated(asked: Option<&str>) -> Result<Self, Exception> {
        let Some(text) = asked.filter(|text| !text.is_empty()) else {
            return Ok(Self::V130);
        };
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) if (*major, *minor, *patch) >= (1, 3, 0) => Ok(Self::V130),
            Some([_, _, _]) => Ok(Self::V111),
            _ => Err(Exception::plain(format!(
                "VERSION '{}' is no version such as 1.3.0",
                shown(text)
            ))),
        }
    }

    /// Its number.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V111 => "1.1.1",
            Self::V130 => "1.3.0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_negotiated() {
        for (asked, expected) in [
            (None, Version::V130),
            (Some(""), Version::V130),
            (Some("1.3.0"), Version::V130),
            (Some("1.1.1"), Version::V111),
            (Some("1.0.0"), Version::V111),
            (Some("1.2.0"), Version::V111),
            (Some("1.4.0"), Version::V130),
            (Some("2.0.0"), Version::V130),
            (Some("0.0.1"), Version::V111),
        ] {
            assert_eq!(Version::negotiated(asked).unwrap(), expected, "{asked:?}");
        }
        for asked in ["1.3", "abc", "1.3.0.0", "-1.3.0", "1,3,0", "99999999999.0.0"] {
            assert!(Version::negotiated(Some(asked)).is_err(), "{asked}");
        }
    }
}
