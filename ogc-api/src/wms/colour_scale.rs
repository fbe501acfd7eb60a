//! Colours of fields and densities per request, by the names that ncWMS gave them: COLORSCALERANGE, NUMCOLORBANDS,
//! ABOVEMAXCOLOR, BELOWMINCOLOR.

use driftline_tiles::Rgba;

use super::exception::Exception;
use super::kvp::Kvp;
use crate::maps::Look;
use crate::query::shown;

/// Steps that colours can be broken into: what an indexed picture has room for beside nothing, below and above.
const MOST_BANDS: u32 = 253;

/// What a request says about colours.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ColourScale {
    range: Option<(f64, f64)>,
    bands: Option<u8>,
    above: Option<Rgba>,
    below: Option<Rgba>,
}

impl ColourScale {
    /// Reads the parameters.
    pub(super) fn of(kvp: &Kvp) -> Result<Self, Exception> {
        Ok(Self {
            range: kvp.filled("COLORSCALERANGE").map(range).transpose()?.flatten(),
            bands: match kvp.filled("NUMCOLORBANDS") {
                None => None,
                Some(_) => Some(bands(kvp.needed_number("NUMCOLORBANDS")?)?),
            },
            above: edge(kvp, "ABOVEMAXCOLOR")?,
            below: edge(kvp, "BELOWMINCOLOR")?,
        })
    }

    /// A look in these colours; what has no scale of colours stays as it is.
    pub(super) fn applied(self, look: Look) -> Look {
        match look {
            Look::Field(mut style) => {
                style.range = self.range.unwrap_or(style.range);
                (style.bands, style.above, style.below) = (self.bands, self.above, self.below);
                Look::Field(style)
            }
            Look::Density(mut style) => {
                style.range = self.range.or(style.range);
                Look::Density(style)
            }
            Look::Areas(_) | Look::Points(_) | Look::Lines(_) => look,
        }
    }
}

fn range(text: &str) -> Result<Option<(f64, f64)>, Exception> {
    // What the layer has of its own.
    if text.eq_ignore_ascii_case("default") {
        return Ok(None);
    }
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([low, high]) if low.is_finite() && high.is_finite() && low < high => Ok(Some((*low, *high))),
        _ => Err(Exception::plain(format!(
            "COLORSCALERANGE '{}' is neither two rising numbers nor 'default'",
            shown(text)
        ))),
    }
}

fn bands(number: u32) -> Result<u8, Exception> {
    let number = Some(number).filter(|number| (1..=MOST_BANDS).contains(number));
    let number = number.and_then(|number| u8::try_from(number).ok());
    number.ok_or_else(|| Exception::plain(format!("NUMCOLORBANDS is not from 1 to {MOST_BANDS}")))
}

/// `extend` is the colour of the range's end, which is the default.
fn edge(kvp: &Kvp, name: &str) -> Result<Option<Rgba>, Exception> {
    let Some(text) = kvp.filled(name) else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "extend" => return Ok(None),
        "transparent" => return Ok(Some([0; 4])),
        _ => {}
    }
    let digits = text.strip_prefix("0x").or(text.strip_prefix('#')).unwrap_or_default();
    let number = u32::from_str_radix(digits, 16).ok();
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (digits.len(), number.filter(|_| is_plain)) {
        (6, Some(number)) => {
            let [_, r, g, b] = number.to_be_bytes();
            Ok(Some([r, g, b, 255]))
        }
        // As ncWMS has it: transparency first.
        (8, Some(number)) => {
            let [a, r, g, b] = number.to_be_bytes();
            Ok(Some([r, g, b, a]))
        }
        _ => Err(Exception::plain(format!(
            "{name} '{}' is neither 0xRRGGBB, 0xAARRGGBB, 'transparent' nor 'extend'",
            shown(text)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::Layer;

    #[test]
    fn a_request_changes_the_colours_of_a_field() {
        let scale = |query: &str| ColourScale::of(&Kvp::parse(Some(query)).0);
        let asked = "COLORSCALERANGE=0.5,2&NUMCOLORBANDS=4&ABOVEMAXCOLOR=0x80FF0000&BELOWMINCOLOR=transparent";
        let layer = Layer::Currents;
        let Look::Field(style) = scale(asked).unwrap().applied(layer.look(&layer.styles()[0])) else {
            panic!("a field");
        };
        assert_eq!((style.range, style.bands), ((0.5, 2.0), Some(4)));
        assert_eq!((style.above, style.below), (Some([255, 0, 0, 128]), Some([0; 4])));
        let plain = layer.look(&layer.styles()[0]);
        assert_eq!(
            scale("COLORSCALERANGE=default&ABOVEMAXCOLOR=extend")
                .unwrap()
                .applied(plain),
            plain
        );
        for wrong in [
            "COLORSCALERANGE=2,1",
            "COLORSCALERANGE=auto",
            "COLORSCALERANGE=1",
            "COLORSCALERANGE=nan,1",
            "NUMCOLORBANDS=0",
            "NUMCOLORBANDS=999",
            "ABOVEMAXCOLOR=red",
            "BELOWMINCOLOR=0x12345",
        ] {
            assert!(scale(wrong).is_err(), "{wrong}");
        }
    }
}
