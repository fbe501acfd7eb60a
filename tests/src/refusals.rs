//! Bad input: what is refused, with which words, and what refusals never tell.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Client, Commands, Prepared, forcing_file, mission_off_norway, run, scratch};

/// Ingests a file that must be refused, and gives the reason; nothing of it may be in the store afterwards.
fn refused_file(name: &str, content: &[u8]) -> String {
    let folder = scratch("refused");
    let (file, data) = (folder.path().join(name), folder.path().join("data"));
    fs::write(&file, content).unwrap();
    reason_for(&file, &data)
}

fn reason_for(file: &Path, data: &Path) -> String {
    let commands = Commands::on(data);
    let done = run(&mut commands.command(&["ingest", "file", file.to_str().unwrap(), "--feed", "test", "--json"]));
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(commands.cycles(), Vec::<Value>::new(), "{said}");
    said.to_lowercase()
}

#[test]
fn a_file_that_is_no_forcing_is_refused_with_what_it_is() {
    let html = refused_file(
        "forecast.nc",
        b"<!DOCTYPE html><html><body>Session expired</body></html>",
    );
    assert!(html.contains("html"), "{html}");
    let empty = refused_file("empty.nc", b"");
    assert!(empty.contains("empty"), "{empty}");
    let whole = fs::read(forcing_file("arome_subset_16Nov2015.nc")).unwrap();
    for length in [100, whole.len() / 2, whole.len() - 1000] {
        let cut = refused_file("cut.nc", &whole[..length]);
        assert!(cut.contains("cut.nc"), "{cut}");
    }
    let folder = scratch("refused");
    let absent = reason_for(&folder.path().join("absent.nc"), &folder.path().join("data"));
    assert!(absent.contains("absent.nc"), "{absent}");
}

#[test]
fn a_netcdf_file_without_forcing_is_refused_with_what_it_holds() {
    // A classic NetCDF file with one variable: temperature(x) in degrees, x = 2.
    let mut file = b"CDF\x01\0\0\0\0\0\0\0\x0a\0\0\0\x01\0\0\0\x01x\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0".to_vec();
    file.extend_from_slice(b"\0\0\0\x0b\0\0\0\x01\0\0\0\x0btemperature\0\0\0\0\x01\0\0\0\0");
    file.extend_from_slice(b"\0\0\0\x0c\0\0\0\x01\0\0\0\x05units\0\0\0\0\0\0\x02\0\0\0\x04degC");
    file.extend_from_slice(b"\0\0\0\x05\0\0\0\x08");
    let begin = u32::try_from(file.len() + 4).unwrap();
    file.extend_from_slice(&begin.to_be_bytes());
    file.extend_from_slice(&[0x41, 0x20, 0, 0, 0x41, 0x30, 0, 0]);
    let reason = refused_file("temperature.nc", &file);
    assert!(reason.contains("temperature"), "{reason}");
}

#[test]
fn several_files_of_which_one_is_bad_are_told_apart_by_the_exit_code() {
    let folder = scratch("refused");
    let commands_data = folder.path().join("data");
    let bad = folder.path().join("bad.nc");
    fs::write(&bad, b"<html>").unwrap();
    let good = forcing_file("arome_subset_16Nov2015.nc");
    let commands = Commands::on(&commands_data);
    let arguments = [
        "ingest",
        "file",
        bad.to_str().unwrap(),
        good.to_str().unwrap(),
        "--feed",
        "arome",
    ];
    let done = run(&mut commands.command(&arguments));
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("bad.nc"), "{done:?}");
}

#[test]
fn the_commands_keep_their_exit_codes() {
    let folder = scratch("codes");
    let data = folder.path().join("data");
    let code = |arguments: &[&str], setting: Option<(&str, &str)>| {
        let mut command = Commands::on(&data).command(arguments);
        command.envs(setting);
        run(&mut command).status.code()
    };
    assert_eq!(
        code(&["catalog", "--json"], None),
        Some(1),
        "a mistyped path is no empty installation"
    );
    assert_eq!(code(&["orgs", "list", "--json"], None), Some(0));
    assert_eq!(code(&["catalog", "--json"], None), Some(0));
    assert_eq!(code(&["keys", "create", "--org", "nobody", "--json"], None), Some(1));
    assert_eq!(code(&["no-such-command"], None), Some(2));
    assert_eq!(code(&["catalog", "--no-such-option"], None), Some(2));
    for (name, value) in [("DRIFTLINE__SERVER__LISTEN", "nowhere"), ("DRIFTLINE__NO__SUCH", "1")] {
        assert_eq!(code(&["serve"], Some((name, value))), Some(64), "{name}={value}");
    }
    let twice = Commands::on(&data);
    twice.organisation("only one");
    assert_eq!(code(&["orgs", "create", "only one", "--json"], None), Some(1));
}

#[test]
fn a_data_directory_of_one_server_is_refused_to_a_second_or_shared_safely() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let mut second = Commands::on(&prepared.data()).command(&["serve", "--listen", &server.base()[7..]]);
    let done = run(&mut second);
    assert_ne!(
        done.status.code(),
        Some(0),
        "a second server on the same address and data does not start"
    );
    server.client().get("/ready").expect(200, "the first one serves on");
    server.stop(&[]);
}

/// Rules that an answer names, as "member: code".
fn violated(problem: &Value) -> String {
    let details = problem["details"]
        .as_array()
        .unwrap_or_else(|| panic!("no details: {problem}"));
    assert!(
        details
            .iter()
            .all(|rule| rule["message"].as_str().is_some_and(|text| !text.is_empty())),
        "{problem}"
    );
    serde_json::to_string(details).unwrap()
}

#[test]
fn a_mission_learns_of_every_violated_rule_at_once() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let body = json!({
        "last_known_lat": 95.0,
        "last_known_lon": "four",
        "last_known_time": "yesterday",
        "object_type": "PIW-99",
        "uncertainty_radius_m": -1.0,
        "forecast_hours": 0,
        "ensemble_size": 2_000_000,
        "priority": "at once",
        "colour": "orange",
        "config": { "step_s": 7.5, "scenarios": [] },
    });
    for path in ["/v1/missions", "/v1/missions:validate"] {
        let rules = violated(&client.post(path, &body).problem(422, path));
        let members = body
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "config")
            .map(String::as_str);
        for member in members.chain(["config.step_s", "config.scenarios"]) {
            assert!(
                rules.contains(&format!("\"{member}\"")),
                "{member} is not named: {rules}"
            );
        }
    }
    let broken = client
        .send(
            "POST",
            "/v1/missions",
            &[("content-type", "application/json")],
            b"{\"name\": ",
        )
        .unwrap();
    broken.problem(400, "malformed JSON");
    let text = client
        .send("POST", "/v1/missions", &[("content-type", "text/plain")], b"{}")
        .unwrap();
    text.problem(415, "text");
    assert!(
        head_only(server.base(), &prepared.key, 300_000).starts_with("HTTP/1.1 413 "),
        "300 kB"
    );
    assert_eq!(
        client.json("/v1/missions")["missions"].as_array().map(Vec::len),
        Some(0),
        "nothing was accepted"
    );
    server.stop(&[]);
}

/// First line of the answer to a mission that announces this many bytes; they need not be sent to be refused.
fn head_only(base: &str, key: &str, bytes: usize) -> String {
    let address = base.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let kind = "Content-Type: application/json";
    write!(
        connection,
        "POST /v1/missions HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\n{kind}\r\n"
    )
    .unwrap();
    write!(connection, "Content-Length: {bytes}\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).unwrap();
    line
}

fn at(lat: f64, lon: f64, time: &str) -> Value {
    let mut mission = mission_off_norway(6, 200);
    mission["last_known_lat"] = json!(lat);
    mission["last_known_lon"] = json!(lon);
    mission["last_known_time"] = json!(time);
    mission
}

#[test]
fn a_position_on_land_warns_with_the_distance_and_one_outside_all_forcing_names_what_is_covered() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);

    // Sotra, west of Bergen: an island within both feeds, some kilometres from open water.
    let on_land = at(60.32, 5.09, "2015-11-16T06:00:00Z");
    let warned = client
        .post("/v1/missions:validate", &on_land)
        .expect(200, "on land")
        .json();
    let warning = warned["warnings"].to_string();
    assert!(warning.contains("land") && warning.contains(" m"), "{warned}");
    let mission = client.post("/v1/missions", &on_land).expect(202, "on land").json();
    assert!(mission["warnings"].to_string().contains("land"), "{mission}");
    assert_eq!(client.wait_for(mission["id"].as_str().unwrap())["status"], "completed");

    let time = "2015-11-16T06:00:00Z";
    let elsewhere = [
        at(-30.0, -20.0, time),
        at(60.15, 4.1, "2019-06-01T00:00:00Z"),
        at(60.15, 4.1, "2015-11-15T06:00:00Z"),
    ];
    for (what, mission) in ["far south", "years later", "a day too early"].iter().zip(elsewhere) {
        let problem = client.post("/v1/missions", &mission).problem(422, what);
        let text = problem.to_string();
        assert!(
            text.contains("2015-11-16") && text.contains("2015-11-18"),
            "{what}: names no times covered: {problem}"
        );
        assert!(
            text.contains("norkyst800") || text.contains("arome"),
            "{what}: names no feed: {problem}"
        );
    }
    server.stop(&[]);
}

#[test]
fn a_run_whose_forcing_ends_early_completes_and_says_until_when() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let mut mission = at(60.15, 4.1, "2015-11-18T12:00:00Z");
    mission["forecast_hours"] = json!(24);
    let posted = client.post("/v1/missions", &mission).expect(202, "late").json();
    let id = posted["id"].as_str().unwrap();
    let done = client.wait_for(id);
    assert_eq!(
        (done["status"].as_str(), done["valid_until"].as_str()),
        (Some("completed"), Some("2015-11-18T18:00:00Z"))
    );
    let page = client.json(&format!("/missions/{id}/ogc/collections/search-areas/items?limit=1000"));
    let times: Vec<&str> = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|area| area["properties"]["valid_time"].as_str().unwrap())
        .collect();
    assert_eq!(times.len(), 3 * 7);
    assert_eq!(times.iter().max(), Some(&"2015-11-18T18:00:00Z"));
    server.stop(&[]);
}

/// Every address under which a mission can be read.
fn addresses(mission: &str) -> Vec<String> {
    let mut paths: Vec<String> = ["", "/status", "/results", "/results/areas.parquet", "/events"]
        .iter()
        .map(|rest| format!("/v1/missions/{mission}{rest}"))
        .collect();
    let root = format!("/missions/{mission}/ogc");
    paths.extend(
        ["", "/conformance", "/api", "/collections", "/collections/search-areas"]
            .iter()
            .map(|rest| format!("{root}{rest}")),
    );
    for collection in ["search-areas", "datums", "trajectories", "particles"] {
        paths.push(format!("{root}/collections/{collection}/items"));
    }
    paths
}

#[test]
fn another_tenants_objects_are_not_there() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let own = server.client().with_key(&prepared.key);
    let foreign = server.client().with_key(&prepared.foreign_key);
    let mission = own
        .post("/v1/missions", &mission_off_norway(2, 100))
        .expect(202, "POST")
        .json();
    let mission = mission["id"].as_str().unwrap().to_owned();
    own.wait_for(&mission);
    let unknown = format!("{}{}", &mission[..mission.len() - 4], "0000");
    for (path, nowhere) in addresses(&mission).iter().zip(addresses(&unknown)) {
        let theirs = foreign.get(path).problem(404, path);
        let nobodys = foreign.get(&nowhere).problem(404, &nowhere);
        assert_eq!(
            (&theirs["code"], &theirs["title"]),
            (&nobodys["code"], &nobodys["title"]),
            "{path}"
        );
    }
    let deleted = foreign
        .send("DELETE", &format!("/v1/missions/{mission}"), &[], b"")
        .unwrap();
    deleted.problem(404, "foreign DELETE");
    let page = foreign.json("/ogc/collections/search-areas/items");
    assert_eq!(page["features"], json!([]));
    let feature = own.json("/ogc/collections/search-areas/items?limit=1")["features"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    foreign
        .get(&format!("/ogc/collections/search-areas/items/{feature}"))
        .problem(404, "foreign feature");
    own.get(&format!("/ogc/collections/search-areas/items/{feature}"))
        .expect(200, "own feature");
    server.stop(&[]);
}

#[test]
fn credentials_are_checked_and_stand_in_no_log() {
    let prepared = Prepared::new();
    let data = prepared.data();
    let (id, key) = Commands::on(&data).key("coastguard", &["--name", "to be revoked", "--scopes", "features:read"]);
    let server = prepared.serve();
    let open = server.client();
    let missing = open.get("/v1/missions");
    assert!(missing.header("www-authenticate").is_some(), "{missing:?}");
    missing.problem(401, "no key");
    let forged = format!("{}AAAAAA", &key[..key.len() - 6]);
    for (name, value) in [
        ("x-api-key", forged.clone()),
        ("x-api-key", "nonsense".to_owned()),
        ("authorization", format!("Bearer {forged}")),
    ] {
        open.send("GET", "/ogc", &[(name, &value)], b"")
            .unwrap()
            .problem(401, name);
    }
    // In every place where a key may stand, and in some where none should.
    open.get(&format!("/ogc/collections?key={key}")).expect(200, "query");
    open.get(&format!("/ogc/collections?key=%64ls{}", &key[3..]))
        .expect(200, "percent-encoded");
    open.get(&format!("/no/such/{key}/path?token={key}&key={key}"))
        .problem(404, "path");
    let referer = format!("http://example.org/map?key={key}");
    open.send(
        "GET",
        "/ogc",
        &[("x-api-key", &key), ("referer", &referer), ("user-agent", &key)],
        b"",
    )
    .unwrap()
    .expect(200, "referer");
    let two = open
        .send(
            "GET",
            &format!("/ogc?key={}", prepared.key),
            &[("x-api-key", &key)],
            b"",
        )
        .unwrap();
    two.problem(400, "two different keys");
    let carried = open.get(&format!("/ogc?key={key}")).expect(200, "query").json();
    for link in carried["links"].as_array().unwrap() {
        assert!(
            link["href"].as_str().unwrap().contains(&key),
            "a query key goes on in {link}"
        );
    }
    let scoped = server.client().with_key(&key);
    scoped
        .post("/v1/missions", &mission_off_norway(2, 100))
        .problem(403, "scope missing");

    Commands::on(&data).json(&["keys", "revoke", &id]);
    let revoked = wait_until_refused(&scoped);
    revoked.problem(401, "revoked");
    let listed = Commands::on(&data)
        .json(&["keys", "list", "--org", "coastguard"])
        .to_string();
    assert!(listed.contains(&id) && !listed.contains(&key), "{listed}");

    for line in server.stop(&[]) {
        for secret in [&key, &forged, &prepared.key] {
            // The first characters may stand as a hint; the rest never.
            assert!(!line.contains(&secret[12..]), "a key in the log: {line}");
        }
    }
}

/// A revoked key may work on for the seconds that answers are cached, no longer.
fn wait_until_refused(client: &Client) -> crate::harness::Answer {
    let began = std::time::Instant::now();
    loop {
        let answer = client.get("/ogc");
        if answer.status != 200 || began.elapsed().as_secs() > 8 {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
