//! Places that search areas name: deep inside of one, between one and the next, far from all. Degrees; distances on the
//! plane with longitudes shortened by the cosine of the latitude, which is enough for finding a pixel.

use std::collections::BTreeMap;

use serde_json::Value;

/// Longitude and latitude.
pub(crate) type Place = [f64; 2];

/// Rings of a geometry, of all its polygons: a place is inside where an odd number of them surrounds it.
type Rings = Vec<Vec<Place>>;

/// Search areas by their time and level in percent.
pub(crate) struct Areas(BTreeMap<(String, u64), Rings>);

impl Areas {
    /// From the features of the collection `search-areas`.
    pub(crate) fn new(features: &[Value]) -> Self {
        let area = |feature: &Value| {
            let properties = &feature["properties"];
            let percent = (properties["level"].as_f64().unwrap() * 100.0).round() as u64;
            let mut rings = Vec::new();
            collect_rings(&feature["geometry"]["coordinates"], &mut rings);
            ((properties["valid_time"].as_str().unwrap().to_owned(), percent), rings)
        };
        Self(features.iter().map(area).collect())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn rings(&self, time: &str, percent: u64) -> &Rings {
        let found = self.0.get(&(time.to_owned(), percent));
        found.unwrap_or_else(|| panic!("there is no area of {percent} % at {time}"))
    }

    /// The place deepest inside the area of this level.
    pub(crate) fn core(&self, time: &str, percent: u64) -> Place {
        let rings = self.rings(time, percent);
        deepest(rings, &[rings], |at| inside(rings, at))
    }

    /// The place deepest inside the outer area but outside the inner one.
    pub(crate) fn rim(&self, time: &str, inner: u64, outer: u64) -> Place {
        let (inner, outer) = (self.rings(time, inner), self.rings(time, outer));
        deepest(outer, &[inner, outer], |at| inside(outer, at) && !inside(inner, at))
    }

    /// West, south, east, north of the area of 95 % with a third of its size around it.
    pub(crate) fn frame(&self, time: &str) -> [f64; 4] {
        let [west, south, east, north] = bounds(self.rings(time, 95));
        let (wide, high) = ((east - west) / 3.0, (north - south) / 3.0);
        [west - wide, south - high, east + wide, north + high]
    }

    /// A place in the frame's corner, outside of every area of its time.
    pub(crate) fn far(&self, time: &str) -> Place {
        let [west, south, east, north] = self.frame(time);
        [west + (east - west) * 0.03, south + (north - south) * 0.03]
    }
}

fn collect_rings(coordinates: &Value, rings: &mut Rings) {
    let list = coordinates.as_array().unwrap();
    let place = |value: &Value| Some([value.get(0)?.as_f64()?, value.get(1)?.as_f64()?]);
    match list.iter().map(place).collect::<Option<Vec<_>>>() {
        Some(ring) => rings.push(ring),
        None => list.iter().for_each(|inner| collect_rings(inner, rings)),
    }
}

fn bounds(rings: &Rings) -> [f64; 4] {
    rings
        .iter()
        .flatten()
        .fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |b, [x, y]| {
            [b[0].min(*x), b[1].min(*y), b[2].max(*x), b[3].max(*y)]
        })
}

fn inside(rings: &Rings, [x, y]: Place) -> bool {
    let mut crossings = 0;
    for ring in rings {
        for edge in ring.windows(2) {
            let ([x0, y0], [x1, y1]) = (edge[0], edge[1]);
            if (y0 > y) != (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0) {
                crossings += 1;
            }
        }
    }
    crossings % 2 == 1
}

/// Distance to the nearest edge.
fn clearance(rings: &Rings, [x, y]: Place) -> f64 {
    let narrow = y.to_radians().cos();
    let edges = rings.iter().flat_map(|ring| ring.windows(2));
    edges.fold(f64::MAX, |nearest, edge| {
        let from = [(edge[0][0] - x) * narrow, edge[0][1] - y];
        let along = [(edge[1][0] - edge[0][0]) * narrow, edge[1][1] - edge[0][1]];
        let length = along[0] * along[0] + along[1] * along[1];
        let part = if length > 0.0 {
            (-(from[0] * along[0] + from[1] * along[1]) / length).clamp(0.0, 1.0)
        } else {
            0.0
        };
        nearest.min((from[0] + part * along[0]).hypot(from[1] + part * along[1]))
    })
}

/// Of a grid over a geometry the accepted place that is farthest from all edges.
fn deepest(over: &Rings, edges: &[&Rings], accepted: impl Fn(Place) -> bool) -> Place {
    const CELLS: u32 = 60;
    let [west, south, east, north] = bounds(over);
    let along = |from: f64, to: f64, cell: u32| from + (to - from) * (f64::from(cell) + 0.5) / f64::from(CELLS);
    let places = (0..CELLS * CELLS).map(|n| [along(west, east, n % CELLS), along(south, north, n / CELLS)]);
    let depth = |at: Place| edges.iter().map(|rings| clearance(rings, at)).fold(f64::MAX, f64::min);
    let found = places
        .filter(|at| accepted(*at))
        .max_by(|a, b| depth(*a).total_cmp(&depth(*b)));
    found.expect("no place of the grid is accepted")
}

#[test]
fn places_of_a_square_with_a_hole() {
    let ring = |at: f64, size: f64| {
        serde_json::json!([
            [at, at],
            [at + size, at],
            [at + size, at + size],
            [at, at + size],
            [at, at]
        ])
    };
    let feature = |level: f64, rings: Value| {
        serde_json::json!({ "properties": { "level": level, "valid_time": "T" },
            "geometry": { "type": "MultiPolygon", "coordinates": [rings] } })
    };
    let areas = Areas::new(&[
        feature(0.5, serde_json::json!([ring(4.0, 2.0)])),
        feature(0.95, serde_json::json!([ring(0.0, 10.0), ring(7.0, 2.0)])),
    ]);
    assert_eq!(areas.len(), 2);
    let [x, y] = areas.core("T", 50);
    assert!((x - 5.0).abs() < 0.1 && (y - 5.0).abs() < 0.1, "{x} {y}");
    let [x, y] = areas.rim("T", 50, 95);
    assert!(!(4.0..6.0).contains(&x) || !(4.0..6.0).contains(&y), "{x} {y}");
    assert!(!inside(areas.rings("T", 95), [8.0, 8.0]) && inside(areas.rings("T", 95), [1.0, 1.0]));
    let [x, y] = areas.far("T");
    assert!(x < 0.0 && y < 0.0);
}
