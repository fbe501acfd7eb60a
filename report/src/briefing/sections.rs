//! What the briefing says besides figure and table.

use driftline_tiles::MarkStatus;

use super::table::{Column, columns};
use super::{AgeAt, Briefing, Calibration, Fact};
use crate::chart::level_pen;
use crate::drawing::{Align, Colour, FAINT_INK, Frame, Hand, INK, Pen};
use crate::flow::{BODY, Flow, LEADING, MARGIN, RULE, WIDTH, panel};
use crate::{Direction, Error, notation};

const GROUND: Colour = [0xf3, 0xf5, 0xf6, 255];

/// Mission, object and what the run covers.
pub(super) fn title(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    let scene = briefing.scene;
    flow.y += 2.0;
    flow.block(&scene.title, Hand::bold(19.0), MARGIN, WIDTH);
    flow.y += 1.0;
    flow.block(&scene.object, Hand::bold(10.5), MARGIN, WIDTH);
    let (Some(first), Some(last)) = (scene.snapshots.first(), scene.snapshots.last()) else {
        return;
    };
    let span = match scene.direction {
        Direction::Forward => "Forecast",
        Direction::Backtrack => "Backtrack",
    };
    let line = format!(
        "{span} {} to {} ({}), {} particles",
        notation::utc(first.time),
        notation::utc(last.time),
        notation::elapsed(scene.elapsed_s(last.time)),
        notation::count(first.status.len())
    );
    flow.paragraph(&line, Hand::regular(9.5).in_colour(FAINT_INK));
    flow.y += 3.0;
}

/// What must not be overlooked; old forcing is among it.
pub(super) fn warnings(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    let mut warnings = briefing.warnings.clone();
    for forcing in briefing.forcing.iter().filter(|forcing| forcing.is_old) {
        warnings.push(format!(
            "Old forcing: {} from {} of {} was {} old {}.",
            forcing.kind,
            forcing.product,
            notation::utc(forcing.cycle),
            notation::duration(forcing.age_s),
            match briefing.age_at {
                AgeAt::Issue => "when the run was issued",
                AgeAt::Start => "at the start",
            }
        ));
    }
    if warnings.is_empty() {
        return;
    }
    let hand = Hand::regular(9.0);
    let width = WIDTH - 26.0;
    let lines: Vec<Vec<String>> = warnings
        .iter()
        .map(|text| flow.page().wrapped(text, hand, width - 10.0))
        .collect();
    let rows = lines.iter().map(Vec::len).sum::<usize>() as f32;
    let height = rows * LEADING + 23.0;
    flow.need(height);
    let frame = Frame {
        left: MARGIN,
        top: flow.y,
        width: WIDTH,
        height,
    };
    let bar = Frame { width: 5.0, ..frame };
    let page = flow.page();
    page.fill(frame.path(), [0xfd, 0xf1, 0xd6, 255]);
    page.stroke(frame.path(), Pen::solid(INK, 0.9));
    page.fill(bar.path(), INK);
    page.text(
        "WARNING",
        (MARGIN + 14.0, frame.top + 13.0),
        Hand::bold(9.0),
        Align::Left,
    );
    let mut y = frame.top + 15.0;
    for warning in lines {
        for (row, line) in warning.into_iter().enumerate() {
            if row == 0 {
                page.text("•", (MARGIN + 14.0, y + 10.0), hand, Align::Left);
            }
            page.text(line, (MARGIN + 23.0, y + 10.0), hand, Align::Left);
            y += LEADING;
        }
    }
    flow.y += height + 7.0;
}

/// Datum, areas and shares at the time of the figure, in a row of panels.
pub(super) fn key_numbers(flow: &mut Flow<'_>, briefing: &Briefing<'_>) -> Result<(), Error> {
    let scene = briefing.scene;
    let snapshot = scene.snapshot(briefing.at)?;
    let head = format!(
        "At {} ({})",
        notation::utc(snapshot.time),
        notation::elapsed(scene.elapsed_s(snapshot.time))
    );
    flow.need(80.0);
    let at = (MARGIN, flow.y + 10.0);
    flow.page().text(head, at, Hand::bold(10.5), Align::Left);
    flow.y += 16.0;
    let mut panels: Vec<(String, String, String, Option<f64>)> = Vec::new();
    panels.push(match snapshot.datum {
        Some((lon, lat)) => (
            "Datum".to_owned(),
            notation::lat_dmm(lat, 2),
            notation::lon_dmm(lon, 2),
            None,
        ),
        None => ("Datum".to_owned(), "none".to_owned(), "nothing adrift".to_owned(), None),
    });
    for area in &snapshot.areas {
        panels.push((
            format!("{} area", notation::percent(area.level)),
            format!("{} NM²", notation::amount(area.km2 / notation::KM2_PER_NM2)),
            format!("{} km²", notation::amount(area.km2)),
            Some(area.level),
        ));
    }
    panels.push((
        "Adrift".to_owned(),
        notation::share(snapshot.share(MarkStatus::Active)),
        format!("stranded {}", notation::share(snapshot.share(MarkStatus::Stranded))),
        None,
    ));
    let gap = 6.0;
    let (first, others) = (128.0, panels.len().saturating_sub(1).max(1) as f32);
    let width = (WIDTH - first - gap * others) / others;
    let mut left = MARGIN;
    for (number, (name, value, small, level)) in panels.into_iter().enumerate() {
        let frame = Frame {
            left,
            top: flow.y,
            width: if number == 0 { first } else { width },
            height: 47.0,
        };
        let page = flow.page();
        panel(page, frame, GROUND);
        let inner = left + 8.0;
        page.text(
            name,
            (inner, frame.top + 12.0),
            Hand::regular(8.0).in_colour(FAINT_INK),
            Align::Left,
        );
        if let Some(level) = level {
            let (from, to) = (frame.right() - 32.0, frame.right() - 7.0);
            page.line(&[(from, frame.top + 9.5), (to, frame.top + 9.5)], level_pen(level, 0.6));
        }
        page.text(value, (inner, frame.top + 27.0), Hand::bold(12.0), Align::Left);
        let hand = if number == 0 {
            Hand::bold(12.0)
        } else {
            Hand::regular(9.0)
        };
        page.text(small, (inner, frame.top + 40.5), hand, Align::Left);
        left = frame.right() + gap;
    }
    flow.y += 47.0 + 8.0;
    Ok(())
}

/// What the mission and the run are, in two columns.
pub(super) fn facts(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    flow.heading("Mission and run");
    let identity = &briefing.identity;
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    let mut facts = briefing.facts.clone();
    facts.push(fact("Object class", briefing.scene.object.clone()));
    if let Some(until) = identity.valid_until {
        facts.push(fact("Valid until", notation::utc(until)));
    }
    facts.push(fact("Issued", notation::utc(identity.issued)));
    facts.push(fact(
        "Mode and seed",
        format!("{}, seed {}", identity.mode, identity.seed),
    ));
    facts.push(fact("Engine", format!("Driftline {}", identity.engine_version)));
    let column = (WIDTH - 16.0) / 2.0;
    for pair in facts.chunks(2) {
        row_of_facts(flow, pair, column);
    }
    // These are long, and whoever types one in needs it whole.
    for (name, id) in [("Mission", &identity.mission_id), ("Run", &identity.run_id)] {
        row_of_facts(flow, &[fact(name, id.clone())], WIDTH);
    }
}

/// Facts beside each other, in columns of this width.
fn row_of_facts(flow: &mut Flow<'_>, facts: &[Fact], column: f32) {
    let name_width = 94.0;
    let lines: Vec<Vec<String>> = facts
        .iter()
        .map(|fact| flow.page().wrapped(&fact.value, BODY, column - name_width))
        .collect();
    let rows = lines.iter().map(Vec::len).max().unwrap_or(1) as f32;
    flow.need(rows * LEADING);
    let top = flow.y;
    for (side, (fact, lines)) in facts.iter().zip(lines).enumerate() {
        let left = MARGIN + side as f32 * (column + 16.0);
        let page = flow.page();
        let name = page.fitting(&fact.name, BODY, name_width - 6.0);
        page.text(name, (left, top + 9.0), BODY.in_colour(FAINT_INK), Align::Left);
        for (row, line) in lines.into_iter().enumerate() {
            let at = (left + name_width, top + 9.0 + row as f32 * LEADING);
            page.text(line, at, BODY, Align::Left);
        }
    }
    flow.y = top + rows * LEADING + 1.0;
}

/// What may have happened, where that is more than one thing.
pub(super) fn scenarios(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    if briefing.scenarios.is_empty() {
        return;
    }
    flow.heading("Scenarios");
    for scenario in &briefing.scenarios {
        flow.bullet(scenario);
    }
}

/// The fields, their cycles and ages.
pub(super) fn forcing(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    flow.heading("Forcing");
    if briefing.forcing.is_empty() {
        flow.paragraph("No forcing is recorded for this run.", BODY);
        return;
    }
    let age = match briefing.age_at {
        AgeAt::Issue => "Age at issue",
        AgeAt::Start => "Age at start",
    };
    let head = [
        Column::left("Kind", 56.0),
        Column::left("Product", 207.0),
        Column::left("Cycle (UTC)", 92.0),
        Column::right(age, 66.0),
        Column::right("Used by", 50.0),
        Column::right("", 38.0),
    ];
    let rows: Vec<Vec<String>> = briefing
        .forcing
        .iter()
        .map(|forcing| {
            vec![
                forcing.kind.clone(),
                forcing.product.clone(),
                notation::day_and_clock(forcing.cycle),
                notation::duration(forcing.age_s),
                forcing.share.map_or("–".to_owned(), notation::share),
                if forcing.is_old { "OLD" } else { "" }.to_owned(),
            ]
        })
        .collect();
    columns(flow, &head, &rows, |row| briefing.forcing[row].is_old);
}

/// Error model and caveats.
pub(super) fn limits(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    flow.heading("Limits of this forecast");
    let model = &briefing.error_model;
    let text = model.text.trim_end_matches('.');
    flow.bullet(&match model.calibration {
        Calibration::Fitted => format!("Error model, calibrated: {text}."),
        Calibration::Requested => format!(
            "ERROR AS REQUESTED: {text}. The mission named these numbers; that they fit this region was not checked."
        ),
        Calibration::Absent => format!("NO ERROR of the forcing was modelled: {text}. The areas may be too small."),
        Calibration::Uncalibrated => format!(
            "UNCALIBRATED ERROR: {text}. These numbers were not fitted to drifters of this region; the areas may hold the object \
             less or more often than stated."
        ),
    });
    for caveat in &briefing.caveats {
        flow.bullet(caveat);
    }
    flow.bullet(match briefing.scene.direction {
        Direction::Forward => {
            "Areas and datum hold for an object that is still adrift; what has come ashore is shown apart."
        }
        Direction::Backtrack => {
            "Areas and datum hold for an object that was adrift all the way; what can have left a shore is shown apart."
        }
    });
    flow.bullet("This briefing makes no statement about survival, and nothing in it is a reason to end a search.");
}

/// Whom the data come from.
pub(super) fn attribution(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    let lines = &briefing.scene.attribution;
    if lines.is_empty() {
        return;
    }
    flow.need(30.0);
    flow.y += 8.0;
    let y = flow.y;
    flow.page()
        .line(&[(MARGIN, y), (MARGIN + WIDTH, y)], Pen::solid(RULE, 0.6));
    flow.y += 4.0;
    for line in lines {
        flow.block(line, Hand::regular(7.8).in_colour(FAINT_INK), MARGIN, WIDTH);
    }
}
