//! Where features are wanted: a box in degrees, or a box of another reference system, which in degrees has bent sides.

use driftline_domain::BBox;
use geo::{Contains, Intersects, Polygon, coord};

use super::geometry::geometry_touches;
use super::rows::FeatureRow;

/// A region.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    /// A box around it.
    pub(crate) bbox: BBox,
    /// Its outline, where it is not the box.
    outline: Option<Polygon<f64>>,
}

impl Region {
    /// A box in degrees.
    pub(crate) fn of_box(bbox: BBox) -> Self {
        Self { bbox, outline: None }
    }

    /// An area with this outline in degrees, that does not cross the antimeridian.
    pub(crate) fn of_outline(outline: Polygon<f64>) -> Option<Self> {
        let rect = geo::BoundingRect::bounding_rect(&outline)?;
        let bbox = BBox::new(rect.min().x, rect.min().y, rect.max().x, rect.max().y).ok()?;
        Some(Self {
            bbox,
            outline: Some(outline),
        })
    }

    /// Whether something in this box (west, south, east, north) may touch it.
    pub(crate) fn may_touch(&self, [west, south, east, north]: [f64; 4]) -> bool {
        let own = &self.bbox;
        if north < own.south || south > own.north {
            return false;
        }
        let others = pieces(west, east);
        pieces(own.west, own.east)
            .into_iter()
            .any(|(w, e)| others.iter().any(|(west, east)| *west <= e && *east >= w))
    }

    /// Whether the area between these edges (west, south, east, north) shares a point with it; its shape is made where the
    /// edges do not decide.
    pub(crate) fn touches_box(&self, edges: [f64; 4], shape: impl FnOnce() -> geo::Geometry<f64>) -> bool {
        self.may_touch(edges) && (self.outline.is_none() || self.touches(&shape()))
    }

    /// How many of these positions lie in it.
    pub(crate) fn count(&self, lon_deg: &[f64], lat_deg: &[f64]) -> usize {
        let positions = lon_deg.iter().zip(lat_deg);
        if self.outline.is_some() || self.bbox.crosses_antimeridian() {
            return positions.filter(|(lon, lat)| self.contains(**lon, **lat)).count();
        }
        let BBox {
            west,
            south,
            east,
            north,
        } = self.bbox;
        // Without a branch the compiler compares several at once.
        let is_inside = |(lon, lat): (&f64, &f64)| (*lon >= west) & (*lon <= east) & (*lat >= south) & (*lat <= north);
        positions.map(|position| usize::from(is_inside(position))).sum()
    }

    /// Whether a position lies in it, its edge included.
    pub(crate) fn contains(&self, lon: f64, lat: f64) -> bool {
        if !self.bbox.contains(lon, lat) {
            return false;
        }
        let place = coord! { x: lon, y: lat };
        self.outline
            .as_ref()
            .is_none_or(|outline| outline.contains(&place) || outline.intersects(&place))
    }

    /// Whether a geometry that is split at the antimeridian shares a point with it.
    pub(crate) fn touches(&self, geometry: &geo::Geometry<f64>) -> bool {
        match &self.outline {
            None => geometry_touches(geometry, &self.bbox),
            Some(outline) => geometry_touches(geometry, &self.bbox) && outline.intersects(geometry),
        }
    }

    /// Whether a feature shares a point with it.
    pub(crate) fn touches_row(&self, row: &FeatureRow) -> bool {
        match &self.outline {
            None => row.touches(&self.bbox),
            Some(_) => row.touches(&self.bbox) && row.shape().is_some_and(|shape| self.touches(shape)),
        }
    }
}

/// Spans of longitudes, west to east, that a box has; a box that does not cross the antimeridian has one, given twice.
pub(super) fn pieces(west: f64, east: f64) -> [(f64, f64); 2] {
    if west > east {
        [(west, 180.0), (-180.0, east)]
    } else {
        [(west, east); 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::LineString;

    #[test]
    fn a_count_is_what_a_look_at_each_position_finds() {
        let lon: Vec<f64> = (0..2_000)
            .map(|number| f64::from(number * 37 % 720) / 2.0 - 180.0)
            .collect();
        let lat: Vec<f64> = (0..2_000)
            .map(|number| f64::from(number * 53 % 361) / 2.0 - 90.0)
            .collect();
        let corners = [(0.0, 50.0), (40.0, 55.0), (30.0, 70.0), (0.0, 50.0)];
        let outline = Polygon::new(LineString::from(corners.to_vec()), Vec::new());
        for region in [
            Region::of_box(BBox::new(-3.5, 50.0, 20.0, 60.5).unwrap()),
            Region::of_box(BBox::new(170.0, -10.0, -170.0, 10.0).unwrap()),
            Region::of_box(BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap()),
            Region::of_outline(outline).unwrap(),
        ] {
            let found = (0..lon.len()).filter(|at| region.contains(lon[*at], lat[*at])).count();
            assert!(found > 0, "{region:?}");
            assert_eq!(region.count(&lon, &lat), found, "{region:?}");
        }
    }
}
