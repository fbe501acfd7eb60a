//! Symbolizers: fills, strokes, marks and colour maps, with the defaults of the standard (02-070, 11; 05-077r4, 11).

use std::ops::RangeInclusive;

use driftline_tiles::{ColourStops, LineSymbol, MarkShape, MarkSymbol, Rgba, Symbol};

use super::Raster;
use crate::query::shown;
use crate::wms::xml_tree::Element;

/// Widest line and largest mark, pixels.
const WIDEST_PX: f64 = 100.0;
const LARGEST_PX: f64 = 200.0;
/// Dashes and gaps at most.
const MOST_DASHES: usize = 16;

/// The symbols of a part of a rule; nothing of what is no symbolizer.
pub(super) fn symbols(element: &Element, symbols: &mut Vec<Symbol>) -> Result<(), String> {
    match element.name.as_str() {
        "PolygonSymbolizer" => {
            symbols.extend(element.child("Fill").map(fill).transpose()?.map(Symbol::Fill));
            symbols.extend(element.child("Stroke").map(stroke).transpose()?.map(Symbol::Line));
        }
        "LineSymbolizer" => {
            let line = element.child("Stroke").map(stroke).transpose()?;
            symbols.push(Symbol::Line(line.unwrap_or_else(black_line)));
        }
        "PointSymbolizer" => symbols.push(Symbol::Mark(mark(element)?)),
        other if other.ends_with("Symbolizer") => {
            return Err(format!(
                "a {} is not offered; there are PolygonSymbolizer, LineSymbolizer, PointSymbolizer and RasterSymbolizer",
                shown(other)
            ));
        }
        _ => {}
    }
    Ok(())
}

/// A RasterSymbolizer.
pub(super) fn raster(element: &Element) -> Result<Raster, String> {
    let known = ["Geometry", "Opacity", "ColorMap", "Name", "Description"];
    if let Some(other) = element
        .children
        .iter()
        .find(|child| !known.contains(&child.name.as_str()))
    {
        return Err(format!("{} of a RasterSymbolizer is not offered", shown(&other.name)));
    }
    let opacity = optional(element.child_text("Opacity"), "Opacity", 0.0..=1.0)?.unwrap_or(1.0);
    let Some(map) = element.child("ColorMap") else {
        return Ok(Raster {
            colours: None,
            below: None,
        });
    };
    let is_stepped = match map.attribute("type").unwrap_or("ramp") {
        "ramp" => false,
        "intervals" => true,
        other => return Err(format!("a ColorMap of type {} is not offered", shown(other))),
    };
    let mut entries = Vec::new();
    for entry in map.all("ColorMapEntry") {
        let quantity = entry.attribute("quantity").ok_or("a ColorMapEntry has no quantity")?;
        let of_entry = optional(entry.attribute("opacity"), "opacity", 0.0..=1.0)?.unwrap_or(1.0);
        let colour = colour(entry.attribute("color").ok_or("a ColorMapEntry has no color")?)?;
        let quantity = number(quantity, "quantity", -1e9..=1e9)?;
        entries.push((quantity, with_alpha(colour, of_entry * opacity)));
    }
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Err(
            "a ColorMap has no ColorMapEntry that is read; Categorize and Interpolate are not offered".to_owned(),
        );
    };
    let (low, high) = (first.0, last.0);
    if high <= low {
        return Err("the quantities of a ColorMap must rise".to_owned());
    }
    // In intervals a colour holds up to its quantity, so each begins where the one before it ends.
    let shares: Vec<(f64, Rgba)> = if is_stepped {
        let begins = std::iter::once(low).chain(entries.iter().skip(1).map(|entry| entry.0));
        let colours = entries.iter().skip(1).chain(entries.last()).map(|entry| entry.1);
        begins
            .zip(colours)
            .map(|(at, colour)| ((at - low) / (high - low), colour))
            .collect()
    } else {
        let share = |entry: &(f64, Rgba)| ((entry.0 - low) / (high - low), entry.1);
        entries.iter().map(share).collect()
    };
    let stops = ColourStops::new(&shares, is_stepped);
    let stops = stops.ok_or_else(|| {
        format!(
            "a ColorMap has {} entries; up to {} in rising order are read",
            entries.len(),
            ColourStops::MOST
        )
    })?;
    Ok(Raster {
        colours: Some((stops, (low, high))),
        below: is_stepped.then_some(first.1),
    })
}

fn fill(element: &Element) -> Result<Rgba, String> {
    refuse(element, &["GraphicFill"])?;
    let rgb = parameter(element, "fill").map(colour).transpose()?.unwrap_or([0x80; 3]);
    let opacity = optional(parameter(element, "fill-opacity"), "fill-opacity", 0.0..=1.0)?;
    Ok(with_alpha(rgb, opacity.unwrap_or(1.0)))
}

fn stroke(element: &Element) -> Result<LineSymbol, String> {
    refuse(element, &["GraphicFill", "GraphicStroke"])?;
    let rgb = parameter(element, "stroke").map(colour).transpose()?.unwrap_or([0; 3]);
    let opacity = optional(parameter(element, "stroke-opacity"), "stroke-opacity", 0.0..=1.0)?;
    let width = optional(parameter(element, "stroke-width"), "stroke-width", 0.0..=WIDEST_PX)?;
    let offset = optional(parameter(element, "stroke-dashoffset"), "stroke-dashoffset", -1e4..=1e4)?;
    let dashes = parameter(element, "stroke-dasharray").unwrap_or_default();
    let dashes = dashes.split([' ', ',']).filter(|part| !part.is_empty());
    let dashes: Result<Vec<f32>, String> = dashes
        .map(|part| number(part, "stroke-dasharray", 0.0..=1e4).map(|length| length as f32))
        .collect();
    let mut dashes = dashes?;
    if dashes.len() > MOST_DASHES {
        return Err(format!("stroke-dasharray has more than {MOST_DASHES} numbers"));
    }
    if dashes.len() % 2 == 1 {
        // An odd list is repeated (SVG 1.1, 11.4).
        dashes.extend_from_within(..);
    }
    Ok(LineSymbol {
        colour: with_alpha(rgb, opacity.unwrap_or(1.0)),
        width: width.unwrap_or(1.0) as f32,
        dashes,
        dash_offset: offset.unwrap_or(0.0) as f32,
        is_round: parameter(element, "stroke-linecap") == Some("round"),
    })
}

fn black_line() -> LineSymbol {
    LineSymbol {
        colour: [0, 0, 0, 255],
        width: 1.0,
        dashes: Vec::new(),
        dash_offset: 0.0,
        is_round: false,
    }
}

fn mark(symbolizer: &Element) -> Result<MarkSymbol, String> {
    let empty = Element::default();
    let graphic = symbolizer.child("Graphic").unwrap_or(&empty);
    refuse(graphic, &["ExternalGraphic"])?;
    let mark = graphic.child("Mark").unwrap_or(&empty);
    refuse(mark, &["OnlineResource", "InlineContent"])?;
    let name = mark.child_text("WellKnownName").unwrap_or("square");
    let shape = match name {
        "square" => MarkShape::Square,
        "circle" => MarkShape::Circle,
        "triangle" => MarkShape::Triangle,
        "star" => MarkShape::Star,
        "cross" => MarkShape::Cross,
        "x" => MarkShape::X,
        other => {
            return Err(format!(
                "the mark '{}' is not offered; there are square, circle, triangle, star, cross and x",
                shown(other)
            ));
        }
    };
    let opacity = optional(graphic.child_text("Opacity"), "Opacity", 0.0..=1.0)?.unwrap_or(1.0);
    let faded = |[r, g, b, a]: Rgba| with_alpha([r, g, b], f64::from(a) / 255.0 * opacity);
    let rim = mark.child("Stroke").map(stroke).transpose()?;
    // A mark without either is a grey one with a black rim.
    let is_plain = rim.is_none() && mark.child("Fill").is_none();
    let inside = mark.child("Fill").map(fill).transpose()?;
    Ok(MarkSymbol {
        shape,
        size: optional(graphic.child_text("Size"), "Size", 0.5..=LARGEST_PX)?.unwrap_or(6.0) as f32,
        rotation_deg: optional(graphic.child_text("Rotation"), "Rotation", -3_600.0..=3_600.0)?.unwrap_or(0.0) as f32,
        fill: inside.or(is_plain.then_some([0x80, 0x80, 0x80, 255])).map(faded),
        rim: rim
            .or(is_plain.then(black_line))
            .map(|line| (faded(line.colour), line.width)),
    })
}

fn refuse(element: &Element, names: &[&str]) -> Result<(), String> {
    match names.iter().find(|name| element.child(name).is_some()) {
        Some(name) => Err(format!("{name} is not offered")),
        None => Ok(()),
    }
}

/// A parameter in either dialect.
fn parameter<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    let is_one = |child: &&Element| {
        matches!(child.name.as_str(), "CssParameter" | "SvgParameter") && child.attribute("name") == Some(name)
    };
    // Some writers wrap the value in a literal.
    let found = element.children.iter().find(is_one)?;
    found.child_text("Literal").or(Some(found.text.as_str()))
}

fn optional(text: Option<&str>, name: &str, allowed: RangeInclusive<f64>) -> Result<Option<f64>, String> {
    text.map(|text| number(text, name, allowed)).transpose()
}

/// A number in a range.
pub(super) fn number(text: &str, name: &str, allowed: RangeInclusive<f64>) -> Result<f64, String> {
    let number = text
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|number| allowed.contains(number));
    number.ok_or_else(|| {
        format!(
            "{name} '{}' is not a number from {} to {}",
            shown(text),
            allowed.start(),
            allowed.end()
        )
    })
}

fn colour(text: &str) -> Result<[u8; 3], String> {
    let digits = text.trim().strip_prefix('#');
    let digits = digits.filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let number = number.ok_or_else(|| format!("the colour '{}' is not of the form #RRGGBB", shown(text)))?;
    let [_, red, green, blue] = number.to_be_bytes();
    Ok([red, green, blue])
}

fn with_alpha([red, green, blue]: [u8; 3], opacity: f64) -> Rgba {
    [red, green, blue, (opacity * 255.0 + 0.5) as u8]
}
