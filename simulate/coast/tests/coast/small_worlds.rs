//! Synthetic coasts with known answers: spits, the antimeridian, the poles, borders of tiles and cells, metres.

use driftline_coast::Coast;

/// A rectangle of land, degrees.
fn rectangle(west: f64, east: f64, south: f64, north: f64) -> Vec<(f64, f64)> {
    vec![(west, south), (east, south), (east, north), (west, north)]
}

#[test]
fn the_open_sea_has_no_coast() -> anyhow::Result<()> {
    let coast = Coast::open_sea()?;
    assert!(!coast.on_land(10.0, 60.0));
    assert_eq!(coast.first_crossing((-170.0, -80.0), (170.0, 80.0)), None);
    assert_eq!(coast.distance_to_coast(10.0, 60.0, 1e5), None);
    assert_eq!(coast.nearest_sea(10.0, 60.0, 1.0), Some((10.0, 60.0, 0.0)));
    Ok(())
}

#[test]
fn a_spit_50_m_wide_is_not_jumped_by_a_step_of_2_km() -> anyhow::Result<()> {
    // At 60 N a degree of longitude is 55.8 km: the spit is 50 m wide and the step 2 km long, across a tile border too.
    for west in [5.003, 5.999_5, 6.0] {
        let coast = Coast::from_polygons(&[rectangle(west, west + 0.0009, 59.9, 60.1)])?;
        let (from, to) = ((west - 0.018, 59.999), (west + 0.018, 60.001));
        let crossing = coast.first_crossing(from, to).unwrap();
        assert!((crossing.fraction - 0.5).abs() < 0.005, "{crossing:?}");
        assert!(!coast.on_land(crossing.lon_deg, crossing.lat_deg));
        let shore_lon = from.0 + (to.0 - from.0) * crossing.fraction;
        let back_m = (shore_lon - crossing.lon_deg) * 55_800.0;
        assert!(back_m > 0.0 && back_m < 1.0, "{back_m}");
        assert!(coast.on_land(shore_lon + 1e-6, 60.0));
        assert!((shore_lon - west).abs() < 0.5 / 7680.0 + 1e-9);
        let back = coast.first_crossing(to, from).unwrap();
        assert!(back.lon_deg > west + 0.0008 && !coast.on_land(back.lon_deg, back.lat_deg));
    }
    Ok(())
}

#[test]
fn a_start_on_land_is_a_crossing_at_once() -> anyhow::Result<()> {
    let coast = Coast::from_polygons(&[rectangle(5.0, 6.0, 59.0, 60.0)])?;
    let crossing = coast.first_crossing((5.5, 59.5), (7.0, 59.5)).unwrap();
    assert_eq!(
        (crossing.fraction, crossing.lon_deg, crossing.lat_deg),
        (0.0, 5.5, 59.5)
    );
    Ok(())
}

#[test]
fn shore_along_the_border_of_tiles_is_crossed() -> anyhow::Result<()> {
    // Exactly one tile of land: all of its shore is on borders.
    let coast = Coast::from_polygons(&[rectangle(5.0, 6.0, 59.0, 60.0)])?;
    for (lon, lat, on_land) in [
        (5.0, 59.0, true),
        (4.999_99, 59.5, false),
        (6.0, 59.5, false),
        (5.5, 60.0, false),
        (5.5, 59.999_99, true),
        (5.999_99, 59.5, true),
    ] {
        assert_eq!(coast.on_land(lon, lat), on_land, "{lon} {lat}");
    }
    for (from, to) in [
        ((4.5, 59.5), (5.5, 59.5)),
        ((6.5, 59.5), (5.5, 59.5)),
        ((5.5, 60.5), (5.5, 59.5)),
        ((5.5, 58.5), (5.5, 59.5)),
        ((4.5, 59.5), (6.5, 59.5)),
        ((4.6, 58.6), (5.5, 59.5)),
    ] {
        let crossing = coast.first_crossing(from, to).unwrap();
        assert!(
            !coast.on_land(crossing.lon_deg, crossing.lat_deg),
            "{from:?} {crossing:?}"
        );
        let (lon, lat) = (crossing.lon_deg, crossing.lat_deg);
        assert!(
            coast
                .distance_to_coast(lon, lat, 10.0)
                .is_some_and(|distance_m| distance_m < 1.0),
            "{crossing:?}"
        );
    }
    Ok(())
}

#[test]
fn the_antimeridian_is_no_border() -> anyhow::Result<()> {
    let coast = Coast::from_polygons(&[rectangle(179.5, 180.5, -1.0, 1.0)])?;
    for lon in [179.6, 180.0, -180.0, -179.6, 540.0, -539.6] {
        assert!(coast.on_land(lon, 0.3), "{lon}");
    }
    assert!(!coast.on_land(179.4, 0.3) && !coast.on_land(-179.4, 0.3));
    let spit = Coast::from_polygons(&[rectangle(179.999_6, 180.000_5, -1.0, 1.0)])?;
    let east = spit.first_crossing((179.99, 0.3), (-179.99, 0.31)).unwrap();
    assert!(
        (east.lon_deg - 179.999_6).abs() < 1e-4 && !spit.on_land(east.lon_deg, east.lat_deg),
        "{east:?}"
    );
    let west = spit.first_crossing((-179.99, 0.3), (179.99, 0.31)).unwrap();
    assert!(
        (west.lon_deg + 179.999_5).abs() < 1e-4 && !spit.on_land(west.lon_deg, west.lat_deg),
        "{west:?}"
    );
    assert_eq!(spit.first_crossing((179.0, 0.3), (179.99, 0.3)), None);
    let distance_m = spit.distance_to_coast(-179.9, 0.3, 20_000.0).unwrap();
    assert!((distance_m - 11_070.0).abs() < 20.0, "{distance_m}");
    Ok(())
}

#[test]
fn the_poles_are_places_like_others() -> anyhow::Result<()> {
    let cap = Coast::from_polygons(&[
        rectangle(-180.0, 180.0, -90.0, -80.0),
        rectangle(-180.0, 180.0, 85.5, 90.0),
    ])?;
    for lon in [-180.0, -90.5, 0.0, 33.3, 180.0] {
        assert!(
            cap.on_land(lon, -90.0) && cap.on_land(lon, -100.0) && cap.on_land(lon, 90.0) && cap.on_land(lon, 91.0)
        );
        assert!(!cap.on_land(lon, -79.999) && !cap.on_land(lon, 85.499));
        let crossing = cap.first_crossing((lon, -79.0), (lon, -89.0)).unwrap();
        assert!((crossing.lat_deg + 80.0).abs() < 1e-4, "{crossing:?}");
    }
    let sea = Coast::open_sea()?;
    assert!(!sea.on_land(0.0, 90.0) && !sea.on_land(0.0, -90.0));
    assert_eq!(sea.first_crossing((0.0, 90.0), (170.0, 89.0)), None);
    assert_eq!(sea.nearest_sea(0.0, 90.0, 10.0).map(|(_, lat, _)| lat), Some(90.0));
    Ok(())
}

#[test]
fn nearest_sea_is_nearest_in_metres() -> anyhow::Result<()> {
    // 0.02 degrees from the west shore is 1117 m at 60 N, 0.015 degrees from the south shore is 1671 m.
    let coast = Coast::from_polygons(&[rectangle(5.0, 6.0, 59.985, 61.0)])?;
    let (lon, lat, distance_m) = coast.nearest_sea(5.02, 60.0, 5000.0).unwrap();
    assert!(lon < 5.0 && (lat - 60.0).abs() < 1e-6, "{lon} {lat}");
    assert!((distance_m - 1116.5).abs() < 3.0, "{distance_m}");
    assert!(!coast.on_land(lon, lat));
    assert_eq!(coast.nearest_sea(5.02, 60.0, 1000.0), None);
    let inland_m = coast.distance_to_coast(5.02, 60.0, 5000.0).unwrap();
    assert!((inland_m - 1116.0).abs() < 3.0, "{inland_m}");
    let (lon, lat, distance_m) = coast.nearest_sea(5.5, 60.0, 5000.0).unwrap();
    assert!((lon - 5.5).abs() < 1e-6 && lat < 59.985 + 1e-4, "{lon} {lat}");
    assert!((distance_m - 1671.0).abs() < 8.0, "{distance_m}");
    let off_m = coast.distance_to_coast(4.98, 60.5, 5000.0).unwrap();
    assert!((off_m - 1100.0).abs() < 4.0, "{off_m}");
    Ok(())
}

#[test]
fn polygons_that_are_no_positions_are_refused() {
    assert!(Coast::from_polygons(&[vec![(0.0, 91.0), (1.0, 0.0), (2.0, 1.0)]]).is_err());
    assert!(Coast::from_polygons(&[vec![(f64::NAN, 0.0), (1.0, 0.0), (2.0, 1.0)]]).is_err());
}

#[test]
fn what_is_not_a_number_is_nowhere() -> anyhow::Result<()> {
    let coast = Coast::from_polygons(&[rectangle(-180.0, 180.0, -90.0, 90.0)])?;
    assert!(coast.on_land(0.0, 0.0));
    for (lon, lat) in [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::INFINITY, 0.0)] {
        assert!(!coast.on_land(lon, lat));
        assert_eq!(coast.first_crossing((lon, lat), (0.0, 0.0)), None);
        assert_eq!(coast.nearest_sea(lon, lat, 10.0), None);
    }
    Ok(())
}
