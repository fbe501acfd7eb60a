//! Currents, wind and waves in a picture: colours, arrows, and the value at a place.
//!
//! Values in m/s, for waves in metres. Between nodes values are bilinear. A node without a value (land) has no weight:
//! where the nodes with values have more than half of the bilinear weight together, their weighted mean is drawn,
//! elsewhere nothing. So a coast is drawn in the middle between the last wet and the first dry node, never as zero.

mod arrows;
mod barbs;
mod paint;
mod projected;
mod scale;
mod sprites;

use driftline_domain::{GridPoint, GridSpec, Locator, VectorField};

use crate::{ColourMap, MapView, Picture, Rgba};
use scale::Scale;

/// How the components of a field are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// East and north components of one vector; between nodes the components are interpolated.
    Vector,
    /// The vector's length is a quantity of its own (significant wave height in m), its direction where it goes to.
    /// Between nodes the length is interpolated, and apart from it the direction as a vector of length one: opposing
    /// seas do not make a calm, and no angle is ever averaged.
    LengthAndDirection,
}

/// One field on one grid. A field whose length is not the grid's has no values.
#[derive(Debug, Clone, Copy)]
pub struct FieldSlab<'a> {
    /// Where the values stand.
    pub grid: &'a GridSpec,
    /// The values, NaN where there is none.
    pub field: &'a VectorField,
    /// How they are read.
    pub reading: Reading,
}

/// A field's value at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldValue {
    /// Which of the slabs it is from.
    pub slab: usize,
    /// Eastward component.
    pub east: f64,
    /// Northward component.
    pub north: f64,
}

/// What a field shows; it decides colours, range and units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Currents, m/s.
    Current,
    /// Wind, m/s.
    Wind,
    /// Significant wave height, m.
    WaveHeight,
}

/// What is drawn of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldLook {
    /// Filled with colours.
    Colour,
    /// Arrows towards where the water, the air or the waves go, 32 pixels apart, longer where it is faster.
    Arrows,
    /// Both.
    ColourArrows,
    /// Wind barbs in knots, 32 pixels apart: a half barb for 5, a barb for 10, a pennant for 50, on the side of low
    /// pressure, which is another one south of the equator.
    Barbs,
    /// Filled with colours, and barbs.
    ColourBarbs,
}

impl FieldLook {
    /// Whether it has a colour at every place.
    pub(crate) fn has_colours(self) -> bool {
        matches!(self, Self::Colour | Self::ColourArrows | Self::ColourBarbs)
    }

    /// Whether it has marks of direction.
    pub(crate) fn has_marks(self) -> bool {
        self != Self::Colour
    }

    /// Whether those are barbs.
    pub(crate) fn has_barbs(self) -> bool {
        matches!(self, Self::Barbs | Self::ColourBarbs)
    }
}

/// How a field is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldStyle {
    /// What is drawn.
    pub look: FieldLook,
    /// Colours from low to high.
    pub colours: ColourMap,
    /// Values at both ends of the colours; the upper one is that of the longest arrow, too.
    pub range: (f64, f64),
    /// Steps that the colours are broken into; as many as a picture can have unless said otherwise.
    pub bands: Option<u8>,
    /// Colour of what is below the range; without one that of its lower end.
    pub below: Option<Rgba>,
    /// Colour of what is above the range; without one that of its upper end.
    pub above: Option<Rgba>,
}

impl FieldStyle {
    /// The default look of a quantity: colours and arrows; currents 0 to 1.5 m/s in viridis, wind 0 to 25 m/s in
    /// cividis, waves 0 to 8 m in YlGnBu.
    pub fn of(quantity: Quantity) -> Self {
        let (colours, range) = match quantity {
            Quantity::Current => (ColourMap::Viridis, (0.0, 1.5)),
            Quantity::Wind => (ColourMap::Cividis, (0.0, 25.0)),
            Quantity::WaveHeight => (ColourMap::YlGnBu, (0.0, 8.0)),
        };
        Self {
            look: FieldLook::ColourArrows,
            colours,
            range,
            bands: None,
            below: None,
            above: None,
        }
    }
}

impl FieldValue {
    /// Length of the vector.
    pub fn length(&self) -> f64 {
        libm::hypot(self.east, self.north)
    }

    /// Where it goes to, degrees clockwise from north in [0, 360); `None` without motion.
    pub fn to_deg(&self) -> Option<f64> {
        let degrees = libm::atan2(self.east, self.north).to_degrees();
        (self.length() > 0.0).then_some(if degrees < 0.0 { degrees + 360.0 } else { degrees } % 360.0)
    }
}

/// The value at a place: of the first slab that has one, so the finest grid comes first.
pub fn sample(slabs: &[FieldSlab<'_>], lon_deg: f64, lat_deg: f64) -> Option<FieldValue> {
    sample_many(slabs, &[(lon_deg, lat_deg)]).pop().flatten()
}

/// The values at places of longitude and latitude, each as [`sample`] finds it.
pub fn sample_many(slabs: &[FieldSlab<'_>], places: &[(f64, f64)]) -> Vec<Option<FieldValue>> {
    let samplers: Vec<Sampler<'_>> = slabs.iter().map(Sampler::of).collect();
    let value = |&(lon_deg, lat_deg): &(f64, f64)| {
        if !(-90.0..=90.0).contains(&lat_deg) || !lon_deg.is_finite() {
            return None;
        }
        samplers.iter().enumerate().find_map(|(slab, sampler)| {
            let (east, north) = sampler.value(lon_deg, lat_deg)?;
            Some(FieldValue { slab, east, north })
        })
    };
    places.iter().map(value).collect()
}

/// Draws a field: of each place the first slab that has a value there, so the finest grid comes first.
pub fn draw_field(view: &MapView, slabs: &[FieldSlab<'_>], style: &FieldStyle) -> Picture {
    let scale = Scale::of(style);
    let mut indices = vec![0; view.width as usize * view.height as usize];
    if style.look.has_colours() {
        for slab in slabs.iter().filter(|slab| slab.is_sound()) {
            match slab.grid {
                GridSpec::Regular(grid) if view.repeats() => paint::paint(view, slab, grid, &scale, &mut indices),
                _ => projected::paint(view, slab, &scale, &mut indices),
            }
        }
    }
    if style.look.has_marks() {
        let samplers: Vec<Sampler<'_>> = slabs.iter().map(Sampler::of).collect();
        arrows::stamp(view, &samplers, style, &scale, &mut indices);
    }
    if indices.iter().all(|index| *index == 0) {
        return Picture::empty(view.width, view.height);
    }
    Picture::indexed(view.width, view.height, scale.palette(), indices)
}

impl FieldSlab<'_> {
    fn is_sound(&self) -> bool {
        let nodes = self.grid.len();
        nodes > 0 && self.field.east.len() == nodes && self.field.north.len() == nodes
    }
}

/// A slab with everything worked out that does not depend on the position.
struct Sampler<'a> {
    slab: &'a FieldSlab<'a>,
    locator: Option<Locator>,
}

impl<'a> Sampler<'a> {
    fn of(slab: &'a FieldSlab<'a>) -> Self {
        Self {
            slab,
            locator: slab.is_sound().then(|| Locator::of(slab.grid)),
        }
    }

    fn value(&self, lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
        let point = self.locator.as_ref()?.fraction(lon_deg, lat_deg)?;
        Corners::of(self.slab.grid, point).value(self.slab)
    }
}

/// The four nodes around a place and their weights.
struct Corners {
    nodes: [usize; 4],
    weights: [f64; 4],
}

impl Corners {
    /// Around a point inside the grid.
    fn of(grid: &GridSpec, point: GridPoint) -> Self {
        let (nx, ny) = (grid.nx(), grid.ny());
        let (i0, j0) = ((point.i as usize).min(nx - 1), (point.j as usize).min(ny - 1));
        let i1 = match i0 + 1 {
            next if next < nx => next,
            _ if grid.wraps() => 0,
            _ => i0,
        };
        let j1 = (j0 + 1).min(ny - 1);
        let (u, v) = (point.i - i0 as f64, point.j - j0 as f64);
        Self {
            nodes: [j0 * nx + i0, j0 * nx + i1, j1 * nx + i0, j1 * nx + i1],
            weights: [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v],
        }
    }

    fn value(&self, slab: &FieldSlab<'_>) -> Option<(f64, f64)> {
        let field = slab.field;
        let (mut wet, mut sum, mut length, mut unit) = (0.0, (0.0, 0.0), 0.0, (0.0, 0.0));
        for (node, weight) in self.nodes.into_iter().zip(self.weights) {
            let (east, north) = (f64::from(field.east[node]), f64::from(field.north[node]));
            if east.is_nan() || north.is_nan() {
                continue;
            }
            wet += weight;
            sum = (sum.0 + weight * east, sum.1 + weight * north);
            let here = libm::hypot(east, north);
            length += weight * here;
            if here > 0.0 {
                unit = (unit.0 + weight * east / here, unit.1 + weight * north / here);
            }
        }
        if wet <= 0.5 {
            return None;
        }
        match slab.reading {
            Reading::Vector => Some((sum.0 / wet, sum.1 / wet)),
            Reading::LengthAndDirection => {
                let along = libm::hypot(unit.0, unit.1);
                // Seas that cancel out to the last bit leave no direction; the length must not be lost with it.
                let (east, north) = if along > 0.0 {
                    (unit.0 / along, unit.1 / along)
                } else {
                    (0.0, 1.0)
                };
                Some((length / wet * east, length / wet * north))
            }
        }
    }
}
