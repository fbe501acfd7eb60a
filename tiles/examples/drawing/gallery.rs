//! Pictures for a person to look at.

use std::path::Path;

use driftline_tiles::{
    AreaLook, AreaStyle, ColourMap, DensityStyle, FieldLook, FieldSlab, FieldStyle, LegendSize, LegendSubject,
    LineStyle, MapCrs, MapView, MarkStatus, Picture, PointStyle, Quantity, Reading, Scheme, Track, cog, draw_areas,
    draw_density, draw_field, draw_legend, draw_lines, draw_points,
};
use geo::{LineString, MultiLineString};

use crate::{ground, scenes};

/// Draws them into a folder.
pub(crate) fn draw(folder: &Path) {
    fields(folder);
    probability_and_areas(folder);
    legends(folder);
    rasters(folder);
}

fn save(folder: &Path, name: &str, picture: Picture, ground: [u8; 3]) {
    std::fs::write(
        folder.join(format!("{name}.png")),
        picture.on_ground(ground).to_png().unwrap(),
    )
    .unwrap();
}

fn fields(folder: &Path) {
    for (name, grid) in [("regular", ground::north_sea()), ("projected", ground::coast_model())] {
        let field = ground::eddies(&grid);
        let slabs = [FieldSlab {
            grid: &grid,
            field: &field,
            reading: Reading::Vector,
        }];
        let view = MapView::of_tile(6, 32, 18, 512).unwrap();
        for (quantity, scale) in [
            (Quantity::Current, 1.5),
            (Quantity::Wind, 1.0),
            (Quantity::WaveHeight, 1.0),
        ] {
            let style = FieldStyle {
                range: (0.0, scale),
                ..FieldStyle::of(quantity)
            };
            save(
                folder,
                &format!("{name}_{quantity:?}_2x"),
                draw_field(&view, &slabs, &style),
                [200, 200, 200],
            );
        }
        let view = MapView::new(MapCrs::Crs84, [2.0, 56.0, 8.0, 61.0], 480, 400).unwrap();
        let style = FieldStyle {
            look: FieldLook::Arrows,
            ..FieldStyle::of(Quantity::Current)
        };
        save(
            folder,
            &format!("{name}_arrows_84"),
            draw_field(&view, &slabs, &style),
            [120, 140, 160],
        );
        let style = FieldStyle::of(Quantity::Current);
        save(
            folder,
            &format!("{name}_84"),
            draw_field(&view, &slabs, &style),
            [200, 200, 200],
        );
    }
}

fn probability_and_areas(folder: &Path) {
    let bytes = cog::write(&scenes::clouds(300, 200, 20)).unwrap();
    let grid = cog::read_band(&bytes, 10).unwrap();
    let view = MapView::new(
        MapCrs::WebMercator,
        MapView::of_tile(6, 32, 18, 256).unwrap().bounds,
        512,
        512,
    )
    .unwrap();
    save(
        folder,
        "density",
        draw_density(&view, &grid, &DensityStyle::default()),
        [230, 235, 240],
    );
    let far = MapView::of_tile(3, 4, 2, 256).unwrap();
    save(
        folder,
        "density_far",
        draw_density(&far, &grid, &DensityStyle::default()),
        [230, 235, 240],
    );
    for (name, look, scheme, back) in [
        ("filled_day", AreaLook::Filled, Scheme::Day, [225, 232, 238]),
        ("outline_day", AreaLook::Outline, Scheme::Day, [225, 232, 238]),
        ("filled_night", AreaLook::Filled, Scheme::Night, [20, 14, 14]),
    ] {
        save(
            folder,
            &format!("areas_{name}"),
            draw_areas(&view, &scenes::areas(), &AreaStyle { look, scheme }),
            back,
        );
    }
    let tile = MapView::of_tile(7, 65, 37, 512).unwrap();
    let style = AreaStyle {
        look: AreaLook::Filled,
        scheme: Scheme::Day,
    };
    save(
        folder,
        "areas_tile_2x",
        draw_areas(&tile, &scenes::areas(), &style),
        [225, 232, 238],
    );

    let mut next = scenes::numbers(3);
    let n = 3000;
    let mut bell = || (next() + next() + next() + next() - 2.0) * 1.5;
    let (lon, lat): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (4.0 + bell(), 60.0 + 0.5 * bell())).unzip();
    let status: Vec<u8> = (0..n)
        .map(|k| {
            if k % 50 == 0 {
                1
            } else if k % 70 == 0 {
                2
            } else {
                0
            }
        })
        .collect();
    for (scheme, back) in [(Scheme::Day, [225, 232, 238]), (Scheme::Night, [20, 14, 14])] {
        let points = draw_points(&view, &lon, &lat, &status, &PointStyle { scheme });
        let tracks: Vec<Track> = (0..30)
            .map(|k| Track {
                parts: MultiLineString::new(vec![LineString::from(vec![
                    (4.0, 60.0),
                    (4.0 + lon[k] / 40.0, 60.1),
                    (lon[k], lat[k]),
                ])]),
                status: MarkStatus::of_code((k % 3) as u8).unwrap(),
            })
            .collect();
        let lines = draw_lines(&view, &tracks, &LineStyle { scheme });
        save(folder, &format!("points_{scheme:?}"), points, back);
        save(folder, &format!("lines_{scheme:?}"), lines, back);
    }
}

fn legends(folder: &Path) {
    let current = FieldStyle::of(Quantity::Current);
    let wind = FieldStyle {
        look: FieldLook::Colour,
        ..FieldStyle::of(Quantity::Wind)
    };
    let waves = FieldStyle {
        colours: ColourMap::YlGnBu,
        ..FieldStyle::of(Quantity::WaveHeight)
    };
    let density = DensityStyle::default();
    let day = AreaStyle {
        look: AreaLook::Filled,
        scheme: Scheme::Day,
    };
    let night = AreaStyle {
        look: AreaLook::Outline,
        scheme: Scheme::Night,
    };
    let size = LegendSize::default();
    let double = LegendSize { pixel_ratio: 2, ..size };
    let tall = LegendSize {
        height: Some(400),
        width: Some(300),
        ..size
    };
    let levels = [0.5, 0.9, 0.95];
    let points = PointStyle { scheme: Scheme::Day };
    let lines = LineStyle { scheme: Scheme::Day };
    for (name, subject, size) in [
        ("current", LegendSubject::Field(Quantity::Current, &current), size),
        ("wind_2x", LegendSubject::Field(Quantity::Wind, &wind), double),
        ("waves_tall", LegendSubject::Field(Quantity::WaveHeight, &waves), tall),
        ("density", LegendSubject::Density(&density, Some(0.0123)), size),
        ("density_share", LegendSubject::Density(&density, None), size),
        ("areas_day", LegendSubject::Areas(&day, &levels), size),
        ("areas_night", LegendSubject::Areas(&night, &levels), double),
        ("points", LegendSubject::Points(&points), size),
        ("lines", LegendSubject::Lines(&lines), size),
    ] {
        save(
            folder,
            &format!("legend_{name}"),
            draw_legend(&subject, size),
            [255, 255, 255],
        );
    }
}

fn rasters(folder: &Path) {
    for (nx, ny, bands) in [(1300, 900, 49), (60, 40, 5)] {
        let stack = scenes::clouds(nx, ny, bands);
        let start = std::time::Instant::now();
        let bytes = cog::write(&stack).unwrap();
        let path = folder.join(format!("clouds_{nx}.tif"));
        println!(
            "{}: {} bytes of {} in {:?}",
            path.display(),
            bytes.len(),
            nx * ny * bands * 4,
            start.elapsed()
        );
        let start = std::time::Instant::now();
        cog::read_band(&bytes, bands / 2).unwrap();
        println!("one band read in {:?}", start.elapsed());
        std::fs::write(path, bytes).unwrap();
    }
}
