//! Pictures of layers. Everything is read first, then drawn on the compute pool; a picture whose client has gone away
//! before it was begun is not drawn.

use std::sync::Arc;

use driftline_database::Run;
use driftline_domain::{BBox, OrgId, ValidTime, wrap_lon_deg};
use driftline_simulate::products;
use driftline_tiles::{
    AreaShape, AreaStyle, FieldSlab, FieldStyle, LegendSize, LegendSubject, LineStyle, MapCrs, MapView, Picture,
    PointStyle, Reading, Symbol, Track, draw_areas_while, draw_density, draw_field, draw_legend, draw_lines,
    draw_points,
};

use super::about::LayerAbout;
use super::areas::areas_of;
use super::layer::{Layer, Look};
use super::places::MapPlace;
use super::rules::{Rule, Rules};
use super::time::Moment;
use super::tracks::{drawn_track, shown_of};
use crate::runs::RunCache;
use crate::{AppState, Error, MapSlab};

/// Areas that a picture of an interval shows at most: beyond that nobody could tell them apart.
pub(super) const MOST_AREAS: usize = 300;

/// Who asks for a picture.
#[derive(Clone, Copy)]
pub(crate) struct Viewer<'a> {
    /// What the routes lean on.
    pub(crate) state: &'a AppState,
    /// Whose data may be seen.
    pub(crate) org: OrgId,
    /// The place that the picture takes: kept until its work has ended, whether or not somebody still waits for it.
    pub(crate) place: &'a Arc<MapPlace>,
}

/// A layer in a picture.
pub(crate) struct Drawn {
    /// The picture.
    pub(crate) picture: Picture,
    /// The one stored step that it shows, where it shows one.
    pub(crate) step: Option<ValidTime>,
}

/// Draws one layer.
pub(crate) async fn draw(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    look: Look,
    view: MapView,
    moment: Moment,
) -> Result<Drawn, Error> {
    let mut step = match moment {
        Moment::Near(at) => Some(at),
        Moment::Within(_) => None,
    };
    let Some(bbox) = view.geographic_bounds() else {
        let picture = Picture::empty(view.width, view.height);
        return Ok(Drawn { picture, step });
    };
    let picture = match (look, moment) {
        (Look::Field(style), Moment::Near(at)) => {
            let (paint, shown) = field(viewer, about, style, view, bbox, at).await?;
            step = shown;
            compute(viewer, paint).await?
        }
        (look, moment) => draw_result(viewer, about, look, view, moment, bbox).await?,
    };
    Ok(Drawn { picture, step })
}

/// Draws one layer and does what follows with the picture. Of a field both are one piece of work: it takes so little that a
/// second change of threads would cost as much as the PNG.
pub(crate) async fn draw_then<T: Send + 'static>(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    look: Look,
    view: MapView,
    moment: Moment,
    then: impl FnOnce(Picture) -> T + Send + 'static,
) -> Result<(T, Option<ValidTime>), Error> {
    if let (Look::Field(style), Moment::Near(at), Some(bbox)) = (look, moment, view.geographic_bounds()) {
        let (paint, step) = field(viewer, about, style, view, bbox, at).await?;
        return Ok((compute(viewer, move || then(paint())).await?, step));
    }
    let Drawn { picture, step } = draw(viewer, about, look, view, moment).await?;
    Ok((compute(viewer, move || then(picture)).await?, step))
}

/// What paints a field, which is read, and the one step that it shows.
async fn field(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    style: FieldStyle,
    view: MapView,
    bbox: BBox,
    at: ValidTime,
) -> Result<(impl FnOnce() -> Picture + Send + 'static, Option<ValidTime>), Error> {
    let slabs = slabs(viewer.state, about, bbox, at, Some(pixel_m(&view, &bbox))).await?;
    let shown = slabs.first().map(|slab| slab.time);
    let step = shown.filter(|time| slabs.iter().all(|slab| slab.time == *time));
    let reading = about.layer.reading();
    let paint = move || draw_field(&view, &field_slabs(&slabs, reading), &style);
    Ok((paint, step))
}

async fn draw_result(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    look: Look,
    view: MapView,
    moment: Moment,
    bbox: BBox,
) -> Result<Picture, Error> {
    match (look, moment) {
        (Look::Density(style), Moment::Near(at)) => match density(viewer.state, about, at).await? {
            Some(grid) => compute(viewer, move || draw_density(&view, &grid, &style)).await,
            None => Ok(Picture::empty(view.width, view.height)),
        },
        (Look::Areas(style), moment) => areas(viewer, about, view, moment, bbox, style).await,
        (Look::Points(style), Moment::Near(at)) => points(viewer, about, view, at, style).await,
        (Look::Lines(style), moment) => lines(viewer, about, view, moment, style).await,
        (Look::Field(_), _) | (Look::Density(_) | Look::Points(_), Moment::Within(_)) => Err(Error::Internal(format!(
            "{} is not drawn like this: {moment:?}",
            about.layer.id()
        ))),
    }
}

async fn areas(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    view: MapView,
    moment: Moment,
    bbox: BBox,
    style: AreaStyle,
) -> Result<Picture, Error> {
    let found = areas_of(viewer, about, bbox, moment).await?;
    let count: usize = found.iter().map(|(_, found)| found.len()).sum();
    if matches!(moment, Moment::Within(_)) && count > MOST_AREAS {
        let reason = format!(
            "the interval holds more than {MOST_AREAS} search areas, the most of one picture; name a shorter one"
        );
        return Err(Error::parameter("time", reason));
    }
    let (turn, place) = (viewer.place.turn().await?, Arc::clone(viewer.place));
    let draw = move |is_wanted: &dyn Fn() -> bool| {
        let _kept = (turn, place);
        let all = found.iter().flat_map(|(_, found)| found.iter());
        let shapes: Vec<AreaShape> = all.map(|area| area.shape.clone()).collect();
        draw_areas_while(&view, &shapes, &style, is_wanted)
    };
    let drawn = viewer.state.compute.run_while_wanted(draw).await;
    drawn.map_err(|error| Error::Internal(format!("a picture: {error}")))
}

/// Work for a picture, which has its place until it ends.
pub(crate) async fn compute<T: Send + 'static>(
    viewer: Viewer<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (turn, place) = (viewer.place.turn().await?, Arc::clone(viewer.place));
    let work = move || {
        let _kept = (turn, place);
        work()
    };
    let done = viewer.state.compute.run(work).await;
    done.map_err(|error| Error::Internal(format!("a picture: {error}")))
}

/// The fields of a layer around a box, of the model run that is to be shown.
pub(super) async fn slabs(
    state: &AppState,
    about: &LayerAbout,
    bbox: BBox,
    at: ValidTime,
    max_cell_m: Option<f64>,
) -> Result<Vec<MapSlab>, Error> {
    let kind = about.layer.forcing();
    let kind = kind.ok_or_else(|| Error::Internal(format!("{} is no forcing", about.layer.id())))?;
    let slabs = match about.model_run {
        Some(run) => state.maps.slabs_of_run(kind, run, bbox, at, max_cell_m).await,
        None => state.maps.slabs(kind, bbox, at, max_cell_m).await,
    };
    slabs.map_err(|error| Error::Forcing(error.to_string()))
}

/// The fields as they are drawn and sampled.
pub(crate) fn field_slabs(slabs: &[MapSlab], reading: Reading) -> Vec<FieldSlab<'_>> {
    slabs
        .iter()
        .map(|slab| FieldSlab {
            grid: &slab.grid,
            field: &slab.field,
            reading,
        })
        .collect()
}

/// The probability raster at a step.
pub(super) async fn density(
    state: &AppState,
    about: &LayerAbout,
    at: ValidTime,
) -> Result<Option<Arc<driftline_tiles::DensityGrid>>, Error> {
    let run = run_of(about)?;
    let times = RunCache::band_times(state, run).await?;
    let band = times.and_then(|times| times.times.iter().position(|time| *time == at));
    match band {
        Some(band) => RunCache::band(state, run, band).await,
        None => Ok(None),
    }
}

/// The highest density at a step, where there is a raster.
pub(crate) async fn highest_density(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    at: ValidTime,
) -> Result<Option<f64>, Error> {
    let grid = density(viewer.state, about, at).await?;
    Ok(grid.map(|grid| f64::from(grid.maximum())))
}

async fn points(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    view: MapView,
    at: ValidTime,
    style: PointStyle,
) -> Result<Picture, Error> {
    let Some(positions) = positions_at(viewer.state, run_of(about)?, at).await? else {
        return Ok(Picture::empty(view.width, view.height));
    };
    let draw = move || {
        let status: Vec<u8> = positions.status.iter().map(|status| *status as u8).collect();
        draw_points(&view, &positions.lon_deg, &positions.lat_deg, &status, &style)
    };
    compute(viewer, draw).await
}

/// The positions of a run at one of its output times.
pub(super) async fn positions_at(
    state: &AppState,
    run: &Run,
    at: ValidTime,
) -> Result<Option<Arc<crate::runs::Positions>>, Error> {
    let Some(layout) = RunCache::layout(state, run).await? else {
        return Ok(None);
    };
    match layout.steps().iter().position(|step| step.time == at) {
        Some(step) => RunCache::positions(state, run, step).await,
        None => Ok(None),
    }
}

async fn lines(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    view: MapView,
    moment: Moment,
    style: LineStyle,
) -> Result<Picture, Error> {
    let Some(tracks) = RunCache::tracks(viewer.state, run_of(about)?).await? else {
        return Ok(Picture::empty(view.width, view.height));
    };
    let draw = move || {
        let shown = tracks.0.iter().filter_map(|track| shown_of(track, moment));
        let shown: Vec<Track> = shown.map(|track| drawn_track(&track)).collect();
        draw_lines(&view, &shown, &style)
    };
    compute(viewer, draw).await
}

/// The run that a layer shows.
pub(super) fn run_of(about: &LayerAbout) -> Result<&Run, Error> {
    let run = about.run.as_ref();
    run.ok_or_else(|| Error::Internal(format!("{} shows no single run", about.layer.id())))
}

/// Ground that a pixel covers, in metres: what a picture can resolve.
pub(super) fn pixel_m(view: &MapView, bbox: &BBox) -> f64 {
    if let MapCrs::Projected(_) = view.crs {
        let [x0, y0, x1, y1] = view.bounds;
        return ((x1 - x0) / f64::from(view.width)).min((y1 - y0) / f64::from(view.height));
    }
    let middle = (f64::from(view.width) / 2.0, f64::from(view.height) / 2.0);
    let (lon, lat) = view.lon_lat(middle.0, middle.1);
    let (lon_right, _) = view.lon_lat(middle.0 + 1.0, middle.1);
    let (_, lat_below) = view.lon_lat(middle.0, middle.1 + 1.0);
    let inside = lat.clamp(bbox.south, bbox.north);
    let (lon_m, lat_m) = driftline_domain::meters_per_degree(inside);
    ((lon_right - lon) * lon_m).min((lat - lat_below) * lat_m).max(0.0)
}

/// The legend of a style; `highest` is the upper end of a density where it is known.
pub(crate) async fn legend(
    viewer: Viewer<'_>,
    layer: Layer,
    look: Look,
    highest: Option<f64>,
    size: LegendSize,
) -> Result<Picture, Error> {
    compute(viewer, move || draw_legend(&subject(layer, &look, highest), size)).await
}

/// The legend of rules.
pub(crate) async fn legend_of_rules(
    viewer: Viewer<'_>,
    layer: Layer,
    rules: Arc<Rules>,
    size: LegendSize,
) -> Result<Picture, Error> {
    let draw = move || {
        let entry = |rule: &Rule| (rule.title.clone(), rule.symbols.clone());
        let entries: Vec<(String, Vec<Symbol>)> = rules.rules.iter().map(entry).collect();
        let title = if rules.title.is_empty() {
            layer.title()
        } else {
            &rules.title
        };
        draw_legend(&LegendSubject::Symbols(title, &entries), size)
    };
    compute(viewer, draw).await
}

/// Width and height of a style's legend; that of a density whose range is known.
pub(crate) fn legend_size(layer: Layer, look: Look) -> (u32, u32) {
    driftline_tiles::legend_size(&subject(layer, &look, Some(1.0)), LegendSize::default())
}

fn subject(layer: Layer, look: &Look, highest: Option<f64>) -> LegendSubject<'_> {
    match look {
        Look::Field(style) => LegendSubject::Field(layer.quantity(), style),
        Look::Density(style) => LegendSubject::Density(style, highest),
        Look::Areas(style) => LegendSubject::Areas(style, &products::LEVELS),
        Look::Points(style) => LegendSubject::Points(style),
        Look::Lines(style) => LegendSubject::Lines(style),
    }
}

/// A place on the globe of a pixel.
pub(super) fn place_of(view: &MapView, column: u32, row: u32) -> (f64, f64) {
    let (lon, lat) = view.lon_lat(f64::from(column) + 0.5, f64::from(row) + 0.5);
    (wrap_lon_deg(lon), lat)
}
