//! Measures opening, memory and look-ups of the embedded coast: `cargo run --release -p driftline-coast --example
//! measure_coast`. Positions come from a fixed sequence, so runs compare. Rates are of processor time where the system
//! tells it, so that neighbours on the machine do not count.

use std::hint::black_box;
use std::time::Instant;

use driftline_coast::Coast;

const POSITIONS: usize = 1 << 16;
const ROUNDS: usize = 100;

/// A box of longitudes and latitudes, degrees.
type Area = (f64, f64, f64, f64);

#[expect(clippy::print_stdout, reason = "it is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let coast = Coast::embedded()?;
    println!("open {:.1} ms, {}", begin.elapsed().as_secs_f64() * 1e3, coast.source());
    let places: [(&str, Area); 5] = [
        ("open ocean 40-30 W 35-45 N", (-40.0, -30.0, 35.0, 45.0)),
        (
            "norwegian sea in tiles with shore 2-4 E 60-62 N",
            (2.0, 4.0, 60.0, 62.0),
        ),
        ("norwegian coast 4-6 E 59-62 N", (4.0, 6.0, 59.0, 62.0)),
        ("fjords 5-6 E 60-61 N", (5.0, 6.0, 60.0, 61.0)),
        ("global +-80", (-180.0, 180.0, -80.0, 80.0)),
    ];
    for (name, area) in places {
        let positions = positions(area);
        let begin = Instant::now();
        let land = positions.iter().filter(|&&(lon, lat)| coast.on_land(lon, lat)).count();
        let cold = begin.elapsed();
        let on_land = rate(&positions, |lon, lat| coast.on_land(lon, lat));
        let crossing = rate(&positions, |lon, lat| {
            coast.first_crossing((lon, lat), (lon + 0.004, lat + 0.002)).is_some()
        });
        let open = positions
            .iter()
            .filter(|&&(lon, lat)| coast.open_water(lon, lat))
            .count();
        let open_water = rate(&positions, |lon, lat| coast.open_water(lon, lat));
        println!(
            "{name}: open water {:.1} %, open_water {open_water:.0} M/s",
            100.0 * open as f64 / POSITIONS as f64
        );
        println!(
            "{name}: land {:.1} %, first round {:.1} ms, on_land {on_land:.1} M/s, first_crossing of 300-500 m {crossing:.2} M/s",
            100.0 * land as f64 / POSITIONS as f64,
            cold.as_secs_f64() * 1e3,
        );
    }
    let near = &positions((4.0, 6.0, 59.0, 62.0))[..4096];
    let begin = clock_s();
    let moved = near
        .iter()
        .filter(|&&(lon, lat)| coast.nearest_sea(lon, lat, 100_000.0).is_some())
        .count();
    let each_us = |since: f64| (clock_s() - since) * 1e6 / near.len() as f64;
    println!("nearest_sea {:.1} us each ({moved} found)", each_us(begin));
    let begin = clock_s();
    let found = near
        .iter()
        .filter(|&&(lon, lat)| coast.distance_to_coast(lon, lat, 50_000.0).is_some())
        .count();
    println!(
        "distance_to_coast within 50 km {:.1} us each ({found} found)",
        each_us(begin)
    );
    let ashore: Vec<_> = near
        .iter()
        .filter_map(|&(lon, lat)| coast.nearest_sea(lon, lat, 5_000.0))
        .filter(|(.., distance_m)| *distance_m > 0.0)
        .collect();
    let begin = clock_s();
    let segments = ashore
        .iter()
        .filter_map(|&(lon, lat, _)| coast.segment_at(lon, lat))
        .count();
    println!(
        "segment_at of places beside the shore {:.1} us each ({segments} of {} found)",
        (clock_s() - begin) * 1e6 / ashore.len() as f64,
        ashore.len()
    );
    let begin = Instant::now();
    coast.check()?;
    println!("check of every tile {:.2} s", begin.elapsed().as_secs_f64());
    for tile in 0..360 * 180 {
        black_box(coast.on_land(f64::from(tile % 360) - 179.5, f64::from(tile / 360) - 89.5));
    }
    println!("all tiles unpacked: {:.1} MB", coast.unpacked_bytes() as f64 / 1e6);
    Ok(())
}

/// Look-ups per second, millions.
#[inline(never)]
fn rate(positions: &[(f64, f64)], look: impl Fn(f64, f64) -> bool) -> f64 {
    let begin = clock_s();
    for _ in 0..ROUNDS {
        black_box(
            black_box(positions)
                .iter()
                .filter(|&&(lon, lat)| look(lon, lat))
                .count(),
        );
    }
    (ROUNDS * POSITIONS) as f64 / (clock_s() - begin) / 1e6
}

/// Seconds on the processor of this thread; without Linux, those of the clock on the wall.
fn clock_s() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    let on_processor = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_processor.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Positions in a box from a fixed linear congruential sequence (Knuth's MMIX constants).
fn positions((west, east, south, north): Area) -> Vec<(f64, f64)> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..POSITIONS)
        .map(|_| (west + (east - west) * next(), south + (north - south) * next()))
        .collect()
}
