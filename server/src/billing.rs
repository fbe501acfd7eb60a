//! Billing from the settings: who sends invoices, Stripe where there is one, and what the service does about both by itself.

use std::time::Duration;

use anyhow::Context;
use driftline_auth_billing::{
    BillingParts, Month, Party, PublicUrl, Seller, Stripe, StripeSettings, StripeSync, WebhookSecret, chain,
    close_due_months, system_clock,
};
use driftline_compute::Compute;
use driftline_config::Settings;
use driftline_database::Database;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Between two passes.
const EVERY: Duration = Duration::from_secs(60);

/// Who sends invoices.
pub(crate) fn seller(settings: &Settings) -> Seller {
    let billing = &settings.billing;
    Seller {
        party: Party {
            name: settings.seller_name().to_owned(),
            address: billing.seller_address.clone(),
            country: billing.seller_country.clone(),
            vat_id: billing.seller_vat_id.clone(),
        },
        tax_rate_bp: billing.tax_rate_bp,
        number_prefix: billing.invoice_prefix.clone(),
    }
}

/// The traffic with Stripe; `None`: there is no Stripe.
pub(crate) fn stripe(settings: &Settings, database: &Database) -> anyhow::Result<Option<StripeSync>> {
    let Some(access) = settings.stripe()? else {
        return Ok(None);
    };
    let stripe = Stripe::new(&StripeSettings {
        api_key: access.api_key.reveal().to_owned(),
        base: access.base,
    });
    let stripe = stripe.context("billing.stripe_api_key, billing.stripe_base")?;
    Ok(Some(StripeSync::new(database.clone(), stripe, system_clock())))
}

/// What the routes need.
pub(crate) fn parts(
    settings: &Settings,
    database: &Database,
    compute: &Compute,
    public_url: PublicUrl,
) -> anyhow::Result<BillingParts> {
    let secret = settings.stripe_webhook_secret()?;
    Ok(BillingParts {
        database: database.clone(),
        clock: system_clock(),
        seller: seller(settings),
        stripe: stripe(settings, database)?,
        webhook_secret: secret.map(|secret| WebhookSecret::from(secret.reveal().to_owned())),
        compute: compute.clone(),
        public_url,
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Tells Stripe what is new and closes months, every minute until the service stops. Several processes may do so.
pub(crate) fn run(
    settings: &Settings,
    database: &Database,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<impl Future<Output = ()> + Send + use<>> {
    let (stripe, seller, database) = (stripe(settings, database)?, seller(settings), database.clone());
    let close_after_h = settings.billing.close_after_h;
    Ok(async move {
        let work = async {
            let mut closed = None;
            loop {
                tokio::time::sleep(EVERY).await;
                if let Some(stripe) = &stripe {
                    tell(stripe).await;
                }
                if close_after_h > 0 {
                    close(&database, &seller, close_after_h, &mut closed).await;
                }
            }
        };
        if stripe.is_none() && close_after_h == 0 {
            return;
        }
        // What is under way when the service stops is looked at again after the next start.
        tokio::select! {
            () = work => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    })
}

async fn tell(stripe: &StripeSync) {
    match stripe.pass().await {
        Ok(passed) if passed == Default::default() => {}
        Ok(passed) => tracing::info!(
            accounts = passed.accounts,
            queued = passed.queued,
            told = passed.told,
            "told Stripe what is new"
        ),
        Err(error) => tracing::warn!(cause = chain(&error), "Stripe was not told what is new"),
    }
}

/// Closes the months that are over for long enough and have no invoice, those of a time in which nobody did included. `closed` is
/// the month before which this process knows all to be closed; what failed is tried again.
async fn close(database: &Database, seller: &Seller, after_h: u32, closed: &mut Option<Month>) {
    let now = Timestamp::now();
    let after = closes_after(after_h);
    let month = match Month::of(now - after) {
        Ok(month) => month,
        Err(error) => return tracing::warn!(cause = chain(&error), "the month is not known"),
    };
    if *closed == Some(month) {
        return;
    }
    match close_due_months(database, seller, after, now).await {
        Ok(closing) => {
            let (invoices, failed) = (closing.invoices.len(), closing.failed.len());
            tracing::info!(before = %month, invoices, failed, "months are closed");
            if failed == 0 {
                *closed = Some(month);
            }
        }
        Err(error) => tracing::error!(alarm = true, cause = chain(&error), before = %month, "no month was closed"),
    }
}

/// How long after its end a month is closed.
pub(crate) fn closes_after(after_h: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(after_h))
}
