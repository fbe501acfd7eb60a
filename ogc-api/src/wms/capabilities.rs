//! GetCapabilities: what this service has, in the XML of both versions. Every address in it carries the caller's
//! credential, so that a client that was given one address needs nothing else (ogc.md, trap 16). Times are periods, never
//! lists (trap 10).

use std::sync::Arc;

use axum::response::Response;
use driftline_domain::BBox;
use driftline_simulate::Xml;

use super::blue_lake::TestLayer;
use super::exception::{Code, Exception};
use super::layer_element::{self, LayerWriter};
use super::reference_system::of_every_layer;
use super::request::WmsAsk;
use super::version::Version;
use super::{MAX_LAYERS, MAX_SIDE_PX, PNG};
use crate::answer::{Lasting, tagged};
use crate::entity_tag::EntityTag;
use crate::maps::{InfoForm, LayerAbout, available};
use crate::provider::Provider;
use crate::query::shown;
use crate::written::Written;
use crate::{AppState, Error};

const TITLE_OF_TENANT: &str = "Driftline: forcing and search areas";
const ABSTRACT: &str =
    "Drift forecasts for search and rescue: where to search, now and in the hours ahead. Times are UTC.";

/// GetCapabilities.
pub(super) async fn answer(state: &AppState, asked: &Arc<WmsAsk>, version: Version) -> Result<Response, Exception> {
    let layers = available(state, asked.ask.caller.org, &asked.root).await?;
    // Each part only grows, and so does their sum.
    let sequence: u64 = layers.iter().map(|about| about.sequence).sum();
    check_sequence(asked, sequence)?;
    let tag = tag_of(&state.provider, asked, version, &layers, sequence);
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    let media_type = match version {
        Version::V130 => "text/xml; charset=utf-8",
        Version::V111 => "application/vnd.ogc.wms_xml",
    };
    let (held, asked) = (state.clone(), Arc::clone(asked));
    let write = move || {
        let tests = match &held.blue_lake {
            Some(blue_lake) if asked.root.mission_id().is_none() => blue_lake.layers(),
            _ => &[],
        };
        document(&held, &asked, version, (&layers, tests), sequence)
    };
    let written = Written::of(state, tag.clone(), write).await?;
    Ok(tagged(written.bytes, media_type, &tag, Lasting::Briefly))
}

/// The document is made from these things and from nothing else; test layers never change.
fn tag_of(provider: &Provider, asked: &WmsAsk, version: Version, layers: &[LayerAbout], sequence: u64) -> EntityTag {
    let mut made_from = format!(
        "{} {version:?} {} {} {sequence} {provider:?}",
        env!("CARGO_PKG_VERSION"),
        address_for_parameters(asked),
        title(asked)
    );
    for about in layers {
        made_from.push_str(&format!(
            "\n{} {} {:?} {} {:?}",
            about.layer.id(),
            about.state,
            about.bbox,
            about.timeline.extent(),
            about.attribution
        ));
    }
    EntityTag::of_bytes(made_from.as_bytes())
}

/// 06-042, table 4.
fn check_sequence(asked: &WmsAsk, current: u64) -> Result<(), Exception> {
    let Some(text) = asked.kvp.filled("UPDATESEQUENCE") else {
        return Ok(());
    };
    // Any whole number may be asked with, so that a lower one than the first exists.
    match text.parse::<i128>() {
        Ok(held) if held < i128::from(current) => Ok(()),
        Ok(held) if held == i128::from(current) => Err(Exception::new(
            Code::CurrentUpdateSequence,
            format!("the capabilities with update sequence {current} are the current ones"),
        )),
        _ => Err(Exception::new(
            Code::InvalidUpdateSequence,
            format!("UPDATESEQUENCE '{}' is beyond the current one, {current}", shown(text)),
        )),
    }
}

/// The layers of this service, and the test layers of the conformance suites.
type Layers<'a> = (&'a [LayerAbout], &'a [Arc<TestLayer>]);

fn document(
    state: &AppState,
    asked: &WmsAsk,
    version: Version,
    layers: Layers<'_>,
    sequence: u64,
) -> Result<Vec<u8>, Exception> {
    let address = address_for_parameters(asked);
    let sequence = sequence.to_string();
    let mut xml = Xml::new();
    match version {
        Version::V130 => xml.open(
            "WMS_Capabilities",
            &[
                ("version", version.text()),
                ("updateSequence", &sequence),
                ("xmlns", "http://www.opengis.net/wms"),
                ("xmlns:xlink", XLINK),
                ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                (
                    "xsi:schemaLocation",
                    "http://www.opengis.net/wms http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd",
                ),
            ],
        ),
        Version::V111 => {
            xml.document_type(
                "WMT_MS_Capabilities SYSTEM \"http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd\"",
            );
            let attributes = [("version", version.text()), ("updateSequence", &sequence)];
            xml.open("WMT_MS_Capabilities", &attributes);
        }
    }
    service(&mut xml, &state.provider, asked, version);
    xml.within("Capability", &[], |xml| {
        operations(xml, version, &address);
        exceptions(xml, version);
        if version == Version::V111 {
            let supported = [
                ("SupportSLD", "1"),
                ("UserLayer", "0"),
                ("UserStyle", "1"),
                ("RemoteWFS", "0"),
            ];
            xml.empty("UserDefinedSymbolization", &supported);
        }
        root_layer(xml, asked, version, layers, &address);
    });
    xml.finish().map_err(|error| Error::Internal(error.to_string()).into())
}

pub(super) const XLINK: &str = "http://www.w3.org/1999/xlink";

/// The service's address up to where parameters begin: with the credential, ready for more.
fn address_for_parameters(asked: &WmsAsk) -> String {
    let url = asked.ask.site.url(&format!("{}?", asked.path()));
    if url.ends_with('?') { url } else { format!("{url}&") }
}

fn service(xml: &mut Xml, provider: &Provider, asked: &WmsAsk, version: Version) {
    let landing = asked.ask.site.url(&asked.root.path());
    xml.within("Service", &[], |xml| {
        let name = match version {
            Version::V130 => "WMS",
            Version::V111 => "OGC:WMS",
        };
        xml.text("Name", name);
        xml.text("Title", &title(asked));
        xml.text("Abstract", ABSTRACT);
        xml.within("KeywordList", &[], |xml| {
            for word in ["drift", "search and rescue", "currents", "wind", "waves"] {
                xml.text("Keyword", word);
            }
        });
        online_resource(xml, version, &landing);
        provider.contact_information(xml);
        xml.text("Fees", "none");
        xml.text(
            "AccessConstraints",
            "An API key of this service; attributions have to be shown.",
        );
        if version == Version::V130 {
            xml.text("LayerLimit", &MAX_LAYERS.to_string());
            xml.text("MaxWidth", &MAX_SIDE_PX.to_string());
            xml.text("MaxHeight", &MAX_SIDE_PX.to_string());
        }
    });
}

fn title(asked: &WmsAsk) -> String {
    match asked.root.mission_id() {
        Some(_) => asked.root.title(),
        None => TITLE_OF_TENANT.to_owned(),
    }
}

fn online_resource(xml: &mut Xml, version: Version, url: &str) {
    layer_element::online_resource(xml, version, url);
}

fn operations(xml: &mut Xml, version: Version, address: &str) {
    let capabilities_format = match version {
        Version::V130 => "text/xml",
        Version::V111 => "application/vnd.ogc.wms_xml",
    };
    xml.within("Request", &[], |xml| {
        operation(xml, version, "GetCapabilities", &[capabilities_format], address);
        operation(xml, version, "GetMap", &[PNG], address);
        operation(
            xml,
            version,
            "GetFeatureInfo",
            &InfoForm::ALL.map(InfoForm::name),
            address,
        );
        if version == Version::V111 {
            // 1.3.0 has no place for these outside of the schema of SLD; the legends' addresses stand with the styles.
            operation(xml, version, "DescribeLayer", &[capabilities_format], address);
            operation(xml, version, "GetLegendGraphic", &[PNG], address);
        }
    });
}

fn operation(xml: &mut Xml, version: Version, name: &str, formats: &[&str], address: &str) {
    xml.within(name, &[], |xml| {
        formats.iter().for_each(|format| xml.text("Format", format));
        xml.within("DCPType", &[], |xml| {
            xml.within("HTTP", &[], |xml| {
                xml.within("Get", &[], |xml| online_resource(xml, version, address));
            });
        });
    });
}

fn exceptions(xml: &mut Xml, version: Version) {
    let formats = match version {
        Version::V130 => ["XML", "INIMAGE", "BLANK"],
        Version::V111 => [
            "application/vnd.ogc.se_xml",
            "application/vnd.ogc.se_inimage",
            "application/vnd.ogc.se_blank",
        ],
    };
    xml.within("Exception", &[], |xml| {
        formats.iter().for_each(|format| xml.text("Format", format));
    });
}

fn root_layer(xml: &mut Xml, asked: &WmsAsk, version: Version, (layers, tests): Layers<'_>, address: &str) {
    let writer = LayerWriter {
        version,
        address,
        asked,
    };
    xml.within("Layer", &[], |xml| {
        xml.text("Title", &title(asked));
        xml.text("Abstract", ABSTRACT);
        let systems = of_every_layer(version);
        writer.systems(xml, &systems);
        if let Some(bbox) = around(layers, tests) {
            writer.boxes(xml, &bbox, &systems);
        }
        layers.iter().for_each(|about| writer.layer(xml, about));
        tests.iter().for_each(|layer| writer.test_layer(xml, layer));
    });
}

/// A box around all layers.
fn around(layers: &[LayerAbout], tests: &[Arc<TestLayer>]) -> Option<BBox> {
    let boxes = layers.iter().map(|about| about.bbox);
    let boxes = boxes.chain(tests.iter().map(|layer| layer.bbox));
    boxes.reduce(|all, one| {
        let crosses = all.crosses_antimeridian() || one.crosses_antimeridian();
        BBox {
            west: if crosses { -180.0 } else { all.west.min(one.west) },
            south: all.south.min(one.south),
            east: if crosses { 180.0 } else { all.east.max(one.east) },
            north: all.north.max(one.north),
        }
    })
}
