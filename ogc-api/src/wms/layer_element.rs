//! A layer in the capabilities: systems, boxes, time, credits, styles with their legends. The order of elements is the
//! schema's.

use driftline_domain::BBox;
use driftline_simulate::Xml;

use super::PNG;
use super::reference_system::{ReferenceSystem, turn_of};
use super::version::Version;
use crate::maps::{LayerAbout, Style, legend_size};

/// Writes layers of one document.
pub(super) struct LayerWriter<'a> {
    /// Its version.
    pub(super) version: Version,
    /// Where requests go, ready for parameters.
    pub(super) address: &'a str,
}

/// An address.
pub(super) fn online_resource(xml: &mut Xml, version: Version, url: &str) {
    let link = [("xlink:type", "simple"), ("xlink:href", url)];
    match version {
        Version::V130 => xml.empty("OnlineResource", &link),
        // The DTD knows the namespace on the element only.
        Version::V111 => {
            let [kind, href] = link;
            xml.empty(
                "OnlineResource",
                &[("xmlns:xlink", super::capabilities::XLINK), kind, href],
            );
        }
    }
}

impl LayerWriter<'_> {
    /// One layer.
    pub(super) fn layer(&self, xml: &mut Xml, about: &LayerAbout) {
        let layer = about.layer;
        let attributes = [("queryable", "1"), ("opaque", "0")];
        xml.within("Layer", &attributes, |xml| {
            xml.text("Name", layer.id());
            xml.text("Title", layer.title());
            xml.text("Abstract", &described(about));
            self.systems(xml);
            self.boxes(xml, &about.bbox);
            self.time(xml, about);
            if !about.attribution.is_empty() {
                xml.within("Attribution", &[], |xml| {
                    xml.text("Title", &about.attribution.join("; "))
                });
            }
            for style in layer.styles() {
                self.style(xml, about, style);
            }
        });
    }

    /// Names of the reference systems.
    pub(super) fn systems(&self, xml: &mut Xml) {
        let name = match self.version {
            Version::V130 => "CRS",
            Version::V111 => "SRS",
        };
        for system in ReferenceSystem::of_version(self.version) {
            xml.text(name, system.name());
        }
    }

    /// The box in degrees and in every system.
    pub(super) fn boxes(&self, xml: &mut Xml, bbox: &BBox) {
        let (west, east) = turn_of(bbox);
        let sides = [west, east, bbox.south, bbox.north].map(|side| side.to_string());
        match self.version {
            Version::V130 => xml.within("EX_GeographicBoundingBox", &[], |xml| {
                let names = [
                    "westBoundLongitude",
                    "eastBoundLongitude",
                    "southBoundLatitude",
                    "northBoundLatitude",
                ];
                names.iter().zip(&sides).for_each(|(name, side)| xml.text(name, side));
            }),
            Version::V111 => {
                let [west, east, south, north] = &sides;
                let corners = [
                    ("minx", west.as_str()),
                    ("miny", south),
                    ("maxx", east),
                    ("maxy", north),
                ];
                xml.empty("LatLonBoundingBox", &corners);
            }
        }
        let name = match self.version {
            Version::V130 => "CRS",
            Version::V111 => "SRS",
        };
        for system in ReferenceSystem::of_version(self.version) {
            let corners = system.box_of(bbox, self.version).map(|side| side.to_string());
            let [min_x, min_y, max_x, max_y] = corners.each_ref().map(String::as_str);
            let attributes = [
                (name, system.name()),
                ("minx", min_x),
                ("miny", min_y),
                ("maxx", max_x),
                ("maxy", max_y),
            ];
            xml.empty("BoundingBox", &attributes);
        }
    }

    /// The time dimension: nearest values, and `current` unless a time is named (ogc.md, trap 11).
    fn time(&self, xml: &mut Xml, about: &LayerAbout) {
        let extent = about.timeline.extent();
        let (name, units) = (("name", "time"), ("units", "ISO8601"));
        let rules = [("default", "current"), ("nearestValue", "1")];
        match self.version {
            Version::V130 => {
                let [default, nearest] = rules;
                xml.text_with("Dimension", &[name, units, default, nearest, ("current", "1")], &extent);
            }
            Version::V111 => {
                xml.empty("Dimension", &[name, units]);
                let [default, nearest] = rules;
                xml.text_with("Extent", &[name, default, nearest], &extent);
            }
        }
    }

    fn style(&self, xml: &mut Xml, about: &LayerAbout, style: &Style) {
        let legend = format!(
            "{}service=WMS&version={}&request=GetLegendGraphic&format={PNG}&layer={}&style={}",
            self.address,
            self.version.text(),
            about.layer.id(),
            style.name
        );
        let (width, height) = legend_size(about.layer, about.layer.look(style));
        let (width, height) = (width.to_string(), height.to_string());
        xml.within("Style", &[], |xml| {
            xml.text("Name", style.name);
            xml.text("Title", style.title);
            xml.within("LegendURL", &[("width", &width), ("height", &height)], |xml| {
                xml.text("Format", PNG);
                online_resource(xml, self.version, &legend);
            });
        });
    }
}

fn described(about: &LayerAbout) -> String {
    let mut text = about.layer.description().to_owned();
    if !about.attribution.is_empty() {
        text.push_str(" Forcing: ");
        text.push_str(&about.attribution.join("; "));
        text.push('.');
    }
    text
}
