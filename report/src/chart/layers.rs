//! What lies on the map: areas, particles, tracks, the datum's way, starts.

use driftline_domain::{ValidTime, meters_per_degree};
use driftline_tiles::{MarkStatus, Scheme, area_rims, level_colour};
use geo::{Area as _, Polygon};
use tiny_skia::PathBuilder;

use super::legend::{datum_mark, datum_pen, particle_mark, start_mark, track_pen};
use super::{Chart, labels, scale_bar};
use crate::drawing::{Align, Dash, Frame, Hand, INK, Item, Mark, Pen, Spot, WHITE, closed_path};
use crate::notation;
use crate::{Area, Snapshot, StartShape};

/// Hours between the times along the datum's way.
const TICKS_H: [i64; 8] = [1, 2, 3, 6, 12, 24, 48, 96];
/// Times along the datum's way at most.
const MOST_TICKS: i64 = 8;
/// Nearest that two times along it come to each other, units of the design.
const TICKS_APART: f32 = 26.0;

/// The outline of a level, as on all our maps: solid, dashed, dotted.
pub(crate) fn level_pen(level: f64, unit: f32) -> Pen {
    let [r, g, b] = level_colour(level, Scheme::Day);
    let (dash, width) = if level <= 0.5 {
        (Dash::Solid, 2.7)
    } else if level <= 0.9 {
        (Dash::Dashed, 2.2)
    } else {
        (Dash::Dotted, 3.0)
    };
    Pen {
        colour: [r, g, b, 255],
        width: width * unit,
        dash,
    }
}

/// "50 %".
pub(crate) fn level_text(level: f64) -> String {
    notation::percent(level)
}

impl Chart<'_, '_> {
    /// Areas, the largest level at the bottom, with or without a tint.
    pub(crate) fn areas(&mut self, areas: &[Area], tinted: bool) {
        let mut order: Vec<&Area> = areas.iter().collect();
        order.sort_by(|a, b| b.level.total_cmp(&a.level));
        if tinted {
            for area in &order {
                let rings: Vec<Vec<Spot>> = area.polygons.iter().flat_map(|polygon| self.rings(polygon)).collect();
                let [r, g, b] = level_colour(area.level, Scheme::Day);
                let path = closed_path(rings.iter().map(Vec::as_slice));
                self.drawing.fill(path, [r, g, b, 46]);
            }
        }
        for area in &order {
            let rims: Vec<Vec<Spot>> = area
                .polygons
                .iter()
                .flat_map(area_rims)
                .map(|rim| self.spots(&rim))
                .collect();
            let pen = level_pen(area.level, self.unit());
            let casing = Pen::solid([255, 255, 255, 150], pen.width + 2.0 * self.unit());
            self.lines(&rims, casing);
            self.lines(&rims, pen);
        }
    }

    fn rings(&self, polygon: &Polygon<f64>) -> Vec<Vec<Spot>> {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(|ring| self.spots(ring)).collect()
    }

    /// The level beside the largest part of each area: 50 % in the north, 90 % in the east, 95 % in the south if there is
    /// room.
    pub(crate) fn area_labels(&mut self, areas: &[Area]) {
        let unit = self.unit();
        for area in areas {
            let largest = area
                .polygons
                .iter()
                .max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
            let Some(polygon) = largest else { continue };
            let rim = self.spots(polygon.exterior());
            let hand = Hand::bold(13.0 * unit)
                .in_colour(level_pen(area.level, unit).colour)
                .on_halo();
            let text = level_text(area.level);
            let size = (self.drawing.width(&text, hand) + 4.0 * unit, 15.0 * unit);
            let towards: (f32, f32) = if area.level <= 0.5 {
                (0.2, -1.0)
            } else if area.level <= 0.9 {
                (1.0, -0.2)
            } else {
                (-0.2, 1.0)
            };
            if let Some(frame) = self.labels.first_free(beside(&rim, towards, size, 3.0 * unit)) {
                self.write_in(frame, text, hand);
            }
        }
    }

    fn write_in(&mut self, frame: Frame, text: String, hand: Hand) {
        let at = (
            frame.left + frame.width / 2.0,
            frame.top + frame.height / 2.0 + hand.size * 0.35,
        );
        self.drawing.text(text, at, hand, Align::Middle);
    }

    /// Particles by their state; at most so many of those adrift.
    pub(crate) fn particles(&mut self, snapshot: &Snapshot<'_>, most: usize) {
        for status in MarkStatus::ALL {
            self.particles_in(snapshot, status, most);
        }
    }

    /// Particles of one state, so many at most.
    pub(crate) fn particles_in(&mut self, snapshot: &Snapshot<'_>, status: MarkStatus, most: usize) {
        let (places, _) = snapshot.sample(status, most);
        let spots: Vec<Spot> = places.iter().map(|place| self.spot(*place)).collect();
        let unit = self.unit();
        let (mark, size, colour) = particle_mark(status);
        // Many are small, so that the shore stays readable.
        let size = match (mark, spots.len()) {
            (Mark::Disc, _) | (_, 0..100) => size,
            (_, 100..500) => 0.8 * size,
            _ => 0.6 * size,
        };
        if mark == Mark::Diamond && spots.len() < 100 {
            self.drawing
                .marks(mark, spots.clone(), (size + 1.2) * unit, [255, 255, 255, 200]);
        }
        self.drawing.marks(mark, spots, size * unit, colour);
    }

    /// Ways of particles.
    pub(crate) fn tracks(&mut self, tracks: &[Vec<(f64, f64)>]) {
        let lines: Vec<Vec<Spot>> = tracks
            .iter()
            .map(|track| track.iter().map(|place| self.spot(*place)).collect())
            .collect();
        // One path each: where many lie over each other, the ink grows darker.
        let pen = track_pen(self.unit());
        for line in lines.iter().filter(|line| line.len() > 1) {
            self.drawing.line(line, pen);
        }
    }

    /// Where shown tracks end adrift.
    pub(crate) fn ends(&mut self, places: &[(f64, f64)]) {
        let spots: Vec<Spot> = places.iter().map(|place| self.spot(*place)).collect();
        let (mark, size, [r, g, b, _]) = particle_mark(MarkStatus::Active);
        let size = (size + 0.8) * self.unit();
        self.drawing.marks(mark, spots, size, [r, g, b, 255]);
    }

    /// The way of the datum with times along it, and the datum at its end.
    pub(crate) fn datum_line(&mut self, datums: &[(ValidTime, (f64, f64))]) {
        let unit = self.unit();
        let spots: Vec<Spot> = datums.iter().map(|(_, place)| self.spot(*place)).collect();
        let pen = datum_pen(unit);
        self.drawing
            .line(&spots, Pen::solid([255, 255, 255, 190], pen.width + 2.4 * unit));
        self.drawing.line(&spots, pen);
        let ticks = ticks(datums, &spots, TICKS_APART * unit);
        for at in &ticks {
            let circle = PathBuilder::from_circle(spots[*at].0, spots[*at].1, 3.2 * unit);
            self.drawing.fill(circle.clone(), WHITE);
            self.drawing.stroke(circle, Pen::solid(INK, 1.5 * unit));
        }
        for spot in along(&spots, 6.0 * unit) {
            self.labels.take_around(spot, 3.0 * unit);
        }
        if let Some(end) = spots.last() {
            datum_mark(&mut self.drawing, *end, unit);
            self.labels.take_around(*end, 8.0 * unit);
        }
    }

    /// The times along the datum's way, and at its end in bold.
    pub(crate) fn datum_labels(&mut self, datums: &[(ValidTime, (f64, f64))]) {
        let unit = self.unit();
        let spots: Vec<Spot> = datums.iter().map(|(_, place)| self.spot(*place)).collect();
        let ticks = ticks(datums, &spots, TICKS_APART * unit);
        let last = spots.len().checked_sub(1);
        let labelled = last.into_iter().chain(ticks);
        for at in labelled {
            let is_end = Some(at) == last;
            let hand = if is_end {
                Hand::bold(12.5 * unit)
            } else {
                Hand::regular(11.5 * unit)
            };
            self.label(
                spots[at],
                notation::tick(datums[at].0),
                hand,
                if is_end { 9.0 } else { 6.0 },
            );
        }
    }

    fn label(&mut self, spot: Spot, text: String, hand: Hand, gap: f32) {
        let unit = self.unit();
        let size = (self.drawing.width(&text, hand) + 4.0 * unit, hand.size * 1.2);
        let near = labels::around(spot, size, gap * unit);
        let farther = labels::around(spot, size, (gap + 7.0) * unit);
        if let Some(frame) = self.labels.first_free(near.into_iter().chain(farther)) {
            self.write_in(frame, text, hand.on_halo());
        }
    }

    /// Where the object started.
    pub(crate) fn starts(&mut self) {
        let unit = self.unit();
        let rim = Pen {
            colour: INK,
            width: 1.3 * unit,
            dash: Dash::Dashed,
        };
        for start in &self.scene.starts {
            match &start.shape {
                StartShape::Point {
                    lon_deg,
                    lat_deg,
                    radius_m,
                } => {
                    let (x, y) = self.spot((*lon_deg, *lat_deg));
                    let (_, lat_m) = meters_per_degree(*lat_deg);
                    let (_, edge) = self.spot((*lon_deg, lat_deg + radius_m / lat_m));
                    self.drawing.stroke(PathBuilder::from_circle(x, y, y - edge), rim);
                }
                StartShape::Line(places) => {
                    let line: Vec<Spot> = places.iter().map(|place| self.spot(*place)).collect();
                    self.lines(&[line], rim);
                }
                StartShape::Polygon(places) => {
                    let ring: Vec<Spot> = places.iter().map(|place| self.spot(*place)).collect();
                    self.drawing.stroke(closed_path([ring.as_slice()]), rim);
                }
            }
            if let Some(spot) = start.places().first().map(|place| self.spot(*place)) {
                start_mark(&mut self.drawing, spot, unit);
                self.labels.take_around(spot, 8.0 * unit);
            }
        }
    }

    /// The names of the starts.
    pub(crate) fn start_labels(&mut self) {
        let hand = Hand::bold(13.0 * self.unit());
        for start in &self.scene.starts {
            if let Some(spot) = start.places().first().map(|place| self.spot(*place)) {
                // Outside of the circle of uncertainty, unless that is large.
                let radius = match &start.shape {
                    StartShape::Point { radius_m, .. } => *radius_m as f32 * self.units_per_m() / self.unit(),
                    StartShape::Line(_) | StartShape::Polygon(_) => 0.0,
                };
                let gap = if radius < 90.0 { (radius + 4.0).max(9.0) } else { 9.0 };
                self.label(spot, start.label.clone(), hand, gap);
            }
        }
    }

    /// The scale, in the corner where it covers the least of what has been drawn.
    pub(crate) fn scale_bar(&mut self) {
        let avoid = self.drawn();
        scale_bar::draw(self, &avoid);
    }

    /// The scale, in the corner where it covers the least of another chart of the same map.
    pub(crate) fn scale_bar_off(&mut self, other: &Self) {
        scale_bar::draw(self, &other.drawn());
    }

    /// Places of what has been drawn over the map.
    fn drawn(&self) -> Vec<Spot> {
        let mut spots: Vec<Spot> = Vec::new();
        for item in &self.drawing.items {
            match item {
                Item::Marks(_, places, ..) => spots.extend(places),
                Item::Stroke(path, pen) if pen.colour != super::SHORE && pen.colour[3] > 100 => {
                    spots.extend(path.points().iter().map(|point| (point.x, point.y)));
                }
                _ => {}
            }
        }
        spots
    }
}

/// Places along the datum's way that get a time: at whole steps since the start, apart from each other.
fn ticks(datums: &[(ValidTime, (f64, f64))], spots: &[Spot], apart: f32) -> Vec<usize> {
    let (Some((first, _)), Some((last, _))) = (datums.first(), datums.last()) else {
        return Vec::new();
    };
    let span_s = (last.unix_s() - first.unix_s()).abs();
    let step_h = TICKS_H.into_iter().find(|hours| span_s / (hours * 3600) <= MOST_TICKS);
    let step_s = step_h.unwrap_or(TICKS_H[TICKS_H.len() - 1]) * 3600;
    let mut found: Vec<usize> = Vec::new();
    let far = |a: Spot, b: Spot| (a.0 - b.0).hypot(a.1 - b.1) >= apart;
    for (at, (time, _)) in datums.iter().enumerate() {
        let is_whole = (time.unix_s() - first.unix_s()) % step_s == 0;
        let is_apart = found.last().is_none_or(|before| far(spots[*before], spots[at]));
        let is_end = at + 1 == datums.len();
        // The start has its own mark, the end as well.
        if at > 0 && is_whole && is_apart && !is_end && far(spots[0], spots[at]) {
            found.push(at);
        }
    }
    found
}

/// Places along a line, no farther from each other than this.
fn along(line: &[Spot], apart: f32) -> Vec<Spot> {
    let mut places: Vec<Spot> = line.first().copied().into_iter().collect();
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let steps = (dx.hypot(dy) / apart).ceil().clamp(1.0, 500.0) as usize;
        let share = |step: usize| step as f32 / steps as f32;
        places.extend((1..=steps).map(|step| (pair[0].0 + dx * share(step), pair[0].1 + dy * share(step))));
    }
    places
}

/// Frames of a size just outside of a rim, those in a direction first.
fn beside(rim: &[Spot], towards: (f32, f32), (width, height): (f32, f32), gap: f32) -> Vec<Frame> {
    let count = rim.len().max(1) as f32;
    let centre = rim
        .iter()
        .fold((0.0, 0.0), |sum, spot| (sum.0 + spot.0 / count, sum.1 + spot.1 / count));
    let mut found: Vec<(f32, Frame)> = Vec::new();
    for (x, y) in rim.iter().step_by((rim.len() / 64).max(1)) {
        let (dx, dy) = (x - centre.0, y - centre.1);
        let length = dx.hypot(dy).max(1e-3);
        let (dx, dy) = (dx / length, dy / length);
        let middle = (x + dx * (width / 2.0 + gap), y + dy * (height / 2.0 + gap));
        let frame = Frame {
            left: middle.0 - width / 2.0,
            top: middle.1 - height / 2.0,
            width,
            height,
        };
        found.push(((x - centre.0) * towards.0 + (y - centre.1) * towards.1, frame));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, frame)| frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hourly(hours: i64) -> Vec<(ValidTime, (f64, f64))> {
        let time = |hour| ValidTime::from_unix_s(1_700_000_000 + hour * 3600).unwrap();
        (0..=hours)
            .map(|hour| (time(hour), (4.0 + hour as f64 * 0.01, 60.0)))
            .collect()
    }

    #[test]
    fn times_along_the_way_are_few_and_apart() {
        let datums = hourly(24);
        let spots: Vec<Spot> = (0..=24).map(|hour| (hour as f32 * 20.0, 0.0)).collect();
        assert_eq!(ticks(&datums, &spots, 30.0), [3, 6, 9, 12, 15, 18, 21]);
        assert_eq!(ticks(&datums, &spots, 130.0), [9, 18]);
        assert!(ticks(&datums, &[(5.0, 5.0); 25], 30.0).is_empty());
        assert!(ticks(&[], &[], 30.0).is_empty());
    }

    #[test]
    fn a_label_stands_outside_of_its_rim_in_its_direction() {
        let rim: Vec<Spot> = (0..100)
            .map(|k| (k as f32 * 0.0628).sin_cos())
            .map(|(sin, cos)| (100.0 + 50.0 * cos, 100.0 + 50.0 * sin))
            .collect();
        let frames = beside(&rim, (0.0, -1.0), (30.0, 14.0), 3.0);
        assert!(frames[0].bottom() < 50.0, "{:?}", frames[0]);
        assert!((frames[0].left + 15.0 - 100.0).abs() < 10.0);
    }
}
