//! The words of CQL2 text (OGC 21-065r2, annex B): names, literals and signs, each with the character where it begins.

use crate::Error;
use crate::moment::shown;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A name in double quotes, never a keyword.
    Quoted(String),
    Text(String),
    Integer(i64),
    Number(f64),
    /// `(`, `)`, `,` and the operators.
    Sign(&'static str),
    End,
}

/// A word and the character, counted from 1, where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Two characters before one.
const SIGNS: [&str; 16] = [
    "<>", "<=", ">=", "!=", "<", ">", "=", "(", ")", ",", "+", "-", "*", "/", "%", "^",
];

/// All words of a text; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Error> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut next = 0;
    while let Some(&character) = characters.get(next) {
        if character.is_whitespace() {
            next += 1;
            continue;
        }
        let rest = &characters[next..];
        let (token, length) = match character {
            '\'' => quoted(rest, next, "text").map(|(text, length)| (Token::Text(text), length))?,
            '"' => quoted(rest, next, "name").map(|(name, length)| (Token::Quoted(name), length))?,
            _ if starts_number(rest) => number(rest)?,
            _ if starts_name(character) => {
                let name: String = rest
                    .iter()
                    .take_while(|character| continues_name(**character))
                    .collect();
                let length = name.chars().count();
                (Token::Word(name), length)
            }
            _ => sign(rest, next)?,
        };
        tokens.push(Placed { token, at: next + 1 });
        next += length;
    }
    tokens.push(Placed {
        token: Token::End,
        at: characters.len() + 1,
    });
    Ok(tokens)
}

fn starts_name(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | ':')
}

fn continues_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | ':' | '.')
}

fn starts_number(rest: &[char]) -> bool {
    match rest {
        ['.', digit, ..] => digit.is_ascii_digit(),
        [digit, ..] => digit.is_ascii_digit(),
        [] => false,
    }
}

/// What stands between quotes. A doubled quote stands for one, and so does `\'` in text.
fn quoted(rest: &[char], next: usize, what: &str) -> Result<(String, usize), Error> {
    let quote = rest[0];
    let mut text = String::new();
    let mut at = 1;
    loop {
        match (rest.get(at), rest.get(at + 1)) {
            (Some(first), Some(second))
                if *second == quote && (*first == quote || (*first == '\\' && quote == '\'')) =>
            {
                text.push(quote);
                at += 2;
            }
            (Some(first), _) if *first == quote => return Ok((text, at + 1)),
            (Some(first), _) => {
                text.push(*first);
                at += 1;
            }
            (None, _) => {
                return Err(Error::Syntax {
                    at: next + 1,
                    reason: format!("this {what} has no closing {quote}"),
                });
            }
        }
    }
}

/// An unsigned number; a whole one that 64 bits hold is an integer.
fn number(rest: &[char]) -> Result<(Token, usize), Error> {
    let digits = |from: usize| {
        rest[from..]
            .iter()
            .take_while(|character| character.is_ascii_digit())
            .count()
    };
    let mut length = digits(0);
    let mut whole = true;
    if rest.get(length) == Some(&'.') {
        whole = false;
        length += 1;
        length += digits(length);
    }
    if matches!(rest.get(length), Some('e' | 'E')) {
        let sign = usize::from(matches!(rest.get(length + 1), Some('+' | '-')));
        let exponent = digits((length + 1 + sign).min(rest.len()));
        if exponent > 0 {
            whole = false;
            length += 1 + sign + exponent;
        }
    }
    let written: String = rest[..length].iter().collect();
    if whole && let Ok(integer) = written.parse() {
        return Ok((Token::Integer(integer), length));
    }
    match written.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err(Error::Literal {
            what: "number",
            found: shown(&written),
            reason: "it is too large".to_owned(),
        }),
    }
}

fn sign(rest: &[char], next: usize) -> Result<(Token, usize), Error> {
    SIGNS
        .iter()
        .find(|sign| {
            sign.chars()
                .enumerate()
                .all(|(at, character)| rest.get(at) == Some(&character))
        })
        .map(|sign| (Token::Sign(sign), sign.len()))
        .ok_or_else(|| Error::Syntax {
            at: next + 1,
            reason: format!("'{}' has no meaning here", rest[0]),
        })
}

impl Token {
    /// As messages name it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) | Self::Quoted(word) => format!("'{}'", shown(word)),
            Self::Text(text) => format!("the text '{}'", shown(text)),
            Self::Integer(integer) => format!("{integer}"),
            Self::Number(number) => format!("{number}"),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::End => "the end".to_owned(),
        }
    }

    /// Whether it is this keyword, whatever its case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}
