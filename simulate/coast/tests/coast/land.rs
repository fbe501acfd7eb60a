//! Land as rings tells the same as the look-up of a point, everywhere.

use driftline_coast::{Coast, Land, Ring, UNITS_PER_DEGREE};

use crate::Sequence;

/// Whether an odd number of rings enclose a point, units.
fn enclosed(rings: &[Ring], x: f64, y: f64) -> bool {
    let mut odd = false;
    for ring in rings {
        for (index, a) in ring.iter().enumerate() {
            let b = ring[(index + 1) % ring.len()];
            let (ax, ay, bx, by) = (f64::from(a.0), f64::from(a.1), f64::from(b.0), f64::from(b.1));
            if (ay > y) != (by > y) {
                odd ^= x < ax + (y - ay) * (bx - ax) / (by - ay);
            }
        }
    }
    odd
}

/// Points compared and points that differ, in one degree.
fn differing(coast: &Coast, lon: i32, lat: i32, points: usize, random: &mut Sequence) -> usize {
    let land = coast.land_in_degree(lon, lat);
    let wrong = (0..points).filter(|_| {
        let (east, north) = (random.next(), random.next());
        let drawn = match &land {
            Land::None => false,
            Land::All => true,
            Land::Rings(rings) => {
                let unit = f64::from(UNITS_PER_DEGREE);
                enclosed(rings, east * unit, north * unit)
            }
        };
        drawn != coast.on_land(f64::from(lon) + east, f64::from(lat) + north)
    });
    wrong.count()
}

#[test]
fn every_degree_of_the_world_agrees_with_its_look_up() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(23);
    let (mut shores, mut wrong) = (0, 0);
    for lat in -90..90 {
        for lon in -180..180 {
            let with_shore = matches!(coast.land_in_degree(lon, lat), Land::Rings(_));
            shores += usize::from(with_shore);
            wrong += differing(&coast, lon, lat, if with_shore { 12 } else { 1 }, &mut random);
        }
    }
    assert_eq!(shores, 6_794);
    assert_eq!(wrong, 0);
    Ok(())
}

#[test]
fn intricate_degrees_agree_everywhere() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    let mut random = Sequence(29);
    for (lon, lat) in [
        (5, 60),
        (-75, -51),
        (179, -17),
        (-180, -17),
        (25, 37),
        (-61, -68),
        (-180, 68),
    ] {
        assert_eq!(differing(&coast, lon, lat, 1_500, &mut random), 0, "{lon} {lat}");
    }
    Ok(())
}

#[test]
fn shore_on_borders_and_corners_closes() -> anyhow::Result<()> {
    let mut random = Sequence(31);
    // Land of exactly one degree, over a corner, along a border from outside, a notch that touches it, over the antimeridian.
    for polygon in [
        vec![(5.0, 59.0), (6.0, 59.0), (6.0, 60.0), (5.0, 60.0)],
        vec![(4.5, 58.5), (5.5, 58.5), (5.5, 59.5), (4.5, 59.5)],
        vec![(5.0, 59.25), (5.75, 59.25), (5.75, 59.75), (5.0, 59.75)],
        vec![(4.5, 59.2), (5.0, 59.5), (4.5, 59.8)],
        vec![(5.0, 59.0), (5.5, 59.5), (5.0, 60.0), (4.5, 59.5)],
        vec![(5.25, 59.0), (5.75, 59.0), (5.5, 59.5), (5.0, 59.5), (5.0, 59.3)],
        vec![(179.5, -0.5), (180.5, -0.5), (180.5, 0.5), (179.5, 0.5)],
    ] {
        let coast = Coast::from_polygons(std::slice::from_ref(&polygon))?;
        for (lon, lat) in [
            (4, 58),
            (5, 58),
            (4, 59),
            (5, 59),
            (6, 59),
            (5, 60),
            (179, -1),
            (180, 0),
            (-180, -1),
        ] {
            assert_eq!(
                differing(&coast, lon, lat, 300, &mut random),
                0,
                "{lon} {lat}: {polygon:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn uniform_degrees_and_the_world_beyond_the_poles() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    assert_eq!(coast.land_in_degree(-30, 45), Land::None);
    assert_eq!(coast.land_in_degree(20, 25), Land::All);
    assert_eq!(coast.land_in_degree(0, -90), Land::All);
    assert_eq!(coast.land_in_degree(0, 90), Land::None);
    assert_eq!(coast.land_in_degree(0, i32::MIN), Land::None);
    assert_eq!(coast.land_in_degree(365, 60), coast.land_in_degree(5, 60));
    Ok(())
}
