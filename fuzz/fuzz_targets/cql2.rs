//! Any text as a filter, in both encodings and two reference systems, applied to points and to areas; and as an order and its keys.
#![no_main]

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use driftline_query::{Error, Filter, Geometries, Key, Kind, Order, Queryable, Table, crs84};
use libfuzzer_sys::fuzz_target;

const QUERYABLES: [Queryable; 6] = [
    Queryable { name: "geometry", kind: Kind::Geometry },
    Queryable { name: "name", kind: Kind::Text },
    Queryable { name: "count", kind: Kind::Integer },
    Queryable { name: "level", kind: Kind::Number },
    Queryable { name: "stranded", kind: Kind::Boolean },
    Queryable { name: "valid_time", kind: Kind::Time },
];
const LON_DEG: [f64; 3] = [5.0, -180.0, 179.5];
const LAT_DEG: [f64; 3] = [60.0, 0.0, -18.0];

static BATCH: LazyLock<RecordBatch> = LazyLock::new(|| {
    let columns: [(&str, ArrayRef); 5] = [
        ("name", Arc::new(StringArray::from(vec![Some("Bergen"), Some(""), None]))),
        ("count", Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(0), None]))),
        ("level", Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(-0.0), None]))),
        ("stranded", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("valid_time", Arc::new(TimestampMicrosecondArray::from(vec![Some(0), Some(i64::MAX), None]).with_timezone("UTC"))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
});
static AREAS: LazyLock<Vec<geo::Geometry<f64>>> = LazyLock::new(|| {
    let square = |west: f64, south: f64| geo::Rect::new((west, south), (west + 5.0, south + 5.0)).to_polygon();
    let split = geo::MultiPolygon(vec![square(175.0, -20.0), square(-180.0, -20.0)]);
    let line = geo::LineString::from(vec![(0.0, 55.0), (10.0, 65.0)]);
    vec![square(3.0, 58.0).into(), split.into(), line.into()]
});

fn apply(filter: Result<Filter, Error>) {
    let Ok(filter) = filter.inspect_err(|error| assert!(!error.is_internal(), "{error}")) else { return };
    let points = Geometries::Points { lon_deg: &LON_DEG, lat_deg: &LAT_DEG };
    for geometries in [points, Geometries::Shapes(&AREAS)] {
        let matches = filter.matches(&Table { batch: &BATCH, geometries }).unwrap();
        assert_eq!(matches.len(), 3);
    }
    let _ = (filter.bbox(), filter.interval("valid_time"), filter.equals("name"), filter.properties());
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    apply(Filter::text(text, &QUERYABLES, crs84));
    apply(Filter::text(text, &QUERYABLES, |lat_deg, lon_deg| crs84(lon_deg, lat_deg)));
    apply(Filter::json(text, &QUERYABLES, crs84));
    if let Ok(order) = Order::parse(text, &QUERYABLES) {
        let points = Geometries::Points { lon_deg: &LON_DEG, lat_deg: &LAT_DEG };
        let keys = order.keys(&Table { batch: &BATCH, geometries: points }).unwrap();
        assert_eq!(keys.first(&[0, 1, 2], |row| row as u64, None, 3).len(), 3);
    }
    if let Ok(key) = Key::parse(text) {
        assert_eq!(Key::parse(&key.to_text()).unwrap(), key);
    }
});
