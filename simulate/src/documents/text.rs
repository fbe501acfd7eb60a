//! `summary.txt`: the run in less than a kilobyte of seven-bit text, for e-mail, satellite messenger or voice: centres at some
//! hours, and the box around the 50 % area at the end, in degrees and in degrees and decimal minutes.
//!
//! What must be there is written first; centres of earlier hours and the rest of long names only where room is left.

use super::marine::plain_dm;
use super::outline::box_of;
use super::{Error, RunView};
use crate::products::AreaSet;

/// Bytes of the whole text at most.
const LIMIT: usize = 1_000;
/// Characters of a mission's name or of forcing that are shown.
const SHORT: usize = 40;
/// Characters of credit lines that are shown.
const CREDITS: usize = 160;
/// Hours after the start whose centres are given.
const HOURS: [f64; 5] = [3.0, 6.0, 12.0, 24.0, 48.0];

/// `summary.txt`.
pub(super) fn summary(view: &RunView) -> Result<Vec<u8>, Error> {
    let label = &view.label;
    let start = (view.spec.position.lon_deg(), view.spec.position.lat_deg());
    let mut lines = vec![
        format!("DRIFTLINE {}", short(&view.name(), SHORT)),
        format!(
            "RUN {} MODE {}",
            label.run_id,
            super::provenance::text(&view.summary["mode"])
        ),
        format!("SEED {} ENGINE {}", label.seed, label.engine_version),
        format!("OBJECT {} {}", label.object.key, short(label.object.description, SHORT)),
        format!("LKP {} {}", minute(view.spec.time), plain_dm(start)),
    ];
    let centres_go_here = lines.len();
    match view.areas.last() {
        Some(last) => lines.extend(at_the_end(view, last)),
        None => lines.push("NOTHING ADRIFT: NO AREA".to_owned()),
    }
    let ashore = view.areas.last().map_or(1.0, |set| set.stranded_fraction);
    lines.push(format!(
        "ASHORE {:.1} PCT VALID UNTIL {}",
        ashore * 100.0,
        minute(view.valid_until())
    ));
    lines.push(format!("FORCING {}", short(&view.forcing_text(), SHORT * 2)));
    lines.push(short(&label.attribution_line(), CREDITS));
    let mut room = LIMIT.saturating_sub(bytes(&lines));
    let mut centres = Vec::new();
    for line in centres_before_the_end(view) {
        if line.len() < room {
            room -= line.len() + 1;
            centres.push(line);
        }
    }
    lines.splice(centres_go_here..centres_go_here, centres);
    Ok((lines.join("\n") + "\n").into_bytes())
}

fn bytes(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

fn centre(view: &RunView, set: &AreaSet) -> String {
    let hours = view.hours_after_start(set.time);
    format!("CENTRE {hours:+.1}H {} {}", minute(set.time), plain_dm(set.datum.mean))
}

fn centres_before_the_end(view: &RunView) -> impl Iterator<Item = String> {
    let sets = view.areas.iter().take(view.areas.len().saturating_sub(1));
    let wanted = sets.filter(|set| HOURS.contains(&view.hours_after_start(set.time)));
    wanted.map(|set| centre(view, set))
}

/// Centre, size and box of the last 50 % area.
fn at_the_end(view: &RunView, last: &AreaSet) -> Vec<String> {
    let (lon, lat) = last.datum.mean;
    let mut lines = vec![centre(view, last), format!("  {lat:.5} {lon:.5}")];
    let Some(area) = last.levels.first() else {
        return lines;
    };
    let percent = libm::round(area.level * 100.0);
    lines.push(format!(
        "{percent} PCT AREA {:.1} KM2 {:.1} NM2 BOX",
        area.area_km2,
        area.area_nm2()
    ));
    if let Some(bounds) = box_of(&area.polygons) {
        for (side, place) in [("SW", (bounds.west, bounds.south)), ("NE", (bounds.east, bounds.north))] {
            lines.push(format!("  {side} {} ({:.5} {:.5})", plain_dm(place), place.1, place.0));
        }
    }
    lines
}

/// A time to the minute.
fn minute(time: driftline_domain::ValidTime) -> String {
    time.0.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// Seven-bit letters, at most so many.
fn short(text: &str, most: usize) -> String {
    let plain = text.chars().map(|letter| match letter {
        ' '..='~' => letter,
        _ => '?',
    });
    let plain: String = plain.collect();
    if plain.len() <= most {
        plain
    } else {
        format!("{}...", &plain[..most - 3])
    }
}
