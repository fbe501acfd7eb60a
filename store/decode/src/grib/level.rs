//! Fixed surfaces of section 4 (code table 4.5): what a field is at.

use std::fmt;

use super::octets::Octets;

/// A fixed surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Surface {
    /// Code table 4.5.
    pub(crate) kind: u8,
    /// In the table's unit; `None` where the message leaves it out.
    pub(crate) value: Option<f64>,
}

pub(crate) const GROUND_OR_WATER: u8 = 1;
pub(crate) const MEAN_SEA_LEVEL: u8 = 101;
pub(crate) const METRES_ABOVE_GROUND: u8 = 103;
pub(crate) const METRES_BELOW_SEA_LEVEL: u8 = 160;
const MISSING: u8 = 255;

impl Surface {
    /// The surface whose three numbers begin at this octet.
    pub(crate) fn at(product: Octets<'_>, octet: usize) -> Option<Self> {
        let kind = product.u8(octet)?;
        let (scale, value) = (product.u8(octet + 1)?, product.u32(octet + 2)?);
        let stated = scale != 255 && value != u32::MAX;
        let scaled = || Some(f64::from(product.i32(octet + 2)?) * libm::pow(10.0, -f64::from(product.i8(octet + 1)?)));
        Some(Self {
            kind,
            value: if stated { scaled() } else { None },
        })
    }

    /// Whether there is one.
    pub(crate) fn is_stated(&self) -> bool {
        self.kind != MISSING
    }

    /// Metres below the surface of the sea, for what lies in water; `None` for surfaces that are no depth.
    pub(crate) fn depth_m(&self) -> Option<f64> {
        match self.kind {
            GROUND_OR_WATER | MEAN_SEA_LEVEL => Some(0.0),
            METRES_BELOW_SEA_LEVEL => self.value,
            _ => None,
        }
    }

    /// Whether this is a height above ground within half a metre of the given one.
    pub(crate) fn is_height_m(&self, height_m: f64) -> bool {
        self.kind == METRES_ABOVE_GROUND && self.value.is_some_and(|value| (value - height_m).abs() <= 0.5)
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.map_or_else(|| "?".to_owned(), |value| format!("{value}"));
        match self.kind {
            GROUND_OR_WATER => f.write_str("the surface"),
            2 => f.write_str("cloud base"),
            3 => f.write_str("cloud tops"),
            6 => f.write_str("the level of maximum wind"),
            7 => f.write_str("the tropopause"),
            8 => f.write_str("the top of the atmosphere"),
            10 => f.write_str("the entire atmosphere"),
            100 => write!(f, "{value} Pa"),
            MEAN_SEA_LEVEL => f.write_str("mean sea level"),
            102 => write!(f, "{value} m above mean sea level"),
            METRES_ABOVE_GROUND => write!(f, "{value} m above ground"),
            104 => write!(f, "sigma level {value}"),
            105 => write!(f, "hybrid level {value}"),
            106 => write!(f, "{value} m below land surface"),
            107 => write!(f, "{value} K"),
            108 => write!(f, "{value} Pa above ground"),
            109 => write!(f, "potential vorticity {value}"),
            METRES_BELOW_SEA_LEVEL => write!(f, "{value} m below sea level"),
            200 => f.write_str("the entire atmosphere as one layer"),
            241 => write!(f, "number {value} of an ordered sequence"),
            MISSING => f.write_str("no level"),
            other => write!(f, "level type {other} with the value {value}"),
        }
    }
}
