//! Part 1, A.2.7 and A.2.8: pages of features, and single features.

use serde_json::Value;

use super::core_case;
use crate::conformance::asking::{ids, links_are_complete, members};
use crate::conformance::common::link;
use crate::conformance::{Case, Subject};
use crate::standards::bounds;

pub(super) fn cases() -> Vec<Case> {
    vec![
        core_case("/conf/core/crs84", crs84),
        core_case("/conf/core/fc-op", page),
        core_case("/conf/core/fc-response", page_content),
        core_case("/conf/core/fc-links", page_links),
        core_case("/conf/core/fc-timeStamp", time_stamp),
        core_case("/conf/core/fc-numberMatched", number_matched),
        core_case("/conf/core/fc-numberReturned", number_returned),
        core_case("/conf/core/query-param-invalid", invalid_parameter),
        core_case("/conf/core/query-param-unknown", unknown_parameter),
        core_case("/conf/core/f-op", feature),
        core_case("/conf/core/f-success", feature_content),
        core_case("/conf/core/f-links", feature_links),
    ]
}

/// Positions are longitudes and latitudes: the mission drifts in the North Sea, where the two cannot be mistaken.
fn crs84(subject: &Subject) {
    for id in subject.filled() {
        for feature in members(&subject.page(&id, &[("limit", "1000")])) {
            let [west, south, east, north] = bounds(feature);
            assert!((0.0..15.0).contains(&west) && (0.0..15.0).contains(&east), "{id}");
            assert!((55.0..65.0).contains(&south) && (55.0..65.0).contains(&north), "{id}");
        }
    }
}

fn page(subject: &Subject) {
    for id in subject.collection_ids() {
        let answer = subject.ask(&format!("/ogc/collections/{id}/items"), &[]);
        assert_eq!(answer.status, 200, "{id}");
    }
}

fn page_content(subject: &Subject) {
    for id in subject.filled() {
        let page = subject.page(&id, &[]);
        assert_eq!(page["type"], "FeatureCollection", "{id}");
        assert!(!members(&page).is_empty(), "{id}");
        for feature in members(&page) {
            assert_eq!(feature["type"], "Feature", "{id}");
        }
    }
}

fn page_links(subject: &Subject) {
    for id in subject.spread() {
        let mut page = subject.page(&id, &[("limit", "10")]);
        links_are_complete(&page, &id);
        let own = link(&page, "self").unwrap();
        assert_eq!(
            ids(members(&subject.client.json(&own))),
            ids(members(&page)),
            "{id}: self"
        );
        // Three pages on, none has a feature of another.
        let mut seen = ids(members(&page));
        for _ in 0..3 {
            let Some(next) = link(&page, "next") else { break };
            page = subject.client.json(&next);
            let more = ids(members(&page));
            assert!(seen.is_disjoint(&more), "{id}: a feature on two pages");
            seen.extend(more);
        }
        assert!(seen.len() > 10, "{id}");
    }
}

/// The service says since when it knows what the page shows, which stays with the entity tag while nothing changes; the annex would
/// have the time of each answer, and the official suite asks for a time only.
fn time_stamp(subject: &Subject) {
    for id in subject.collection_ids() {
        let page = subject.page(&id, &[("limit", "1")]);
        let stamp: jiff::Timestamp = page["timeStamp"].as_str().unwrap().parse().unwrap();
        let age = jiff::Timestamp::now().duration_since(stamp);
        assert!(
            !age.is_negative() && age.as_secs() < 3_600,
            "{id}: {stamp} is {age:?} ago"
        );
    }
}

fn number_matched(subject: &Subject) {
    for id in subject.spread() {
        let all = subject.features(&id, &[]).len();
        let page = subject.page(&id, &[("limit", "7")]);
        if let Some(matched) = page["numberMatched"].as_u64() {
            assert_eq!(matched as usize, all, "{id}");
        }
        let half = half_of(&subject.features(&id, &[]));
        let matching = subject.features(&id, &[("bbox", &half)]).len();
        let page = subject.page(&id, &[("bbox", &half), ("limit", "7")]);
        if let Some(matched) = page["numberMatched"].as_u64() {
            assert_eq!(matched as usize, matching, "{id} in {half}");
        }
    }
}

fn number_returned(subject: &Subject) {
    for id in subject.collection_ids() {
        for limit in ["1", "7", "10000"] {
            let page = subject.page(&id, &[("limit", limit)]);
            assert_eq!(page["numberReturned"], members(&page).len(), "{id}");
        }
    }
}

fn invalid_parameter(subject: &Subject) {
    for id in subject.collection_ids() {
        let wrong = [
            ("limit", "0"),
            ("limit", "x"),
            ("bbox", "1,2,3"),
            ("bbox", "a,b,c,d"),
            ("datetime", "yesterday"),
            ("datetime", "2015-11-17T00:00:00Z/2015-11-16T00:00:00Z"),
        ];
        for pair in wrong {
            assert_eq!(subject.page_status(&id, &[pair]), 400, "{id}: {pair:?}");
        }
    }
}

fn unknown_parameter(subject: &Subject) {
    for id in subject.collection_ids() {
        assert_eq!(subject.page_status(&id, &[("unknownQueryParam", "1")]), 400, "{id}");
    }
}

/// A feature of each collection, and its address.
fn one_of_each(subject: &Subject) -> Vec<(String, Value)> {
    let one = |id: String| {
        let page = subject.page(&id, &[("limit", "1")]);
        let feature = members(&page)[0].clone();
        let path = format!("/ogc/collections/{id}/items/{}", feature["id"].as_str().unwrap());
        (path, feature)
    };
    subject.filled().into_iter().map(one).collect()
}

fn feature(subject: &Subject) {
    for (path, _) in one_of_each(subject) {
        subject.client.get(&path).expect(200, &path);
    }
    for id in subject.collection_ids() {
        let absent = subject.client.get(&format!("/ogc/collections/{id}/items/none"));
        absent.problem(404, "a feature that is not there");
    }
}

fn feature_content(subject: &Subject) {
    for (path, listed) in one_of_each(subject) {
        let alone = subject.client.json(&path);
        for member in ["type", "id", "geometry", "properties"] {
            assert_eq!(alone[member], listed[member], "{path}: {member}");
        }
    }
}

fn feature_links(subject: &Subject) {
    for (path, _) in one_of_each(subject) {
        let alone = subject.client.json(&path);
        links_are_complete(&alone, &path);
        for relation in ["self", "collection"] {
            let address = link(&alone, relation).unwrap_or_else(|| panic!("{path}: no link {relation}"));
            subject.client.get(&address).expect(200, &address);
        }
    }
}

/// A box that holds the western half of these features and cuts through some; none begins at its edge.
pub(super) fn half_of(features: &[Value]) -> String {
    let mut centres: Vec<f64> = features.iter().map(|feature| centre(bounds(feature))).collect();
    centres.sort_by(f64::total_cmp);
    let middle = centres.len() / 2;
    format!("-10,40,{},75", f64::midpoint(centres[middle - 1], centres[middle]))
}

fn centre([west, _, east, _]: [f64; 4]) -> f64 {
    f64::midpoint(west, east)
}
