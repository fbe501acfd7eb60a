//! Patterns of LIKE (OGC 21-065r2, 7.4): `%` stands for any characters, `_` for one, `\` takes the meaning from what follows.
//!
//! A pattern is cut at its `%`; each piece is looked for once, from where the piece before it ended. No expression is compiled, and
//! no pattern makes the search go back.

/// A pattern, ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    first: Piece,
    /// After each `%`; empty where there is none.
    rest: Vec<Piece>,
}

/// Characters in a row, some of them any.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Piece {
    Plain(String),
    WithGaps(Vec<Option<char>>),
}

impl Pattern {
    pub(crate) fn of(text: &str) -> Self {
        let mut pieces: Vec<Vec<Option<char>>> = Vec::new();
        let mut piece = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => pieces.push(std::mem::take(&mut piece)),
                '_' => piece.push(None),
                '\\' => piece.push(Some(characters.next().unwrap_or('\\'))),
                other => piece.push(Some(other)),
            }
        }
        pieces.push(piece);
        let mut pieces = pieces.into_iter().map(Piece::of);
        let first = pieces.next().unwrap_or_else(|| Piece::Plain(String::new()));
        Self {
            first,
            rest: pieces.collect(),
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(mut rest) = self.first.after(text) else {
            return false;
        };
        let Some((last, between)) = self.rest.split_last() else {
            return rest.is_empty();
        };
        for piece in between {
            match piece.after_found(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        last.ends(rest)
    }
}

impl Piece {
    fn of(characters: Vec<Option<char>>) -> Self {
        match characters.iter().copied().collect::<Option<String>>() {
            Some(plain) => Self::Plain(plain),
            None => Self::WithGaps(characters),
        }
    }

    /// What follows the piece where a text begins with it.
    fn after<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Plain(plain) => text.strip_prefix(plain.as_str()),
            Self::WithGaps(characters) => {
                let mut rest = text.chars();
                for wanted in characters {
                    let found = rest.next()?;
                    if wanted.is_some_and(|wanted| wanted != found) {
                        return None;
                    }
                }
                Some(rest.as_str())
            }
        }
    }

    /// What follows the first place where a text has the piece.
    fn after_found<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Plain(plain) => text.find(plain.as_str()).map(|at| &text[at + plain.len()..]),
            Self::WithGaps(_) => text.char_indices().find_map(|(at, _)| self.after(&text[at..])),
        }
    }

    /// Whether a text ends with the piece.
    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => text.ends_with(plain.as_str()),
            Self::WithGaps(characters) => text
                .char_indices()
                .rev()
                .nth(characters.len() - 1)
                .is_some_and(|(at, _)| self.after(&text[at..]) == Some("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, which tries everything.
    fn defined(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['%', rest @ ..], _) => (0..=text.len()).any(|skipped| defined(rest, &text[skipped..])),
            (['\\', wanted, rest @ ..], [found, others @ ..]) => wanted == found && defined(rest, others),
            (['_', rest @ ..], [_, others @ ..]) => defined(rest, others),
            ([wanted, rest @ ..], [found, others @ ..]) => wanted == found && defined(rest, others),
            _ => false,
        }
    }

    #[test]
    fn every_short_pattern_matches_what_its_definition_says() {
        let words = |letters: &[char], most: usize| {
            let mut words = vec![String::new()];
            let mut from = 0;
            for _ in 0..most {
                let longer: Vec<String> = words[from..]
                    .iter()
                    .flat_map(|word| letters.iter().map(move |letter| format!("{word}{letter}")))
                    .collect();
                from = words.len();
                words.extend(longer);
            }
            words
        };
        for pattern in words(&['a', 'é', '%', '_'], 5) {
            let matcher = Pattern::of(&pattern);
            let characters: Vec<char> = pattern.chars().collect();
            for text in words(&['a', 'é'], 5) {
                let text_characters: Vec<char> = text.chars().collect();
                assert_eq!(
                    matcher.matches(&text),
                    defined(&characters, &text_characters),
                    "{pattern} on {text}"
                );
            }
        }
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert!(Pattern::of(r"\%\_").matches("%_"));
        assert!(!Pattern::of(r"\%\_").matches("ab"));
        assert!(Pattern::of(r"a\\b").matches(r"a\b"));
    }
}
