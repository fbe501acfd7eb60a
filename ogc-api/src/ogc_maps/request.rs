//! The parameters of a map: all of them are checked before anything is read. Sizes are pixels, boxes in the order of
//! their reference system's axes.

use driftline_domain::BBox;
use driftline_tiles::{MapCrs, MapView, TileMatrixSet};

use crate::Error;
use crate::features::{Collection, RootAsk};
use crate::maps::{Layer, Style, TimeWanted};
use crate::query::{Query, shown};
use crate::styles::StyleId;

/// Pixels of a side at most.
const MAX_SIDE_PX: u32 = 4_096;
/// Pixels of the longer side where none is named.
const USUAL_SIDE_PX: f64 = 1_024.0;
/// Share of a box that is shown around it where none is named.
const MARGIN: f64 = 0.05;
const PARAMETERS: [&str; 9] = [
    "bbox",
    "bbox-crs",
    "crs",
    "width",
    "height",
    "datetime",
    "transparent",
    "bgcolor",
    "f",
];

/// A reference system of boxes and pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plane {
    /// Longitude, latitude.
    Crs84,
    /// Latitude, longitude.
    Epsg4326,
    /// Web Mercator.
    Epsg3857,
}

impl Plane {
    const ALL: [Self; 3] = [Self::Crs84, Self::Epsg4326, Self::Epsg3857];

    /// Its name.
    pub(super) fn uri(self) -> &'static str {
        match self {
            Self::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            Self::Epsg4326 => "http://www.opengis.net/def/crs/EPSG/0/4326",
            Self::Epsg3857 => "http://www.opengis.net/def/crs/EPSG/0/3857",
        }
    }

    /// The system that a parameter names, by its address or in short.
    fn parameter(query: &Query, name: &str) -> Result<Self, Error> {
        let Some(text) = query.get(name) else {
            return Ok(Self::Crs84);
        };
        let short = text.trim_start_matches('[').trim_end_matches(']').to_ascii_uppercase();
        let found = Self::ALL.into_iter().find(|plane| plane.uri() == text);
        let found = found.or(match short.as_str() {
            "OGC:CRS84" | "CRS84" => Some(Self::Crs84),
            "EPSG:4326" => Some(Self::Epsg4326),
            "EPSG:3857" => Some(Self::Epsg3857),
            _ => None,
        });
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::uri).join(", ");
            Error::parameter(name, format!("'{}' is not offered; there are {known}", shown(text)))
        })
    }

    fn set(self) -> TileMatrixSet {
        match self {
            Self::Crs84 | Self::Epsg4326 => TileMatrixSet::WorldCrs84Quad,
            Self::Epsg3857 => TileMatrixSet::WebMercatorQuad,
        }
    }

    /// Numbers of a box with x to the east.
    fn read(self, [a, b, c, d]: [f64; 4]) -> [f64; 4] {
        if self == Self::Epsg4326 {
            [b, a, d, c]
        } else {
            [a, b, c, d]
        }
    }

    /// A box in the order of its axes.
    pub(super) fn written(self, bounds: [f64; 4]) -> String {
        self.read(bounds).map(|side| side.to_string()).join(",")
    }

    /// A box of another system in this one.
    fn converted(self, from: Self, [x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
        let (own, other) = (self.set(), from.set());
        if own == other {
            return [x0, y0, x1, y1];
        }
        let x = |x: f64| own.x(other.lon_deg(x));
        let y = |y: f64| own.y(other.lat_deg(y));
        [x(x0), y(y0), x(x1), y(y1)]
    }
}

/// What a request wants.
pub(super) struct MapWanted {
    /// The layer.
    pub(super) layer: Layer,
    /// Its style.
    pub(super) style: &'static Style,
    /// When.
    pub(super) time: TimeWanted,
    /// Colour of the ground; none for a transparent one.
    pub(super) ground: Option<[u8; 3]>,
    /// The picture's reference system.
    pub(super) plane: Plane,
    bounds: Option<[f64; 4]>,
    size: (Option<u32>, Option<u32>),
}

/// The layer that shows a collection; all together are shown as search areas.
pub(super) fn layer_of(collection: Option<Collection>) -> Option<Layer> {
    Layer::find(collection.map_or(Collection::SearchAreas.id(), Collection::id))
}

impl MapWanted {
    /// Reads and checks the parameters.
    pub(super) fn of(asked: &RootAsk) -> Result<Self, Error> {
        let query = &asked.ask.query;
        query.allow_only(&PARAMETERS)?;
        query.check_format(&["png"])?;
        let collection = match asked.ask.param("collection_id") {
            "" => None,
            _ => Some(asked.tiled_collection()?),
        };
        let layer = layer_of(collection);
        let layer = layer.ok_or_else(|| Error::not_found("map of", collection.map_or("", Collection::id)))?;
        let plane = Plane::parameter(query, "crs")?;
        let of_box = Plane::parameter(query, "bbox-crs")?;
        let bounds = numbers(query)?.map(|box_numbers| plane.converted(of_box, of_box.read(box_numbers)));
        let time = match query.get("datetime") {
            None => TimeWanted::Current,
            Some(text) => TimeWanted::of_tiles(text).map_err(|why| Error::parameter("datetime", why))?,
        };
        Ok(Self {
            layer,
            style: style_of(asked.ask.param("styleId"), layer)?,
            time,
            ground: ground(query)?,
            plane,
            bounds,
            size: (side(query, "width")?, side(query, "height")?),
        })
    }

    /// What the picture shows; without a box all of the layer.
    pub(super) fn view(&self, around: &BBox) -> Result<MapView, Error> {
        let [x0, y0, x1, y1] = self.bounds.unwrap_or_else(|| self.around(around));
        let (across, down) = (x1 - x0, y1 - y0);
        let ratio = (across / down).clamp(1e-3, 1e3);
        let whole = |side: f64| (side.round() as u32).clamp(1, MAX_SIDE_PX);
        let (width, height) = match self.size {
            (Some(width), Some(height)) => (width, height),
            (Some(width), None) => (width, whole(f64::from(width) / ratio)),
            (None, Some(height)) => (whole(f64::from(height) * ratio), height),
            (None, None) => (
                whole(USUAL_SIDE_PX * ratio.min(1.0)),
                whole(USUAL_SIDE_PX / ratio.max(1.0)),
            ),
        };
        let crs: MapCrs = self.plane.set().crs();
        let view = MapView::new(crs, [x0, y0, x1, y1], width, height);
        view.map_err(|error| Error::parameter("bbox", error.to_string()))
    }

    fn around(&self, bbox: &BBox) -> [f64; 4] {
        let turn = if bbox.crosses_antimeridian() { 360.0 } else { 0.0 };
        let set = self.plane.set();
        let [x0, x1] = [bbox.west, bbox.east + turn].map(|lon| set.x(lon));
        let [y0, y1] = [bbox.south, bbox.north].map(|lat| set.y(lat));
        let margin = ((x1 - x0).max(y1 - y0) * MARGIN).max(set.span(TileMatrixSet::finest_zoom(set)));
        [x0 - margin, y0 - margin, x1 + margin, y1 + margin]
    }
}

/// The layer's style for a light or a dark map.
fn style_of(name: &str, layer: Layer) -> Result<&'static Style, Error> {
    let is_night = !name.is_empty() && StyleId::find(name)? == StyleId::Night;
    let night = layer.styles().iter().find(|style| style.name.ends_with("night"));
    let style = if is_night { night } else { layer.styles().first() };
    style.ok_or_else(|| Error::not_found("style", name))
}

fn numbers(query: &Query) -> Result<Option<[f64; 4]>, Error> {
    let Some(text) = query.get("bbox") else {
        return Ok(None);
    };
    let parts = text.split(',').take(7).map(|part| part.trim().parse::<f64>().ok());
    let numbers: Option<Vec<f64>> = parts.map(|number| number.filter(|it| it.is_finite())).collect();
    let numbers: Option<[f64; 4]> = match numbers.as_deref() {
        Some([a, b, c, d] | [a, b, _, c, d, _]) => Some([*a, *b, *c, *d]),
        _ => None,
    };
    let [a, b, mut c, d] =
        numbers.ok_or_else(|| Error::parameter("bbox", format!("'{}' is not four or six numbers", shown(text))))?;
    // In degrees of longitude first, a box may go over the antimeridian.
    if a > c && Plane::parameter(query, "bbox-crs")? == Plane::Crs84 {
        c += 360.0;
    }
    Ok(Some([a, b, c, d]))
}

fn side(query: &Query, name: &str) -> Result<Option<u32>, Error> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|side| (1..=MAX_SIDE_PX).contains(side));
    number.map(Some).ok_or_else(|| {
        let reason = format!("'{}' is no number of pixels from 1 to {MAX_SIDE_PX}", shown(text));
        Error::parameter(name, reason)
    })
}

/// Transparent unless a colour is named (20-058, requirement class background).
fn ground(query: &Query) -> Result<Option<[u8; 3]>, Error> {
    let colour = query.get("bgcolor").map(colour).transpose()?;
    match query.get("transparent") {
        None => Ok(colour),
        Some("true") => Ok(None),
        Some("false") => Ok(Some(colour.unwrap_or([255; 3]))),
        Some(other) => {
            let reason = format!("'{}' is neither true nor false", shown(other));
            Err(Error::parameter("transparent", reason))
        }
    }
}

fn colour(text: &str) -> Result<[u8; 3], Error> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    let is_plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_plain);
    let number =
        number.ok_or_else(|| Error::parameter("bgcolor", format!("'{}' is not of the form 0xRRGGBB", shown(text))))?;
    let [_, red, green, blue] = number.to_be_bytes();
    Ok([red, green, blue])
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any query read as that of a map, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn readings(query: &Query) {
    std::hint::black_box((ground(query).is_ok(), side(query, "width").is_ok()));
    let (Ok(plane), Ok(of_box), Ok(bounds)) = (
        Plane::parameter(query, "crs"),
        Plane::parameter(query, "bbox-crs"),
        numbers(query),
    ) else {
        return;
    };
    let layer = layer_of(None);
    let style = layer.and_then(|layer| style_of("", layer).ok());
    let Some((layer, style)) = layer.zip(style) else { return };
    let wanted = MapWanted {
        layer,
        style,
        time: TimeWanted::Current,
        ground: None,
        plane,
        bounds: bounds.map(|bounds| plane.converted(of_box, of_box.read(bounds))),
        size: (
            side(query, "width").unwrap_or(None),
            side(query, "height").unwrap_or(None),
        ),
    };
    let around = BBox {
        west: 170.0,
        south: -10.0,
        east: -170.0,
        north: 10.0,
    };
    std::hint::black_box(wanted.view(&around).is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_in_the_order_of_their_axes_and_brought_into_the_pictures_system() {
        let lat_first = Plane::Epsg4326.read([59.0, 2.0, 61.0, 6.0]);
        assert_eq!(lat_first, [2.0, 59.0, 6.0, 61.0]);
        assert_eq!(Plane::Crs84.converted(Plane::Epsg4326, lat_first), lat_first);
        let metres = Plane::Epsg3857.converted(Plane::Crs84, lat_first);
        assert!(
            (metres[0] - 222_638.98).abs() < 0.01 && (metres[1] - 8_171_954.0).abs() < 20_000.0,
            "{metres:?}"
        );
        let back = Plane::Crs84.converted(Plane::Epsg3857, metres);
        assert!(
            back.iter().zip(lat_first).all(|(a, b)| (a - b).abs() < 1e-9),
            "{back:?}"
        );
        assert_eq!(Plane::Epsg4326.written(lat_first), "59,2,61,6");
    }

    #[test]
    fn grounds_are_transparent_unless_a_colour_is_named() {
        let read = |query: &str| ground(&Query::parse(Some(query), |_| false).unwrap());
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("bgcolor=0xff0001").unwrap(), Some([255, 0, 1]));
        assert_eq!(read("bgcolor=ff0001&transparent=true").unwrap(), None);
        assert_eq!(read("transparent=false").unwrap(), Some([255; 3]));
        assert!(read("transparent=1").is_err() && read("bgcolor=red").is_err() && read("bgcolor=0x+1234").is_err());
    }
}
