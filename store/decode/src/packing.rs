//! From stored numbers to m/s, metres or degrees: `_Unsigned`, missing values, valid range, `scale_factor` and `add_offset` (CF 2.5.1
//! and 8.1, NetCDF attribute conventions), then the unit's factor. Missing becomes NaN.
//!
//! By the conventions fill value and valid range are written in packed form. Files also write them unpacked; the
//! attribute's own type tells: a floating attribute on an integer variable is taken in both dresses (fill values) or
//! as unpacked (valid range).

use netcdf_reader::unpack::SignParams;
use netcdf_reader::{NcAttrValue, NcType, NcVariable};

use crate::Error;
use crate::source::{lower, numbers};

/// What a variable measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// In m/s.
    Speed,
    /// In metres.
    Length,
    /// In degrees.
    Angle,
}

impl Quantity {
    fn name(self) -> &'static str {
        match self {
            Self::Speed => "speed",
            Self::Length => "length",
            Self::Angle => "angle",
        }
    }

    /// The unit of its values here.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Speed => "m/s",
            Self::Length => "m",
            Self::Angle => "degrees",
        }
    }

    /// That unit's share in another; `None` for anything that does not measure this.
    fn factor(self, units: &str) -> Option<f64> {
        match self {
            Self::Speed => speed_factor(units),
            Self::Length => match units {
                "m" | "meter" | "meters" | "metre" | "metres" => Some(1.0),
                "cm" | "centimeter" | "centimeters" => Some(0.01),
                _ => None,
            },
            Self::Angle => match units.replace(['_', ' '], "").as_str() {
                "degree" | "degrees" | "deg" | "degreetrue" | "degreestrue" | "degt" | "\u{b0}" => Some(1.0),
                "radian" | "radians" | "rad" => Some(180.0 / std::f64::consts::PI),
                _ => None,
            },
        }
    }
}

/// How stored numbers of one variable become values.
#[derive(Debug, Clone)]
pub(crate) struct Packing {
    sign: Option<SignParams>,
    missing_packed: Vec<f64>,
    missing_unpacked: Vec<f64>,
    range_packed: (f64, f64),
    range_unpacked: (f64, f64),
    scale: f64,
    offset: f64,
    /// m/s, metres or degrees per unit of the variable.
    factor: f64,
}

impl Packing {
    /// The packing of a variable that measures this.
    pub(crate) fn of(variable: &NcVariable, quantity: Quantity) -> Result<Self, Error> {
        let units = lower(variable, "units");
        let factor = quantity.factor(&units).ok_or_else(|| Error::Units {
            variable: variable.name.clone(),
            units: units.clone(),
            quantity: quantity.name(),
        })?;
        let scale = single(variable, "scale_factor")?.unwrap_or(1.0);
        if scale == 0.0 {
            return Err(broken(variable, "scale_factor is 0".to_owned()));
        }
        let sign = SignParams::from_variable(variable);
        let signed = |value: f64| sign.map_or(value, |sign| sign.reinterpret(value));
        let mut packing = Self {
            sign,
            missing_packed: Vec::new(),
            missing_unpacked: Vec::new(),
            range_packed: (f64::NEG_INFINITY, f64::INFINITY),
            range_unpacked: (f64::NEG_INFINITY, f64::INFINITY),
            scale,
            offset: single(variable, "add_offset")?.unwrap_or(0.0),
            factor,
        };
        for name in ["_FillValue", "missing_value"] {
            let (values, both) = packing_numbers(variable, name);
            packing.missing_packed.extend(values.iter().copied().map(signed));
            if both {
                packing.missing_unpacked.extend(values);
            }
        }
        if variable.attribute("_FillValue").is_none() {
            packing.missing_packed.extend(default_fill(&variable.dtype).map(signed));
        }
        packing.read_ranges(variable);
        Ok(packing)
    }

    /// The value in m/s, metres or degrees, NaN where missing.
    pub(crate) fn value(&self, stored: f64) -> f64 {
        let stored = self.sign.map_or(stored, |sign| sign.reinterpret(stored));
        let (low, high) = self.range_packed;
        if self.missing_packed.contains(&stored) || !(low <= stored && stored <= high) {
            return f64::NAN;
        }
        let value = stored * self.scale + self.offset;
        let (low, high) = self.range_unpacked;
        // Unpacking rounds, so an unpacked mark is met to a part in a million.
        let marked = |mark: &f64| (value - mark).abs() <= 1e-6 * mark.abs();
        if self.missing_unpacked.iter().any(marked) || !(low <= value && value <= high) {
            return f64::NAN;
        }
        value * self.factor
    }

    fn read_ranges(&mut self, variable: &NcVariable) {
        let (range, unpacked) = packing_numbers(variable, "valid_range");
        if let [low, high] = range[..] {
            self.narrow(low, high, unpacked);
        }
        let (low, unpacked) = packing_numbers(variable, "valid_min");
        self.narrow(
            low.first().copied().unwrap_or(f64::NEG_INFINITY),
            f64::INFINITY,
            unpacked,
        );
        let (high, unpacked) = packing_numbers(variable, "valid_max");
        self.narrow(
            f64::NEG_INFINITY,
            high.first().copied().unwrap_or(f64::INFINITY),
            unpacked,
        );
    }

    fn narrow(&mut self, low: f64, high: f64, unpacked: bool) {
        let range = if unpacked {
            &mut self.range_unpacked
        } else {
            &mut self.range_packed
        };
        *range = (range.0.max(low), range.1.min(high));
    }
}

/// Finite numbers of an attribute in the variable's precision, and whether they may be meant as unpacked values.
fn packing_numbers(variable: &NcVariable, name: &str) -> (Vec<f64>, bool) {
    let values = numbers(variable, name).unwrap_or_default();
    let floating_attribute = variable
        .attribute(name)
        .is_some_and(|it| matches!(it.value, NcAttrValue::Floats(_) | NcAttrValue::Doubles(_)));
    let integer = !matches!(variable.dtype, NcType::Float | NcType::Double);
    let values = if variable.dtype == NcType::Float {
        // A double attribute must meet the single-precision values that it marks.
        values.into_iter().map(|value| f64::from(value as f32)).collect()
    } else {
        values
    };
    (values, floating_attribute && integer)
}

/// What netCDF writes where nothing was written; bytes have no such mark.
fn default_fill(dtype: &NcType) -> Option<f64> {
    match dtype {
        NcType::Short => Some(-32_767.0),
        NcType::UShort => Some(65_535.0),
        NcType::Int => Some(-2_147_483_647.0),
        NcType::UInt => Some(4_294_967_295.0),
        NcType::Float => Some(f64::from(9.969_21e36_f32)),
        NcType::Double => Some(9.969_209_968_386_869e36),
        _ => None,
    }
}

fn single(variable: &NcVariable, name: &str) -> Result<Option<f64>, Error> {
    if variable.attribute(name).is_none() {
        return Ok(None);
    }
    match numbers(variable, name).as_deref() {
        Some([value]) => Ok(Some(*value)),
        _ => Err(broken(variable, format!("{name} is not one finite number"))),
    }
}

fn broken(variable: &NcVariable, reason: String) -> Error {
    Error::Packing {
        variable: variable.name.clone(),
        reason,
    }
}

/// m/s per unit; `None` for anything that is no speed.
fn speed_factor(units: &str) -> Option<f64> {
    let words: String = units
        .replace("**", "^")
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '_' | '*'))
        .collect();
    match words.as_str() {
        "ms-1" | "m/s" | "ms^-1" | "m/sec" | "msec-1" | "m/second" | "meters-1" | "metres-1" | "metersecond-1"
        | "metresecond-1" | "meterssecond-1" | "metressecond-1" | "meterpersecond" | "metrepersecond"
        | "meterspersecond" | "metrespersecond" | "meter/second" | "meters/second" | "meter/sec" | "metre/second"
        | "metres/second" | "metersec-1" | "meter/s" | "meters/s" => Some(1.0),
        "cms-1" | "cm/s" | "cm/sec" | "cms^-1" | "centimeter/second" | "centimetersecond-1" | "centimeterpersecond" => {
            Some(0.01)
        }
        "mms-1" | "mm/s" => Some(0.001),
        "kmh-1" | "km/h" | "km/hr" => Some(1.0 / 3.6),
        "knot" | "knots" | "kt" | "kts" => Some(1852.0 / 3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netcdf_reader::NcAttribute;

    fn variable(dtype: NcType, attributes: &[(&str, NcAttrValue)]) -> NcVariable {
        let units = ("units", NcAttrValue::Chars("m s-1".into()));
        let attributes = attributes
            .iter()
            .cloned()
            .chain([units])
            .map(|(name, value)| NcAttribute {
                name: name.into(),
                value,
            });
        NcVariable {
            name: "u".into(),
            dimensions: vec![],
            dtype,
            attributes: attributes.collect(),
            data_offset: 0,
            _data_size: 0,
            is_record_var: false,
            record_size: 0,
        }
    }

    fn unpack(dtype: NcType, attributes: &[(&str, NcAttrValue)], stored: f64) -> f64 {
        let packing = Packing::of(&variable(dtype, attributes), Quantity::Speed);
        packing.unwrap().value(stored)
    }

    #[test]
    fn packs_of_either_sign_unpack() {
        let attributes = [
            ("scale_factor", NcAttrValue::Floats(vec![-0.5])),
            ("add_offset", NcAttrValue::Floats(vec![2.0])),
        ];
        assert_eq!(unpack(NcType::Short, &attributes, 3.0), 0.5);
        assert_eq!(unpack(NcType::Short, &attributes, -3.0), 3.5);
        assert!(
            unpack(NcType::Short, &attributes, -32767.0).is_nan(),
            "netCDF's own fill value"
        );
    }

    #[test]
    fn missing_values_in_packed_and_unpacked_dress() {
        let packed = [
            ("_FillValue", NcAttrValue::Shorts(vec![7])),
            ("scale_factor", NcAttrValue::Doubles(vec![0.1])),
        ];
        assert!(unpack(NcType::Short, &packed, 7.0).is_nan());
        assert!(
            (unpack(NcType::Short, &packed, 70.0) - 7.0).abs() < 1e-12,
            "7 m/s is not the packed mark 7"
        );
        let unpacked = [
            ("missing_value", NcAttrValue::Doubles(vec![-9.99])),
            ("scale_factor", NcAttrValue::Doubles(vec![0.01])),
        ];
        assert!(unpack(NcType::Short, &unpacked, -999.0).is_nan());
        assert!(!unpack(NcType::Short, &unpacked, -998.0).is_nan());
        let single = [("_FillValue", NcAttrValue::Doubles(vec![1.267_65e30]))];
        assert!(unpack(NcType::Float, &single, f64::from(1.267_65e30_f32)).is_nan());
        assert!(unpack(NcType::Float, &[], f64::NAN).is_nan());
    }

    #[test]
    fn valid_ranges_cut() {
        let unpacked = [
            ("valid_min", NcAttrValue::Doubles(vec![-5.0])),
            ("valid_max", NcAttrValue::Doubles(vec![5.0])),
            ("scale_factor", NcAttrValue::Doubles(vec![0.01])),
        ];
        assert_eq!(unpack(NcType::Short, &unpacked, 400.0), 4.0);
        assert!(unpack(NcType::Short, &unpacked, 501.0).is_nan());
        let packed = [
            ("valid_range", NcAttrValue::Shorts(vec![-500, 500])),
            ("scale_factor", NcAttrValue::Doubles(vec![0.01])),
        ];
        assert_eq!(unpack(NcType::Short, &packed, 500.0), 5.0);
        assert!(unpack(NcType::Short, &packed, -501.0).is_nan());
    }

    #[test]
    fn units_of_speed_and_others() {
        for units in [
            "m s-1",
            "m/s",
            "meter second-1",
            "m s**-1",
            "m.s-1",
            "meters per second",
        ] {
            assert_eq!(speed_factor(units), Some(1.0), "{units}");
        }
        assert_eq!(speed_factor("cm/s"), Some(0.01));
        assert_eq!(Quantity::Length.factor("m"), Some(1.0));
        for units in ["degree", "degrees", "degree_true", "degree true", "deg"] {
            assert_eq!(Quantity::Angle.factor(units), Some(1.0), "{units}");
        }
        for units in ["", "s", "degree_north", "m s-1", "1"] {
            assert_eq!(Quantity::Angle.factor(units), None, "{units}");
            assert_eq!(Quantity::Length.factor(units), None, "{units}");
        }
        for units in ["", "m", "s", "degree", "m2 s-1", "kg m-2"] {
            assert_eq!(speed_factor(units), None, "{units}");
        }
    }
}
