//! One NetCDF file while it is put together: dimensions, axes, plain and packed variables, in memory. Its bytes are
//! NetCDF-4 as providers write it where the crate is built with `netcdf4` (which needs the C library), else classic
//! NetCDF: the same dimensions, names, attributes and values.

#[cfg(not(feature = "netcdf4"))]
mod classic;
#[cfg(feature = "netcdf4")]
mod four;

use crate::error::Error;

/// Attributes of a variable that are text.
pub(crate) type Words<'a> = &'a [(&'a str, &'a str)];

/// A file being put together.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    pub(crate) dimensions: Vec<(String, usize)>,
    pub(crate) variables: Vec<Variable>,
}

/// A variable with all of its values.
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) dimensions: Vec<String>,
    pub(crate) attributes: Vec<(String, Attribute)>,
    pub(crate) values: Values,
}

/// Values of a variable.
pub(crate) enum Values {
    Shorts(Vec<i16>),
    Integers(Vec<i32>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
}

/// Value of an attribute.
pub(crate) enum Attribute {
    Text(String),
    Short(i16),
    Float(f32),
    Double(f64),
}

impl From<&[i32]> for Values {
    fn from(values: &[i32]) -> Self {
        Self::Integers(values.to_vec())
    }
}

impl From<&[f32]> for Values {
    fn from(values: &[f32]) -> Self {
        Self::Floats(values.to_vec())
    }
}

impl From<&[f64]> for Values {
    fn from(values: &[f64]) -> Self {
        Self::Doubles(values.to_vec())
    }
}

impl Sheet {
    /// An empty file with dimensions.
    pub(crate) fn new(title: &str, dimensions: &[(&str, usize)]) -> Self {
        Self {
            title: title.to_owned(),
            dimensions: dimensions
                .iter()
                .map(|(name, length)| ((*name).to_owned(), *length))
                .collect(),
            variables: Vec::new(),
        }
    }

    fn add(&mut self, names: &[&str], values: Values, words: Words<'_>) -> &mut Variable {
        let (name, dimensions) = names.split_first().map_or(("", names), |(name, rest)| (*name, rest));
        let text = |(key, text): &(&str, &str)| ((*key).to_owned(), Attribute::Text((*text).to_owned()));
        self.variables.push(Variable {
            name: name.to_owned(),
            dimensions: dimensions.iter().map(|name| (*name).to_owned()).collect(),
            attributes: words.iter().map(text).collect(),
            values,
        });
        let last = self.variables.len() - 1;
        &mut self.variables[last]
    }

    /// A coordinate.
    pub(crate) fn axis<T>(&mut self, name: &str, values: &[T], words: Words<'_>)
    where
        for<'a> &'a [T]: Into<Values>,
    {
        self.add(&[name, name], values.into(), words);
    }

    /// A variable of 32-bit floats, named before its dimensions, with NaN written as the fill value.
    pub(crate) fn floats(&mut self, names: &[&str], values: &[f32], fill: f32, words: Words<'_>) {
        let filled = values.iter().map(|value| if value.is_nan() { fill } else { *value });
        let variable = self.add(names, Values::Floats(filled.collect()), words);
        variable
            .attributes
            .push(("_FillValue".to_owned(), Attribute::Float(fill)));
    }

    /// A variable of 16-bit integers with a scale; NaN becomes `missing_value`, which is no fill value by name.
    pub(crate) fn shorts(&mut self, names: &[&str], values: &[f32], scale: f32, words: Words<'_>) {
        const MISSING: i16 = -32767;
        let packed = values.iter().map(|value| {
            if value.is_nan() {
                MISSING
            } else {
                (value / scale).round() as i16
            }
        });
        let variable = self.add(names, Values::Shorts(packed.collect()), words);
        for (key, value) in [
            ("scale_factor", Attribute::Float(scale)),
            ("add_offset", Attribute::Float(0.0)),
            ("missing_value", Attribute::Short(MISSING)),
        ] {
            variable.attributes.push((key.to_owned(), value));
        }
    }

    /// Doubles on several dimensions (places of nodes), or on none.
    pub(crate) fn doubles(&mut self, names: &[&str], values: &[f64], words: Words<'_>) {
        self.add(names, Values::Doubles(values.to_vec()), words);
    }

    /// A grid mapping: a variable whose value says nothing, its attributes text and numbers.
    pub(crate) fn mapping(&mut self, name: &str, words: Words<'_>, numbers: &[(&str, f64)]) {
        let variable = self.add(&[name], Values::Integers(vec![0]), words);
        let numbers = numbers
            .iter()
            .map(|(key, number)| ((*key).to_owned(), Attribute::Double(*number)));
        variable.attributes.extend(numbers);
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Error> {
        #[cfg(feature = "netcdf4")]
        return four::write(self);
        #[cfg(not(feature = "netcdf4"))]
        Ok(classic::write(self))
    }
}
