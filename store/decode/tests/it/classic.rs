//! A writer of tiny classic NetCDF files (CDF-1), so that tests can say what is in a file to the last attribute.
//!
//! Format: NetCDF User Guide, appendix "File Format Specifications", classic format. Names, values and sizes are
//! padded to four bytes; record variables lie interleaved by record behind all others.

use std::path::PathBuf;

const DIMENSION: u32 = 10;
const VARIABLE: u32 = 11;
const ATTRIBUTE: u32 = 12;

/// Values of an attribute or a variable, in the type they are written in.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Text(String),
    Short(Vec<i16>),
    Float(Vec<f32>),
    Double(Vec<f64>),
}

type Attributes = Vec<(String, Values)>;

struct Variable {
    name: String,
    dims: Vec<usize>,
    attributes: Attributes,
    values: Values,
}

/// A file in the making.
#[derive(Default)]
pub(crate) struct Classic {
    /// Name and size; size 0 is the record dimension, whose length is the number of records.
    dims: Vec<(String, u32)>,
    records: u32,
    globals: Attributes,
    variables: Vec<Variable>,
}

impl Values {
    fn code(&self) -> u32 {
        match self {
            Self::Text(_) => 2,
            Self::Short(_) => 3,
            Self::Float(_) => 5,
            Self::Double(_) => 6,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Short(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Short(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
            Self::Float(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
            Self::Double(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
        }
    }
}

impl From<&str> for Values {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Values {
    fn from(value: f64) -> Self {
        Self::Double(vec![value])
    }
}

impl From<f32> for Values {
    fn from(value: f32) -> Self {
        Self::Float(vec![value])
    }
}

impl From<i16> for Values {
    fn from(value: i16) -> Self {
        Self::Short(vec![value])
    }
}

impl Classic {
    /// Adds a dimension.
    pub(crate) fn dim(mut self, name: &str, size: u32) -> Self {
        self.dims.push((name.to_owned(), size));
        self
    }

    /// Adds the record dimension, called `name`, with this many records.
    pub(crate) fn unlimited(mut self, name: &str, records: u32) -> Self {
        self.dims.push((name.to_owned(), 0));
        self.records = records;
        self
    }

    /// Adds a global attribute.
    pub(crate) fn global(mut self, name: &str, value: impl Into<Values>) -> Self {
        self.globals.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a variable over dimensions named in order, separated by spaces.
    pub(crate) fn variable(mut self, name: &str, dims: &str, values: Values) -> Self {
        let place = |dim: &str| self.dims.iter().position(|(name, _)| name == dim).unwrap();
        self.variables.push(Variable {
            name: name.to_owned(),
            dims: dims.split_whitespace().map(place).collect(),
            attributes: Vec::new(),
            values,
        });
        self
    }

    /// Adds an attribute to the variable added last.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Values>) -> Self {
        self.variables
            .last_mut()
            .unwrap()
            .attributes
            .push((name.to_owned(), value.into()));
        self
    }

    /// The file's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let size = |variable: &Variable| padded(&self.one_record(variable, 0)).len();
        // The header's length does not depend on the offsets in it.
        let header = self.header(&vec![0; self.variables.len()]).len();
        let (mut begins, mut at) = (vec![0; self.variables.len()], header);
        for records in [false, true] {
            for (index, variable) in self.variables.iter().enumerate() {
                if self.is_record(variable) == records {
                    begins[index] = at as u32;
                    at += size(variable);
                }
            }
        }
        let mut bytes = self.header(&begins);
        for variable in self.variables.iter().filter(|variable| !self.is_record(variable)) {
            bytes.extend(padded(&self.one_record(variable, 0)));
        }
        for record in 0..self.records as usize {
            for variable in self.variables.iter().filter(|variable| self.is_record(variable)) {
                bytes.extend(padded(&self.one_record(variable, record)));
            }
        }
        bytes
    }

    /// Writes the file into a folder.
    pub(crate) fn write(&self, folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("crafted.nc");
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }

    fn is_record(&self, variable: &Variable) -> bool {
        variable.dims.first().is_some_and(|&dim| self.dims[dim].1 == 0)
    }

    /// The whole of a variable, or one record of it.
    fn one_record(&self, variable: &Variable, record: usize) -> Vec<u8> {
        let bytes = variable.values.bytes();
        if !self.is_record(variable) {
            return bytes;
        }
        let len = bytes.len() / self.records.max(1) as usize;
        bytes[record * len..(record + 1) * len].to_vec()
    }

    fn header(&self, begins: &[u32]) -> Vec<u8> {
        let mut out = b"CDF\x01".to_vec();
        out.extend(self.records.to_be_bytes());
        list(&mut out, DIMENSION, self.dims.len());
        for (dim, size) in &self.dims {
            name(&mut out, dim);
            out.extend(size.to_be_bytes());
        }
        attributes(&mut out, &self.globals);
        list(&mut out, VARIABLE, self.variables.len());
        for (variable, begin) in self.variables.iter().zip(begins) {
            name(&mut out, &variable.name);
            out.extend((variable.dims.len() as u32).to_be_bytes());
            for &dim in &variable.dims {
                out.extend((dim as u32).to_be_bytes());
            }
            attributes(&mut out, &variable.attributes);
            out.extend(variable.values.code().to_be_bytes());
            out.extend((padded(&self.one_record(variable, 0)).len() as u32).to_be_bytes());
            out.extend(begin.to_be_bytes());
        }
        out
    }
}

fn list(out: &mut Vec<u8>, tag: u32, len: usize) {
    out.extend(if len == 0 { 0 } else { tag }.to_be_bytes());
    out.extend((len as u32).to_be_bytes());
}

fn name(out: &mut Vec<u8>, name: &str) {
    out.extend((name.len() as u32).to_be_bytes());
    out.extend(padded(name.as_bytes()));
}

fn attributes(out: &mut Vec<u8>, attributes: &Attributes) {
    list(out, ATTRIBUTE, attributes.len());
    for (attribute, values) in attributes {
        name(out, attribute);
        out.extend(values.code().to_be_bytes());
        out.extend((values.len() as u32).to_be_bytes());
        out.extend(padded(&values.bytes()));
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
