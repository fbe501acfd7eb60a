//! A layer in the capabilities: systems, boxes, time, credits, styles with their legends. The order of elements is the
//! schema's.

use driftline_domain::{BBox, ReferenceSystem};
use driftline_simulate::Xml;

use super::PNG;
use super::blue_lake::TestLayer;
use super::reference_system::{self, box_of, of_every_layer, turn_of, zones_of};
use super::request::WmsAsk;
use super::version::Version;
use crate::document::JSON;
use crate::features::{Collection, Root};
use crate::maps::{Layer, LayerAbout, Style, legend_size};

/// A dimension as both versions need it.
struct Dimension {
    name: &'static str,
    default: String,
    takes_lists: bool,
    takes_nearest: bool,
    takes_current: bool,
    extent: String,
}

/// Writes layers of one document.
pub(super) struct LayerWriter<'a> {
    /// Its version.
    pub(super) version: Version,
    /// Where requests go, ready for parameters.
    pub(super) address: &'a str,
    /// The request, which addresses of other documents are made for.
    pub(super) asked: &'a WmsAsk,
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
            xml.within("KeywordList", &[], |xml| xml.text("Keyword", layer.id()));
            let systems = zones_of(&about.bbox);
            self.systems(xml, &systems);
            self.boxes(xml, &about.bbox, &self.all_with(&systems));
            self.dimensions(xml, about);
            if !about.attribution.is_empty() {
                xml.within("Attribution", &[], |xml| {
                    xml.text("Title", &about.attribution.join("; "))
                });
            }
            self.metadata(xml, &metadata_path(&self.asked.root, layer));
            for style in layer.styles() {
                self.style(xml, about, style);
            }
        });
    }

    /// Where the same is described for machines; the DTD of 1.1.1 knows ISO 19115 and FGDC documents only.
    fn metadata(&self, xml: &mut Xml, path: &str) {
        if self.version == Version::V111 {
            return;
        }
        // A browser's preference for HTML must not change what is announced.
        let address = self.asked.ask.site.url(&format!("{path}?f=json"));
        xml.within("MetadataURL", &[("type", "OGC-API")], |xml| {
            xml.text("Format", JSON);
            online_resource(xml, self.version, &address);
        });
    }

    /// A test layer of the conformance suites.
    pub(super) fn test_layer(&self, xml: &mut Xml, layer: &TestLayer) {
        let attributes = [("queryable", "1"), ("opaque", "0")];
        xml.within("Layer", &attributes, |xml| {
            xml.text("Name", &layer.name);
            xml.text("Title", &layer.title);
            xml.text("Abstract", "Test data of the OGC conformance suites.");
            xml.within("KeywordList", &[], |xml| xml.text("Keyword", "test"));
            let systems = zones_of(&layer.bbox);
            self.systems(xml, &systems);
            self.boxes(xml, &layer.bbox, &self.all_with(&systems));
            if let Some(times) = &layer.times {
                let time = Dimension {
                    name: "time",
                    default: times.default(),
                    takes_lists: true,
                    takes_nearest: true,
                    // Its times are long past, and always were.
                    takes_current: false,
                    extent: times.extent(),
                };
                self.write_dimensions(xml, &[time]);
            }
            self.metadata(xml, &self.asked.root.path());
            xml.within("Style", &[], |xml| {
                xml.text("Name", "default");
                xml.text("Title", "Default");
            });
        });
    }

    /// The systems of every layer, which a layer inherits, and its own.
    fn all_with(&self, own: &[ReferenceSystem]) -> Vec<ReferenceSystem> {
        of_every_layer(self.version)
            .into_iter()
            .chain(own.iter().copied())
            .collect()
    }

    /// Names of the reference systems; those of the outermost layer are inherited.
    pub(super) fn systems(&self, xml: &mut Xml, systems: &[ReferenceSystem]) {
        let name = match self.version {
            Version::V130 => "CRS",
            Version::V111 => "SRS",
        };
        for system in systems {
            xml.text(name, &reference_system::name(*system));
        }
    }

    /// The box in degrees and in every system.
    pub(super) fn boxes(&self, xml: &mut Xml, bbox: &BBox, systems: &[ReferenceSystem]) {
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
        for system in systems {
            let Some(corners) = box_of(*system, bbox, self.version) else {
                continue;
            };
            let corners = corners.map(|side| side.to_string());
            let [min_x, min_y, max_x, max_y] = corners.each_ref().map(String::as_str);
            let system = reference_system::name(*system);
            let attributes = [
                (name, system.as_str()),
                ("minx", min_x),
                ("miny", min_y),
                ("maxx", max_x),
                ("maxy", max_y),
            ];
            xml.empty("BoundingBox", &attributes);
        }
    }

    /// Time, with nearest values and `current` unless one is named (ogc.md, trap 11), and of forcing the model run.
    fn dimensions(&self, xml: &mut Xml, about: &LayerAbout) {
        let time = Dimension {
            name: "time",
            default: "current".to_owned(),
            takes_lists: false,
            takes_nearest: true,
            takes_current: true,
            extent: about.timeline.extent(),
        };
        let newest = about.newest_model_run().zip(about.model_run_extent());
        let run = newest.map(|(newest, extent)| Dimension {
            name: "reference_time",
            default: newest.to_string(),
            takes_lists: false,
            takes_nearest: false,
            takes_current: true,
            extent,
        });
        self.write_dimensions(xml, &[Some(time), run].into_iter().flatten().collect::<Vec<_>>());
    }

    fn write_dimensions(&self, xml: &mut Xml, dimensions: &[Dimension]) {
        let units = ("units", "ISO8601");
        if self.version == Version::V111 {
            // All of them are declared before the first of their values.
            for dimension in dimensions {
                xml.empty("Dimension", &[("name", dimension.name), units]);
            }
        }
        for dimension in dimensions {
            let mut attributes = vec![("name", dimension.name)];
            if self.version == Version::V130 {
                attributes.push(units);
            }
            attributes.push(("default", dimension.default.as_str()));
            if dimension.takes_lists {
                attributes.push(("multipleValues", "1"));
            }
            if dimension.takes_nearest {
                attributes.push(("nearestValue", "1"));
            }
            match self.version {
                Version::V130 => {
                    if dimension.takes_current {
                        attributes.push(("current", "1"));
                    }
                    xml.text_with("Dimension", &attributes, &dimension.extent);
                }
                Version::V111 => xml.text_with("Extent", &attributes, &dimension.extent),
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

/// The collection of the same content.
fn metadata_path(root: &Root, layer: Layer) -> String {
    match Collection::find(layer.id()) {
        Some(collection) => root.collection_path(collection),
        None => format!("{}/edr/collections/{}", root.base_path(), layer.id()),
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
