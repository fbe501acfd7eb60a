//! GetFeatureInfo and legends: the number under a pixel, against the formula it was made from.

use serde_json::Value;

use crate::content::{T0_S, publish_with_raster};
use crate::forcing::{CURRENT_CREDIT, current_ms, time};
use crate::pixels::Pixels;
use crate::service::{Answer, Service};

async fn ask(service: &Service, root: &str, layers: &str, pixel: (u32, u32), more: &str) -> Answer {
    let (i, j) = pixel;
    let path = format!(
        "{root}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&VERSION=1.3.0&LAYERS={layers}&QUERY_LAYERS={layers}&STYLES=&CRS=EPSG:4326\
         &BBOX=59.25,2.75,60.25,4.25&WIDTH=300&HEIGHT=200&I={i}&J={j}&{more}"
    );
    service.get(&path).await
}

/// Position of a pixel's centre.
fn place((i, j): (u32, u32)) -> (f64, f64) {
    (
        2.75 + (f64::from(i) + 0.5) / 200.0,
        60.25 - (f64::from(j) + 0.5) / 200.0,
    )
}

async fn json(service: &Service, root: &str, layers: &str, pixel: (u32, u32), at: i64) -> Value {
    let more = format!("INFO_FORMAT=application/json&FEATURE_COUNT=10&TIME={}", time(at));
    let answer = ask(service, root, layers, pixel, &more).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "application/json")
    );
    answer.json()
}

#[tokio::test]
async fn forcing_tells_value_unit_direction_time_and_source() {
    let service = Service::start().await;
    for (pixel, hour) in [((10, 20), 1), ((250, 150), 4)] {
        let found = json(&service, "", "currents", pixel, hour).await;
        let feature = &found["features"][0];
        let (lon, lat) = place(pixel);
        let coordinates = &feature["geometry"]["coordinates"];
        assert!((coordinates[0].as_f64().unwrap() - lon).abs() < 1e-9);
        assert!((coordinates[1].as_f64().unwrap() - lat).abs() < 1e-9);
        let told = &feature["properties"];
        assert!(
            (told["value"].as_f64().unwrap() - current_ms(lon, hour)).abs() < 1e-3,
            "{told}"
        );
        assert_eq!(
            (told["unit"].as_str(), told["direction_to_deg"].as_f64()),
            (Some("m/s"), Some(90.0))
        );
        assert_eq!(told["valid_time"], time(hour).to_string());
        assert_eq!((&told["feed"], &told["revision"]), (&"test <feed>".into(), &1.into()));
        assert_eq!(told["cycle"], time(0).to_string());
        assert_eq!(told["attribution"], CURRENT_CREDIT);
    }
    let wind = json(&service, "", "wind", (10, 10), 2).await;
    let told = &wind["features"][0]["properties"];
    assert_eq!(told["value"], 12.0);
    assert_eq!(
        (&told["direction_to_deg"], &told["direction_from_deg"]),
        (&0.0.into(), &180.0.into())
    );
}

#[tokio::test]
async fn results_tell_what_is_under_the_pixel() {
    let service = Service::start().await;
    let (mission, known) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let root = format!("/missions/{mission}");
    let pixel_of = |(lon, lat): (f64, f64)| (((lon - 2.75) * 200.0) as u32, ((60.25 - lat) * 200.0) as u32);
    let particle = known
        .particles
        .iter()
        .filter(|one| one.time_s == T0_S + 2 * 3600)
        .nth(7)
        .unwrap();
    let found = json(&service, &root, "particles", pixel_of(particle.corner), 2).await;
    let ids: Vec<u64> = found["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["properties"]["particle_id"].as_u64().unwrap())
        .collect();
    assert!(ids.contains(&7), "{found}");
    let tracks = json(&service, &root, "trajectories", pixel_of(particle.corner), 2).await;
    let on_track = tracks["features"].as_array().unwrap().iter();
    assert!(
        on_track
            .clone()
            .any(|feature| feature["properties"]["particle_id"] == 7),
        "{tracks}"
    );
    // In the right angle's corner lie all three areas, the smallest first.
    let area = known.areas.iter().find(|area| area.time_s == T0_S + 2 * 3600).unwrap();
    let corner = pixel_of((area.corner.0 + 0.02, area.corner.1 + 0.02));
    let areas = json(&service, &root, "search-areas", corner, 2).await;
    let levels: Vec<f64> = areas["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["properties"]["level"].as_f64().unwrap())
        .collect();
    assert_eq!(levels, [0.5, 0.9, 0.95]);
    assert_eq!(areas["features"][0]["id"], area.id);
    let tenant = json(&service, "", "search-areas", corner, 2).await;
    assert_eq!(
        tenant["features"].as_array().unwrap().len(),
        3,
        "the tenant's layer holds them, too"
    );
    let peak = pixel_of((3.0 + 0.05 * 2.0, 59.5 + 0.03 * 2.0));
    let probability = json(&service, &root, "probability", peak, 2).await;
    let told = &probability["features"][0]["properties"];
    assert!(
        told["value"].as_f64().unwrap() > 0.015 && told["unit"] == "km-2",
        "{told}"
    );
    let both = json(&service, &root, "currents,probability", peak, 2).await;
    let layers: Vec<&str> = both["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["properties"]["layer"].as_str().unwrap())
        .collect();
    assert_eq!(layers, ["currents", "probability"]);
}

#[tokio::test]
async fn the_answer_comes_as_text_json_or_html() {
    let service = Service::start().await;
    let at = format!("TIME={}", time(1));
    for (format, media_type, word) in [
        ("", "text/plain; charset=utf-8", "feed = test <feed>"),
        (
            "INFO_FORMAT=text/plain",
            "text/plain; charset=utf-8",
            "valid_time = 2025-01-01T01:00:00Z",
        ),
        ("INFO_FORMAT=text/html", "text/html; charset=utf-8", "test &lt;feed&gt;"),
        ("INFO_FORMAT=application/json", "application/json", "test <feed>"),
        ("INFO_FORMAT=application/geo%2Bjson", "application/json", "test <feed>"),
    ] {
        let answer = ask(&service, "", "currents", (10, 10), &format!("{format}&{at}")).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, media_type)
        );
        assert!(text.contains(word), "{format}: {text}");
        assert_eq!(answer.header("x-test-bill"), "feature-info 1 false");
    }
    let outside = format!("BBOX=-60,-50,-59,-49&{at}&INFO_FORMAT=text/plain");
    let path = format!(
        "/wms?REQUEST=GetFeatureInfo&VERSION=1.3.0&LAYERS=currents&QUERY_LAYERS=currents&CRS=CRS:84&WIDTH=10&HEIGHT=10&I=1&J=1&{outside}"
    );
    let answer = service.get(&path).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (200, &b"nothing here\n"[..])
    );
    assert_eq!(answer.header("x-test-bill"), "");
}

#[tokio::test]
async fn version_1_1_1_calls_the_pixel_x_and_y() {
    let service = Service::start().await;
    let common = "SERVICE=WMS&REQUEST=GetFeatureInfo&LAYERS=currents&QUERY_LAYERS=currents&WIDTH=300&HEIGHT=200\
                  &INFO_FORMAT=application/json&TIME=2025-01-01T01:00:00Z";
    let old = format!("/wms?{common}&VERSION=1.1.1&SRS=EPSG:4326&BBOX=2.75,59.25,4.25,60.25&X=40&Y=60");
    let new = format!("/wms?{common}&VERSION=1.3.0&CRS=EPSG:4326&BBOX=59.25,2.75,60.25,4.25&I=40&J=60");
    let (old, new) = (service.get(&old).await.json(), service.get(&new).await.json());
    assert_eq!(old, new);
    assert!(old["features"][0]["properties"]["value"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn legends_are_pictures_of_every_style() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let root = format!("/missions/{mission}/wms?REQUEST=GetLegendGraphic&VERSION=1.3.0&FORMAT=image/png");
    for layer in [
        "probability",
        "search-areas",
        "particles",
        "trajectories",
        "currents",
        "wind",
    ] {
        let answer = service.get(&format!("{root}&LAYER={layer}")).await;
        let legend = Pixels::of(&answer);
        let colours: std::collections::BTreeSet<[u8; 4]> = legend.all().collect();
        assert!(colours.len() > 3, "{layer} has {} colours", colours.len());
        assert_eq!(answer.header("x-test-bill"), "legend 1 false");
    }
    let (first, last) = (
        service.get(&format!("{root}&LAYER=probability&TIME={}", time(0))).await,
        service.get(&format!("{root}&LAYER=probability&TIME={}", time(6))).await,
    );
    assert_eq!(first.status, 200);
    assert_eq!(Pixels::of(&first).width, Pixels::of(&last).width);
    let large = Pixels::of(&service.get(&format!("{root}&LAYER=wind&WIDTH=400&HEIGHT=200")).await);
    assert!(large.width >= 400 && large.height >= 200);
}
