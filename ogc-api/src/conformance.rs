//! The conformance classes that an OGC root declares: each standard's module lists its own, and nothing is declared that
//! no foreign client, library or suite has exercised.

use crate::{features, ogc_maps, ogc_tiles, processes, styles};

/// Classes of OGC API Common, which every root holds to.
pub(crate) const COMMON: [&str; 4] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
];

/// Classes of a root: of each mission's, and what the tenant's `/ogc` has beside them.
pub(crate) fn of_ogc_root(is_tenants: bool) -> Vec<&'static str> {
    let mut classes = [
        &COMMON[..],
        &features::CLASSES,
        &ogc_tiles::CLASSES,
        &ogc_maps::CLASSES,
        &styles::CLASSES,
    ]
    .concat();
    if is_tenants {
        classes.extend(processes::CLASSES);
    }
    classes
}
