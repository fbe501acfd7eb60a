//! Who is calling, may they, and what did it cost: API keys and scopes, publishable keys and the pages that may use
//! them, signed links, the layers that check and record all that, the exact usage log, and the routes of `/v1` that
//! show an organisation its keys, its usage and its bills. What customers name as an address is asked through [`Outbound`] only.
//!
//! Around a router, from the inside out: [`Metering::wrap`], [`Auth::wrap`], then around everything, public routes
//! included, [`Cors::wrap`], [`path_keys`] and [`access_log`].

mod access_log;
mod addresses;
mod auth;
mod billing;
mod caller;
mod carry;
mod certificates;
mod chain;
mod clock;
mod cors;
mod credential;
mod error;
mod identity;
mod keys;
mod known_keys;
mod limits;
mod map_links;
mod meter;
mod origin;
mod outbound;
mod path_key;
mod problem;
mod quotas;
mod redact;
mod routes;
mod scope;
mod share_links;
mod shared_caches;
mod signature;
mod tickets;
mod usage_groups;
mod usage_log;
mod usage_records;

pub use access_log::access_log;
pub use addresses::{ClientAddress, Networks, Peer, TrustedProxies};
pub use auth::Auth;
pub use billing::{
    BILLING_PATHS, BillingParts, Closing, InvoiceDocument, Line, LineKind, Month, Party, Passed, Seller, Stripe,
    StripeError, StripeSettings, StripeSync, WebhookSecret, amount, billing_router, close_due_months, close_month,
    estimate, months_due, pdf as invoice_pdf, webhook_router,
};
pub use caller::Caller;
pub use carry::Carry;
pub use certificates::{certificate_holder, certificate_sha256, register_certificate};
pub use chain::chain;
pub use clock::{Clock, system_clock};
pub use cors::Cors;
pub use credential::is_credential_parameter;
pub use error::Error;
pub use identity::{
    Given, Grant, HashCost, Identity, IdentitySettings, KeyRight, MadeMember, MailEncryption, MailRefusal,
    MailSettings, MailTransport, MaskedMember, MasterKey, NewMember, OPERATIONS as IDENTITY_OPERATIONS,
    Operation as IdentityOperation, OutgoingMail, Person, ProviderSettings, Resource, Smtp, TokenAlgorithm, Verb,
    account_sealing, grant, key_right, permits,
};
pub use keys::{KeyFormError, KeyText, create_key, create_publishable_key, mint, mint_publishable, replace_key};
pub use limits::{Class, Draw, DrawOrder, Drawn, LimitSettings, Limits, MissionAdmission, Rate, SharedBuckets};
pub use map_links::{MapLinks, PublicUrl};
pub use meter::{Billable, CHARGE_HEADER, METERS, Metering};
pub use origin::AllowedOrigins;
pub use outbound::{Fetched, MAX_SENT, Outbound, OutboundError};
pub use path_key::path_keys;
pub use problem::Problem;
pub use quotas::Quotas;
pub use redact::redact;
pub use routes::{METERING_PATHS, PATHS as ACCOUNT_PATHS, router};
pub use scope::{Scope, Scopes};
pub use usage_groups::{GroupBy, UsageGroup, UsageRow, grouped, usage_rows};
pub use usage_log::{UsageEntry, UsageLag, UsageLog, UsageSettings, UsageTasks};
pub use usage_records::{Imported, RecordRefusal, RecordSent, import_records};
