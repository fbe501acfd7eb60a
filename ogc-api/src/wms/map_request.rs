//! The parameters that GetMap and GetFeatureInfo share: which layers, how, where and when. Everything is checked before
//! anything is read.

use std::sync::Arc;

use driftline_domain::ValidTime;
use driftline_tiles::MapView;
use jiff::Timestamp;

use super::blue_lake::{TestLayer, TestTimes};
use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::reference_system;
use super::request::WmsAsk;
use super::styling::{Styles, Styling};
use super::version::Version;
use super::{MAX_LAYERS, MAX_SIDE_PX, REFERENCE_TIME};
use crate::AppState;
use crate::maps::{Layer, LayerAbout, Moment, TimeWanted};
use crate::query::shown;

/// One layer of a picture.
pub(crate) struct DrawnLayer {
    /// What is known of it.
    pub(crate) about: LayerAbout,
    /// How it is drawn.
    pub(crate) styling: Styling,
    /// When.
    pub(crate) moment: Moment,
}

/// A layer of a picture, by where it comes from.
pub(crate) enum MapLayer {
    /// One of this service.
    Own(Box<DrawnLayer>),
    /// A test layer of the conformance suites, at these times.
    Test(Arc<TestLayer>, Vec<ValidTime>),
}

impl MapLayer {
    /// Its name in requests.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Own(layer) => layer.about.layer.id(),
            Self::Test(layer, _) => &layer.name,
        }
    }

    /// The time that is shown when none is named, as capabilities write it.
    fn default_time(&self) -> Option<String> {
        match self {
            Self::Own(_) => Some("current".to_owned()),
            Self::Test(layer, _) => layer.times.as_ref().map(TestTimes::default),
        }
    }

    /// Whether its pictures of a time stay the same for ever.
    pub(crate) fn is_fixed(&self) -> bool {
        match self {
            Self::Own(layer) => layer.about.is_fixed(),
            Self::Test(..) => false,
        }
    }
}

/// What is to be drawn.
pub(crate) struct MapRequest {
    /// From the bottom to the top.
    pub(crate) layers: Vec<MapLayer>,
    /// The time that was taken because none was named, as capabilities write it; `None` where one was named or no layer
    /// has a time.
    pub(crate) default_time: Option<String>,
    /// Where.
    pub(crate) view: MapView,
    /// Whether the request named a time, so that the answer does not depend on when it was sent.
    pub(crate) has_fixed_time: bool,
}

impl MapRequest {
    /// Reads and checks the parameters.
    pub(crate) async fn parse(state: &AppState, asked: &WmsAsk, version: Version) -> Result<Self, Exception> {
        let kvp = &asked.kvp;
        let view = view(kvp, version)?;
        let names = layers_and_styles(state, asked, &Styles::of(kvp)?)?;
        let now = Timestamp::now();
        let mut layers = Vec::with_capacity(names.len());
        for named in names {
            layers.push(match named {
                Named::Own(layer, styling) => own(state, asked, (layer, styling), now).await?,
                Named::Test(layer) => test(kvp, layer)?,
            });
        }
        let is_named = kvp.filled("TIME").is_some();
        let default_time = layers.iter().find_map(MapLayer::default_time);
        Ok(Self {
            default_time: default_time.filter(|_| !is_named),
            layers,
            view,
            has_fixed_time: time_wanted(kvp).is_ok_and(|wanted| wanted != TimeWanted::Current),
        })
    }
}

async fn own(
    state: &AppState,
    asked: &WmsAsk,
    (layer, styling): (Layer, Styling),
    now: Timestamp,
) -> Result<MapLayer, Exception> {
    let wanted = time_wanted(&asked.kvp)?;
    let mut about = defined(state, asked, layer).await?;
    if let Some(run) = asked.kvp.filled(REFERENCE_TIME) {
        let id = layer.id();
        about = about
            .of_model_run(&run.replace(' ', "+"))
            .map_err(|why| Exception::new(Code::InvalidDimensionValue, format!("{REFERENCE_TIME} of {id}: {why}")))?;
    }
    let moment = about.moment(wanted, now);
    let moment = moment.map_err(|why| no_time(about.layer.id(), &why))?;
    Ok(MapLayer::Own(Box::new(DrawnLayer { about, styling, moment })))
}

/// Test layers take lists of times, which others do not.
fn test(kvp: &Kvp, layer: Arc<TestLayer>) -> Result<MapLayer, Exception> {
    let times = match &layer.times {
        Some(times) => times
            .chosen(kvp.filled("TIME"))
            .map_err(|why| no_time(&layer.name, &why))?,
        None => Vec::new(),
    };
    Ok(MapLayer::Test(layer, times))
}

fn no_time(layer: &str, why: &str) -> Exception {
    Exception::new(Code::InvalidDimensionValue, format!("TIME of {layer}: {why}"))
}

/// The layer as it is here now, or why it is not.
pub(crate) async fn defined(state: &AppState, asked: &WmsAsk, layer: Layer) -> Result<LayerAbout, Exception> {
    let about = LayerAbout::of(state, asked.ask.caller.org, &asked.root, layer).await?;
    about.map_err(|why| Exception::new(Code::LayerNotDefined, format!("the layer {}: {why}", layer.id())))
}

/// The layer of a name.
pub(crate) fn layer_named(name: &str) -> Result<Layer, Exception> {
    Layer::find(name)
        .ok_or_else(|| Exception::new(Code::LayerNotDefined, format!("there is no layer '{}'", shown(name))))
}

/// A layer and its style, by their names.
enum Named {
    Own(Layer, Styling),
    Test(Arc<TestLayer>),
}

/// The layer of a name here; test layers stand at the root of a tenant and have one style.
fn named(state: &AppState, asked: &WmsAsk, styles: &Styles, (name, style): (&str, &str)) -> Result<Named, Exception> {
    let Some(layer) = test_layer(state, asked, name) else {
        let layer = layer_named(name)?;
        return Ok(Named::Own(layer, styles.styling(layer, style)?));
    };
    if ["", "default"].contains(&style) {
        return Ok(Named::Test(layer));
    }
    let message = format!("{name} has no style '{}'; there is default", shown(style));
    Err(Exception::new(Code::StyleNotDefined, message))
}

/// The test layer of a name, where there are some.
fn test_layer(state: &AppState, asked: &WmsAsk, name: &str) -> Option<Arc<TestLayer>> {
    let blue_lake = state.blue_lake.as_ref().filter(|_| asked.root.mission_id().is_none());
    blue_lake?.layer(name).map(Arc::clone)
}

fn layers_and_styles(state: &AppState, asked: &WmsAsk, styling: &Styles) -> Result<Vec<Named>, Exception> {
    let kvp = &asked.kvp;
    // A descriptor may name the layers itself.
    let layers: Vec<&str> = match (&styling.sld, kvp.filled("LAYERS")) {
        (Some(sld), None) => sld.layers.iter().map(|layer| layer.name.as_str()).collect(),
        _ => kvp.needed("LAYERS")?.split(',').collect(),
    };
    if layers.len() > MAX_LAYERS {
        return Err(Exception::plain(format!(
            "{} layers; at most {MAX_LAYERS} are drawn in one picture",
            layers.len()
        )));
    }
    // Without names every layer has its default style (ogc.md, trap 5).
    let styles: Vec<&str> = match kvp.filled("STYLES") {
        None => vec![""; layers.len()],
        Some(names) => names.split(',').collect(),
    };
    if styles.len() != layers.len() {
        return Err(Exception::new(
            Code::StyleNotDefined,
            format!("STYLES names {} styles for {} layers", styles.len(), layers.len()),
        ));
    }
    let pairs = layers.into_iter().zip(styles);
    pairs.map(|pair| named(state, asked, styling, pair)).collect()
}

pub(crate) fn time_wanted(kvp: &Kvp) -> Result<TimeWanted, Exception> {
    match kvp.filled("TIME") {
        None => Ok(TimeWanted::Current),
        Some(text) => {
            // A plus sign that a client left as it is has become a blank; times have no blanks.
            TimeWanted::of_wms(&text.replace(' ', "+"))
                .map_err(|why| Exception::new(Code::InvalidDimensionValue, format!("TIME: {why}")))
        }
    }
}

/// Where and how large.
pub(super) fn view(kvp: &Kvp, version: Version) -> Result<MapView, Exception> {
    // Clients mix up the two names; neither has another meaning.
    let (own, other) = match version {
        Version::V130 => ("CRS", "SRS"),
        Version::V111 => ("SRS", "CRS"),
    };
    let name = kvp.filled(own).or(kvp.filled(other));
    let name = name.ok_or_else(|| Exception::new(Code::InvalidCrs, format!("the parameter {own} is missing")))?;
    let system = reference_system::find(name)?;
    let bounds = reference_system::bounds(system, box_numbers(kvp.needed("BBOX")?)?, version);
    let (width, height) = (side(kvp, "WIDTH")?, side(kvp, "HEIGHT")?);
    let view = MapView::new(system.into(), bounds, width, height);
    view.map_err(|error| Exception::plain(format!("BBOX: {error}")))
}

fn box_numbers(text: &str) -> Result<[f64; 4], Exception> {
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .take(5)
        .map(|part| part.trim().parse::<f64>().ok().filter(|number| number.is_finite()))
        .collect();
    let numbers: Option<[f64; 4]> = numbers.and_then(|numbers| numbers.try_into().ok());
    numbers.ok_or_else(|| Exception::plain(format!("BBOX '{}' is not four numbers", shown(text))))
}

fn side(kvp: &Kvp, name: &str) -> Result<u32, Exception> {
    let side = kvp.needed_number(name)?;
    if (1..=MAX_SIDE_PX).contains(&side) {
        Ok(side)
    } else {
        Err(Exception::plain(format!(
            "{name} is {side}; pictures have from 1 to {MAX_SIDE_PX} pixels on a side"
        )))
    }
}
