//! What every handler needs of a request: who asks, what stands in the query, and how links of the answer begin.

use axum::extract::{FromRequestParts, RawPathParams};
use driftline_auth_billing::{Caller, Grant, MissionAdmission, Problem, Resource, Scope, Verb};
use driftline_domain::KeyId;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::entity_tag::EntityTag;
use crate::links::{Site, is_credential};
use crate::missions::find_mission;
use crate::query::{Query, shown};
use crate::{AppState, Error};

/// One request of an authenticated caller.
pub(crate) struct Ask {
    /// Who asks.
    pub(crate) caller: Caller,
    /// Makes links.
    pub(crate) site: Site,
    /// The query without its credential.
    pub(crate) query: Query,
    /// The path as routed, without a prefix.
    pub(crate) path: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    params: Vec<(String, String)>,
    /// What a request that may bring missions has to ask.
    admission: Option<MissionAdmission>,
}

impl Ask {
    /// Refuses a caller whose key lacks a scope.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Error> {
        self.caller.require(scope).map_err(Error::refused)
    }

    /// Refuses a mission beyond a limit or a quota; one in distress has a limit of its own.
    pub(crate) async fn admit_mission(&self, is_distress: bool, particle_hours: u64) -> Result<(), Error> {
        let Some(admission) = &self.admission else {
            return Ok(());
        };
        let admitted = admission.admit(self.caller.key, is_distress, particle_hours).await;
        admitted.map_err(Error::refused)
    }

    /// Refuses a caller who may not do something to a thing of the organisation, which this key made.
    pub(crate) fn require_right(&self, resource: Resource, verb: Verb, made_by: Option<KeyId>) -> Result<(), Error> {
        // What is about to be made is the caller's own.
        let owns = made_by.is_none_or(|key| self.caller.owns(key));
        let right = self.caller.require_right(resource, verb, owns);
        right.map_err(Error::refused)
    }

    /// Whether the caller sees missions of others in the organisation.
    pub(crate) fn sees_own_missions_only(&self) -> bool {
        self.caller.grant(Resource::Missions, Verb::Read) == Grant::Own
    }

    /// A part of the path by its name in the route.
    pub(crate) fn param(&self, name: &str) -> &str {
        let pair = self.params.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The address of this very request.
    pub(crate) fn self_url(&self) -> String {
        self.site.url_with(&self.path, self.query.pairs())
    }

    /// Names everything that a document of this request is made from: the request's address with the credential that links carry,
    /// how far the caller's links reach, and what else stands in it.
    pub(crate) fn made_from(&self, words: &[&str]) -> EntityTag {
        let address = self.self_url();
        let mut parts = vec![address.as_bytes(), self.site.reach().as_bytes()];
        parts.extend(words.iter().map(|word| word.as_bytes()));
        EntityTag::of_parts(&parts)
    }

    /// Refuses a client that takes no JSON at all (RFC 9110, 12.5.1).
    pub(crate) fn check_accept(&self) -> Result<(), Error> {
        let mut ranges = self.headers.get_all(header::ACCEPT).iter().peekable();
        if ranges.peek().is_none() {
            return Ok(());
        }
        let texts: Vec<&str> = ranges.filter_map(|range| range.to_str().ok()).collect();
        let accept = texts.join(",").to_ascii_lowercase();
        let takes_json = accept.split(',').any(|range| {
            let kind = range.split(';').next().unwrap_or_default().trim();
            kind.is_empty() || kind == "*/*" || kind == "application/*" || kind.ends_with("json")
        });
        if takes_json {
            Ok(())
        } else {
            Err(Error::NotAcceptable(shown(&accept)))
        }
    }
}

impl FromRequestParts<AppState> for Ask {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let query = Query::parse(parts.uri.query(), is_credential)?;
        let ask = Self::without_query(parts, state).await?;
        Ok(Self { query, ..ask })
    }
}

impl Ask {
    /// The request with its query unread, for services that have their own rules for it.
    pub(crate) async fn without_query(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let caller = parts
            .extensions
            .get::<Caller>()
            .cloned()
            .ok_or_else(|| Error::Internal(format!("no caller stands behind {}", parts.uri.path())))?;
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Error::Path(rejection.body_text()))?;
        let base = state.public_base.for_request(&parts.headers, &parts.uri)?;
        let ask = Self {
            site: Site::new(base, &caller),
            query: Query::default(),
            path: parts.uri.path().to_owned(),
            admission: parts.extensions.get::<MissionAdmission>().cloned(),
            headers: parts.headers.clone(),
            params: params
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            caller,
        };
        ask.keep_to_own_missions(state).await?;
        Ok(ask)
    }

    /// A person whose role has own missions only finds no others, and reads results below each mission: what gathers those of
    /// the whole organisation is not theirs to see.
    async fn keep_to_own_missions(&self, state: &AppState) -> Result<(), Error> {
        if !self.sees_own_missions_only() {
            return Ok(());
        }
        let named = self.param("mission_id");
        if named.is_empty() {
            let gathers = GATHERING.iter().any(|root| {
                let rest = self.path.strip_prefix(root);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            return match gathers {
                true => Err(Error::refused(Problem::forbidden(
                    "this role sees its own missions only: their maps and features are below /missions/{mission_id}",
                ))),
                false => Ok(()),
            };
        }
        let id = named.split(':').next().unwrap_or_default();
        let mission = find_mission(state, self.caller.org, id).await?;
        if self.caller.owns(mission.created_by) {
            Ok(())
        } else {
            Err(Error::not_found("mission", id))
        }
    }
}

/// Roots under which results of all missions of an organisation stand.
const GATHERING: [&str; 9] = [
    "/ogc",
    "/wms",
    "/wmts",
    "/tiles",
    "/maps",
    "/stac",
    "/edr",
    "/kml",
    "/v1/ws/tickets",
];
