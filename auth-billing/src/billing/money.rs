//! Amounts of money as people read them.

use std::cmp::Ordering;

/// Currencies whose minor unit is not a hundredth (ISO 4217).
const OTHER_DIGITS: [(&str, usize); 24] = [
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("ISK", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
];

/// `1 234.50 EUR`: thousands apart, as many decimals as the currency has.
pub fn amount(minor: i64, currency: &str) -> String {
    let digits = OTHER_DIGITS
        .iter()
        .find(|(name, _)| *name == currency)
        .map_or(2, |(_, digits)| *digits);
    let text = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    let sign = if minor.cmp(&0) == Ordering::Less { "-" } else { "" };
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{}{point}{part} {currency}", thousands(whole))
}

/// A number with its thousands apart.
pub(super) fn count(units: i64) -> String {
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}", thousands(&units.unsigned_abs().to_string()))
}

fn thousands(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        assert_eq!(amount(5, "EUR"), "0.05 EUR");
        assert_eq!(amount(123_456_789, "NOK"), "1 234 567.89 NOK");
        assert_eq!(amount(-1_500, "USD"), "-15.00 USD");
        assert_eq!(amount(1_500, "JPY"), "1 500 JPY");
        assert_eq!(amount(7, "KWD"), "0.007 KWD");
        assert_eq!(amount(i64::MIN, "EUR"), "-92 233 720 368 547 758.08 EUR");
        assert_eq!(count(1_000), "1 000");
    }
}
