//! Handlers of the data queries: the query checked, the answer's tag compared, then read, encoded and marked for the meter.
//! Where nothing is stored there and then the answer is 204 and free; a time outside the collection's extent is refused with the extent's
//! name.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::Billable;
use http::{HeaderValue, StatusCode, header};

use super::coverage::{Answer, Coverage};
use super::encode::encode;
use super::evaluate::{Wanted, evaluate};
use super::locations;
use super::request::{DataRequest, QueryType};
use super::subject::{Subject, named};
use crate::answer::{Lasting, note_step, tagged};
use crate::features::RootAsk;
use crate::maps::{Viewer, compute};
use crate::query::Interval;
use crate::{AppState, Error};

/// Values that one unit of the meter `edr` is enough for.
const VALUES_OF_UNIT: usize = 1_000;

/// `GET …/{collection_id}/{query}`.
pub(crate) async fn query(state: AppState, asked: RootAsk, kind: QueryType) -> Result<Response, Error> {
    let request = DataRequest::parse(&asked.ask, named(&asked)?, kind, None)?;
    let subject = Subject::of(&state, &asked).await?;
    let title = subject.collection.layer().title().to_owned();
    answer(&state, &asked, &subject, request, title).await
}

/// `GET …/{collection_id}/locations/{location_id}`.
pub(crate) async fn at_location(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let collection = named(&asked)?;
    // The query is checked before anything is looked up; the place comes after.
    let nowhere = Some(Wanted::Series(Vec::new()));
    let mut request = DataRequest::parse(&asked.ask, collection, QueryType::Locations, nowhere)?;
    let subject = Subject::of(&state, &asked).await?;
    let location = locations::find(&state, &asked, asked.ask.param("location_id")).await?;
    request.question.wanted = Wanted::Series(vec![location.place]);
    let title = format!("{}: {}", subject.collection.layer().title(), location.label);
    answer(&state, &asked, &subject, request, title).await
}

async fn answer(
    state: &AppState,
    asked: &RootAsk,
    subject: &Subject,
    request: DataRequest,
    title: String,
) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    check_times(subject, request.question.interval)?;
    let words = format!("{:?} {:?}", ask.query.pairs(), request.question.wanted);
    let tag = subject.tag(&[&ask.path, &words, request.format.name()]);
    let lasting = if subject.is_fixed() {
        Lasting::Forever
    } else {
        Lasting::Briefly
    };
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(lasting.not_modified(&held));
    }
    let org = ask.caller.org;
    let place = &state.map_places().take(org, 1).await?;
    let viewer = Viewer { state, org, place };
    let coverages = evaluate(viewer, subject, &request.question).await?;
    let placed = coverages.into_iter().map(|coverage| request.crs.placed(coverage));
    let coverages: Vec<Coverage> = placed
        .collect::<Result<_, _>>()
        .map_err(|why| Error::parameter("crs", why))?;
    if coverages.is_empty() {
        let mut response = StatusCode::NO_CONTENT.into_response();
        lasting.note(&mut response);
        return Ok(response);
    }
    let answer = Answer {
        parameters: request.question.parameters,
        coverages,
        is_collection: request.is_collection,
        crs: request.crs,
        title,
        attribution: subject.attribution.clone(),
        endpoint: ask.site.bare_url(&ask.path),
    };
    let (values, has_values, step) = (answer.values(), answer.has_values(), answer.only_time());
    let format = request.format;
    let bytes = compute(viewer, move || encode(&answer, format)).await??;
    let mut response = tagged(bytes, format.media_type(), &tag, lasting);
    note_step(&mut response, step);
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    if has_values {
        response.extensions_mut().insert(Billable {
            meter: "edr",
            units: values.div_ceil(VALUES_OF_UNIT) as u64,
            distress: root.is_distress(),
        });
    }
    Ok(response)
}

fn check_times(subject: &Subject, interval: Interval) -> Result<(), Error> {
    let is_outside = interval.from.is_some_and(|from| from > subject.until)
        || interval.until.is_some_and(|until| until < subject.from);
    if is_outside {
        let reason = format!("it lies outside {}, which is what there is", subject.interval());
        return Err(Error::parameter("datetime", reason));
    }
    Ok(())
}
