//! Maps as others draw them: QGIS, web maps in a browser, GDAL and OWSLib against the running binary with a completed
//! mission. Pictures are probed at places that the areas themselves name: deep inside of one, on its rim, far away.

mod browsers;
mod gdal;
mod hostile;
mod places;
mod qgis;

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Commands, Prepared, Server, mission_off_norway};
use places::{Areas, Place};

const HOURS: u32 = 12;
/// Two hours whose areas are not alike.
const EARLY: &str = "2015-11-16T04:00:00Z";
const LATE: &str = "2015-11-16T11:00:00Z";
/// Where the foreign pages come from; the publishable key is bound to the first.
const HARBOUR: &str = "http://harbour.example";
const STRANGER: &str = "http://stranger.example";

/// A server with one completed mission, the keys of a map's users, and the mission's areas.
struct Subject {
    prepared: Prepared,
    server: Server,
    client: Client,
    mission: String,
    publishable: String,
    areas: Areas,
}

impl Subject {
    fn new() -> Self {
        let prepared = Prepared::new();
        let publishing = ["--publishable", "--origin", HARBOUR];
        let (_, publishable) = Commands::on(&prepared.data()).key("coastguard", &publishing);
        let server = prepared.serve();
        let client = server.client().with_key(&prepared.key);
        let posted = client
            .post("/v1/missions", &mission_off_norway(HOURS, 5000))
            .expect(202, "POST")
            .json();
        let mission = posted["id"].as_str().unwrap().to_owned();
        assert_eq!(client.wait_for(&mission)["status"], "completed");
        let page = client.json(&format!(
            "/missions/{mission}/ogc/collections/search-areas/items?limit=10000"
        ));
        Self {
            areas: Areas::new(page["features"].as_array().unwrap()),
            prepared,
            server,
            client,
            mission,
            publishable,
        }
    }

    /// An absolute address of the mission with the secret key in its query.
    fn by_query(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!(
            "{}/missions/{}{path}{separator}key={}",
            self.server.base(),
            self.mission,
            self.prepared.key
        )
    }

    /// The same with the key in its path.
    fn by_path(&self, path: &str) -> String {
        format!(
            "{}/key/{}/missions/{}{path}",
            self.server.base(),
            self.prepared.key,
            self.mission
        )
    }

    /// The same with the publishable key in its query.
    fn published(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!(
            "{}/missions/{}{path}{separator}key={}",
            self.server.base(),
            self.mission,
            self.publishable
        )
    }

    /// A signed link's addresses: the query that works below the mission's prefix.
    fn signed(&self, path: &str) -> String {
        let wish = json!({ "mission": self.mission, "expires_in_s": 3600 });
        let link = self
            .client
            .post("/v1/map-links", &wish)
            .expect(200, "a signed link")
            .json();
        let (prefix, query) = (link["prefix"].as_str().unwrap(), link["query"].as_str().unwrap());
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{separator}{query}", prefix.trim_end_matches('/'))
    }

    /// A count that our own client reads from a collection.
    fn matched(&self, collection: &str) -> u64 {
        let page = self.client.json(&format!(
            "/missions/{}/ogc/collections/{collection}/items?limit=1",
            self.mission
        ));
        page["numberMatched"].as_u64().unwrap()
    }
}

/// Writes a plan for a driver, which leaves its pictures in the other folder; its path.
fn plan(folder: &Path, pictures: &Path, cases: &[Value]) -> String {
    let path = folder.join("plan.json");
    std::fs::write(&path, json!({ "folder": pictures, "cases": cases }).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The report on a case, which must have no problem.
fn drawn<'a>(report: &'a Value, case: &str) -> &'a Value {
    let found = &report[case];
    assert!(found.is_object(), "no report on {case}");
    assert_eq!(found["problem"], Value::Null, "{case}: {found:#}");
    found
}

/// The colours at a case's probes: red, green, blue, and alpha where the client tells it.
fn probes(found: &Value) -> Vec<Vec<i64>> {
    let colour = |probe: &Value| {
        probe
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_i64().unwrap())
            .collect()
    };
    found["probes"].as_array().unwrap().iter().map(colour).collect()
}

/// Whether two colours are the same but for what scaling and colour management may do.
fn alike(one: &[i64], other: &[i64]) -> bool {
    one.iter().zip(other).all(|(a, b)| (a - b).abs() <= 4)
}
