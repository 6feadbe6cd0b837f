//! A node: every part started, joined and stopped in order.

mod lead_counts;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use timbre_engine::{AnswerDay, Command, Engine, Limits};
use timbre_sip as sip;
use timbre_store::{Ledger, Spool, Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::api::{self, ServeError};
use crate::authorize::{Authorizer, Trust};
use crate::casework::clockwork::Clockwork;
use crate::casework::counting::Counting;
use crate::casework::mail::Mailer;
use crate::casework::reactor::{READERS, Reactor};
use crate::casework::surveys::Permits;
use crate::casework::{Desk, retention, webhooks};
use crate::config::Settings;
use crate::driver::clock::{self, Clock};
use crate::driver::{Driver, Handle, Parts};
use crate::feed::Feed;
use crate::metrics::Metrics;
use crate::telephony::{Lines, REALM, Telephony};
use lead_counts::LeadCounter;

/// How often gauges are read and queues' watchers are told.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// After how many readings of the gauges the latest time is kept, too.
const KEEP_TIME_EVERY: u64 = 10;

/// The longest window of a law on abandonment, and a day for its time zones.
const ANSWERS_COUNT_FOR: Duration = Duration::from_secs(32 * 86_400);

/// How long far ends may take to confirm that we hung up, and the loop to take it in.
const LAST_FAREWELLS: Duration = Duration::from_secs(2);

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The switch.
    #[error("the SIP switch: {0}")]
    Switch(#[from] sip::StartError),
    /// The API.
    #[error("gRPC: {0}")]
    Api(#[from] ServeError),
    /// The exporter.
    #[error("metrics on {address}: {why}")]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// Why.
        why: String,
    },
    /// The floor that the store holds is refused.
    #[error("the floor of tenant {0} cannot be brought back: {1}")]
    Floor(timbre_model::TenantId, timbre_engine::Rejection),
    /// The loop ended at once.
    #[error(transparent)]
    Stopped(#[from] crate::driver::Stopped),
}

/// A running node.
pub struct Node {
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where metrics are served.
    pub metrics: SocketAddr,
    /// Where SIP is served.
    pub sip: sip::LocalAddrs,
    /// Reaches the loop.
    pub driver: Handle,
    /// The store.
    pub store: Store,
    api: api::Running,
    switch: Arc<sip::Switch>,
    driving: JoinHandle<Result<(), StoreError>>,
    sampling: JoinHandle<()>,
    counting: JoinHandle<()>,
    desk_work: JoinSet<()>,
    latest: LatestTime,
    drain: Duration,
}

impl Node {
    /// Starts every part. When it returns, calls are taken.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let store = Store::open(&settings.database).await?;
        let ledger = Ledger::open(store.clone(), Spool::open(&settings.spool).await?).await?;
        let recovered = ledger.recover(clock::civil()).await?;
        tracing::info!(?recovered, "ended what a former run left open");
        let (metrics, metrics_at) = Metrics::serve(settings.metrics).map_err(|why| {
            StartError::Metrics { address: settings.metrics, why: why.to_string() }
        })?;

        let (events_in, events) = mpsc::unbounded_channel();
        let switch = Arc::new(sip::Switch::start(switch_config(settings), events_in).await?);
        let telephony = Telephony::new(switch.clone(), events);
        let limits = Limits { resume_grace: settings.resume_grace, ..Limits::default() };
        let (feed, clock) = (Feed::default(), Clock::start());
        let floors = store.floors().await?;
        let file = Trust::file(&settings.spool);
        let seen = latest_intent(&store, &floors).await?.max(Trust::kept(&file).await);
        let latest = LatestTime { trust: Trust::start(clock, seen), file };
        let spool_watch = ledger.clone();
        let (mut driver, handle) = Driver::new(Parts {
            engine: Engine::new(limits),
            authorizer: Authorizer::new(ledger.clone(), latest.trust.clone()),
            ledger,
            telephony,
            feed: feed.clone(),
            metrics: metrics.clone(),
            clock,
        });
        for floor in floors {
            let tenant = floor.tenant.clone();
            let restored = driver.restore(floor.tenant, floor.spec, floor.version);
            restored.map_err(|rejection| StartError::Floor(tenant, rejection))?;
        }
        for record in store.campaigns().await? {
            let since = clock.now().civil.before(ANSWERS_COUNT_FOR);
            let days = store.answer_days(&record.tenant, &record.campaign, since).await?;
            let days = days.into_iter().map(|it| AnswerDay {
                day: it.day,
                answered: it.answered,
                abandoned: it.abandoned,
            });
            driver.restore_campaign(record, days.collect());
        }
        let driving = tokio::spawn(driver.run());
        let desk = Desk {
            store: store.clone(),
            feed: feed.clone(),
            driver: handle.clone(),
            metrics: metrics.clone(),
        };
        let desk_work = desk_work(&desk);
        let context = api::Context {
            driver: handle.clone(),
            feed: feed.clone(),
            store: store.clone(),
            metrics: metrics.clone(),
            desk,
            lines: Lines::new(switch.clone()),
        };
        let api = api::serve(settings, context).await?;
        let counter = LeadCounter {
            driver: handle.clone(),
            feed: feed.clone(),
            store: store.clone(),
            metrics: metrics.clone(),
        };
        let counting = tokio::spawn(counter.run());
        let sampler = Sampler {
            driver: handle.clone(),
            feed,
            metrics,
            switch: switch.clone(),
            ledger: spool_watch,
            latest: latest.clone(),
        };
        let sampling = tokio::spawn(sampler.run());
        Ok(Self {
            grpc: api.address,
            metrics: metrics_at,
            sip: switch.local_addrs(),
            driver: handle,
            store,
            api,
            switch,
            driving,
            sampling,
            counting,
            desk_work,
            latest,
            drain: settings.drain,
        })
    }

    /// Waits until the loop ends by itself, which it only does where it must not go on. A part of the desk that panicked ends
    /// the node, too: without it complaints would go unwatched, and nobody would know.
    pub async fn ended(&mut self) -> Result<(), StoreError> {
        let ended = tokio::select! {
            ended = &mut self.driving => ended,
            Some(Err(panic)) = self.desk_work.join_next() => Err(panic),
        };
        match ended {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    /// Takes no new calls, lets those in progress end within the drain time, hangs up the rest, and stops.
    pub async fn stop(mut self) {
        // A loop that has ended already has nothing left to drain.
        let _ = self.driver.command(Command::Drain(true)).await;
        self.api.not_serving().await;
        self.calls_end_within(self.drain).await;
        self.switch.shutdown(LAST_FAREWELLS).await;
        // The hang-ups come back as inputs: they are to be stepped and committed before the loop is cut.
        self.calls_end_within(LAST_FAREWELLS).await;
        self.api.stop().await;
        self.sampling.abort();
        self.counting.abort();
        self.desk_work.shutdown().await;
        self.driving.abort();
        self.latest.keep().await;
        self.store.close().await;
    }

    async fn calls_end_within(&self, patience: Duration) {
        let ended = async {
            while calls_up(&self.driver).await > 0 {
                clock::sleep(Duration::from_millis(50)).await;
            }
        };
        // What is still up after that is cut.
        let _ = tokio::time::timeout(patience, ended).await;
    }
}

/// What is done at the desk without being asked. It may be cut anywhere: what is kept is kept whole.
fn desk_work(desk: &Desk) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(Clockwork::new(desk.clone()).run());
    tasks.spawn(Permits::new(desk.clone()).run());
    tasks.spawn(Counting::new(desk.clone()).run());
    tasks.spawn(Reactor::new(desk.clone(), READERS).run());
    tasks.spawn(webhooks::run(desk.clone()));
    tasks.spawn(retention::run(desk.clone(), READERS));
    tasks.spawn(Mailer::new(desk.clone()).run());
    tasks
}

/// When anybody's latest attempt was permitted.
async fn latest_intent(
    store: &Store,
    floors: &[timbre_store::FloorVersion],
) -> Result<Option<timbre_model::Civil>, StoreError> {
    let mut latest = None;
    for floor in floors {
        latest = latest.max(store.latest_intent_at(&floor.tenant).await?);
    }
    Ok(latest)
}

async fn calls_up(driver: &Handle) -> usize {
    let count = |engine: &Engine, _| {
        engine.queues().iter().map(|queue| queue.waiting + queue.talking).sum()
    };
    driver.look(count).await.unwrap_or(0)
}

fn switch_config(settings: &Settings) -> sip::SwitchConfig {
    let tls = settings.sip_tls.zip(settings.sip_tls_cert.clone()).zip(settings.sip_tls_key.clone());
    sip::SwitchConfig {
        udp: Some(settings.sip),
        tcp: Some(settings.sip),
        tls: tls.map(|((addr, cert), key)| sip::TlsListen { addr, cert, key }),
        advertised: settings.advertise,
        realm: REALM.to_owned(),
        md5_only: settings.sip_md5_only,
        media: sip::media::MediaConfig {
            bind: settings.sip.ip(),
            advertised: settings.advertise,
            ports: settings.rtp_ports.clone(),
            timeout: settings.rtp_timeout,
        },
        ..sip::SwitchConfig::default()
    }
}

/// Reads gauges once a second.
struct Sampler {
    driver: Handle,
    feed: Feed,
    metrics: Metrics,
    switch: Arc<sip::Switch>,
    ledger: Ledger,
    latest: LatestTime,
}

/// The latest civil time ever shown, for the next start.
#[derive(Clone)]
struct LatestTime {
    trust: Trust,
    /// Where it is kept.
    file: std::path::PathBuf,
}

impl LatestTime {
    async fn keep(&self) {
        if let Err(error) = self.trust.keep(&self.file).await {
            tracing::warn!(%error, file = %self.file.display(), "the latest time cannot be kept");
        }
    }
}

/// The floors of every tenant at one moment.
struct Seen {
    queues: Vec<timbre_engine::QueueView>,
    agents: Vec<(timbre_model::TenantId, timbre_model::AgentStateKind, usize)>,
    campaigns: Vec<timbre_engine::CampaignView>,
    trunks: Vec<timbre_engine::TrunkView>,
    now: timbre_model::Now,
}

impl Seen {
    fn of(engine: &Engine, now: timbre_model::Now) -> Self {
        let tenants: Vec<_> = engine.tenants().cloned().collect();
        Self {
            queues: engine.queues(),
            agents: engine.agent_counts(),
            campaigns: tenants.iter().flat_map(|tenant| engine.campaigns(tenant)).collect(),
            trunks: tenants.iter().flat_map(|tenant| engine.trunks(tenant, now)).collect(),
            now,
        }
    }
}

impl Sampler {
    async fn run(self) {
        let mut told = std::collections::HashMap::new();
        for reading in 0_u64.. {
            clock::sleep(SAMPLE_EVERY).await;
            self.latest.trust.observe();
            if reading % KEEP_TIME_EVERY == 0 {
                self.latest.keep().await;
            }
            let Ok(seen) = self.driver.look(Seen::of).await else { return };
            let Seen { queues, agents, campaigns, trunks, now } = seen;
            self.metrics.queues(&queues, now.mono);
            self.metrics.agents(&agents, now.civil);
            self.metrics.campaigns(&campaigns);
            self.metrics.outbound_trunks(&trunks);
            self.metrics.spooling(self.ledger.spooling());
            self.metrics.trunks(&crate::telephony::trunk_samples(&self.switch.trunks()));
            self.metrics.switch(&self.switch.counters());
            self.tell_watchers(&queues, &mut told, now);
        }
    }

    fn tell_watchers(
        &self,
        queues: &[timbre_engine::QueueView],
        told: &mut Told,
        now: timbre_model::Now,
    ) {
        for (tenant, log) in self.feed.watched() {
            let counts: std::collections::BTreeMap<_, _> =
                self.feed.counts(&tenant).into_iter().collect();
            for view in queues.iter().filter(|view| view.queue.tenant == tenant) {
                let counts = counts.get(&view.queue.queue).cloned().unwrap_or_default();
                let present = (view.clone(), counts);
                if told.get(&view.queue) != Some(&present) {
                    told.insert(view.queue.clone(), present.clone());
                    log.push(now.civil, crate::feed::FloorUpdate::Queue(Box::new(present)));
                }
            }
        }
    }
}

type Told = std::collections::HashMap<
    timbre_model::QueueRef,
    (timbre_engine::QueueView, crate::feed::QueueCounts),
>;
