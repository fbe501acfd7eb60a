//! The page as a duty officer meets it, driven in headless Chromium: signing in, writing a mission, following it, reading
//! and playing its result, at night and on a phone. One walk; what it saw is judged here.

use serde_json::{Value, json};

use crate::harness::{Commands, Prepared, Server, keep_picture, node, pictures, python};

const PARTICLES: u64 = 50_000;
// Long enough that the page sees it computing.
const HOURS: u64 = 60;
/// Main-thread milliseconds that the particle layer may take of a frame at [`PARTICLES`].
const FRAME_MS: f64 = 4.0;

/// Everything that a walk through the page saw.
fn walked(server: &Server, prepared: &Prepared) -> Value {
    let plan = json!({
        "base": server.base(),
        "key": prepared.key,
        "folder": pictures(),
        "particles": PARTICLES,
        "mission": {
            "name": "Person overboard off Fedje",
            "position": "60 09.0 N 004 06.0 E",
            "date": "2015-11-16",
            "time": "00:00",
            "search": "person",
            "object": "PIW-1",
            "hours": HOURS,
        },
    });
    let path = prepared.data().join("plan.json");
    std::fs::write(&path, plan.to_string()).unwrap();
    let report = node("web/page.mjs", &[path.to_str().unwrap()]);
    assert_eq!(report["problem"], Value::Null, "{report:#}");
    report
}

fn text<'a>(facts: &'a Value, name: &str) -> &'a str {
    facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {facts:#}"))
}

#[test]
fn a_duty_officer_gets_from_the_key_to_the_areas() {
    let prepared = Prepared::new();
    let waves = prepared.data().join("waves.nc");
    python("waves_file.py", &["formula", waves.to_str().unwrap()]);
    Commands::on(&prepared.data()).ingest(&waves, "waves");
    let server = prepared.serve();
    let report = walked(&server, &prepared);
    let facts = &report["facts"];
    every_state_is_accessible(&report);
    nothing_leaves_the_host(&report, server.base());
    the_console_is_silent(&report);
    assert_eq!(facts["mapErrors"], json!([]));
    the_form_keeps_and_tells(facts);
    the_mission_is_what_was_typed(facts, &server, &prepared);
    the_result_is_the_server_s(facts, &server, &prepared);
    the_clock_obeys_the_keyboard(facts);
    the_clock_moves_everything(facts, &server, &prepared);
    every_layer_is_drawn_and_switched(facts);
    playing_uploads_nothing(&facts["playing"]);
    a_key_handed_along_stays_in_no_address(facts);
    for name in ["running", "result", "night", "phone"] {
        let taken = pictures().join(format!("page-{name}.png"));
        keep_picture(&taken, &format!("page-{name}.png"));
    }
    server.stop(&[]);
}

fn every_state_is_accessible(report: &Value) {
    let states = report["states"].as_object().unwrap();
    assert!(states.len() >= 14, "{:?}", states.keys());
    for (name, state) in states {
        assert_eq!(state["violations"], json!([]), "{name}");
        assert!(
            state["sticksOut"].as_i64().unwrap() <= 0,
            "{name} is wider than its window"
        );
    }
}

fn nothing_leaves_the_host(report: &Value, base: &str) {
    let requests = report["requests"].as_array().unwrap();
    assert!(requests.len() > 50, "{}", requests.len());
    for request in requests {
        let url = request["url"].as_str().unwrap();
        let own = url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
        assert!(
            own || url.starts_with("blob:") || url.starts_with("data:"),
            "a request left the host: {url}"
        );
        assert!(!url.contains("dls_"), "the page put the key into an address: {url}");
    }
}

/// Chromium itself tells of answers with an error status; those that the walk provokes are the only lines.
fn the_console_is_silent(report: &Value) {
    for (chapter, lines) in report["console"].as_object().unwrap() {
        for line in lines.as_array().unwrap() {
            let line = line.as_str().unwrap();
            let refusal = line.contains("Failed to load resource");
            let provoked = match chapter.as_str() {
                "refused" => refusal && line.contains("401"),
                "write" => refusal && (line.contains("422") || line.contains("ERR_INTERNET_DISCONNECTED")),
                _ => false,
            };
            assert!(provoked, "{chapter}: {line}");
        }
    }
}

fn the_form_keeps_and_tells(facts: &Value) {
    assert!(text(facts, "refusal").contains("does not know this key"), "{facts:#}");
    assert_eq!(facts["refusedKeyKept"], "dls_thisisnokey");
    let echoes: Vec<&Value> = facts["echoes"].as_object().unwrap().values().collect();
    assert!(
        echoes.windows(2).all(|pair| pair[0] == pair[1]),
        "three notations, one place: {echoes:?}"
    );
    assert!(echoes[0].as_str().unwrap().contains("60°09.0"), "{echoes:?}");
    assert!(
        !text(facts, "positionError").is_empty() && text(facts, "clicked").contains('N'),
        "{facts:#}"
    );
    assert!(text(facts, "chosen").contains("PIW-1"), "{facts:#}");
    assert!(text(facts, "missing").contains("none"), "{}", facts["missing"]);
    assert_eq!(facts["keptAfterRefusal"], "10 00.0 N 030 00.0 W");
    assert_eq!(
        facts["keptAfterReload"],
        json!(["60 09.0 N 004 06.0 E", HOURS.to_string()])
    );
    assert!(
        facts["landPixels"].as_u64() > Some(20_000),
        "the coast is drawn: {}",
        facts["landPixels"]
    );
    let stale = &facts["stale"];
    let [red, green, blue] = [0, 1, 2].map(|part| stale["colour"][part].as_i64().unwrap());
    assert!(red > 2 * green && red > 2 * blue, "stale forcing is red: {stale}");
    assert!(!text(facts, "unreachable").is_empty(), "{facts:#}");
    assert_eq!(facts["keptOffline"], "60 09.0 N 004 06.0 E");
    let coverage = text(facts, "coverage");
    for part in ["norkyst800", "arome", "old", "covers all hours"] {
        assert!(coverage.contains(part), "{part} is not in: {coverage}");
    }
}

fn the_mission_is_what_was_typed(facts: &Value, server: &Server, prepared: &Prepared) {
    let client = server.client().with_key(&prepared.key);
    let mission = client.json(&format!("/v1/missions/{}", text(facts, "mission")));
    for (member, typed) in [
        ("name", json!("Person overboard off Fedje")),
        ("last_known_lat", json!(60.15)),
        ("last_known_lon", json!(4.1)),
        ("last_known_time", json!("2015-11-16T00:00:00Z")),
        ("object_type", json!("PIW-1")),
        ("uncertainty_radius_m", json!(1000.0)),
        ("forecast_hours", json!(HOURS)),
        ("ensemble_size", json!(PARTICLES)),
    ] {
        let same = match (mission[member].as_f64(), typed.as_f64()) {
            (Some(is), Some(typed)) => (is - typed).abs() < 1e-6,
            _ => mission[member] == typed,
        };
        assert!(same, "{member} is {}, typed was {typed}", mission[member]);
    }
}

fn a_key_handed_along_stays_in_no_address(facts: &Value) {
    let mission = text(facts, "mission");
    for name in ["addressAtOnce", "addressOfHanded", "addressBefore"] {
        assert!(!text(facts, name).contains("dls_"), "{name}: {}", facts[name]);
    }
    assert!(text(facts, "addressOfHanded").contains(mission));
}

fn the_result_is_the_server_s(facts: &Value, server: &Server, prepared: &Prepared) {
    let mission = text(facts, "mission");
    let results = server
        .client()
        .with_key(&prepared.key)
        .json(&format!("/v1/missions/{mission}/results"));
    let areas = &results["summary"]["areas_km2"];
    for (shown, level) in facts["areas"].as_array().unwrap().iter().zip(["50", "90", "95"]) {
        let digits: String = shown
            .as_str()
            .unwrap()
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        let (shown, area) = (digits.parse::<f64>().unwrap(), areas[level].as_f64().unwrap());
        assert!(
            (shown - area).abs() <= 1.0_f64.max(area * 0.01),
            "{level} %: {shown} is not {area}"
        );
    }
    assert!(
        text(facts, "counts").contains(&PARTICLES.to_string()),
        "{}",
        facts["counts"]
    );
    assert!(
        text(facts, "attribution").contains("MET Norway"),
        "{}",
        facts["attribution"]
    );
    let progress = facts["progress"].as_array().unwrap();
    assert!(progress.len() > 2, "progress is live: {progress:?}");
    assert_eq!(facts["downloaded"], format!("{mission}-probability.tif"));
    // Addresses work as they stand, for whoever has no key.
    for (name, address) in facts["addresses"].as_object().unwrap() {
        let address = address.as_str().unwrap();
        let address = ["{z}", "{x}", "{y}"]
            .iter()
            .zip(["5", "16", "9"])
            .fold(address.to_owned(), |url, (name, value)| url.replace(name, value));
        let address = if name == "wms" {
            format!("{address}&SERVICE=WMS&REQUEST=GetCapabilities")
        } else {
            address
        };
        server.client().get(&address).expect(200, name);
    }
}

fn the_clock_obeys_the_keyboard(facts: &Value) {
    let clock: Vec<&str> = facts["clock"]
        .as_array()
        .unwrap()
        .iter()
        .map(|time| time.as_str().unwrap())
        .collect();
    let hours = ["12:00", "11:00", "05:00", "06:00"];
    for (shown, hour) in clock.iter().zip(hours) {
        assert!(shown.contains(hour) && shown.contains("UTC"), "{clock:?}");
    }
    assert_eq!(
        facts["clipboard"], facts["datumThen"],
        "what was copied is what is shown"
    );
    assert!(text(facts, "clipboard").contains("60°"), "{}", facts["clipboard"]);
    assert_eq!(
        facts["phoneClock"], facts["clockAtLeaving"],
        "an address shows the same moment again"
    );
}

/// The datum shown is the server's of that hour, by keyboard and by slider, and the map moves with it.
fn the_clock_moves_everything(facts: &Value, server: &Server, prepared: &Prepared) {
    let client = server.client().with_key(&prepared.key);
    let path = format!(
        "/missions/{}/ogc/collections/datums/items?limit=1000",
        text(facts, "mission")
    );
    let page = client.json(&path);
    for (clock, datum) in [("clock", "datumAtSix"), ("clockBySlider", "datumBySlider")] {
        let shown = facts[clock].as_str().or(facts[clock][3].as_str()).unwrap();
        let (hour, day) = (
            shown.split_whitespace().find(|word| word.contains(':')).unwrap(),
            &shown[..2],
        );
        let features = page["features"].as_array().unwrap().iter();
        let known = features.clone().find(|feature| {
            let time = feature["properties"]["valid_time"].as_str().unwrap();
            feature["properties"]["datum_kind"] == "mean" && time.contains(&format!("-{day}T{hour}"))
        });
        let at = &known.unwrap_or_else(|| panic!("no datum at {shown}"))["geometry"]["coordinates"];
        let digits = |text: &str| -> Vec<f64> {
            let parts = text
                .split_whitespace()
                .map(|word| word.trim_end_matches('°').parse::<f64>());
            parts.filter_map(Result::ok).collect()
        };
        let shown = digits(text(facts, datum));
        assert!(
            (shown[0] - at[1].as_f64().unwrap()).abs() < 2e-5 && (shown[1] - at[0].as_f64().unwrap()).abs() < 2e-5,
            "{datum} is {shown:?}, the server has {at}"
        );
    }
    assert!(
        facts["movedBySlider"].as_u64() > Some(1000),
        "the map moves with the slider: {}",
        facts["movedBySlider"]
    );
}

fn every_layer_is_drawn_and_switched(facts: &Value) {
    assert!(
        facts["areaLines"].as_u64() > Some(50),
        "the outline of 50 % is drawn: {}",
        facts["areaLines"]
    );
    for (name, layer) in facts["layers"].as_object().unwrap() {
        let picture = ["probability", "currents", "wind", "waves"].contains(&name.as_str());
        assert_eq!(layer["was"], !picture, "{name}: pictures are off until asked for");
        assert_eq!(layer["is"], picture, "{name} is switched by its key");
        let least = if picture || name == "particles" { 5000 } else { 100 };
        assert!(
            layer["pixels"].as_u64() > Some(least),
            "{name} changes {} pixels",
            layer["pixels"]
        );
    }
    assert!(
        facts["phoneParticles"].as_u64() > Some(1000),
        "{}",
        facts["phoneParticles"]
    );
    assert!(
        facts["brightAtNight"].as_f64() < Some(0.01),
        "{} of the night is bright",
        facts["brightAtNight"]
    );
}

fn playing_uploads_nothing(playing: &Value) {
    println!(
        "{} particles: layer {:.2} ms of main thread per frame (median {:.1}, at most {:.1}), {:.1} ms in all, {} frames; {} \
         bytes to the graphics card, {} at most at once",
        playing["particles"],
        playing["meanMs"].as_f64().unwrap(),
        playing["medianMs"].as_f64().unwrap(),
        playing["maxMs"].as_f64().unwrap(),
        playing["busyMsPerFrame"].as_f64().unwrap(),
        playing["frames"],
        playing["bytes"],
        playing["largest"],
    );
    assert_eq!(playing["particles"], PARTICLES);
    assert!(
        playing["frames"].as_u64() > Some(20) && playing["clocks"].as_u64() > Some(5),
        "{playing}"
    );
    assert_eq!(
        playing["uploads"][0], playing["uploads"][1],
        "particles went to the graphics card while playing"
    );
    // By whoever's call: one step of the particles alone would be 4 bytes for each.
    assert!(playing["largest"].as_u64() < Some(4 * PARTICLES), "{playing}");
    assert!(
        playing["bytes"].as_u64() < Some(4 * PARTICLES),
        "many small uploads are uploads: {playing}"
    );
    assert!(playing["p95Ms"].as_f64() <= Some(FRAME_MS), "{playing}");
    assert_eq!(
        playing["paused"][0], playing["paused"][1],
        "a clock that was stopped stands"
    );
}
