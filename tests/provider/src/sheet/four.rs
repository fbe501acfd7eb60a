//! NetCDF-4 by the C library, deflated with shuffle as providers do; time and axes contiguous.

use netcdf::{FileMut, VariableMut};

use super::{Attribute, Sheet, Values, Variable};
use crate::error::Error;

/// The bytes of a file.
pub(super) fn write(sheet: &Sheet) -> Result<Vec<u8>, Error> {
    let io = |what| move |source| Error::Io { what, source };
    let folder = tempfile::tempdir().map_err(io("no folder for a NetCDF file"))?;
    let path = folder.path().join("sheet.nc");
    let mut file = netcdf::create(&path)?;
    file.add_attribute("Conventions", "CF-1.8")?;
    file.add_attribute("title", sheet.title.as_str())?;
    for (name, length) in &sheet.dimensions {
        file.add_dimension(name, *length)?;
    }
    for variable in &sheet.variables {
        add(&mut file, variable)?;
    }
    file.close()?;
    std::fs::read(&path).map_err(io("a NetCDF file cannot be read back"))
}

fn add(file: &mut FileMut, variable: &Variable) -> Result<(), Error> {
    let dimensions: Vec<&str> = variable.dimensions.iter().map(String::as_str).collect();
    match &variable.values {
        Values::Shorts(values) => fill(file.add_variable::<i16>(&variable.name, &dimensions)?, variable, values),
        Values::Integers(values) => fill(file.add_variable::<i32>(&variable.name, &dimensions)?, variable, values),
        Values::Floats(values) => fill(file.add_variable::<f32>(&variable.name, &dimensions)?, variable, values),
        Values::Doubles(values) => fill(file.add_variable::<f64>(&variable.name, &dimensions)?, variable, values),
    }
}

fn fill<T: netcdf::NcTypeDescriptor>(
    mut written: VariableMut<'_>,
    variable: &Variable,
    values: &[T],
) -> Result<(), Error> {
    if variable.dimensions.len() > 1 {
        written.set_compression(1, true)?;
    }
    for (name, value) in &variable.attributes {
        match value {
            Attribute::Text(text) => written.put_attribute(name, text.as_str())?,
            Attribute::Float(value) if name == "_FillValue" => {
                written.set_fill_value(*value)?;
                continue;
            }
            Attribute::Short(value) => written.put_attribute(name, *value)?,
            Attribute::Float(value) => written.put_attribute(name, *value)?,
            Attribute::Double(value) => written.put_attribute(name, *value)?,
        };
    }
    written.put_values(values, ..)?;
    Ok(())
}
