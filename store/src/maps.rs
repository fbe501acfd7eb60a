//! Forcing for maps: one field at one time around a box, thinned to what a picture can show, from a cache of decoded
//! blocks. Missions read windows instead (`window.rs`): every node, and each object compared with its SHA-256.

mod blocks;
mod choice;
mod shards;
mod slab;

pub(crate) use blocks::MapCache;
pub use choice::{KindAbout, StepRef};
pub use slab::Slab;
