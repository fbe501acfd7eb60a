//! Where a particle is put that has come to land. Only the end of a step is looked at.

use driftline_coast::Coast;
use driftline_domain::wrap_lon_deg;

/// Where a particle came to land.
pub(super) struct Landing {
    /// The position before the step, longitude and latitude in degrees, in single precision as the reference keeps it.
    pub(super) before: (f32, f32),
    /// The position on land.
    pub(super) landed: (f64, f64),
}

/// The result of a scan of the lattice between the two positions.
pub(super) struct Found {
    /// The first node on land; the landed position where none is.
    pub(super) land: (f64, f64),
    /// The node before it, in single precision; the position before the step where there is none.
    pub(super) before: (f64, f64),
}

/// Scans the rectangle between the two positions, row by row from the old latitude and in a row from the old longitude,
/// for the first node on land. An axis shorter than the spacing has the old coordinate only.
pub(super) fn scan(coast: &Coast, landing: &Landing, spacing_deg: f64) -> Found {
    let old = (f64::from(landing.before.0), f64::from(landing.before.1));
    // Not the long way round the globe for a step over the antimeridian.
    let new = (old.0 + wrap_lon_deg(landing.landed.0 - old.0), landing.landed.1);
    let (columns, rows) = (nodes(old.0, new.0, spacing_deg), nodes(old.1, new.1, spacing_deg));
    let mut before = old;
    for row in 0..rows {
        let lat_deg = node(old.1, new.1, row, rows);
        for column in 0..columns {
            let here = (node(old.0, new.0, column, columns), lat_deg);
            if coast.on_land(here.0, here.1) {
                return Found {
                    land: here,
                    before: (f64::from(before.0 as f32), f64::from(before.1 as f32)),
                };
            }
            before = here;
        }
    }
    Found {
        land: landing.landed,
        before: old,
    }
}

/// Nodes along an axis, ends included.
fn nodes(from_deg: f64, to_deg: f64, spacing_deg: f64) -> u32 {
    let length_deg = (to_deg - from_deg).abs();
    if length_deg > spacing_deg {
        libm::floor(length_deg / spacing_deg).min(100_000.0) as u32
    } else {
        1
    }
}

fn node(from_deg: f64, to_deg: f64, number: u32, count: u32) -> f64 {
    if number == 0 || count < 2 {
        from_deg
    } else if number == count - 1 {
        to_deg
    } else {
        from_deg + f64::from(number) * ((to_deg - from_deg) / f64::from(count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Land north of 60.005 and east of 5.005.
    fn coast() -> Coast {
        let land = vec![(5.005, 60.005), (5.1, 60.005), (5.1, 60.1), (5.005, 60.1)];
        Coast::from_polygons(&[land]).unwrap()
    }

    fn found(before: (f32, f32), landed: (f64, f64)) -> Found {
        scan(&coast(), &Landing { before, landed }, 0.001)
    }

    #[test]
    fn the_first_node_in_row_order_is_taken() {
        let result = found((5.0, 60.0), (5.0082, 60.0092));
        // Rows of nine nodes 0.00115 apart: the fifth is the first beyond 60.005; eight columns, of which the sixth is the first east of
        // 5.005.
        assert!((result.land.1 - 60.005_75).abs() < 1e-6, "{:?}", result.land);
        assert!((result.land.0 - 5.005_857).abs() < 1e-5, "{:?}", result.land);
        assert!((result.before.0 - 5.004_686).abs() < 1e-5 && (result.before.1 - result.land.1).abs() < 4e-6);
    }

    #[test]
    fn a_short_axis_keeps_the_old_coordinate() {
        let result = found((5.0055, 60.0), (5.0059, 60.0081));
        assert_eq!(result.land.0, f64::from(5.0055f32));
        let none = found((5.0045, 60.0045), (5.0053, 60.0053));
        assert_eq!(none.land, (5.0053, 60.0053), "no node is land: it stays");
        assert_eq!(none.before, (f64::from(5.0045f32), f64::from(60.0045f32)));
    }
}
