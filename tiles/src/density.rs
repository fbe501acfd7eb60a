//! Probability density on a grid of cells, in a picture.
//!
//! Per square kilometre. Zoomed in, values are bilinear between the middles of cells, 0 beyond the grid. Where a pixel is
//! larger than a cell it shows the highest of the cells that it touches: a small cloud keeps its colour and does not
//! vanish between pixels, whatever the zoom.

mod bent;

use driftline_domain::wrap_lon_deg;

use crate::picture::{Rgba, TRANSPARENT};
use crate::{ColourMap, MapView, Picture};

/// Alpha of the highest density.
const HIGHEST_ALPHA: f64 = 235.0;
/// Colours besides "nothing".
const COLOURS: usize = 255;

/// Probability per square kilometre on a regular grid of cells. A grid whose number of values is not that of its cells
/// holds nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityGrid {
    /// Western edge of the first column, degrees.
    pub west: f64,
    /// Northern edge of the first row, degrees.
    pub north: f64,
    /// Width of a cell, degrees, positive.
    pub dlon: f64,
    /// Height of a cell, degrees, positive.
    pub dlat: f64,
    /// Cells in a row.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
    /// Per km2, row by row from the north; 0 is nothing.
    pub values: Vec<f32>,
}

/// How a density is drawn. Transparency falls with density, so that the rim of a cloud fades out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DensityStyle {
    /// Colours from low to high.
    pub colours: ColourMap,
    /// Per km2 at both ends of the colours; without it from 0 to the highest value of the grid.
    pub range: Option<(f64, f64)>,
}

impl Default for DensityStyle {
    /// From pale yellow to nearly black, relative to the grid's maximum.
    fn default() -> Self {
        Self {
            colours: ColourMap::InfernoReversed,
            range: None,
        }
    }
}

impl DensityStyle {
    /// Colour and transparency at a share of the range.
    pub fn colour(&self, share: f64) -> Rgba {
        let share = share.clamp(0.0, 1.0);
        if let ColourMap::Stops(_) = self.colours {
            return self.colours.rgba(share);
        }
        let [r, g, b] = self.colours.colour(share);
        [r, g, b, (HIGHEST_ALPHA * libm::sqrt(share) + 0.5) as u8]
    }

    fn palette(&self) -> Vec<Rgba> {
        let colours = (0..COLOURS).map(|k| self.colour((k as f64 + 0.5) / COLOURS as f64));
        std::iter::once(TRANSPARENT).chain(colours).collect()
    }
}

impl DensityGrid {
    /// Value of the cell that holds a position; `None` outside the grid.
    pub fn value_at(&self, lon_deg: f64, lat_deg: f64) -> Option<f32> {
        if !self.is_sound() {
            return None;
        }
        let (x, y) = (self.column(lon_deg), self.row(lat_deg));
        let inside = (0.0..self.nx as f64).contains(&x) && (0.0..self.ny as f64).contains(&y);
        inside.then(|| self.values[y as usize * self.nx + x as usize])
    }

    /// The highest value, 0 for a grid without any.
    pub fn maximum(&self) -> f32 {
        self.values.iter().copied().fold(0.0, f32::max)
    }

    fn is_sound(&self) -> bool {
        let place = [self.west, self.north, self.dlon, self.dlat];
        place.iter().all(|number| number.is_finite())
            && self.dlon > 0.0
            && self.dlat > 0.0
            && self.nx > 0
            && self.ny > 0
            && self.nx.checked_mul(self.ny) == Some(self.values.len())
    }

    /// Columns from the western edge, on the turn that lies next to the grid's middle.
    fn column(&self, lon_deg: f64) -> f64 {
        let half = self.nx as f64 / 2.0;
        half + wrap_lon_deg(lon_deg - (self.west + half * self.dlon)) / self.dlon
    }

    /// Rows from the northern edge.
    fn row(&self, lat_deg: f64) -> f64 {
        (self.north - lat_deg) / self.dlat
    }
}

/// Draws a density.
pub fn draw_density(view: &MapView, grid: &DensityGrid, style: &DensityStyle) -> Picture {
    let nothing = Picture::empty(view.width, view.height);
    if !grid.is_sound() {
        return nothing;
    }
    let (low, high) = style.range.unwrap_or((0.0, f64::from(grid.maximum())));
    let per_unit = COLOURS as f64 / (high - low);
    if !low.is_finite() || !per_unit.is_finite() || per_unit <= 0.0 {
        return nothing;
    }
    if !view.repeats() {
        return bent::draw(view, grid, style, (low, per_unit));
    }
    let (columns, rows) = (columns(view, grid), rows(view, grid));
    let enlarged = columns.iter().chain(&rows).all(|span| span.width <= 1.0);
    let of_row = if enlarged { mixed_row } else { highest_row };
    let mut indices = vec![0u8; view.width as usize * view.height as usize];
    let mut line = Line {
        cells: vec![0.0; grid.nx],
        pixels: vec![0.0; view.width as usize],
    };
    let mut drawn = false;
    for (row, out) in rows.iter().zip(indices.chunks_exact_mut(view.width as usize)) {
        if !of_row(grid, *row, &columns, &mut line) {
            continue;
        }
        for (index, value) in out.iter_mut().zip(&line.pixels) {
            if *value > 0.0 {
                *index = level(*value, (low, per_unit));
                drawn = true;
            }
        }
    }
    if drawn {
        Picture::indexed(view.width, view.height, style.palette(), indices)
    } else {
        nothing
    }
}

/// Palette index of a value above 0.
fn level(value: f32, (low, per_unit): (f64, f64)) -> u8 {
    1 + ((f64::from(value) - low) * per_unit).clamp(0.0, (COLOURS - 1) as f64) as u8
}

/// What a row or column of pixels covers of the grid, in cells.
#[derive(Debug, Clone, Copy)]
struct Span {
    middle: f64,
    width: f64,
}

impl Span {
    /// The cells it touches, of so many.
    fn cells(self, count: usize) -> std::ops::Range<usize> {
        let half = self.width / 2.0;
        let inside = |at: f64| at.clamp(0.0, count as f64) as usize;
        inside(libm::floor(self.middle - half))..inside(libm::ceil(self.middle + half))
    }

    /// The two cells whose middles are beside it, where they exist, and the share of the second.
    fn between(self, count: usize) -> ([Option<usize>; 2], f32) {
        let at = self.middle - 0.5;
        let first = libm::floor(at);
        let cell = |at: f64| (0.0..count as f64).contains(&at).then_some(at as usize);
        ([cell(first), cell(first + 1.0)], (at - first) as f32)
    }
}

fn columns(view: &MapView, grid: &DensityGrid) -> Vec<Span> {
    let (left, _) = view.lon_lat(0.0, 0.0);
    let (right, _) = view.lon_lat(1.0, 0.0);
    let width = (right - left) / grid.dlon;
    let middles = (0..view.width).map(|x| grid.column(view.lon_lat(f64::from(x) + 0.5, 0.0).0));
    middles.map(|middle| Span { middle, width }).collect()
}

fn rows(view: &MapView, grid: &DensityGrid) -> Vec<Span> {
    let edges: Vec<f64> = (0..=view.height)
        .map(|y| grid.row(view.lon_lat(0.0, f64::from(y)).1))
        .collect();
    let spans = edges.windows(2).map(|edge| Span {
        middle: (edge[0] + edge[1]) / 2.0,
        width: edge[1] - edge[0],
    });
    spans.collect()
}

/// One row of cells made of several, and the pixels made of it.
struct Line {
    cells: Vec<f32>,
    pixels: Vec<f32>,
}

/// Bilinear; whether the row meets the grid.
fn mixed_row(grid: &DensityGrid, row: Span, columns: &[Span], line: &mut Line) -> bool {
    let (rows, share) = row.between(grid.ny);
    if rows == [None, None] {
        return false;
    }
    let of = |row: Option<usize>| row.map(|row| &grid.values[row * grid.nx..(row + 1) * grid.nx]);
    let (upper, lower) = (of(rows[0]), of(rows[1]));
    for (x, cell) in line.cells.iter_mut().enumerate() {
        let (above, below) = (upper.map_or(0.0, |row| row[x]), lower.map_or(0.0, |row| row[x]));
        *cell = above + (below - above) * share;
    }
    for (pixel, span) in line.pixels.iter_mut().zip(columns) {
        let (cells, share) = span.between(grid.nx);
        let [left, right] = cells.map(|cell| cell.map_or(0.0, |cell| line.cells[cell]));
        *pixel = left + (right - left) * share;
    }
    true
}

/// The highest cell under each pixel; whether the row meets the grid.
fn highest_row(grid: &DensityGrid, row: Span, columns: &[Span], line: &mut Line) -> bool {
    let rows = row.cells(grid.ny);
    if rows.is_empty() {
        return false;
    }
    line.cells.fill(0.0);
    for row in rows {
        for (cell, value) in line.cells.iter_mut().zip(&grid.values[row * grid.nx..]) {
            *cell = cell.max(*value);
        }
    }
    for (pixel, span) in line.pixels.iter_mut().zip(columns) {
        *pixel = line.cells[span.cells(grid.nx)].iter().copied().fold(0.0, f32::max);
    }
    true
}
