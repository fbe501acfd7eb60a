//! What the messages of a file or of some bytes are, without unpacking a value: for those who must know that a byte range
//! holds what was promised.

use std::path::Path;

use driftline_domain::{RunTime, ValidTime};

use super::bytes::OpenedFile;
use super::octets::Octets;
use super::product::Product;
use super::sections::{self, Field};
use super::{grid, names, values};
use crate::Error;
use crate::source::MAX_NODES;

/// One field of one message. A message of several fields gives several of these, with one offset and length.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageAbout {
    /// The message, counted from 1.
    pub number: usize,
    /// Its first byte.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
    /// Originating centre (common code table C-1).
    pub centre: u16,
    /// Discipline (code table 0.0).
    pub discipline: u8,
    /// Parameter category (code table 4.1).
    pub category: u8,
    /// Parameter number (code table 4.2).
    pub parameter: u8,
    /// The parameter's name in its centre's lists, such as UGRD or 10u; the three numbers where it is not known here.
    pub short_name: String,
    /// Type of the first fixed surface (code table 4.5); `None` where the product template is not read.
    pub level_type: Option<u8>,
    /// Value of the first fixed surface in its table's unit; `None` where the message leaves it out.
    pub level_value: Option<f64>,
    /// The reference time.
    pub run: RunTime,
    /// When the field holds; `None` where it is of a span of time, or its product template is not read.
    pub valid: Option<ValidTime>,
    /// Whether the field is a plain forecast or analysis at an instant: no statistics over time, area or ensemble.
    pub is_instant: bool,
    /// Number of the ensemble member, where there is one.
    pub member: Option<u8>,
    /// Nodes along a row and rows; `None` for grids that are not made of rows.
    pub nodes: Option<(u32, u32)>,
}

/// Messages of any product: what they are, and their values on demand.
pub struct Messages<'a> {
    bytes: Bytes<'a>,
    fields: Vec<Field>,
    about: Vec<MessageAbout>,
}

/// Where the messages are.
enum Bytes<'a> {
    File(OpenedFile),
    Slice(&'a [u8]),
}

/// The fields in these bytes, in their order. Every message must be whole.
pub fn inspect(bytes: &[u8]) -> Result<Vec<MessageAbout>, Error> {
    Messages::of(bytes).map(|messages| messages.about)
}

/// The fields in this file, in their order. Reads little more than the sections that describe them.
pub fn inspect_file(path: &Path) -> Result<Vec<MessageAbout>, Error> {
    Messages::open(path).map(|messages| messages.about)
}

impl<'a> Messages<'a> {
    /// The messages in these bytes.
    pub fn of(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::in_any(Bytes::Slice(bytes))
    }

    /// The messages in this file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::in_any(Bytes::File(OpenedFile::open(path)?))
    }

    fn in_any(bytes: Bytes<'a>) -> Result<Self, Error> {
        let fields = match &bytes {
            Bytes::File(file) => sections::scan(file)?,
            Bytes::Slice(slice) => sections::scan(slice)?,
        };
        let about = fields.iter().map(about).collect::<Result<_, Error>>()?;
        Ok(Self { bytes, fields, about })
    }

    /// The fields, in their order.
    pub fn about(&self) -> &[MessageAbout] {
        &self.about
    }

    /// The values of a field as the message has them: in its own unit and order of nodes, NaN where missing. An index
    /// beyond the last field is an error.
    pub fn values(&self, field: usize) -> Result<Vec<f32>, Error> {
        let field = self
            .fields
            .get(field)
            .ok_or(Error::NoSuchStep { series: 0, step: field })?;
        let nodes = Octets(&field.grid).u32(7).unwrap_or(0);
        if u64::from(nodes) > MAX_NODES {
            return Err(Error::TooLarge {
                what: format!("the number of nodes of GRIB message {}", field.place.number),
                size: u64::from(nodes),
                limit: MAX_NODES,
            });
        }
        match &self.bytes {
            Bytes::File(file) => values::read(file, field, nodes as usize),
            Bytes::Slice(slice) => values::read(slice, field, nodes as usize),
        }
    }
}

fn about(field: &Field) -> Result<MessageAbout, Error> {
    let product = Product::of(field).map_err(|reason| field.place.broken(reason))?;
    let about = product.about.as_ref().ok();
    let (discipline, category, parameter) = product.parameter;
    Ok(MessageAbout {
        number: field.place.number,
        offset: field.place.offset,
        length: field.place.length,
        centre: product.centre,
        discipline,
        category,
        parameter,
        short_name: product.short_name(),
        level_type: about.map(|about| about.level.kind),
        level_value: about.and_then(|about| about.level.value),
        run: product.run,
        valid: about.filter(|about| about.derived.is_none()).map(|about| about.valid),
        is_instant: about.is_some_and(|about| about.derived.is_none()),
        member: about.and_then(|about| about.member).map(|member| member.number),
        nodes: grid::dimensions(Octets(&field.grid)),
    })
}

/// A list of what the fields are, for people.
pub(crate) fn inventory(products: &[Product]) -> String {
    const MOST: usize = 24;
    let mut lines: Vec<String> = Vec::new();
    let mut more = 0;
    for product in products {
        let (discipline, category, number) = product.parameter;
        let name = names::parameter(product.parameter).map_or_else(
            || format!("parameter {discipline}/{category}/{number}"),
            |(abbreviation, name)| format!("'{abbreviation}' ({name})"),
        );
        let line = match &product.about {
            Ok(about) => format!("{name} at {}", about.level),
            Err(_) => name,
        };
        if lines.contains(&line) {
            continue;
        }
        if lines.len() < MOST {
            lines.push(line);
        } else {
            more += 1;
        }
    }
    let list = lines.join(", ");
    if more > 0 {
        format!("{list} and {more} more")
    } else {
        list
    }
}
