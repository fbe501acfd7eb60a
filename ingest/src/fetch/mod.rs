//! The polite, resumable HTTP client: whatever ingest takes from another machine comes through here.
//!
//! Polite: requests per minute, requests at once and a circuit breaker for each host, `Retry-After` honoured, exponential
//! backoff with full jitter. Suspicious: a redirect is never followed, an answer is judged by its bytes and not by its
//! status alone, lengths and ranges are compared with what was asked for. Patient: what was received survives a lost
//! connection and a killed process and is continued only if the object is still the same. What the statuses mean is said
//! in feeds-and-store.md, section 2.1; ranges and conditions are those of RFC 9110, sections 13 and 14.

mod answer;
mod ask;
mod breaker;
mod client;
mod download;
mod error;
mod hosts;
mod pace;
mod part;
mod patience;
mod plan;
mod receipt;
mod redact;
mod settings;
mod validator;

pub(crate) use client::host_name;
pub use client::{Fetcher, Looked, Text};
pub use download::{Received, Wanted};
pub use error::{Class, FetchError};
pub use hosts::HostState;
pub use part::looks_like_text;
pub use receipt::{local_copy, receipt_path};
pub(crate) use redact::redacted;
pub use settings::{FetchSettings, HostLimits, Proxying};
pub use validator::Validator;
