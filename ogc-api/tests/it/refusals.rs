//! What WMS refuses, and how: the standard's exception with status 400, never a fault of ours, never an empty picture.

use std::sync::atomic::Ordering;

use axum::body::Body;
use http::Request;

use crate::content::{Dice, publish, publish_with_raster};
use crate::forcing::time;
use crate::pixels::Pixels;
use crate::service::{Answer, Service};

const GOOD: &str = "REQUEST=GetMap&VERSION=1.3.0&LAYERS=currents&STYLES=&CRS=CRS:84&BBOX=2,58,7,62&WIDTH=100&HEIGHT=80&FORMAT=image/png";

/// The parameters with some of them replaced, or taken away where nothing follows the equals sign and a minus.
fn with(base: &str, changes: &[&str]) -> String {
    let mut pairs: Vec<String> = base.split('&').map(str::to_owned).collect();
    for change in changes {
        let (name, value) = change.split_once('=').unwrap();
        pairs.retain(|pair| pair.split('=').next() != Some(name));
        if value != "-" {
            pairs.push((*change).to_owned());
        }
    }
    pairs.join("&")
}

/// The report is well formed, says what the standard wants it to say, and something for people.
fn is_exception(answer: &Answer, code: &str, word: &str, what: &str) {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 400, "{what}: {text}");
    assert!(answer.header("content-type").contains("xml"), "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert_eq!(answer.header("x-test-bill"), "", "{what}");
    let report = crate::capabilities::parse(&text);
    assert_eq!(report.name, "ServiceExceptionReport", "{what}");
    let exception = report.child("ServiceException");
    assert_eq!(exception.attribute("code"), code, "{what}: {text}");
    assert!(exception.text.contains(word), "{what}: {text}");
}

/// Changes to a good request, the code of the refusal, and a word for people in it.
const REFUSED: &[(&[&str], &str, &str)] = &[
    (&["LAYERS=lakes"], "LayerNotDefined", "lakes"),
    (&["LAYERS=waves"], "LayerNotDefined", "nothing of it is stored"),
    (&["LAYERS=particles"], "LayerNotDefined", "no such layer here"),
    (&["LAYERS=-"], "", "LAYERS"),
    (&["LAYERS="], "", "LAYERS"),
    (&["LAYERS=currents,,wind"], "LayerNotDefined", "''"),
    (&["STYLES=pink"], "StyleNotDefined", "colour-arrows"),
    (&["STYLES=colour,colour"], "StyleNotDefined", "2 styles for 1"),
    (&["CRS=EPSG:27700"], "InvalidCRS", "EPSG:27700"),
    (&["CRS=-"], "InvalidCRS", "CRS"),
    (&["FORMAT=image/jpeg"], "InvalidFormat", "image/jpeg"),
    (&["FORMAT=-"], "", "FORMAT"),
    (&["BBOX=2,58,7"], "", "four numbers"),
    (&["BBOX=a,b,c,d"], "", "four numbers"),
    (&["BBOX=2,58,7,NaN"], "", "four numbers"),
    (&["BBOX=7,58,2,62"], "", "BBOX"),
    (&["BBOX=2,58,2,62"], "", "BBOX"),
    (&["BBOX=-1e300,58,1e300,62"], "", "BBOX"),
    (&["BBOX=2,58,2.0000000000001,62"], "", "BBOX"),
    (&["WIDTH=0"], "", "4096"),
    (&["WIDTH=4097"], "", "4096"),
    (&["HEIGHT=99999999999"], "", "HEIGHT"),
    (&["HEIGHT=-5"], "", "HEIGHT"),
    (&["HEIGHT=-"], "", "HEIGHT"),
    (&["TRANSPARENT=maybe"], "", "maybe"),
    (&["BGCOLOR=white"], "", "0xRRGGBB"),
    (&["TIME=yesterday"], "InvalidDimensionValue", "yesterday"),
    (
        &["TIME=2025-01-01T01:00:00Z,2025-01-01T02:00:00Z"],
        "InvalidDimensionValue",
        "list",
    ),
    (
        &["TIME=1999-01-01T00:00:00Z"],
        "InvalidDimensionValue",
        "2025-01-01T00:00:00Z/2025-01-01T06:00:00Z",
    ),
    (&["REQUEST=GetTile"], "OperationNotSupported", "GetTile"),
    (&["REQUEST=GetStyles"], "OperationNotSupported", "GetStyles"),
    (&["REQUEST=-"], "OperationNotSupported", "GetCapabilities"),
    (&["SERVICE=WFS"], "", "WFS"),
    (&["VERSION=one"], "", "one"),
    (&["VERSION=-"], "", "VERSION is missing"),
    (
        &[
            "VERSION=",
            "REQUEST=GetFeatureInfo",
            "QUERY_LAYERS=currents",
            "I=1",
            "J=1",
        ],
        "",
        "VERSION is missing",
    ),
    (&["width=200"], "", "twice"),
    (&["REQUEST=GetFeatureInfo"], "", "QUERY_LAYERS"),
    (
        &["REQUEST=GetFeatureInfo", "QUERY_LAYERS=wind", "I=1", "J=1"],
        "LayerNotQueryable",
        "wind",
    ),
    (
        &["REQUEST=GetFeatureInfo", "QUERY_LAYERS=lakes", "I=1", "J=1"],
        "LayerNotDefined",
        "lakes",
    ),
    (
        &["REQUEST=GetFeatureInfo", "QUERY_LAYERS=currents", "I=100", "J=1"],
        "InvalidPoint",
        "100",
    ),
    (
        &["REQUEST=GetFeatureInfo", "QUERY_LAYERS=currents", "I=-1", "J=1"],
        "InvalidPoint",
        "-1",
    ),
    (
        &["REQUEST=GetFeatureInfo", "QUERY_LAYERS=currents", "I=1"],
        "InvalidPoint",
        "J",
    ),
    (
        &[
            "REQUEST=GetFeatureInfo",
            "QUERY_LAYERS=currents",
            "I=1",
            "J=1",
            "INFO_FORMAT=application/pdf",
        ],
        "InvalidFormat",
        "application/pdf",
    ),
    (&["REQUEST=GetLegendGraphic"], "", "LAYER"),
    (&["REQUEST=GetLegendGraphic", "LAYER=lakes"], "LayerNotDefined", "lakes"),
    (
        &["REQUEST=GetLegendGraphic", "LAYER=wind", "STYLE=pink"],
        "StyleNotDefined",
        "pink",
    ),
    (
        &["REQUEST=GetCapabilities", "UPDATESEQUENCE=99999999"],
        "InvalidUpdateSequence",
        "99999999",
    ),
    (
        &["REQUEST=GetCapabilities", "UPDATESEQUENCE=x"],
        "InvalidUpdateSequence",
        "x",
    ),
];

#[tokio::test]
async fn every_refusal_has_the_code_of_the_standard() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let waiting = service.accept(&service.ours).await.id;
    assert_eq!(Pixels::of(&service.get(&format!("/wms?{GOOD}")).await).drawn(), 8_000);
    for (changes, code, word) in REFUSED {
        let query = with(GOOD, changes);
        let answer = service.get(&format!("/wms?{query}")).await;
        is_exception(&answer, code, word, &query);
    }
    let srs = service
        .get(&format!(
            "/wms?{}",
            with(GOOD, &["VERSION=1.1.1", "CRS=-", "SRS=EPSG:27700"])
        ))
        .await;
    is_exception(&srs, "InvalidSRS", "EPSG:27700", "1.1.1");
    assert_eq!(srs.header("content-type"), "application/vnd.ogc.se_xml");
    for (root, layer, word) in [
        (mission, "probability", "version without it"),
        (waiting.to_string(), "probability", "queued"),
        (waiting.to_string(), "search-areas", "queued"),
    ] {
        let answer = service
            .get(&format!(
                "/missions/{root}/wms?{}",
                with(GOOD, &[&format!("LAYERS={layer}")])
            ))
            .await;
        is_exception(&answer, "LayerNotDefined", word, layer);
    }
    let many = vec!["currents"; 17].join(",");
    let answer = service
        .get(&format!("/wms?{}", with(GOOD, &[&format!("LAYERS={many}")])))
        .await;
    is_exception(&answer, "", "at most 16", "many layers");
}

#[tokio::test]
async fn what_is_refused_is_refused_before_anything_is_read() {
    let service = Service::start().await;
    let reads = || service.maps.reads.load(Ordering::Relaxed);
    for changes in [
        &["WIDTH=100000"][..],
        &["BBOX=-1e300,58,1e300,62"],
        &["LAYERS=currents,lakes"],
        &["TIME=1999-01-01T00:00:00Z"],
    ] {
        assert_eq!(service.get(&format!("/wms?{}", with(GOOD, changes))).await.status, 400);
    }
    assert_eq!(reads(), 0);
    assert_eq!(service.get(&format!("/wms?{GOOD}")).await.status, 200);
    assert_eq!(reads(), 1);
}

#[tokio::test]
async fn the_largest_picture_is_drawn() {
    let service = Service::start().await;
    let answer = service
        .get(&format!(
            "/wms?{}",
            with(GOOD, &["WIDTH=4096", "HEIGHT=4096", "STYLES=colour"])
        ))
        .await;
    let pixels = Pixels::of(&answer);
    assert_eq!((pixels.width, pixels.height), (4096, 4096));
}

#[tokio::test]
async fn an_exception_as_a_picture_has_its_words_or_nothing_as_asked() {
    let service = Service::start().await;
    for (version, form) in [
        ("1.3.0", "INIMAGE"),
        ("1.3.0", "BLANK"),
        ("1.1.1", "application/vnd.ogc.se_inimage"),
        ("1.1.1", "application/vnd.ogc.se_blank"),
    ] {
        let changes = [
            &format!("VERSION={version}")[..],
            "LAYERS=lakes",
            "TRANSPARENT=TRUE",
            &format!("EXCEPTIONS={form}"),
        ];
        let answer = service.get(&format!("/wms?{}", with(GOOD, &changes))).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, "image/png"),
            "{form}"
        );
        assert_eq!(answer.header("x-wms-exception"), "LayerNotDefined");
        let pixels = Pixels::decode(&answer.body);
        assert_eq!((pixels.width, pixels.height), (100, 80), "{form}");
        let is_blank = form.to_lowercase().ends_with("blank");
        assert_eq!(pixels.drawn() == 0, is_blank, "{form}");
    }
    let red = with(
        GOOD,
        &[
            "LAYERS=lakes",
            "EXCEPTIONS=BLANK",
            "TRANSPARENT=FALSE",
            "BGCOLOR=0xFF0000",
        ],
    );
    let red = Pixels::decode(&service.get(&format!("/wms?{red}")).await.body);
    assert!(red.all().all(|pixel| pixel == [255, 0, 0, 255]));
    let report = service
        .get(&format!("/wms?{}", with(GOOD, &["LAYERS=lakes", "EXCEPTIONS=XML"])))
        .await;
    is_exception(&report, "LayerNotDefined", "lakes", "XML");
}

/// Parameters and values that are thrown together.
const NAMES: &[&str] = &[
    "REQUEST",
    "VERSION",
    "LAYERS",
    "STYLES",
    "CRS",
    "SRS",
    "BBOX",
    "WIDTH",
    "HEIGHT",
    "FORMAT",
    "TIME",
    "BGCOLOR",
    "TRANSPARENT",
    "EXCEPTIONS",
    "QUERY_LAYERS",
    "I",
    "J",
    "X",
    "INFO_FORMAT",
    "FEATURE_COUNT",
    "LAYER",
    "STYLE",
    "UPDATESEQUENCE",
    "SERVICE",
    "ELEVATION",
];
const VALUES: &[&str] = &[
    "",
    "0",
    "-1",
    "1",
    "5",
    "4096",
    "1e308",
    "NaN",
    "inf",
    "1,2,3,4",
    "2,58,7,62",
    "-180,-90,180,90",
    "170,-20,190,-10",
    "-2000,-90,2000,90",
    "GetMap",
    "GetFeatureInfo",
    "GetLegendGraphic",
    "GetCapabilities",
    "currents",
    "probability",
    "particles,search-areas",
    "trajectories",
    "waves",
    "EPSG:3857",
    "EPSG:4326",
    "CRS:84",
    "1.1.1",
    "image/png",
    "application/json",
    "text/html",
    "current",
    "2025-01-01T01:00:00Z",
    "2025-01-01",
    "9999-12-31T23:59:59Z",
    "-009999-01-01T00:00:00Z/9999-12-31T23:59:59Z",
    "0x00FF00",
    "TRUE",
    "BLANK",
    "night",
    "%F0%9F%9A%A2",
    "%00",
    "%",
    "%ff",
    "<script>",
    "]]>",
    "{{x}}",
    "..",
    "+",
    "'",
];

#[tokio::test]
async fn no_nonsense_is_ever_a_fault_of_ours_or_an_empty_answer() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    let mut dice = Dice(17);
    let mut draw = |n: usize| (dice.roll() * n as f64) as usize;
    let mut statuses = std::collections::BTreeMap::new();
    for round in 0..1_000 {
        let changes: Vec<String> = (0..1 + draw(3))
            .map(|_| format!("{}={}", NAMES[draw(NAMES.len())], VALUES[draw(VALUES.len())]))
            .collect();
        let mut query = GOOD.to_owned();
        for change in &changes {
            query = with(&query, &[change]);
        }
        let root = if round % 2 == 0 {
            String::new()
        } else {
            format!("/missions/{mission}")
        };
        let path = format!("{root}/wms?{query}").replace(['<', '>', '{', '}'], "%3C");
        let Ok(uri) = path.parse::<http::Uri>() else { continue };
        let request = Request::builder().uri(uri).header("x-api-key", &service.ours.key);
        let answer = service.send(request.body(Body::empty()).unwrap()).await;
        assert!(
            [200, 400].contains(&answer.status.as_u16()),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.body.is_empty(), "{path}");
        if answer.header("content-type").contains("xml") {
            crate::capabilities::check_well_formed(&String::from_utf8_lossy(&answer.body));
        }
        *statuses.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    assert!(statuses[&200] > 100 && statuses[&400] > 300, "{statuses:?}");
}

#[tokio::test]
async fn a_fault_of_ours_is_a_report_without_its_cause_and_with_its_status() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    for ((_, name), bytes) in service.files.0.lock().unwrap().iter_mut() {
        if name == "probability.tif" || name == "particles.parquet" {
            *bytes = bytes.slice(..100);
        }
    }
    for layer in ["probability", "particles"] {
        let changes = [
            format!("LAYERS={layer}"),
            format!("TIME={}", time(1)),
            "BBOX=3,59,4,60".to_owned(),
        ];
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let answer = service
            .get(&format!("/missions/{mission}/wms?{}", with(GOOD, &changes)))
            .await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 500, "{layer}: {text}");
        assert_eq!(crate::capabilities::parse(&text).name, "ServiceExceptionReport");
        assert!(!text.contains("parquet") && !text.contains(".tif"), "{text}");
    }
    let tile = service
        .get(&format!("/missions/{mission}/tiles/particles/6/32/18.mvt"))
        .await;
    assert_eq!(
        (tile.status.as_u16(), tile.header("content-type")),
        (500, "application/problem+json")
    );
    let path = format!("/missions/{mission}/wms?{}", with(GOOD, &["LAYERS=search-areas"]));
    assert_eq!(service.get(&path).await.status, 200, "what is whole is still drawn");
    let capabilities = format!("/missions/{mission}/wms?SERVICE=WMS&REQUEST=GetCapabilities");
    let text = service.get(&capabilities).await;
    let text = String::from_utf8_lossy(&text.body).into_owned();
    assert!(
        text.contains("<Name>search-areas</Name>") && !text.contains("<Name>probability</Name>"),
        "{text}"
    );
}

#[tokio::test]
async fn grounds_are_white_unless_asked_for_otherwise() {
    let service = Service::start().await;
    let beyond = "BBOX=-20,58,-10,62";
    for (changes, colour) in [
        (&[beyond][..], [255, 255, 255, 255]),
        (&[beyond, "BGCOLOR=0x102030"], [0x10, 0x20, 0x30, 255]),
        (&[beyond, "TRANSPARENT=TRUE", "BGCOLOR=0x102030"], [0, 0, 0, 0]),
    ] {
        let answer = service.get(&format!("/wms?{}", with(GOOD, changes))).await;
        let pixels = Pixels::of(&answer);
        let is_ground = |pixel: [u8; 4]| pixel == colour || (colour[3] == 0 && pixel[3] == 0);
        assert!(pixels.all().all(is_ground), "{changes:?}");
    }
}

#[tokio::test]
async fn layers_are_drawn_over_each_other_in_their_order() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let at = format!("TIME={}", time(2));
    let draw = async |layers: &str, styles: &str| {
        let changes = [
            format!("LAYERS={layers}"),
            format!("STYLES={styles}"),
            at.clone(),
            "BBOX=2.9,59.4,3.9,60.0".to_owned(),
            "TRANSPARENT=TRUE".to_owned(),
        ];
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        Pixels::of(
            &service
                .get(&format!("/missions/{mission}/wms?{}", with(GOOD, &changes)))
                .await,
        )
    };
    let (currents, areas) = (draw("currents", "colour").await, draw("search-areas", "").await);
    let both = draw("currents,search-areas", "colour,").await;
    let reversed = draw("search-areas,currents", ",colour").await;
    assert!(areas.drawn() > 100 && areas.drawn() < 8_000);
    assert_eq!(reversed, currents, "opaque currents hide what lies below");
    assert_eq!(both.drawn(), 8_000);
    assert_ne!(both, currents);
}
