//! What a completed mission has: its summary and its files. Published runs never change, so that a file's entity tag
//! is its run and name.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::{Billable, Scope, chain};
use driftline_database::{Mission, Run};
use futures::TryStreamExt;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::find_mission;
use super::view::mission_path;
use crate::ask::Ask;
use crate::document::{JSON, document, not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::links::Link;
use crate::{AppState, Error};

/// `GET /v1/missions/{mission_id}/results`.
pub(crate) async fn results(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    let run = published(&mission)?;
    let path = mission_path(&mission);
    let files: Vec<Value> = file_names(run)
        .map(|name| {
            let href = ask.site.url(&format!("{path}/results/{name}"));
            let mut file = listed_file(run, name).cloned().unwrap_or_else(|| json!({}));
            file["name"] = json!(name);
            file["href"] = json!(href);
            file["type"] = json!(media_type(name));
            file
        })
        .collect();
    let mut summary = run.summary.clone();
    if let Some(summary) = summary.as_object_mut() {
        summary.remove("files");
    }
    let root = format!("/missions/{}/ogc", mission.id);
    let links = [
        Link::new("self", JSON, ask.self_url()),
        ask.site.link("mission", JSON, "The mission", &path),
        ask.site.link("service", JSON, "The results as OGC API Features", &root),
    ];
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
    // Only what the run lists is looked for: no name from outside reaches the object store.
    let name = file_names(run)
        .find(|listed| *listed == ask.param("file"))
        .ok_or_else(|| Error::not_found("file", ask.param("file")))?;
    let tag = EntityTag::of_parts(&[run.id.to_string().as_bytes(), name.as_bytes()]);
    if tag.is_held_by(&ask.headers) {
        return Ok(not_modified(&tag));
    }
    let broken = |reason: String| Error::Results {
        run: run.id.to_string(),
        file: name.to_owned(),
        reason,
    };
    let stream = state.files.stream(mission.id, run.id, name).await;
    let stream = stream
        .map_err(|error| broken(error.to_string()))?
        .ok_or_else(|| broken("it is listed and missing".to_owned()))?;
    let (run_id, name_for_log) = (run.id, name.to_owned());
    let chunks = stream.chunks.inspect_err(move |error| {
        tracing::error!(run.id = %run_id, file = %name_for_log, cause = chain(error), "a download broke off");
    });
    let mut response = with_tag(Body::from_stream(chunks), media_type(name), &tag);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(stream.size));
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

fn published(mission: &Mission) -> Result<&Run, Error> {
    mission.run.as_ref().ok_or(Error::NotCompleted(mission.status))
}

/// Names of the summary's `files`: texts, or objects with a `name`. A name that would need escaping is left out.
fn file_names(run: &Run) -> impl Iterator<Item = &str> {
    let files = run.summary.get("files").and_then(Value::as_array);
    let is_plain = |name: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
    };
    files.into_iter().flatten().filter_map(name_of).filter(is_plain)
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

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("geojson") => "application/geo+json",
        Some("json") => "application/json",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("nc") => "application/x-netcdf",
        Some("tif") => "image/tiff; application=geotiff; profile=cloud-optimized",
        Some("png") => "image/png",
        Some("pdf") => "application/pdf",
        Some("csv") => "text/csv; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
