//! Vector tiles as another reader sees them, against what is known of every feature; PNG tiles; TileJSON.

use std::collections::BTreeMap;

use fast_mvt::{MvtReaderRef, MvtValueRef};
use serde_json::json;

use crate::content::{Known, KnownRun, T0_S, publish, publish_with_raster};
use crate::forcing::time;
use crate::pixels::Pixels;
use crate::service::{Answer, BASE, Service};

/// A tile around the run of these tests.
const TILE: &str = "6/32/18";

pub(crate) struct Feature {
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) commands: Vec<u32>,
}

/// The features of a tile's one layer.
pub(crate) fn features(answer: &Answer, layer: &str) -> Vec<Feature> {
    if answer.status == 204 {
        return Vec::new();
    }
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let reader = MvtReaderRef::new(&answer.body).unwrap();
    let layers: Vec<_> = reader.layers().collect();
    assert_eq!(layers.len(), 1);
    assert_eq!((layers[0].name(), layers[0].extent()), (layer, 4096));
    let text = |value: MvtValueRef<'_>| match value {
        MvtValueRef::String(text) => text.to_owned(),
        other => format!("{other:?}"),
    };
    let read = |feature: fast_mvt::MvtFeatureRef<'_>| Feature {
        attributes: feature
            .properties()
            .map(|property| property.unwrap())
            .map(|(key, value)| (key.to_owned(), text(value)))
            .collect(),
        commands: feature.geometry_commands().to_vec(),
    };
    layers[0].features().map(read).collect()
}

async fn tile(service: &Service, mission: &str, set: &str, query: &str) -> Answer {
    service
        .get(&format!("/missions/{mission}/tiles/{set}/{TILE}.mvt?{query}"))
        .await
}

pub(crate) fn number(text: &str) -> i64 {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect();
    digits.parse().unwrap()
}

/// Particles in a tile: features, or those that cells count.
pub(crate) fn particles_in(found: &[Feature]) -> i64 {
    let count = |feature: &Feature| feature.attributes.get("count").map_or(1, |count| number(count));
    found.iter().map(count).sum()
}

/// How many features of a kind hold at some time of an interval.
fn count(known: &[Known], from_s: Option<i64>, until_s: Option<i64>) -> usize {
    known.iter().filter(|one| one.is_within(from_s, until_s)).count()
}

#[tokio::test]
async fn a_time_selects_in_tiles_what_it_selects_in_collections() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let KnownRun {
        areas,
        datums,
        particles,
        tracks,
    } = known;
    let (a, b) = (T0_S + 3_600, T0_S + 3 * 3_600);
    let (text_a, text_b) = (time(1), time(3));
    for (query, from, until) in [
        (String::new(), None, None),
        (format!("datetime={text_a}"), Some(a), Some(a)),
        (format!("time={text_a}"), Some(a), Some(a)),
        (format!("datetime={text_a}/{text_b}"), Some(a), Some(b)),
        (format!("datetime=../{text_b}"), None, Some(b)),
        (format!("datetime={text_b}/.."), Some(b), None),
        (
            "datetime=2025-01-01T01:30:00Z".to_owned(),
            Some(a + 1_800),
            Some(a + 1_800),
        ),
        ("datetime=2030-01-01T00:00:00Z/..".to_owned(), Some(i64::MAX), None),
    ] {
        let counts = [
            ("search-areas", count(&areas, from, until)),
            ("datums", count(&datums, from, until)),
            ("particles", count(&particles, from, until)),
            (
                "trajectories",
                tracks.iter().filter(|track| track.is_within(from, until)).count(),
            ),
        ];
        for (set, expected) in counts {
            let answer = tile(&service, &mission, set, &query).await;
            assert_eq!(answer.status, if expected == 0 { 204 } else { 200 }, "{set} {query}");
            let found = features(&answer, set);
            assert_eq!(particles_in(&found) as usize, expected, "{set} {query}");
            // Every feature lies in the tile, so that the collection has the same number.
            let items = query.replace("time=", "datetime=").replace("datedatetime", "datetime");
            let path = format!("/missions/{mission}/ogc/collections/{set}/items?limit=10000&{items}");
            let page = service.get(&path).await.json();
            assert_eq!(page["features"].as_array().unwrap().len(), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn areas_and_tracks_say_what_they_are() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let query = format!("datetime={}", time(2));
    let areas = features(&tile(&service, &mission, "search-areas", &query).await, "search-areas");
    let mut levels: Vec<&str> = areas.iter().map(|area| area.attributes["level"].as_str()).collect();
    levels.sort_unstable();
    assert_eq!(levels.len(), 3);
    assert!(levels[0].contains("0.5") && levels[2].contains("0.95"), "{levels:?}");
    let tracks = features(&tile(&service, &mission, "trajectories", "").await, "trajectories");
    let stranded = tracks
        .iter()
        .filter(|track| track.attributes["particle_status"] == "stranded")
        .count();
    assert_eq!((tracks.len(), stranded), (crate::content::PARTICLES, 1));
    let tilejson = service
        .get(&format!("/missions/{mission}/tiles/trajectories.json"))
        .await
        .json();
    let fields = tilejson["vector_layers"][0]["fields"].as_object().unwrap();
    for name in tracks[0].attributes.keys() {
        assert!(fields.contains_key(name), "{name} is not described");
    }
}

#[tokio::test]
async fn a_tenants_tiles_hold_all_its_runs_and_no_others() {
    let service = Service::start().await;
    let (first, _) = publish(&service, &service.ours, (3.0, 59.5), 2).await;
    let (second, _) = publish(&service, &service.ours, (3.1, 59.6), 2).await;
    let (foreign, _) = publish(&service, &service.theirs, (3.0, 59.5), 2).await;
    let query = format!("datetime={}", time(1));
    let found = features(
        &service.get(&format!("/tiles/particles/{TILE}.mvt?{query}")).await,
        "particles",
    );
    assert_eq!(particles_in(&found) as usize, 2 * crate::content::PARTICLES);
    let mut missions: Vec<&str> = found
        .iter()
        .map(|feature| feature.attributes["mission_id"].as_str())
        .collect();
    missions.sort_unstable();
    missions.dedup();
    let mut ours = [first.as_str(), second.as_str()];
    ours.sort_unstable();
    assert_eq!(missions, ours);
    for path in [
        format!("/missions/{foreign}/tiles"),
        format!("/missions/{foreign}/tiles/particles.json"),
        format!("/missions/{foreign}/tiles/particles/{TILE}.mvt"),
        format!("/missions/{foreign}/tiles/currents/{TILE}.png"),
        format!("/missions/{foreign}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
        format!("/v1/missions/{foreign}/particles"),
    ] {
        assert_eq!(service.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn png_tiles_show_layer_time_and_style() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let base = format!("/missions/{mission}/tiles");
    let draw = async |path: String| Pixels::of(&service.get(&path).await);
    for layer in ["currents", "wind", "search-areas", "probability"] {
        let one = draw(format!("{base}/{layer}/{TILE}.png?datetime={}", time(1))).await;
        assert_eq!((one.width, one.height), (256, 256));
        assert!(one.drawn() > 20, "{layer}");
        let dense = draw(format!("{base}/{layer}/{TILE}@2x.png?time={}", time(1))).await;
        assert_eq!((dense.width, dense.height), (512, 512));
        assert!(dense.drawn() > 2 * one.drawn(), "{layer}");
        if layer != "wind" {
            let later = draw(format!("{base}/{layer}/{TILE}.png?datetime={}", time(5))).await;
            assert_ne!(one, later, "{layer}");
        }
        let styles = service.get(&format!("{base}/{layer}.png.json")).await.json()["driftline:styles"].clone();
        let other = styles[1]["name"].as_str().unwrap();
        let styled = draw(format!("{base}/{layer}/{TILE}.png?datetime={}&style={other}", time(1))).await;
        assert_ne!(one, styled, "{layer} {other}");
    }
    let empty = service
        .get(&format!("{base}/currents/6/1/1.png?datetime={}", time(1)))
        .await;
    // Browsers call an <img> that is answered without a body broken.
    assert_eq!((empty.status.as_u16(), empty.header("x-test-bill")), (200, ""));
    let empty = Pixels::of(&empty);
    assert_eq!((empty.width, empty.height, empty.drawn()), (256, 256, 0));
    let span = 2.0 * 20_037_508.342_789_244 / 64.0;
    let north = 20_037_508.342_789_244 - 18.0 * span;
    let tile_of_wms = format!(
        "CRS=EPSG:3857&WIDTH=256&HEIGHT=256&BBOX=0,{},{span},{north}",
        north - span
    );
    let same = draw(format!(
        "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=probability&FORMAT=image/png&TRANSPARENT=TRUE&{tile_of_wms}&TIME={}",
        time(1)
    ));
    let tile = draw(format!("{base}/probability/6/32/18.png?datetime={}", time(1))).await;
    assert_eq!(same.await, tile, "WMS and tiles draw the same");
}

#[tokio::test]
async fn tilejson_says_where_when_and_what() {
    let service = Service::start().await;
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let of = async |name: &str| service.get(&format!("/missions/{mission}/tiles/{name}")).await.json();
    let particles = of("particles.json").await;
    assert_eq!(particles["tilejson"], "3.0.0");
    assert_eq!(
        particles["tiles"][0],
        format!("{BASE}/missions/{mission}/tiles/particles/{{z}}/{{x}}/{{y}}.mvt")
    );
    assert_eq!(particles["vector_layers"][0]["id"], "particles");
    let fields = &particles["vector_layers"][0]["fields"];
    assert_eq!(fields["particle_id"], "Number; from zoom 10 on");
    let times = &particles["driftline:times"];
    assert_eq!((&times["first"], &times["last"]), (&json!(time(0)), &json!(time(6))));
    assert_eq!(times["step_s"], 3600);
    assert!(particles["attribution"].as_str().unwrap().contains("MET Norway"));
    let bounds: Vec<f64> = serde_json::from_value(particles["bounds"].clone()).unwrap();
    let center: Vec<f64> = serde_json::from_value(particles["center"].clone()).unwrap();
    assert!(bounds[0] < center[0] && center[0] < bounds[2] && bounds[1] < center[1] && center[1] < bounds[3]);
    let timed = of(&format!("wind.json?datetime={}&style=arrows", time(2))).await;
    let template = timed["tiles"][0].as_str().unwrap();
    assert!(
        template.ends_with(&format!("{{y}}.png?datetime={}&style=arrows", time(2))),
        "{template}"
    );
    assert!(
        of("currents.json").await["attribution"]
            .as_str()
            .unwrap()
            .contains("&lt;by&gt;")
    );
    let areas = of("search-areas.png.json").await;
    assert!(areas["tiles"][0].as_str().unwrap().ends_with(".png"), "{areas}");
}

#[tokio::test]
async fn what_is_no_tile_is_refused_by_name() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let waiting = service.accept(&service.ours).await.id;
    for (path, status, word) in [
        (format!("/missions/{mission}/tiles/nothing.json"), 404, "nothing"),
        (
            format!("/missions/{mission}/tiles/nothing/1/0/0.mvt"),
            404,
            "nothing/1/0/0.mvt",
        ),
        (
            format!("/missions/{mission}/tiles/particles/1/2/0.mvt"),
            404,
            "particles/1/2/0",
        ),
        (format!("/missions/{mission}/tiles/particles/99/0/0.mvt"), 404, "99"),
        (format!("/missions/{mission}/tiles/particles/1/0/0.png"), 404, "0.png"),
        (
            format!("/missions/{mission}/tiles/particles/1/0/0.mvt?datetime=now"),
            400,
            "RFC 3339",
        ),
        (
            format!("/missions/{mission}/tiles/particles/1/0/0.mvt?style=day"),
            400,
            "style",
        ),
        (
            format!("/missions/{mission}/tiles/particles/1/0/0.mvt?filter=a"),
            400,
            "filter",
        ),
        (
            format!("/missions/{mission}/tiles/particles.json?datetime=now"),
            400,
            "RFC 3339",
        ),
        (
            format!("/missions/{mission}/tiles/currents/1/0/0.png?style=pink"),
            400,
            "colour-arrows",
        ),
        (
            format!("/missions/{mission}/tiles/currents/1/0/0.png?datetime=2030-01-01T00:00:00Z"),
            400,
            "2025-01-01T06:00:00Z",
        ),
        (
            format!("/missions/{mission}/tiles/currents.json?datetime=2030-01-01T00:00:00Z"),
            400,
            "2025-01-01T06:00:00Z",
        ),
        (
            format!(
                "/missions/{mission}/tiles/currents/1/0/0.png?datetime={}&time={}",
                time(1),
                time(2)
            ),
            400,
            "contradicts",
        ),
        (
            format!("/missions/{mission}/tiles/probability.json"),
            404,
            "version without it",
        ),
        (
            format!("/missions/{mission}/tiles/probability/1/0/0.png"),
            404,
            "version without it",
        ),
        (
            format!("/missions/{mission}/tiles/waves/1/0/0.png"),
            404,
            "nothing of it is stored",
        ),
        (format!("/missions/{waiting}/tiles/particles/1/0/0.mvt"), 409, "queued"),
        (format!("/missions/{waiting}/tiles/particles.json"), 409, "queued"),
        (
            format!("/missions/{waiting}/tiles/probability/1/0/0.png"),
            404,
            "queued",
        ),
        ("/tiles/probability/1/0/0.png".to_owned(), 404, "no such layer"),
    ] {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, status, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(word), "{path}: {detail}");
        assert_eq!(answer.header("x-test-bill"), "", "{path}");
    }
    let waiting_forcing = service
        .get(&format!("/missions/{waiting}/tiles/currents/{TILE}.png"))
        .await;
    assert_eq!(waiting_forcing.status, 200, "forcing can be seen while a mission waits");
}
