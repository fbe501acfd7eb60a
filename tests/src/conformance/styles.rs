//! OGC API Styles (20-009): stylesheets as others read them, MapLibre's validator and QGIS.

use serde_json::{Value, json};

use super::{Case, Subject};
use crate::harness::{node, scratch, system_python};

const MAPBOX: &str = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/mapbox-styles";
const SLD: &str = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-10";

pub(super) fn cases() -> Vec<Case> {
    let case = |class, id, check| Case { class, id, check };
    vec![
        case(MAPBOX, "maplibre-gl-style-spec: both styles", maplibre_takes_them),
        case(SLD, "QGIS: SLD 1.0 and 1.1 of every collection", qgis_takes_them),
    ]
}

fn address(subject: &Subject, path: &str) -> String {
    let base = format!("{}/missions/{}/ogc", subject.server.base(), subject.mission);
    format!("{base}{path}&key={}", subject.key)
}

fn maplibre_takes_them(subject: &Subject) {
    for style in [
        "/styles/day?f=mapbox",
        "/styles/night?f=mapbox",
        "/collections/particles/styles/day?f=mapbox",
    ] {
        let found = node("web/style.mjs", &[&address(subject, style)]);
        assert_eq!(found["errors"], json!([]), "{style}");
        assert!(found["layers"].as_u64().unwrap() >= 4, "{style}: {found}");
    }
}

fn qgis_takes_them(subject: &Subject) {
    let folder = scratch("sld");
    for version in ["sld10", "sld11"] {
        for (collection, geometry) in [
            ("search-areas", "Polygon"),
            ("trajectories", "LineString"),
            ("particles", "Point"),
            ("datums", "Point"),
        ] {
            let path = format!("/collections/{collection}/styles/night?f={version}");
            let sheet = subject.client.get(&address(subject, &path)).expect(200, &path);
            let file = folder.path().join(format!("{collection}-{version}.sld"));
            std::fs::write(&file, &sheet.body).unwrap();
            let found: Value = system_python("qgis/sld.py", &[file.to_str().unwrap(), geometry]);
            assert_eq!(found["loaded"], true, "{path}: {found}");
            let expected = if collection == "datums" { 1 } else { 3 };
            assert_eq!(found["symbols"], expected, "{path}: {found}");
        }
    }
}
