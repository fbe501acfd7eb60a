//! Stretches of shoreline: names that last, all of the shore and none of it twice, found again from beside it.

use std::collections::BTreeMap;

use driftline_coast::{Coast, SegmentId};

use crate::Sequence;

/// The segments of a box of whole minutes: south-west corner and size in minutes.
fn segments_of(lon_minutes: i32, lat_minutes: i32, size: i32) -> impl Iterator<Item = SegmentId> {
    (0..size * size).filter_map(move |k| {
        let column = lon_minutes + k % size + 180 * 60;
        let row = lat_minutes + k / size + 90 * 60;
        SegmentId::of_number((row * 21_600 + column) as u32)
    })
}

#[test]
fn names_go_there_and_back() {
    for (name, number) in [
        ("S90-00_W180-00", 0),
        ("S00-01_W000-01", 5_399 * 21_600 + 10_799),
        ("N00-00_E000-00", 5_400 * 21_600 + 10_800),
        ("N60-23_E005-17", (150 * 60 + 23) * 21_600 + 185 * 60 + 17),
        ("N89-59_E179-59", 10_800 * 21_600 - 1),
    ] {
        let id = SegmentId::of_number(number).unwrap();
        assert_eq!(id.to_string(), name);
        assert_eq!(name.parse(), Ok(id));
        assert_eq!(id.number(), number);
    }
    assert_eq!(SegmentId::of_number(10_800 * 21_600), None);
    let mut random = Sequence(1);
    for _ in 0..10_000 {
        let id = SegmentId::of_number((random.next() * 10_800.0 * 21_600.0) as u32).unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    for other in [
        "",
        "N60-23",
        "N60-60_E005-17",
        "N60-23_E005-7",
        "N90-00_E005-17",
        "N60-23_E180-00",
        "S00-00_E000-00",
        "n60-23_e005-17",
        "N60-23_E005-17 ",
        "N+60-23_E005-17",
        "N60-23_E-05-17",
    ] {
        let refused = other.parse::<SegmentId>();
        assert!(
            refused.is_err_and(|error| error.to_string().starts_with(&format!("'{other}'"))),
            "{other}"
        );
    }
    let (lon, lat) = "N60-23_E005-17".parse::<SegmentId>().unwrap().middle();
    assert!((lon - (5.0 + 17.5 / 60.0)).abs() < 1e-9 && (lat - (60.0 + 23.5 / 60.0)).abs() < 1e-9);
}

#[test]
fn the_segments_of_an_island_are_its_whole_shore_once() -> anyhow::Result<()> {
    // Around a corner of four degrees, with vertices on borders of squares and between them.
    let island = vec![
        (4.9, 59.95),
        (5.05, 59.97),
        (5.1, 60.0),
        (5.1, 60.1),
        (5.0, 60.15),
        (4.95, 60.15),
    ];
    let coast = Coast::from_polygons(std::slice::from_ref(&island))?;
    let found: Vec<_> = segments_of(4 * 60 + 50, 59 * 60 + 50, 25)
        .filter_map(|id| coast.segment(id))
        .collect();
    let length_m: f64 = found.iter().map(|segment| segment.length_m).sum();
    let metres = |a: (f64, f64), b: (f64, f64)| {
        let middle = ((a.1 + b.1) / 2.0).to_radians();
        // Series of the lengths of a degree on WGS84 (metres).
        let north_m = 111_132.954 - 559.822 * (2.0 * middle).cos() + 1.175 * (4.0 * middle).cos();
        let east_m = 111_412.84 * middle.cos() - 93.5 * (3.0 * middle).cos() + 0.118 * (5.0 * middle).cos();
        ((b.0 - a.0) * east_m).hypot((b.1 - a.1) * north_m)
    };
    let around: f64 = (0..island.len())
        .map(|k| metres(island[k], island[(k + 1) % island.len()]))
        .sum();
    // Vertices are rounded to 1/7680 degree.
    assert!((length_m / around - 1.0).abs() < 1e-3, "{length_m} for {around}");
    // Joined end to end the pieces are closed: every end is another's.
    let mut ends: BTreeMap<(i64, i64), i32> = BTreeMap::new();
    for line in found.iter().flat_map(|segment| &segment.lines) {
        assert!(line.len() >= 2);
        for end in [line[0], line[line.len() - 1]] {
            *ends
                .entry(((end.0 * 1e9).round() as i64, (end.1 * 1e9).round() as i64))
                .or_default() += 1;
        }
    }
    assert!(ends.values().all(|count| count % 2 == 0), "{ends:?}");
    Ok(())
}

#[test]
fn segments_stay_in_their_squares_and_add_up_along_the_real_shore() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut count = 0;
    for (lon, lat) in [
        (5 * 60 - 4, 60 * 60 + 20),
        (12 * 60, 37 * 60 + 50),
        (178 * 60, -17 * 60),
    ] {
        for id in segments_of(lon, lat, 30) {
            let Some(segment) = coast.segment(id) else { continue };
            count += 1;
            let (mid_lon, mid_lat) = id.middle();
            assert!(
                segment.length_m > 0.0 && segment.length_m < 40_000.0,
                "{id}: {}",
                segment.length_m
            );
            for (lon, lat) in segment.lines.iter().flatten() {
                let half = 0.5 / 60.0 + 1e-9;
                assert!(
                    (lon - mid_lon).abs() < half && (lat - mid_lat).abs() < half,
                    "{id}: {lon} {lat}"
                );
                let off_m = coast.distance_to_coast(*lon, *lat, 5.0);
                assert!(off_m.is_some_and(|off_m| off_m < 0.01), "{id}: {lon} {lat} {off_m:?}");
            }
            assert_eq!(coast.segment(id).as_ref(), Some(&segment));
        }
    }
    assert!(count > 500, "{count}");
    Ok(())
}

#[test]
fn whatever_runs_ashore_has_a_segment_with_that_shore() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(23);
    let mut ashore = 0;
    for (west, south) in [
        (4.6, 59.8),
        (22.0, 36.5),
        (177.0, -18.5),
        (-180.0, -18.0),
        (-61.0, -64.0),
    ] {
        for _ in 0..4_000 {
            let from = (random.between(west, west + 1.5), random.between(south, south + 1.5));
            if coast.on_land(from.0, from.1) {
                continue;
            }
            let to = (
                from.0 + random.between(-0.02, 0.02),
                from.1 + random.between(-0.02, 0.02),
            );
            let Some(crossing) = coast.first_crossing(from, to) else {
                continue;
            };
            ashore += 1;
            let id = coast.segment_at(crossing.lon_deg, crossing.lat_deg).unwrap();
            let segment = coast.segment(id).unwrap();
            // The nearest point of the shore is on one of its lines.
            let (lon, lat, _) = coast.nearest_shore(crossing.lon_deg, crossing.lat_deg, 10.0).unwrap();
            let east = lat.to_radians().cos();
            let off = segment
                .lines
                .iter()
                .flat_map(|line| line.windows(2))
                .map(|pair| {
                    let wrap = |degrees: f64| degrees - 360.0 * (degrees / 360.0).round();
                    let (ax, ay) = (wrap(pair[0].0 - lon) * east, pair[0].1 - lat);
                    let (dx, dy) = ((pair[1].0 - pair[0].0) * east, pair[1].1 - pair[0].1);
                    let t = (-(ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
                    (ax + t * dx).hypot(ay + t * dy)
                })
                .fold(f64::MAX, f64::min);
            assert!(off < 1e-7, "{id}: {crossing:?} {off}");
        }
    }
    assert!(ashore > 500, "{ashore}");
    Ok(())
}

#[test]
fn shore_on_the_border_of_a_degree_has_segments() -> anyhow::Result<()> {
    let coast = Coast::from_polygons(&[vec![(5.0, 59.0), (6.0, 59.0), (6.0, 60.0), (5.0, 60.0)]])?;
    for (lon, lat) in [
        (4.999_999, 59.5),
        (6.000_001, 59.5),
        (5.5, 58.999_999),
        (5.5, 60.000_001),
    ] {
        let id = coast.segment_at(lon, lat).unwrap();
        assert!(coast.segment(id).is_some(), "{id}");
    }
    let spit = Coast::from_polygons(&[vec![(179.99, 0.3), (180.01, 0.3), (180.01, 0.31), (179.99, 0.31)]])?;
    let east = spit.segment_at(-179.989_99, 0.305).unwrap();
    assert_eq!(east.to_string(), "N00-18_W180-00");
    assert_eq!(spit.segment_at(179.98, 0.3001).unwrap().to_string(), "N00-18_E179-59");
    assert_eq!(spit.segment_at(10.0, 10.0), None);
    assert_eq!(spit.segment_at(f64::NAN, 10.0), None);
    assert_eq!(Coast::open_sea()?.segment(east), None);
    Ok(())
}

#[test]
fn the_nearest_shore_is_as_far_as_the_distance_says() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(31);
    let mut found = [0, 0];
    for _ in 0..3_000 {
        let (lon, lat) = (random.between(4.0, 7.0), random.between(59.0, 62.0));
        let (here, limit_m) = (coast.on_land(lon, lat), random.between(500.0, 30_000.0));
        let shore = coast.nearest_shore(lon, lat, limit_m);
        assert_eq!(coast.distance_to_coast(lon, lat, limit_m), shore.map(|shore| shore.2));
        let Some((shore_lon, shore_lat, distance_m)) = shore else {
            continue;
        };
        found[usize::from(here)] += 1;
        assert!(distance_m <= limit_m);
        assert!(
            coast
                .distance_to_coast(shore_lon, shore_lat, 1.0)
                .is_some_and(|off_m| off_m < 0.01)
        );
        // On the way there nothing changes; just past it something does or the shore is only touched.
        for share in [0.25, 0.5, 0.9] {
            let (x, y) = (lon + share * (shore_lon - lon), lat + share * (shore_lat - lat));
            assert_eq!(coast.on_land(x, y), here, "{lon} {lat}: {share}");
        }
    }
    assert!(found[0] > 300 && found[1] > 300, "{found:?}");
    Ok(())
}
