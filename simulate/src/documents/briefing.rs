//! `report.pdf`: the briefing that a duty officer hands over.

use driftline_coast::SegmentId;
use driftline_domain::{Mode, ObjectClass, ValidTime};
use driftline_report::{
    AgeAt, Ashore, Briefing, Calibration, ErrorModel, Forcing, Identity, Stretch, briefing_pdf, notation,
};
use serde_json::Value;

use super::briefing_facts::{facts, length_of_time, scenarios};
use super::provenance::text;
use super::scene::Charted;
use super::{Error, RunView};

/// Forcing is called old beyond this: every product in use publishes at least one cycle a day. The page says the same.
const OLD_S: i64 = 24 * 3600;

/// With a larger share of the particles ashore the briefing warns of areas that speak of few.
const MOSTLY_ASHORE: f64 = 0.5;

/// `report.pdf`: the figure shows the end of the run, of a backtrack its earliest time.
pub(super) fn briefing(view: &RunView) -> Result<Vec<u8>, Error> {
    let charted = Charted::of(view)?;
    let scene = charted.scene(view);
    let label = &view.label;
    let age_at = age_at(view);
    Ok(briefing_pdf(&Briefing {
        scene: &scene,
        at: scene.last(),
        identity: Identity {
            mission_id: label.mission_id.to_string(),
            run_id: label.run_id.to_string(),
            issued: label.issued,
            valid_until: Some(view.valid_until()),
            mode: text(&view.summary["mode"]),
            seed: label.seed.to_string(),
            engine_version: label.engine_version.clone(),
        },
        facts: facts(view),
        scenarios: scenarios(view),
        ashore: ashore(&view.stranding()?)?,
        forcing: forcing(view, age_at),
        age_at,
        error_model: error_model(&view.summary),
        warnings: warnings(view),
        caveats: caveats(view),
        classification: None,
    })?)
}

/// The run's own warnings, after one where the areas speak of few.
fn warnings(view: &RunView) -> Vec<String> {
    let summary = &view.summary;
    let mut warnings = Vec::new();
    let count = |name: &str| summary[name].as_f64();
    if let (Some(all), Some(ashore)) = (count("particles"), count("stranded"))
        && ashore > MOSTLY_ASHORE * all
    {
        warnings.push(format!(
            "{} of the particles are ashore at the time of the figure: areas and datum speak of the others only.",
            notation::share(ashore / all)
        ));
    }
    let own = summary["warnings"].as_array().into_iter().flatten().map(text);
    warnings.extend(own.map(|warning| sentence(&warning)));
    warnings
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), letters.as_str())
}

/// Ages count from the issue of a run that was still going on then, else from the start, as on the page.
fn age_at(view: &RunView) -> AgeAt {
    if view.valid_until() > view.label.issued {
        AgeAt::Issue
    } else {
        AgeAt::Start
    }
}

fn forcing(view: &RunView, age_at: AgeAt) -> Vec<Forcing> {
    let moment = match age_at {
        AgeAt::Issue => view.label.issued,
        AgeAt::Start => view.spec.time,
    };
    let one = |source: &Value| {
        let cycle: ValidTime = source["run"].as_str()?.parse().ok()?;
        let age_s = (moment.unix_s() - cycle.unix_s()).max(0);
        let revision = source["revision"].as_u64();
        Some(Forcing {
            kind: text(&source["kind"]),
            product: match revision {
                Some(revision) => format!("{}, revision {revision}", text(&source["feed"])),
                None => text(&source["feed"]),
            },
            cycle,
            age_s,
            is_old: age_s > OLD_S,
            share: source["share"].as_f64(),
        })
    };
    let sources = view.summary["forcing"].as_array().into_iter().flatten();
    let mut rows: Vec<Forcing> = sources.filter_map(one).collect();
    let share = |row: &Forcing| row.share.unwrap_or(0.0);
    rows.sort_by(|a, b| a.kind.cmp(&b.kind).then(share(b).total_cmp(&share(a))));
    rows
}

/// When and where the shore was met, from `stranding.geojson`, whose times are those of the crossings.
fn ashore(stranding: &[u8]) -> Result<Ashore, Error> {
    let document: Value = serde_json::from_slice(stranding)?;
    let run = &document["stranding"];
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<ValidTime>().ok());
    let stretch = |feature: &Value| {
        let row = &feature["properties"];
        let name = row["segment"].as_str()?;
        let (lon_deg, lat_deg) = name.parse::<SegmentId>().ok()?.middle();
        Some(Stretch {
            name: name.replace('_', " "),
            lon_deg,
            lat_deg,
            length_m: row["length_m"].as_f64()?,
            share: row["probability"].as_f64()?,
            first: time(&row["first_arrival"]),
            half: time(&row["arrival_time_50"]),
        })
    };
    let stretches = document["features"].as_array().into_iter().flatten();
    Ok(Ashore {
        share: run["stranded_fraction"]
            .as_f64()
            .ok_or(Error::Lacking("share of particles ashore"))?,
        first: time(&run["first_arrival"]),
        by: ["arrival_time_10", "arrival_time_50", "arrival_time_90"].map(|name| time(&run[name])),
        stretches: stretches.filter_map(stretch).collect(),
    })
}

fn error_model(summary: &Value) -> ErrorModel {
    let noise = |error: &Value, of: &str| match (error["sigma_ms"].as_f64(), error["tau_s"].as_f64()) {
        (Some(sigma), Some(tau)) if sigma > 0.0 => {
            format!("{of} {sigma} m/s with a memory of {}", length_of_time(tau))
        }
        _ => format!("{of} none"),
    };
    let slow = &summary["slow_coefficients"];
    let coefficients = match (slow["share"].as_f64(), slow["tau_s"].as_f64()) {
        (Some(share), Some(tau)) if share > 0.0 => format!(
            "{} of the variance of the leeway coefficients changes within the run, with a memory of {}",
            notation::share(share),
            length_of_time(tau)
        ),
        _ => "each particle keeps its leeway coefficients".to_owned(),
    };
    let error = &summary["current_error"];
    ErrorModel {
        text: format!(
            "random velocity per component: {}, {}; {coefficients}",
            noise(error, "current"),
            noise(&summary["wind_error"], "wind")
        ),
        calibration: match error["calibration"].as_str() {
            Some("requested") => Calibration::Requested,
            Some("none") => Calibration::Absent,
            _ => Calibration::Uncalibrated,
        },
    }
}

/// What limits this run, by its own numbers.
fn caveats(view: &RunView) -> Vec<String> {
    let summary = &view.summary;
    let mut caveats = Vec::new();
    if view.label.mode == Mode::Parity {
        caveats.push(
            "Parity mode repeats the reference implementation, its defects included, for comparison: not for a search."
                .to_owned(),
        );
    }
    let pending: Vec<&str> = objects(view)
        .filter(|object| object.citation == "pending")
        .map(|object| object.key)
        .collect();
    if !pending.is_empty() {
        caveats.push(format!(
            "The leeway coefficients of {} were taken from a secondary table; the primary report has not been checked yet.",
            pending.join(", ")
        ));
    }
    let share = |value: &Value| value.as_f64().filter(|share| *share > 0.0).map(notation::share);
    for kind in ["current", "wind"] {
        if let Some(share) = share(&summary["fallback_particles_share"][kind]) {
            caveats.push(format!(
                "{share} of the particles left the first {kind} field and used another one for a time."
            ));
        }
    }
    if let Some(share) = share(&summary["coast_extrapolated_share"]) {
        caveats.push(format!(
            "In {share} of the particles' steps the current was lent by the nearest wet cell of its field."
        ));
    }
    if let Some(cell_m) = finest_current_m(summary) {
        caveats.push(format!(
            "The finest current has cells of {} km; what is smaller, such as a narrow sound, is not in it.",
            notation::amount(cell_m / 1e3)
        ));
    }
    caveats.push("Waves add no drift of their own: the leeway coefficients were measured in waves.".to_owned());
    caveats
}

/// Every object that the particles are, each once.
pub(super) fn objects(view: &RunView) -> impl Iterator<Item = &'static ObjectClass> {
    let scenarios = view.spec.scenarios();
    let mut all: Vec<&'static ObjectClass> = Vec::new();
    for scenario in scenarios.iter() {
        for object in std::iter::once(scenario.object).chain(scenario.changes.iter().map(|change| change.to)) {
            if !all.iter().any(|known| known.number == object.number) {
                all.push(object);
            }
        }
    }
    all.into_iter()
}

fn finest_current_m(summary: &Value) -> Option<f64> {
    let sources = summary["forcing"].as_array()?;
    let used = sources
        .iter()
        .filter(|source| source["kind"] == "current" && source["share"].as_f64() > Some(0.0));
    used.filter_map(|source| source["cell_m"].as_f64())
        .min_by(f64::total_cmp)
}
