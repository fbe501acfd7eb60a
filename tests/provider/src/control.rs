//! Orders over HTTP, for tests that run the product in another process: `POST /_control` with a JSON body, and
//! `GET /_control/requests`.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::answer::Answer;
use crate::content::Feed;
use crate::faults::Rule;
use crate::server::Shared;

/// An order.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Order {
    /// A fault: `{"do": "fault", "rule": {"path": "*f003", "fault": "empty-body", "times": 1}}`.
    Fault {
        rule: Rule,
    },
    ClearFaults,
    Publish {
        feed: Feed,
        run: Timestamp,
    },
    Withhold {
        feed: Feed,
        run: Timestamp,
        step: i32,
    },
    Release {
        feed: Feed,
        run: Timestamp,
        step: i32,
    },
    StopAfter {
        feed: Feed,
        run: Timestamp,
        step: i32,
    },
    Resume {
        feed: Feed,
        run: Timestamp,
    },
    Reissue {
        feed: Feed,
        run: Timestamp,
    },
    AddVersion {
        feed: Feed,
        version: String,
    },
    SetNow {
        now: Option<Timestamp>,
    },
    ForgetRequests,
}

/// The answer to an order or a question.
pub(crate) fn answer(shared: &Shared, method: &Method, target: &str, body: &[u8]) -> Answer {
    let json = |status, value: serde_json::Value| Answer::text(status, "application/json", value.to_string());
    if *method == Method::GET && target == "/_control/requests" {
        return json(StatusCode::OK, serde_json::json!(shared.requests()));
    }
    if *method == Method::GET && target == "/_control/hits" {
        return json(StatusCode::OK, serde_json::json!(shared.state().faults.hits()));
    }
    if *method != Method::POST {
        return json(
            StatusCode::NOT_FOUND,
            serde_json::json!({"error": "POST /_control, GET /_control/requests or /_control/hits"}),
        );
    }
    match serde_json::from_slice::<Order>(body) {
        Ok(order) => {
            obey(shared, order);
            json(StatusCode::OK, serde_json::json!({"done": true}))
        }
        Err(error) => json(StatusCode::BAD_REQUEST, serde_json::json!({"error": error.to_string()})),
    }
}

fn obey(shared: &Shared, order: Order) {
    if let Order::ForgetRequests = order {
        return shared.forget_requests();
    }
    let mut state = shared.state();
    match order {
        Order::Fault { rule } => state.faults.add(rule),
        Order::ClearFaults => state.faults.clear(),
        Order::Publish { feed, run } => {
            state.catalogue.shelves.entry(feed).or_default().runs.insert(run);
        }
        Order::Withhold { feed, run, step } => {
            state.withheld.insert((feed, run, step));
        }
        Order::Release { feed, run, step } => {
            state.withheld.remove(&(feed, run, step));
        }
        Order::StopAfter { feed, run, step } => {
            state.stops.insert((feed, run), step);
        }
        Order::Resume { feed, run } => {
            state.stops.remove(&(feed, run));
        }
        Order::Reissue { feed, run } => state.reissue(feed, run),
        Order::AddVersion { feed, version } => {
            state.catalogue.shelves.entry(feed).or_default().versions.push(version);
        }
        Order::SetNow { now } => state.now = now,
        Order::ForgetRequests => {}
    }
}
