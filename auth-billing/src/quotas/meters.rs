//! What an address would cost, as far as it says: so that a quota that is used up refuses before any work is done. Where this
//! says nothing the answer itself says it, when it is ready ([`crate::Billable`]).

use http::Method;

/// The meter of a request by its method, its path as routes see it, and its query.
pub(crate) fn expected_meter(method: &Method, path: &str, query: &str) -> Option<&'static str> {
    if !matches!(*method, Method::GET | Method::POST) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = *parts.last()?;
    let is = |part: &str| parts.contains(&part);
    let is_number = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
    let is_tile = parts.len() >= 3 && parts[parts.len() - 3..].iter().all(is_number);
    match last {
        "wms" | "wmts" => of_service(query),
        "map" => Some("map"),
        "particles" if is("v1") => Some("particles"),
        "items" if is("ogc") => Some("features"),
        _ if (is("tiles") || is("wmts")) && is_tile => Some("tile"),
        _ if is("v1") && parts.len() == 5 && parts[3] == "results" => Some("export"),
        _ if is("zarr") => Some("edr"),
        "position" | "radius" | "area" | "cube" | "trajectory" | "corridor" if is("edr") => Some("edr"),
        _ => None,
    }
}

/// By the parameter `request` of WMS and WMTS, whose names and values have no case.
fn of_service(query: &str) -> Option<&'static str> {
    let requests = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = requests
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("request"))?
        .1;
    let meters = [
        ("GetMap", "map"),
        ("GetTile", "tile"),
        ("GetFeatureInfo", "feature-info"),
        ("GetLegendGraphic", "legend"),
    ];
    let found = meters.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(request));
    found.map(|(_, meter)| meter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_what_they_would_cost() {
        for (address, meter) in [
            ("/wms?SERVICE=WMS&REQUEST=getmap", Some("map")),
            ("/missions/mis_1/wms?request=GetCapabilities", None),
            ("/wmts?request=GetTile", Some("tile")),
            ("/missions/mis_1/tiles/particles/3/4/5.mvt", Some("tile")),
            ("/missions/mis_1/tiles/particles.json", None),
            ("/ogc/collections/a/map/tiles/WebMercatorQuad/3/4/5", Some("tile")),
            ("/ogc/collections/a/map", Some("map")),
            ("/missions/mis_1/ogc/collections/datums/items", Some("features")),
            ("/ogc/collections", None),
            ("/edr/collections/currents/position", Some("edr")),
            ("/edr/collections", None),
            ("/v1/missions/mis_1/results/areas.kml", Some("export")),
            ("/v1/missions/mis_1/results", None),
            ("/v1/missions/mis_1/particles", Some("particles")),
            ("/v1/datasets/a/b/1/zarr/x/c/0", Some("edr")),
            ("/", None),
        ] {
            let (path, query) = address.split_once('?').unwrap_or((address, ""));
            assert_eq!(expected_meter(&Method::GET, path, query), meter, "{address}");
        }
        assert_eq!(expected_meter(&Method::HEAD, "/ogc/collections/a/map", ""), None);
    }
}
