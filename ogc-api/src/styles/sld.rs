//! Styled Layer Descriptor 1.0.0 (02-070) and 1.1.0 with Symbology Encoding (05-078r4, 05-077r4): a layer for each
//! collection, named as it is.

use driftline_simulate::Xml;

use super::StyleId;
use super::rules::{Rule, Symbol, When, hex, rules};
use crate::Error;
use crate::features::Collection;

/// A version of SLD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 1.0.0.
    V10,
    /// 1.1.0.
    V11,
}

impl Version {
    /// Its media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::V10 => "application/vnd.ogc.sld+xml;version=1.0",
            Self::V11 => "application/vnd.ogc.sld+xml;version=1.1",
        }
    }

    /// An element of symbols, which 1.1 took into a namespace of its own.
    fn symbol(self, name: &str) -> String {
        match self {
            Self::V10 => name.to_owned(),
            Self::V11 => format!("se:{name}"),
        }
    }

    fn parameter(self) -> &'static str {
        match self {
            Self::V10 => "CssParameter",
            Self::V11 => "se:SvgParameter",
        }
    }
}

/// The stylesheet of some collections.
pub(super) fn document(style: StyleId, collections: &[Collection], version: Version) -> Result<Vec<u8>, Error> {
    let mut sheet = Sheet {
        xml: Xml::new(),
        version,
    };
    let mut attributes = vec![
        ("xmlns", "http://www.opengis.net/sld"),
        ("xmlns:ogc", "http://www.opengis.net/ogc"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ];
    match version {
        Version::V10 => attributes.extend([
            ("version", "1.0.0"),
            (
                "xsi:schemaLocation",
                "http://www.opengis.net/sld http://schemas.opengis.net/sld/1.0.0/StyledLayerDescriptor.xsd",
            ),
        ]),
        Version::V11 => attributes.extend([
            ("version", "1.1.0"),
            ("xmlns:se", "http://www.opengis.net/se"),
            (
                "xsi:schemaLocation",
                "http://www.opengis.net/sld http://schemas.opengis.net/sld/1.1.0/StyledLayerDescriptor.xsd",
            ),
        ]),
    }
    sheet.xml.open("StyledLayerDescriptor", &attributes);
    collections
        .iter()
        .for_each(|collection| sheet.layer(style, *collection));
    sheet.xml.finish().map_err(|error| Error::Internal(error.to_string()))
}

struct Sheet {
    xml: Xml,
    version: Version,
}

impl Sheet {
    fn layer(&mut self, style: StyleId, collection: Collection) {
        self.xml.open("NamedLayer", &[]);
        self.xml.text(&self.version.symbol("Name"), collection.id());
        self.xml.open("UserStyle", &[]);
        self.xml.text(&self.version.symbol("Name"), style.id());
        self.title(style.title());
        self.xml
            .text("IsDefault", if style == StyleId::ALL[0] { "1" } else { "0" });
        self.open("FeatureTypeStyle");
        for rule in rules(collection, style.scheme()) {
            self.rule(&rule);
        }
        (0..3).for_each(|_| self.xml.close());
    }

    fn open(&mut self, name: &str) {
        self.xml.open(&self.version.symbol(name), &[]);
    }

    /// 1.1 puts titles into a description.
    fn title(&mut self, title: &str) {
        match self.version {
            Version::V10 => self.xml.text("Title", title),
            Version::V11 => self
                .xml
                .within("se:Description", &[], |xml| xml.text("se:Title", title)),
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.open("Rule");
        self.xml.text(&self.version.symbol("Name"), &rule.name);
        self.title(&rule.title);
        match &rule.when {
            When::Always => {}
            When::Level(level) => {
                let level = level.to_string();
                self.xml.within("ogc:Filter", &[], |xml| equals(xml, "level", &level));
            }
            When::States(states) => self.xml.within("ogc:Filter", &[], |xml| match states.as_slice() {
                [one] => equals(xml, "particle_status", one),
                states => xml.within("ogc:Or", &[], |xml| {
                    states.iter().for_each(|state| equals(xml, "particle_status", state));
                }),
            }),
        }
        match rule.look {
            Symbol::Area {
                colour,
                opacity,
                dashes,
            } => {
                self.open("PolygonSymbolizer");
                self.fill(colour, opacity);
                self.stroke(colour, 2.0, 1.0, dashes);
            }
            Symbol::Line { colour, width } => {
                self.open("LineSymbolizer");
                self.stroke(colour, width, 0.6, None);
            }
            Symbol::Point { colour, size } => {
                self.open("PointSymbolizer");
                self.open("Graphic");
                self.open("Mark");
                self.xml.text(&self.version.symbol("WellKnownName"), "circle");
                self.fill(colour, 1.0);
                self.xml.close();
                self.xml.text(&self.version.symbol("Size"), &size.to_string());
                self.xml.close();
            }
        }
        (0..2).for_each(|_| self.xml.close());
    }

    fn fill(&mut self, colour: [u8; 3], opacity: f64) {
        self.open("Fill");
        self.parameters(&[("fill", hex(colour)), ("fill-opacity", opacity.to_string())]);
        self.xml.close();
    }

    fn stroke(&mut self, colour: [u8; 3], width: f64, opacity: f64, dashes: Option<[f64; 2]>) {
        let mut parameters = vec![
            ("stroke", hex(colour)),
            ("stroke-width", width.to_string()),
            ("stroke-opacity", opacity.to_string()),
        ];
        if let Some([drawn, left_out]) = dashes {
            parameters.push(("stroke-dasharray", format!("{drawn} {left_out}")));
        }
        self.open("Stroke");
        self.parameters(&parameters);
        self.xml.close();
    }

    fn parameters(&mut self, parameters: &[(&str, String)]) {
        for (name, value) in parameters {
            self.xml.text_with(self.version.parameter(), &[("name", name)], value);
        }
    }
}

fn equals(xml: &mut Xml, property: &str, value: &str) {
    xml.within("ogc:PropertyIsEqualTo", &[], |xml| {
        xml.text("ogc:PropertyName", property);
        xml.text("ogc:Literal", value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_is_a_layer_in_both_versions() {
        for version in [Version::V10, Version::V11] {
            let text = document(StyleId::Night, &Collection::TILED, version).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.matches("<NamedLayer>").count(), 4, "{text}");
            assert_eq!(text.matches("</StyledLayerDescriptor>").count(), 1);
            assert_eq!(text.contains("se:Rule"), version == Version::V11);
        }
    }
}
