//! A checked filter as expressions of DataFusion, planned once for any number of tables.
//!
//! What asks for columns alone is told apart from what asks for geometries: geometries are looked at only where the columns leave a
//! row standing. The answers on geometries then enter as columns of their own. Logic is SQL's: what is null is unknown.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion_common::DataFusionError;
use datafusion_common::ScalarValue;
use datafusion_common::config::ConfigOptions;
use datafusion_expr::Operator;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::{BinaryExpr, Column, Literal, cast, in_list, is_null, not};

use crate::Error;
use crate::expression::Comparison;
use crate::functions::{What, call};
use crate::like::Pattern;
use crate::node::{Node, Value};
use crate::queryable::{Kind, Queryable};
use crate::spatial::Question;
use crate::table::Table;

type Expression = Arc<dyn PhysicalExpr>;

/// What is evaluated.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The columns that it reads, in the order of its schemas.
    columns: Vec<Queryable>,
    /// Those columns.
    scalar: SchemaRef,
    /// Those, and one for each question on geometries.
    whole: SchemaRef,
    on_columns: Option<Expression>,
    on_geometries: Option<Expression>,
}

impl Plan {
    pub(crate) fn of(node: &Node, questions: usize) -> Result<Self, Error> {
        let mut columns: Vec<Queryable> = Vec::new();
        node.properties(&mut |queryable| {
            if !columns.contains(&queryable) {
                columns.push(queryable);
            }
        });
        let mut fields: Vec<Field> = columns
            .iter()
            .filter_map(|queryable| {
                queryable
                    .kind
                    .column()
                    .map(|column| Field::new(queryable.name, column, true))
            })
            .collect();
        let scalar = Arc::new(Schema::new(fields.clone()));
        fields.extend(
            (0..questions).map(|question| Field::new(format!("geometry {question}"), DataType::Boolean, false)),
        );
        let whole = Arc::new(Schema::new(fields));
        let planner = Planner {
            columns: &columns,
            schema: &whole,
            settings: Arc::new(ConfigOptions::default()),
        };
        let (spatial, others): (Vec<Node>, Vec<Node>) =
            node.clone().conjuncts().into_iter().partition(Node::is_spatial);
        let on_columns = planner.every(&others).map_err(internal)?;
        let on_geometries = planner.every(&spatial).map_err(internal)?;
        Ok(Self {
            columns,
            scalar,
            whole,
            on_columns,
            on_geometries,
        })
    }

    /// Which rows match.
    pub(crate) fn matches(&self, questions: &[Question], table: &Table<'_>) -> Result<Vec<bool>, Error> {
        let rows = table.rows()?;
        let mut columns: Vec<ArrayRef> = self
            .columns
            .iter()
            .map(|queryable| table.column(queryable.name, queryable.kind))
            .collect::<Result<_, _>>()?;
        let mut standing = vec![true; rows];
        if let Some(expression) = &self.on_columns {
            standing = evaluated(expression, batch(&self.scalar, columns.clone(), rows)?)?;
        }
        if let Some(expression) = &self.on_geometries
            && standing.contains(&true)
        {
            for question in questions {
                columns.push(Arc::new(BooleanArray::from(
                    question.answers(table.geometries, &standing),
                )));
            }
            let lies = evaluated(expression, batch(&self.whole, columns, rows)?)?;
            standing.iter_mut().zip(lies).for_each(|(stands, lies)| *stands &= lies);
        }
        Ok(standing)
    }
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, Error> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| Error::Internal(error.to_string()))
}

fn evaluated(expression: &Expression, batch: RecordBatch) -> Result<Vec<bool>, Error> {
    let rows = batch.num_rows();
    let values = expression
        .evaluate(&batch)
        .and_then(|values| values.into_array(rows))
        .map_err(internal)?;
    let values = values
        .as_boolean_opt()
        .ok_or_else(|| Error::Internal(format!("a condition gave {}", values.data_type())))?;
    // Unknown is not matching.
    Ok(values.iter().map(|value| value == Some(true)).collect())
}

fn internal(error: DataFusionError) -> Error {
    Error::Internal(error.to_string())
}

struct Planner<'a> {
    columns: &'a [Queryable],
    schema: &'a Schema,
    settings: Arc<ConfigOptions>,
}

/// Types that numbers are compared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numeric {
    Integer,
    Number,
}

impl Planner<'_> {
    /// All of these; none where there are none.
    fn every(&self, nodes: &[Node]) -> Result<Option<Expression>, DataFusionError> {
        if nodes.is_empty() {
            Ok(None)
        } else {
            self.joined(nodes, Operator::And).map(Some)
        }
    }

    /// Halves of halves, so that many side by side are no deeper than they are long in binary digits.
    fn joined(&self, nodes: &[Node], operator: Operator) -> Result<Expression, DataFusionError> {
        match nodes {
            [] => Ok(literal(ScalarValue::Boolean(Some(operator == Operator::And)))),
            [node] => self.node(node),
            _ => {
                let (left, right) = nodes.split_at(nodes.len() / 2);
                let (left, right) = (self.joined(left, operator)?, self.joined(right, operator)?);
                Ok(Arc::new(BinaryExpr::new(left, operator, right)))
            }
        }
    }

    fn node(&self, node: &Node) -> Result<Expression, DataFusionError> {
        match node {
            Node::Constant(constant) => Ok(literal(ScalarValue::Boolean(Some(*constant)))),
            Node::Flag(queryable) => self.column(*queryable),
            Node::All(nodes) => self.joined(nodes, Operator::And),
            Node::Any(nodes) => self.joined(nodes, Operator::Or),
            Node::Not(node) => not(self.node(node)?),
            Node::Compare(comparison, left, right) => {
                let numeric = common(&[left, right]);
                let (left, right) = (self.value(left, numeric)?, self.value(right, numeric)?);
                Ok(Arc::new(BinaryExpr::new(left, operator(*comparison), right)))
            }
            Node::Like(value, pattern) => {
                let text = self.value(value, None)?;
                Ok(call(What::Like(Pattern::of(pattern)), vec![text], &self.settings))
            }
            Node::In(value, list) => {
                let all: Vec<&Value> = std::iter::once(value).chain(list).collect();
                let numeric = common(&all);
                let value = self.value(value, numeric)?;
                let list = list
                    .iter()
                    .map(|item| self.value(item, numeric))
                    .collect::<Result<_, _>>()?;
                in_list(value, list, &false, self.schema)
            }
            Node::IsNull(value) => is_null(self.value(value, None)?),
            Node::Spatial(question) => {
                let index = self.columns.len() + question;
                Ok(Arc::new(Column::new(self.schema.field(index).name(), index)))
            }
        }
    }

    /// A value; a numeric one in the type that was asked for.
    fn value(&self, value: &Value, numeric: Option<Numeric>) -> Result<Expression, DataFusionError> {
        match (value, numeric) {
            (Value::Property(queryable), Some(Numeric::Number)) if queryable.kind == Kind::Integer => {
                cast(self.column(*queryable)?, self.schema, DataType::Float64)
            }
            (Value::Property(queryable), _) => self.column(*queryable),
            (Value::Text(text), _) => Ok(literal(ScalarValue::Utf8(Some(text.clone())))),
            (Value::Integer(integer), Some(Numeric::Number)) => Ok(number(*integer as f64)),
            (Value::Integer(integer), _) => Ok(literal(ScalarValue::Int64(Some(*integer)))),
            (Value::Number(float), Some(Numeric::Integer)) => Ok(literal(ScalarValue::Int64(whole(*float)))),
            (Value::Number(float), _) => Ok(number(*float)),
            (Value::Boolean(boolean), _) => Ok(literal(ScalarValue::Boolean(Some(*boolean)))),
            (Value::Time(us), _) => Ok(literal(ScalarValue::TimestampMicrosecond(
                Some(*us),
                Some("UTC".into()),
            ))),
            (Value::Fold(fold, value), _) => {
                let text = self.value(value, None)?;
                Ok(call(What::Fold(*fold), vec![text], &self.settings))
            }
            (Value::Arithmetic(arithmetic, operands), _) => {
                let operands = operands
                    .iter()
                    .map(|operand| self.value(operand, Some(Numeric::Number)))
                    .collect::<Result<_, _>>()?;
                Ok(call(What::Arithmetic(*arithmetic), operands, &self.settings))
            }
        }
    }

    fn column(&self, queryable: Queryable) -> Result<Expression, DataFusionError> {
        let index = self.columns.iter().position(|column| *column == queryable);
        let index =
            index.ok_or_else(|| DataFusionError::Internal(format!("'{}' is not planned for", queryable.name)))?;
        Ok(Arc::new(Column::new(queryable.name, index)))
    }
}

fn literal(value: ScalarValue) -> Expression {
    Arc::new(Literal::new(value))
}

/// Of the two zeros the one that columns have.
fn number(number: f64) -> Expression {
    literal(ScalarValue::Float64(Some(number + 0.0)))
}

const fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
    }
}

/// The type in which numeric values are compared: whole numbers stay whole where all are, so that none above 2^53 is rounded.
fn common(values: &[&Value]) -> Option<Numeric> {
    let of = |value: &Value| match value {
        Value::Integer(_) => Some(Numeric::Integer),
        Value::Number(number) if whole(*number).is_some() => Some(Numeric::Integer),
        Value::Property(queryable) if queryable.kind == Kind::Integer => Some(Numeric::Integer),
        Value::Number(_) | Value::Arithmetic(..) => Some(Numeric::Number),
        Value::Property(queryable) if queryable.kind == Kind::Number => Some(Numeric::Number),
        _ => None,
    };
    values
        .iter()
        .map(|value| of(value))
        .reduce(|one, other| if one == other { one } else { Some(Numeric::Number) })
        .flatten()
}

/// The whole number that a float is, if it is one that 64 bits hold.
fn whole(number: f64) -> Option<i64> {
    const END: f64 = -(i64::MIN as f64);
    (number.fract() == 0.0 && (-END..END).contains(&number)).then_some(number as i64)
}
