//! The physics of drift: an object class, a place and a time, forcing and a coast in; an ensemble of trajectories out.
//!
//! Pure and synchronous: no I/O, no clock, no global state. Rayon spreads blocks of particles over whatever pool the
//! caller has installed. The same input gives the same bytes on any number of threads and on any machine: only basic
//! arithmetic, square roots and `libm` are used, randomness is a function of (seed, particle, step, purpose), and
//! every sum over particles is one of integers.
//!
//! Units are SI; positions are WGS84 degrees in double precision, times seconds since 1970-01-01T00:00:00Z, velocities
//! point to where things move.
//!
//! The model: A. A. Allen and J. V. Plourde, "Review of leeway: field experiments and implementation", USCG CG-D-08-99
//! (1999); O. Breivik and A. A. Allen, "An operational search and rescue model for the Norwegian Sea and the North
//! Sea", J. Mar. Syst. 69 (2008), doi:10.1016/j.jmarsys.2007.02.010; with a current error that is correlated in time.

mod block;
mod check;
mod dispatch;
mod drift;
mod error;
mod forcing;
mod kernel;
mod locate;
mod maths;
mod moves;
mod nearest_wet;
mod outcome;
pub mod parity;
mod product;
mod random;
mod run;
mod scatter;
mod seeding;
mod shape;
mod step;

pub use drift::{JIBE_PER_HOUR, Regression, leeway_ms};
pub use error::{Error, SourceProblem};
pub use forcing::{Field, Forcing, Sample, Source};
pub use moves::{displacement, moved};
pub use outcome::{Ended, Outcome, SeedsMoved, Snapshot, SourceUse, Stats, Status};
pub use run::{Continue, Ensemble, Group, Progress, RunSpec, run};
pub use scatter::{Scatter, Scattered, scatter};
pub use seeding::SEA_REACH_M;
