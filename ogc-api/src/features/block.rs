//! A block of features: some consecutive features of one run, in memory. Pages are cut from blocks, filters look at their
//! columns, and every encoding writes what it picked from them.

mod id;
mod reference;

use std::sync::{Arc, OnceLock};

use driftline_database::{Cursor, Run};
use driftline_domain::ValidTime;
use driftline_simulate::products::Track;
use driftline_simulate::tile_content::track_lines;
use serde_json::{Map, Value, json};

use super::cells::Cells;
use super::collection::Collection;
use super::columns::Columns;
use super::region::Region;
use super::rows::FeatureRows;
use super::text::{BlockText, object_code};
use crate::Error;
use crate::query::Interval;
use crate::runs::{Positions, RunTracks, broken};

pub(crate) use id::parse_id;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use id::read_id;
pub(crate) use reference::BlockRef;

/// Some consecutive features of one run.
#[derive(Debug)]
pub(crate) struct Block {
    /// Of this collection.
    pub(crate) collection: Collection,
    /// The run.
    pub(crate) run: Arc<Run>,
    first_row: u64,
    content: Content,
    columns: OnceLock<Result<Columns, String>>,
    text: OnceLock<BlockText>,
}

#[derive(Debug)]
enum Content {
    Rows(Arc<FeatureRows>),
    Particles(Arc<Positions>),
    Cells(Cells),
    Tracks(Arc<RunTracks>),
}

/// The geometry of a feature, as the block holds it.
pub(crate) enum Shape<'a> {
    /// A position: longitude, latitude.
    Point(f64, f64),
    /// GeoJSON, and what it says.
    Text(&'a str, Option<&'a geo::Geometry<f64>>),
    /// An area, made for whoever asked.
    Area(geo::Geometry<f64>),
    /// A track.
    Track(&'a Track),
}

/// A feature that was picked.
#[derive(Debug, Clone)]
pub(crate) struct Picked {
    /// Its block.
    pub(crate) block: Arc<Block>,
    /// Its place in the block.
    pub(crate) index: usize,
}

impl Block {
    /// How many features it has.
    pub(crate) fn len(&self) -> usize {
        match &self.content {
            Content::Rows(rows) => rows.0.len(),
            Content::Particles(positions) => positions.len(),
            Content::Cells(cells) => cells.len(),
            Content::Tracks(tracks) => tracks.0.len(),
        }
    }

    /// Where the feature stands in its collection.
    pub(crate) fn cursor(&self, index: usize) -> Cursor {
        Cursor {
            run_seq: self.run.seq,
            row: i64::try_from(self.row(index)).unwrap_or(i64::MAX),
        }
    }

    fn row(&self, index: usize) -> u64 {
        match &self.content {
            Content::Rows(rows) => rows.0.get(index).map_or(0, |row| row.row),
            Content::Cells(cells) => cells.row(index),
            _ => self.first_row + index as u64,
        }
    }

    /// The first feature behind a row of its run.
    pub(crate) fn index_behind(&self, row: u64) -> usize {
        match &self.content {
            Content::Rows(rows) => rows.0.partition_point(|feature| feature.row <= row),
            Content::Cells(cells) => cells.index_behind(row),
            _ => usize::try_from(row.saturating_add(1).saturating_sub(self.first_row))
                .unwrap_or(usize::MAX)
                .min(self.len()),
        }
    }

    /// The place of the feature with this id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        match &self.content {
            Content::Rows(rows) => rows.0.iter().position(|row| row.id == id),
            Content::Cells(cells) => cells.find(parse_id(self.collection, id)?.1),
            _ => {
                let (_, row) = parse_id(self.collection, id)?;
                let index = usize::try_from(row.checked_sub(self.first_row)?).ok()?;
                (index < self.len()).then_some(index)
            }
        }
    }

    /// Stable identifier.
    pub(crate) fn id(&self, index: usize) -> String {
        match &self.content {
            Content::Rows(rows) => rows.0.get(index).map(|row| row.id.clone()).unwrap_or_default(),
            _ => format!("{}.{}.{}", self.run.id, self.collection.id(), self.row(index)),
        }
    }

    /// First and last time that the feature holds.
    pub(crate) fn span(&self, index: usize) -> Option<(ValidTime, ValidTime)> {
        match &self.content {
            Content::Rows(rows) => rows.0.get(index).map(|row| row.span),
            Content::Particles(_) | Content::Cells(_) => self.one_time().map(|time| (time, time)),
            Content::Tracks(tracks) => tracks.0.get(index)?.times(),
        }
    }

    /// The time that all its features have, of those that have one.
    pub(crate) fn one_time(&self) -> Option<ValidTime> {
        match &self.content {
            Content::Particles(positions) => Some(positions.time),
            Content::Cells(cells) => Some(cells.time),
            _ => None,
        }
    }

    /// Whether the feature shares a point with the region.
    pub(crate) fn touches(&self, index: usize, region: &Region) -> bool {
        match &self.content {
            Content::Rows(rows) => rows.0.get(index).is_some_and(|row| region.touches_row(row)),
            Content::Particles(positions) => region.contains(positions.lon_deg[index], positions.lat_deg[index]),
            Content::Cells(cells) => region.touches_box(cells.edges(index), || cells.shape(index)),
            Content::Tracks(tracks) => {
                let track = tracks.0.get(index);
                track.is_some_and(|track| region.touches(&track_lines(track).into()))
            }
        }
    }

    /// Adds the indexes of the features from `start` on that lie in the region and the interval, up to `most`.
    pub(crate) fn pick(
        &self,
        start: usize,
        region: Option<&Region>,
        interval: Interval,
        most: usize,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let in_time = |index: usize| {
            interval.is_open()
                || self
                    .span(index)
                    .is_some_and(|(from, until)| interval.meets(from, until))
        };
        let has_one_time = self.one_time().is_some();
        if has_one_time && !in_time(0) {
            return Vec::new();
        }
        (start..self.len())
            .filter(|index| {
                (has_one_time || in_time(*index))
                    && region.is_none_or(|region| self.touches(*index, region))
                    && is_wanted(*index)
            })
            .take(most)
            .collect()
    }

    /// How many features lie in the region and the interval.
    pub(crate) fn count(&self, region: Option<&Region>, interval: Interval) -> usize {
        match (&self.content, region) {
            (Content::Particles(particles), Some(region)) if interval.meets(particles.time, particles.time) => {
                region.count(&particles.lon_deg, &particles.lat_deg)
            }
            _ => self.pick(0, region, interval, usize::MAX, |_| true).len(),
        }
    }

    /// The geometry.
    pub(crate) fn shape(&self, index: usize) -> Option<Shape<'_>> {
        Some(match &self.content {
            Content::Rows(rows) => {
                let row = rows.0.get(index)?;
                Shape::Text(&row.geometry, row.shape())
            }
            Content::Particles(positions) => {
                Shape::Point(*positions.lon_deg.get(index)?, *positions.lat_deg.get(index)?)
            }
            Content::Cells(cells) => Shape::Area(cells.shape(index)),
            Content::Tracks(tracks) => Shape::Track(tracks.0.get(index)?),
        })
    }

    /// The properties as text, where they are kept as text.
    pub(crate) fn properties_text(&self, index: usize) -> Option<&str> {
        match &self.content {
            Content::Rows(rows) => rows.0.get(index).map(|row| row.properties.as_str()),
            _ => None,
        }
    }

    /// Every property.
    pub(crate) fn properties(&self, index: usize) -> Map<String, Value> {
        match &self.content {
            Content::Rows(rows) => {
                let Some(row) = rows.0.get(index) else {
                    return Map::new();
                };
                let mut members = row.members().unwrap_or_default();
                members.insert("id".to_owned(), json!(row.id));
                members.entry("mission_id").or_insert_with(|| json!(self.run.mission));
                members.entry("run_id").or_insert_with(|| json!(self.run.id));
                // No run takes the place of another yet.
                members.insert("superseded_by".to_owned(), Value::Null);
                members
            }
            Content::Particles(positions) => {
                let mut members = self.of_run(index);
                members.insert("particle_id".to_owned(), json!(index));
                members.insert("valid_time".to_owned(), json!(positions.time));
                let status = positions.status.get(index).map(|status| status.name());
                members.insert("particle_status".to_owned(), json!(status));
                members
            }
            Content::Cells(cells) => {
                let mut members = self.of_run(index);
                members.insert("valid_time".to_owned(), json!(cells.time));
                members.insert("poc".to_owned(), json!(cells.poc(index)));
                members.insert("density_per_km2".to_owned(), json!(cells.density_per_km2(index)));
                members.insert("area_km2".to_owned(), json!(cells.area_km2(index)));
                members.insert("object_code".to_owned(), json!(object_code(&self.run)));
                members
            }
            Content::Tracks(tracks) => {
                let mut members = self.of_run(index);
                let Some(track) = tracks.0.get(index) else {
                    return members;
                };
                let ends = track.times();
                members.insert("particle_id".to_owned(), json!(track.particle_id));
                members.insert("valid_start".to_owned(), json!(ends.map(|(start, _)| start)));
                members.insert("valid_end".to_owned(), json!(ends.map(|(_, end)| end)));
                members.insert("particle_status".to_owned(), json!(track.status.name()));
                let times = track.parts.iter().flatten().map(|vertex| vertex.time.to_string());
                members.insert("vertex_times".to_owned(), times.collect());
                members
            }
        }
    }

    /// What features that are not kept as text say of their run.
    fn of_run(&self, index: usize) -> Map<String, Value> {
        let run = &self.run;
        let members = [
            ("id", json!(self.id(index))),
            ("mission_id", json!(run.mission)),
            ("run_id", json!(run.id)),
            ("issued", json!(run.published_at)),
            ("updated", json!(run.published_at)),
            ("status", json!("current")),
            ("superseded_by", Value::Null),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Particles, for encodings that write them without an object for each.
    pub(crate) fn particles(&self) -> Option<&Positions> {
        match &self.content {
            Content::Particles(positions) => Some(positions),
            _ => None,
        }
    }

    /// Cells, for the same.
    pub(crate) fn cells(&self) -> Option<&Cells> {
        match &self.content {
            Content::Cells(cells) => Some(cells),
            _ => None,
        }
    }

    /// The texts that all features of the block share.
    pub(crate) fn text(&self) -> &BlockText {
        self.text.get_or_init(|| BlockText::of(self))
    }

    /// Number of the first row.
    pub(crate) fn first_row(&self) -> u64 {
        self.first_row
    }

    /// The columns that filters look at.
    pub(crate) fn columns(&self) -> Result<&Columns, Error> {
        let columns = self
            .columns
            .get_or_init(|| Columns::of(self).map_err(|error| error.to_string()));
        columns
            .as_ref()
            .map_err(|error| broken(&self.run, self.collection.id(), error))
    }
}

impl Picked {
    /// Where it stands in the collection.
    pub(crate) fn cursor(&self) -> Cursor {
        self.block.cursor(self.index)
    }
}
