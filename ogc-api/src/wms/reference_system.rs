//! Coordinate reference systems of WMS: their names in both versions, the order of their axes, and which of them a layer
//! is listed with. EPSG:4326 has latitude first in 1.3.0 and longitude first in 1.1.1 (ogc.md, trap 7); every other
//! system offered has x first in both.

use driftline_domain::{BBox, PolarSystem, ReferenceSystem};

use super::exception::{Code, Exception};
use super::version::Version;
use crate::query::shown;

/// UTM zones that a layer is listed with at most: one that spans more is no matter of zones.
const MOST_ZONES: u8 = 3;
/// Points along each side of a box that is projected.
const STEPS: u32 = 24;
/// A polar plane reaches this far beyond the equator in capabilities; nobody can use more of it.
const BEYOND_EQUATOR_DEG: f64 = 30.0;

/// Those that every layer is offered in, in the order of capabilities.
pub(super) fn of_every_layer(version: Version) -> Vec<ReferenceSystem> {
    let degrees = match version {
        Version::V130 => vec![ReferenceSystem::Epsg4326, ReferenceSystem::Crs84],
        // 1.1.1 knows no CRS:84.
        Version::V111 => vec![ReferenceSystem::Epsg4326],
    };
    let polar = PolarSystem::ALL.map(ReferenceSystem::PolarStereographic);
    degrees
        .into_iter()
        .chain([ReferenceSystem::WebMercator])
        .chain(polar)
        .collect()
}

/// The UTM zones that a layer touches, where they are few.
pub(crate) fn zones_of(bbox: &BBox) -> Vec<ReferenceSystem> {
    let first = (((bbox.west + 180.0) / 6.0).floor()).clamp(0.0, 59.0) as u8;
    let offset = bbox.west + 180.0 - f64::from(first) * 6.0;
    // A box that ends on a border does not touch the zone behind it.
    let count = ((offset + bbox.width_deg()) / 6.0).ceil().max(1.0);
    if count > f64::from(MOST_ZONES) {
        return Vec::new();
    }
    let zones = (0..count as u8).map(|next| (first + next) % 60 + 1);
    let halves = [(false, bbox.north > 0.0), (true, bbox.south < 0.0)];
    let touched = |zone: u8| {
        halves
            .into_iter()
            .filter(|(_, is_touched)| *is_touched)
            .map(move |(south, _)| ReferenceSystem::Utm { zone, south })
    };
    zones.flat_map(touched).collect()
}

/// The system of a name: those of both versions, and whatever else names one of them; the old private number of Web
/// Mercator is one of its names.
pub(super) fn find(name: &str) -> Result<ReferenceSystem, Exception> {
    if name.eq_ignore_ascii_case("EPSG:900913") {
        return Ok(ReferenceSystem::WebMercator);
    }
    ReferenceSystem::find(name).ok_or_else(|| {
        Exception::new(
            Code::InvalidCrs,
            format!(
                "'{}' is not offered; there are CRS:84, EPSG:4326, EPSG:3857, UTM (EPSG:32601 to 32660 and 32701 to 32760) \
                 and the polar EPSG:3995, 3996, 3413 and 3031",
                shown(name)
            ),
        )
    })
}

/// Its name in capabilities.
pub(super) fn name(system: ReferenceSystem) -> String {
    match system {
        ReferenceSystem::Crs84 => "CRS:84".to_owned(),
        other => other.short_name(),
    }
}

fn has_latitude_first(system: ReferenceSystem, version: Version) -> bool {
    system.is_north_first() && version == Version::V130
}

/// The four numbers of BBOX as min x, min y, max x, max y with x to the east.
pub(super) fn bounds(system: ReferenceSystem, numbers: [f64; 4], version: Version) -> [f64; 4] {
    let [a, b, c, d] = numbers;
    if has_latitude_first(system, version) {
        [b, a, d, c]
    } else {
        numbers
    }
}

/// A box in this system, in its order of axes; of a box across the antimeridian the whole turn where the system is one of
/// degrees. `None` where the system has nothing of it.
pub(super) fn box_of(system: ReferenceSystem, bbox: &BBox, version: Version) -> Option<[f64; 4]> {
    let (west, east) = turn_of(bbox);
    match system {
        ReferenceSystem::Crs84 | ReferenceSystem::Epsg4326 if has_latitude_first(system, version) => {
            Some([bbox.south, west, bbox.north, east])
        }
        ReferenceSystem::Crs84 | ReferenceSystem::Epsg4326 => Some([west, bbox.south, east, bbox.north]),
        ReferenceSystem::WebMercator => {
            // The square that tiles are cut from ends here.
            let limit = 85.051_128_779_806_59;
            let (west, south) = system.forward(west, bbox.south.clamp(-limit, limit))?;
            let (east, north) = system.forward(east, bbox.north.clamp(-limit, limit))?;
            Some([west, south, east, north])
        }
        ReferenceSystem::Utm { .. } => around(system, bbox),
        ReferenceSystem::PolarStereographic(_) => {
            let area = system.area_of_use();
            let half = if area.north > 0.0 {
                (-BEYOND_EQUATOR_DEG, 90.0)
            } else {
                (-90.0, BEYOND_EQUATOR_DEG)
            };
            let (south, north) = (bbox.south.max(half.0), bbox.north.min(half.1));
            (south < north)
                .then(|| around(system, &BBox { south, north, ..*bbox }))
                .flatten()
        }
    }
}

/// The box around the sides of a box in a projected plane.
fn around(system: ReferenceSystem, bbox: &BBox) -> Option<[f64; 4]> {
    let plane = system.plane();
    let mut sides = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        let lon = bbox.west + bbox.width_deg() * share;
        let lat = bbox.south + (bbox.north - bbox.south) * share;
        let east = bbox.west + bbox.width_deg();
        for (lon, lat) in [(lon, bbox.south), (lon, bbox.north), (bbox.west, lat), (east, lat)] {
            let (x, y) = plane.forward(lon, lat)?;
            sides = [sides[0].min(x), sides[1].min(y), sides[2].max(x), sides[3].max(y)];
        }
    }
    // Millimetres are enough, and shorter to write.
    Some(sides.map(|side| (side * 1e3).round() / 1e3))
}

/// West and east of a box for formats that know no antimeridian.
pub(super) fn turn_of(bbox: &BBox) -> (f64, f64) {
    if bbox.crosses_antimeridian() {
        (-180.0, 180.0)
    } else {
        (bbox.west, bbox.east)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_epsg_4326_of_1_3_0_has_latitude_first() {
        let bbox = BBox::new(-4.0, 50.75, 14.0, 64.25).unwrap();
        let lat_first = [50.75, -4.0, 64.25, 14.0];
        let lon_first = [-4.0, 50.75, 14.0, 64.25];
        for (system, version, expected) in [
            (ReferenceSystem::Epsg4326, Version::V130, lat_first),
            (ReferenceSystem::Epsg4326, Version::V111, lon_first),
            (ReferenceSystem::Crs84, Version::V130, lon_first),
            (ReferenceSystem::Crs84, Version::V111, lon_first),
        ] {
            assert_eq!(box_of(system, &bbox, version), Some(expected), "{system:?} {version:?}");
            assert_eq!(bounds(system, expected, version), lon_first, "{system:?} {version:?}");
        }
        let whole = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
        let square = box_of(ReferenceSystem::WebMercator, &whole, Version::V130).unwrap();
        assert!(
            square.iter().all(|side| (side.abs() - 20_037_508.342_789).abs() < 1e-3),
            "{square:?}"
        );
        let fiji = BBox::new(175.0, -20.0, -175.0, -10.0).unwrap();
        assert_eq!(
            box_of(ReferenceSystem::Crs84, &fiji, Version::V130),
            Some([-180.0, -20.0, 180.0, -10.0])
        );
    }

    #[test]
    fn projected_boxes_hold_the_layer() {
        let north_sea = BBox::new(2.0, 56.0, 9.0, 61.0).unwrap();
        let utm = find("EPSG:32631").unwrap();
        let [x0, y0, x1, y1] = box_of(utm, &north_sea, Version::V130).unwrap();
        assert!(
            (400_000.0..450_000.0).contains(&x0) && (850_000.0..900_000.0).contains(&x1),
            "{x0} {x1}"
        );
        assert!(y0 > 6_200_000.0 && y1 < 6_850_000.0, "{y0} {y1}");
        let whole = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
        let [x0, y0, x1, y1] = box_of(find("EPSG:3995").unwrap(), &whole, Version::V130).unwrap();
        assert!(
            (x0 + x1).abs() < 1.0 && (y0 + y1).abs() < 1.0 && x1 > 1e7,
            "{x0} {y0} {x1} {y1}"
        );
        let south = BBox::new(0.0, -80.0, 10.0, -50.0).unwrap();
        assert_eq!(box_of(find("EPSG:3413").unwrap(), &south, Version::V130), None);
    }

    #[test]
    fn a_layer_is_listed_with_few_zones() {
        let zones = |west, south, east, north| {
            let bbox = BBox::new(west, south, east, north).unwrap();
            zones_of(&bbox).into_iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(zones(2.0, 56.0, 9.0, 61.0), ["EPSG:32631", "EPSG:32632"]);
        assert_eq!(zones(0.0, 56.0, 6.0, 61.0), ["EPSG:32631"]);
        assert_eq!(zones(-0.1, -0.1, 0.1, 0.1).len(), 4);
        assert_eq!(zones(177.0, -20.0, -178.0, -10.0), ["EPSG:32760", "EPSG:32701"]);
        assert!(zones(-20.0, 50.0, 20.0, 60.0).is_empty());
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(find("epsg:900913").unwrap(), ReferenceSystem::WebMercator);
        assert_eq!(find("CRS:84").unwrap(), ReferenceSystem::Crs84);
        assert_eq!(find("EPSG:32633").map(name).unwrap(), "EPSG:32633");
        for name in ["", "EPSG:27700", "EPSG:4326 ", "4326"] {
            assert!(find(name).is_err(), "{name}");
        }
    }
}
