//! Many points at once: columns in, bytes out, nothing allocated per feature.

use std::ops::Range;

use super::layer::{Kind, LayerBuilder, MOVE_TO, command};
use super::place::FastPlacer;
use super::table::{Number, Value, Values};
use super::wire::{self, zigzag};
use crate::Error;

/// Attributes that a point can have; more columns are refused.
const MOST_COLUMNS: usize = 16;

/// An attribute of many features.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<'a> {
    /// Its name.
    pub key: &'a str,
    /// Its values, one per feature.
    pub values: ColumnValues<'a>,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValues<'a> {
    /// Whole numbers.
    U32(&'a [u32]),
    /// Whole numbers.
    I64(&'a [i64]),
    /// Numbers; where one is NaN the feature lacks the attribute.
    F32(&'a [f32]),
    /// Numbers; where one is NaN the feature lacks the attribute.
    F64(&'a [f64]),
    /// Few different values: which one each feature has; a number beyond the last leaves the attribute out.
    Choice(&'a [Value], &'a [u8]),
    /// The same for all.
    Constant(&'a Value),
}

/// Positions and attributes of many points.
#[derive(Debug, Clone, PartialEq)]
pub struct Points<'a> {
    /// Longitudes in degrees.
    pub lon_deg: &'a [f64],
    /// Latitudes in degrees.
    pub lat_deg: &'a [f64],
    /// Feature ids; without them features have none.
    pub ids: Option<&'a [u64]>,
    /// Attributes, at most 16.
    pub columns: &'a [Column<'a>],
}

/// Move to a place.
pub(super) fn commands(x: i32, y: i32) -> [u32; 3] {
    [command(MOVE_TO, 1), zigzag(x), zigzag(y)]
}

pub(super) fn add(layer: &mut LayerBuilder, points: &Points<'_>, ranges: &[Range<usize>]) -> Result<usize, Error> {
    check(points)?;
    let all = points.lon_deg.len();
    if let Some(range) = ranges.iter().find(|range| range.start > range.end || range.end > all) {
        return Err(Error::PointRange {
            start: range.start,
            end: range.end,
            all,
        });
    }
    let placer = layer.fast.take();
    let placer = placer.unwrap_or_else(|| FastPlacer::of(layer.placer, layer.tile.z()));
    let added = add_placed(layer, points, ranges, &placer);
    layer.fast = Some(placer);
    Ok(added)
}

fn add_placed(layer: &mut LayerBuilder, points: &Points<'_>, ranges: &[Range<usize>], placer: &FastPlacer) -> usize {
    let mut columns: Vec<Tagger<'_>> = Vec::with_capacity(points.columns.len());
    let before = layer.count;
    let (mut tags, mut feature) = (Body::new(), Body::new());
    for at in ranges.iter().cloned().flatten() {
        let Some((x, y)) = placer.point(points.lon_deg[at], points.lat_deg[at]) else {
            continue;
        };
        if layer.count == before {
            // Keys and values of a layer that has no feature would be waste.
            reserve(layer, points, ranges);
            columns.extend(points.columns.iter().map(|column| Tagger::of(layer, column)));
        }
        tags.clear();
        for column in &mut columns {
            column.write(&mut layer.values, at, &mut tags);
        }
        feature.clear();
        if let Some(ids) = points.ids {
            feature.push(wire::key(1, wire::VARINT));
            feature.varint(ids[at]);
        }
        if !tags.is_empty() {
            feature.push(wire::key(2, wire::LENGTH));
            feature.varint(tags.bytes().len() as u64);
            feature.extend(tags.bytes());
        }
        feature.extend(&[
            wire::key(3, wire::VARINT),
            Kind::Point as u8,
            wire::key(4, wire::LENGTH),
        ]);
        let [command, dx, dy] = commands(x, y).map(u64::from);
        feature.push((1 + varint_length(dx) + varint_length(dy)) as u8);
        feature.varint(command);
        feature.varint(dx);
        feature.varint(dy);
        wire::bytes(&mut layer.features, 2, feature.bytes());
        layer.count += 1;
    }
    layer.count - before
}

/// Room for what is to come, as far as it can be told beforehand.
fn reserve(layer: &mut LayerBuilder, points: &Points<'_>, ranges: &[Range<usize>]) {
    let most: usize = ranges.iter().map(Range::len).sum();
    let has_numbers = |column: &Column<'_>| matches!(column.values, ColumnValues::U32(_) | ColumnValues::I64(_));
    // Points of a later time mostly have the numbers of an earlier one.
    if layer.count == 0 && points.columns.iter().any(has_numbers) {
        layer.values.expect_whole(most);
    }
    layer.features.reserve(most.min(MOST_RESERVED) * TYPICAL_BYTES);
}

/// Bytes of a feature with a place and three attributes.
const TYPICAL_BYTES: usize = 24;
/// Features that room is made for at once.
const MOST_RESERVED: usize = 1 << 20;

/// Bytes of a number.
#[inline]
fn varint_length(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Bytes of a message in the making, which never need the heap: 16 attributes of two numbers of five bytes, an id of ten,
/// a place of eleven, and their keys and lengths.
struct Body {
    bytes: [u8; 256],
    used: usize,
}

impl Body {
    fn new() -> Self {
        Self {
            bytes: [0; 256],
            used: 0,
        }
    }

    fn clear(&mut self) {
        self.used = 0;
    }

    fn is_empty(&self) -> bool {
        self.used == 0
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.bytes[self.used] = byte;
        self.used += 1;
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.used..self.used + bytes.len()].copy_from_slice(bytes);
        self.used += bytes.len();
    }

    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }
}

fn check(points: &Points<'_>) -> Result<(), Error> {
    let expected = points.lon_deg.len();
    let same = |column: &str, found: usize| {
        (found == expected).then_some(()).ok_or_else(|| Error::Columns {
            column: column.to_owned(),
            found,
            expected,
        })
    };
    same("latitude", points.lat_deg.len())?;
    same("id", points.ids.map_or(expected, <[u64]>::len))?;
    if points.columns.len() > MOST_COLUMNS {
        return Err(Error::TooManyColumns(points.columns.len()));
    }
    for column in points.columns {
        same(
            column.key,
            match &column.values {
                ColumnValues::U32(values) => values.len(),
                ColumnValues::I64(values) => values.len(),
                ColumnValues::F32(values) => values.len(),
                ColumnValues::F64(values) => values.len(),
                ColumnValues::Choice(_, values) => values.len(),
                ColumnValues::Constant(_) => expected,
            },
        )?;
    }
    Ok(())
}

/// A column with what is known of its values' numbers in the layer.
struct Tagger<'a> {
    key: u32,
    values: &'a ColumnValues<'a>,
    /// Numbers of the choices; of the constant.
    known: Vec<u32>,
    /// The value before and its number: neighbours are often equal.
    last: Option<(Number, u32)>,
}

impl<'a> Tagger<'a> {
    fn of(layer: &mut LayerBuilder, column: &'a Column<'a>) -> Self {
        let known = match &column.values {
            ColumnValues::Choice(choices, _) => choices.iter().map(|value| layer.values.index(value)).collect(),
            ColumnValues::Constant(value) => vec![layer.values.index(value)],
            _ => Vec::new(),
        };
        Self {
            key: layer.keys.index(column.key),
            values: &column.values,
            known,
            last: None,
        }
    }

    /// Writes the numbers of key and value, where the feature has the attribute.
    #[inline]
    fn write(&mut self, values: &mut Values, at: usize, tags: &mut Body) {
        if let Some(value) = self.value(values, at) {
            tags.varint(u64::from(self.key));
            tags.varint(u64::from(value));
        }
    }

    #[inline]
    fn value(&mut self, values: &mut Values, at: usize) -> Option<u32> {
        let number = match self.values {
            ColumnValues::U32(numbers) => Number::Int(i64::from(numbers[at])),
            ColumnValues::I64(numbers) => Number::Int(numbers[at]),
            ColumnValues::F32(numbers) if numbers[at].is_nan() => return None,
            ColumnValues::F32(numbers) => Number::Float(numbers[at].to_bits()),
            ColumnValues::F64(numbers) if numbers[at].is_nan() => return None,
            ColumnValues::F64(numbers) => Number::Double(numbers[at].to_bits()),
            ColumnValues::Choice(_, choices) => return self.known.get(usize::from(choices[at])).copied(),
            ColumnValues::Constant(_) => return self.known.first().copied(),
        };
        match self.last {
            Some((last, index)) if last == number => Some(index),
            _ => {
                let index = values.number_index(number);
                self.last = Some((number, index));
                Some(index)
            }
        }
    }
}
