//! The longitudes and latitudes that a box of a reference system covers: what a query for the content of a projected map
//! has to look through.

use super::ReferencePlane;
use crate::BBox;

/// Points looked at along each side.
const STEPS: u32 = 24;
/// What a bent side may reach beyond the points looked at, as a share of the box found.
const BEND: f64 = 0.02;

impl ReferencePlane {
    /// A box of degrees that holds all of a box min x, min y, max x, max y; rather a little more than less. Where a side
    /// leaves the system's places it is the whole globe; `None` when the box has no area, or lies beyond the poles.
    pub fn covering_box(&self, bounds: [f64; 4]) -> Option<BBox> {
        let [x0, y0, x1, y1] = bounds;
        if !(bounds.iter().all(|bound| bound.is_finite()) && x0 <= x1 && y0 <= y1) {
            return None;
        }
        match self {
            Self::Degrees => (y0 <= 90.0 && y1 >= -90.0).then(|| turned(x0, y0.max(-90.0), x1, y1.min(90.0))),
            Self::WebMercator => {
                let ((west, south), (east, north)) = (self.inverse(x0, y0)?, self.inverse(x1, y1)?);
                Some(turned(west, south, east, north))
            }
            Self::Projected(_) => Some(self.around_projected(bounds)),
        }
    }

    fn around_projected(&self, bounds: [f64; 4]) -> BBox {
        let whole = BBox {
            west: -180.0,
            south: -90.0,
            east: 180.0,
            north: 90.0,
        };
        let (mut lon, mut lat) = (None::<(f64, f64)>, (90.0f64, -90.0f64));
        let mut before = 0.0;
        for (x, y) in along(bounds) {
            let Some((lon_deg, lat_deg)) = self.inverse(x, y) else {
                return whole;
            };
            // Longitudes go on from the point before, so that the antimeridian does not tear the box.
            let here = lon.map_or(lon_deg, |_| before + crate::wrap_lon_deg(lon_deg - before));
            before = here;
            lon = Some(lon.map_or((here, here), |(west, east)| (west.min(here), east.max(here))));
            lat = (lat.0.min(lat_deg), lat.1.max(lat_deg));
        }
        let [x0, y0, x1, y1] = bounds;
        let holds = |pole: f64| {
            let place = self.forward(0.0, pole);
            place.is_some_and(|(x, y)| (x0..=x1).contains(&x) && (y0..=y1).contains(&y))
        };
        let poles = (holds(-90.0), holds(90.0));
        let margin = (lat.1 - lat.0) * BEND;
        let south = if poles.0 { -90.0 } else { (lat.0 - margin).max(-90.0) };
        let north = if poles.1 { 90.0 } else { (lat.1 + margin).min(90.0) };
        match lon {
            Some((west, east)) if !poles.0 && !poles.1 => {
                let margin = (east - west) * BEND;
                turned(west - margin, south, east + margin, north)
            }
            _ => turned(-180.0, south, 180.0, north),
        }
    }
}

/// Points around a box, from corner to corner.
fn along([x0, y0, x1, y1]: [f64; 4]) -> impl Iterator<Item = (f64, f64)> {
    let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
    (0..4).flat_map(move |side| {
        let (from, to) = (corners[side], corners[side + 1]);
        (0..=STEPS).map(move |step| {
            let share = f64::from(step) / f64::from(STEPS);
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        })
    })
}

/// A box whose longitudes may lie anywhere, brought onto the globe.
fn turned(west: f64, south: f64, east: f64, north: f64) -> BBox {
    if east - west >= 360.0 {
        return BBox {
            west: -180.0,
            south,
            east: 180.0,
            north,
        };
    }
    let wrapped = crate::wrap_lon_deg(east);
    BBox {
        west: crate::wrap_lon_deg(west),
        south,
        east: if wrapped == -180.0 && east > west {
            180.0
        } else {
            wrapped
        },
        north,
    }
}

#[cfg(test)]
mod tests {
    use crate::ReferenceSystem;

    fn covering(name: &str, bounds: [f64; 4]) -> crate::BBox {
        ReferenceSystem::find(name)
            .unwrap()
            .plane()
            .covering_box(bounds)
            .unwrap()
    }

    /// No point within lies outside, and the box is not needlessly large.
    #[test]
    fn every_place_of_the_box_lies_in_it() {
        for (name, bounds) in [
            ("EPSG:32633", [100_000.0, 6_500_000.0, 900_000.0, 7_900_000.0]),
            ("EPSG:32601", [200_000.0, 100.0, 800_000.0, 900_000.0]),
            ("EPSG:32760", [200_000.0, 6_000_000.0, 900_000.0, 9_000_000.0]),
            ("EPSG:3995", [500_000.0, -2_000_000.0, 1_500_000.0, -900_000.0]),
            ("EPSG:3995", [-400_000.0, 900_000.0, 500_000.0, 1_500_000.0]),
            ("EPSG:3031", [-3_000_000.0, -2_000_000.0, 1_500_000.0, 900_000.0]),
            ("EPSG:3857", [-20_037_508.0, -1e6, 20_037_508.0, 1e6]),
        ] {
            let plane = ReferenceSystem::find(name).unwrap().plane();
            let bbox = covering(name, bounds);
            let [x0, y0, x1, y1] = bounds;
            for i in 0..=50 {
                for j in 0..=50 {
                    let (x, y) = (
                        x0 + (x1 - x0) * f64::from(i) / 50.0,
                        y0 + (y1 - y0) * f64::from(j) / 50.0,
                    );
                    let (lon, lat) = plane.inverse(x, y).unwrap();
                    assert!(bbox.contains(lon, lat), "{name} {bounds:?}: {lon} {lat} {bbox:?}");
                }
            }
        }
        let zone = covering("EPSG:32633", [400_000.0, 6_500_000.0, 600_000.0, 6_700_000.0]);
        assert!(zone.width_deg() < 4.2 && zone.north - zone.south < 2.0, "{zone:?}");
        let antimeridian = covering("EPSG:32601", [166_000.0, 0.0, 400_000.0, 900_000.0]);
        assert!(antimeridian.width_deg() < 3.0, "{antimeridian:?}");
    }

    #[test]
    fn a_pole_within_takes_every_longitude() {
        let arctic = covering("EPSG:3413", [-1e6, -1e6, 1e6, 1e6]);
        assert_eq!((arctic.west, arctic.east, arctic.north), (-180.0, 180.0, 90.0));
        assert!(arctic.south > 75.0 && arctic.south < 78.0, "{arctic:?}");
        let far = covering("EPSG:32633", [-1e9, 0.0, 1e9, 1e6]);
        assert_eq!((far.west, far.south, far.east, far.north), (-180.0, -90.0, 180.0, 90.0));
    }
}
