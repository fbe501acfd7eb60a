//! Limits and quotas as the settings say.

use std::sync::Arc;

use anyhow::Context;
use driftline_auth_billing::{LimitSettings, Limits, Networks, Quotas, SharedBuckets, TrustedProxies, system_clock};
use driftline_config::Settings;
use driftline_database::Database;

use crate::app::Guards;

/// The networks of the proxies of the settings.
pub(crate) fn trusted(settings: &Settings) -> anyhow::Result<Networks> {
    let networks = settings.server.trusted_proxies.iter().map(String::as_str);
    Networks::parse(networks).context("server.trusted_proxies")
}

/// The proxies of the settings.
pub(crate) fn proxies(settings: &Settings) -> anyhow::Result<TrustedProxies> {
    Ok(TrustedProxies::new(trusted(settings)?))
}

/// What stands in the way of those who ask too much. Nodes that share a database share their limits.
pub(crate) async fn guards(settings: &Settings, database: &Database) -> anyhow::Result<Guards> {
    let proxies = proxies(settings)?;
    let quotas = Quotas::open(database.clone(), system_clock()).await;
    let quotas = quotas.context("cannot read the quotas")?;
    let rows = database
        .is_shared()
        .then(|| Arc::new(database.clone()) as Arc<dyn SharedBuckets>);
    let limits = Limits::new(limit_settings(settings), system_clock(), rows, Some(quotas.clone()));
    Ok(Guards {
        limits,
        quotas,
        proxies,
    })
}

fn limit_settings(settings: &Settings) -> LimitSettings {
    let limits = &settings.limits;
    LimitSettings {
        requests: limits.requests_per_minute,
        organisation_requests: limits.organisation_requests_per_minute,
        maps: limits.maps_per_minute,
        organisation_maps: limits.organisation_maps_per_minute,
        mission_writes: limits.mission_writes_per_minute,
        distress_per_hour: limits.distress_missions_per_hour,
        address_requests: limits.address_requests_per_minute,
        logins: limits.logins_per_minute,
    }
}
