//! OGC API Styles (20-009): stylesheets as others read them, MapLibre's validator and QGIS.

use serde_json::{Value, json};

use super::common::link;
use super::{Case, Subject};
use crate::harness::{node, scratch, system_python};

const CORE: &str = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/core";
const MAPBOX: &str = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/mapbox-styles";
const SLD_10: &str = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-10";
const SLD_11: &str = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-11";
const STYLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/styles";

pub(super) fn cases() -> Vec<Case> {
    let case = |class, id, check| Case { class, id, check };
    vec![
        case(MAPBOX, "maplibre-gl-style-spec: both styles", maplibre_takes_them),
        case(CORE, "/conf/core/1", styles_can_be_fetched),
        case(SLD_10, "QGIS: SLD 1.0 of every collection", |subject| {
            qgis_takes_them(subject, "sld10")
        }),
        case(SLD_11, "QGIS: SLD 1.1 of every collection", |subject| {
            qgis_takes_them(subject, "sld11")
        }),
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

/// The one test of the draft that does not change styles.
fn styles_can_be_fetched(subject: &Subject) {
    for base in ["/ogc".to_owned(), format!("/missions/{}/ogc", subject.mission)] {
        let styles = link(&subject.client.json(&base), STYLES).unwrap();
        let listed = subject.ask_for(&styles, "application/json").expect(200, &styles).json();
        let styles = listed["styles"].as_array().unwrap();
        let ids: Vec<&str> = styles.iter().map(|style| style["id"].as_str().unwrap()).collect();
        assert!(ids.len() == 2 && ids[0] != ids[1] && ids.contains(&listed["default"].as_str().unwrap()));
        for style in styles {
            let links = style["links"].as_array().unwrap();
            let of = |relation: &str| {
                links
                    .iter()
                    .filter(move |link| link["rel"] == relation)
                    .collect::<Vec<_>>()
            };
            let path = format!("{base}/styles/{}", style["id"].as_str().unwrap());
            for (relation, path, count) in [
                ("stylesheet", path.clone(), 3),
                ("describedby", format!("{path}/metadata"), 1),
            ] {
                assert_eq!(of(relation).len(), count, "{style}");
                for link in of(relation) {
                    let (href, kind) = (link["href"].as_str().unwrap(), link["type"].as_str().unwrap());
                    assert!(href.split('?').next().unwrap().ends_with(&path), "{href} {path}");
                    let answer = subject.ask_for(href, kind).expect(200, href);
                    let found = answer.header("content-type").unwrap().replace(' ', "");
                    assert_eq!(found, kind, "{href}");
                }
            }
        }
    }
}

fn qgis_takes_them(subject: &Subject, version: &str) {
    let folder = scratch("sld");
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
