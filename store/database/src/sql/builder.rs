//! A statement that grows with what is asked for.

use std::fmt::{Display, Write};

use super::{Query, Scalar, Value, query};

/// A statement under construction: texts of the program's own, and values, which are never part of the text.
pub(crate) struct QueryBuilder {
    text: String,
    values: Vec<Value>,
}

impl QueryBuilder {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, text: impl Display) -> &mut Self {
        // Writing to a string does not fail.
        let _ = write!(self.text, "{text}");
        self
    }

    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('?');
        self
    }

    /// ` IN (…)` these values; nothing is in a list of none, which PostgreSQL has no words for.
    pub(crate) fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let mut separator = " IN (";
        for value in values {
            self.push(separator).push_bind(value);
            separator = ", ";
        }
        self.push(if separator == ", " { ")" } else { " IN (NULL)" })
    }

    pub(crate) fn build(&mut self) -> Query {
        let mut built = query(std::mem::take(&mut self.text));
        built.values = std::mem::take(&mut self.values);
        built
    }

    pub(crate) fn build_query_scalar(&mut self) -> Scalar {
        Scalar(self.build())
    }
}
