//! Maps in UTM and polar systems show the same places as maps in degrees.

use driftline_domain::ReferenceSystem;
use driftline_tiles::MapView;

use crate::content::publish_with_raster;
use crate::forcing::time;
use crate::pixels::Pixels;
use crate::service::Service;

const SIDE: u32 = 120;
/// Systems of every kind; the last one is used far outside of its zone, in the other hemisphere.
const SYSTEMS: [&str; 4] = ["EPSG:32631", "EPSG:3995", "EPSG:3413", "EPSG:32733"];

/// A square of these metres to each side around the search areas of the tests.
fn around(system: &str, half_m: f64) -> [f64; 4] {
    let (x, y) = ReferenceSystem::find(system).unwrap().forward(3.2, 59.7).unwrap();
    [x - half_m, y - half_m, x + half_m, y + half_m]
}

fn query(layers: &str, styles: &str, system: &str, bounds: [f64; 4], version: &str) -> String {
    let bounds = bounds.map(|bound| bound.to_string()).join(",");
    format!(
        "REQUEST=GetMap&VERSION={version}&LAYERS={layers}&STYLES={styles}&CRS={system}&SRS={system}&BBOX={bounds}\
         &WIDTH={SIDE}&HEIGHT={SIDE}&FORMAT=image/png&TRANSPARENT=TRUE&TIME={}",
        time(2)
    )
}

/// The part of a picture in a system and one in degrees in which both agree on whether something is drawn, of the pixels
/// where either has something.
async fn agreement(
    service: &Service,
    path: &str,
    (layers, styles, is_counted): (&str, &str, fn(u8) -> bool),
    (system, bounds): (&str, [f64; 4]),
) -> f64 {
    let bent = Pixels::of(
        &service
            .get(&format!("{path}?{}", query(layers, styles, system, bounds, "1.3.0")))
            .await,
    );
    let old = Pixels::of(
        &service
            .get(&format!("{path}?{}", query(layers, styles, system, bounds, "1.1.1")))
            .await,
    );
    assert_eq!(bent, old, "the versions have the same order of axes in {system}");
    let view = MapView::new(ReferenceSystem::find(system).unwrap().into(), bounds, SIDE, SIDE).unwrap();
    let area = view.geographic_bounds().unwrap();
    // Coarse enough that lines and labels take about as much of it as of the other picture.
    let side = 2 * SIDE;
    let degrees = format!(
        "REQUEST=GetMap&VERSION=1.3.0&LAYERS={layers}&STYLES={styles}&CRS=CRS:84&BBOX={},{},{},{}&WIDTH={side}&HEIGHT={side}\
         &FORMAT=image/png&TRANSPARENT=TRUE&TIME={}",
        area.west,
        area.south,
        area.east,
        area.north,
        time(2)
    );
    let flat = Pixels::of(&service.get(&format!("{path}?{degrees}")).await);
    let (mut same, mut all) = (0u32, 0u32);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (lon, lat) = view.lon_lat(f64::from(x) + 0.5, f64::from(y) + 0.5);
            let column = ((lon - area.west) / (area.east - area.west) * f64::from(side)) as u32;
            let row = ((area.north - lat) / (area.north - area.south) * f64::from(side)) as u32;
            let (here, there) = (
                is_counted(bent.at(x, y)[3]),
                is_counted(flat.at(column.min(side - 1), row.min(side - 1))[3]),
            );
            all += u32::from(here || there);
            same += u32::from(here && there);
        }
    }
    assert!(all > 500, "{layers} in {system} shows something: {all}");
    f64::from(same) / f64::from(all)
}

#[tokio::test]
async fn every_layer_stands_in_the_same_place_in_every_system() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let path = format!("/missions/{mission}/wms");
    let all = |alpha: u8| alpha > 0;
    // Of areas the fills: lines and labels are as wide in every picture.
    let fills = |alpha: u8| (20..150).contains(&alpha);
    for system in SYSTEMS {
        for (layer, half_m, least) in [
            (("currents", "colour", all as fn(u8) -> bool), 120e3, 0.99),
            (("search-areas", "filled", fills), 35e3, 0.55),
            (("probability", "", all), 35e3, 0.8),
        ] {
            let share = agreement(&service, &path, layer, (system, around(system, half_m))).await;
            assert!(share > least, "{} in {system}: {share}", layer.0);
        }
    }
}

#[tokio::test]
async fn arrows_turn_with_the_projection() {
    let service = Service::start().await;
    // Currents flow east everywhere: in EPSG:3413 at 3 degrees east that is 42 degrees off, in UTM nearly to the right.
    let width_and_height = async |system: &str, bounds: [f64; 4]| {
        let map = query("currents", "arrows", system, bounds, "1.3.0")
            .replace(&format!("WIDTH={SIDE}&HEIGHT={SIDE}"), "WIDTH=32&HEIGHT=32");
        let map = Pixels::of(&service.get(&format!("/wms?{map}")).await);
        let drawn = |x: u32, y: u32| map.at(x, y)[3] > 0;
        let columns = (0..32).filter(|x| (0..32).any(|y| drawn(*x, y))).count();
        let rows = (0..32).filter(|y| (0..32).any(|x| drawn(x, *y))).count();
        (columns, rows)
    };
    let (columns, rows) = width_and_height("EPSG:32631", around(SYSTEMS[0], 16e3)).await;
    assert!(2 * columns > 3 * rows, "{columns} x {rows}");
    let (columns, rows) = width_and_height("EPSG:3413", around(SYSTEMS[2], 16e3)).await;
    assert!(columns.abs_diff(rows) < 6 && rows > 8, "{columns} x {rows}");
}

#[tokio::test]
async fn a_click_in_a_projected_map_finds_the_place() {
    let service = Service::start().await;
    let system = SYSTEMS[0];
    let bounds = [400_000.0, 6_520_000.0, 640_000.0, 6_760_000.0];
    let click = query("currents", "", system, bounds, "1.3.0").replace("GetMap", "GetFeatureInfo");
    let found = service
        .get(&format!(
            "/wms?{click}&QUERY_LAYERS=currents&I=60&J=60&INFO_FORMAT=application/json"
        ))
        .await;
    let found = found.json();
    let place = &found["features"][0]["geometry"]["coordinates"];
    let (lon, lat) = ReferenceSystem::find(system)
        .unwrap()
        .inverse(521_000.0, 6_639_000.0)
        .unwrap();
    assert!(
        (place[0].as_f64().unwrap() - lon).abs() < 1e-6 && (place[1].as_f64().unwrap() - lat).abs() < 1e-6,
        "{place}"
    );
}

#[tokio::test]
async fn the_pole_and_places_out_of_reach_do_no_harm() {
    let service = Service::start().await;
    for (system, bounds) in [
        ("EPSG:3995", [-2e6, -2e6, 2e6, 2e6]),
        ("EPSG:3031", [-3e6, -3e6, 3e6, 3e6]),
        ("EPSG:32633", [-3e7, -3e7, 3e7, 3e7]),
        ("EPSG:3995", [-3e7, -3e7, 3e7, 3e7]),
        ("EPSG:32701", [1e6, 1e6, 1.001e6, 1.001e6]),
    ] {
        let answer = service
            .get(&format!(
                "/wms?{}",
                query("currents", "colour-arrows", system, bounds, "1.3.0")
            ))
            .await;
        assert_eq!(answer.status, 200, "{system} {bounds:?}");
    }
}
