//! Where the drift began, as charts draw it.

use driftline_domain::{Direction, LatLon, MissionSpec, Release, wrap_lon_deg};
use driftline_report::{Start, StartShape};
use geo::Coord;

use super::outline::rounded;

/// Places of all scenarios, with what stands beside them.
pub(super) fn starts(spec: &MissionSpec) -> Vec<Start> {
    let scenarios = spec.scenarios();
    let mut starts = Vec::new();
    for (number, scenario) in scenarios.iter().enumerate() {
        let alone = scenarios.len() == 1;
        let shapes = shapes(&scenario.release);
        let several = shapes.len() > 1;
        for (line, shape) in shapes.into_iter().enumerate() {
            let name = if alone {
                name(&scenario.release, spec.direction).to_owned()
            } else {
                format!("Scenario {}", number + 1)
            };
            let label = if several { format!("{name} {}", line + 1) } else { name };
            starts.push(Start { label, shape });
        }
    }
    starts
}

fn name(release: &Release, direction: Direction) -> &'static str {
    match (direction, release) {
        (Direction::Backtrack, _) => "Found",
        (_, Release::Point(_)) => "LKP",
        (_, Release::Cone(_)) => "Cone",
        (_, Release::Track(_)) => "Voyage",
        (_, Release::Polygon(_)) => "Area of release",
        (_, Release::Bearings(_)) => "Bearing",
    }
}

fn shapes(release: &Release) -> Vec<StartShape> {
    match release {
        Release::Point(point) => {
            let (lon_deg, lat_deg) = place(point.position);
            vec![StartShape::Point {
                lon_deg,
                lat_deg,
                radius_m: point.radius_m,
            }]
        }
        Release::Cone(cone) => vec![StartShape::Line(vec![
            place(cone.from.position),
            place(cone.to.position),
        ])],
        Release::Track(track) => vec![StartShape::Line(
            track.legs.iter().map(|waypoint| place(waypoint.position)).collect(),
        )],
        Release::Polygon(polygon) => {
            let rings = polygon.coordinates.iter();
            let one = |ring: &Vec<[f64; 2]>| {
                // The first position stands again at the end.
                let corners = ring.iter().take(ring.len().saturating_sub(1));
                let corners = corners.map(|[lon, lat]| rounded_place((*lon, *lat)));
                StartShape::Polygon(corners.collect())
            };
            // Holes are drawn by nobody: the outline tells where to look.
            rings.take(1).map(one).collect()
        }
        Release::Bearings(bearings) => {
            let lines = bearings.lines.iter();
            lines
                .map(|line| StartShape::Line(vec![place(line.position), place(line.end())]))
                .collect()
        }
    }
}

fn place(position: LatLon) -> (f64, f64) {
    rounded_place((position.lon_deg(), position.lat_deg()))
}

/// Longitude and latitude as stored areas have them.
pub(super) fn rounded_place((lon, lat): (f64, f64)) -> (f64, f64) {
    let place = rounded(Coord {
        x: wrap_lon_deg(lon),
        y: lat,
    });
    (place.x, place.y)
}
