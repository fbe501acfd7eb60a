//! A density in a projected picture, whose pixels share no rows and columns with the grid: by the same rules, pixel by
//! pixel.

use super::{DensityGrid, DensityStyle, Span, level};
use crate::warp::{Place, Warp};
use crate::{MapView, Picture};

pub(super) fn draw(view: &MapView, grid: &DensityGrid, style: &DensityStyle, scale: (f64, f64)) -> Picture {
    let width = view.width as usize;
    let mut indices = vec![0u8; width * view.height as usize];
    let mut drawn = false;
    let last = (Some(grid.nx as f64), Some(grid.ny as f64));
    let warp = Warp::of(view, |lon, lat| (grid.column(lon), grid.row(lat)));
    warp.each_block(last, |block| {
        for y in 0..block.rows {
            for x in 0..block.columns {
                let corner = |dx: f64, dy: f64| block.place(x as f64 + dx, y as f64 + dy);
                let (middle, right, below) = (corner(0.5, 0.5), corner(1.5, 0.5), corner(0.5, 1.5));
                let value = value(grid, middle, right, below);
                if value > 0.0 {
                    indices[(block.top + y) * width + block.left + x] = level(value, scale);
                    drawn = true;
                }
            }
        }
    });
    if drawn {
        Picture::indexed(view.width, view.height, style.palette(), indices)
    } else {
        Picture::empty(view.width, view.height)
    }
}

/// The value at a pixel, from its own place and those of the pixels to its right and below.
fn value(grid: &DensityGrid, middle: Place, right: Place, below: Place) -> f32 {
    let size = |of: fn(Place) -> f64| {
        let along = |other: Place| (of(other) - of(middle)).abs();
        // Across the seam behind the grid the step is a whole turn and says nothing.
        let step = along(right) + along(below);
        if step < 1e4 { step } else { 1.0 }
    };
    let (width, height) = (size(|place| place.0), size(|place| place.1));
    if !middle.0.is_finite() || !middle.1.is_finite() {
        return 0.0;
    }
    let column = Span {
        middle: middle.0,
        width,
    };
    let row = Span {
        middle: middle.1,
        width: height,
    };
    if width <= 1.0 && height <= 1.0 {
        return bilinear(grid, column, row);
    }
    let cells = row.cells(grid.ny).flat_map(|y| {
        let line = &grid.values[y * grid.nx..(y + 1) * grid.nx];
        line[column.cells(grid.nx)].iter().copied()
    });
    cells.fold(0.0, f32::max)
}

fn bilinear(grid: &DensityGrid, column: Span, row: Span) -> f32 {
    let ((columns, u), (rows, v)) = (column.between(grid.nx), row.between(grid.ny));
    let cell = |x: Option<usize>, y: Option<usize>| match (x, y) {
        (Some(x), Some(y)) => grid.values[y * grid.nx + x],
        _ => 0.0,
    };
    let along = |y: Option<usize>| {
        let (left, right) = (cell(columns[0], y), cell(columns[1], y));
        left + (right - left) * u
    };
    let (upper, lower) = (along(rows[0]), along(rows[1]));
    upper + (lower - upper) * v
}
