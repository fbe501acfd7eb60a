//! Test layers of the conformance suites, from a folder of GML.

use std::path::Path;

use driftline_ogc_api::{BlueLake, BlueLakeError};

use crate::pixels::Pixels;
use crate::service::{BASE, Service};

const LAKES: &str = r#"<c:C xmlns:c="u" xmlns:gml="http://www.opengis.net/gml"><gml:featureMember>
  <c:Lake fid="l.1"><c:name>Blue &amp; deep</c:name><c:shore><gml:Polygon srsName="CRS:84"><gml:outerBoundaryIs>
  <gml:LinearRing><gml:coordinates>0.001,-0.002 0.003,-0.002 0.003,-0.001 0.001,-0.001 0.001,-0.002</gml:coordinates>
  </gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></c:shore></c:Lake></gml:featureMember></c:C>"#;

fn autos() -> String {
    let member = |step: usize| {
        format!(
            "<gml:featureMember><c:Auto fid=\"a.{step}\"><c:num>1</c:num><c:time>2000-01-01T00:00:{:02}Z</c:time>\
             <c:position><gml:Point><gml:coordinates>{},0.001</gml:coordinates></gml:Point></c:position></c:Auto>\
             </gml:featureMember>",
            5 * step,
            0.001 * step as f64
        )
    };
    let members: String = (0..4).map(member).collect();
    format!("<c:C xmlns:c=\"u\" xmlns:gml=\"http://www.opengis.net/gml\">{members}</c:C>")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

async fn service() -> Service {
    let folder = folder(&[("Lakes.xml", LAKES), ("Autos.xml", &autos()), ("notes.txt", "no layer")]);
    Service::start_with(BASE, Some(BlueLake::load(folder.path()).unwrap())).await
}

const MAP: &str = "REQUEST=GetMap&VERSION=1.3.0&STYLES=&CRS=CRS:84&BBOX=-0.0005,-0.0025,0.0045,0.0025&WIDTH=100&HEIGHT=100&FORMAT=image/png";

#[tokio::test]
async fn each_file_is_a_layer_that_is_drawn_and_can_be_asked() {
    let service = service().await;
    let capabilities = service.get("/wms?REQUEST=GetCapabilities").await;
    let capabilities = String::from_utf8(capabilities.body.to_vec()).unwrap();
    for part in [
        "<Name>Lakes</Name>",
        "<Title>cite:Autos</Title>",
        "multipleValues=\"1\" nearestValue=\"1\">2000-01-01T00:00:00Z/2000-01-01T00:00:15Z/PT5S<",
    ] {
        assert!(capabilities.contains(part), "{part}");
    }
    let map = Pixels::of(&service.get(&format!("/wms?{MAP}&LAYERS=Lakes,Lakes")).await);
    assert_eq!(map.at(50, 80), [0x40, 0x40, 0xc0, 255], "in the lake");
    assert_eq!(map.at(5, 5), [255; 4], "beside it");
    let info = "&QUERY_LAYERS=Lakes&LAYERS=Lakes&INFO_FORMAT=application/json&I=50&J=80";
    let info = MAP.replace("GetMap", "GetFeatureInfo") + info;
    let found = service.get(&format!("/wms?{info}")).await.json();
    assert_eq!(found["features"][0]["properties"]["name"], "Blue & deep");
    let refused = service.get(&format!("/wms?{MAP}&LAYERS=Lakes&STYLES=x")).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn lists_of_times_are_taken_and_the_default_is_told() {
    let service = service().await;
    let drawn = async |time: &str| {
        let answer = service
            .get(&format!("/wms?{MAP}&LAYERS=Autos&TRANSPARENT=TRUE{time}"))
            .await;
        let warning = answer.header("warning").to_owned();
        let map = Pixels::of(&answer);
        let at: Vec<bool> = (0..4).map(|step| map.at(10 + 20 * step, 30)[3] > 0).collect();
        (at, warning)
    };
    let default = drawn("").await;
    assert_eq!(default.0, [true, false, false, false]);
    assert_eq!(default.1, "99 Default value used: time=2000-01-01T00:00:00Z ISO8601");
    let one = drawn("&TIME=2000-01-01T00:00:06Z").await;
    assert_eq!(one, (vec![false, true, false, false], String::new()), "the nearest one");
    let list = drawn("&TIME=2000-01-01T00:00:05Z/2000-01-01T00:00:10Z/PT5S,2000-01-01T00:00:00Z").await;
    assert_eq!(list.0, [true, true, true, false]);
    let outside = service
        .get(&format!("/wms?{MAP}&LAYERS=Autos&TIME=2001-01-01T00:00:00Z"))
        .await;
    assert_eq!(
        (outside.status.as_u16(), outside.header("x-wms-exception")),
        (400, "InvalidDimensionValue")
    );
}

#[tokio::test]
async fn without_a_folder_there_is_no_trace_of_them() {
    let service = Service::start().await;
    let capabilities = service.get("/wms?REQUEST=GetCapabilities").await;
    assert!(!String::from_utf8_lossy(&capabilities.body).contains("cite:"));
    let refused = service.get(&format!("/wms?{MAP}&LAYERS=Lakes")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-wms-exception")),
        (400, "LayerNotDefined")
    );
}

#[test]
fn a_folder_that_is_none_is_refused() {
    assert!(matches!(
        BlueLake::load(Path::new("/nowhere/at/all")),
        Err(BlueLakeError::Read { .. })
    ));
    let empty = folder(&[("a.txt", "")]);
    assert!(matches!(BlueLake::load(empty.path()), Err(BlueLakeError::Empty { .. })));
    let wrong = folder(&[("a.xml", "<a>")]);
    let error = BlueLake::load(wrong.path()).unwrap_err();
    assert!(error.to_string().contains("a.xml"), "{error}");
}
