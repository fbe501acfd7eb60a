//! Cursor on Target (CoT 2.0) for TAK: search areas as drawn polygons, datums as markers, from a run; and the few messages
//! of a stream. Positions in degrees of WGS 84, times UTC.
//!
//! An event's uid names mission and kind, not time: what holds later replaces what held before. An event goes stale when its
//! area ends to hold.

mod event;
mod outward;
mod package;
mod parts;
mod run;
mod stream;

pub use event::Event;
pub(crate) use package::package;
pub use run::RunEvents;
pub use stream::{ended, is_ping, pong};
