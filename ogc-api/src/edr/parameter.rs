//! The registry of parameters: what can be asked of a collection, in which unit, and how it follows from the two
//! components of a field. Names are CF standard names where there is one, units UCUM (docs/edr.md).

use driftline_domain::ForcingKind;

/// A quantity that a collection has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parameter {
    /// Name in requests and answers.
    pub(crate) id: &'static str,
    /// What it is, for people.
    pub(crate) label: &'static str,
    /// What it is, in a sentence.
    pub(crate) description: &'static str,
    /// Unit for people.
    pub(crate) unit_label: &'static str,
    /// Unit in UCUM.
    pub(crate) ucum: &'static str,
    /// Unit as CF writes it.
    pub(crate) cf_unit: &'static str,
    /// Whether the name is a CF standard name.
    pub(crate) is_cf: bool,
    how: How,
}

/// How a value follows from the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The first component itself: also of what has one only.
    First,
    Second,
    Length,
    /// Degrees clockwise from north, towards.
    To,
    /// Degrees clockwise from north, whence.
    From,
}

const M_PER_S: [&str; 3] = ["metre per second", "m/s", "m s-1"];
const DEGREES: [&str; 3] = ["degree", "deg", "degree"];

const fn parameter(
    id: &'static str,
    label: &'static str,
    description: &'static str,
    [unit_label, ucum, cf_unit]: [&'static str; 3],
    how: How,
) -> Parameter {
    Parameter {
        id,
        label,
        description,
        unit_label,
        ucum,
        cf_unit,
        is_cf: true,
        how,
    }
}

const CURRENTS: [Parameter; 4] = [
    parameter(
        "eastward_sea_water_velocity",
        "Eastward current",
        "Eastward component of the surface current.",
        M_PER_S,
        How::First,
    ),
    parameter(
        "northward_sea_water_velocity",
        "Northward current",
        "Northward component of the surface current.",
        M_PER_S,
        How::Second,
    ),
    parameter(
        "sea_water_speed",
        "Speed of the current",
        "Speed of the surface current.",
        M_PER_S,
        How::Length,
    ),
    parameter(
        "sea_water_velocity_to_direction",
        "Direction of the current",
        "Where the surface current flows to, clockwise from true north; missing where there is no motion.",
        DEGREES,
        How::To,
    ),
];

const WIND: [Parameter; 4] = [
    parameter(
        "eastward_wind",
        "Eastward wind",
        "Eastward component of the wind 10 m above the sea.",
        M_PER_S,
        How::First,
    ),
    parameter(
        "northward_wind",
        "Northward wind",
        "Northward component of the wind 10 m above the sea.",
        M_PER_S,
        How::Second,
    ),
    parameter(
        "wind_speed",
        "Wind speed",
        "Speed of the wind 10 m above the sea.",
        M_PER_S,
        How::Length,
    ),
    parameter(
        "wind_from_direction",
        "Wind direction",
        "Where the wind blows from, clockwise from true north; missing in a calm.",
        DEGREES,
        How::From,
    ),
];

const WAVES: [Parameter; 2] = [
    parameter(
        "sea_surface_wave_significant_height",
        "Significant wave height",
        "Significant height of wind sea and swell together.",
        ["metre", "m", "m"],
        How::Length,
    ),
    parameter(
        "sea_surface_wave_to_direction",
        "Wave direction",
        "Where the waves travel to, clockwise from true north.",
        DEGREES,
        How::To,
    ),
];

const PROBABILITY: [Parameter; 1] = [Parameter {
    is_cf: false,
    ..parameter(
        "probability_density",
        "Probability density",
        "Probability that the object is there, per square kilometre, given that it is still adrift.",
        ["per square kilometre", "km-2", "km-2"],
        How::First,
    )
}];

impl Parameter {
    /// The parameters of a kind of forcing.
    pub(crate) fn of_forcing(kind: ForcingKind) -> &'static [Self] {
        match kind {
            ForcingKind::Current => &CURRENTS,
            ForcingKind::Wind => &WIND,
            ForcingKind::Waves => &WAVES,
        }
    }

    /// The parameters of a mission's probability raster.
    pub(crate) fn of_probability() -> &'static [Self] {
        &PROBABILITY
    }

    /// The value at a place with these components; NaN where there is none.
    pub(crate) fn value(&self, (first, second): (f64, f64)) -> f32 {
        let value = match self.how {
            How::First => first,
            How::Second => second,
            How::Length => first.hypot(second),
            How::To => to_deg(first, second),
            How::From => turned(to_deg(first, second) + 180.0),
        };
        value as f32
    }

    /// The quantity's definition.
    pub(crate) fn property_uri(&self) -> String {
        if self.is_cf {
            format!("http://vocab.nerc.ac.uk/standard_name/{}/", self.id)
        } else {
            format!("urn:driftline:{}", self.id)
        }
    }
}

fn to_deg(east: f64, north: f64) -> f64 {
    if east == 0.0 && north == 0.0 {
        return f64::NAN;
    }
    turned(east.atan2(north).to_degrees())
}

/// Into [0, 360), as single precision sees it.
fn turned(degrees: f64) -> f64 {
    let turned = degrees.rem_euclid(360.0);
    if turned as f32 >= 360.0 { 0.0 } else { turned }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: ForcingKind, id: &str, components: (f64, f64)) -> f32 {
        let parameter = Parameter::of_forcing(kind).iter().find(|one| one.id == id);
        parameter.unwrap().value(components)
    }

    #[test]
    fn directions_follow_their_conventions_and_a_calm_has_none() {
        let current = |components| value(ForcingKind::Current, "sea_water_velocity_to_direction", components);
        assert_eq!(
            [current((1.0, 0.0)), current((0.0, -1.0)), current((-1.0, 0.0))],
            [90.0, 180.0, 270.0]
        );
        let wind = |components| value(ForcingKind::Wind, "wind_from_direction", components);
        assert_eq!([wind((0.0, -5.0)), wind((5.0, 0.0))], [0.0, 270.0]);
        assert!(current((0.0, 0.0)).is_nan() && wind((0.0, 0.0)).is_nan());
        assert!(current((-1e-12, 1.0)) < 360.0);
    }

    #[test]
    fn missing_stays_missing() {
        for kind in ForcingKind::ALL {
            for parameter in Parameter::of_forcing(kind) {
                assert!(parameter.value((f64::NAN, f64::NAN)).is_nan(), "{}", parameter.id);
            }
        }
    }
}
