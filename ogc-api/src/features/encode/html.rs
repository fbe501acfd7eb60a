//! A page of features for people: a map drawn as SVG, the coast under it, and a table. It needs no other host and no
//! script.

use driftline_coast::{Coast, Land, UNITS_PER_DEGREE};
use geo::{BoundingRect, Geometry, LineString, Polygon, Rect, coord};
use quick_xml::escape::escape;
use serde_json::Value;

use super::PageDocument;
use crate::features::positions::geometry_of;

/// Features drawn at most; the table shows them all.
const MOST_DRAWN: usize = 2_000;
/// Square degrees of land drawn at most.
const MOST_DEGREES: i32 = 600;
/// Places of the shore nearer to each other than this, in the map's units, are one.
const CLOSEST: f64 = 0.7;
/// Longest side of the map in its own units.
const SIDE: f64 = 640.0;

/// A page.
pub(super) fn page(document: &PageDocument<'_>) -> String {
    let properties = document.fields.columns(document.collection);
    let heading = format!("{}: {}", document.title, document.collection.title());
    let mut body = format!("<h1>{}</h1>\n", escape(&heading));
    body.push_str(&navigation(document));
    body.push_str(&map(document));
    body.push_str("<table><thead><tr><th>id</th>");
    let shown: Vec<_> = properties.iter().filter(|property| property.name != "id").collect();
    for property in &shown {
        body.push_str(&format!(
            "<th title=\"{}\">{}</th>",
            escape(property.title),
            escape(property.name)
        ));
    }
    body.push_str("</tr></thead><tbody>\n");
    for picked in document.features {
        let members = picked.block.properties(picked.index);
        body.push_str(&format!("<tr><td>{}</td>", escape(picked.block.id(picked.index))));
        for property in &shown {
            let cell = members.get(property.name).map(cell).unwrap_or_default();
            body.push_str(&format!("<td>{}</td>", escape(&cell)));
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody></table>\n");
    if !document.attribution.is_empty() {
        body.push_str(&format!(
            "<footer>{}</footer>\n",
            escape(document.attribution.join("; "))
        ));
    }
    crate::html::page(&heading, &body)
}

fn navigation(document: &PageDocument<'_>) -> String {
    let matched = document
        .number_matched
        .map(|matched| format!(" of {matched}"))
        .unwrap_or_default();
    let mut text = format!("<p>{} features{matched}</p>\n<nav>", document.number_returned());
    for link in document.links.iter().filter(|link| link.rel() != "self") {
        text.push_str(&format!(
            "<a rel=\"{0}\" href=\"{1}\">{2}</a> ",
            link.rel(),
            escape(link.href()),
            escape(link.title().unwrap_or(link.rel()))
        ));
    }
    text.push_str("</nav>\n");
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Plate carrée, as true to scale as the middle latitude allows.
struct Plane {
    around: Rect<f64>,
    across: f64,
    down: f64,
}

impl Plane {
    fn around(features: &[Geometry<f64>]) -> Option<Self> {
        let boxes = features.iter().filter_map(BoundingRect::bounding_rect);
        let all = boxes.reduce(|a, b| {
            Rect::new(
                coord! { x: a.min().x.min(b.min().x), y: a.min().y.min(b.min().y) },
                coord! { x: a.max().x.max(b.max().x), y: a.max().y.max(b.max().y) },
            )
        })?;
        // Room around, so that what is small is seen with a coast beside it.
        let margin = (all.width().max(all.height()) * 0.15).max(0.05);
        let around = Rect::new(
            coord! { x: all.min().x - margin, y: (all.min().y - margin).max(-90.0) },
            coord! { x: all.max().x + margin, y: (all.max().y + margin).min(90.0) },
        );
        let squeeze = around.center().y.to_radians().cos().max(0.05);
        let scale = SIDE / (around.width() * squeeze).max(around.height());
        Some(Self {
            across: scale * squeeze,
            down: scale,
            around,
        })
    }

    fn place(&self, at: geo::Coord<f64>) -> String {
        let x = (at.x - self.around.min().x) * self.across;
        let y = (self.around.max().y - at.y) * self.down;
        format!("{x:.1} {y:.1}")
    }

    fn line(&self, line: &LineString<f64>) -> String {
        let places: Vec<String> = line.0.iter().map(|at| self.place(*at)).collect();
        format!("M{}", places.join("L"))
    }

    /// A closed line without what is too close to be told apart.
    fn ring(&self, places: impl Iterator<Item = (f64, f64)>) -> String {
        let mut last = (f64::MAX, f64::MAX);
        let mut kept = Vec::new();
        for (lon, lat) in places {
            let (x, y) = ((lon - last.0) * self.across, (lat - last.1) * self.down);
            if x.hypot(y) >= CLOSEST {
                last = (lon, lat);
                kept.push(self.place(coord! { x: lon, y: lat }));
            }
        }
        if kept.len() < 3 {
            return String::new();
        }
        format!("M{}Z", kept.join("L"))
    }

    fn polygon(&self, polygon: &Polygon<f64>) -> String {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(|ring| self.line(ring) + "Z").collect()
    }

    fn element(&self, geometry: &Geometry<f64>, label: &str) -> String {
        let title = format!("<title>{}</title>", escape(label));
        let path = |class: &str, data: String| format!("<path class=\"{class}\" d=\"{data}\">{title}</path>\n");
        match geometry {
            Geometry::Point(point) => path("p", format!("M{}h0", self.place(point.0))),
            Geometry::LineString(line) => path("l", self.line(line)),
            Geometry::MultiLineString(lines) => path("l", lines.0.iter().map(|line| self.line(line)).collect()),
            Geometry::Polygon(polygon) => path("a", self.polygon(polygon)),
            Geometry::MultiPolygon(polygons) => path("a", polygons.0.iter().map(|one| self.polygon(one)).collect()),
            _ => String::new(),
        }
    }
}

fn map(document: &PageDocument<'_>) -> String {
    let drawn = document.features.iter().take(MOST_DRAWN);
    let shapes: Vec<(Geometry<f64>, String)> = drawn
        .filter_map(|picked| {
            let geometry = geometry_of(&picked.block.shape(picked.index)?)?;
            Some((geometry, picked.block.id(picked.index)))
        })
        .collect();
    let geometries: Vec<Geometry<f64>> = shapes.iter().map(|(geometry, _)| geometry.clone()).collect();
    let Some(plane) = Plane::around(&geometries) else {
        return "<p>There is nothing to draw.</p>\n".to_owned();
    };
    let (width, height) = (plane.around.width() * plane.across, plane.around.height() * plane.down);
    let mut text = format!(
        "<svg role=\"img\" aria-label=\"Map of the features\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.0}\" \
         height=\"{height:.0}\">\n"
    );
    text.push_str(&land_in(document.coast, &plane));
    shapes
        .iter()
        .for_each(|(geometry, id)| text.push_str(&plane.element(geometry, id)));
    text.push_str("</svg>\n");
    if document.features.len() > MOST_DRAWN {
        text.push_str(&format!("<p>The map shows the first {MOST_DRAWN}.</p>\n"));
    }
    text
}

/// The land in the map, a degree at a time. A map of half the globe has none: it would be larger than the page.
fn land_in(coast: &Coast, plane: &Plane) -> String {
    let around = &plane.around;
    let (west, east) = (around.min().x.floor() as i32, around.max().x.ceil() as i32);
    let (south, north) = (around.min().y.floor() as i32, around.max().y.ceil() as i32);
    if (east - west).saturating_mul(north - south) > MOST_DEGREES {
        return String::new();
    }
    let mut data = String::new();
    for lat in south..north {
        for lon in west..east {
            match coast.land_in_degree(lon, lat) {
                Land::None => {}
                Land::All => {
                    let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
                    let corners = corners.map(|(x, y)| (f64::from(lon + x), f64::from(lat + y)));
                    data.push_str(&plane.ring(corners.into_iter()));
                }
                Land::Rings(rings) => {
                    let unit = f64::from(UNITS_PER_DEGREE);
                    for ring in rings {
                        let places = ring.iter().map(|(x, y)| {
                            (
                                f64::from(lon) + f64::from(*x) / unit,
                                f64::from(lat) + f64::from(*y) / unit,
                            )
                        });
                        data.push_str(&plane.ring(places));
                    }
                }
            }
        }
    }
    format!("<path class=\"c\" fill-rule=\"evenodd\" d=\"{data}\"/>\n")
}
