//! Meridians and parallels, and their degrees and minutes around the map.

use super::Chart;
use crate::drawing::{Align, Colour, FAINT_INK, Hand, INK, Pen};
use crate::notation::{lat_dmm, lon_dmm};

const LINE: Colour = [0x3c, 0x5a, 0x70, 70];

/// Distances between lines, minutes.
const STEPS_MIN: [f64; 15] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0,
];

/// Lines of one kind: their degrees and where they stand.
struct Lines {
    degrees: Vec<f64>,
    /// Decimals of a minute that tell them apart.
    decimals: usize,
}

/// Lines between two degrees, so few that this many degrees stand between neighbours at least.
fn between(low: f64, high: f64, least_deg: f64) -> Lines {
    let step_min = STEPS_MIN
        .into_iter()
        .find(|step| step / 60.0 >= least_deg)
        .unwrap_or(STEPS_MIN[STEPS_MIN.len() - 1]);
    let step = step_min / 60.0;
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    Lines {
        degrees: (first..=last).map(|k| k as f64 * step).collect(),
        decimals: usize::from(step_min < 1.0),
    }
}

fn meridians(chart: &Chart<'_, '_>) -> Lines {
    let view = chart.view();
    let (west, _) = view.lon_lat(0.0, 0.0);
    let (east, _) = view.lon_lat(f64::from(view.width), 0.0);
    let apart = 125.0 * f64::from(chart.unit()) / f64::from(chart.map().width);
    between(west, east, (east - west) * apart)
}

fn parallels(chart: &Chart<'_, '_>) -> Lines {
    let view = chart.view();
    let (_, north) = view.lon_lat(0.0, 0.0);
    let (_, south) = view.lon_lat(0.0, f64::from(view.height));
    let apart = 95.0 * f64::from(chart.unit()) / f64::from(chart.map().height);
    between(south, north, (north - south) * apart)
}

/// The lines themselves.
pub(super) fn lines(chart: &mut Chart<'_, '_>) {
    let map = chart.map();
    let meridians = meridians(chart).degrees;
    let upright = meridians.iter().map(|lon| {
        let (x, _) = chart.spot((*lon, 0.0));
        vec![(x, map.top), (x, map.bottom())]
    });
    let mut lines: Vec<_> = upright.collect();
    let middle = chart.view().lon_lat(f64::from(chart.view().width) / 2.0, 0.0).0;
    for lat in parallels(chart).degrees {
        let (_, y) = chart.spot((middle, lat));
        lines.push(vec![(map.left, y), (map.right(), y)]);
    }
    chart.lines(&lines, Pen::solid(LINE, 0.9 * chart.unit()));
}

/// The map's frame with ticks and texts.
pub(super) fn frame(chart: &mut Chart<'_, '_>) {
    let (map, unit) = (chart.map(), chart.unit());
    let hand = Hand::regular(12.5 * unit).in_colour(FAINT_INK);
    let tick = Pen::solid(INK, 1.0 * unit);
    let middle = chart.view().lon_lat(f64::from(chart.view().width) / 2.0, 0.0).0;
    let lines = parallels(chart);
    for lat in lines.degrees {
        let (_, y) = chart.spot((middle, lat));
        chart.drawing.line(&[(map.left - 4.0 * unit, y), (map.left, y)], tick);
        let at = (map.left - 7.0 * unit, y + 4.4 * unit);
        chart.drawing.text(lat_dmm(lat, lines.decimals), at, hand, Align::Right);
    }
    let lines = meridians(chart);
    let mut free_from = 0.0;
    for lon in lines.degrees {
        let (x, _) = chart.spot((lon, 0.0));
        chart
            .drawing
            .line(&[(x, map.bottom()), (x, map.bottom() + 4.0 * unit)], tick);
        let text = lon_dmm(lon, lines.decimals);
        let half = chart.drawing.width(&text, hand) / 2.0;
        let fits = x - half >= free_from && x + half <= map.right() + 12.0 * unit;
        if fits {
            let at = (x, map.bottom() + 17.0 * unit);
            chart.drawing.text(text, at, hand, Align::Middle);
            free_from = x + half + 10.0 * unit;
        }
    }
    chart.drawing.stroke(map.path(), Pen::solid(INK, 1.3 * unit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_on_round_minutes() {
        let lines = between(4.21, 5.02, 0.1);
        let minutes: Vec<f64> = lines
            .degrees
            .iter()
            .map(|lon| (lon * 60.0 * 1e6).round() / 1e6)
            .collect();
        assert_eq!(minutes, [260.0, 270.0, 280.0, 290.0, 300.0]);
        assert_eq!(lines.decimals, 0);
        let fine = between(59.999, 60.004, 0.001);
        assert_eq!(fine.decimals, 1);
        assert!(fine.degrees.len() >= 2);
        assert_eq!(between(170.0, 190.0, 3.0).degrees, [170.0, 175.0, 180.0, 185.0, 190.0]);
    }
}
