//! The parameters of a data query (19-086r6, 8.2), read and checked before anything is looked up. Unknown ones are refused by
//! name. `z` is ignored as the standard asks where there is no vertical extent.

use super::axes::Resolution;
use super::collection::Collection;
use super::coords::Coords;
use super::coverage_subset;
use super::crs::Crs;
use super::evaluate::{Question, Wanted};
use super::format::Format;
use super::parameter::Parameter;
use super::region::Region;
use crate::Error;
use crate::ask::Ask;
use crate::query::{Interval, Query, bbox_parameter, shown};

/// Most metres of a radius, and of half a corridor's width.
const MAX_REACH_M: f64 = 1_000_000.0;
/// Most positions along an axis that a request may name.
const MAX_POSITIONS: usize = 5_000;

/// A kind of data query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueryType {
    /// At points.
    Position,
    /// In polygons.
    Area,
    /// In a box.
    Cube,
    /// Along paths.
    Trajectory,
    /// Around a point.
    Radius,
    /// On both sides of paths.
    Corridor,
    /// At a named place.
    Locations,
    /// The whole or a subset, as OGC API Coverages asks for it.
    Coverage,
}

/// A checked data query.
#[derive(Debug, Clone)]
pub(crate) struct DataRequest {
    /// What is asked.
    pub(crate) question: Question,
    /// Form of the answer.
    pub(crate) format: Format,
    /// Reference system of the answer.
    pub(crate) crs: Crs,
    /// Whether several places were asked for.
    pub(crate) is_collection: bool,
}

impl QueryType {
    /// Those of EDR that collections list, in the order of lists.
    pub(crate) const OF_EDR: [Self; 7] = [
        Self::Position,
        Self::Radius,
        Self::Area,
        Self::Cube,
        Self::Trajectory,
        Self::Corridor,
        Self::Locations,
    ];

    /// Name in paths and metadata.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Area => "area",
            Self::Cube => "cube",
            Self::Trajectory => "trajectory",
            Self::Radius => "radius",
            Self::Corridor => "corridor",
            Self::Locations => "locations",
            Self::Coverage => "coverage",
        }
    }

    /// Title for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Position => "Values over time at a POINT, or at each of a MULTIPOINT",
            Self::Area => "Values on a grid within a POLYGON or MULTIPOLYGON",
            Self::Cube => "Values on a grid within a box",
            Self::Trajectory => "Values at the positions of a LINESTRING, or with times of a LINESTRINGM",
            Self::Radius => "Values on a grid within a distance of a POINT",
            Self::Corridor => "Values on a grid on both sides of a LINESTRING",
            Self::Locations => "Named places, and values over time at one of them",
            Self::Coverage => "Values on a grid, whole or a subset",
        }
    }

    /// Whether values are on a grid; elsewhere they are at positions.
    pub(crate) fn is_gridded(self) -> bool {
        match self {
            Self::Area | Self::Cube | Self::Radius | Self::Corridor | Self::Coverage => true,
            Self::Position | Self::Trajectory | Self::Locations => false,
        }
    }

    /// Forms that are offered, the default first.
    pub(crate) fn formats(self) -> &'static [Format] {
        if self.is_gridded() {
            &Format::OF_GRIDS
        } else {
            &Format::OF_DATA
        }
    }

    /// Parameters that it has.
    pub(crate) fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Position | Self::Trajectory => &["coords", "datetime", "parameter-name", "crs", "f", "z"],
            Self::Area => &[
                "coords",
                "datetime",
                "parameter-name",
                "crs",
                "f",
                "z",
                "resolution-x",
                "resolution-y",
            ],
            Self::Cube => &[
                "bbox",
                "datetime",
                "parameter-name",
                "crs",
                "f",
                "z",
                "resolution-x",
                "resolution-y",
            ],
            Self::Radius => &[
                "coords",
                "within",
                "within-units",
                "datetime",
                "parameter-name",
                "crs",
                "f",
                "z",
            ],
            Self::Corridor => &[
                "coords",
                "corridor-width",
                "width-units",
                "corridor-height",
                "height-units",
                "datetime",
                "parameter-name",
                "crs",
                "f",
                "z",
                "resolution-x",
                "resolution-y",
            ],
            Self::Locations => &["datetime", "parameter-name", "crs", "f"],
            Self::Coverage => &[
                "subset",
                "bbox",
                "datetime",
                "properties",
                "scale-factor",
                "scale-size",
                "f",
            ],
        }
    }
}

impl DataRequest {
    /// Reads the query of a data query. Of `Locations` the place comes from the path.
    pub(crate) fn parse(
        ask: &Ask,
        collection: Collection,
        kind: QueryType,
        place: Option<Wanted>,
    ) -> Result<Self, Error> {
        let query = &ask.query;
        query.allow_only(kind.parameters())?;
        let crs = Crs::parse(query.get("crs")).map_err(|why| Error::parameter("crs", why))?;
        let formats = match crs.is_projected() {
            true if kind.is_gridded() => {
                let reason = format!(
                    "values on a grid are told in degrees; there are {}",
                    Crs::IDS.join(" and ")
                );
                return Err(Error::parameter("crs", reason));
            }
            true => &Format::OF_PROJECTED,
            false => kind.formats(),
        };
        let format = Format::wanted(query.get("f"), &ask.headers, formats)?;
        let (wanted, is_collection) = match place {
            Some(wanted) => (wanted, false),
            None => wanted(query, kind, crs)?,
        };
        let mut interval = Interval::parameter(query, "datetime")?;
        let names = if kind == QueryType::Coverage {
            interval = coverage_subset::interval(query, interval)?;
            "properties"
        } else {
            "parameter-name"
        };
        let is_timed =
            matches!(&wanted, Wanted::Paths(paths) if paths.iter().flatten().any(|vertex| vertex.at.is_some()));
        if is_timed && !interval.is_open() {
            let reason = "the path's positions have times of their own (M); name one or the other".to_owned();
            return Err(Error::parameter("datetime", reason));
        }
        Ok(Self {
            question: Question {
                wanted,
                interval,
                parameters: parameters(query.get(names), names, collection)?,
            },
            format,
            crs,
            is_collection,
        })
    }
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any query read as that of each kind of data query, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn readings(query: &Query) {
    let kinds = QueryType::OF_EDR.into_iter().chain([QueryType::Coverage]);
    let crs = Crs::parse(query.get("crs")).unwrap_or(Crs::Crs84);
    for kind in kinds.filter(|kind| *kind != QueryType::Locations) {
        std::hint::black_box(wanted(query, kind, crs).is_ok());
    }
    std::hint::black_box(Interval::parameter(query, "datetime").is_ok());
}

/// Where values are wanted, and whether at several places.
fn wanted(query: &Query, kind: QueryType, crs: Crs) -> Result<(Wanted, bool), Error> {
    if kind == QueryType::Coverage {
        return Ok((coverage_subset::wanted(query)?, false));
    }
    if kind == QueryType::Cube {
        let bbox = bbox_parameter(query)?;
        let bbox = bbox.ok_or_else(|| Error::parameter("bbox", "it is needed".to_owned()))?;
        return Ok((Wanted::Grid(Region::of_box(&bbox), resolution(query)?), false));
    }
    let text = query.get("coords");
    let text = text.ok_or_else(|| Error::parameter("coords", "it is needed".to_owned()))?;
    let coords = Coords::parse(text, crs).map_err(|why| Error::parameter("coords", why))?;
    let found = match (kind, coords) {
        (QueryType::Position, Coords::Point(place)) => (Wanted::Series(vec![place]), false),
        (QueryType::Position, Coords::Points(places)) => (Wanted::Series(places), true),
        (QueryType::Area, Coords::Polygons(polygons)) => {
            let region = Region::of_polygons(polygons);
            let region = region.ok_or_else(|| Error::parameter("coords", "it is empty".to_owned()))?;
            (Wanted::Grid(region, resolution(query)?), false)
        }
        (QueryType::Trajectory, Coords::Paths(paths)) => {
            let is_collection = paths.len() > 1;
            (Wanted::Paths(paths), is_collection)
        }
        (QueryType::Radius, Coords::Point(centre)) => {
            let metres = length(query, "within", "within-units")?;
            (
                Wanted::Grid(Region::of_radius(centre, metres), [Resolution::Stored; 2]),
                false,
            )
        }
        (QueryType::Corridor, Coords::Paths(paths)) => {
            let width = length(query, "corridor-width", "width-units")?;
            (
                Wanted::Grid(Region::of_corridor(&paths, width), resolution(query)?),
                false,
            )
        }
        (kind, other) => {
            let reason = format!("it is a {}, which a {} query does not take", other.name(), kind.name());
            return Err(Error::parameter("coords", reason));
        }
    };
    Ok(found)
}

/// Metres of a length and its unit.
fn length(query: &Query, name: &'static str, units: &'static str) -> Result<f64, Error> {
    let needed = |name: &str| {
        let value = query.get(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Error::parameter(name, "it is needed".to_owned()))
    };
    let text = needed(name)?;
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite() && *number > 0.0);
    let number = number.ok_or_else(|| Error::parameter(name, format!("'{}' is not a positive number", shown(text))))?;
    let unit = needed(units)?;
    let known = UNITS.iter().find(|(known, _)| known.eq_ignore_ascii_case(unit));
    let (_, metres) = known.ok_or_else(|| {
        let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
        let reason = format!("'{}' is not offered; there are {}", shown(unit), names.join(", "));
        Error::parameter(units, reason)
    })?;
    let length = number * metres;
    if length <= MAX_REACH_M {
        return Ok(length);
    }
    Err(Error::parameter(
        name,
        format!("{length} m is more than {MAX_REACH_M} m"),
    ))
}

/// Units of lengths in metres.
pub(crate) const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1_000.0), ("nmi", 1_852.0), ("mi", 1_609.344)];

fn resolution(query: &Query) -> Result<[Resolution; 2], Error> {
    let one = |name: &str| {
        let Some(text) = query.get(name) else {
            return Ok(Resolution::Stored);
        };
        let number = text.parse::<usize>().ok().filter(|number| *number <= MAX_POSITIONS);
        match number {
            Some(0) => Ok(Resolution::Stored),
            Some(number) => Ok(Resolution::Positions(number)),
            None => Err(Error::parameter(
                name,
                format!(
                    "'{}' is not a number of positions from 1 to {MAX_POSITIONS}, nor 0 for the stored ones",
                    shown(text)
                ),
            )),
        }
    };
    Ok([one("resolution-x")?, one("resolution-y")?])
}

/// The parameters that are named, each once, in the order of the collection; all where none is.
fn parameters(text: Option<&str>, name: &str, collection: Collection) -> Result<Vec<&'static Parameter>, Error> {
    let all = collection.parameters();
    let Some(text) = text else {
        return Ok(all.iter().collect());
    };
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    let known: Vec<&str> = all.iter().map(|parameter| parameter.id).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let reason = format!(
            "'{}' is not in {}; there are {}",
            shown(unknown),
            collection.id(),
            known.join(", ")
        );
        return Err(Error::parameter(name, reason));
    }
    Ok(all.iter().filter(|parameter| names.contains(&parameter.id)).collect())
}
