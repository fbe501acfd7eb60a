//! What a tenant, or one of its missions, has: extents and attribution lines, computed from its published runs and kept
//! until its content changes. Clients fetch landing page, collections and API document per layer (ogc.md, trap 21).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use driftline_database::{FeatureFilter, FeatureKind, Run, RunFilter};
use driftline_domain::{MissionId, OrgId, RunId, ValidTime};
use jiff::Timestamp;
use serde_json::Value;

use super::collection::{Collection, Kept};
use crate::entity_tag::EntityTag;
use crate::runs::RunCache;
use crate::{AppState, Error};

/// Where and when the features of a collection are: closed at both ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    /// West, south, east, north; west > east across the antimeridian.
    pub(crate) bbox: [f64; 4],
    /// First valid time.
    pub(crate) from: ValidTime,
    /// Last valid time.
    pub(crate) until: ValidTime,
}

impl Extent {
    /// The extent of what is published: coordinates are rounded there, to 1e-6 degrees at the coarsest, which may lie beyond
    /// the values that they come from.
    fn of_published(self) -> Self {
        let [west, south, east, north] = self.bbox;
        let down = |degrees: f64| (degrees * 1e6).floor() / 1e6;
        let up = |degrees: f64| (degrees * 1e6).ceil() / 1e6;
        Self {
            bbox: [down(west), down(south), up(east), up(north)],
            ..self
        }
    }
}

/// The content of one root at one version.
#[derive(Debug, Clone)]
pub(crate) struct Holdings {
    /// Changes whenever the tenant's visible missions or runs change.
    pub(crate) version: i64,
    /// Names the published runs: it stays when only a mission in the queue moved on.
    pub(crate) fingerprint: EntityTag,
    /// When this server first saw these runs.
    pub(crate) seen_at: Timestamp,
    /// Credits of all forcing that went into it.
    pub(crate) attribution: Vec<String>,
    areas: Option<Extent>,
    datums: Option<Extent>,
    all_runs: Option<Extent>,
    /// The published runs in the order of their publication, with the members of their summaries that features and maps
    /// name.
    pub(crate) runs: Vec<Arc<Run>>,
    area_count: i64,
    datum_count: i64,
    places: HashMap<RunId, usize>,
}

/// A tenant's root, or that of one of its missions.
type RootKey = (OrgId, Option<MissionId>);

/// Holdings of the roots that were asked for lately.
#[derive(Debug, Default)]
pub(crate) struct HoldingsCache {
    kept: Mutex<HashMap<RootKey, Arc<Holdings>>>,
}

/// Roots kept; beyond it the cache starts afresh.
const MAX_KEPT: usize = 1024;
/// Runs read at once.
const RUNS_AT_ONCE: u32 = 500;
/// Of more runs than that the features in files are not counted.
const RUNS_COUNTED: usize = 64;
/// How often a reading is repeated when the content changes under it.
const ATTEMPTS: usize = 4;

impl Holdings {
    /// The extent of a collection; `None` while it is empty.
    pub(crate) fn extent(&self, collection: Collection) -> Option<Extent> {
        let extent = match collection.kept() {
            Kept::Rows(FeatureKind::SearchAreas) => self.areas,
            Kept::Rows(FeatureKind::Datums) => self.datums,
            _ => self.all_runs,
        };
        extent.map(Extent::of_published)
    }

    /// How many features a collection has; `None` where that is not known without reading many files. QGIS takes a
    /// collection without a count for an empty one.
    pub(crate) async fn count(&self, state: &AppState, collection: Collection) -> Result<Option<i64>, Error> {
        match collection.kept() {
            Kept::Rows(FeatureKind::SearchAreas) => return Ok(Some(self.area_count)),
            Kept::Rows(FeatureKind::Datums) => return Ok(Some(self.datum_count)),
            Kept::Made if collection != Collection::Scenarios => return Ok(i64::try_from(self.runs.len()).ok()),
            // To count them is to make them all.
            Kept::Cells => return Ok(None),
            _ if self.runs.len() > RUNS_COUNTED => return Ok(None),
            _ => {}
        }
        let mut count = 0;
        for run in &self.runs {
            count += match collection.kept() {
                Kept::Positions => RunCache::layout(state, run).await?.map_or(0, |layout| layout.rows()),
                Kept::Tracks => RunCache::tracks(state, run).await?.map_or(0, |tracks| tracks.0.len()),
                _ => RunCache::rows(state, run, collection)
                    .await?
                    .map_or(0, |rows| rows.0.len()),
            };
        }
        Ok(i64::try_from(count).ok())
    }

    /// A run of this root.
    pub(crate) fn run(&self, id: RunId) -> Option<&Arc<Run>> {
        self.runs.get(*self.places.get(&id)?)
    }

    /// The holdings of a root now.
    pub(crate) async fn now(state: &AppState, org: OrgId, mission: Option<MissionId>) -> Result<Arc<Self>, Error> {
        let mut attempt = 1;
        loop {
            let version = state.database.content_version(org).await?;
            if let Some(kept) = state.holdings().get(org, mission, version) {
                return Ok(kept);
            }
            let read = Self::read(state, org, mission, version).await?;
            if state.database.content_version(org).await? == version {
                return Ok(state.holdings().put(org, mission, read));
            }
            if attempt >= ATTEMPTS {
                // Runs are published faster than they are read: what was read is true of a moment ago, and not kept.
                return Ok(Arc::new(read));
            }
            attempt += 1;
        }
    }

    async fn read(state: &AppState, org: OrgId, mission: Option<MissionId>, version: i64) -> Result<Self, Error> {
        let mut attribution = Vec::new();
        let mut boxes = Vec::new();
        let mut seen_runs: Vec<u8> = Vec::new();
        let mut places = HashMap::new();
        let mut kept_runs: Vec<Arc<Run>> = Vec::new();
        let mut times: Option<(ValidTime, ValidTime)> = None;
        let mut filter = RunFilter {
            mission,
            limit: RUNS_AT_ONCE,
            ..RunFilter::default()
        };
        loop {
            let runs = state.database.runs(org, &filter).await?;
            for run in &runs {
                boxes.push(run.bbox);
                seen_runs.extend(run.seq.to_le_bytes());
                places.insert(run.id, kept_runs.len());
                kept_runs.push(Arc::new(brief(run)));
                let (from, until) = times.unwrap_or((run.valid_from, run.valid_until));
                times = Some((from.min(run.valid_from), until.max(run.valid_until)));
                add_attribution(&mut attribution, run);
            }
            match runs.last() {
                Some(last) if runs.len() == RUNS_AT_ONCE as usize => filter.after_seq = Some(last.seq),
                _ => break,
            }
        }
        let all = FeatureFilter {
            mission,
            ..FeatureFilter::default()
        };
        let rows = async |kind| {
            let extent = state.database.extent(org, kind, mission).await?;
            Ok::<_, Error>(extent.map(|extent| Extent {
                bbox: extent.bbox,
                from: extent.from,
                until: extent.until,
            }))
        };
        Ok(Self {
            version,
            fingerprint: EntityTag::of_bytes(&seen_runs),
            seen_at: Timestamp::now(),
            attribution,
            areas: rows(FeatureKind::SearchAreas).await?,
            datums: rows(FeatureKind::Datums).await?,
            all_runs: union(&boxes)
                .zip(times)
                .map(|(bbox, (from, until))| Extent { bbox, from, until }),
            area_count: state
                .database
                .count_features(org, FeatureKind::SearchAreas, &all)
                .await?,
            datum_count: state.database.count_features(org, FeatureKind::Datums, &all).await?,
            runs: kept_runs,
            places,
        })
    }
}

impl HoldingsCache {
    fn get(&self, org: OrgId, mission: Option<MissionId>, version: i64) -> Option<Arc<Holdings>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let holdings = kept.get(&(org, mission))?;
        (holdings.version == version).then(|| Arc::clone(holdings))
    }

    /// Keeps these holdings; while the runs are the same they count as seen when they were first seen.
    fn put(&self, org: OrgId, mission: Option<MissionId>, mut holdings: Holdings) -> Arc<Holdings> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = kept.get(&(org, mission)) {
            if earlier.version == holdings.version {
                return Arc::clone(earlier);
            }
            if earlier.fingerprint == holdings.fingerprint {
                holdings.seen_at = earlier.seen_at;
            }
        }
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let holdings = Arc::new(holdings);
        kept.insert((org, mission), Arc::clone(&holdings));
        holdings
    }
}

/// A run without what of its summary no feature and no map names: summaries of long runs are large.
fn brief(run: &Run) -> Run {
    let kept = [
        "files",
        "object",
        "engine_version",
        "seed",
        "mode",
        "direction",
        "particles",
        "stranded",
        "missing_data",
    ];
    let summary = run.summary.as_object().into_iter().flatten();
    let summary = summary.filter(|(name, _)| kept.contains(&name.as_str()));
    Run {
        summary: Value::Object(summary.map(|(name, value)| (name.clone(), value.clone())).collect()),
        ..run.clone()
    }
}

/// The credits of all forcing that went into these runs, each once.
pub(crate) fn credits_of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<String> {
    let mut lines = Vec::new();
    runs.into_iter().for_each(|run| add_attribution(&mut lines, run));
    lines
}

/// Adds the credits of a run that are not in the list yet: its own list, and those of the forcing it used.
fn add_attribution(lines: &mut Vec<String>, run: &Run) {
    let list = |name: &str| run.summary.get(name).and_then(Value::as_array).into_iter().flatten();
    let own = list("attribution").filter_map(Value::as_str);
    let of_forcing = list("forcing").filter_map(|used| used.get("attribution")?.as_str());
    for line in own.chain(of_forcing) {
        if !line.is_empty() && !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }
}

/// The smallest box around all: on the circle of longitudes the widest gap stays outside.
pub(crate) fn union(boxes: &[[f64; 4]]) -> Option<[f64; 4]> {
    let first = boxes.first()?;
    let (mut south, mut north) = (first[1], first[3]);
    let mut spans: Vec<(f64, f64)> = Vec::with_capacity(boxes.len());
    for &[west, s, east, n] in boxes {
        (south, north) = (south.min(s), north.max(n));
        if west > east {
            spans.extend([(west, 180.0), (-180.0, east)]);
        } else {
            spans.push((west, east));
        }
    }
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (start, mut covered) = spans[0];
    let mut gaps: Vec<(f64, f64)> = Vec::new();
    for &(west, east) in &spans[1..] {
        gaps.push((covered, west));
        covered = covered.max(east);
    }
    // The gap that goes over the antimeridian; it wins where another is as wide.
    gaps.push((covered, start + 360.0));
    let width = |gap: &(f64, f64)| gap.1 - gap.0;
    let widest = gaps.iter().max_by(|a, b| width(a).total_cmp(&width(b)))?;
    if width(widest) <= 0.0 {
        return Some([-180.0, south, 180.0, north]);
    }
    let west = if widest.1 > 180.0 { widest.1 - 360.0 } else { widest.1 };
    Some([west, south, widest.0, north])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extent_holds_what_is_published_rounded() {
        let time = ValidTime::from_unix_s(0).unwrap();
        let extent = Extent {
            bbox: [
                -3.955_927_744_756_874,
                60.143_463_909,
                4.100_168_096_972_402,
                60.351_159_887,
            ],
            from: time,
            until: time,
        };
        let [west, south, east, north] = extent.of_published().bbox;
        // What the features say: each coordinate rounded to seven decimals, those of tracks and particles to six.
        assert!(west <= -3.955_928 && south <= 60.143_463_9 && east >= 4.100_168_1 && north >= 60.351_16);
        assert!(west > -3.955_93 && south > 60.143_462 && east < 4.100_17 && north < 60.351_162);
    }

    #[test]
    fn the_union_is_the_smallest_box_even_across_the_antimeridian() {
        assert_eq!(union(&[]), None);
        assert_eq!(
            union(&[[2.0, 59.0, 5.0, 61.0], [-3.0, 60.0, 3.0, 62.0]]),
            Some([-3.0, 59.0, 5.0, 62.0])
        );
        assert_eq!(
            union(&[[170.0, 0.0, 175.0, 1.0], [-178.0, 0.0, -170.0, 1.0]]),
            Some([170.0, 0.0, -170.0, 1.0])
        );
        assert_eq!(
            union(&[[175.0, 0.0, -175.0, 1.0], [-176.0, -2.0, -170.0, 0.0]]),
            Some([175.0, -2.0, -170.0, 1.0])
        );
        assert_eq!(
            union(&[
                [-170.0, 0.0, -160.0, 1.0],
                [0.0, 0.0, 1.0, 1.0],
                [170.0, 0.0, 171.0, 1.0]
            ]),
            Some([170.0, 0.0, 1.0, 1.0])
        );
        assert_eq!(
            union(&[[-176.0, 0.0, -170.0, 1.0], [175.0, 0.0, -160.0, 1.0]]),
            Some([175.0, 0.0, -160.0, 1.0])
        );
        assert_eq!(
            union(&[[-180.0, -5.0, 180.0, 5.0], [1.0, 0.0, 2.0, 9.0]]),
            Some([-180.0, -5.0, 180.0, 9.0])
        );
        assert_eq!(union(&[[4.0, 60.0, 4.0, 60.0]]), Some([4.0, 60.0, 4.0, 60.0]));
    }
}
