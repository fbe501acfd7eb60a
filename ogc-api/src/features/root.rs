//! Which root a request is under: the tenant's, or one mission's.

use axum::extract::{FromRequestParts, RawPathParams};
use driftline_auth_billing::{Caller, Scope};
use driftline_database::Mission;
use driftline_domain::MissionId;
use http::request::Parts;

use super::Collection;
use crate::missions::find_mission;
use crate::{AppState, Error};

/// A root that the caller may read; another tenant's mission is as unknown as one that never was.
pub(crate) struct Root {
    /// The mission of a mission's root.
    pub(crate) mission: Option<Mission>,
    params: Vec<(String, String)>,
}

impl Root {
    /// The mission that answers are limited to.
    pub(crate) fn mission_id(&self) -> Option<MissionId> {
        self.mission.as_ref().map(|mission| mission.id)
    }

    /// Whether the root is that of a distress mission.
    pub(crate) fn is_distress(&self) -> bool {
        self.mission.as_ref().is_some_and(|mission| mission.spec.distress)
    }

    /// The path of the landing page.
    pub(crate) fn path(&self) -> String {
        match &self.mission {
            None => "/ogc".to_owned(),
            Some(mission) => format!("/missions/{}/ogc", mission.id),
        }
    }

    /// The path of a collection.
    pub(crate) fn collection_path(&self, collection: Collection) -> String {
        format!("{}/collections/{}", self.path(), collection.id())
    }

    /// What the root holds, for people.
    pub(crate) fn title(&self) -> String {
        match &self.mission {
            None => "Driftline".to_owned(),
            Some(mission) => match &mission.spec.name {
                Some(name) => format!("Driftline: {name}"),
                None => format!("Driftline: mission {}", mission.id),
            },
        }
    }

    /// The collection named in the path.
    pub(crate) fn collection(&self) -> Result<Collection, Error> {
        let id = self.param("collection_id");
        Collection::find(id).ok_or_else(|| Error::not_found("collection", id))
    }

    /// A part of the path by its name in the route.
    pub(crate) fn param(&self, name: &str) -> &str {
        let pair = self.params.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

impl FromRequestParts<AppState> for Root {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Error::parameter("path", rejection.body_text()))?;
        let params: Vec<(String, String)> = params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let caller = parts
            .extensions
            .get::<Caller>()
            .ok_or_else(|| Error::Internal(format!("no caller stands behind {}", parts.uri.path())))?;
        caller.require(Scope::FeaturesRead).map_err(Error::refused)?;
        let id = params.iter().find(|(name, _)| name == "mission_id");
        let mission = match id {
            None => None,
            Some((_, id)) => Some(find_mission(state, caller.org, id).await?),
        };
        Ok(Self { mission, params })
    }
}
