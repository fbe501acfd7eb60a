//! Whatever is sent, the answer is a clear refusal in problem+json and never a fault of ours.

use axum::body::Body;
use http::{Method, Request};

use crate::content::{Dice, publish};
use crate::service::{Answer, Service};

fn is_clear_refusal(answer: &Answer, what: &str) {
    assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status.as_u16(), "{what}");
    assert!(problem["detail"].as_str().unwrap().len() > 10, "{what}: {problem}");
    assert!(answer.header("x-request-id").starts_with("req_"), "{what}");
}

#[tokio::test]
async fn wrong_paths_methods_forms_and_parameters_are_refused_clearly() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let items = "/ogc/collections/search-areas/items";
    let cases: Vec<(Method, String, u16)> = vec![
        (Method::GET, "/nothing".to_owned(), 404),
        (Method::GET, "/v1".to_owned(), 404),
        (Method::GET, "/v2/missions".to_owned(), 404),
        (Method::GET, "/ogc/collections/".to_owned(), 404),
        (Method::GET, "/v1/missions/mis_0".to_owned(), 404),
        (Method::GET, "/v1/missions/%ff".to_owned(), 400),
        (Method::GET, format!("/v1/missions/{mission}/nothing"), 404),
        (Method::GET, "/missions/none/ogc".to_owned(), 404),
        (Method::GET, "/ogc/collections/%2e%2e/items".to_owned(), 404),
        (Method::GET, "/ogc/collections/%ff/items".to_owned(), 400),
        (Method::POST, "/ogc".to_owned(), 405),
        (Method::PUT, "/v1/missions".to_owned(), 405),
        (Method::PATCH, format!("/v1/missions/{mission}"), 405),
        (Method::DELETE, items.to_owned(), 405),
        (Method::GET, "/v1/missions:validate".to_owned(), 405),
        (Method::POST, "/health".to_owned(), 405),
        (Method::POST, "/v1/billing/usage".to_owned(), 405),
        (Method::DELETE, "/v1/organisation".to_owned(), 405),
        (Method::PUT, "/v1/organisation".to_owned(), 405),
        (Method::GET, "/v1/organisation?colour=red".to_owned(), 400),
        (Method::GET, format!("{items}?f=gml"), 400),
        (Method::GET, "/ogc?f=xml".to_owned(), 400),
        (
            Method::GET,
            format!("{items}?crs=http://www.opengis.net/def/crs/EPSG/0/99999"),
            400,
        ),
        (Method::GET, format!("{items}?filter=depth=0.5"), 400),
        (Method::GET, format!("{items}?filter=level"), 400),
        (Method::GET, format!("{items}?filter=level=0.5&filter-lang=sql"), 400),
        (Method::GET, format!("{items}?filter-crs=nowhere&filter=level=0.5"), 400),
        (Method::GET, format!("{items}?level=deep"), 400),
        (Method::GET, format!("{items}?sortby=depth"), 400),
        (Method::GET, format!("{items}?sortby=level&cursor=1.2"), 400),
        (Method::GET, format!("{items}?cursor=1.2~AAAA"), 400),
        (Method::GET, format!("{items}?properties=depth"), 400),
        (Method::GET, format!("{items}?skipGeometry=maybe"), 400),
        (Method::GET, format!("{items}?updated=yesterday"), 400),
        (Method::GET, format!("{items}?bbox=1,2,3,4&bbox-crs=EPSG:99999"), 400),
        (
            Method::GET,
            format!("{items}?bbox=1e9,0,2e9,1&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/32631"),
            400,
        ),
        (Method::GET, format!("{items}?LIMIT=5"), 400),
        (Method::GET, format!("{items}?limit=5&limit=6"), 400),
        (Method::GET, "/ogc/collections?limit=5".to_owned(), 400),
        (Method::GET, "/v1/object-types?x=1".to_owned(), 400),
    ];
    for (method, path, status) in cases {
        let answer = service.ask(method.clone(), &path, &service.ours.key, &[]).await;
        is_clear_refusal(&answer, &format!("{method} {path}"));
        assert_eq!(answer.status, status, "{method} {path}");
        if status == 405 {
            assert!(
                !answer.header("allow").is_empty(),
                "{method} {path} names what is allowed"
            );
        }
    }
    for (accept, status) in [
        ("application/xml", 406),
        ("image/png", 406),
        ("text/html, */*;q=0.8", 200),
        ("application/geo+json, application/json;q=0.9", 200),
        ("application/*", 200),
        ("", 200),
    ] {
        let answer = service
            .ask(Method::GET, items, &service.ours.key, &[("accept", accept)])
            .await;
        assert_eq!(answer.status, status, "{accept}");
    }
    let two_keys = Request::builder()
        .uri(format!("{items}?key={}", service.theirs.key))
        .header("x-api-key", &service.ours.key)
        .body(Body::empty())
        .unwrap();
    is_clear_refusal(&service.send(two_keys).await, "two different keys");
}

#[tokio::test]
async fn no_nonsense_in_a_query_is_ever_a_fault_of_ours() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let items = ["limit", "bbox", "datetime", "cursor", "offset", "f"].as_slice();
    let routes = [
        ("/ogc/collections/search-areas/items".to_owned(), items),
        ("/ogc/collections/particles/items".to_owned(), items),
        (format!("/missions/{mission}/ogc/collections/trajectories/items"), items),
        ("/v1/missions".to_owned(), &["limit", "cursor", "status", "q", "fields"]),
        ("/v1/forcing/coverage".to_owned(), &["bbox", "time"]),
        (format!("/v1/missions/{mission}/particles"), &["max"]),
        (
            format!("/missions/{mission}/tiles/particles/6/32/18.mvt"),
            &["datetime", "time"],
        ),
        ("/tiles/currents/6/32/18.png".to_owned(), &["datetime", "time", "style"]),
        (
            format!("/missions/{mission}/tiles/search-areas.json"),
            &["datetime", "time"],
        ),
    ];
    let values = [
        "",
        "0",
        "-1",
        "1e308",
        "-1e308",
        "NaN",
        "inf",
        "1,2,3,4",
        "-180,-90,180,90",
        "5",
        "2025-01-01T00:00:00Z",
        "180,90,-180,90",
        "-360,-90,360,90",
        "1,2,3",
        ",,,",
        "..",
        "../..",
        "/",
        "9999-12-31T23:59:59Z",
        "-009999-01-01T00:00:00Z/..",
        "0000-01-01T00:00:00Z/..",
        "2025-01-01T00:00:60Z",
        "9223372036854775807.9223372036854775807",
        "0.0",
        "18446744073709551616",
        "%F0%9F%9A%A2",
        "%00",
        "%",
        "%zz",
        "'; DROP TABLE missions; --",
        "{{x}}",
        "a=b",
        "+",
        "queued",
        "id",
        "json",
    ];
    let mut dice = Dice(5);
    let mut draw = |n: usize| (dice.roll() * n as f64) as usize;
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..1500 {
        let (route, names) = &routes[draw(routes.len())];
        let parts: Vec<String> = (0..1 + draw(2))
            .map(|_| {
                let name = if draw(10) == 0 { "%00" } else { names[draw(names.len())] };
                format!("{name}={}", values[draw(values.len())].replace(' ', "%20"))
            })
            .collect();
        let path = format!("{route}?{}", parts.join("&"));
        let Ok(uri) = path.parse::<http::Uri>() else { continue };
        let request = Request::builder().uri(uri).header("x-api-key", &service.ours.key);
        let answer = service.send(request.body(Body::empty()).unwrap()).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
        // 204 is a tile without content.
        if answer.status != 200 && answer.status != 204 {
            is_clear_refusal(&answer, &path);
        }
        *statuses.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    assert!(statuses[&200] > 60 && statuses[&400] > 500, "{statuses:?}");
}
