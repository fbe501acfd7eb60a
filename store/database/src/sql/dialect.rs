//! What the two engines say differently.

/// An engine's way of saying things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// A member of a JSON text, as text.
    pub(crate) fn json_text(self, column: &str, member: &str) -> String {
        match self {
            Self::Sqlite => format!("json_extract({column}, '$.{member}')"),
            Self::Postgres => format!("({column}::json ->> '{member}')"),
        }
    }

    /// The function that finds its second argument in its first: 0 where it is not there.
    pub(crate) fn position(self) -> &'static str {
        match self {
            Self::Sqlite => "instr",
            Self::Postgres => "strpos",
        }
    }

    /// Behind a text that is compared by its code points, whatever language the server is set to.
    pub(crate) fn by_code_points(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " COLLATE \"C\"",
        }
    }

    /// Behind a sub-select whose rows are about to be changed: rows that another transaction is at are passed over. In
    /// the embedded file only one transaction writes at a time.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// Behind a select of rows that must stay as they are until the transaction ends; what refers to them goes on.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }
}

/// The statement with PostgreSQL's placeholders: `?1` becomes `$1`, and a bare `?` the next number. Literals stay.
pub(crate) fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut next, mut quoted) = (1_usize, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                out.push(c);
            }
            '?' if !quoted => {
                out.push('$');
                if !chars.peek().is_some_and(char::is_ascii_digit) {
                    out.push_str(&next.to_string());
                    next += 1;
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_get_postgresqls_form_and_literals_stay() {
        assert_eq!(
            numbered("SELECT '?', 'it''s ?' WHERE a = ? AND b = ?"),
            "SELECT '?', 'it''s ?' WHERE a = $1 AND b = $2"
        );
        assert_eq!(numbered("VALUES (?1, ?2, ?12, ?1)"), "VALUES ($1, $2, $12, $1)");
    }
}
