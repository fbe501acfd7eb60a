//! Filling of holes as the reference does it: up to ten rounds, in each of which a missing node takes the largest value
//! of its neighbours (itself and eight around it).
//!
//! The reference fills the block that it has in memory and only when somebody asks for a value beside a hole; as filled nodes
//! keep their value, the result is the same as filling the whole field beforehand except near the edge of a block.

use driftline_domain::{GridSpec, VectorField};

/// Rounds of filling.
const ROUNDS: u32 = 10;

/// A field ready for interpolation.
pub(super) struct Filled {
    /// Two components per node, interleaved; NaN where no value came within reach.
    pub(super) nodes: Vec<[f32; 2]>,
    /// Whether a cell (named by its first node) has a corner that was missing; empty where none was.
    pub(super) lent: Vec<bool>,
}

/// Fills the holes of a field. Values beyond `limit_ms` are none (the reference's valid range).
pub(super) fn fill(grid: &GridSpec, field: &VectorField, limit_ms: f32) -> Filled {
    let wanted = |value: f32| if value.abs() <= limit_ms { value } else { f32::NAN };
    let pairs = field.east.iter().zip(&field.north);
    let mut nodes: Vec<[f32; 2]> = pairs.map(|(x, y)| [wanted(*x), wanted(*y)]).collect();
    let mut missing: Vec<usize> = (0..nodes.len())
        .filter(|node| nodes[*node].iter().any(|value| value.is_nan()))
        .collect();
    if missing.is_empty() {
        return Filled {
            nodes,
            lent: Vec::new(),
        };
    }
    let lent = lent_cells(grid, &missing);
    for _ in 0..ROUNDS {
        // Every round looks at the values before it.
        let found: Vec<(usize, [f32; 2])> = missing
            .iter()
            .map(|&node| (node, largest_around(grid, &nodes, node)))
            .collect();
        missing.clear();
        let mut changed = false;
        for (node, values) in found {
            for (component, value) in values.into_iter().enumerate() {
                if nodes[node][component].is_nan() && !value.is_nan() {
                    nodes[node][component] = value;
                    changed = true;
                }
            }
            if nodes[node].iter().any(|value| value.is_nan()) {
                missing.push(node);
            }
        }
        if !changed {
            break;
        }
    }
    Filled { nodes, lent }
}

fn largest_around(grid: &GridSpec, nodes: &[[f32; 2]], node: usize) -> [f32; 2] {
    let (nx, ny) = (grid.nx(), grid.ny());
    let (column, row) = (node % nx, node / nx);
    let mut largest = [f32::NAN; 2];
    for j in row.saturating_sub(1)..(row + 2).min(ny) {
        for i in column.saturating_sub(1)..(column + 2).min(nx) {
            let values = nodes[j * nx + i];
            // `max` passes over what is not a number.
            largest = [largest[0].max(values[0]), largest[1].max(values[1])];
        }
    }
    largest
}

/// Cells with a missing corner.
fn lent_cells(grid: &GridSpec, missing: &[usize]) -> Vec<bool> {
    let nx = grid.nx();
    let mut lent = vec![false; grid.len()];
    for &node in missing {
        let (column, row) = (node % nx, node / nx);
        let west = if column > 0 {
            Some(column - 1)
        } else {
            grid.wraps().then_some(nx - 1)
        };
        for j in row.saturating_sub(1)..=row {
            lent[j * nx + column] = true;
            if let Some(west) = west {
                lent[j * nx + west] = true;
            }
        }
    }
    lent
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::RegularGrid;

    fn filled(nx: usize, values: &[f32]) -> Filled {
        let grid = GridSpec::Regular(RegularGrid {
            nx,
            ny: values.len() / nx,
            lon0_deg: 0.0,
            lat0_deg: 0.0,
            dlon_deg: 1.0,
            dlat_deg: 1.0,
        });
        let field = VectorField {
            east: values.to_vec(),
            north: values.iter().map(|value| -value).collect(),
        };
        fill(&grid, &field, 15.0)
    }

    #[test]
    fn a_hole_takes_the_largest_neighbour_of_the_round_before() {
        let hole = f32::NAN;
        let result = filled(5, &[1.0, hole, hole, hole, 4.0]);
        let first: Vec<f32> = result.nodes.iter().map(|node| node[0]).collect();
        let second: Vec<f32> = result.nodes.iter().map(|node| node[1]).collect();
        assert_eq!(first, [1.0, 1.0, 4.0, 4.0, 4.0]);
        assert_eq!(second, [-1.0, -1.0, -1.0, -4.0, -4.0]);
        assert_eq!(result.lent, [true, true, true, true, false]);
    }

    #[test]
    fn ten_rounds_and_no_more_and_no_absurd_values() {
        let mut row = [f32::NAN; 14];
        row[0] = 0.5;
        row[13] = 16.0;
        let result = filled(14, &row);
        assert_eq!(result.nodes[10][0], 0.5);
        assert!(result.nodes[11][0].is_nan() && result.nodes[13][0].is_nan());
        assert!(filled(2, &[1.0, 2.0]).lent.is_empty());
    }
}
