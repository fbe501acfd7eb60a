//! OGC API Styles: lists that lead to stylesheets, and stylesheets that lead to tiles. Whether they are valid is asked of
//! other programs in the product's tests.

use crate::content::publish;
use crate::forcing::time;
use crate::service::{BASE, Service};

#[tokio::test]
async fn every_stylesheet_is_found_and_has_its_media_type() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 2).await;
    for root in [
        "/ogc".to_owned(),
        format!("/missions/{mission}/ogc/collections/particles"),
    ] {
        let list = service.get(&format!("{root}/styles")).await.json();
        assert_eq!(list["default"], "day");
        let mut seen = 0;
        for style in list["styles"].as_array().unwrap() {
            for link in style["links"].as_array().unwrap() {
                let path = link["href"].as_str().unwrap().strip_prefix(BASE).unwrap();
                let answer = service.get(path).await;
                assert_eq!(answer.status, 200, "{path}");
                assert_eq!(answer.header("content-type"), link["type"].as_str().unwrap(), "{path}");
                seen += 1;
            }
        }
        // Of each style a description, three stylesheets and a map.
        assert_eq!(seen, 10, "{root}");
    }
}

#[tokio::test]
async fn a_style_draws_our_tiles_with_the_callers_credential_and_time() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 2).await;
    let key = &service.ours.key;
    let path = format!("/missions/{mission}/ogc/styles/day?datetime={}&key={key}", time(1));
    let style = service.ask_without_key(&path).await.json();
    assert_eq!(style["version"], 8);
    let source = style["sources"]["driftline"]["url"].as_str().unwrap();
    let tilejson = service.ask_without_key(source.strip_prefix(BASE).unwrap()).await.json();
    let named: Vec<&str> = tilejson["vector_layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["id"].as_str().unwrap())
        .collect();
    for layer in style["layers"].as_array().unwrap() {
        assert!(named.contains(&layer["source-layer"].as_str().unwrap()), "{layer}");
    }
    let template = tilejson["tiles"][0].as_str().unwrap();
    assert!(
        template.contains(&format!("datetime={}", time(1))) && template.contains(key.as_str()),
        "{template}"
    );
    let tile = template.replace("{z}", "6").replace("{y}", "18").replace("{x}", "32");
    let answer = service.ask_without_key(tile.strip_prefix(BASE).unwrap()).await;
    assert_eq!(answer.status, 200);
    for path in [
        "/ogc/styles/pink",
        "/ogc/styles/pink/metadata",
        "/ogc/collections/nothing/styles",
        "/ogc/collections/nothing/styles/day",
    ] {
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
    assert_eq!(service.get("/ogc/styles/day?f=qml").await.status, 400);
    assert_eq!(service.get("/ogc/styles/day?datetime=now").await.status, 400);
    let accept = [("accept", "application/vnd.ogc.sld+xml")];
    let sld = service.ask(http::Method::GET, "/ogc/styles/night", key, &accept).await;
    assert!(String::from_utf8_lossy(&sld.body).contains("<StyledLayerDescriptor"));
}

#[tokio::test]
async fn a_map_is_the_picture_of_wms() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 2).await;
    let root = format!("/missions/{mission}");
    let at = time(1);
    for (path, layers, style) in [
        ("/ogc/map", "search-areas", "filled"),
        ("/ogc/collections/search-areas/map", "search-areas", "filled"),
        (
            "/ogc/collections/search-areas/styles/night/map",
            "search-areas",
            "filled-night",
        ),
        ("/ogc/collections/particles/map", "particles", "day"),
        (
            "/ogc/collections/trajectories/styles/night/map",
            "trajectories",
            "night",
        ),
    ] {
        for (crs, wms_crs, bbox) in [
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "CRS:84", "2,59,5,61"),
            (
                "http://www.opengis.net/def/crs/EPSG/0/3857",
                "EPSG:3857",
                "222638,8164000,556597,8600000",
            ),
            ("http://www.opengis.net/def/crs/EPSG/0/4326", "EPSG:4326", "59,2,61,5"),
        ] {
            let size = "width=300&height=200";
            let map = format!("{root}{path}?bbox={bbox}&bbox-crs={crs}&crs={crs}&{size}&datetime={at}");
            let wms = format!(
                "{root}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS={layers}&STYLES={style}&FORMAT=image/png&TRANSPARENT=TRUE\
                 &CRS={wms_crs}&BBOX={bbox}&WIDTH=300&HEIGHT=200&TIME={at}"
            );
            let answer = service.get(&map).await;
            assert_eq!(answer.header("content-crs"), format!("<{crs}>"));
            assert_eq!(answer.header("content-bbox"), bbox);
            assert_eq!(answer.header("x-test-bill"), "map 1 false");
            let drawn = crate::pixels::Pixels::of(&answer);
            assert!(drawn.drawn() > 0, "{map}");
            assert!(drawn == crate::pixels::Pixels::of(&service.get(&wms).await), "{map}");
        }
    }
    let whole = crate::pixels::Pixels::of(&service.get(&format!("{root}/ogc/map?bgcolor=0xffffff")).await);
    assert_eq!(whole.width.max(whole.height), 1024);
    for (query, status) in [
        ("bbox=1,2,3", 400),
        ("bbox=5,59,2,NaN", 400),
        ("bbox-crs=EPSG:1", 400),
        ("width=5000", 400),
        ("height=0", 400),
        ("datetime=now", 400),
        ("layers=a", 400),
        ("f=jpeg", 400),
    ] {
        assert_eq!(
            service.get(&format!("{root}/ogc/map?{query}")).await.status,
            status,
            "{query}"
        );
    }
    assert_eq!(
        service.get(&format!("{root}/ogc/collections/datums/map")).await.status,
        404
    );
    assert_eq!(service.get("/ogc/collections/particles/map").await.status, 404);
}
