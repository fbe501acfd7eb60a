//! Billing: what a month of usage costs, as an invoice and on paper; prepaid credit; and Stripe, where an installation has it.
//! Money is whole minor units (cents), usage the meters' own units.

mod close;
mod document;
mod money;
mod month;
mod paper;
mod pricing;
mod routes;
mod stripe;

pub use close::{Closing, close_due_months, close_month, estimate, months_due};
pub use document::{InvoiceDocument, Line, LineKind, Party, Seller};
pub use money::amount;
pub use month::Month;
pub use paper::pdf;
pub use routes::{BILLING_PATHS, BillingParts, billing_router, webhook_router};
pub use stripe::{Passed, Stripe, StripeError, StripeSettings, StripeSync, WebhookSecret};
