//! The Copernicus Marine data store's native files: a bucket of files by dataset version, year and month of the valid day,
//! named after the valid time and the run that made them.
//!
//! The version is part of the path and changes, with weeks in which two exist; it is discovered: the bucket is asked for the
//! versions, and the newest that has files of the run is taken (feeds-and-store.md 2.3). Of a run only its files that are
//! listed are planned: the store keeps, of older runs, the days that no later run has made anew.
//!
//! Address: Open-Meteo reads it without a login, and so do three other public programs; the licence asks for an account for
//! the toolbox, not for the bucket. Whether every dataset stays open this way is not known.

use driftline_domain::{GridSpec, RegularGrid, RunTime, ValidTime};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::files::{self, Entry, first_page};
use super::places::{Places, RealPlace};
use crate::feed::{Access, Listing, Listings, Part, Place, Plan, PlanError, Server};
use crate::stamp;

/// The one place.
pub(super) const PLACES: [RealPlace; 1] = [RealPlace {
    name: BUCKET,
    base: "https://s3.waw3-1.cloudferro.com/mdl-native-14",
    server: Server::Bucket,
}];
const BUCKET: &str = "bucket";

/// Line that every product carries.
pub(super) const ATTRIBUTION: &str = "Generated using E.U. Copernicus Marine Service Information";
/// Free use, commercial included, with the attribution; the full text was not read.
pub(super) const LICENCE: &str = "Copernicus Marine Service licence (free use with attribution)";
/// Who makes it.
pub(super) const PROVIDER: &str = "Copernicus Marine Service (Mercator Ocean International)";

/// Pages of one listing beyond which its server is not believed.
const MOST_PAGES: usize = 50;

/// Nodes of [`twelfth_degree`].
pub(super) const NODES: u64 = 4320 * 2041;

/// 4320 x 2041 nodes every twelfth of a degree, from 80 south to the pole.
pub(super) fn twelfth_degree() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 4320,
        ny: 2041,
        lon0_deg: -180.0,
        lat0_deg: -80.0,
        dlon_deg: 1.0 / 12.0,
        dlat_deg: 1.0 / 12.0,
    })
}

/// A dataset of the store.
pub(super) struct Dataset {
    /// Folder of its product.
    pub(super) product: &'static str,
    /// Its name up to the version: `cmems_mod_glo_phy_anfc_merged-uv_PT1H-i_`.
    pub(super) stem: &'static str,
    /// Reads a file's name.
    pub(super) name_of: fn(&str) -> Option<FileName>,
    /// Bytes below which a file cannot be whole.
    pub(super) least_bytes: u64,
}

/// What a file's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileName {
    /// Beginning of what it holds.
    pub(super) begins: Timestamp,
    /// The run that made it.
    pub(super) run: RunTime,
}

/// The valid times of the files of a run, file by file.
pub(super) struct FileTimes {
    /// Beginning as the name has it.
    pub(super) begins: Timestamp,
    /// What it must hold.
    pub(super) times: Vec<ValidTime>,
}

impl Dataset {
    /// The parts of a run that the store has by now.
    pub(super) fn plan(
        &self,
        places: &Places,
        run: RunTime,
        expected: &[FileTimes],
        listed: &Listings,
    ) -> Result<Plan, PlanError> {
        let Some(bucket) = places.address(BUCKET, "").map(without_last_slash) else {
            return Ok(Plan::Parts(Vec::new()));
        };
        let versions_url = first_page(&bucket, &format!("native/{}/{}", self.product, self.stem), Some("/"));
        let folders = match pages(&versions_url, listed)? {
            Pages::Wanted(url) => return Ok(Plan::List(vec![url])),
            Pages::Whole(listed) => listed.folders,
        };
        let versions = self.versions(&folders);
        if versions.is_empty() {
            let what = format!("{}/{}*", self.product, self.stem);
            let text = format!("the marine store at {bucket} has no version of {what}: renamed or withdrawn");
            return Err(PlanError::Vanished(text));
        }
        for version in versions {
            let mut wanted = Vec::new();
            let mut found = Vec::new();
            for month in months(expected) {
                let prefix = format!("native/{}/{}{version}/{month}/", self.product, self.stem);
                match pages(&first_page(&bucket, &prefix, None), listed)? {
                    Pages::Wanted(url) => wanted.push(url),
                    Pages::Whole(listed) => found.extend(listed.entries),
                }
            }
            if !wanted.is_empty() {
                return Ok(Plan::List(wanted));
            }
            let parts = self.parts(places, run, expected, &found);
            if !parts.is_empty() {
                return Ok(Plan::Parts(parts));
            }
        }
        Ok(Plan::Parts(Vec::new()))
    }

    /// Versions that the store has, newest first.
    fn versions(&self, folders: &[Url]) -> Vec<String> {
        let version = |folder: &Url| {
            let (_, prefix) = folder.query_pairs().find(|(name, _)| name == "prefix")?;
            let (_, version) = prefix.trim_end_matches('/').rsplit_once(self.stem)?;
            let plain = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| version.to_owned())
        };
        let mut versions: Vec<String> = folders.iter().filter_map(version).collect();
        versions.sort_by_key(|version| std::cmp::Reverse((version.len(), version.clone())));
        versions
    }

    fn parts(&self, places: &Places, run: RunTime, expected: &[FileTimes], found: &[Entry]) -> Vec<Part> {
        let part = |file: &FileTimes| {
            let of_file = |entry: &&Entry| {
                (self.name_of)(&entry.name).is_some_and(|name| name.run == run && name.begins == file.begins)
            };
            let entry = found.iter().find(of_file)?;
            Some(Part {
                name: stamp::day_hour(file.begins),
                times: file.times.clone(),
                places: vec![Place {
                    access: Access::Whole {
                        object: entry.url.clone(),
                    },
                    at_least_bytes: places.at_least(self.least_bytes),
                    while_younger_than: None,
                    server: Server::Bucket,
                }],
            })
        };
        expected.iter().filter_map(part).collect()
    }
}

/// A listing's pages.
enum Pages {
    /// This page is still wanted.
    Wanted(Url),
    /// All of them.
    Whole(files::Listed),
}

/// Puts together the pages of a listing that are there.
fn pages(first: &Url, listed: &Listings) -> Result<Pages, PlanError> {
    let mut whole = files::Listed::default();
    let mut url = first.clone();
    for _ in 0..MOST_PAGES {
        let body = match listed.get(&url) {
            None => return Ok(Pages::Wanted(url)),
            Some(Listing::Absent) => return Ok(Pages::Whole(whole)),
            Some(Listing::Body(body)) => body,
        };
        let page = files::read(&url, body)?;
        whole.entries.extend(page.entries);
        whole.folders.extend(page.folders);
        match page.next {
            None => return Ok(Pages::Whole(whole)),
            Some(next) => url = next,
        }
    }
    Err(PlanError::Listing {
        url: first.clone(),
        reason: format!("it has more than {MOST_PAGES} pages"),
    })
}

/// Months whose folders the files lie in.
fn months(expected: &[FileTimes]) -> Vec<String> {
    let mut months: Vec<String> = expected.iter().map(|file| stamp::month_folders(file.begins)).collect();
    months.dedup();
    months
}

fn without_last_slash(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

/// A file of each day from `first_day` to `last_day`, counted from the run, with hours of that day.
pub(super) fn daily_files(run: RunTime, days: std::ops::RangeInclusive<i64>, hours: &[i64]) -> Vec<FileTimes> {
    days.map(|day| {
        let begins = stamp::after(run.0, SignedDuration::from_hours(24 * day));
        let times = hours.iter().map(|hour| stamp::valid(RunTime(begins), *hour));
        FileTimes {
            begins,
            times: times.collect(),
        }
    })
    .collect()
}

/// All valid times of the files.
pub(super) fn times(files: &[FileTimes]) -> Vec<ValidTime> {
    files.iter().flat_map(|file| file.times.iter().copied()).collect()
}
