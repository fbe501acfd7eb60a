//! Vector tiles: what the feature collections hold, with `datetime` meaning exactly what it means there.

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::Response;
use driftline_database::{Run, RunFilter};
use driftline_domain::{BBox, ValidTime};
use driftline_simulate::tile_content::{AREA_MEMBERS, DATUM_MEMBERS, attributes, track_attributes, track_lines};
use driftline_tiles::TileId;
use driftline_tiles::mvt::{LayerBuilder, Value, VectorTile};
use serde_json::Map;

use super::MVT;
use super::particles::{self, EXACT_FROM, MOST_POINTS, Step, Trouble};
use super::tile::{bill, empty};
use crate::answer::Lasting;
use crate::compression::{Encoding, compressed};
use crate::entity_tag::EntityTag;
use crate::features::{Collection, Holdings, RootAsk};
use crate::maps::MapPlace;
use crate::query::Interval;
use crate::runs::RunCache;
use crate::{AppState, Error};

/// Geometry beyond the tile that is kept, as a share of its width: markers and lines must not end at the border.
const BUFFER: f64 = 64.0 / 4096.0;
/// Particle positions that are looked at for one tile; who wants more has to name a time.
const MAX_LOOKED_AT: usize = 20_000_000;
/// Positions in memory at once for one tile.
const HELD_AT_ONCE: usize = 1_000_000;
/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 100;

/// Names and kinds of the attributes of a collection's tiles, for TileJSON.
pub(crate) fn fields(collection: Collection, is_mission: bool) -> Map<String, serde_json::Value> {
    let texts = ["valid_time", "object_code", "mission_id", "run_id", "datum_kind"];
    let kind = |name: &&str| if texts.contains(name) { "String" } else { "Number" };
    let named = |names: &[&str]| -> Map<String, serde_json::Value> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), kind(name).into()))
            .collect()
    };
    let mut fields = match collection {
        Collection::SearchAreas => return named(&AREA_MEMBERS),
        Collection::Datums => return named(&DATUM_MEMBERS),
        Collection::Trajectories => {
            let mut fields = named(&["particle_id"]);
            for name in ["particle_status", "valid_start", "valid_end"] {
                fields.insert(name.to_owned(), "String".into());
            }
            fields
        }
        _ => {
            let mut fields = named(&["valid_time"]);
            let exact = format!("from zoom {EXACT_FROM} on");
            let cells = format!("of the particles of a cell, below zoom {EXACT_FROM}");
            for (name, kind, note) in [
                ("particle_id", "Number", &exact),
                ("particle_status", "String", &exact),
                ("count", "Number", &cells),
                ("share_adrift", "Number", &cells),
                ("share_stranded", "Number", &cells),
            ] {
                fields.insert(name.to_owned(), format!("{kind}; {note}").into());
            }
            fields
        }
    };
    if !is_mission {
        fields.extend(named(&["mission_id", "run_id"]));
    }
    fields
}

/// Which vector tile is wanted.
pub(crate) struct VectorWanted<'a> {
    /// Its layers.
    pub(crate) collections: &'a [Collection],
    /// Where.
    pub(crate) id: TileId,
    /// When.
    pub(crate) interval: Interval,
}

/// A vector tile of one root, whose parameters were checked.
pub(crate) async fn vector_tile(
    state: &AppState,
    asked: &RootAsk,
    wanted: VectorWanted<'_>,
) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    let VectorWanted {
        collections,
        id,
        interval,
    } = wanted;
    let content = match root.mission() {
        Some(mission) => mission
            .run
            .as_ref()
            .ok_or(Error::NotCompleted(mission.status))?
            .id
            .to_string(),
        None => {
            let holdings = Holdings::now(state, ask.caller.org, None).await?;
            String::from_utf8_lossy(holdings.fingerprint.as_bytes()).into_owned()
        }
    };
    let layers: Vec<&str> = collections.iter().map(|collection| collection.id()).collect();
    let made_from = format!("{} {layers:?} {content} {interval:?} {id:?}", env!("CARGO_PKG_VERSION"));
    let tag = EntityTag::of_bytes(made_from.as_bytes());
    let lasting = if root.mission().is_some() {
        Lasting::Forever
    } else {
        Lasting::Briefly
    };
    if let Some(held) = tag.held_form(&ask.headers) {
        let mut response = lasting.not_modified(&held);
        Encoding::note_choice(response.headers_mut());
        return Ok(response);
    }
    let place = state.map_places().take(ask.caller.org, 1).await?;
    let tile = Contents {
        state,
        place,
        asked,
        interval,
        id,
        bbox: id.bbox(BUFFER),
    };
    let bytes = tile.bytes(collections).await?;
    if bytes.is_empty() {
        return Ok(empty(&tag, lasting.words()));
    }
    let mut response = compressed(state, &ask.headers, bytes, MVT, &tag).await?;
    lasting.note(&mut response);
    bill(&mut response, root);
    Ok(response)
}

/// What goes into one tile.
struct Contents<'a> {
    state: &'a AppState,
    /// Kept until the work has ended.
    place: Arc<MapPlace>,
    asked: &'a RootAsk,
    interval: Interval,
    id: TileId,
    bbox: BBox,
}

impl Contents<'_> {
    async fn bytes(&self, collections: &[Collection]) -> Result<Vec<u8>, Error> {
        let runs = self.runs().await?;
        let mut layers = Vec::with_capacity(collections.len());
        for collection in collections {
            let mut layer = LayerBuilder::new(collection.id(), self.id);
            if *collection == Collection::Particles {
                layer = self.with_particles(layer, &runs).await?;
            } else {
                for run in &runs {
                    layer = self.with_shapes(*collection, layer, run).await?;
                }
            }
            layers.push(layer);
        }
        self.finished(layers).await
    }

    /// Runs that may have something here.
    async fn runs(&self) -> Result<Vec<Cow<'_, Run>>, Error> {
        if let Some(mission) = self.asked.root.mission() {
            return Ok(mission.run.iter().map(Cow::Borrowed).collect());
        }
        let mut filter = RunFilter {
            from: self.interval.from,
            until: self.interval.until,
            bbox: Some([self.bbox.west, self.bbox.south, self.bbox.east, self.bbox.north]),
            limit: RUNS_AT_ONCE,
            ..RunFilter::default()
        };
        let mut all = Vec::new();
        loop {
            let runs = self.state.database.runs(self.asked.ask.caller.org, &filter).await?;
            filter.after_seq = runs.last().map(|run| run.seq);
            let is_last = runs.len() < RUNS_AT_ONCE as usize;
            all.extend(runs.into_iter().map(Cow::Owned));
            if is_last {
                return Ok(all);
            }
        }
    }

    fn holds(&self, time: ValidTime) -> bool {
        self.overlaps(time, time)
    }

    fn overlaps(&self, start: ValidTime, end: ValidTime) -> bool {
        self.interval.from.is_none_or(|from| end >= from) && self.interval.until.is_none_or(|until| start <= until)
    }

    /// Particles, some output times at once, so that only these are in memory beside what the tile keeps.
    async fn with_particles(&self, mut layer: LayerBuilder, runs: &[Cow<'_, Run>]) -> Result<LayerBuilder, Error> {
        let (mut looked_at, mut waiting) = (0, Vec::new());
        for run in runs {
            let Some(layout) = RunCache::layout(self.state, run).await? else {
                continue;
            };
            let is_one_of_many = self.asked.root.mission().is_none();
            let origin = is_one_of_many.then(|| (run.mission.to_string(), run.id.to_string()));
            let steps = layout.steps().iter().enumerate();
            for (number, step) in steps.filter(|(_, step)| self.holds(step.time)) {
                looked_at += step.rows;
                if looked_at > MAX_LOOKED_AT {
                    let reason = format!("a tile of more than {MAX_LOOKED_AT} positions is not made; name a time");
                    return Err(Error::parameter("datetime", reason));
                }
                let Some(scatter) = RunCache::scatter(self.state, run, number).await? else {
                    continue;
                };
                waiting.push(Step {
                    scatter,
                    time: step.time,
                    origin: origin.clone(),
                });
                let held: usize = waiting.iter().map(|step| step.scatter.len()).sum();
                if held > HELD_AT_ONCE {
                    layer = self.with_steps(layer, std::mem::take(&mut waiting)).await?;
                }
            }
        }
        self.with_steps(layer, waiting).await
    }

    async fn with_steps(&self, mut layer: LayerBuilder, steps: Vec<Step>) -> Result<LayerBuilder, Error> {
        let (id, bbox) = (self.id, self.bbox);
        let added = self.computed(move || {
            steps
                .iter()
                .try_for_each(|step| particles::add(&mut layer, id, &bbox, step))
                .map(|()| layer)
        });
        added.await?.map_err(|trouble| match trouble {
            Trouble::TooMany => Error::parameter(
                "datetime",
                format!("a tile of more than {MOST_POINTS} particles is not made; name a time"),
            ),
            Trouble::Encoding(error) => Error::Internal(format!("a tile: {error}")),
        })
    }

    async fn with_shapes(&self, collection: Collection, tile: LayerBuilder, run: &Run) -> Result<LayerBuilder, Error> {
        match collection {
            Collection::SearchAreas => self.with_areas(tile, run).await,
            Collection::Datums => self.with_datums(tile, run).await,
            Collection::Trajectories => self.with_tracks(tile, run).await,
            other => Err(Error::Internal(format!("{} are no shapes of tiles", other.id()))),
        }
    }

    async fn with_areas(&self, mut tile: LayerBuilder, run: &Run) -> Result<LayerBuilder, Error> {
        let Some(areas) = RunCache::areas(self.state, run).await? else {
            return Ok(tile);
        };
        let shown: Vec<usize> = (0..areas.0.len())
            .filter(|place| self.holds(areas.0[*place].time))
            .collect();
        self.computed(move || {
            for place in shown {
                let area = &areas.0[place];
                tile.polygon(None, &area.shape.polygons, &attributes(&area.properties, &AREA_MEMBERS));
            }
            tile
        })
        .await
    }

    async fn with_datums(&self, mut tile: LayerBuilder, run: &Run) -> Result<LayerBuilder, Error> {
        let Some(datums) = RunCache::datums(self.state, run).await? else {
            return Ok(tile);
        };
        let shown: Vec<usize> = (0..datums.0.len())
            .filter(|place| self.holds(datums.0[*place].time))
            .collect();
        let drawn = self.computed(move || {
            for place in shown {
                let datum = &datums.0[place];
                let attributes = attributes(&datum.properties, &DATUM_MEMBERS);
                tile.point(None, datum.place.0, datum.place.1, &attributes);
            }
            tile
        });
        drawn.await
    }

    async fn with_tracks(&self, mut tile: LayerBuilder, run: &Run) -> Result<LayerBuilder, Error> {
        let Some(tracks) = RunCache::tracks(self.state, run).await? else {
            return Ok(tile);
        };
        let (from, until) = (self.interval.from, self.interval.until);
        let is_one_of_many = self.asked.root.mission().is_none();
        let (mission, run) = (run.mission.to_string(), run.id.to_string());
        self.computed(move || {
            for track in &tracks.0 {
                let Some((start, end)) = track.times() else {
                    continue;
                };
                if from.is_some_and(|from| end < from) || until.is_some_and(|until| start > until) {
                    continue;
                }
                let mut attributes = track_attributes(track, (start, end));
                if is_one_of_many {
                    attributes.push(("mission_id", Value::Text(mission.clone())));
                    attributes.push(("run_id", Value::Text(run.clone())));
                }
                tile.line(None, &track_lines(track), &attributes);
            }
            tile
        })
        .await
    }

    async fn finished(&self, layers: Vec<LayerBuilder>) -> Result<Vec<u8>, Error> {
        self.computed(move || {
            let mut tile = VectorTile::new();
            layers.into_iter().for_each(|layer| tile.add(layer));
            tile.into_bytes()
        })
        .await
    }

    async fn computed<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (turn, place) = (self.place.turn().await?, Arc::clone(&self.place));
        let work = move || {
            let _kept = (turn, place);
            work()
        };
        let done = self.state.compute.run(work).await;
        done.map_err(|error| Error::Internal(format!("a tile: {error}")))
    }
}
