//! Capabilities in both versions: well formed, in the order of the schema, with what clients read from them.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::content::{publish, publish_with_raster};
use crate::forcing::{CURRENT_CREDIT, time};
use crate::service::{BASE, Service};

/// An element with its attributes, children and text.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn child(&self, name: &str) -> &Self {
        let found = self.children.iter().find(|child| child.name == name);
        found.unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn layer(&self, name: &str) -> &Self {
        let layers = self.child("Capability").child("Layer").all("Layer");
        let mut layers = layers.filter(|layer| layer.child("Name").text == name);
        layers.next().unwrap_or_else(|| panic!("no layer {name}"))
    }

    fn layer_names(&self) -> Vec<&str> {
        let layers = self.child("Capability").child("Layer").all("Layer");
        layers.map(|layer| layer.child("Name").text.as_str()).collect()
    }
}

/// Reads a document, and panics where it is not well formed.
pub(crate) fn parse(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let element = |start: &quick_xml::events::BytesStart<'_>| Element {
        name: start.name().as_ref().to_owned(),
        attributes: start
            .attributes()
            .map(|attribute| attribute.unwrap())
            .map(|attribute| {
                let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
                (attribute.key.as_ref().to_owned(), value)
            })
            .collect(),
        ..Element::default()
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(element(&start)),
            Event::End(_) => {
                let mut done = open.pop().unwrap();
                // Only indentation is around texts.
                done.text = done.text.trim().to_owned();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(reference) => {
                let text = format!("&{};", &*reference);
                let text = quick_xml::escape::unescape(&text).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1, "not closed");
    let mut roots = open.pop().unwrap().children;
    assert_eq!(roots.len(), 1, "one root");
    roots.pop().unwrap()
}

pub(crate) fn check_well_formed(text: &str) {
    assert!(!parse(text).name.is_empty());
}

async fn capabilities(service: &Service, root: &str, version: &str) -> Element {
    let path = format!("{root}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}");
    let answer = service.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-test-bill"), "", "capabilities are free");
    parse(std::str::from_utf8(&answer.body).unwrap())
}

#[tokio::test]
async fn layers_are_those_that_there_are() {
    let service = Service::start().await;
    let (old, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let (new, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    let waiting = service.accept(&service.ours).await.id;
    let of_runs = ["search-areas", "particles", "trajectories", "currents", "wind"];
    for (root, names) in [
        (String::new(), vec!["search-areas", "currents", "wind"]),
        (format!("/missions/{old}"), of_runs.to_vec()),
        (format!("/missions/{new}"), [&["probability"][..], &of_runs].concat()),
        (format!("/missions/{waiting}"), vec!["currents", "wind"]),
    ] {
        for version in ["1.1.1", "1.3.0"] {
            assert_eq!(
                capabilities(&service, &root, version).await.layer_names(),
                names,
                "{root}"
            );
        }
    }
}

#[tokio::test]
async fn a_layer_says_where_when_how_and_whose() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let root = format!("/missions/{mission}");
    let extent = format!("{}/{}/PT1H", time(0), time(6));
    let new = capabilities(&service, &root, "1.3.0").await;
    let layer = new.layer("currents");
    assert_eq!(layer.attribute("queryable"), "1");
    let order: Vec<&str> = layer.children.iter().map(|child| child.name.as_str()).collect();
    let expected = [
        "Name",
        "Title",
        "Abstract",
        "KeywordList",
        // The UTM zones 31 and 32; all other systems are inherited.
        "CRS",
        "CRS",
        "EX_GeographicBoundingBox",
        // Three that every map client knows, three polar ones that have it, two zones.
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        // Time, and the model run.
        "Dimension",
        "Dimension",
        "Attribution",
        "MetadataURL",
        "Style",
        "Style",
        "Style",
    ];
    assert_eq!(order, expected);
    let dimension = layer.child("Dimension");
    assert_eq!(dimension.text, extent);
    for (name, value) in [
        ("name", "time"),
        ("units", "ISO8601"),
        ("default", "current"),
        ("nearestValue", "1"),
        ("current", "1"),
    ] {
        assert_eq!(dimension.attribute(name), value);
    }
    assert_eq!(layer.child("Attribution").child("Title").text, CURRENT_CREDIT);
    let boxes: Vec<[&str; 3]> = layer
        .all("BoundingBox")
        .map(|bbox| [bbox.attribute("CRS"), bbox.attribute("minx"), bbox.attribute("miny")])
        .collect();
    assert_eq!(boxes[0], ["EPSG:4326", "55", "0"], "latitude first");
    assert_eq!(boxes[1], ["CRS:84", "0", "55"]);
    assert_eq!(
        layer.child("EX_GeographicBoundingBox").child("northBoundLatitude").text,
        "65"
    );
    let old = capabilities(&service, &root, "1.1.1").await;
    let layer = old.layer("probability");
    let order: Vec<&str> = layer.children.iter().map(|child| child.name.as_str()).collect();
    let expected = [
        "Name",
        "Title",
        "Abstract",
        "KeywordList",
        "SRS",
        "LatLonBoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "BoundingBox",
        "Dimension",
        "Extent",
        "Attribution",
        "Style",
        "Style",
        "Style",
        "Style",
    ];
    assert_eq!(order, expected);
    let extent_of_old = layer.child("Extent");
    assert_eq!(
        (extent_of_old.text.as_str(), extent_of_old.attribute("default")),
        (extent.as_str(), "current")
    );
    let currents = old.layer("currents").all("BoundingBox").next().unwrap();
    assert_eq!(
        (currents.attribute("SRS"), currents.attribute("minx")),
        ("EPSG:4326", "0"),
        "longitude first"
    );
}

#[tokio::test]
async fn every_layer_says_where_it_is_described_for_machines() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let root = format!("/missions/{mission}");
    let new = capabilities(&service, &root, "1.3.0").await;
    for (name, path) in [
        ("currents", "edr/collections/currents"),
        ("search-areas", "ogc/collections/search-areas"),
        ("probability", "edr/collections/probability"),
    ] {
        let link = new.layer(name).child("MetadataURL").child("OnlineResource");
        let path = format!("{root}/{path}?f=json");
        assert!(link.attribute("xlink:href").ends_with(&path), "{path}");
        assert_eq!(service.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_service_says_its_limits_and_where_requests_go() {
    let service = Service::start().await;
    let new = capabilities(&service, "", "1.3.0").await;
    assert_eq!(new.attribute("version"), "1.3.0");
    let about = new.child("Service");
    assert_eq!(
        (about.child("Name").text.as_str(), about.child("MaxWidth").text.as_str()),
        ("WMS", "4096")
    );
    assert_eq!(about.child("MaxHeight").text, "4096");
    let contact = about.child("ContactInformation");
    let person = contact.child("ContactPersonPrimary");
    assert_eq!(person.child("ContactOrganization").text, "Rescue & Co");
    assert_eq!(contact.child("ContactVoiceTelephone").text, "+47 00 00 00 00");
    assert_eq!(
        contact.child("ContactElectronicMailAddress").text,
        "duty@rescue.example.org"
    );
    let requests = new.child("Capability").child("Request");
    for name in ["GetCapabilities", "GetMap", "GetFeatureInfo"] {
        let get = requests.child(name).child("DCPType").child("HTTP").child("Get");
        assert_eq!(
            get.child("OnlineResource").attribute("xlink:href"),
            format!("{BASE}/wms?"),
            "{name}"
        );
    }
    let exceptions: Vec<&str> = new
        .child("Capability")
        .child("Exception")
        .children
        .iter()
        .map(|f| f.text.as_str())
        .collect();
    assert_eq!(exceptions, ["XML", "INIMAGE", "BLANK"]);
    let old = capabilities(&service, "", "1.1.1").await;
    assert_eq!(old.child("Service").child("Name").text, "OGC:WMS");
    assert_eq!(old.child("Capability").child("Request").children.len(), 5);
}

#[tokio::test]
async fn names_of_missions_and_credits_are_escaped() {
    let service = Service::start().await;
    let mut body = crate::service::mission_body();
    body["name"] = "<b>\"Ål\" & 'co' ]]></b>".into();
    let mission = service.post("/v1/missions", &body.to_string(), &[]).await.json();
    let root = format!("/missions/{}", mission["id"].as_str().unwrap());
    for version in ["1.1.1", "1.3.0"] {
        let document = capabilities(&service, &root, version).await;
        let title = &document.child("Service").child("Title").text;
        assert_eq!(title, "Driftline: <b>\"Ål\" & 'co' ]]></b>");
    }
}

#[tokio::test]
async fn the_update_sequence_grows_with_what_is_published() {
    let service = Service::start().await;
    let sequence = async || -> u64 {
        let document = capabilities(&service, "", "1.3.0").await;
        document.attribute("updateSequence").parse().unwrap()
    };
    let first = sequence().await;
    service.maps.version.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let second = sequence().await;
    publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let third = sequence().await;
    assert!(first < second && second < third, "{first} {second} {third}");
    let ask = async |sequence: u64| {
        let path = format!("/wms?SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE={sequence}");
        service.get(&path).await
    };
    assert_eq!(ask(second).await.status, 200, "older than the current one");
    let current = ask(third).await;
    assert_eq!(
        (current.status.as_u16(), current.header("x-wms-exception")),
        (400, "CurrentUpdateSequence")
    );
    assert_eq!(ask(third + 1).await.header("x-wms-exception"), "InvalidUpdateSequence");
}

#[tokio::test]
async fn an_extent_across_the_antimeridian_is_the_whole_turn() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (179.8, -17.0), 6).await;
    let document = capabilities(&service, &format!("/missions/{mission}"), "1.3.0").await;
    let bbox = document.layer("search-areas").child("EX_GeographicBoundingBox");
    let sides = ["westBoundLongitude", "eastBoundLongitude"].map(|side| bbox.child(side).text.as_str());
    assert_eq!(sides, ["-180", "180"]);
}
