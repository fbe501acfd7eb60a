//! Colours of a field where grid and picture do not share their rows and columns: a map projection's grid, one whose
//! nodes have positions of their own, or any grid in a projected picture.

use driftline_domain::{GridSpec, Locator, RegularGrid, wrap_lon_deg};

use super::FieldSlab;
use super::paint::known;
use super::scale::Scale;
use crate::MapView;
use crate::warp::{BLOCK, Place, Warp};

pub(super) fn paint(view: &MapView, slab: &FieldSlab<'_>, scale: &Scale, indices: &mut [u8]) {
    let grid = slab.grid;
    let last = |nodes: usize| (nodes - 1) as f64;
    let rows = Some(last(grid.ny()));
    match grid {
        GridSpec::Regular(grid) => {
            let columns = (!grid.wraps()).then(|| last(grid.nx));
            let warp = Warp::of(view, |lon, lat| regular(grid, lon, lat));
            fill(&warp, (columns, rows), slab, view, scale, indices);
        }
        GridSpec::Projected(_) | GridSpec::Curvilinear(_) => {
            let locator = Locator::of(grid);
            let warp = Warp::of(view, |lon, lat| {
                let point = locator.unbounded(lon, lat);
                (point.i, point.j)
            });
            fill(&warp, (Some(last(grid.nx())), rows), slab, view, scale, indices);
        }
    }
}

/// Place in a regular grid, on the turn next to the grid's middle.
fn regular(grid: &RegularGrid, lon_deg: f64, lat_deg: f64) -> Place {
    let half = (grid.nx - 1) as f64 / 2.0;
    let middle = grid.lon0_deg + half * grid.dlon_deg;
    (
        half + wrap_lon_deg(lon_deg - middle) / grid.dlon_deg,
        (lat_deg - grid.lat0_deg) / grid.dlat_deg,
    )
}

fn fill<F: Fn(f64, f64) -> Place>(
    warp: &Warp<'_, F>,
    last: (Option<f64>, Option<f64>),
    slab: &FieldSlab<'_>,
    view: &MapView,
    scale: &Scale,
    indices: &mut [u8],
) {
    let width = view.width as usize;
    warp.each_block(last, |block| {
        let (mut squares, mut wet) = ([0f32; BLOCK], [0f32; BLOCK]);
        for y in 0..block.rows {
            for x in 0..block.columns {
                let place = block.place(x as f64 + 0.5, y as f64 + 0.5);
                (squares[x], wet[x]) = value(slab, place);
            }
            let from = (block.top + y) * width + block.left;
            scale.fill(&squares, &wet, &mut indices[from..from + block.columns]);
        }
    });
}

/// Squared length times squared weight, and weight of wet nodes.
#[inline]
fn value(slab: &FieldSlab<'_>, (i, j): Place) -> (f32, f32) {
    // The same rounding at the rim as the locator's.
    const ROUNDING: f64 = 1e-9;
    let (nx, ny) = (slab.grid.nx(), slab.grid.ny());
    let (last_i, last_j) = ((nx - 1) as f64, (ny - 1) as f64);
    let inside = |at: f64, last: f64| at > -ROUNDING && at < last + ROUNDING;
    let goes_round = slab.grid.wraps();
    if !(inside(i, last_i) || goes_round && i.is_finite()) || !inside(j, last_j) {
        return (0.0, 0.0);
    }
    let j = j.clamp(0.0, last_j);
    let (i, (i0, i1)) = if goes_round {
        let i = i - nx as f64 * libm::floor(i / nx as f64);
        let i0 = (i as usize).min(nx - 1);
        (i, (i0, (i0 + 1) % nx))
    } else {
        let i = i.clamp(0.0, last_i);
        (i, (i as usize, (i as usize + 1).min(nx - 1)))
    };
    let j0 = j as usize;
    let j1 = (j0 + 1).min(ny - 1);
    let (u, v) = ((i - i0 as f64) as f32, (j - j0 as f64) as f32);
    let node = |i: usize, j: usize| {
        let at = j * nx + i;
        known(slab.reading, (slab.field.east[at], slab.field.north[at]))
    };
    let (a, b, c, d) = (node(i0, j0), node(i1, j0), node(i0, j1), node(i1, j1));
    let [east, north, wet, _]: [f32; 4] = std::array::from_fn(|k| {
        let (lower, upper) = (a[k] + (b[k] - a[k]) * u, c[k] + (d[k] - c[k]) * u);
        lower + (upper - lower) * v
    });
    (east * east + north * north, wet)
}
