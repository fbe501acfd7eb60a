//! How features look, whatever language says it: rules that each hold for some features of a collection.

use driftline_simulate::products::{LEVELS, Status};
use driftline_tiles::{MarkStatus, Scheme, level_colour, mark_colour};

use crate::features::Collection;

/// Features that look the same.
pub(super) struct Rule {
    /// Name, unique in its collection.
    pub(super) name: String,
    /// For people.
    pub(super) title: String,
    /// Which features it holds for.
    pub(super) when: When,
    /// How they look.
    pub(super) look: Symbol,
}

/// Which features a rule holds for.
pub(super) enum When {
    /// All of them.
    Always,
    /// Those whose level is this one.
    Level(f64),
    /// Those in one of these states.
    States(Vec<&'static str>),
}

/// How features look; colours red, green, blue, sizes in pixels.
#[derive(Clone, Copy)]
pub(super) enum Symbol {
    /// Areas with an outline; dashes as drawn and left out, none for a solid line.
    Area {
        colour: [u8; 3],
        opacity: f64,
        dashes: Option<[f64; 2]>,
    },
    /// Lines.
    Line { colour: [u8; 3], width: f64 },
    /// Points.
    Point { colour: [u8; 3], size: f64 },
}

/// The rules of a collection.
pub(super) fn rules(collection: Collection, scheme: Scheme) -> Vec<Rule> {
    match collection {
        Collection::SearchAreas => areas(scheme),
        Collection::Trajectories => by_state(|colour| Symbol::Line { colour, width: 1.0 }, scheme),
        Collection::Particles => by_state(|colour| Symbol::Point { colour, size: 4.0 }, scheme),
        Collection::Datums => vec![Rule {
            name: "datum".to_owned(),
            title: "Mean or likeliest position".to_owned(),
            when: When::Always,
            look: Symbol::Point {
                colour: level_colour(0.5, scheme),
                size: 9.0,
            },
        }],
        // Neither drawn nor cut into tiles.
        Collection::PocCells
        | Collection::Shoreline
        | Collection::Missions
        | Collection::Scenarios
        | Collection::Runs => Vec::new(),
    }
}

/// The largest area first, so that smaller ones lie on top.
fn areas(scheme: Scheme) -> Vec<Rule> {
    let mut levels = LEVELS.to_vec();
    levels.sort_by(|a, b| b.total_cmp(a));
    levels
        .into_iter()
        .map(|level| {
            let percent = (level * 100.0).round();
            let dashes = match level {
                level if level <= 0.5 => None,
                level if level <= 0.9 => Some([6.0, 3.0]),
                _ => Some([2.0, 2.0]),
            };
            Rule {
                name: format!("level-{percent}"),
                title: format!("{percent} %"),
                when: When::Level(level),
                look: Symbol::Area {
                    colour: level_colour(level, scheme),
                    opacity: 0.25,
                    dashes,
                },
            }
        })
        .collect()
}

fn by_state(look: impl Fn([u8; 3]) -> Symbol, scheme: Scheme) -> Vec<Rule> {
    let mark = |status: Status| match status {
        Status::Active | Status::NotReleased => MarkStatus::Active,
        Status::Stranded => MarkStatus::Stranded,
        Status::MissingData | Status::SeededOnLand | Status::Outside | Status::Retired => MarkStatus::MissingData,
    };
    [
        ("out", "Out of the forcing", MarkStatus::MissingData),
        ("adrift", "Adrift", MarkStatus::Active),
        ("ashore", "Ashore", MarkStatus::Stranded),
    ]
    .into_iter()
    .map(|(name, title, group)| Rule {
        name: name.to_owned(),
        title: title.to_owned(),
        when: When::States(
            Status::ALL
                .into_iter()
                .filter(|status| mark(*status) == group)
                .map(Status::name)
                .collect(),
        ),
        look: look(mark_colour(group, scheme)),
    })
    .collect()
}

/// A colour as both languages write it.
pub(super) fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
