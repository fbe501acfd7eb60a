//! GetCapabilities (07-057r7, 7.1): layers that have PNG tiles, with their legends, times as a period, and addresses of both
//! kinds, each with the caller's credential, so that a client that was given one address needs nothing else.

use axum::response::Response;
use driftline_simulate::Xml;
use driftline_tiles::TileMatrixSet;

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::request::WmtsAsk;
use super::{MAX_ZOOM, PNG, VERSION};
use crate::answer::{Lasting, tagged};
use crate::entity_tag::EntityTag;
use crate::maps::{InfoForm, LayerAbout, Style, available, legend_size};
use crate::query::shown;
use crate::{AppState, Error};

const ABSTRACT: &str =
    "Drift forecasts for search and rescue: where to search, now and in the hours ahead. Times are UTC.";

/// GetCapabilities.
pub(super) async fn answer(state: &AppState, asked: &WmtsAsk, kvp: &Kvp) -> Result<Response, Exception> {
    let mut layers = available(state, asked.ask.caller.org, &asked.root).await?;
    layers.retain(|about| about.layer.has_raster_tiles());
    // Each part only grows, and so does their sum.
    let sequence: u64 = layers.iter().map(|about| about.sequence).sum();
    let sections = match is_held(kvp, sequence)? {
        true => Vec::new(),
        false => sections(kvp)?,
    };
    let body = document(state, asked, &layers, sequence, &sections)?;
    let tag = EntityTag::of_bytes(&body);
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    Ok(tagged(body, "text/xml; charset=utf-8", &tag, Lasting::Briefly))
}

/// Whether the client has the current capabilities: then it gets a document without content (06-121r3, table 4).
fn is_held(kvp: &Kvp, current: u64) -> Result<bool, Exception> {
    let Some(text) = kvp.filled("UPDATESEQUENCE") else {
        return Ok(false);
    };
    // Any whole number may be asked with, so that a lower one than the first exists.
    match text.parse::<i128>() {
        Ok(held) if held < i128::from(current) => Ok(false),
        Ok(held) if held == i128::from(current) => Ok(true),
        _ => Err(Exception::without_locator(
            Code::InvalidUpdateSequence,
            format!("UPDATESEQUENCE '{}' is beyond the current one, {current}", shown(text)),
        )),
    }
}

/// A part of the document (07-057r7, table 2). Themes are not offered, and may be asked for all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    ServiceIdentification,
    ServiceProvider,
    OperationsMetadata,
    Contents,
    Themes,
}

impl Section {
    const ALL: [(Self, &'static str); 5] = [
        (Self::ServiceIdentification, "ServiceIdentification"),
        (Self::ServiceProvider, "ServiceProvider"),
        (Self::OperationsMetadata, "OperationsMetadata"),
        (Self::Contents, "Contents"),
        (Self::Themes, "Themes"),
    ];
}

/// The parts that a request asks for; without SECTIONS all of them (06-121r3, 7.3.3).
fn sections(kvp: &Kvp) -> Result<Vec<Section>, Exception> {
    let all = || Section::ALL.map(|(section, _)| section).to_vec();
    if kvp.get("SECTIONS").is_none() {
        return Ok(all());
    }
    let names = kvp.needed("SECTIONS")?;
    let mut wanted = Vec::new();
    for name in names.split(',').map(str::trim) {
        if name.eq_ignore_ascii_case("All") {
            return Ok(all());
        }
        let found = Section::ALL
            .into_iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name));
        let (section, _) = found.ok_or_else(|| {
            let known = Section::ALL.map(|(_, known)| known).join(", ");
            let message = format!("SECTIONS '{}' is not offered; there are All, {known}", shown(name));
            Exception::new(Code::InvalidParameterValue, "SECTIONS", message)
        })?;
        wanted.push(section);
    }
    Ok(wanted)
}

fn document(
    state: &AppState,
    asked: &WmtsAsk,
    layers: &[LayerAbout],
    sequence: u64,
    sections: &[Section],
) -> Result<Vec<u8>, Error> {
    let sequence = sequence.to_string();
    let mut xml = Xml::new();
    xml.open(
        "Capabilities",
        &[
            ("version", VERSION),
            ("updateSequence", &sequence),
            ("xmlns", "http://www.opengis.net/wmts/1.0"),
            ("xmlns:ows", "http://www.opengis.net/ows/1.1"),
            ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            (
                "xsi:schemaLocation",
                "http://www.opengis.net/wmts/1.0 http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd",
            ),
        ],
    );
    for (section, _) in Section::ALL.iter().filter(|(section, _)| sections.contains(section)) {
        match section {
            Section::ServiceIdentification => identification(&mut xml, asked),
            Section::ServiceProvider => state.provider.service_provider(&mut xml),
            Section::OperationsMetadata => operations(&mut xml, asked),
            Section::Contents => xml.within("Contents", &[], |xml| {
                layers.iter().for_each(|about| layer(xml, asked, about));
                TileMatrixSet::ALL.into_iter().for_each(|set| matrix_set(xml, set));
            }),
            Section::Themes => {}
        }
    }
    if sections.len() == Section::ALL.len() {
        let own = asked.ask.site.url(&rest_path(asked));
        xml.empty("ServiceMetadataURL", &[("xlink:href", &own)]);
    }
    xml.finish().map_err(|error| Error::Internal(error.to_string()))
}

/// Where the capabilities are by REST.
fn rest_path(asked: &WmtsAsk) -> String {
    format!("{}/{VERSION}/WMTSCapabilities.xml", asked.path())
}

fn identification(xml: &mut Xml, asked: &WmtsAsk) {
    xml.within("ows:ServiceIdentification", &[], |xml| {
        xml.text("ows:Title", &asked.root.title());
        xml.text("ows:Abstract", ABSTRACT);
        xml.text("ows:ServiceType", "OGC WMTS");
        xml.text("ows:ServiceTypeVersion", VERSION);
        xml.text("ows:Fees", "none");
        xml.text(
            "ows:AccessConstraints",
            "An API key of this service; attributions have to be shown.",
        );
    });
}

fn operations(xml: &mut Xml, asked: &WmtsAsk) {
    let pairs = asked.ask.site.url(&format!("{}?", asked.path()));
    let pairs = if pairs.ends_with('?') {
        pairs
    } else {
        format!("{pairs}&")
    };
    // REST addresses stand with the layers and in ServiceMetadataURL.
    xml.within("ows:OperationsMetadata", &[], |xml| {
        for name in ["GetCapabilities", "GetTile", "GetFeatureInfo"] {
            xml.within("ows:Operation", &[("name", name)], |xml| {
                xml.within("ows:DCP", &[], |xml| {
                    xml.within("ows:HTTP", &[], |xml| get(xml, &pairs));
                });
            });
        }
    });
}

fn get(xml: &mut Xml, address: &str) {
    xml.within("ows:Get", &[("xlink:href", address)], |xml| {
        xml.within("ows:Constraint", &[("name", "GetEncoding")], |xml| {
            xml.within("ows:AllowedValues", &[], |xml| xml.text("ows:Value", "KVP"));
        });
    });
}

fn layer(xml: &mut Xml, asked: &WmtsAsk, about: &LayerAbout) {
    let layer = about.layer;
    let (west, east) = if about.bbox.crosses_antimeridian() {
        (-180.0, 180.0)
    } else {
        (about.bbox.west, about.bbox.east)
    };
    xml.within("Layer", &[], |xml| {
        xml.text("ows:Title", layer.title());
        xml.text("ows:Abstract", &described(about));
        xml.within("ows:WGS84BoundingBox", &[], |xml| {
            xml.text("ows:LowerCorner", &format!("{west} {}", about.bbox.south));
            xml.text("ows:UpperCorner", &format!("{east} {}", about.bbox.north));
        });
        xml.text("ows:Identifier", layer.id());
        for (number, one) in layer.styles().iter().enumerate() {
            style(xml, asked, about, one, number == 0);
        }
        xml.text("Format", PNG);
        InfoForm::ALL
            .into_iter()
            .for_each(|form| xml.text("InfoFormat", form.name()));
        xml.within("Dimension", &[], |xml| {
            xml.text("ows:Identifier", "time");
            xml.text("ows:UOM", "ISO8601");
            xml.text("Default", "current");
            xml.text("Current", "true");
            xml.text("Value", &about.timeline.extent());
        });
        for set in TileMatrixSet::ALL {
            xml.within("TileMatrixSetLink", &[], |xml| xml.text("TileMatrixSet", set.id()));
        }
        let tile = format!(
            "{}/{}/{{style}}/{{time}}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}",
            asked.path(),
            layer.id()
        );
        resource(xml, asked, (PNG, "tile"), &format!("{tile}.png"));
        for form in InfoForm::ALL {
            let path = format!("{tile}/info/{{J}}/{{I}}.{}", form.ending());
            resource(xml, asked, (form.name(), "FeatureInfo"), &path);
        }
    });
}

fn resource(xml: &mut Xml, asked: &WmtsAsk, (format, kind): (&str, &str), path: &str) {
    let template = asked.ask.site.url(path);
    let attributes = [
        ("format", format),
        ("resourceType", kind),
        ("template", template.as_str()),
    ];
    xml.empty("ResourceURL", &attributes);
}

fn style(xml: &mut Xml, asked: &WmtsAsk, about: &LayerAbout, style: &Style, is_default: bool) {
    let legend = format!(
        "{}/wms?service=WMS&version=1.3.0&request=GetLegendGraphic&format={PNG}&layer={}&style={}",
        asked.root.base_path(),
        about.layer.id(),
        style.name
    );
    let legend = asked.ask.site.url(&legend);
    let (width, height) = legend_size(about.layer, about.layer.look(style));
    let (width, height) = (width.to_string(), height.to_string());
    let is_default = if is_default { "true" } else { "false" };
    xml.within("Style", &[("isDefault", is_default)], |xml| {
        xml.text("ows:Title", style.title);
        xml.text("ows:Identifier", style.name);
        let attributes = [
            ("format", PNG),
            ("xlink:href", legend.as_str()),
            ("width", width.as_str()),
            ("height", height.as_str()),
        ];
        xml.empty("LegendURL", &attributes);
    });
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

fn matrix_set(xml: &mut Xml, set: TileMatrixSet) {
    let (left, top) = set.origin();
    xml.within("TileMatrixSet", &[], |xml| {
        xml.text("ows:Identifier", set.id());
        match set {
            // GoogleMapsCompatible would be its scale set, but binds to the name of one edition of EPSG's database (07-057r7,
            // annex E.4), which not every client resolves.
            TileMatrixSet::WebMercatorQuad => xml.text("ows:SupportedCRS", "urn:ogc:def:crs:EPSG::3857"),
            // The scale set of this name begins with a coarser matrix (07-057r7, annex E.3).
            TileMatrixSet::WorldCrs84Quad => xml.text("ows:SupportedCRS", "urn:ogc:def:crs:OGC:1.3:CRS84"),
        }
        for zoom in 0..=MAX_ZOOM {
            let (columns, rows) = set.size(zoom);
            xml.within("TileMatrix", &[], |xml| {
                xml.text("ows:Identifier", &zoom.to_string());
                xml.text("ScaleDenominator", &set.scale_denominator(zoom).to_string());
                xml.text("TopLeftCorner", &format!("{left} {top}"));
                xml.text("TileWidth", &TileMatrixSet::TILE_PX.to_string());
                xml.text("TileHeight", &TileMatrixSet::TILE_PX.to_string());
                xml.text("MatrixWidth", &columns.to_string());
                xml.text("MatrixHeight", &rows.to_string());
            });
        }
    });
}
