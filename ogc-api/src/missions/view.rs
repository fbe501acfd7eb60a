//! A mission as JSON, under the names of contract.md. Lengths in metres, times in UTC.

use driftline_database::{Mission, MissionStatus};
use driftline_domain::{CoastlineAction, Direction, MissionId, MissionSpec, Priority};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::document::{GEOJSON, JSON, PARTICLES};
use crate::error::status_word;
use crate::features::Collection;
use crate::kml::KML;
use crate::links::{Link, Site};
use crate::query::{Query, shown};

/// Members of a mission, which `fields` may name.
pub(crate) const FIELDS: [&str; 25] = [
    "id",
    "name",
    "description",
    "last_known_lat",
    "last_known_lon",
    "last_known_time",
    "object_type",
    "uncertainty_radius_m",
    "forecast_hours",
    "ensemble_size",
    "priority",
    "distress",
    "config",
    "status",
    "progress",
    "stage",
    "eta",
    "error",
    "job_id",
    "warnings",
    "created_at",
    "updated_at",
    "completed_at",
    "valid_until",
    "links",
];

/// The mission with its links.
pub(crate) fn mission_json(mission: &Mission, site: &Site) -> Map<String, Value> {
    let spec = &mission.spec;
    let values = [
        json!(mission.id),
        json!(spec.name),
        json!(spec.description),
        json!(spec.position.lat_deg()),
        json!(spec.position.lon_deg()),
        json!(spec.time),
        json!(spec.object.key),
        json!(spec.radius_m),
        json!(spec.forecast_hours),
        json!(spec.ensemble_size),
        json!(priority_word(spec.priority)),
        json!(spec.distress),
        config_json(spec),
        json!(status_word(mission.status)),
        json!(mission.progress),
        json!(mission.stage),
        json!(eta(mission)),
        json!(mission.error),
        json!(mission.job_id),
        json!(mission.warnings),
        json!(mission.created_at),
        json!(mission.updated_at),
        json!(mission.completed_at),
        json!(mission.valid_until),
        json!(mission_links(mission, site)),
    ];
    FIELDS.iter().map(|name| (*name).to_owned()).zip(values).collect()
}

/// The mission's path.
pub(crate) fn mission_path(mission: &Mission) -> String {
    format!("/v1/missions/{}", mission.id)
}

/// Where a mission stands, short.
pub(crate) fn status_json(mission: &Mission) -> Map<String, Value> {
    let mut status = Map::new();
    status.insert("id".to_owned(), json!(mission.id));
    status.insert("status".to_owned(), json!(status_word(mission.status)));
    status.insert("progress".to_owned(), json!(mission.progress));
    status.insert("stage".to_owned(), json!(mission.stage));
    status.insert("eta".to_owned(), json!(eta(mission)));
    status.insert("error".to_owned(), json!(mission.error));
    status.insert("updated_at".to_owned(), json!(mission.updated_at));
    status.insert("completed_at".to_owned(), json!(mission.completed_at));
    status.insert("valid_until".to_owned(), json!(mission.valid_until));
    status
}

/// When a running mission will be completed if it goes on as it has since its attempt began; not before there is something
/// to go by.
fn eta(mission: &Mission) -> Option<Timestamp> {
    const ENOUGH: f64 = 0.02;
    let began = mission
        .attempt_at
        .filter(|_| mission.status == MissionStatus::Running)?;
    if mission.progress < ENOUGH {
        return None;
    }
    let so_far = mission.updated_at.duration_since(began).as_secs_f64().max(0.0);
    let left = SignedDuration::try_from_secs_f64(so_far * (1.0 - mission.progress) / mission.progress).ok()?;
    mission.updated_at.checked_add(left).ok()
}

/// The members that `fields` names; every one without it.
pub(crate) fn wanted_fields(query: &Query) -> Result<Option<Vec<&'static str>>, Error> {
    let Some(text) = query.get("fields") else {
        return Ok(None);
    };
    let find = |name: &str| {
        let known = FIELDS.iter().find(|known| **known == name.trim());
        known.copied().ok_or_else(|| {
            Error::parameter(
                "fields",
                format!(
                    "'{}' is no member of a mission; there are {}",
                    shown(name),
                    FIELDS.join(", ")
                ),
            )
        })
    };
    text.split(',').map(find).collect::<Result<Vec<_>, _>>().map(Some)
}

/// The mission cut down to these members.
pub(crate) fn sparse(mut mission: Map<String, Value>, wanted: Option<&[&str]>) -> Value {
    if let Some(wanted) = wanted {
        mission.retain(|name, _| wanted.contains(&name.as_str()));
    }
    Value::Object(mission)
}

fn mission_links(mission: &Mission, site: &Site) -> Vec<Link> {
    let path = mission_path(mission);
    let below = |rest: &str| format!("{path}{rest}");
    let mut links = vec![
        site.link("self", JSON, "This mission", &path),
        site.link("status", JSON, "Where it stands", &below("/status")),
        site.link(
            "monitor",
            "text/event-stream",
            "Progress as it happens",
            &below("/events"),
        ),
    ];
    if mission.run.is_some() {
        let root = format!("/missions/{}/ogc", mission.id);
        links.push(site.link("results", JSON, "Summary and files", &below("/results")));
        links.push(site.link("service", JSON, "Its results as OGC API Features", &root));
        for collection in Collection::ALL {
            let items = format!("{root}/collections/{}/items", collection.id());
            links.push(site.link("items", GEOJSON, collection.title(), &items));
        }
        links.extend(map_links(site, mission.id));
    }
    links
}

/// What makes a link to WMS work as it stands.
pub(crate) const CAPABILITIES: &str = "?service=WMS&request=GetCapabilities";

/// Where a mission's results are drawn: for WMS clients, for tile clients, for programs that draw themselves.
pub(crate) fn map_links(site: &Site, mission: MissionId) -> Vec<Link> {
    let root = format!("/missions/{mission}");
    let mut links = vec![
        site.link(
            "wms",
            "text/xml",
            "Its results as WMS 1.3.0 and 1.1.1",
            &format!("{root}/wms{CAPABILITIES}"),
        ),
        site.link("tilesets", JSON, "Its results as tiles", &format!("{root}/tiles")),
        site.link(
            "wmts",
            "text/xml",
            "Its results as WMTS 1.0.0",
            &format!("{root}/wmts/1.0.0/WMTSCapabilities.xml"),
        ),
        site.link("kml", KML, "Its areas and datums as live KML", &format!("{root}/kml")),
    ];
    for collection in Collection::TILED {
        let tilejson = format!("{root}/tiles/{}.json", collection.id());
        let title = format!("{} as vector tiles: TileJSON", collection.title());
        links.push(site.link("tilejson", JSON, &title, &tilejson));
    }
    let particles = format!("/v1/missions/{mission}/particles");
    let title = "All particles over all output times, compact";
    if site.reaches(&particles) {
        links.push(site.link("particles", PARTICLES, title, &particles));
    }
    links
}

/// How the mission is computed. Members that a mission has without asking for them are left out, but for those that
/// versions before 0.3 showed.
fn config_json(spec: &MissionSpec) -> Value {
    let mut config = json!({
        "mode": spec.mode,
        "step_s": spec.step_s,
        "output_interval_s": spec.output_interval_s,
        "seed": spec.seed,
        "forcing": spec.forcing,
    });
    if spec.direction != Direction::default() {
        config["direction"] = json!(spec.direction);
    }
    if spec.capsizing {
        config["capsizing"] = json!(true);
    }
    if spec.coastline_action != CoastlineAction::default() {
        config["coastline_action"] = json!(spec.coastline_action);
    }
    let process = |sigma_ms: f64, tau_s: f64| json!({"sigma": sigma_ms, "tau": tau_s});
    let errors = [
        (
            "current",
            spec.current_error.map(|error| process(error.sigma_ms, error.tau_s)),
        ),
        (
            "wind",
            spec.wind_error.map(|error| process(error.sigma_ms, error.tau_s)),
        ),
        (
            "coefficients",
            spec.slow_coefficients
                .map(|slow| json!({"share": slow.share, "tau": slow.tau_s})),
        ),
    ];
    for (name, error) in errors {
        if let Some(error) = error {
            config["error"][name] = error;
        }
    }
    if !spec.scenarios.is_empty() {
        config["scenarios"] = json!(spec.scenarios);
    }
    config
}

fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Urgent => "urgent",
        Priority::Normal => "normal",
        Priority::Low => "low",
    }
}
