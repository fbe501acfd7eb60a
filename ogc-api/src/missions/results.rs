//! What a completed mission has: its summary, its files, and the documents that are made of them on request. Published runs never change, so that a file's entity tag
//! is its run and name.

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use driftline_auth_billing::{Billable, Scope, chain};
use driftline_database::{Mission, Run};
use driftline_simulate::documents::{
    AREA_FILES, CENTROID_FILE, DOCUMENTS, Document, PARTICLES_FILE, document as document_named,
};
use futures::stream::{self, Stream};
use futures::{StreamExt, TryStreamExt};
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::view::{map_links, mission_path};
use super::{documents, find_mission};
use crate::ask::Ask;
use crate::document::{JSON, document, not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::links::Link;
use crate::ranges::{self, Wanted};
use crate::runs::broken;
use crate::{AppState, Error, SeamError};

/// Bytes of a part that are in memory at once.
const PIECE: u64 = 1 << 20;

/// `GET /v1/missions/{mission_id}/results`.
pub(crate) async fn results(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    let run = published(&mission)?;
    let path = mission_path(&mission);
    let listed = |name: &str, mut file: Value| {
        file["name"] = json!(name);
        file["href"] = json!(ask.site.url(&format!("{path}/results/{name}")));
        file["type"] = json!(media_type(name));
        file
    };
    let stored = file_names(run).map(|name| listed(name, listed_file(run, name).cloned().unwrap_or_else(|| json!({}))));
    let mut files: Vec<Value> = stored.collect();
    for document in makeable(run) {
        let mut about = json!({"media_type": document.media_type, "on_request": true});
        if let Some(bytes) = documents::size(&state, run, document.name).await? {
            about["bytes"] = json!(bytes);
        }
        files.push(listed(document.name, about));
    }
    let mut summary = run.summary.clone();
    if let Some(summary) = summary.as_object_mut() {
        summary.remove("files");
    }
    let root = format!("/missions/{}/ogc", mission.id);
    let mut links = vec![
        Link::new("self", JSON, ask.self_url()),
        ask.site.link("mission", JSON, "The mission", &path),
        ask.site.link("service", JSON, "The results as OGC API Features", &root),
    ];
    links.extend(map_links(&ask.site, mission.id));
    let answer = json!({
        "mission_id": mission.id,
        "run_id": run.id,
        "published_at": run.published_at,
        "valid_from": run.valid_from,
        "valid_until": run.valid_until,
        "bbox": run.bbox,
        "summary": summary,
        "files": files,
        "links": links,
    });
    document(&ask.headers, JSON, &answer)
}

/// `GET /v1/missions/{mission_id}/results/{file}`.
pub(crate) async fn file(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    let run = published(&mission)?;
    // Only what the run lists or documents are called is looked for: no name from outside reaches the object store.
    let wanted = ask.param("file");
    let document = makeable(run).find(|document| document.name == wanted);
    let name = match document {
        Some(document) => document.name,
        None => file_names(run)
            .find(|listed| *listed == wanted)
            .ok_or_else(|| Error::not_found("file", wanted))?,
    };
    let tag = EntityTag::of_parts(&[run.id.to_string().as_bytes(), name.as_bytes()]);
    if tag.is_held_by(&ask.headers) {
        return Ok(not_modified(&tag));
    }
    if let Some(document) = document {
        documents::ensure(&state, &mission, run, document).await?;
    }
    let mut response = if ask.headers.contains_key(header::RANGE) {
        part_or_whole(&state, &ask, run, name, &tag).await?
    } else {
        whole(&state, run, name, &tag).await?
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let download_name = format!("attachment; filename=\"{}-{name}\"", mission.id);
    headers.extend(
        HeaderValue::from_str(&download_name)
            .ok()
            .map(|value| (header::CONTENT_DISPOSITION, value)),
    );
    response.extensions_mut().insert(Billable {
        meter: "export",
        units: 1,
        distress: mission.spec.distress,
    });
    Ok(response)
}

/// The whole file, in pieces as the store gives them.
async fn whole(state: &AppState, run: &Run, name: &str, tag: &EntityTag) -> Result<Response, Error> {
    let stream = state.files.stream(run.mission, run.id, name).await;
    let stream = stream
        .map_err(|error| broken(run, name, error))?
        .ok_or_else(|| broken(run, name, "it is listed and missing"))?;
    let mut response = with_tag(
        Body::from_stream(logged(stream.chunks, run, name)),
        media_type(name),
        tag,
    );
    let size = HeaderValue::from(stream.size);
    response.headers_mut().insert(header::CONTENT_LENGTH, size);
    Ok(response)
}

/// The bytes that the request wants: readers of GeoTIFF and Parquet over HTTP take a few out of many.
async fn part_or_whole(state: &AppState, ask: &Ask, run: &Run, name: &str, tag: &EntityTag) -> Result<Response, Error> {
    let size = state.files.size(run.mission, run.id, name).await;
    let size = size
        .map_err(|error| broken(run, name, error))?
        .ok_or_else(|| broken(run, name, "it is listed and missing"))?;
    let Wanted::Part(range) = ranges::wanted(&ask.headers, size, tag)? else {
        return whole(state, run, name, tag).await;
    };
    let pieces = pieces(state.clone(), run.clone(), name.to_owned(), range.clone());
    let mut response = with_tag(Body::from_stream(logged(pieces, run, name)), media_type(name), tag);
    let (mut status, headers) = (response.status(), response.headers_mut());
    ranges::note_part(&mut status, headers, &range, size);
    *response.status_mut() = status;
    Ok(response)
}

/// A part of a file, read as it is sent.
fn pieces(
    state: AppState,
    run: Run,
    name: String,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, SeamError>> + Send {
    let starts = range.clone().step_by(PIECE as usize);
    stream::iter(starts).then(move |start| {
        let (state, run, name) = (state.clone(), run.clone(), name.clone());
        let piece = start..range.end.min(start + PIECE);
        async move {
            let read = state.files.read_range(run.mission, run.id, &name, piece).await?;
            read.ok_or_else(|| SeamError(format!("{name} went away while it was read")))
        }
    })
}

fn logged<S: Stream<Item = Result<Bytes, SeamError>> + Send>(
    chunks: S,
    run: &Run,
    name: &str,
) -> impl Stream<Item = Result<Bytes, SeamError>> + Send + use<S> {
    let (run_id, name) = (run.id, name.to_owned());
    chunks.inspect_err(move |error| {
        tracing::error!(run.id = %run_id, file = %name, cause = chain(error), "a download broke off");
    })
}

/// The run of a mission that has one.
pub(super) fn published(mission: &Mission) -> Result<&Run, Error> {
    mission.run.as_ref().ok_or(Error::NotCompleted(mission.status))
}

/// Names of the summary's `files`: texts, or objects with a `name`. A name that would need escaping is left out.
pub(crate) fn file_names(run: &Run) -> impl Iterator<Item = &str> {
    let files = run.summary.get("files").and_then(Value::as_array);
    let is_plain = |name: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
    };
    files.into_iter().flatten().filter_map(name_of).filter(is_plain)
}

/// Documents that can be made of what is stored of the run and are not among its files anyway.
fn makeable(run: &Run) -> impl Iterator<Item = &'static Document> {
    let names: Vec<&str> = file_names(run).collect();
    let has = move |document: &&Document| {
        let positions = document.reads_particles.then_some(PARTICLES_FILE);
        let besides = document.reads_besides.iter().copied();
        let mut needed = AREA_FILES
            .into_iter()
            .chain([CENTROID_FILE])
            .chain(positions)
            .chain(besides);
        needed.all(|file| names.contains(&file)) && !names.contains(&document.name)
    };
    DOCUMENTS.iter().filter(has)
}

fn listed_file<'a>(run: &'a Run, name: &str) -> Option<&'a Value> {
    let files = run.summary.get("files").and_then(Value::as_array)?;
    files
        .iter()
        .find(|file| file.is_object() && name_of(file) == Some(name))
}

fn name_of(file: &Value) -> Option<&str> {
    file.as_str().or_else(|| file.get("name")?.as_str())
}

/// The media type of a result file by its name.
pub(crate) fn media_type(name: &str) -> &'static str {
    if let Some(document) = document_named(name) {
        return document.media_type;
    }
    match name.rsplit('.').next() {
        Some("geojson") => "application/geo+json",
        Some("json") => "application/json",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("nc") => "application/x-netcdf",
        Some("tif") => "image/tiff; application=geotiff; profile=cloud-optimized",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("pdf") => "application/pdf",
        Some("csv") => "text/csv; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
