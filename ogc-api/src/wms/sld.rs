//! Styled layer descriptors in SLD_BODY: SLD 1.0.0 (02-070) and 1.1.0 (05-078r4) with Symbology Encoding (05-077r4), as
//! far as named layers with named styles, or with user styles of polygons, lines, marks and colour maps.
//!
//! What is not understood is refused by name: a picture that leaves out a part of its style says something else than was
//! asked for. Nothing is fetched from anywhere.

mod filter;
mod symbolizers;

use std::sync::Arc;

use driftline_tiles::{ColourMap, ColourStops, DensityStyle, FieldLook, FieldStyle, Rgba};

use super::exception::Exception;
use super::kvp::Kvp;
use super::xml_tree::Element;
use crate::maps::{Condition, Rule, Rules};
use crate::query::shown;

/// Bytes of a descriptor at most.
const LARGEST_BYTES: usize = 64 << 10;
/// Rules of a style at most: each is looked at for each feature.
const MOST_RULES: usize = 64;

/// A descriptor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sld {
    /// Its layers, the first at the bottom.
    pub(super) layers: Vec<SldLayer>,
}

/// A named layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SldLayer {
    /// Name as in LAYERS.
    pub(super) name: String,
    /// Its styles.
    styles: Vec<SldStyle>,
}

/// A style.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SldStyle {
    /// One of the service's own, by name.
    Named(String),
    /// One of the sender's.
    User(Arc<UserStyle>),
}

/// A style of the sender's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserStyle {
    /// Name as in STYLES.
    name: String,
    is_default: bool,
    /// For layers of features.
    pub(super) rules: Option<Arc<Rules>>,
    /// For rasters.
    pub(super) raster: Option<Raster>,
    /// Names the style's content.
    pub(super) fingerprint: String,
}

/// How a raster is coloured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Raster {
    /// Colours from the lowest to the highest quantity; without them those of the layer.
    pub(super) colours: Option<(ColourStops, (f64, f64))>,
    /// Colour of what is below the range.
    pub(super) below: Option<Rgba>,
}

impl Raster {
    /// A field in these colours.
    pub(super) fn field(self, own: FieldStyle) -> FieldStyle {
        let (colours, range) = self.colours.map_or((own.colours, own.range), |(stops, range)| {
            (ColourMap::Stops(stops), range)
        });
        FieldStyle {
            look: FieldLook::Colour,
            colours,
            range,
            below: self.below,
            ..own
        }
    }

    /// A density in these colours.
    pub(super) fn density(self, own: DensityStyle) -> DensityStyle {
        match self.colours {
            Some((stops, range)) => DensityStyle {
                colours: ColourMap::Stops(stops),
                range: Some(range),
            },
            None => own,
        }
    }
}

impl Sld {
    /// The descriptor of a request, where it has one.
    pub(crate) fn of(kvp: &Kvp) -> Result<Option<Self>, Exception> {
        if kvp.filled("SLD").is_some() {
            return Err(Exception::plain(
                "SLD names a descriptor at another address, which is not fetched; send the descriptor itself in SLD_BODY"
                    .to_owned(),
            ));
        }
        let Some(body) = kvp.filled("SLD_BODY") else {
            return Ok(None);
        };
        let parsed = Self::parse(body);
        parsed
            .map(Some)
            .map_err(|why| Exception::plain(format!("SLD_BODY: {why}")))
    }

    /// Reads a descriptor.
    pub(crate) fn parse(body: &str) -> Result<Self, String> {
        if body.len() > LARGEST_BYTES {
            return Err(format!("it has {} bytes; at most {LARGEST_BYTES} are read", body.len()));
        }
        let root = Element::parse(body)?;
        if root.name != "StyledLayerDescriptor" {
            return Err(format!("it is a {}, not a StyledLayerDescriptor", shown(&root.name)));
        }
        if root.child("UserLayer").is_some() {
            return Err("a UserLayer is not offered; there are NamedLayers".to_owned());
        }
        let layers: Result<Vec<SldLayer>, String> = root.all("NamedLayer").map(layer).collect();
        let layers = layers?;
        if layers.is_empty() {
            return Err("it has no NamedLayer".to_owned());
        }
        Ok(Self { layers })
    }

    /// The style that this gives a layer: the one of that name, without a name its default.
    pub(super) fn style(&self, layer: &str, style: &str) -> Option<&SldStyle> {
        let layer = self.layers.iter().find(|known| known.name == layer)?;
        if style.is_empty() {
            return layer.default();
        }
        layer.styles.iter().find(|known| match known {
            SldStyle::Named(_) => false,
            SldStyle::User(user) => user.name == style,
        })
    }
}

impl SldLayer {
    /// The style that is marked as the default, or the first.
    pub(super) fn default(&self) -> Option<&SldStyle> {
        let marked = self
            .styles
            .iter()
            .find(|style| matches!(style, SldStyle::User(user) if user.is_default));
        marked.or(self.styles.first())
    }
}

fn layer(element: &Element) -> Result<SldLayer, String> {
    let name = element.child_text("Name").ok_or("a NamedLayer has no Name")?;
    if element.child("LayerFeatureConstraints").is_some() {
        return Err("LayerFeatureConstraints are not offered; use a Filter in the rules".to_owned());
    }
    let mut styles = Vec::new();
    for child in &element.children {
        match child.name.as_str() {
            "NamedStyle" => {
                let name = child.child_text("Name").ok_or("a NamedStyle has no Name")?;
                styles.push(SldStyle::Named(name.to_owned()));
            }
            "UserStyle" => styles.push(SldStyle::User(Arc::new(user_style(child)?))),
            _ => {}
        }
    }
    Ok(SldLayer {
        name: name.to_owned(),
        styles,
    })
}

fn user_style(element: &Element) -> Result<UserStyle, String> {
    let mut rules = Vec::new();
    let mut raster = None;
    for rule in element.all("FeatureTypeStyle").flat_map(|style| style.all("Rule")) {
        if let Some(symbolizer) = rule.child("RasterSymbolizer") {
            raster = Some(symbolizers::raster(symbolizer)?);
        } else {
            rules.push(self::rule(rule)?);
        }
        if rules.len() > MOST_RULES {
            return Err(format!("a style has more than {MOST_RULES} rules"));
        }
    }
    if rules.is_empty() && raster.is_none() {
        return Err("a UserStyle has no Rule".to_owned());
    }
    let text = |name: &str| element.child_text(name).or(description(element)).unwrap_or_default();
    let rules = (!rules.is_empty()).then(|| {
        Arc::new(Rules {
            title: text("Title").to_owned(),
            rules,
        })
    });
    Ok(UserStyle {
        name: element.child_text("Name").unwrap_or_default().to_owned(),
        is_default: matches!(element.child_text("IsDefault"), Some("1" | "true")),
        fingerprint: format!("{rules:?} {raster:?}"),
        rules,
        raster,
    })
}

fn rule(element: &Element) -> Result<Rule, String> {
    let condition = match (element.child("Filter"), element.child("ElseFilter")) {
        (Some(filter), _) => Condition::When(filter::test(filter)?),
        (None, Some(_)) => Condition::Else,
        (None, None) => Condition::Always,
    };
    let scale = |name: &str| {
        let text = element.child_text(name);
        text.map(|text| symbolizers::number(text, name, 0.0..=1e12)).transpose()
    };
    let mut symbols = Vec::new();
    for child in &element.children {
        symbolizers::symbols(child, &mut symbols)?;
    }
    let title = element.child_text("Title").or(description(element));
    let title = title.or(element.child_text("Name")).unwrap_or_default();
    Ok(Rule {
        title: title.chars().take(60).collect(),
        condition,
        scales: (scale("MinScaleDenominator")?, scale("MaxScaleDenominator")?),
        symbols,
    })
}

/// Where Symbology Encoding has titles.
fn description(element: &Element) -> Option<&str> {
    element.child("Description")?.child_text("Title")
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_tiles::Symbol;

    fn style_of(inner: &str) -> Result<Sld, String> {
        Sld::parse(&format!(
            "<StyledLayerDescriptor version='1.0.0'><NamedLayer><Name>search-areas</Name><UserStyle><Name>mine</Name>\
             <FeatureTypeStyle><Rule><Title>Half</Title>{inner}</Rule></FeatureTypeStyle></UserStyle></NamedLayer>\
             </StyledLayerDescriptor>"
        ))
    }

    fn rules(sld: &Sld) -> Arc<Rules> {
        match sld.style("search-areas", "mine") {
            Some(SldStyle::User(user)) => Arc::clone(user.rules.as_ref().unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn polygons_lines_and_marks_are_read_in_both_dialects() {
        let sld = style_of(
            "<ogc:Filter xmlns:ogc='o'><ogc:PropertyIsEqualTo><ogc:PropertyName>level</ogc:PropertyName>\
             <ogc:Literal>0.5</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter><PolygonSymbolizer><Fill>\
             <CssParameter name='fill'>#ff8000</CssParameter><CssParameter name='fill-opacity'>0.5</CssParameter></Fill>\
             <Stroke><SvgParameter name='stroke'>#000000</SvgParameter><SvgParameter name='stroke-width'>3</SvgParameter>\
             <SvgParameter name='stroke-dasharray'>4 2</SvgParameter></Stroke></PolygonSymbolizer>",
        );
        let sld = sld.unwrap();
        let first = rules(&sld);
        assert!(matches!(&first.rules[0].condition, Condition::When(_)));
        let [Symbol::Fill(fill), Symbol::Line(line)] = &first.rules[0].symbols[..] else {
            panic!("{:?}", first.rules[0].symbols);
        };
        assert_eq!(*fill, [255, 128, 0, 128]);
        assert_eq!((line.width, line.dashes.as_slice()), (3.0, [4.0, 2.0].as_slice()));
        let mark = style_of(
            "<PointSymbolizer><Graphic><Mark><WellKnownName>star</WellKnownName><Fill/></Mark><Size>12</Size></Graphic>\
             </PointSymbolizer>",
        );
        assert!(matches!(rules(&mark.unwrap()).rules[0].symbols[0], Symbol::Mark(_)));
        assert_eq!(sld.style("search-areas", ""), sld.style("search-areas", "mine"));
        assert_eq!((sld.style("search-areas", "x"), sld.style("wind", "")), (None, None));
    }

    #[test]
    fn a_colour_map_has_its_own_range() {
        let sld = style_of(
            "<RasterSymbolizer><Opacity>0.5</Opacity><ColorMap><ColorMapEntry color='#0000ff' quantity='0.2'/>\
             <ColorMapEntry color='#ff0000' quantity='1.2' opacity='0.5'/></ColorMap></RasterSymbolizer>",
        );
        let sld = sld.unwrap();
        let Some(SldStyle::User(user)) = sld.style("search-areas", "") else {
            panic!("{sld:?}");
        };
        let (_, range) = user.raster.unwrap().colours.unwrap();
        assert_eq!(range, (0.2, 1.2));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (inner, said) in [
            ("<TextSymbolizer/>", "TextSymbolizer"),
            (
                "<PolygonSymbolizer><Fill><GraphicFill/></Fill></PolygonSymbolizer>",
                "GraphicFill",
            ),
            (
                "<PointSymbolizer><Graphic><ExternalGraphic/></Graphic></PointSymbolizer>",
                "ExternalGraphic",
            ),
            (
                "<PolygonSymbolizer><Fill><CssParameter name='fill'>red</CssParameter></Fill></PolygonSymbolizer>",
                "'red'",
            ),
            (
                "<LineSymbolizer><Stroke><CssParameter name='stroke-width'>1e9</CssParameter></Stroke></LineSymbolizer>",
                "1e9",
            ),
            ("<Filter><BBOX/></Filter><LineSymbolizer/>", "BBOX"),
            (
                "<RasterSymbolizer><ColorMap type='values'/></RasterSymbolizer>",
                "values",
            ),
            ("<RasterSymbolizer><ShadedRelief/></RasterSymbolizer>", "ShadedRelief"),
        ] {
            let message = style_of(inner).unwrap_err();
            assert!(message.contains(said), "{inner}: {message}");
        }
        for (body, said) in [
            ("<a/>", "not a StyledLayerDescriptor"),
            ("<StyledLayerDescriptor/>", "no NamedLayer"),
            (
                "<StyledLayerDescriptor><UserLayer/></StyledLayerDescriptor>",
                "UserLayer",
            ),
            (
                "<!DOCTYPE a [<!ENTITY x 'y'>]><StyledLayerDescriptor/>",
                "document type",
            ),
        ] {
            assert!(Sld::parse(body).unwrap_err().contains(said), "{body}");
        }
        assert!(Sld::parse(&" ".repeat(70_000)).unwrap_err().contains("bytes"));
    }
}
