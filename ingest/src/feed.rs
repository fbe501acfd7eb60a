//! What a feed is: when its cycles come, what files they consist of, where those lie, and what must be in them.
//!
//! A feed is data and pure functions. It fetches nothing itself: the scheduler asks it for a plan, hands it the listings
//! that the plan asks for, and fetches the parts that come out (feeds-and-store.md, section 2).

use driftline_decode::Series;
use driftline_domain::{Composition, ForcingKind, GridSpec, RunTime, ValidTime};
use jiff::{SignedDuration, Timestamp};
use url::Url;

pub use crate::server::{Server, known_limits};

/// What is told of a feed to people and programs, and what its data must look like.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Name in paths, settings and missions: lower-case letters, digits and dashes.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// Who makes it.
    pub provider: &'static str,
    /// Line that every product made from it carries.
    pub attribution: &'static str,
    /// Licence of the data.
    pub licence: &'static str,
    /// Fields that every cycle has.
    pub fields: Vec<Field>,
    /// Time between cycles.
    pub cadence: SignedDuration,
    /// From a cycle's nominal time until its first files are usually there.
    pub first_after: SignedDuration,
    /// From a cycle's nominal time until all of it is usually there.
    pub complete_after: SignedDuration,
    /// From a cycle's nominal time on what has not come is given up, and what there is becomes final.
    pub given_up_after: SignedDuration,
    /// From a cycle's nominal time to its last valid time.
    pub horizon: SignedDuration,
    /// Whether a published cycle may be written anew by its provider, so that it is looked at again.
    pub reissued: bool,
    /// Why it is not fetched unless an operator insists; `None` for feeds that may be enabled without a second thought.
    pub disabled: Option<&'static str>,
}

/// A field of a feed and what it must look like; what differs is refused by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What it is.
    pub kind: ForcingKind,
    /// Names of the two variables in the provider's files, either of several where they were renamed.
    pub variables: &'static [[&'static str; 2]],
    /// Parts of the current.
    pub composition: Composition,
    /// The grid; `None` where the provider may change it, so that only the cycle before binds.
    pub grid: Option<GridSpec>,
}

impl Field {
    /// Whether a series of a file is this field.
    pub(crate) fn takes(&self, series: &Series) -> bool {
        let named = |names: &[&str; 2]| {
            series
                .source_variables
                .iter()
                .map(String::as_str)
                .eq(names.iter().copied())
        };
        series.kind == self.kind && (self.variables.is_empty() || self.variables.iter().any(named))
    }
}

/// A feed whose cycles are known in advance.
pub trait Feed: Send + Sync {
    /// What it is.
    fn about(&self) -> &About;

    /// Nominal times of the cycles that should have begun to appear by now, newest first, not older than `since`.
    fn runs(&self, since: Timestamp, now: Timestamp) -> Vec<RunTime>;

    /// The parts of a cycle, or the listings without which they cannot be told. Asked again with each listing that it
    /// asked for in `listed`, until it answers with parts. Where listings tell what there is, the parts are those that
    /// have appeared by now: none of them is no error, and what lacks is told by [`Feed::expected_times`].
    fn plan(&self, run: RunTime, listed: &Listings) -> Result<Plan, PlanError>;

    /// Valid times of the whole cycle, ascending.
    fn expected_times(&self, run: RunTime) -> Vec<ValidTime>;
}

/// What to do next for a cycle.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Fetch these listings and ask again.
    List(Vec<Url>),
    /// These parts make the cycle, in the order of their valid times.
    Parts(Vec<Part>),
}

/// Bodies of listings by address, as their servers gave them.
pub type Listings = std::collections::BTreeMap<Url, Listing>;

/// What became of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// Its body.
    Body(String),
    /// There is none, as the server said plainly.
    Absent,
}

/// Why a feed can make no plan of what it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A listing is no listing.
    #[error("the listing at {url} cannot be understood: {reason}")]
    Listing {
        /// Its address.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// The provider has nothing that looks like this feed: renamed or withdrawn.
    #[error("{0}")]
    Vanished(String),
}

/// A part of a cycle that is fetched, checked and retried by itself: usually one step, or a day of steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Name within the cycle, fit for a file name: `f021`, `20240103`.
    pub name: String,
    /// Valid times that it must hold.
    pub times: Vec<ValidTime>,
    /// Places to fetch it from, best first.
    pub places: Vec<Place>,
}

/// A place to fetch a part from.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// How.
    pub access: Access,
    /// Bytes below which what is fetched (the wanted messages together, or the whole object) cannot be whole.
    pub at_least_bytes: u64,
    /// Only while the cycle is younger than this; `None` for always.
    pub while_younger_than: Option<SignedDuration>,
    /// Whose statuses and limits hold there.
    pub server: Server,
}

impl Place {
    /// The object that a server is asked for; `None` for a file of this machine.
    pub(crate) fn object(&self) -> Option<&Url> {
        match &self.access {
            Access::Indexed { object, .. } | Access::Whole { object } => Some(object),
            Access::Local { .. } => None,
        }
    }
}

/// How a part is fetched.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// Messages of a GRIB object, found through its index and checked one by one.
    Indexed {
        /// The object.
        object: Url,
        /// Its index.
        index: Url,
        /// How the index is written.
        dialect: IndexDialect,
        /// The messages that are wanted.
        wanted: Vec<Wanted>,
    },
    /// The whole object, or what a server cuts out of it on request.
    Whole {
        /// The object.
        object: Url,
    },
    /// A file on this machine.
    Local {
        /// The file.
        path: std::path::PathBuf,
    },
}

/// How an index of GRIB messages is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexDialect {
    /// `number:offset:d=date:parameter:level:forecast:` lines of wgrib2, starts only.
    Wgrib2,
    /// JSON lines of ECMWF with `_offset` and `_length`.
    Ecmwf,
}

/// A message that is wanted, as an index names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// `UGRD`, `10u`.
    pub parameter: &'static str,
    /// `10 m above ground`, `sfc`.
    pub level: &'static str,
}
