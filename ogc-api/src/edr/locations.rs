//! Named places (19-086r6, locations query): at a mission's root its last known position and the datums of its run, at the
//! tenant's the last known positions of its newest missions.

use axum::extract::State;
use axum::response::Response;
use driftline_database::{Mission, MissionFilter};
use driftline_domain::ValidTime;
use serde_json::{Value, json};

use super::coords::Place;
use super::format::Format;
use super::subject::{Subject, root_path};
use crate::document::{GEOJSON, document};
use crate::features::RootAsk;
use crate::links::Link;
use crate::query::{Interval, bbox_parameter};
use crate::runs::RunCache;
use crate::{AppState, Error};

/// Missions whose last known positions a tenant's root names.
const MISSIONS: u32 = 100;
/// Name of a mission's last known position.
const LAST_KNOWN: &str = "last-known-position";

/// A named place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Location {
    /// Its name in paths.
    pub(crate) id: String,
    /// Its name for people.
    pub(crate) label: String,
    /// Where it is.
    pub(crate) place: Place,
}

/// `GET …/{collection_id}/locations`.
pub(crate) async fn list(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    ask.query.allow_only(&["bbox", "datetime", "f"])?;
    Format::wanted(ask.query.get("f"), &ask.headers, &[Format::GeoJson])?;
    let bbox = bbox_parameter(&ask.query)?;
    let interval = Interval::parameter(&ask.query, "datetime")?;
    let subject = Subject::of(&state, &asked).await?;
    let is_then = interval.from.is_none_or(|from| from <= subject.until)
        && interval.until.is_none_or(|until| until >= subject.from);
    let locations = if is_then {
        all(&state, &asked).await?
    } else {
        Vec::new()
    };
    let parameters = subject.collection.parameters();
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.id).collect();
    let features: Vec<Value> = locations
        .iter()
        .filter(|location| bbox.is_none_or(|bbox| bbox.contains(location.place.0, location.place.1)))
        .map(|location| {
            let endpoint = ask.site.url(&format!("{}/locations/{}", subject.path, location.id));
            json!({
                "type": "Feature",
                "id": location.id,
                "geometry": {"type": "Point", "coordinates": [location.place.0, location.place.1]},
                "properties": {
                    "datetime": subject.interval(),
                    "label": location.label,
                    "parameter-name": names,
                    "edrqueryendpoint": endpoint,
                },
            })
        })
        .collect();
    let links = [
        Link::new("self", GEOJSON, ask.self_url()),
        ask.site.link(
            "data",
            crate::document::JSON,
            "The collections",
            &format!("{}/collections", root_path(&asked.root)),
        ),
    ];
    let listed = json!({
        "type": "FeatureCollection",
        "numberMatched": features.len(),
        "numberReturned": features.len(),
        "features": features,
        "links": links,
    });
    document(&ask.headers, GEOJSON, &listed)
}

/// The location of this name.
pub(crate) async fn find(state: &AppState, asked: &RootAsk, id: &str) -> Result<Location, Error> {
    let unknown = || Error::not_found("location", id);
    if asked.root.mission().is_some() {
        let known = all(state, asked).await?;
        return known.into_iter().find(|location| location.id == id).ok_or_else(unknown);
    }
    // However old a mission is, its position can be asked for.
    let mission = crate::missions::find_mission(state, asked.ask.caller.org, id).await;
    match mission {
        Ok(mission) => Ok(of_mission(&mission, mission.id.to_string())),
        Err(Error::NotFound { .. }) => Err(unknown()),
        Err(error) => Err(error),
    }
}

async fn all(state: &AppState, asked: &RootAsk) -> Result<Vec<Location>, Error> {
    let Some(mission) = asked.root.mission() else {
        let filter = MissionFilter {
            limit: MISSIONS,
            ..MissionFilter::default()
        };
        let missions = state.database.missions(asked.ask.caller.org, &filter).await?;
        return Ok(missions
            .iter()
            .map(|mission| of_mission(mission, mission.id.to_string()))
            .collect());
    };
    let mut locations = vec![of_mission(mission, LAST_KNOWN.to_owned())];
    if let Some(run) = &mission.run
        && let Some(datums) = RunCache::datums(state, run).await?
    {
        for datum in &datums.0 {
            let kind = datum
                .properties
                .get("datum_kind")
                .and_then(Value::as_str)
                .unwrap_or("datum");
            locations.push(Location {
                id: format!("{kind}.{}", compact(datum.time)),
                label: format!("datum ({kind}) at {}", datum.time),
                place: datum.place,
            });
        }
    }
    Ok(locations)
}

fn of_mission(mission: &Mission, id: String) -> Location {
    let position = mission.spec.position;
    let label = match &mission.spec.name {
        Some(name) => format!("last known position: {name}"),
        None => "last known position".to_owned(),
    };
    Location {
        id,
        label,
        place: (position.lon_deg(), position.lat_deg()),
    }
}

fn compact(time: ValidTime) -> String {
    time.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}
