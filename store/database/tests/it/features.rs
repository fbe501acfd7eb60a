//! Features: paging, filters, boxes on both sides of the antimeridian, extents.

use driftline_database::{Cursor, ErrorKind, FeatureFilter, FeatureKind, RunFilter};

use crate::{Place, hour, run};

on_both_engines! {
    pages_hold_every_feature_once_while_new_runs_arrive,
    filters_by_mission_time_and_box_together,
    boxes_meet_across_the_antimeridian_on_both_sides,
    the_extent_is_the_smallest_box_around_everything,
    runs_come_in_the_order_of_publication,
}

const AREAS: FeatureKind = FeatureKind::SearchAreas;

async fn pages_hold_every_feature_once_while_new_runs_arrive(place: Place) {
    for i in 0..5_i32 {
        let west = f64::from(i);
        place
            .publish(
                "boat",
                0,
                run(&[
                    [west, 59.0, west + 0.5, 60.0],
                    [west, 59.0, west + 0.6, 60.0],
                    [west, 59.0, west + 0.7, 60.0],
                ]),
            )
            .await;
    }
    for limit in [1, 2, 4, 15, 16] {
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let filter = FeatureFilter {
                after,
                ..Default::default()
            };
            let found = place.database.features(place.org, AREAS, &filter, limit).await.unwrap();
            if pages == 1 {
                place.publish("newcomer", 1, run(&[[9.0, 59.0, 9.5, 60.0]])).await;
            }
            pages += 1;
            seen.extend(found.iter().map(|feature| feature.cursor));
            let Some(last) = found.last() else { break };
            after = Some(last.cursor);
        }
        let total = place
            .database
            .count_features(place.org, AREAS, &FeatureFilter::default())
            .await
            .unwrap();
        assert_eq!(
            seen.len() as i64,
            total,
            "pages of {limit}: what arrives comes behind what is there"
        );
        assert!(seen.is_sorted_by(|a: &Cursor, b| a < b), "{seen:?}");
    }
}

async fn filters_by_mission_time_and_box_together(place: Place) {
    let first = place
        .publish("boat", 0, run(&[[3.0, 59.0, 4.0, 60.0], [3.0, 59.0, 5.0, 61.0]]))
        .await;
    place
        .publish("raft", 0, run(&[[10.0, 59.0, 11.0, 60.0], [10.0, 59.0, 12.0, 61.0]]))
        .await;
    let filter = |mission, from: Option<i64>, until: Option<i64>, bbox| FeatureFilter {
        mission,
        from: from.map(hour),
        until: until.map(hour),
        bbox,
        after: None,
    };
    let of_first = Some(first.mission);
    for (filter, expected) in [
        (filter(None, None, None, None), 4),
        (filter(of_first, None, None, None), 2),
        (filter(None, Some(1), None, None), 2),
        (filter(None, None, Some(0), None), 2),
        (filter(None, Some(0), Some(1), None), 4),
        (filter(of_first, Some(1), Some(1), None), 1),
        (filter(None, None, None, Some([0.0, 0.0, 4.5, 90.0])), 2),
        (filter(None, None, None, Some([4.5, 60.5, 6.0, 62.0])), 1),
        // Edges touch.
        (filter(None, None, None, Some([5.0, 61.0, 6.0, 62.0])), 1),
        (filter(None, None, None, Some([5.1, 0.0, 9.9, 90.0])), 0),
        (filter(of_first, None, None, Some([10.0, 0.0, 20.0, 90.0])), 0),
    ] {
        let listed = place
            .database
            .features(place.org, AREAS, &filter, 100)
            .await
            .unwrap()
            .len() as i64;
        let counted = place.database.count_features(place.org, AREAS, &filter).await.unwrap();
        assert_eq!((listed, counted), (expected, expected), "{filter:?}");
    }
    let bad = filter(None, None, None, Some([0.0, 9.0, 1.0, 1.0]));
    let error = place.database.features(place.org, AREAS, &bad, 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let datums = place
        .database
        .features(place.org, FeatureKind::Datums, &FeatureFilter::default(), 10)
        .await
        .unwrap();
    assert_eq!(datums.len(), 2);
    let found = place
        .database
        .feature(place.org, FeatureKind::Datums, &datums[1].id)
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&datums[1]));
    assert_eq!(
        place.database.feature(place.org, AREAS, &datums[1].id).await.unwrap(),
        None,
        "of its own kind only"
    );
}

async fn boxes_meet_across_the_antimeridian_on_both_sides(place: Place) {
    // West of it, across it, east of it, and on the far side of the globe.
    let boxes = [
        [177.0, -20.0, 178.0, -10.0],
        [179.0, -20.0, -179.0, -10.0],
        [-178.0, -20.0, -177.0, -10.0],
        [3.0, -20.0, 4.0, -10.0],
    ];
    for bbox in boxes {
        place.publish("boat", 0, run(&[bbox])).await;
    }
    let meets = |query: [f64; 4], bbox: [f64; 4]| {
        // By degrees: every half degree of longitude that both cover.
        let covers = |b: [f64; 4], lon: f64| {
            if b[0] <= b[2] {
                b[0] <= lon && lon <= b[2]
            } else {
                lon >= b[0] || lon <= b[2]
            }
        };
        let same = |lon: f64| {
            if lon == 180.0 || lon == -180.0 {
                vec![180.0, -180.0]
            } else {
                vec![lon]
            }
        };
        (-360..=360).map(|half| f64::from(half) / 2.0).any(|lon| {
            same(lon).iter().any(|&lon| covers(query, lon)) && same(lon).iter().any(|&lon| covers(bbox, lon))
        })
    };
    let edges = [-180.0, -179.5, -178.5, -177.5, 0.0, 3.5, 177.5, 178.5, 179.5, 180.0];
    for west in edges {
        for east in edges {
            let query = [west, -15.0, east, -12.0];
            let expected: Vec<[f64; 4]> = boxes.iter().copied().filter(|&bbox| meets(query, bbox)).collect();
            let filter = FeatureFilter {
                bbox: Some(query),
                ..Default::default()
            };
            let found = place.database.features(place.org, AREAS, &filter, 10).await.unwrap();
            let found: Vec<[f64; 4]> = found.iter().map(|feature| feature.bbox).collect();
            assert_eq!(found, expected, "{query:?}");
            let runs = RunFilter {
                bbox: Some(query),
                limit: 10,
                ..Default::default()
            };
            let runs = place.database.runs(place.org, &runs).await.unwrap();
            assert_eq!(
                runs.iter().map(|run| run.bbox).collect::<Vec<_>>(),
                expected,
                "{query:?}"
            );
        }
    }
    let north = FeatureFilter {
        bbox: Some([170.0, 0.0, -170.0, 10.0]),
        ..Default::default()
    };
    assert_eq!(
        place.database.count_features(place.org, AREAS, &north).await.unwrap(),
        0
    );
}

async fn the_extent_is_the_smallest_box_around_everything(place: Place) {
    assert_eq!(place.database.extent(place.org, AREAS, None).await.unwrap(), None);
    let first = place
        .publish(
            "boat",
            0,
            run(&[[177.0, -20.0, 178.0, -10.0], [177.0, -21.0, 178.0, -10.0]]),
        )
        .await;
    place.publish("boat", 0, run(&[[-178.0, -20.0, -177.0, -9.0]])).await;
    let all = place.database.extent(place.org, AREAS, None).await.unwrap().unwrap();
    assert_eq!(
        (all.bbox, all.from, all.until),
        ([177.0, -21.0, -177.0, -9.0], hour(0), hour(1))
    );
    let one = place
        .database
        .extent(place.org, AREAS, Some(first.mission))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(one.bbox, [177.0, -21.0, 178.0, -10.0]);
}

async fn runs_come_in_the_order_of_publication(place: Place) {
    let mut published = Vec::new();
    for _ in 0..4 {
        published.push(
            place
                .publish("boat", 0, run(&[[3.0, 59.0, 4.0, 60.0], [3.0, 59.0, 4.0, 60.0]]))
                .await,
        );
    }
    let list = async |filter: RunFilter| place.database.runs(place.org, &filter).await.unwrap();
    let any = || RunFilter {
        limit: 2,
        ..Default::default()
    };
    assert_eq!(list(any()).await, published[..2]);
    assert_eq!(
        list(RunFilter {
            after_seq: Some(published[1].seq),
            ..any()
        })
        .await,
        published[2..]
    );
    assert_eq!(
        list(RunFilter {
            mission: Some(published[3].mission),
            ..any()
        })
        .await,
        published[3..]
    );
    assert_eq!(
        list(RunFilter {
            from: Some(hour(2)),
            ..any()
        })
        .await,
        []
    );
    assert_eq!(
        list(RunFilter {
            from: Some(hour(1)),
            ..any()
        })
        .await
        .len(),
        2
    );
    assert_eq!(
        list(RunFilter {
            until: Some(hour(-1)),
            ..any()
        })
        .await,
        []
    );
    let one = place
        .database
        .run_for_file(place.org, published[2].mission, published[2].id)
        .await
        .unwrap();
    assert_eq!(one.as_ref(), Some(&published[2]));
    let crossed = place
        .database
        .run_for_file(place.org, published[1].mission, published[2].id)
        .await
        .unwrap();
    assert_eq!(crossed, None, "another mission's run");
}
