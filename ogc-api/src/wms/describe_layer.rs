//! DescribeLayer (SLD profile of WMS, 05-078r4, 10; 01-068r3 with SLD 1.0.0): what kind of data stands behind a layer.
//!
//! The standard knows features from a WFS and coverages from a WCS. Neither runs here: the addresses are those of the
//! collections of OGC API - Features that hold the same features, and of the service's root for fields.

use axum::response::Response;
use driftline_simulate::Xml;

use super::exception::Exception;
use super::map_request::layer_named;
use super::request::WmsAsk;
use super::version::Version;
use super::{MAX_LAYERS, map_request};
use crate::answer::{Lasting, tagged};
use crate::entity_tag::EntityTag;
use crate::maps::Layer;
use crate::{AppState, Error};

/// DescribeLayer.
pub(super) async fn answer(state: &AppState, asked: &WmsAsk, version: Version) -> Result<Response, Exception> {
    let names: Vec<&str> = asked.kvp.needed("LAYERS")?.split(',').collect();
    if names.len() > MAX_LAYERS {
        return Err(Exception::plain(format!(
            "{} layers; at most {MAX_LAYERS} are described",
            names.len()
        )));
    }
    let mut layers = Vec::with_capacity(names.len());
    for name in names {
        let layer = layer_named(name)?;
        map_request::defined(state, asked, layer).await?;
        layers.push(layer);
    }
    let mut xml = Xml::new();
    match version {
        Version::V130 => described(&mut xml, asked, &layers),
        Version::V111 => described_of_old(&mut xml, &layers),
    }
    let body = xml.finish().map_err(|error| Error::Internal(error.to_string()))?;
    let tag = EntityTag::of_bytes(&body);
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    let media_type = match version {
        Version::V130 => "text/xml; charset=utf-8",
        Version::V111 => "application/vnd.ogc.wms_xml",
    };
    Ok(tagged(body, media_type, &tag, Lasting::Briefly))
}

fn described(xml: &mut Xml, asked: &WmsAsk, layers: &[Layer]) {
    let attributes = [
        ("xmlns", "http://www.opengis.net/sld"),
        ("xmlns:se", "http://www.opengis.net/se"),
        ("xmlns:xlink", super::capabilities::XLINK),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        (
            "xsi:schemaLocation",
            "http://www.opengis.net/sld http://schemas.opengis.net/sld/1.1.0/DescribeLayer.xsd",
        ),
        ("version", "1.1.0"),
    ];
    xml.within("DescribeLayerResponse", &attributes, |xml| {
        xml.text("Version", "1.1.0");
        for layer in layers {
            let root = asked.root.path();
            let (kind, path, name) = if is_of_features(*layer) {
                (
                    "wfs",
                    format!("{root}/collections/{}", layer.id()),
                    "se:FeatureTypeName",
                )
            } else {
                ("wcs", root.clone(), "se:CoverageName")
            };
            let url = asked.ask.site.url(&path);
            xml.within("LayerDescription", &[], |xml| {
                xml.text("owsType", kind);
                xml.empty("se:OnlineResource", &[("xlink:type", "simple"), ("xlink:href", &url)]);
                xml.within("TypeName", &[], |xml| xml.text(name, layer.id()));
            });
        }
    });
}

/// The older document can leave the kind of service out, so it does.
fn described_of_old(xml: &mut Xml, layers: &[Layer]) {
    xml.document_type(
        "WMS_DescribeLayerResponse SYSTEM \"http://schemas.opengis.net/wms/1.1.1/WMS_DescribeLayerResponse.dtd\"",
    );
    xml.within("WMS_DescribeLayerResponse", &[("version", "1.1.1")], |xml| {
        for layer in layers {
            let name = layer.id();
            xml.within("LayerDescription", &[("name", name)], |xml| {
                if is_of_features(*layer) {
                    xml.empty("Query", &[("typeName", name)]);
                }
            });
        }
    });
}

fn is_of_features(layer: Layer) -> bool {
    matches!(layer, Layer::SearchAreas | Layer::Particles | Layer::Trajectories)
}
