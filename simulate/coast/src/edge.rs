//! An edge of the shoreline and the exact tests against it.
//!
//! Vertices are whole units within a tile (0..=7680), so they often lie on a cell's border or on the very line asked
//! about. Every test therefore reads a point as moved by a vanishing step east and a far smaller one north; with that
//! rule a path crosses the shore an odd number of times exactly when its ends differ, whatever it touches.

/// A straight piece of shoreline from `(x1, y1)` to `(x2, y2)`, units within the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) x1: u16,
    pub(crate) y1: u16,
    pub(crate) x2: u16,
    pub(crate) y2: u16,
}

impl Edge {
    /// Twice the signed area of the triangle edge-point: positive when the point is left of the edge.
    #[inline]
    pub(crate) fn area(self, x: f64, y: f64) -> f64 {
        let (x1, y1) = (f64::from(self.x1), f64::from(self.y1));
        (f64::from(self.x2) - x1) * (y - y1) - (f64::from(self.y2) - y1) * (x - x1)
    }

    /// Whether a point is left of the edge, by the rule above also when it lies on its line.
    #[inline]
    pub(crate) fn left(self, x: f64, y: f64) -> bool {
        self.left_by_area(self.area(x, y))
    }

    /// As [`Edge::left`], from an area already computed.
    #[inline]
    pub(crate) fn left_by_area(self, area: f64) -> bool {
        if area != 0.0 {
            return area > 0.0;
        }
        if self.y1 != self.y2 {
            self.y2 < self.y1
        } else {
            self.x2 > self.x1
        }
    }

    /// Whether the edge reaches from one side of the parallel `y` to the other.
    #[inline]
    pub(crate) fn spans_y(self, y: f64) -> bool {
        (f64::from(self.y1) <= y) != (f64::from(self.y2) <= y)
    }

    /// Whether the edge reaches from one side of the meridian `x` to the other.
    #[inline]
    pub(crate) fn spans_x(self, x: f64) -> bool {
        (f64::from(self.x1) <= x) != (f64::from(self.x2) <= x)
    }

    /// Whether the way from the corner `(corner_x, corner_y)`, first north or south and then east or west, to `(x, y)`
    /// crosses the edge an odd number of times.
    #[inline]
    pub(crate) fn parts(self, corner_x: f64, corner_y: f64, x: f64, y: f64) -> bool {
        let mut odd = false;
        if self.spans_y(y) {
            odd ^= self.left(x, y) != self.left(corner_x, y);
        }
        if self.spans_x(corner_x) {
            odd ^= self.left(corner_x, y) != self.left(corner_x, corner_y);
        }
        odd
    }

    /// Where along the segment `a` to `b` (0..=1) it crosses this edge, if it does.
    #[inline]
    pub(crate) fn crossed_at(self, a: (f64, f64), b: (f64, f64)) -> Option<f64> {
        let (area_a, area_b) = (self.area(a.0, a.1), self.area(b.0, b.1));
        if self.left_by_area(area_a) == self.left_by_area(area_b) {
            return None;
        }
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let first = dx * (f64::from(self.y1) - a.1) - dy * (f64::from(self.x1) - a.0);
        let second = dx * (f64::from(self.y2) - a.1) - dy * (f64::from(self.x2) - a.0);
        // A vertex on the line of the way, by the rule above.
        let tie = if dy == 0.0 { dx < 0.0 } else { dy > 0.0 };
        let side = |area: f64| if area == 0.0 { tie } else { area > 0.0 };
        if side(first) == side(second) {
            return None;
        }
        let whole = area_a - area_b;
        if whole == 0.0 {
            Some(0.0)
        } else {
            Some((area_a / whole).clamp(0.0, 1.0))
        }
    }

    /// The columns of cells the edge touches in a row of cells, borders counted in, rounded outward.
    pub(crate) fn columns_in_row(self, row: i32, cell: i32, cells: i32) -> std::ops::RangeInclusive<i32> {
        let (x1, y1, x2, y2) = (
            i64::from(self.x1),
            i64::from(self.y1),
            i64::from(self.x2),
            i64::from(self.y2),
        );
        let (low, high) = if y1 == y2 {
            (x1.min(x2), x1.max(x2))
        } else {
            let south = i64::from(row * cell).max(y1.min(y2));
            let north = i64::from((row + 1) * cell).min(y1.max(y2));
            // The same edge on integers: x = x1 + (y - y1) (x2 - x1) / (y2 - y1), down and up.
            let (run, rise) = if y2 > y1 {
                (x2 - x1, y2 - y1)
            } else {
                (x1 - x2, y1 - y2)
            };
            let at_south = (south - y1) * run;
            let at_north = (north - y1) * run;
            let low = x1 + at_south.min(at_north).div_euclid(rise);
            let high = x1 - (-at_south.max(at_north)).div_euclid(rise);
            (low, high)
        };
        touched(low as i32, high as i32, cell, cells)
    }

    /// The rows of cells the edge touches, borders counted in.
    pub(crate) fn rows(self, cell: i32, cells: i32) -> std::ops::RangeInclusive<i32> {
        let (y1, y2) = (i32::from(self.y1), i32::from(self.y2));
        touched(y1.min(y2), y1.max(y2), cell, cells)
    }
}

/// The cells a closed range of units touches.
fn touched(low: i32, high: i32, cell: i32, cells: i32) -> std::ops::RangeInclusive<i32> {
    let first = (low + cell - 1).div_euclid(cell) - 1;
    first.clamp(0, cells - 1)..=high.div_euclid(cell).clamp(0, cells - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn edge(x1: u16, y1: u16, x2: u16, y2: u16) -> Edge {
        Edge { x1, y1, x2, y2 }
    }

    #[test]
    fn a_vertex_on_the_way_counts_once() {
        // Two edges meet at (32, 32): a path through the vertex crosses exactly one of them.
        let (below, above) = (edge(32, 0, 32, 32), edge(32, 32, 40, 64));
        let crossed = [below, above]
            .iter()
            .filter(|edge| edge.crossed_at((0.0, 32.0), (64.0, 32.0)).is_some())
            .count();
        assert_eq!(crossed, 1);
        assert!(below.parts(0.0, 0.0, 60.0, 32.0) ^ above.parts(0.0, 0.0, 60.0, 32.0));
    }

    #[test]
    fn an_edge_on_a_border_touches_both_sides() {
        let upright = edge(64, 10, 64, 50);
        assert_eq!(upright.columns_in_row(0, 32, 240), 1..=2);
        assert_eq!(upright.rows(32, 240), 0..=1);
        let slanted = edge(100, 100, 0, 0);
        assert_eq!(slanted.columns_in_row(1, 32, 240), 0..=2);
    }
}
