//! Forms of answers, by the parameter `f` or by the header `Accept`.

use http::{HeaderMap, header};

use crate::Error;
use crate::document::GEOJSON;
use crate::query::shown;

/// Media type of CoverageJSON (OGC 21-069r2).
pub(crate) const COVERAGE_JSON: &str = "application/vnd.cov+json";
const CSV: &str = "text/csv; charset=utf-8";
const NETCDF: &str = "application/x-netcdf";
const GEOTIFF: &str = "image/tiff; application=geotiff";

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// CoverageJSON 1.0.
    CoverageJson,
    /// EDR GeoJSON: a feature for each position and time.
    GeoJson,
    /// A row for each position and time.
    Csv,
    /// NetCDF-4, CF 1.8.
    NetCdf,
    /// GeoTIFF: a band for each parameter, one time.
    GeoTiff,
}

impl Format {
    /// Forms of every data query.
    pub(crate) const OF_DATA: [Self; 4] = [Self::CoverageJson, Self::GeoJson, Self::Csv, Self::NetCdf];
    /// Forms of what is a grid.
    pub(crate) const OF_GRIDS: [Self; 5] = [
        Self::CoverageJson,
        Self::GeoJson,
        Self::Csv,
        Self::NetCdf,
        Self::GeoTiff,
    ];

    /// Name in requests and metadata.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CoverageJson => "CoverageJSON",
            Self::GeoJson => "GeoJSON",
            Self::Csv => "CSV",
            Self::NetCdf => "NetCDF",
            Self::GeoTiff => "GeoTIFF",
        }
    }

    /// Media type of answers.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::CoverageJson => COVERAGE_JSON,
            Self::GeoJson => GEOJSON,
            Self::Csv => CSV,
            Self::NetCdf => NETCDF,
            Self::GeoTiff => GEOTIFF,
        }
    }

    /// Those that can say in which projected system places are.
    pub(crate) const OF_PROJECTED: [Self; 2] = [Self::CoverageJson, Self::Csv];

    /// The form that a request wants among those that are offered, the first of which is the default.
    pub(crate) fn wanted(f: Option<&str>, headers: &HeaderMap, offered: &[Self]) -> Result<Self, Error> {
        let default = offered.first().copied().unwrap_or(Self::CoverageJson);
        if let Some(text) = f {
            let found = offered.iter().copied().find(|format| format.is_called(text));
            let is_json = text.eq_ignore_ascii_case("json") || text.eq_ignore_ascii_case("application/json");
            return found.or(is_json.then_some(default)).ok_or_else(|| {
                let names: Vec<&str> = offered.iter().map(|format| format.name()).collect();
                let reason = format!("'{}' is not offered; there are {}", shown(text), names.join(", "));
                Error::parameter("f", reason)
            });
        }
        let ranges: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        if ranges.is_empty() {
            return Ok(default);
        }
        let accept = ranges.join(",").to_ascii_lowercase();
        let mut kinds = accept
            .split(',')
            .map(|range| range.split(';').next().unwrap_or_default().trim());
        let found = kinds.find_map(|kind| match kind {
            "" | "*/*" | "application/*" | "application/json" => Some(default),
            named => offered.iter().copied().find(|format| format.is_called(named)),
        });
        found.ok_or_else(|| Error::NotAcceptable(shown(&accept)))
    }

    fn is_called(self, text: &str) -> bool {
        let others: &[&str] = match self {
            Self::CoverageJson => &["covjson", "application/prs.coverage+json"],
            Self::GeoJson => &["application/geo+json"],
            Self::Csv => &["text/csv"],
            Self::NetCdf => &["application/netcdf", "application/x-netcdf4", "nc"],
            Self::GeoTiff => &["image/tiff", "tiff"],
        };
        let is = |name: &str| name.eq_ignore_ascii_case(text);
        is(self.name()) || is(self.media_type()) || others.iter().any(|name| is(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn f_is_stronger_than_accept_and_what_is_not_offered_is_refused() {
        let mut headers = HeaderMap::new();
        let wanted = |f, headers: &HeaderMap| Format::wanted(f, headers, &Format::OF_DATA).ok();
        assert_eq!(wanted(None, &headers), Some(Format::CoverageJson));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/csv;q=0.9, */*"));
        assert_eq!(wanted(None, &headers), Some(Format::Csv));
        assert_eq!(wanted(Some("geojson"), &headers), Some(Format::GeoJson));
        assert_eq!(wanted(Some("json"), &headers), Some(Format::CoverageJson));
        assert_eq!(wanted(Some("GeoTIFF"), &headers), None);
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        assert_eq!(wanted(None, &headers), None);
        for format in Format::OF_GRIDS {
            assert_eq!(
                Format::wanted(Some(format.media_type()), &headers, &Format::OF_GRIDS).ok(),
                Some(format)
            );
        }
    }
}
