//! Search areas and datums as rows: paged by (run, row), filtered by mission, box and time.

use driftline_domain::{MissionId, OrgId, ValidTime};

use crate::columns::{Reader, micros_of};
use crate::sql::{QueryBuilder, Row};
use crate::{Cursor, Database, Error, Feature, FeatureFilter, FeatureKind, Result, place};

/// What a collection covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// West, south, east, north; west > east across the antimeridian.
    pub bbox: [f64; 4],
    /// First valid time.
    pub from: ValidTime,
    /// Last valid time.
    pub until: ValidTime,
}

const SELECT: &str = "SELECT run_seq, row, id, mission_id, run_id, valid_time, west, south, east, north, geometry, \
     properties FROM features WHERE org_id = ";

impl Database {
    /// One page of a collection, in the order of runs and of rows within a run.
    pub async fn features(
        &self,
        org: OrgId,
        kind: FeatureKind,
        filter: &FeatureFilter,
        limit: u32,
    ) -> Result<Vec<Feature>> {
        let mut query = QueryBuilder::new(SELECT);
        push_filter(&mut query, org, kind, filter)?;
        if let Some(after) = filter.after {
            query.push(" AND (run_seq, row) > (").push_bind(after.run_seq);
            query.push(", ").push_bind(after.row).push(")");
        }
        query.push(" ORDER BY run_seq, row LIMIT ").push_bind(i64::from(limit));
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the features"))?;
        rows.iter().map(feature).collect()
    }

    /// The feature of this id.
    pub async fn feature(&self, org: OrgId, kind: FeatureKind, id: &str) -> Result<Option<Feature>> {
        let mut query = QueryBuilder::new(SELECT);
        query.push_bind(org).push(" AND kind = ").push_bind(kind_number(kind));
        query.push(" AND id = ").push_bind(id);
        let row = query
            .build()
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the feature"))?;
        row.as_ref().map(feature).transpose()
    }

    /// How many features a filter finds on all its pages together.
    pub async fn count_features(&self, org: OrgId, kind: FeatureKind, filter: &FeatureFilter) -> Result<i64> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM features WHERE org_id = ");
        push_filter(&mut query, org, kind, filter)?;
        query
            .build_query_scalar()
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("count the features"))
    }

    /// What a collection, or one mission's part of it, covers; `None` where it is empty.
    pub async fn extent(&self, org: OrgId, kind: FeatureKind, mission: Option<MissionId>) -> Result<Option<Extent>> {
        // Three arcs at most: the western half, the eastern half, and what crosses the antimeridian.
        let mut query = QueryBuilder::new(
            "SELECT min(west) AS west, max(east) AS east, min(south) AS south, max(north) AS north, \
             min(valid_time) AS valid_from, max(valid_time) AS valid_until FROM features WHERE org_id = ",
        );
        let filter = FeatureFilter {
            mission,
            ..FeatureFilter::default()
        };
        push_filter(&mut query, org, kind, &filter)?;
        query.push(" GROUP BY west > east, west >= 0");
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("read the extent"))?;
        rows.iter()
            .map(part)
            .collect::<Result<Vec<_>>>()
            .map(|parts| joined(&parts))
    }
}

pub(crate) fn kind_number(kind: FeatureKind) -> i64 {
    match kind {
        FeatureKind::SearchAreas => 0,
        FeatureKind::Datums => 1,
    }
}

/// Everything of a filter but its place in the order, which a count does not look at.
fn push_filter(query: &mut QueryBuilder, org: OrgId, kind: FeatureKind, filter: &FeatureFilter) -> Result<()> {
    query.push_bind(org).push(" AND kind = ").push_bind(kind_number(kind));
    if let Some(mission) = filter.mission {
        query.push(" AND mission_id = ").push_bind(mission);
    }
    if let Some(from) = micros_of(filter.from) {
        query.push(" AND valid_time >= ").push_bind(from);
    }
    if let Some(until) = micros_of(filter.until) {
        query.push(" AND valid_time <= ").push_bind(until);
    }
    if let Some(bbox) = filter.bbox {
        place::push_touches(query, "", bbox)?;
    }
    Ok(())
}

fn feature(row: &Row) -> Result<Feature> {
    let row = Reader(row);
    Ok(Feature {
        cursor: Cursor {
            run_seq: row.get("run_seq")?,
            row: row.get("row")?,
        },
        id: row.get("id")?,
        mission: row.id("mission_id")?,
        run: row.id("run_id")?,
        valid_time: ValidTime(row.time("valid_time")?),
        bbox: row.bbox(["west", "south", "east", "north"])?,
        geometry: row.get("geometry")?,
        properties: row.get("properties")?,
    })
}

fn part(row: &Row) -> Result<Extent> {
    let row = Reader(row);
    Ok(Extent {
        bbox: row.bbox(["west", "south", "east", "north"])?,
        from: ValidTime(row.time("valid_from")?),
        until: ValidTime(row.time("valid_until")?),
    })
}

fn joined(parts: &[Extent]) -> Option<Extent> {
    let arcs: Vec<(f64, f64)> = parts.iter().map(|part| (part.bbox[0], part.bbox[2])).collect();
    let (west, east) = place::around(&arcs)?;
    let south = parts.iter().map(|part| part.bbox[1]).reduce(f64::min)?;
    let north = parts.iter().map(|part| part.bbox[3]).reduce(f64::max)?;
    Some(Extent {
        bbox: [west, south, east, north],
        from: parts.iter().map(|part| part.from).min()?,
        until: parts.iter().map(|part| part.until).max()?,
    })
}
