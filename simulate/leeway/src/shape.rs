//! Whether the parts of a source fit together: grid, times and fields. Both engines ask the same.

use driftline_domain::{GridSpec, VectorField};

use crate::SourceProblem;

/// Refuses a grid without even spacing or, where nodes have positions of their own, without those, times that do not rise, and fields of another size or number.
pub(crate) fn check_shape(grid: &GridSpec, times_s: &[i64], fields: &[VectorField]) -> Result<(), SourceProblem> {
    let even = match grid {
        GridSpec::Regular(grid) => {
            grid.dlon_deg > 0.0 && grid.dlat_deg > 0.0 && grid.lon0_deg.is_finite() && grid.lat0_deg.is_finite()
        }
        GridSpec::Projected(grid) => {
            grid.dx_m > 0.0 && grid.dy_m > 0.0 && grid.x0_m.is_finite() && grid.y0_m.is_finite()
        }
        GridSpec::Curvilinear(grid) => grid.has_positions() && grid.nx() >= 2 && grid.ny() >= 2,
    };
    if grid.is_empty() || grid.len() >= u32::MAX as usize || !even {
        return Err(SourceProblem::Grid {
            nx: grid.nx(),
            ny: grid.ny(),
        });
    }
    if fields.len() != times_s.len() {
        return Err(SourceProblem::FieldCount {
            fields: fields.len(),
            times: times_s.len(),
        });
    }
    if fields.is_empty() {
        return Err(SourceProblem::Empty);
    }
    if let Some(times) = times_s.windows(2).find(|times| times[0] >= times[1]) {
        return Err(SourceProblem::TimeOrder {
            earlier_s: times[0],
            later_s: times[1],
        });
    }
    let fits = |field: &VectorField| field.east.len() == grid.len() && field.north.len() == grid.len();
    match fields.iter().zip(times_s).find(|(field, _)| !fits(field)) {
        Some((field, &time_s)) => Err(SourceProblem::FieldSize {
            time_s,
            east: field.east.len(),
            north: field.north.len(),
            nodes: grid.len(),
        }),
        None => Ok(()),
    }
}
