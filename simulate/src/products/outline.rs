//! Outlines of a density above thresholds, as polygons in the plane, metres.

use contour::ContourBuilder;
use geo::{Area, Contains, LineString, MultiPolygon, Point, Polygon, Simplify};

use super::Error;
use super::density::Density;
use super::simple::is_simple;

/// How far an outline may move for having fewer vertices, in cells. A cell is a quarter of the kernel, and
/// neighbouring levels lie about a kernel apart.
const SIMPLIFY_CELLS: f64 = 0.1;
/// Specks smaller than this many cells are artefacts of drawing.
const SMALLEST_CELLS: f64 = 0.05;

/// The area with more mass per cell than each threshold: valid polygons, exteriors counter-clockwise, holes clockwise.
pub(crate) fn outlines(density: &Density, thresholds: &[f64]) -> Result<Vec<MultiPolygon>, Error> {
    let lowest = thresholds.iter().copied().fold(f64::MAX, f64::min);
    let (nodes, mass) = density.cropped(lowest);
    // The crate takes a value to stand in the middle of its cell.
    let builder = ContourBuilder::new(nodes.nx, nodes.ny, true)
        .x_origin(nodes.x0_m - 0.5 * nodes.cell_m)
        .y_origin(nodes.y0_m - 0.5 * nodes.cell_m)
        .x_step(nodes.cell_m)
        .y_step(nodes.cell_m);
    let lines = builder.lines(&mass, thresholds)?;
    Ok(lines
        .into_iter()
        .map(|line| assemble(line.into_inner().0.0, nodes.cell_m))
        .collect())
}

/// Rings to polygons. The crate's own polygons are not used: it gives a hole to the first polygon around it, which
/// on a cloud with an island in a gap is the wrong one.
fn assemble(rings: Vec<LineString>, cell_m: f64) -> MultiPolygon {
    let (mut exteriors, mut holes) = (Vec::new(), Vec::new());
    let rings: Vec<Polygon> = rings.into_iter().map(|ring| Polygon::new(ring, Vec::new())).collect();
    // Of nothing but specks the largest stay: no area is empty.
    let largest_m2 = rings.iter().map(Polygon::unsigned_area).fold(0.0, f64::max);
    let smallest_m2 = (SMALLEST_CELLS * cell_m * cell_m).min(largest_m2);
    for ring in rings {
        let area_m2 = ring.signed_area();
        if area_m2.abs() < smallest_m2 {
            continue;
        }
        // Rings run with the dense side on their right.
        if area_m2 < 0.0 {
            exteriors.push(ring)
        } else {
            holes.push(ring)
        }
    }
    // Smallest first, so that the first polygon around a hole is its own.
    exteriors.sort_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
    let mut with_holes: Vec<(Polygon, Vec<Polygon>)> = exteriors.into_iter().map(|ring| (ring, Vec::new())).collect();
    for hole in holes {
        let vertex = Point(hole.exterior().0[0]);
        if let Some((_, own)) = with_holes.iter_mut().find(|(exterior, _)| exterior.contains(&vertex)) {
            own.push(hole);
        }
    }
    with_holes.reverse();
    MultiPolygon(
        with_holes
            .into_iter()
            .map(|(exterior, holes)| finish(&exterior, &holes, cell_m))
            .collect(),
    )
}

/// Fewer vertices, unless that would make the polygon touch or cross itself; right-hand rule of RFC 7946.
fn finish(exterior: &Polygon, holes: &[Polygon], cell_m: f64) -> Polygon {
    use geo::orient::{Direction, Orient};
    let ring = |polygon: &Polygon| polygon.exterior().clone();
    let simple = |polygon: &Polygon| ring(&polygon.simplify(SIMPLIFY_CELLS * cell_m));
    let simplified = Polygon::new(simple(exterior), holes.iter().map(simple).collect());
    let polygon = if is_simple(&simplified) {
        simplified
    } else {
        Polygon::new(ring(exterior), holes.iter().map(ring).collect())
    };
    polygon.orient(Direction::Default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::nodes::Nodes;
    use geo::Validation;

    /// A blob, in a gap of a broad ring, in that gap's middle with a gap of its own.
    fn target() -> Density {
        let nodes = Nodes {
            nx: 121,
            ny: 121,
            x0_m: -6_000.0,
            y0_m: -6_000.0,
            cell_m: 100.0,
        };
        let wave = |r: f64| {
            if r < 5_500.0 {
                1.0 - libm::cos(r / 5_500.0 * 2.0 * std::f64::consts::TAU)
            } else {
                0.0
            }
        };
        let place = |k: usize| nodes.place(k);
        let mass = (0..nodes.nx * nodes.ny)
            .map(|k| wave(libm::hypot(place(k).0, place(k).1)))
            .collect();
        Density {
            nodes,
            mass,
            bandwidth_m: 400.0,
            scale: 1.0,
        }
    }

    #[test]
    fn each_hole_goes_to_the_ring_that_it_is_in() {
        let outline = outlines(&target(), &[1.0]).unwrap().remove(0);
        assert_eq!(outline.0.len(), 2, "a ring within a ring");
        assert!(outline.is_valid());
        for polygon in &outline {
            assert_eq!(polygon.interiors().len(), 1);
            assert!(polygon.signed_area() > 0.0);
        }
        // cos = 0 at odd eighths of the period 2750 m.
        let radius = |eighths: f64| eighths / 4.0 * 2_750.0;
        let disc = |eighths: f64| std::f64::consts::PI * radius(eighths) * radius(eighths);
        let expected = disc(7.0) - disc(5.0) + disc(3.0) - disc(1.0);
        assert!(
            (outline.unsigned_area() / expected - 1.0).abs() < 0.005,
            "{}",
            outline.unsigned_area() / expected
        );
    }

    #[test]
    fn vertices_are_spared_without_moving_the_outline() {
        let density = target();
        let outline = outlines(&density, &[1.0]).unwrap().remove(0);
        let vertices: usize = outline.iter().map(|polygon| polygon.exterior().0.len()).sum();
        assert!(
            vertices < 200,
            "{vertices} vertices where marching squares makes some 500"
        );
        for coord in outline.iter().flat_map(|polygon| polygon.exterior().0.iter()) {
            let r = libm::hypot(coord.x, coord.y);
            let nearest = [1.0, 3.0, 5.0, 7.0]
                .map(|k| (r - k / 4.0 * 2_750.0_f64).abs())
                .into_iter()
                .fold(f64::MAX, f64::min);
            assert!(nearest < 5.0, "{r}");
        }
    }
}
