//! Grids given by positions alone, held against the same grids by their projections.

use super::*;
use crate::{Ellipsoid, GridSpec, Projection};

/// A polar stereographic grid given by its positions alone, 4 km wide unless said otherwise.
fn polar(nx: usize, ny: usize, lon: f64, lat: f64, cell_m: f64) -> CurvilinearGrid {
    let projection = Projection::PolarStereographic {
        lat_ts_deg: 60.0,
        lon0_deg: 58.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: Ellipsoid::sphere(6_371_000.0),
    };
    let (x, y) = projection.forward(lon, lat);
    let at = |node: usize| {
        let (i, j) = (
            (node % nx) as f64 - nx as f64 / 2.0,
            (node / nx) as f64 - ny as f64 / 2.0,
        );
        projection.inverse(x + i * cell_m, y + j * cell_m)
    };
    let (lon, lat) = (0..nx * ny).map(at).unzip();
    CurvilinearGrid::new(nx, ny, lon, lat).unwrap()
}

fn agrees_with_itself(grid: &CurvilinearGrid) {
    let spec = GridSpec::Curvilinear(grid.clone());
    for k in 0..500 {
        let point = GridPoint {
            i: f64::from(k) * 0.618_034 % 1.0 * (grid.nx() - 1) as f64,
            j: f64::from(k) * 0.754_878 % 1.0 * (grid.ny() - 1) as f64,
        };
        let (lon, lat) = spec.position(point);
        let back = spec.fraction(lon, lat).unwrap();
        assert!(
            (back.i - point.i).abs() < 1e-7 && (back.j - point.j).abs() < 1e-7,
            "{point:?} at {lon} {lat} came back as {back:?}"
        );
    }
}

#[test]
fn positions_and_fractions_are_inverse_anywhere_on_the_globe() {
    for (lon, lat) in [(12.5, 68.6), (179.9, 70.0), (-90.0, 89.9), (58.0, 45.0)] {
        agrees_with_itself(&polar(61, 47, lon, lat, 4_000.0));
    }
    agrees_with_itself(&polar(40, 33, 0.0, 89.95, 50_000.0));
}

#[test]
fn a_thinned_and_a_cut_grid_find_what_they_hold_and_nothing_else() {
    let whole = polar(60, 50, 179.8, 72.0, 5_000.0);
    agrees_with_itself(&whole.thinned(4));
    let part = whole.window(IndexWindow {
        i0: 7,
        j0: 20,
        nx: 12,
        ny: 9,
    });
    agrees_with_itself(&part);
    agrees_with_itself(&part.thinned(2));
    let (lon, lat) = whole.position(GridPoint { i: 18.5, j: 24.0 });
    assert!(part.fraction(lon, lat).is_none() && whole.fraction(lon, lat).is_some());
    assert_eq!(part.node(0, 0), whole.node(7, 20));
    assert_eq!(whole.thinned(4).node(3, 2), whole.node(12, 8));
    assert!(part.bounds().west > part.bounds().east || part.bounds().east - part.bounds().west < 5.0);
}

#[test]
fn a_guess_nearby_or_far_away_changes_nothing() {
    let grid = polar(120, 90, 12.5, 68.6, 4_000.0);
    let wanted = GridPoint { i: 100.25, j: 80.5 };
    let (lon, lat) = grid.position(wanted);
    for near in [(100.0, 80.0), (0.0, 0.0), (118.9, 2.0), (1e9, 1e9)] {
        let near = GridPoint { i: near.0, j: near.1 };
        let found = grid.fraction_near(Some(near), lon, lat).unwrap();
        assert!(
            (found.i - wanted.i).abs() < 1e-7 && (found.j - wanted.j).abs() < 1e-7,
            "{near:?} {found:?}"
        );
    }
    assert!(grid.fraction_near(Some(wanted), lon + 180.0, -lat).is_none());
    assert!(grid.fraction(f64::NAN, lat).is_none() && grid.fraction(lon, 91.0).is_none());
}

#[test]
fn a_window_holds_its_box_across_the_antimeridian_too() {
    let grid = GridSpec::Curvilinear(polar(200, 160, 179.9, 65.0, 4_000.0));
    let bbox = BBox::new(179.5, 64.8, -179.6, 65.2).unwrap();
    let window = grid.window_around(&bbox, 1).unwrap();
    assert!(window.nx < 40 && window.ny < 40, "{window:?}");
    let part = grid.window(window);
    for (lon, lat) in [
        (179.5, 64.8),
        (-179.6, 64.8),
        (179.5, 65.2),
        (-179.6, 65.2),
        (-180.0, 65.0),
    ] {
        assert!(part.fraction(lon, lat).is_some(), "{lon} {lat}");
    }
    assert!(grid.bounds().crosses_antimeridian() && grid.bounds().contains(180.0, 65.0));
    let elsewhere = BBox::new(0.0, 64.8, 10.0, 65.2).unwrap();
    assert_eq!(grid.window_around(&elsewhere, 5), None);
    let world = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
    let all = grid.window_around(&world, 2).unwrap();
    assert_eq!((all.i0, all.j0, all.nx, all.ny), (0, 0, 200, 160));
}

#[test]
fn a_pole_inside_is_inside() {
    let grid = polar(60, 60, 0.0, 90.0, 20_000.0);
    assert_eq!(
        (grid.bounds().west, grid.bounds().east, grid.bounds().north),
        (-180.0, 180.0, 90.0)
    );
    assert!(grid.fraction(77.0, 90.0).is_some());
    let near = GridSpec::Curvilinear(grid).window_around(&BBox::new(-180.0, 89.9, 180.0, 90.0).unwrap(), 0);
    assert!(near.is_some_and(|window| window.nx < 8 && window.ny < 8), "{near:?}");
}

#[test]
fn nodes_without_a_position_take_their_cells_away_and_no_others() {
    let grid = polar(20, 20, 12.5, 68.6, 4_000.0);
    let (mut lon, lat) = (grid.longitudes_deg(), grid.latitudes_deg());
    lon[10 * 20 + 10] = f64::NAN;
    let holed = CurvilinearGrid::new(20, 20, lon, lat).unwrap();
    let at = |i: f64, j: f64| grid.position(GridPoint { i, j });
    let (gone, left) = (at(10.4, 9.7), at(11.4, 9.7));
    assert!(holed.fraction(gone.0, gone.1).is_none() && holed.fraction(left.0, left.1).is_some());
    assert_ne!(holed.positions_sha256(), grid.positions_sha256());
    assert!((holed.cell_m() - 4_000.0).abs() < 200.0, "{}", holed.cell_m());
}

#[test]
fn a_manifest_has_the_digest_and_not_the_positions() {
    let grid = polar(30, 20, 12.5, 68.6, 4_000.0);
    let text = serde_json::to_string(&GridSpec::Curvilinear(grid.clone())).unwrap();
    assert!(text.len() < 400, "{text}");
    let read: GridSpec = serde_json::from_str(&text).unwrap();
    assert_eq!(read, GridSpec::Curvilinear(grid.clone()), "the digest makes them equal");
    assert_eq!(
        read.fraction(12.5, 68.6),
        None,
        "nothing is found before the positions are there"
    );
    let GridSpec::Curvilinear(read) = read else { panic!() };
    assert!(!read.has_positions());
    let back = read
        .with_positions(grid.longitudes_deg(), grid.latitudes_deg())
        .unwrap();
    assert!(back.fraction(12.5, 68.6).is_some());
    let mut lat = grid.latitudes_deg();
    lat[0] += 1e-12;
    let wrong = read.with_positions(grid.longitudes_deg(), lat).unwrap_err();
    assert!(matches!(wrong, CurvilinearProblem::Digest { .. }), "{wrong}");
    let part = GridSpec::Curvilinear(grid.thinned(2));
    assert!(serde_json::to_string(&part).is_err());
    assert!(serde_json::from_str::<GridSpec>(&text.replace("\"nx\":30", "\"nx\":1")).is_err());
}

#[test]
fn what_is_no_grid_is_refused() {
    let shape = CurvilinearGrid::new(3, 2, vec![0.0; 6], vec![0.0; 5]).unwrap_err();
    assert!(
        shape
            .to_string()
            .contains("3 x 2 nodes with 6 longitudes and 5 latitudes"),
        "{shape}"
    );
    let latitude = CurvilinearGrid::new(2, 2, vec![0.0; 4], vec![0.0, 0.0, 91.0, 0.0]).unwrap_err();
    assert!(
        latitude.to_string().contains("latitude 91 of node (0, 1)"),
        "{latitude}"
    );
    let empty = CurvilinearGrid::new(2, 2, vec![f64::NAN; 4], vec![0.0; 4]).unwrap_err();
    assert!(matches!(empty, CurvilinearProblem::NoCell { .. }), "{empty}");
}

#[test]
fn rows_have_the_angle_of_the_projection() {
    let grid = polar(21, 21, 12.5, 68.6, 4_000.0);
    let (lon, _) = grid.node(10, 10);
    let angle = grid.row_angles_rad()[10 * 21 + 10];
    // On a polar grid the rows turn with the longitude; the ellipsoid is flatter than the grid's sphere by 0.3 %.
    assert!((angle - (58.0 - lon).to_radians()).abs() < 0.004, "{angle} {lon}");
    assert!(grid.is_right_handed());
    let (mut lon, mut lat) = (grid.longitudes_deg(), grid.latitudes_deg());
    lon.chunks_mut(21).for_each(<[f64]>::reverse);
    lat.chunks_mut(21).for_each(<[f64]>::reverse);
    assert!(!CurvilinearGrid::new(21, 21, lon, lat).unwrap().is_right_handed());
}
