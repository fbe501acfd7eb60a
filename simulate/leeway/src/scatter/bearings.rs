//! Places along lines of bearing: evenly by area within the ranges, times the likelihood of every bearing.
//!
//! One line is drawn from directly. Of several the product of the likelihoods may be a sliver of what each of them
//! allows, so the surest line's fan is cut into cells, ever finer where the product can be large. Each cell has a bound
//! that no place in it exceeds: cells are drawn by area times bound, and a place in a cell is kept with the probability of
//! its likelihood to the bound. That is exact but for places e^16 times less likely than the best one.
//!
//! The edges of sectors and ranges are hard, and observers are not: two that miss each other by a little are accepted in
//! a mission. Where lines leave next to nothing in common their edges are widened, as little as gives particles room.

use driftline_domain::{BearingLine, BearingsRelease, Spread, wrap_lon_deg};

use super::{Dice, degrees};
use crate::random::Draw;
use crate::{displacement, moved};

/// Mean radius of the Earth, metres: for areas only, which are wrong by less than 0.1 % across 500 km.
const RADIUS_M: f64 = 6_371_008.8;
/// Standard deviations of the surest line that its fan spans on either side.
const FAN_SIGMAS: f64 = 6.0;
/// Cells whose bound is less likely than the best place by this in the logarithm are left out.
const NEGLIGIBLE: f64 = 16.0;
/// Cells are cut until this share of draws is kept, or there are so many.
const WANTED_SHARE: f64 = 0.3;
/// Of fewer cells the middles do not tell how much is kept.
const MIN_CELLS: usize = 128;
const MAX_CELLS: usize = 4_000;
const MAX_CUTS: u32 = 48;
/// Where less of the draws is kept, lines have next to nothing in common.
const LEAST_SHARE: f64 = 0.03;
/// By how much edges are then widened in turn: sectors by degrees on either side, ranges by hundredths. A mission counts
/// either as a standard deviation and allows six.
const WIDENED: [f64; 8] = [0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// Draws before the best place known is taken.
const MAX_DRAWS: u32 = 256;

/// Lines made ready.
#[derive(Debug, Clone)]
pub(super) enum Lines {
    One(Line),
    Several(Box<Crossing>),
}

/// A line as it is computed with.
#[derive(Debug, Clone)]
pub(super) struct Line {
    place: (f64, f64),
    bearing_deg: f64,
    spread: Spread,
    range_m: [f64; 2],
}

/// Several lines, and the cells of the fan of the first.
#[derive(Debug, Clone)]
pub(super) struct Crossing {
    surest: Line,
    others: Vec<Line>,
    cells: Vec<Cell>,
    /// For each cell the sum of area times bound up to and with it.
    sums: Vec<f64>,
    best: (f64, f64),
    /// Share of the draws that is kept, by the middles of the cells.
    share: f64,
}

/// A part of a fan: off the bearing in degrees, and from the observer in metres.
#[derive(Debug, Clone, Copy)]
struct Cell {
    off_deg: [f64; 2],
    range_m: [f64; 2],
    /// Logarithm of the likelihood that no place in it exceeds.
    bound: f64,
}

impl Lines {
    pub(super) fn new(release: &BearingsRelease) -> Self {
        if let [line] = release.lines.as_slice() {
            return Self::One(Line::new(line));
        }
        let fits = degrees(release.crossing().0);
        let mut crossing = Crossing::of(release, 0.0, fits);
        for by in WIDENED.into_iter().skip(1) {
            if crossing.share >= LEAST_SHARE {
                break;
            }
            crossing = Crossing::of(release, by, fits);
        }
        Self::Several(Box::new(crossing))
    }

    /// Longitude and latitude of a particle.
    pub(super) fn place(&self, dice: Dice) -> (f64, f64) {
        match self {
            Self::One(line) => {
                let draw = dice.draw(0);
                let (off_deg, share) = match line.spread {
                    Spread::SigmaDeg(sigma_deg) => (sigma_deg * draw.normals().0, draw.uniforms()[2]),
                    Spread::WidthDeg(width_deg) => {
                        let [across, along, ..] = draw.uniforms();
                        ((across - 0.5) * width_deg, along)
                    }
                };
                line.at(off_deg, range_within(line.range_m, share))
            }
            Self::Several(crossing) => crossing.place(dice),
        }
    }
}

impl Line {
    /// Nobody saw anything: for a list without lines, which no mission has.
    const NONE: Self = Self {
        place: (0.0, 0.0),
        bearing_deg: 0.0,
        spread: Spread::WidthDeg(0.0),
        range_m: [0.0, 0.0],
    };

    fn new(line: &BearingLine) -> Self {
        Self {
            place: degrees(line.position),
            bearing_deg: line.bearing_deg,
            spread: line.spread,
            range_m: [line.min_range_m, line.range_m],
        }
    }

    /// With its edges farther out; a bearing with a standard deviation has none.
    fn widened(self, by: f64) -> Self {
        let [near_m, far_m] = self.range_m;
        Self {
            spread: match self.spread {
                Spread::SigmaDeg(sigma_deg) => Spread::SigmaDeg(sigma_deg),
                Spread::WidthDeg(width_deg) => Spread::WidthDeg((width_deg + 2.0 * by).min(360.0)),
            },
            range_m: [near_m * (1.0 - 0.01 * by), far_m * (1.0 + 0.01 * by)],
            ..self
        }
    }

    /// The place so far off the bearing and so far away.
    fn at(&self, off_deg: f64, range_m: f64) -> (f64, f64) {
        let (sin, cos) = libm::sincos((self.bearing_deg + off_deg).to_radians());
        moved(self.place.0, self.place.1, range_m * sin, range_m * cos)
    }

    /// Everything the line allows, as one cell.
    fn fan(&self) -> Cell {
        let half_deg = match self.spread {
            Spread::SigmaDeg(sigma_deg) => (FAN_SIGMAS * sigma_deg).min(180.0),
            Spread::WidthDeg(width_deg) => width_deg / 2.0,
        };
        Cell {
            off_deg: [-half_deg, half_deg],
            range_m: self.range_m,
            bound: 0.0,
        }
    }

    /// Logarithm of the likelihood of a direction, its largest value being 0.
    fn likelihood(&self, off_deg: f64) -> f64 {
        match self.spread {
            Spread::SigmaDeg(sigma_deg) => -0.5 * (off_deg / sigma_deg) * (off_deg / sigma_deg),
            Spread::WidthDeg(width_deg) if off_deg.abs() <= width_deg / 2.0 => 0.0,
            Spread::WidthDeg(_) => f64::NEG_INFINITY,
        }
    }

    /// The largest logarithm of the likelihood within a distance of a place; at 0 that of the place itself.
    fn bound(&self, place: (f64, f64), around_m: f64) -> f64 {
        let (east_m, north_m) = displacement(self.place, place);
        let distance_m = libm::hypot(east_m, north_m);
        let [least_m, most_m] = self.range_m;
        if distance_m - around_m > most_m || distance_m + around_m < least_m {
            return f64::NEG_INFINITY;
        }
        if around_m >= distance_m {
            return 0.0;
        }
        let off_deg = wrap_lon_deg(libm::atan2(east_m, north_m).to_degrees() - self.bearing_deg).abs();
        let tolerance_deg = libm::asin(around_m / distance_m).to_degrees();
        self.likelihood((off_deg - tolerance_deg).max(0.0))
    }
}

impl Crossing {
    /// The lines with their edges widened; `fits` is the place to take while none is known that all of them allow.
    fn of(release: &BearingsRelease, by: f64, fits: (f64, f64)) -> Self {
        let mut lines: Vec<Line> = release.lines.iter().map(|line| Line::new(line).widened(by)).collect();
        lines.sort_by(|a, b| a.fan().area_m2().total_cmp(&b.fan().area_m2()));
        let mut lines = lines.into_iter();
        let surest = lines.next().unwrap_or(Line::NONE);
        Self::new(surest, lines.collect(), fits)
    }

    fn new(surest: Line, others: Vec<Line>, fits: (f64, f64)) -> Self {
        let whole = surest.fan();
        let mut crossing = Self {
            best: fits,
            share: 0.0,
            surest,
            others,
            cells: vec![whole],
            sums: Vec::new(),
        };
        let mut highest = f64::NEG_INFINITY;
        for _ in 0..MAX_CUTS {
            let mut kept = 0.0;
            let mut finer = Vec::with_capacity(2 * crossing.cells.len());
            for cell in crossing.cells.iter().flat_map(Cell::halves) {
                let (place, here, bound) = crossing.look(&cell);
                if here > highest {
                    (highest, crossing.best) = (here, place);
                }
                kept += cell.area_m2() * libm::exp(here);
                finer.push(Cell { bound, ..cell });
            }
            finer.retain(|cell| cell.bound >= highest - NEGLIGIBLE && cell.bound > f64::NEG_INFINITY);
            let drawn: f64 = finer.iter().map(|cell| cell.area_m2() * libm::exp(cell.bound)).sum();
            crossing.cells = finer;
            crossing.share = if drawn > 0.0 { kept / drawn } else { 0.0 };
            let count = crossing.cells.len();
            if count == 0 || count > MAX_CELLS || (count >= MIN_CELLS && kept >= WANTED_SHARE * drawn) {
                break;
            }
        }
        let top = crossing
            .cells
            .iter()
            .map(|cell| cell.bound)
            .fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for cell in &crossing.cells {
            sum += cell.area_m2() * libm::exp(cell.bound - top);
            crossing.sums.push(sum);
        }
        crossing
    }

    /// The middle of a cell, the logarithm of its likelihood, and the bound of the whole cell.
    fn look(&self, cell: &Cell) -> ((f64, f64), f64, f64) {
        let middle = |[a, b]: [f64; 2]| f64::midpoint(a, b);
        let (off_deg, range_m) = (middle(cell.off_deg), middle(cell.range_m));
        let place = self.surest.at(off_deg, range_m);
        // Along the ray, then along the arc; a little more for the ellipsoid.
        let around_m = 1.01
            * ((cell.range_m[1] - cell.range_m[0]) / 2.0
                + cell.range_m[1] * ((cell.off_deg[1] - cell.off_deg[0]) / 2.0).to_radians());
        let [left, right] = cell.off_deg;
        let nearest = if left * right <= 0.0 {
            0.0
        } else {
            left.abs().min(right.abs())
        };
        let sum = |own: f64, around_m: f64| {
            let others = self.others.iter().map(|line| line.bound(place, around_m));
            self.surest.likelihood(own) + others.sum::<f64>()
        };
        (place, sum(off_deg, 0.0), sum(nearest, around_m))
    }

    fn place(&self, dice: Dice) -> (f64, f64) {
        let draws = (0..MAX_DRAWS).map(|attempt| self.drawn(&dice.draw(attempt)));
        draws.flatten().next().unwrap_or(self.best)
    }

    /// A place, unless it is to be drawn again.
    fn drawn(&self, draw: &Draw) -> Option<(f64, f64)> {
        let [which, across, along, kept] = draw.uniforms();
        let whole = self.sums.last()?;
        let cell = self.cells.get(self.sums.partition_point(|sum| *sum < which * whole))?;
        let off_deg = cell.off_deg[0] + across * (cell.off_deg[1] - cell.off_deg[0]);
        let place = self.surest.at(off_deg, range_within(cell.range_m, along));
        let others = self.others.iter().map(|line| line.bound(place, 0.0));
        let likelihood = self.surest.likelihood(off_deg) + others.sum::<f64>();
        (libm::log(kept) < likelihood - cell.bound).then_some(place)
    }

    #[cfg(test)]
    pub(super) fn best(&self) -> (f64, f64) {
        self.best
    }

    /// How often a place is drawn for a particle.
    #[cfg(test)]
    pub(super) fn draws(&self, dice: Dice) -> u32 {
        (0..MAX_DRAWS)
            .find(|attempt| self.drawn(&dice.draw(*attempt)).is_some())
            .map_or(MAX_DRAWS, |attempt| attempt + 1)
    }
}

impl Cell {
    /// Its area on a sphere, square metres.
    fn area_m2(&self) -> f64 {
        let [near, far] = self.range_m.map(haversine);
        2.0 * RADIUS_M * RADIUS_M * (self.off_deg[1] - self.off_deg[0]).to_radians() * (far - near)
    }

    /// It cut in two where it is longer: across, or along the arc.
    fn halves(&self) -> [Self; 2] {
        let [[left, right], [near, far]] = [self.off_deg, self.range_m];
        let arc_m = far * (right - left).to_radians();
        if far - near >= arc_m {
            let middle = f64::midpoint(near, far);
            [[near, middle], [middle, far]].map(|range_m| Self { range_m, ..*self })
        } else {
            let middle = f64::midpoint(left, right);
            [[left, middle], [middle, right]].map(|off_deg| Self { off_deg, ..*self })
        }
    }
}

/// The range within which a share of the area between two ranges lies, metres.
fn range_within(range_m: [f64; 2], share: f64) -> f64 {
    let [near, far] = range_m.map(haversine);
    2.0 * RADIUS_M * libm::asin((near + share * (far - near)).sqrt())
}

/// The square of the sine of half the angle that a distance spans.
fn haversine(distance_m: f64) -> f64 {
    let sin = libm::sin(distance_m / (2.0 * RADIUS_M));
    sin * sin
}
