//! GeoJSON files, read back as any client would.

use geo::{Area as _, MultiPolygon, Validation};
use geojson::GeoJson;

use super::*;
use crate::products::sample::{Run, label};
use crate::products::{AreaSettings, LEVELS, search_areas, tracks};

fn collection(bytes: &[u8]) -> FeatureCollection {
    let collection: FeatureCollection = std::str::from_utf8(bytes)
        .unwrap()
        .parse::<GeoJson>()
        .unwrap()
        .try_into()
        .unwrap();
    let attribution = &collection.foreign_members.as_ref().unwrap()["attribution"];
    assert_eq!(
        attribution,
        "Data from MET Norway; Generated using E.U. Copernicus Marine Service"
    );
    let mut ids: Vec<String> = collection
        .features
        .iter()
        .map(|feature| feature.property("id").unwrap().to_string())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), collection.features.len(), "ids are unique");
    for feature in &collection.features {
        assert_eq!(feature.property("seed").unwrap(), 42);
        assert_eq!(feature.property("leeway_mode").unwrap(), "operational");
        assert_eq!(feature.property("fallback_used").unwrap(), false);
        assert_eq!(feature.property("object_code").unwrap(), "PIW-1");
    }
    collection
}

fn sets(run: &Run) -> Vec<AreaSet> {
    run.clouds()
        .iter()
        .map(|cloud| search_areas(cloud, &AreaSettings::default()).unwrap().unwrap())
        .collect()
}

#[test]
fn search_areas_are_valid_geojson() {
    let run = Run::fiji();
    let sets = sets(&run);
    for (k, level) in LEVELS.into_iter().enumerate() {
        let collection = collection(&search_area_geojson(&sets, level, &label()).unwrap());
        assert_eq!(collection.features.len(), 5);
        for (feature, set) in collection.features.into_iter().zip(&sets) {
            assert_eq!(feature.property("valid_time").unwrap(), &set.time.to_string());
            let area_km2 = feature.property("area_km2").unwrap().as_f64().unwrap();
            assert!((area_km2 / set.levels[k].area_km2 - 1.0).abs() < 1e-12);
            let poc = feature.property("poc").unwrap().as_f64().unwrap();
            assert!(poc < level && poc > 0.8 * level, "some are ashore or lost: {poc}");
            assert!(
                feature
                    .properties_iter()
                    .all(|(_, value)| !value.is_object() && !value.is_array()),
                "flat scalars"
            );
            let polygons: MultiPolygon = feature.geometry.unwrap().try_into().unwrap();
            assert!(polygons.is_valid(), "also after rounding");
            assert!(
                polygons.iter().all(|polygon| polygon.signed_area() > 0.0),
                "exteriors counter-clockwise"
            );
            for ring in polygons.iter().map(|polygon| polygon.exterior()) {
                assert!(ring.is_closed() && ring.0.len() >= 4);
                assert!(ring.0.iter().all(|coord| coord.x.abs() <= 180.0));
            }
        }
    }
    let error = search_area_geojson(&sets, 0.7, &label()).unwrap_err();
    assert!(matches!(error, Error::Levels(levels) if levels == [0.7]));
    assert!(
        collection(&search_area_geojson(&[], 0.5, &label()).unwrap())
            .features
            .is_empty()
    );
}

#[test]
fn centroids_lie_in_the_cloud() {
    let sets = sets(&Run::fiji());
    let collection = collection(&centroid_geojson(&sets, &label()).unwrap());
    let lobes: usize = sets.iter().map(|set| set.lobes.len()).sum();
    assert_eq!(collection.features.len(), 10 + lobes);
    let mut features = collection.features.into_iter();
    for (hour, set) in sets.iter().enumerate() {
        assert_eq!(set.datum_places().count(), 2 + set.lobes.len());
        for (k, place) in set.datum_places().enumerate() {
            let feature = features.next().unwrap();
            let kind = ["mean", "mode"].get(k).copied().unwrap_or("lobe");
            assert_eq!(feature.property("datum_kind").unwrap(), kind);
            assert_eq!(feature.property("valid_time").unwrap(), &set.time.to_string());
            if kind == "lobe" {
                let share = feature.property("share").unwrap().as_f64().unwrap();
                let poc = feature.property("poc").unwrap().as_f64().unwrap();
                assert!(
                    share >= 0.05 && poc < share && poc > 0.8 * share,
                    "some are ashore or lost: {poc}"
                );
                assert_eq!(feature.property("lobe").unwrap(), k - 1);
            } else {
                assert!(feature.property("covariance_east_m2").is_some() && feature.property("share").is_none());
            }
            let point: Point = feature.geometry.unwrap().try_into().unwrap();
            assert!((point.x() - place.0).abs() < 1e-6 && (point.y() - place.1).abs() < 1e-6);
            let turn = driftline_domain::wrap_lon_deg(point.x() - 179.6 - 0.1 * hour as f64);
            assert!(
                (0.0..0.3).contains(&turn) && (-17.0..-16.5).contains(&point.y()),
                "{point:?}"
            );
        }
    }
}

#[test]
fn trajectories_have_a_time_for_every_vertex() {
    let run = Run::fiji();
    let tracks = tracks(&run.clouds(), 200).unwrap();
    let collection = collection(&trajectories_geojson(&tracks, &label()).unwrap());
    assert_eq!(
        collection.features.len(),
        tracks.iter().filter(|track| track.parts[0].len() > 1).count()
    );
    let mut pieces = [0; 3];
    for feature in collection.features {
        let times = feature.property("times").unwrap().clone();
        let geometry: geo::Geometry = feature.geometry.unwrap().try_into().unwrap();
        match geometry {
            geo::Geometry::LineString(line) => {
                pieces[1] += 1;
                assert_eq!(times.as_array().unwrap().len(), line.0.len());
            }
            geo::Geometry::MultiLineString(lines) => {
                pieces[2] += 1;
                for (line, times) in lines.iter().zip(times.as_array().unwrap()) {
                    assert_eq!(times.as_array().unwrap().len(), line.0.len());
                    assert!(
                        line.0.iter().all(|coord| coord.x >= 179.0) || line.0.iter().all(|coord| coord.x <= -179.0)
                    );
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(pieces[1] > 0 && pieces[2] > 0, "{pieces:?}");
}
