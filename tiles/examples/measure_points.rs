//! How long vector tiles of points take: `cargo run --release -p driftline-tiles --example measure_points`.
//!
//! 100,000 points in 12 clusters between 5° W and 15° E, 50° and 65° N, once all at one time and once over 49 whole
//! hours, and 1,000,000 at one time. 600 tiles from zoom 7 to 12 around points drawn with a fixed seed, all attributes, nothing
//! aggregated. Prints the processor's time for a tile, features and bytes on average; first with a look at every point, as
//! it was done before there was a grid. Zoom 5 with cells stands for what is aggregated.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop"
)]

use driftline_tiles::mvt::{Column, ColumnValues, LayerBuilder, Points, Value, VectorTile};
use driftline_tiles::{Scatter, TileId};

const TILES: usize = 600;
const BUFFER: f64 = 64.0 / 4096.0;

/// Points of one time.
struct Hour {
    time: Value,
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    numbers: Vec<u32>,
    status: Vec<u8>,
    scatter: Scatter,
}

/// The processor's time of this thread in seconds, from its first second on.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Numbers between 0 and 1 from a fixed seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Twelve of them make about a normal one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn hours(points: usize, times: usize) -> Vec<Hour> {
    let mut chance = Chance(1);
    let middles: Vec<(f64, f64)> = (0..12)
        .map(|_| (-4.0 + 18.0 * chance.next(), 51.0 + 13.0 * chance.next()))
        .collect();
    let each = points / times;
    (0..times)
        .map(|hour| {
            let (mut lon_deg, mut lat_deg) = (Vec::new(), Vec::new());
            for point in 0..each {
                let (lon, lat) = middles[point % 12];
                lon_deg.push(lon + 0.3 * chance.normal());
                lat_deg.push(lat + 0.15 * chance.normal());
            }
            let status: Vec<u8> = (0..each).map(|point| u8::from(point % 7 == 0)).collect();
            Hour {
                time: Value::Text(format!("2025-01-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)),
                scatter: Scatter::new(&lon_deg, &lat_deg, &status),
                numbers: (0..each as u32).collect(),
                lon_deg,
                lat_deg,
                status,
            }
        })
        .collect()
}

/// Tiles around points, the same for everybody.
fn tiles(hours: &[Hour], zooms: std::ops::RangeInclusive<u8>) -> Vec<TileId> {
    let mut chance = Chance(2);
    let mut pick = |count: usize| ((chance.next() * count as f64) as usize).min(count - 1);
    let count = usize::from(*zooms.end() - *zooms.start()) + 1;
    let tile = |number: usize| {
        let hour = &hours[pick(hours.len())];
        let point = pick(hour.lon_deg.len());
        let (lon, lat) = (hour.lon_deg[point], hour.lat_deg[point]);
        let z = *zooms.start() + (number % count) as u8;
        let n = f64::from(1u32 << z);
        let x = ((lon + 180.0) / 360.0 * n) as u32;
        let y = ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n) as u32;
        TileId::new(z, x, y).unwrap()
    };
    (0..TILES).map(tile).collect()
}

fn states() -> [Value; 2] {
    [Value::from("active"), Value::from("stranded")]
}

fn columns<'a>(hour: &'a Hour, states: &'a [Value], numbers: &'a [u32], status: &'a [u8]) -> [Column<'a>; 3] {
    [
        Column {
            key: "particle_id",
            values: ColumnValues::U32(numbers),
        },
        Column {
            key: "particle_status",
            values: ColumnValues::Choice(states, status),
        },
        Column {
            key: "valid_time",
            values: ColumnValues::Constant(&hour.time),
        },
    ]
}

fn scanned(hours: &[Hour], layer: &mut LayerBuilder) {
    let states = states();
    for hour in hours {
        let points = Points {
            lon_deg: &hour.lon_deg,
            lat_deg: &hour.lat_deg,
            ids: None,
            columns: &columns(hour, &states, &hour.numbers, &hour.status),
        };
        layer.points(&points).unwrap();
    }
}

fn looked_up(hours: &[Hour], layer: &mut LayerBuilder, tile: TileId) {
    let states = states();
    let bbox = tile.bbox(BUFFER);
    for hour in hours {
        let scatter = &hour.scatter;
        let points = Points {
            lon_deg: scatter.lon_deg(),
            lat_deg: scatter.lat_deg(),
            ids: None,
            columns: &columns(hour, &states, scatter.numbers(), scatter.kinds()),
        };
        layer.points_in(&points, &scatter.ranges(&bbox)).unwrap();
    }
}

fn measure(name: &str, tiles: &[TileId], mut draw: impl FnMut(&mut LayerBuilder, TileId)) {
    let (mut features, mut bytes, mut best) = (0, 0, f64::MAX);
    for _ in 0..3 {
        (features, bytes) = (0, 0);
        let start = cpu_s();
        for tile in tiles {
            let mut layer = LayerBuilder::new("particles", *tile);
            draw(&mut layer, *tile);
            features += layer.len();
            let mut whole = VectorTile::new();
            whole.add(layer);
            bytes += std::hint::black_box(whole.into_bytes()).len();
        }
        best = best.min(cpu_s() - start);
    }
    let count = tiles.len() as f64;
    println!(
        "{name}: {:.3} ms, {:.0} features, {:.0} bytes, {:.0} ns a feature",
        best * 1e3 / count,
        features as f64 / count,
        bytes as f64 / count,
        best * 1e9 / features.max(1) as f64
    );
}

fn main() {
    for (name, points, times) in [
        ("100,000 points at one time", 100_000, 1),
        ("100,000 points over 49 hours", 100_000, 49),
        ("1,000,000 points at one time", 1_000_000, 1),
    ] {
        let hours = hours(points, times);
        let tiles_of_points = tiles(&hours, 7..=12);
        if points < 1_000_000 {
            measure(
                &format!("{name}, every point looked at"),
                &tiles_of_points,
                |layer, _| {
                    scanned(&hours, layer);
                },
            );
        }
        measure(&format!("{name}, z7-12"), &tiles_of_points, |layer, tile| {
            looked_up(&hours, layer, tile);
        });
        let coarse = tiles(&hours, 5..=5);
        let mut found = 0;
        let start = cpu_s();
        for tile in &coarse {
            found += hours.iter().map(|hour| hour.scatter.cells(*tile).len()).sum::<usize>();
        }
        let each = (cpu_s() - start) * 1e3 / coarse.len() as f64;
        println!("{name}, z5 as {} cells: {each:.3} ms", found / coarse.len());
    }
}
