//! OGC API Maps Part 1 (20-058), annex A, on the mission's root and on the tenant's. Pictures are read by GDAL, and its OGCAPI
//! driver asks for maps by itself.

use super::common::link;
use super::{Case, Subject};
use crate::harness::{gdal_says, scratch};

const CORE: &str = "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core";
const STYLED: &str = "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/styled-map";
const PNG: &str = "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/png";
const MAP: &str = "http://www.opengis.net/def/rel/ogc/1.0/map";
const STYLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/styles";
const CRS84: &str = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>";

pub(super) fn cases() -> Vec<Case> {
    let case = |class, id, check| Case { class, id, check };
    vec![
        case(CORE, "/conf/core/map-op", |subject| {
            for base in bases(subject) {
                let map = link(&subject.client.json(&base), MAP).unwrap();
                is_a_map(subject, &map);
            }
        }),
        case(CORE, "/conf/core/map-response", shows_the_box_it_names),
        case(CORE, "/conf/core/conformance-success", |subject| {
            let declared = subject.declared();
            assert!(
                [CORE, STYLED, PNG].iter().all(|class| declared.contains(*class)),
                "{declared:?}"
            );
        }),
        case(CORE, "GDAL: OGCAPI driver", gdal_reads),
        case(STYLED, "/conf/styled-map/desc-links", |subject| {
            styled(subject)
                .iter()
                .for_each(|map| assert!(map.contains("/styles/"), "{map}"));
        }),
        case(STYLED, "/conf/styled-map/map-operation", |subject| {
            for map in styled(subject) {
                is_a_map(subject, &map);
            }
        }),
        case(PNG, "/conf/png/content", |subject| {
            for base in bases(subject) {
                let map = link(&subject.client.json(&base), MAP).unwrap();
                let answer = subject.ask_for(&map, "image/png").expect(200, &map);
                let folder = scratch("ogc-map");
                let saved = folder.path().join("map.png");
                std::fs::write(&saved, &answer.body).unwrap();
                let said = gdal_says("gdalinfo", &[], &[saved.to_str().unwrap()]);
                assert!(said.contains("Driver: PNG"), "{said}");
            }
        }),
    ]
}

/// What has a map: both roots, and a collection.
fn bases(subject: &Subject) -> [String; 3] {
    let mission = format!("/missions/{}/ogc", subject.mission);
    [
        "/ogc".to_owned(),
        mission.clone(),
        format!("{mission}/collections/search-areas"),
    ]
}

/// West, south, east, north of the picture, as the answer says.
fn is_a_map(subject: &Subject, map: &str) -> [f64; 4] {
    let answer = subject.ask_for(map, "image/png").expect(200, map);
    assert_eq!(answer.header("content-type"), Some("image/png"), "{map}");
    assert!(answer.header("content-crs").is_none_or(|crs| crs == CRS84), "{map}");
    let numbers = answer.header("content-bbox").unwrap().split(',');
    let numbers: Vec<f64> = numbers.map(|number| number.trim().parse().unwrap()).collect();
    let bbox: [f64; 4] = numbers.try_into().unwrap();
    assert!(bbox[0] < bbox[2] && bbox[1] < bbox[3], "{map}: {bbox:?}");
    assert!(bbox[1] >= -90.0 && bbox[3] <= 90.0, "{map}: {bbox:?}");
    bbox
}

/// Without a box all that is there is shown.
fn shows_the_box_it_names(subject: &Subject) {
    let collection = format!("/missions/{}/ogc/collections/search-areas", subject.mission);
    let described = subject.client.json(&collection);
    let [west, south, east, north] = is_a_map(subject, &link(&described, MAP).unwrap());
    let extent = &described["extent"]["spatial"]["bbox"][0];
    let side = |index: usize| extent[index].as_f64().unwrap();
    assert!(
        west <= side(0) && south <= side(1) && east >= side(2) && north >= side(3),
        "{extent}"
    );
}

/// The maps that the lists of styles name.
fn styled(subject: &Subject) -> Vec<String> {
    let mut maps = Vec::new();
    for base in bases(subject) {
        let styles = link(&subject.client.json(&base), STYLES).unwrap();
        let listed = subject.client.json(&styles);
        let of_base: Vec<String> = listed["styles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|style| link(style, MAP).unwrap_or_else(|| panic!("{style}")))
            .collect();
        assert_eq!(of_base.len(), 2, "{listed}");
        maps.extend(of_base);
    }
    maps
}

fn gdal_reads(subject: &Subject) {
    let collection = format!("/missions/{}/ogc/collections/search-areas", subject.mission);
    let dataset = format!("OGCAPI:{}{collection}?key={}", subject.server.base(), subject.key);
    let extent = subject.client.json(&collection)["extent"]["spatial"]["bbox"][0].clone();
    let window = [0, 3, 2, 1].map(|index| extent[index].as_f64().unwrap().to_string());
    let folder = scratch("ogcapi-map");
    let picture = folder.path().join("map.tif");
    let mut arguments = vec!["-q", "-projwin"];
    arguments.extend(window.iter().map(String::as_str));
    arguments.extend([
        "-outsize",
        "300",
        "200",
        "-oo",
        "API=MAP",
        &dataset,
        picture.to_str().unwrap(),
    ]);
    gdal_says("gdal_translate", &[], &arguments);
    let said = gdal_says("gdalinfo", &[], &["-stats", picture.to_str().unwrap()]);
    let most = said.lines().rfind(|line| line.contains("STATISTICS_MAXIMUM"));
    assert!(
        most.is_some_and(|line| !line.ends_with("=0")),
        "nothing is drawn: {said}"
    );
}
