//! What `[ingest]` says, as the scheduler takes it. Looked at as a whole before anything is opened; every fault is told with
//! the key that holds it.

use driftline_config::{Address, Error, FolderSettings, IngestSettings};
use driftline_ingest::FolderFeed;
use driftline_ingest::feeds::{self, Extent, FeedOverrides, Overrides};
use driftline_store::feed_name_violation;
use url::Url;

/// Where feeds are fetched from, and the folders that are feeds.
pub(crate) struct Sources {
    pub(crate) overrides: Overrides,
    pub(crate) folders: Vec<FolderFeed>,
}

/// Reads the section.
pub(crate) fn sources(ingest: &IngestSettings) -> Result<Sources, Error> {
    let mut faults = unknown_feeds(ingest);
    let overrides = overrides(ingest, &mut faults);
    let folders = folders(ingest, &mut faults);
    if faults.is_empty() {
        return Ok(Sources { overrides, folders });
    }
    Err(Error::Invalid {
        origin: "the configuration".to_owned(),
        message: faults.join("; "),
    })
}

fn no_feed(name: &str) -> String {
    format!("there is no feed '{name}'; `driftline ingest feeds` lists them")
}

fn is_known(name: &str) -> bool {
    feeds::places_of(name).is_some()
}

fn unknown_feeds(ingest: &IngestSettings) -> Vec<String> {
    let is_folder = |name: &str| ingest.folders.iter().any(|folder| folder.feed == name);
    let named = ingest.feeds.iter().enumerate();
    let unknown = named.filter(|(_, name)| !is_known(name) && !is_folder(name));
    unknown
        .map(|(number, name)| format!("ingest.feeds[{number}]: {}", no_feed(name)))
        .collect()
}

fn overrides(ingest: &IngestSettings, faults: &mut Vec<String>) -> Overrides {
    let mut all = Overrides {
        mirror: url("ingest.mirror", &ingest.mirror, faults),
        ..Overrides::default()
    };
    for (feed, places) in &ingest.places {
        let key = format!("ingest.places.{feed}");
        let base = |(place, base): (&String, &Address)| {
            let parsed = url(&format!("{key}.{place}"), base, faults);
            (place.clone(), parsed)
        };
        let own = FeedOverrides {
            bases: places.iter().map(base).collect(),
            ..FeedOverrides::default()
        };
        faults.extend(violations(&key, feed, &own));
        all.feeds.insert(feed.clone(), own);
    }
    for (number, feed) in ingest.cut.iter().enumerate() {
        if !is_known(feed) {
            faults.push(format!("ingest.cut[{number}]: {}", no_feed(feed)));
        }
        all.feeds.entry(feed.clone()).or_default().extent = Extent::Cut;
    }
    all
}

/// The address under a key, `None` where it is empty.
fn url(key: &str, address: &Address, faults: &mut Vec<String>) -> Option<Url> {
    if address.is_empty() {
        return None;
    }
    match Url::parse(address.reveal()) {
        Ok(url) if url.query().is_none() && url.fragment().is_none() => return Some(url),
        Ok(_) => faults.push(format!(
            "{key}: '{address}' has a query or a fragment, which a base address cannot have"
        )),
        Err(error) => faults.push(format!("{key}: '{address}' is no address: {error}")),
    }
    None
}

/// What is wrong with the places of one feed. Of addresses nothing is told: they were looked at already.
fn violations(key: &str, feed: &str, own: &FeedOverrides) -> Vec<String> {
    if !is_known(feed) {
        return vec![format!("{key}: {}", no_feed(feed))];
    }
    let alone = Overrides {
        feeds: [(feed.to_owned(), own.clone())].into(),
        ..Overrides::default()
    };
    let found = alone.violations().into_iter();
    found.map(|violation| format!("{key}: {violation}")).collect()
}

fn folders(ingest: &IngestSettings, faults: &mut Vec<String>) -> Vec<FolderFeed> {
    let mut read = Vec::new();
    for (number, folder) in ingest.folders.iter().enumerate() {
        let key = format!("ingest.folders[{number}]");
        let before = ingest.folders[..number]
            .iter()
            .position(|other| other.feed == folder.feed);
        if let Some(before) = before {
            faults.push(format!(
                "{key}.feed: '{}' is the feed of ingest.folders[{before}] already",
                folder.feed
            ));
        }
        if is_known(&folder.feed) && ingest.feeds.contains(&folder.feed) {
            faults.push(format!(
                "{key}.feed: '{}' is a feed that ingest.feeds names; the folder needs another name",
                folder.feed
            ));
        }
        if let Some(violation) = feed_name_violation(&folder.feed) {
            faults.push(format!("{key}.feed: {violation}"));
        }
        read.extend(folder_feed(&key, folder, faults));
    }
    read
}

fn folder_feed(key: &str, folder: &FolderSettings, faults: &mut Vec<String>) -> Option<FolderFeed> {
    let location = folder.location.reveal();
    // The name has been judged: what is refused of any name is the location.
    if let Err(error) = FolderFeed::new("folder", location, None) {
        faults.push(format!("{key}.location: {error}"));
        return None;
    }
    let attribution = (!folder.attribution.is_empty()).then(|| folder.attribution.clone());
    FolderFeed::new(&folder.feed, location, attribution).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl driftline_config::Environment for Nothing {
        fn variables(&self) -> Vec<(String, String)> {
            Vec::new()
        }
    }

    fn settings(change: impl FnOnce(&mut IngestSettings)) -> IngestSettings {
        let mut ingest = driftline_config::load(None, &Nothing).unwrap().ingest;
        change(&mut ingest);
        ingest
    }

    fn folder(feed: &str, location: &str) -> FolderSettings {
        FolderSettings {
            feed: feed.to_owned(),
            location: location.to_owned().into(),
            attribution: String::new(),
            keep_h: None,
        }
    }

    fn places(feed: &str, place: &str, base: &str) -> (String, std::collections::BTreeMap<String, Address>) {
        (feed.to_owned(), [(place.to_owned(), base.to_owned().into())].into())
    }

    #[test]
    fn every_fault_is_told_with_its_key() {
        let faulty = settings(|ingest| {
            ingest.feeds = vec!["gfs-wind".to_owned(), "gfs-windd".to_owned()];
            ingest.cut = vec!["nope".to_owned()];
            ingest.mirror = "http://me:hidden@m/?a=b".to_owned().into();
            ingest.places = [
                places("meps", "moon", "https://a/"),
                places("meep", "thredds", ""),
                places("arome", "thredds", "https://me:hidden@a b/"),
            ]
            .into();
            ingest.folders = vec![
                folder("BAD NAME", ""),
                folder("a", "/srv/a"),
                folder("a", "/srv/b"),
                folder("gfs-wind", "/srv/c"),
            ];
        });
        let said = sources(&faulty).err().unwrap().to_string();
        for fault in [
            "ingest.feeds[1]: there is no feed 'gfs-windd'",
            "ingest.cut[0]: there is no feed 'nope'",
            "ingest.mirror: 'http://(not shown)@m/?a=b' has a query",
            "ingest.places.meps: feed 'meps' has no place 'moon'",
            "ingest.places.meep: there is no feed 'meep'",
            "ingest.places.arome.thredds: 'https://(not shown)@a b/' is no address",
            "ingest.folders[0].feed: feed name 'BAD NAME' must be",
            "ingest.folders[0].location: the location is empty",
            "ingest.folders[2].feed: 'a' is the feed of ingest.folders[1] already",
            "ingest.folders[3].feed: 'gfs-wind' is a feed that ingest.feeds names",
        ] {
            assert!(said.contains(fault), "{fault} in {said}");
        }
        assert!(!said.contains("hidden"), "{said}");
    }

    #[test]
    fn what_is_right_becomes_sources() {
        let fine = settings(|ingest| {
            ingest.feeds = vec!["gfs-wind".to_owned(), "a".to_owned()];
            ingest.cut = vec!["gfs-wind".to_owned()];
            ingest.mirror = "http://me:hidden@m/".to_owned().into();
            ingest.places = [places("gfs-wind", "nomads", "")].into();
            ingest.folders = vec![folder("a", "/srv/a")];
        });
        let found = sources(&fine).unwrap();
        assert_eq!(found.overrides.mirror.unwrap().as_str(), "http://me:hidden@m/");
        assert_eq!(found.overrides.feeds["gfs-wind"].extent, Extent::Cut);
        assert_eq!(found.folders.len(), 1);
    }
}
