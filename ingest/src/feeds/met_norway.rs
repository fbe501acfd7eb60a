//! MET Norway's THREDDS server: catalogs by day, whole files by HTTP.
//!
//! Its terms ask for no downloads side by side (`Server::MetNorway` holds to one at a time). Its service that cuts out
//! variables (NCSS) answered 503 to everything in August 2026, as a public report has it, and is not used: whole files come,
//! of which a few variables are kept.

use url::Url;

use super::files::Catalog;
use super::places::{Places, RealPlace};
use crate::feed::{Listing, Listings, Place, PlanError, Server};

/// The one place.
pub(super) const PLACES: [RealPlace; 1] = [RealPlace {
    name: THREDDS,
    base: "https://thredds.met.no/thredds",
    server: Server::MetNorway,
}];
const THREDDS: &str = "thredds";

/// Line that every product carries.
pub(super) const ATTRIBUTION: &str = "Data from MET Norway";
/// Licence of the data.
pub(super) const LICENCE: &str = "CC BY 4.0 (NLOD)";
/// Who makes it.
pub(super) const PROVIDER: &str = "Norwegian Meteorological Institute";

/// What a look for a catalog came to.
pub(super) enum Lookup {
    /// It has to be fetched first.
    Wanted(Url),
    /// There is none, or the place is not used.
    Absent,
    /// What it says.
    Here(Catalog),
}

/// The catalog of a folder.
pub(super) fn catalog(places: &Places, folder: &str, listed: &Listings) -> Result<Lookup, PlanError> {
    let Some(url) = places.address(THREDDS, &format!("catalog/{folder}/catalog.xml")) else {
        return Ok(Lookup::Absent);
    };
    match listed.get(&url) {
        None => Ok(Lookup::Wanted(url)),
        Some(Listing::Absent) => Ok(Lookup::Absent),
        Some(Listing::Body(body)) => match Catalog::read(body) {
            Ok(catalog) => Ok(Lookup::Here(catalog)),
            Err(reason) => Err(PlanError::Listing { url, reason }),
        },
    }
}

/// A whole file, at the first of these paths that has it.
pub(super) fn whole(places: &Places, paths: &[String], least_bytes: u64) -> Vec<Place> {
    let at = |path: &String| places.whole(&[THREDDS], &format!("fileServer/{path}"), least_bytes);
    paths.iter().flat_map(at).collect()
}
