//! Billing: plans, who has which, prepaid credit, invoices, and what Stripe is told and tells. Money is whole minor units of
//! a currency (cents), tax rates are hundredths of a percent, usage is the meter's own units.

mod accounts;
mod credits;
mod invoices;
mod outbox;
mod plans;
mod sealing;
mod stripe;
mod subscriptions;
mod unclosed;

pub use accounts::{Account, AccountDetails, AccountRow, MethodToTell};
pub use credits::{CreditEntry, CreditKind};
pub(crate) use credits::{hold_credit, release_credit, settle_credit};
pub use invoices::{Invoice, InvoiceBasis, InvoiceDraft, MonthOfUsage};
pub use outbox::{MeterEvent, MeterEventState};
pub use plans::{MeterPrice, Plan, PlanTerms};
pub use sealing::Sealing;
pub use stripe::{StripeHeard, StripeInvoice, StripeMeter, StripeNews};
pub use subscriptions::Subscription;
pub(crate) use subscriptions::end_with_month;
pub use unclosed::PlansAndClosed;
