//! The animation as the `gif` crate's decoder sees it.

use driftline_coast::Coast;
use driftline_report::{MAX_FRAMES, animation};
use gif::{ColorOutput, DecodeOptions, DisposalMethod, Repeat};

use crate::synthetic::{Recipe, Run};
use crate::{BERGEN, COAST};

/// A film as it is seen: each frame laid over the one before.
struct Film {
    width: usize,
    delays: Vec<u16>,
    frames: Vec<Vec<u8>>,
    repeat: Repeat,
}

fn decoded(bytes: &[u8]) -> Film {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut screen = vec![0u8; 4 * width * height];
    let mut film = Film {
        width,
        delays: Vec::new(),
        frames: Vec::new(),
        repeat: Repeat::Finite(0),
    };
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.dispose, DisposalMethod::Keep);
        let across = usize::from(frame.width);
        for (at, pixel) in frame.buffer.as_chunks::<4>().0.iter().enumerate() {
            let (x, y) = (
                at % across + usize::from(frame.left),
                at / across + usize::from(frame.top),
            );
            if pixel[3] > 0 {
                screen[4 * (y * width + x)..][..4].copy_from_slice(pixel);
            }
        }
        film.delays.push(frame.delay);
        film.frames.push(screen.clone());
    }
    film.repeat = decoder.repeat();
    film
}

/// Pixels of the title's corner, where the valid time stands.
fn time_corner(film: &Film, frame: usize) -> Vec<u8> {
    let rows = film.frames[frame].chunks(4 * film.width).take(30);
    rows.flat_map(|row| row[4 * (film.width - 260)..].to_vec()).collect()
}

#[test]
fn a_frame_for_each_output_time_each_with_its_own_time() {
    let scene = BERGEN.scene(&COAST);
    let made = animation(&scene).unwrap();
    assert_eq!((made.frames, made.output_times), (25, 25));
    assert!(made.bytes.len() < 1_000_000, "{} bytes", made.bytes.len());
    let film = decoded(&made.bytes);
    assert_eq!(film.frames.len(), 25);
    assert_eq!(film.repeat, Repeat::Infinite);
    assert!(
        film.delays[..24].iter().all(|delay| *delay == 30) && film.delays[24] == 200,
        "{:?}",
        film.delays
    );
    for frame in 1..25 {
        assert_ne!(time_corner(&film, frame - 1), time_corner(&film, frame), "{frame}");
    }
    // Particles adrift are blue, and more of the sea is blue as they spread.
    let blue = |frame: &[u8]| {
        let pixels = frame.as_chunks::<4>().0.iter();
        pixels.filter(|[r, g, b, _]| *b > 120 && *r < 110 && *g < 170).count()
    };
    let (early, late) = (blue(&film.frames[2]), blue(&film.frames[15]));
    assert!(late > 2 * early, "{early} {late}");
    assert_eq!(made, animation(&scene).unwrap(), "the same scene gives the same bytes");
}

#[test]
fn a_long_run_is_thinned_and_says_so() {
    let open_sea = Coast::open_sea().unwrap();
    let recipe = Recipe {
        particles: 30,
        hours: 30,
        step_s: 900,
        ..Recipe::BERGEN
    };
    let run = Run::of(recipe, &open_sea);
    let made = animation(&run.scene(&open_sea)).unwrap();
    assert_eq!(made.output_times, 121);
    assert_eq!(made.frames, 41);
    assert!(made.frames <= MAX_FRAMES);
    assert_eq!(decoded(&made.bytes).frames.len(), 41);
}
