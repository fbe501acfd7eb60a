//! What a request is about: a collection of a root, as it is now, or one model cycle of it (an instance).

use driftline_database::Run;
use driftline_domain::{BBox, ValidTime};

use super::collection::Collection;
use crate::entity_tag::EntityTag;
use crate::features::{Root, RootAsk};
use crate::maps::LayerAbout;
use crate::{AppState, CycleAbout, CycleName, Error};

/// A collection or an instance.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// The collection.
    pub(crate) collection: Collection,
    /// The cycle of an instance.
    pub(crate) cycle: Option<CycleAbout>,
    /// Where it has something.
    pub(crate) bbox: BBox,
    /// First step.
    pub(crate) from: ValidTime,
    /// Last step.
    pub(crate) until: ValidTime,
    /// Credits, each once.
    pub(crate) attribution: Vec<String>,
    /// The run of a result.
    pub(crate) run: Option<Run>,
    /// Its path.
    pub(crate) path: String,
    /// Names the state of its content.
    state: String,
}

/// The path of the landing page.
pub(crate) fn root_path(root: &Root) -> String {
    format!("{}/edr", root.base_path())
}

/// The path of a collection.
pub(crate) fn collection_path(root: &Root, collection: Collection) -> String {
    format!("{}/collections/{}", root_path(root), collection.id())
}

/// How a cycle is called in paths: its feed and its reference time without punctuation.
pub(crate) fn instance_id(name: &CycleName) -> String {
    let run: String = name
        .run
        .to_string()
        .chars()
        .filter(|c| !matches!(c, '-' | ':'))
        .collect();
    format!("{}.{run}", name.feed)
}

impl Subject {
    /// What the path names: the collection, or with an `instance_id` its cycle.
    pub(crate) async fn of(state: &AppState, asked: &RootAsk) -> Result<Self, Error> {
        let collection = named(asked)?;
        let known = Self::of_collection(state, asked, collection).await?;
        let whole = known.ok_or_else(|| absent(collection))?;
        let id = asked.ask.param("instance_id");
        if id.is_empty() {
            return Ok(whole);
        }
        let cycles = instances(state, collection).await?;
        let cycle = cycles.into_iter().find(|cycle| instance_id(&cycle.name) == id);
        let cycle = cycle.ok_or_else(|| Error::not_found("instance", id))?;
        Ok(whole.of_cycle(cycle))
    }

    /// A collection, where the root has it and something is in it.
    pub(crate) async fn of_collection(
        state: &AppState,
        asked: &RootAsk,
        collection: Collection,
    ) -> Result<Option<Self>, Error> {
        let RootAsk { ask, root } = asked;
        let about = LayerAbout::of(state, ask.caller.org, root, collection.layer()).await?;
        Ok(about.ok().map(|about| Self {
            collection,
            cycle: None,
            bbox: about.bbox,
            from: about.timeline.first(),
            until: about.timeline.last(),
            attribution: about.attribution,
            run: about.run,
            path: collection_path(root, collection),
            state: about.state,
        }))
    }

    /// The same of one cycle.
    pub(crate) fn of_cycle(&self, cycle: CycleAbout) -> Self {
        let id = instance_id(&cycle.name);
        Self {
            collection: self.collection,
            bbox: cycle.about.bbox,
            from: cycle.about.from,
            until: cycle.about.until,
            attribution: cycle.about.attribution.clone(),
            run: None,
            path: format!("{}/instances/{id}", self.path),
            state: format!("{id} {} {}", cycle.revision, cycle.about.version),
            cycle: Some(cycle),
        }
    }

    /// Whether what is said of it stays the same for ever: a finished run.
    pub(crate) fn is_fixed(&self) -> bool {
        self.run.is_some()
    }

    /// The tag of an answer that is made from this state and these words, known before anything is read.
    pub(crate) fn tag(&self, words: &[&str]) -> EntityTag {
        let mut parts = vec![
            env!("CARGO_PKG_VERSION").as_bytes(),
            self.path.as_bytes(),
            self.state.as_bytes(),
        ];
        parts.extend(words.iter().map(|word| word.as_bytes()));
        EntityTag::of_parts(&parts)
    }

    /// Its first and last step as RFC 3339 writes an interval.
    pub(crate) fn interval(&self) -> String {
        format!("{}/{}", self.from, self.until)
    }
}

/// The cycles of a collection, newest first; none of results.
pub(crate) async fn instances(state: &AppState, collection: Collection) -> Result<Vec<CycleAbout>, Error> {
    match collection.forcing() {
        None => Ok(Vec::new()),
        Some(kind) => {
            let cycles = state.fields.cycles(kind).await;
            cycles.map_err(|error| Error::Forcing(error.to_string()))
        }
    }
}

/// The collection that the path names.
pub(crate) fn named(asked: &RootAsk) -> Result<Collection, Error> {
    let id = asked.ask.param("collection_id");
    Collection::find(id).ok_or_else(|| Error::not_found("collection", id))
}

fn absent(collection: Collection) -> Error {
    Error::not_found("collection with something in it", collection.id())
}
