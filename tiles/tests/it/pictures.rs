//! Densities, areas, particles and tracks probed at computed places.

use driftline_tiles::{
    AreaLook, AreaShape, AreaStyle, ColourMap, DensityGrid, DensityStyle, LineStyle, MapCrs, MapView, MarkStatus,
    PointStyle, Rgba, Scheme, Track, draw_areas, draw_density, draw_lines, draw_points,
};
use geo::{LineString, MultiLineString, MultiPolygon, Polygon};

fn density() -> DensityGrid {
    let mut values = vec![0.0; 100 * 80];
    values[40 * 100 + 70] = 0.02;
    values[40 * 100 + 71] = 0.01;
    DensityGrid {
        west: 2.0,
        north: 62.0,
        dlon: 0.02,
        dlat: 0.01,
        nx: 100,
        ny: 80,
        values,
    }
}

#[test]
fn a_cell_stands_where_it_is_at_every_zoom() {
    let grid = density();
    let style = DensityStyle::default();
    // Middle of cell (70, 40).
    let (lon, lat) = (2.0 + 70.5 * 0.02, 62.0 - 40.5 * 0.01);
    assert_eq!(grid.value_at(lon, lat), Some(0.02));
    assert_eq!(grid.value_at(lon + 360.0, lat), Some(0.02));
    assert_eq!(grid.value_at(lon + 0.02, lat), Some(0.01));
    assert_eq!(grid.value_at(lon, lat + 0.011), Some(0.0));
    assert_eq!(grid.value_at(1.99, lat), None);
    assert_eq!(grid.value_at(f64::NAN, lat), None);
    assert_eq!(grid.maximum(), 0.02);
    for z in 0..14 {
        let n = f64::from(1u32 << z);
        let x = ((lon + 180.0) / 360.0 * n) as u32;
        let y = ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n) as u32;
        for size in [256, 512] {
            let view = MapView::of_tile(z, x, y, size).unwrap();
            let picture = draw_density(&view, &grid, &style);
            let (px, py) = view.pixel(lon, lat);
            let (column, row) = (px as u32, py as u32);
            let share = if size as f64 * n * 0.02 / 360.0 < 1.0 {
                1.0
            } else {
                let (lon, lat) = view.lon_lat(f64::from(column) + 0.5, f64::from(row) + 0.5);
                bilinear(&grid, lon, lat) / 0.02
            };
            let (pixel, expected) = (picture.colour(column, row), style_colour(share));
            let off = pixel.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(off <= 6, "zoom {z}, {size}: {pixel:?} instead of {expected:?}");
        }
    }
    // Zoomed in, halfway to an empty cell there is half of it.
    let view = MapView::new(
        MapCrs::Crs84,
        [lon - 0.02, lat - 0.01, lon + 0.02, lat + 0.01],
        400,
        400,
    )
    .unwrap();
    let picture = draw_density(&view, &grid, &style);
    let at = |x: u32, y: u32| picture.colour(x, y);
    let full = style_colour(1.0);
    assert!(
        at(200, 200).iter().zip(full).all(|(a, b)| a.abs_diff(b) <= 6),
        "{:?}",
        at(200, 200)
    );
    let half = style_colour(0.5);
    assert!(
        at(200, 100).iter().zip(half).all(|(a, b)| a.abs_diff(b) <= 6),
        "{:?} {half:?}",
        at(200, 100)
    );
    let three_quarters = style_colour(0.75);
    assert!(at(300, 200).iter().zip(three_quarters).all(|(a, b)| a.abs_diff(b) <= 6));
    // A hundredth of a cell before the middle of the empty one next to it.
    assert!(at(200, 0)[3] <= 12, "{:?}", at(200, 0));
}

/// Bilinear between the middles of cells, the slow way.
fn bilinear(grid: &DensityGrid, lon: f64, lat: f64) -> f64 {
    let (x, y) = (
        (lon - grid.west) / grid.dlon - 0.5,
        (grid.north - lat) / grid.dlat - 0.5,
    );
    let value = |x: f64, y: f64| {
        let place = (grid.west + (x + 0.5) * grid.dlon, grid.north - (y + 0.5) * grid.dlat);
        f64::from(grid.value_at(place.0, place.1).unwrap_or(0.0))
    };
    let (x0, y0, u, v) = (x.floor(), y.floor(), x - x.floor(), y - y.floor());
    let row = |y: f64| value(x0, y) * (1.0 - u) + value(x0 + 1.0, y) * u;
    row(y0) * (1.0 - v) + row(y0 + 1.0) * v
}

fn style_colour(share: f64) -> Rgba {
    let [r, g, b] = ColourMap::InfernoReversed.colour(share);
    [r, g, b, (235.0 * share.sqrt()) as u8]
}

#[test]
fn densities_with_a_range_and_without_sense() {
    let grid = density();
    let view = MapView::new(MapCrs::Crs84, [3.3, 61.5, 3.5, 61.7], 100, 100).unwrap();
    let (px, py) = view.pixel(2.0 + 70.5 * 0.02, 62.0 - 40.5 * 0.01);
    let at = |style: DensityStyle| draw_density(&view, &grid, &style).colour(px as u32, py as u32);
    let relative = at(DensityStyle::default());
    let wide = at(DensityStyle {
        range: Some((0.0, 0.2)),
        ..DensityStyle::default()
    });
    assert!(wide[3] < relative[3] && wide[0] > relative[0], "{wide:?} {relative:?}");
    for range in [(1.0, 0.0), (0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let style = DensityStyle {
            range: Some(range),
            ..DensityStyle::default()
        };
        assert!(draw_density(&view, &grid, &style).is_empty(), "{range:?}");
    }
    let nothing = DensityGrid {
        values: vec![0.0; 8000],
        ..density()
    };
    assert!(draw_density(&view, &nothing, &DensityStyle::default()).is_empty());
    for broken in [
        DensityGrid {
            values: vec![],
            ..density()
        },
        DensityGrid { nx: 0, ..density() },
        DensityGrid {
            nx: usize::MAX,
            ny: 2,
            ..density()
        },
        DensityGrid { dlon: 0.0, ..density() },
        DensityGrid {
            west: f64::NAN,
            ..density()
        },
        DensityGrid {
            values: vec![f32::NAN; 8000],
            ..density()
        },
    ] {
        assert!(draw_density(&view, &broken, &DensityStyle::default()).is_empty());
    }
    // Over the antimeridian.
    let grid = DensityGrid {
        west: 179.0,
        ..density()
    };
    let view = MapView::new(MapCrs::Crs84, [178.0, 61.0, 182.0, 62.5], 400, 150).unwrap();
    let picture = draw_density(&view, &grid, &DensityStyle::default());
    let (px, py) = view.pixel(-(360.0 - (179.0 + 70.5 * 0.02)), 62.0 - 40.5 * 0.01);
    assert!(picture.colour(px as u32, py as u32)[3] > 200);
}

fn square(level: f64, west: f64, south: f64, east: f64, north: f64) -> AreaShape {
    let ring = vec![
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
    ];
    AreaShape {
        level,
        polygons: MultiPolygon::new(vec![Polygon::new(LineString::from(ring), vec![])]),
    }
}

#[test]
fn areas_are_told_apart_by_colour_line_and_label() {
    let view = MapView::new(MapCrs::Crs84, [0.0, 58.0, 8.0, 62.0], 800, 400).unwrap();
    let areas = [
        square(0.5, 3.0, 59.5, 5.0, 60.5),
        square(0.95, 1.0, 58.5, 7.0, 61.5),
        square(0.9, 2.0, 59.0, 6.0, 61.0),
    ];
    for scheme in [Scheme::Day, Scheme::Night] {
        let filled = draw_areas(
            &view,
            &areas,
            &AreaStyle {
                look: AreaLook::Filled,
                scheme,
            },
        );
        let outline = draw_areas(
            &view,
            &areas,
            &AreaStyle {
                look: AreaLook::Outline,
                scheme,
            },
        );
        let inside = [
            filled.colour(400, 200),
            filled.colour(250, 200),
            filled.colour(150, 200),
        ];
        assert!(inside[0] != inside[1] && inside[1] != inside[2], "{inside:?}");
        assert!(inside.iter().all(|colour| (30..150).contains(&colour[3])), "{inside:?}");
        assert!([400, 250, 150].iter().all(|x| outline.colour(*x, 200)[3] == 0));
        assert_eq!(filled.colour(50, 20)[3], 0);
        // Along the upper edges: one unbroken line, dashes, more and shorter dots.
        let is_line = |x: u32, y: u32| {
            let [red, _, _, alpha] = outline.colour(x, y);
            // The casing is white by day and black by night.
            alpha > 128 && if scheme == Scheme::Day { red < 215 } else { red > 70 }
        };
        let breaks = |row: u32, from: u32, to: u32| {
            let set: Vec<bool> = (from..to).map(|x| is_line(x, row)).collect();
            set.windows(2).filter(|pair| pair[0] && !pair[1]).count()
        };
        assert_eq!(breaks(150, 310, 490), 0);
        let (dashes, dots) = (breaks(100, 210, 590), breaks(50, 110, 690));
        assert!((20..35).contains(&dashes), "{dashes}");
        assert!(dots > 90, "{dots}");
        // The label of the 50 % area stands above its northernmost corner, the 95 % one below its southernmost.
        let ink = |columns: std::ops::Range<u32>, rows: std::ops::Range<u32>| {
            rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
                .filter(|(x, y)| outline.colour(*x, *y)[3] > 128)
                .count()
        };
        assert!(ink(480..520, 130..146) > 40 || ink(280..320, 130..146) > 40);
        assert!(ink(80..120, 354..370) > 40 || ink(680..720, 354..370) > 40);
    }
    let style = AreaStyle {
        look: AreaLook::Filled,
        scheme: Scheme::Day,
    };
    assert!(draw_areas(&view, &[], &style).is_empty());
    let elsewhere = square(0.5, 30.0, 10.0, 31.0, 11.0);
    assert!(draw_areas(&view, &[elsewhere], &style).is_empty());
    for broken in [
        square(0.5, f64::NAN, 1.0, 2.0, 3.0),
        square(f64::NAN, 0.0, 58.0, f64::INFINITY, 60.0),
    ] {
        draw_areas(&view, &[broken], &style).to_png().unwrap();
    }
}

#[test]
fn neighbouring_tiles_fit_together() {
    let areas = crate::scenes::areas();
    let style = AreaStyle {
        look: AreaLook::Filled,
        scheme: Scheme::Day,
    };
    let whole = draw_areas(
        &MapView::of_tile(5, 16, 9, 512).unwrap().with_pixel_ratio(1),
        &areas,
        &style,
    );
    let mut differing = 0;
    for (x, y) in [(32, 18), (33, 18), (32, 19), (33, 19)] {
        let tile = draw_areas(&MapView::of_tile(6, x, y, 256).unwrap(), &areas, &style);
        for row in 0..256 {
            for column in 0..256 {
                let (a, b) = (
                    tile.colour(column, row),
                    whole.colour((x - 32) * 256 + column, (y - 18) * 256 + row),
                );
                differing += usize::from(a.iter().zip(b).any(|(a, b)| a.abs_diff(b) > 40));
            }
        }
    }
    assert!(
        differing < 60,
        "{differing} pixels differ, lines, dashes and labels included"
    );
}

#[test]
fn a_cut_at_the_antimeridian_is_no_outline() {
    let cut = AreaShape {
        level: 0.5,
        polygons: MultiPolygon::new(
            [
                square(0.5, 179.0, 10.0, 180.0, 12.0),
                square(0.5, -180.0, 10.0, -179.0, 12.0),
            ]
            .into_iter()
            .flat_map(|shape| shape.polygons.0)
            .collect(),
        ),
    };
    let style = AreaStyle {
        look: AreaLook::Outline,
        scheme: Scheme::Day,
    };
    for bounds in [[178.0, 9.0, 182.0, 13.0], [-182.0, 9.0, -178.0, 13.0]] {
        let view = MapView::new(MapCrs::Crs84, bounds, 400, 400).unwrap();
        let picture = draw_areas(&view, std::slice::from_ref(&cut), &style);
        assert_eq!(picture.colour(200, 200)[3], 0, "no line on the antimeridian");
        assert!(picture.colour(100, 200)[3] == 255 && picture.colour(300, 200)[3] == 255);
        assert!(picture.colour(150, 100)[3] == 255 && picture.colour(250, 300)[3] == 255);
    }
}

#[test]
fn particles_differ_by_state_and_wrap() {
    let view = MapView::new(MapCrs::Crs84, [170.0, -10.0, 190.0, 10.0], 200, 200).unwrap();
    let lon = [175.0, -175.0, 180.0, f64::NAN, 5.0, 172.0];
    let lat = [5.0, 5.0, -5.0, 0.0, 0.0, 95.0];
    let style = PointStyle { scheme: Scheme::Day };
    let picture = draw_points(&view, &lon, &lat, &[0, 1, 2, 0, 0, 0], &style);
    let (active, stranded, lost) = (
        picture.colour(50, 50),
        picture.colour(150, 50),
        picture.colour(100, 150),
    );
    assert!(active[3] > 240 && active[2] > active[0], "{active:?}");
    assert!(stranded[3] > 240 && stranded[0] > stranded[2], "{stranded:?}");
    assert!(lost[3] > 200, "{lost:?}");
    // The shapes differ: a stranded one reaches further along the axes than a drifting one.
    assert!(picture.colour(153, 50)[0] > 150 && picture.colour(53, 50)[3] < 230);
    let drawn = (0..200 * 200)
        .filter(|at| picture.colour(at % 200, at / 200)[3] > 0)
        .count();
    assert!((60..250).contains(&drawn), "{drawn}");
    assert!(draw_points(&view, &[], &[], &[], &style).is_empty());
    assert!(draw_points(&view, &[175.0], &[0.0], &[9], &style).is_empty());
}

#[test]
fn tracks_end_in_their_mark() {
    let view = MapView::new(MapCrs::Crs84, [0.0, 0.0, 10.0, 10.0], 200, 200).unwrap();
    let track = Track {
        parts: MultiLineString::new(vec![LineString::from(vec![(1.0, 5.0), (9.0, 5.0)])]),
        status: MarkStatus::Stranded,
    };
    let picture = draw_lines(&view, &[track], &LineStyle { scheme: Scheme::Day });
    let on_line = picture.colour(100, 100)[3].max(picture.colour(100, 99)[3]);
    assert!(on_line > 60, "{on_line}");
    assert!(picture.colour(180, 100)[3] > 240 && picture.colour(180, 97)[3] > 200);
    assert_eq!(picture.colour(100, 95)[3], 0);
    let empty = Track {
        parts: MultiLineString::new(vec![]),
        status: MarkStatus::Active,
    };
    assert!(draw_lines(&view, &[empty], &LineStyle { scheme: Scheme::Night }).is_empty());
}
