//! The whole service as one router: who may call in from where, what it costs, and which part answers.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use driftline_auth_billing::{
    Auth, Cors, Identity, Limits, MapLinks, Metering, Outbound, Problem, Quotas, TrustedProxies, UsageLog, access_log,
    billing_router, path_keys, router as account_routes, system_clock, webhook_router,
};
use driftline_compute::Compute;
use driftline_config::{ProviderSettings, Settings};
use driftline_database::Database;
use driftline_domain::{MissionId, OrgId};
use driftline_ogc_api::{AppState, BlueLake, MISSION_TILESETS, Parts, Provider, PublicBase, Readiness};
use driftline_simulate::Engine;
use driftline_store::Store;
use tokio::sync::{broadcast, watch};

use crate::forcing_fields::StoredFields;
use crate::forcing_maps::StoredMaps;
use crate::metrics::Watched;
use crate::roles::{Roles, for_reading};
use crate::seams::{Intake, StoredFiles, StoredForcing};
use crate::traces::Traces;
use crate::{basemap, billing, metrics, page};

/// What the routes are made from.
pub(crate) struct Ground<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) database: &'a Database,
    pub(crate) store: &'a Store,
    pub(crate) engine: &'a Engine,
    /// Where pictures and pages are made: threads of their own, so that no map keeps a mission waiting.
    pub(crate) maps: &'a Compute,
    pub(crate) changes: &'a broadcast::Sender<(OrgId, MissionId)>,
    pub(crate) roles: &'a Roles,
    pub(crate) watched: &'a Watched,
    pub(crate) identity: &'a Identity,
    pub(crate) readiness: Arc<dyn Readiness>,
    pub(crate) traces: Option<&'a Traces>,
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// What stands in the way of those who ask too much.
pub(crate) struct Guards {
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    pub(crate) proxies: TrustedProxies,
}

/// Every route, from the access log inwards.
pub(crate) fn app(ground: Ground<'_>, in_the_way: Guards, log: UsageLog) -> anyhow::Result<Router> {
    let public_base = PublicBase::new(ground.settings.public_base_url().unwrap_or_default())?;
    let auth = Auth::with_people(ground.database.clone(), system_clock(), ground.identity.clone());
    let cors = Cors::new(&auth, &ground.settings.server.cors_origins).context("server.cors_origins")?;
    let links = map_links(public_base.clone());
    let billing = billing::parts(
        ground.settings,
        ground.database,
        ground.maps,
        Arc::clone(&links.public_url),
    )?;
    let accounts = account_routes(&auth, links)
        .merge(ground.identity.own_routes())
        .merge(billing_router(billing.clone()));
    let (coast, compute) = (Arc::clone(&ground.engine.coast), ground.maps.clone());
    let pages = page::assets()
        .merge(webhook_router(billing))
        .merge(basemap::routes(coast, compute, public_base.clone())?)
        .merge(metrics::routes(&auth, ground.watched.clone()))
        .merge(in_the_way.limits.around_logins(ground.identity.open_routes()));
    let traces = ground.traces.cloned();
    let (http, only_reads) = (ground.watched.http.clone(), ground.roles.only_read());
    let public_path = public_base.path_prefix();
    let blue_lake = ground.settings.blue_lake().map(BlueLake::load).transpose();
    let blue_lake = blue_lake.context("conformance.blue_lake")?;
    let outbound = Outbound::new(&ground.settings.outbound.allow).context("outbound.allow")?;
    let state = AppState::new(parts(ground, auth.clone(), public_base, blue_lake, outbound));
    if !only_reads {
        // It ends with the service; what it has not told by then is told after the next start.
        tokio::spawn(driftline_ogc_api::deliver_callbacks(state.clone()));
    }
    let Guards {
        limits,
        quotas,
        proxies,
    } = in_the_way;
    let metering = Metering::new(log).with_quotas(quotas);
    let protect = |routes: Router| auth.wrap(limits.wrap(metering.wrap(routes)));
    let routes = driftline_ogc_api::router(state, accounts, pages, protect);
    let routes = if only_reads { for_reading(routes) } else { routes };
    let known = path_keys(cors.wrap(routes), &public_path);
    let routes = http.wrap(access_log(limits.around(known, proxies)));
    Ok(match traces {
        Some(traces) => traces.around(routes),
        None => routes,
    })
}

fn parts(
    ground: Ground<'_>,
    auth: Auth,
    public_base: PublicBase,
    blue_lake: Option<BlueLake>,
    outbound: Outbound,
) -> Parts {
    Parts {
        auth,
        database: ground.database.clone(),
        compute: ground.maps.clone(),
        coast: Arc::clone(&ground.engine.coast),
        files: Arc::new(StoredFiles(ground.store.results())),
        intake: Arc::new(Intake {
            engine: ground.engine.clone(),
            store: ground.store.clone(),
        }),
        forcing: Arc::new(StoredForcing {
            store: ground.store.clone(),
            settings: ground.settings.clone(),
        }),
        maps: Arc::new(StoredMaps::new(ground.store.clone())),
        blue_lake,
        fields: Arc::new(StoredFields::new(ground.store.clone())),
        cycle_objects: Arc::new(StoredFields::new(ground.store.clone())),
        page: Some(Arc::new(page::index)),
        changes: ground.changes.clone(),
        provider: provider(&ground.settings.provider),
        outbound,
        public_base,
        readiness: ground.readiness,
        shutdown: ground.shutdown,
    }
}

fn provider(settings: &ProviderSettings) -> Provider {
    Provider {
        name: settings.name.clone(),
        site: settings.site.clone(),
        phone: settings.phone.clone(),
        email: settings.email.clone(),
    }
}

fn map_links(public_base: PublicBase) -> MapLinks {
    let public_url = move |headers: &http::HeaderMap, uri: &http::Uri| {
        let base = public_base.for_request(headers, uri);
        base.map_err(|error| Problem::bad_request(error.to_string()))
    };
    MapLinks {
        public_url: Arc::new(public_url),
        tilesets: &MISSION_TILESETS,
    }
}
