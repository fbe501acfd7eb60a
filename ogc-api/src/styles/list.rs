//! Which styles there are, and what is said of one.

use axum::response::Response;
use serde_json::{Value, json};

use super::StyleId;
use super::stylesheet::{FORMS, collections_of, shown_path};
use crate::Error;
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::features::RootAsk;
use crate::links::Link;
use crate::ogc_maps;

/// `GET …/styles`.
pub(super) async fn list(asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    check(ask)?;
    collections_of(&asked)?;
    let described: Vec<Value> = StyleId::ALL
        .into_iter()
        .map(|style| json!({"id": style.id(), "title": style.title(), "links": links(&asked, style)}))
        .collect();
    let own = [Link::new("self", JSON, ask.self_url())];
    let content = json!({"styles": described, "default": StyleId::ALL[0].id(), "links": own});
    document(&ask.headers, JSON, &content)
}

/// `GET …/styles/{styleId}/metadata`.
pub(super) async fn metadata(asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    check(ask)?;
    let style = StyleId::find(ask.param("styleId"))?;
    let stylesheets: Vec<Value> = FORMS
        .into_iter()
        .map(|form| {
            let path = format!("{}/{}?f={}", shown_path(&asked), style.id(), form.form.name);
            json!({
                "title": form.title,
                "version": form.version,
                "specification": form.specification,
                "native": true,
                "link": ask.site.link("stylesheet", form.media_type, form.title, &path),
            })
        })
        .collect();
    let layers: Vec<Value> = collections_of(&asked)?
        .into_iter()
        .map(|collection| {
            let path = asked.root.collection_path(collection);
            let data = ask.site.link("data", JSON, collection.title(), &path);
            json!({"id": collection.id(), "description": collection.description(), "sampleData": data})
        })
        .collect();
    let content = json!({
        "id": style.id(),
        "title": style.title(),
        "scope": "style",
        "version": env!("CARGO_PKG_VERSION"),
        "stylesheets": stylesheets,
        "layers": layers,
        "links": [Link::new("self", JSON, ask.self_url())],
    });
    document(&ask.headers, JSON, &content)
}

fn check(ask: &Ask) -> Result<(), Error> {
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()
}

fn links(asked: &RootAsk, style: StyleId) -> Vec<Link> {
    let site = &asked.ask.site;
    let path = format!("{}/{}", shown_path(asked), style.id());
    let mut links: Vec<Link> = FORMS
        .into_iter()
        .map(|form| {
            let path = format!("{path}?f={}", form.form.name);
            site.link("stylesheet", form.media_type, form.title, &path)
        })
        .collect();
    let about = format!("{}/styles/{}/metadata", asked.root.path(), style.id());
    links.push(site.link("describedby", JSON, "About the style", &about));
    links.extend(ogc_maps::styled_link(
        site,
        &asked.root,
        asked.tiled_collection().ok(),
        style.id(),
    ));
    links
}
