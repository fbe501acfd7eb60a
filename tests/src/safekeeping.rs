//! Backups, and moving the database: what was saved is found out by opening it, and what is restored serves what was served before.

use std::path::Path;

use serde_json::Value;

use crate::harness::{
    Client, Commands, FreshDatabase, Launch, Prepared, copy_folder, json_of, mission_off_norway, run, scratch,
};
use crate::scale_out::Shared;

/// What a customer sees of a mission and of the bill.
fn seen(client: &Client, mission: &str) -> (Value, Vec<u8>, Value) {
    (
        client.json(&format!("/v1/missions/{mission}")),
        client
            .get(&format!("/v1/missions/{mission}/results/search_area_50.geojson"))
            .expect(200, "areas")
            .body,
        client.json("/ogc/collections/datums/items?limit=100")["features"].clone(),
    )
}

fn completed(client: &Client) -> String {
    let posted = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap().to_owned();
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    mission
}

fn ledger(data: &Path, settings: &[(&'static str, String)]) -> Vec<Value> {
    let mut command = Commands::on(data).command(&["usage", "--org", "coastguard", "--json"]);
    let records = json_of(command.envs(settings.iter().cloned()));
    records["records"].as_array().unwrap().clone()
}

#[test]
fn a_backup_of_a_running_installation_is_whole_and_restores_to_the_same() {
    let prepared = Prepared::new();
    // The ledger is far behind: most usage is in the log alone when the backup is made.
    let slow = [("DRIFTLINE__USAGE__FLUSH_MS", "60000".to_owned())];
    let server = Launch::on(&prepared.data()).with_settings(&slow).start();
    let client = server.client().with_key(&prepared.key);
    let mission = completed(&client);
    let before = seen(&client, &mission);
    let data = prepared.data();
    let commands = Commands::on(&data);
    let folder = scratch("backup");
    let backup = folder.path().join("backup");
    let (backup_at, again) = (backup.to_str().unwrap(), folder.path().join("again"));
    let made = commands.json(&["backup", backup_at]);
    assert!(made["objects"]["here"]["count"].as_u64().unwrap() > 10, "{made}");
    assert!(commands.refused(&["backup", backup_at]).contains("cannot create"));
    let inside = prepared.data().join("backup");
    assert!(
        commands
            .refused(&["backup", inside.to_str().unwrap()])
            .contains("to be saved")
    );
    client
        .get("/ogc/collections/datums/items")
        .expect(200, "used after the backup");
    server.stop(&[]);
    let verified = commands.json(&["verify", backup_at]);
    assert_eq!(
        (&verified["runs"], &verified["cycles"]),
        (&1.into(), &2.into()),
        "{verified}"
    );
    assert!(verified["usage_not_entered"].as_u64().unwrap() > 0, "{verified}");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no scratch folder stays"
    );
    let restored = json_of(Commands::on(&again).command(&["restore", backup_at]).arg("--json"));
    assert_eq!(restored, made["contents"]);
    assert!(
        Commands::on(&again)
            .refused(&["restore", backup_at])
            .contains("there already")
    );
    let server = Launch::on(&again).start();
    let client = server.client().with_key(&prepared.key);
    let after = seen(&client, &mission);
    assert_eq!(after, before);
    server.stop(&[]);
    // What was used before the backup is in both ledgers, once.
    let (old, new) = (ledger(&prepared.data(), &[]), ledger(&again, &[]));
    let requests = |ledger: &[Value]| -> Vec<String> {
        let mut all: Vec<String> = ledger
            .iter()
            .map(|entry| entry["record"]["seq"].to_string() + &entry["record"]["epoch"].to_string())
            .collect();
        all.sort();
        all
    };
    let (old, new) = (requests(&old), requests(&new));
    assert_eq!(
        old.len() - 1,
        old.iter().filter(|one| new.contains(one)).count(),
        "all but the one after the backup"
    );
    damages_are_found(&backup, &folder.path().join("damaged"));
}

/// Each damage to a backup, and what is said of it.
fn damages_are_found(backup: &Path, damaged: &Path) {
    let file_of = |folder: &Path, name: &str| -> std::path::PathBuf {
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else if path.to_str().unwrap().contains(name) {
                    return path;
                }
            }
        }
        panic!("no {name}");
    };
    for (name, change, said) in [
        ("backup.json", "remove", "not a whole backup"),
        ("search_area_50.geojson", "remove", "search_area_50.geojson"),
        ("search_area_50.geojson", "shorten", "search_area_50.geojson"),
        ("driftline.sqlite", "shorten", ""),
        (".log", "remove", "usage segments"),
        ("/c/0", "flip", ""),
    ] {
        if damaged.exists() {
            std::fs::remove_dir_all(damaged).unwrap();
        }
        copy_folder(backup, damaged);
        let file = file_of(damaged, name);
        let bytes = std::fs::read(&file).unwrap();
        match change {
            "remove" => std::fs::remove_file(&file).unwrap(),
            "shorten" => std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap(),
            _ => {
                let mut bytes = bytes;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0xff;
                std::fs::write(&file, bytes).unwrap();
            }
        }
        let refused = run(&mut Commands::bare(&["verify", damaged.to_str().unwrap()]));
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success(), "{change} {name} is not found out");
        assert!(words.contains(said), "{change} {name}: {words}");
    }
}

#[test]
fn a_database_moves_to_a_server_and_back_and_serves_on() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let mission = completed(&client);
    let before = seen(&client, &mission);
    let database = FreshDatabase::create();
    let data = prepared.data();
    let commands = Commands::on(&data);
    let running = commands.refused(&["database", "move", "--to", database.url()]);
    assert!(running.contains("stop it"), "{running}");
    server.stop(&[]);
    let url = prepared.data().join("url");
    std::fs::write(&url, database.url()).unwrap();
    let moved = commands.json(&["database", "move", "--to-file", url.to_str().unwrap()]);
    assert_eq!(moved["tables"]["runs"]["rows"], 1, "{moved}");
    let again = commands.refused(&["database", "move", "--to", database.url()]);
    assert!(again.contains("not empty"), "{again}");
    std::fs::remove_file(prepared.data().join("driftline.sqlite")).unwrap();
    let settings = [("DATABASE_URL", database.url().to_owned())];
    let server = Launch::on(&prepared.data()).with_settings(&settings).start();
    let client = server.client().with_key(&prepared.key);
    assert_eq!(seen(&client, &mission), before);
    let second = completed(&client);
    let before = seen(&client, &second);
    server.stop(&[]);
    let file = prepared.data().join("back.sqlite");
    let back = ["database", "move", "--to", file.to_str().unwrap(), "--json"];
    let moved = json_of(commands.command(&back).envs(settings.iter().cloned()));
    assert_eq!(moved["tables"]["runs"]["rows"], 2, "{moved}");
    std::fs::rename(&file, prepared.data().join("driftline.sqlite")).unwrap();
    let server = prepared.serve();
    assert_eq!(seen(&server.client().with_key(&prepared.key), &second), before);
    server.stop(&[]);
}

#[test]
fn an_installation_on_a_server_and_a_bucket_is_saved_and_restored() {
    let shared = Shared::new();
    let server = Launch::on(&shared.data("node-1"))
        .with_settings(&shared.settings("node-1"))
        .start();
    let client = server.client().with_key(&shared.key);
    let mission = completed(&client);
    let before = seen(&client, &mission);
    let folder = scratch("backup");
    let backup = folder.path().join("backup");
    let on = |data: &str, settings: &[(&'static str, String)], arguments: &[&str]| {
        let mut command = Commands::on(&shared.data(data)).command(arguments);
        json_of(command.envs(settings.iter().cloned()).arg("--json"))
    };
    let made = on(
        "node-1",
        &shared.settings("node-1"),
        &["backup", backup.to_str().unwrap()],
    );
    assert_eq!(made["engine"], "postgres");
    assert!(made["objects"]["listed"]["count"].as_u64().unwrap() > 10, "{made}");
    server.stop(&[]);
    let verified = on(
        "node-1",
        &shared.settings("node-1"),
        &["verify", backup.to_str().unwrap()],
    );
    assert_eq!(
        (&verified["runs"], &verified["cycles"]),
        (&1.into(), &2.into()),
        "{verified}"
    );
    let database = FreshDatabase::create();
    let mut settings = shared.settings("node-1");
    settings.retain(|(name, _)| *name != "DATABASE_URL");
    let embedded = settings.clone();
    settings.push(("DATABASE_URL", database.url().to_owned()));
    for (data, settings) in [("again", settings), ("embedded", embedded)] {
        let restored = on(data, &settings, &["restore", backup.to_str().unwrap()]);
        assert_eq!(restored, made["contents"]);
        let server = Launch::on(&shared.data(data)).with_settings(&settings).start();
        assert_eq!(seen(&server.client().with_key(&shared.key), &mission), before, "{data}");
        server.stop(&[]);
    }
}
