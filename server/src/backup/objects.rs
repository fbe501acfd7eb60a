//! Forcing and results: linked, copied or listed, and looked through afterwards.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use driftline_database::Run;
use driftline_simulate::file_path;
use driftline_store::{Kind, Store};
use serde_json::json;

use super::files;

/// Objects about to get their name, and what an object store leaves of puts that were cut off.
fn is_unfinished(below: &Path) -> bool {
    let is_staged = below
        .components()
        .next()
        .is_some_and(|first| first.as_os_str() == "staging");
    let name = below.file_name().map(|name| name.to_string_lossy().into_owned());
    is_staged || name.is_some_and(|name| name.contains('#'))
}

/// Gives every object a second name in another folder, or copies it. One that goes meanwhile is not missed. Returns how many, and
/// their bytes.
pub(crate) fn link(from: &Path, into: &Path) -> anyhow::Result<(usize, u64)> {
    carry(from, into, files::link_or_copy)
}

/// Copies every object into another folder.
pub(crate) fn copy(from: &Path, into: &Path) -> anyhow::Result<(usize, u64)> {
    carry(from, into, files::copy_file)
}

fn carry(from: &Path, into: &Path, one: fn(&Path, &Path) -> anyhow::Result<u64>) -> anyhow::Result<(usize, u64)> {
    files::ensure_folder(into)?;
    let (mut count, mut bytes) = (0, 0);
    let mut folders = vec![into.to_owned()];
    for found in files::walk(from, &is_unfinished)? {
        let (source, target) = (from.join(&found.below), into.join(&found.below));
        if found.is_folder {
            files::ensure_folder(&target)?;
            folders.push(target);
            continue;
        }
        match one(&source, &target) {
            Ok(length) => (count, bytes) = (count + 1, bytes + length),
            Err(_) if !source.exists() => {}
            Err(error) => return Err(error),
        }
    }
    folders.iter().try_for_each(|folder| files::sync_folder(folder))?;
    Ok((count, bytes))
}

/// Writes the names and lengths of all objects. Returns how many, and their bytes.
pub(crate) async fn list(store: &Store, into: &Path) -> anyhow::Result<(usize, u64)> {
    let objects = store.object_sizes().await.context("cannot list the objects")?;
    let mut text = String::new();
    for (name, bytes) in &objects {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", json!({"name": name, "bytes": bytes}));
    }
    files::write_new(into, text.as_bytes())?;
    Ok((objects.len(), objects.iter().map(|(_, bytes)| bytes).sum()))
}

/// Files that runs name and that are not there, or not as long as they should be.
pub(crate) async fn missing_files(store: &Store, runs: &[Run]) -> anyhow::Result<Vec<(Run, String)>> {
    let results = store.results();
    let mut missing = Vec::new();
    for run in runs {
        for file in run.summary["files"].as_array().into_iter().flatten() {
            let Some(name) = file["name"].as_str() else { continue };
            let fault = match results.size(run.mission, run.id, &file_path(name)).await {
                Ok(found) if file["bytes"].as_u64().is_none_or(|bytes| bytes == found) => continue,
                Ok(found) => format!(
                    "{name} of run {} has {found} bytes instead of {}",
                    run.id, file["bytes"]
                ),
                Err(error) if error.kind() == Kind::NotFound => format!("{name} of run {} is missing", run.id),
                Err(error) => return Err(error).context("cannot look at the files of runs"),
            };
            missing.push((run.clone(), fault));
        }
    }
    Ok(missing)
}

/// Reads every object of every cycle and compares it with its checksum. Returns how many cycles.
pub(crate) async fn verify_cycles(store: &Store) -> anyhow::Result<usize> {
    let catalog = store.catalog().await.context("cannot read the catalog")?;
    let mut count = 0;
    for cycle in catalog.cycles() {
        store.verify(cycle).await?;
        count += 1;
    }
    if let Some(damage) = catalog.damaged().first() {
        anyhow::bail!("the manifest {} is damaged: {}", damage.object, damage.reason);
    }
    Ok(count)
}
