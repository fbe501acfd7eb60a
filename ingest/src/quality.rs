//! Quality control of fields before anything of a cycle is visible. A hole is never zero and never silent: what is wrong
//! is refused, what is odd is marked, each with a code that programs can ask for and a sentence for people.
//!
//! Here it is the values that are looked at; the run, fields, grid and times of a part are held against what its feed
//! promises before, as the part comes in (`scheduler/part_work.rs`). `SeriesCheck` looks at every step once, in order, in
//! memory that does not grow with the steps' size: two bits for a node and some thousand samples. What each rule can and
//! cannot tell:
//!
//! | code | told from | cannot tell |
//! |---|---|---|
//! | `step_all_missing`, `zero`, `constant`, `direction` | the values of one step | – |
//! | `range` | the largest value and the mean of one step | a wrong unit that gives believable values |
//! | `stuck` | a digest of the values against every earlier step's | repeats with noise added |
//! | `hole` | nodes that other steps have; with a coast, how many lie in open sea | what every step lacks |
//! | `sea_missing` | nodes of open sea that no step has | whether the model has a domain or ice there |
//! | `shifted`, `flipped` | the field's land against the coast; a step's land or values against its neighbours' | a field without land that is shifted in all steps |
//! | `discontinuous` | the change between neighbouring steps against the series' median | slow drift into nonsense |
//! | `direction_convention` | vectors against the step before, or the cycle before at the same time | a convention that was always wrong |
//!
//! Plausible range is also checked where values are read (`driftline-decode`) and packed (`driftline-store`).

mod check;
mod continuity;
mod convention;
mod expectation;
mod mask;
mod presence;
mod samples;
mod summary;
mod verdict;

pub use check::SeriesCheck;
pub use convention::compare_with_previous;
pub use expectation::{Expectation, HolePolicy, Limits, Unseen};
pub use verdict::{Finding, Verdict};
