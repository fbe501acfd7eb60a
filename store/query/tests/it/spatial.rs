//! Geometries: points on lattices against the definition, shapes, the antimeridian, other reference systems.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use driftline_query::{Error, Filter, Geometries, Table, crs84};
use geo::{Geometry, Relate};
use std::sync::Arc;

use crate::table::{QUERYABLES, found, text};

/// Answers for geometries without columns.
fn answers(filter: &Filter, geometries: Geometries<'_>) -> Vec<bool> {
    let options = RecordBatchOptions::new().with_row_count(Some(geometries.len()));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap();
    filter
        .matches(&Table {
            batch: &batch,
            geometries,
        })
        .unwrap()
}

fn shape(filter: &str) -> Geometry<f64> {
    use std::str::FromStr;
    let wkt = wkt::Wkt::<f64>::from_str(filter).unwrap();
    Geometry::try_from(wkt).unwrap()
}

fn holds(filter: &str, of: &str) -> bool {
    answers(&text(filter).unwrap(), Geometries::Shapes(&[shape(of)]))[0]
}

#[test]
fn places_in_boxes_and_areas() {
    for (filter, rows) in [
        ("S_INTERSECTS(geometry, BBOX(0,50,20,70))", vec![0, 1, 2]),
        ("S_INTERSECTS(geometry, BBOX(0,50,0,20,70,0))", vec![0, 1, 2]),
        ("s_intersects(geometry, POINT(5.33 60.39))", vec![2]),
        ("S_INTERSECTS(POINT Z (5.33 60.39 10), geometry)", vec![2]),
        ("S_INTERSECTS(geometry, BBOX(170,-30,-170,0))", vec![3, 4]),
        (
            "S_INTERSECTS(geometry, POLYGON((170 -30, 190 -30, 190 0, 170 0, 170 -30)))",
            vec![3, 4],
        ),
        (
            "S_INTERSECTS(geometry, POLYGON((-190 -30, -170 -30, -170 0, -190 0, -190 -30)))",
            vec![3, 4],
        ),
        (
            "S_INTERSECTS(geometry, MULTIPOLYGON(((170 -30,180 -30,180 0,170 0,170 -30)),((-180 -30,-170 -30,-170 0,-180 0,-180 -30))))",
            vec![3, 4],
        ),
        ("S_DISJOINT(geometry, BBOX(170,-30,-170,0))", vec![0, 1, 2]),
        (
            "NOT S_INTERSECTS(geometry, BBOX(170,-30,-170,0)) AND stranded",
            vec![0, 2],
        ),
        ("S_INTERSECTS(geometry, BBOX(0,50,20,70)) AND code = 'no'", vec![1, 2]),
        (
            "S_INTERSECTS(geometry, BBOX(0,50,20,70)) OR code = 'fj'",
            vec![0, 1, 2, 3],
        ),
        ("S_INTERSECTS(geometry, BBOX(-180,-90,180,90))", vec![0, 1, 2, 3, 4]),
        ("S_WITHIN(geometry, BBOX(5.33,50,20,70))", vec![0, 1]),
        ("S_TOUCHES(geometry, BBOX(5.33,50,20,70))", vec![2]),
        ("S_EQUALS(geometry, MULTIPOINT((5.33 60.39)))", vec![2]),
        ("S_INTERSECTS(geometry, MULTIPOINT(5.33 60.39, 6.15 62.47))", vec![1, 2]),
        ("S_INTERSECTS(geometry, geometry)", vec![0, 1, 2, 3, 4]),
        ("S_OVERLAPS(geometry, geometry)", vec![]),
        ("S_INTERSECTS(POINT(1 1), BBOX(0,0,2,2))", vec![0, 1, 2, 3, 4]),
        ("S_INTERSECTS(POINT(3 1), BBOX(0,0,2,2))", vec![]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

/// Every relation of every point of a lattice to literals of each kind is what `geo` makes of the two.
#[test]
fn points_lie_to_literals_as_the_definition_says() {
    let literals = [
        "POINT(2 2)",
        "MULTIPOINT(1 1, 2 2, 5 3)",
        "LINESTRING(0 0, 4 4, 4 0)",
        "LINESTRING(0 2, 6 2)",
        "LINESTRING(1 1, 5 1, 5 5, 1 5, 1 1)",
        "MULTILINESTRING((0 0, 3 3), (3 3, 6 0), (0 5, 6 5))",
        "POLYGON((0 0, 6 0, 6 6, 0 6, 0 0))",
        "POLYGON((0 0, 6 0, 6 6, 0 6, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))",
        "POLYGON((0 3, 3 0, 6 3, 3 6, 0 3))",
        "POLYGON((0 0, 6 0, 3 3, 6 6, 0 6, 0 0))",
        "MULTIPOLYGON(((0 0, 2 0, 2 2, 0 2, 0 0)), ((3 3, 6 3, 6 6, 3 3)))",
        "GEOMETRYCOLLECTION(POINT(6 0), LINESTRING(0 6, 6 6), POLYGON((0 0, 3 0, 3 3, 0 3, 0 0)))",
        "POLYGON((0.5 0, 1 3, 1.5 0, 2 3, 2.5 0, 3 3, 3.5 0, 4 3, 4.5 0, 5 3, 5.5 0, 5.5 5, 0.5 5, 0.5 0))",
    ];
    let places: Vec<(f64, f64)> = (-2..=14)
        .flat_map(|x| (-2..=14).map(move |y| (f64::from(x) / 2.0, f64::from(y) / 2.0)))
        .collect();
    let (lon_deg, lat_deg): (Vec<f64>, Vec<f64>) = places.iter().copied().unzip();
    let points = Geometries::Points {
        lon_deg: &lon_deg,
        lat_deg: &lat_deg,
    };
    let shapes: Vec<Geometry<f64>> = places
        .iter()
        .map(|(x, y)| Geometry::Point(geo::Point::new(*x, *y)))
        .collect();
    for wkt in literals {
        let literal = shape(wkt);
        for (function, relation) in RELATIONS {
            let filter = text(&format!("{function}(geometry, {wkt})")).unwrap();
            let expected: Vec<bool> = shapes.iter().map(|point| relation(&point.relate(&literal))).collect();
            assert_eq!(answers(&filter, points), expected, "{function} {wkt}, points");
            assert_eq!(
                answers(&filter, Geometries::Shapes(&shapes)),
                expected,
                "{function} {wkt}, shapes"
            );
            let turned = text(&format!("{function}({wkt}, geometry)")).unwrap();
            let expected: Vec<bool> = shapes.iter().map(|point| relation(&literal.relate(point))).collect();
            assert_eq!(answers(&turned, points), expected, "{function} {wkt}, turned");
        }
    }
}

type Relation = fn(&geo::relate::IntersectionMatrix) -> bool;
const RELATIONS: [(&str, Relation); 8] = [
    ("S_CONTAINS", |matrix| matrix.is_contains()),
    ("S_CROSSES", |matrix| matrix.is_crosses()),
    ("S_DISJOINT", |matrix| matrix.is_disjoint()),
    ("S_EQUALS", |matrix| matrix.is_equal_topo()),
    ("S_INTERSECTS", |matrix| matrix.is_intersects()),
    ("S_OVERLAPS", |matrix| matrix.is_overlaps()),
    ("S_TOUCHES", |matrix| matrix.is_touches()),
    ("S_WITHIN", |matrix| matrix.is_within()),
];

#[test]
fn shapes_lie_to_literals_as_their_names_say() {
    let square = "POLYGON((0 0,4 0,4 4,0 4,0 0))";
    for (filter, of, expected) in [
        ("S_INTERSECTS(geometry, BBOX(3,3,5,5))", square, true),
        ("S_INTERSECTS(geometry, BBOX(4,4,5,5))", square, true),
        ("S_INTERSECTS(geometry, BBOX(4.1,4.1,5,5))", square, false),
        ("S_DISJOINT(geometry, BBOX(4.1,4.1,5,5))", square, true),
        ("S_TOUCHES(geometry, BBOX(4,0,5,4))", square, true),
        ("S_TOUCHES(geometry, BBOX(3,0,5,4))", square, false),
        ("S_OVERLAPS(geometry, BBOX(3,0,5,4))", square, true),
        ("S_WITHIN(geometry, BBOX(0,0,5,5))", square, true),
        ("S_CONTAINS(geometry, BBOX(1,1,2,2))", square, true),
        ("S_CONTAINS(geometry, POINT(0 0))", square, false),
        ("S_INTERSECTS(geometry, POINT(0 0))", square, true),
        ("S_CROSSES(geometry, LINESTRING(-1 2, 5 2))", square, true),
        ("S_CROSSES(geometry, LINESTRING(1 2, 3 2))", square, false),
        ("S_EQUALS(geometry, POLYGON((4 4,0 4,0 0,2 0,4 0,4 4)))", square, true),
        ("S_EQUALS(geometry, BBOX(0,0,4,4))", square, true),
        ("S_WITHIN(geometry, LINESTRING(0 0, 4 4))", "LINESTRING(1 1,2 2)", true),
        ("S_CROSSES(geometry, BBOX(0,0,1,1))", "LINESTRING(-1 0.5,2 0.5)", true),
        ("S_CROSSES(BBOX(0,0,1,1), geometry)", "LINESTRING(-1 0.5,2 0.5)", true),
        (
            "S_INTERSECTS(geometry, MULTIPOLYGON(((5 5,6 5,6 6,5 5)),((1 1,2 1,2 2,1 1))))",
            square,
            true,
        ),
    ] {
        assert_eq!(holds(filter, of), expected, "{filter} {of}");
    }
}

#[test]
fn shapes_at_the_antimeridian_are_met_from_both_sides() {
    let split = "MULTIPOLYGON(((175 -5,180 -5,180 5,175 5,175 -5)),((-180 -5,-175 -5,-175 5,-180 5,-180 -5)))";
    let west = "POLYGON((-178 -1,-176 -1,-176 1,-178 1,-178 -1))";
    for (filter, of, expected) in [
        ("S_INTERSECTS(geometry, BBOX(170,-10,-170,10))", split, true),
        ("S_INTERSECTS(geometry, BBOX(170,-10,-170,10))", west, true),
        ("S_INTERSECTS(geometry, BBOX(170,-10,-179,10))", west, false),
        ("S_DISJOINT(geometry, BBOX(170,-10,-179,10))", west, true),
        ("S_WITHIN(geometry, BBOX(170,-10,-170,10))", west, true),
        ("S_WITHIN(geometry, BBOX(170,-10,-170,10))", split, true),
        ("S_WITHIN(geometry, BBOX(176,-10,-170,10))", split, false),
        (
            "S_WITHIN(geometry, POLYGON((170 -10,190 -10,190 10,170 10,170 -10)))",
            "LINESTRING(-179 0,-175 0)",
            true,
        ),
        (
            "S_INTERSECTS(geometry, BBOX(170,-10,-170,10))",
            "LINESTRING(-100 0,100 0)",
            false,
        ),
        (
            "S_INTERSECTS(geometry, BBOX(170,-10,-170,10))",
            "LINESTRING(-180 0,180 0)",
            true,
        ),
        ("S_EQUALS(geometry, BBOX(-178,-1,-176,1))", west, true),
        (
            "S_EQUALS(geometry, POLYGON((182 -1,184 -1,184 1,182 1,182 -1)))",
            west,
            true,
        ),
    ] {
        assert_eq!(holds(filter, of), expected, "{filter} {of}");
    }
}

/// Latitude before longitude, as EPSG:4326 has it.
fn latitude_first(lat_deg: f64, lon_deg: f64) -> Option<(f64, f64)> {
    crs84(lon_deg, lat_deg)
}

/// EPSG:3857.
fn mercator(x_m: f64, y_m: f64) -> Option<(f64, f64)> {
    let radius_m = 6_378_137.0;
    (x_m.abs() <= 20_037_508.35).then(|| {
        (
            (x_m / radius_m).to_degrees(),
            (y_m / radius_m).sinh().atan().to_degrees(),
        )
    })
}

/// A polar azimuthal map of the north: metres from the pole, longitude 0 downwards.
fn polar(x_m: f64, y_m: f64) -> Option<(f64, f64)> {
    let lat_deg = 90.0 - x_m.hypot(y_m) / 111_320.0;
    (lat_deg > 0.0).then(|| (x_m.atan2(-y_m).to_degrees(), lat_deg))
}

#[test]
fn positions_come_from_other_reference_systems() {
    let filter = |text: &str, to: fn(f64, f64) -> Option<(f64, f64)>| Filter::text(text, &QUERYABLES, to);
    let points = |filter: &Filter, places: &[(f64, f64)]| {
        let (lon_deg, lat_deg): (Vec<f64>, Vec<f64>) = places.iter().copied().unzip();
        answers(
            filter,
            Geometries::Points {
                lon_deg: &lon_deg,
                lat_deg: &lat_deg,
            },
        )
    };
    let by_latitude = filter("S_INTERSECTS(geometry, BBOX(-30,170,0,-170))", latitude_first).unwrap();
    assert_eq!(by_latitude.bbox(), Some([170.0, -30.0, -170.0, 0.0]));
    assert_eq!(
        points(&by_latitude, &[(178.4, -18.1), (-175.2, -21.1), (0.0, -20.0)]),
        [true, true, false]
    );
    let area = filter(
        "S_INTERSECTS(geometry, POLYGON((50 0, 50 10, 60 10, 50 0)))",
        latitude_first,
    )
    .unwrap();
    assert_eq!(points(&area, &[(5.0, 51.0), (51.0, 5.0)]), [true, false]);

    let web = filter(
        "S_INTERSECTS(geometry, BBOX(0, 0, 1113194.9079327357, 1118889.9748579597))",
        mercator,
    )
    .unwrap();
    let bbox = web.bbox().unwrap();
    for (side, expected) in bbox.iter().zip([0.0, 0.0, 10.0, 10.0]) {
        assert!((side - expected).abs() < 1e-6, "{bbox:?}");
    }
    assert!(matches!(
        filter("S_INTERSECTS(geometry, POINT(30000000 0))", mercator),
        Err(Error::Geometry(reason)) if reason == "the position 30000000 0 lies outside of its reference system"
    ));

    // A box around the pole, and one across the antimeridian, as no box in CRS84 is.
    let pole = filter(
        "S_INTERSECTS(geometry, BBOX(-1000000, -1000000, 1000000, 1000000))",
        polar,
    )
    .unwrap();
    assert_eq!(
        points(
            &pole,
            &[
                (0.0, 90.0),
                (0.0, 85.0),
                (123.0, 82.0),
                (-179.9, 82.0),
                (0.0, 80.0),
                (45.0, 80.0)
            ]
        ),
        [true, true, true, true, false, true]
    );
    let back = filter("S_INTERSECTS(geometry, BBOX(-300000, 1000000, 300000, 2000000))", polar).unwrap();
    assert_eq!(
        points(
            &back,
            &[(180.0, 75.0), (-175.0, 75.0), (175.0, 75.0), (150.0, 75.0), (0.0, 75.0)]
        ),
        [true, true, true, false, false]
    );
    let triangle = filter(
        "S_INTERSECTS(geometry, POLYGON((-300000 1000000, 300000 1000000, 0 2000000, -300000 1000000)))",
        polar,
    )
    .unwrap();
    assert_eq!(
        points(&triangle, &[(180.0, 75.0), (-179.0, 78.0), (0.0, 75.0)]),
        [true, true, false]
    );
}
