//! The one route of WMS: which operation, in which version.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use driftline_auth_billing::Billable;
use http::request::Parts;

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::version::Version;
use super::{DEADLINE, capabilities, describe_layer, feature_info, get_map};
use crate::ask::Ask;
use crate::features::Root;
use crate::query::shown;
use crate::{AppState, Error};

/// A WMS request under a root that its caller may read.
pub(crate) struct WmsAsk {
    /// The request.
    pub(crate) ask: Ask,
    /// The root.
    pub(crate) root: Root,
    /// Its parameters.
    pub(crate) kvp: Kvp,
    raw: Option<String>,
}

impl FromRequestParts<AppState> for WmsAsk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ask = Ask::without_query(parts, state).await?;
        let root = Root::of(state, &ask).await?;
        Ok(Self {
            ask,
            root,
            kvp: Kvp::default(),
            raw: parts.uri.query().map(str::to_owned),
        })
    }
}

impl WmsAsk {
    /// The path of the service.
    pub(crate) fn path(&self) -> String {
        format!("{}/wms", self.root.base_path())
    }

    /// Marks an answer as one unit of a meter.
    pub(crate) fn bill(&self, response: &mut Response, meter: &'static str) {
        response.extensions_mut().insert(Billable {
            meter,
            units: 1,
            distress: self.root.is_distress(),
        });
    }
}

/// `GET /wms`.
pub(crate) async fn wms(State(state): State<AppState>, mut asked: WmsAsk) -> Response {
    let (kvp, outcome) = Kvp::parse(asked.raw.as_deref());
    asked.kvp = kvp;
    // 1.0.0 called it WMTVER.
    let named = asked.kvp.get("VERSION").or(asked.kvp.get("WMTVER"));
    let version = match Version::negotiated(named) {
        Ok(version) => version,
        Err(exception) => {
            return exception.into_answer(&state.compute, Version::V130, &asked.kvp).await;
        }
    };
    if let Err(exception) = outcome {
        return exception.into_answer(&state.compute, version, &asked.kvp).await;
    }
    let asked = Arc::new(asked);
    match in_time(DEADLINE, answer(&state, &asked, version)).await {
        Ok(response) => response,
        Err(exception) => exception.into_answer(&state.compute, version, &asked.kvp).await,
    }
}

async fn in_time(
    limit: Duration,
    answer: impl Future<Output = Result<Response, Exception>>,
) -> Result<Response, Exception> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answered) => answered,
        Err(_) => Err(Error::Busy("the answer took too long").into()),
    }
}

async fn answer(state: &AppState, asked: &Arc<WmsAsk>, version: Version) -> Result<Response, Exception> {
    if let Some(service) = asked.kvp.filled("SERVICE")
        && !service.eq_ignore_ascii_case("WMS")
    {
        let message = format!("SERVICE '{}' is not offered here; this is WMS", shown(service));
        return Err(Exception::plain(message));
    }
    let request = asked.kvp.get("REQUEST").unwrap_or_default();
    // 06-042, tables 8 and 9; capabilities are asked for without one to learn which there are.
    let needs_version = ["getmap", "getfeatureinfo"].contains(&request.to_ascii_lowercase().as_str());
    if needs_version && asked.kvp.filled("VERSION").or(asked.kvp.filled("WMTVER")).is_none() {
        let message = format!("the parameter VERSION is missing; {request} has to name it, such as 1.3.0");
        return Err(Exception::plain(message));
    }
    match request.to_ascii_lowercase().as_str() {
        // The second name of each is that of 1.0.0.
        "getcapabilities" | "capabilities" => capabilities::answer(state, asked, version).await,
        "getmap" | "map" => get_map::answer(state, asked, version).await,
        "getfeatureinfo" | "feature_info" => feature_info::answer(state, asked, version).await,
        "getlegendgraphic" => get_map::legend(state, asked).await,
        "describelayer" => describe_layer::answer(state, asked, version).await,
        _ => Err(Exception::new(
            Code::OperationNotSupported,
            format!(
                "REQUEST '{}' is not offered; there are GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic and \
                 DescribeLayer",
                shown(request)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_refused_as_an_exception() {
        let refused = in_time(DEADLINE, std::future::pending()).await.unwrap_err();
        let answer = refused.into_report(Version::V111);
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["content-type"], "application/vnd.ogc.se_xml");
        assert!(answer.headers().contains_key("retry-after"));
    }
}
