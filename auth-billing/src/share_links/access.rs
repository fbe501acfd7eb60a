//! Who comes with a share link, and how far it reaches.

use std::sync::Arc;
use std::time::Instant;

use driftline_database::ShareLink;
use driftline_domain::MissionId;
use http::request::Parts;
use http::{Method, StatusCode};
use jiff::Timestamp;

use super::LinkText;
use crate::known_keys::{Name, REMEMBERED};
use crate::signature::is_devious;
use crate::{Auth, Caller, Carry, Problem, Scope, Scopes};

/// What the page asks for that is no tenant's.
const OF_ANY_TENANT: [&str; 3] = ["/v1/organisation", "/v1/object-types", "/v1/feeds"];

impl Auth {
    /// Whoever has a link for this path.
    pub(crate) async fn caller_of_share_link(
        &self,
        token: &LinkText,
        carry: Carry,
        request: &Parts,
    ) -> Result<Caller, Problem> {
        let link = self.share_link(token).await?.ok_or_else(Problem::unauthenticated)?;
        let now = (self.clock())();
        if now >= link.expires_at {
            let detail = format!("this link expired at {}; ask for a new one", link.expires_at);
            return Err(Problem::new(StatusCode::FORBIDDEN, "link_expired", detail));
        }
        let known = if link.revoked_at.is_none() {
            self.known(Name::Id(link.created_by)).await?
        } else {
            None
        };
        let known = known.ok_or_else(|| {
            let detail = "this link works no more: it, or the key that it was made with, was revoked or has expired";
            Problem::new(StatusCode::FORBIDDEN, "link_withdrawn", detail)
        })?;
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        if !is_read || !reaches(link.mission, request.uri.path()) {
            let detail = format!("this link is for reading the mission {} and nothing else", link.mission);
            return Err(Problem::new(StatusCode::FORBIDDEN, "out_of_reach", detail));
        }
        Ok(Caller {
            role: None,
            person: None,
            org: known.key.org,
            org_name: known.org_name,
            key: known.key.id,
            kind: known.key.kind,
            scopes: Scopes::from_iter([Scope::MissionsRead, Scope::FeaturesRead]),
            carry,
            limited_to: Some(format!("/missions/{}/", link.mission).into()),
            shares: Some(link.mission),
            link_ends: None,
        })
    }

    async fn share_link(&self, token: &LinkText) -> Result<Option<Arc<ShareLink>>, Problem> {
        let sha256 = token.sha256();
        if let Some(link) = self.links().recall(&sha256) {
            return Ok(Some(link));
        }
        // The time runs from before the look-up, as with keys.
        let until = Instant::now() + REMEMBERED;
        let found = self.database().share_link_by_sha256(&sha256).await?;
        let found = found.map(Arc::new);
        if let Some(link) = &found {
            self.links().remember(link, until);
            self.note_link_use(link, (self.clock())());
        }
        Ok(found)
    }

    /// Notes the link's use without making the request wait for the write.
    fn note_link_use(&self, link: &ShareLink, now: Timestamp) {
        let is_recent = |at: Timestamp| now.duration_since(at).as_secs() < 60;
        let is_over = link.revoked_at.is_some() || now >= link.expires_at;
        if is_over || link.last_used_at.is_some_and(is_recent) {
            return;
        }
        let (database, id) = (self.database().clone(), link.id);
        tokio::spawn(async move {
            if let Err(error) = database.touch_share_link(id, now).await {
                tracing::warn!(link.id = %id, cause = crate::chain(&error), "a link's use could not be noted");
            }
        });
    }
}

/// Whether a path belongs to a mission, or to no tenant at all.
fn reaches(mission: MissionId, path: &str) -> bool {
    if is_devious(path) {
        return false;
    }
    if OF_ANY_TENANT.contains(&path) {
        return true;
    }
    let below = ["/missions/", "/v1/missions/", "/v1/ws/missions/"]
        .iter()
        .find_map(|root| path.strip_prefix(root)?.strip_prefix(&mission.to_string()));
    // Who else has a link is not for everybody who has one.
    below.is_some_and(|rest| (rest.is_empty() || rest.starts_with('/')) && !rest.starts_with("/share-links"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reaches_its_mission_and_nothing_else() {
        let (mission, other) = (MissionId::generate(), MissionId::generate());
        for path in [
            format!("/v1/missions/{mission}"),
            format!("/v1/missions/{mission}/results/areas.kml"),
            format!("/v1/ws/missions/{mission}"),
            format!("/missions/{mission}/wms"),
            "/v1/organisation".to_owned(),
        ] {
            assert!(reaches(mission, &path), "{path}");
            assert_eq!(reaches(other, &path), path == "/v1/organisation", "{path}");
        }
        for path in [
            format!("/v1/missions/{mission}/share-links"),
            format!("/v1/missions/{mission}x"),
            format!("/v1/missions/{mission}:cancel"),
            format!("/missions/{mission}/../{other}/wms"),
            format!("/missions/{mission}/%2e%2e/{other}/wms"),
            "/v1/missions".to_owned(),
            "/wms".to_owned(),
            "/v1/billing/usage".to_owned(),
        ] {
            assert!(!reaches(mission, &path), "{path}");
        }
    }
}
