//! How a layer is drawn in one request: by a style of its own, perhaps in other colours, or by one that the request brings.

use std::sync::Arc;

use super::colour_scale::ColourScale;
use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::sld::{Sld, SldStyle, UserStyle};
use crate::maps::{Layer, Look, Rules, Style};
use crate::query::shown;

/// How a layer is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Styling {
    /// Its look; that of the default style where rules take its place.
    pub(super) look: Look,
    /// Rules of the request's own.
    pub(super) rules: Option<Arc<Rules>>,
    /// Names all of it: equal ones draw the same.
    pub(super) fingerprint: String,
}

/// What a request says about styles.
pub(super) struct Styles {
    /// Its descriptor.
    pub(super) sld: Option<Sld>,
    scale: ColourScale,
}

impl Styles {
    /// Reads the parameters.
    pub(super) fn of(kvp: &Kvp) -> Result<Self, Exception> {
        Ok(Self {
            sld: Sld::of(kvp)?,
            scale: ColourScale::of(kvp)?,
        })
    }

    /// How a layer is drawn in the style of this name; an empty one is the default.
    pub(super) fn styling(&self, layer: Layer, name: &str) -> Result<Styling, Exception> {
        match self.sld.as_ref().and_then(|sld| sld.style(layer.id(), name)) {
            Some(SldStyle::User(style)) => self.given(layer, style),
            Some(SldStyle::Named(name)) => self.own(layer, name),
            None => self.own(layer, name),
        }
    }

    fn own(&self, layer: Layer, name: &str) -> Result<Styling, Exception> {
        let look = self.scale.applied(layer.look(style_named(layer, name)?));
        Ok(Styling {
            fingerprint: format!("{look:?}"),
            look,
            rules: None,
        })
    }

    fn given(&self, layer: Layer, style: &UserStyle) -> Result<Styling, Exception> {
        let look = layer.look(style_named(layer, "")?);
        let look = match (look, style.raster) {
            (Look::Field(own), Some(raster)) => Look::Field(raster.field(own)),
            (Look::Density(own), Some(raster)) => Look::Density(raster.density(own)),
            (Look::Field(_) | Look::Density(_), None) => {
                return Err(unfit(layer, "a RasterSymbolizer"));
            }
            (_, Some(_)) => return Err(unfit(layer, "symbolizers of polygons, lines or points")),
            (look, None) => look,
        };
        Ok(Styling {
            look: self.scale.applied(look),
            rules: style.rules.as_ref().map(Arc::clone),
            fingerprint: format!("{} {:?}", style.fingerprint, self.scale),
        })
    }
}

fn unfit(layer: Layer, needed: &str) -> Exception {
    Exception::plain(format!("SLD_BODY: the layer {} is drawn by {needed}", layer.id()))
}

/// The style of a name.
pub(super) fn style_named(layer: Layer, name: &str) -> Result<&'static Style, Exception> {
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
