//! Publishing a cycle: immutable objects first, the manifest last and only if absent (feeds-and-store.md 8.2).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use driftline_domain::{Composition, ForcingKind, GridSpec, RunTime, ValidTime, VectorField};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use object_store::path::Path;
use serde_json::json;
use uuid::Uuid;

use crate::catalog::manifest_path;
use crate::manifest::{self, Horizon, Manifest, Mark, ObjectEntry, SeriesEntry, SeriesLineage, SourceFile};
use crate::zarr_write::{self, NewGroup, Nodes, Object, SeriesEncoder};
use crate::{Cycle, Error, Store};

/// What this version writes of itself into a manifest.
const WRITTEN_BY: &str = concat!("driftline ", env!("CARGO_PKG_VERSION"));
/// Objects on their way to a remote store at the same time.
const UPLOADS: usize = 8;
/// Smaller objects, in bytes, are not worth looking for in the revision before.
const SHARED_FROM: usize = 64 * 1024;
/// How old the knowledge of the revision before may be.
const RECENT: Duration = Duration::from_secs(60);
/// Numbers tried before giving up when other writers publish at the same time.
const MAX_ATTEMPTS: u32 = 100;
/// Which cycle is published and from what.
#[derive(Debug, Clone)]
pub struct CycleIdentity {
    /// Feed.
    pub feed: String,
    /// Model cycle.
    pub run: RunTime,
    /// The files it is made from.
    pub sources: Vec<SourceFile>,
    /// Credit line given by the operator; it is part of what a cycle says.
    pub attribution: Option<String>,
    /// How far the cycle should go, where that is known.
    pub horizon: Option<Horizon>,
    /// What quality control let pass.
    pub marks: Vec<Mark>,
}

impl CycleIdentity {
    /// Whether this revision was made from the very same by the very same program, and has every step that is wanted of
    /// it: a file may hold more than was taken from it.
    fn is_that_of(&self, head: &Manifest) -> bool {
        let same_credit = |series: &SeriesEntry| self.attribution.is_none() || series.attribution == self.attribution;
        let same_sources = head.sources.len() == self.sources.len()
            && head
                .sources
                .iter()
                .zip(&self.sources)
                .all(|(one, other)| one.is_same_content(other));
        let is_part = self.horizon.as_ref().is_some_and(|whole| lacks_steps_of(head, whole));
        same_sources && head.written_by == WRITTEN_BY && head.series.iter().all(same_credit) && !is_part
    }
}

/// Whether a revision has fewer steps than a cycle that is there as a whole.
fn lacks_steps_of(head: &Manifest, whole: &Horizon) -> bool {
    let is_short = |series: &SeriesEntry| series.times.len() < whole.expected_steps;
    whole.is_complete() && head.series.iter().any(is_short)
}

/// One vector field over time, about to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSeries {
    /// Zarr group below the prefix.
    pub group: String,
    /// What it is.
    pub kind: ForcingKind,
    /// Where its values stand.
    pub grid: GridSpec,
    /// When they hold, ascending.
    pub times: Vec<ValidTime>,
    /// Parts of the current.
    pub composition: Composition,
    /// Depth or height, as the source states it.
    pub level: String,
    /// Variables of the source.
    pub source_variables: [String; 2],
    /// Line that every product must carry.
    pub attribution: Option<String>,
    /// For each step the sources it is made from, as indices into the identity's `sources`.
    pub step_sources: Vec<Vec<u32>>,
}

/// What publishing did.
#[derive(Debug, Clone)]
pub enum Published {
    /// A new revision is visible.
    New(Arc<Cycle>),
    /// The newest revision says the same already; nothing was written.
    Unchanged(Arc<Cycle>),
}

/// Why a text is no feed name, if it is none: names stand in paths and URLs.
pub fn feed_name_violation(name: &str) -> Option<String> {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let wrong = name.is_empty() || name.len() > 63 || !plain || name.starts_with('-');
    wrong.then(|| format!("feed name '{name}' must be 1 to 63 lower-case letters, digits or dashes"))
}

/// A cycle on its way into the store; nothing of it is visible until `publish` returns.
pub struct CyclePublisher {
    store: Store,
    identity: CycleIdentity,
    writer: String,
    prefix: String,
    series: Vec<SeriesEntry>,
    objects: Vec<ObjectEntry>,
    nodes: Nodes,
    lineage: Vec<SeriesLineage>,
    /// The newest revision when this one was begun; what both have in common is not stored twice.
    before: Option<Arc<Cycle>>,
    /// Whether a manifest that names this prefix may have been created, though nobody was told so.
    may_be_visible: bool,
}

impl Store {
    /// The newest revision of a cycle, if it was made from the very same files by the same program; durable by then.
    pub async fn already_published(&self, identity: &CycleIdentity) -> Result<Option<Published>, Error> {
        if let Some(violation) = feed_name_violation(&identity.feed) {
            return Err(Error::Rejected(violation));
        }
        let catalog = self.catalog().await?;
        match catalog.head(&identity.feed, identity.run) {
            Some(head) if identity.is_that_of(&head.manifest) => self.unchanged(head).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Says so only when it would still be true after a power cut: the one who published this revision may have been
    /// killed, or may be about to sync it. The objects were synced before their manifest got its name.
    async fn unchanged(&self, head: &Arc<Cycle>) -> Result<Published, Error> {
        self.objects.sync(&[manifest_path(head.sequence)]).await?;
        Ok(Published::Unchanged(Arc::clone(head)))
    }

    /// Begins a cycle, or tells that the newest revision was made from the very same files by the same program. Who
    /// does not get as far as `publish` calls `abandon`.
    pub async fn begin_cycle(&self, identity: CycleIdentity) -> Result<Result<CyclePublisher, Published>, Error> {
        if let Some(unchanged) = self.already_published(&identity).await? {
            return Ok(Err(unchanged));
        }
        // A hint only: what it says is compared before it is used.
        let known = self.recent_catalog(RECENT).await?;
        let before = known.head(&identity.feed, identity.run).map(Arc::clone);
        let writer = Uuid::now_v7().simple().to_string();
        let run = identity.run.0.strftime("%Y%m%dT%H%M%SZ");
        // The writer's id keeps two writers of one cycle apart: each has its own prefix, whoever publishes first.
        let prefix = format!("forcing/{}/{run}/{writer}", identity.feed);
        Ok(Ok(CyclePublisher {
            store: self.clone(),
            identity,
            writer,
            prefix,
            series: Vec::new(),
            objects: Vec::new(),
            nodes: Nodes::new(),
            lineage: Vec::new(),
            before,
            may_be_visible: false,
        }))
    }
}

impl CyclePublisher {
    /// Stores one series; `read` gives the field of each step and runs on the compute pool, as the encoding does.
    pub async fn add_series<R, E>(&mut self, series: NewSeries, read: R) -> Result<(), Error>
    where
        R: Fn(usize) -> Result<VectorField, E> + Send + Sync + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        check_series(&series)?;
        let NewGroup {
            encoder,
            mut objects,
            nodes,
        } = SeriesEncoder::new_group(series.clone())?;
        self.nodes.extend(nodes);
        let (encoder, read, nodes) = (Arc::new(encoder), Arc::new(read), series.grid.len());
        let mut missing = 0;
        // While one part is computed, the part before it is stored: what is in memory at once is a block of packed steps
        // and two arrays' shards of it.
        for steps in encoder.blocks() {
            let (packer, read) = (Arc::clone(&encoder), Arc::clone(&read));
            let pack = move || packer.pack(steps, |step| read_step(&*read, step, nodes));
            let packed = Arc::new(self.put_during(objects, pack).await?);
            objects = Vec::new();
            for component in 0..2 {
                let (encoder, packed) = (Arc::clone(&encoder), Arc::clone(&packed));
                let encode = move || encoder.encode(component, &packed);
                objects = self.put_during(objects, encode).await?;
            }
            missing += packed.missing;
        }
        self.put(objects).await?;
        let values = (series.grid.len() * series.times.len()) as f64;
        self.lineage.push(SeriesLineage {
            group: series.group.clone(),
            steps: series.step_sources,
        });
        self.series.push(SeriesEntry {
            group: series.group,
            kind: series.kind,
            grid: series.grid,
            times: series.times,
            composition: series.composition,
            level: series.level,
            source_variables: series.source_variables,
            attribution: series.attribution,
            missing_share: missing as f64 / values,
        });
        Ok(())
    }

    /// Stores objects while the pool computes what comes next.
    async fn put_during<T: Send + 'static>(
        &mut self,
        objects: Vec<Object>,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let compute = self.store.compute.clone();
        let (stored, made) = tokio::join!(self.put(objects), compute.run(work));
        stored?;
        made?
    }

    async fn put(&mut self, objects: Vec<Object>) -> Result<(), Error> {
        // A local disk gains nothing from several at once, and a remote store waits most of the time.
        let at_once = if self.store.objects.is_remote() { UPLOADS } else { 1 };
        let this = &*self;
        let stored: Vec<ObjectEntry> = stream::iter(objects)
            .map(|object| this.put_one(object))
            .buffered(at_once)
            .try_collect()
            .await?;
        self.objects.extend(stored);
        Ok(())
    }

    async fn put_one(&self, Object { entry, bytes }: Object) -> Result<ObjectEntry, Error> {
        let target = self.full_path(&entry.path);
        if !self.is_shared(&entry, &bytes, &target).await? {
            self.store.objects.put_own(&target, bytes).await?;
        }
        Ok(entry)
    }

    /// Whether the revision before has this very object and could give it: by a copy within the store, or locally by a
    /// second name for the same file. Every revision has all its objects under its own prefix, so that each opens by
    /// itself and is removed by itself.
    async fn is_shared(&self, entry: &ObjectEntry, bytes: &Bytes, target: &Path) -> Result<bool, Error> {
        let Some(before) = self.before.as_deref().filter(|_| bytes.len() >= SHARED_FROM) else {
            return Ok(false);
        };
        if before.manifest.object(&entry.path) != Some(entry) {
            return Ok(false);
        }
        let theirs = Path::from(format!("{}/{}", before.manifest.prefix, entry.path));
        let objects = &self.store.objects;
        // One file under two names is damaged under both: a disk that has lost a bit of it is not trusted again. A
        // remote store watches over its own bytes.
        if !objects.is_remote() && objects.get(&theirs).await.ok().as_ref() != Some(bytes) {
            return Ok(false);
        }
        match objects.copy(&theirs, target).await {
            Ok(()) => Ok(true),
            // It may have been removed a moment ago; what is at hand is stored as ever.
            Err(error) => {
                tracing::debug!(object = %theirs, cause = %error, "an object of the revision before is not to be had");
                Ok(false)
            }
        }
    }

    /// Looks at what lies under the prefix before a manifest vouches for it.
    async fn verify_stored(&self) -> Result<(), Error> {
        let prefix = Path::from(self.prefix.as_str());
        let stored = self.store.objects.list_sizes(&prefix).await?;
        for entry in &self.objects {
            let path = self.full_path(&entry.path);
            let found = stored.get(&path).copied();
            if found != Some(entry.bytes) {
                let found = found.map_or("nothing".to_owned(), |bytes| format!("{bytes} bytes"));
                return Err(Error::Damaged {
                    object: path.to_string(),
                    reason: format!("{} bytes were stored and {found} found", entry.bytes),
                });
            }
        }
        Ok(())
    }

    fn full_path(&self, path: &str) -> Path {
        Path::from(format!("{}/{path}", self.prefix))
    }

    /// Removes what was stored so far. A failure is logged and no more: the caller has a reason of its own to tell, and
    /// `Store::sweep_orphans` removes later what is left.
    pub async fn abandon(self) {
        self.discard().await;
    }

    async fn discard(&self) {
        let prefix = Path::from(self.prefix.as_str());
        if let Err(error) = self.store.objects.delete_tree(&prefix).await {
            tracing::warn!(prefix = self.prefix, cause = %error, "objects of an unpublished cycle could not be removed");
        }
    }

    /// Makes the cycle visible: everything synced, then the manifest created under the next free number. If that fails,
    /// nothing is left behind.
    pub async fn publish(mut self, now: Timestamp) -> Result<Published, Error> {
        let published = self.try_publish(now).await;
        // What a manifest may name stays, whatever else happened; if none does, a sweep finds out.
        if !matches!(published, Ok(Published::New(_))) && !self.may_be_visible {
            self.discard().await;
        }
        published
    }

    async fn try_publish(&mut self, now: Timestamp) -> Result<Published, Error> {
        if self.series.is_empty() {
            return Err(Error::Rejected(
                "a cycle without a field cannot be published".to_owned(),
            ));
        }
        let about = json!({"feed": self.identity.feed, "run": self.identity.run, "written_by": WRITTEN_BY});
        let root = zarr_write::root_group(about, &self.nodes)?;
        self.put(vec![root]).await?;
        self.objects.sort_by(|a, b| a.path.cmp(&b.path));
        let paths: Vec<Path> = self.objects.iter().map(|entry| self.full_path(&entry.path)).collect();
        self.store.objects.sync(&paths).await?;
        self.verify_stored().await?;
        let checksum = Manifest::content_checksum(manifest::SCHEMA, &self.series, &self.objects)
            .map_err(|error| zarr_write::array_error("manifest", error))?;
        for _ in 0..MAX_ATTEMPTS {
            let catalog = self.store.catalog().await?;
            let head = catalog.head(&self.identity.feed, self.identity.run);
            if let Some(head) = head {
                if head.manifest.checksum == checksum {
                    return self.store.unchanged(head).await;
                }
                self.refuse_shrinking(&head.manifest)?;
            }
            // Numbers go on behind manifests that cannot be read. One of them may be a revision of this very cycle; fresh
            // forcing is not refused for that, since readers only need the revision to grow among those they can read.
            let sequence = catalog.sequence() + 1;
            let revision = catalog.last_revision(&self.identity.feed, self.identity.run) + 1;
            let manifest = self.manifest(revision, now, checksum.clone());
            let text =
                serde_json::to_vec_pretty(&manifest).map_err(|error| zarr_write::array_error("manifest", error))?;
            let path = manifest_path(sequence);
            self.may_be_visible = true;
            let created = match self.store.objects.create_durably(&path, text.into()).await {
                Ok(created) => created,
                Err(error) => {
                    self.may_be_visible = self.may_have_created(&path).await;
                    return Err(error);
                }
            };
            if created {
                return Ok(Published::New(Arc::new(Cycle { sequence, manifest })));
            }
            self.may_be_visible = false;
        }
        Err(Error::Contended { attempts: MAX_ATTEMPTS })
    }

    fn manifest(&self, revision: u32, now: Timestamp, checksum: String) -> Manifest {
        Manifest {
            schema: manifest::SCHEMA,
            writer: self.writer.clone(),
            feed: self.identity.feed.clone(),
            run: self.identity.run,
            revision,
            prefix: self.prefix.clone(),
            published_at: now,
            series: self.series.clone(),
            objects: self.objects.clone(),
            sources: self.identity.sources.clone(),
            written_by: WRITTEN_BY.to_owned(),
            checksum,
            lineage: self.lineage.clone(),
            horizon: self.identity.horizon.clone(),
            marks: self.identity.marks.clone(),
        }
    }

    /// Whether a failed attempt may have left the manifest. A local folder can tell, for example when the disk is full;
    /// elsewhere a request without an answer may still arrive.
    async fn may_have_created(&self, path: &Path) -> bool {
        let is_local = self.store.objects.local_root().is_some();
        !is_local || !matches!(self.is_ours(path).await, Ok(false) | Err(Error::NotFound(_)))
    }

    /// After a lost answer the number that is taken may be taken by ourselves.
    async fn is_ours(&self, path: &Path) -> Result<bool, Error> {
        let bytes = self.store.objects.get(path).await?;
        Ok(serde_json::from_slice::<Manifest>(&bytes).is_ok_and(|manifest| manifest.writer == self.writer))
    }

    /// A revision may add and correct; it must not take back what readers could rely on.
    fn refuse_shrinking(&self, head: &Manifest) -> Result<(), Error> {
        for old in &head.series {
            let new = self
                .series
                .iter()
                .find(|new| new.kind == old.kind && new.grid == old.grid);
            let Some(new) = new else {
                return Err(Error::Rejected(format!(
                    "revision {} of {} {} holds {} on a grid of {} x {} nodes that the new one lacks; ingest all files of a cycle together",
                    head.revision,
                    head.feed,
                    head.run,
                    old.kind,
                    old.grid.nx(),
                    old.grid.ny()
                )));
            };
            let times: BTreeSet<&ValidTime> = new.times.iter().collect();
            if let Some(lost) = old.times.iter().find(|time| !times.contains(time)) {
                return Err(Error::Rejected(format!(
                    "revision {} of {} {} holds {} for {lost}, which the new one lacks; ingest all files of a cycle together",
                    head.revision, head.feed, head.run, old.kind
                )));
            }
        }
        Ok(())
    }
}

fn read_step<E: std::error::Error + Send + Sync + 'static>(
    read: &(impl Fn(usize) -> Result<VectorField, E> + ?Sized),
    step: usize,
    nodes: usize,
) -> Result<VectorField, Error> {
    let field = read(step).map_err(|error| Error::Source(Box::new(error)))?;
    if field.east.len() != nodes || field.north.len() != nodes {
        return Err(Error::Rejected(format!(
            "step {step} has {} values for {nodes} nodes",
            field.east.len()
        )));
    }
    Ok(field)
}

fn check_series(series: &NewSeries) -> Result<(), Error> {
    if series.grid.is_empty() || series.times.is_empty() {
        return Err(Error::Rejected(format!("{} has no value", series.group)));
    }
    if series.step_sources.len() != series.times.len() {
        return Err(Error::Rejected(format!(
            "{} has {} times and the sources of {} steps",
            series.group,
            series.times.len(),
            series.step_sources.len()
        )));
    }
    match series.times.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(Error::Rejected(format!(
            "{}: times are not ascending at {}",
            series.group, pair[1]
        ))),
        None => Ok(()),
    }
}
