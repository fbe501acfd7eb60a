//! CF time coordinates ("hours since 1950-01-01", CF 4.4) to valid times, whole seconds UTC.
//!
//! Units in any spelling, singular included; integer or floating values. Only the calendars of the real world are
//! read. Single-precision values carry rounding: they are brought to the finest of a few usual granularities that
//! the rounding cannot touch.

use driftline_domain::ValidTime;
use jiff::Timestamp;
use jiff::civil::{Date, Time, date};
use jiff::tz::TimeZone;
use netcdf_reader::{NcType, NcVariable};

use crate::Error;
use crate::source::{Source, lower, text};

/// Whether a variable's units make it a time coordinate.
pub(crate) fn is_time(variable: &NcVariable) -> bool {
    lower(variable, "units").contains(" since ")
}

/// The times of a coordinate variable, in file order and strictly ascending.
pub(crate) fn times(source: &Source, variable: &NcVariable) -> Result<Vec<ValidTime>, Error> {
    let refused = |reason: String| Error::Time {
        variable: variable.name.clone(),
        reason,
    };
    let units = text(variable, "units").unwrap_or_default();
    let scale = TimeScale::parse(&units, &lower(variable, "calendar")).map_err(refused)?;
    let values = source.values(variable)?;
    if values.is_empty() {
        return Err(refused("there is no time step".to_owned()));
    }
    let relative_rounding = if variable.dtype == NcType::Float {
        2_f64.powi(-24)
    } else {
        0.0
    };
    let times = values.iter().map(|&value| scale.time(value, relative_rounding));
    let times: Vec<ValidTime> = times.collect::<Result<_, String>>().map_err(refused)?;
    if let Some(step) = times.windows(2).position(|pair| pair[0] >= pair[1]) {
        let reason = if times[step] == times[step + 1] {
            format!("{} stands there twice, at steps {step} and {}", times[step], step + 1)
        } else {
            format!(
                "step {} ({}) comes before step {step} ({})",
                step + 1,
                times[step + 1],
                times[step]
            )
        };
        return Err(refused(reason));
    }
    Ok(times)
}

/// Reads single values of a time variable to the second, in any order: what buoys report is on no round time.
pub(crate) struct Instants {
    scale: TimeScale,
    variable: String,
    relative_rounding: f64,
}

impl Instants {
    /// The times of this variable.
    pub(crate) fn of(variable: &NcVariable) -> Result<Self, Error> {
        let units = text(variable, "units").unwrap_or_default();
        let scale = TimeScale::parse(&units, &lower(variable, "calendar")).map_err(|reason| Error::Time {
            variable: variable.name.clone(),
            reason,
        })?;
        let is_single = variable.dtype == NcType::Float;
        Ok(Self {
            scale,
            variable: variable.name.clone(),
            relative_rounding: if is_single { 2_f64.powi(-24) } else { 0.0 },
        })
    }

    /// The time of a value; `None` for what is no time. Refused is what single precision blurs to more than a second.
    pub(crate) fn at(&self, value: f64) -> Result<Option<ValidTime>, Error> {
        let blur_s = value.abs() * self.relative_rounding * self.scale.unit_s;
        if blur_s > 1.0 {
            return Err(Error::Time {
                variable: self.variable.clone(),
                reason: format!("single precision leaves {value} uncertain by {blur_s:.0} s"),
            });
        }
        Ok(self.scale.time(value, 0.0).ok())
    }
}

/// What a value of a time coordinate counts.
#[derive(Debug, PartialEq)]
struct TimeScale {
    unit_s: f64,
    /// Seconds since 1970-01-01T00:00:00Z.
    epoch_s: i64,
}

impl TimeScale {
    fn parse(units: &str, calendar: &str) -> Result<Self, String> {
        if !["", "standard", "gregorian", "proleptic_gregorian"].contains(&calendar) {
            return Err(format!("the calendar '{calendar}' is not the real world's"));
        }
        let words: Vec<&str> = units.split_whitespace().collect();
        let (unit, reference) = match words[..] {
            [unit, since, ref reference @ ..] if since.eq_ignore_ascii_case("since") && !reference.is_empty() => {
                (unit.to_ascii_lowercase(), reference.join(" "))
            }
            _ => return Err(format!("the units '{units}' are not of the form 'hours since a date'")),
        };
        let unit_s = match unit.as_str() {
            "millisecond" | "milliseconds" | "msec" | "msecs" | "ms" => 0.001,
            "second" | "seconds" | "sec" | "secs" | "s" => 1.0,
            "minute" | "minutes" | "min" | "mins" => 60.0,
            "hour" | "hours" | "hr" | "hrs" | "h" => 3600.0,
            "day" | "days" | "d" => 86_400.0,
            _ => {
                return Err(format!(
                    "the unit '{unit}' in '{units}' has no fixed length or is unknown"
                ));
            }
        };
        let epoch = reference_time(&reference).ok_or_else(|| format!("'{reference}' in '{units}' is no date"))?;
        let mixed = calendar != "proleptic_gregorian";
        if mixed
            && epoch
                < date(1582, 10, 15)
                    .to_zoned(TimeZone::UTC)
                    .map_err(|e| e.to_string())?
                    .timestamp()
        {
            return Err(format!(
                "'{units}' counts from before 1582-10-15, where the standard calendar is the Julian one"
            ));
        }
        Ok(Self {
            unit_s,
            epoch_s: epoch.as_second(),
        })
    }

    fn time(&self, value: f64, relative_rounding: f64) -> Result<ValidTime, String> {
        const GRANULARITIES_S: [f64; 7] = [1.0, 60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];
        if !value.is_finite() || value.abs() > 1e15 {
            return Err(format!("a step has the value {value}"));
        }
        let rounding_s = value.abs() * relative_rounding * self.unit_s;
        let granularity = GRANULARITIES_S
            .iter()
            .find(|granularity| rounding_s < *granularity / 2.0);
        let granularity =
            granularity.ok_or_else(|| format!("single precision leaves {value} uncertain by {rounding_s} s"))?;
        let since_s = libm::rint(value * self.unit_s / granularity) * granularity;
        let time = self
            .epoch_s
            .checked_add(since_s as i64)
            .and_then(ValidTime::from_unix_s);
        time.ok_or_else(|| format!("the value {value} lies outside the years -9999 to 9999"))
    }
}

/// A single time in an attribute, such as `2016-02-01T12:00:00Z`.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    reference_time(text)
}

/// `y-m-d`, then optionally `h[:m[:s]]`, then optionally an offset from UTC; UTC where none is written.
fn reference_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // ISO 8601 joins date and time by a T and marks UTC by a Z.
    let (text, is_utc) = text.strip_suffix(['Z', 'z']).map_or((text, false), |rest| (rest, true));
    let joined = text
        .split_once(['T', 't'])
        .filter(|(day, _)| day.ends_with(|c: char| c.is_ascii_digit()));
    let text = joined.map_or_else(|| text.to_owned(), |(day, time)| format!("{day} {time}"));
    let mut words = text.split_whitespace().chain(is_utc.then_some("UTC")).peekable();
    let day = parse_date(words.next()?)?;
    let mut time = Time::midnight();
    let mut offset_s = 0;
    if let Some(word) = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
        // An offset may be glued to the time: 00:00:00+01:00.
        let glued = word.find(['+', '-']).unwrap_or(word.len());
        time = parse_time(&word[..glued])?;
        if glued < word.len() {
            offset_s = parse_offset(&word[glued..])?;
        }
    }
    if let Some(word) = words.next() {
        offset_s = parse_offset(word)?;
    }
    if words.next().is_some() {
        return None;
    }
    let local = day.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp();
    Timestamp::from_second(local.as_second().checked_sub(offset_s)?).ok()
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn parse_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    // A fraction of a second in a reference date is written as .0 in all practice; anything else is not understood.
    let second = parts.next().map_or(Some(0), |part| {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, ""));
        fraction.chars().all(|c| c == '0').then(|| whole.parse().ok())?
    })?;
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

fn parse_offset(text: &str) -> Option<i64> {
    if ["utc", "gmt"].contains(&text.to_ascii_lowercase().as_str()) {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=18).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(units: &str, value: f64) -> String {
        let scale = TimeScale::parse(units, "").unwrap();
        scale.time(value, 0.0).unwrap().to_string()
    }

    #[test]
    fn units_in_any_spelling() {
        assert_eq!(at("Hour since 2023-02-28 00:00:00", 48.0), "2023-03-02T00:00:00Z");
        assert_eq!(at("hours since 1950-01-01", 577_440.0), "2015-11-16T00:00:00Z");
        assert_eq!(
            at("seconds since 1970-01-01 00:00:00 +00:00", 1_447_632_000.0),
            "2015-11-16T00:00:00Z"
        );
        assert_eq!(at("DAYS SINCE 2000-12-31 00:00", 0.5), "2000-12-31T12:00:00Z");
        assert_eq!(at("minutes since 2024-1-1T6:00:00Z", 90.0), "2024-01-01T07:30:00Z");
        assert_eq!(at("h since 2024-01-01 00:00:00.0 UTC", -1.0), "2023-12-31T23:00:00Z");
        assert_eq!(at("hours since 2024-01-01 00:00 +0130", 0.0), "2023-12-31T22:30:00Z");
        assert_eq!(at("hours since 2024-01-01T00:00:00-05:00", 0.0), "2024-01-01T05:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for units in [
            "hours",
            "months since 2000-01-01",
            "hours since yesterday",
            "hours since 2024-13-01",
            "since",
            "",
        ] {
            assert!(TimeScale::parse(units, "").is_err(), "{units}");
        }
        assert!(
            TimeScale::parse("hours since 2024-01-01", "noleap")
                .unwrap_err()
                .contains("noleap")
        );
        assert!(
            TimeScale::parse("hours since 0001-01-01", "standard").is_err(),
            "Julian days are two days off"
        );
        assert!(TimeScale::parse("hours since 0001-01-01", "proleptic_gregorian").is_ok());
        let scale = TimeScale::parse("hours since 2024-01-01", "").unwrap();
        assert!(scale.time(f64::NAN, 0.0).is_err() && scale.time(1e14, 0.0).is_err());
    }

    #[test]
    fn single_precision_days_come_out_on_the_hour() {
        let scale = TimeScale::parse("days since 1950-01-01", "").unwrap();
        for hour in 0..48 {
            let value = f64::from((24_060.0 + f64::from(hour) / 24.0) as f32);
            let time = scale.time(value, 2_f64.powi(-24)).unwrap();
            assert_eq!(time.unix_s() % 3600, 0, "{hour}: {time}");
        }
    }
}
