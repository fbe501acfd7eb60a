//! What the briefing says of the question: where it was last seen, what may have happened, how it was computed.

use driftline_domain::{
    CoastlineAction, Direction, Distribution, LatLon, PositionSource, Release, Scenario, ValidTime,
};
use driftline_report::{Fact, notation};
use serde_json::Value;

use super::RunView;
use super::briefing::objects;

/// Pairs of a name and a value, in the order of the page.
pub(super) fn facts(view: &RunView) -> Vec<Fact> {
    let (spec, summary) = (&view.spec, &view.summary);
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| {
        facts.push(Fact {
            name: name.to_owned(),
            value,
        });
    };
    let scenarios = spec.scenarios();
    match (scenarios.as_ref(), spec.direction) {
        ([only], direction) => {
            let names = match direction {
                Direction::Forward => ["Last known position", "Last known time"],
                Direction::Backtrack => ["Found at", "Found"],
            };
            let (place, when) = place_and_time(&only.release);
            add(names[0], place);
            add(names[1], when);
            if !only.changes.is_empty() {
                add("Changes", changes(only, direction));
            }
        }
        (several, _) => add("Scenarios", format!("{}, listed below", several.len())),
    }
    if spec.direction == Direction::Backtrack {
        add(
            "Direction",
            format!("backtrack: {} h back in time", spec.forecast_hours),
        );
    }
    let step = |name: &str| summary[name].as_f64().map(length_of_time);
    if let (Some(step), Some(output)) = (step("step_s"), step("output_interval_s")) {
        add("Steps", format!("{step}, output every {output}"));
    }
    let asked: Vec<String> = spec.forcing.iter().map(choice).collect();
    if !asked.is_empty() {
        add("Forcing asked for", asked.join(", "));
    }
    if let Some(jibes) = summary["jibe_per_hour"].as_f64() {
        add("Jibing", format!("{} per hour and particle", notation::share(jibes)));
    }
    if spec.capsizing {
        let capsized = summary["capsized"].as_u64().unwrap_or_default();
        add("Capsizing", format!("{} particles", notation::count(capsized as usize)));
    }
    let action = match spec.coastline_action {
        CoastlineAction::Stranding => "particles strand and stay",
        CoastlineAction::Previous => "particles wait at sea and may leave again",
        CoastlineAction::None => "not looked at",
    };
    add("At the coast", action.to_owned());
    let citations: Vec<String> = objects(view)
        .map(|object| match object.citation {
            "pending" => format!("{}: primary report not checked yet", object.key),
            citation => format!("{}: {citation}", object.key),
        })
        .collect();
    add("Coefficients from", citations.join("; "));
    facts
}

fn choice(choice: &driftline_domain::ForcingChoice) -> String {
    match choice.weight {
        Some(weight) => format!("{} (weight {weight})", choice.feed),
        None => choice.feed.clone(),
    }
}

/// A text on each scenario; none for a mission that has only one.
pub(super) fn scenarios(view: &RunView) -> Vec<String> {
    let spec = &view.spec;
    let scenarios = spec.scenarios();
    if scenarios.len() < 2 {
        return Vec::new();
    }
    let shares = spec.scenario_shares();
    let one = |(number, (scenario, share)): (usize, (&Scenario, f64))| {
        let (place, when) = place_and_time(&scenario.release);
        let mut text = format!("{} ({})", number + 1, notation::share(share));
        if let Some(name) = &scenario.name {
            text += &format!(", “{name}”");
        }
        text += &format!(
            ": {}, {}; {place}; {when}",
            scenario.object.key, scenario.object.description
        );
        if !scenario.changes.is_empty() {
            text += &format!("; {}", changes(scenario, spec.direction));
        }
        text += ".";
        if let Some(end) = at_the_end(&view.summary["scenarios"][number]) {
            text += &format!(" {end}");
        }
        text
    };
    scenarios.iter().zip(shares).enumerate().map(one).collect()
}

/// Where the particles of a scenario are at the end, from the summary.
fn at_the_end(row: &Value) -> Option<String> {
    let [particles, active, stranded] = ["particles", "active", "stranded"].map(|name| row[name].as_f64());
    let (particles, active, stranded) = (particles.filter(|count| *count > 0.0)?, active?, stranded?);
    let mut text = format!(
        "At the end {} of its particles are adrift",
        notation::share(active / particles)
    );
    if let (Some(lon), Some(lat)) = (row["mean"]["lon"].as_f64(), row["mean"]["lat"].as_f64()) {
        text += &format!(" around {} {}", notation::lat_dmm(lat, 1), notation::lon_dmm(lon, 1));
    }
    Some(format!("{text}, {} ashore.", notation::share(stranded / particles)))
}

fn changes(scenario: &Scenario, direction: Direction) -> String {
    let words = match direction {
        Direction::Forward => ("becomes", "at"),
        Direction::Backtrack => ("was", "before"),
    };
    let one = |change: &driftline_domain::Change| {
        format!("{} {} {} {}", words.0, change.to.key, words.1, notation::utc(change.at))
    };
    scenario.changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Where and when, each in words.
fn place_and_time(release: &Release) -> (String, String) {
    let place = match release {
        Release::Point(point) => {
            let spread = match point.distribution {
                _ if point.radius_m <= 0.0 => "exact".to_owned(),
                Distribution::Gaussian => format!("standard deviation {} per axis", length(point.radius_m)),
                Distribution::Uniform => format!("anywhere within {}", length(point.radius_m)),
            };
            let source = point.position_source.map(source).unwrap_or_default();
            format!("{}, {spread}{source}", position(point.position))
        }
        Release::Cone(cone) => format!(
            "between {} (standard deviation {}) and {} ({})",
            position(cone.from.position),
            length(cone.from.radius_m),
            position(cone.to.position),
            length(cone.to.radius_m)
        ),
        Release::Track(track) => {
            let ends =
                [track.legs.first(), track.legs.last()].map(|end| end.map(|waypoint| position(waypoint.position)));
            let [from, to] = ends.map(Option::unwrap_or_default);
            format!(
                "anywhere on a voyage from {from} to {to} by {} waypoints, standard deviation {}",
                track.legs.len().saturating_sub(2),
                length(track.radius_m)
            )
        }
        Release::Polygon(_) => format!("anywhere in an area around {}", position(release.centre())),
        Release::Bearings(bearings) => {
            let lines = bearings.lines.iter();
            let lines = lines.map(|line| format!("{:.0}° from {}", line.bearing_deg, position(line.position)));
            format!("bearings {}", lines.collect::<Vec<_>>().join(" and "))
        }
    };
    (place, window(release.first_time(), release.last_time()))
}

fn window(from: ValidTime, until: ValidTime) -> String {
    if from == until {
        return notation::utc(from);
    }
    format!("between {} and {}", notation::utc(from), notation::utc(until))
}

fn source(source: PositionSource) -> String {
    let word = PositionSource::WORDS.iter().find(|(_, known)| *known == source);
    word.map(|(word, _)| format!(" ({})", word.replace('_', " ")))
        .unwrap_or_default()
}

fn position(place: LatLon) -> String {
    format!(
        "{} {}",
        notation::lat_dmm(place.lat_deg(), 2),
        notation::lon_dmm(place.lon_deg(), 2)
    )
}

fn length(length_m: f64) -> String {
    format!(
        "{}\u{a0}NM ({}\u{a0}km)",
        notation::amount(length_m / notation::M_PER_NM),
        notation::amount(length_m / 1e3)
    )
}

/// Seconds in words, to the minute.
pub(super) fn length_of_time(seconds: f64) -> String {
    notation::duration(libm::round(seconds) as i64)
}
