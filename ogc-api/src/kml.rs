//! Live KML 2.2 (OGC 07-147r2) for viewers that look again by themselves: network links at the organisation's root and at each
//! mission's, and behind them the areas and datums that hold now, or all of them with the span that each holds for.
//!
//! A link in a document carries the credential that the document was asked for with, because viewers send no header.

mod links;
mod live;
mod moment;

use axum::routing::get;

use crate::routes::Route;

pub(crate) use live::FILES;

pub(crate) use driftline_simulate::kml::{KML, KMZ};

/// The routes of live KML.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        ("/kml", get(links::organisation)),
        ("/kml/missions.kml", get(links::missions)),
        ("/missions/{mission_id}/kml", get(links::mission)),
        ("/missions/{mission_id}/kml/{kml_file}", get(live::file)),
    ]
}
