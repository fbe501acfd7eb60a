//! Arrows as small pictures of cover codes (see [`super::scale`]), drawn once for each direction, length and pixel ratio
//! and kept: stamping one costs less than tracing its outline.

use std::sync::OnceLock;

use tiny_skia::{FillRule, LineJoin, Mask, Path, PathBuilder, Stroke, Transform};

use super::scale::{CASING_CODE, LAST_CODE};

/// Side of a sprite and distance of arrows, in pixels of an ordinary screen.
pub(super) const SPACING_PX: u32 = 32;

const DIRECTIONS: usize = 120;
const LENGTHS: usize = 9;
const RATIOS: usize = 4;
const SHORTEST_PX: f32 = 9.0;
const LONGEST_PX: f32 = 28.0;
/// Width of the casing on each side.
const CASING_PX: f32 = 1.25;

pub(super) type Sprite = Box<[u8]>;

static ARROWS: [[[OnceLock<Sprite>; DIRECTIONS]; LENGTHS]; RATIOS] =
    [const { [const { [const { OnceLock::new() }; DIRECTIONS] }; LENGTHS] }; RATIOS];
static DOTS: [OnceLock<Sprite>; RATIOS] = [const { OnceLock::new() }; RATIOS];

/// An arrow in a direction (radians clockwise from up) whose length is a share of the longest.
pub(super) fn arrow(ratio: u32, direction: f64, share: f64) -> &'static [u8] {
    let ratio_at = (ratio.clamp(1, RATIOS as u32) - 1) as usize;
    let turn = direction / std::f64::consts::TAU;
    let turn = turn - libm::floor(turn);
    let direction_at = libm::round(turn * DIRECTIONS as f64) as usize % DIRECTIONS;
    // What is no number becomes the longest arrow: an unbounded range must not hide the direction.
    let share = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
    let length_at = libm::round(share * (LENGTHS - 1) as f64) as usize;
    ARROWS[ratio_at][length_at][direction_at].get_or_init(|| {
        let part = length_at as f32 / (LENGTHS - 1) as f32;
        let length = SHORTEST_PX + (LONGEST_PX - SHORTEST_PX) * part;
        let degrees = direction_at as f32 * 360.0 / DIRECTIONS as f32;
        drawn(arrow_path(length), degrees, ratio_at + 1)
    })
}

/// What stands for a calm.
pub(super) fn dot(ratio: u32) -> &'static [u8] {
    let ratio_at = (ratio.clamp(1, RATIOS as u32) - 1) as usize;
    DOTS[ratio_at].get_or_init(|| drawn(PathBuilder::from_circle(0.0, 0.0, 1.5), 0.0, ratio_at + 1))
}

/// An arrow upwards around (0, 0).
fn arrow_path(length: f32) -> Option<Path> {
    let (half, head, shaft) = (length / 2.0, (0.42 * length).min(8.0), 0.8);
    let wing = head * 0.48;
    let mut path = PathBuilder::new();
    path.move_to(0.0, -half);
    path.line_to(wing, head - half);
    path.line_to(shaft, head * 0.82 - half);
    path.line_to(shaft, half);
    path.line_to(-shaft, half);
    path.line_to(-shaft, head * 0.82 - half);
    path.line_to(-wing, head - half);
    path.close();
    path.finish()
}

/// A filled path turned clockwise, as codes.
pub(super) fn drawn(path: Option<Path>, degrees: f32, ratio: usize) -> Sprite {
    let side = SPACING_PX * ratio as u32;
    let nothing = || vec![0; (side * side) as usize].into_boxed_slice();
    let (Some(path), Some(mut dark), Some(mut casing)) = (path, Mask::new(side, side), Mask::new(side, side)) else {
        return nothing();
    };
    let middle = side as f32 / 2.0;
    let place = Transform::from_rotate(degrees)
        .post_scale(ratio as f32, ratio as f32)
        .post_translate(middle, middle);
    let stroke = Stroke {
        width: 2.0 * CASING_PX,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    dark.fill_path(&path, FillRule::Winding, true, place);
    casing.fill_path(&path, FillRule::Winding, true, place);
    if let Some(outline) = path.stroke(&stroke, ratio as f32) {
        casing.fill_path(&outline, FillRule::Winding, true, place);
    }
    let codes = dark
        .data()
        .iter()
        .zip(casing.data())
        .map(|(dark, casing)| code(*dark, *casing));
    codes.collect()
}

/// The cover code of a pixel from the cover of the arrow and of arrow and casing together, 0 to 255.
fn code(dark: u8, casing: u8) -> u8 {
    let steps = |cover: u8, steps: u16| ((u16::from(cover) * steps + 127) / 255) as u8;
    match steps(dark, u16::from(LAST_CODE - CASING_CODE)) {
        0 => steps(casing, u16::from(CASING_CODE)),
        solid => CASING_CODE + solid,
    }
}
