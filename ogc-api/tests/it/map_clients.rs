//! What map clients were seen to send, and what they need back: the traps of the design text ogc.md, section 3, by their
//! numbers.

use crate::content::{T0_S, publish, publish_with_raster};
use crate::forcing::{LAST_HOUR, time};
use crate::pixels::Pixels;
use crate::service::{Answer, BASE, Service};

/// A picture of currents as QGIS asks for it.
const CURRENTS: &str = "REQUEST=GetMap&LAYERS=currents&FORMAT=image/png&WIDTH=200&HEIGHT=100&TRANSPARENT=TRUE";
const SEA_130: &str = "VERSION=1.3.0&CRS=EPSG:4326&BBOX=58,2,62,7";
const SEA_111: &str = "VERSION=1.1.1&SRS=EPSG:4326&BBOX=2,58,7,62";

fn hour(hour: i64) -> String {
    time(hour).to_string()
}

async fn wms(service: &Service, parameters: &[&str]) -> Answer {
    service.get(&format!("/wms?{}", parameters.join("&"))).await
}

async fn picture(service: &Service, parameters: &[&str]) -> Pixels {
    Pixels::of(&wms(service, parameters).await)
}

#[tokio::test]
async fn trap_1_capabilities_without_a_version_are_those_of_1_3_0() {
    let service = Service::start().await;
    let answer = wms(&service, &["SERVICE=WMS", "REQUEST=GetCapabilities"]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "text/xml; charset=utf-8")
    );
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("<WMS_Capabilities version=\"1.3.0\""), "{text}");
}

#[tokio::test]
async fn trap_2_and_3_the_version_of_capabilities_is_the_one_asked_for() {
    let service = Service::start().await;
    for (version, root) in [
        ("1.1.1", "<WMT_MS_Capabilities version=\"1.1.1\""),
        ("1.1.0", "<WMT_MS_Capabilities version=\"1.1.1\""),
        ("1.3.0", "<WMS_Capabilities version=\"1.3.0\""),
        ("1.4.0", "<WMS_Capabilities version=\"1.3.0\""),
    ] {
        let version = format!("version={version}");
        let answer = wms(&service, &["service=WMS", "request=GetCapabilities", &version]).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == 200 && text.contains(root), "{version}: {text}");
    }
}

#[tokio::test]
async fn trap_4_parameters_that_nobody_knows_are_ignored() {
    let service = Service::start().await;
    let at = format!("TIME={}", hour(2));
    let plain = picture(&service, &["SERVICE=WMS", CURRENTS, SEA_130, &at, "STYLES="]).await;
    let of_qgis = "DPI=96&MAP_RESOLUTION=96&FORMAT_OPTIONS=dpi:96&STYLES=&_dc=12345";
    assert_eq!(
        plain,
        picture(&service, &["SERVICE=WMS", CURRENTS, SEA_130, &at, of_qgis]).await
    );
    assert!(plain.drawn() > 10_000);
}

#[tokio::test]
async fn trap_5_empty_styles_are_the_default() {
    let service = Service::start().await;
    let at = format!("TIME={}", hour(2));
    let mut pictures = Vec::new();
    for styles in ["STYLES=", "STYLES=colour-arrows", "STYLES=default", "x=1"] {
        pictures.push(picture(&service, &[CURRENTS, SEA_130, &at, styles]).await);
    }
    assert!(pictures.iter().all(|picture| *picture == pictures[0]));
    let other = picture(&service, &[CURRENTS, SEA_130, &at, "STYLES=arrows"]).await;
    assert!(other != pictures[0] && other.drawn() < pictures[0].drawn());
}

#[tokio::test]
async fn trap_6_a_box_beyond_the_layer_is_transparent_outside() {
    let service = Service::start().await;
    let at = format!("TIME={}", hour(2));
    // The layer covers the northern half of the eastern half.
    let beyond = "VERSION=1.3.0&CRS=CRS:84&BBOX=-10,45,10,65";
    let picture = picture(&service, &[CURRENTS, beyond, &at, "STYLES=colour"]).await;
    for (x, y, is_drawn) in [
        (50, 25, false),
        (150, 75, false),
        (50, 75, false),
        (150, 25, true),
        (195, 4, true),
    ] {
        assert_eq!(picture.at(x, y)[3] > 0, is_drawn, "{x}, {y}");
    }
    let nowhere = "VERSION=1.3.0&CRS=CRS:84&BBOX=-60,-45,-50,-35";
    let empty = wms(&service, &[CURRENTS, nowhere, &at]).await;
    assert_eq!(Pixels::of(&empty).drawn(), 0);
}

#[tokio::test]
async fn trap_7_the_order_of_axes_differs_and_the_pictures_do_not() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let at = format!("TIME={}", hour(3));
    for layer in [
        "currents",
        "wind",
        "search-areas",
        "particles",
        "trajectories",
        "probability",
    ] {
        let common =
            format!("REQUEST=GetMap&LAYERS={layer}&FORMAT=image/png&WIDTH=240&HEIGHT=120&TRANSPARENT=TRUE&{at}");
        let mut pictures = Vec::new();
        for place in [
            "VERSION=1.3.0&CRS=EPSG:4326&BBOX=59.25,2.75,60.25,4.25",
            "VERSION=1.1.1&SRS=EPSG:4326&BBOX=2.75,59.25,4.25,60.25",
            "VERSION=1.3.0&CRS=CRS:84&BBOX=2.75,59.25,4.25,60.25",
            "VERSION=1.4.0&CRS=EPSG:4326&BBOX=59.25,2.75,60.25,4.25",
        ] {
            let path = format!("/missions/{mission}/wms?{common}&{place}");
            pictures.push(Pixels::of(&service.get(&path).await));
        }
        assert!(pictures[0].drawn() > 100, "{layer} draws {}", pictures[0].drawn());
        assert!(pictures.iter().all(|picture| *picture == pictures[0]), "{layer}");
    }
}

#[tokio::test]
async fn trap_7_north_is_up_and_east_is_right() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let area = known.areas.iter().find(|area| area.time_s == T0_S + 3 * 3600).unwrap();
    let (west, south, east, north) = (2.75, 59.25, 4.25, 60.25);
    let path = format!(
        "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=search-areas&FORMAT=image/png&WIDTH=600&HEIGHT=400&TRANSPARENT=TRUE\
         &CRS=EPSG:4326&BBOX={south},{west},{north},{east}&TIME={}",
        hour(3)
    );
    let picture = Pixels::of(&service.get(&path).await);
    let pixel = |lon: f64, lat: f64| {
        let x = (lon - west) / (east - west) * 600.0;
        let y = (north - lat) / (north - south) * 400.0;
        (x as u32, y as u32)
    };
    // Well inside the triangle's right angle in the south-west, and mirrored over its long side outside of it.
    let then = known.areas.iter().filter(|other| other.time_s == area.time_s);
    let largest = then.map(|area| area.legs).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let inside = pixel(area.corner.0 + 0.2 * largest.0, area.corner.1 + 0.2 * largest.1);
    let outside = pixel(area.corner.0 + 0.9 * largest.0, area.corner.1 + 0.9 * largest.1);
    assert!(picture.at(inside.0, inside.1)[3] > 0, "{inside:?}");
    assert_eq!(picture.at(outside.0, outside.1)[3], 0, "{outside:?}");
}

#[tokio::test]
async fn trap_8_web_mercator_and_crs_84_are_offered_and_drawn() {
    let service = Service::start().await;
    let capabilities = wms(&service, &["SERVICE=WMS", "REQUEST=GetCapabilities"]).await;
    let text = String::from_utf8_lossy(&capabilities.body).into_owned();
    for system in ["EPSG:4326", "CRS:84", "EPSG:3857"] {
        assert!(text.contains(&format!("<CRS>{system}</CRS>")), "{system}");
    }
    let at = format!("TIME={}", hour(2));
    let metres = "BBOX=222638.98,7967317.54,779236.44,8859142.80";
    let mercator = picture(&service, &[CURRENTS, &at, metres, "VERSION=1.3.0&CRS=EPSG:3857"]).await;
    assert_eq!(
        mercator,
        picture(&service, &[CURRENTS, &at, metres, "VERSION=1.3.0&CRS=EPSG:900913"]).await
    );
    assert_eq!(
        mercator,
        picture(&service, &[CURRENTS, &at, metres, "VERSION=1.1.1&SRS=EPSG:3857"]).await
    );
    assert_eq!(mercator.drawn(), 200 * 100);
    let colour = |picture: &Pixels, x, y| picture.at(x, y);
    let slow_and_fast = (colour(&mercator, 3, 50), colour(&mercator, 197, 50));
    assert_ne!(slow_and_fast.0, slow_and_fast.1, "currents are faster in the east");
}

#[tokio::test]
async fn trap_9_two_times_are_two_pictures() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    for layer in ["currents", "search-areas", "particles", "probability", "trajectories"] {
        let at = async |hour_wanted: i64| {
            let path = format!(
                "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS={layer}&FORMAT=image/png&WIDTH=240&HEIGHT=120&TRANSPARENT=TRUE\
                 &CRS=CRS:84&BBOX=2.75,59.25,4.25,60.25&TIME={}",
                hour(hour_wanted)
            );
            let answer = service.get(&path).await;
            assert_eq!(answer.header("x-valid-time"), hour(hour_wanted), "{layer}");
            Pixels::of(&answer)
        };
        let (first, second, again) = (at(1).await, at(5).await, at(1).await);
        assert_ne!(first, second, "{layer}");
        assert_eq!(first, again, "{layer}");
    }
}

#[tokio::test]
async fn trap_10_times_are_a_period_however_many_there_are() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 48).await;
    let extent = format!("{}/{}/PT1H", hour(0), hour(48));
    for version in ["1.3.0", "1.1.1"] {
        let path = format!("/missions/{mission}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}");
        let text = String::from_utf8_lossy(&service.get(&path).await.body).into_owned();
        assert!(text.contains(&format!(">{extent}<")), "{version}: {text}");
        assert!(!text.contains(&hour(20)), "{version}");
    }
}

#[tokio::test]
async fn trap_11_current_and_nearest_times_are_answered_and_others_refused_with_the_range() {
    let service = Service::start().await;
    let picture_at = async |time: &str| wms(&service, &[CURRENTS, SEA_130, &format!("TIME={time}")]).await;
    let last = Pixels::of(&picture_at(&hour(LAST_HOUR)).await);
    for time in ["current", "CURRENT", ""] {
        assert_eq!(
            Pixels::of(&picture_at(time).await),
            last,
            "'{time}': forcing ended long ago"
        );
    }
    let without = wms(&service, &[CURRENTS, SEA_130]).await;
    assert_eq!(without.header("x-valid-time"), hour(LAST_HOUR));
    assert_eq!(Pixels::of(&without), last);
    for (time, shown) in [
        ("2025-01-01T02:29:59Z", 2),
        ("2025-01-01T02:31:00Z", 3),
        ("2025-01-01T04:00:00%2B02:00", 2),
        ("2025-01-01T01:10:00Z/2025-01-01T04:50:00Z", 4),
        ("2025-01-01T02Z", 2),
        ("2024-12-31T23:31:00Z", 0),
    ] {
        let answer = picture_at(time).await;
        assert_eq!(answer.header("x-valid-time"), hour(shown), "{time}");
    }
    for time in [
        "2024-12-31T23:29:59Z",
        "2025-01-01T06:30:01Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01/2026-01-02",
    ] {
        let answer = picture_at(time).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 400, "{time}");
        let range = format!("{}/{}/PT1H", hour(0), hour(LAST_HOUR));
        assert!(
            text.contains("code=\"InvalidDimensionValue\"") && text.contains(&range),
            "{time}: {text}"
        );
    }
}

#[tokio::test]
async fn trap_12_a_map_is_given_without_service_and_in_any_case() {
    let service = Service::start().await;
    let at = format!("TIME={}", hour(2));
    let with = picture(&service, &["SERVICE=WMS", CURRENTS, SEA_130, &at]).await;
    assert_eq!(with, picture(&service, &[CURRENTS, SEA_130, &at]).await);
    let lower = format!(
        "request=getmap&layers=currents&format=image/png&width=200&height=100&transparent=true&version=1.1.1&srs=epsg:4326\
         &bbox=2,58,7,62&time={}",
        hour(2)
    );
    assert_eq!(with, picture(&service, &[&lower]).await);
    assert_eq!(with, picture(&service, &[CURRENTS, SEA_111, &at]).await);
}

#[tokio::test]
async fn the_map_goes_on_across_the_antimeridian() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (179.8, -17.0), 6).await;
    for layer in ["search-areas", "particles", "trajectories"] {
        let draw = async |box_of_map: &str| {
            let path = format!(
                "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS={layer}&FORMAT=image/png&WIDTH=300&HEIGHT=200&TRANSPARENT=TRUE\
                 &CRS=CRS:84&BBOX={box_of_map}&TIME={}",
                hour(5)
            );
            Pixels::of(&service.get(&path).await)
        };
        let (east, west) = (draw("179,-17.5,181,-16").await, draw("-181,-17.5,-179,-16").await);
        assert_eq!(east, west, "{layer}");
        let sides = [0..150, 150..300].map(|columns| {
            let drawn = columns
                .flat_map(|x| (0..200).map(move |y| (x, y)))
                .filter(|(x, y)| east.at(*x, *y)[3] > 0);
            drawn.count()
        });
        assert!(sides[0] > 10 && sides[1] > 10, "{layer}: {sides:?}");
    }
}

/// Every address in a document.
fn addresses(text: &str) -> Vec<String> {
    let parts = text.split("href=\"").skip(1);
    let hrefs = parts.map(|part| part.split('"').next().unwrap().replace("&amp;", "&"));
    hrefs.filter(|href| href.starts_with(BASE)).collect()
}

#[tokio::test]
async fn trap_16_every_address_in_capabilities_works_as_it_stands() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let key = service.key_with("features:read").await;
    for root in ["".to_owned(), format!("/missions/{mission}")] {
        for version in ["1.1.1", "1.3.0"] {
            let path = format!("{root}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}&key={key}");
            let answer = service.ask_without_key(&path).await;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let found = addresses(&text);
            assert!(found.len() > 10, "{text}");
            for address in found {
                assert!(address.contains(&key), "{address}");
                let path = address.strip_prefix(BASE).unwrap();
                // Operations end where parameters begin.
                let path = if path.ends_with('?') || path.ends_with('&') {
                    format!("{path}SERVICE=WMS&REQUEST=GetCapabilities")
                } else {
                    path.to_owned()
                };
                let answer = service.ask_without_key(&path).await;
                assert_eq!(answer.status, 200, "{path}");
            }
        }
    }
    let bare = wms(&service, &["SERVICE=WMS", "REQUEST=GetCapabilities"]).await;
    assert!(
        !String::from_utf8_lossy(&bare.body).contains("dls_"),
        "a key in a header is repeated nowhere"
    );
}

#[tokio::test]
async fn trap_17_and_18_tile_addresses_carry_what_the_client_cannot_add() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let key = service.key_with("features:read").await;
    for root in ["".to_owned(), format!("/missions/{mission}")] {
        let list = service.ask_without_key(&format!("{root}/tiles?key={key}")).await.json();
        let tilesets = list["tilesets"].as_array().unwrap();
        assert!(tilesets.len() >= 7, "{list}");
        for tileset in tilesets {
            let address = tileset["tilejson"].as_str().unwrap();
            let answer = service.ask_without_key(address.strip_prefix(BASE).unwrap()).await;
            assert_eq!(answer.status, 200, "{address}");
            let template = answer.json()["tiles"][0].as_str().unwrap().to_owned();
            let tile = template.strip_prefix(BASE).unwrap();
            let tile = tile.replace("{z}", "6").replace("{x}", "32").replace("{y}", "18");
            let answer = service.ask_without_key(&tile).await;
            assert_eq!(answer.status, 200, "{tile}");
            assert!(!answer.body.is_empty(), "{tile}");
        }
    }
}

#[tokio::test]
async fn trap_24_vector_tiles_end_in_pbf_as_well() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let tile = async |ending: &str| {
        let path = format!("/missions/{mission}/tiles/particles/6/32/18.{ending}");
        service.get(&path).await
    };
    let (mvt, pbf) = (tile("mvt").await, tile("pbf").await);
    assert_eq!((mvt.status.as_u16(), pbf.status.as_u16()), (200, 200));
    assert_eq!(mvt.header("content-type"), "application/vnd.mapbox-vector-tile");
    assert_eq!(
        (mvt.header("content-type"), &mvt.body),
        (pbf.header("content-type"), &pbf.body)
    );
}
