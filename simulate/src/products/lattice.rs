//! Longitudes and latitudes of the nodes of a grid on the plane: exact at every eighth node, linear in between.
//!
//! Going back from the plane costs more than all else that is done to a node. Within eight nodes, two kernel widths,
//! the map bends by less than a fiftieth of a node's cell, wherever longitudes do not turn about a pole.

use super::nodes::Nodes;
use super::plane::Plane;

/// Nodes between two exact ones.
const STEP: usize = 8;
/// A block whose corners differ by more than this in longitude, degrees, is near a pole: there nothing is linear.
const POLE_DEG: f64 = 1.0;

/// Positions of the nodes of a grid.
pub(crate) struct Lattice<'a> {
    plane: &'a Plane,
    nodes: Nodes,
    columns: usize,
    /// Longitude, not wrapped, and latitude at every eighth node, and beyond the last one.
    exact: Vec<(f64, f64)>,
}

impl<'a> Lattice<'a> {
    /// The positions of a grid's nodes.
    pub(crate) fn over(plane: &'a Plane, nodes: Nodes) -> Self {
        let count = |length: usize| length.div_ceil(STEP) + 1;
        let (columns, rows) = (count(nodes.nx), count(nodes.ny));
        let at = |k: usize| {
            let along = |start_m: f64, index: usize| start_m + (index * STEP) as f64 * nodes.cell_m;
            plane.inverse(along(nodes.x0_m, k % columns), along(nodes.y0_m, k / columns))
        };
        Self {
            plane,
            nodes,
            columns,
            exact: (0..columns * rows).map(at).collect(),
        }
    }

    /// Longitude, within half a turn of the plane's centre or a little more, and latitude of a node in degrees.
    pub(crate) fn position(&self, node: usize) -> (f64, f64) {
        let (i, j) = (node % self.nodes.nx, node / self.nodes.nx);
        let first = j / STEP * self.columns + i / STEP;
        let corners = [first, first + 1, first + self.columns, first + self.columns + 1].map(|k| self.exact[k]);
        let lon = corners.map(|corner| corner.0);
        let (low, high) = (
            lon.iter().copied().fold(f64::MAX, f64::min),
            lon.iter().copied().fold(f64::MIN, f64::max),
        );
        if high - low > POLE_DEG {
            let (x_m, y_m) = self.nodes.place(node);
            return self.plane.inverse(x_m, y_m);
        }
        let share = |index: usize| (index % STEP) as f64 / STEP as f64;
        let (right, up) = (share(i), share(j));
        let between = |a: f64, b: f64, c: f64, d: f64| {
            let (south, north) = (a + right * (b - a), c + right * (d - c));
            south + up * (north - south)
        };
        let [sw, se, nw, ne] = corners;
        (between(sw.0, se.0, nw.0, ne.0), between(sw.1, se.1, nw.1, ne.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_plane() {
        for (lon, lat) in [
            (4.0, 60.0),
            (179.95, -17.0),
            (0.0, 0.0),
            (20.0, 89.7),
            (-100.0, -90.0),
            (30.0, 80.0),
        ] {
            let plane = Plane::around(lon, lat);
            for cell_m in [50.0, 500.0] {
                let (nx, ny) = (203, 190);
                let nodes = Nodes {
                    nx,
                    ny,
                    x0_m: -100.0 * cell_m,
                    y0_m: -80.0 * cell_m,
                    cell_m,
                };
                let lattice = Lattice::over(&plane, nodes);
                let mut worst_cells = 0.0f64;
                for node in 0..nx * ny {
                    let (lon, lat) = lattice.position(node);
                    let ((x, y), (x_m, y_m)) = (plane.forward(lon, lat), nodes.place(node));
                    worst_cells = worst_cells.max(libm::hypot(x - x_m, y - y_m) / cell_m);
                }
                assert!(worst_cells < 0.02, "{lon} {lat} {cell_m}: {worst_cells} cells");
            }
        }
    }
}
