//! Entity tags, 304, HEAD, and what is billed.

use http::Method;

use crate::content::publish;
use crate::service::Service;

#[tokio::test]
async fn a_client_that_holds_the_answer_gets_304_until_the_content_changes() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let items = "/ogc/collections/search-areas/items?limit=3".to_owned();
    let paths = [
        "/ogc".to_owned(),
        "/ogc/conformance".to_owned(),
        "/ogc/api".to_owned(),
        "/ogc/collections".to_owned(),
        "/ogc/collections/datums".to_owned(),
        items.clone(),
        "/ogc/collections/particles/items".to_owned(),
        format!("/ogc/collections/search-areas/items/{}", known.areas[0].id),
        format!("/missions/{mission}/ogc/collections/search-areas/items"),
        format!("/v1/missions/{mission}"),
        format!("/v1/missions/{mission}/results"),
        "/v1/object-types".to_owned(),
    ];
    let mut tags = Vec::new();
    for path in &paths {
        let first = service.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() == 34, "{path}: {tag}");
        let again = service.get(path).await;
        assert_eq!(
            (again.header("etag"), &again.body),
            (tag.as_str(), &first.body),
            "a strong tag: {path}"
        );
        let held = service
            .ask(Method::GET, path, &service.ours.key, &[("if-none-match", &tag)])
            .await;
        assert_eq!(
            (held.status.as_u16(), held.body.len(), held.header("etag")),
            (304, 0, tag.as_str()),
            "{path}"
        );
        assert_eq!(held.header("x-test-bill"), "", "304 is free: {path}");
        let other = service
            .ask(Method::GET, path, &service.ours.key, &[("if-none-match", "\"other\"")])
            .await;
        assert_eq!(other.status, 200, "{path}");
        tags.push(tag);
    }
    // A mission in the queue changes nothing of what is published.
    service
        .post("/v1/missions", &crate::service::mission_body().to_string(), &[])
        .await;
    assert_eq!(service.get(&items).await.header("etag"), tags[5]);
    service
        .ask(
            Method::DELETE,
            &format!("/v1/missions/{mission}"),
            &service.ours.key,
            &[],
        )
        .await;
    let changed = service
        .ask(Method::GET, &items, &service.ours.key, &[("if-none-match", &tags[5])])
        .await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["numberReturned"], 0);
}

#[tokio::test]
async fn a_document_that_was_written_before_is_neither_stale_nor_somebody_elses() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let (ours, theirs) = (&service.ours.key, &service.theirs.key);
    let text = |answer: &crate::service::Answer| String::from_utf8_lossy(&answer.body).into_owned();
    for path in [
        "/ogc",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/datums",
        "/edr",
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
    ] {
        let mark = if path.contains('?') { '&' } else { '?' };
        for form in ["json", "html"]
            .into_iter()
            .filter(|form| *form == "json" || path.starts_with("/ogc"))
        {
            let asked = format!("{path}{mark}f={form}");
            for _ in 0..2 {
                let by_header = text(&service.get(&asked).await);
                assert!(
                    !by_header.contains(ours.as_str()) && !by_header.contains(theirs.as_str()),
                    "{asked}"
                );
                let by_query = text(&service.ask_without_key(&format!("{asked}&key={ours}")).await);
                assert!(
                    by_query.contains(ours.as_str()) && !by_query.contains(theirs.as_str()),
                    "{asked}"
                );
                let of_others = text(&service.ask_without_key(&format!("{asked}&key={theirs}")).await);
                assert!(
                    of_others.contains(theirs.as_str()) && !of_others.contains(ours.as_str()),
                    "{asked}"
                );
            }
        }
    }
    let (before, alone) = (
        service.get("/ogc/collections").await,
        format!("/missions/{mission}/ogc/collections"),
    );
    assert_eq!(service.get(&alone).await.status, 200);
    publish(&service, &service.ours, (30.0, 65.0), 6).await;
    let after = service.get("/ogc/collections").await;
    assert_ne!(before.header("etag"), after.header("etag"), "a new run shows at once");
    let extent = after.json()["collections"][0]["extent"]["spatial"]["bbox"][0].clone();
    assert!(extent[2].as_f64().unwrap() > 29.0, "{extent}");
    let gone = format!("/v1/missions/{mission}");
    service.ask(Method::DELETE, &gone, ours, &[]).await;
    assert_eq!(
        service.get(&alone).await.status,
        404,
        "a mission that was kept is gone at once"
    );
}

#[tokio::test]
async fn tags_differ_by_what_the_answer_depends_on() {
    let service = Service::start().await;
    publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let items = "/ogc/collections/search-areas/items";
    let plain = service.get(items).await;
    let paged = service.get(&format!("{items}?limit=10")).await;
    assert_ne!(plain.header("etag"), paged.header("etag"), "their self links differ");
    let by_query = service
        .ask_without_key(&format!("{items}?key={}", service.ours.key))
        .await;
    assert_eq!(by_query.status, 200);
    assert_ne!(plain.header("etag"), by_query.header("etag"), "the links carry the key");
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    for path in [
        "/ogc".to_owned(),
        "/ogc/collections/search-areas/items".to_owned(),
        "/v1/missions".to_owned(),
        format!("/v1/missions/{mission}/results/notes.txt"),
        "/health".to_owned(),
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities".to_owned(),
        "/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=currents&FORMAT=image/png&WIDTH=20&HEIGHT=20&CRS=CRS:84&BBOX=2,58,7,62".to_owned(),
        "/wms?REQUEST=GetLegendGraphic&LAYER=wind&FORMAT=image/png".to_owned(),
        "/tiles".to_owned(),
        "/tiles/currents.json".to_owned(),
        "/tiles/currents/5/16/9.png".to_owned(),
        format!("/missions/{mission}/tiles/particles/6/32/18.mvt"),
        format!("/v1/missions/{mission}/particles"),
    ] {
        let get = service.get(&path).await;
        let head = service.ask(Method::HEAD, &path, &service.ours.key, &[]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("etag"), get.header("etag"), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[tokio::test]
async fn data_is_billed_by_the_thousand_and_descriptions_are_free() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 48).await;
    assert_eq!(known.particles.len(), 1470);
    for (path, bill) in [
        ("/ogc/collections/particles/items?limit=1", "features 1 false"),
        ("/ogc/collections/particles/items?limit=1000", "features 1 false"),
        ("/ogc/collections/particles/items?limit=1001", "features 2 false"),
        ("/ogc/collections/particles/items?limit=10000", "features 2 false"),
        ("/ogc/collections/particles/items?bbox=100,0,101,1", ""),
        ("/ogc/collections/particles/items?limit=x", ""),
        ("/ogc", ""),
        ("/ogc/api", ""),
        ("/ogc/conformance", ""),
        ("/ogc/collections", ""),
        ("/ogc/collections/particles", ""),
        ("/v1/missions", ""),
        ("/v1/object-types", ""),
    ] {
        assert_eq!(service.get(path).await.header("x-test-bill"), bill, "{path}");
    }
    assert_eq!(
        service
            .get(&format!("/v1/missions/{mission}"))
            .await
            .header("x-test-bill"),
        ""
    );
}
