//! Numbers as mariners read them: degrees and decimal minutes, nautical miles, UTC. Thin spaces are ordinary no-break
//! ones, so that a text that is copied or searched stays plain.

use driftline_domain::{ValidTime, wrap_lon_deg};

/// A no-break space: number and unit stay on one line.
pub(crate) const NBSP: char = '\u{a0}';

/// Square kilometres in a square nautical mile (1.852 km, SI brochure, 9th edition, table 8).
pub const KM2_PER_NM2: f64 = 1.852 * 1.852;
/// Metres in a nautical mile.
pub const M_PER_NM: f64 = 1852.0;

/// A time: "2026-11-27 06:00 UTC".
pub fn utc(time: ValidTime) -> String {
    time.0.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// "27 Nov 06:00", for tables that name the zone in their head.
pub(crate) fn day_and_clock(time: ValidTime) -> String {
    time.0.strftime("%Y-%m-%d %H:%M").to_string()
}

/// "27 06:00Z", for places along a line.
pub(crate) fn tick(time: ValidTime) -> String {
    time.0.strftime("%d %H:%MZ").to_string()
}

/// Time from the start, given in seconds: "+24 h", "+1 h 30 min", "-6 h".
pub fn elapsed(seconds: i64) -> String {
    // What rounds to no minute is none.
    if seconds.abs() < 30 {
        return format!("0{NBSP}h");
    }
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    format!("{sign}{}", duration(seconds.abs()))
}

/// A length of time in seconds: "24 h", "1 h 30 min", "10 min".
pub fn duration(seconds: i64) -> String {
    let minutes = (seconds + 30).div_euclid(60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    match (hours, minutes) {
        (0, minutes) => format!("{minutes}{NBSP}min"),
        (hours, 0) => format!("{hours}{NBSP}h"),
        (hours, minutes) => format!("{hours}{NBSP}h{NBSP}{minutes}{NBSP}min"),
    }
}

/// A latitude in degrees with so many decimals of a minute: "60° 06.12′ N".
pub fn lat_dmm(lat_deg: f64, decimals: usize) -> String {
    dmm(lat_deg, decimals, 2, ['N', 'S'])
}

/// A longitude in degrees with so many decimals of a minute: "004° 30.00′ E".
pub fn lon_dmm(lon_deg: f64, decimals: usize) -> String {
    dmm(wrap_lon_deg(lon_deg), decimals, 3, ['E', 'W'])
}

fn dmm(degrees: f64, decimals: usize, digits: usize, [positive, negative]: [char; 2]) -> String {
    let scale = libm::pow(10.0, decimals as f64);
    // Whole units of the last decimal: 59.999' does not become 60.00'.
    let units = libm::round(degrees.abs() * 60.0 * scale);
    let whole = libm::floor(units / (60.0 * scale));
    let minutes = (units - whole * 60.0 * scale) / scale;
    let width = if decimals == 0 { 2 } else { 3 + decimals };
    let side = if degrees < 0.0 && units > 0.0 {
        negative
    } else {
        positive
    };
    format!("{whole:0digits$.0}°{NBSP}{minutes:0width$.decimals$}′{NBSP}{side}")
}

/// A size with three digits that count: "0.47", "12.3", "1,240".
pub fn amount(value: f64) -> String {
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    thousands(&format!("{value:.decimals$}"))
}

/// A number of things: "5,000".
pub fn count(number: usize) -> String {
    thousands(&number.to_string())
}

fn thousands(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut grouped = String::with_capacity(number.len() + 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// A level: "90 %".
pub fn percent(level: f64) -> String {
    format!("{}{NBSP}%", libm::round(level * 1000.0) / 10.0)
}

/// A share of particles: "42.5 %". What is not all and not none is not called so.
pub fn share(share: f64) -> String {
    let tenths = libm::round(share * 1000.0);
    match share {
        share if share <= 0.0 => format!("0{NBSP}%"),
        share if share >= 1.0 => format!("100{NBSP}%"),
        _ => format!("{:.1}{NBSP}%", tenths.clamp(1.0, 999.0) / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_degrees_and_decimal_minutes() {
        let plain = |text: String| text.replace(NBSP, " ");
        assert_eq!(plain(lat_dmm(60.102, 2)), "60° 06.12′ N");
        assert_eq!(plain(lon_dmm(-4.5, 2)), "004° 30.00′ W");
        assert_eq!(plain(lat_dmm(-59.999_99, 2)), "60° 00.00′ S");
        assert_eq!(plain(lon_dmm(180.0, 0)), "180° 00′ W");
        assert_eq!(plain(lon_dmm(-0.000_000_1, 2)), "000° 00.00′ E");
        assert_eq!(plain(lat_dmm(5.25, 1)), "05° 15.0′ N");
    }

    #[test]
    fn amounts_keep_three_digits() {
        let found = [0.4712, 9.999, 12.34, 99.96, 1239.6, 1_234_567.0].map(amount);
        assert_eq!(found, ["0.47", "10.0", "12.3", "100", "1,240", "1,234,567"]);
    }

    #[test]
    fn shares_that_are_not_all_are_not_called_so() {
        let plain = |of_all: f64| share(of_all).replace(NBSP, " ");
        assert_eq!(
            [0.0, 0.0001, 0.5, 0.9999, 1.0].map(plain),
            ["0 %", "0.1 %", "50.0 %", "99.9 %", "100 %"]
        );
    }

    #[test]
    fn times_are_utc() {
        let time: ValidTime = "2026-11-27T07:30:00+01:00".parse().unwrap();
        assert_eq!(utc(time), "2026-11-27 06:30 UTC");
        assert_eq!(tick(time), "27 06:30Z");
        assert_eq!(elapsed(-5400).replace(NBSP, " "), "\u{2212}1 h 30 min");
        assert_eq!(elapsed(-29).replace(NBSP, " "), "0 h");
        assert_eq!(elapsed(86_400).replace(NBSP, " "), "+24 h");
    }
}
