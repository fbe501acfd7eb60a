//! Live KML: every document against the schema of the standard, read by both of GDAL's drivers; links followed as a viewer does.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Prepared, Server, mission_off_norway, python, scratch, system_python};

const KML: &str = "application/vnd.google-earth.kml+xml";
/// Six hours into the run.
const LATER: &str = "2015-11-16T06:20:00Z";

struct Subject {
    prepared: Prepared,
    server: Server,
    /// Sends no key: viewers have it in the address.
    viewer: Client,
    mission: String,
    folder: tempfile::TempDir,
}

impl Subject {
    fn new() -> Self {
        let prepared = Prepared::new();
        let server = prepared.serve();
        let client = server.client().with_key(&prepared.key);
        let posted = client.post("/v1/missions", &mission_off_norway(12, 1_000));
        let mission = posted.expect(202, "POST").json()["id"].as_str().unwrap().to_owned();
        assert_eq!(client.wait_for(&mission)["status"], "completed");
        Self {
            viewer: server.client(),
            prepared,
            server,
            mission,
            folder: scratch("kml"),
        }
    }

    /// What the schema and the list of placemarks and links say of what lies at an address.
    fn read(&self, name: &str, at: &str) -> Value {
        let answer = self.viewer.get(at).expect(200, at);
        let kind = answer.header("content-type").unwrap();
        assert!(kind.starts_with("application/vnd.google-earth.km"), "{at}: {kind}");
        let file = self.folder.path().join(name);
        std::fs::write(&file, &answer.body).unwrap();
        let found = python("kml_schema.py", &[text(&file)])[text(&file)].clone();
        assert_eq!(found["errors"], json!([]), "{at}: {}", answer.text());
        found
    }

    fn with_key(&self, path: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{path}{mark}key={}", self.prepared.key)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn link<'a>(document: &'a Value, name: &str) -> &'a str {
    let links = document["links"].as_array().unwrap();
    let found = links.iter().find(|link| link["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no link {name}: {document}"));
    assert_eq!(found["mode"], "onInterval", "{found}");
    assert!(
        found["interval"].as_str().unwrap().parse::<u32>().unwrap() >= 10,
        "{found}"
    );
    found["href"].as_str().unwrap()
}

#[test]
fn a_viewer_follows_the_links_from_the_organisation_to_what_holds() {
    let subject = Subject::new();
    let root = subject.read("root.kml", &subject.with_key(&format!("/kml?datetime={LATER}")));
    let missions = subject.read("missions.kml", link(&root, "Missions"));
    let now = subject.read("now.kml", link(&missions, "person overboard"));
    let marks = now["placemarks"].as_array().unwrap();
    let mut levels: Vec<&str> = marks.iter().filter_map(|mark| mark["level"].as_str()).collect();
    levels.sort_unstable();
    assert_eq!(levels, ["0.5", "0.9", "0.95"], "{now}");
    for mark in marks {
        assert_eq!(
            (&mark["begin"], &mark["end"]),
            (&json!("2015-11-16T06:00:00Z"), &json!("2015-11-16T07:00:00Z")),
            "{mark}"
        );
    }
    assert!(marks.iter().any(|mark| mark["name"] == "Mean position"), "{now}");
    assert!(now["description"].as_str().unwrap().contains("MET Norway"), "{now}");

    // Everything by time, zipped; GDAL finds as many.
    let own = subject.read(
        "own.kml",
        &subject.with_key(&format!("/missions/{}/kml", subject.mission)),
    );
    link(&own, "Now");
    let times = subject.read("times.kmz", link(&own, "All times"));
    let areas = times["placemarks"].as_array().unwrap().iter();
    assert_eq!(areas.filter(|mark| mark["level"].is_string()).count(), 3 * 13);
    let files = ["now.kml", "times.kmz", "own.kml"].map(|name| subject.folder.path().join(name));
    let read = system_python("kml_gdal.py", &files.each_ref().map(|file| text(file)));
    println!("{read}");
    let count = |file: &Path, driver: &str| -> Option<u64> {
        let layers = read[text(file)][driver].as_object()?;
        Some(layers.values().filter_map(Value::as_u64).sum())
    };
    assert_eq!(count(&files[0], "LIBKML"), Some(marks.len() as u64), "{read}");
    assert_eq!(count(&files[0], "KML"), Some(marks.len() as u64), "{read}");
    let all = times["placemarks"].as_array().unwrap().len() as u64;
    assert_eq!(count(&files[1], "LIBKML"), Some(all), "{read}");
    subject.server.stop(&[]);
}

#[test]
fn what_holds_not_is_an_empty_document_and_what_is_wrong_is_said() {
    let subject = Subject::new();
    let (mission, client) = (
        &subject.mission,
        subject.server.client().with_key(&subject.prepared.key),
    );
    let now = subject.read(
        "now.kml",
        &subject.with_key(&format!("/missions/{mission}/kml/now.kml")),
    );
    assert_eq!(now["placemarks"], json!([]), "the run is ten years old");
    assert!(
        now["description"].as_str().unwrap().contains("valid from 2015-11-16"),
        "{now}"
    );
    let missions = subject.read("missions.kml", &subject.with_key("/kml/missions.kml"));
    assert_eq!(missions["links"], json!([]), "no mission holds now");

    let at = format!("/missions/{mission}/kml/now.kml?datetime={LATER}");
    let first = client.get(&at).expect(200, &at);
    assert_eq!(first.header("x-charge-units"), Some("1"), "features");
    let tag = first.header("etag").unwrap();
    let again = client
        .send("GET", &at, &[("if-none-match", tag)], b"")
        .unwrap()
        .expect(304, "again");
    assert_eq!(again.header("x-charge-units"), None);
    let empty = client
        .get(&format!("/missions/{mission}/kml/now.kml"))
        .expect(200, "nothing holds");
    assert_eq!(
        (empty.header("x-charge-units"), empty.header("content-type")),
        (None, Some(KML))
    );

    for (path, status) in [
        ("/kml/now.kml".to_owned(), 404),
        (format!("/missions/{mission}/kml/areas.kml"), 404),
        (format!("/missions/{mission}/kml/now.kml?datetime=yesterday"), 400),
        (format!("/missions/{mission}/kml/times.kml?datetime={LATER}"), 400),
        (format!("/missions/{mission}/kml?time=now"), 400),
        ("/kml?bbox=0,0,1,1".to_owned(), 400),
    ] {
        client.get(&path).problem(status, &path);
    }
    let foreign = subject.server.client().with_key(&subject.prepared.foreign_key);
    foreign.get(&at).problem(404, "another's mission");
    subject.viewer.get(&at).problem(401, "no key");
    let theirs = foreign
        .get(&format!("/kml/missions.kml?datetime={LATER}"))
        .expect(200, "theirs");
    assert!(
        !theirs.text().contains(mission.as_str()),
        "a list of one's own missions"
    );
    client
        .send("DELETE", &format!("/v1/missions/{mission}"), &[], b"")
        .unwrap()
        .expect(204, "withdrawn");
    client.get(&at).problem(404, "a withdrawn mission");
    let after = client
        .get(&format!("/kml/missions.kml?datetime={LATER}"))
        .expect(200, "after");
    assert!(!after.text().contains(mission.as_str()));
    subject.server.stop(&[]);
}
