//! Classic NetCDF with 64-bit offsets (CDF-2), no unlimited dimension: header, then the variables one after the other,
//! each padded to four bytes. Format: the NetCDF Classic Format Specification of Unidata.

use super::{Attribute, Sheet, Values, Variable};

const DIMENSIONS: u32 = 10;
const VARIABLES: u32 = 11;
const ATTRIBUTES: u32 = 12;

/// The bytes of a file.
pub(super) fn write(sheet: &Sheet) -> Vec<u8> {
    let bodies: Vec<Vec<u8>> = sheet.variables.iter().map(|variable| body(&variable.values)).collect();
    // The header is as long whatever the offsets in it are.
    let length = header(sheet, &bodies, 0).len() as u64;
    let mut out = header(sheet, &bodies, length);
    for body in &bodies {
        out.extend(body);
    }
    out
}

fn header(sheet: &Sheet, bodies: &[Vec<u8>], length: u64) -> Vec<u8> {
    let mut out = b"CDF\x02".to_vec();
    number(&mut out, 0);
    list(&mut out, DIMENSIONS, sheet.dimensions.len());
    for (name, length) in &sheet.dimensions {
        text(&mut out, name);
        number(&mut out, *length as u32);
    }
    let about = [("Conventions", "CF-1.8"), ("title", &sheet.title)];
    list(&mut out, ATTRIBUTES, about.len());
    for (name, value) in about {
        attribute(&mut out, name, &Attribute::Text(value.to_owned()));
    }
    list(&mut out, VARIABLES, sheet.variables.len());
    let mut begin = length;
    for (variable, body) in sheet.variables.iter().zip(bodies) {
        self::variable(&mut out, sheet, variable);
        number(&mut out, body.len() as u32);
        out.extend(begin.to_be_bytes());
        begin += body.len() as u64;
    }
    out
}

fn variable(out: &mut Vec<u8>, sheet: &Sheet, variable: &Variable) {
    text(out, &variable.name);
    number(out, variable.dimensions.len() as u32);
    for name in &variable.dimensions {
        let place = sheet.dimensions.iter().position(|(known, _)| known == name);
        number(out, place.unwrap_or(usize::MAX) as u32);
    }
    list(out, ATTRIBUTES, variable.attributes.len());
    for (name, value) in &variable.attributes {
        attribute(out, name, value);
    }
    number(
        out,
        match variable.values {
            Values::Shorts(_) => 3,
            Values::Integers(_) => 4,
            Values::Floats(_) => 5,
            Values::Doubles(_) => 6,
        },
    );
}

fn attribute(out: &mut Vec<u8>, name: &str, value: &Attribute) {
    text(out, name);
    let (kind, count, bytes) = match value {
        Attribute::Text(text) => (2, text.len(), text.as_bytes().to_vec()),
        Attribute::Short(value) => (3, 1, value.to_be_bytes().to_vec()),
        Attribute::Float(value) => (5, 1, value.to_be_bytes().to_vec()),
        Attribute::Double(value) => (6, 1, value.to_be_bytes().to_vec()),
    };
    number(out, kind);
    number(out, count as u32);
    out.extend(bytes);
    pad(out);
}

fn body(values: &Values) -> Vec<u8> {
    let mut out: Vec<u8> = match values {
        Values::Shorts(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
        Values::Integers(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
        Values::Floats(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
        Values::Doubles(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
    };
    pad(&mut out);
    out
}

fn number(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_be_bytes());
}

fn list(out: &mut Vec<u8>, tag: u32, count: usize) {
    number(out, if count == 0 { 0 } else { tag });
    number(out, count as u32);
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u32);
    out.extend(text.as_bytes());
    pad(out);
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}
