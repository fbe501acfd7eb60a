//! A run as charts take it. What may differ in its last digit between a run in memory and one that is read back is rounded as
//! stored areas are, far below a pixel.

use std::borrow::Cow;

use driftline_domain::{Direction, ValidTime, wrap_lon_deg};
use driftline_report::{Area, Scene, Snapshot, notation};
use geo::MapCoords;

use super::briefing::objects;
use super::outline::rounded;
use super::starts::{rounded_place, starts};
use super::{Error, RunView};
use crate::products::{AreaSet, Cloud};

/// The columns that a scene borrows, in the order of the run.
pub(super) struct Charted<'v> {
    times: Vec<Columns<'v>>,
    is_backtrack: bool,
}

struct Columns<'v> {
    time: ValidTime,
    lon_deg: Cow<'v, [f64]>,
    lat_deg: &'v [f64],
    status: Vec<u8>,
}

impl<'v> Charted<'v> {
    pub(super) fn of(view: &'v RunView) -> Result<Self, Error> {
        let mut times: Vec<Columns<'v>> = view.clouds()?.into_iter().map(Columns::of).collect();
        let is_backtrack = view.spec.direction == Direction::Backtrack;
        if is_backtrack {
            times.reverse();
        }
        Ok(Self { times, is_backtrack })
    }

    /// The number that an output time of the scene has by the clock.
    pub(super) fn time_of(&self, at: usize) -> usize {
        if self.is_backtrack {
            self.times.len().saturating_sub(1 + at)
        } else {
            at
        }
    }

    pub(super) fn scene<'a>(&'a self, view: &'a RunView) -> Scene<'a> {
        Scene {
            title: title(view),
            object: object(view),
            direction: if self.is_backtrack {
                driftline_report::Direction::Backtrack
            } else {
                driftline_report::Direction::Forward
            },
            starts: starts(&view.spec),
            snapshots: self.times.iter().map(|columns| columns.snapshot(view)).collect(),
            coast: &view.coast,
            attribution: view.label.attribution.clone(),
        }
    }
}

impl<'v> Columns<'v> {
    fn of(cloud: Cloud<'v>) -> Self {
        // Files hold longitudes in [-180, 180).
        let is_stored_so = cloud.lon_deg.iter().all(|lon| (-180.0..180.0).contains(lon));
        Self {
            time: cloud.time,
            lon_deg: if is_stored_so {
                Cow::Borrowed(cloud.lon_deg)
            } else {
                cloud.lon_deg.iter().map(|lon| wrap_lon_deg(*lon)).collect()
            },
            lat_deg: cloud.lat_deg,
            status: cloud.status.iter().map(|status| *status as u8).collect(),
        }
    }

    fn snapshot(&self, view: &RunView) -> Snapshot<'_> {
        let index = view.areas.binary_search_by_key(&self.time, |set| set.time);
        let set = index.ok().map(|index| &view.areas[index]);
        Snapshot {
            time: self.time,
            lon_deg: &self.lon_deg,
            lat_deg: self.lat_deg,
            status: &self.status,
            areas: set.map(areas).unwrap_or_default(),
            datum: set.map(|set| rounded_place(set.datum.mean)),
            density: None,
        }
    }
}

fn areas(set: &AreaSet) -> Vec<Area> {
    let one = |area: &crate::products::Area| Area {
        level: area.level,
        polygons: area.polygons.map_coords(rounded),
        km2: area.area_km2,
    };
    set.levels.iter().map(one).collect()
}

/// What the mission is called; one without a name is called after its object and place.
fn title(view: &RunView) -> String {
    let spec = &view.spec;
    let name = spec.name.clone().unwrap_or_else(|| {
        let (lat, lon) = (spec.position.lat_deg(), spec.position.lon_deg());
        format!(
            "{} {} {} {}",
            spec.object.key,
            match spec.direction {
                Direction::Forward => "from",
                Direction::Backtrack => "found at",
            },
            notation::lat_dmm(lat, 1),
            notation::lon_dmm(lon, 1)
        )
    });
    match spec.direction {
        Direction::Forward => name,
        Direction::Backtrack => format!("Backtrack: {name}"),
    }
}

/// The object with its description; of several their keys.
fn object(view: &RunView) -> String {
    let objects: Vec<_> = objects(view).collect();
    match objects.as_slice() {
        [object] => format!("{}: {}", object.key, object.description),
        several => several.iter().map(|object| object.key).collect::<Vec<_>>().join(", "),
    }
}
