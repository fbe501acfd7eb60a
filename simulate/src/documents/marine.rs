//! Positions as mariners write and speak them: degrees and decimal minutes, three decimals (1.9 m of latitude).

/// Thousandths of a minute in a degree.
const PARTS: f64 = 60_000.0;

/// Degrees, minutes and thousandths of a minute, and whether the value is negative. Rounded once, so that minutes never read
/// 60; what rounds to zero is not negative.
fn parts(degrees: f64) -> (u32, u32, u32, bool) {
    let all = libm::round(degrees.abs() * PARTS) as u32;
    (all / 60_000, all / 1_000 % 60, all % 1_000, degrees < 0.0 && all > 0)
}

/// A latitude such as `60°09.123'N`.
pub fn latitude_dm(lat_deg: f64) -> String {
    let (degrees, minutes, thousandths, south) = parts(lat_deg);
    let side = if south { 'S' } else { 'N' };
    format!("{degrees:02}°{minutes:02}.{thousandths:03}'{side}")
}

/// A longitude such as `004°06.000'E`.
pub fn longitude_dm(lon_deg: f64) -> String {
    let (degrees, minutes, thousandths, west) = parts(lon_deg);
    let side = if west { 'W' } else { 'E' };
    format!("{degrees:03}°{minutes:02}.{thousandths:03}'{side}")
}

/// A place in the seven-bit letters that any radio text takes: `60-09.123N 004-06.000E`.
pub(super) fn plain_dm((lon_deg, lat_deg): (f64, f64)) -> String {
    let plain = |text: String| text.replace('°', "-").replace('\'', "");
    format!("{} {}", plain(latitude_dm(lat_deg)), plain(longitude_dm(lon_deg)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_carry_and_signs_become_letters() {
        assert_eq!(latitude_dm(60.205_75), "60°12.345'N");
        assert_eq!(latitude_dm(-0.5), "00°30.000'S");
        assert_eq!(latitude_dm(59.999_999_9), "60°00.000'N");
        assert_eq!(latitude_dm(-1e-9), "00°00.000'N");
        assert_eq!(latitude_dm(-90.0), "90°00.000'S");
        assert_eq!(longitude_dm(4.1), "004°06.000'E");
        assert_eq!(longitude_dm(-179.999_999_9), "180°00.000'W");
        assert_eq!(longitude_dm(180.0), "180°00.000'E");
        assert_eq!(plain_dm((-4.1, 60.205_75)), "60-12.345N 004-06.000W");
    }

    #[test]
    fn what_is_written_is_within_half_a_thousandth_of_a_minute() {
        for k in -1_799..1_800 {
            let lon = f64::from(k) * 0.099_871;
            let text = longitude_dm(lon);
            let (degrees, rest) = text.split_once('°').unwrap();
            let (minutes, side) = rest.split_once('\'').unwrap();
            let read = degrees.parse::<f64>().unwrap() + minutes.parse::<f64>().unwrap() / 60.0;
            let read = if side == "W" { -read } else { read };
            assert!((read - lon).abs() <= 0.000_5 / 60.0 + 1e-12, "{lon} became {text}");
        }
    }
}
