//! Some thousand nodes of a grid, each with its neighbours: what one step is compared with another by.

use driftline_domain::VectorField;

use super::summary::MANY;

/// Most nodes that are sampled.
const MOST: usize = 8_192;
/// A node and its neighbours, row by row; the node itself in the middle.
const AROUND: usize = 9;
const MIDDLE: usize = 4;

/// Which nodes are sampled; none of them at the grid's edge.
pub(super) struct Samples {
    nodes: Vec<usize>,
    nx: usize,
}

/// The values at the sampled nodes and around them.
pub(super) struct Taken {
    around: Vec<[(f32, f32); AROUND]>,
}

/// Sums of products of two fields' components, from which all turns and reversals can be told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Products {
    /// Nodes that both have.
    pub(super) nodes: usize,
    first_square: f64,
    second_square: f64,
    east_east: f64,
    north_north: f64,
    east_north: f64,
    north_east: f64,
}

/// How one step differs from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    /// Products of the steps' components.
    pub(super) products: Products,
    /// Root mean square of the vector difference.
    pub(super) rms: f64,
    /// The move of the later step, in nodes along the row and across rows, that leaves least of the difference.
    pub(super) best_move: (i64, i64),
    /// Root mean square of the difference with that move undone.
    pub(super) best_rms: f64,
}

impl Samples {
    /// Of a grid.
    pub(super) fn of(nx: usize, ny: usize) -> Self {
        let inner = nx.saturating_sub(2) * ny.saturating_sub(2);
        let stride = (inner as f64 / MOST as f64).sqrt().ceil().max(1.0) as usize;
        let rows = (1..ny.saturating_sub(1)).step_by(stride);
        let nodes = rows.flat_map(|j| (1..nx.saturating_sub(1)).step_by(stride).map(move |i| j * nx + i));
        Self {
            nodes: nodes.collect(),
            nx,
        }
    }

    /// The values of a step.
    pub(super) fn take(&self, field: &VectorField) -> Taken {
        let around = |node: &usize| {
            std::array::from_fn(|at| {
                let neighbour = node + at / 3 * self.nx + at % 3 - self.nx - 1;
                (field.east[neighbour], field.north[neighbour])
            })
        };
        Taken {
            around: self.nodes.iter().map(around).collect(),
        }
    }
}

impl Taken {
    /// How this step differs from an earlier one; `None` where they have too few nodes in common.
    pub(super) fn change_from(&self, earlier: &Self) -> Option<Change> {
        let pairs = || earlier.around.iter().zip(&self.around);
        let rms_from = |place: usize| {
            let (mut sum, mut nodes) = (0.0, 0_usize);
            for (earlier, later) in pairs() {
                let ((east, north), (before_east, before_north)) = (later[MIDDLE], earlier[place]);
                let (d_east, d_north) = (east - before_east, north - before_north);
                let square = d_east * d_east + d_north * d_north;
                if square.is_finite() {
                    sum += f64::from(square);
                    nodes += 1;
                }
            }
            (nodes > MANY).then(|| (sum / nodes as f64).sqrt())
        };
        let rms = rms_from(MIDDLE)?;
        let (mut best, mut best_rms) = (MIDDLE, rms);
        for place in (0..AROUND).filter(|place| *place != MIDDLE) {
            if let Some(rms) = rms_from(place).filter(|rms| *rms < best_rms) {
                (best, best_rms) = (place, rms);
            }
        }
        let mut products = Products::default();
        pairs().for_each(|(earlier, later)| products.add(earlier[MIDDLE], later[MIDDLE]));
        Some(Change {
            products,
            rms,
            // What stood there before stands here now: the move is the other way.
            best_move: (1 - (best % 3) as i64, 1 - (best / 3) as i64),
            best_rms,
        })
    }
}

impl Products {
    /// Adds a node that both fields may have.
    pub(super) fn add(&mut self, first: (f32, f32), second: (f32, f32)) {
        let ((e1, n1), (e2, n2)) = (first, second);
        if (e1 + n1 + e2 + n2).is_nan() {
            return;
        }
        let ((e1, n1), (e2, n2)) = ((f64::from(e1), f64::from(n1)), (f64::from(e2), f64::from(n2)));
        self.nodes += 1;
        self.first_square += e1 * e1 + n1 * n1;
        self.second_square += e2 * e2 + n2 * n2;
        self.east_east += e1 * e2;
        self.north_north += n1 * n2;
        self.east_north += e1 * n2;
        self.north_east += n1 * e2;
    }

    /// Root mean square of the vectors' length, of both fields together.
    pub(super) fn rms_length(&self) -> f64 {
        ((self.first_square + self.second_square) / (2.0 * self.nodes.max(1) as f64)).sqrt()
    }

    /// Vector correlation of the fields as they are, and of the first with the second changed in each way that mistakes
    /// of convention change it.
    pub(super) fn correlations(&self) -> (f64, [(f64, &'static str); 6]) {
        let norm = (self.first_square * self.second_square).sqrt().max(f64::MIN_POSITIVE);
        let (e, n) = (self.east_east / norm, self.north_north / norm);
        let (across, back) = (self.east_north / norm, self.north_east / norm);
        (
            e + n,
            [
                (
                    -e - n,
                    "points the other way, as if it told where from instead of where to",
                ),
                (across + back, "has its eastward and northward components exchanged"),
                (e - n, "has its northward component reversed"),
                (n - e, "has its eastward component reversed"),
                (across - back, "is turned by a quarter to the left"),
                (back - across, "is turned by a quarter to the right"),
            ],
        )
    }
}
