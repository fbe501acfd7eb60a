//! What must hold on any coast: way and points tell the same story, threads do not matter, damage is noticed.

use std::path::Path;

use driftline_coast::{Coast, Error};

use crate::Sequence;

/// Coasts of every kind, as boxes of longitude and latitude: fjords, atolls, straits, ice, the antimeridian.
const AREAS: [(f64, f64, f64, f64); 7] = [
    (4.5, 7.0, 60.0, 62.5),
    (-76.0, -74.0, -52.0, -48.0),
    (172.0, 188.0, -20.0, -15.0),
    (178.0, 182.0, 64.0, 72.0),
    (22.0, 27.0, 36.0, 40.0),
    (-70.0, -60.0, -70.0, -64.0),
    (-82.0, -76.0, 7.0, 10.0),
];

#[test]
fn a_way_without_crossing_is_all_sea_and_a_crossing_is_the_first() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(7);
    let (mut clear, mut crossed) = (0, 0);
    for (west, east, south, north) in AREAS {
        for _ in 0..6000 {
            let from = (random.between(west, east), random.between(south, north));
            let reach = 0.1 * random.next() * random.next();
            let to = (
                from.0 + reach * random.between(-1.0, 1.0),
                from.1 + reach * random.between(-1.0, 1.0),
            );
            if coast.on_land(from.0, from.1) {
                continue;
            }
            let crossing = coast.first_crossing(from, to);
            let until = crossing.map_or(1.0, |crossing| crossing.fraction);
            // A sample within a micrometre of the shore may round to either side.
            let samples = (0..400)
                .map(|step| until * (f64::from(step) / 400.0))
                .filter(|t| until - t > 1e-9);
            for t in samples {
                let (lon, lat) = (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t);
                if coast.on_land(lon, lat) {
                    let off_m = coast.distance_to_coast(lon, lat, 1e-3);
                    assert!(
                        off_m.is_some(),
                        "land at {lon} {lat} on the way {from:?} {to:?}, {crossing:?}"
                    );
                }
            }
            match crossing {
                None => {
                    clear += 1;
                    assert!(!coast.on_land(to.0, to.1), "{from:?} {to:?}");
                }
                Some(found) => {
                    crossed += 1;
                    assert!(
                        !coast.on_land(found.lon_deg, found.lat_deg),
                        "{from:?} {to:?} {found:?}"
                    );
                    let near = coast.distance_to_coast(found.lon_deg, found.lat_deg, 5.0);
                    assert!(
                        near.is_some_and(|distance_m| distance_m < 1.0),
                        "{from:?} {to:?} {found:?} {near:?}"
                    );
                }
            }
        }
    }
    assert!(clear > 5000 && crossed > 1000, "{clear} {crossed}");
    Ok(())
}

#[test]
fn vertices_and_cell_borders_are_no_trap() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(3);
    for _ in 0..40_000 {
        // Ways whose ends are whole units and multiples of cells, where shorelines have their vertices.
        let unit = |value: f64, step: f64| (value / step).round() * step;
        let step = if random.next() < 0.5 { 1.0 / 7680.0 } else { 1.0 / 240.0 };
        let from = (
            unit(random.between(4.9, 5.4), step),
            unit(random.between(60.0, 60.5), step),
        );
        let to = (
            from.0 + unit(random.between(-0.02, 0.02), step),
            from.1 + unit(random.between(-0.02, 0.02), step),
        );
        if coast.on_land(from.0, from.1) {
            continue;
        }
        match coast.first_crossing(from, to) {
            None => assert!(!coast.on_land(to.0, to.1), "{from:?} {to:?}"),
            Some(found) => assert!(
                !coast.on_land(found.lon_deg, found.lat_deg),
                "{from:?} {to:?} {found:?}"
            ),
        }
    }
    Ok(())
}

#[test]
fn nearest_sea_is_at_sea_and_no_farther_than_any_other() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(11);
    let mut moved = 0;
    for (west, east, south, north) in AREAS {
        for _ in 0..1500 {
            let (lon, lat) = (random.between(west, east), random.between(south, north));
            if !coast.on_land(lon, lat) {
                continue;
            }
            let Some((sea_lon, sea_lat, distance_m)) = coast.nearest_sea(lon, lat, 20_000.0) else {
                continue;
            };
            moved += 1;
            assert!(!coast.on_land(sea_lon, sea_lat), "{lon} {lat}");
            let shore_m = coast.distance_to_coast(lon, lat, 30_000.0).unwrap();
            assert!(
                distance_m >= shore_m - 1.0,
                "{lon} {lat}: sea at {distance_m}, shore at {shore_m}"
            );
            // Nothing nearer, in any of 32 directions.
            let (east_m, north_m) = (111_320.0 * lat.to_radians().cos(), 111_130.0);
            for direction in 0..32 {
                let (sin, cos) = (f64::from(direction) * std::f64::consts::TAU / 32.0).sin_cos();
                let reach_m = (distance_m * 0.98 - 3.0).max(0.0);
                let (other_lon, other_lat) = (lon + sin * reach_m / east_m, lat + cos * reach_m / north_m);
                assert!(
                    coast.on_land(other_lon, other_lat),
                    "{lon} {lat}: water at {other_lon} {other_lat}"
                );
            }
        }
    }
    assert!(moved > 1000, "{moved}");
    Ok(())
}

#[test]
fn threads_see_the_same_coast() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let tell = |coast: &Coast| {
        let mut random = Sequence(5);
        (0..20_000)
            .map(|_| coast.on_land(random.between(0.0, 30.0), random.between(55.0, 71.0)))
            .collect::<Vec<bool>>()
    };
    let alone = tell(&Coast::embedded()?);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| tell(&coast))).collect();
        for thread in threads {
            assert_eq!(thread.join().ok().as_ref(), Some(&alone));
        }
    });
    Ok(())
}

#[test]
fn damage_is_an_error_and_never_a_panic() -> anyhow::Result<()> {
    let bytes = include_bytes!("../../data/gshhg-coast.bin");
    assert!(matches!(Coast::from_bytes(&bytes[..0]), Err(Error::NotACoast)));
    for length in [7, 8, 11, 15, 16, 17, 40, 100, 5000, bytes.len() / 2, bytes.len() - 1] {
        assert!(Coast::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
    let mut random = Sequence(13);
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(Coast::from_bytes(longer).is_err());
    for _ in 0..60 {
        let mut damaged = bytes.to_vec();
        let place = (random.next() * damaged.len() as f64) as usize;
        damaged[place] ^= 1 << (random.next() * 8.0) as u8;
        assert!(Coast::from_bytes(damaged).is_err(), "byte {place}");
    }
    assert!(matches!(
        Coast::open(Path::new("no/such/file")),
        Err(Error::Read { .. })
    ));
    Ok(())
}

#[test]
fn damage_behind_a_right_checksum_is_an_error_and_never_a_panic() -> anyhow::Result<()> {
    // The crate's own files are made whole again after the damage, so that the decoder itself is met.
    let small = Coast::from_polygons(&[vec![(4.9, 59.9), (6.3, 59.8), (6.1, 61.2), (5.5, 60.7)]])?;
    let bytes = small.bytes().to_vec();
    let mut random = Sequence(17);
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        for _ in 0..1 + (random.next() * 3.0) as usize {
            let place = 16 + (random.next() * (damaged.len() - 16) as f64) as usize;
            damaged[place] = (random.next() * 256.0) as u8;
        }
        if random.next() < 0.2 {
            damaged.truncate(16 + (random.next() * (damaged.len() - 16) as f64) as usize);
        }
        let checksum = crc32fast::hash(&damaged[16..]);
        damaged[12..16].copy_from_slice(&checksum.to_le_bytes());
        let Ok(coast) = Coast::from_bytes(damaged) else {
            refused += 1;
            continue;
        };
        refused += usize::from(coast.check().is_err());
        coast.on_land(5.5, 60.5);
        coast.first_crossing((4.0, 59.0), (7.0, 62.0));
        coast.nearest_sea(5.5, 60.5, 50_000.0);
    }
    assert!(refused > 10_000, "{refused}");
    Ok(())
}
