//! Stripe, where an installation has it: customers, subscriptions, usage by meter events that are neither lost nor doubled, and
//! webhooks. Our own plans, credit and invoices work without.

mod client;
mod customers;
mod error;
mod events;
mod form;
mod meters;
mod signature;
mod sync;
mod webhook;

pub use client::{Stripe, StripeSettings};
pub use error::StripeError;
pub use signature::WebhookSecret;
pub use sync::{Passed, StripeSync};
pub(super) use webhook::read;
