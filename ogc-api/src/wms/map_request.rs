//! The parameters that GetMap and GetFeatureInfo share: which layers, how, where and when. Everything is checked before
//! anything is read.

use driftline_tiles::MapView;
use jiff::Timestamp;

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::reference_system::ReferenceSystem;
use super::request::WmsAsk;
use super::version::Version;
use super::{MAX_LAYERS, MAX_SIDE_PX};
use crate::AppState;
use crate::maps::{Layer, LayerAbout, Look, Moment, Style, TimeWanted};
use crate::query::shown;

/// One layer of a picture.
pub(crate) struct DrawnLayer {
    /// What is known of it.
    pub(crate) about: LayerAbout,
    /// The style's name.
    pub(crate) style: &'static Style,
    /// How it is drawn.
    pub(crate) look: Look,
    /// When.
    pub(crate) moment: Moment,
}

/// What is to be drawn.
pub(crate) struct MapRequest {
    /// From the bottom to the top.
    pub(crate) layers: Vec<DrawnLayer>,
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
        let names = layers_and_styles(kvp)?;
        let wanted = time_wanted(kvp)?;
        let now = Timestamp::now();
        let mut layers = Vec::with_capacity(names.len());
        for (layer, style) in names {
            let about = defined(state, asked, layer).await?;
            let moment = about.moment(wanted, now);
            let moment = moment.map_err(|why| {
                let message = format!("TIME of {}: {why}", about.layer.id());
                Exception::new(Code::InvalidDimensionValue, message)
            })?;
            layers.push(DrawnLayer {
                look: layer.look(style),
                about,
                style,
                moment,
            });
        }
        Ok(Self {
            layers,
            view,
            has_fixed_time: wanted != TimeWanted::Current,
        })
    }
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

/// The style of a name.
pub(crate) fn style_named(layer: Layer, name: &str) -> Result<&'static Style, Exception> {
    layer.style(name).ok_or_else(|| {
        let known: Vec<&str> = layer.styles().iter().map(|style| style.name).collect();
        Exception::new(
            Code::StyleNotDefined,
            format!(
                "{} has no style '{}'; there are {}",
                layer.id(),
                shown(name),
                known.join(", ")
            ),
        )
    })
}

fn layers_and_styles(kvp: &Kvp) -> Result<Vec<(Layer, &'static Style)>, Exception> {
    let layers: Vec<&str> = kvp.needed("LAYERS")?.split(',').collect();
    if layers.len() > MAX_LAYERS {
        return Err(Exception::plain(format!(
            "{} layers; at most {MAX_LAYERS} are drawn in one picture",
            layers.len()
        )));
    }
    if let Some((_, again)) = (1..).zip(&layers).find(|(next, name)| layers[*next..].contains(name)) {
        return Err(Exception::plain(format!("LAYERS names '{}' twice", shown(again))));
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
    let pairs = layers.iter().zip(styles).map(|(layer, style)| {
        let layer = layer_named(layer)?;
        Ok((layer, style_named(layer, style)?))
    });
    pairs.collect()
}

pub(crate) fn time_wanted(kvp: &Kvp) -> Result<TimeWanted, Exception> {
    match kvp.filled("TIME") {
        None => Ok(TimeWanted::Current),
        Some(text) => {
            TimeWanted::of_wms(text).map_err(|why| Exception::new(Code::InvalidDimensionValue, format!("TIME: {why}")))
        }
    }
}

fn view(kvp: &Kvp, version: Version) -> Result<MapView, Exception> {
    // Clients mix up the two names; neither has another meaning.
    let (own, other) = match version {
        Version::V130 => ("CRS", "SRS"),
        Version::V111 => ("SRS", "CRS"),
    };
    let name = kvp.filled(own).or(kvp.filled(other));
    let name = name.ok_or_else(|| Exception::new(Code::InvalidCrs, format!("the parameter {own} is missing")))?;
    let system = ReferenceSystem::find(name)?;
    let bounds = system.bounds(box_numbers(kvp.needed("BBOX")?)?, version);
    let (width, height) = (side(kvp, "WIDTH")?, side(kvp, "HEIGHT")?);
    let view = MapView::new(system.plane(), bounds, width, height);
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
