//! Usage summed up by what somebody wants to know: meter, key, and the hour, day or month (of UTC) of the use. What came late
//! is a group of its own, since it is billed when it was entered.

use std::collections::BTreeMap;
use std::str::FromStr;

use driftline_database::{Database, LateUsage, UsageHour};
use driftline_domain::{KeyId, OrgId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// What sums are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// What was counted.
    Meter,
    /// Which key was used.
    Key,
    /// In which hour.
    Hour,
    /// On which day.
    Day,
    /// In which month.
    Month,
}

/// Usage of one hour, meter and key.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRow {
    /// Start of the hour of the use.
    pub hour: Timestamp,
    /// Meter.
    pub meter: String,
    /// The key used.
    pub key: KeyId,
    /// Units.
    pub units: i64,
    /// Records.
    pub records: i64,
    /// It came when the hour was closed.
    pub late: bool,
}

/// A sum; what it was not made by is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageGroup {
    /// Start of the hour, day or month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<String>,
    /// The key used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// Whether it came late.
    pub late: bool,
    /// Units.
    pub units: i64,
    /// Records.
    pub records: i64,
}

impl GroupBy {
    /// All.
    pub const ALL: [Self; 5] = [Self::Meter, Self::Key, Self::Hour, Self::Day, Self::Month];

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meter => "meter",
            Self::Key => "key",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Reads names with commas between them; of hour, day and month at most one.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let list: Vec<Self> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let is_time = |by: &&Self| matches!(by, Self::Hour | Self::Day | Self::Month);
        if list.iter().filter(is_time).count() > 1 {
            return Err(format!("'{text}' has more than one of hour, day and month"));
        }
        Ok(list)
    }
}

impl FromStr for GroupBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|by| by.name() == text.trim());
        found.ok_or_else(|| {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
            format!("'{shown}' is none of {}", Self::ALL.map(Self::name).join(", "))
        })
    }
}

/// What an organisation used in these hours, whenever it was entered.
pub async fn usage_rows(
    database: &Database,
    org: OrgId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<UsageRow>, driftline_database::Error> {
    let hours = database.usage_hours(org, from, until).await?;
    let late = database.late_usage(org, Timestamp::UNIX_EPOCH, Timestamp::MAX).await?;
    let late = late.into_iter().filter(|late| (from..until).contains(&late.hour));
    Ok(hours
        .into_iter()
        .map(UsageRow::from)
        .chain(late.map(UsageRow::from))
        .collect())
}

/// Sums in the order of time, meter and key.
pub fn grouped(rows: &[UsageRow], by: &[GroupBy]) -> Vec<UsageGroup> {
    type Names = (Option<Timestamp>, Option<String>, Option<KeyId>, bool);
    let mut sums: BTreeMap<Names, (i64, i64)> = BTreeMap::new();
    for row in rows {
        let mut names: Names = (None, None, None, row.late);
        for by in by {
            match by {
                GroupBy::Meter => names.1 = Some(row.meter.clone()),
                GroupBy::Key => names.2 = Some(row.key),
                GroupBy::Hour | GroupBy::Day | GroupBy::Month => names.0 = Some(start_of(*by, row.hour)),
            }
        }
        let (units, records) = sums.entry(names).or_default();
        *units = units.saturating_add(row.units);
        *records = records.saturating_add(row.records);
    }
    let group = |((from, meter, key, late), (units, records)): (Names, (i64, i64))| UsageGroup {
        from,
        meter,
        key,
        late,
        units,
        records,
    };
    sums.into_iter().map(group).collect()
}

fn start_of(by: GroupBy, hour: Timestamp) -> Timestamp {
    let date = hour.to_zoned(TimeZone::UTC).date();
    let first = match by {
        GroupBy::Day => date,
        GroupBy::Month => date.first_of_month(),
        GroupBy::Meter | GroupBy::Key | GroupBy::Hour => return hour,
    };
    first.to_zoned(TimeZone::UTC).map_or(hour, |start| start.timestamp())
}

impl From<UsageHour> for UsageRow {
    fn from(hour: UsageHour) -> Self {
        Self {
            hour: hour.hour,
            meter: hour.meter,
            key: hour.key,
            units: hour.units,
            records: hour.records,
            late: false,
        }
    }
}

impl From<LateUsage> for UsageRow {
    fn from(late: LateUsage) -> Self {
        Self {
            hour: late.hour,
            meter: late.meter,
            key: late.key,
            units: late.units,
            records: late.records,
            late: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(hour: &str, meter: &str, key: KeyId, units: i64, late: bool) -> UsageRow {
        UsageRow {
            hour: hour.parse().unwrap(),
            meter: meter.to_owned(),
            key,
            units,
            records: 1,
            late,
        }
    }

    #[test]
    fn sums_are_made_by_what_is_asked_for() {
        let (a, b) = (KeyId::generate(), KeyId::generate());
        let rows = [
            row("2026-01-31T23:00:00Z", "tile", a, 1, false),
            row("2026-02-01T00:00:00Z", "tile", b, 2, false),
            row("2026-02-01T05:00:00Z", "tile", a, 4, false),
            row("2026-02-01T05:00:00Z", "edr", a, 8, false),
            row("2026-02-01T05:00:00Z", "tile", a, 16, true),
        ];
        let sums = |by: &str| -> Vec<(Option<String>, i64, bool)> {
            let groups = grouped(&rows, &GroupBy::list(by).unwrap());
            let name = |group: &UsageGroup| {
                let words = [group.from.map(|from| from.to_string()), group.meter.clone()];
                let words: Vec<String> = words.into_iter().flatten().collect();
                (!words.is_empty()).then(|| words.join(" "))
            };
            groups
                .iter()
                .map(|group| (name(group), group.units, group.late))
                .collect()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            sums("meter"),
            [
                (some("edr"), 8, false),
                (some("tile"), 7, false),
                (some("tile"), 16, true)
            ]
        );
        assert_eq!(
            sums("day,meter"),
            [
                (some("2026-01-31T00:00:00Z tile"), 1, false),
                (some("2026-02-01T00:00:00Z edr"), 8, false),
                (some("2026-02-01T00:00:00Z tile"), 6, false),
                (some("2026-02-01T00:00:00Z tile"), 16, true),
            ]
        );
        assert_eq!(sums("month").len(), 3);
        assert_eq!(sums("key").iter().map(|(_, units, _)| units).sum::<i64>(), 31);
    }

    #[test]
    fn what_is_no_group_is_refused_by_name() {
        assert!(
            GroupBy::list("meter,week")
                .unwrap_err()
                .contains("'week' is none of meter, key")
        );
        assert!(GroupBy::list("hour,day").unwrap_err().contains("more than one"));
        assert!(GroupBy::list("").is_err());
    }
}
