//! What CASEI and ACCENTI make of a text (OGC 21-065r2, 7.5 and 7.6), before it is compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::expression::Fold;

/// The text without what is looked past.
pub(crate) fn folded(fold: Fold, text: &str) -> String {
    match fold {
        // Letter by letter, by way of capitals: ß and SS become one, and so do σ and ς.
        Fold::Case if text.is_ascii() => text.to_ascii_lowercase(),
        Fold::Case => text
            .chars()
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect(),
        Fold::Accents if text.is_ascii() => text.to_owned(),
        Fold::Accents => text
            .nfd()
            .filter(|character| !is_combining_mark(*character))
            .nfc()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_by_case_alone_become_one() {
        for (one, other) in [
            ("STRASSE", "straße"),
            ("ÅLESUND", "ålesund"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Foo", "fOO"),
        ] {
            assert_eq!(folded(Fold::Case, one), folded(Fold::Case, other), "{one}");
        }
        assert_ne!(folded(Fold::Case, "a"), folded(Fold::Case, "ä"));
    }

    #[test]
    fn accents_fall_however_they_are_written() {
        assert_eq!(folded(Fold::Accents, "äöüéáí"), "aoueai");
        assert_eq!(folded(Fold::Accents, "a\u{308}"), "a");
        assert_eq!(folded(Fold::Accents, "Ä"), "A");
        assert_eq!(folded(Fold::Accents, "plain"), "plain");
    }
}
