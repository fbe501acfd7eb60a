//! What an EDR root refuses: each with a problem that names what is wrong, before anything is read.

use std::sync::atomic::Ordering;

use crate::service::Service;

#[tokio::test]
async fn bad_input_is_a_problem_and_reads_nothing() {
    let service = Service::start().await;
    for (query, status, names) in [
        ("position", 400, "coords"),
        ("position?coords=POLYGON((4+60,5+60,5+61,4+60))", 400, "coords"),
        (
            "position?coords=GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1+2)))",
            400,
            "coords",
        ),
        ("position?coords=POINT(4+60)&datetime=yesterday", 400, "datetime"),
        (
            "position?coords=POINT(4+60)&datetime=2025-01-01T03:00:00Z/2025-01-01T01:00:00Z",
            400,
            "datetime",
        ),
        (
            "position?coords=POINT(4+60)&parameter-name=salinity",
            400,
            "parameter-name",
        ),
        ("position?coords=POINT(4+60)&crs=EPSG:2154", 400, "crs"),
        ("position?coords=POINT(1e9+60)&crs=EPSG:32631", 400, "coords"),
        (
            "position?coords=POINT(500000+6651411)&crs=EPSG:32631&f=GeoJSON",
            400,
            "f",
        ),
        (
            "position?coords=POINT(500000+6651411)&crs=EPSG:32631&f=NetCDF",
            400,
            "f",
        ),
        ("cube?bbox=4,59,5,60&crs=EPSG:32631", 400, "crs"),
        (
            "radius?coords=POINT(500000+6651411)&within=10&within-units=km&crs=EPSG:3995",
            400,
            "crs",
        ),
        ("position?coords=POINT(4+60)&f=GRIB", 400, "f"),
        ("position?coords=POINT(4+60)&f=GeoTIFF", 400, "f"),
        ("position?coords=POINT(4+60)&bbox=1,2,3,4", 400, "bbox"),
        ("position?coords=POINT(4+60)&parametername=x", 400, "parametername"),
        ("cube", 400, "bbox"),
        ("cube?bbox=1,2,3", 400, "bbox"),
        ("cube?bbox=4,59,5,60&resolution-x=-1", 400, "resolution-x"),
        ("cube?bbox=4,59,5,60&resolution-y=1000000", 400, "resolution-y"),
        ("radius?coords=POINT(4+60)", 400, "within"),
        ("radius?coords=POINT(4+60)&within=10", 400, "within-units"),
        ("radius?coords=POINT(4+60)&within=-1&within-units=km", 400, "within"),
        ("radius?coords=POINT(4+60)&within=NaN&within-units=km", 400, "within"),
        (
            "radius?coords=POINT(4+60)&within=10&within-units=parsec",
            400,
            "within-units",
        ),
        ("radius?coords=POINT(4+60)&within=1e300&within-units=km", 400, "within"),
        (
            "corridor?coords=LINESTRING(4+60,5+60)&corridor-width=1",
            400,
            "width-units",
        ),
        ("coverage?subset=depth(1:2)", 400, "subset"),
        ("coverage?scale-factor=0", 400, "scale-factor"),
        (
            "cube?bbox=0,55,10,65&resolution-x=5000&resolution-y=5000",
            413,
            "5000000",
        ),
        ("locations/nowhere", 404, "nowhere"),
        ("instances/test", 404, "test"),
    ] {
        let answer = service.get(&format!("/edr/collections/currents/{query}")).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{query}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        assert_eq!(answer.header("content-type"), "application/problem+json", "{query}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(names), "{query}: {detail}");
        assert_eq!(answer.header("x-test-bill"), "", "{query}");
    }
    assert_eq!(service.maps.reads.load(Ordering::Relaxed), 0);
    for path in [
        "/edr/collections/dUmmYColLection",
        "/edr/collections/waves",
        "/edr/collections/waves/position?coords=POINT(4+60)",
    ] {
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_key_without_the_scope_reads_no_values() {
    let service = Service::start().await;
    let key = service.key_with("missions:read").await;
    for path in [
        "/edr/collections",
        "/edr/collections/currents/position?coords=POINT(4+60)",
        "/v1/datasets/test/2025-01-01T00:00:00Z/1/zarr/zarr.json",
    ] {
        let answer = service.ask(http::Method::GET, path, &key, &[]).await;
        assert_eq!(answer.status, 403, "{path}");
    }
}
