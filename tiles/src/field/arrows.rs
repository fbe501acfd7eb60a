//! Arrows on a grid of the screen, towards where the field goes.

use super::scale::Scale;
use super::sprites::{self, SPACING_PX};
use super::{FieldStyle, Sampler, barbs};
use crate::MapView;

/// Slower than this share of the range an arrow is a dot: the direction means nothing.
const CALM_SHARE: f64 = 0.01;

/// Draws arrows into the indices of a picture.
pub(super) fn stamp(view: &MapView, samplers: &[Sampler<'_>], style: &FieldStyle, scale: &Scale, indices: &mut [u8]) {
    let ratio = view.pixel_ratio.clamp(1, 4);
    let spacing = SPACING_PX * ratio;
    for middle_y in (spacing / 2..view.height + spacing / 2).step_by(spacing as usize) {
        for middle_x in (spacing / 2..view.width + spacing / 2).step_by(spacing as usize) {
            let (lon, lat) = view.lon_lat(f64::from(middle_x), f64::from(middle_y));
            if !(-90.0..=90.0).contains(&lat) {
                continue;
            }
            let Some((east, north)) = samplers.iter().find_map(|sampler| sampler.value(lon, lat)) else {
                continue;
            };
            let corner = (
                i64::from(middle_x) - i64::from(spacing / 2),
                i64::from(middle_y) - i64::from(spacing / 2),
            );
            if style.look.has_barbs() {
                let from = on_screen(view, (lon, lat), -east, -north);
                let barb = barbs::barb(ratio, from, libm::hypot(east, north), lat < 0.0);
                put(view, &barb, spacing, corner, scale, indices);
                continue;
            }
            let share = libm::hypot(east, north) / style.range.1;
            let sprite = if share < CALM_SHARE {
                sprites::dot(ratio)
            } else {
                sprites::arrow(ratio, on_screen(view, (lon, lat), east, north), share)
            };
            put(view, sprite, spacing, corner, scale, indices);
        }
    }
}

/// Direction on the screen, radians clockwise from up, with the distortion of the map and of uneven pixels.
fn on_screen(view: &MapView, place: (f64, f64), east: f64, north: f64) -> f64 {
    let (right, up) = view.heading(place, east, north);
    libm::atan2(right, up)
}

fn put(view: &MapView, sprite: &[u8], side: u32, corner: (i64, i64), scale: &Scale, indices: &mut [u8]) {
    let (width, height) = (i64::from(view.width), i64::from(view.height));
    for (dy, codes) in sprite.chunks_exact(side as usize).enumerate() {
        let y = corner.1 + dy as i64;
        if !(0..height).contains(&y) {
            continue;
        }
        for (dx, code) in codes.iter().enumerate() {
            let x = corner.0 + dx as i64;
            if *code != 0 && (0..width).contains(&x) {
                let at = (y * width + x) as usize;
                indices[at] = scale.under_arrow(indices[at], *code);
            }
        }
    }
}
