//! Places on a grid of positions as the reference finds them: its reader of ROMS spans triangles between the nodes (the
//! Delaunay triangulation of longitude and latitude, both in degrees) and takes column and row as linear in each of them.
//! Between the grid's own rows and columns these triangles need not follow the cells, and beyond a curved edge they
//! reach to the hull of the nodes.

use delaunator::{EMPTY, Point, triangulate};
use driftline_domain::{CurvilinearGrid, wrap_lon_deg};

/// The triangles of a grid.
#[derive(Debug, Clone)]
pub(super) struct Triangles {
    /// Longitudes are counted from here, so that a grid across the antimeridian is in one piece.
    middle_deg: f64,
    /// Degrees from the middle, and degrees north.
    points: Vec<Point>,
    /// Column and row of each point.
    nodes: Vec<(f64, f64)>,
    /// Points of each triangle, three by three, in one sense of rotation.
    corners: Vec<usize>,
    /// The same edge seen from the triangle beyond it; `EMPTY` on the hull.
    beyond: Vec<usize>,
    starts: Starts,
}

/// A triangle near each place, to set out from.
#[derive(Debug, Clone)]
struct Starts {
    west_deg: f64,
    south_deg: f64,
    per_degree: (f64, f64),
    side: usize,
    triangles: Vec<usize>,
}

impl Triangles {
    pub(super) fn of(grid: &CurvilinearGrid) -> Self {
        let (nx, ny) = (grid.nx(), grid.ny());
        let known = (0..nx * ny).filter_map(|node| {
            let (lon, lat) = grid.node(node % nx, node / nx);
            (lon.is_finite() && lat.is_finite()).then_some(((lon, lat), ((node % nx) as f64, (node / nx) as f64)))
        });
        let known: Vec<((f64, f64), (f64, f64))> = known.collect();
        let middle_deg = known.get(known.len() / 2).map_or(0.0, |((lon, _), _)| *lon);
        let points: Vec<Point> = known
            .iter()
            .map(|((lon, lat), _)| Point {
                x: wrap_lon_deg(lon - middle_deg),
                y: *lat,
            })
            .collect();
        let spanned = triangulate(&points);
        let starts = Starts::of(&points, &spanned.triangles);
        Self {
            middle_deg,
            points,
            nodes: known.into_iter().map(|(_, node)| node).collect(),
            corners: spanned.triangles,
            beyond: spanned.halfedges,
            starts,
        }
    }

    /// Column and row of a place; `None` outside of the hull.
    pub(super) fn fraction(&self, lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
        let place = Point {
            x: wrap_lon_deg(lon_deg - self.middle_deg),
            y: lat_deg,
        };
        let mut triangle = self.starts.triangle(&place)?;
        // Towards a place, no triangle of such a triangulation is met twice.
        for _ in 0..self.corners.len() / 3 {
            let corners = [0, 1, 2].map(|k| self.corners[3 * triangle + k]);
            let [a, b, c] = corners.map(|corner| &self.points[corner]);
            let whole = area(a, b, c);
            let shares = [area(b, c, &place), area(c, a, &place), area(a, b, &place)].map(|part| part / whole);
            // Of the edges that the place is beyond, the one that it is farthest beyond.
            let (corner, least) = shares
                .iter()
                .copied()
                .enumerate()
                .min_by(|(_, a), (_, b)| a.total_cmp(b))?;
            if least >= -1e-12 {
                let mixed = |of: fn(&(f64, f64)) -> f64| -> f64 {
                    (0..3).map(|k| shares[k] * of(&self.nodes[corners[k]])).sum()
                };
                return Some((mixed(|node| node.0).max(0.0), mixed(|node| node.1).max(0.0)));
            }
            if least.is_nan() {
                return None;
            }
            // The edge opposite of a corner begins at the next one.
            let next = self.beyond[3 * triangle + (corner + 1) % 3];
            if next == EMPTY {
                return None;
            }
            triangle = next / 3;
        }
        None
    }
}

impl Starts {
    fn of(points: &[Point], corners: &[usize]) -> Self {
        let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
        for point in points {
            (west, east) = (west.min(point.x), east.max(point.x));
            (south, north) = (south.min(point.y), north.max(point.y));
        }
        // About as many places as there are nodes.
        let side = ((points.len() as f64).sqrt() as usize).max(1);
        let per_degree = (side as f64 / (east - west), side as f64 / (north - south));
        let mut starts = Self {
            west_deg: west,
            south_deg: south,
            per_degree,
            side,
            triangles: vec![usize::MAX; side * side],
        };
        for (triangle, three) in corners.chunks_exact(3).enumerate() {
            let [a, b, c] = [0, 1, 2].map(|k| &points[three[k]]);
            let middle = Point {
                x: (a.x + b.x + c.x) / 3.0,
                y: (a.y + b.y + c.y) / 3.0,
            };
            let place = starts.place(&middle);
            starts.triangles[place] = triangle;
        }
        if corners.is_empty() {
            starts.triangles.clear();
        }
        // Places without a triangle of their own set out from their neighbour's.
        let mut last = 0;
        for triangle in &mut starts.triangles {
            if *triangle == usize::MAX {
                *triangle = last;
            }
            last = *triangle;
        }
        starts
    }

    fn place(&self, point: &Point) -> usize {
        let last = (self.side - 1) as f64;
        let along = |x: f64| x.clamp(0.0, last) as usize;
        let column = along((point.x - self.west_deg) * self.per_degree.0);
        let row = along((point.y - self.south_deg) * self.per_degree.1);
        row * self.side + column
    }

    fn triangle(&self, point: &Point) -> Option<usize> {
        self.triangles.get(self.place(point)).copied()
    }
}

/// Twice the signed area of a triangle.
fn area(a: &Point, b: &Point, c: &Point) -> f64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(nx: usize, ny: usize, place: impl Fn(f64, f64) -> (f64, f64)) -> CurvilinearGrid {
        let nodes = (0..nx * ny).map(|node| place((node % nx) as f64, (node / nx) as f64));
        let (lon, lat) = nodes.unzip();
        CurvilinearGrid::new(nx, ny, lon, lat).unwrap()
    }

    #[test]
    fn on_a_skewed_plane_triangles_and_cells_say_the_same() {
        let skewed = |i: f64, j: f64| (178.0 + 0.11 * i - 0.04 * j, 60.0 + 0.02 * i + 0.05 * j);
        let triangles = Triangles::of(&grid(40, 30, skewed));
        for k in 0..2_000 {
            let (i, j) = (
                f64::from(k) * 0.618_034 % 1.0 * 39.0,
                f64::from(k) * 0.754_878 % 1.0 * 29.0,
            );
            let (lon, lat) = skewed(i, j);
            let found = triangles.fraction(wrap_lon_deg(lon), lat).unwrap();
            assert!(
                (found.0 - i).abs() < 1e-8 && (found.1 - j).abs() < 1e-8,
                "{i} {j} {found:?}"
            );
        }
        assert_eq!(triangles.fraction(170.0, 60.0), None);
        assert_eq!(triangles.fraction(f64::NAN, 60.0), None);
    }

    #[test]
    fn no_node_lies_within_the_circle_around_a_triangle() {
        let curved = |i: f64, j: f64| {
            (
                12.0 + 0.1 * i - 0.03 * j + 0.002 * i * j,
                68.0 + 0.02 * i + 0.04 * j - 0.001 * i * i,
            )
        };
        let triangles = Triangles::of(&grid(12, 10, curved));
        let points = &triangles.points;
        for three in triangles.corners.chunks_exact(3) {
            let [a, b, c] = [0, 1, 2].map(|k| &points[three[k]]);
            for (number, d) in points.iter().enumerate().filter(|(number, _)| !three.contains(number)) {
                let row = |p: &Point| (p.x - d.x, p.y - d.y, (p.x - d.x).powi(2) + (p.y - d.y).powi(2));
                let (a, b, c) = (row(a), row(b), row(c));
                let inside =
                    a.0 * (b.1 * c.2 - b.2 * c.1) - a.1 * (b.0 * c.2 - b.2 * c.0) + a.2 * (b.0 * c.1 - b.1 * c.0);
                let sense = area(&points[three[0]], &points[three[1]], &points[three[2]]).signum();
                assert!(inside * sense <= 1e-12, "node {number} in the circle of {three:?}");
            }
        }
    }
}
