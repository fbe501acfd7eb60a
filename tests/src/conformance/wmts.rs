//! WMTS 1.0.0 (07-057r7), annex A, by both encodings: schemas decide on documents, GDAL's WMTS driver, OWSLib and QGIS
//! read tiles.

use serde_json::{Value, json};

use super::{Case, Subject};
use crate::harness::{gdal_says, keep_picture, pictures, python, scratch, system_python};

const KVP: &str = "http://www.opengis.net/spec/wmts/1.0/conf/server/kvp";
const REST: &str = "http://www.opengis.net/spec/wmts/1.0/conf/server/rest";

/// What the capabilities say that there is.
pub(super) const CLASSES: [&str; 2] = [KVP, REST];

pub(super) fn cases() -> Vec<Case> {
    let case = |class, id, check| Case { class, id, check };
    vec![
        case(KVP, "schema: capabilities and exceptions", documents),
        case(KVP, "OWSLib: GetCapabilities and GetTile", owslib),
        case(REST, "GDAL: WMTS driver", gdal_reads),
        case(REST, "GDAL: GetFeatureInfo", gdal_asks),
        case(REST, "QGIS: a layer of both tile matrix sets", qgis_draws),
    ]
}

/// An address under the mission with the key in its query.
fn address(subject: &Subject, rest: &str) -> String {
    let separator = if rest.contains('?') { '&' } else { '?' };
    format!(
        "{}/missions/{}/wmts{rest}{separator}key={}",
        subject.server.base(),
        subject.mission,
        subject.key
    )
}

fn documents(subject: &Subject) {
    let refused = [
        "?service=WMTS&request=GetMap",
        "?service=WMTS&request=GetTile&version=1.0.0",
        "?request=GetCapabilities",
        "/nothing/default/current/WebMercatorQuad/0/0/0.png",
        "/search-areas/default/current/WebMercatorQuad/0/0/7.png",
    ];
    let mut urls = vec![
        address(subject, "?service=WMTS&request=GetCapabilities"),
        address(subject, "/1.0.0/WMTSCapabilities.xml"),
        format!(
            "{}/wmts?service=WMTS&request=GetCapabilities&key={}",
            subject.server.base(),
            subject.key
        ),
    ];
    urls.extend(refused.iter().map(|rest| address(subject, rest)));
    let arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    let checked = python("wmts_schema.py", &arguments);
    for (url, found) in urls.iter().zip(checked.as_array().unwrap()) {
        assert_eq!(found["errors"], json!([]), "{url}");
        let root = if found["root"] == "Capabilities" { 0 } else { 1 };
        assert_eq!(
            root,
            usize::from(urls.iter().position(|one| one == url).unwrap() > 2),
            "{url}: {found}"
        );
    }
}

fn owslib(subject: &Subject) {
    let read = python("owslib_wmts.py", &[&address(subject, ""), "search-areas"]);
    let layers: Vec<&str> = read["layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        layers.contains(&"search-areas") && layers.contains(&"currents"),
        "{read}"
    );
    assert_eq!(read["tile"], "89504e470d0a1a0a", "{read}");
    assert_eq!(read["sets"], json!(["WebMercatorQuad", "WorldCRS84Quad"]));
}

/// The box of the mission's areas.
fn bounds(subject: &Subject) -> Vec<f64> {
    let path = format!("/missions/{}/ogc/collections/search-areas", subject.mission);
    let extent = subject.client.json(&path)["extent"]["spatial"]["bbox"][0].clone();
    extent
        .as_array()
        .unwrap()
        .iter()
        .map(|side| side.as_f64().unwrap())
        .collect()
}

fn gdal_reads(subject: &Subject) {
    let capabilities = address(subject, "/1.0.0/WMTSCapabilities.xml");
    let bounds = bounds(subject);
    let folder = scratch("wmts");
    for set in ["WebMercatorQuad", "WorldCRS84Quad"] {
        let dataset = format!("WMTS:{capabilities},layer=search-areas,style=filled,tilematrixset={set}");
        let picture = folder.path().join(format!("{set}.tif"));
        let window: Vec<String> = [bounds[0], bounds[3], bounds[2], bounds[1]]
            .map(|side| side.to_string())
            .to_vec();
        let mut arguments = vec!["-q", "-projwin_srs", "OGC:CRS84", "-projwin"];
        arguments.extend(window.iter().map(String::as_str));
        arguments.extend(["-outsize", "300", "300", &dataset, picture.to_str().unwrap()]);
        gdal_says("gdal_translate", &[], &arguments);
        let said = gdal_says("gdalinfo", &[], &["-stats", picture.to_str().unwrap()]);
        let most = said.lines().rfind(|line| line.contains("STATISTICS_MAXIMUM"));
        assert!(
            most.is_some_and(|line| !line.ends_with("=0")),
            "{set}: nothing is drawn: {said}"
        );
    }
}

/// gdallocationinfo asks by the address that the capabilities have for a resource of the kind FeatureInfo.
fn gdal_asks(subject: &Subject) {
    let capabilities = address(subject, "/1.0.0/WMTSCapabilities.xml");
    let dataset = format!("WMTS:{capabilities},layer=currents,tilematrixset=WorldCRS84Quad,tilematrix=8");
    let said = gdal_says("gdallocationinfo", &[], &["-xml", "-wgs84", &dataset, "4.1", "60.15"]);
    assert!(said.contains("<LocationInfo>") && said.contains("m/s"), "{said}");
}

fn qgis_draws(subject: &Subject) {
    let bounds = bounds(subject);
    let folder = scratch("qgis-wmts");
    let case = |set: &str| {
        json!({
            "name": format!("wmts-{set}"),
            "layers": [{
                "kind": "wmts",
                "url": address(subject, "/1.0.0/WMTSCapabilities.xml"),
                "layer": "search-areas",
                "style": "filled",
                "set": set,
                "crs": if set == "WebMercatorQuad" { "EPSG:3857" } else { "OGC:CRS84" },
            }],
            "crs": "OGC:CRS84",
            "extent": bounds,
            "size": [480, 400],
        })
    };
    let cases = [case("WebMercatorQuad"), case("WorldCRS84Quad")];
    let plan = folder.path().join("plan.json");
    let content = json!({ "folder": folder.path(), "cases": cases });
    std::fs::write(&plan, content.to_string()).unwrap();
    let report = system_python("qgis/draw.py", &[plan.to_str().unwrap()]);
    for set in ["WebMercatorQuad", "WorldCRS84Quad"] {
        let found = &report[format!("wmts-{set}")];
        assert_eq!(found["problem"], Value::Null, "{set}: {found:#}");
        assert!(found["colours"].as_u64().unwrap() > 2, "{found:#}");
        let name = format!("qgis-wmts-{set}.png");
        keep_picture(&folder.path().join(format!("wmts-{set}.png")), &name);
        assert!(pictures().join(name).exists());
    }
}
