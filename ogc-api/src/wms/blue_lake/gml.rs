//! GML 2 feature collections (02-069): members with simple properties and geometries whose coordinates are pairs of
//! longitude and latitude.

use driftline_domain::ValidTime;
use geo::{Coord, Geometry, GeometryCollection, LineString, Point, Polygon};
use serde_json::{Map, Value, json};

use super::TestFeature;
use crate::wms::xml_tree::Element;

/// The features of a document.
pub(super) fn features(text: &str) -> Result<Vec<TestFeature>, String> {
    let root = Element::parse(text)?;
    let members = root
        .children
        .iter()
        .filter(|child| matches!(child.name.as_str(), "featureMember" | "featureMembers"));
    members.flat_map(|member| &member.children).map(feature).collect()
}

fn feature(element: &Element) -> Result<TestFeature, String> {
    let mut geometries = Vec::new();
    let mut properties = Map::new();
    for property in &element.children {
        if property.children.is_empty() {
            if !property.text.is_empty() {
                properties.insert(property.name.clone(), json!(property.text));
            }
        } else if property.name != "boundedBy" {
            for child in &property.children {
                geometry(child, &mut geometries)?;
            }
        }
    }
    let time = properties.get("time").and_then(Value::as_str);
    let time = time.map(|text| {
        let parsed = text.parse::<ValidTime>();
        parsed.map_err(|_not_a_time| format!("the time '{text}' is none"))
    });
    Ok(TestFeature {
        id: element.attribute("fid").or(element.attribute("id")).map(str::to_owned),
        geometry: Geometry::GeometryCollection(GeometryCollection(geometries)),
        properties,
        time: time.transpose()?,
    })
}

fn geometry(element: &Element, found: &mut Vec<Geometry<f64>>) -> Result<(), String> {
    match element.name.as_str() {
        "Point" => {
            let at = coordinates(element)?;
            let at = at.0.first().ok_or("a point has no coordinates")?;
            found.push(Point(*at).into());
        }
        "LineString" => found.push(coordinates(element)?.into()),
        "Polygon" => {
            let ring = |boundary: &Element| {
                let ring = boundary.child("LinearRing").ok_or("a boundary has no ring")?;
                coordinates(ring)
            };
            let outer = element.child("outerBoundaryIs").ok_or("a polygon has no boundary")?;
            let inner: Result<Vec<LineString<f64>>, String> = element.all("innerBoundaryIs").map(ring).collect();
            found.push(Polygon::new(ring(outer)?, inner?).into());
        }
        // Collections, and the members in them.
        _ => {
            for child in &element.children {
                geometry(child, found)?;
            }
        }
    }
    Ok(())
}

fn coordinates(element: &Element) -> Result<LineString<f64>, String> {
    let text = element
        .child_text("coordinates")
        .ok_or("a geometry has no coordinates")?;
    let pair = |pair: &str| {
        let mut numbers = pair.split(',').map(|number| number.parse::<f64>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(x), Some(y)) if x.abs() <= 180.0 && y.abs() <= 90.0 => Ok(Coord { x, y }),
            _ => Err(format!("'{pair}' is no longitude and latitude")),
        }
    };
    text.split_whitespace().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_become_features() {
        let text = "<c><boundedBy/><featureMember><f:Auto xmlns:f='u' fid='a.1'><num>1</num>\
            <time>2000-01-01T00:00:05Z</time><position><Point><coordinates>-0.5,0.25</coordinates></Point></position>\
            <shore><MultiPolygon><polygonMember><Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,0 1,1 0,0\
            </coordinates></LinearRing></outerBoundaryIs></Polygon></polygonMember></MultiPolygon></shore>\
            </f:Auto></featureMember></c>";
        let found = features(text).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id.as_deref(), Some("a.1"));
        assert_eq!(found[0].properties["num"], "1");
        assert!(found[0].time.is_some());
        let Geometry::GeometryCollection(geometries) = &found[0].geometry else {
            panic!("{:?}", found[0].geometry);
        };
        assert!(matches!(geometries.0[..], [Geometry::Point(_), Geometry::Polygon(_)]));
        for wrong in ["0,0 1", "200,0", "a,b"] {
            let text = format!(
                "<c><featureMember><F><p><LineString><coordinates>{wrong}</coordinates></LineString></p></F></featureMember></c>"
            );
            assert!(features(&text).is_err(), "{wrong}");
        }
    }
}
