//! One vector field at one time, and the turn from a grid's own axes to east and north.

use crate::GridSpec;

/// East and north components at every node, in the grid's row order; NaN where the source has no value. A node misses
/// both components or neither. m/s for current and wind. For waves the vector points where they travel to and its length
/// is the significant wave height in metres.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorField {
    /// Eastward component.
    pub east: Vec<f32>,
    /// Northward component.
    pub north: Vec<f32>,
}

/// What the two components of a field lie along before anybody turns them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComponentAxes {
    /// East and north, whatever the grid.
    EastNorth,
    /// The grid's own x and y axes.
    Grid,
}

/// The bearing of a grid's y axis at every node, as sine and cosine; made once per grid, used for every step.
pub struct AxisRotation {
    sin_cos: Vec<(f64, f64)>,
}

impl VectorField {
    /// Waves as a vector: `height_m` long, towards `to_deg` clockwise from north. NaN in either is NaN in both.
    pub fn wave_vector(height_m: f64, to_deg: f64) -> (f32, f32) {
        let to = to_deg.to_radians();
        ((height_m * libm::sin(to)) as f32, (height_m * libm::cos(to)) as f32)
    }

    /// Significant height in metres and direction towards in [0, 360) of a wave vector. A vector without length has no
    /// direction; 0 stands for it.
    pub fn wave_height_and_direction(east: f32, north: f32) -> (f64, f64) {
        let (east, north) = (f64::from(east), f64::from(north));
        let to_deg = libm::atan2(east, north).to_degrees();
        let to_deg = if to_deg < 0.0 { to_deg + 360.0 } else { to_deg };
        (libm::hypot(east, north), if to_deg >= 360.0 { 0.0 } else { to_deg })
    }
}

impl AxisRotation {
    /// The rotation of this grid; `None` where the axes are east and north already.
    pub fn of(grid: &GridSpec) -> Option<Self> {
        let grid = match grid {
            GridSpec::Regular(_) => return None,
            GridSpec::Projected(grid) => grid,
            GridSpec::Curvilinear(grid) => return Some(Self::of_row_angles(&grid.row_angles_rad())),
        };
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

    /// The rotation of a grid whose x axis points this far from east, radians counter-clockwise, at each node, and whose
    /// y axis stands upright on it (the `angle` of ROMS).
    pub fn of_row_angles(angles_rad: &[f64]) -> Self {
        let sin_cos = angles_rad.iter().map(|angle| (-libm::sin(*angle), libm::cos(*angle)));
        Self {
            sin_cos: sin_cos.collect(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_are_vectors_towards() {
        let (east, north) = VectorField::wave_vector(2.0, 90.0);
        assert!(
            (east - 2.0).abs() < 1e-6 && north.abs() < 1e-6,
            "waves towards the east"
        );
        for (height_m, to_deg) in [(0.01, 0.0), (3.21, 359.99), (18.9, 180.0), (1.0, 270.0), (0.5, 45.67)] {
            let (east, north) = VectorField::wave_vector(height_m, to_deg);
            let (height, to) = VectorField::wave_height_and_direction(east, north);
            assert!((height - height_m).abs() < 1e-6, "{height_m} {height}");
            let off = (to - to_deg + 540.0).rem_euclid(360.0) - 180.0;
            assert!(off.abs() < 1e-4 && (0.0..360.0).contains(&to), "{to_deg} {to}");
        }
        assert_eq!(VectorField::wave_height_and_direction(0.0, 0.0), (0.0, 0.0));
        let (east, north) = VectorField::wave_vector(1.0, f64::NAN);
        assert!(east.is_nan() && north.is_nan());
    }
}
