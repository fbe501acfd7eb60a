//! Wind barbs as cover codes (see [`super::scale`]): the station in the middle of a cell, the staff towards where the wind
//! comes from, feathers on the side of low pressure: to the right of somebody who looks along the staff in the north, to
//! the left in the south (WMO-No. 485, attachment IV).

use tiny_skia::{LineCap, Path, PathBuilder, Stroke};

use super::sprites::{Sprite, dot, drawn};

/// Knots in a metre per second: 3600 s over 1852 m.
const KN_PER_MS: f64 = 3600.0 / 1852.0;
/// Lengths in pixels of an ordinary screen.
const STAFF_PX: f32 = 14.0;
const FEATHER_PX: f32 = 6.5;
const GAP_PX: f32 = 2.7;
const LINE_PX: f32 = 1.3;
/// Faster winds are drawn as this one.
const FASTEST_KN: f64 = 250.0;

/// The barb of a wind in m/s from a direction (radians clockwise from up); less than 2.5 knots are a calm.
pub(super) fn barb(ratio: u32, from: f64, speed_ms: f64, is_south: bool) -> Sprite {
    let fives = fives(speed_ms);
    if fives == 0 {
        return dot(ratio).into();
    }
    let ratio = ratio.clamp(1, 4) as usize;
    drawn(outline(fives, is_south, ratio as f32), from.to_degrees() as f32, ratio)
}

/// Multiples of five knots.
fn fives(speed_ms: f64) -> u32 {
    let knots = speed_ms * KN_PER_MS;
    // What is no number is no wind.
    if knots >= 0.0 {
        libm::round(knots.min(FASTEST_KN) / 5.0) as u32
    } else {
        0
    }
}

/// Pennants, barbs and half barbs.
fn feathers(fives: u32) -> (u32, u32, u32) {
    (fives / 10, fives % 10 / 2, fives % 2)
}

/// The barb upwards from (0, 0), as an outline to fill.
fn outline(fives: u32, is_south: bool, ratio: f32) -> Option<Path> {
    let (pennants, whole, half) = feathers(fives);
    let side = if is_south { -1.0 } else { 1.0 };
    let slots = 1.6 * pennants as f32 + (whole + half) as f32;
    // Strong winds have more feathers than the staff has room for at the usual distance.
    let gap = GAP_PX.min((STAFF_PX - 1.0) / slots.max(1.0));
    let mut lines = PathBuilder::new();
    lines.move_to(0.0, 0.0);
    lines.line_to(0.0, -STAFF_PX);
    let mut filled = PathBuilder::new();
    let mut at = -STAFF_PX;
    for _ in 0..pennants {
        filled.move_to(0.0, at);
        filled.line_to(side * FEATHER_PX, at + 0.4 * gap);
        filled.line_to(0.0, at + 1.4 * gap);
        filled.close();
        at += 1.6 * gap;
    }
    // A half barb alone stands a little in from the end, so that it is not taken for a whole one.
    if pennants == 0 && whole == 0 {
        at += gap;
    }
    for share in std::iter::repeat_n(1.0, whole as usize).chain(std::iter::repeat_n(0.5, half as usize)) {
        lines.move_to(0.0, at);
        lines.line_to(side * FEATHER_PX * share, at - 0.9 * gap * share);
        at += gap;
    }
    let stroke = Stroke {
        width: LINE_PX,
        line_cap: LineCap::Round,
        ..Stroke::default()
    };
    filled.push_path(&lines.finish()?.stroke(&stroke, ratio)?);
    filled.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feathers_add_up_to_the_speed() {
        for (knots, expected) in [
            (2.0, (0, 0, 0)),
            (3.0, (0, 0, 1)),
            (12.4, (0, 1, 0)),
            (27.0, (0, 2, 1)),
            (48.0, (1, 0, 0)),
            (66.0, (1, 1, 1)),
            (120.0, (2, 2, 0)),
        ] {
            assert_eq!(feathers(fives(knots / KN_PER_MS)), expected, "{knots}");
        }
        assert_eq!((fives(f64::NAN), fives(1e9)), (0, 50));
    }

    #[test]
    fn the_south_is_the_mirror_of_the_north() {
        let (north, south) = (barb(1, 0.0, 33.0, false), barb(1, 0.0, 33.0, true));
        let side = 32;
        let (mut right, mut left) = (0, 0);
        for (at, code) in north.iter().enumerate() {
            if *code > 8 {
                right += usize::from(at % side > 17);
                left += usize::from(at % side < 14);
            }
        }
        assert!(right > 10 && left == 0, "{right} {left}");
        let mirrored: Vec<u8> = north.chunks(side).flat_map(|row| row.iter().rev()).copied().collect();
        // The rasteriser samples edges from one side: what is mirrored differs by single shades along them.
        let off: usize = mirrored
            .iter()
            .zip(south.iter())
            .map(|(a, b)| usize::from(a.abs_diff(*b)))
            .sum();
        let ink: usize = south.iter().map(|code| usize::from(*code)).sum();
        assert!(off * 20 < ink, "{off} of {ink}");
        // From the south the staff points down.
        let below = barb(1, std::f64::consts::PI, 5.0, false);
        assert!(below[side * 28 + 16] > 4 && below[side * 4 + 16] == 0);
    }
}
