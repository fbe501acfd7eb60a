//! The areas and datums of a mission as KML: those that hold at an instant, or all of them with their spans.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Billable;
use driftline_database::{Mission, Run};
use driftline_domain::ValidTime;
use driftline_simulate::documents::Error as DocumentError;
use driftline_simulate::kml::{self, AreaPlacemark, KML, KMZ};
use driftline_simulate::products::{holding_at, holds_until};
use serde_json::{Map, Value};

use super::moment;
use crate::answer::{Lasting, tagged};
use crate::entity_tag::EntityTag;
use crate::features::{FEATURES_PER_UNIT, RootAsk, credits_of};
use crate::maps::{Viewer, compute};
use crate::runs::{Area, RunAreas, RunCache, RunDatums};
use crate::{AppState, Error};

/// Names that the route answers to.
pub(crate) const FILES: [&str; 4] = ["now.kml", "now.kmz", "times.kml", "times.kmz"];

/// Members of an area that a viewer shows as a table.
const NUMBERS: [&str; 7] = [
    "valid_time",
    "level",
    "poc",
    "area_km2",
    "area_nm2",
    "n_particles",
    "stranded_fraction",
];

/// What is drawn of a run.
struct Drawing {
    title: String,
    attribution: String,
    areas: Arc<RunAreas>,
    datums: Arc<RunDatums>,
    /// Output times, and which of them are drawn.
    times: Vec<ValidTime>,
    shown: std::ops::Range<usize>,
    /// What people are told where nothing is drawn.
    nothing: String,
    is_zipped: bool,
}

/// `GET /missions/{mission_id}/kml/{kml_file}`.
pub(crate) async fn file(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    let wanted = ask.param("kml_file");
    let name = FILES.into_iter().find(|known| *known == wanted);
    let name = name.ok_or_else(|| Error::not_found("file", wanted))?;
    let (is_now, is_zipped) = (name.starts_with("now"), name.ends_with("kmz"));
    let known: &[&str] = if is_now { &[moment::PARAMETER] } else { &[] };
    ask.query.allow_only(known)?;
    let at = moment::asked(&ask.query)?;
    let mission = root
        .mission()
        .ok_or_else(|| Error::Internal("live KML stands under a mission".to_owned()))?;
    let media_type = if is_zipped { KMZ } else { KML };
    let drawing = drawing(&state, mission, is_now.then_some(at), is_zipped, root.title()).await?;
    let tag = tag(mission, &drawing);
    let lasting = if is_now || mission.run.is_none() {
        Lasting::Briefly
    } else {
        Lasting::Forever
    };
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(lasting.not_modified(&held));
    }
    let place = state.map_places().take(ask.caller.org, 1).await?;
    let viewer = Viewer {
        state: &state,
        org: ask.caller.org,
        place: &place,
    };
    let (bytes, features) = compute(viewer, move || drawing.bytes())
        .await?
        .map_err(|error| Error::Internal(format!("live KML: {error}")))?;
    let mut response = tagged(bytes, media_type, &tag, lasting);
    if features > 0 {
        response.extensions_mut().insert(Billable {
            meter: "features",
            units: (features as u64).div_ceil(FEATURES_PER_UNIT),
            distress: root.is_distress(),
        });
    }
    Ok(response)
}

/// The run, the times that are drawn and the form: nothing else is in the answer.
fn tag(mission: &Mission, drawing: &Drawing) -> EntityTag {
    let run = mission.run.as_ref().map(|run| run.id.to_string()).unwrap_or_default();
    let shown = format!("{:?} {} {}", drawing.shown, drawing.is_zipped, drawing.nothing);
    let parts = [env!("CARGO_PKG_VERSION"), &drawing.title, &run, &shown];
    EntityTag::of_parts(&parts.map(str::as_bytes))
}

async fn drawing(
    state: &AppState,
    mission: &Mission,
    at: Option<ValidTime>,
    is_zipped: bool,
    title: String,
) -> Result<Drawing, Error> {
    let mut drawing = Drawing {
        title,
        attribution: String::new(),
        areas: Arc::new(RunAreas(Vec::new())),
        datums: Arc::new(RunDatums(Vec::new())),
        times: Vec::new(),
        shown: 0..0,
        nothing: "No areas yet: the mission has no published run.".to_owned(),
        is_zipped,
    };
    let Some(run) = &mission.run else {
        return Ok(drawing);
    };
    if let Some(areas) = RunCache::areas(state, run).await? {
        drawing.areas = areas;
    }
    if let Some(datums) = RunCache::datums(state, run).await? {
        drawing.datums = datums;
    }
    drawing.attribution = credits_of([run]).join("; ");
    drawing.times = drawing.areas.0.iter().map(|area| area.time).collect();
    drawing.times.dedup();
    drawing.shown = match at {
        None => 0..drawing.times.len(),
        Some(at) => holding_at(&drawing.times, at).map_or(0..0, |(number, _)| number..number + 1),
    };
    drawing.nothing = nothing(run);
    Ok(drawing)
}

fn nothing(run: &Run) -> String {
    format!(
        "No area holds at this time: the run is valid from {} to {}.",
        run.valid_from, run.valid_until
    )
}

impl Drawing {
    /// The document and how many features are in it.
    fn bytes(&self) -> Result<(Vec<u8>, usize), DocumentError> {
        let mut xml = kml::begin(&self.title);
        let words = if self.shown.is_empty() {
            &self.nothing
        } else {
            &self.attribution
        };
        xml.text("description", words);
        kml::styles(&mut xml);
        let mut features = 0;
        let mut newest = ValidTime(jiff::Timestamp::UNIX_EPOCH);
        for number in self.shown.clone() {
            let time = self.times[number];
            let until = holds_until(&self.times, number).unwrap_or(time);
            newest = time;
            // In this order the largest lies below.
            for area in self.areas.0.iter().filter(|area| area.time == time) {
                placemark(&mut xml, area, until);
                features += 1;
            }
            for datum in self.datums.0.iter().filter(|datum| datum.time == time) {
                let text = |name| text_of(&datum.properties, name);
                let name = datum_name(&text("datum_kind"), &text("lobe"));
                let id = text("id");
                kml::datum(&mut xml, &id, &name, datum.place, (time, until));
                features += 1;
            }
        }
        let bytes = xml.finish()?;
        let bytes = if self.is_zipped {
            kml::zipped(&bytes, newest)?
        } else {
            bytes
        };
        Ok((bytes, features))
    }
}

fn placemark(xml: &mut driftline_simulate::Xml, area: &Area, until: ValidTime) {
    let percent = (area.shape.level * 100.0).round() as u32;
    let numbers = NUMBERS.map(|name| (name, text_of(&area.properties, name)));
    let placemark = AreaPlacemark {
        id: &area.id,
        name: &format!("{percent} %, {}", area.time),
        span: (area.time, until),
        percent,
        numbers: &numbers,
        polygons: &area.shape.polygons,
    };
    placemark.write(xml);
}

fn datum_name(kind: &str, lobe: &str) -> String {
    match kind {
        "mean" => "Mean position".to_owned(),
        "mode" => "Most likely position".to_owned(),
        "lobe" => format!("Datum of part {lobe}"),
        other => other.to_owned(),
    }
}

fn text_of(properties: &Map<String, Value>, name: &str) -> String {
    match properties.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
