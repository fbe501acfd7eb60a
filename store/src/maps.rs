//! Forcing for maps: one field at one time around a box, thinned to what a picture can show, from a cache of decoded
//! blocks. Missions read windows instead (`window.rs`): every node of every step.

mod blocks;
mod choice;
mod slab;
mod steps;

pub(crate) use blocks::MapCache;
pub use choice::{KindAbout, RunAbout, StepRef};
pub use slab::Slab;
pub use steps::{StepFields, StepsWanted};
