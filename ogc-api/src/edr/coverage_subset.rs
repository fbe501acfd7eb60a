//! How OGC API Coverages (19-087) says which part of a coverage is wanted and how coarse: `subset`, `bbox`, `datetime`,
//! `scale-factor`, `scale-size`. Axes are Lon, Lat and time.

use driftline_domain::BBox;

use super::axes::Resolution;
use super::evaluate::Wanted;
use super::region::Region;
use crate::Error;
use crate::query::{Interval, Query, bbox_parameter, shown};

/// Most positions along an axis that `scale-size` may name.
const MAX_POSITIONS: usize = 5_000;
/// The coarsest `scale-factor`.
const MAX_FACTOR: usize = 1_000;

/// A part along one axis as it was written.
struct Slice<'a> {
    axis: &'a str,
    low: &'a str,
    high: &'a str,
}

/// Where, and how coarse.
pub(crate) fn wanted(query: &Query) -> Result<Wanted, Error> {
    let mut bbox = bbox_parameter(query)?.unwrap_or(BBox {
        west: -180.0,
        south: -90.0,
        east: 180.0,
        north: 90.0,
    });
    for slice in slices(query)? {
        let degrees = |text: &str| {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| refuse(format!("'{}' is not a number of degrees", shown(text))))
        };
        match slice.axis.to_ascii_lowercase().as_str() {
            "lon" | "long" | "longitude" | "x" => {
                (bbox.west, bbox.east) = (degrees(slice.low)?, degrees(slice.high)?);
            }
            "lat" | "latitude" | "y" => (bbox.south, bbox.north) = (degrees(slice.low)?, degrees(slice.high)?),
            "time" | "t" => {}
            other => {
                return Err(refuse(format!(
                    "there is no axis '{}'; there are Lon, Lat, time",
                    shown(other)
                )));
            }
        }
    }
    let bbox = BBox::new(bbox.west, bbox.south, bbox.east, bbox.north).map_err(|error| refuse(error.to_string()))?;
    Ok(Wanted::Grid(Region::of_box(&bbox), resolution(query)?))
}

/// The times of `subset`, where it names some; else those of `datetime`.
pub(crate) fn interval(query: &Query, datetime: Interval) -> Result<Interval, Error> {
    let slices = slices(query)?;
    let mut times = slices
        .iter()
        .filter(|slice| matches!(slice.axis.to_ascii_lowercase().as_str(), "time" | "t"));
    let Some(slice) = times.next() else { return Ok(datetime) };
    if !datetime.is_open() {
        return Err(refuse(
            "it names times and datetime does too; name them once".to_owned(),
        ));
    }
    let plain = |text: &str| match text {
        "*" => "..".to_owned(),
        time => time.trim_matches('"').to_owned(),
    };
    let (low, high) = (plain(slice.low), plain(slice.high));
    let text = if low == high && low != ".." {
        low
    } else {
        format!("{low}/{high}")
    };
    Interval::parse(&text).map_err(refuse)
}

fn refuse(why: String) -> Error {
    Error::parameter("subset", why)
}

/// `Lat(59:60),time("2015-11-16T00:00:00Z")`: commas stand between axes only.
fn slices(query: &Query) -> Result<Vec<Slice<'_>>, Error> {
    let Some(text) = query.get("subset") else {
        return Ok(Vec::new());
    };
    let wrong = || {
        refuse(format!(
            "'{}' is not of the form Lat(59:60),Lon(4:5),time(\"2015-11-16T00:00:00Z\")",
            shown(text)
        ))
    };
    let mut found: Vec<Slice<'_>> = Vec::new();
    for part in text.split(',') {
        let (axis, rest) = part.trim().split_once('(').ok_or_else(wrong)?;
        let inner = rest.strip_suffix(')').ok_or_else(wrong)?;
        let (low, high) = ends(inner);
        if found.iter().any(|known| known.axis.eq_ignore_ascii_case(axis)) {
            return Err(refuse(format!("the axis '{}' stands twice", shown(axis))));
        }
        found.push(Slice { axis, low, high });
    }
    Ok(found)
}

/// Both ends of `low:high`, of which times have colons of their own; one value is both.
fn ends(text: &str) -> (&str, &str) {
    if let Some((low, high)) = text.split_once("\":") {
        return (low, high);
    }
    if let Some((low, high)) = text.split_once(":\"") {
        return (low, high);
    }
    match text.split_once(':') {
        Some((low, high)) if !text.starts_with('"') && !low.contains('T') => (low, high),
        _ => (text, text),
    }
}

fn resolution(query: &Query) -> Result<[Resolution; 2], Error> {
    match (query.get("scale-factor"), query.get("scale-size")) {
        (None, None) => Ok([Resolution::Stored; 2]),
        (Some(_), Some(_)) => Err(Error::parameter(
            "scale-size",
            "scale-factor stands beside it; name one of both".to_owned(),
        )),
        (Some(text), None) => {
            let factor = text
                .parse::<usize>()
                .ok()
                .filter(|factor| (1..=MAX_FACTOR).contains(factor));
            let factor = factor.ok_or_else(|| {
                let reason = format!("'{}' is not a whole number from 1 to {MAX_FACTOR}", shown(text));
                Error::parameter("scale-factor", reason)
            })?;
            Ok([Resolution::Every(factor); 2])
        }
        (None, Some(text)) => scale_size(text),
    }
}

/// `Lon(100),Lat(50)`.
fn scale_size(text: &str) -> Result<[Resolution; 2], Error> {
    let refuse = |why: String| Error::parameter("scale-size", why);
    let mut sizes = [Resolution::Stored; 2];
    for part in text.split(',') {
        let named = part.trim().strip_suffix(')').and_then(|part| part.split_once('('));
        let (axis, size) =
            named.ok_or_else(|| refuse(format!("'{}' is not of the form Lon(100),Lat(50)", shown(text))))?;
        let count = size
            .parse::<usize>()
            .ok()
            .filter(|size| (1..=MAX_POSITIONS).contains(size));
        let count =
            count.ok_or_else(|| refuse(format!("'{}' is not a number from 1 to {MAX_POSITIONS}", shown(size))))?;
        let place = match axis.to_ascii_lowercase().as_str() {
            "lon" | "long" | "longitude" | "x" => 0,
            "lat" | "latitude" | "y" => 1,
            other => {
                return Err(refuse(format!(
                    "there is no axis '{}'; there are Lon and Lat",
                    shown(other)
                )));
            }
        };
        sizes[place] = Resolution::Positions(count);
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(raw: &str) -> Query {
        Query::parse(Some(raw), |_| false).unwrap()
    }

    #[test]
    fn subsets_name_boxes_and_times() {
        let asked = query("subset=Lat(59:60.5),Lon(4:5),time(%222015-11-16T06:00:00Z%22:%222015-11-16T09:00:00Z%22)");
        let Ok(Wanted::Grid(region, _)) = wanted(&asked) else {
            panic!("no grid");
        };
        let frame = region.frame;
        assert_eq!(
            (frame.west, frame.south, frame.east, frame.north),
            (4.0, 59.0, 5.0, 60.5)
        );
        let times = interval(&asked, Interval::default()).unwrap();
        assert_eq!(
            times,
            Interval::parse("2015-11-16T06:00:00Z/2015-11-16T09:00:00Z").unwrap()
        );
        let one = query("subset=time(%222015-11-16T06:00:00Z%22)");
        assert_eq!(
            interval(&one, Interval::default()).unwrap(),
            Interval::parse("2015-11-16T06:00:00Z").unwrap()
        );
        let open = query("subset=time(%222015-11-16T06:00:00Z%22:*)");
        let open = interval(&open, Interval::default()).unwrap();
        assert!(open.from.is_some() && open.until.is_none());
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for raw in [
            "subset=Lat",
            "subset=Lat(",
            "subset=Lat(a:b)",
            "subset=depth(1:2)",
            "subset=Lat(60:59)",
            "subset=Lat(1:2),lat(1:2)",
            "subset=Lon(NaN:2)",
            "scale-factor=0",
            "scale-factor=0.5",
            "scale-factor=2&scale-size=Lon(3)",
            "scale-size=Lon",
            "scale-size=Lon(0)",
            "scale-size=time(3)",
        ] {
            assert!(wanted(&query(raw)).is_err(), "{raw}");
        }
        assert!(interval(&query("subset=time(yesterday)"), Interval::default()).is_err());
        let twice = query("subset=time(%222015-11-16T06:00:00Z%22)");
        assert!(interval(&twice, Interval::parse("2015-11-16T06:00:00Z").unwrap()).is_err());
    }
}
