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
