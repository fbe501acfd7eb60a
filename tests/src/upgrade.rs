//! Data directories of earlier versions: today's binary opens each and finds in it what that version had acknowledged.
//! They lie under `tests/data/upgrade/<version>/`, made by `tests/upgrade/make.sh` of that version and never changed.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{ALL_SCOPES, Client, Commands, Launch, copy_folder, repository, scratch};

/// The data directories that are kept, each with the text of its `expected.json`.
fn kept() -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join("tests/data/upgrade"))
        .unwrap()
        .map(Result::unwrap)
    {
        let expected = std::fs::read(entry.path().join("expected.json")).unwrap();
        found.push((entry.path().join("data"), serde_json::from_slice(&expected).unwrap()));
    }
    assert!(!found.is_empty(), "no data directory of any version is kept");
    found
}

#[test]
fn every_earlier_data_directory_opens_with_its_catalog_mission_and_ledger() {
    for (kept, expected) in kept() {
        println!("{}", kept.display());
        let folder = scratch("upgrade");
        let data = folder.path().join("data");
        copy_folder(&kept, &data);
        let commands = Commands::on(&data);
        let cycles: Vec<Value> = commands
            .cycles()
            .iter()
            .map(|cycle| json!({"feed": cycle["feed"], "run": cycle["run"], "checksum": cycle["checksum"]}))
            .collect();
        assert_eq!(json!(cycles), expected["cycles"]);

        let keys = commands.json(&["keys", "list", "--org", "upgrade"])["keys"].clone();
        for made in expected["keys"].as_array().into_iter().flatten() {
            let found = keys.as_array().unwrap().iter().find(|key| key["id"] == made["id"]);
            let found = found.unwrap_or_else(|| panic!("{} is lost", made["id"]));
            for member in ["kind", "scopes", "origins"] {
                assert_eq!(found[member], made[member], "{member} of {}", made["id"]);
            }
        }

        // The key that made it all is not kept; a new one of the same organisation reads it.
        let (_, key) = commands.key("upgrade", &["--scopes", ALL_SCOPES]);
        let server = Launch::on(&data).start();
        let client = server.client().with_key(&key);
        let mission = expected["mission"].as_str().unwrap();
        let read = client.json(&format!("/v1/missions/{mission}"));
        assert_eq!(
            (&read["status"], &read["name"]),
            (&json!("completed"), &expected["name"])
        );
        let results = client.json(&format!("/v1/missions/{mission}/results"));
        assert_eq!(results["run_id"], expected["run"]);
        for file in results["files"].as_array().unwrap() {
            client.get(file["href"].as_str().unwrap()).expect(200, "a result file");
        }
        for (collection, count) in expected["counts"].as_object().unwrap() {
            let page = client.json(&format!(
                "/missions/{mission}/ogc/collections/{collection}/items?limit=10000"
            ));
            assert_eq!(&page["numberReturned"], count, "{collection}");
        }
        maps_show(&client, mission, &expected);
        job_and_withdrawal_stand(&client, &expected);
        people_and_money_stand(&client, mission, &expected["accounts"]);
        let made_on = expected["made_on"].as_str().unwrap();
        let day: jiff::civil::Date = made_on.parse().unwrap();
        let until = day.tomorrow().unwrap().tomorrow().unwrap();
        let usage = format!("/v1/billing/usage?from={day}T00:00:00Z&until={until}T00:00:00Z");
        let usage = client.json(&usage).to_string();
        assert!(usage.contains("mission.particle_hours"), "{usage}");

        // The old forcing carries a new mission.
        let again = client
            .post("/v1/missions", &expected["again"])
            .expect(202, "a new mission")
            .json();
        assert_eq!(client.wait_for(again["id"].as_str().unwrap())["status"], "completed");
        server.stop(&[]);

        let ledger = crate::harness::python("ledger.py", &[data.join("driftline.sqlite").to_str().unwrap()]);
        let old = expected["ledger"].as_array().unwrap();
        assert_eq!(
            ledger["records"].as_array().unwrap()[..old.len()],
            old[..],
            "the old records stand unchanged"
        );
        for (name, digest) in expected["signing"].as_object().into_iter().flatten() {
            assert_eq!(&ledger["signing"][name], digest, "links that were given away stay good");
        }
    }
}

/// Since 0.5 jobs of OGC API Processes are kept, and what was withdrawn stays so.
fn job_and_withdrawal_stand(client: &Client, expected: &Value) {
    let job = &expected["job"];
    if let Some(id) = job["jobID"].as_str() {
        let read = client.json(&format!("/ogc/jobs/{id}"));
        for member in ["jobID", "processID", "status", "created", "updated", "progress"] {
            assert_eq!(read[member], job[member], "{member} of {id}");
        }
        assert_eq!(read["status"], "successful");
        let results = client.get(&format!("/ogc/jobs/{id}/results")).expect(200, "results");
        assert!(
            results.text().contains("Content-ID: <search-areas>"),
            "{}",
            results.text()
        );
    }
    if let Some(withdrawn) = expected["withdrawn"].as_str() {
        let answer = client.get(&format!("/v1/missions/{withdrawn}"));
        answer.problem(404, "a mission that was withdrawn");
    }
}

/// Since 0.6 people log in, and plans, credit, quotas and share links are kept.
fn people_and_money_stand(client: &Client, mission: &str, expected: &Value) {
    if expected.is_null() {
        return;
    }
    let tokens = client
        .post("/v1/auth/login", &expected["login"])
        .expect(200, "a login")
        .json();
    let bare = Client::new(&client.url(""));
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let person = |path: &str| {
        let answer = bare.send("GET", path, &[("authorization", &bearer)], b"").unwrap();
        answer.expect(200, path).json()
    };
    let me = person("/v1/auth/me");
    for (name, value) in expected["me"].as_object().unwrap() {
        assert_eq!(&me[name], value, "{name} of the person");
    }
    let verified = person("/v1/audit/verification");
    assert_eq!(verified["intact"], true);
    assert!(
        verified["entries"].as_i64() > expected["audit_entries"].as_i64(),
        "{verified}"
    );
    let links = client.json(&format!("/v1/missions/{mission}/share-links"))["links"].clone();
    let subscription = client.json("/v1/billing/subscription")["subscription"].clone();
    assert_eq!(subscription, expected["subscription"]);
    contains(&client.json("/v1/billing/quotas")["quotas"], &expected["quotas"]);
    contains(&links, &expected["share_links"]);
    assert_eq!(client.json("/v1/billing/credits")["balance"], expected["balance"]);
}

/// Each of the expected objects stands in the list, with at least its members.
fn contains(list: &Value, expected: &Value) {
    for one in expected.as_array().unwrap() {
        let has = |found: &Value| {
            one.as_object()
                .unwrap()
                .iter()
                .all(|(name, value)| &found[name] == value)
        };
        assert!(list.as_array().unwrap().iter().any(has), "{one} in {list}");
    }
}

/// Everything that the version had on maps is there and can be drawn; what its runs do not hold is refused with the reason.
fn maps_show(client: &Client, mission: &str, expected: &Value) {
    let root = format!("/missions/{mission}");
    let listed: Vec<Value> = client.json(&format!("{root}/tiles"))["tilesets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| json!([found["dataType"], found["id"]]))
        .collect();
    let vectors = ["search-areas", "trajectories", "particles"].map(|id| json!(["vector", id]));
    let pictures = ["currents", "wind", "search-areas"].map(|id| json!(["map", id]));
    let had = expected["tilesets"].as_array().cloned();
    for tileset in had.unwrap_or_else(|| vectors.into_iter().chain(pictures).collect()) {
        assert!(listed.contains(&tileset), "{tileset} is not in {listed:?}");
    }
    for tileset in listed {
        let (kind, id) = (tileset[0].as_str().unwrap(), tileset[1].as_str().unwrap());
        let ending = if kind == "map" { "png" } else { "mvt" };
        let tile = format!("{root}/tiles/{id}/4/8/4.{ending}?datetime=2015-11-16T02:00:00Z");
        assert!(client.get(&tile).expect(200, &tile).body.len() > 50, "{tile}");
    }
    let probability = client.get(&format!("{root}/tiles/probability.json"));
    if expected["tilesets"].is_null() {
        let reason = probability
            .expect(404, "runs of 0.1.0 have no probability raster")
            .text();
        assert!(reason.contains("a new run of the mission has it"), "{reason}");
    } else {
        probability.expect(200, "the probability raster");
    }
}
