//! Pages of features and single features (OGC API Features Part 1, 7.15 and 7.16).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Billable;
use driftline_database::Cursor;
use http::header;

use super::collection::{Collection, Kept};
use super::geojson::{FeatureText, Frame, feature_collection, single_feature};
use super::holdings::Holdings;
use super::page::Selection;
use super::positions;
use super::root::{Root, RootAsk};
use crate::ask::Ask;
use crate::compression::{Encoding, compressed};
use crate::document::{GEOJSON, JSON, not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::links::Link;
use crate::query::{Interval, Page, bbox_parameter, print_cursor};
use crate::{AppState, Error};

/// Parameters of an items page.
const PARAMETERS: [&str; 6] = ["f", "limit", "bbox", "datetime", "cursor", "offset"];
/// Values of `f`.
const FORMATS: [&str; 2] = ["json", "geojson"];
/// Features that one unit pays for.
pub(crate) const FEATURES_PER_UNIT: u64 = 1_000;
/// How often a page is read again when the content changes under it.
const ATTEMPTS: usize = 4;

/// `GET /ogc/collections/{collection_id}/items`.
pub(crate) async fn items(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    ask.query.allow_only(&PARAMETERS)?;
    ask.query.check_format(&FORMATS)?;
    ask.check_accept()?;
    let selection = Selection {
        org: ask.caller.org,
        mission: root.mission_id(),
        collection: asked.collection()?,
        bbox: bbox_parameter(&ask.query)?,
        interval: Interval::parameter(&ask.query, "datetime")?,
    };
    let page = Page::parse(&ask.query)?;
    let mut attempt = 1;
    loop {
        let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
        let tag = page_tag(ask, &holdings);
        if let Some(held) = tag.held_form(&ask.headers) {
            let mut response = not_modified(&held);
            Encoding::note_choice(response.headers_mut());
            return Ok(response);
        }
        let (features, next) = selection.page(&state, page).await?;
        let matched = selection.count(&state, &holdings, page).await?;
        let settled = state.database.content_version(ask.caller.org).await? == holdings.version;
        if !settled && attempt < ATTEMPTS {
            attempt += 1;
            continue;
        }
        let links = page_links(ask, root, selection.collection, next);
        let frame = Frame {
            links: &links,
            time_stamp: holdings.seen_at,
            number_matched: matched.filter(|_| settled),
            attribution: &holdings.attribution,
        };
        let text = feature_collection(&frame, &features);
        let mut response = compressed(&state, &ask.headers, text.into_bytes(), GEOJSON, &tag).await?;
        if !settled {
            // Runs are published faster than a page is read. The page is right, as every run in it is whole; but the
            // tag and the count would speak of another moment.
            response.headers_mut().remove(header::ETAG);
        }
        mark_billable(&mut response, features.len(), root);
        return Ok(response);
    }
}

/// `GET /ogc/collections/{collection_id}/items/{feature_id}`.
pub(crate) async fn item(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&FORMATS)?;
    ask.check_accept()?;
    let collection = asked.collection()?;
    let id = ask.param("feature_id");
    let feature = find_feature(&state, ask, root, collection, id)
        .await?
        .ok_or_else(|| Error::not_found("feature", id))?;
    let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
    let collection_path = root.collection_path(collection);
    let links = [
        Link::new("self", GEOJSON, ask.self_url()),
        ask.site.link("collection", JSON, collection.title(), &collection_path),
    ];
    let text = single_feature(&feature, &holdings.attribution, &links);
    let tag = EntityTag::of_bytes(text.as_bytes());
    if tag.is_held_by(&ask.headers) {
        return Ok(not_modified(&tag));
    }
    let mut response = with_tag(Body::from(text), GEOJSON, &tag);
    mark_billable(&mut response, 1, root);
    Ok(response)
}

async fn find_feature(
    state: &AppState,
    ask: &Ask,
    root: &Root,
    collection: Collection,
    id: &str,
) -> Result<Option<FeatureText>, Error> {
    let org = ask.caller.org;
    match collection.kept() {
        Kept::Rows(kind) => {
            let feature = state.database.feature(org, kind, id).await?;
            let wanted = root.mission_id();
            let feature = feature.filter(|feature| wanted.is_none_or(|mission| mission == feature.mission));
            Ok(feature.map(FeatureText::from))
        }
        Kept::File(_) => positions::find(state, org, root.mission_id(), collection, id).await,
    }
}

/// The page is made from the request's address (which holds the credential that links carry) and the content's state,
/// and from nothing else: the tag is known before the page is read.
fn page_tag(ask: &Ask, holdings: &Holdings) -> EntityTag {
    let seen_at = holdings.seen_at.as_nanosecond().to_le_bytes();
    EntityTag::of_parts(&[
        env!("CARGO_PKG_VERSION").as_bytes(),
        holdings.fingerprint.as_bytes(),
        &seen_at,
        ask.self_url().as_bytes(),
    ])
}

fn page_links(ask: &Ask, root: &Root, collection: Collection, next: Option<Cursor>) -> Vec<Link> {
    let path = root.collection_path(collection);
    let mut links = vec![
        Link::new("self", GEOJSON, ask.self_url()).titled("This page"),
        ask.site.link("collection", JSON, collection.title(), &path),
    ];
    if let Some(next) = next {
        let mut pairs = ask.query.pairs().to_vec();
        pairs.retain(|(name, _)| name != "cursor" && name != "offset");
        pairs.push(("cursor".to_owned(), print_cursor(next)));
        links.push(Link::new("next", GEOJSON, ask.site.url_with(&ask.path, &pairs)).titled("The next page"));
    }
    links
}

/// An answer without a feature holds no data and costs nothing.
fn mark_billable(response: &mut Response, features: usize, root: &Root) {
    if features > 0 {
        response.extensions_mut().insert(Billable {
            meter: "features",
            units: (features as u64).div_ceil(FEATURES_PER_UNIT),
            distress: root.is_distress(),
        });
    }
}
