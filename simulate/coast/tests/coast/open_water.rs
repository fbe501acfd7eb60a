//! What the drift kernel builds on: where water is open, no short step meets the shore.

use driftline_coast::{Coast, OPEN_WATER_CELL_DEG};

use crate::Sequence;

/// Longer than this no step is.
const STEP_DEG: f64 = OPEN_WATER_CELL_DEG - 1e-9;

/// Steps from random places of a box, and how many of their starts are open water.
fn steps_stay_at_sea(coast: &Coast, (west, east, south, north): (f64, f64, f64, f64), seed: u64) -> usize {
    let mut random = Sequence(seed);
    let mut open = 0;
    for _ in 0..20_000 {
        let mut from = (random.between(west, east), random.between(south, north));
        if random.next() < 0.3 {
            // On the border of a cell, where rounding decides to which one it belongs.
            let on_border = |degrees: f64| (degrees / OPEN_WATER_CELL_DEG).round() * OPEN_WATER_CELL_DEG;
            from = (on_border(from.0), on_border(from.1));
        }
        if from.0 >= 180.0 {
            from.0 -= 360.0;
        }
        if !coast.open_water(from.0, from.1) {
            continue;
        }
        open += 1;
        assert!(!coast.on_land(from.0, from.1), "{from:?}");
        // Corners of the reach are as good as any way to them.
        let reach = |random: &mut Sequence| match (random.next() * 4.0) as u32 {
            0 => STEP_DEG,
            1 => -STEP_DEG,
            _ => random.between(-STEP_DEG, STEP_DEG),
        };
        let to = (from.0 + reach(&mut random), from.1 + reach(&mut random));
        assert_eq!(coast.first_crossing(from, to), None, "{from:?} {to:?}");
    }
    open
}

#[test]
fn no_step_from_open_water_meets_the_shore() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    for (number, (area, least)) in [
        ((2.0, 8.0, 58.0, 63.0), 3_000),
        ((20.0, 30.0, 35.0, 40.0), 1_500),
        ((177.0, 183.0, -20.0, -14.0), 8_000),
        ((-180.0, 180.0, -90.0, 90.0), 8_000),
        ((-64.0, -56.0, -66.0, -60.0), 3_000),
        ((-180.0, 180.0, 86.0, 90.0), 10_000),
    ]
    .into_iter()
    .enumerate()
    {
        let open = steps_stay_at_sea(&coast, area, number as u64);
        assert!(open > least, "{area:?}: {open}");
    }
    Ok(())
}

#[test]
fn land_closes_the_cells_around_it_and_no_more() -> anyhow::Result<()> {
    let small = |lon: f64, lat: f64| {
        vec![
            (lon, lat),
            (lon + 1e-3, lat),
            (lon + 1e-3, lat + 1e-3),
            (lon, lat + 1e-3),
        ]
    };
    for (lon, lat) in [
        (5.3, 60.3),
        (5.001, 60.001),
        (-179.999, -0.001),
        (179.99, 10.2),
        (-0.01, -0.99),
        (0.06, 89.3),
    ] {
        let coast = Coast::from_polygons(&[small(lon, lat)])?;
        let wrapped = |lon: f64| lon - 360.0 * ((lon + 180.0) / 360.0).floor();
        for east in -4..=4 {
            for north in -4..=4 {
                let at = |degrees: f64, cells: i32| {
                    ((degrees / OPEN_WATER_CELL_DEG).floor() + f64::from(cells) + 0.5) * OPEN_WATER_CELL_DEG
                };
                // The island lies within one cell but where it lies on a border.
                let (x, y) = (at(lon + 5e-4, east), at(lat + 5e-4, north));
                let open = coast.open_water(wrapped(x), y);
                if i32::max(east.abs(), north.abs()) <= 1 {
                    assert!(!open, "{lon} {lat}: {x} {y}");
                } else if i32::max(east.abs(), north.abs()) > 2 {
                    assert!(open, "{lon} {lat}: {x} {y}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn nothing_is_promised_beyond_the_world() -> anyhow::Result<()> {
    let sea = Coast::open_sea()?;
    for (lon, lat) in [
        (f64::NAN, 0.0),
        (0.0, f64::NAN),
        (f64::INFINITY, 0.0),
        (180.0, 0.0),
        (-180.1, 0.0),
        (0.0, 91.0),
        (0.0, 89.9),
        (0.0, -89.9),
        (0.0, 90.0),
    ] {
        assert!(!sea.open_water(lon, lat), "{lon} {lat}");
    }
    for (lon, lat) in [(-180.0, 0.0), (179.999, 0.0), (0.0, 89.8), (0.0, -89.8)] {
        assert!(sea.open_water(lon, lat), "{lon} {lat}");
    }
    let land = Coast::from_polygons(&[vec![(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)]])?;
    assert!(!land.open_water(0.0, 0.0));
    Ok(())
}

#[test]
fn threads_see_the_same_water() -> anyhow::Result<()> {
    let tell = |coast: &Coast| {
        let mut random = Sequence(5);
        (0..20_000)
            .map(|_| coast.open_water(random.between(0.0, 30.0), random.between(55.0, 71.0)))
            .collect::<Vec<bool>>()
    };
    let alone = tell(&Coast::embedded()?);
    let coast = Coast::embedded()?;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| tell(&coast))).collect();
        for thread in threads {
            assert_eq!(thread.join().ok().as_ref(), Some(&alone));
        }
    });
    Ok(())
}
