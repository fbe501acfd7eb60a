//! NetCDF files of CMEMS and MET Norway, in m/s, written for any date from the fields.

mod cmems;
mod met;

use jiff::Timestamp;

use crate::content::{Change, Content, Feed};
use crate::error::Error;
use crate::fields::Fields;

/// The bytes of a NetCDF file of a feed.
pub(crate) fn file(fields: &Fields, feed: Feed, inside: &Content, change: &Change) -> Result<Vec<u8>, Error> {
    let made = Made { fields, inside, change };
    match feed {
        Feed::CmemsCurrents => cmems::hourly(&made),
        Feed::CmemsDaily => cmems::daily(&made),
        Feed::CmemsWaves => cmems::waves(&made),
        Feed::Norkyst => met::norkyst(&made),
        Feed::Meps => met::meps(&made, 1),
        _ => met::meps(&made, 67),
    }
}

/// What a file is made of.
struct Made<'a> {
    fields: &'a Fields,
    inside: &'a Content,
    change: &'a Change,
}

impl Made<'_> {
    /// First valid time, or the day.
    fn start(&self) -> Timestamp {
        crate::layout::after(self.inside.run, self.inside.step)
    }

    /// Name of a variable, another one where it was renamed.
    fn name(&self, name: &str) -> String {
        if self.change.renamed {
            format!("new_{name}")
        } else {
            name.to_owned()
        }
    }

    /// Distance of the axes, doubled where the grid is another one.
    fn stretch(&self) -> f64 {
        if self.change.other_grid { 2.0 } else { 1.0 }
    }

    /// An axis, stretched from its first node.
    fn axis(&self, nodes: &[f32]) -> Vec<f32> {
        let stretch = self.stretch() as f32;
        let first = nodes.first().copied().unwrap_or_default();
        nodes.iter().map(|node| first + (node - first) * stretch).collect()
    }
}

/// Hours since 1950-01-01, as CMEMS counts.
fn since_1950(at: Timestamp) -> i64 {
    const FROM_1950_TO_1970: i64 = 7305 * 24;
    at.as_second().div_euclid(3600) + FROM_1950_TO_1970
}
