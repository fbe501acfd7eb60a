//! Outputs of a mission's run: features as GeoJSON, the summary as JSON, each by value or as a link to where this service has it
//! anyway.

use driftline_database::{Mission, ProcessJob, Run};
use driftline_domain::{Direction, ValidTime};
use jiff::ToSpan;
use serde_json::json;

use super::exception::Exception;
use super::outputs::{Form, Part};
use super::process::{Output, Process};
use super::request::{Transmission, Wanted};
use crate::document::{GEOJSON, JSON};
use crate::features::{Collection, Frame, Selection, credits_of, feature_collection};
use crate::links::{Link, Site};
use crate::query::{Interval, Page, PageLimits};
use crate::{AppState, Error};

/// The process that a mission is a job of.
pub(super) fn process_of(job: &ProcessJob) -> Process {
    let executed = job.process.as_deref().and_then(Process::find);
    executed.unwrap_or(match job.mission.spec.direction {
        Direction::Forward => Process::Drift,
        Direction::Backtrack => Process::Backtrack,
    })
}

/// How its results were asked for.
pub(super) fn wanted_of(job: &ProcessJob) -> Result<Wanted, Error> {
    match &job.request {
        None => Ok(Wanted::by_reference(process_of(job))),
        Some(request) => serde_json::from_value(request.clone())
            .map_err(|error| Error::Internal(format!("the stored request of a job: {error}"))),
    }
}

/// The outputs of a completed mission.
pub(super) async fn parts(
    state: &AppState,
    site: &Site,
    job: &ProcessJob,
    run: &Run,
    wanted: &Wanted,
) -> Result<Vec<Part>, Exception> {
    let mut parts = Vec::new();
    for (output, by) in wanted.outputs_of(process_of(job)) {
        let part = match (output, by) {
            (Output::Summary, Transmission::Value) => summary(site, &job.mission, run),
            (Output::Summary | Output::Echo(_), _) => {
                let address = site.url(&format!("/v1/missions/{}/results", job.mission.id));
                Part::reference(output.id(), JSON, address)
            }
            (Output::Features(collection), by) => {
                let features = Features { collection, at: None };
                features.part(state, site, &job.mission, run, (output.id(), by)).await?
            }
            (Output::Areas, by) => {
                let at = hour(&job.mission, run, wanted)?;
                let features = Features {
                    collection: Collection::SearchAreas,
                    at: Some(at),
                };
                features.part(state, site, &job.mission, run, (output.id(), by)).await?
            }
        };
        parts.push(part);
    }
    Ok(parts)
}

/// The time whose areas were asked for. A forecast that ended earlier has none, and no other hour is put in its place.
fn hour(mission: &Mission, run: &Run, wanted: &Wanted) -> Result<ValidTime, Exception> {
    let hours = i64::from(wanted.hour.unwrap_or(mission.spec.forecast_hours));
    let at = mission.spec.time.0.checked_add(hours.hours());
    let at = at.map_err(|error| Error::Internal(format!("the hour of a search area: {error}")))?;
    if ValidTime(at) > run.valid_until {
        let why = format!(
            "the forcing ends before {at}; the last areas stand at {}",
            run.valid_until
        );
        return Err(Exception::Beyond(why));
    }
    Ok(ValidTime(at))
}

/// Features of a run that are an output.
struct Features {
    collection: Collection,
    /// At this time only.
    at: Option<ValidTime>,
}

impl Features {
    /// By value where that was asked for and one page holds them all; otherwise the link that leads to every page.
    async fn part(
        &self,
        state: &AppState,
        site: &Site,
        mission: &Mission,
        run: &Run,
        (id, by): (&str, Transmission),
    ) -> Result<Part, Exception> {
        let address = self.address(site, mission);
        if by == Transmission::Reference {
            return Ok(Part::reference(id, GEOJSON, address));
        }
        let selection = Selection {
            org: mission.org,
            mission: Some(mission.id),
            collection: self.collection,
            bbox: None,
            interval: Interval {
                from: self.at,
                until: self.at,
            },
        };
        let page = Page {
            limit: PageLimits::ITEMS.max,
            after: None,
            offset: 0,
        };
        let (features, next) = selection.page(state, page).await?;
        if next.is_some() {
            return Ok(Part::reference(id, GEOJSON, address));
        }
        let credits = credits_of([run]);
        let links = [Link::new("self", GEOJSON, address)];
        let frame = Frame {
            links: &links,
            time_stamp: run.published_at,
            number_matched: i64::try_from(features.len()).ok(),
            attribution: &credits,
        };
        let text = feature_collection(&frame, &features);
        Ok(Part {
            features: features.len(),
            ..Part::value(id, GEOJSON, text, Form::Qualified)
        })
    }

    fn address(&self, site: &Site, mission: &Mission) -> String {
        let path = format!(
            "/missions/{}/ogc/collections/{}/items",
            mission.id,
            self.collection.id()
        );
        let mut pairs = vec![("limit".to_owned(), PageLimits::ITEMS.max.to_string())];
        pairs.extend(self.at.map(|at| ("datetime".to_owned(), at.to_string())));
        site.url_with(&path, &pairs)
    }
}

/// What the mission's own page of results says, without its links.
fn summary(site: &Site, mission: &Mission, run: &Run) -> Part {
    let mut summary = run.summary.clone();
    if let Some(members) = summary.as_object_mut() {
        members.remove("files");
    }
    let whole = json!({
        "mission_id": mission.id,
        "run_id": run.id,
        "published_at": run.published_at,
        "valid_from": run.valid_from,
        "valid_until": run.valid_until,
        "bbox": run.bbox,
        "warnings": mission.warnings,
        "summary": summary,
        "results": site.url(&format!("/v1/missions/{}/results", mission.id)),
    });
    Part::value(Output::Summary.id(), JSON, whole.to_string(), Form::Qualified)
}
