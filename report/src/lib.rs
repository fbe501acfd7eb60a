//! A forecast on paper and in pictures: the heat map, the tracks, the animation and the briefing for a duty officer; and what
//! it costs, an invoice.
//!
//! Callers fill a [`Scene`] (what was computed, as it stands in memory) and get bytes: PNG, GIF, PDF. Everything is a pure
//! function of its arguments: the same scene gives the same bytes. A chart is drawn once, as a list of lines, surfaces and
//! texts ([`drawing`]); pictures paint the list with `tiny-skia`, the briefing writes it into the PDF, so that both agree
//! and the figure on paper stays sharp.
//!
//! Degrees are WGS84; km2, metres and seconds inside, nautical miles beside them on paper. Times are UTC.
//!
//! Absent on purpose: HTTP, stores, missions, prices, and any opinion on survival.

mod animation;
mod briefing;
mod chart;
mod drawing;
mod error;
mod flow;
mod font;
mod heatmap;
mod invoice;
pub mod notation;
mod pdf;
mod raster;
mod scene;
mod tracks;

pub use animation::{Animation, MAX_FRAMES, animation};
pub use briefing::{AgeAt, Ashore, Briefing, Calibration, ErrorModel, Fact, Forcing, Identity, Stretch, briefing_pdf};
pub use error::Error;
pub use heatmap::heatmap_png;
pub use invoice::{InvoiceLine, InvoicePaper, invoice_pdf};
pub use scene::{Area, Direction, Scene, Snapshot, Start, StartShape};
pub use tracks::tracks_png;
