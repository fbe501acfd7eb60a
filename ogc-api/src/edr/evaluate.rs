//! From a question to its values. What an answer would cost is known from the steps and grids before anything is read, and refused
//! where it is too much; then step after step is read and its values taken on the compute pool. A client that goes away ends it.

use std::collections::HashMap;
use std::sync::Arc;

use driftline_domain::{BBox, GridSpec, ValidTime, wrap_lon_deg};

use super::axes::{Axes, Resolution};
use super::coords::{Place, Vertex};
use super::coverage::{Coverage, Domain};
use super::parameter::Parameter;
use super::region::{Frame, Region};
use super::steps::{Step, Values, steps};
use super::subject::Subject;
use crate::maps::Viewer;
use crate::query::Interval;
use crate::{AppState, Error};

/// Most values of an answer.
pub(crate) const MAX_VALUES: usize = 5_000_000;
/// Most nodes that are read for one step: what the store hands out whole.
const MAX_NODES_OF_STEP: usize = 2_000_000;
/// Most nodes that are read for an answer.
const MAX_NODES: usize = 100_000_000;
/// Most places times steps that are read one by one.
const MAX_PLACES: usize = 100_000;
/// Most comparisons of positions with edges of a region.
const MAX_COMPARISONS: usize = 200_000_000;
/// Positions between two looks whether somebody still waits.
const PIECE: usize = 65_536;
/// How long before and after the times of a path steps are looked for, in seconds: the widest spacing that is expected.
const AROUND_PATH_S: i64 = 86_400;

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// Series at places.
    Series(Vec<Place>),
    /// A grid over a region.
    Grid(Region, [Resolution; 2]),
    /// Values along paths.
    Paths(Vec<Vec<Vertex>>),
}

/// A question.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Where.
    pub(crate) wanted: Wanted,
    /// When; both ends count.
    pub(crate) interval: Interval,
    /// Which parameters.
    pub(crate) parameters: Vec<&'static Parameter>,
}

/// The coverages that answer a question; none where nothing is stored there and then.
pub(crate) async fn evaluate(
    viewer: Viewer<'_>,
    subject: &Subject,
    question: &Question,
) -> Result<Vec<Coverage>, Error> {
    match &question.wanted {
        Wanted::Series(places) => series(viewer, subject, question, places).await,
        Wanted::Grid(region, resolution) => {
            let grid = grid(viewer, subject, question, region, *resolution).await?;
            Ok(grid.into_iter().collect())
        }
        Wanted::Paths(paths) => along(viewer, subject, question, paths).await,
    }
}

async fn series(
    viewer: Viewer<'_>,
    subject: &Subject,
    question: &Question,
    places: &[Place],
) -> Result<Vec<Coverage>, Error> {
    let mut coverages = Vec::new();
    let mut read = 0usize;
    for &place in places {
        let spot = spot(place)?;
        let steps = steps(viewer.state, subject, spot, question.interval).await?;
        read = read.saturating_add(steps.len());
        check_places(read)?;
        check_values(read.saturating_mul(question.parameters.len()))?;
        if steps.is_empty() {
            continue;
        }
        let mut found = Vec::with_capacity(steps.len());
        for step in &steps {
            found.push(step.read(viewer.state, subject, spot).await?);
            tokio::task::yield_now().await;
        }
        let parameters = question.parameters.clone();
        let take = move |_: &dyn Fn() -> bool| {
            let here = [(wrap_lon_deg(place.0), place.1)];
            let components: Vec<(f64, f64)> = found.iter().flat_map(|values| values.at(&here)).collect();
            ranges(&parameters, &components)
        };
        let ranges = compute(viewer, take).await?;
        let times = steps.iter().map(|step| step.time).collect();
        coverages.push(Coverage {
            domain: Domain::PointSeries { place, times },
            ranges,
        });
    }
    Ok(coverages)
}

async fn grid(
    viewer: Viewer<'_>,
    subject: &Subject,
    question: &Question,
    region: &Region,
    resolution: [Resolution; 2],
) -> Result<Option<Coverage>, Error> {
    let bbox = bbox_of(&region.frame)?;
    let steps = steps(viewer.state, subject, bbox, question.interval).await?;
    let Some(first) = steps.first() else { return Ok(None) };
    let Some((native, covered)) = widest(viewer.state, subject, &steps, first, &region.frame).await? else {
        return Ok(None);
    };
    // What was asked for by number of positions reaches from edge to edge of what was asked for.
    let frame = if resolution.iter().any(|one| matches!(one, Resolution::Positions(_))) {
        region.frame
    } else {
        covered
    };
    let positions = Axes::count(&native, &frame, resolution);
    check_values(
        positions
            .saturating_mul(steps.len())
            .saturating_mul(question.parameters.len()),
    )?;
    check_comparisons(positions.saturating_mul(region.edges()))?;
    check_nodes(&steps, &bbox)?;
    let axes = Arc::new(Axes::of(&native, &frame, resolution));
    let (wanted_axes, wanted_region) = (Arc::clone(&axes), region.clone());
    let inside = compute(viewer, move |is_wanted| inside(&wanted_axes, &wanted_region, is_wanted)).await?;
    let inside = Arc::new(inside);
    let whole = positions * steps.len();
    let mut all: Vec<Vec<f32>> = question.parameters.iter().map(|_| Vec::with_capacity(whole)).collect();
    for step in &steps {
        let values = step.read(viewer.state, subject, bbox).await?;
        let (inside, parameters) = (Arc::clone(&inside), question.parameters.clone());
        let take = move |is_wanted: &dyn Fn() -> bool| {
            let components = components(&values, &inside, positions, is_wanted);
            ranges(&parameters, &components)
        };
        for (all, of_step) in all.iter_mut().zip(compute(viewer, take).await?) {
            all.extend(of_step);
        }
    }
    Ok(Some(Coverage {
        domain: Domain::Grid {
            lon: axes.lon.clone(),
            lat: axes.lat.clone(),
            times: steps.iter().map(|step| step.time).collect(),
        },
        ranges: all,
    }))
}

/// Where values stand: as the step that covers most of the frame has them, the first of equals.
async fn widest(
    state: &AppState,
    subject: &Subject,
    steps: &[Step],
    first: &Step,
    frame: &Frame,
) -> Result<Option<(super::steps::Native, Frame)>, Error> {
    // All steps of a run share a grid, and so do those of most collections: few steps differ in what they are read from.
    let mut best = first.native(state, subject, frame).await?;
    let sources = |step: &Step| step.grids().map(|(id, _)| id).collect::<Vec<_>>();
    let mut last = sources(first);
    for step in steps {
        let of_step = sources(step);
        if of_step == last {
            continue;
        }
        last = of_step;
        let found = step.native(state, subject, frame).await?;
        let is_better = match (&found, &best) {
            (Some((native, _)), Some((held, _))) => native.spacing.1 < held.spacing.1,
            (Some(_), None) => true,
            _ => false,
        };
        if is_better {
            best = found;
        }
    }
    Ok(best)
}

/// The positions that count, with their numbers.
type Inside = Vec<(usize, Place)>;

fn inside(axes: &Axes, region: &Region, is_wanted: &dyn Fn() -> bool) -> Inside {
    let numbered = axes.places().enumerate();
    numbered
        .take_while(|(number, _)| number % PIECE != 0 || is_wanted())
        .filter(|(_, place)| region.contains(*place))
        .map(|(number, (lon, lat))| (number, (wrap_lon_deg(lon), lat)))
        .collect()
}

/// The components at every position of a grid, NaN where a position does not count.
fn components(values: &Values, inside: &Inside, positions: usize, is_wanted: &dyn Fn() -> bool) -> Vec<(f64, f64)> {
    let mut all = vec![(f64::NAN, f64::NAN); positions];
    for piece in inside.chunks(PIECE) {
        if !is_wanted() {
            break;
        }
        let places: Vec<Place> = piece.iter().map(|(_, place)| *place).collect();
        for ((number, _), value) in piece.iter().zip(values.at(&places)) {
            all[*number] = value;
        }
    }
    all
}

fn ranges(parameters: &[&'static Parameter], components: &[(f64, f64)]) -> Vec<Vec<f32>> {
    let range = |parameter: &&'static Parameter| components.iter().map(|pair| parameter.value(*pair)).collect();
    parameters.iter().map(range).collect()
}

/// Paths whose positions have times take at each the nearest step, others have one coverage for each step.
async fn along(
    viewer: Viewer<'_>,
    subject: &Subject,
    question: &Question,
    paths: &[Vec<Vertex>],
) -> Result<Vec<Coverage>, Error> {
    let around = Region::of_corridor(paths, 0.0).frame;
    let bbox = bbox_of(&around)?;
    let times = paths.iter().flatten().filter_map(|vertex| vertex.at);
    let interval = match (times.clone().min(), times.max()) {
        (Some(first), Some(last)) => Interval {
            from: ValidTime::from_unix_s(first.unix_s() - AROUND_PATH_S),
            until: ValidTime::from_unix_s(last.unix_s() + AROUND_PATH_S),
        },
        _ => question.interval,
    };
    let steps = steps(viewer.state, subject, bbox, interval).await?;
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let mut coverages = Vec::new();
    let mut read = 0usize;
    for path in paths {
        let timed = path.iter().all(|vertex| vertex.at.is_some());
        if timed {
            coverages.push(walk(viewer, subject, question, path, |vertex| nearest(&steps, vertex.at)).await?);
            continue;
        }
        for step in &steps {
            read = read.saturating_add(path.len());
            check_places(read)?;
            coverages.push(walk(viewer, subject, question, path, |_| Some(step)).await?);
        }
    }
    Ok(coverages)
}

/// Values along one path, each at the step that is chosen for its position.
async fn walk<'a>(
    viewer: Viewer<'_>,
    subject: &Subject,
    question: &Question,
    path: &[Vertex],
    choose: impl Fn(&Vertex) -> Option<&'a Step>,
) -> Result<Coverage, Error> {
    let mut found = Vec::with_capacity(path.len());
    let mut positions = Vec::with_capacity(path.len());
    for vertex in path {
        let step = choose(vertex);
        let time = step.map(|step| step.time).or(vertex.at);
        let time = time.ok_or_else(|| Error::Internal("a path without times".to_owned()))?;
        positions.push((time, vertex.place));
        found.push(match step {
            Some(step) => Some(step.read(viewer.state, subject, spot(vertex.place)?).await?),
            None => None,
        });
        tokio::task::yield_now().await;
    }
    let (parameters, places) = (question.parameters.clone(), positions.clone());
    let take = move |_: &dyn Fn() -> bool| {
        let values = found
            .iter()
            .zip(&places)
            .flat_map(|(values, (_, (lon, lat)))| match values {
                Some(values) => values.at(&[(wrap_lon_deg(*lon), *lat)]),
                None => vec![(f64::NAN, f64::NAN)],
            });
        ranges(&parameters, &values.collect::<Vec<_>>())
    };
    Ok(Coverage {
        domain: Domain::Trajectory(positions),
        ranges: compute(viewer, take).await?,
    })
}

/// The step nearest to a time, the earlier of two, unless that is more than half the spacing there away.
fn nearest(steps: &[Step], at: Option<ValidTime>) -> Option<&Step> {
    let at_s = at?.unix_s();
    let after = steps.partition_point(|step| step.time.unix_s() <= at_s);
    let before = after.checked_sub(1).and_then(|before| steps.get(before));
    match (before, steps.get(after)) {
        (Some(before), Some(after)) => {
            let is_early = at_s - before.time.unix_s() <= after.time.unix_s() - at_s;
            Some(if is_early { before } else { after })
        }
        // Beyond the ends only the end itself is meant.
        (Some(last), None) => (last.time.unix_s() == at_s).then_some(last),
        (None, _) => None,
    }
}

/// Work for an answer, which has its place among the maps until it ends.
async fn compute<T: Send + 'static>(
    viewer: Viewer<'_>,
    work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
) -> Result<T, Error> {
    let (turn, place) = (viewer.place.turn().await?, Arc::clone(viewer.place));
    let work = move |is_wanted: &dyn Fn() -> bool| {
        let _kept = (turn, place);
        work(is_wanted)
    };
    let done = viewer.state.compute.run_while_wanted(work).await;
    done.map_err(|error| Error::Internal(format!("values: {error}")))
}

fn spot((lon, lat): Place) -> Result<BBox, Error> {
    BBox::new(lon, lat, lon, lat).map_err(|error| Error::parameter("coords", error.to_string()))
}

fn bbox_of(frame: &Frame) -> Result<BBox, Error> {
    frame.bbox().map_err(|why| Error::parameter("coords", why))
}

fn check_values(values: usize) -> Result<(), Error> {
    if values <= MAX_VALUES {
        return Ok(());
    }
    Err(Error::TooMuch(format!(
        "it would have {values} values and may have {MAX_VALUES}; name a shorter datetime, a smaller place, fewer \
         parameters or a coarser resolution"
    )))
}

fn check_places(places: usize) -> Result<(), Error> {
    if places <= MAX_PLACES {
        return Ok(());
    }
    Err(Error::TooMuch(format!(
        "it has more than {MAX_PLACES} positions times steps; name a shorter datetime or fewer positions"
    )))
}

fn check_comparisons(comparisons: usize) -> Result<(), Error> {
    if comparisons <= MAX_COMPARISONS {
        return Ok(());
    }
    Err(Error::TooMuch(
        "its shape has too many edges for so large an area; name a simpler shape or a smaller area".to_owned(),
    ))
}

fn check_nodes(steps: &[Step], bbox: &BBox) -> Result<(), Error> {
    // Steps share their grids: how many nodes of each lie in the box is worked out once.
    let mut known: HashMap<usize, usize> = HashMap::new();
    let mut all = 0usize;
    for step in steps {
        let of_grid = |(id, grid): (usize, &GridSpec)| {
            let window = || grid.window_around(bbox, 2).map_or(0, |window| window.nx * window.ny);
            *known.entry(id).or_insert_with(window)
        };
        let nodes: usize = step.grids().map(of_grid).sum();
        all = all.saturating_add(nodes);
        if nodes > MAX_NODES_OF_STEP || all > MAX_NODES {
            return Err(Error::TooMuch(format!(
                "its area holds more than {MAX_NODES_OF_STEP} nodes of a grid, or {MAX_NODES} over all steps; name a \
                 smaller area or a shorter datetime"
            )));
        }
    }
    Ok(())
}
