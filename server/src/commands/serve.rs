//! `driftline serve`: configuration, parts, wiring, and a shutdown that leaves nothing half done.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use clap::Args;
use driftline_auth_billing::{UsageLog, UsageSettings, UsageTasks, chain, system_clock};
use driftline_compute::Compute;
use driftline_config::Settings;
use driftline_database::{Database, Work};
use driftline_domain::{MissionId, OrgId};
use driftline_simulate::{Engine, ForcingOrigin, Worker};
use driftline_store::{ORPHAN_AGE, Store, Swept};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::app::{Ground, app};
use crate::bus::{Bus, BusSettings};
use crate::connections::Serving;
use crate::metrics::{self, HttpMetrics, Installation, Watched};
use crate::node::Node;
use crate::readiness::ServiceReadiness;
use crate::roles::{Role, Roles};
use crate::stopping::{Stopping, Told};
use crate::traces::Traces;
use crate::{
    Common, billing, commands, connections, cot, guards, identity, ingest_settings, leftovers, logging, operations,
    scheduling,
};

/// Requests in progress get this long to finish once nothing new is taken.
const FINISH: Duration = Duration::from_secs(25);
/// Usage gets this long to be entered into the ledger at the end.
const ENTER_WITHIN: Duration = Duration::from_secs(8);
/// Connections to the database get this long to come back at the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);
/// Mission changes that a slow listener may lag behind before it looks at the database anew.
const CHANGES: usize = 1_024;

/// What to serve.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Roles of this process, separated by commas; without it all of them. Processes that share a data directory or a
    /// database server, such as one with the role api and one with the role worker, need different names under store.node.
    #[arg(long, value_delimiter = ',', value_enum)]
    roles: Vec<Role>,
    #[command(flatten)]
    common: Common,
}

/// Everything that runs.
struct Service {
    settings: Settings,
    roles: Roles,
    node: Node,
    database: Database,
    store: Store,
    engine: Engine,
    changes: broadcast::Sender<(OrgId, MissionId)>,
    bus: Option<Bus>,
    stopping: Stopping,
    traces: Option<Traces>,
}

/// Serves until the signal to stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut settings = arguments.common.settings()?;
    if let Some(listen) = arguments.listen {
        settings.server.listen = listen;
    }
    let roles = Roles::of(&arguments.roles);
    commands::runtime()?.block_on(async {
        logging::start(&settings)?;
        let service = Service::build(settings, roles).await?;
        let mut carrying = JoinSet::new();
        carrying.spawn(service.node.keep_alive(&service.database, &service.stopping));
        if let Some((bus, settings)) = service.bus.clone().zip(service.bus_settings()?) {
            let stopped = service.stopping.stopped();
            carrying.spawn(bus.run(settings, service.changes.clone(), stopped));
        }
        let mut workers = JoinSet::new();
        if let Some(work) = service.roles.work() {
            service.start_workers(&mut workers, work).await?;
        }
        // Also without a feed: files given by hand are superseded, and ingests are killed.
        if service.roles.has(Role::Ingest) {
            workers.spawn(service.start_ingest().await?);
        }
        let (served, ()) = tokio::join!(service.serve(), service.end_workers(workers));
        while carrying.join_next().await.is_some() {}
        service.node.release(&service.database).await;
        // Whatever still holds a connection ends with the process.
        if tokio::time::timeout(CLOSE_WITHIN, service.database.close())
            .await
            .is_err()
        {
            tracing::info!("a connection to the database was still in use");
        }
        tracing::info!("stopped");
        if let Some(traces) = service.traces {
            traces.finish();
        }
        served
    })
}

impl Service {
    async fn build(settings: Settings, roles: Roles) -> anyhow::Result<Self> {
        // First of all: nothing of the installation is touched with a configuration that cannot be used.
        ingest_settings::sources(&settings.ingest)?;
        let traces = Traces::start(&settings, guards::trusted(&settings)?)?;
        let coast = commands::coast(&settings)?;
        if let Some(path) = settings.coast_file() {
            let (file, source) = (path.display(), coast.source());
            tracing::info!(%file, source, checksum = format!("{:08x}", coast.checksum()), "the coast is the operator's own");
        }
        let data_dir = &settings.store.data_dir;
        commands::create_data_dir(data_dir)?;
        let mut node = Node::claim(data_dir, &settings.store.node)?;
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
        node.claim_among_all(&database, &roles.to_string()).await?;
        let bus = match bus_settings(&settings, &node)? {
            Some(settings) => Some(Bus::connect(&settings).await?),
            None => None,
        };
        let engine = Engine {
            compute,
            coast: Arc::new(coast),
            origin: ForcingOrigin::Store(store.clone()),
        };
        Ok(Self {
            settings,
            roles,
            node,
            database,
            store,
            engine,
            changes: broadcast::channel(CHANGES).0,
            bus,
            stopping: Stopping::new(),
            traces,
        })
    }

    fn bus_settings(&self) -> anyhow::Result<Option<BusSettings>> {
        bus_settings(&self.settings, &self.node)
    }

    async fn start_workers(&self, workers: &mut JoinSet<()>, work: Work) -> anyhow::Result<()> {
        let freed = self
            .database
            .take_back_leases_of_dead(&self.node.workers(), Timestamp::now())
            .await?;
        if freed > 0 {
            tracing::info!(jobs = freed, "took back jobs of an earlier process of this node");
        }
        for number in 0..self.settings.missions.max_concurrent_jobs {
            let worker = Worker {
                engine: self.engine.clone(),
                database: self.database.clone(),
                results: self.store.results(),
                changes: self.changes.clone(),
                node: self.settings.store.node.clone(),
                name: format!("{}{number}", self.node.own_workers()),
                work,
                lease: Duration::from_secs(u64::from(self.settings.missions.lease_s)),
                shutdown: self.stopping.draining(),
            };
            workers.spawn(worker.run());
        }
        let (database, store) = (self.database.clone(), self.store.clone());
        workers.spawn(leftovers::remove_daily(database, store, self.stopping.draining()));
        Ok(())
    }

    /// Ingest has threads and a view of the store of its own: no mission and no map waits behind a cycle that is decoded.
    async fn start_ingest(&self) -> anyhow::Result<impl Future<Output = ()> + use<>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let compute = Compute::new((cores / 2).max(1))?;
        let store = commands::open_store(&self.settings, compute.clone()).await?;
        let scheduler = scheduling::scheduler(&self.settings, &store, &compute, Arc::clone(&self.engine.coast), &[])?;
        Ok(scheduling::run(scheduler, self.stopping.draining()))
    }

    /// Serves, or just waits where this process does not, until it is told to stop.
    async fn serve(&self) -> anyhow::Result<()> {
        let served = Box::pin(self.serve_or_wait()).await;
        // Also where nothing could be served, workers have to end.
        self.stopping.end();
        served
    }

    async fn serve_or_wait(&self) -> anyhow::Result<()> {
        if !self.roles.serve_http() {
            return self.serve_operators_or_wait().await;
        }
        let (log, tasks) = self.open_usage_log().await?;
        let served = self.serve_http(log).await;
        tracing::info!("every request is answered; entering usage into the ledger");
        // What is not entered in time is on disk, and the next start enters it: a supervisor does not wait for ever.
        match tokio::time::timeout(ENTER_WITHIN, tasks.shutdown()).await {
            Ok(entered) => {
                entered.context("the usage log could not be brought into the ledger; the next start does it")?;
            }
            Err(_) => tracing::info!("usage is left in the log; the next start enters it"),
        }
        served
    }

    async fn serve_operators_or_wait(&self) -> anyhow::Result<()> {
        let Some(listen) = self.settings.operations_listen() else {
            return self.wait(Duration::ZERO).await;
        };
        let watched = self.watched(None);
        let readiness = Arc::new(self.readiness(None, &watched));
        let proxies = guards::proxies(&self.settings)?;
        let app = operations::routes(&self.database, readiness, watched.clone(), proxies);
        let served = self.listen(listen, app, watched.http, Duration::ZERO).await?;
        self.tell_of(served.0);
        served.1
    }

    async fn wait(&self, drain: Duration) -> anyhow::Result<()> {
        match self.stopping.run(drain).await? {
            Told::BySignal => Ok(()),
            Told::ByItself => bail!("the service could not go on; what it logged last says why"),
        }
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
        let watched = self.watched(Some(&log));
        let readiness = self.readiness(Some(&log), &watched);
        let people = identity::open(&self.settings, &self.database).await?;
        let sealed = people.sealed_database();
        let outbox = people
            .clone()
            .run_outbox(identity::transport(&people)?, self.stopping.stopped());
        let ground = Ground {
            identity: &people,
            settings: &self.settings,
            database: &sealed,
            store: &self.store,
            engine: &self.engine,
            maps: &maps,
            changes: &self.changes,
            roles: &self.roles,
            watched: &watched,
            readiness: Arc::new(readiness),
            traces: self.traces.as_ref(),
            shutdown: self.stopping.stopped(),
        };
        let guards = guards::guards(&self.settings, &self.database).await?;
        // It ends with the service.
        tokio::spawn(guards.quotas.clone().run(self.stopping.stopped()));
        let app = app(ground, guards, log.clone())?;
        tokio::spawn(billing::run(&self.settings, &sealed, self.stopping.stopped())?);
        let cot = cot::listen(&self.settings).await?;
        let feed = async {
            if let Some(listening) = cot {
                cot::serve(listening, self.cot_source(&maps, log)).await;
            }
        };
        let drain = Duration::from_secs(u64::from(self.settings.server.drain_s));
        let served = self.listen(self.settings.server.listen, app, watched.http, drain);
        let (served, (), ()) = tokio::join!(served, feed, outbox);
        let (cut_off, told) = served?;
        self.tell_of(cut_off);
        told
    }

    /// Answers at an address until told to stop: how many requests were cut off, and why it ended.
    async fn listen(
        &self,
        listen: SocketAddr,
        app: Router,
        metrics: HttpMetrics,
        drain: Duration,
    ) -> anyhow::Result<(usize, anyhow::Result<()>)> {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"));
        let listener = match listener {
            Ok(listener) => listener,
            Err(error) => {
                // Whatever runs beside this ends with it.
                self.stopping.end();
                return Err(error);
            }
        };
        tracing::info!(roles = %self.roles, "serving");
        // Nothing behind the address: scripts read it to the end of the line.
        tracing::info!("listening on http://{}", listener.local_addr()?);
        let serving = Serving {
            app,
            metrics,
            draining: self.stopping.draining(),
            stopped: self.stopping.stopped(),
        };
        Ok(tokio::join!(
            connections::serve(listener, serving, FINISH),
            self.wait(drain)
        ))
    }

    fn tell_of(&self, cut_off: usize) {
        if cut_off > 0 {
            tracing::warn!(
                connections = cut_off,
                "some requests did not finish in {} s and were cut off",
                FINISH.as_secs()
            );
        }
    }

    fn readiness(&self, log: Option<&UsageLog>, watched: &Watched) -> ServiceReadiness {
        ServiceReadiness {
            draining: self.stopping.draining(),
            store: self.store.clone(),
            usage: log.cloned(),
            forcing: Arc::clone(&watched.forcing),
            bus: self.bus.clone(),
            known: Mutex::default(),
        }
    }

    fn watched(&self, log: Option<&UsageLog>) -> Watched {
        let workers = if self.roles.work().is_some() {
            self.settings.missions.max_concurrent_jobs
        } else {
            0
        };
        let own = self.node.own_workers();
        let close_after_h = self.settings.billing.close_after_h;
        let closes = (close_after_h > 0).then(|| billing::closes_after(close_after_h));
        Watched {
            http: HttpMetrics::default(),
            installation: Arc::new(Installation::new(
                self.database.clone(),
                log.cloned(),
                own,
                workers,
                closes,
            )),
            forcing: Arc::new(metrics::Source::new(self.settings.clone(), self.store.clone())),
        }
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
            stopped: self.stopping.stopped(),
        }
    }

    /// Lets workers put down what they hold as soon as the process is told to stop, and hands their leases back at once: others
    /// take those missions up while requests are still answered here.
    async fn end_workers(&self, mut workers: JoinSet<()>) {
        let mut draining = self.stopping.draining();
        // The sender lives as long as the service.
        let _ = draining.wait_for(|draining| *draining).await;
        let all = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(FINISH, all).await.is_err() {
            tracing::warn!("a worker did not stop in time; its mission is taken up again at the next start");
        }
        let own = self.node.own_workers();
        if let Err(error) = self.database.hand_back_leases_of(&own, Timestamp::now()).await {
            tracing::warn!(
                cause = chain(&error),
                "leases were not released; they run out by themselves"
            );
        }
    }
}

fn bus_settings(settings: &Settings, node: &Node) -> anyhow::Result<Option<BusSettings>> {
    let url = settings.nats_url()?;
    Ok(url.map(|url| BusSettings {
        url,
        prefix: settings.nats.prefix.clone(),
        process: node.process().to_string(),
    }))
}
