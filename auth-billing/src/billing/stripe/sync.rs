//! What an installation and Stripe tell each other, pass by pass. Several processes may do it at once: each event is in one
//! hand, customers and subscriptions are looked for before they are made.

use std::time::Duration;

use driftline_database::{Database, ErrorKind, MethodToTell};
use driftline_domain::OrgId;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::client::Stripe;
use super::error::StripeError;
use super::{customers, events};
use crate::Clock;

/// An event is in one hand for so long; a request takes a third of it at most.
const LEASE: Duration = Duration::from_secs(60);
/// Events under way at once, each of another organisation or meter.
const LANES: usize = 4;
/// An hour is told when so much time has passed since its end: what nodes enter late is told as a further difference.
const HOUR_STAYS_OPEN: SignedDuration = SignedDuration::from_hours(1);

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Subscriptions and payment methods that Stripe was told of.
    pub accounts: u64,
    /// Differences of usage that are new.
    pub queued: u64,
    /// Differences that Stripe has now.
    pub told: u64,
}

/// The traffic with Stripe.
#[derive(Clone)]
pub struct StripeSync {
    database: Database,
    stripe: Stripe,
    clock: Clock,
}

impl StripeSync {
    /// Between this database and this Stripe.
    pub fn new(database: Database, stripe: Stripe, clock: Clock) -> Self {
        Self {
            database,
            stripe,
            clock,
        }
    }

    /// Tells Stripe all that it does not know and can be told now. What fails is logged and tried in a later pass; an error is
    /// one of the database.
    pub async fn pass(&self) -> Result<Passed, StripeError> {
        let begun = self.begin().await?;
        let now = (self.clock)();
        let settled = now - HOUR_STAYS_OPEN;
        let queued = self.database.enqueue_meter_events(settled, now).await?;
        // A subscription ends in the pass after the one that told the last of its usage, and the next one begins in the pass
        // after that: no second is of both.
        let ended = self.end(settled, now).await?;
        let told = self.events().await?;
        Ok(Passed {
            accounts: begun + ended,
            queued,
            told,
        })
    }

    async fn begin(&self) -> Result<u64, StripeError> {
        let mut done = 0;
        let now = (self.clock)();
        for subscription in self.database.subscriptions_to_begin(now).await? {
            let told = customers::begin(&self.database, &self.stripe, &subscription, now).await;
            done += self.settled(subscription.org, told)?;
        }
        for to_tell in self.database.payment_methods_to_tell().await? {
            done += self.settled(to_tell.org, self.payment_method(&to_tell).await)?;
        }
        Ok(done)
    }

    async fn end(&self, settled: Timestamp, now: Timestamp) -> Result<u64, StripeError> {
        let mut done = 0;
        for subscription in self.database.subscriptions_to_end(settled, now).await? {
            if let Some(there) = &subscription.stripe_subscription {
                let told = customers::end(&self.database, &self.stripe, &subscription, there).await;
                done += self.settled(subscription.org, told)?;
            }
        }
        Ok(done)
    }

    async fn payment_method(&self, to_tell: &MethodToTell) -> Result<(), StripeError> {
        customers::payment_method(&self.stripe, &to_tell.customer, &to_tell.method).await?;
        Ok(self
            .database
            .payment_method_is_told(to_tell.org, &to_tell.method)
            .await?)
    }

    /// What concerns one organisation, a row that does not read back included, is in no other's way.
    fn settled(&self, org: OrgId, done: Result<(), StripeError>) -> Result<u64, StripeError> {
        match done {
            Ok(()) => Ok(1),
            Err(StripeError::Database(error)) if error.kind() == ErrorKind::Unavailable => Err(error.into()),
            Err(error) => {
                tracing::warn!(org.id = %org, %error, "Stripe was not told of an organisation's plan");
                Ok(0)
            }
        }
    }

    async fn events(&self) -> Result<u64, StripeError> {
        let mut lanes = JoinSet::new();
        for _ in 0..LANES {
            let sync = self.clone();
            lanes.spawn(async move { sync.lane().await });
        }
        let mut told = 0;
        while let Some(lane) = lanes.join_next().await {
            match lane {
                Ok(lane) => told += lane?,
                Err(error) => tracing::error!(%error, "telling Stripe of usage ended unexpectedly"),
            }
        }
        Ok(told)
    }

    async fn lane(&self) -> Result<u64, StripeError> {
        let mut told = 0;
        let restored_at = self.database.restored_at().await?;
        while let Some(event) = self.database.claim_meter_event(LEASE, (self.clock)()).await? {
            let now = (self.clock)();
            told += u64::from(events::advance(&self.database, &self.stripe, event, restored_at, now).await?);
        }
        Ok(told)
    }

    /// An address of Stripe's at which an organisation enters a payment method.
    pub(in crate::billing) async fn set_up_payment(
        &self,
        org: OrgId,
        currency: &str,
        return_url: &str,
        once: &str,
    ) -> Result<String, StripeError> {
        let customer = customers::customer(&self.database, &self.stripe, org, (self.clock)()).await?;
        customers::set_up(&self.stripe, &customer, currency, return_url, once).await
    }
}
