//! Objects in a bucket: two services that keep what publication rests on, one that does not, and what is said where a
//! service cannot be used at all.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, WriteMultipart};
use serde_json::{Value, json};

use crate::harness::{
    ALL_SCOPES, BUCKET, Commands, Launch, OFF_NORWAY, ObjectService, forcing_file, free_port, json_of,
    mission_off_norway, run, scratch,
};

fn command(data: &Path, settings: &[(&str, String)], arguments: &[&str]) -> std::process::Command {
    let mut command = Commands::on(data).command(arguments);
    command.envs(settings.iter().map(|(name, value)| (*name, value)));
    command
}

fn ingest(data: &Path, settings: &[(&str, String)]) -> Vec<Value> {
    let ingested = OFF_NORWAY.map(|(feed, file)| {
        let file = forcing_file(file).display().to_string();
        let arguments = [
            "ingest",
            "file",
            &file,
            "--feed",
            feed,
            "--attribution",
            "Data from MET Norway",
            "--json",
        ];
        json_of(&mut command(data, settings, &arguments))["cycles"][0].clone()
    });
    ingested.to_vec()
}

fn simulate(data: &Path, settings: &[(&str, String)]) -> Value {
    let mission = data.with_extension("mission.json");
    std::fs::write(&mission, mission_off_norway(12, 500).to_string()).unwrap();
    let mission = mission.display().to_string();
    let mut report = json_of(&mut command(
        data,
        settings,
        &["simulate", "--mission", &mission, "--json"],
    ));
    // What a clock or the machine says differs from run to run.
    for member in [
        "products_seconds",
        "total_seconds",
        "peak_rss_bytes",
        "compute_seconds",
        "load_seconds",
        "forcing",
    ] {
        report.as_object_mut().unwrap().remove(member);
    }
    report
}

fn ingest_list_and_simulate(service: &ObjectService) {
    let folder = scratch("s3");
    let (local, remote) = (folder.path().join("local"), folder.path().join("remote"));
    let settings = service.settings();
    let expected = ingest(&local, &[]);
    let ingested = ingest(&remote, &settings);
    for (one, other) in expected.iter().zip(&ingested) {
        assert_eq!((&other["new"], &one["checksum"]), (&json!(true), &other["checksum"]));
    }
    let names = service.names();
    assert!(
        names.iter().all(|name| name.starts_with("north/sea/forcing/")),
        "{names:?}"
    );
    assert!(
        ingest(&remote, &settings)
            .iter()
            .all(|cycle| cycle["new"] == json!(false))
    );
    assert_eq!(service.names(), names, "the same again writes nothing");
    assert!(!remote.join("objects").exists(), "nothing of it lies here");
    // A machine that never saw the data directory sees what lies in the bucket.
    let elsewhere = folder.path().join("elsewhere");
    let listed = json_of(&mut command(&elsewhere, &settings, &["catalog", "--verify", "--json"]));
    assert_eq!(listed["cycles"].as_array().unwrap().len(), 2);
    assert_eq!(simulate(&remote, &settings)["mean"], simulate(&local, &[])["mean"]);
}

#[test]
fn forcing_in_a_bucket_of_moto_gives_the_same_forecast() {
    ingest_list_and_simulate(&ObjectService::moto());
}

#[test]
fn forcing_in_a_bucket_of_versitygw_gives_the_same_forecast() {
    ingest_list_and_simulate(&ObjectService::versitygw());
}

#[test]
fn a_mission_runs_and_its_files_are_served_from_a_bucket() {
    let service = ObjectService::versitygw();
    let folder = scratch("s3");
    let data = folder.path().join("data");
    ingest(&data, &service.settings());
    let commands = Commands::on(&data);
    commands.organisation("coastguard");
    let (_, key) = commands.key("coastguard", &["--scopes", ALL_SCOPES]);
    let server = Launch::on(&data).with_settings(&service.settings()).start();
    let client = server.client().with_key(&key);
    let mission = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    let id = mission["id"].as_str().unwrap();
    assert_eq!(client.wait_for(id)["status"], "completed");
    let results = client.json(&format!("/v1/missions/{id}/results"));
    for file in results["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        assert!(
            !client
                .get(file["href"].as_str().unwrap())
                .expect(200, name)
                .body
                .is_empty(),
            "{name}"
        );
    }
    let of_mission = format!("north/sea/results/{id}/");
    assert!(service.names().iter().any(|name| name.starts_with(&of_mission)));
    // The commands above were not told of the bucket, and a folder without forcing and results is what they made.
    for kept in ["forcing", "results"] {
        assert!(
            !data.join("objects").join(kept).exists(),
            "{kept} lie in the bucket alone"
        );
    }
    server.stop(&[]);
}

/// What a command says that must fail, within this time.
fn refusal(settings: &[(&str, String)], limit: Duration) -> String {
    let folder = scratch("s3");
    let began = Instant::now();
    // A command that writes: what only reads asks less of a store.
    let done = run(&mut command(folder.path(), settings, &["catalog", "release", "1"]));
    assert!(!done.status.success());
    assert!(began.elapsed() < limit, "it took {:?}", began.elapsed());
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let secret = settings.iter().find(|(name, _)| *name == "S3_SECRET_KEY").unwrap();
    assert!(secret.1 == "S3RVER" || !said.contains(&secret.1), "{said}");
    said
}

fn with<'a>(settings: &[(&'a str, String)], name: &'a str, value: &str) -> Vec<(&'a str, String)> {
    let mut changed = settings.to_vec();
    changed.retain(|(other, _)| *other != name);
    changed.push((name, value.to_owned()));
    changed
}

const SOON: Duration = Duration::from_secs(120);

#[test]
fn a_service_that_overwrites_is_refused_and_keeps_nothing_of_the_probe() {
    let service = ObjectService::s3rver();
    let said = refusal(&service.settings(), SOON);
    assert!(
        said.contains("overwrites an object that exists although the put was create-only"),
        "{said}"
    );
    assert_eq!(service.names(), Vec::<String>::new());
}

#[test]
fn wrong_keys_and_missing_buckets_are_told_apart() {
    let service = ObjectService::versitygw();
    let settings = service.settings();
    for (name, value, words) in [
        ("S3_SECRET_KEY", "not-the-secret", "does not accept the keys"),
        ("S3_ACCESS_KEY", "nobody", "does not accept the keys"),
        (
            "DRIFTLINE__STORE__OBJECTS",
            "s3://no-such-bucket",
            "there is no such bucket",
        ),
    ] {
        let said = refusal(&with(&settings, name, value), SOON);
        assert!(said.contains(words) && said.contains(&service.endpoint), "{said}");
    }
    assert_eq!(service.names(), Vec::<String>::new());
}

/// Settings of a service that nobody started here.
fn settings_of(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("DRIFTLINE__STORE__OBJECTS", format!("s3://{BUCKET}")),
        ("S3_ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("S3_ACCESS_KEY", "access-of-tests".to_owned()),
        ("S3_SECRET_KEY", "secret-of-tests".to_owned()),
    ]
}

#[test]
fn a_service_that_is_not_there_is_named_with_the_cause() {
    let port = free_port();
    let said = refusal(&settings_of(port), SOON);
    assert!(
        said.contains(&format!("http://127.0.0.1:{port} cannot be used: it cannot be reached")),
        "{said}"
    );
    assert!(said.contains("Connection refused"), "{said}");
}

/// Answers every request with these bytes, or never where there are none.
fn answering(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut connection in listener.incoming().flatten() {
            let _ = connection.read(&mut [0; 16_384]);
            let _ = connection.write_all(answer.as_bytes());
            if answer.is_empty() {
                open.push(connection);
            }
        }
    });
    port
}

#[test]
fn a_service_without_conditional_puts_one_that_fails_and_one_that_hangs_are_refused() {
    let unknown = answering("HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let said = refusal(&settings_of(unknown), SOON);
    assert!(said.contains("does not know the create-only put"), "{said}");
    let busy = answering("HTTP/1.1 503 Slow Down\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let said = refusal(&settings_of(busy), SOON);
    assert!(said.contains("503"), "{said}");
    let said = refusal(&settings_of(answering("")), SOON);
    assert!(said.contains("it has not answered within 40 s"), "{said}");
}

/// What a store does: Create on an existing name, Update with the tag it gave and with a stale one, a multipart upload,
/// a copy, a copy that must not overwrite, a renaming.
async fn abilities(store: Arc<dyn ObjectStore>) -> [&'static str; 7] {
    let (one, two) = (ObjectPath::from("a/one"), ObjectPath::from("a/two"));
    let first = store
        .put_opts(&one, "first".into(), PutMode::Create.into())
        .await
        .unwrap();
    let create = outcome(&store.put_opts(&one, "second".into(), PutMode::Create.into()).await);
    let version = |e_tag: Option<String>| PutMode::Update(UpdateVersion { e_tag, version: None });
    let update = store
        .put_opts(&one, "third".into(), version(first.e_tag.clone()).into())
        .await;
    let stale = store.put_opts(&one, "fourth".into(), version(first.e_tag).into()).await;
    let mut upload = WriteMultipart::new(store.put_multipart(&two).await.unwrap());
    upload.write(&vec![7; 6_000_000]);
    let multipart = outcome(&upload.finish().await);
    let copy = outcome(&store.copy(&one, &two).await);
    let guarded = outcome(&store.copy_if_not_exists(&one, &two).await);
    let rename = outcome(&store.rename(&one, &two).await);
    [
        create,
        outcome(&update),
        outcome(&stale),
        multipart,
        copy,
        guarded,
        rename,
    ]
}

fn outcome<T>(result: &object_store::Result<T>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(object_store::Error::AlreadyExists { .. }) => "exists",
        Err(object_store::Error::Precondition { .. }) => "precondition",
        Err(object_store::Error::NotImplemented { .. }) => "not implemented",
        Err(object_store::Error::NotSupported { .. }) => "not supported",
        Err(_) => "another error",
    }
}

fn client(service: &ObjectService) -> Arc<dyn ObjectStore> {
    let of = |name| {
        service
            .settings()
            .into_iter()
            .find(|(other, _)| *other == name)
            .unwrap()
            .1
    };
    let builder = AmazonS3Builder::new()
        .with_endpoint(&service.endpoint)
        .with_allow_http(true)
        .with_bucket_name(BUCKET)
        .with_access_key_id(of("S3_ACCESS_KEY"))
        .with_secret_access_key(of("S3_SECRET_KEY"))
        .with_conditional_put(S3ConditionalPut::ETagMatch);
    Arc::new(builder.build().unwrap())
}

#[test]
fn stores_can_do_what_the_table_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = scratch("s3");
    let local = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let (moto, versitygw, s3rver) = (
        ObjectService::moto(),
        ObjectService::versitygw(),
        ObjectService::s3rver(),
    );
    // Create, update, stale update, multipart, copy, copy that must not overwrite, rename.
    let stores: [(&str, Arc<dyn ObjectStore>, [&str; 7]); 5] = [
        (
            "local",
            local,
            [
                "exists",
                "not implemented",
                "not implemented",
                "done",
                "done",
                "exists",
                "done",
            ],
        ),
        (
            "memory",
            Arc::new(InMemory::new()),
            ["exists", "done", "precondition", "done", "done", "exists", "done"],
        ),
        (
            "moto",
            client(&moto),
            [
                "exists",
                "done",
                "precondition",
                "done",
                "done",
                "not supported",
                "done",
            ],
        ),
        (
            "versitygw",
            client(&versitygw),
            [
                "exists",
                "done",
                "precondition",
                "done",
                "done",
                "not supported",
                "done",
            ],
        ),
        (
            "s3rver",
            client(&s3rver),
            ["done", "done", "done", "done", "done", "not supported", "done"],
        ),
    ];
    for (name, store, expected) in stores {
        assert_eq!(runtime.block_on(abilities(store)), expected, "{name}");
    }
}
