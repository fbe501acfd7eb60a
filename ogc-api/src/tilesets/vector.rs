//! Vector tiles: what the feature collections hold, with `datetime` meaning exactly what it means there.

use std::sync::Arc;

use axum::response::Response;
use driftline_database::{Run, RunFilter};
use driftline_domain::{BBox, ValidTime};
use driftline_simulate::tile_content::{AREA_MEMBERS, DATUM_MEMBERS, attributes, track_attributes, track_lines};
use driftline_tiles::TileId;
use driftline_tiles::mvt::{LayerBuilder, Value, VectorTile};
use serde_json::Map;

use super::MVT;
use super::dots::Dots;
use super::tile::{bill, empty, time_parameter};
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
/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 100;

/// Names and kinds of the attributes of a collection's tiles, for TileJSON.
pub(super) fn fields(collection: Collection, is_mission: bool) -> Map<String, serde_json::Value> {
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
        Collection::Particles => {
            let mut fields = named(&["particle_id", "valid_time"]);
            fields.insert("particle_status".to_owned(), "String".into());
            let thinned = "Number; only where a tile shows some of its particles: how many each stands for";
            fields.insert("stands_for".to_owned(), thinned.into());
            fields
        }
    };
    if !is_mission {
        fields.extend(named(&["mission_id", "run_id"]));
    }
    fields
}

pub(super) async fn answer(
    state: &AppState,
    asked: &RootAsk,
    collection: Collection,
    id: TileId,
) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    ask.query.allow_only(&["datetime", "time"])?;
    let interval = match time_parameter(&ask.query)? {
        None => Interval::default(),
        Some((name, text)) => Interval::parse(text).map_err(|why| Error::parameter(name, why))?,
    };
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
    let made_from = format!(
        "{} {} {content} {interval:?} {id:?}",
        env!("CARGO_PKG_VERSION"),
        collection.id()
    );
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
    let bytes = tile.bytes(collection).await?;
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
    async fn bytes(&self, collection: Collection) -> Result<Vec<u8>, Error> {
        let runs = self.runs().await?;
        if collection == Collection::Particles {
            let dots = self.dots(&runs).await?;
            return self.encoded(collection, move |layer| dots.draw(layer)).await;
        }
        let mut tile = LayerBuilder::new(collection.id(), self.id);
        for run in &runs {
            tile = self.with_shapes(collection, tile, run).await?;
        }
        self.finished(tile).await
    }

    /// Runs that may have something here.
    async fn runs(&self) -> Result<Vec<Run>, Error> {
        if let Some(mission) = self.asked.root.mission() {
            return Ok(mission.run.iter().cloned().collect());
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
            all.extend(runs);
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

    /// Particles, output time by output time, so that no more than one is in memory beside what the tile keeps.
    async fn dots(&self, runs: &[Run]) -> Result<Dots, Error> {
        let mut dots = Dots::in_box(self.bbox);
        let mut looked_at = 0;
        for run in runs {
            let Some(layout) = RunCache::layout(self.state, run).await? else {
                continue;
            };
            let is_one_of_many = self.asked.root.mission().is_none();
            let origin = is_one_of_many.then(|| (run.mission.to_string(), run.id.to_string()));
            for (number, step) in layout
                .steps()
                .iter()
                .enumerate()
                .filter(|(_, step)| self.holds(step.time))
            {
                looked_at += step.rows;
                if looked_at > MAX_LOOKED_AT {
                    let reason = format!("a tile of more than {MAX_LOOKED_AT} positions is not made; name a time");
                    return Err(Error::parameter("datetime", reason));
                }
                let Some(positions) = RunCache::positions(self.state, run, number).await? else {
                    continue;
                };
                let origin = origin.clone();
                let add = move || {
                    dots.add(&positions, origin);
                    dots
                };
                dots = self.computed(add).await?;
            }
        }
        Ok(dots)
    }

    async fn with_shapes(&self, collection: Collection, tile: LayerBuilder, run: &Run) -> Result<LayerBuilder, Error> {
        match collection {
            Collection::SearchAreas => self.with_areas(tile, run).await,
            Collection::Datums => self.with_datums(tile, run).await,
            Collection::Trajectories => self.with_tracks(tile, run).await,
            Collection::Particles => Err(Error::Internal("particles are no shapes".to_owned())),
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

    async fn encoded(
        &self,
        collection: Collection,
        draw: impl FnOnce(&mut LayerBuilder) -> Result<(), driftline_tiles::Error> + Send + 'static,
    ) -> Result<Vec<u8>, Error> {
        let mut layer = LayerBuilder::new(collection.id(), self.id);
        let drawn = self.computed(move || draw(&mut layer).map(|()| layer)).await?;
        self.finished(drawn.map_err(|error| Error::Internal(format!("a tile: {error}")))?)
            .await
    }

    async fn finished(&self, layer: LayerBuilder) -> Result<Vec<u8>, Error> {
        self.computed(move || {
            let mut tile = VectorTile::new();
            tile.add(layer);
            if tile.is_empty() { Vec::new() } else { tile.into_bytes() }
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
