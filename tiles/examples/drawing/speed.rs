//! How long drawing takes.

use std::time::{Duration, Instant};

use driftline_domain::GridSpec;
use driftline_tiles::mvt::{Column, ColumnValues, LayerBuilder, Points, Value, VectorTile};
use driftline_tiles::{
    AreaLook, AreaStyle, DensityStyle, FieldLook, FieldSlab, FieldStyle, MapCrs, MapView, PointStyle, Quantity,
    Reading, Scheme, TileId, cog, draw_areas, draw_density, draw_field, draw_points,
};

use crate::ground;

/// Prints what everything takes.
pub(crate) fn measure() {
    getmap();
    particles_tile();
    layers_of_a_mission();
}

/// Median time of many calls.
fn median(mut call: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[50]
}

fn getmap() {
    let views = [
        ("z6 3857", MapView::of_tile(6, 32, 18, 256).unwrap()),
        ("z8 3857", MapView::of_tile(8, 130, 75, 256).unwrap()),
        ("z5 3857", MapView::of_tile(5, 16, 9, 256).unwrap()),
        (
            "4326",
            MapView::new(MapCrs::Crs84, [0.0, 55.0, 5.0, 60.0], 256, 256).unwrap(),
        ),
        ("z0 3857", MapView::of_tile(0, 0, 0, 256).unwrap()),
    ];
    for (grid_name, grid) in [
        ("500x500", ground::north_sea()),
        ("globe", ground::globe()),
        ("projected", ground::coast_model()),
    ] {
        for (view_name, view) in &views {
            for look in [FieldLook::Colour, FieldLook::Arrows, FieldLook::ColourArrows] {
                println!("{grid_name} {view_name} {look:?}: {}", time_field(&grid, view, look));
            }
        }
    }
}

fn time_field(grid: &GridSpec, view: &MapView, look: FieldLook) -> String {
    let field = ground::eddies(grid);
    let slabs = [FieldSlab {
        grid,
        field: &field,
        reading: Reading::Vector,
    }];
    let style = FieldStyle {
        look,
        ..FieldStyle::of(Quantity::Current)
    };
    let picture = draw_field(view, &slabs, &style);
    let png = picture.to_png().unwrap();
    let draw = median(|| drop(std::hint::black_box(draw_field(view, &slabs, &style))));
    let encode = median(|| drop(std::hint::black_box(picture.to_png().unwrap())));
    let per_pixel = draw.as_nanos() as f64 / f64::from(view.width * view.height);
    let bytes = png.len();
    format!("draw {draw:?} ({per_pixel:.1} ns/px), png {encode:?}, {bytes} bytes")
}

fn particles_tile() {
    let mut next = crate::scenes::numbers(5);
    let n = 100_000;
    let (lon, lat): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (4.0 + next(), 60.0 + 0.5 * next())).unzip();
    let ids: Vec<u64> = (0..n as u64).collect();
    let particle: Vec<u32> = (0..n as u32).collect();
    let status: Vec<u8> = (0..n).map(|k| u8::from(k % 7 == 0)).collect();
    let choices = [Value::from("active"), Value::from("stranded")];
    let time = Value::from("2026-01-01T00:00:00Z");
    let few = [
        Column {
            key: "status",
            values: ColumnValues::Choice(&choices, &status),
        },
        Column {
            key: "time",
            values: ColumnValues::Constant(&time),
        },
    ];
    let all = [
        few[0].clone(),
        few[1].clone(),
        Column {
            key: "particle_id",
            values: ColumnValues::U32(&particle),
        },
    ];
    for (name, columns) in [("id, status, time", &few[..]), ("and particle_id", &all[..])] {
        for (z, x, y) in [(0, 0, 0), (7, 65, 37), (9, 262, 148), (12, 2100, 1188)] {
            let mut found = 0;
            let time = median(|| {
                let mut layer = LayerBuilder::new("particles", TileId::new(z, x, y).unwrap());
                found = layer
                    .points(&Points {
                        lon_deg: &lon,
                        lat_deg: &lat,
                        ids: Some(&ids),
                        columns,
                    })
                    .unwrap();
                let mut tile = VectorTile::new();
                tile.add(layer);
                drop(std::hint::black_box(tile.into_bytes()));
            });
            let each = time.as_nanos() as f64 / found.max(1) as f64;
            println!("z{z} {name}: {found} features in {time:?}, {each:.0} ns each");
        }
    }
}

fn layers_of_a_mission() {
    let view = MapView::of_tile(8, 130, 74, 256).unwrap();
    let mut next = crate::scenes::numbers(5);
    let n = 100_000;
    let (lon, lat): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (3.5 + next(), 60.0 + 0.5 * next())).unzip();
    let status = vec![0u8; n];
    let points = PointStyle { scheme: Scheme::Day };
    let time = median(|| drop(std::hint::black_box(draw_points(&view, &lon, &lat, &status, &points))));
    println!("100,000 particles: {time:?}");
    let areas = crate::scenes::areas();
    let style = AreaStyle {
        look: AreaLook::Filled,
        scheme: Scheme::Day,
    };
    let time = median(|| drop(std::hint::black_box(draw_areas(&view, &areas, &style))));
    let picture = draw_areas(&view, &areas, &style);
    let encode = median(|| drop(std::hint::black_box(picture.to_png().unwrap())));
    println!(
        "areas: {time:?}, png {encode:?}, {} bytes",
        picture.to_png().unwrap().len()
    );
    let bytes = cog::write(&crate::scenes::clouds(500, 500, 3)).unwrap();
    let grid = cog::read_band(&bytes, 1).unwrap();
    let read = median(|| drop(std::hint::black_box(cog::read_band(&bytes, 1).unwrap())));
    let style = DensityStyle::default();
    let draw = median(|| drop(std::hint::black_box(draw_density(&view, &grid, &style))));
    println!("density of 500 x 500 cells: read {read:?}, draw {draw:?}");
    let tile = TileId::new(8, 130, 74).unwrap();
    let area = median(|| {
        let mut layer = LayerBuilder::new("search-areas", tile);
        for (k, area) in areas.iter().enumerate() {
            layer.polygon(Some(k as u64), &area.polygons, &[("level", Value::Double(area.level))]);
        }
        let mut out = VectorTile::new();
        out.add(layer);
        drop(std::hint::black_box(out.into_bytes()));
    });
    println!("areas as a vector tile: {area:?}");
}
