//! Boxes in queries: `west > east` means that a box crosses the antimeridian, on the side of the question as well as
//! on the side of the row; ±180 is one meridian. And the smallest box around many.

use driftline_domain::BBox;

use crate::sql::QueryBuilder;
use crate::{Error, Result};

pub(crate) fn checked([west, south, east, north]: [f64; 4]) -> Result<[f64; 4]> {
    let bbox = BBox::new(west, south, east, north)
        .map_err(|error| Error::invalid("bbox", format!("{west},{south},{east},{north}"), error))?;
    Ok([bbox.west, bbox.south, bbox.east, bbox.north])
}

/// Adds `AND (…)`: the row's box, in columns west, south, east, north behind this prefix, shares a point with the box.
pub(crate) fn push_touches(query: &mut QueryBuilder, prefix: &str, bbox: [f64; 4]) -> Result<()> {
    let [west, south, east, north] = checked(bbox)?;
    query.push(format_args!(" AND {prefix}south <= ")).push_bind(north);
    query.push(format_args!(" AND {prefix}north >= ")).push_bind(south);
    query.push(" AND (FALSE");
    for (from, to) in arcs(west, east) {
        query
            .push(format_args!(" OR ({prefix}west <= {prefix}east AND {prefix}west <= "))
            .push_bind(to);
        query
            .push(format_args!(" AND {prefix}east >= "))
            .push_bind(from)
            .push(")");
        query
            .push(format_args!(" OR ({prefix}west > {prefix}east AND ({prefix}west <= "))
            .push_bind(to);
        query
            .push(format_args!(" OR {prefix}east >= "))
            .push_bind(from)
            .push("))");
    }
    query.push(")");
    Ok(())
}

/// The longitudes from west to east as arcs that do not cross the antimeridian; one that ends on it is continued on
/// the other side by the meridian alone.
fn arcs(west: f64, east: f64) -> Vec<(f64, f64)> {
    if west > east {
        return vec![(west, 180.0), (-180.0, east)];
    }
    let mut arcs = vec![(west, east)];
    if west == -180.0 {
        arcs.push((180.0, 180.0));
    }
    if east == 180.0 {
        arcs.push((-180.0, -180.0));
    }
    arcs
}

/// The narrowest west and east around all these pairs: what is left of the circle without its widest gap.
pub(crate) fn around(pairs: &[(f64, f64)]) -> Option<(f64, f64)> {
    let mut arcs: Vec<(f64, f64)> = pairs.iter().flat_map(|&(west, east)| split(west, east)).collect();
    arcs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (first, mut reached) = *arcs.first()?;
    let mut widest = (f64::NEG_INFINITY, first, reached);
    for &(west, east) in &arcs[1..] {
        if west - reached > widest.0 {
            widest = (west - reached, west, reached);
        }
        reached = reached.max(east);
    }
    // The gap over the antimeridian; where it is the widest the box does not cross.
    let over = first + 360.0 - reached;
    if over >= widest.0 {
        return Some((first, reached));
    }
    if widest.0 <= 0.0 {
        return Some((-180.0, 180.0));
    }
    Some((widest.1, widest.2))
}

fn split(west: f64, east: f64) -> Vec<(f64, f64)> {
    if west > east {
        vec![(west, 180.0), (-180.0, east)]
    } else {
        vec![(west, east)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_box_leaves_out_the_widest_gap() {
        assert_eq!(around(&[]), None);
        assert_eq!(around(&[(4.0, 5.0), (10.0, 11.0)]), Some((4.0, 11.0)));
        assert_eq!(around(&[(178.0, 179.0), (-179.0, -178.0)]), Some((178.0, -178.0)));
        assert_eq!(around(&[(178.0, -178.0), (170.0, 171.0)]), Some((170.0, -178.0)));
        assert_eq!(around(&[(-180.0, 180.0), (3.0, 4.0)]), Some((-180.0, 180.0)));
        assert_eq!(around(&[(4.0, 4.0)]), Some((4.0, 4.0)));
    }

    #[test]
    fn a_box_that_reaches_the_antimeridian_touches_both_its_sides() {
        assert_eq!(arcs(170.0, 180.0), [(170.0, 180.0), (-180.0, -180.0)]);
        assert_eq!(arcs(175.0, -175.0), [(175.0, 180.0), (-180.0, -175.0)]);
        assert_eq!(arcs(1.0, 2.0), [(1.0, 2.0)]);
    }

    #[test]
    fn refuses_a_box_that_is_none() {
        assert!(checked([0.0, 10.0, 1.0, 5.0]).is_err());
        assert!(checked([0.0, f64::NAN, 1.0, 5.0]).is_err());
    }
}
