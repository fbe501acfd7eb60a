//! EDR data queries against forcing that is a formula: every value is compared with the formula at its own place and time.

use serde_json::Value;

use crate::content::{CELL_DEG, publish_with_raster};
use crate::forcing::{LAST_HOUR, current_ms, time};
use crate::service::{Answer, Service};

/// Single precision of values up to 2 m/s, and of longitudes that the formula is made of.
const TOLERANCE: f64 = 2e-6;

const CURRENTS: &str = "/edr/collections/currents";
const EAST: &str = "eastward_sea_water_velocity";

async fn ok(service: &Service, path: &str) -> Answer {
    let answer = service.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn hour_of(text: &str) -> i64 {
    (0..=LAST_HOUR).find(|hour| time(*hour).to_string() == text).unwrap()
}

fn assert_current(value: f64, lon: f64, hour: i64) {
    let expected = current_ms(lon, hour);
    assert!(
        (value - expected).abs() < TOLERANCE,
        "{value} at {lon} in hour {hour}, not {expected}"
    );
}

#[tokio::test]
async fn a_position_has_every_stored_step_of_an_interval_closed_at_both_ends() {
    let service = Service::start().await;
    let interval = format!("{}/{}", time(1), time(4));
    let answer = ok(
        &service,
        &format!("{CURRENTS}/position?coords=POINT(4.1 60.3)&datetime={interval}").replace(' ', "%20"),
    )
    .await;
    assert_eq!(answer.header("content-type"), "application/vnd.cov+json");
    assert_eq!(answer.header("x-test-bill"), "edr 1 false");
    let told = answer.json();
    assert_eq!(told["domain"]["domainType"], "PointSeries");
    assert_eq!(told["domain"]["axes"]["x"]["values"], serde_json::json!([4.1]));
    let times = told["domain"]["axes"]["t"]["values"].as_array().unwrap();
    assert_eq!(times.len(), 4);
    let values = floats(&told["ranges"][EAST]["values"]);
    for (time, value) in times.iter().zip(&values) {
        assert_current(*value, 4.1, hour_of(time.as_str().unwrap()));
    }
    let direction = floats(&told["ranges"]["sea_water_velocity_to_direction"]["values"]);
    assert_eq!(direction, [90.0; 4]);
    let all = ok(
        &service,
        &format!("{CURRENTS}/position?coords=POINT(4.1+60.3)&parameter-name={EAST}"),
    )
    .await
    .json();
    assert_eq!(all["ranges"].as_object().unwrap().len(), 1);
    assert_eq!(all["ranges"][EAST]["shape"], serde_json::json!([LAST_HOUR + 1]));
    let swapped = ok(
        &service,
        &format!("{CURRENTS}/position?coords=POINT(60.3+4.1)&crs=EPSG:4326&parameter-name={EAST}"),
    )
    .await
    .json();
    assert_eq!(swapped["ranges"], all["ranges"]);
    assert_eq!(
        swapped["domain"]["referencing"][0]["coordinates"],
        serde_json::json!(["y", "x"])
    );
}

#[tokio::test]
async fn an_interval_between_two_steps_is_no_content_and_one_outside_is_refused_by_the_extent() {
    let service = Service::start().await;
    let between = "2025-01-01T01:10:00Z/2025-01-01T01:50:00Z";
    let answer = service
        .get(&format!("{CURRENTS}/position?coords=POINT(4+60)&datetime={between}"))
        .await;
    assert_eq!((answer.status.as_u16(), answer.header("x-test-bill")), (204, ""));
    let elsewhere = service.get(&format!("{CURRENTS}/position?coords=POINT(40+60)")).await;
    assert_eq!(elsewhere.status, 204);
    let outside = service
        .get(&format!(
            "{CURRENTS}/position?coords=POINT(4+60)&datetime=2026-01-01T00:00:00Z"
        ))
        .await;
    assert_eq!(outside.status, 400);
    let detail = outside.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains(&time(0).to_string()) && detail.contains(&time(LAST_HOUR).to_string()),
        "{detail}"
    );
}

#[tokio::test]
async fn a_cube_holds_the_stored_nodes_of_its_box_and_no_others() {
    let service = Service::start().await;
    let path = format!(
        "{CURRENTS}/cube?bbox=3.9,59.9,4.6,60.3&datetime={}&parameter-name={EAST}",
        time(2)
    );
    let told = ok(&service, &path).await;
    assert_eq!(told.header("x-valid-time"), time(2).to_string());
    let told = told.json();
    let (x, y) = (
        floats(&told["domain"]["axes"]["x"]["values"]),
        floats(&told["domain"]["axes"]["y"]["values"]),
    );
    assert_eq!(
        (x.as_slice(), y.as_slice()),
        (&[4.0, 4.25, 4.5][..], &[60.0, 60.25][..])
    );
    assert_eq!(told["ranges"][EAST]["shape"], serde_json::json!([1, 2, 3]));
    for (number, value) in floats(&told["ranges"][EAST]["values"]).into_iter().enumerate() {
        assert_current(value, x[number % 3], 2);
    }
    let fine = ok(&service, &format!("{path}&resolution-x=8&resolution-y=2"))
        .await
        .json();
    let x = floats(&fine["domain"]["axes"]["x"]["values"]);
    assert_eq!((x.len(), x[0], x[7]), (8, 3.9, 4.6));
    for (number, value) in floats(&fine["ranges"][EAST]["values"]).into_iter().enumerate() {
        assert_current(value, x[number % 8], 2);
    }
}

#[tokio::test]
async fn an_area_a_radius_and_a_corridor_have_nothing_outside_of_them() {
    let service = Service::start().await;
    let at = format!("datetime={}&parameter-name={EAST}", time(0));
    for (query, inside) in [
        ("area?coords=POLYGON((4+60,5+60,5+61,4+60))&", 15),
        ("radius?coords=POINT(4.5+60.5)&within=20&within-units=km&", 3),
        (
            "corridor?coords=LINESTRING(4+60.25,5+60.25)&corridor-width=10&width-units=km&",
            5,
        ),
    ] {
        let told = ok(&service, &format!("{CURRENTS}/{query}{at}")).await.json();
        assert_eq!(told["domain"]["domainType"], "Grid", "{query}");
        let values = floats(&told["ranges"][EAST]["values"]);
        let x = floats(&told["domain"]["axes"]["x"]["values"]);
        let found: Vec<(usize, f64)> = values
            .into_iter()
            .enumerate()
            .filter(|(_, value)| !value.is_nan())
            .collect();
        assert_eq!(found.len(), inside, "{query}");
        for (number, value) in found {
            assert_current(value, x[number % x.len()], 0);
        }
    }
}

#[tokio::test]
async fn paths_take_their_own_times_and_say_which_step_they_took() {
    let service = Service::start().await;
    let [one, two] = [time(1).unix_s() + 600, time(3).unix_s() - 600];
    let path = format!("{CURRENTS}/trajectory?coords=LINESTRINGM(4+60+{one},5.5+60.5+{two})&parameter-name={EAST}");
    let told = ok(&service, &path).await.json();
    assert_eq!(told["domain"]["domainType"], "Trajectory");
    let tuples = told["domain"]["axes"]["composite"]["values"].as_array().unwrap();
    assert_eq!(tuples[0], serde_json::json!([time(1).to_string(), 4.0, 60.0]));
    assert_eq!(tuples[1], serde_json::json!([time(3).to_string(), 5.5, 60.5]));
    let values = floats(&told["ranges"][EAST]["values"]);
    assert_current(values[0], 4.0, 1);
    assert_current(values[1], 5.5, 3);
    let both = service.get(&format!("{path}&datetime={}", time(1))).await;
    assert_eq!(both.status, 400);
    let interval = format!("{}/{}", time(1), time(2));
    let untimed =
        format!("{CURRENTS}/trajectory?coords=LINESTRING(4+60,5.5+60.5)&datetime={interval}&parameter-name={EAST}");
    let told = ok(&service, &untimed).await.json();
    let coverages = told["coverages"].as_array().unwrap();
    assert_eq!(coverages.len(), 2);
    for (hour, coverage) in (1..).zip(coverages) {
        let values = floats(&coverage["ranges"][EAST]["values"]);
        assert_current(values[1], 5.5, hour);
    }
}

#[tokio::test]
async fn places_of_a_multipoint_are_coverages_of_their_own() {
    let service = Service::start().await;
    let path = format!(
        "{CURRENTS}/position?coords=MULTIPOINT((4+60),(5+61))&datetime={}",
        time(1)
    );
    let told = ok(&service, &path).await.json();
    assert_eq!(told["type"], "CoverageCollection");
    let second = &told["coverages"][1];
    assert_current(floats(&second["ranges"][EAST]["values"])[0], 5.0, 1);
    let table = ok(&service, &format!("{path}&f=CSV")).await;
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        (rows.len(), rows[0][..4].join(",")),
        (3, format!("longitude,latitude,datetime,{EAST}"))
    );
    assert_eq!(rows[2][..3].join(","), format!("5,61,{}", time(1)));
    assert_current(rows[2][3].parse().unwrap(), 5.0, 1);
    let features = ok(&service, &format!("{path}&f=GeoJSON")).await.json();
    let properties = &features["features"][1]["properties"];
    assert_current(properties[EAST].as_f64().unwrap(), 5.0, 1);
    for needed in ["datetime", "label", "parameter-name", "edrqueryendpoint"] {
        assert!(!properties[needed].is_null(), "{needed}");
    }
}

#[tokio::test]
async fn an_instance_is_one_cycle_and_links_its_zarr_store() {
    let service = Service::start().await;
    let listed = ok(&service, &format!("{CURRENTS}/instances")).await.json();
    let instance = &listed["instances"][0];
    assert_eq!(instance["id"], "test.20250101T000000Z");
    let links = instance["links"].as_array().unwrap();
    let zarr = links.iter().find(|link| link["rel"] == "enclosure").unwrap();
    assert!(
        zarr["href"]
            .as_str()
            .unwrap()
            .ends_with("/v1/datasets/test/2025-01-01T00:00:00Z/1/zarr")
    );
    let path = format!(
        "{CURRENTS}/instances/test.20250101T000000Z/position?coords=POINT(4+60)&datetime={}",
        time(2)
    );
    let told = ok(&service, &path).await.json();
    assert_current(floats(&told["ranges"][EAST]["values"])[0], 4.0, 2);
    let unknown = service
        .get(&format!("{CURRENTS}/instances/test.20250102T000000Z"))
        .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_mission_has_its_probability_and_its_places() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (4.0, 60.0), 3).await;
    let root = format!("/missions/{mission}/edr");
    let listed = ok(&service, &format!("{root}/collections")).await.json();
    let ids: Vec<&str> = listed["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["currents", "wind", "probability"]);
    let path = format!("{root}/collections/probability/position?coords=POINT(4.01+60.01)");
    let answer = ok(&service, &path).await;
    assert!(answer.header("cache-control").contains("immutable"));
    let values = floats(&answer.json()["ranges"]["probability_density"]["values"]);
    assert_eq!(values.len(), 4);
    assert!(
        values[0] > 0.01 && values.windows(2).all(|pair| pair[1] < pair[0]),
        "{values:?}"
    );
    let cube = format!(
        "{root}/collections/probability/cube?bbox=4,60,4.1,60.1&datetime={}",
        time(0)
    );
    let cube = ok(&service, &cube).await.json();
    let x = floats(&cube["domain"]["axes"]["x"]["values"]);
    assert_eq!(x.len(), 5);
    assert!((x[1] - x[0] - CELL_DEG).abs() < 1e-9 && (x[0] - 4.01).abs() < 1e-9);
    let places = ok(&service, &format!("{root}/collections/currents/locations"))
        .await
        .json();
    assert_eq!(places["features"][0]["id"], "last-known-position");
    let endpoint = places["features"][1]["properties"]["edrqueryendpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    let endpoint = endpoint.split_once("/drift").unwrap().1;
    let told = ok(&service, &format!("{endpoint}?f=GeoJSON&datetime={}", time(0)))
        .await
        .json();
    assert_eq!(told["features"].as_array().unwrap().len(), 1);
    let tenant = ok(&service, "/edr/collections/currents/locations").await.json();
    assert_eq!(tenant["features"][0]["id"], mission.as_str());
    let foreign = service.ask(http::Method::GET, &path, &service.theirs.key, &[]).await;
    assert_eq!(foreign.status, 404);
    let at_tenant = service.get("/edr/collections/probability").await;
    assert_eq!(at_tenant.status, 404);
}

#[tokio::test]
async fn an_answer_is_not_made_again_for_who_holds_it_and_is_another_after_a_publication() {
    let service = Service::start().await;
    let path = format!("{CURRENTS}/position?coords=POINT(4+60)&datetime={}", time(2));
    let tag = ok(&service, &path).await.header("etag").to_owned();
    let held = service
        .ask(http::Method::GET, &path, &service.ours.key, &[("if-none-match", &tag)])
        .await;
    assert_eq!((held.status.as_u16(), held.header("x-test-bill")), (304, ""));
    service.maps.version.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let newer = service
        .ask(http::Method::GET, &path, &service.ours.key, &[("if-none-match", &tag)])
        .await;
    assert_eq!(newer.status, 200);
}

#[tokio::test]
async fn values_at_positions_of_projected_systems_are_those_of_the_same_places_in_degrees() {
    let service = Service::start().await;
    let at = format!("datetime={}&parameter-name={EAST}", time(2));
    for (crs, kind) in [("EPSG:32631", "UTM"), ("EPSG:3995", "polar"), ("EPSG:3857", "Mercator")] {
        let system = driftline_domain::ReferenceSystem::find(crs).unwrap();
        let (lon, lat) = (4.1, 60.3);
        let (x, y) = system.forward(lon, lat).unwrap();
        let query = format!("{CURRENTS}/position?coords=POINT({x:.3}+{y:.3})&crs={crs}&{at}");
        let told = ok(&service, &query).await.json();
        let reference = &told["domain"]["referencing"][0];
        assert_eq!(reference["system"]["type"], "ProjectedCRS", "{kind}");
        assert_eq!(reference["system"]["id"], system.uri(), "{kind}");
        assert_eq!(reference["coordinates"], serde_json::json!(["x", "y"]));
        let axes = &told["domain"]["axes"];
        let place = [&axes["x"], &axes["y"]].map(|axis| axis["values"][0].as_f64().unwrap());
        assert!(
            (place[0] - x).abs() < 2e-3 && (place[1] - y).abs() < 2e-3,
            "{kind}: {place:?} {x} {y}"
        );
        assert_current(floats(&told["ranges"][EAST]["values"])[0], lon, 2);
    }
    let utm = driftline_domain::ReferenceSystem::find("EPSG:32631").unwrap();
    let line = [(4.0, 60.1), (4.2, 60.2), (4.4, 60.2)];
    let metres = line.map(|(lon, lat)| utm.forward(lon, lat).unwrap());
    let text = metres.map(|(x, y)| format!("{x:.3}+{y:.3}")).join(",");
    let table = ok(
        &service,
        &format!("{CURRENTS}/trajectory?coords=LINESTRING({text})&crs=EPSG:32631&f=CSV&{at}"),
    )
    .await;
    let mut table = csv::Reader::from_reader(&table.body[..]);
    assert_eq!(
        table.headers().unwrap().iter().take(3).collect::<Vec<_>>(),
        ["x", "y", "datetime"]
    );
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), line.len());
    for ((row, (x, y)), (lon, _)) in rows.iter().zip(metres).zip(line) {
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        assert!((number(0) - x).abs() < 2e-3 && (number(1) - y).abs() < 2e-3, "{row:?}");
        assert_current(number(3), lon, 2);
    }
}
