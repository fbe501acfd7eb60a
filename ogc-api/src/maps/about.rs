//! What can be said of a layer under a root without drawing it: where and when it has something, whose data it is, and
//! by what its pictures are told apart. Capabilities, TileJSON and entity tags rest on it.

use std::fmt;

use driftline_auth_billing::chain;
use driftline_database::{Mission, Run};
use driftline_domain::{BBox, ForcingKind, OrgId, RunTime};
use jiff::Timestamp;
use serde_json::Value;

use super::layer::Layer;
use super::time::{Moment, TimeWanted, Timeline};
use crate::error::status_word;
use crate::features::{Collection, Holdings, Root, credits_of};
use crate::runs::{RunCache, output_times};
use crate::{AppState, Error, ForcingRun};

/// Seconds between the steps that the areas of many missions are said to have; each mission has its own.
const USUAL_STEP_S: u32 = driftline_domain::limits::DEFAULT_OUTPUT_INTERVAL_S;

/// A layer as a root has it now.
#[derive(Debug, Clone)]
pub(crate) struct LayerAbout {
    /// Which layer.
    pub(crate) layer: Layer,
    /// Where it has something.
    pub(crate) bbox: BBox,
    /// When it has something.
    pub(crate) timeline: Timeline,
    /// Credits of the forcing that went into it, each once.
    pub(crate) attribution: Vec<String>,
    /// Names the state of its content: as long as it is the same, so are all pictures of a given step.
    pub(crate) state: String,
    /// Grows with its content.
    pub(crate) sequence: u64,
    /// The run it shows; `None` for forcing and for a whole tenant.
    pub(crate) run: Option<Run>,
    /// The model runs that there are of forcing, the oldest first.
    pub(crate) model_runs: Vec<ForcingRun>,
    /// The one of them that is to be shown; without one of every product the newest that has the step.
    pub(crate) model_run: Option<RunTime>,
}

/// Why a root does not have a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Absence {
    /// No root of this kind has it.
    Unknown,
    /// The mission has no results.
    NotCompleted(&'static str),
    /// The run was made before there was such a layer.
    OlderRun,
    /// There is nothing of it now.
    Empty,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such layer here"),
            Self::NotCompleted(status) => {
                write!(
                    f,
                    "the mission is {status}; its results can be drawn once it is completed"
                )
            }
            Self::OlderRun => f.write_str("the run was made by a version without it; a new run of the mission has it"),
            Self::Empty => f.write_str("nothing of it is stored"),
        }
    }
}

impl LayerAbout {
    /// What a root has of a layer now.
    pub(crate) async fn of(
        state: &AppState,
        org: OrgId,
        root: &Root,
        layer: Layer,
    ) -> Result<Result<Self, Absence>, Error> {
        if let Some(kind) = layer.forcing() {
            return Self::of_forcing(state, layer, kind).await;
        }
        match root.mission() {
            Some(mission) => Self::of_mission(state, layer, mission).await,
            None if layer.is_of_missions_only() => Ok(Err(Absence::Unknown)),
            None => Self::of_tenant(state, org, layer).await,
        }
    }

    /// What a picture shows, or why there is none: of areas and tracks an interval shows everything in it, of all else
    /// the latest step.
    pub(crate) fn moment(&self, wanted: TimeWanted, now: Timestamp) -> Result<Moment, String> {
        match self.layer {
            Layer::SearchAreas | Layer::Trajectories => self.timeline.moment(wanted, now),
            _ => self.timeline.step(wanted, now).map(Moment::Near),
        }
    }

    /// Whether the pictures of a step stay the same for ever.
    pub(crate) fn is_fixed(&self) -> bool {
        self.run.is_some()
    }

    async fn of_forcing(state: &AppState, layer: Layer, kind: ForcingKind) -> Result<Result<Self, Absence>, Error> {
        let about = state
            .maps
            .about(kind)
            .await
            .map_err(|error| Error::Forcing(error.to_string()))?;
        Ok(about.ok_or(Absence::Empty).map(|about| Self {
            layer,
            bbox: about.bbox,
            timeline: Timeline::even(about.from, about.until, about.step_s),
            attribution: about.attribution,
            state: format!("forcing {}", about.version),
            sequence: about.version,
            run: None,
            model_runs: about.runs,
            model_run: None,
        }))
    }

    async fn of_mission(state: &AppState, layer: Layer, mission: &Mission) -> Result<Result<Self, Absence>, Error> {
        let Some(run) = &mission.run else {
            return Ok(Err(Absence::NotCompleted(status_word(mission.status))));
        };
        let timeline = match layer {
            Layer::Probability => match RunCache::band_times(state, run).await? {
                Some(times) => Timeline::listed(times.times.clone()),
                None => return Ok(Err(Absence::OlderRun)),
            },
            _ => Timeline::listed(output_times(run, mission.spec.output_interval_s)),
        };
        let Some(timeline) = timeline else {
            return Ok(Err(Absence::Empty));
        };
        let [west, south, east, north] = run.bbox;
        Ok(Ok(Self {
            layer,
            bbox: BBox {
                west,
                south,
                east,
                north,
            },
            timeline,
            attribution: credits_of([run]),
            state: run.id.to_string(),
            sequence: u64::try_from(run.seq).unwrap_or(0),
            run: Some(run.clone()),
            model_runs: Vec::new(),
            model_run: None,
        }))
    }

    async fn of_tenant(state: &AppState, org: OrgId, layer: Layer) -> Result<Result<Self, Absence>, Error> {
        let holdings = Holdings::now(state, org, None).await?;
        let Some(extent) = holdings.extent(Collection::SearchAreas) else {
            return Ok(Err(Absence::Empty));
        };
        let [west, south, east, north] = extent.bbox;
        Ok(Ok(Self {
            layer,
            bbox: BBox {
                west,
                south,
                east,
                north,
            },
            timeline: Timeline::even(extent.from, extent.until, USUAL_STEP_S),
            attribution: holdings.attribution.clone(),
            state: String::from_utf8_lossy(holdings.fingerprint.as_bytes()).into_owned(),
            sequence: u64::try_from(holdings.version).unwrap_or(0),
            run: None,
            model_runs: Vec::new(),
            model_run: None,
        }))
    }
}

/// Every layer that a root has now, in the order of lists. One whose file or store cannot be read is left out, so that
/// the others can still be seen.
pub(crate) async fn available(state: &AppState, org: OrgId, root: &Root) -> Result<Vec<LayerAbout>, Error> {
    let mut found = Vec::new();
    for layer in Layer::ALL {
        match LayerAbout::of(state, org, root, layer).await {
            Ok(about) => found.extend(about),
            Err(error @ (Error::Results { .. } | Error::Shared(_) | Error::Forcing(_))) => {
                tracing::error!(
                    layer = layer.id(),
                    cause = chain(&error),
                    "a layer is left out of the list of layers"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Whether the run lists a file of this name.
pub(crate) fn lists_file(run: &Run, name: &str) -> bool {
    let files = run.summary.get("files").and_then(Value::as_array);
    let mut names = files
        .into_iter()
        .flatten()
        .filter_map(|file| file.as_str().or(file.get("name")?.as_str()));
    names.any(|listed| listed == name)
}
