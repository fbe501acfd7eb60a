//! The scale: nautical miles above, kilometres below, and the latitude that it holds for.

use super::Chart;
use crate::drawing::{Align, Frame, Hand, INK, Pen, Spot, WHITE};
use crate::notation::{M_PER_NM, NBSP, lat_dmm};

/// Width that a bar comes near to, in units of the design.
const WANTED: f32 = 170.0;

/// The longest round length that is no longer than the wanted one.
fn round_length(most: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(most)));
    let factor = [8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
        .into_iter()
        .find(|factor| factor * power <= most);
    factor.unwrap_or(1.0) * power
}

fn length_text(length: f64) -> String {
    format!("{}", libm::round(length * 1e6) / 1e6)
}

/// Draws the scale into the corner that covers the fewest of these places, and keeps labels off it.
pub(crate) fn draw(chart: &mut Chart<'_, '_>, avoid: &[Spot]) {
    let unit = chart.unit();
    let frame = corner(chart.map(), (WANTED + 66.0) * unit, 68.0 * unit, 8.0 * unit, avoid);
    chart.labels.take(frame);
    let per_m = f64::from(chart.units_per_m());
    let middle = f64::from(chart.view().height) / 2.0;
    let (_, lat) = chart.view().lon_lat(0.0, middle);
    let drawing = &mut chart.drawing;
    drawing.fill(frame.path(), [255, 255, 255, 225]);
    drawing.stroke(frame.path(), Pen::solid(INK, 0.7 * unit));
    let small = Hand::regular(11.0 * unit);
    let left = frame.left + 12.0 * unit;
    for (metres, name, y, text_y) in [
        (M_PER_NM, "NM", frame.top + 19.0 * unit, frame.top + 14.0 * unit),
        (1000.0, "km", frame.top + 26.0 * unit, frame.top + 44.0 * unit),
    ] {
        let length = round_length(f64::from(WANTED * unit) / per_m / metres);
        let width = (length * metres * per_m) as f32;
        for quarter in 0..4 {
            let piece = Frame {
                left: left + width * quarter as f32 / 4.0,
                top: y,
                width: width / 4.0,
                height: 6.0 * unit,
            };
            drawing.fill(piece.path(), if quarter % 2 == 0 { INK } else { WHITE });
            drawing.stroke(piece.path(), Pen::solid(INK, 0.8 * unit));
        }
        for (share, text) in [(0.0, "0".to_owned()), (0.5, length_text(length / 2.0))] {
            drawing.text(text, (left + width * share, text_y), small, Align::Middle);
        }
        // The number stands under the end of its bar, the unit after it.
        let text = length_text(length);
        let end = left + width - drawing.width(&text, small) / 2.0;
        drawing.text(format!("{text}{NBSP}{name}"), (end, text_y), small, Align::Left);
    }
    let text = format!("Mercator, scale at{NBSP}{}", lat_dmm(lat, 0));
    let at = (left - 5.0 * unit, frame.bottom() - 7.0 * unit);
    drawing.text(text, at, Hand::regular(10.0 * unit), Align::Left);
    north(chart, frame);
}

/// A small arrow to the north at the right end of the scale.
fn north(chart: &mut Chart<'_, '_>, frame: Frame) {
    let unit = chart.unit();
    let (x, top) = (frame.right() - 14.0 * unit, frame.bottom() - 33.0 * unit);
    let corners = [
        (x, top),
        (x + 5.0 * unit, top + 14.0 * unit),
        (x, top + 11.0 * unit),
        (x - 5.0 * unit, top + 14.0 * unit),
    ];
    let path = crate::drawing::closed_path([corners.as_slice()]);
    chart.drawing.fill(path, INK);
    let at = (x, top + 25.0 * unit);
    chart.drawing.text("N", at, Hand::bold(10.5 * unit), Align::Middle);
}

/// The corner of the map that covers the fewest places; of equal ones the lower left, then the lower right.
fn corner(map: Frame, width: f32, height: f32, gap: f32, avoid: &[Spot]) -> Frame {
    let (left, right) = (map.left + gap, map.right() - gap - width);
    let (top, bottom) = (map.top + gap, map.bottom() - gap - height);
    let corners = [(left, bottom), (right, bottom), (right, top), (left, top)];
    let frames = corners.map(|(left, top)| Frame {
        left,
        top,
        width,
        height,
    });
    let covered = |frame: &Frame| {
        let near = frame.inset(-4.0);
        avoid.iter().filter(|spot| near.holds(**spot)).count()
    };
    frames.into_iter().min_by_key(covered).unwrap_or(frames[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_round() {
        let found = [0.013, 0.9, 1.0, 4.9, 73.0, 1999.0].map(|most| length_text(round_length(most)));
        assert_eq!(found, ["0.01", "0.8", "1", "4", "60", "1000"]);
    }

    #[test]
    fn the_emptiest_corner_is_taken() {
        let map = Frame {
            left: 0.0,
            top: 0.0,
            width: 400.0,
            height: 300.0,
        };
        let at = |avoid: &[Spot]| corner(map, 100.0, 50.0, 10.0, avoid);
        assert_eq!((at(&[]).left, at(&[]).top), (10.0, 240.0));
        assert_eq!(at(&[(20.0, 250.0)]).left, 290.0);
        assert_eq!(at(&[(20.0, 250.0), (300.0, 250.0)]).top, 10.0);
    }
}
