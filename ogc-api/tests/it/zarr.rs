//! The Zarr store of a cycle over HTTP: objects of the manifest, whole and in parts, and nothing else.

use http::Method;

use crate::service::Service;

const ROOT: &str = "/v1/datasets/test/2025-01-01T00:00:00Z/1/zarr";
const CHUNK: &str = "current/current_east/c/0/0/0";

#[tokio::test]
async fn objects_are_served_whole_and_in_parts_and_never_change() {
    let service = Service::start().await;
    let metadata = service.get(&format!("{ROOT}/zarr.json")).await;
    assert_eq!(
        (metadata.status.as_u16(), metadata.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(metadata.header("x-test-bill"), "");
    let path = format!("{ROOT}/{CHUNK}");
    let whole = service.get(&path).await;
    assert_eq!((whole.status.as_u16(), whole.body.len()), (200, 3_000_000));
    assert_eq!(whole.header("x-test-bill"), "edr 3 false");
    assert!(whole.header("cache-control").contains("immutable"));
    for (range, expected) in [
        ("bytes=1000-1255", 1_000..1_256u64),
        ("bytes=-100", 2_999_900..3_000_000),
    ] {
        let part = service
            .ask(Method::GET, &path, &service.ours.key, &[("range", range)])
            .await;
        assert_eq!(part.status, 206, "{range}");
        let bytes: Vec<u8> = expected.clone().map(|at| at as u8).collect();
        assert_eq!(part.body, bytes, "{range}");
        let text = format!("bytes {}-{}/3000000", expected.start, expected.end - 1);
        assert_eq!(part.header("content-range"), text);
    }
    let head = service.ask(Method::HEAD, &path, &service.ours.key, &[]).await;
    assert_eq!(
        (head.header("content-length"), head.header("accept-ranges")),
        ("3000000", "bytes")
    );
    let tag = whole.header("etag").to_owned();
    let held = service
        .ask(Method::GET, &path, &service.ours.key, &[("if-none-match", &tag)])
        .await;
    assert_eq!(held.status, 304);
}

#[tokio::test]
async fn what_no_manifest_names_is_not_there() {
    let service = Service::start().await;
    for path in [
        format!("{ROOT}/current"),
        format!("{ROOT}/../../1/zarr/zarr.json"),
        format!("{ROOT}/%2e%2e/%2e%2e/manifests/000000000001.json"),
        format!("{ROOT}/..%2f..%2fdriftline.sqlite"),
        format!("{ROOT}/current//current_east"),
        format!("{ROOT}/"),
        "/v1/datasets/test/2025-01-01T00:00:00Z/2/zarr/zarr.json".to_owned(),
        "/v1/datasets/test/yesterday/1/zarr/zarr.json".to_owned(),
        "/v1/datasets/test/2025-01-01T00:00:00Z/x/zarr/zarr.json".to_owned(),
    ] {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
