//! WMS 1.3.0 (06-042, annex A: basic and queryable) and what 1.1.1 (01-068r3) has differently. Cases have the identifiers
//! of the OGC's abstract test suite for WMS 1.3.0. What needs the suite's own data is tested beside the router, on test
//! layers of the same kind.

use super::{Case, Check, Subject};
use crate::harness::Answer;

const BASIC: &str = "WMS 1.3.0, basic";
const QUERYABLE: &str = "WMS 1.3.0, queryable";
const OLD: &str = "WMS 1.1.1";

/// What the capabilities say that there is.
pub(super) const CLASSES: [&str; 3] = [BASIC, QUERYABLE, OLD];

const MAP: &str = "REQUEST=GetMap&VERSION=1.3.0&STYLES=&CRS=CRS:84&BBOX=2,58,7,62&WIDTH=100&HEIGHT=80&FORMAT=image/png&LAYERS=search-areas";

pub(super) fn cases() -> Vec<Case> {
    let basic: [(&'static str, Check); 22] = [
        ("basic_elements:version-negotiation", version_negotiation),
        ("basic_elements:extra-GetMap-param", extra_parameter),
        ("basic_elements:escaped-chars", escaped),
        ("getcapabilities:format", capabilities_format),
        ("getcapabilities:updatesequence", update_sequence),
        ("getcapabilities:online-resources", online_resources),
        ("getcapabilities:bounding-boxes", bounding_boxes),
        ("getcapabilities:root-crs", root_systems),
        ("getcapabilities:legend-url", legends),
        ("getmap:bbox-minx-gt-maxx", |it| wrong_box(it, "7,58,2,62")),
        ("getmap:bbox-minx-eq-maxx", |it| wrong_box(it, "2,58,2,62")),
        ("getmap:bbox-outside-crs", outside_of_system),
        ("getmap:each-crs", each_system),
        ("getmap:invalid-crs", |it| {
            refused(it, "CRS=CRS:84", "CRS=EPSG:1", "InvalidCRS")
        }),
        ("getmap:invalid-format", |it| {
            refused(it, "image/png", "image/none", "InvalidFormat")
        }),
        ("getmap:invalid-layer", |it| {
            refused(it, "search-areas", "none", "LayerNotDefined")
        }),
        ("getmap:invalid-style", |it| {
            refused(it, "STYLES=", "STYLES=none", "StyleNotDefined")
        }),
        ("getmap:layerlimit", layer_limit),
        ("getmap:exceptions-blank-mime", |it| exception_picture(it, "BLANK")),
        ("getmap:exceptions-inimage-mime", |it| exception_picture(it, "INIMAGE")),
        ("getmap:no-version", no_version),
        ("time:time-default", default_time),
    ];
    let queryable: [(&'static str, Check); 4] = [
        ("getfeatureinfo:each-format", info_formats),
        ("getfeatureinfo:invalid-format", |it| {
            info_refused(it, "INFO_FORMAT=none&I=5&J=5", "InvalidFormat")
        }),
        ("getfeatureinfo:invalid-i", |it| {
            info_refused(it, "INFO_FORMAT=text/plain&I=500&J=5", "InvalidPoint")
        }),
        ("getfeatureinfo:layer-not-queryable", not_among_layers),
    ];
    let old: [(&'static str, Check); 2] = [("getcapabilities", old_capabilities), ("getmap", old_map)];
    let of = |class: &'static str| move |(id, check): (&'static str, Check)| Case { class, id, check };
    let basic = basic.into_iter().map(of(BASIC));
    basic
        .chain(queryable.into_iter().map(of(QUERYABLE)))
        .chain(old.into_iter().map(of(OLD)))
        .collect()
}

fn root(subject: &Subject) -> String {
    format!("/missions/{}/wms", subject.mission)
}

fn get(subject: &Subject, query: &str) -> Answer {
    subject.client.get(&format!("{}?{query}", root(subject)))
}

fn capabilities(subject: &Subject, version: &str) -> String {
    let query = format!("SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}");
    get(subject, &query).expect(200, "capabilities").text()
}

fn is_picture(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("image/png")),
        "{what}: {}",
        answer.text()
    );
}

fn is_exception(answer: &Answer, code: &str) {
    let text = answer.text();
    assert!(answer.header("content-type").unwrap().starts_with("text/xml"), "{text}");
    assert!(
        text.contains("<ServiceException") && text.contains(code),
        "{code}: {text}"
    );
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

fn version_negotiation(subject: &Subject) {
    for (asked, answered) in [
        ("", "1.3.0"),
        ("1.3.0", "1.3.0"),
        ("100.0.0", "1.3.0"),
        ("0.0.0", "1.1.1"),
    ] {
        let text = capabilities(subject, asked);
        assert!(text.contains(&format!("version=\"{answered}\"")), "{asked}");
    }
}

fn extra_parameter(subject: &Subject) {
    is_picture(&get(subject, &format!("{MAP}&BoGuS=ignored")), "an unknown parameter");
}

fn escaped(subject: &Subject) {
    let escaped = MAP
        .replace("CRS:84", "%43%52S%3A84")
        .replace("image/png", "image%2Fpng");
    is_picture(&get(subject, &escaped), "escaped characters");
}

fn capabilities_format(subject: &Subject) {
    for format in ["", "&FORMAT=text/xml", "&FORMAT=none"] {
        let answer = get(subject, &format!("SERVICE=WMS&REQUEST=GetCapabilities{format}"));
        assert!(
            answer.header("content-type").unwrap().starts_with("text/xml"),
            "{format}"
        );
    }
}

fn update_sequence(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let current: u64 = between(&text, "updateSequence=\"", "\"")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let ask = |number: u64| {
        get(
            subject,
            &format!("SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE={number}"),
        )
    };
    is_exception(&ask(current), "CurrentUpdateSequence");
    is_exception(&ask(current + 1), "InvalidUpdateSequence");
    ask(current - 1).expect(200, "a lower number");
}

fn online_resources(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let gets: Vec<&str> = between(&text, "<Get>", "</Get>").collect();
    assert!(gets.len() >= 3);
    for get in gets {
        let address = between(get, "xlink:href=\"", "\"").next().unwrap();
        assert!(
            address.ends_with('?') || address.contains('?') && address.ends_with("&amp;"),
            "{address}"
        );
    }
}

fn bounding_boxes(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let number = |text: &str, name: &str| -> f64 { between(text, name, "<").next().unwrap().parse().unwrap() };
    for part in between(&text, "<EX_GeographicBoundingBox>", "</EX_GeographicBoundingBox>") {
        assert!(number(part, "<westBoundLongitude>") < number(part, "<eastBoundLongitude>"));
        assert!(number(part, "<southBoundLatitude>") < number(part, "<northBoundLatitude>"));
    }
    for layer in between(&text, "<Layer queryable", "</Layer>") {
        let mut systems: Vec<&str> = between(layer, "<BoundingBox CRS=\"", "\"").collect();
        let all = systems.len();
        systems.sort_unstable();
        systems.dedup();
        assert!(all >= 3 && systems.len() == all, "each box is of another system");
    }
}

fn root_systems(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let root = between(&text, "<Layer>", "<Layer ").next().unwrap();
    for system in [
        "CRS:84",
        "EPSG:4326",
        "EPSG:3857",
        "EPSG:3995",
        "EPSG:3413",
        "EPSG:3031",
    ] {
        assert!(root.contains(&format!("<CRS>{system}</CRS>")), "{system}");
    }
}

fn legends(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let legend = between(&text, "<LegendURL", "</LegendURL>").next().unwrap();
    let address = between(legend, "xlink:href=\"", "\"")
        .next()
        .unwrap()
        .replace("&amp;", "&");
    is_picture(&subject.client.get(&address), &address);
}

fn wrong_box(subject: &Subject, bbox: &str) {
    is_exception(&get(subject, &MAP.replace("2,58,7,62", bbox)), "BBOX");
}

fn outside_of_system(subject: &Subject) {
    is_picture(
        &get(subject, &MAP.replace("2,58,7,62", "-10,90,10,110")),
        "beyond the pole",
    );
}

fn each_system(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let layer = between(&text, "<Name>search-areas</Name>", "</Layer>")
        .next()
        .unwrap()
        .to_owned();
    let mut asked = 0;
    for part in between(&layer, "<BoundingBox ", "/>") {
        let value = |name: &str| between(part, &format!("{name}=\""), "\"").next().unwrap().to_owned();
        let bbox = ["minx", "miny", "maxx", "maxy"].map(&value).join(",");
        let query = MAP
            .replace("CRS=CRS:84", &format!("CRS={}", value("CRS")))
            .replace("2,58,7,62", &bbox);
        is_picture(&get(subject, &query), &query);
        asked += 1;
    }
    assert!(asked >= 6, "{asked}");
}

fn refused(subject: &Subject, good: &str, wrong: &str, code: &str) {
    is_exception(&get(subject, &MAP.replace(good, wrong)), code);
}

fn layer_limit(subject: &Subject) {
    let text = capabilities(subject, "1.3.0");
    let limit: usize = between(&text, "<LayerLimit>", "<").next().unwrap().parse().unwrap();
    let layers = vec!["search-areas"; limit].join(",");
    is_picture(
        &get(subject, &MAP.replace("search-areas", &layers)),
        "as many layers as the limit",
    );
}

fn exception_picture(subject: &Subject, form: &str) {
    let answer = get(
        subject,
        &format!("{}&EXCEPTIONS={form}", MAP.replace("search-areas", "none")),
    );
    // A client reads no picture off a failed request.
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
    assert_eq!(answer.header("x-wms-exception"), Some("LayerNotDefined"));
}

fn no_version(subject: &Subject) {
    let answer = get(subject, &MAP.replace("&VERSION=1.3.0", ""));
    is_exception(&answer, "VERSION is missing");
}

fn default_time(subject: &Subject) {
    let answer = get(subject, MAP);
    let warning = answer.header("warning").unwrap_or_default();
    assert!(warning.starts_with("99 Default value used: time=current"), "{warning}");
}

fn info(subject: &Subject, rest: &str) -> Answer {
    let map = MAP.replace("GetMap", "GetFeatureInfo");
    get(subject, &format!("{map}&QUERY_LAYERS=search-areas&{rest}"))
}

fn info_formats(subject: &Subject) {
    for format in ["text/plain", "application/json", "text/html"] {
        let answer = info(subject, &format!("INFO_FORMAT={format}&I=50&J=40")).expect(200, format);
        assert!(answer.header("content-type").unwrap().starts_with(format), "{format}");
    }
}

fn info_refused(subject: &Subject, rest: &str, code: &str) {
    is_exception(&info(subject, rest), code);
}

fn not_among_layers(subject: &Subject) {
    let map = MAP.replace("GetMap", "GetFeatureInfo");
    let answer = get(
        subject,
        &format!("{map}&QUERY_LAYERS=particles&INFO_FORMAT=text/plain&I=5&J=5"),
    );
    is_exception(&answer, "LayerNotQueryable");
}

fn old_capabilities(subject: &Subject) {
    let answer = get(subject, "SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1").expect(200, "1.1.1");
    assert_eq!(answer.header("content-type"), Some("application/vnd.ogc.wms_xml"));
    let text = answer.text();
    for part in [
        "<WMT_MS_Capabilities version=\"1.1.1\"",
        "<SRS>EPSG:4326</SRS>",
        "<UserDefinedSymbolization SupportSLD=\"1\"",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

fn old_map(subject: &Subject) {
    let map = MAP.replace("1.3.0", "1.1.1").replace("CRS=CRS:84", "SRS=EPSG:4326");
    is_picture(&get(subject, &map), "longitude first");
    let refused = get(subject, &map.replace("EPSG:4326", "EPSG:1"));
    assert_eq!(refused.header("content-type"), Some("application/vnd.ogc.se_xml"));
    assert!(refused.text().contains("InvalidSRS"));
}
