//! `driftline serve`: configuration, parts, wiring, and a shutdown that leaves nothing half done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use driftline_auth_billing::{UsageLog, UsageSettings, UsageTasks, chain, system_clock};
use driftline_compute::Compute;
use driftline_config::Settings;
use driftline_database::Database;
use driftline_domain::{MissionId, OrgId};
use driftline_simulate::{Engine, ForcingOrigin, Worker};
use driftline_store::{ORPHAN_AGE, Store, Swept};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use crate::app::{Ground, app};
use crate::node::Node;
use crate::{Common, commands, connections, cot, guards, ingest_settings, logging, scheduling};

/// Open requests get this long to finish after the signal to stop.
const DRAIN: Duration = Duration::from_secs(25);
/// Mission changes that a slow listener may lag behind before it looks at the database anew.
const CHANGES: usize = 1_024;

/// What to serve.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Roles of this process, separated by commas; without it all of them. Two processes on one data directory, such as
    /// one with the role api and one with the role worker, need different names under store.node.
    #[arg(long, value_delimiter = ',', value_enum)]
    roles: Vec<Role>,
    #[command(flatten)]
    common: Common,
}

/// A part of the service.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// HTTP.
    Api,
    /// Computes missions.
    Worker,
    /// Fetches feeds.
    Ingest,
}

/// Everything that runs.
struct Service {
    settings: Settings,
    node: Node,
    database: Database,
    store: Store,
    engine: Engine,
    changes: broadcast::Sender<(OrgId, MissionId)>,
    stop: watch::Sender<bool>,
}

/// Serves until the signal to stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut settings = arguments.common.settings()?;
    if let Some(listen) = arguments.listen {
        settings.server.listen = listen;
    }
    logging::start(&settings.log)?;
    let has = |role: Role| arguments.roles.is_empty() || arguments.roles.contains(&role);
    let (api, worker, ingest) = (has(Role::Api), has(Role::Worker), has(Role::Ingest));
    commands::runtime()?.block_on(async {
        let service = Service::build(settings).await?;
        let mut workers = if worker {
            service.start_workers().await?
        } else {
            JoinSet::new()
        };
        // Also without a feed: files given by hand are superseded, and ingests are killed.
        if ingest {
            workers.spawn(service.start_ingest().await?);
        }
        let served = if api {
            service.serve().await
        } else {
            service.wait_for_signal().await
        };
        service.finish(workers).await;
        served
    })
}

impl Service {
    async fn build(settings: Settings) -> anyhow::Result<Self> {
        // First of all: nothing of the installation is touched with a configuration that cannot be used.
        ingest_settings::sources(&settings.ingest)?;
        guards::proxies(&settings)?;
        let coast = commands::coast(&settings)?;
        if let Some(path) = settings.coast_file() {
            let (file, source) = (path.display(), coast.source());
            tracing::info!(%file, source, checksum = format!("{:08x}", coast.checksum()), "the coast is the operator's own");
        }
        let data_dir = &settings.store.data_dir;
        commands::create_data_dir(data_dir)?;
        let node = Node::claim(data_dir, &settings.store.node)?;
        let compute: Compute = commands::compute(&settings)?;
        let store = commands::open_store(&settings, compute.clone()).await?;
        store.catalog().await.context("cannot read the catalog")?;
        match store.sweep_orphans(ORPHAN_AGE, Timestamp::now()).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(swept) => tracing::info!(
                prefixes = swept.prefixes,
                staged = swept.staged,
                temporaries = swept.temporaries,
                "removed what interrupted work had left behind"
            ),
            Err(error) => tracing::warn!(cause = chain(&error), "leftovers of interrupted work were not removed"),
        }
        let database = commands::open_database(&settings).await?;
        let engine = Engine {
            compute,
            coast: Arc::new(coast),
            origin: ForcingOrigin::Store(store.clone()),
        };
        Ok(Self {
            settings,
            node,
            database,
            store,
            engine,
            changes: broadcast::channel(CHANGES).0,
            stop: watch::channel(false).0,
        })
    }

    async fn start_workers(&self) -> anyhow::Result<JoinSet<()>> {
        let freed = self
            .database
            .take_back_leases_of_dead(&self.node.workers(), Timestamp::now())
            .await?;
        if freed > 0 {
            tracing::info!(jobs = freed, "took back jobs of an earlier process of this node");
        }
        let mut workers = JoinSet::new();
        for number in 0..self.settings.missions.max_concurrent_jobs {
            let worker = Worker {
                engine: self.engine.clone(),
                database: self.database.clone(),
                results: self.store.results(),
                changes: self.changes.clone(),
                node: self.settings.store.node.clone(),
                name: format!("{}{number}", self.node.own_workers()),
                lease: Duration::from_secs(u64::from(self.settings.missions.lease_s)),
                shutdown: self.stop.subscribe(),
            };
            workers.spawn(worker.run());
        }
        Ok(workers)
    }

    /// Ingest has threads and a view of the store of its own: no mission and no map waits behind a cycle that is decoded.
    async fn start_ingest(&self) -> anyhow::Result<impl Future<Output = ()> + use<>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let compute = Compute::new((cores / 2).max(1))?;
        let store = commands::open_store(&self.settings, compute.clone()).await?;
        let scheduler = scheduling::scheduler(&self.settings, &store, &compute, Arc::clone(&self.engine.coast), &[])?;
        Ok(scheduling::run(scheduler, self.stop.subscribe()))
    }

    async fn serve(&self) -> anyhow::Result<()> {
        let (log, tasks) = self.open_usage_log().await?;
        let served = self.serve_http(log).await;
        tasks
            .shutdown()
            .await
            .context("the usage log could not be brought into the ledger; the next start does it")?;
        served
    }

    async fn open_usage_log(&self) -> anyhow::Result<(UsageLog, UsageTasks)> {
        let folder = self.settings.store.data_dir.join("usage");
        let settings = UsageSettings {
            flush_every: Duration::from_millis(self.settings.usage.flush_ms),
            ..UsageSettings::default()
        };
        UsageLog::open(
            &folder,
            &self.settings.store.node,
            self.database.clone(),
            system_clock(),
            settings,
        )
        .await
        .with_context(|| format!("cannot open the usage log in {}", folder.display()))
    }

    async fn serve_http(&self, log: UsageLog) -> anyhow::Result<()> {
        // Twice the cores: one organisation's maps may take half of the threads.
        let maps = Compute::new(2 * std::thread::available_parallelism().map_or(1, usize::from))?;
        let ground = Ground {
            settings: &self.settings,
            database: &self.database,
            store: &self.store,
            engine: &self.engine,
            maps: &maps,
            changes: &self.changes,
            shutdown: self.stop.subscribe(),
        };
        let guards = guards::guards(&self.settings, &self.database).await?;
        // It ends with the service.
        tokio::spawn(guards.quotas.clone().run(self.stop.subscribe()));
        let app = app(ground, guards, log.clone())?;
        let cot = cot::listen(&self.settings).await?;
        let listen = self.settings.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"))?;
        tracing::info!("listening on http://{}", listener.local_addr()?);
        let server = connections::serve(listener, app, self.stop.subscribe(), DRAIN);
        let signal = async {
            let signalled = self.wait_for_signal().await;
            self.stop.send_replace(true);
            signalled
        };
        let feed = async {
            if let Some(listening) = cot {
                cot::serve(listening, self.cot_source(&maps, log)).await;
            }
        };
        let (cut_off, signalled, ()) = tokio::join!(server, signal, feed);
        if cut_off > 0 {
            tracing::warn!(
                connections = cut_off,
                "some requests did not finish in {} s and were cut off",
                DRAIN.as_secs()
            );
        }
        signalled
    }

    fn cot_source(&self, compute: &Compute, log: UsageLog) -> cot::Source {
        let feed = cot::Feed::new(
            self.database.clone(),
            self.store.results(),
            compute.clone(),
            Arc::clone(&self.engine.coast),
        );
        cot::Source {
            database: self.database.clone(),
            feed: Arc::new(feed),
            log,
            changes: self.changes.clone(),
            stopped: self.stop.subscribe(),
        }
    }

    /// Returns after SIGTERM or Ctrl-C, with everybody told to stop.
    async fn wait_for_signal(&self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        tracing::info!("stopping");
        self.stop.send_replace(true);
        Ok(())
    }

    /// Lets workers put down what they hold.
    async fn finish(self, mut workers: JoinSet<()>) {
        self.stop.send_replace(true);
        let all = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            tracing::warn!("a worker did not stop in time; its mission is taken up again at the next start");
        }
        let own = self.node.own_workers();
        if let Err(error) = self.database.hand_back_leases_of(&own, Timestamp::now()).await {
            tracing::warn!(
                cause = chain(&error),
                "leases were not released; they run out by themselves"
            );
        }
        self.database.close().await;
        tracing::info!("stopped");
    }
}
