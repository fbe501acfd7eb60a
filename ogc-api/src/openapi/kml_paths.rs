//! Paths of live KML in the API document.

use serde_json::{Map, Value};

use super::paths::get;
use crate::kml::{KML, KMZ};

/// Routes of network links and of what stands behind them.
pub(super) fn add_kml(paths: &mut Map<String, Value>) {
    let links = [
        (
            "/kml",
            "getKmlLinks",
            "A KML network link to the missions that hold now or later",
        ),
        (
            "/kml/missions.kml",
            "listKmlMissions",
            "A KML network link for each mission that holds now or later",
        ),
    ];
    for (path, id, summary) in links {
        get(path, id, "Maps", summary)
            .with(&["kml_datetime"])
            .answers(KML, "any")
            .add(paths);
    }
    let mission = "/missions/{mission_id}/kml";
    get(
        mission,
        "getKmlLinksOfMission",
        "Maps",
        "KML network links to a mission's areas and datums",
    )
    .with(&["mission_id", "kml_datetime"])
    .answers(KML, "any")
    .add(paths);
    let file = get(
        "/missions/{mission_id}/kml/{kml_file}",
        "getKmlOfMission",
        "Maps",
        "Areas and datums that hold at an instant (now) or all with their spans (times), as KML or zipped",
    );
    let file = file
        .with(&["mission_id", "kml_file", "kml_datetime"])
        .answers(KML, "any")
        .add(paths);
    file["responses"]["200"]["content"][KMZ] = serde_json::json!({"schema": super::schemas::reference("any")});
}
