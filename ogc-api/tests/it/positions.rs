//! Particles and trajectories, read from the files of several runs, against what is known of every one.

use serde_json::{Value, json};

use crate::content::{Dice, KnownRun, PARTICLES, T0_S, publish};
use crate::service::{BASE, Service};

const PARTICLE_ITEMS: &str = "/ogc/collections/particles/items";
const TRACK_ITEMS: &str = "/ogc/collections/trajectories/items";
const HOURS: i64 = 8;

async fn with_runs() -> (Service, Vec<(String, KnownRun)>) {
    let service = Service::start().await;
    let mut runs = Vec::new();
    for place in [(3.0, 59.5), (3.2, 59.6), (179.737, -17.0)] {
        runs.push(publish(&service, &service.ours, place, HOURS).await);
    }
    publish(&service, &service.theirs, (3.1, 59.6), HOURS).await;
    (service, runs)
}

fn ids(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap();
    features
        .iter()
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn walk(service: &Service, first: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), first.to_owned());
    loop {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let page = answer.json();
        found.extend(ids(&page));
        let next = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["rel"] == "next")
            .cloned();
        let Some(next) = next else { return found };
        path = next["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    }
}

#[tokio::test]
async fn a_walk_over_several_files_sees_every_row_once_and_in_order() {
    let (service, runs) = with_runs().await;
    let rows = PARTICLES * (HOURS as usize + 1);
    let particles: Vec<String> = runs
        .iter()
        .flat_map(|(_, run)| &run.particles)
        .map(|p| p.id.clone())
        .collect();
    assert_eq!(particles.len(), 3 * rows);
    for limit in [97, rows - 1, rows, rows + 1, 3 * rows, 10_000] {
        assert_eq!(
            walk(&service, &format!("{PARTICLE_ITEMS}?limit={limit}")).await,
            particles,
            "limit {limit}"
        );
    }
    let tracks: Vec<String> = runs
        .iter()
        .flat_map(|(_, run)| &run.tracks)
        .map(|track| track.id.clone())
        .collect();
    for limit in [1, 7, PARTICLES, 10_000] {
        assert_eq!(
            walk(&service, &format!("{TRACK_ITEMS}?limit={limit}")).await,
            tracks,
            "limit {limit}"
        );
    }
    let (mission, run) = &runs[1];
    let own: Vec<String> = run.particles.iter().map(|particle| particle.id.clone()).collect();
    let path = format!("/missions/{mission}{PARTICLE_ITEMS}?limit=100");
    assert_eq!(
        walk(&service, &path).await,
        own,
        "one mission's root holds its own run only"
    );
    let offset = service
        .get(&format!("{PARTICLE_ITEMS}?offset={}&limit=5", rows + 2))
        .await
        .json();
    assert_eq!(ids(&offset), particles[rows + 2..rows + 7]);
}

#[tokio::test]
async fn boxes_and_intervals_select_what_a_scan_selects() {
    let (service, runs) = with_runs().await;
    let mut dice = Dice(3);
    let mut boxes = vec![
        [-180.0, -90.0, 180.0, 90.0],
        [179.0, -20.0, -179.0, -10.0],
        [50.0, 0.0, 60.0, 10.0],
    ];
    for (west, south) in [(2.9, 59.4), (179.7, -17.1)] {
        for _ in 0..25 {
            let west = dice.between(west, west + 0.6);
            let south = dice.between(south, south + 0.4);
            let east = west + dice.between(0.01, 0.3);
            let into_turn = |lon: f64| if lon > 180.0 { lon - 360.0 } else { lon };
            boxes.push([into_turn(west), south, into_turn(east), south + dice.between(0.01, 0.2)]);
        }
    }
    let (a, b) = (T0_S + 2 * 3600, T0_S + 5 * 3600);
    let intervals = [
        ("../..", None, None),
        ("2025-01-01T02:00:00Z/2025-01-01T05:00:00Z", Some(a), Some(b)),
        ("2025-01-01T02:00:00Z", Some(a), Some(a)),
        ("2025-01-01T02:00:00.000001Z/..", Some(a + 1), None),
        ("../2025-01-01T01:59:59Z", None, Some(a - 1)),
    ];
    let mut selected = [0, 0];
    for bbox in &boxes {
        for (datetime, from, until) in &intervals {
            let [west, south, east, north] = bbox;
            let query = format!("limit=10000&bbox={west},{south},{east},{north}&datetime={datetime}");
            let all = runs.iter().flat_map(|(_, run)| &run.particles);
            let expected: Vec<String> = all
                .filter(|p| p.touches(*bbox) && p.is_within(*from, *until))
                .map(|p| p.id.clone())
                .collect();
            let found = ids(&service.get(&format!("{PARTICLE_ITEMS}?{query}")).await.json());
            assert_eq!(found, expected, "{query}");
            let all = runs.iter().flat_map(|(_, run)| &run.tracks);
            let expected_tracks: Vec<String> = all
                .filter(|track| track.touches(*bbox) && track.is_within(*from, *until))
                .map(|track| track.id.clone())
                .collect();
            let found = ids(&service.get(&format!("{TRACK_ITEMS}?{query}")).await.json());
            assert_eq!(found, expected_tracks, "{query}");
            selected[0] += expected.len();
            selected[1] += expected_tracks.len();
        }
    }
    assert!(selected[0] > 3_000 && selected[1] > 1_000, "{selected:?}");
}

#[tokio::test]
async fn single_rows_are_found_by_their_ids_and_by_their_owner_only() {
    let (service, runs) = with_runs().await;
    let (mission, run) = &runs[1];
    for (collection, id) in [
        ("particles", &run.particles[37].id),
        ("trajectories", &run.tracks[3].id),
    ] {
        let path = format!("/ogc/collections/{collection}/items/{id}");
        let feature = service.get(&path).await;
        assert_eq!(
            (feature.status.as_u16(), feature.header("x-test-bill")),
            (200, "features 1 false")
        );
        assert_eq!(feature.json()["id"], *id);
        let in_mission = service.get(&format!("/missions/{mission}{path}")).await;
        assert_eq!(in_mission.json()["properties"], feature.json()["properties"]);
        let elsewhere = service.get(&format!("/missions/{}{path}", runs[0].0)).await;
        assert_eq!(elsewhere.status, 404);
        let foreign = service.ask(http::Method::GET, &path, &service.theirs.key, &[]).await;
        assert_eq!(foreign.status, 404);
    }
    let particle = service
        .get(&format!("{PARTICLE_ITEMS}/{}", run.particles[37].id))
        .await
        .json();
    let place = run.particles[37].corner;
    assert!((particle["geometry"]["coordinates"][0].as_f64().unwrap() - place.0).abs() < 1e-6);
    assert_eq!(particle["properties"]["particle_id"], 7);
    assert_eq!(particle["properties"]["valid_time"], "2025-01-01T01:00:00Z");
    let stranded = service.get(&format!("{TRACK_ITEMS}/{}", run.tracks[3].id)).await.json();
    assert_eq!(stranded["properties"]["particle_status"], "stranded");
    assert_eq!(stranded["properties"]["valid_end"], "2025-01-01T02:00:00Z");
    assert_eq!(stranded["properties"]["vertex_times"].as_array().unwrap().len(), 3);
    let last = run.particles.len();
    let run_id = run.particles[0].id.split('.').next().unwrap();
    for row in [
        last.to_string(),
        "99999999999".to_owned(),
        u64::MAX.to_string(),
        "x".to_owned(),
    ] {
        let path = format!("{PARTICLE_ITEMS}/{run_id}.particles.{row}");
        assert_eq!(service.get(&path).await.status, 404, "{row}");
    }
    let (_, fiji) = &runs[2];
    let crossing = service
        .get(&format!("{TRACK_ITEMS}/{}", fiji.tracks[0].id))
        .await
        .json();
    assert_eq!(
        crossing["geometry"]["type"], "MultiLineString",
        "cut at the antimeridian"
    );
}

#[tokio::test]
async fn a_withdrawn_mission_takes_its_particles_along() {
    let (service, runs) = with_runs().await;
    let (mission, run) = &runs[0];
    let before = walk(&service, &format!("{PARTICLE_ITEMS}?limit=10000")).await;
    service
        .ask(
            http::Method::DELETE,
            &format!("/v1/missions/{mission}"),
            &service.ours.key,
            &[],
        )
        .await;
    let after = walk(&service, &format!("{PARTICLE_ITEMS}?limit=10000")).await;
    assert_eq!(after[..], before[run.particles.len()..]);
    let gone = service.get(&format!("{PARTICLE_ITEMS}/{}", run.particles[0].id)).await;
    assert_eq!(gone.status, 404);
    let extent = service.get("/ogc/collections/particles").await.json()["extent"]["spatial"]["bbox"][0].clone();
    assert_eq!(extent[0], json!(3.2), "{extent}");
}

#[tokio::test]
async fn a_damaged_file_is_a_fault_of_ours_and_tells_nothing() {
    let (service, runs) = with_runs().await;
    let run_id = runs[0].1.particles[0].id.split('.').next().unwrap().parse().unwrap();
    let files = &service.files.0;
    files
        .lock()
        .unwrap()
        .insert((run_id, "particles.parquet".to_owned()), "no parquet".into());
    let answer = service.get(PARTICLE_ITEMS).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (500, "application/problem+json")
    );
    assert!(!String::from_utf8_lossy(&answer.body).to_lowercase().contains("parquet"));
    assert!(answer.json()["request_id"].as_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn a_panic_is_a_fault_of_ours_and_the_service_goes_on() {
    let (service, runs) = with_runs().await;
    let run_id = runs[0].1.particles[0].id.split('.').next().unwrap().parse().unwrap();
    service
        .files
        .0
        .lock()
        .unwrap()
        .insert((run_id, "notes.txt".to_owned()), "panic".into());
    let path = format!("/v1/missions/{}/results/notes.txt", runs[0].0);
    let answer = service.get(&path).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (500, "application/problem+json")
    );
    assert!(!String::from_utf8_lossy(&answer.body).contains("purpose"));
    assert_eq!(service.get("/ogc").await.status, 200);
}
