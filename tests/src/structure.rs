//! Holds the shape of the workspace: who may use whom, the version lock, where axum, tokio, datafusion and the CPU gate
//! may stand, how long files may grow. Source: ARCHITECTURE.md and docs/decisions/001-version-lock.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::harness::repository;

/// A crate may use only crates of groups before its own.
const GROUPS: &[&[&str]] = &[
    &["domain", "compute"],
    &["coast", "config", "decode"],
    &["leeway", "database", "store", "tiles"],
    &["query", "report"],
    &["auth-billing", "ingest", "simulate"],
    &["ogc-api"],
    &["server"],
];

/// Equipment of tests: of no group, linked by tests only.
const EQUIPMENT: &[&str] = &["provider"];

/// Where the crates of the groups live, as far as they exist yet.
const FOLDERS: &[(&str, &str)] = &[
    ("coast", "simulate/coast"),
    ("leeway", "simulate/leeway"),
    ("decode", "store/decode"),
    ("database", "store/database"),
    ("query", "store/query"),
    ("provider", "tests/provider"),
];

/// Crates of which two versions would not fit together, with the release line that resolves with one of each.
const LOCKED: &[(&str, Option<&str>)] = &[
    ("arrow", Some("59.")),
    ("arrow-array", Some("59.")),
    ("arrow-schema", Some("59.")),
    ("parquet", Some("59.")),
    ("object_store", Some("0.13.")),
    ("zarrs", Some("0.23.")),
    ("datafusion-physical-expr", Some("55.2.")),
    ("ndarray", None),
    ("geo-types", None),
];

/// Lines of a source file outside its tests; beyond this a file has two subjects.
const MAX_LINES: usize = 800;

/// `cargo metadata`, asked for once: without the network where the lock file suffices.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let ask = |extra: &[&str]| {
            Command::new(env!("CARGO"))
                .args(["metadata", "--format-version", "1"])
                .args(extra)
                .current_dir(repository())
                .output()
                .unwrap()
        };
        let mut answer = ask(&["--offline"]);
        if !answer.status.success() {
            answer = ask(&[]);
        }
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        serde_json::from_slice(&answer.stdout).unwrap()
    })
}

/// A crate of the workspace: short name, folder, and the crates it names, of any kind (tests included).
struct Member {
    name: String,
    folder: PathBuf,
    uses: BTreeSet<String>,
    /// Those of them that its tests alone use.
    uses_in_tests: BTreeSet<String>,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn members() -> Vec<Member> {
    let ours: BTreeSet<&str> = ids(&metadata()["workspace_members"]).collect();
    let packages = metadata()["packages"].as_array().unwrap();
    let members = packages.iter().filter(|package| ours.contains(text(package, "id")));
    members
        .map(|package| {
            let used = package["dependencies"].as_array().unwrap();
            let names = |kind: fn(&Value) -> bool| used.iter().filter(move |used| kind(used));
            Member {
                name: short(text(package, "name")).to_owned(),
                folder: Path::new(text(package, "manifest_path")).parent().unwrap().to_owned(),
                uses: names(|_| true).map(|used| text(used, "name").to_owned()).collect(),
                uses_in_tests: names(|used| used["kind"] == "dev")
                    .map(|used| text(used, "name").to_owned())
                    .collect(),
            }
        })
        .collect()
}

fn ids(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|id| id.as_str().unwrap())
}

/// `driftline-store` is `store`; the binary's package `driftline` is `server`.
fn short(package: &str) -> &str {
    match package {
        "driftline" => "server",
        other => other.strip_prefix("driftline-").unwrap_or(other),
    }
}

fn group(name: &str) -> Option<usize> {
    GROUPS.iter().position(|group| group.contains(&name))
}

#[test]
fn crates_use_only_crates_of_groups_before_theirs() {
    let mut wrong = Vec::new();
    let equipment = |name: &str| EQUIPMENT.contains(&name);
    let product = |member: &&Member| member.name != "tests" && !equipment(&member.name);
    for member in members().iter().filter(product) {
        let Some(own) = group(&member.name) else {
            wrong.push(format!("{} is in no group of the crate graph", member.name));
            continue;
        };
        let ours = member.uses.iter().filter(|used| used.starts_with("driftline"));
        for used in ours.filter(|used| !equipment(short(used))) {
            match group(short(used)) {
                Some(theirs) if theirs < own => {}
                _ => wrong.push(format!(
                    "{} uses {used}, which is not of a group before it",
                    member.name
                )),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn equipment_of_tests_uses_nothing_of_the_product_and_only_tests_use_it() {
    let mut wrong = Vec::new();
    for member in members() {
        let equipment = EQUIPMENT.contains(&member.name.as_str());
        for used in member.uses.iter().filter(|used| used.starts_with("driftline")) {
            if equipment {
                wrong.push(format!("{} uses {used}", member.name));
            }
            let in_tests = ["ingest", "tests"].contains(&member.name.as_str()) && member.uses_in_tests.contains(used);
            if EQUIPMENT.contains(&short(used)) && !in_tests {
                wrong.push(format!("{} uses {used} outside its tests", member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_tests_link_nothing_of_the_product() {
    let tests = members().into_iter().find(|member| member.name == "tests").unwrap();
    let ours = tests.uses.iter().filter(|used| used.starts_with("driftline"));
    let ours: Vec<_> = ours.filter(|used| !EQUIPMENT.contains(&short(used))).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn each_crate_lives_where_the_code_map_says() {
    let mut wrong = Vec::new();
    for member in members() {
        let place = FOLDERS
            .iter()
            .find(|(name, _)| *name == member.name)
            .map_or(member.name.as_str(), |(_, at)| *at);
        if member.folder != repository().join(place) {
            wrong.push(format!(
                "{} lies in {}, not in {place}",
                member.name,
                member.folder.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn axum_stands_only_where_http_is_spoken_and_datafusion_only_in_query() {
    let mut wrong = Vec::new();
    for member in members() {
        let axum = ["ogc-api", "auth-billing", "server"].contains(&member.name.as_str());
        if !axum && member.uses.contains("axum") {
            wrong.push(format!("{} uses axum", member.name));
        }
        if member.name != "query" && member.uses.iter().any(|used| used.starts_with("datafusion")) {
            wrong.push(format!("{} uses datafusion", member.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names of everything that a package is built from, outside its tests.
fn built_from(package: &str) -> BTreeSet<String> {
    let packages = metadata()["packages"].as_array().unwrap();
    let names: BTreeMap<&str, &str> = packages
        .iter()
        .map(|one| (text(one, "id"), text(one, "name")))
        .collect();
    let nodes = metadata()["resolve"]["nodes"].as_array().unwrap();
    let nodes: BTreeMap<&str, &Value> = nodes.iter().map(|node| (text(node, "id"), node)).collect();
    let start = *names.iter().find(|(_, name)| **name == package).unwrap().0;
    let (mut seen, mut next) = (BTreeSet::from([start]), vec![start]);
    while let Some(id) = next.pop() {
        for used in nodes[id]["deps"].as_array().unwrap() {
            let normal = used["dep_kinds"]
                .as_array()
                .unwrap()
                .iter()
                .any(|kind| kind["kind"].is_null());
            if normal && seen.insert(text(used, "pkg")) {
                next.push(text(used, "pkg"));
            }
        }
    }
    seen.iter().map(|id| names[id].to_owned()).collect()
}

#[test]
fn the_pure_crates_are_built_without_tokio() {
    for package in ["domain", "config", "leeway", "coast", "decode"] {
        let found = built_from(&format!("driftline-{package}"));
        assert!(!found.contains("tokio"), "{package} is built with tokio");
        let member = members().into_iter().find(|member| member.name == package).unwrap();
        assert!(
            !member.uses.contains("tokio"),
            "{package} names tokio, be it for its tests"
        );
    }
}

#[test]
fn there_is_one_version_of_what_must_fit_together() {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in metadata()["packages"].as_array().unwrap() {
        versions
            .entry(text(package, "name"))
            .or_default()
            .insert(text(package, "version"));
    }
    for (name, line) in LOCKED {
        let Some(found) = versions.get(name) else { continue };
        assert_eq!(found.len(), 1, "{name} is there in several versions: {found:?}");
        if let Some(line) = line {
            assert!(
                found.iter().all(|version| version.starts_with(line)),
                "{name} {found:?} is not of line {line}x"
            );
        }
    }
    for needed in ["parquet", "object_store", "zarrs"] {
        assert!(
            versions.contains_key(needed),
            "the product no longer uses {needed}; then the lock has changed"
        );
    }
}

#[test]
fn every_version_stands_once_in_the_workspace_manifest() {
    let mut wrong = Vec::new();
    for member in members() {
        let manifest = std::fs::read_to_string(member.folder.join("Cargo.toml")).unwrap();
        let mut in_dependencies = false;
        for line in manifest
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && !(line.contains(".workspace = true") || line.contains("workspace = true,")) {
                wrong.push(format!("{}: {line}", member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "versions outside the root manifest: {wrong:#?}");
}

/// A source file of the product without its comments and without what follows `#[cfg(test)]`.
struct Source {
    path: String,
    lines: usize,
    opens_with_words: bool,
    code: String,
}

fn sources(member: &Member) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![member.folder.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let whole = std::fs::read_to_string(&path).unwrap();
                let product: Vec<&str> = whole[..whole.find("#[cfg(test)]\nmod tests {").unwrap_or(whole.len())]
                    .lines()
                    .collect();
                let code = product.iter().filter(|line| !line.trim_start().starts_with("//"));
                found.push(Source {
                    path: path.strip_prefix(repository()).unwrap().display().to_string(),
                    lines: product.len(),
                    opens_with_words: whole.starts_with("//! "),
                    code: code.copied().collect::<Vec<_>>().join("\n"),
                });
            }
        }
    }
    found
}

#[test]
fn work_reaches_the_cpu_pool_through_compute_only() {
    let mut wrong = Vec::new();
    for member in members()
        .iter()
        .filter(|member| !["compute", "tests"].contains(&member.name.as_str()))
    {
        for source in sources(member) {
            for gate in [
                "spawn_blocking",
                "block_in_place",
                "rayon::spawn",
                "rayon::scope",
                "ThreadPoolBuilder",
            ] {
                if source.code.contains(gate) {
                    wrong.push(format!("{} calls {gate}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_for_and_keeps_to_one_subject() {
    let mut wrong = Vec::new();
    for member in members() {
        let sources = sources(&member);
        for source in &sources {
            if !source.opens_with_words {
                wrong.push(format!("{} does not open with //! words", source.path));
            }
            if source.lines > MAX_LINES && member.name != "tests" {
                wrong.push(format!("{} has {} lines", source.path, source.lines));
            }
        }
        if !sources.iter().any(|source| source.code.contains("fn ")) {
            wrong.push(format!(
                "{} does no work yet; a crate that would be empty waits",
                member.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_documents_name_every_crate_and_both_commands() {
    let read = |name: &str| std::fs::read_to_string(repository().join(name)).unwrap_or_default();
    let (readme, map) = (read("README.md"), read("ARCHITECTURE.md"));
    assert!(
        readme.contains("make demo") && readme.contains("make test"),
        "README.md names the two commands"
    );
    for member in members() {
        let folder = member.folder.strip_prefix(repository()).unwrap().display().to_string();
        let leaf = member.folder.file_name().unwrap().to_string_lossy().into_owned();
        let named = [&folder, &leaf]
            .iter()
            .any(|name| map.contains(&format!("{name}/")) || map.contains(&format!("`{name}`")));
        assert!(named, "ARCHITECTURE.md does not name {folder}");
    }
}

#[test]
fn the_locks_of_npm_packages_hold_digests_and_name_no_host() {
    for folder in ["web", "tests/clients/web", "tests/clients/s3"] {
        let lock = std::fs::read(repository().join(folder).join("package-lock.json")).unwrap();
        let lock: Value = serde_json::from_slice(&lock).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.len() > 5, "{folder}");
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            assert!(package["integrity"].is_string(), "{folder}: {name} has no digest");
            assert!(
                package["resolved"].is_null(),
                "{folder}: {name} comes from {}",
                package["resolved"]
            );
        }
        let manifest = std::fs::read(repository().join(folder).join("package.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        for list in ["dependencies", "devDependencies"] {
            for (name, version) in manifest[list].as_object().into_iter().flatten() {
                let exact = version
                    .as_str()
                    .unwrap()
                    .chars()
                    .all(|c| c.is_ascii_digit() || c == '.');
                assert!(exact, "{folder}: {name} {version} is not one version");
            }
        }
    }
}
