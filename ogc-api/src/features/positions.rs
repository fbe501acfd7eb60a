//! Particles and trajectories, read from the files of their run: pages by row number, single features by an id that
//! names run and row. Decoding runs on the compute pool.

use driftline_database::{Cursor, Run, RunFilter};
use driftline_domain::{BBox, MissionId, OrgId, RunId, ValidTime};
use driftline_simulate::products::{
    self, ParticleQuery, ParticleRow, Track, Vertex, read_particles, read_trajectories,
};
use geo::{Coord, LineString, MultiLineString};
use jiff::Timestamp;
use serde_json::json;

use super::collection::{Collection, Kept};
use super::files::FileCache;
use super::geojson::FeatureText;
use super::geometry::geometry_touches;
use super::holdings::Holdings;
use super::page::Selection;
use crate::query::Interval;
use crate::{AppState, Error};

/// Rows of one run's file that are wanted.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    after_row: Option<u64>,
    limit: usize,
    bbox: Option<BBox>,
    interval: Interval,
}

/// What a feature says about where it comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    collection: Collection,
    mission: MissionId,
    run: RunId,
    seq: i64,
}

/// The selected features of one run behind a row, at most so many.
pub(crate) async fn of_run(
    state: &AppState,
    run: &Run,
    selection: &Selection,
    after_row: Option<i64>,
    limit: usize,
) -> Result<Vec<FeatureText>, Error> {
    let wanted = Wanted {
        after_row: after_row.and_then(|row| u64::try_from(row).ok()),
        limit,
        bbox: selection.bbox,
        interval: selection.interval,
    };
    read(state, run, selection.collection, wanted).await
}

/// The feature of this id, when its run is one of this tenant's, and of this mission's.
pub(crate) async fn find(
    state: &AppState,
    org: OrgId,
    mission: Option<MissionId>,
    collection: Collection,
    id: &str,
) -> Result<Option<FeatureText>, Error> {
    let Some((run, row)) = parse_id(collection, id) else {
        return Ok(None);
    };
    let Some(run) = find_run(state, org, mission, run).await? else {
        return Ok(None);
    };
    let wanted = Wanted {
        after_row: row.checked_sub(1),
        limit: 1,
        bbox: None,
        interval: Interval::default(),
    };
    let found = read(state, &run, collection, wanted).await?;
    Ok(found.into_iter().find(|feature| feature.id == id))
}

async fn find_run(state: &AppState, org: OrgId, mission: Option<MissionId>, id: RunId) -> Result<Option<Run>, Error> {
    let holdings = Holdings::now(state, org, mission).await?;
    let Some(seq) = holdings.run_seq(id) else {
        return Ok(None);
    };
    let filter = RunFilter {
        mission,
        after_seq: Some(seq - 1),
        limit: 1,
        ..RunFilter::default()
    };
    let runs = state.database.runs(org, &filter).await?;
    // Withdrawn in the meantime, it is not the run that was asked for.
    Ok(runs.into_iter().find(|run| run.id == id))
}

async fn read(state: &AppState, run: &Run, collection: Collection, wanted: Wanted) -> Result<Vec<FeatureText>, Error> {
    let Kept::File(name) = collection.kept() else {
        return Err(Error::Internal(format!("{} is not kept in files", collection.id())));
    };
    let Some(bytes) = FileCache::read(state, run, name).await? else {
        return Ok(Vec::new());
    };
    let origin = Origin {
        collection,
        mission: run.mission,
        run: run.id,
        seq: run.seq,
    };
    let decoded = state.compute.run(move || match collection {
        Collection::Trajectories => read_trajectories(bytes).map(|tracks| tracks_wanted(&tracks, origin, wanted)),
        _ => read_particles(bytes, &wanted.query())
            .map(|page| page.rows.iter().map(|row| particle(row, origin)).collect()),
    });
    let decoded = decoded
        .await
        .map_err(|error| Error::Internal(format!("{name} of {}: {error}", run.id)))?;
    decoded.map_err(|error: products::Error| Error::Results {
        run: run.id.to_string(),
        file: name.to_owned(),
        reason: error.to_string(),
    })
}

impl Wanted {
    fn query(&self) -> ParticleQuery {
        let interval = (
            self.interval.from.unwrap_or(ValidTime(Timestamp::MIN)),
            self.interval.until.unwrap_or(ValidTime(Timestamp::MAX)),
        );
        ParticleQuery {
            after_row: self.after_row,
            limit: self.limit,
            bbox: self.bbox,
            interval: (!self.interval.is_open()).then_some(interval),
        }
    }
}

impl Origin {
    fn feature(&self, row: u64, geometry: String, properties: String) -> FeatureText {
        FeatureText {
            cursor: Cursor {
                run_seq: self.seq,
                row: row as i64,
            },
            id: format!("{}.{}.{row}", self.run, self.collection.id()),
            geometry,
            properties,
        }
    }
}

/// Numbers are written straight into the text: pages of particles are long.
fn particle(row: &ParticleRow, origin: Origin) -> FeatureText {
    let geometry = format!(
        r#"{{"type":"Point","coordinates":[{:.6},{:.6}]}}"#,
        row.lon_deg, row.lat_deg
    );
    let properties = format!(
        r#"{{"mission_id":"{}","run_id":"{}","particle_id":{},"valid_time":"{}","particle_status":"{}"}}"#,
        origin.mission,
        origin.run,
        row.particle_id,
        row.time,
        row.status.name()
    );
    origin.feature(row.row, geometry, properties)
}

fn tracks_wanted(tracks: &[Track], origin: Origin, wanted: Wanted) -> Vec<FeatureText> {
    let first = wanted.after_row.map_or(0, |row| row.saturating_add(1));
    let rows = (0u64..).zip(tracks).filter(|(row, _)| *row >= first);
    let met = rows.filter(|(_, track)| {
        let times = times(track);
        let in_time = times.is_some_and(|(start, end)| {
            wanted.interval.from.is_none_or(|from| end >= from)
                && wanted.interval.until.is_none_or(|until| start <= until)
        });
        in_time
            && wanted
                .bbox
                .is_none_or(|bbox| geometry_touches(&lines(track).into(), &bbox))
    });
    met.take(wanted.limit)
        .map(|(row, track)| self::track(row, track, origin))
        .collect()
}

fn track(row: u64, track: &Track, origin: Origin) -> FeatureText {
    let parts: Vec<String> = track.parts.iter().map(|part| positions_text(part)).collect();
    let geometry = match parts.as_slice() {
        [one] => format!(r#"{{"type":"LineString","coordinates":{one}}}"#),
        parts => format!(r#"{{"type":"MultiLineString","coordinates":[{}]}}"#, parts.join(",")),
    };
    let ends = times(track);
    let properties = json!({
        "mission_id": origin.mission,
        "run_id": origin.run,
        "particle_id": track.particle_id,
        "valid_start": ends.map(|(start, _)| start),
        "valid_end": ends.map(|(_, end)| end),
        "particle_status": track.status.name(),
    });
    // The long list goes in as text before the closing brace.
    let mut properties = properties.to_string();
    properties.pop();
    let vertex_times = track
        .parts
        .iter()
        .flatten()
        .map(|vertex| format!("\"{}\"", vertex.time));
    let vertex_times: Vec<String> = vertex_times.collect();
    properties.push_str(&format!(r#","vertex_times":[{}]}}"#, vertex_times.join(",")));
    origin.feature(row, geometry, properties)
}

/// To a millionth of a degree, a tenth of a metre.
fn positions_text(part: &[Vertex]) -> String {
    let positions = part
        .iter()
        .map(|vertex| format!("[{:.6},{:.6}]", vertex.lon_deg, vertex.lat_deg));
    format!("[{}]", positions.collect::<Vec<_>>().join(","))
}

fn times(track: &Track) -> Option<(ValidTime, ValidTime)> {
    let first = track.parts.first()?.first()?;
    let last = track.parts.last()?.last()?;
    Some((first.time, last.time))
}

fn lines(track: &Track) -> MultiLineString<f64> {
    let line = |part: &Vec<Vertex>| {
        let coords = part.iter().map(|vertex| Coord {
            x: vertex.lon_deg,
            y: vertex.lat_deg,
        });
        LineString::from_iter(coords)
    };
    MultiLineString(track.parts.iter().map(line).collect())
}

/// Run and row of an id; one feature has one spelling.
fn parse_id(collection: Collection, id: &str) -> Option<(RunId, u64)> {
    let (run, rest) = id.split_once('.')?;
    let row = rest.strip_prefix(collection.id())?.strip_prefix('.')?;
    let row: u64 = row.parse().ok()?;
    let run = run.parse().ok()?;
    (format!("{run}.{}.{row}", collection.id()) == id).then_some((run, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let run = RunId::generate();
        let id = format!("{run}.particles.12");
        assert_eq!(parse_id(Collection::Particles, &id), Some((run, 12)));
        for bad in [
            format!("{run}.particles.012"),
            format!("{run}.particles.+1"),
            format!("{run}.particles.-1"),
            format!("{run}.particles."),
            format!("{run}.particles.99999999999999999999999"),
            format!("{run}.trajectories.1"),
            format!("{run}."),
            "run_x.particles.1".to_owned(),
            String::new(),
        ] {
            assert_eq!(parse_id(Collection::Particles, &bad), None, "{bad}");
        }
    }
}
