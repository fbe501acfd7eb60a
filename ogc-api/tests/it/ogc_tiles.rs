//! OGC API Tiles: metadata that leads to tiles, negotiation, limits, and what is refused.

use fast_mvt::MvtReaderRef;
use serde_json::Value;

use crate::content::{publish, publish_with_raster};
use crate::forcing::time;
use crate::pixels::Pixels;
use crate::service::{Answer, BASE, Service};

/// The address of a relation, as a path of the router.
fn path_of(links: &Value, relation: &str) -> String {
    let links = links["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == relation);
    let href = link.unwrap_or_else(|| panic!("no {relation}: {links:?}"))["href"]
        .as_str()
        .unwrap();
    href.strip_prefix(BASE).unwrap().to_owned()
}

fn layers(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let reader = MvtReaderRef::new(&answer.body).unwrap();
    reader.layers().map(|layer| layer.name().to_owned()).collect()
}

#[tokio::test]
async fn every_tileset_is_found_from_the_landing_page_and_leads_to_a_tile() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    for root in ["/ogc".to_owned(), format!("/missions/{mission}/ogc")] {
        let mut pages = vec![service.get(&root).await.json()];
        for collection in ["search-areas", "datums", "trajectories", "particles"] {
            pages.push(service.get(&format!("{root}/collections/{collection}")).await.json());
        }
        let mut seen = 0;
        for page in pages {
            for (kind, relation) in [("vector", "tilesets-vector"), ("map", "tilesets-map")] {
                let relation = format!("http://www.opengis.net/def/rel/ogc/1.0/{relation}");
                if !page.to_string().contains(&relation) {
                    assert_eq!(kind, "map", "{page}");
                    continue;
                }
                let list = service.get(&path_of(&page, &relation)).await.json();
                let tilesets = list["tilesets"].as_array().unwrap();
                assert_eq!(tilesets.len(), 2, "{list}");
                for tileset in tilesets {
                    assert_eq!(tileset["dataType"], kind);
                    seen += 1;
                    let scheme = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
                    let set = service.get(&path_of(tileset, scheme)).await.json();
                    let about = service.get(&path_of(tileset, "self")).await.json();
                    assert_eq!(about["crs"], set["crs"]);
                    assert_eq!(about["tileMatrixSetURI"], set["uri"]);
                    let limits = &about["tileMatrixSetLimits"][6];
                    let template = path_of(&about, "item");
                    let path = ["tileMatrix", "minTileRow", "minTileCol"]
                        .iter()
                        .fold(template, |path, name| {
                            let value = limits[*name].to_string();
                            path.replace(&format!("{{{}}}", name.replace("minT", "t")), value.trim_matches('"'))
                        });
                    let answer = service.get(&path).await;
                    assert!(
                        [200, 204].contains(&answer.status.as_u16()),
                        "{path}: {}",
                        answer.status
                    );
                }
            }
        }
        assert_eq!(seen, 14, "{root}");
    }
}

#[tokio::test]
async fn one_vector_tile_holds_every_collection_and_a_map_tile_is_the_picture_of_wms() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let root = format!("/missions/{mission}/ogc");
    let query = format!("datetime={}", time(2));
    let answer = service
        .get(&format!("{root}/tiles/WebMercatorQuad/6/18/32?{query}"))
        .await;
    assert_eq!(layers(&answer), ["search-areas", "datums", "trajectories", "particles"]);
    assert_eq!(answer.header("x-test-bill"), "tile 1 false");
    let again = [("if-none-match", answer.header("etag"))];
    let path = format!("{root}/tiles/WebMercatorQuad/6/18/32?{query}");
    let held = service.ask(http::Method::GET, &path, &service.ours.key, &again).await;
    assert_eq!((held.status.as_u16(), held.header("x-test-bill")), (304, ""));
    // Zoom 4 of longitudes and latitudes: tiles of 11.25 degrees.
    let world = service
        .get(&format!("{root}/tiles/WorldCRS84Quad/4/2/16?{query}"))
        .await;
    assert_eq!(layers(&world).len(), 4);
    let tile = service
        .get(&format!(
            "{root}/collections/search-areas/map/tiles/WorldCRS84Quad/4/2/16?{query}"
        ))
        .await;
    let wms = format!(
        "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=search-areas&FORMAT=image/png&TRANSPARENT=TRUE&CRS=CRS:84\
         &WIDTH=256&HEIGHT=256&BBOX=0,56.25,11.25,67.5&TIME={}",
        time(2)
    );
    let (tile, same) = (Pixels::of(&tile), Pixels::of(&service.get(&wms).await));
    assert!(tile.drawn() > 0);
    assert!(tile == same, "both draw the same");
}

#[tokio::test]
async fn the_form_is_named_by_ending_f_or_accept() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let tiles = format!("/missions/{mission}/ogc/tiles/WebMercatorQuad");
    let (mvt, json, tilejson) = (
        "application/vnd.mapbox-vector-tile",
        "application/json",
        "application/vnd.mapbox.tile+json",
    );
    for (path, accept, expected) in [
        ("/6/18/32.mvt", "*/*", Some(mvt)),
        ("/6/18/32.pbf", "text/html", Some(mvt)),
        ("/6/18/32?f=mvt", "text/html", Some(mvt)),
        ("/6/18/32", "application/x-protobuf", Some(mvt)),
        ("/6/18/32", "image/png", None),
        ("", "*/*", Some(json)),
        ("", "application/vnd.mapbox.tile+json", Some(tilejson)),
        ("?f=tilejson", "*/*", Some(tilejson)),
        ("", "text/html;q=0.9", None),
    ] {
        let path = format!("{tiles}{path}");
        let accept = [("accept", accept)];
        let answer = service.ask(http::Method::GET, &path, &service.ours.key, &accept).await;
        match expected {
            Some(kind) => assert_eq!(
                (answer.status.as_u16(), answer.header("content-type")),
                (200, kind),
                "{path}"
            ),
            None => assert_eq!(answer.status, 406, "{path}"),
        }
    }
    let described = service
        .get(&format!("{tiles}?f=tilejson&datetime={}", time(1)))
        .await
        .json();
    let template = described["tiles"][0].as_str().unwrap();
    let expected = format!("{BASE}{tiles}/{{z}}/{{y}}/{{x}}?datetime={}&f=mvt", time(1));
    assert_eq!(template, expected);
    assert_eq!(described["vector_layers"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_is_no_tile_is_refused_and_what_is_empty_is_not() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let (foreign, _) = publish(&service, &service.theirs, (3.0, 59.5), 1).await;
    let waiting = service.accept(&service.ours).await.id;
    let root = format!("/missions/{mission}/ogc");
    let far = "datetime=2030-01-01T00:00:00Z";
    for (path, status) in [
        (format!("{root}/tiles/WebMercatorQuad/6/18/32?{far}"), 204),
        (format!("{root}/tiles/WebMercatorQuad/6/1/1"), 404),
        (format!("{root}/tiles/WebMercatorQuad/6/64/1"), 404),
        (format!("{root}/tiles/WebMercatorQuad/99/0/0"), 404),
        (format!("{root}/tiles/WebMercatorQuad/a/0/0"), 404),
        (format!("{root}/tiles/WebMercatorQuad/6/18/32.png"), 404),
        (format!("{root}/tiles/WebMercatorQuad/6/18/32.mvt?f=png"), 400),
        (format!("{root}/tiles/WebMercatorQuad/6/18/32?time=now"), 400),
        (format!("{root}/tiles/WebMercatorQuad/6/18/32?datetime=now"), 400),
        (format!("{root}/tiles/Other/6/18/32"), 404),
        (format!("{root}/tileMatrixSets/Other"), 404),
        (format!("{root}/tiles/WorldCRS84Quad?f=tilejson"), 400),
        (format!("{root}/collections/nothing/tiles"), 404),
        (format!("{root}/collections/datums/map/tiles"), 404),
        (
            format!("{root}/collections/search-areas/map/tiles/WebMercatorQuad/6/18/32?{far}"),
            400,
        ),
        (format!("/missions/{waiting}/ogc/tiles/WebMercatorQuad/6/18/32"), 409),
        (format!("/missions/{waiting}/ogc/tiles/WebMercatorQuad"), 409),
        (format!("/missions/{foreign}/ogc/tiles"), 404),
    ] {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-test-bill"), "", "{path}");
    }
    let list = service.get(&format!("/missions/{waiting}/ogc/tiles")).await.json();
    assert_eq!(list["tilesets"], serde_json::json!([]));
}
