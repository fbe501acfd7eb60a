//! The PNG charts, pixel by pixel where it matters.

use driftline_coast::Coast;
use driftline_report::{Direction, Error, Scene, heatmap_png, tracks_png};
use driftline_tiles::DensityGrid;

use crate::synthetic::{Recipe, Run};
use crate::{BERGEN, COAST};

/// A decoded PNG.
struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    title: String,
}

impl Picture {
    fn of(bytes: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        assert_eq!(reader.info().color_type, png::ColorType::Rgb);
        let texts = &reader.info().utf8_text;
        let title = texts.iter().find(|text| text.keyword == "Title").unwrap();
        let title = title.get_text().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        Self {
            width: info.width as usize,
            height: info.height as usize,
            rgb,
            title,
        }
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 3 * (y * self.width + x);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    fn count(&self, like: impl Fn([u8; 3]) -> bool) -> usize {
        self.rgb.as_chunks::<3>().0.iter().filter(|pixel| like(**pixel)).count()
    }
}

const SEA: [u8; 3] = [0xec, 0xf3, 0xf8];
const LAND: [u8; 3] = [0xeb, 0xdd, 0xb6];
/// The colours of the levels' outlines on all our maps.
const ORANGE: [u8; 3] = [0xd5, 0x5e, 0x00];
const BLUE: [u8; 3] = [0x00, 0x72, 0xb2];

fn near(colour: [u8; 3]) -> impl Fn([u8; 3]) -> bool {
    move |pixel| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 6)
}

#[test]
fn the_heat_map_shows_sea_land_outlines_and_a_dark_middle() {
    let scene = BERGEN.scene(&COAST);
    let picture = Picture::of(&heatmap_png(&scene, scene.last()).unwrap());
    assert_eq!((picture.width, picture.height), (1200, 900));
    assert!(picture.title.contains("Havørn") && picture.title.contains("2026-11-27 06:00 UTC"));
    let whole = picture.width * picture.height;
    let (sea, land) = (picture.count(near(SEA)), picture.count(near(LAND)));
    assert!(sea > whole / 5, "sea {sea}");
    assert!(land > whole / 50, "land {land}");
    assert!(picture.count(near(ORANGE)) > 300 && picture.count(near(BLUE)) > 300);
    // The densest cells are nearly black in violet, which nothing else on the chart is.
    let violet = |[r, g, b]: [u8; 3]| (30..90).contains(&r) && g < 40 && (60..120).contains(&b);
    assert!(picture.count(violet) > 200, "{}", picture.count(violet));
    // The map's corners belong to the frame, the sheet's to white paper.
    assert_eq!(picture.at(0, 0), [255; 3]);
    assert_eq!(picture.at(1199, 899), [255; 3]);
}

#[test]
fn a_density_that_is_given_is_drawn_where_it_stands() {
    let mut scene = BERGEN.scene(&COAST);
    let last = scene.last();
    scene.snapshots[last].density = Some(DensityGrid {
        west: 4.6,
        north: 60.25,
        dlon: 0.05,
        dlat: 0.025,
        nx: 4,
        ny: 4,
        values: vec![0.05; 16],
    });
    let given = Picture::of(&heatmap_png(&scene, last).unwrap());
    scene.snapshots[last].density = None;
    let counted = Picture::of(&heatmap_png(&scene, last).unwrap());
    let dark = |[r, g, b]: [u8; 3]| r < 25 && g < 35 && b < 45;
    // Between the middles of the outer cells it is uniform: 0.15 by 0.075 degrees, more than 100 pixels either way.
    assert!(
        given.count(dark) > counted.count(dark) + 10_000,
        "{} {}",
        given.count(dark),
        counted.count(dark)
    );
}

#[test]
fn an_earlier_time_gives_another_picture_and_the_same_time_the_same_bytes() {
    let scene = BERGEN.scene(&COAST);
    let end = heatmap_png(&scene, scene.last()).unwrap();
    assert_eq!(end, heatmap_png(&scene, scene.last()).unwrap());
    let early = heatmap_png(&scene, 3).unwrap();
    assert_ne!(end, early);
    assert!(Picture::of(&early).title.contains("2026-11-26 09:00 UTC"));
    let error = heatmap_png(&scene, 25).unwrap_err().to_string();
    assert_eq!(
        error,
        "the scene has 25 output times, there is no number 25 (the first is 0)"
    );
}

#[test]
fn tracks_are_blue_and_end_in_marks() {
    let scene = BERGEN.scene(&COAST);
    let picture = Picture::of(&tracks_png(&scene).unwrap());
    assert_eq!((picture.width, picture.height), (1200, 900));
    let stranded = near([0xb0, 0x2a, 0x00]);
    assert!(picture.count(stranded) > 500);
    let bluish = |[r, g, b]: [u8; 3]| b > r.saturating_add(60) && b > g.saturating_add(20);
    assert!(picture.count(bluish) > 20_000, "{}", picture.count(bluish));
}

#[test]
fn a_run_over_the_antimeridian_and_one_in_the_high_north_are_as_compact_as_any() {
    let open_sea = Coast::open_sea().unwrap();
    let water = |recipe: Recipe| {
        let run = Run::of(recipe, &open_sea);
        let scene = run.scene(&open_sea);
        let heat = Picture::of(&heatmap_png(&scene, scene.last()).unwrap());
        let tracks = Picture::of(&tracks_png(&scene).unwrap());
        // Both outlines whole, none of them drawn across the world.
        (
            heat.count(near(ORANGE)),
            heat.count(near(BLUE)),
            tracks.count(near(SEA)),
        )
    };
    let recipe = Recipe {
        particles: 800,
        drift_km_h: (1.0, 0.3),
        ..Recipe::BERGEN
    };
    let plain = water(recipe);
    for (lon_deg, lat_deg) in [(179.9, 60.1), (-179.95, 60.1), (179.7, 84.5)] {
        let found = water(Recipe {
            lon_deg,
            lat_deg,
            ..recipe
        });
        for (found, expected) in [(found.0, plain.0), (found.1, plain.1), (found.2, plain.2)] {
            let ratio = found as f64 / expected as f64;
            assert!(
                (0.7..1.4).contains(&ratio),
                "{lon_deg} {lat_deg}: {found} instead of {expected}"
            );
        }
    }
}

#[test]
fn nobody_adrift_still_makes_a_chart() {
    let island = vec![(4.0, 59.5), (6.0, 59.5), (6.0, 61.0), (4.0, 61.0)];
    let coast = Coast::from_polygons(&[island]).unwrap();
    let run = Run::of(
        Recipe {
            particles: 50,
            hours: 2,
            ..Recipe::BERGEN
        },
        &coast,
    );
    let scene = run.scene(&coast);
    assert!(scene.snapshots[0].areas.is_empty());
    let picture = Picture::of(&heatmap_png(&scene, 0).unwrap());
    assert!(picture.count(near(LAND)) > picture.width * picture.height / 2);
    Picture::of(&tracks_png(&scene).unwrap());
}

#[test]
fn scenes_that_would_lie_are_refused() {
    let scene = BERGEN.scene(&COAST);
    let empty = Scene {
        snapshots: Vec::new(),
        ..scene.clone()
    };
    assert!(matches!(tracks_png(&empty), Err(Error::NoSnapshot)));
    let backward = Scene {
        direction: Direction::Backtrack,
        ..scene.clone()
    };
    assert!(matches!(heatmap_png(&backward, 0), Err(Error::Order { .. })));
    let mut ragged = scene;
    ragged.snapshots[4].status = &[0, 0];
    assert!(matches!(tracks_png(&ragged), Err(Error::Columns { status: 2, .. })));
}
