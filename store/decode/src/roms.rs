//! Currents of ROMS as the model writes them: u and v on the sides of its cells (an Arakawa C grid), along the grid's
//! own axes, with masks of land for each kind of point. Dimensions are `eta_*` across rows and `xi_*` along them. `u[j][i]`
//! stands between the cell centres (rho points) i and i + 1, `v[j][i]` between the rows j and j + 1; so `u` has one node
//! less in a row, `v` one row less, unless the file is cut out of a larger one. Land is told by the masks alone: files
//! hold zeros there, or what packing makes of them.
//!
//! Two readings. *At the nodes*: both components at the rho points, each the mean of the two sides that have a value; a
//! side on land has none, which is not the same as zero. *As they stand*: `u[j][i]` and `v[j][i]` side by side without
//! moving either, which is how OpenDrift's ROMS reader takes them (half a cell off); parity runs need it. Both are turned
//! to east and north at the rho points by `angle`.

use driftline_domain::{AxisRotation, CurvilinearGrid, VectorField};
use netcdf_reader::NcVariable;

use crate::Error;
use crate::component::Pair;
use crate::curvilinear;
use crate::grid::{NodeOrder, unpacked};
use crate::layout::{DimRole, Layout, role_of_dimension};
use crate::source::{MAX_NODES, Source, Take};

/// Where values are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placing {
    /// At the nodes of the grid.
    AtNodes,
    /// Row by row as the file has them.
    AsTheyStand,
}

/// The staggered points of a pair.
pub(crate) struct Stagger {
    nx: usize,
    ny: usize,
    /// Points of u in a row, and rows of v.
    u_nx: usize,
    v_ny: usize,
    /// Of u, v and rho points.
    masks: [Mask; 3],
}

/// Which points are land.
enum Mask {
    /// The file does not say.
    Unstated,
    /// The same at all times.
    Fixed(Vec<bool>),
    /// Land that falls dry: its variable, and which of its dimensions is time.
    Tidal(NcVariable, usize),
}

/// What a staggered pair is understood as.
pub(crate) struct Understood {
    pub(crate) grid: CurvilinearGrid,
    pub(crate) rotation: AxisRotation,
    pub(crate) caveat: Option<String>,
    pub(crate) stagger: Stagger,
    pub(crate) layout: Layout,
    /// Of u and of v.
    pub(crate) orders: [NodeOrder; 2],
}

/// A pair on staggered points; `None` where both components stand on the same ones.
pub(crate) fn understand(source: &Source, pair: &Pair<'_>) -> Option<Result<Understood, Error>> {
    let (Some(u), Some(v)) = (layout(source, pair.x), layout(source, pair.y)) else {
        return None;
    };
    let on = |variable: &NcVariable, dim: &str| variable.dimensions.iter().any(|own| own.name == dim);
    let is_staggered = on(pair.x, "xi_u") && on(pair.y, "eta_v") && u == v;
    is_staggered.then(|| on_rho_points(source, pair, u))
}

fn on_rho_points(source: &Source, pair: &Pair<'_>, layout: Layout) -> Result<Understood, Error> {
    let refused = |reason: String| Error::Curvilinear {
        variable: pair.x.name.clone(),
        reason,
    };
    let size = |variable: &NcVariable, position: usize| variable.dimensions[position].size as usize;
    let (u_nx, v_ny) = (size(pair.x, layout.x), size(pair.y, layout.y));
    let names = ["lon_rho", "lat_rho"].map(str::to_owned);
    let rho = source
        .variable(&names[0])
        .filter(|lon| lon.ndim() == 2)
        .ok_or_else(|| {
            refused(format!(
                "it and '{}' stand on the sides of cells, and the file has no '{}' of their centres",
                pair.y.name, names[0]
            ))
        })?;
    let (nx, ny) = (size(rho, 1), size(rho, 0));
    let (u_ny, v_nx) = (size(pair.x, layout.y), size(pair.y, layout.x));
    let fits = u_ny == ny && v_nx == nx && (u_nx == nx || u_nx + 1 == nx) && (v_ny == ny || v_ny + 1 == ny);
    if !fits || rho.dimensions[0].size.saturating_mul(rho.dimensions[1].size) > MAX_NODES {
        return Err(refused(format!(
            "its {u_ny} x {u_nx} points and the {v_ny} x {v_nx} of '{}' are not the sides of {ny} x {nx} cells",
            pair.y.name
        )));
    }
    let (grid, fillers) = curvilinear::grid(source, &pair.x.name, &names, [nx, ny])?;
    let (rotation, angle) = curvilinear::rotation(source, &pair.x.name, &grid, &names[0])?;
    let masks = [
        Mask::of(source, "u", u_nx * ny)?,
        Mask::of(source, "v", nx * v_ny)?,
        Mask::of(source, "rho", nx * ny)?,
    ];
    Ok(Understood {
        grid,
        rotation,
        caveat: fillers.or(angle),
        stagger: Stagger {
            nx,
            ny,
            u_nx,
            v_ny,
            masks,
        },
        layout,
        orders: [
            NodeOrder::as_it_comes(u_nx, ny, false),
            NodeOrder::as_it_comes(nx, v_ny, false),
        ],
    })
}

/// Dimensions as ROMS names them, with x last.
fn layout(source: &Source, variable: &NcVariable) -> Option<Layout> {
    let (mut time, mut vertical, mut x, mut y) = (None, None, None, None);
    for (position, dim) in variable.dimensions.iter().enumerate() {
        let slot = match role_of_dimension(source, &dim.name) {
            Some(DimRole::Time) => &mut time,
            Some(role) if role.is_vertical() => &mut vertical,
            _ if dim.name.starts_with("xi_") => &mut x,
            _ if dim.name.starts_with("eta_") => &mut y,
            _ if dim.size == 1 => continue,
            _ => return None,
        };
        if slot.replace(position).is_some() {
            return None;
        }
    }
    let (x, y) = (x?, y?);
    (y < x).then_some(Layout {
        time,
        vertical,
        x,
        y,
        projected: false,
        positions: Some(["lon_rho", "lat_rho"].map(str::to_owned)),
    })
}

impl Mask {
    /// The mask of a kind of point. One that changes with time goes before one that does not.
    fn of(source: &Source, points: &str, count: usize) -> Result<Self, Error> {
        let named = |prefix: &str| source.variable(&format!("{prefix}{points}"));
        if let Some(mask) = named("wetdry_mask_") {
            let time = mask
                .dimensions
                .iter()
                .position(|dim| role_of_dimension(source, &dim.name) == Some(DimRole::Time));
            if let (Some(time), 3) = (time, mask.ndim()) {
                return Ok(Self::Tidal(mask.clone(), time));
            }
        }
        let Some(mask) = named("mask_").filter(|mask| mask.ndim() == 2) else {
            return Ok(Self::Unstated);
        };
        let land = is_land(mask, source.slab(mask, &[Take::All, Take::All])?);
        if land.len() != count {
            return Err(Error::Dimension {
                variable: mask.name.clone(),
                reason: format!("it holds {} values for {count} points", land.len()),
            });
        }
        Ok(Self::Fixed(land))
    }

    /// Makes land missing.
    fn apply(&self, source: &Source, step: usize, values: &mut [f32]) -> Result<(), Error> {
        let tidal;
        let land = match self {
            Self::Unstated => return Ok(()),
            Self::Fixed(land) => land,
            Self::Tidal(mask, time) => {
                let takes: Vec<Take> = (0..mask.ndim())
                    .map(|position| if position == *time { Take::One(step) } else { Take::All })
                    .collect();
                tidal = is_land(mask, source.slab(mask, &takes)?);
                if tidal.len() != values.len() {
                    return Err(Error::Dimension {
                        variable: mask.name.clone(),
                        reason: format!("a step holds {} values instead of {}", tidal.len(), values.len()),
                    });
                }
                &tidal
            }
        };
        for (value, is_land) in values.iter_mut().zip(land) {
            if *is_land {
                *value = f32::NAN;
            }
        }
        Ok(())
    }
}

/// Masks are 0 on land and 1 at sea, and some are packed.
fn is_land(mask: &NcVariable, stored: Vec<f64>) -> Vec<bool> {
    unpacked(mask, stored).into_iter().map(|value| value < 0.5).collect()
}

impl Stagger {
    /// Both components of a step on the rho grid, along its axes; where nothing is, NaN in both.
    pub(crate) fn field(
        &self,
        source: &Source,
        step: usize,
        placing: Placing,
        mut u: Vec<f32>,
        mut v: Vec<f32>,
    ) -> Result<VectorField, Error> {
        let [u_mask, v_mask, rho_mask] = &self.masks;
        u_mask.apply(source, step, &mut u)?;
        v_mask.apply(source, step, &mut v)?;
        let at = |placing: Placing, node: usize| {
            let (i, j) = (node % self.nx, node / self.nx);
            let u_at = |i: Option<usize>| side(i, self.u_nx, |i| u[j * self.u_nx + i]);
            let v_at = |j: Option<usize>| side(j, self.v_ny, |j| v[j * self.nx + i]);
            match placing {
                Placing::AtNodes => (
                    mean(u_at(i.checked_sub(1)), u_at(Some(i))),
                    mean(v_at(j.checked_sub(1)), v_at(Some(j))),
                ),
                Placing::AsTheyStand => (u_at(Some(i)), v_at(Some(j))),
            }
        };
        let (mut east, mut north): (Vec<f32>, Vec<f32>) = (0..self.nx * self.ny).map(|node| at(placing, node)).unzip();
        if placing == Placing::AtNodes {
            rho_mask.apply(source, step, &mut east)?;
            rho_mask.apply(source, step, &mut north)?;
        }
        Ok(VectorField { east, north })
    }
}

/// The value of a side, NaN beyond the last.
fn side(index: Option<usize>, count: usize, value: impl Fn(usize) -> f32) -> f32 {
    index.filter(|index| *index < count).map_or(f32::NAN, value)
}

/// The mean of those of two values that there are.
fn mean(a: f32, b: f32) -> f32 {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => 0.5 * (a + b),
        (true, _) => b,
        (false, true) => a,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_on_land_is_left_out_and_not_taken_for_zero() {
        assert_eq!(mean(0.2, 0.4), 0.3);
        assert_eq!((mean(f32::NAN, 0.4), mean(0.4, f32::NAN)), (0.4, 0.4));
        assert!(mean(f32::NAN, f32::NAN).is_nan());
        assert!(side(Some(3), 3, |_| 1.0).is_nan() && side(None, 3, |_| 1.0).is_nan());
        assert_eq!(side(Some(2), 3, |k| k as f32), 2.0);
    }
}
