//! Where an area, cube, radius or corridor query wants values: a frame of longitudes and latitudes, and what inside it
//! counts. Distances are taken on the WGS84 ellipsoid in the local metric of the place, which holds to a part in a thousand over the
//! hundreds of kilometres that such queries span.

use driftline_domain::{BBox, meters_per_degree};
use geo::{BoundingRect, Coord, Intersects, MultiPolygon};

use super::coords::{Place, Vertex};

/// A box whose eastern edge may lie beyond 180 degrees, so that longitudes rise from west to east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    /// Western edge.
    pub(crate) west: f64,
    /// Southern edge.
    pub(crate) south: f64,
    /// Eastern edge, not west of the western one.
    pub(crate) east: f64,
    /// Northern edge.
    pub(crate) north: f64,
}

/// What of a frame counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Within {
    /// All of it.
    Frame,
    /// What the polygons hold, edges included.
    Polygons(MultiPolygon),
    /// What is so near to a place.
    Radius(Place, f64),
    /// What is so near to one of the paths.
    Corridor(Vec<Vec<Place>>, f64),
}

/// A region.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Region {
    /// Around all of it.
    pub(crate) frame: Frame,
    /// What counts inside.
    pub(crate) within: Within,
}

impl Frame {
    /// The frame of a box.
    pub(crate) fn of(bbox: &BBox) -> Self {
        Self {
            west: bbox.west,
            south: bbox.south,
            east: bbox.west + bbox.width_deg(),
            north: bbox.north,
        }
    }

    /// The box of a frame.
    pub(crate) fn bbox(&self) -> Result<BBox, String> {
        if self.east - self.west >= 360.0 {
            return BBox::new(-180.0, self.south, 180.0, self.north).map_err(|error| error.to_string());
        }
        let turn = |lon: f64| if lon > 360.0 { lon - 360.0 } else { lon };
        BBox::new(turn(self.west), self.south, turn(self.east), self.north).map_err(|error| error.to_string())
    }

    /// The frame widened by metres on all sides, within the globe.
    fn widened(self, metres: f64) -> Self {
        let (_, lat_m) = meters_per_degree((self.south + self.north) / 2.0);
        let (south, north) = (
            (self.south - metres / lat_m).max(-90.0),
            (self.north + metres / lat_m).min(90.0),
        );
        let (lon_m, _) = meters_per_degree(south.abs().max(north.abs()));
        // Around a pole every longitude is near.
        let aside = if lon_m > 1.0 {
            (metres / lon_m).min(180.0)
        } else {
            180.0
        };
        Self {
            west: (self.west - aside).max(-360.0),
            south,
            east: (self.east + aside).min(360.0),
            north,
        }
    }

    fn around(places: impl Iterator<Item = Place>) -> Self {
        let nothing = Self {
            west: f64::INFINITY,
            south: f64::INFINITY,
            east: f64::NEG_INFINITY,
            north: f64::NEG_INFINITY,
        };
        places.fold(nothing, |frame, (lon, lat)| Self {
            west: frame.west.min(lon),
            south: frame.south.min(lat),
            east: frame.east.max(lon),
            north: frame.north.max(lat),
        })
    }
}

impl Region {
    /// All of a box.
    pub(crate) fn of_box(bbox: &BBox) -> Self {
        Self {
            frame: Frame::of(bbox),
            within: Within::Frame,
        }
    }

    /// What polygons hold.
    pub(crate) fn of_polygons(polygons: MultiPolygon) -> Option<Self> {
        let around = polygons.bounding_rect()?;
        let frame = Frame {
            west: around.min().x,
            south: around.min().y,
            east: around.max().x,
            north: around.max().y,
        };
        Some(Self {
            frame,
            within: Within::Polygons(polygons),
        })
    }

    /// What is within a distance of a place.
    pub(crate) fn of_radius(centre: Place, radius_m: f64) -> Self {
        Self {
            frame: Frame::around(std::iter::once(centre)).widened(radius_m),
            within: Within::Radius(centre, radius_m),
        }
    }

    /// What is within half a width of paths.
    pub(crate) fn of_corridor(paths: &[Vec<Vertex>], width_m: f64) -> Self {
        let paths: Vec<Vec<Place>> = paths
            .iter()
            .map(|path| path.iter().map(|vertex| vertex.place).collect())
            .collect();
        Self {
            frame: Frame::around(paths.iter().flatten().copied()).widened(width_m / 2.0),
            within: Within::Corridor(paths, width_m / 2.0),
        }
    }

    /// Whether a place of the frame counts.
    pub(crate) fn contains(&self, place: Place) -> bool {
        match &self.within {
            Within::Frame => true,
            Within::Polygons(polygons) => polygons.intersects(&Coord::from(place)),
            Within::Radius(centre, radius_m) => distance_m(*centre, *centre, place) <= *radius_m,
            Within::Corridor(paths, half_m) => paths
                .iter()
                .flat_map(|path| path.windows(2))
                .any(|pair| distance_m(pair[0], pair[1], place) <= *half_m),
        }
    }

    /// Edges that a place is compared with: what one comparison costs.
    pub(crate) fn edges(&self) -> usize {
        match &self.within {
            Within::Frame => 0,
            Within::Radius(..) => 1,
            Within::Polygons(polygons) => {
                let rings = polygons
                    .iter()
                    .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
                rings.map(|ring| ring.0.len()).sum()
            }
            Within::Corridor(paths, _) => paths.iter().map(Vec::len).sum(),
        }
    }
}

/// Metres from a place to the nearest point of a stretch, in the metric half-way between both latitudes.
fn distance_m(start: Place, end: Place, place: Place) -> f64 {
    let middle = (place.1 + start.1) / 2.0;
    let (lon_m, lat_m) = meters_per_degree(middle);
    let plane = |(lon, lat): Place| ((lon - place.0) * lon_m, (lat - place.1) * lat_m);
    let (start, end) = (plane(start), plane(end));
    let (dx, dy) = (end.0 - start.0, end.1 - start.1);
    let length_squared = dx * dx + dy * dy;
    let share = if length_squared > 0.0 {
        (-(start.0 * dx + start.1 * dy) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (start.0 + share * dx).hypot(start.1 + share * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radius_is_round_in_metres() {
        let region = Region::of_radius((4.0, 60.0), 10_000.0);
        let (lon_m, lat_m) = meters_per_degree(60.0);
        for (angle, inside) in [(0.0f64, true), (45.0, true), (90.0, true), (180.0, true), (300.0, true)] {
            let (sin, cos) = angle.to_radians().sin_cos();
            let at = |metres: f64| (4.0 + metres * sin / lon_m, 60.0 + metres * cos / lat_m);
            assert_eq!(region.contains(at(9_980.0)), inside, "{angle}");
            assert!(!region.contains(at(10_020.0)), "{angle}");
            let (lon, lat) = at(9_999.0);
            let frame = region.frame;
            assert!((frame.west..=frame.east).contains(&lon) && (frame.south..=frame.north).contains(&lat));
        }
    }

    #[test]
    fn a_corridor_is_as_wide_as_it_says() {
        let vertex = |lon, lat| Vertex {
            place: (lon, lat),
            at: None,
        };
        let region = Region::of_corridor(&[vec![vertex(3.0, 60.0), vertex(5.0, 60.0)]], 2_000.0);
        let (_, lat_m) = meters_per_degree(60.0);
        assert!(region.contains((4.0, 60.0 + 990.0 / lat_m)) && !region.contains((4.0, 60.0 + 1_010.0 / lat_m)));
        assert!(!region.contains((5.1, 60.0)) && region.contains((5.0, 60.0)));
    }

    #[test]
    fn frames_pass_the_antimeridian() {
        let bbox = BBox::new(175.0, -20.0, -175.0, -10.0).unwrap();
        let frame = Frame::of(&bbox);
        assert_eq!((frame.west, frame.east), (175.0, 185.0));
        assert_eq!(frame.bbox().unwrap(), bbox);
        let pole = Region::of_radius((0.0, 89.99), 10_000.0).frame;
        assert!(pole.west <= -180.0 && pole.east >= 180.0 && pole.north == 90.0);
    }
}
