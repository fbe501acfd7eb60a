//! Pages of features and single features (OGC API Features Part 1, 7.15 and 7.16; Part 2 for reference systems; Part 3 for
//! filters, orders and properties).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Billable;
use driftline_domain::{MissionId, ReferenceSystem};
use http::{HeaderName, HeaderValue, header};

use super::block::{BlockRef, Picked, parse_id};
use super::collection::{Collection, Kept};
use super::description::{QUERYABLES, SORTABLES};
use super::encode::{Fields, Format, PageDocument, single};
use super::holdings::Holdings;
use super::items_query::Next;
use super::items_query::{ItemsQuery, system_parameter};
use super::order::Sorted;
use super::positions::Positioned;
use super::root::{Root, RootAsk};
use super::tombstone::Withdrawn;
use crate::ask::Ask;
use crate::compression::{Encoding, compressed};
use crate::document::{JSON, not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::links::Link;
use crate::{AppState, Error, html};

/// Features that one unit pays for.
pub(crate) const FEATURES_PER_UNIT: u64 = 1_000;
/// How often a page is read again when the content changes under it.
const ATTEMPTS: usize = 4;
/// Features of a page that are written on the async threads: beyond it the compute pool does it.
const WRITTEN_AT_ONCE: usize = 250;
/// Reference system of an answer's positions (18-058r1, 6.2.2).
const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
/// What forms without room for it are told beside.
const NUMBER_RETURNED: HeaderName = HeaderName::from_static("ogc-numberreturned");
const NUMBER_MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");

/// What a page holds.
struct Found {
    features: Vec<Picked>,
    withdrawn: Vec<Withdrawn>,
    next: Option<Next>,
    matched: Option<i64>,
    /// Whether nothing was published while it was read.
    is_settled: bool,
}

/// `GET /ogc/collections/{collection_id}/items`.
pub(crate) async fn items(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    let collection = asked.collection()?;
    let query = ItemsQuery::parse(&asked, collection)?;
    let mut attempt = 1;
    loop {
        let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
        let tag = page_tag(ask, &holdings, query.format);
        if let Some(held) = tag.held_form(&ask.headers) {
            let mut response = not_modified(&held);
            Encoding::note_choice(response.headers_mut());
            return Ok(response);
        }
        let found = find_page(&state, &asked, &query, &holdings).await?;
        if !found.is_settled && attempt < ATTEMPTS {
            attempt += 1;
            continue;
        }
        return answer(&state, &asked, query, &holdings, &tag, found).await;
    }
}

async fn find_page(state: &AppState, asked: &RootAsk, query: &ItemsQuery, holdings: &Holdings) -> Result<Found, Error> {
    let org = asked.ask.caller.org;
    let selection = &query.selection;
    let (features, next) = match &query.order {
        None => {
            let (features, next) = selection.page(state, holdings, query.page).await?;
            (features, next.map(Next::Place))
        }
        Some(order) => {
            let sorted = Sorted { selection, order };
            sorted
                .page(state, holdings, query.page, query.after_key.as_deref())
                .await?
        }
    };
    let withdrawn = withdrawn(state, org, query, next.is_none()).await?;
    let matched = match query.page.limit {
        limit if query.is_first_page() && next.is_none() && features.len() <= limit => {
            i64::try_from(features.len()).ok()
        }
        _ => selection.count(state, holdings, query.page).await?,
    };
    let is_settled = state.database.content_version(org).await? == holdings.version;
    Ok(Found {
        features,
        withdrawn,
        next,
        matched: matched.filter(|_| is_settled && selection.updated.is_none()),
        is_settled,
    })
}

/// What is no more stands on the last page of what changed.
async fn withdrawn(
    state: &AppState,
    org: driftline_domain::OrgId,
    query: &ItemsQuery,
    is_last: bool,
) -> Result<Vec<Withdrawn>, Error> {
    let (Some(updated), Kept::Rows(kind), true) = (query.selection.updated, query.selection.collection.kept(), is_last)
    else {
        return Ok(Vec::new());
    };
    let found = state
        .database
        .tombstones(org, kind, query.selection.mission, updated.from, updated.until)
        .await?;
    Ok(found.into_iter().map(Withdrawn).collect())
}

async fn answer(
    state: &AppState,
    asked: &RootAsk,
    query: ItemsQuery,
    holdings: &Arc<Holdings>,
    tag: &EntityTag,
    found: Found,
) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    let links = page_links(ask, root, &query, found.next.as_ref());
    let (count, matched, is_settled) = (
        found.features.len() + found.withdrawn.len(),
        found.matched,
        found.is_settled,
    );
    let (format, system) = (query.format, query.positions.system().uri());
    let http_links = http_links(&links, ask, root, query.selection.collection);
    let (title, coast, holdings) = (root.title(), Arc::clone(&state.coast), Arc::clone(holdings));
    let write = move || {
        let document = PageDocument {
            collection: query.selection.collection,
            title: &title,
            features: &found.features,
            withdrawn: &found.withdrawn,
            fields: &query.fields,
            positions: &query.positions,
            links: &links,
            time_stamp: holdings.seen_at,
            number_matched: matched,
            attribution: &holdings.attribution,
            coast: &coast,
        };
        document.write(format)
    };
    let bytes = if count <= WRITTEN_AT_ONCE && format == Format::GeoJson {
        write()?
    } else {
        let written = state.compute.run(write).await;
        written.map_err(|error| Error::Internal(format!("a page: {error}")))??
    };
    let mut response = if format.is_compact() {
        with_tag(bytes.into(), format.media_type(), tag)
    } else {
        compressed(state, &ask.headers, bytes, format.media_type(), tag).await?
    };
    if !is_settled {
        // Runs are published faster than a page is read. The page is right, as every run in it is whole; but the
        // tag and the count would speak of another moment.
        response.headers_mut().remove(header::ETAG);
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    headers.extend(
        HeaderValue::from_str(&format!("<{system}>"))
            .ok()
            .map(|uri| (CONTENT_CRS, uri)),
    );
    headers.insert(NUMBER_RETURNED, HeaderValue::from(count));
    headers.extend(matched.map(|matched| (NUMBER_MATCHED, HeaderValue::from(matched))));
    for link in http_links {
        headers.append(header::LINK, link);
    }
    if format == Format::Html {
        html::guard(&mut response);
    }
    mark_billable(&mut response, count, root);
    Ok(response)
}

/// `GET /ogc/collections/{collection_id}/items/{feature_id}`.
pub(crate) async fn item(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    ask.query.allow_only(&["f", "crs", "properties", "skipGeometry"])?;
    let format = Format::asked(ask)?;
    let collection = asked.collection()?;
    let fields = Fields::asked(ask, collection)?;
    let positions = Positioned::in_system(system_parameter(&ask.query, "crs")?.unwrap_or(ReferenceSystem::Crs84));
    let id = ask.param("feature_id");
    let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
    let picked = find_feature(&state, &holdings, collection, id)
        .await?
        .ok_or_else(|| Error::not_found("feature", id))?;
    let collection_path = root.collection_path(collection);
    let mut links = form_links(ask, format, "This feature");
    links.push(ask.site.link("collection", JSON, collection.title(), &collection_path));
    let bytes = if format == Format::GeoJson {
        single(&picked, &fields, &positions, &holdings.attribution, &links).into_bytes()
    } else {
        let document = PageDocument {
            collection,
            title: &root.title(),
            features: &[picked],
            withdrawn: &[],
            fields: &fields,
            positions: &positions,
            links: &links,
            time_stamp: holdings.seen_at,
            number_matched: Some(1),
            attribution: &holdings.attribution,
            coast: &state.coast,
        };
        document.write(format)?
    };
    let tag = EntityTag::of_bytes(&bytes);
    if tag.is_held_by(&ask.headers) {
        return Ok(not_modified(&tag));
    }
    let mut response = with_tag(bytes.into(), format.media_type(), &tag);
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    let uri = HeaderValue::from_str(&format!("<{}>", positions.system().uri()));
    headers.extend(uri.ok().map(|uri| (CONTENT_CRS, uri)));
    if format == Format::Html {
        html::guard(&mut response);
    }
    mark_billable(&mut response, 1, root);
    Ok(response)
}

async fn find_feature(
    state: &AppState,
    holdings: &Holdings,
    collection: Collection,
    id: &str,
) -> Result<Option<Picked>, Error> {
    let run = match collection {
        Collection::Missions => {
            let mission = id.parse::<MissionId>().ok();
            mission.and_then(|mission| holdings.runs.iter().find(|run| run.mission == mission))
        }
        // Ids of what a run made begin with the run.
        _ => {
            let run = id.split('.').next().and_then(|run| run.parse().ok());
            run.and_then(|run| holdings.run(run))
        }
    };
    let Some(run) = run else {
        return Ok(None);
    };
    let row = parse_id(collection, id).map(|(_, row)| row);
    let has_parts = matches!(collection.kept(), Kept::Positions | Kept::Cells);
    for reference in BlockRef::of_run(state, run, collection, &[]).await? {
        if has_parts && row.is_none_or(|row| reference.ends_before(row.saturating_add(1)) || reference.first_row > row)
        {
            continue;
        }
        let Some(block) = reference.load(state, collection).await? else {
            continue;
        };
        if let Some(index) = block.find(id) {
            return Ok(Some(Picked { block, index }));
        }
    }
    Ok(None)
}

/// The page is made from the request's address (which holds the credential that links carry), its form and the content's
/// state, and from nothing else: the tag is known before the page is read.
fn page_tag(ask: &Ask, holdings: &Holdings, format: Format) -> EntityTag {
    let seen_at = holdings.seen_at.as_nanosecond().to_le_bytes();
    EntityTag::of_parts(&[
        env!("CARGO_PKG_VERSION").as_bytes(),
        holdings.fingerprint.as_bytes(),
        &seen_at,
        format.name().as_bytes(),
        ask.self_url().as_bytes(),
    ])
}

fn page_links(ask: &Ask, root: &Root, query: &ItemsQuery, next: Option<&Next>) -> Vec<Link> {
    let collection = query.selection.collection;
    let media_type = query.format.bare_type();
    let mut links = form_links(ask, query.format, "This page");
    links.push(ask.site.link(
        "collection",
        JSON,
        collection.title(),
        &root.collection_path(collection),
    ));
    if let Some(next) = next {
        let mut pairs = ask.query.pairs().to_vec();
        pairs.retain(|(name, _)| name != "cursor" && name != "offset");
        // A client that asked by Accept follows without it.
        if query.format != Format::GeoJson && ask.query.get("f").is_none() {
            pairs.push(("f".to_owned(), query.format.name().to_owned()));
        }
        pairs.push(("cursor".to_owned(), next.print()));
        links.push(Link::new("next", media_type, ask.site.url_with(&ask.path, &pairs)).titled("The next page"));
    }
    links
}

/// Links to this answer and to its other forms.
fn form_links(ask: &Ask, own: Format, title: &str) -> Vec<Link> {
    let mut links = vec![Link::new("self", own.bare_type(), ask.self_url()).titled(title)];
    for format in Format::ALL.into_iter().filter(|format| *format != own) {
        let mut pairs = ask.query.pairs().to_vec();
        pairs.retain(|(name, _)| name != "f");
        pairs.push(("f".to_owned(), format.name().to_owned()));
        let url = ask.site.url_with(&ask.path, &pairs);
        links.push(Link::new("alternate", format.bare_type(), url).titled(format.title()));
    }
    links
}

/// The links that clients of table-like forms need, as headers (RFC 8288), and what conditions and orders may name
/// (19-079r2, 6.2.1).
fn http_links(links: &[Link], ask: &Ask, root: &Root, collection: Collection) -> Vec<HeaderValue> {
    let path = root.collection_path(collection);
    let described = [(QUERYABLES, "queryables"), (SORTABLES, "sortables")]
        .map(|(relation, name)| (ask.site.url(&format!("{path}/{name}")), relation));
    let told = links.iter().filter(|link| matches!(link.rel(), "self" | "next"));
    told.map(|link| (link.href().to_owned(), link.rel()))
        .chain(described)
        .filter_map(|(href, relation)| HeaderValue::from_str(&format!("<{href}>; rel=\"{relation}\"")).ok())
        .collect()
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
