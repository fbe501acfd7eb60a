//! Lines of bearing and sectors: a flare seen from the shore, a phone in the sector of a mast, cross bearings.

use serde::{Deserialize, Serialize};

use super::{extent, release::EXTENT_SIGMAS, sphere};
use crate::{BBox, LatLon, ValidTime, wrap_lon_deg};

/// Places along a line that are tried for the best one, and how often the step is then refined.
const TRIED: u32 = 32;
const REFINED: u32 = 6;
/// The surest lines, along which the best place is looked for.
const SUREST: usize = 4;

/// Anywhere that all the lines allow, as likely as the product of their likelihoods, at times spread evenly over a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BearingsRelease {
    /// The lines.
    pub lines: Vec<BearingLine>,
    /// Start and end of the window.
    pub times: [ValidTime; 2],
}

/// What one observer saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BearingLine {
    /// The observer.
    #[serde(flatten)]
    pub position: LatLon,
    /// Where it was seen, degrees clockwise from true north; of a sector its middle.
    pub bearing_deg: f64,
    /// How sure the bearing is.
    #[serde(flatten)]
    pub spread: Spread,
    /// Distance that it is at most at, metres.
    pub range_m: f64,
    /// Distance that it is at least at, metres.
    #[serde(default)]
    pub min_range_m: f64,
}

/// How sure a bearing is, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Spread {
    /// A normal error of this standard deviation.
    #[serde(rename = "sigma_deg")]
    SigmaDeg(f64),
    /// A sector of this full width, evenly likely all over.
    #[serde(rename = "width_deg")]
    WidthDeg(f64),
}

impl Spread {
    /// Half of the angle that counts as the extent of the line.
    fn half_deg(self) -> f64 {
        match self {
            Self::SigmaDeg(sigma_deg) => (EXTENT_SIGMAS * sigma_deg).min(180.0),
            Self::WidthDeg(width_deg) => width_deg / 2.0,
        }
    }
}

impl BearingLine {
    /// Where the line ends, for maps: at its range along its bearing.
    pub fn end(&self) -> LatLon {
        sphere::moved(self.position, self.bearing_deg, self.range_m)
    }

    /// How badly a place fits, squared standard deviations. Beyond the edge of a sector a degree counts as one, beyond a
    /// range a hundredth of it.
    fn misfit2(&self, place: LatLon) -> f64 {
        let distance_m = sphere::distance_m(self.position, place);
        let beyond_m = (distance_m - self.range_m).max(self.min_range_m - distance_m).max(0.0);
        let off_deg = wrap_lon_deg(sphere::bearing_deg(self.position, place) - self.bearing_deg).abs();
        let sideways = match self.spread {
            Spread::SigmaDeg(sigma_deg) => off_deg / sigma_deg,
            Spread::WidthDeg(width_deg) => (off_deg - width_deg / 2.0).max(0.0),
        };
        let lengthways = beyond_m / (0.01 * self.range_m);
        sideways * sideways + lengthways * lengthways
    }

    /// Directions to look for a good place in: the line itself, or five through a sector and its two edges, along which
    /// sectors of one mast meet that hardly overlap.
    fn directions_deg(&self) -> Vec<f64> {
        match self.spread {
            Spread::SigmaDeg(_) => vec![self.bearing_deg],
            Spread::WidthDeg(width_deg) => {
                let part = |tenth: i32| self.bearing_deg + width_deg * f64::from(tenth) / 10.0;
                [-4, -2, 0, 2, 4, -5, 5].map(part).to_vec()
            }
        }
    }
}

impl BearingsRelease {
    /// The place that fits the lines best, as far as looking along the surest of them finds it, and how badly it fits, in
    /// standard deviations. Of a single line the place in its middle.
    pub fn crossing(&self) -> (LatLon, f64) {
        let misfit2 = |place: LatLon| self.lines.iter().map(|line| line.misfit2(place)).sum::<f64>();
        let middle_m = |line: &BearingLine| f64::midpoint(line.min_range_m, line.range_m);
        if let [line] = self.lines.as_slice() {
            return (sphere::moved(line.position, line.bearing_deg, middle_m(line)), 0.0);
        }
        let mut best = (LatLon::ORIGIN, f64::INFINITY);
        let mut surest: Vec<&BearingLine> = self.lines.iter().collect();
        surest.sort_by(|a, b| a.spread.half_deg().total_cmp(&b.spread.half_deg()));
        for line in surest.into_iter().take(SUREST) {
            for bearing_deg in line.directions_deg() {
                let mut half_m = (line.range_m - line.min_range_m) / 2.0;
                let mut around_m = middle_m(line);
                for _ in 0..REFINED {
                    let mut nearest = (around_m, f64::INFINITY);
                    for tried in 0..=TRIED {
                        let share = f64::from(tried) / f64::from(TRIED) * 2.0 - 1.0;
                        let range_m = (around_m + share * half_m).clamp(line.min_range_m, line.range_m);
                        let place = sphere::moved(line.position, bearing_deg, range_m);
                        let found = misfit2(place);
                        if found < nearest.1 {
                            nearest = (range_m, found);
                        }
                        if found < best.1 {
                            best = (place, found);
                        }
                    }
                    around_m = nearest.0;
                    half_m *= 2.0 / f64::from(TRIED);
                }
            }
        }
        (best.0, libm::sqrt(best.1))
    }

    /// A box around what the line with the smallest extent leaves.
    pub(super) fn bounds(&self) -> BBox {
        let boxes = self.lines.iter().map(line_bounds);
        let size = |bounds: &BBox| bounds.width_deg() * (bounds.north - bounds.south);
        let smallest = boxes.min_by(|a, b| size(a).total_cmp(&size(b)));
        smallest.unwrap_or(extent::WORLD)
    }
}

/// A box around everything that one line allows.
fn line_bounds(line: &BearingLine) -> BBox {
    const FAN: i32 = 12;
    let half_deg = line.spread.half_deg();
    let step_deg = half_deg / f64::from(FAN);
    let along = |bearing_deg: f64| {
        let parts =
            (0..=8).map(move |part| line.min_range_m + (line.range_m - line.min_range_m) * f64::from(part) / 8.0);
        parts.map(move |range_m| sphere::moved(line.position, bearing_deg, range_m))
    };
    let places = (-FAN..=FAN).flat_map(|step| along(line.bearing_deg + f64::from(step) * step_deg));
    // What an arc swells beyond its chord, and what the ellipsoid adds to the sphere.
    let chord_m = line.range_m * (1.0 - libm::cos(step_deg.to_radians()));
    extent::around(places, chord_m + 0.006 * line.range_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(lat: f64, lon: f64, bearing_deg: f64, spread: Spread) -> BearingLine {
        BearingLine {
            position: LatLon::new(lat, lon).unwrap(),
            bearing_deg,
            spread,
            range_m: 200_000.0,
            min_range_m: 0.0,
        }
    }

    fn bearings(lines: Vec<BearingLine>) -> BearingsRelease {
        let time = ValidTime::from_unix_s(0).unwrap();
        BearingsRelease {
            lines,
            times: [time, time],
        }
    }

    #[test]
    fn lines_cross_where_they_were_taken_to() {
        let target = LatLon::new(59.6, -179.9).unwrap();
        let observers = [(59.0, 179.5), (60.3, 179.2), (59.5, -178.4)];
        let lines = observers.map(|(lat, lon)| {
            let observer = LatLon::new(lat, lon).unwrap();
            line(lat, lon, sphere::bearing_deg(observer, target), Spread::SigmaDeg(0.05))
        });
        let release = bearings(lines.to_vec());
        let (place, misfit) = release.crossing();
        assert!(
            misfit < 0.1 && sphere::distance_m(place, target) < 5.0,
            "{place:?} {misfit}"
        );
        assert!(release.bounds().contains(target.lon_deg(), target.lat_deg()));
    }

    #[test]
    fn sectors_of_one_mast_that_hardly_overlap_fit() {
        for overlap_deg in [2.0, 0.5, 0.01] {
            let next_deg = 180.0 - overlap_deg;
            let release = bearings(vec![
                line(60.0, 4.0, 60.0, Spread::WidthDeg(120.0)),
                line(60.0, 4.0, next_deg, Spread::WidthDeg(120.0)),
            ]);
            assert!(release.crossing().1 < 0.01, "{overlap_deg}: {:?}", release.crossing());
        }
        let apart = bearings(vec![
            line(60.0, 4.0, 60.0, Spread::WidthDeg(120.0)),
            line(60.0, 4.0, 190.0, Spread::WidthDeg(120.0)),
        ]);
        assert!(apart.crossing().1 > 6.0, "{:?}", apart.crossing());
    }

    #[test]
    fn lines_that_part_do_not_fit() {
        let away = bearings(vec![
            line(60.0, 4.0, 270.0, Spread::SigmaDeg(2.0)),
            line(60.0, 5.0, 90.0, Spread::SigmaDeg(2.0)),
        ]);
        assert!(away.crossing().1 > 20.0);
        let sectors = bearings(vec![
            line(60.0, 4.0, 90.0, Spread::WidthDeg(60.0)),
            line(60.0, 5.0, 270.0, Spread::WidthDeg(60.0)),
        ]);
        assert_eq!(sectors.crossing().1, 0.0);
    }
}
