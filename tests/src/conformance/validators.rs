//! Validators that others wrote, each a case: what they find in the answers of the running service. Their packages come by
//! deploy/setup/conformance-clients.sh, GDAL and OWSLib with the other clients.

use std::process::Command;

use serde_json::Value;

use super::asking::members;
use super::{Case, Check, Subject};
use crate::harness::{gdal_says, json_of, python, repository, run};

/// What stands in place of a conformance class.
pub(super) const CLASS: &str = "validator";
/// Examples that schemathesis makes up for each operation, and where its chance begins.
const EXAMPLES: &str = "6";
const SEED: &str = "1";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, Check); 8] = [
        ("openapi-spec-validator", definitions),
        ("schemathesis /ogc/api", fuzzed_root),
        ("schemathesis /api", fuzzed_service),
        ("geojson-pydantic", geojson),
        ("mapbox-vector-tile", vector_tiles),
        ("WMS schemas and document types", wms_schemas),
        ("OWSLib features", owslib),
        ("GDAL OAPIF", gdal_features),
    ];
    rows.map(|(id, check)| Case {
        class: CLASS,
        id,
        check,
    })
    .into()
}

fn program(name: &str) -> Command {
    let path = repository().join(".conformance-env/bin").join(name);
    assert!(
        path.exists(),
        "{} is not there: run deploy/setup/conformance-clients.sh, as `make conformance` does",
        path.display()
    );
    Command::new(path)
}

/// Runs a script of `tests/clients` with the validators' packages; it prints one JSON value.
fn script(name: &str, arguments: &[&str]) -> Value {
    let mut command = program("python");
    json_of(
        command
            .arg(repository().join("tests/clients").join(name))
            .args(arguments),
    )
}

/// Both documents hold to the meta-schema of OpenAPI 3.0, and every reference of theirs leads somewhere.
fn definitions(subject: &Subject) {
    let folder = crate::harness::scratch("definitions");
    for path in ["/api", "/ogc/api"] {
        let file = folder.path().join("api.json");
        std::fs::write(&file, subject.client.get(path).expect(200, path).body).unwrap();
        run(program("openapi-spec-validator").arg(file));
    }
}

fn fuzzed_root(subject: &Subject) {
    fuzzed(subject, "/ogc/api", &[]);
}

/// The rest of the service. What starts or ends missions is left out, since other cases read what is there, and so are streams
/// that do not end.
fn fuzzed_service(subject: &Subject) {
    let left_out = ["--exclude-method", "DELETE", "--exclude-name", "POST /v1/missions"];
    let paths = ["--exclude-path-regex", "/events$|/ogc"];
    fuzzed(subject, "/api", &[&left_out[..], &paths].concat());
}

/// Whatever requests the document allows are answered as it says, and none with a 5xx; `tests/clients/schemathesis.toml` has what
/// it is not to expect.
fn fuzzed(subject: &Subject, path: &str, more: &[&str]) {
    let mut command = program("schemathesis");
    // It keeps what it found in the folder that it runs in.
    let folder = crate::harness::scratch("schemathesis");
    command
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(repository().join("tests/clients/schemathesis.toml"))
        .arg("run")
        .arg(format!("{}{path}", subject.server.base()))
        .args(["--header", &format!("X-API-Key: {}", subject.key)])
        .args(["--phases", "examples,coverage,fuzzing", "-n", EXAMPLES, "--seed", SEED])
        .args([
            "--request-timeout",
            "60",
            "--no-color",
            "--max-failures",
            "20",
            // With more it breaks now and then in the parser of Python 3.11, which does not bear threads.
            "--workers",
            "1",
        ])
        .args(more);
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    // A document of which nothing was understood would pass as well.
    assert!(said.contains("Test cases:") || said.contains("generated"), "{said}");
}

fn geojson(subject: &Subject) {
    let items = |id: &String| format!("{}/ogc/collections/{id}/items?limit=500", subject.server.base());
    let addresses: Vec<String> = subject.collection_ids().iter().map(items).collect();
    let mut arguments = vec![subject.key.as_str()];
    arguments.extend(addresses.iter().map(String::as_str));
    for read in script("geojson_models.py", &arguments).as_array().unwrap() {
        // Nothing strands in this mission.
        let is_empty = read["url"].as_str().is_some_and(|url| url.contains("/shoreline/"));
        assert_eq!(read["features"] == 0, is_empty, "{read}");
    }
}

/// Tiles around the mission's start, which hold what the TileJSON promises.
fn vector_tiles(subject: &Subject) {
    for tileset in ["search-areas", "particles"] {
        let path = format!("/missions/{}/tiles/{tileset}.json", subject.mission);
        let about = subject.client.json(&path);
        let template = about["tiles"][0].as_str().unwrap();
        let read = script("mvt_tiles.py", &[&subject.key, template, "10", "4.1", "60.15"]);
        let layers = read["layers"].as_object().unwrap();
        assert!(!layers.is_empty(), "{tileset}: {read}");
        for layer in about["vector_layers"].as_array().unwrap() {
            let decoded = &layers[layer["id"].as_str().unwrap()];
            assert_eq!(
                (&decoded["version"], &decoded["extent"]),
                (&2.into(), &4096.into()),
                "{tileset}"
            );
            assert!(decoded["features"].as_u64() > Some(0), "{tileset}: {read}");
            let fields = layer["fields"].as_object().unwrap();
            for name in decoded["properties"].as_array().unwrap() {
                assert!(
                    fields.contains_key(name.as_str().unwrap()),
                    "{tileset}: {name} is not described"
                );
            }
        }
    }
}

fn wms_schemas(subject: &Subject) {
    let at = |query: &str| format!("{}/wms?key={}&SERVICE=WMS&{query}", subject.server.base(), subject.key);
    let capabilities = ["1.3.0", "1.1.1"].map(|version| at(&format!("REQUEST=GetCapabilities&VERSION={version}")));
    let refusals = ["1.3.0", "1.1.1"].map(|version| at(&format!("REQUEST=GetMap&VERSION={version}&LAYERS=none")));
    let addresses: Vec<&str> = capabilities.iter().chain(&refusals).map(String::as_str).collect();
    let checked = python("wms_schema.py", &addresses);
    for (answer, address) in checked.as_array().unwrap().iter().zip(addresses) {
        assert_eq!(answer["errors"].as_array().unwrap().len(), 0, "{address}: {answer}");
    }
}

fn owslib(subject: &Subject) {
    let root = format!("{}/ogc", subject.server.base());
    let interval = "2015-11-16T02:00:00Z/2015-11-16T05:00:00Z";
    let read = python(
        "owslib_features.py",
        &[&root, &subject.key, "3.9,60,4.1,60.3", interval],
    );
    assert_eq!(
        read["collections"].as_array().unwrap().len(),
        subject.collection_ids().len()
    );
    assert_eq!(read["all"], read["large"], "the pages hold what one page holds");
}

fn gdal_features(subject: &Subject) {
    let dataset = format!("OAPIF:{}/ogc?key={}", subject.server.base(), subject.key);
    for id in ["search-areas", "datums", "trajectories"] {
        let said = gdal_says("ogrinfo", &[], &["-ro", "-so", &dataset, id]);
        let all = members(&subject.page(id, &[("limit", "10000")])).len();
        assert!(
            said.contains(&format!("Feature Count: {all}\n")),
            "{id}: {all} in {said}"
        );
    }
}
