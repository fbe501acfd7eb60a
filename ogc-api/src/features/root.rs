//! Which root a request is under: the tenant's, or one mission's.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use driftline_auth_billing::Scope;
use driftline_database::Mission;
use driftline_domain::MissionId;
use http::request::Parts;

use super::Collection;
use crate::ask::Ask;
use crate::missions::known_mission;
use crate::{AppState, Error};

/// A root that the caller may read; another tenant's mission is as unknown as one that never was.
pub(crate) struct Root {
    /// The mission of a mission's root.
    mission: Option<Arc<Mission>>,
}

impl Root {
    /// The mission that answers are limited to.
    pub(crate) fn mission_id(&self) -> Option<MissionId> {
        self.mission.as_ref().map(|mission| mission.id)
    }

    /// The mission of a mission's root.
    pub(crate) fn mission(&self) -> Option<&Mission> {
        self.mission.as_deref()
    }

    /// Whether the root is that of a distress mission.
    pub(crate) fn is_distress(&self) -> bool {
        self.mission.as_ref().is_some_and(|mission| mission.spec.distress)
    }

    /// The path of the landing page.
    pub(crate) fn path(&self) -> String {
        format!("{}/ogc", self.base_path())
    }

    /// The path that its services stand under; empty for the tenant's.
    pub(crate) fn base_path(&self) -> String {
        match &self.mission {
            None => String::new(),
            Some(mission) => format!("/missions/{}", mission.id),
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
}

/// A request under a root that its caller may read.
pub(crate) struct RootAsk {
    /// The request.
    pub(crate) ask: Ask,
    /// The root.
    pub(crate) root: Root,
}

impl RootAsk {
    /// The collection named in the path.
    pub(crate) fn collection(&self) -> Result<Collection, Error> {
        let id = self.ask.param("collection_id");
        Collection::find(id).ok_or_else(|| Error::not_found("collection", id))
    }

    /// The collection named in the path, if it is one that is drawn and cut into tiles.
    pub(crate) fn tiled_collection(&self) -> Result<Collection, Error> {
        let collection = self.collection()?;
        let is_tiled = Collection::TILED.contains(&collection);
        let tiled = is_tiled.then_some(collection);
        tiled.ok_or_else(|| Error::not_found("tileset of the collection", collection.id()))
    }
}

impl Root {
    /// The root that a request's path names.
    pub(crate) async fn of(state: &AppState, ask: &Ask) -> Result<Self, Error> {
        ask.require(Scope::FeaturesRead)?;
        let mission = match ask.param("mission_id") {
            "" => None,
            id => Some(known_mission(state, ask.caller.org, id).await?),
        };
        Ok(Self { mission })
    }
}

impl FromRequestParts<AppState> for RootAsk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ask = Ask::from_request_parts(parts, state).await?;
        let root = Root::of(state, &ask).await?;
        Ok(Self { ask, root })
    }
}
