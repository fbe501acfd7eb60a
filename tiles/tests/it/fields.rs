//! Fields probed at computed places: every kind of grid, both coordinate systems, coasts, seams, arrows.

use driftline_domain::{CurvilinearGrid, GridPoint, GridSpec, RegularGrid, VectorField};
use driftline_tiles::{
    ColourMap, FieldLook, FieldSlab, FieldStyle, MapCrs, MapView, Picture, Quantity, Reading, Rgba, draw_field, sample,
};

use crate::ground;

fn slab<'a>(grid: &'a GridSpec, field: &'a VectorField, reading: Reading) -> FieldSlab<'a> {
    FieldSlab { grid, field, reading }
}

/// The same nodes, known by their positions only, as of a curvilinear model.
fn by_positions(grid: &GridSpec) -> GridSpec {
    let nodes = (0..grid.ny()).flat_map(|j| (0..grid.nx()).map(move |i| (i as f64, j as f64)));
    let (lon, lat) = nodes.map(|(i, j)| grid.position(GridPoint { i, j })).unzip();
    GridSpec::Curvilinear(CurvilinearGrid::new(grid.nx(), grid.ny(), lon, lat).unwrap())
}

fn colour_of(style: &FieldStyle, value: f64, steps: f64) -> [u8; 3] {
    let share = (value - style.range.0) / (style.range.1 - style.range.0);
    style
        .colours
        .colour(((share * steps).floor().clamp(0.0, steps - 1.0) + 0.5) / steps)
}

fn near(a: Rgba, b: [u8; 3], by: u8) -> bool {
    a[3] == 255 && a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= by)
}

fn views() -> Vec<MapView> {
    vec![
        MapView::of_tile(6, 32, 18, 256).unwrap(),
        MapView::of_tile(9, 262, 148, 256).unwrap(),
        MapView::of_tile(4, 8, 4, 512).unwrap(),
        MapView::new(MapCrs::Crs84, [2.0, 56.0, 8.0, 61.0], 333, 201).unwrap(),
        MapView::new(MapCrs::Crs84, [-350.0, -60.0, 370.0, 80.0], 300, 100).unwrap(),
        MapView::new(MapCrs::WebMercator, [1e5, 7.9e6, 9e5, 8.9e6], 120, 310).unwrap(),
    ]
}

/// What is drawn is what is sampled, pixel by pixel, on every kind of grid.
#[test]
fn pixels_show_the_values_at_their_middles() {
    let style = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Current)
    };
    let curvilinear = by_positions(&ground::coast_model());
    for grid in [ground::north_sea(), ground::globe(), ground::coast_model(), curvilinear] {
        let field = ground::eddies(&grid);
        for reading in [Reading::Vector, Reading::LengthAndDirection] {
            let slabs = [slab(&grid, &field, reading)];
            for view in views() {
                let picture = draw_field(&view, &slabs, &style);
                let (mut wrong, mut drawn) = (0, 0);
                for y in 0..view.height {
                    for x in 0..view.width {
                        let (lon, lat) = view.lon_lat(f64::from(x) + 0.5, f64::from(y) + 0.5);
                        let value = sample(&slabs, lon, lat);
                        let pixel = picture.colour(x, y);
                        drawn += usize::from(value.is_some());
                        wrong += usize::from(match value {
                            Some(value) => !near(pixel, colour_of(&style, value.length(), 255.0), 3),
                            None => pixel[3] != 0,
                        });
                    }
                }
                // On a projection, and between given positions, places are interpolated to a tenth of a pixel: at rims that may decide.
                let allowed = if matches!(grid, GridSpec::Regular(_)) {
                    drawn / 2_000 + 2
                } else {
                    drawn / 100 + 60
                };
                assert!(
                    wrong <= allowed,
                    "{grid:?} {view:?} {reading:?}: {wrong} of {drawn} pixels"
                );
            }
        }
    }
}

/// A curvilinear grid whose nodes lie where those of a projected one do draws the same picture, arrows included.
#[test]
fn a_grid_of_positions_is_drawn_as_the_projection_that_it_came_from() {
    let projected = ground::coast_model();
    let curvilinear = by_positions(&projected);
    let field = ground::eddies(&projected);
    for look in [FieldLook::Colour, FieldLook::ColourArrows] {
        let style = FieldStyle {
            look,
            ..FieldStyle::of(Quantity::Current)
        };
        for view in views() {
            let picture = |grid| draw_field(&view, &[slab(grid, &field, Reading::Vector)], &style);
            let (one, other) = (picture(&projected), picture(&curvilinear));
            let pixels = || (0..view.height).flat_map(|y| (0..view.width).map(move |x| (x, y)));
            let drawn = pixels().filter(|&(x, y)| one.colour(x, y)[3] != 0).count();
            let differ = |&(x, y): &(u32, u32)| {
                let (a, b) = (one.colour(x, y), other.colour(x, y));
                a[3] != b[3] || a.iter().zip(b).any(|(a, b)| a.abs_diff(b) > 3)
            };
            let differing = pixels().filter(differ).count();
            // Within a cell the two are a hair apart, which decides at rims and at the ends of arrows.
            assert!(differing <= drawn / 50 + 60, "{view:?}: {differing} of {drawn} pixels");
        }
    }
}

#[test]
fn north_is_up_in_both_systems_and_they_agree_near_the_equator() {
    let grid = GridSpec::Regular(RegularGrid {
        nx: 41,
        ny: 41,
        lon0_deg: -2.0,
        lat0_deg: -2.0,
        dlon_deg: 0.1,
        dlat_deg: 0.1,
    });
    // Faster to the north, faster still to the north-east.
    let field = ground::field(&grid, |lon, lat| Some((0.7 + 0.3 * lat + 0.05 * lon, 0.0)));
    let slabs = [slab(&grid, &field, Reading::Vector)];
    let style = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Current)
    };
    let degrees = MapView::new(MapCrs::Crs84, [-1.0, -1.0, 1.0, 1.0], 200, 200).unwrap();
    let one_m = 20_037_508.342_789_244 / 180.0;
    let metres = MapView::new(MapCrs::WebMercator, [-one_m, -one_m, one_m, one_m], 200, 200).unwrap();
    let (a, b) = (
        draw_field(&degrees, &slabs, &style),
        draw_field(&metres, &slabs, &style),
    );
    let differing = (0..200 * 200)
        .filter(|at| a.colour(at % 200, at / 200) != b.colour(at % 200, at / 200))
        .count();
    assert!(differing < 200 * 200 / 100, "{differing}");
    for picture in [a, b] {
        assert!(
            near(picture.colour(100, 0), colour_of(&style, 1.0, 255.0), 4),
            "{:?}",
            picture.colour(100, 0)
        );
        assert!(near(picture.colour(100, 199), colour_of(&style, 0.4, 255.0), 4));
        assert!(near(picture.colour(199, 100), colour_of(&style, 0.75, 255.0), 4));
    }
}

#[test]
fn a_coast_lies_between_wet_and_dry_nodes() {
    let grid = GridSpec::Regular(RegularGrid {
        nx: 3,
        ny: 2,
        lon0_deg: 0.0,
        lat0_deg: 0.0,
        dlon_deg: 1.0,
        dlat_deg: 1.0,
    });
    let field = VectorField {
        east: vec![1.0, 1.0, f32::NAN, 1.0, 1.0, f32::NAN],
        north: vec![0.0, 0.0, f32::NAN, 0.0, 0.0, f32::NAN],
    };
    let slabs = [slab(&grid, &field, Reading::Vector)];
    assert_eq!(
        sample(&slabs, 1.49, 0.5).map(|value| value.east),
        Some(1.0),
        "not mixed with zero"
    );
    assert_eq!(sample(&slabs, 1.51, 0.5), None);
    assert_eq!(sample(&slabs, -0.01, 0.5), None);
    assert_eq!(sample(&slabs, 361.0, 0.5).map(|value| value.east), Some(1.0));
    for (lon, lat) in [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::INFINITY, 0.0), (0.5, 91.0)] {
        assert_eq!(sample(&slabs, lon, lat), None);
    }
    let view = MapView::new(MapCrs::Crs84, [0.0, 0.0, 2.0, 1.0], 200, 100).unwrap();
    let style = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Current)
    };
    let picture = draw_field(&view, &slabs, &style);
    assert_eq!((picture.colour(148, 50)[3], picture.colour(151, 50)[3]), (255, 0));
}

#[test]
fn waves_keep_their_height_where_directions_differ() {
    let grid = GridSpec::Regular(RegularGrid {
        nx: 2,
        ny: 1,
        lon0_deg: 0.0,
        lat0_deg: 0.0,
        dlon_deg: 1.0,
        dlat_deg: 1.0,
    });
    // 4 m to the north-west beside 2 m to the north-east.
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let field = VectorField {
        east: vec![-4.0 * half, 2.0 * half],
        north: vec![4.0 * half, 2.0 * half],
    };
    let waves = [slab(&grid, &field, Reading::LengthAndDirection)];
    let value = sample(&waves, 0.5, 0.0).unwrap();
    assert!((value.length() - 3.0).abs() < 1e-6, "{value:?}");
    assert!(
        value.to_deg().is_some_and(|to| !(1e-4..=359.999).contains(&to)),
        "{value:?}"
    );
    let vector = sample(&[slab(&grid, &field, Reading::Vector)], 0.5, 0.0).unwrap();
    assert!((vector.length() - 2.236).abs() < 1e-3, "{vector:?}");
    // Opposing seas of 3 m are no calm.
    let field = VectorField {
        east: vec![-3.0, 3.0],
        north: vec![0.0, 0.0],
    };
    let value = sample(&[slab(&grid, &field, Reading::LengthAndDirection)], 0.5, 0.0).unwrap();
    assert!((value.length() - 3.0).abs() < 1e-6, "{value:?}");
}

#[test]
fn the_first_slab_with_a_value_wins() {
    let (coarse_grid, fine_grid) = (ground::globe(), ground::coast_model());
    let coarse = ground::field(&coarse_grid, |_, _| Some((1.41, 0.0)));
    let fine = ground::field(&fine_grid, |lon, _| (lon < 4.0).then_some((0.11, 0.0)));
    let slabs = [
        slab(&fine_grid, &fine, Reading::Vector),
        slab(&coarse_grid, &coarse, Reading::Vector),
    ];
    assert_eq!(sample(&slabs, 3.5, 60.0).map(|value| value.slab), Some(0));
    assert_eq!(sample(&slabs, 4.5, 60.0).map(|value| value.slab), Some(1));
    let view = MapView::new(MapCrs::Crs84, [3.0, 59.5, 5.0, 60.5], 100, 50).unwrap();
    let style = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Current)
    };
    let picture = draw_field(&view, &slabs, &style);
    assert!(near(picture.colour(25, 25), colour_of(&style, 0.11, 255.0), 2));
    assert!(near(picture.colour(75, 25), colour_of(&style, 1.41, 255.0), 2));
    // A field that does not fit its grid has no values.
    let short = VectorField {
        east: vec![1.0; 3],
        north: vec![1.0; 3],
    };
    assert_eq!(sample(&[slab(&coarse_grid, &short, Reading::Vector)], 0.0, 0.0), None);
    assert!(draw_field(&view, &[slab(&coarse_grid, &short, Reading::Vector)], &style).is_empty());
    assert!(draw_field(&view, &[], &style).is_empty());
}

/// Where the dark pixels of an arrow lie: the side with the head has more.
fn heading(picture: &Picture, middle: (u32, u32)) -> (f64, f64) {
    let (mut sum, mut count, mut moment) = ((0.0, 0.0), 0.0, (0.0, 0.0));
    for y in middle.1 - 16..middle.1 + 16 {
        for x in middle.0 - 16..middle.0 + 16 {
            let [r, g, b, a] = picture.colour(x, y);
            if a == 255 && u32::from(r) + u32::from(g) + u32::from(b) < 200 {
                let (dx, dy) = (
                    f64::from(x) + 0.5 - f64::from(middle.0),
                    f64::from(y) + 0.5 - f64::from(middle.1),
                );
                sum = (sum.0 + dx, sum.1 + dy);
                let cubed = dx.hypot(dy).powi(2);
                moment = (moment.0 + dx * cubed, moment.1 + dy * cubed);
                count += 1.0;
            }
        }
    }
    assert!(count > 15.0, "no arrow at {middle:?}");
    (sum.0 / count, sum.1 / count)
}

#[test]
fn arrows_point_towards_with_the_distortion_of_the_map() {
    let grid = ground::globe();
    let style = FieldStyle {
        look: FieldLook::Arrows,
        ..FieldStyle::of(Quantity::Current)
    };
    let north_sea = MapView::of_tile(6, 32, 18, 256).unwrap();
    let degrees = MapView::new(MapCrs::Crs84, [0.0, 56.0, 8.0, 64.0], 256, 256).unwrap();
    let flat = MapView::new(MapCrs::Crs84, [0.0, 56.0, 8.0, 64.0], 256, 64).unwrap();
    // At 60 N a degree of longitude is half as long: towards the north-east looks more eastward in degrees.
    for (view, flow, expected_deg) in [
        (north_sea, (1.0, 0.0), 90.0),
        (north_sea, (0.0, 1.0), 0.0),
        (north_sea, (0.0, -1.0), 180.0),
        (north_sea, (-1.0, 1.0), 315.0),
        (degrees, (1.0, 1.0), 63.0),
        (degrees, (-1.0, -1.0), 243.0),
        (flat, (0.0, 1.0), 0.0),
        (flat, (1.0, 1.0), 83.0),
    ] {
        let field = ground::field(&grid, |_, _| Some(flow));
        let picture = draw_field(&view, &[slab(&grid, &field, Reading::Vector)], &style);
        let middle = if view.height < 128 { (112, 48) } else { (112, 112) };
        let (dx, dy) = heading(&picture, middle);
        let to = dx.atan2(-dy).to_degrees().rem_euclid(360.0);
        let off = (to - expected_deg + 180.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 12.0, "{flow:?} in {view:?}: {to}");
        // Between arrows there is nothing.
        assert_eq!(picture.colour(middle.0 + 16, middle.1 + 15)[3], 0);
    }
    // With colours the arrows lie over them, and on twice as many pixels they are twice as large.
    let field = ground::field(&grid, |_, _| Some((1.41, 0.0)));
    let slabs = [slab(&grid, &field, Reading::Vector)];
    let both = draw_field(&north_sea, &slabs, &FieldStyle::of(Quantity::Current));
    let colour = colour_of(&style, 1.41, 60.0);
    assert!(near(both.colour(0, 0), colour, 2) && near(both.colour(16, 30), colour, 2));
    assert!(both.colour(16, 15)[0] < 90, "{:?}", both.colour(16, 15));
    let large = draw_field(
        &MapView::of_tile(6, 32, 18, 512).unwrap(),
        &slabs,
        &FieldStyle::of(Quantity::Current),
    );
    assert!(near(large.colour(32, 50), colour, 2) && large.colour(32, 31)[0] < 90);
}

#[test]
fn a_calm_is_a_dot_and_odd_ranges_do_no_harm() {
    let grid = ground::globe();
    let view = MapView::of_tile(6, 32, 18, 256).unwrap();
    let calm = ground::field(&grid, |_, _| Some((0.0, 0.0)));
    let style = FieldStyle {
        look: FieldLook::Arrows,
        ..FieldStyle::of(Quantity::Current)
    };
    let picture = draw_field(&view, &[slab(&grid, &calm, Reading::Vector)], &style);
    assert!(picture.colour(16, 16)[3] == 255 && picture.colour(16, 24)[3] == 0);
    let wind = ground::field(&grid, |_, _| Some((3.0, 4.0)));
    for range in [
        (0.0, 0.0),
        (5.0, 1.0),
        (f64::NAN, 1.0),
        (0.0, f64::INFINITY),
        (-1e300, 1e300),
        (0.0, 5e-324),
    ] {
        for look in [FieldLook::Colour, FieldLook::Arrows, FieldLook::ColourArrows] {
            let style = FieldStyle {
                look,
                range,
                colours: ColourMap::Cividis,
                ..FieldStyle::of(Quantity::Current)
            };
            let picture = draw_field(&view, &[slab(&grid, &wind, Reading::Vector)], &style);
            picture.to_png().unwrap();
        }
    }
}

#[test]
fn fields_cross_the_antimeridian() {
    let grid = ground::globe();
    let field = ground::field(&grid, |lon, _| Some((if lon > 0.0 { 0.31 } else { 1.21 }, 0.0)));
    let style = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Current)
    };
    for bounds in [[170.0, -10.0, 190.0, 10.0], [-190.0, -10.0, -170.0, 10.0]] {
        let view = MapView::new(MapCrs::Crs84, bounds, 200, 200).unwrap();
        let picture = draw_field(&view, &[slab(&grid, &field, Reading::Vector)], &style);
        assert!(near(picture.colour(20, 100), colour_of(&style, 0.31, 255.0), 2));
        assert!(near(picture.colour(180, 100), colour_of(&style, 1.21, 255.0), 2));
        assert!((0..200).all(|x| picture.colour(x, 50)[3] == 255), "no seam");
    }
    let (lon, lat) = grid.position(GridPoint { i: 1439.5, j: 360.0 });
    assert!(sample(&[slab(&grid, &field, Reading::Vector)], lon, lat).is_some());
}
