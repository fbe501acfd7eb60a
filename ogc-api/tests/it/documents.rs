//! Documents of a run: listed, made once when somebody asks, kept, billed as exports, and nobody else's business.

use driftline_coast::Coast;
use driftline_database::NewRun;
use driftline_domain::{MissionId, Mode, ObjectClass, RunId, ValidTime};
use driftline_simulate::documents::{
    AREA_FILES, CENTROID_FILE, DOCUMENTS, PARTICLES_FILE, PROBABILITY_FILE, STRANDING_FILE,
};
use driftline_simulate::products::{
    AreaSettings, Cloud, LEVELS, RasterGrid, RunLabel, Status, areas_and_probability, centroid_geojson,
    particles_parquet, probability_tif, search_area_geojson, stranding, stranding_geojson,
};
use http::Method;
use serde_json::{Value, json};

use crate::content::{CREDIT, T0_S, publish};
use crate::service::{Service, Tenant};

const PARTICLES: usize = 200;
const HOURS: i64 = 3;

/// Publishes a run whose files are as the worker writes them.
async fn publish_whole(service: &Service, tenant: &Tenant) -> (MissionId, RunId) {
    let mission = service.accept(tenant).await;
    let id = RunId::generate();
    let issued = jiff::Timestamp::from_second(T0_S).unwrap();
    let label = RunLabel {
        mission_id: mission.id,
        run_id: id,
        issued: ValidTime(issued),
        object: ObjectClass::find("PIW-1").unwrap(),
        mode: Mode::Operational,
        seed: 7,
        engine_version: "0.0.0".to_owned(),
        attribution: vec![CREDIT.to_owned()],
        more: serde_json::Map::new(),
    };
    let scatter = |particle: usize, salt: usize| ((particle * 7_919 + salt) % 211) as f64 / 2_110.0;
    let status = vec![Status::Active; PARTICLES];
    let columns: Vec<(Vec<f64>, Vec<f64>)> = (0..=HOURS)
        .map(|hour| {
            let lon = |particle| 4.0 + scatter(particle, 1) + 0.02 * hour as f64;
            let lat = |particle| 61.5 + scatter(particle, 77);
            ((0..PARTICLES).map(lon).collect(), (0..PARTICLES).map(lat).collect())
        })
        .collect();
    let clouds: Vec<Cloud<'_>> = columns
        .iter()
        .zip(0..)
        .map(|((lon_deg, lat_deg), hour)| Cloud {
            time: ValidTime::from_unix_s(T0_S + 3600 * hour).unwrap(),
            lon_deg,
            lat_deg,
            status: &status,
        })
        .collect();
    let grid = RasterGrid::around(&clouds, 0.0);
    let (sets, bands): (Vec<_>, Vec<_>) = clouds
        .iter()
        .map(|cloud| areas_and_probability(cloud, &AreaSettings::default(), &grid).unwrap())
        .map(|(set, band)| (set.unwrap(), band))
        .unzip();
    let bands = clouds.iter().map(|cloud| cloud.time).zip(bands);
    let ashore = stranding(&clouds, &[], &Coast::embedded().unwrap()).unwrap();
    let mut files = vec![
        (PARTICLES_FILE, particles_parquet(&clouds, &label).unwrap()),
        (CENTROID_FILE, centroid_geojson(&sets, &label).unwrap()),
        (PROBABILITY_FILE, probability_tif(&grid, bands, &label).unwrap()),
        (STRANDING_FILE, stranding_geojson(&ashore, &label).unwrap()),
    ];
    for (name, level) in AREA_FILES.into_iter().zip(LEVELS) {
        files.push((name, search_area_geojson(&sets, level, &label).unwrap()));
    }
    for (name, bytes) in &files {
        let mut kept = service.files.0.lock().unwrap();
        kept.insert((id, (*name).to_owned()), bytes.clone().into());
    }
    let listed: Vec<Value> = files.iter().map(|(name, _)| json!({"name": name})).collect();
    let run = NewRun {
        id,
        valid_from: clouds[0].time,
        valid_until: clouds[HOURS as usize].time,
        bbox: [4.0, 61.5, 4.2, 61.6],
        summary: json!({
            "particles": PARTICLES, "mode": "operational", "seed": 7, "engine_version": "0.0.0", "issued": issued,
            "object": {"key": "PIW-1"}, "attribution": [CREDIT], "forcing": [], "files": listed,
            "valid_until": clouds[HOURS as usize].time, "step_s": 600, "output_interval_s": 3600,
        }),
        features: Vec::new(),
        charge_units: 1,
    };
    service.complete(run).await;
    (mission.id, id)
}

async fn listed(service: &Service, mission: MissionId, name: &str) -> Value {
    let results = service.get(&format!("/v1/missions/{mission}/results")).await.json();
    let files = results["files"].as_array().unwrap();
    files
        .iter()
        .find(|file| file["name"] == name)
        .cloned()
        .unwrap_or_default()
}

#[tokio::test]
async fn each_is_made_once_when_asked_for_and_kept() {
    let service = Service::start().await;
    let (mission, run) = publish_whole(&service, &service.ours).await;
    for document in DOCUMENTS {
        let before = listed(&service, mission, document.name).await;
        assert_eq!(
            (&before["type"], &before["bytes"]),
            (&json!(document.media_type), &Value::Null),
            "{before}"
        );
        assert_eq!(before["on_request"], true);
        let path = format!("/v1/missions/{mission}/results/{}", document.name);
        // The memory of this test refuses to keep anything twice.
        let all = futures::future::join_all((0..6).map(|_| service.get(&path))).await;
        for answer in &all {
            assert_eq!(
                answer.status,
                200,
                "{}: {}",
                document.name,
                String::from_utf8_lossy(&answer.body)
            );
            assert_eq!(answer.body, all[0].body);
            assert_eq!(answer.header("content-type"), document.media_type);
            assert_eq!(answer.header("x-test-bill"), "export 1 false");
        }
        let kept = service.files.0.lock().unwrap()[&(run, document.name.to_owned())].clone();
        assert_eq!(kept, all[0].body, "{}", document.name);
        assert_eq!(listed(&service, mission, document.name).await["bytes"], kept.len());
        let tag = all[0].header("etag").to_owned();
        let again = service
            .ask(Method::GET, &path, &service.ours.key, &[("if-none-match", &tag)])
            .await;
        assert_eq!((again.status.as_u16(), again.header("x-test-bill")), (304, ""));
        let part = service
            .ask(Method::GET, &path, &service.ours.key, &[("range", "bytes=0-3")])
            .await;
        assert_eq!((part.status.as_u16(), &part.body[..]), (206, &kept[..4]));
    }
}

#[tokio::test]
async fn others_learn_nothing_and_make_nothing() {
    let service = Service::start().await;
    let (mission, run) = publish_whole(&service, &service.ours).await;
    for document in DOCUMENTS {
        let path = format!("/v1/missions/{mission}/results/{}", document.name);
        let foreign = service.ask(Method::GET, &path, &service.theirs.key, &[]).await;
        assert_eq!(foreign.status, 404);
        let unknown = service.get(&format!("{path}.bak")).await;
        assert_eq!(unknown.status, 404);
        assert!(
            !service
                .files
                .0
                .lock()
                .unwrap()
                .contains_key(&(run, document.name.to_owned()))
        );
    }
}

#[tokio::test]
async fn a_run_without_the_files_has_no_documents_and_a_broken_one_says_no_cause() {
    let service = Service::start().await;
    let (old, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    assert_eq!(
        service
            .get(&format!("/v1/missions/{old}/results/areas.kml"))
            .await
            .status,
        404
    );
    let (mission, run) = publish_whole(&service, &service.ours).await;
    let broken = (run, CENTROID_FILE.to_owned());
    let whole = service
        .files
        .0
        .lock()
        .unwrap()
        .insert(broken.clone(), "{}".into())
        .unwrap();
    let path = format!("/v1/missions/{mission}/results/areas.kml");
    let answer = service.get(&path).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-test-bill")), (500, ""));
    assert!(!answer.json()["detail"].as_str().unwrap().contains("features"));
    // What failed is tried again: the failure is not kept.
    service.files.0.lock().unwrap().insert(broken, whole);
    assert_eq!(service.get(&path).await.status, 200);
}
