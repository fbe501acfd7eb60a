//! CQL2 as text (`cql2-text`; OGC 21-065r2, annex B): recursive descent, one token at a time and never back, so that the time is
//! that of the length. Expressions that stand in one another are counted before they are entered.
//!
//! Read without a schema: what goes with what is checked later. Keywords and functions are read whatever their case.

mod geometry;
mod token;

use crate::Error;
use crate::expression::{Arithmetic, Comparison, Expression, MOST_LEVELS, Operator};
use crate::moment::Span;
use token::{Placed, Token, tokens};

/// Reads a whole text.
pub(crate) fn read(text: &str) -> Result<Expression, Error> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        next: 0,
        levels: 0,
    };
    let expression = reader.any()?;
    match reader.peek() {
        Token::End => Ok(expression),
        other => Err(reader.expected("AND, OR or the end", &other.clone())),
    }
}

struct Reader {
    tokens: Vec<Placed>,
    next: usize,
    levels: usize,
}

impl Reader {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |placed| &placed.token)
    }

    fn at(&self) -> usize {
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .map_or(1, |placed| placed.at)
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    /// Takes a keyword if it stands here.
    fn keyword(&mut self, keyword: &str) -> bool {
        let here = self.peek().is(keyword);
        self.next += usize::from(here);
        here
    }

    /// Takes a sign if it stands here.
    fn sign(&mut self, sign: &str) -> bool {
        let here = matches!(self.peek(), Token::Sign(other) if *other == sign);
        self.next += usize::from(here);
        here
    }

    fn need(&mut self, sign: &str) -> Result<(), Error> {
        if self.sign(sign) {
            Ok(())
        } else {
            Err(self.expected(&format!("'{sign}'"), &self.peek().clone()))
        }
    }

    fn expected(&self, what: &str, found: &Token) -> Error {
        Error::Syntax {
            at: self.at(),
            reason: format!("expected {what}, found {}", found.shown()),
        }
    }

    /// Reads what stands one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.levels == MOST_LEVELS {
            return Err(Error::TooDeep { most: MOST_LEVELS });
        }
        self.levels += 1;
        let result = read(self);
        self.levels -= 1;
        result
    }

    /// `booleanExpression`, or any other expression: brackets do not tell which.
    fn any(&mut self) -> Result<Expression, Error> {
        self.chain("or", Operator::Or, |reader| {
            reader.chain("and", Operator::And, Self::negation)
        })
    }

    /// Operands of AND or OR side by side, however many.
    fn chain(
        &mut self,
        keyword: &str,
        operator: Operator,
        operand: impl Fn(&mut Self) -> Result<Expression, Error>,
    ) -> Result<Expression, Error> {
        let first = operand(self)?;
        if !self.peek().is(keyword) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.keyword(keyword) {
            operands.push(operand(self)?);
        }
        Ok(Expression::Call(operator, operands))
    }

    fn negation(&mut self) -> Result<Expression, Error> {
        if self.keyword("not") {
            let negated = self.deeper(Self::negation)?;
            return Ok(not(negated));
        }
        self.predicate()
    }

    /// A value, and what is said of it.
    fn predicate(&mut self) -> Result<Expression, Error> {
        let value = self.sum()?;
        if let Some(comparison) = self.comparison() {
            let other = self.sum()?;
            return Ok(Expression::Call(Operator::Compare(comparison), vec![value, other]));
        }
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("null") {
                return Err(self.expected("NULL", &self.peek().clone()));
            }
            return Ok(unless(negated, Expression::Call(Operator::IsNull, vec![value])));
        }
        let negated = self.keyword("not");
        if self.keyword("like") {
            let pattern = self.sum()?;
            return Ok(unless(negated, Expression::Call(Operator::Like, vec![value, pattern])));
        }
        if self.keyword("between") {
            let low = self.sum()?;
            if !self.keyword("and") {
                return Err(self.expected("AND", &self.peek().clone()));
            }
            let high = self.sum()?;
            return Ok(unless(
                negated,
                Expression::Call(Operator::Between, vec![value, low, high]),
            ));
        }
        if self.keyword("in") {
            self.need("(")?;
            let list = self.list()?;
            return Ok(unless(
                negated,
                Expression::Call(Operator::In, vec![value, Expression::List(list)]),
            ));
        }
        if negated {
            return Err(self.expected("LIKE, BETWEEN or IN", &self.peek().clone()));
        }
        Ok(value)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Token::Sign(sign) = self.peek() else { return None };
        let comparison = match *sign {
            "=" => Comparison::Equal,
            // Not in the standard, but in many clients.
            "<>" | "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    /// `arithmeticExpression`: sums of products of powers.
    fn sum(&mut self) -> Result<Expression, Error> {
        self.operations(Self::product, |token| match token {
            Token::Sign("+") => Some(Arithmetic::Add),
            Token::Sign("-") => Some(Arithmetic::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Result<Expression, Error> {
        self.operations(Self::power, |token| match token {
            Token::Sign("*") => Some(Arithmetic::Multiply),
            Token::Sign("/") => Some(Arithmetic::Divide),
            Token::Sign("%") => Some(Arithmetic::Modulo),
            other if other.is("div") => Some(Arithmetic::WholeDivide),
            _ => None,
        })
    }

    fn power(&mut self) -> Result<Expression, Error> {
        self.operations(Self::factor, |token| {
            matches!(token, Token::Sign("^")).then_some(Arithmetic::Power)
        })
    }

    /// Operands from left to right. Each operation stands in the next, so they count as levels.
    fn operations(
        &mut self,
        operand: impl Fn(&mut Self) -> Result<Expression, Error>,
        operator: impl Fn(&Token) -> Option<Arithmetic>,
    ) -> Result<Expression, Error> {
        let mut left = operand(self)?;
        let mut levels = self.levels;
        while let Some(arithmetic) = operator(self.peek()) {
            levels += 1;
            if levels > MOST_LEVELS {
                return Err(Error::TooDeep { most: MOST_LEVELS });
            }
            self.next += 1;
            let right = operand(self)?;
            left = Expression::Call(Operator::Arithmetic(arithmetic), vec![left, right]);
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Expression, Error> {
        if self.sign("-") {
            return Ok(match self.deeper(Self::factor)? {
                Expression::Integer(integer) => Expression::Integer(-integer),
                Expression::Number(number) => Expression::Number(-number),
                other => Expression::Call(
                    Operator::Arithmetic(Arithmetic::Subtract),
                    vec![Expression::Integer(0), other],
                ),
            });
        }
        if self.sign("+") {
            return self.deeper(Self::factor);
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expression, Error> {
        let at = self.at();
        match self.peek().clone() {
            Token::Integer(integer) => {
                self.next += 1;
                Ok(Expression::Integer(integer))
            }
            Token::Number(number) => {
                self.next += 1;
                Ok(Expression::Number(number))
            }
            Token::Text(text) => {
                self.next += 1;
                Ok(Expression::Text(text))
            }
            Token::Quoted(name) => {
                self.next += 1;
                Ok(Expression::Property(name))
            }
            Token::Sign("(") => {
                self.next += 1;
                let mut inner = self.list()?;
                match inner.len() {
                    1 => Ok(inner.remove(0)),
                    _ => Ok(Expression::List(inner)),
                }
            }
            Token::Word(word) => {
                if is_keyword(&word) {
                    return Err(self.expected("a value", &Token::Word(word)));
                }
                self.next += 1;
                self.word(word, at)
            }
            other => Err(self.expected("a value", &other)),
        }
    }

    /// What a word begins: a literal, a function, or itself a property.
    fn word(&mut self, word: String, at: usize) -> Result<Expression, Error> {
        for (literal, value) in [("true", true), ("false", false)] {
            if word.eq_ignore_ascii_case(literal) {
                return Ok(Expression::Boolean(value));
            }
        }
        if let Some(geometry) = self.geometry(&word)? {
            return Ok(Expression::Geometry(geometry));
        }
        if !self.sign("(") {
            return Ok(Expression::Property(word));
        }
        if word.eq_ignore_ascii_case("bbox") {
            return self.bbox();
        }
        let operands = self.list()?;
        call(&word, operands).map_err(|error| match error {
            Error::Type(reason) => Error::Syntax { at, reason },
            other => other,
        })
    }

    /// Expressions up to the closing bracket, the opening one was taken.
    fn list(&mut self) -> Result<Vec<Expression>, Error> {
        let mut list = vec![self.deeper(Self::any)?];
        while self.sign(",") {
            list.push(self.deeper(Self::any)?);
        }
        self.need(")")?;
        Ok(list)
    }
}

/// Keywords of the grammar: names of properties only in double quotes.
fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "like", "between", "in", "is", "null", "div"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

fn not(expression: Expression) -> Expression {
    Expression::Call(Operator::Not, vec![expression])
}

fn unless(negated: bool, expression: Expression) -> Expression {
    if negated { not(expression) } else { expression }
}

/// A function by its name.
fn call(name: &str, mut operands: Vec<Expression>) -> Result<Expression, Error> {
    match (name.to_ascii_lowercase().as_str(), operands.as_slice()) {
        ("date", [Expression::Text(text)]) => Span::date(text).map(Expression::Moment),
        ("timestamp", [Expression::Text(text)]) => Span::timestamp(text).map(Expression::Moment),
        ("date" | "timestamp", _) => Err(Error::Type(format!("{} takes one text in quotes", name.to_uppercase()))),
        ("interval", [_, _]) => {
            let last = operands.remove(1);
            let first = operands.remove(0);
            Ok(Expression::Interval(Box::new([first, last])))
        }
        ("interval", _) => Err(Error::Type(format!(
            "INTERVAL takes 2 operands, not {}",
            operands.len()
        ))),
        _ => match Operator::function(name) {
            Some(operator) => Expression::call(operator, operands),
            None => Err(Error::UnknownFunction {
                name: crate::moment::shown(name),
                known: Operator::functions(),
            }),
        },
    }
}
