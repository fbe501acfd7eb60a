//! The events of a run, output time by output time.

use driftline_domain::ValidTime;
use geo::{CoordsIter, MapCoords};

use super::event::{Drawn, Event};
use super::parts::{middle, outlines};
use crate::documents::{RunView, rounded};
use crate::kml::LEVEL_COLOURS;
use crate::products::{Area, AreaSet, holding_at, holds_until};

/// Characters of a mission's name in a callsign.
const NAME_CHARS: usize = 40;
/// Nearly black, as on charts.
const DATUM_COLOUR: [u8; 3] = [27, 27, 27];
/// Of the likeliest place.
const MODE_COLOUR: [u8; 3] = [163, 18, 63];

/// A run that is drawn output time by output time.
pub struct RunEvents {
    view: RunView,
    times: Vec<ValidTime>,
}

impl RunEvents {
    /// The events of a run; none is made yet.
    pub fn of(view: RunView) -> Self {
        Self {
            times: view.areas.iter().map(|set| set.time).collect(),
            view,
        }
    }

    /// The output time that holds at an instant, by number, and when it ends to.
    pub fn holding_at(&self, at: ValidTime) -> Option<(usize, ValidTime)> {
        holding_at(&self.times, at)
    }

    /// From when until when an output time holds.
    pub fn span(&self, number: usize) -> Option<(ValidTime, ValidTime)> {
        Some((*self.times.get(number)?, holds_until(&self.times, number)?))
    }

    /// What is drawn at an output time: the largest area first. Work for a compute thread: outlines are thinned.
    pub fn events(&self, number: usize) -> Vec<Event> {
        let set = self.view.areas.get(number);
        set.map(|set| events(&self.view, set)).unwrap_or_default()
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        let areas = self.view.areas.iter().flat_map(|set| &set.levels);
        let corners: usize = areas.map(|area| area.polygons.coords_count()).sum();
        corners * size_of::<geo::Coord>() + self.view.areas.len() * size_of::<AreaSet>()
    }
}

/// What is drawn of a run at one output time.
pub(super) fn events(view: &RunView, set: &AreaSet) -> Vec<Event> {
    let mut events: Vec<Event> = set
        .levels
        .iter()
        .rev()
        .flat_map(|area| of_area(view, set, area))
        .collect();
    let [east, _, north] = set.datum.covariance_m2;
    let sigma_m = Some(libm::sqrt((east + north) / 2.0));
    let mut marker = |name: &str, title: &str, place, sigma_m, colour| {
        events.push(Event {
            uid: uid(view, &format!("datum-{name}")),
            place,
            drawn: Drawn::Marker { sigma_m, colour },
            callsign: callsign(view, set, title),
            remarks: remarks(view, set, title),
        });
    };
    marker("mean", "mean position", set.datum.mean, sigma_m, DATUM_COLOUR);
    marker("mode", "most likely position", set.datum.mode, None, MODE_COLOUR);
    if set.lobes.len() > 1 {
        for (number, lobe) in set.lobes.iter().enumerate() {
            let title = format!("part {} ({:.0} %)", number + 1, lobe.share * 100.0);
            marker(&format!("lobe-{}", number + 1), &title, lobe.datum, None, DATUM_COLOUR);
        }
    }
    events
}

fn of_area(view: &RunView, set: &AreaSet, area: &Area) -> Vec<Event> {
    let percent = libm::round(area.level * 100.0) as u32;
    let colour = LEVEL_COLOURS.iter().find(|(level, _)| *level == percent);
    let colour = colour.map_or(DATUM_COLOUR, |(_, colour)| *colour);
    // As they are stored: a run in memory and one that is read back give the same.
    let outlines = outlines(&area.polygons.map_coords(rounded));
    let all = outlines.len();
    let part = |(number, outline): (usize, Vec<geo::Coord>)| {
        let mut title = format!("{percent} %");
        if all > 1 {
            title.push_str(&format!(" {}/{all}", number + 1));
        }
        Event {
            uid: uid(view, &format!("area-{percent}.{}", number + 1)),
            place: middle(&outline),
            drawn: Drawn::Area { outline, colour },
            callsign: callsign(view, set, &title),
            remarks: remarks(
                view,
                set,
                &format!(
                    "Search area, {percent} %: {:.1} km2, {:.1} nm2, probability of containment {:.2}",
                    area.area_km2,
                    area.area_nm2(),
                    set.probability_of_containment(area)
                ),
            ),
        }
    };
    outlines.into_iter().enumerate().map(part).collect()
}

fn uid(view: &RunView, name: &str) -> String {
    format!("driftline.{}.{name}", view.label.mission_id)
}

fn callsign(view: &RunView, set: &AreaSet, title: &str) -> String {
    let name: String = view.name().chars().take(NAME_CHARS).collect();
    format!("{name} {title} {}", set.time.0.strftime("%d %H:%MZ"))
}

fn remarks(view: &RunView, set: &AreaSet, title: &str) -> String {
    let label = &view.label;
    [
        title.to_owned(),
        format!("Valid {}", set.time),
        format!("{} {}", label.object.key, label.object.description),
        format!("Mission {} run {}", label.mission_id, label.run_id),
        format!("{:.0} % of the particles ashore", set.stranded_fraction * 100.0),
        label.attribution_line(),
    ]
    .join("\n")
}
