//! Which provider a path stands for, and the answer that it gives when nothing goes wrong on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::{HeaderMap, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;

use crate::answer::{self, Answer};
use crate::content::Content;
use crate::faults::Fault;
use crate::layout::Tree;
use crate::listing::{self, Asked, Item};
use crate::state::{Object, State};
use crate::{filter, layout};

/// Hosts that may stand before a path.
const HOSTS: [&str; 8] = [
    "nomads",
    "nomads.ncep.noaa.gov",
    "ecmwf",
    "data.ecmwf.int",
    "thredds.met.no",
    "s3.waw3-1.cloudferro.com",
    "storage.googleapis.com",
    "noaagfs.blob.core.windows.net",
];

/// Buckets and what lies in them.
const BUCKETS: [(&str, Tree); 5] = [
    ("noaa-gfs-bdp-pds", Tree::Noaa),
    ("global-forecast-system", Tree::Noaa),
    ("gfs", Tree::Noaa),
    ("ecmwf-forecasts", Tree::Ecmwf),
    ("ecmwf-open-data", Tree::Ecmwf),
];

const NOMADS: &str = "pub/data/nccf/com/gfs/prod/";
/// How long NOMADS keeps a cycle; what is older is forbidden.
const NOMADS_KEEPS: SignedDuration = SignedDuration::from_hours(240);

/// A request, taken apart.
pub(crate) struct Asker<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) befalling: &'a [(Fault, u32)],
}

impl<'a> Asker<'a> {
    pub(crate) fn new(method: &'a Method, target: &str, headers: &'a HeaderMap, befalling: &'a [(Fault, u32)]) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let plain = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let path = percent_decode_str(path.trim_start_matches('/'))
            .decode_utf8_lossy()
            .into_owned();
        let without_host = HOSTS.iter().find_map(|host| path.strip_prefix(host)?.strip_prefix('/'));
        Self {
            method,
            path: without_host.unwrap_or(&path).to_owned(),
            query: pairs.map(|(name, value)| (plain(name), plain(value))).collect(),
            headers,
            befalling,
        }
    }

    fn file(&self, object: &Object) -> Answer {
        answer::file(object, self.method, self.headers, self.befalling)
    }
}

/// The answer to a request.
pub(crate) fn answer(state: &mut State, asker: &Asker<'_>) -> Answer {
    if ![Method::GET, Method::HEAD].contains(asker.method) {
        return Answer::page(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed");
    }
    let path = asker.path.as_str();
    if path == "_busy" {
        return Answer::page(StatusCode::OK, "Access temporarily limited: automated traffic");
    }
    if let Some(script) = path.strip_prefix("cgi-bin/") {
        return filter::answer(state, script, asker);
    }
    if let Some(key) = path.strip_prefix(NOMADS) {
        return nomads(state, key, asker);
    }
    if let Some(key) = path.strip_prefix("forecasts/") {
        return site(state, Tree::Ecmwf, key, asker);
    }
    if let Some(key) = path.strip_prefix("thredds/fileServer/") {
        return site(state, Tree::Met, key, asker);
    }
    if let Some(folder) = path
        .strip_prefix("thredds/catalog/")
        .and_then(|path| path.strip_suffix("catalog.xml"))
    {
        return catalogue(state, folder);
    }
    if let Some(rest) = path.strip_prefix("plain/") {
        return plain(state, rest, asker);
    }
    bucket(state, asker)
}

/// A bucket: the first part of the path, or of a name like `noaa-gfs-bdp-pds.s3.amazonaws.com`.
fn bucket(state: &mut State, asker: &Asker<'_>) -> Answer {
    let (host, key) = asker.path.split_once('/').unwrap_or((&asker.path, ""));
    let name = host.split('.').next().unwrap_or(host);
    let known = BUCKETS.iter().find(|(known, _)| *known == name).map(|(_, tree)| *tree);
    let tree = match known {
        Some(tree) => tree,
        None if name.starts_with("mdl-native-") => Tree::Cmems,
        None => return Answer::bucket(StatusCode::NOT_FOUND, "NoSuchBucket"),
    };
    if key.is_empty() {
        let asked = asked(asker);
        let files: BTreeMap<String, Content> = named(state, tree, &asked.prefix);
        let page = listing::page(files.keys().cloned(), &asked);
        let items = items(state, &page.keys, &files);
        return Answer::text(
            StatusCode::OK,
            "application/xml",
            listing::s3(name, &asked, &page, &items),
        );
    }
    match found(state, tree, key, asker) {
        Some(answer) => answer,
        None => Answer::bucket(StatusCode::NOT_FOUND, "NoSuchKey"),
    }
}

fn asked(asker: &Asker<'_>) -> Asked {
    let given = |name: &str| asker.query.get(name).filter(|value| !value.is_empty()).cloned();
    Asked {
        prefix: given("prefix").unwrap_or_default(),
        delimiter: given("delimiter"),
        after: given("continuation-token")
            .or_else(|| given("start-after"))
            .or_else(|| given("marker")),
        at_most: given("max-keys")
            .and_then(|keys| keys.parse().ok())
            .unwrap_or(1000)
            .min(1000),
    }
}

fn named(state: &State, tree: Tree, prefix: &str) -> BTreeMap<String, Content> {
    state
        .files(tree, prefix)
        .into_iter()
        .map(|named| (named.key, named.content))
        .collect()
}

/// Sizes and dates of files: they are made for it, so that a listing tells the truth.
fn items(state: &mut State, keys: &[String], files: &BTreeMap<String, Content>) -> Vec<Item> {
    let item = |key: &String| {
        let object = state.object(files.get(key)?, &[]).ok()?;
        Some(Item {
            key: key.clone(),
            size: object.bytes.len(),
            modified: object.modified,
            etag: object.etag,
        })
    };
    keys.iter().filter_map(item).collect()
}

fn found(state: &mut State, tree: Tree, key: &str, asker: &Asker<'_>) -> Option<Answer> {
    let content = state.find(tree, key)?;
    Some(match state.object(&content, asker.befalling) {
        Ok(object) => asker.file(&object),
        Err(error) => Answer::page(StatusCode::INTERNAL_SERVER_ERROR, &format!("fixture: {error}")),
    })
}

/// A web server: files, and folders as pages.
fn site(state: &mut State, tree: Tree, key: &str, asker: &Asker<'_>) -> Answer {
    if let Some(answer) = found(state, tree, key, asker) {
        return answer;
    }
    let (folders, items) = inside(state, tree, key);
    if !key.is_empty() && !key.ends_with('/') || folders.is_empty() && items.is_empty() {
        return Answer::page(StatusCode::NOT_FOUND, "404 Not Found");
    }
    Answer::text(
        StatusCode::OK,
        "text/html; charset=UTF-8",
        listing::folder(&format!("/{}", asker.path), &folders, &items),
    )
}

fn inside(state: &mut State, tree: Tree, folder: &str) -> (Vec<String>, Vec<Item>) {
    let files = named(state, tree, folder);
    let asked = Asked {
        prefix: folder.to_owned(),
        delimiter: Some("/".to_owned()),
        after: None,
        at_most: usize::MAX,
    };
    let page = listing::page(files.keys().cloned(), &asked);
    let items = items(state, &page.keys, &files);
    (page.folders, items)
}

/// NOMADS: what is too old is forbidden, not absent.
fn nomads(state: &mut State, key: &str, asker: &Asker<'_>) -> Answer {
    let content = state.find(Tree::Noaa, key);
    let oldest = state.now().checked_sub(NOMADS_KEEPS).unwrap_or(Timestamp::MIN);
    match content {
        Some(content) if content.run < oldest => Answer::page(StatusCode::FORBIDDEN, "403 Forbidden"),
        _ => site(state, Tree::Noaa, key, asker),
    }
}

fn catalogue(state: &mut State, folder: &str) -> Answer {
    let (folders, items) = inside(state, Tree::Met, folder);
    if folders.is_empty() && items.is_empty() {
        return Answer::page(StatusCode::NOT_FOUND, "404 Not Found");
    }
    Answer::text(
        StatusCode::OK,
        "application/xml;charset=utf-8",
        listing::thredds(folder, &folders, &items),
    )
}

/// A folder of this machine as a bucket (`plain/NAME?list-type=2`) and as a web server's (`plain/NAME/`).
fn plain(state: &mut State, rest: &str, asker: &Asker<'_>) -> Answer {
    let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
    let Some(root) = state.catalogue.folders.get(name).cloned() else {
        return Answer::bucket(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    let files = files_of(&root);
    if key.is_empty() && (asker.query.contains_key("list-type") || asker.query.contains_key("prefix")) {
        let asked = asked(asker);
        let page = listing::page(files.keys().cloned(), &asked);
        let items = plain_items(&page.keys, &files);
        return Answer::text(
            StatusCode::OK,
            "application/xml",
            listing::s3(name, &asked, &page, &items),
        );
    }
    if let Some(object) = files.get(key).and_then(|path| on_disk(path)) {
        return asker.file(&crate::state::damaged(object, asker.befalling, state.now()));
    }
    let asked = Asked {
        prefix: key.to_owned(),
        delimiter: Some("/".to_owned()),
        after: None,
        at_most: usize::MAX,
    };
    let page = listing::page(files.keys().cloned(), &asked);
    if !key.is_empty() && !key.ends_with('/') || page.keys.is_empty() && page.folders.is_empty() {
        return Answer::page(StatusCode::NOT_FOUND, "404 Not Found");
    }
    let items = plain_items(&page.keys, &files);
    Answer::text(
        StatusCode::OK,
        "text/html;charset=UTF-8",
        listing::folder(&format!("/{}", asker.path), &page.folders, &items),
    )
}

fn plain_items(keys: &[String], files: &BTreeMap<String, PathBuf>) -> Vec<Item> {
    let item = |key: &String| {
        let object = on_disk(files.get(key)?)?;
        Some(Item {
            key: key.clone(),
            size: object.bytes.len(),
            modified: object.modified,
            etag: object.etag,
        })
    };
    keys.iter().filter_map(item).collect()
}

fn on_disk(path: &Path) -> Option<Object> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    let bytes = std::fs::read(path).ok()?;
    Some(Object::new(
        bytes.into(),
        Timestamp::try_from(modified).unwrap_or_default(),
    ))
}

/// Files below a folder by their names from it.
fn files_of(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(root) {
                found.insert(name.to_string_lossy().replace('\\', "/"), path);
            }
        }
    }
    found
}

/// An instant some hours later, for the filter.
pub(crate) fn valid(content: &Content) -> Timestamp {
    layout::after(content.run, content.step)
}
