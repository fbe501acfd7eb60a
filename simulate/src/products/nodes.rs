//! A regular grid of nodes in the plane and the gaussian filter on it.
//!
//! A point is shared out to the four nodes around it, the shares are filtered along x and then along y. Sums run in
//! one fixed order and exponentials come from `libm`: the same points give the same bytes on any machine.

/// Kernels end here, in bandwidths: 0.03 % of a gaussian lies beyond, and is put back by scaling.
pub(crate) const REACH: f64 = 4.0;
/// Nodes per bandwidth.
const NODES_PER_BANDWIDTH: f64 = 4.0;
/// A cloud with far stragglers gets a coarser grid rather than an endless one.
const MAX_NODES: f64 = 1_500_000.0;
/// Variance, in cells squared, that sharing out to nodes adds on average per axis.
pub(crate) const SHARING_VARIANCE: f64 = 1.0 / 6.0;

/// A grid of nodes in the plane; each stands for a cell of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nodes {
    pub(crate) nx: usize,
    pub(crate) ny: usize,
    pub(crate) x0_m: f64,
    pub(crate) y0_m: f64,
    pub(crate) cell_m: f64,
}

impl Nodes {
    /// A grid that resolves this bandwidth, if it does not get too large, with room for kernels up to `widest` times
    /// as wide around every point; and the bandwidth that it does resolve.
    pub(crate) fn around(points: &[(f64, f64)], bandwidth_m: f64, widest: f64) -> (Self, f64) {
        let first = points[0];
        let (mut low, mut high) = (first, first);
        for (x, y) in points {
            low = (low.0.min(*x), low.1.min(*y));
            high = (high.0.max(*x), high.1.max(*y));
        }
        let size_m = [high.0 - low.0, high.1 - low.1].map(|length_m| length_m + 2.0 * REACH * widest * bandwidth_m);
        let cell_m = (bandwidth_m / NODES_PER_BANDWIDTH).max(libm::sqrt(size_m[0] * size_m[1] / MAX_NODES));
        // Where the grid is too coarse for the bandwidth the kernels widen with it, and the margin with them.
        let margin_m = REACH * widest * bandwidth_m.max(cell_m);
        let count = |length_m: f64| libm::ceil((length_m + 2.0 * margin_m) / cell_m) as usize + 6;
        let nodes = Self {
            nx: count(high.0 - low.0),
            ny: count(high.1 - low.1),
            x0_m: low.0 - margin_m - 2.5 * cell_m,
            y0_m: low.1 - margin_m - 2.5 * cell_m,
            cell_m,
        };
        (nodes, bandwidth_m.max(cell_m))
    }

    /// The plane position of a node.
    pub(crate) fn place(&self, index: usize) -> (f64, f64) {
        let (i, j) = (index % self.nx, index / self.nx);
        (self.x0_m + i as f64 * self.cell_m, self.y0_m + j as f64 * self.cell_m)
    }

    /// The node whose cell a point of the plane is in.
    pub(crate) fn nearest(&self, (x_m, y_m): (f64, f64)) -> Option<usize> {
        let index = |at_m: f64, start_m: f64, count: usize| {
            let index = libm::round((at_m - start_m) / self.cell_m);
            (index >= 0.0 && index < count as f64).then_some(index as usize)
        };
        Some(index(y_m, self.y0_m, self.ny)? * self.nx + index(x_m, self.x0_m, self.nx)?)
    }

    /// The node south-west of a point and how far on from it the point lies, in cells.
    fn corner(&self, (x_m, y_m): (f64, f64)) -> (usize, usize, f64, f64) {
        let (i, j) = ((x_m - self.x0_m) / self.cell_m, (y_m - self.y0_m) / self.cell_m);
        let (west, south) = (libm::floor(i), libm::floor(j));
        (west as usize, south as usize, i - west, j - south)
    }

    /// The value at a point, linear between nodes.
    pub(crate) fn sample(&self, values: &[f64], point: (f64, f64)) -> f64 {
        let (i, j, right, up) = self.corner(point);
        let row = |j: usize| values[j * self.nx + i] * (1.0 - right) + values[j * self.nx + i + 1] * right;
        row(j) * (1.0 - up) + row(j + 1) * up
    }

    /// The value at a place counted in nodes from the first one, linear between nodes; 0 beyond the grid.
    #[inline]
    pub(crate) fn at(&self, values: &[f64], (x, y): (f64, f64)) -> f64 {
        if !(x >= 0.0 && y >= 0.0 && x < (self.nx - 1) as f64 && y < (self.ny - 1) as f64) {
            return 0.0;
        }
        let (i, j) = (x as usize, y as usize);
        let (right, up) = (x - i as f64, y - j as f64);
        let row = |j: usize| {
            let pair = &values[j * self.nx + i..][..2];
            pair[0] + right * (pair[1] - pair[0])
        };
        let (south, north) = (row(j), row(j + 1));
        south + up * (north - south)
    }

    /// The same values on nodes that stand for two by two of these.
    pub(crate) fn halved(&self, values: &[f64]) -> (Self, Vec<f64>) {
        // A node more on each side, so that the values at the rim still have nodes around them.
        let (nx, ny) = (self.nx.div_ceil(2) + 2, self.ny.div_ceil(2) + 2);
        let mut sums = vec![0.0; nx * ny];
        for (j, row) in values.chunks(self.nx).enumerate() {
            for (i, value) in row.iter().enumerate() {
                sums[(j / 2 + 1) * nx + i / 2 + 1] += value;
            }
        }
        let nodes = Self {
            nx,
            ny,
            x0_m: self.x0_m - 1.5 * self.cell_m,
            y0_m: self.y0_m - 1.5 * self.cell_m,
            cell_m: 2.0 * self.cell_m,
        };
        (nodes, sums)
    }

    /// Adds a kernel of this bandwidth around each of the points, of mass 1 each.
    pub(crate) fn spread(&self, points: &[(f64, f64)], bandwidth_m: f64, into: &mut [f64]) {
        let taps = taps(bandwidth_m / self.cell_m);
        let Some(shares) = Shares::of(self, points) else { return };
        let mut row = vec![0.0; shares.width + taps.len()];
        for (j, counts) in shares.counts.chunks(shares.width).enumerate() {
            let Some(filled) = filter_row(counts, &taps, &mut row) else {
                continue;
            };
            for (k, tap) in taps.iter().enumerate() {
                let start = (shares.j0 + j + k - taps.len() / 2) * self.nx + shares.i0 - taps.len() / 2;
                let target = &mut into[start + filled.start..start + filled.end];
                for (value, filtered) in target.iter_mut().zip(&row[filled.clone()]) {
                    *value += tap * filtered;
                }
            }
        }
    }
}

/// Points shared out to nodes, on the rectangle of nodes that they touch.
struct Shares {
    i0: usize,
    j0: usize,
    width: usize,
    counts: Vec<f64>,
}

impl Shares {
    fn of(nodes: &Nodes, points: &[(f64, f64)]) -> Option<Self> {
        let corners: Vec<_> = points.iter().map(|point| nodes.corner(*point)).collect();
        let (i0, i1) = (
            corners.iter().map(|at| at.0).min()?,
            corners.iter().map(|at| at.0).max()?,
        );
        let (j0, j1) = (
            corners.iter().map(|at| at.1).min()?,
            corners.iter().map(|at| at.1).max()?,
        );
        let width = i1 - i0 + 2;
        let mut counts = vec![0.0; width * (j1 - j0 + 2)];
        for (i, j, right, up) in corners {
            let at = (j - j0) * width + (i - i0);
            counts[at] += (1.0 - right) * (1.0 - up);
            counts[at + 1] += right * (1.0 - up);
            counts[at + width] += (1.0 - right) * up;
            counts[at + width + 1] += right * up;
        }
        Some(Self { i0, j0, width, counts })
    }
}

/// Filters one row of counts into `row`, which starts half a kernel before it; gives the range with values.
fn filter_row(counts: &[f64], taps: &[f64], row: &mut [f64]) -> Option<std::ops::Range<usize>> {
    row.fill(0.0);
    let mut filled: Option<std::ops::Range<usize>> = None;
    for (i, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        for (value, tap) in row[i..i + taps.len()].iter_mut().zip(taps) {
            *value += count * tap;
        }
        filled = Some(filled.map_or(i, |range| range.start)..i + taps.len());
    }
    filled
}

/// A gaussian of this width in cells, summing to 1, less what sharing out has spread the points already.
fn taps(width: f64) -> Vec<f64> {
    let reach = libm::ceil(REACH * width) as i64;
    let variance = (width * width - SHARING_VARIANCE).max(0.25);
    let gaussian = |k: i64| libm::exp(-0.5 * (k * k) as f64 / variance);
    let values: Vec<f64> = (-reach..=reach).map(gaussian).collect();
    let sum: f64 = values.iter().sum();
    values.into_iter().map(|value| value / sum).collect()
}
