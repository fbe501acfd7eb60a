//! The routes of WMTS: which operation, by key-value pairs or by a REST address.

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::{PNG, VERSION, capabilities, feature_info, tile};
use crate::accept::preferred;
use crate::ask::Ask;
use crate::features::Root;
use crate::maps::InfoForm;
use crate::query::shown;
use crate::{AppState, Error};

/// A WMTS request under a root that its caller may read.
pub(crate) struct WmtsAsk {
    /// The request.
    pub(crate) ask: Ask,
    /// The root.
    pub(crate) root: Root,
    raw: Option<String>,
}

impl FromRequestParts<AppState> for WmtsAsk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ask = Ask::without_query(parts, state).await?;
        let root = Root::of(state, &ask).await?;
        let raw = parts.uri.query().map(str::to_owned);
        Ok(Self { ask, root, raw })
    }
}

impl WmtsAsk {
    /// The path of the service.
    pub(crate) fn path(&self) -> String {
        format!("{}/wmts", self.root.base_path())
    }
}

/// `GET /wmts`.
pub(super) async fn kvp(State(state): State<AppState>, asked: WmtsAsk) -> Response {
    let answered = by_pairs(&state, &asked).await;
    answered.unwrap_or_else(Exception::into_response)
}

/// `GET /wmts/1.0.0/WMTSCapabilities.xml`; a client that takes no XML is refused (07-057r7, 10.1).
pub(super) async fn rest_capabilities(State(state): State<AppState>, asked: WmtsAsk) -> Response {
    if let Err(error) = preferred(&asked.ask.headers, &[("application/xml", ()), ("text/xml", ())]) {
        return Exception::from(error).into_response();
    }
    let answered = capabilities::answer(&state, &asked, &Kvp::default()).await;
    answered.unwrap_or_else(Exception::into_response)
}

/// `GET /wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}.png`.
pub(super) async fn rest_tile(State(state): State<AppState>, asked: WmtsAsk) -> Response {
    let answered = by_address(&state, &asked, asked.ask.param("time").to_owned()).await;
    answered.unwrap_or_else(Exception::into_response)
}

/// The same with a period for a time, as clients write it that put the dimension's value into the template as it stands:
/// `GET /wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}.png`.
pub(super) async fn rest_tile_of_period(State(state): State<AppState>, asked: WmtsAsk) -> Response {
    let answered = by_address(&state, &asked, period(&asked)).await;
    answered.unwrap_or_else(Exception::into_response)
}

fn period(asked: &WmtsAsk) -> String {
    ["begin", "end", "step"].map(|name| asked.ask.param(name)).join("/")
}

/// `GET /wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}.{json|html|txt}`.
pub(super) async fn rest_feature_info(State(state): State<AppState>, asked: WmtsAsk) -> Response {
    let answered = info_by_address(&state, &asked, asked.ask.param("time").to_owned()).await;
    answered.unwrap_or_else(Exception::into_response)
}

/// The same with a period for a time.
pub(super) async fn rest_feature_info_of_period(State(state): State<AppState>, asked: WmtsAsk) -> Response {
    let answered = info_by_address(&state, &asked, period(&asked)).await;
    answered.unwrap_or_else(Exception::into_response)
}

async fn by_pairs(state: &AppState, asked: &WmtsAsk) -> Result<Response, Exception> {
    let kvp = Kvp::parse(asked.raw.as_deref())?;
    kvp.expect("SERVICE", "WMTS")?;
    let request = kvp.needed("REQUEST")?;
    match request.to_ascii_lowercase().as_str() {
        "getcapabilities" => {
            check_versions(&kvp)?;
            capabilities::answer(state, asked, &kvp).await
        }
        "gettile" => {
            kvp.expect("VERSION", VERSION)?;
            tile::answer(state, asked, &kvp).await
        }
        "getfeatureinfo" => {
            kvp.expect("VERSION", VERSION)?;
            feature_info::answer(state, asked, &kvp).await
        }
        // 06-121r3, table 25, has a code of its own for operations that it defines; the suite of WMTS wants this one for others.
        _ => Err(Exception::new(
            Code::InvalidParameterValue,
            "REQUEST",
            format!(
                "REQUEST '{}' is not offered; there are GetCapabilities, GetTile and GetFeatureInfo",
                shown(request)
            ),
        )),
    }
}

/// 06-121r3, 7.3.2; clients of other services name the one version they want instead.
fn check_versions(kvp: &Kvp) -> Result<(), Exception> {
    let Some(wanted) = kvp.filled("ACCEPTVERSIONS") else {
        return Ok(());
    };
    if wanted.split(',').any(|version| version.trim() == VERSION) {
        return Ok(());
    }
    let message = format!(
        "none of the versions '{}' is offered; there is {VERSION}",
        shown(wanted)
    );
    Err(Exception::without_locator(Code::VersionNegotiationFailed, message))
}

async fn by_address(state: &AppState, asked: &WmtsAsk, time: String) -> Result<Response, Exception> {
    let column = asked.ask.param("tileCol");
    let Some(column) = column.strip_suffix(".png") else {
        let message = format!(
            "the address ends with '{}' and not with a column and .png",
            shown(column)
        );
        return Err(Exception::new(Code::InvalidParameterValue, "FORMAT", message));
    };
    let kvp = Kvp::of(address(asked, time, column)?);
    tile::answer(state, asked, &kvp).await
}

async fn info_by_address(state: &AppState, asked: &WmtsAsk, time: String) -> Result<Response, Exception> {
    let last = asked.ask.param("i");
    let form = InfoForm::ALL.into_iter().find_map(|form| {
        let pixel = last.strip_suffix(form.ending())?.strip_suffix('.')?;
        Some((pixel, form))
    });
    let Some((pixel, form)) = form else {
        let message = format!(
            "the address ends with '{}' and not with a pixel and {}",
            shown(last),
            InfoForm::ALL.map(|form| format!(".{}", form.ending())).join(", ")
        );
        return Err(Exception::new(Code::InvalidParameterValue, "INFOFORMAT", message));
    };
    let mut pairs = address(asked, time, asked.ask.param("tileCol"))?;
    pairs.extend([
        ("I", pixel.to_owned()),
        ("J", asked.ask.param("j").to_owned()),
        ("INFOFORMAT", form.name().to_owned()),
    ]);
    feature_info::answer(state, asked, &Kvp::of(pairs)).await
}

/// The parameters of a tile that a REST address names.
fn address(asked: &WmtsAsk, time: String, column: &str) -> Result<Vec<(&'static str, String)>, Exception> {
    if asked.ask.param("style").is_empty() {
        let message = "the address names no style; 'default' is the layer's first".to_owned();
        return Err(Exception::new(Code::MissingParameterValue, "STYLE", message));
    }
    let part = |name: &str| asked.ask.param(name).to_owned();
    Ok(vec![
        ("LAYER", part("layer")),
        ("STYLE", part("style")),
        ("TIME", time),
        ("FORMAT", PNG.to_owned()),
        ("TILEMATRIXSET", part("tileMatrixSetId")),
        ("TILEMATRIX", part("tileMatrix")),
        ("TILEROW", part("tileRow")),
        ("TILECOL", column.to_owned()),
    ])
}
