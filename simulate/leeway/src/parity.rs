//! Parity mode: the drift of OpenDrift 1.14.12 `Leeway`, defects included, to be compared with it track by track. What
//! a coordinator gets is the operational engine of this crate; this one answers "does it do what the reference does?".
//!
//! What it keeps of the reference (`docs/parity.md` has the list): the order of a step, velocities in single and
//! positions in double precision, one geodesic move for the leeway and another for the current, positive crosswind to
//! the *left* of downwind, jibes that turn the sign of the slope alone, native grid components turned at the particle, holes
//! filled by the largest neighbour, strandings found on a lattice, Euler steps only.
//!
//! What differs: random numbers are those of this crate, not NumPy's; land comes from [`driftline_coast`]; coordinates
//! of a grid are not rounded to single precision block by block (up to 0.3 m in 24 h on grids in degrees), and holes
//! are filled over the whole field, so that no particle depends on which others asked for data before.
//!
//! A run is a function of its arguments on any number of threads, as everything in this crate.

mod advance;
mod block;
mod coastline;
mod cone;
mod forcing;
mod holes;
mod map;
mod motion;
mod ocean;
mod polygon;
mod run;
mod seeds;
mod single;
mod spec;
mod triangles;
mod trig;

pub use forcing::{Forcing, NativeSource, Sample, Source};
pub use motion::{Character, Line, leeway_ms};
pub use ocean::to_ocean;
pub use run::run;
pub use seeds::{Scatter, Seed, SeedPlan, Shape, seeds};
pub use spec::{Capsizing, CoastAction, Limits, RunSpec};
