//! OGC API Processes and the STAC catalogue as others read them: OWSLib, the standard's own schemas, pystac-client and
//! stac-pydantic, against the running binary; and jobs over a restart.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Launch, Prepared, beside, mission_off_norway, python, scratch};

fn location(client: &Client, process: &str, body: &Value) -> String {
    let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
    let path = format!("/ogc/processes/{process}/execution");
    let created = client
        .send("POST", &path, &headers, body.to_string().as_bytes())
        .unwrap();
    created.expect(201, &path).header("location").unwrap().to_owned()
}

fn finished(client: &Client, job: &str) -> Value {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    loop {
        let info = client.json(job);
        if !["accepted", "running"].contains(&info["status"].as_str().unwrap()) {
            return info;
        }
        assert!(std::time::Instant::now() < deadline, "the job does not end: {info}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn owslib_executes_waits_and_follows() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let root = format!("{}/ogc", server.base());
    let inputs = mission_off_norway(6, 500);
    let read = python("owslib_processes.py", &[&root, &prepared.key, &inputs.to_string()]);
    assert_eq!(read["processes"], json!(["drift", "backtrack", "search-area", "echo"]));
    let members = read["inputs"].as_array().unwrap();
    let sent = inputs.as_object().unwrap().keys();
    assert!(
        sent.into_iter().all(|name| members.contains(&json!(name))),
        "{members:?}"
    );
    assert_eq!(read["echo"], json!({"echo": "hello"}));
    assert_eq!(read["status"]["status"], "successful", "{}", read["status"]);
    assert_eq!(read["created"]["jobID"], read["status"]["jobID"]);
    for results in [&read["waited"], &read["results"]] {
        let datums = results["datums"]["value"]["features"].as_array().unwrap();
        assert!(datums.len() >= 7, "{}", datums.len());
        assert_eq!(results["summary"]["value"]["valid_until"], "2015-11-16T06:00:00Z");
    }
    // The same mission with the same seed is the same answer, whichever way it was asked for.
    let places = |results: &Value| -> Vec<Value> {
        let features = results["datums"]["value"]["features"].as_array().unwrap();
        features.iter().map(|feature| feature["geometry"].clone()).collect()
    };
    assert_eq!(places(&read["waited"]), places(&read["results"]));
    server.stop(&[]);
}

#[test]
fn documents_are_as_the_standards_schemas_have_them() {
    let Some(folder) = beside(
        "data/cite/schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas",
        "whether documents of OGC API Processes satisfy the standard's schemas",
    ) else {
        return;
    };
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let mut inputs = mission_off_norway(2, 200);
    // Objects are qualified values by the standard.
    inputs["config"] = json!({"value": inputs["config"]});
    let body = json!({"inputs": inputs, "response": "document"});
    let job = location(&client, "drift", &body);
    let early = client.json(&job);
    let info = finished(&client, &job);
    assert_eq!(info["status"], "successful", "{info}");
    let list = client.json("/ogc/processes");
    let described = list["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|process| client.json(&format!("/ogc/processes/{}", process["id"].as_str().unwrap())));
    let not_found = |path: &str| client.get(path).problem(404, path);
    let documents = json!({
        "landingPage": [client.json("/ogc")],
        "confClasses": [client.json("/ogc/conformance")],
        "processList": [list],
        "process": described.collect::<Vec<_>>(),
        "execute": [body, {"inputs": {"echo": "a"}, "subscriber": {"successUri": "https://example.org/told"}}],
        "statusInfo": [early, info],
        "jobList": [client.json("/ogc/jobs")],
        "results": [client.json(&format!("{job}/results"))],
        "exception": [not_found("/ogc/processes/none"), not_found("/ogc/jobs/none"), not_found("/ogc/jobs/none/results")],
    });
    assert_eq!(validated(&folder, &documents), json!([]));
    // The validator can say no.
    assert_ne!(
        validated(
            &folder,
            &json!({"statusInfo": [{"status": "queued", "type": "process"}]})
        ),
        json!([])
    );
    server.stop(&[]);
}

fn validated(folder: &Path, documents: &Value) -> Value {
    let scratch = scratch("documents");
    let file = scratch.path().join("documents.json");
    std::fs::write(&file, documents.to_string()).unwrap();
    python(
        "process_schemas.py",
        &[folder.to_str().unwrap(), file.to_str().unwrap()],
    )
}

#[test]
fn jobs_survive_a_restart_and_so_does_how_their_results_were_asked_for() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let area = json!({
        "inputs": {
            "position": {"value": {"type": "Point", "coordinates": [4.1, 60.15]}}, "time": "2015-11-16T00:00:00Z",
            "object": "PIW-1", "hours": 3,
        },
        "outputs": {"areas": {}},
    });
    let path = location(&client, "search-area", &area)
        .strip_prefix(server.base())
        .unwrap()
        .to_owned();
    server.stop(&[]);
    let server = Launch::on(&prepared.data()).start();
    let client = server.client().with_key(&prepared.key);
    let info = finished(&client, &path);
    assert_eq!(
        (&info["status"], &info["processID"]),
        (&json!("successful"), &json!("search-area")),
        "{info}"
    );
    let areas = client.get(&format!("{path}/results")).expect(200, "results");
    assert_eq!(areas.header("content-type"), Some("application/geo+json"));
    let features = areas.json()["features"].as_array().unwrap().clone();
    let mut levels: Vec<f64> = features
        .iter()
        .filter_map(|area| area["properties"]["level"].as_f64())
        .collect();
    levels.sort_by(f64::total_cmp);
    assert_eq!(levels.len(), 3, "{features:?}");
    assert!(
        features
            .iter()
            .all(|area| area["properties"]["valid_time"] == "2015-11-16T03:00:00Z")
    );
    server.stop(&[]);
}

#[test]
fn pystac_client_walks_the_catalogue_and_every_page_is_valid() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let posted = client
        .post("/v1/missions", &mission_off_norway(3, 300))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap();
    assert_eq!(client.wait_for(mission)["status"], "completed");
    let read = python("stac_catalog.py", &[&format!("{}/stac", server.base()), &prepared.key]);
    let found = read["found"].as_object().unwrap();
    let ids: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(ids, ["forcing-arome", "forcing-norkyst800", "missions"]);
    let cycle = &found["forcing-norkyst800"][0];
    assert_eq!(cycle["properties"]["start_datetime"], "2015-11-16T00:00:00Z", "{cycle}");
    assert!(
        cycle["properties"]["forecast:reference_datetime"].is_string(),
        "{cycle}"
    );
    assert_eq!(found["missions"][0]["id"], mission);
    let files = read["files"].as_object().unwrap();
    assert!(
        files.len() > 5 && files.values().all(|file| *file == json!([200, true])),
        "{files:?}"
    );
    server.stop(&[]);
}
