//! The query of an items page: what is wanted, in which order, form and reference system. Everything is checked before
//! anything is read, and what nobody knows is refused by name.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use driftline_database as database;
use driftline_domain::{BBox, ReferenceSystem};
use driftline_query::{Filter, Kind, Order, crs84};
use geo::{Coord, LineString, Polygon};
use serde_json::{Value, json};

use super::collection::Collection;
use super::encode::{Fields, Format};
use super::positions::Positioned;
use super::properties::Property;
use super::region::Region;
use super::root::RootAsk;
use super::selection::Selection;
use crate::Error;
use crate::query::{Interval, Page, Query, bbox_numbers, bbox_parameter, parse_cursor, print_cursor, shown};

/// Parameters of an items page, beside the properties of its collection.
const PARAMETERS: [&str; 15] = [
    "f",
    "limit",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "updated",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "skipGeometry",
    "cursor",
    "offset",
];
/// Points along each side of a box of another reference system: in degrees its sides are bent.
const POINTS_OF_SIDE: usize = 32;

/// What a page is asked for.
pub(crate) struct ItemsQuery {
    /// Which features.
    pub(crate) selection: Selection,
    /// How many, and where the page begins.
    pub(crate) page: Page,
    /// In which order, if not that of the collection.
    pub(crate) order: Option<Arc<Order>>,
    /// The sort key of the last feature of the page before.
    pub(crate) after_key: Option<String>,
    /// The form.
    pub(crate) format: Format,
    /// Which properties.
    pub(crate) fields: Fields,
    /// How positions are written.
    pub(crate) positions: Positioned,
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    /// Behind a place in the collection.
    Place(database::Cursor),
    /// Behind a sort key, and behind a place among those with the same one.
    Key(String, database::Cursor),
}

impl Next {
    /// As it stands in links.
    pub(crate) fn print(&self) -> String {
        match self {
            Self::Place(cursor) => print_cursor(*cursor),
            Self::Key(key, cursor) => format!("{}~{}", print_cursor(*cursor), BASE64.encode(key)),
        }
    }
}

impl ItemsQuery {
    /// Reads the query of a request.
    pub(crate) fn parse(asked: &RootAsk, collection: Collection) -> Result<Self, Error> {
        let query = &asked.ask.query;
        let properties = collection.properties().iter().filter(|property| property.is_queryable);
        let names: Vec<&str> = PARAMETERS
            .iter()
            .copied()
            .chain(properties.map(|property| property.name))
            .collect();
        query.allow_only(&names)?;
        let format = Format::asked(&asked.ask)?;
        let order = query.get("sortby").map(|text| {
            Order::parse(text, &collection.sortables()).map_err(|error| Error::parameter("sortby", error.to_string()))
        });
        let order = order.transpose()?.map(Arc::new);
        let (page, after_key) = page(query, order.is_some())?;
        Ok(Self {
            selection: Selection {
                org: asked.ask.caller.org,
                mission: asked.root.mission_id(),
                collection,
                region: region(query)?,
                interval: Interval::parameter(query, "datetime")?,
                updated: query
                    .get("updated")
                    .map(|_| Interval::parameter(query, "updated"))
                    .transpose()?,
                filters: filters(query, collection)?,
            },
            page,
            order,
            after_key,
            format,
            fields: Fields::asked(&asked.ask, collection)?,
            positions: Positioned::in_system(system_parameter(query, "crs")?.unwrap_or(ReferenceSystem::Crs84)),
        })
    }

    /// Whether the page begins at the collection's first feature.
    pub(crate) fn is_first_page(&self) -> bool {
        self.page.after.is_none() && self.page.offset == 0
    }
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any query read as that of a page in each collection, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn readings(query: &Query) {
    use std::hint::black_box;
    black_box((
        page(query, false).is_ok(),
        page(query, true).is_ok(),
        system_parameter(query, "crs").is_ok(),
    ));
    black_box(Interval::parameter(query, "updated").is_ok());
    if let Ok(Some(region)) = region(query) {
        let bbox = region.bbox;
        assert!(
            bbox.south <= bbox.north && bbox.south >= -90.0 && bbox.north <= 90.0,
            "{bbox:?}"
        );
        assert!(
            [bbox.west, bbox.east].iter().all(|lon| (-180.0..=180.0).contains(lon)),
            "{bbox:?}"
        );
    }
    for collection in Collection::ALL {
        black_box(filters(query, collection).is_ok());
        if let Some(text) = query.get("sortby") {
            black_box(Order::parse(text, &collection.sortables()).is_ok());
        }
    }
}

/// `cursor` of a sorted walk has the sort key behind the place.
fn page(query: &Query, is_sorted: bool) -> Result<(Page, Option<String>), Error> {
    let Some((place, key)) = query.get("cursor").and_then(|text| text.split_once('~')) else {
        let page = Page::parse(query)?;
        if is_sorted && page.after.is_some() {
            return Err(Error::parameter("cursor", "it is that of another order".to_owned()));
        }
        return Ok((page, None));
    };
    let refuse = || Error::parameter("cursor", "it was not emitted for this order".to_owned());
    let key = BASE64.decode(key).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let key = key.filter(|_| is_sorted).ok_or_else(refuse)?;
    let page = Page {
        after: Some(parse_cursor(place)?),
        ..Page::beginning(query)?
    };
    Ok((page, Some(key)))
}

/// The system that a parameter names.
pub(crate) fn system_parameter(query: &Query, name: &str) -> Result<Option<ReferenceSystem>, Error> {
    let Some(text) = query.get(name) else { return Ok(None) };
    ReferenceSystem::find(text).map(Some).ok_or_else(|| {
        let reason = format!(
            "'{}' is not offered; the collection lists what is under crs",
            shown(text)
        );
        Error::parameter(name, reason)
    })
}

fn region(query: &Query) -> Result<Option<Region>, Error> {
    let system = system_parameter(query, "bbox-crs")?.unwrap_or(ReferenceSystem::Crs84);
    if system == ReferenceSystem::Crs84 {
        return Ok(bbox_parameter(query)?.map(Region::of_box));
    }
    let Some([a, b, c, d]) = bbox_numbers(query)? else {
        return Ok(None);
    };
    let (x0, y0, x1, y1) = if system.is_north_first() {
        (b, a, d, c)
    } else {
        (a, b, c, d)
    };
    if system.is_geographic() {
        let bbox = BBox::new(x0, y0, x1, y1).map_err(|error| Error::parameter("bbox", error.to_string()))?;
        return Ok(Some(Region::of_box(bbox)));
    }
    let refuse = |why: &str| Error::parameter("bbox", why.to_owned());
    // There is no antimeridian to cross: the corners are told apart by their numbers.
    let (x0, x1, y0, y1) = (x0.min(x1), x0.max(x1), y0.min(y1), y0.max(y1));
    let share = |index: usize| index as f64 / POINTS_OF_SIDE as f64;
    let (across, up) = (x1 - x0, y1 - y0);
    let sides = (0..POINTS_OF_SIDE).map(|index| (x0 + across * share(index), y0));
    let sides = sides.chain((0..POINTS_OF_SIDE).map(|index| (x1, y0 + up * share(index))));
    let sides = sides.chain((0..POINTS_OF_SIDE).map(|index| (x1 - across * share(index), y1)));
    let sides = sides.chain((0..POINTS_OF_SIDE).map(|index| (x0, y1 - up * share(index))));
    let ring: Option<Vec<Coord<f64>>> = sides
        .map(|(x, y)| system.inverse(x, y).map(|(x, y)| Coord { x, y }))
        .collect();
    let ring = ring.ok_or_else(|| refuse("a part of it lies outside of the reference system"))?;
    let outline = Polygon::new(LineString(ring), Vec::new());
    Region::of_outline(outline)
        .map(Some)
        .ok_or_else(|| refuse("it is no box of the reference system"))
}

/// `filter` and properties named as parameters, all of which have to hold.
fn filters(query: &Query, collection: Collection) -> Result<Vec<Filter>, Error> {
    let queryables = collection.queryables();
    let system = system_parameter(query, "filter-crs")?.unwrap_or(ReferenceSystem::Crs84);
    let plane = system.plane();
    let to_crs84 = |first: f64, second: f64| {
        let (x, y) = if system.is_north_first() {
            (second, first)
        } else {
            (first, second)
        };
        if system.is_geographic() {
            crs84(x, y)
        } else {
            plane.inverse(x, y)
        }
    };
    let language = query.get("filter-lang").unwrap_or("cql2-text");
    let refuse = |error: driftline_query::Error| Error::parameter("filter", error.to_string());
    let mut filters = match (query.get("filter"), language) {
        (None, "cql2-text" | "cql2-json") => Vec::new(),
        (Some(text), "cql2-text") => vec![Filter::text(text, &queryables, to_crs84).map_err(refuse)?],
        (Some(text), "cql2-json") => vec![Filter::json(text, &queryables, to_crs84).map_err(refuse)?],
        (_, other) => {
            let reason = format!("'{}' is not offered; it must be cql2-text or cql2-json", shown(other));
            return Err(Error::parameter("filter-lang", reason));
        }
    };
    for property in collection.properties().iter().filter(|property| property.is_queryable) {
        // `updated` is an interval of its own, and asks for what is gone as well.
        let Some(text) = query
            .get(property.name)
            .filter(|_| !PARAMETERS.contains(&property.name))
        else {
            continue;
        };
        let equal = json!({"op": "=", "args": [{"property": property.name}, value_of(property, text)?]});
        let equal = Filter::json(&equal.to_string(), &queryables, crs84)
            .map_err(|error| Error::parameter(property.name, error.to_string()))?;
        filters.push(equal);
    }
    Ok(filters)
}

/// The value that a parameter named like a property asks for.
fn value_of(property: &Property, text: &str) -> Result<Value, Error> {
    let wrong = |why: &str| Error::parameter(property.name, format!("'{}' {why}", shown(text)));
    Ok(match property.kind {
        Kind::Text | Kind::Geometry => json!(text),
        Kind::Integer => json!(text.parse::<i64>().ok().ok_or_else(|| wrong("is no whole number"))?),
        Kind::Number => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            json!(number.ok_or_else(|| wrong("is no number"))?)
        }
        Kind::Boolean => json!(
            text.parse::<bool>()
                .ok()
                .ok_or_else(|| wrong("is neither true nor false"))?
        ),
        Kind::Time => json!({"timestamp": text}),
    })
}
