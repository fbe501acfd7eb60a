//! The offline basemap over HTTP: `/basemap/{z}/{x}/{y}.mvt` and its TileJSON `/basemap.json`. Open to everybody, since
//! it shows nothing but the coast; made on the compute pool, packed once, and kept as long as there is room.

use std::io::Write as _;
use std::sync::Arc;

use axum::extract::{OriginalUri, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use driftline_auth_billing::{Problem, redact};
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_ogc_api::PublicBase;
use driftline_tiles::Basemap;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use moka::future::Cache;
use serde_json::json;

use crate::page::{accepts, is_known};

/// Whom to name wherever the coast of this program is shown.
const ATTRIBUTION: &str = "Coast: GSHHG 2.3.7 (Wessel & Smith 1996), LGPL";
/// Tiles change with the coast or the program only.
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
const TILE_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.mapbox-vector-tile");
/// Memory for tiles that were asked for before, bytes.
const CACHE_BYTES: u64 = 64 << 20;
/// What an entry takes beside its tile.
const ENTRY_BYTES: usize = 128;
/// The largest tiles are packed in a few milliseconds at this level; higher ones save little.
const PACKING: Compression = Compression::new(5);

#[derive(Clone)]
struct Service {
    basemap: Arc<Basemap>,
    compute: Compute,
    tiles: Cache<(u8, u32, u32), Option<Tile>>,
    public_base: PublicBase,
    attribution: Arc<str>,
}

/// A tile as it is sent.
#[derive(Clone)]
struct Tile {
    plain: Bytes,
    packed: Bytes,
}

/// Why there is no tile.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Tile(#[from] driftline_tiles::Error),
    #[error("a tile cannot be packed: {0}")]
    Pack(#[from] std::io::Error),
    #[error(transparent)]
    Compute(#[from] driftline_compute::Error),
}

/// The routes of the basemap of this coast; links begin with the public base.
pub(crate) fn routes(coast: Arc<Coast>, compute: Compute, public_base: PublicBase) -> anyhow::Result<Router> {
    let weight = |_: &(u8, u32, u32), tile: &Option<Tile>| {
        let bytes = tile.as_ref().map_or(0, |tile| tile.plain.len() + tile.packed.len());
        u32::try_from(bytes + ENTRY_BYTES).unwrap_or(u32::MAX)
    };
    // A coast of the operator's own names its source itself.
    let attribution = if coast.is_embedded() {
        ATTRIBUTION.into()
    } else {
        format!("Coast: {}", coast.source()).into()
    };
    let service = Service {
        attribution,
        basemap: Arc::new(Basemap::new(coast)?),
        compute,
        tiles: Cache::builder().max_capacity(CACHE_BYTES).weigher(weight).build(),
        public_base,
    };
    Ok(Router::new()
        .route("/basemap.json", get(tilejson))
        .route("/basemap/{z}/{x}/{y}", get(tile))
        .with_state(service))
}

async fn tilejson(
    State(service): State<Service>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, driftline_ogc_api::Error> {
    let base = service.public_base.for_request(&headers, &uri)?;
    let layers = Basemap::LAYERS.map(|(id, description)| json!({"id": id, "description": description, "fields": {}}));
    let document = json!({
        "tilejson": "3.0.0",
        "name": "Driftline basemap",
        "description": "Land and shore, the very coast that particles strand on; lakes are land. Not for navigation.",
        "version": concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"), ".", env!("CARGO_PKG_VERSION_PATCH")),
        "attribution": &*service.attribution,
        "scheme": "xyz",
        "tiles": [format!("{base}/basemap/{{z}}/{{x}}/{{y}}.mvt")],
        "minzoom": 0,
        "maxzoom": Basemap::MAX_ZOOM,
        "bounds": [-180.0, -85.051_128_78, 180.0, 85.051_128_78],
        "vector_layers": layers,
    });
    Ok(([(CACHE_CONTROL, FOR_A_DAY)], Json(document)).into_response())
}

async fn tile(
    State(service): State<Service>,
    Path((z, x, y)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let address = address(&z, &x, &y).ok_or_else(|| {
        let path: String = format!("{z}/{x}/{y}").chars().take(100).collect();
        let shown = redact(&path);
        Problem::bad_request(format!(
            "there is no basemap tile '{shown}': it is asked for as z/x/y.mvt, with z from 0 to {} and x and y below 2^z",
            Basemap::MAX_ZOOM
        ))
    })?;
    let packed = accepts(&headers, "gzip");
    let tag = entity_tag(&service.basemap, packed);
    let common = [
        (CACHE_CONTROL, FOR_A_DAY),
        (VARY, HeaderValue::from_static("Accept-Encoding")),
        (ETAG, tag.clone()),
    ];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let made = service.make(address);
    let tile = service.tiles.try_get_with(address, made).await;
    let Some(tile) = tile.map_err(|error| Problem::internal(&*error))? else {
        return Ok((StatusCode::NO_CONTENT, common).into_response());
    };
    let mut response = (common, if packed { tile.packed } else { tile.plain }).into_response();
    response.headers_mut().insert(CONTENT_TYPE, TILE_TYPE);
    if packed {
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

impl Service {
    async fn make(&self, (z, x, y): (u8, u32, u32)) -> Result<Option<Tile>, Error> {
        let basemap = Arc::clone(&self.basemap);
        let work = move || -> Result<Option<Tile>, Error> {
            let Some(plain) = basemap.tile(z, x, y)? else {
                return Ok(None);
            };
            let mut packer = GzEncoder::new(Vec::with_capacity(plain.len()), PACKING);
            packer.write_all(&plain)?;
            Ok(Some(Tile {
                packed: packer.finish()?.into(),
                plain: plain.into(),
            }))
        };
        self.compute.run(work).await?
    }
}

/// Zoom, column and row of a path's segments, if there is such a tile.
fn address(z: &str, x: &str, y: &str) -> Option<(u8, u32, u32)> {
    let y = y.strip_suffix(".mvt").or(y.strip_suffix(".pbf"))?;
    // `parse` would take a sign, and leading zeros would give a tile many names.
    let plain = |text: &str| text == "0" || !text.starts_with(['0', '+', '-']);
    let (z, x, y) = (
        plain(z).then(|| z.parse().ok())??,
        plain(x).then(|| x.parse().ok())??,
        plain(y).then(|| y.parse().ok())??,
    );
    let fits = |place: u32| u64::from(place) < 1_u64 << z;
    (z <= Basemap::MAX_ZOOM && fits(x) && fits(y)).then_some((z, x, y))
}

/// A strong tag differs between encodings (RFC 9110, section 8.8.3). That of a tile is known before the tile is made.
fn entity_tag(basemap: &Basemap, packed: bool) -> HeaderValue {
    let encoding = if packed { "-gzip" } else { "" };
    let text = format!("\"{}{encoding}\"", basemap.version());
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"basemap\""))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::Request;
    use http::header::{ACCEPT_ENCODING, HOST, IF_NONE_MATCH};
    use tower::ServiceExt;

    use super::*;

    fn app() -> Router {
        let base = PublicBase::new("https://sar.example.org/drift").unwrap();
        routes(Arc::new(Coast::embedded().unwrap()), Compute::new(1).unwrap(), base).unwrap()
    }

    async fn ask(app: &Router, path: &str, headers: &[(http::HeaderName, &str)]) -> (StatusCode, HeaderMap, Bytes) {
        let mut request = Request::get(path).header(HOST, "localhost");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap())
    }

    #[tokio::test]
    async fn tiles_come_packed_or_plain_and_only_once() {
        let app = app();
        let (status, plain_head, plain) = ask(&app, "/basemap/8/131/73.mvt", &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(plain_head[CONTENT_TYPE], "application/vnd.mapbox-vector-tile");
        assert_eq!(plain_head[CACHE_CONTROL], "public, max-age=86400");
        assert!(!plain_head.contains_key(CONTENT_ENCODING));
        let (_, head, packed) = ask(&app, "/basemap/8/131/73.pbf", &[(ACCEPT_ENCODING, "gzip, br")]).await;
        assert_eq!(head[CONTENT_ENCODING], "gzip");
        assert_ne!(head[ETAG], plain_head[ETAG]);
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert!(unpacked == plain && packed.len() < plain.len());
        let known = [(IF_NONE_MATCH, plain_head[ETAG].to_str().unwrap())];
        let (status, head, body) = ask(&app, "/basemap/8/131/73.mvt", &known).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(head[ETAG], plain_head[ETAG]);
    }

    #[tokio::test]
    async fn the_open_sea_is_no_content_and_nonsense_is_refused() {
        let app = app();
        let (status, _, body) = ask(&app, "/basemap/9/213/200.mvt", &[]).await;
        assert_eq!((status, body.len()), (StatusCode::NO_CONTENT, 0));
        for path in [
            "8/131/73",
            "8/131/73.png",
            "8/256/73.mvt",
            "8/0/256.mvt",
            "15/0/0.mvt",
            "-1/0/0.mvt",
            "0/00/0.mvt",
            "1/+1/0.mvt",
            "a/b/c.mvt",
            "1/0/.mvt",
            "999/0/0.mvt",
            "14/99999999999/0.mvt",
            "%F0%9F%8C%8A/0/0.mvt",
        ] {
            let (status, head, _) = ask(&app, &format!("/basemap/{path}"), &[]).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(head[CONTENT_TYPE], "application/problem+json", "{path}");
        }
    }

    #[tokio::test]
    async fn tilejson_names_tiles_under_the_public_base() {
        let (status, _, body) = ask(&app(), "/basemap.json", &[]).await;
        assert_eq!(status, StatusCode::OK);
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            document["tiles"][0],
            "https://sar.example.org/drift/basemap/{z}/{x}/{y}.mvt"
        );
        assert_eq!((&document["minzoom"], &document["maxzoom"]), (&json!(0), &json!(14)));
        assert_eq!(document["vector_layers"][1]["id"], "shore");
        assert_eq!(document["attribution"], ATTRIBUTION);
    }
}
