//! Which model run a picture of forcing shows: the dimension REFERENCE_TIME. Without one it is of every product the newest
//! run that has the step; with one it is that run and no other, and only its steps are steps of the layer.

use driftline_domain::RunTime;

use super::about::LayerAbout;
use super::time::{Timeline, duration};

/// More runs than this are named by their first, last and spacing, whether or not one is missing between them.
const MOST_LISTED: usize = 60;

impl LayerAbout {
    /// The newest model run of forcing.
    pub(crate) fn newest_model_run(&self) -> Option<RunTime> {
        self.model_runs.last().map(|about| about.run)
    }

    /// The model runs as a dimension names its values; `None` of what is no forcing.
    pub(crate) fn model_run_extent(&self) -> Option<String> {
        let runs: Vec<RunTime> = self.model_runs.iter().map(|about| about.run).collect();
        let (first, last) = (runs.first()?, runs.last()?);
        let gaps: Vec<i64> = runs
            .windows(2)
            .map(|pair| pair[1].unix_s() - pair[0].unix_s())
            .collect();
        let shortest = gaps.iter().min().and_then(|gap| u32::try_from(*gap).ok());
        match shortest {
            Some(gap) if runs.len() > MOST_LISTED || (gaps.len() > 1 && gaps.iter().all(|other| *other == gaps[0])) => {
                Some(format!("{first}/{last}/{}", duration(gap)))
            }
            _ => Some(runs.iter().map(RunTime::to_string).collect::<Vec<_>>().join(",")),
        }
    }

    /// The layer as one model run has it: `current` is the newest. What is no forcing stays as it is.
    pub(crate) fn of_model_run(mut self, text: &str) -> Result<Self, String> {
        let Some(extent) = self.model_run_extent() else {
            return Ok(self);
        };
        let found = if text.eq_ignore_ascii_case("current") {
            self.model_runs.last()
        } else {
            let wanted = text.parse::<RunTime>().ok();
            self.model_runs.iter().find(|about| Some(about.run) == wanted)
        };
        let found = *found.ok_or_else(|| format!("'{}' is none of {extent}", crate::query::shown(text)))?;
        self.timeline = Timeline::even(found.from, found.until, self.timeline.step_s());
        self.model_run = Some(found.run);
        self.state = format!("{} {}", self.state, found.run);
        Ok(self)
    }
}
