//! Why a run cannot be made. Values are given as they were received.

use driftline_domain::ForcingKind;

/// Why forcing cannot be prepared or a run cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a single source of one kind.
    #[error("there is no {kind} source")]
    NoSource {
        /// What is missing.
        kind: ForcingKind,
    },
    /// More sources than a result can tell apart.
    #[error("{count} {kind} sources are more than {limit}")]
    TooManySources {
        /// What there is too much of.
        kind: ForcingKind,
        /// Sources given.
        count: usize,
        /// Sources allowed.
        limit: usize,
    },
    /// A source whose parts do not fit together.
    #[error("{kind} source {number}: {problem}")]
    Source {
        /// What the source gives.
        kind: ForcingKind,
        /// Its place in the order of preference, from 0.
        number: usize,
        /// What does not fit.
        problem: SourceProblem,
    },
    /// A setting of the run outside its range.
    #[error("{name} is {value}, allowed is {allowed}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What would do.
        allowed: &'static str,
    },
    /// The release lies so far inland that no particle could be put to sea.
    #[error("the release at latitude {lat_deg}, longitude {lon_deg} is on land with no sea within {reach_km} km")]
    ReleaseOnLand {
        /// Latitude of the release.
        lat_deg: f64,
        /// Longitude of the release.
        lon_deg: f64,
        /// How far the sea was looked for.
        reach_km: f64,
    },
    /// The caller asked to stop.
    #[error("the run was cancelled")]
    Cancelled,
}

/// How the parts of a source contradict each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceProblem {
    /// No field at all.
    #[error("it has no field")]
    Empty,
    /// The grid has no nodes or a spacing that is not positive.
    #[error("its grid of {nx} x {ny} nodes is empty or not evenly spaced")]
    Grid {
        /// Nodes in a row.
        nx: usize,
        /// Rows.
        ny: usize,
    },
    /// A field too many or too few.
    #[error("{fields} fields for {times} times")]
    FieldCount {
        /// Fields given.
        fields: usize,
        /// Times given.
        times: usize,
    },
    /// A time that is not after the one before it.
    #[error("time {later_s} s follows {earlier_s} s")]
    TimeOrder {
        /// The earlier place in the list.
        earlier_s: i64,
        /// The one after it.
        later_s: i64,
    },
    /// A field with another number of values than its grid has nodes.
    #[error("the field at {time_s} s has {east} eastward and {north} northward values for {nodes} nodes")]
    FieldSize {
        /// Time of the field.
        time_s: i64,
        /// Values of the eastward component.
        east: usize,
        /// Values of the northward component.
        north: usize,
        /// Nodes of the grid.
        nodes: usize,
    },
    /// An infinite value; a missing one is written as NaN.
    #[error("the field at {time_s} s is infinite at node {node}")]
    Infinite {
        /// Time of the field.
        time_s: i64,
        /// Where.
        node: usize,
    },
}
