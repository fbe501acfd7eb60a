//! Which limit a request counts against. Maps have a class of their own: one look at a map is dozens of tiles, so that
//! the limit for other requests would stop people who only move the map (platform.md 2.7).

use http::Method;

use super::rate::Rate;

/// A kind of request that has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Everything that is none of the others.
    Requests,
    /// Pictures and tiles.
    Maps,
    /// New missions, cancellations and withdrawals.
    MissionWrites,
    /// New missions in distress.
    Distress,
}

impl Class {
    pub(crate) const ALL: [Self; 4] = [Self::Requests, Self::Maps, Self::MissionWrites, Self::Distress];

    /// Its name in headers, settings and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Maps => "maps",
            Self::MissionWrites => "mission-writes",
            Self::Distress => "distress",
        }
    }

    /// The class of a request by its path, as routes see it. A new mission is counted where its body has been read, as only
    /// that says whether it is one in distress: [`super::MissionAdmission`].
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        if is_mission_write(method, path) {
            return Self::MissionWrites;
        }
        let is_map = |part: &str| matches!(part, "wms" | "wmts" | "tiles" | "map");
        if path.split('/').any(is_map) {
            Self::Maps
        } else {
            Self::Requests
        }
    }
}

/// Whether a request may bring a mission.
pub(crate) fn brings_missions(method: &Method, path: &str) -> bool {
    let is_execution = path.starts_with("/ogc/processes/") && path.ends_with("/execution");
    let is_rerun = path.starts_with("/v1/missions/") && path.ends_with(":rerun");
    method == Method::POST && (matches!(path, "/v1/missions" | "/v1/missions:batch") || is_execution || is_rerun)
}

fn is_mission_write(method: &Method, path: &str) -> bool {
    let is_of_missions =
        path == "/v1/missions" || path.starts_with("/v1/missions/") || path.starts_with("/v1/missions:");
    let is_job = path.starts_with("/ogc/jobs/");
    let is_link = path.contains("/share-links");
    match *method {
        Method::POST => {
            (is_of_missions && !is_link && path != "/v1/missions:validate") || brings_missions(method, path)
        }
        Method::DELETE => (is_of_missions && !is_link) || is_job,
        Method::PUT | Method::PATCH => is_of_missions,
        _ => false,
    }
}

/// The limits of an installation.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitSettings {
    /// Requests of one key or user in a minute.
    pub requests: u32,
    /// Requests of one organisation in a minute.
    pub organisation_requests: u32,
    /// Pictures and tiles of one key or user in a minute.
    pub maps: u32,
    /// Pictures and tiles of one organisation in a minute.
    pub organisation_maps: u32,
    /// Missions that one key or user sends, cancels or withdraws in a minute.
    pub mission_writes: u32,
    /// Missions in distress of one organisation in an hour.
    pub distress_per_hour: u32,
    /// Requests of one client address in a minute, whatever they carry.
    pub address_requests: u32,
    /// Attempts to sign in of one client address in a minute.
    pub logins: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            requests: 1_000,
            organisation_requests: 10_000,
            maps: 6_000,
            organisation_maps: 60_000,
            mission_writes: 100,
            distress_per_hour: 60,
            address_requests: 12_000,
            logins: 60,
        }
    }
}

impl LimitSettings {
    /// The limit of a class for one key or user; none where only the organisation has one.
    pub(crate) fn of_key(&self, class: Class) -> Option<Rate> {
        match class {
            Class::Requests => Some(Rate::per_minute(self.requests)),
            Class::Maps => Some(Rate::per_minute(self.maps)),
            Class::MissionWrites => Some(Rate::per_minute(self.mission_writes)),
            Class::Distress => None,
        }
    }

    /// The limit of a class for an organisation.
    pub(crate) fn of_organisation(&self, class: Class) -> Rate {
        match class {
            // Writes count among the organisation's requests.
            Class::Requests | Class::MissionWrites => Rate::per_minute(self.organisation_requests),
            Class::Maps => Rate::per_minute(self.organisation_maps),
            Class::Distress => Rate::per_hour(self.distress_per_hour),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_of_the_class_that_their_path_says() {
        for (method, path, class) in [
            (Method::GET, "/v1/missions", Class::Requests),
            (Method::POST, "/v1/missions", Class::MissionWrites),
            (Method::POST, "/v1/missions:batch", Class::MissionWrites),
            (Method::POST, "/v1/missions:validate", Class::Requests),
            (Method::POST, "/v1/missions/mis_1:cancel", Class::MissionWrites),
            (Method::DELETE, "/v1/missions/mis_1", Class::MissionWrites),
            (Method::POST, "/v1/missions/mis_1/share-links", Class::Requests),
            (Method::POST, "/ogc/processes/drift/execution", Class::MissionWrites),
            (Method::DELETE, "/ogc/jobs/job_1", Class::MissionWrites),
            (Method::GET, "/wms", Class::Maps),
            (Method::GET, "/missions/mis_1/wmts", Class::Maps),
            (Method::GET, "/missions/mis_1/tiles/particles/3/4/5.mvt", Class::Maps),
            (
                Method::GET,
                "/ogc/collections/a/map/tiles/WebMercatorQuad/3/4/5",
                Class::Maps,
            ),
            (Method::GET, "/ogc/collections/search_areas/items", Class::Requests),
            (Method::GET, "/v1/feeds", Class::Requests),
        ] {
            assert_eq!(Class::of(&method, path), class, "{method} {path}");
        }
        assert!(brings_missions(&Method::POST, "/v1/missions/mis_1:rerun"));
        assert!(!brings_missions(&Method::POST, "/v1/missions/mis_1:cancel"));
    }
}
