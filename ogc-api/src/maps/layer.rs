//! The registry of layers: names, titles, styles. WMS capabilities, TileJSON and legends are made from it.

use driftline_domain::ForcingKind;
use driftline_tiles::{
    AreaLook, AreaStyle, ColourMap, DensityStyle, FieldLook, FieldStyle, LineStyle, PointStyle, Quantity, Reading,
    Scheme,
};

/// Something that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    /// Probability density of one run.
    Probability,
    /// Containment areas.
    SearchAreas,
    /// Particles.
    Particles,
    /// A sample of tracks.
    Trajectories,
    /// Surface currents.
    Currents,
    /// Wind.
    Wind,
    /// Significant wave height.
    Waves,
}

/// A style as capabilities list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Name in requests.
    pub(crate) name: &'static str,
    /// Title for people.
    pub(crate) title: &'static str,
}

/// How a layer is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Look {
    /// A vector field.
    Field(FieldStyle),
    /// A density.
    Density(DensityStyle),
    /// Areas.
    Areas(AreaStyle),
    /// Particles.
    Points(PointStyle),
    /// Tracks.
    Lines(LineStyle),
}

const fn style(name: &'static str, title: &'static str) -> Style {
    Style { name, title }
}

const FIELD_STYLES: [Style; 3] = [
    style("colour-arrows", "Colours and arrows in the direction of motion"),
    style("colour", "Colours"),
    style("arrows", "Arrows in the direction of motion"),
];
const WIND_STYLES: [Style; 5] = [
    FIELD_STYLES[0],
    FIELD_STYLES[1],
    FIELD_STYLES[2],
    style("barbs", "Wind barbs in knots"),
    style("colour-barbs", "Colours and wind barbs in knots"),
];
const DENSITY_STYLES: [Style; 4] = [
    style("inferno-reversed", "Pale yellow over purple to black"),
    style("viridis", "Dark violet over green to yellow"),
    style("cividis", "Dark blue over grey to yellow"),
    style("ylgnbu", "Light yellow over green to dark blue"),
];
const AREA_STYLES: [Style; 4] = [
    style("filled", "Fill and outline"),
    style("outline", "Outline"),
    style("filled-night", "Fill and outline for a dark map"),
    style("outline-night", "Outline for a dark map"),
];
const MARK_STYLES: [Style; 2] = [style("day", "For a light map"), style("night", "For a dark map")];
/// Many clients name the default style instead of leaving its name empty.
const DEFAULT: &str = "default";

impl Layer {
    /// Every layer, in the order of lists.
    pub(crate) const ALL: [Self; 7] = [
        Self::Probability,
        Self::SearchAreas,
        Self::Particles,
        Self::Trajectories,
        Self::Currents,
        Self::Wind,
        Self::Waves,
    ];

    /// The layer of this name.
    pub(crate) fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.id() == id)
    }

    /// Name in requests.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::SearchAreas => "search-areas",
            Self::Particles => "particles",
            Self::Trajectories => "trajectories",
            Self::Currents => "currents",
            Self::Wind => "wind",
            Self::Waves => "waves",
        }
    }

    /// Title for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Probability => "Probability density",
            Self::SearchAreas => "Search areas",
            Self::Particles => "Particles",
            Self::Trajectories => "Trajectories",
            Self::Currents => "Surface currents",
            Self::Wind => "Wind at 10 m",
            Self::Waves => "Significant wave height",
        }
    }

    /// What it shows.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Probability => {
                "Probability that the object is there, per square kilometre, given that it is still adrift."
            }
            Self::SearchAreas => {
                "Smallest areas that hold the object with 50, 90 and 95 percent probability, given that it is still adrift."
            }
            Self::Particles => "Simulated particles: adrift, ashore, or out of the forcing.",
            Self::Trajectories => "Tracks of a fixed sample of the particles.",
            Self::Currents => "Speed of the surface current in m/s and the direction it flows to.",
            Self::Wind => "Speed of the wind 10 m above the sea in m/s and the direction it blows to.",
            Self::Waves => "Significant wave height in m and the direction the waves travel to.",
        }
    }

    /// The forcing it shows; `None` for results of a run.
    pub(crate) fn forcing(self) -> Option<ForcingKind> {
        match self {
            Self::Currents => Some(ForcingKind::Current),
            Self::Wind => Some(ForcingKind::Wind),
            Self::Waves => Some(ForcingKind::Waves),
            _ => None,
        }
    }

    /// Whether only a mission has it: a tenant's runs cannot be drawn over each other.
    pub(crate) fn is_of_missions_only(self) -> bool {
        matches!(self, Self::Probability | Self::Particles | Self::Trajectories)
    }

    /// Whether it is offered as PNG tiles.
    pub(crate) fn has_raster_tiles(self) -> bool {
        !matches!(self, Self::Particles | Self::Trajectories)
    }

    /// Unit of its values.
    pub(crate) fn unit(self) -> Option<&'static str> {
        match self {
            Self::Probability => Some("km-2"),
            Self::Currents | Self::Wind => Some("m/s"),
            Self::Waves => Some("m"),
            _ => None,
        }
    }

    /// Its styles, the default first.
    pub(crate) fn styles(self) -> &'static [Style] {
        match self {
            Self::Probability => &DENSITY_STYLES,
            Self::SearchAreas => &AREA_STYLES,
            Self::Particles | Self::Trajectories => &MARK_STYLES,
            Self::Wind => &WIND_STYLES,
            Self::Currents | Self::Waves => &FIELD_STYLES,
        }
    }

    /// The style of this name; an empty one is the default.
    pub(crate) fn style(self, name: &str) -> Option<&'static Style> {
        let styles = self.styles();
        if name.is_empty() || name == DEFAULT {
            return styles.first();
        }
        styles.iter().find(|style| style.name == name)
    }

    /// How a style of this layer looks.
    pub(crate) fn look(self, style: &Style) -> Look {
        let scheme = if style.name.ends_with("night") {
            Scheme::Night
        } else {
            Scheme::Day
        };
        match self {
            Self::Probability => Look::Density(DensityStyle {
                colours: ColourMap::from_name(style.name).unwrap_or(DensityStyle::default().colours),
                ..DensityStyle::default()
            }),
            Self::SearchAreas => Look::Areas(AreaStyle {
                look: if style.name.starts_with("outline") {
                    AreaLook::Outline
                } else {
                    AreaLook::Filled
                },
                scheme,
            }),
            Self::Particles => Look::Points(PointStyle { scheme }),
            Self::Trajectories => Look::Lines(LineStyle { scheme }),
            Self::Currents | Self::Wind | Self::Waves => Look::Field(FieldStyle {
                look: match style.name {
                    "colour" => FieldLook::Colour,
                    "arrows" => FieldLook::Arrows,
                    "barbs" => FieldLook::Barbs,
                    "colour-barbs" => FieldLook::ColourBarbs,
                    _ => FieldLook::ColourArrows,
                },
                ..FieldStyle::of(self.quantity())
            }),
        }
    }

    /// What its field shows.
    pub(crate) fn quantity(self) -> Quantity {
        match self {
            Self::Wind => Quantity::Wind,
            Self::Waves => Quantity::WaveHeight,
            _ => Quantity::Current,
        }
    }

    /// How the components of its field are to be read.
    pub(crate) fn reading(self) -> Reading {
        match self {
            Self::Waves => Reading::LengthAndDirection,
            _ => Reading::Vector,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for layer in Layer::ALL {
            assert_eq!(Layer::find(layer.id()), Some(layer));
            let styles = layer.styles();
            for (number, style) in styles.iter().enumerate() {
                assert_eq!(layer.style(style.name), Some(style));
                assert!(styles[..number].iter().all(|other| other.name != style.name));
                let looks: Vec<Look> = styles[..number].iter().map(|other| layer.look(other)).collect();
                assert!(!looks.contains(&layer.look(style)), "{} {}", layer.id(), style.name);
            }
            assert_eq!(layer.style(""), styles.first());
            assert_eq!(layer.style("default"), styles.first());
            assert_eq!(layer.style("Default "), None);
        }
        assert_eq!(Layer::find("Currents"), None);
    }

    #[test]
    fn the_default_density_style_is_the_first_listed() {
        let first = Layer::Probability.styles()[0];
        assert_eq!(Layer::Probability.look(&first), Look::Density(DensityStyle::default()));
    }
}
