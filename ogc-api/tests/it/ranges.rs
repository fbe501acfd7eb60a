//! Parts of result files: what readers of GeoTIFF and Parquet over HTTP ask for.

use http::Method;

use crate::content::publish_with_raster;
use crate::service::{Answer, Service};

async fn ask(service: &Service, path: &str, headers: &[(&str, &str)]) -> Answer {
    service.ask(Method::GET, path, &service.ours.key, headers).await
}

#[tokio::test]
async fn a_file_is_given_in_parts() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let path = format!("/v1/missions/{mission}/results/probability.tif");
    let whole = ask(&service, &path, &[]).await;
    let size = whole.body.len();
    assert_eq!((whole.status.as_u16(), whole.header("accept-ranges")), (200, "bytes"));
    assert_eq!(whole.header("content-length"), size.to_string());
    for (range, first, end) in [
        ("bytes=0-0".to_owned(), 0, 1),
        ("bytes=100-199".to_owned(), 100, 200),
        (format!("bytes={}-", size - 7), size - 7, size),
        ("bytes=-16".to_owned(), size - 16, size),
        ("bytes=5-999999999".to_owned(), 5, size),
    ] {
        let part = ask(&service, &path, &[("range", &range)]).await;
        assert_eq!(
            (part.status.as_u16(), &part.body[..]),
            (206, &whole.body[first..end]),
            "{range}"
        );
        assert_eq!(
            part.header("content-range"),
            format!("bytes {first}-{}/{size}", end - 1)
        );
        assert_eq!(part.header("content-length"), (end - first).to_string());
        assert_eq!(part.header("x-test-bill"), "export 1 false");
        assert_eq!(part.header("etag"), whole.header("etag"));
    }
    for range in ["bytes=0-1,5-6", "rows=1-2", "bytes=9-3"] {
        let answer = ask(&service, &path, &[("range", range)]).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, size), "{range}");
    }
    let beyond = ask(&service, &path, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(
        (beyond.status.as_u16(), beyond.header("content-range")),
        (416, &format!("bytes */{size}")[..])
    );
    assert_eq!(beyond.header("content-type"), "application/problem+json");
    let tag = whole.header("etag").to_owned();
    let current = ask(&service, &path, &[("range", "bytes=0-9"), ("if-range", &tag)]).await;
    assert_eq!((current.status.as_u16(), current.body.len()), (206, 10));
    let stale = ask(&service, &path, &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((stale.status.as_u16(), stale.body.len()), (200, size));
}
