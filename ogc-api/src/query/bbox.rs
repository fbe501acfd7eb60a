//! The `bbox` parameter: four numbers, or six with heights, in CRS84 degrees (OGC API Features Part 1, 7.15.3). West
//! may be greater than east: then the box crosses the antimeridian.

use driftline_domain::BBox;

use super::{Query, shown};
use crate::Error;

/// The box of the `bbox` parameter.
pub(crate) fn bbox_parameter(query: &Query) -> Result<Option<BBox>, Error> {
    let Some([west, south, east, north]) = bbox_numbers(query)? else {
        return Ok(None);
    };
    BBox::new(west, south, east, north)
        .map(Some)
        .map_err(|error| Error::parameter("bbox", error.to_string()))
}

/// The four numbers of the `bbox` parameter, whatever reference system they are of. Heights are checked and then ignored:
/// every feature lies at the sea surface.
pub(crate) fn bbox_numbers(query: &Query) -> Result<Option<[f64; 4]>, Error> {
    let Some(text) = query.get("bbox") else { return Ok(None) };
    let refuse = |why: String| Error::parameter("bbox", why);
    let mut numbers = Vec::with_capacity(6);
    for part in text.split(',').take(7) {
        let number = part.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        numbers.push(number.ok_or_else(|| refuse(format!("'{}' is not a number", shown(part))))?);
    }
    match numbers[..] {
        [a, b, c, d] => Ok(Some([a, b, c, d])),
        [a, b, low, c, d, high] if low <= high => Ok(Some([a, b, c, d])),
        [_, _, low, _, _, high] => Err(refuse(format!("its lower height {low} is above its upper {high}"))),
        _ => Err(refuse(format!("it has {} numbers; it must have 4 or 6", numbers.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<BBox>, Error> {
        bbox_parameter(&Query::parse(Some(&format!("bbox={text}")), |_| false)?)
    }

    #[test]
    fn reads_four_and_six_numbers() {
        let north_sea = BBox {
            west: 2.5,
            south: 59.0,
            east: 5.0,
            north: 61.0,
        };
        assert_eq!(parse("2.5,59,5,61").unwrap(), Some(north_sea));
        assert_eq!(parse("2.5,59,-10,5,61,10").unwrap(), Some(north_sea));
        assert_eq!(parse("2.5%2C59,5, 61").unwrap(), Some(north_sea));
        assert!(parse("175,-20,-175,-10").unwrap().unwrap().crosses_antimeridian());
    }

    #[test]
    fn refuses_garbage() {
        for text in [
            "",
            "1",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,4,5,6,7",
            "a,b,c,d",
            "1,2,,4",
            "NaN,0,1,1",
            "0,0,inf,1",
            "0,10,1,5",
            "0,-91,1,5",
            "0,0,1,90.5",
            "400,0,401,1",
            "0,0,5,1,1,4",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(bbox_parameter(&Query::default()).unwrap().is_none());
    }
}
