//! Vector tiles as another reader (fast-mvt) sees them, and the rules of specification 2.1.

use driftline_tiles::TileId;
use driftline_tiles::mvt::{Column, ColumnValues, EXTENT, LayerBuilder, Points, Value, VectorTile};
use fast_mvt::{MvtFeatureRef, MvtReaderRef, MvtValueRef};
use geo::{Coord, LineString, MultiLineString, MultiPolygon, Polygon};

use crate::rings;

fn bytes(layer: LayerBuilder) -> Vec<u8> {
    let mut tile = VectorTile::new();
    tile.add(layer);
    tile.into_bytes()
}

/// Place of a position in a tile, the slow way.
fn units(tile: TileId, lon: f64, lat: f64) -> (f64, f64) {
    let n = f64::from(1u32 << tile.z());
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
    (
        ((lon + 180.0) / 360.0 * n - f64::from(tile.x())) * f64::from(EXTENT),
        (y * n - f64::from(tile.y())) * f64::from(EXTENT),
    )
}

fn point_of(feature: MvtFeatureRef<'_>) -> (i64, i64) {
    let [command, x, y] = feature.geometry_commands() else {
        panic!("not one point: {:?}", feature.geometry_commands());
    };
    assert_eq!(*command, 1 | 1 << 3);
    let unzigzag = |value: u32| i64::from((value >> 1) as i32 ^ -((value & 1) as i32));
    (unzigzag(*x), unzigzag(*y))
}

#[test]
fn points_stand_where_they_are_with_their_attributes() {
    let tile = TileId::new(7, 65, 36).unwrap();
    let mut next = crate::scenes::numbers(1);
    let n = 2_000;
    let (lon, lat): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (1.0 + 7.0 * next(), 60.0 + 3.0 * next())).unzip();
    let ids: Vec<u64> = (0..n as u64).map(|k| k * 3).collect();
    let numbers: Vec<u32> = (0..n as u32).collect();
    let status: Vec<u8> = (0..n).map(|k| (k % 4) as u8).collect();
    let times: Vec<i64> = (0..n as i64).map(|k| k / 500 - 2).collect();
    let share: Vec<f32> = (0..n).map(|k| if k % 5 == 0 { f32::NAN } else { 0.5 }).collect();
    let choices = [
        Value::from("active"),
        Value::from("stranded"),
        Value::from("missing_data"),
    ];
    let run = Value::from("run_1");
    let columns = [
        Column {
            key: "particle",
            values: ColumnValues::U32(&numbers),
        },
        Column {
            key: "status",
            values: ColumnValues::Choice(&choices, &status),
        },
        Column {
            key: "age",
            values: ColumnValues::I64(&times),
        },
        Column {
            key: "share",
            values: ColumnValues::F32(&share),
        },
        Column {
            key: "run",
            values: ColumnValues::Constant(&run),
        },
    ];
    let mut layer = LayerBuilder::new("particles", tile);
    let added = layer
        .points(&Points {
            lon_deg: &lon,
            lat_deg: &lat,
            ids: Some(&ids),
            columns: &columns,
        })
        .unwrap();
    let bytes = bytes(layer);
    let reader = MvtReaderRef::new(&bytes).unwrap();
    let layer = reader.layers().next().unwrap();
    assert_eq!((layer.name(), layer.version(), layer.extent()), ("particles", 2, 4096));
    assert_eq!(layer.feature_count(), added);

    let expected: Vec<usize> = (0..n)
        .filter(|k| {
            let (x, y) = units(tile, lon[*k], lat[*k]);
            (-64.0..=4160.0).contains(&x) && (-64.0..=4160.0).contains(&y)
        })
        .collect();
    assert!(expected.len() > 300 && expected.len() < n);
    assert_eq!(added, expected.len());
    for (feature, k) in layer.features().zip(&expected) {
        assert_eq!(feature.id(), Some(ids[*k]));
        let (x, y) = units(tile, lon[*k], lat[*k]);
        let (px, py) = point_of(feature);
        assert!(
            (px as f64 - x).abs() <= 0.5001 && (py as f64 - y).abs() <= 0.5001,
            "{px} {py} {x} {y}"
        );
        let mut properties = feature.properties_vec().unwrap();
        let mut take = |key: &str| {
            let at = properties.iter().position(|(name, _)| *name == key)?;
            Some(properties.remove(at).1)
        };
        assert_eq!(take("particle"), Some(MvtValueRef::UInt(u64::from(numbers[*k]))));
        let name = ["active", "stranded", "missing_data"].get(usize::from(status[*k]));
        assert_eq!(take("status"), name.map(|name| MvtValueRef::String(name)));
        let age = match u64::try_from(times[*k]) {
            Ok(age) => MvtValueRef::UInt(age),
            Err(_) => MvtValueRef::SInt(times[*k]),
        };
        assert_eq!(take("age"), Some(age));
        assert_eq!(take("share"), (k % 5 != 0).then_some(MvtValueRef::Float(0.5)));
        assert_eq!(take("run"), Some(MvtValueRef::String("run_1")));
        assert!(properties.is_empty());
    }
    // Each key and each value stands once.
    let mut keys = layer.keys().to_vec();
    keys.sort_unstable();
    assert_eq!(keys, ["age", "particle", "run", "share", "status"]);
    let mut values: Vec<String> = layer.values().map(|value| format!("{value:?}")).collect();
    let all = values.len();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), all);
}

#[test]
fn every_point_of_the_world_is_in_one_tile_and_close_ones_in_buffers_too() {
    for (lon, lat) in [
        (180.0, 0.1),
        (-180.0, 0.1),
        (179.9999, -45.0),
        (540.0, 10.0),
        (0.0, 0.0),
    ] {
        let mut inside = 0;
        for x in 0..4 {
            for y in 0..4 {
                let mut layer = LayerBuilder::new("p", TileId::new(2, x, y).unwrap()).with_buffer(8);
                if !layer.point(None, lon, lat, &[]) {
                    continue;
                }
                let bytes = bytes(layer);
                let reader = MvtReaderRef::new(&bytes).unwrap();
                let (px, py) = point_of(reader.layers().next().unwrap().features().next().unwrap());
                inside += usize::from((0..4096).contains(&px) && (0..4096).contains(&py));
                assert!((-8..=4104).contains(&px) && (-8..=4104).contains(&py));
            }
        }
        assert_eq!(inside, 1, "{lon} {lat}");
    }
    let east = TileId::new(2, 3, 1).unwrap();
    let mut layer = LayerBuilder::new("p", east);
    assert!(
        layer.point(Some(1), -179.9, 10.0, &[]),
        "over the antimeridian, in the buffer"
    );
    for (lon, lat) in [
        (f64::NAN, 0.0),
        (0.0, f64::NAN),
        (f64::INFINITY, 0.0),
        (100.0, 90.0),
        (0.0, 1e300),
    ] {
        assert!(!layer.point(None, lon, lat, &[]), "{lon} {lat}");
    }
}

#[test]
fn columns_must_fit() {
    let mut layer = LayerBuilder::new("p", TileId::new(0, 0, 0).unwrap());
    let short = Points {
        lon_deg: &[1.0, 2.0],
        lat_deg: &[1.0],
        ids: None,
        columns: &[],
    };
    assert!(layer.points(&short).is_err());
    let columns = [Column {
        key: "n",
        values: ColumnValues::U32(&[1]),
    }];
    let uneven = Points {
        lon_deg: &[1.0, 2.0],
        lat_deg: &[1.0, 2.0],
        ids: None,
        columns: &columns,
    };
    assert_eq!(
        layer.points(&uneven).unwrap_err().to_string(),
        "column n has 1 values for 2 features"
    );
    assert!(layer.is_empty());
    assert!(bytes(layer).is_empty(), "an empty layer leaves no bytes");
}

fn line(places: &[(f64, f64)]) -> MultiLineString<f64> {
    MultiLineString::new(vec![LineString::from(places.to_vec())])
}

/// The parts of a line's commands.
fn parts(commands: &[u32]) -> Vec<Vec<(i64, i64)>> {
    let unzigzag = |value: u32| i64::from((value >> 1) as i32 ^ -((value & 1) as i32));
    let (mut parts, mut at, mut pen) = (Vec::<Vec<_>>::new(), 0, (0, 0));
    while at < commands.len() {
        let (id, count) = (commands[at] & 7, commands[at] >> 3);
        assert!((id == 1 && count == 1) || (id == 2 && count >= 1), "{commands:?}");
        if id == 1 {
            parts.push(Vec::new());
        }
        for k in 0..count as usize {
            let step = (unzigzag(commands[at + 1 + 2 * k]), unzigzag(commands[at + 2 + 2 * k]));
            assert!(id == 1 || step != (0, 0));
            pen = (pen.0 + step.0, pen.1 + step.1);
            parts.last_mut().unwrap().push(pen);
        }
        at += 1 + 2 * count as usize;
    }
    assert!(parts.iter().all(|part| part.len() >= 2), "{parts:?}");
    parts
}

#[test]
fn a_line_is_cut_at_the_buffer_and_goes_on_in_the_next_tile() {
    let track = line(&[(2.0, 61.0), (4.0, 61.2), (9.0, 61.2), (9.0, 61.5), (3.0, 61.6)]);
    for (x, pieces) in [(65, 2), (66, 2)] {
        let mut layer = LayerBuilder::new("t", TileId::new(7, x, 36).unwrap());
        assert!(layer.line(Some(9), &track, &[("status", Value::from("active"))]));
        let bytes = bytes(layer);
        let reader = MvtReaderRef::new(&bytes).unwrap();
        let feature = reader.layers().next().unwrap().features().next().unwrap();
        let parts = parts(feature.geometry_commands());
        assert!(parts.len() <= pieces, "{parts:?}");
        let places = parts.iter().flatten();
        assert!(
            places
                .clone()
                .all(|(x, y)| (-64..=4160).contains(x) && (-64..=4160).contains(y))
        );
        let rim = if x == 65 { 4160 } else { -64 };
        assert!(places.clone().any(|(x, _)| *x == rim), "{parts:?}");
    }
    let mut layer = LayerBuilder::new("t", TileId::new(7, 3, 36).unwrap());
    assert!(!layer.line(None, &track, &[]) && layer.is_empty());
    // Shorter than a unit: no geometry.
    let mut layer = LayerBuilder::new("t", TileId::new(3, 4, 2).unwrap());
    assert!(!layer.line(None, &line(&[(5.0, 60.0), (5.000_1, 60.0)]), &[]));
    assert!(!layer.line(None, &line(&[(5.0, 60.0), (f64::NAN, 60.0)]), &[]));
    assert!(!layer.line(None, &line(&[]), &[]));
}

#[test]
fn a_line_over_the_antimeridian_is_drawn_on_both_sides() {
    let cut = MultiLineString::new(vec![
        LineString::from(vec![(179.0, 10.0), (180.0, 10.5)]),
        LineString::from(vec![(-180.0, 10.5), (-179.0, 11.0)]),
    ]);
    let through = line(&[(179.0, 10.0), (181.0, 11.0)]);
    for track in [&cut, &through] {
        for x in [0, 15] {
            let mut layer = LayerBuilder::new("t", TileId::new(4, x, 7).unwrap());
            assert!(layer.line(None, track, &[]), "{x}");
        }
        let mut layer = LayerBuilder::new("t", TileId::new(4, 7, 7).unwrap());
        assert!(!layer.line(None, track, &[]));
    }
}

fn star(lon: f64, lat: f64, radius: f64, points: usize, next: &mut dyn FnMut() -> f64) -> LineString<f64> {
    let places = (0..points).map(|k| {
        let angle = k as f64 / points as f64 * std::f64::consts::TAU;
        let r = radius * (0.3 + 0.7 * next());
        Coord {
            x: lon + r * angle.cos(),
            y: lat + 0.5 * r * angle.sin(),
        }
    });
    let mut ring = LineString::new(places.collect());
    ring.close();
    ring
}

fn polygon_rings(area: &MultiPolygon<f64>, tile: TileId) -> Option<Vec<rings::Ring>> {
    let mut layer = LayerBuilder::new("areas", tile);
    if !layer.polygon(Some(1), area, &[("level", Value::Double(0.9))]) {
        return None;
    }
    let bytes = bytes(layer);
    let reader = MvtReaderRef::new(&bytes).unwrap();
    let feature = reader.layers().next().unwrap().features().next().unwrap();
    // The other reader agrees that these are polygons.
    feature.geometry().unwrap();
    Some(rings::of_commands(feature.geometry_commands()))
}

#[test]
fn jagged_areas_are_valid_at_every_zoom() {
    let mut next = crate::scenes::numbers(7);
    let mut seen = 0;
    for case in 0..60 {
        let points = 8 + case * 5;
        let exterior = star(5.0, 60.0, 1.5, points, &mut next);
        let hole = star(5.0, 60.0, 0.25, 40, &mut next);
        let other = star(6.5, 60.5, 1.0, points / 2 + 3, &mut next);
        // Either direction of rings is taken.
        let hole = if case % 2 == 0 {
            LineString::new(hole.0.into_iter().rev().collect())
        } else {
            hole
        };
        let area = MultiPolygon::new(vec![Polygon::new(exterior, vec![hole]), Polygon::new(other, vec![])]);
        for (z, x, y) in [
            (0, 0, 0),
            (4, 8, 4),
            (5, 16, 9),
            (7, 65, 37),
            (8, 131, 74),
            (9, 263, 147),
            (12, 2106, 1188),
        ] {
            if let Some(rings) = polygon_rings(&area, TileId::new(z, x, y).unwrap()) {
                rings::assert_valid(&rings);
                let inside = |place: &&(i64, i64)| (-64..=4160).contains(&place.0) && (-64..=4160).contains(&place.1);
                assert!(rings.iter().flatten().all(|place| inside(&place)));
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn areas_cover_what_they_covered() {
    let mut next = crate::scenes::numbers(3);
    let exterior = star(5.0, 60.0, 1.5, 60, &mut next);
    let hole = star(5.0, 60.0, 0.3, 12, &mut next);
    let area = MultiPolygon::new(vec![Polygon::new(exterior, vec![hole])]);
    let tile = TileId::new(7, 65, 37).unwrap();
    let rings = polygon_rings(&area, tile).unwrap();
    let (mut wrong, mut right) = (0, 0);
    for _ in 0..4_000 {
        let place = ((next() * 4096.0) as i64, (next() * 4096.0) as i64);
        let covered = rings.iter().filter(|ring| rings::covers(ring, place)).count() % 2 == 1;
        let n = 128.0;
        let lon = (65.0 + place.0 as f64 / 4096.0) / n * 360.0 - 180.0;
        let y = 1.0 - 2.0 * (37.0 + place.1 as f64 / 4096.0) / n;
        let lat = (y * std::f64::consts::PI).sinh().atan().to_degrees();
        let truth = geo::Contains::contains(&area, &Coord { x: lon, y: lat });
        if truth == covered { right += 1 } else { wrong += 1 }
    }
    // Simplified by a unit, so places within a unit of the rim may differ.
    assert!(wrong < 12 && right > 3_900, "{wrong} {right}");
}

#[test]
fn areas_at_the_edges_of_the_world() {
    let square = |west: f64, south: f64, east: f64, north: f64| {
        let ring = vec![
            (west, south),
            (east, south),
            (east, north),
            (west, north),
            (west, south),
        ];
        MultiPolygon::new(vec![Polygon::new(LineString::from(ring), vec![])])
    };
    // A tile inside the area is its frame.
    let rings = polygon_rings(&square(-40.0, 30.0, 50.0, 80.0), TileId::new(7, 65, 37).unwrap()).unwrap();
    assert_eq!(rings.len(), 1);
    assert_eq!(rings::twice_area(&rings[0]), 2 * (4096 + 128) * (4096 + 128));
    // Over the antimeridian, drawn through or cut.
    for area in [square(170.0, -10.0, 190.0, 10.0), square(-190.0, -10.0, -170.0, 10.0)] {
        for x in [0, 7] {
            let rings = polygon_rings(&area, TileId::new(3, x, 3).unwrap()).unwrap();
            assert!(
                rings::covers(&rings[0], (if x == 0 { 0 } else { 4095 }, 4090)),
                "{rings:?}"
            );
        }
    }
    // Closed over the pole.
    let cap = square(-180.0, 80.0, 180.0, 90.0);
    let rings = polygon_rings(&cap, TileId::new(0, 0, 0).unwrap()).unwrap();
    rings::assert_valid(&rings);
    assert!(rings::covers(&rings[0], (2048, 0)));
    // Nothing, nonsense, too small.
    let tile = TileId::new(0, 0, 0).unwrap();
    assert_eq!(polygon_rings(&MultiPolygon::new(vec![]), tile), None);
    assert_eq!(polygon_rings(&square(1.0, 1.0, 1.000_1, 1.000_1), tile), None);
    assert_eq!(polygon_rings(&square(f64::NAN, 1.0, 2.0, 2.0), tile), None);
    assert_eq!(polygon_rings(&square(0.0, 0.0, f64::INFINITY, 2.0), tile), None);
    let two = LineString::from(vec![(0.0, 0.0), (9.0, 9.0)]);
    assert_eq!(
        polygon_rings(&MultiPolygon::new(vec![Polygon::new(two, vec![])]), tile),
        None
    );
}
