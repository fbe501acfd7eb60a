//! One vector field at one time, and the turn from a grid's own axes to east and north.

use crate::GridSpec;

/// East and north components in m/s at every node, in the grid's row order; NaN where the source has no value.
/// A node misses both components or neither.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorField {
    /// Eastward component.
    pub east: Vec<f32>,
    /// Northward component.
    pub north: Vec<f32>,
}

/// The bearing of a grid's y axis at every node, as sine and cosine; made once per grid, used for every step.
pub struct AxisRotation {
    sin_cos: Vec<(f64, f64)>,
}

impl AxisRotation {
    /// The rotation of this grid; `None` where the axes are east and north already.
    pub fn of(grid: &GridSpec) -> Option<Self> {
        let GridSpec::Projected(grid) = grid else { return None };
        let nodes = (0..grid.ny).flat_map(|j| (0..grid.nx).map(move |i| (i, j)));
        let sin_cos = nodes.map(|(i, j)| {
            let (x_m, y_m) = (grid.x0_m + i as f64 * grid.dx_m, grid.y0_m + j as f64 * grid.dy_m);
            let bearing = grid.projection.y_axis_bearing_rad(x_m, y_m);
            (libm::sin(bearing), libm::cos(bearing))
        });
        Some(Self {
            sin_cos: sin_cos.collect(),
        })
    }

    /// Turns a field whose `east` and `north` hold components along the grid's x and y axes.
    pub fn turn_to_east_north(&self, field: &mut VectorField) {
        for ((east, north), (sin, cos)) in field.east.iter_mut().zip(&mut field.north).zip(&self.sin_cos) {
            let (along_x, along_y) = (f64::from(*east), f64::from(*north));
            *east = (along_x * cos + along_y * sin) as f32;
            *north = (along_y * cos - along_x * sin) as f32;
        }
    }
}
