//! The relational side of Driftline: organisations, keys, missions, jobs, runs, features and the usage ledger, in one
//! embedded SQLite file or on a PostgreSQL server that many processes share. What a call has confirmed is on disk. "Now" is
//! always an argument. Times are microseconds since 1970 UTC, JSON is text; statements are written once for both engines
//! (`sql`).

mod accounts;
mod audit;
mod billing;
mod columns;
mod error;
mod features;
mod gauges;
mod key_rotation;
mod limit_buckets;
mod missions;
mod nodes;
mod open;
mod orgs_keys;
mod place;
mod portable;
mod postgres;
mod process_jobs;
mod queue;
mod quotas;
mod restores;
mod role;
mod rows;
mod runs;
mod schema;
mod share_links;
mod sql;
mod sqlite;
mod tickets;
mod tombstones;
mod usage;
mod usage_batch;
mod usage_late;
mod versions;

pub use accounts::{
    AccountChange, Attempt, BlockedUntil, Deleted, Deletion, Invitation, LoginSession, Mail, Member, Membership,
    NewMail, NewUser, OneTime, OneTimeKind, Passkey, RefreshToken, SessionHolder, TokenKey, Totp, User,
};
pub use audit::{Act, AuditEntry, AuditFilter, AuditVerdict};
pub use billing::{
    Account, AccountDetails, AccountRow, CreditEntry, CreditKind, Invoice, InvoiceBasis, InvoiceDraft, MeterEvent,
    MeterEventState, MeterPrice, MethodToTell, MonthOfUsage, Plan, PlanTerms, PlansAndClosed, Sealing, StripeHeard,
    StripeInvoice, StripeMeter, StripeNews, Subscription,
};
pub use error::{Error, ErrorKind};
pub use features::Extent;
pub use gauges::{Computed, Connections, Waiting};
pub use limit_buckets::TokenDraw;
pub use missions::{
    IDEMPOTENCY_KEPT_H, MissionCreation, MissionFilter, MissionOrder, MissionOrderKey, NewMission, OrderValue,
};
pub use nodes::{Node, NodeClaim};
pub use open::Database;
pub use portable::{Contents, LedgerSum, TableContents};
pub use postgres::PostgresSettings;
pub use process_jobs::{DueCallback, JobFilter, NewProcessJob, ProcessJob, Subscriber};
pub use queue::{
    Failure, JobState, LeaseState, LeasedJob, MAX_ATTEMPTS, QueueDepth, QueueFilter, QueueJob, QueueRules, Work,
};
pub use quotas::{Quota, QuotaBound, QuotaNotice, QuotaPeriod, QuotaUse};
pub use role::Role;
pub use rows::{
    ApiKey, Cursor, Feature, FeatureFilter, FeatureKind, KeyKind, Mission, MissionStatus, NewFeature, NewRun,
    Organisation, Run, UsageHour, UsageRecord, Watermark,
};
pub use runs::RunFilter;
pub use share_links::ShareLink;
pub use tombstones::{TOMBSTONES_KEPT_DAYS, Tombstone};
pub use usage::{Entry, LedgerEntry, MISSION_METER};
pub use usage_late::{LateUsage, USAGE_GRACE};

/// What a call of this crate yields.
pub type Result<T, E = Error> = std::result::Result<T, E>;
