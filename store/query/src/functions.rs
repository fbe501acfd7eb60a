//! Functions of CQL2 that DataFusion is taught: folds of text, patterns, and arithmetic that has no value where a number has none.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{Result, exec_datafusion_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion_physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::expression::{Arithmetic, Fold};
use crate::fold::folded;
use crate::like::Pattern;

/// A function and its types.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    what: What,
    signature: Signature,
}

/// What a function does.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Fold(Fold),
    Like(Pattern),
    Arithmetic(Arithmetic),
}

/// The function of these operands as a part of a plan.
pub(crate) fn call(
    what: What,
    operands: Vec<Arc<dyn PhysicalExpr>>,
    settings: &Arc<ConfigOptions>,
) -> Arc<dyn PhysicalExpr> {
    let result = Arc::new(Field::new(what.name(), what.result(), true));
    let function = Function {
        signature: Signature::exact(what.takes(), Volatility::Immutable),
        what,
    };
    let name = function.what.name();
    Arc::new(ScalarFunctionExpr::new(
        name,
        Arc::new(ScalarUDF::from(function)),
        operands,
        result,
        Arc::clone(settings),
    ))
}

impl What {
    const fn name(&self) -> &'static str {
        match self {
            Self::Fold(Fold::Case) => "casei",
            Self::Fold(Fold::Accents) => "accenti",
            Self::Like(_) => "cql2_like",
            Self::Arithmetic(_) => "cql2_arithmetic",
        }
    }

    fn takes(&self) -> Vec<DataType> {
        match self {
            Self::Fold(_) | Self::Like(_) => vec![DataType::Utf8],
            Self::Arithmetic(_) => vec![DataType::Float64, DataType::Float64],
        }
    }

    const fn result(&self) -> DataType {
        match self {
            Self::Fold(_) => DataType::Utf8,
            Self::Like(_) => DataType::Boolean,
            Self::Arithmetic(_) => DataType::Float64,
        }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.what.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.what.result())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let columns: Vec<ArrayRef> = arguments
            .args
            .into_iter()
            .map(|argument| argument.into_array(rows))
            .collect::<Result<_>>()?;
        let result: ArrayRef = match (&self.what, columns.as_slice()) {
            (What::Fold(fold), [texts]) => {
                let texts = column::<StringArray>(texts)?;
                Arc::new(
                    texts
                        .iter()
                        .map(|text| text.map(|text| folded(*fold, text)))
                        .collect::<StringArray>(),
                )
            }
            (What::Like(pattern), [texts]) => {
                let texts = column::<StringArray>(texts)?;
                Arc::new(
                    texts
                        .iter()
                        .map(|text| text.map(|text| pattern.matches(text)))
                        .collect::<BooleanArray>(),
                )
            }
            (What::Arithmetic(arithmetic), [left, right]) => {
                Arc::new(computed(*arithmetic, column(left)?, column(right)?)?)
            }
            _ => {
                return Err(exec_datafusion_err!(
                    "{} was given {} operands",
                    self.what.name(),
                    columns.len()
                ));
            }
        };
        Ok(ColumnarValue::Array(result))
    }
}

fn column<T: 'static>(column: &ArrayRef) -> Result<&T> {
    column
        .as_any()
        .downcast_ref::<T>()
        .ok_or_else(|| exec_datafusion_err!("an operand holds {}", column.data_type()))
}

fn computed(arithmetic: Arithmetic, left: &Float64Array, right: &Float64Array) -> Result<Float64Array> {
    let compute = |a: f64, b: f64| match arithmetic {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::WholeDivide => (a / b).trunc(),
        Arithmetic::Modulo => a % b,
        Arithmetic::Power => a.powf(b),
    };
    let all: Float64Array = arrow::compute::binary::<_, _, _, Float64Type>(left, right, compute)?;
    Ok(crate::table::plain_numbers(&all).unwrap_or(all))
}
