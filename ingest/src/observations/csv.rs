//! Tables of reports in the dialects that buoys' owners use: any of four separators, decimal commas, comments and titles
//! above the header, a row of units below it (as ERDDAP writes), and columns found by their names.
//!
//! Without a column that names the buoy all rows are of one buoy, called as the file is.

use std::collections::BTreeMap;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use driftline_decode::{RawFix, RawTrack};
use driftline_domain::ValidTime;

use super::text_time::{self, SlashOrder};

const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Lines in which the header is looked for.
const LINES_ABOVE: usize = 60;
/// Largest table that is read, bytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Names of columns without their units, in lower case, letters and digits only; the first that is there counts.
const LATITUDE: &[&str] = &[
    "latitude",
    "lat",
    "gpslatitude",
    "latdeg",
    "latitudedeg",
    "positionlat",
    "ylat",
];
const LONGITUDE: &[&str] = &[
    "longitude",
    "lon",
    "long",
    "lng",
    "gpslongitude",
    "londeg",
    "longitudedeg",
    "positionlon",
];
const TIME: &[&str] = &[
    "time",
    "datetime",
    "timestamp",
    "timeutc",
    "utctime",
    "dateutc",
    "datetimeutc",
    "utc",
    "timegmt",
    "gpstime",
    "gpsdatetime",
    "fixtime",
    "positiontime",
    "obstime",
    "observationtime",
    "datatimestamp",
    "devicedatetime",
    "unixtime",
    "epoch",
    "epochtime",
    "time64",
    "timeiso",
    "date",
];
const CLOCK: &[&str] = &["time", "timeutc", "utctime", "hhmmss", "hhmm"];
const PLATFORM: &[&str] = &[
    "platform",
    "platformid",
    "platformcode",
    "platformnumber",
    "drifterid",
    "drifter",
    "driftername",
    "dnumber",
    "drifternumber",
    "buoyid",
    "buoy",
    "buoyname",
    "wmo",
    "wmoid",
    "wmonumber",
    "imei",
    "deviceid",
    "device",
    "devicename",
    "stationid",
    "station",
    "trajectory",
    "trajectoryid",
    "trackid",
    "id",
    "name",
];
const SEA_TEMPERATURE: &[&str] = &[
    "sst",
    "seasurfacetemperature",
    "watertemperature",
    "seatemperature",
    "watertemp",
];
const PARTS: [&[&str]; 6] = [
    &["year", "yyyy", "yr"],
    &["month", "mm", "mon"],
    &["day", "dd"],
    &["hour", "hh"],
    &["minute", "min", "mn"],
    &["second", "sec", "ss"],
];

/// What a table holds.
#[derive(Debug)]
pub(super) struct Table {
    /// The buoys in the order of their names.
    pub(super) tracks: Vec<RawTrack>,
    /// Rows that could not be understood, by the buoy they name.
    pub(super) unreadable: BTreeMap<String, usize>,
}

/// Reads a table; `name` is what a buoy without a name is called. The reason is a sentence about the file.
pub(super) fn read(path: &Path, name: &str) -> Result<Table, String> {
    let size = std::fs::metadata(path)
        .map_err(|error| format!("it cannot be read: {error}"))?
        .len();
    if size > MAX_BYTES {
        return Err(format!("it has {size} bytes, more than the {MAX_BYTES} that are read"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?;
    table(&bytes, name)
}

fn table(bytes: &[u8], name: &str) -> Result<Table, String> {
    if bytes.contains(&0) {
        return Err("it is neither NetCDF nor a table of text".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (start, separator, columns) = header(bytes)?;
    let mut rows = records(&bytes[start..], separator)?;
    rows.drain(..usize::from(rows.first().is_some_and(|row| columns.is_units(row))));
    let slashes = match columns.when {
        When::Text { date, .. } => text_time::slash_order(rows.iter().filter_map(|row| field(row, date)))?,
        When::Parts(_) => None,
    };
    let mut tracks: BTreeMap<String, Vec<RawFix>> = BTreeMap::new();
    let mut unreadable: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| !is_blank(row)) {
        let named = columns
            .platform
            .and_then(|at| field(row, at))
            .filter(|text| !text.is_empty());
        let platform = named.unwrap_or(name).to_owned();
        match columns.fix(row, slashes) {
            Some(fix) => tracks.entry(platform).or_default().push(fix),
            None => *unreadable.entry(platform).or_default() += 1,
        }
    }
    for platform in unreadable.keys() {
        tracks.entry(platform.clone()).or_default();
    }
    let tracks = tracks.into_iter().map(|(platform, fixes)| RawTrack { platform, fixes });
    Ok(Table {
        tracks: tracks.collect(),
        unreadable,
    })
}

/// Where things stand in a row.
#[derive(Debug)]
struct Columns {
    when: When,
    lat: usize,
    lon: usize,
    platform: Option<usize>,
    sea_temperature: Option<usize>,
}

/// Where the time stands.
#[derive(Debug, Clone, Copy)]
enum When {
    /// In one column, or with its clock in another.
    Text { date: usize, clock: Option<usize> },
    /// In columns of numbers: year, month, day, and hour, minute and second where they are.
    Parts([Option<usize>; 6]),
}

/// The header: where the rows after it begin, what separates columns, and where they stand.
fn header(bytes: &[u8]) -> Result<(usize, u8, Columns), String> {
    let mut start = 0;
    let mut first_line = None;
    for line in bytes.split_inclusive(|&byte| byte == b'\n').take(LINES_ABOVE) {
        start += line.len();
        let text = String::from_utf8_lossy(line);
        for separator in SEPARATORS {
            let names = records(line, separator)?;
            let names: Vec<String> = names
                .first()
                .map(|row| {
                    (0..row.len())
                        .map(|at| plain_name(field(row, at).unwrap_or_default()))
                        .collect()
                })
                .unwrap_or_default();
            if let Some(columns) = Columns::of(&names) {
                return Ok((start, separator, columns));
            }
        }
        if !text.trim().is_empty() && first_line.is_none() {
            first_line = Some(text.trim().chars().take(120).collect::<String>());
        }
    }
    Err(match first_line {
        None => "it is empty".to_owned(),
        Some(line) => format!("no line names a latitude, a longitude and a time; it begins with '{line}'"),
    })
}

impl Columns {
    fn of(names: &[String]) -> Option<Self> {
        let find = |known: &[&str]| known.iter().find_map(|one| names.iter().position(|name| name == one));
        let (lat, lon) = (find(LATITUDE)?, find(LONGITUDE)?);
        let date_alone = names
            .iter()
            .position(|name| ["date", "dateutc", "day"].contains(&name.as_str()));
        let parts = PARTS.map(find);
        let when = if let (Some(date), Some(clock)) = (date_alone, find(CLOCK)) {
            When::Text {
                date,
                clock: Some(clock),
            }
        } else if let [Some(_), Some(_), Some(_), ..] = parts {
            When::Parts(parts)
        } else {
            When::Text {
                date: find(TIME)?,
                clock: None,
            }
        };
        Some(Self {
            when,
            lat,
            lon,
            platform: find(PLATFORM),
            sea_temperature: find(SEA_TEMPERATURE),
        })
    }

    /// Whether a row tells units instead of values.
    fn is_units(&self, row: &ByteRecord) -> bool {
        field(row, self.lat).is_some_and(|text| text.to_ascii_lowercase().starts_with("deg"))
    }

    /// The report of a row; `None` where it cannot be understood. A value that is said to be missing is NaN.
    fn fix(&self, row: &ByteRecord, slashes: Option<SlashOrder>) -> Option<RawFix> {
        Some(RawFix {
            time: self.time(row, slashes)?,
            lon_deg: degrees(field(row, self.lon)?, ['E', 'W'])?,
            lat_deg: degrees(field(row, self.lat)?, ['N', 'S'])?,
            sea_temperature_c: self.sea_temperature(row),
        })
    }

    fn time(&self, row: &ByteRecord, slashes: Option<SlashOrder>) -> Option<Option<ValidTime>> {
        match self.when {
            When::Text { date, clock } => {
                let (date, clock) = (field(row, date)?, clock.map(|at| field(row, at)).unwrap_or_default());
                if is_missing(date) {
                    return Some(None);
                }
                let text = clock.map_or_else(|| date.to_owned(), |clock| format!("{date} {clock}"));
                text_time::parse(&text, slashes).map(Some)
            }
            When::Parts(places) => {
                let mut parts = [0.0; 6];
                for (part, place) in parts.iter_mut().zip(places) {
                    if let Some(place) = place {
                        *part = number(field(row, place)?)?;
                    }
                }
                text_time::of_parts(parts).map(Some)
            }
        }
    }

    /// Degrees Celsius; what no sea has is in another unit or a mark for no value.
    fn sea_temperature(&self, row: &ByteRecord) -> f64 {
        let text = self.sea_temperature.and_then(|at| field(row, at));
        let value = text.and_then(number).unwrap_or(f64::NAN);
        if (-3.0..=45.0).contains(&value) {
            value
        } else {
            f64::NAN
        }
    }
}

/// Rows of a table; lines that begin with # are comments.
fn records(bytes: &[u8], separator: u8) -> Result<Vec<ByteRecord>, String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let rows = reader.byte_records().collect::<Result<_, _>>();
    rows.map_err(|error| format!("its rows cannot be told apart: {error}"))
}

/// A field as text without spaces around; `None` where the row has none or it is no text.
fn field(row: &ByteRecord, at: usize) -> Option<&str> {
    std::str::from_utf8(row.get(at)?).ok().map(str::trim)
}

fn is_blank(row: &ByteRecord) -> bool {
    row.iter().all(|field| field.iter().all(u8::is_ascii_whitespace))
}

/// A column's name without units in brackets, in lower case, letters and digits only.
fn plain_name(name: &str) -> String {
    let until = name.find(['(', '[']).filter(|&at| at > 0).unwrap_or(name.len());
    let plain = name[..until].chars().filter(char::is_ascii_alphanumeric);
    plain.collect::<String>().to_ascii_lowercase()
}

fn is_missing(text: &str) -> bool {
    ["", "nan", "na", "n/a", "null", "none", "-"].contains(&text.to_ascii_lowercase().as_str())
}

/// A number, with a decimal comma or point.
fn number(text: &str) -> Option<f64> {
    if is_missing(text) {
        return Some(f64::NAN);
    }
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) if text.matches(',').count() == 1 && !text.contains('.') => text.replace(',', ".").parse().ok(),
        Err(_) => None,
    }
}

/// Degrees, signed or with the letter of a half of the globe; the second letter is the negative one.
fn degrees(text: &str, [positive, negative]: [char; 2]) -> Option<f64> {
    if is_missing(text) {
        return Some(f64::NAN);
    }
    let upper = text.to_ascii_uppercase();
    let bare = |letter: char| {
        upper
            .strip_suffix(letter)
            .map(|rest| rest.trim_end_matches([' ', '\u{b0}']).to_owned())
    };
    if let Some(rest) = bare(positive) {
        return number(&rest).filter(|value| *value >= 0.0);
    }
    match bare(negative) {
        Some(rest) => number(&rest).filter(|value| *value >= 0.0).map(|value| -value),
        None => number(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one report of a table in some dialect: buoy, time, longitude, latitude.
    fn one(text: &str) -> (String, String, f64, f64) {
        let table = table(text.as_bytes(), "file").unwrap_or_else(|reason| panic!("{text}: {reason}"));
        assert!(table.unreadable.is_empty(), "{text}: {table:?}");
        let [track] = table.tracks.as_slice() else {
            panic!("{text}: {table:?}")
        };
        let [fix] = track.fixes.as_slice() else {
            panic!("{text}: {table:?}")
        };
        (
            track.platform.clone(),
            fix.time.unwrap().to_string(),
            fix.lon_deg,
            fix.lat_deg,
        )
    }

    #[test]
    fn the_same_report_in_every_dialect() {
        let expected = |platform: &str| (platform.to_owned(), "2023-04-20T10:04:00Z".to_owned(), -10.25, 54.5);
        for text in [
            "time,lat,lon\n2023-04-20T10:04:00Z,54.5,-10.25\n",
            "\u{feff}Time (UTC);Latitude [deg];Longitude [deg]\r\n20.04.2023 10:04;54,5;-10,25\r\n",
            "lon\tlat\tdatetime\n-10.25\t54.5\t2023-04-20 10:04:00\n",
            "Exported by hand\n# second title\n\nDate,Time,Lat,Lon\n20/04/2023,10:04,54.5N,10.25W\n",
            "year,month,day,hour,latitude,longitude\n2023,4,20,10.0666666667,54.5,349.75\n",
            "timestamp|lng|lat\n1681985040|-10.25|54.5\n",
        ] {
            let mut found = one(text);
            if found.2 > 180.0 {
                found.2 -= 360.0;
            }
            assert_eq!(found, expected("file"), "{text}");
        }
        let erddap =
            "ID,time,latitude,longitude\n,UTC,degrees_north,degrees_east\nb7,2023-04-20T10:04:00Z,54.5,-10.25\n";
        assert_eq!(one(erddap), expected("b7"));
    }

    #[test]
    fn rows_that_cannot_be_understood_are_counted_with_their_buoy_and_missing_values_are_left_to_the_filter() {
        let text = "id,time,lat,lon,sst\na,2023-04-20T10:04:00Z,54.5,10,9.5\na,soon,54.5,10,9\nb,2023-04-20T10:04:00Z,far,10\nb\na,2023-04-20T10:09:00Z,NaN,10,285\n";
        let table = table(text.as_bytes(), "file").unwrap();
        assert_eq!(table.unreadable, [("a".to_owned(), 1), ("b".to_owned(), 2)].into());
        let fixes = &table.tracks[0].fixes;
        assert_eq!((fixes.len(), table.tracks[1].fixes.len()), (2, 0));
        assert!(fixes[1].lat_deg.is_nan() && fixes[0].sea_temperature_c == 9.5 && fixes[1].sea_temperature_c.is_nan());
    }

    #[test]
    fn what_is_no_table_of_positions_is_refused_in_words() {
        for (text, words) in [
            ("", "it is empty"),
            ("<!DOCTYPE html>\n<p>Not found", "it begins with '<!DOCTYPE html>'"),
            ("time,depth\n2023-01-01,4\n", "no line names a latitude"),
            ("time,lat,lon\n04/05/2023 10:00,1,2\n", "day first or the month first"),
            ("a\u{0}b", "neither NetCDF nor a table"),
        ] {
            let reason = table(text.as_bytes(), "file").unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }
}
