//! The key in the path: `/key/{key}/wms` is `/wms` with a key, for clients that drop queries from the addresses they
//! are given or build their own. It is taken out before any route is looked for, under the public path as well as at
//! the root, and remembered for authentication.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode_str;
use tower::ServiceExt;

/// The key that stood in the path, percent-decoded, in the request's extensions; it may be anything.
#[derive(Clone)]
pub(crate) struct PathKey(pub(crate) String);

/// Answers `/key/{key}/…` as the router answers `/…` to the holder of that key. `public_path` is the path of the public
/// base, such as `/drift`, or empty: `/drift/key/{key}/…` is then answered as `/drift/…`. This belongs around
/// everything but the access log.
pub fn path_keys(router: Router, public_path: &str) -> Router {
    let public_path = public_path.trim_end_matches('/').to_owned();
    Router::new().fallback(take_key).with_state((router, public_path))
}

async fn take_key(State((router, public_path)): State<(Router, String)>, mut request: Request) -> Response {
    if let Some((key, uri)) = without_key(request.uri(), &public_path) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(PathKey(key));
    }
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The key in an address, and the address without it.
fn without_key(uri: &Uri, public_path: &str) -> Option<(String, Uri)> {
    let whole = uri.path_and_query()?.as_str();
    [public_path, ""].into_iter().find_map(|before| {
        let rest = whole.strip_prefix(before)?.strip_prefix("/key/")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (key, rest) = rest.split_at(end);
        if key.is_empty() && rest.is_empty() {
            return None;
        }
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(format!("{before}{slash}{rest}").parse::<PathAndQuery>().ok()?);
        let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
        Some((key, Uri::from_parts(parts).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(address: &str, public_path: &str) -> Option<(String, String)> {
        let (key, uri) = without_key(&address.parse().unwrap(), public_path)?;
        Some((key, uri.to_string()))
    }

    #[test]
    fn the_key_is_taken_out_at_the_root_and_under_the_public_path() {
        for (address, key, rest) in [
            ("/key/dls_x/wms?a=1", "dls_x", "/wms?a=1"),
            ("/drift/key/dls_x/wms", "dls_x", "/drift/wms"),
            ("/key/dls_x/drift/wms", "dls_x", "/drift/wms"),
            ("/key/dls_x", "dls_x", "/"),
            ("/key/dls_x/", "dls_x", "/"),
            ("/key/dls_x?a=1", "dls_x", "/?a=1"),
            ("/drift/key/dls_x", "dls_x", "/drift/"),
            ("/key/dls%5Fx/a%20b", "dls_x", "/a%20b"),
            ("/key/dls_x%2Fy/wms", "dls_x/y", "/wms"),
            ("/key//wms", "", "/wms"),
            ("/key/a/key/b/wms", "a", "/key/b/wms"),
            ("http://h:80/key/a/wms", "a", "http://h:80/wms"),
        ] {
            let expected = Some((key.to_owned(), rest.to_owned()));
            assert_eq!(taken(address, "/drift"), expected, "{address}");
        }
        assert_eq!(taken("/key/a/wms", ""), Some(("a".to_owned(), "/wms".to_owned())));
    }

    #[test]
    fn other_addresses_are_left_alone() {
        for address in [
            "/",
            "/key",
            "/key/",
            "/keys/a/wms",
            "/v1/key/a",
            "/k%65y/a/wms",
            "/Key/a",
            "/drift/wms",
            "/driftwood/key/a",
        ] {
            assert_eq!(taken(address, "/drift"), None, "{address}");
        }
        assert_eq!(taken("/drift/key/a/wms", ""), None);
    }
}
