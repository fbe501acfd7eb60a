//! A small blocking HTTP client that hides nothing: any status is an answer, only a broken connection is an error.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request, Response};

/// A client of one server, with or without a key.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

/// What a server said.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// A client without a key.
    pub(crate) fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self {
            agent: Agent::new_with_config(config),
            base: base.to_owned(),
            key: None,
        }
    }

    /// The same client with a key, sent as `X-API-Key`.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// Absolute addresses are taken as they are, paths are the server's.
    pub(crate) fn url(&self, at: &str) -> String {
        if at.starts_with("http") {
            at.to_owned()
        } else {
            format!("{}{at}", self.base)
        }
    }

    /// Sends a request; an error is a connection that broke before the answer was whole.
    pub(crate) fn send(
        &self,
        method: &str,
        at: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(self.url(at));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let answer = if body.is_empty() && method != "POST" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        Answer::read(answer?)
    }

    /// GET that must be answered.
    pub(crate) fn get(&self, at: &str) -> Answer {
        self.send("GET", at, &[], b"")
            .unwrap_or_else(|error| panic!("GET {at}: {error}"))
    }

    /// GET that must be answered with 200 and JSON.
    pub(crate) fn json(&self, at: &str) -> Value {
        self.get(at).expect(200, at).json()
    }

    /// POST of JSON that must be answered.
    pub(crate) fn post(&self, at: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        let sent = self.send("POST", at, &headers, body.to_string().as_bytes());
        sent.unwrap_or_else(|error| panic!("POST {at}: {error}"))
    }

    /// Follows a mission to its end.
    pub(crate) fn wait_for(&self, mission: &str) -> Value {
        let deadline = std::time::Instant::now() + Duration::from_secs(120);
        loop {
            let found = self.json(&format!("/v1/missions/{mission}"));
            if ["completed", "failed", "cancelled"].contains(&found["status"].as_str().unwrap()) {
                return found;
            }
            assert!(std::time::Instant::now() < deadline, "mission does not end: {found}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Answer {
    fn read(answer: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let (head, mut body) = answer.into_parts();
        Ok(Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.with_config().limit(1 << 30).read_to_vec()?,
        })
    }

    /// The values of every header of this name.
    pub(crate) fn headers_named(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).into_iter();
        values.filter_map(|value| value.to_str().ok()).collect()
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// Itself, if it has this status.
    pub(crate) fn expect(self, status: u16, what: &str) -> Self {
        assert_eq!(self.status, status, "{what}: {}", self.text());
        self
    }

    /// The body of an error, which must be an RFC 9457 problem with this status and without a cause from inside.
    pub(crate) fn problem(self, status: u16, what: &str) -> Value {
        let kind = self.header("content-type").unwrap_or_default().to_owned();
        let answer = self.expect(status, what);
        assert!(kind.starts_with("application/problem+json"), "{what}: {kind}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{what}: {problem}");
        assert_eq!(
            problem["request_id"].as_str(),
            answer.header("x-request-id"),
            "{what}: {problem}"
        );
        assert!(
            problem["code"].is_string() && problem["title"].is_string(),
            "{what}: {problem}"
        );
        problem
    }
}
