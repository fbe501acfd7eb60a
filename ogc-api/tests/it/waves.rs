//! Waves on the map: a field whose arrows are directions and whose colours are heights.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::forcing::{BOUNDS, WAVES_TO_DEG, time, wave_height_m};
use crate::pixels::Pixels;
use crate::service::Service;

async fn service_with_waves() -> Service {
    let service = Service::start().await;
    service.maps.has_waves.store(true, Ordering::Relaxed);
    service
}

async fn picture(service: &Service, frame: &str, more: &str) -> Pixels {
    let path = format!(
        "/wms?REQUEST=GetMap&LAYERS=waves&FORMAT=image/png&WIDTH=300&HEIGHT=200&TRANSPARENT=TRUE&{frame}&{more}"
    );
    Pixels::of(&service.get(&path).await)
}

#[tokio::test]
async fn waves_are_a_layer_like_currents_and_wind() {
    let service = service_with_waves().await;
    let capabilities = service.get("/wms?SERVICE=WMS&REQUEST=GetCapabilities").await;
    let text = String::from_utf8_lossy(&capabilities.body).into_owned();
    assert!(text.contains("<Name>waves</Name>"), "{text}");
    let (new, old) = (
        "VERSION=1.3.0&CRS=EPSG:4326&BBOX=58,2,62,8",
        "VERSION=1.1.1&SRS=EPSG:4326&BBOX=2,58,8,62",
    );
    let at = |hour: i64| format!("TIME={}", time(hour));
    let first = picture(&service, new, &at(1)).await;
    assert_eq!(
        first,
        picture(&service, old, &at(1)).await,
        "the order of axes does not show"
    );
    assert_ne!(
        first,
        picture(&service, new, &at(5)).await,
        "two times are two pictures"
    );
    let colours = picture(&service, new, &format!("STYLES=colour&{}", at(1))).await;
    let arrows = picture(&service, new, &format!("STYLES=arrows&{}", at(1))).await;
    assert_eq!(colours.drawn(), 300 * 200, "colours are everywhere");
    assert!(arrows.drawn() > 500 && arrows.drawn() < 300 * 200 / 2, "{arrows:?}");
    assert_ne!(first, colours, "the default has arrows on its colours");
    // Higher waves lie further north.
    let (north, south) = (colours.at(150, 10), colours.at(150, 190));
    assert_ne!(north, south);
    let beyond = picture(&service, "VERSION=1.3.0&CRS=CRS:84&BBOX=-9,50,-3,54", &at(1)).await;
    assert_eq!(beyond.drawn(), 0, "nothing is drawn where there is no data");
}

#[tokio::test]
async fn a_click_tells_height_and_direction() {
    let service = service_with_waves().await;
    let path = format!(
        "/wms?REQUEST=GetFeatureInfo&VERSION=1.3.0&LAYERS=waves&QUERY_LAYERS=waves&CRS=CRS:84&BBOX=2,58,8,62&WIDTH=600&HEIGHT=400&I=120&J=80\
         &INFO_FORMAT=application/json&TIME={}",
        time(3)
    );
    let told = service.get(&path).await.json()["features"][0]["properties"].clone();
    let lat = 62.0 - 80.5 / 100.0;
    assert!(
        (told["value"].as_f64().unwrap() - wave_height_m(lat, 3)).abs() < 2e-3,
        "{told}"
    );
    assert_eq!(told["unit"], "m");
    assert!(
        (told["direction_to_deg"].as_f64().unwrap() - WAVES_TO_DEG).abs() < 0.11,
        "{told}"
    );
}

#[tokio::test]
async fn wave_tiles_and_legends_are_those_of_the_layer() {
    let service = service_with_waves().await;
    let at = time(2);
    let tile = Pixels::of(&service.get(&format!("/tiles/waves/5/16/9.png?datetime={at}")).await);
    let half_m = 20_037_508.342_789_244;
    let span = 2.0 * half_m / 32.0;
    let north = half_m - 9.0 * span;
    let of_tile = format!(
        "/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=waves&FORMAT=image/png&TRANSPARENT=TRUE&CRS=EPSG:3857&WIDTH=256&HEIGHT=256\
         &BBOX=0,{},{span},{north}&TIME={at}",
        north - span
    );
    assert_eq!(
        tile,
        Pixels::of(&service.get(&of_tile).await),
        "WMS and tiles draw the same"
    );
    assert!(tile.drawn() > 10_000, "{tile:?}");
    let described = service.get("/tiles/waves.json").await.json();
    assert_eq!(described["bounds"][0], BOUNDS[0]);
    assert_eq!(described["driftline:styles"].as_array().unwrap().len(), 3);
    let mut legends = BTreeSet::new();
    for style in ["", "colour", "arrows"] {
        let path = format!("/wms?REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER=waves&STYLE={style}");
        let answer = service.get(&path).await;
        let legend = Pixels::of(&answer);
        assert!(legend.all().collect::<BTreeSet<_>>().len() > 3, "{style}");
        legends.insert(answer.body.to_vec());
    }
    assert_eq!(legends.len(), 3, "each style has a legend of its own");
}
