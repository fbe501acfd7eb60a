//! Where a feed's files lie: the provider's addresses in the order in which they are tried, each replaceable by settings
//! (a mirror, a proxy that keeps copies, the fixture server of the tests).

use std::collections::BTreeMap;

use driftline_domain::GridSpec;
use url::Url;

use crate::feed::{Access, Place, Server};

/// What an operator sets differently from the provider's own addresses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// A server that has everything under the provider's host and path: `https://host/path` is asked for as
    /// `<mirror>/host/path`.
    pub mirror: Option<Url>,
    /// By feed.
    pub feeds: BTreeMap<String, FeedOverrides>,
}

/// What an operator sets differently for one feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedOverrides {
    /// Base addresses by the place's name; `None` for a place that is not used.
    pub bases: BTreeMap<String, Option<Url>>,
    /// What the places serve.
    pub extent: Extent,
}

impl Overrides {
    /// What in them names no feed or no place, or gives an address that nothing can be fetched from: a sentence each.
    pub fn violations(&self) -> Vec<String> {
        let mut found: Vec<String> = self
            .mirror
            .iter()
            .filter_map(|url| not_http("the mirror", url))
            .collect();
        for (feed, own) in &self.feeds {
            let Some(places) = super::places_of(feed) else {
                found.push(format!("there is no feed '{feed}'"));
                continue;
            };
            for (place, base) in &own.bases {
                if !places.contains(&place.as_str()) {
                    let known = places.join(", ");
                    found.push(format!("feed '{feed}' has no place '{place}'; its places are {known}"));
                }
                found.extend(
                    base.iter()
                        .filter_map(|url| not_http(&format!("place '{place}' of '{feed}'"), url)),
                );
            }
            let unused = |place: &&str| own.bases.get(*place).is_some_and(Option::is_none);
            if places.iter().all(unused) {
                found.push(format!(
                    "every place of feed '{feed}' is left out: disable the feed instead"
                ));
            }
        }
        found
    }
}

fn not_http(what: &str, url: &Url) -> Option<String> {
    let fine = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    (!fine).then(|| format!("{what} is {url}, which is no plain http or https address"))
}

/// How much of the provider's grid the places serve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it: any other grid is refused.
    #[default]
    Whole,
    /// A part that an operator's mirror has cut out: only the cycle before binds, and files may be small.
    Cut,
}

/// A place as a feed knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RealPlace {
    /// Name in settings.
    pub(crate) name: &'static str,
    /// Address that keys are put after.
    pub(crate) base: &'static str,
    /// Whose manners hold there.
    pub(crate) server: Server,
}

/// The places of one feed, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Places {
    bases: Vec<(RealPlace, Url)>,
    extent: Extent,
}

impl Places {
    /// The feed's places, with what the operator has set.
    pub(crate) fn of(feed: &str, real: &[RealPlace], overrides: &Overrides) -> Self {
        let own = overrides.feeds.get(feed);
        let base = |place: &RealPlace| match own.and_then(|own| own.bases.get(place.name)) {
            Some(replaced) => replaced.clone(),
            None => mirrored(Url::parse(place.base).ok()?, overrides.mirror.as_ref()),
        };
        Self {
            bases: real.iter().filter_map(|place| Some((*place, base(place)?))).collect(),
            extent: own.map(|own| own.extent).unwrap_or_default(),
        }
    }

    /// Addresses of a key at the places of these names, in their order.
    pub(crate) fn addresses(&self, names: &[&str], key: &str) -> Vec<(RealPlace, Url)> {
        let named = self.bases.iter().filter(|(place, _)| names.contains(&place.name));
        named
            .filter_map(|(place, base)| Some((*place, under(base, key)?)))
            .collect()
    }

    /// Address of a key at the place of this name, unless it is not used.
    pub(crate) fn address(&self, name: &str, key: &str) -> Option<Url> {
        self.addresses(&[name], key).pop().map(|(_, url)| url)
    }

    /// Whole objects of this key at these places.
    pub(crate) fn whole(&self, names: &[&str], key: &str, at_least_bytes: u64) -> Vec<Place> {
        let addresses = self.addresses(names, key).into_iter();
        addresses
            .map(|(place, object)| Place {
                access: Access::Whole { object },
                at_least_bytes: self.at_least(at_least_bytes),
                while_younger_than: None,
                server: place.server,
            })
            .collect()
    }

    /// The grid that binds.
    pub(crate) fn grid(&self, providers: GridSpec) -> Option<GridSpec> {
        (self.extent == Extent::Whole).then_some(providers)
    }

    /// Bytes below which a file cannot be whole: of one that a mirror has cut nothing is known but that it is not empty.
    pub(crate) fn at_least(&self, bytes: u64) -> u64 {
        match self.extent {
            Extent::Whole => bytes,
            Extent::Cut => 1,
        }
    }
}

fn mirrored(real: Url, mirror: Option<&Url>) -> Option<Url> {
    let Some(mirror) = mirror else { return Some(real) };
    let key = format!("{}{}", real.host_str()?, real.path());
    under(mirror, key.trim_end_matches('/'))
}

/// The address of a key under a base, every character of it kept as part of the path.
pub(crate) fn under(base: &Url, key: &str) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(key.split('/'));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Listings, Plan};

    const REAL: [RealPlace; 2] = [
        RealPlace {
            name: "aws",
            base: "https://bucket.example",
            server: Server::Bucket,
        },
        RealPlace {
            name: "files",
            base: "https://files.example/pub/prod/",
            server: Server::Web,
        },
    ];

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn keys_are_put_after_bases() {
        let places = Places::of("x", &REAL, &Overrides::default());
        assert_eq!(
            places.address("files", "gfs.20240101/00/a b"),
            Some(url("https://files.example/pub/prod/gfs.20240101/00/a%20b"))
        );
        assert_eq!(
            places.address("aws", "a:b/c"),
            Some(url("https://bucket.example/a:b/c"))
        );
    }

    #[test]
    fn a_feed_is_planned_at_the_places_that_an_operator_sets() {
        let set = ["aws", "gcs", "nomads", "nomads-filter"].map(|place| (place.to_owned(), None));
        let mut own = FeedOverrides {
            bases: BTreeMap::from(set),
            ..FeedOverrides::default()
        };
        own.bases.insert("gcs".to_owned(), Some(url("http://b.example")));
        let overrides = Overrides {
            feeds: BTreeMap::from([("gfs-wind".to_owned(), own)]),
            ..Overrides::default()
        };
        assert_eq!(overrides.violations(), Vec::<String>::new());
        let feed = crate::feeds::by_name("gfs-wind", &overrides).unwrap();
        let plan = feed.plan("2024-01-01T00:00:00Z".parse().unwrap(), &Listings::new());
        let Ok(Plan::Parts(parts)) = plan else {
            panic!("{plan:?}")
        };
        let [
            Place {
                access: Access::Indexed { object, .. },
                ..
            },
        ] = &parts[0].places[..]
        else {
            panic!("{:?}", parts[0].places)
        };
        assert_eq!(object.host_str(), Some("b.example"));
    }

    #[test]
    fn overrides_that_change_nothing_are_named() {
        let bases = BTreeMap::from([
            ("awz".to_owned(), None),
            ("gcs".to_owned(), Some(url("ftp://x.example"))),
        ]);
        let left_out = BTreeMap::from([("thredds".to_owned(), None)]);
        let with = |bases| FeedOverrides {
            bases,
            ..FeedOverrides::default()
        };
        let overrides = Overrides {
            mirror: Some(url("http://m.example/?a=b")),
            feeds: BTreeMap::from([
                ("gfs".to_owned(), FeedOverrides::default()),
                ("gfs-wind".to_owned(), with(bases)),
                ("meps".to_owned(), with(left_out)),
            ]),
        };
        let found = overrides.violations();
        assert_eq!(found.len(), 5, "{found:#?}");
        assert!(
            found[2].contains("'awz'") && found[2].contains("nomads-filter"),
            "{found:#?}"
        );
        assert_eq!(Overrides::default().violations(), Vec::<String>::new());
    }

    #[test]
    fn one_mirror_stands_for_every_host() {
        let overrides = Overrides {
            mirror: Some(url("http://127.0.0.1:8080/feeds/")),
            ..Overrides::default()
        };
        let places = Places::of("x", &REAL, &overrides);
        assert_eq!(
            places.address("files", "k"),
            Some(url("http://127.0.0.1:8080/feeds/files.example/pub/prod/k"))
        );
        assert_eq!(
            places.address("aws", "k"),
            Some(url("http://127.0.0.1:8080/feeds/bucket.example/k"))
        );
    }

    #[test]
    fn a_place_may_be_replaced_or_left_out() {
        let own = FeedOverrides {
            bases: BTreeMap::from([
                ("aws".to_owned(), None),
                ("files".to_owned(), Some(url("http://proxy.example"))),
            ]),
            extent: Extent::Cut,
        };
        let overrides = Overrides {
            feeds: BTreeMap::from([("x".to_owned(), own)]),
            mirror: Some(url("http://unused.example")),
        };
        let places = Places::of("x", &REAL, &overrides);
        let whole = places.whole(&["aws", "files"], "k", 1000);
        assert_eq!(whole.len(), 1);
        assert_eq!(
            whole[0].access,
            Access::Whole {
                object: url("http://proxy.example/k")
            }
        );
        assert_eq!(whole[0].at_least_bytes, 1);
    }
}
