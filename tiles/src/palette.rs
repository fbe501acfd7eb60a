//! Colour maps: 256 colours from low to high.
//!
//! All are perceptual (lightness rises or falls steadily) and readable with the common colour vision deficiencies.
//! The values come from the crate `colorous` (Apache-2.0): viridis and inferno by S. van der Walt and N. Smith (CC0),
//! cividis by J. Nuñez, C. Anderton, R. Renslow, PLoS ONE 13 (2018) (open), YlGnBu by C. Brewer (Apache-2.0).

mod stops;

use std::sync::LazyLock;

pub use stops::ColourStops;

use crate::picture::Rgba;

/// A colour map by its published name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColourMap {
    /// Dark violet over green to yellow.
    Viridis,
    /// Dark blue over grey to yellow.
    Cividis,
    /// Light yellow over green to dark blue.
    YlGnBu,
    /// Pale yellow over orange and purple to nearly black: inferno from its light end.
    InfernoReversed,
    /// Colours of somebody else's.
    Stops(ColourStops),
}

type Table = [[u8; 3]; 256];

static TABLES: LazyLock<[Table; 4]> = LazyLock::new(|| ColourMap::ALL.map(ColourMap::table));

impl ColourMap {
    /// Every map that has a name.
    pub const ALL: [Self; 4] = [Self::Viridis, Self::Cividis, Self::YlGnBu, Self::InfernoReversed];

    /// The name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::YlGnBu => "ylgnbu",
            Self::InfernoReversed => "inferno-reversed",
            Self::Stops(_) => "stops",
        }
    }

    /// The map of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|map| map.name().eq_ignore_ascii_case(name))
    }

    /// The colour at a share of the range; below 0 and above 1 the end's colour.
    pub fn colour(self, share: f64) -> [u8; 3] {
        let [r, g, b, _] = self.rgba(share);
        [r, g, b]
    }

    /// The same with transparency, which only other people's colours have.
    pub fn rgba(self, share: f64) -> Rgba {
        let table = match self {
            Self::Viridis => &TABLES[0],
            Self::Cividis => &TABLES[1],
            Self::YlGnBu => &TABLES[2],
            Self::InfernoReversed => &TABLES[3],
            Self::Stops(stops) => return stops.rgba(share),
        };
        let [r, g, b] = table[(share.clamp(0.0, 1.0) * 255.0 + 0.5) as usize];
        [r, g, b, 255]
    }

    fn table(self) -> Table {
        std::array::from_fn(|k| {
            let share = k as f64 / 255.0;
            let colour = match self {
                Self::Viridis => colorous::VIRIDIS.eval_continuous(share),
                Self::Cividis => colorous::CIVIDIS.eval_continuous(share),
                Self::YlGnBu => colorous::YELLOW_GREEN_BLUE.eval_continuous(share),
                Self::InfernoReversed => colorous::INFERNO.eval_continuous(1.0 - share),
                Self::Stops(stops) => {
                    let [r, g, b, _] = stops.rgba(share);
                    return [r, g, b];
                }
            };
            [colour.r, colour.g, colour.b]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE L* of an sRGB colour.
    fn lightness(colour: [u8; 3]) -> f64 {
        let linear = colour.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        });
        let y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        if y > 0.008856 {
            116.0 * y.cbrt() - 16.0
        } else {
            903.3 * y
        }
    }

    #[test]
    fn lightness_goes_one_way_and_far() {
        for map in ColourMap::ALL {
            let steps: Vec<f64> = (0..=32).map(|k| lightness(map.colour(f64::from(k) / 32.0))).collect();
            let rising = steps[32] > steps[0];
            for pair in steps.windows(2) {
                let step = if rising { pair[1] - pair[0] } else { pair[0] - pair[1] };
                assert!(step > -0.3, "{map:?} {steps:?}");
            }
            assert!((steps[32] - steps[0]).abs() > 60.0, "{map:?} {steps:?}");
        }
    }

    #[test]
    fn ends_are_the_published_ones() {
        // matplotlib's listed viridis: 0x440154 to 0xfde725, middle 0x21918c.
        assert_eq!(ColourMap::Viridis.colour(0.0), [0x44, 0x01, 0x54]);
        assert_eq!(ColourMap::Viridis.colour(7.0), [0xfd, 0xe7, 0x25]);
        let middle = ColourMap::Viridis.colour(0.5);
        assert!(
            middle.iter().zip([0x21, 0x91, 0x8c]).all(|(a, b)| a.abs_diff(b) <= 2),
            "{middle:?}"
        );
        assert_eq!(ColourMap::from_name("Cividis"), Some(ColourMap::Cividis));
        assert_eq!(ColourMap::from_name("jet"), None);
    }
}
