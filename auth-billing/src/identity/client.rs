//! What is known of the program at the other end, kept with a login session so that its owner recognises it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::ClientAddress;

const AGENT_CHARS: usize = 200;

/// The program and where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    /// What it says of itself.
    pub(super) agent: Option<String>,
    /// From where it asks.
    pub(super) address: Option<IpAddr>,
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let printable = |text: &str| text.chars().filter(|c| !c.is_control()).take(AGENT_CHARS).collect();
        Ok(Self {
            agent: agent.map(printable),
            address: parts.extensions.get::<ClientAddress>().map(|client| client.ip),
        })
    }
}
