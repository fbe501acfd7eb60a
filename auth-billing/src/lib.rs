//! Who is calling, may they, and what did it cost: API keys and scopes, the layers that check and record them, the
//! exact usage log, and the routes of `/v1` that show an organisation its keys and its usage.
//!
//! Around a router, from the inside out: [`Metering::wrap`], [`Auth::wrap`], then [`access_log`] around everything,
//! public routes included.

mod access_log;
mod auth;
mod caller;
mod chain;
mod clock;
mod credential;
mod error;
mod keys;
mod meter;
mod problem;
mod redact;
mod routes;
mod scope;
mod usage_log;

pub use access_log::access_log;
pub use auth::Auth;
pub use caller::{Caller, Carry};
pub use chain::chain;
pub use clock::{Clock, system_clock};
pub use error::Error;
pub use keys::{KeyFormError, SecretKey, create_key, mint};
pub use meter::{Billable, CHARGE_HEADER, Metering};
pub use problem::Problem;
pub use redact::redact;
pub use routes::{PATHS as ACCOUNT_PATHS, router};
pub use scope::{Scope, Scopes};
pub use usage_log::{UsageEntry, UsageLog, UsageSettings, UsageTasks};
