//! What reference systems are called: codes, identifiers of OGC APIs, registered names.

use super::{PolarSystem, ReferenceSystem};

impl ReferenceSystem {
    /// The system of a name: `EPSG:n`, `CRS84`, `CRS:84`, the URI or the URN of either, with `https` too, and each of
    /// them as a safe CURIE, `[EPSG:n]`.
    pub fn find(text: &str) -> Option<Self> {
        let plain = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let lower = plain.unwrap_or(text).to_ascii_lowercase();
        if matches!(lower.as_str(), "crs84" | "crs:84" | "ogc:crs84") {
            return Some(Self::Crs84);
        }
        if let Some(code) = lower.strip_prefix("epsg:") {
            return Self::of_code(code);
        }
        let uri = lower.strip_prefix("http://").or(lower.strip_prefix("https://"));
        let path = uri.and_then(|uri| uri.strip_prefix("www.opengis.net/def/crs/"));
        let parts: Vec<&str> = match (path, lower.strip_prefix("urn:ogc:def:crs:")) {
            (Some(path), _) => path.split('/').collect(),
            (None, Some(name)) => name.split(':').collect(),
            (None, None) => return None,
        };
        match parts[..] {
            ["ogc", _, "crs84"] => Some(Self::Crs84),
            ["epsg", _, code] => Self::of_code(code),
            _ => None,
        }
    }

    /// The system of an EPSG code.
    pub fn of_epsg(code: u16) -> Option<Self> {
        let zone = |first: u16| u8::try_from(code - first).ok();
        match code {
            4326 => Some(Self::Epsg4326),
            3857 => Some(Self::WebMercator),
            32_601..=32_660 => zone(32_600).map(|zone| Self::Utm { zone, south: false }),
            32_701..=32_760 => zone(32_700).map(|zone| Self::Utm { zone, south: true }),
            _ => {
                let polar = PolarSystem::ALL.into_iter().find(|polar| polar.epsg() == code);
                polar.map(Self::PolarStereographic)
            }
        }
    }

    fn of_code(text: &str) -> Option<Self> {
        let is_plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse().ok()).flatten().and_then(Self::of_epsg)
    }

    /// The EPSG code; CRS84 is not of that registry.
    pub fn epsg(&self) -> Option<i32> {
        match *self {
            Self::Crs84 => None,
            Self::Epsg4326 => Some(4326),
            Self::WebMercator => Some(3857),
            Self::Utm { zone, south } => Some(if south { 32_700 } else { 32_600 } + i32::from(zone)),
            Self::PolarStereographic(polar) => Some(i32::from(polar.epsg())),
        }
    }

    /// The identifier in OGC APIs.
    pub fn uri(&self) -> String {
        match self.epsg() {
            None => "http://www.opengis.net/def/crs/OGC/1.3/CRS84".to_owned(),
            Some(code) => format!("http://www.opengis.net/def/crs/EPSG/0/{code}"),
        }
    }

    /// `EPSG:n`, or `OGC:CRS84`.
    pub fn short_name(&self) -> String {
        match self.epsg() {
            None => "OGC:CRS84".to_owned(),
            Some(code) => format!("EPSG:{code}"),
        }
    }

    /// The registered name.
    pub fn name(&self) -> String {
        match *self {
            Self::Crs84 => "WGS 84 (longitude, latitude)".to_owned(),
            Self::Epsg4326 => "WGS 84".to_owned(),
            Self::WebMercator => "WGS 84 / Pseudo-Mercator".to_owned(),
            Self::Utm { zone, south } => format!("WGS 84 / UTM zone {zone}{}", if south { 'S' } else { 'N' }),
            Self::PolarStereographic(polar) => polar.name().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_is_found_by_each_of_its_names() {
        for system in ReferenceSystem::all() {
            let mut names = vec![system.uri(), system.short_name()];
            names.push(system.uri().replace("http:", "https:"));
            names.push(match system.epsg() {
                None => "urn:ogc:def:crs:OGC:1.3:CRS84".to_owned(),
                Some(code) => format!("urn:ogc:def:crs:EPSG::{code}"),
            });
            names.push(format!("[{}]", system.short_name()));
            for name in names {
                assert_eq!(ReferenceSystem::find(&name), Some(system), "{name}");
                assert_eq!(ReferenceSystem::find(&name.to_uppercase()), Some(system), "{name}");
            }
        }
        assert_eq!(ReferenceSystem::find("CRS:84"), Some(ReferenceSystem::Crs84));
        for name in [
            "",
            "4326",
            "EPSG:",
            "EPSG:04326",
            "EPSG:+4326",
            "EPSG:4326 ",
            "EPSG:32600",
            "EPSG:32661",
            "EPSG:32700",
            "EPSG:32761",
            "EPSG:99999999999",
            "[EPSG:4326",
            "http://www.opengis.net/def/crs/EPSG/0",
            "http://www.opengis.net/def/crs/EPSG/0/4326/",
            "urn:ogc:def:crs:EPSG:4326",
            "http://example.org/def/crs/EPSG/0/4326",
        ] {
            assert_eq!(ReferenceSystem::find(name), None, "{name}");
        }
    }
}
