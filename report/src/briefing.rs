//! The briefing: what a duty officer hands over, on two or three A4 pages.

mod arrivals;
mod figure;
mod margins;
mod sections;
mod table;

use driftline_domain::ValidTime;

use crate::flow::Flow;
use crate::font::Fonts;
use crate::pdf::{self, About};
use crate::{Error, Scene, notation};
pub use arrivals::{Ashore, Stretch};

/// What every picture and page says.
pub(crate) const ADVISORY: &str =
    "Decision support only: not a substitute for the judgement of the search mission coordinator.";

/// A run with everything that its briefing says.
#[derive(Debug, Clone)]
pub struct Briefing<'a> {
    /// The mission's name, object, starts, areas and particles. The area table, the shares adrift and ashore and the figure
    /// are made from it.
    pub scene: &'a Scene<'a>,
    /// The number of the output time of the figure and the key numbers; [`Scene::last`] for the end.
    pub at: usize,
    /// Which run this is.
    pub identity: Identity,
    /// What the mission says besides: last known position and time, uncertainty, how it was computed; in this order.
    pub facts: Vec<Fact>,
    /// A sentence or two on each of several scenarios; empty for a mission with one.
    pub scenarios: Vec<String>,
    /// What came ashore, or in a backtrack what left the shore.
    pub ashore: Ashore,
    /// The fields that moved the particles, the most used first.
    pub forcing: Vec<Forcing>,
    /// What the ages of the fields are measured at.
    pub age_at: AgeAt,
    /// How errors of the fields were modelled.
    pub error_model: ErrorModel,
    /// What must not be overlooked, on the first page.
    pub warnings: Vec<String>,
    /// What limits the result.
    pub caveats: Vec<String>,
    /// Such as "Restricted"; printed at the top of every page.
    pub classification: Option<String>,
}

/// Which run of which mission, and what is needed to repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The mission's id.
    pub mission_id: String,
    /// The run's id.
    pub run_id: String,
    /// When the run was issued: also the document's creation date.
    pub issued: ValidTime,
    /// Until when the forecast is valid.
    pub valid_until: Option<ValidTime>,
    /// "operational" or "parity".
    pub mode: String,
    /// The seed of the random numbers.
    pub seed: String,
    /// The program's version.
    pub engine_version: String,
}

/// A line of the mission's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, short.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// A field that moved the particles.
#[derive(Debug, Clone, PartialEq)]
pub struct Forcing {
    /// "current", "wind", "waves".
    pub kind: String,
    /// The product's name.
    pub product: String,
    /// The model cycle's own time.
    pub cycle: ValidTime,
    /// Age of the cycle at the moment that [`Briefing::age_at`] names, seconds.
    pub age_s: i64,
    /// Whether it is older than it should be, or stands in for a better one.
    pub is_old: bool,
    /// Share of the particles' steps that used it, if known.
    pub share: Option<f64>,
}

/// The latest moment that could have been analysed: what the age of forcing is measured at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeAt {
    /// The issue of the run, for a forecast that was still going on then.
    Issue,
    /// The start of the run, for one of the past.
    Start,
}

/// Where the numbers of the error model come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibration {
    /// Fitted to drifters of this region and season.
    Fitted,
    /// Named by the mission; nobody checked them.
    Requested,
    /// Start values.
    Uncalibrated,
    /// There is no error model.
    Absent,
}

/// How errors of the forcing were modelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorModel {
    /// The model and its numbers: "current 0.25 m/s over 6 h; wind 1.8 m/s over 3 h".
    pub text: String,
    /// Where the numbers come from; the briefing says so.
    pub calibration: Calibration,
}

/// The briefing as a PDF: two A4 pages, three where there is much to say. The same briefing gives the same bytes.
pub fn briefing_pdf(briefing: &Briefing<'_>) -> Result<Vec<u8>, Error> {
    briefing.scene.check()?;
    briefing.scene.snapshot(briefing.at)?;
    let fonts = Fonts::embedded()?;
    let mut flow = Flow::new(&fonts);
    sections::title(&mut flow, briefing);
    sections::warnings(&mut flow, briefing);
    sections::key_numbers(&mut flow, briefing)?;
    figure::draw(&mut flow, briefing)?;
    sections::facts(&mut flow, briefing);
    sections::scenarios(&mut flow, briefing);
    table::areas(&mut flow, briefing);
    arrivals::draw(&mut flow, briefing);
    sections::forcing(&mut flow, briefing);
    sections::limits(&mut flow, briefing);
    sections::attribution(&mut flow, briefing);
    let mut pages = flow.finish();
    margins::draw(&mut pages, briefing);
    pdf::document(&pages, &about(briefing))
}

fn about(briefing: &Briefing<'_>) -> About {
    let (scene, identity) = (briefing.scene, &briefing.identity);
    About {
        title: format!("Drift briefing: {}", scene.title),
        subject: format!(
            "{}; run {} of mission {}, issued {}",
            scene.object,
            identity.run_id,
            identity.mission_id,
            notation::utc(identity.issued)
        ),
        keywords: vec!["search and rescue".to_owned(), "drift forecast".to_owned()],
        creator: format!("Driftline {}", identity.engine_version),
        created: identity.issued.0,
        id: identity.run_id.clone(),
    }
}
