//! Everything a mission has in a collection as one GeoJSON document, for answers that are no pages.

use driftline_database::Mission;
use driftline_domain::ReferenceSystem;

use super::collection::Collection;
use super::encode::{Fields, Format, PageDocument};
use super::holdings::Holdings;
use super::positions::Positioned;
use super::selection::Selection;
use crate::links::Link;
use crate::query::{Interval, Page, PageLimits};
use crate::{AppState, Error};

/// A document, and how many features it holds.
pub(crate) struct Extract {
    /// GeoJSON.
    pub(crate) text: String,
    /// Features in it.
    pub(crate) features: usize,
}

impl Extract {
    /// What a mission has in a collection in an interval; `None` where one page does not hold it.
    pub(crate) async fn of(
        state: &AppState,
        mission: &Mission,
        collection: Collection,
        interval: Interval,
        links: Vec<Link>,
    ) -> Result<Option<Self>, Error> {
        let holdings = Holdings::now(state, mission.org, Some(mission.id)).await?;
        let selection = Selection {
            org: mission.org,
            mission: Some(mission.id),
            collection,
            region: None,
            interval,
            updated: None,
            filters: Vec::new(),
        };
        let page = Page {
            limit: PageLimits::ITEMS.max,
            after: None,
            offset: 0,
        };
        let (features, next) = selection.page(state, &holdings, page).await?;
        if next.is_some() {
            return Ok(None);
        }
        let count = features.len();
        let (coast, title) = (std::sync::Arc::clone(&state.coast), collection.title());
        let write = move || {
            let document = PageDocument {
                collection,
                title,
                features: &features,
                withdrawn: &[],
                fields: &Fields::all(),
                positions: &Positioned::in_system(ReferenceSystem::Crs84),
                links: &links,
                time_stamp: holdings.seen_at,
                number_matched: i64::try_from(features.len()).ok(),
                attribution: &holdings.attribution,
                coast: &coast,
            };
            document.write(Format::GeoJson)
        };
        let written = state.compute.run(write).await;
        let text = written.map_err(|error| Error::Internal(format!("a document: {error}")))??;
        let text = String::from_utf8(text).map_err(|error| Error::Internal(format!("a document: {error}")))?;
        Ok(Some(Self { text, features: count }))
    }
}
