//! One block of features as columns: what filters look at.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimeUnit};

use crate::Error;
use crate::queryable::Kind;

/// Columns of one block of features and their geometries, row by row the same feature.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// A column for each scalar queryable, in the type of its [`Kind`]; further columns do not disturb.
    pub batch: &'a RecordBatch,
    /// The geometry of each row.
    pub geometries: Geometries<'a>,
}

/// Geometries in CRS84, split at the antimeridian (RFC 7946, 3.1.9).
#[derive(Debug, Clone, Copy)]
pub enum Geometries<'a> {
    /// A point for each row.
    Points {
        /// East of Greenwich, in [-180, 180].
        lon_deg: &'a [f64],
        /// North of the equator.
        lat_deg: &'a [f64],
    },
    /// Any geometry for each row.
    Shapes(&'a [geo::Geometry<f64>]),
}

impl Geometries<'_> {
    /// How many rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Points { lon_deg, .. } => lon_deg.len(),
            Self::Shapes(shapes) => shapes.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table<'_> {
    /// The column of a property, in the type that expressions are planned for.
    pub(crate) fn column(&self, name: &str, kind: Kind) -> Result<ArrayRef, Error> {
        let column = self
            .batch
            .column_by_name(name)
            .ok_or_else(|| Error::Internal(format!("the table has no column '{name}'")))?;
        if !kind.held_by(column.data_type()) {
            let held = column.data_type();
            return Err(Error::Internal(format!(
                "the column '{name}' holds {held}, not {}",
                kind.words()
            )));
        }
        match (column.data_type(), kind.column()) {
            (DataType::Timestamp(TimeUnit::Microsecond, _), Some(planned)) if *column.data_type() != planned => {
                arrow::compute::cast(column, &planned).map_err(|error| Error::Internal(error.to_string()))
            }
            (DataType::Float64, _) => Ok(plain_numbers(column.as_primitive::<Float64Type>())
                .map_or_else(|| ArrayRef::clone(column), |plain| Arc::new(plain))),
            _ => Ok(ArrayRef::clone(column)),
        }
    }

    /// Rows, where columns and geometries agree on how many there are.
    pub(crate) fn rows(&self) -> Result<usize, Error> {
        let rows = self.batch.num_rows();
        let lengths_agree = match self.geometries {
            Geometries::Points { lon_deg, lat_deg } => lon_deg.len() == rows && lat_deg.len() == rows,
            Geometries::Shapes(shapes) => shapes.len() == rows,
        };
        if lengths_agree {
            Ok(rows)
        } else {
            Err(Error::Internal(format!(
                "{rows} rows of columns and {} geometries",
                self.geometries.len()
            )))
        }
    }
}

/// Numbers with one zero, and null where there is no number; none where they are so already. Columns compare by IEEE 754's total
/// order, in which -0 is below 0 and NaN above all.
pub(crate) fn plain_numbers(numbers: &Float64Array) -> Option<Float64Array> {
    let odd = |number: &f64| !number.is_finite() || (*number == 0.0 && number.is_sign_negative());
    numbers.values().iter().any(odd).then(|| {
        numbers
            .iter()
            .map(|number| number.filter(|number| number.is_finite()).map(|number| number + 0.0))
            .collect()
    })
}
