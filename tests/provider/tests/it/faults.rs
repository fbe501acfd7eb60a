//! Each fault does what it says, as often as ordered.

use driftline_provider::{Fault, Feed, Provider, Rule};
use serde_json::json;

use crate::client::{Got, SIX, STEP, agent, ask, at, get, gfs, offsets};

/// What comes after a fault was ordered for the step.
fn after(fault: Fault) -> (Provider, Got) {
    let provider = gfs();
    provider.fault(Rule::new(&format!("/{STEP}*"), fault));
    let got = get(&provider, STEP);
    (provider, got)
}

#[test]
fn connections_break_stall_and_drip_as_ordered() {
    let whole = get(&gfs(), STEP).body;
    let (_p, cut) = after(Fault::TruncatedBody { after: 100 });
    assert_eq!(
        (cut.header("content-length"), cut.body.len(), cut.broken),
        (&*whole.len().to_string(), 100, true)
    );
    let (_p, reset) = after(Fault::Reset { after: 100 });
    assert!(reset.broken && reset.body.len() <= 100);
    let (_p, stalled) = after(Fault::Stall {
        after: 100,
        millis: 200,
    });
    assert!(stalled.broken && stalled.body.len() == 100);
    let (provider, hung) = after(Fault::Hang { millis: 200 });
    assert_eq!((hung.status, hung.broken, provider.requests()[0].status), (0, true, 0));
    let (_p, dripped) = after(Fault::Drip { bytes: 500, millis: 5 });
    assert_eq!((dripped.body, dripped.broken), (whole.clone(), false));
    let (_p, flipped) = after(Fault::FlippedBit { byte: 200 });
    let differing: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != flipped.body[*at]).collect();
    assert_eq!(differing, [200]);
}

#[test]
fn statuses_and_pages_come_instead_of_files() {
    let (_p, page) = after(Fault::HtmlPage);
    assert!(page.status == 200 && page.text().starts_with("<!DOCTYPE html>"));
    let (_p, empty) = after(Fault::EmptyBody);
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let (provider, redirected) = after(Fault::Redirect);
    assert_eq!((redirected.status, redirected.header("location")), (302, "/_busy"));
    assert!(get(&provider, "_busy").text().contains("<html>"));
    let (_p, many) = after(Fault::TooManyRequests { retry_after: 7 });
    assert_eq!((many.status, many.header("retry-after")), (429, "7"));
    for status in [403, 404, 500, 503] {
        let (_p, got) = after(Fault::Status { status });
        assert_eq!(got.status, status);
    }
}

#[test]
fn files_are_damaged_as_ordered_and_the_server_stands_by_them() {
    let good = gfs();
    let whole = get(&good, STEP).body;
    let (_p, short) = after(Fault::TruncatedFile { bytes: 700 });
    assert_eq!(
        (short.header("content-length"), &short.body[..], short.broken),
        ("700", &whole[..700], false)
    );
    let (_p, corrupt) = after(Fault::Corrupt);
    assert!(corrupt.body.len() == whole.len() && corrupt.body != whole);
    let (_p, other) = after(Fault::OtherStep { hours: 1 });
    assert_eq!(other.body, get(&good, &STEP.replace("f003", "f004")).body);
    let (_p, older) = after(Fault::OtherCycle { hours: 6 });
    good.publish(Feed::Gfs, at("2026-11-20T00:00:00Z"));
    let midnight = get(
        &good,
        &STEP.replace("20261120/06", "20261120/00").replace("t06z", "t00z"),
    );
    assert_eq!(older.body, midnight.body);
    let (_p, wide) = after(Fault::WrongGrid);
    assert!(wide.body.len() == whole.len() && wide.body != whole);
    let (provider, _) = after(Fault::RenamedVariable);
    assert!(
        get(&provider, &format!("{STEP}.idx"))
            .text()
            .contains(":UGRDX:10 m above ground:")
    );
    let (provider, _) = after(Fault::StaleIndex { by: 64 });
    let stale = offsets(&get(&provider, &format!("{STEP}.idx")).text());
    let right = offsets(&get(&good, &format!("{STEP}.idx")).text());
    assert_eq!((stale[0], stale[1]), (0, right[1] + 64));
}

#[test]
fn ranges_are_ignored_or_moved_as_ordered() {
    let range = [("range", "bytes=10-19")];
    let (provider, whole) = after(Fault::IgnoredRange);
    let got = ask(&provider, STEP, &range);
    assert_eq!((got.status, got.body), (200, whole.body.clone()));
    let (provider, _) = after(Fault::WrongContentRange { by: 5 });
    let got = ask(&provider, STEP, &range);
    assert_eq!((got.status, &got.body[..]), (206, &whole.body[15..25]));
    assert!(got.header("content-range").starts_with("bytes 15-24/"));
}

#[test]
fn a_file_that_is_still_being_written_grows_and_is_as_of_now() {
    let provider = gfs();
    let whole = get(&provider, STEP);
    provider.fault(Rule::new("*f003", Fault::StillUploading { share: 0.5, grows: 0.3 }));
    let sizes: Vec<usize> = (0..3).map(|_| get(&provider, STEP).body.len()).collect();
    assert!(
        sizes[0] < sizes[1] && sizes[1] < sizes[2] && sizes[2] == whole.body.len(),
        "{sizes:?}"
    );
    assert_ne!(
        get(&provider, STEP).header("last-modified"),
        whole.header("last-modified")
    );
}

#[test]
fn a_fault_befalls_as_many_requests_as_ordered_and_the_same_ones_each_time() {
    let provider = gfs();
    provider.fault(Rule::new("*f003", Fault::Status { status: 503 }).times(2).after(1));
    let seen: Vec<u16> = (0..5).map(|_| get(&provider, STEP).status).collect();
    assert_eq!(seen, [200, 503, 503, 200, 200]);
    assert_eq!(provider.faults().hits(), [2]);
    let chance = || {
        let provider = gfs();
        provider.fault(Rule::new("*", Fault::Status { status: 503 }).sometimes(0.5));
        (0..40).map(|_| get(&provider, STEP).status).collect::<Vec<u16>>()
    };
    let first = chance();
    let befell = first.iter().filter(|status| **status == 503).count();
    assert!((10..30).contains(&befell), "{befell}");
    assert_eq!(first, chance());
    provider.faults().clear();
    assert_eq!(get(&provider, STEP).status, 200);
}

#[test]
fn orders_are_taken_over_http_too() {
    let provider = gfs();
    let order = |order: serde_json::Value| {
        let answer = agent()
            .post(format!("{}/_control", provider.base_url()))
            .send(order.to_string());
        answer.unwrap().status().as_u16()
    };
    let rule = json!({"path": "*f003", "fault": "truncated-body", "after": 10, "times": 1});
    assert_eq!(order(json!({"do": "fault", "rule": rule})), 200);
    assert_eq!(get(&provider, STEP).body.len(), 10);
    assert_eq!(
        order(json!({"do": "withhold", "feed": "gfs", "run": SIX, "step": 3})),
        200
    );
    assert_eq!(get(&provider, STEP).status, 404);
    assert_eq!(order(json!({"do": "no-such-order"})), 400);
    let seen: serde_json::Value = serde_json::from_str(&get(&provider, "_control/requests").text()).unwrap();
    assert_eq!(seen.as_array().unwrap().len(), 2, "{seen:#}");
    assert_eq!(order(json!({"do": "forget-requests"})), 200);
    assert!(provider.requests().is_empty());
}
