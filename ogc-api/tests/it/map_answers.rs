//! What stands around map answers: how long they may be kept, what they cost, who may ask, what is read for them.

use std::sync::atomic::Ordering;

use http::Method;

use crate::content::{publish, publish_with_raster};
use crate::forcing::time;
use crate::service::{Answer, Service};

const PICTURE: &str =
    "REQUEST=GetMap&VERSION=1.3.0&STYLES=&CRS=CRS:84&BBOX=2.75,59.25,4.25,60.25&WIDTH=90&HEIGHT=60&FORMAT=image/png";

async fn held(service: &Service, path: &str, tag: &str) -> Answer {
    service
        .ask(Method::GET, path, &service.ours.key, &[("if-none-match", tag)])
        .await
}

#[tokio::test]
async fn results_are_kept_for_ever_and_forcing_until_it_is_published_again() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let (at, root) = (time(2), format!("/missions/{mission}"));
    let for_ever = "private, max-age=31536000, immutable";
    for (path, cache) in [
        (format!("{root}/wms?{PICTURE}&LAYERS=probability&TIME={at}"), for_ever),
        (
            format!("{root}/wms?{PICTURE}&LAYERS=search-areas,particles&TIME={at}"),
            for_ever,
        ),
        (
            format!("{root}/wms?{PICTURE}&LAYERS=search-areas"),
            "private, max-age=60",
        ),
        (
            format!("{root}/wms?{PICTURE}&LAYERS=currents,search-areas&TIME={at}"),
            "private, max-age=60",
        ),
        (format!("{root}/tiles/particles/6/32/18.mvt?datetime={at}"), for_ever),
        (format!("{root}/tiles/particles/6/1/1.mvt"), for_ever),
        (format!("{root}/tiles/probability/6/32/18.png?datetime={at}"), for_ever),
        (format!("{root}/tiles/probability/6/32/18.png"), "private, max-age=60"),
        (
            format!("{root}/tiles/wind/6/32/18.png?datetime={at}"),
            "private, max-age=60",
        ),
        ("/tiles/particles/6/32/18.mvt".to_owned(), "private, max-age=60"),
        (
            format!("/wms?{PICTURE}&LAYERS=search-areas&TIME={at}"),
            "private, max-age=60",
        ),
    ] {
        let answer = service.get(&path).await;
        assert!(answer.status.is_success(), "{path}");
        assert_eq!(answer.header("cache-control"), cache, "{path}");
        let tag = answer.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{path}: a strong tag");
        let again = held(&service, &path, &tag).await;
        assert_eq!(
            (again.status.as_u16(), again.header("x-test-bill")),
            (304, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn nothing_is_read_for_what_the_client_holds_until_it_changes() {
    let service = Service::start().await;
    let reads = || service.maps.reads.load(Ordering::Relaxed);
    for path in [
        format!("/wms?{PICTURE}&LAYERS=currents&TIME={}", time(2)),
        format!("/tiles/currents/6/32/18.png?datetime={}", time(2)),
    ] {
        let tag = service.get(&path).await.header("etag").to_owned();
        let before = reads();
        assert_eq!(held(&service, &path, &tag).await.status, 304, "{path}");
        assert_eq!(reads(), before, "{path}");
        service.maps.version.fetch_add(1, Ordering::Relaxed);
        let newer = held(&service, &path, &tag).await;
        assert_eq!(newer.status, 200, "{path}: forcing was published");
        assert_ne!(newer.header("etag"), tag);
        assert_eq!(reads(), before + 1);
    }
}

#[tokio::test]
async fn what_is_not_modified_is_kept_like_the_answer_itself() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let map = "FORMAT=image/png&WIDTH=40&HEIGHT=40&CRS=CRS:84&BBOX=2,58,7,62";
    for path in [
        format!("/missions/{mission}/tiles/particles/6/32/18.mvt?datetime={}", time(2)),
        format!(
            "/missions/{mission}/tiles/search-areas/6/32/18.png?datetime={}",
            time(2)
        ),
        format!(
            "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=search-areas&{map}&TIME={}",
            time(2)
        ),
        format!("/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=currents&{map}"),
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities".to_owned(),
        format!("/v1/missions/{mission}/particles"),
        "/ogc/collections/search-areas/items?limit=100".to_owned(),
    ] {
        for coding in ["br", "gzip", "identity"] {
            let key = &service.ours.key;
            let whole = service
                .ask(Method::GET, &path, key, &[("accept-encoding", coding)])
                .await;
            let tag = whole.header("etag");
            let headers = [("accept-encoding", coding), ("if-none-match", tag)];
            let held = service.ask(Method::GET, &path, key, &headers).await;
            assert_eq!((held.status.as_u16(), held.body.len()), (304, 0), "{path}");
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(held.header(name), whole.header(name), "{name} of {path}");
            }
        }
    }
}

#[tokio::test]
async fn pictures_of_other_things_have_other_tags() {
    let service = Service::start().await;
    let (first, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let (second, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let mut tags = Vec::new();
    for path in [
        format!("/missions/{first}/wms?{PICTURE}&LAYERS=probability&TIME={}", time(1)),
        format!("/missions/{first}/wms?{PICTURE}&LAYERS=probability&TIME={}", time(2)),
        format!("/missions/{second}/wms?{PICTURE}&LAYERS=probability&TIME={}", time(1)),
        format!(
            "/missions/{first}/wms?{PICTURE}&LAYERS=probability&TIME={}&TRANSPARENT=TRUE",
            time(1)
        ),
        format!(
            "/missions/{first}/wms?{PICTURE}&LAYERS=probability&TIME={}&BGCOLOR=0x000000",
            time(1)
        ),
        format!("/missions/{first}/wms?{PICTURE}&LAYERS=search-areas&TIME={}", time(1)),
        format!("/missions/{first}/tiles/search-areas/6/32/18.png?datetime={}", time(1)),
        format!(
            "/missions/{first}/tiles/search-areas/6/32/18@2x.png?datetime={}",
            time(1)
        ),
        format!("/missions/{first}/tiles/search-areas/6/32/18.mvt?datetime={}", time(1)),
        format!("/missions/{first}/tiles/datums/6/32/18.mvt?datetime={}", time(1)),
        format!("/missions/{first}/tiles/search-areas/6/32/18.mvt"),
    ] {
        let tag = service.get(&path).await.header("etag").to_owned();
        assert!(!tag.is_empty() && !tags.contains(&tag), "{path}");
        tags.push(tag);
    }
}

#[tokio::test]
async fn pictures_and_tiles_cost_a_unit_and_everything_about_them_is_free() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let root = format!("/missions/{mission}");
    for (path, bill) in [
        (format!("{root}/wms?SERVICE=WMS&REQUEST=GetCapabilities"), ""),
        (format!("{root}/wms?{PICTURE}&LAYERS=currents"), "map 1 false"),
        (
            format!("{root}/wms?REQUEST=GetLegendGraphic&LAYER=wind&FORMAT=image/png"),
            "legend 1 false",
        ),
        (format!("{root}/tiles"), ""),
        (format!("{root}/tiles/particles.json"), ""),
        (format!("{root}/tiles/particles/6/32/18.mvt"), "tile 1 false"),
        (format!("{root}/tiles/particles/6/0/0.mvt"), ""),
        (format!("{root}/tiles/currents/6/32/18.png"), "tile 1 false"),
        (format!("{root}/tiles/currents/6/0/0.png"), ""),
        (format!("{root}/tiles/currents/6/99/0.png"), ""),
    ] {
        assert_eq!(service.get(&path).await.header("x-test-bill"), bill, "{path}");
    }
}

#[tokio::test]
async fn a_key_for_maps_opens_maps_and_nothing_else() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let (maps, missions) = (
        service.key_with("features:read").await,
        service.key_with("missions:read").await,
    );
    for path in [
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities".to_owned(),
        "/tiles".to_owned(),
        format!("/missions/{mission}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
        format!("/missions/{mission}/tiles/particles.json"),
        format!("/missions/{mission}/tiles/particles/6/32/18.mvt"),
    ] {
        assert_eq!(service.ask(Method::GET, &path, &maps, &[]).await.status, 200, "{path}");
        assert_eq!(
            service.ask(Method::GET, &path, &missions, &[]).await.status,
            403,
            "{path}"
        );
        assert_eq!(
            service.ask(Method::GET, &path, "dls_wrong", &[]).await.status,
            401,
            "{path}"
        );
    }
    let particles = format!("/v1/missions/{mission}/particles");
    for key in [&maps, &missions] {
        assert_eq!(service.ask(Method::GET, &particles, key, &[]).await.status, 200);
    }
    let writer = service.key_with("missions:write").await;
    assert_eq!(service.ask(Method::GET, &particles, &writer, &[]).await.status, 403);
}

#[tokio::test]
async fn withdrawn_missions_are_gone_from_maps() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let tile = format!("/missions/{mission}/tiles/particles/6/32/18.mvt");
    let tenants = "/tiles/particles/6/32/18.mvt";
    assert_eq!(
        (
            service.get(&tile).await.status.as_u16(),
            service.get(tenants).await.status.as_u16()
        ),
        (200, 200)
    );
    let path = format!("/v1/missions/{mission}");
    assert_eq!(
        service.ask(Method::DELETE, &path, &service.ours.key, &[]).await.status,
        204
    );
    assert_eq!(
        (
            service.get(&tile).await.status.as_u16(),
            service.get(tenants).await.status.as_u16()
        ),
        (404, 204)
    );
}

#[tokio::test]
async fn browsers_get_the_page_and_programs_the_document() {
    let service = Service::start().await;
    for (accept, is_page) in [
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", true),
        ("TEXT/HTML", true),
        ("*/*", false),
        ("application/json", false),
        ("text/html;q=0, */*", false),
        ("", false),
    ] {
        let answer = service.ask(Method::GET, "/", "", &[("accept", accept)]).await;
        assert_eq!(answer.status, 200, "{accept}");
        assert_eq!(
            answer.header("content-type").starts_with("text/html"),
            is_page,
            "{accept}"
        );
        assert_eq!(answer.header("vary"), "Accept", "{accept}");
    }
    let asset = service.ask_without_key("/assets/app.js").await;
    assert_eq!((asset.status.as_u16(), &asset.body[..]), (200, &b"let x;"[..]));
    let document = service.ask_without_key("/").await.json();
    let relations: Vec<&str> = document["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["rel"].as_str().unwrap())
        .collect();
    assert!(
        relations.contains(&"wms") && relations.contains(&"tilesets"),
        "{relations:?}"
    );
}

#[tokio::test]
async fn a_collection_in_files_says_how_many_it_has() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    publish(&service, &service.ours, (3.1, 59.5), 3).await;
    for (root, runs) in [(format!("/missions/{mission}/ogc"), 1), ("/ogc".to_owned(), 2)] {
        for (collection, expected) in [
            ("particles", known.particles.len()),
            ("trajectories", known.tracks.len()),
        ] {
            let path = format!("{root}/collections/{collection}/items?limit=1");
            let page = service.get(&path).await.json();
            assert_eq!(page["numberMatched"], runs * expected, "{path}");
        }
    }
}
