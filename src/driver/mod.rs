//! The loop: gather, step, commit, act. The only place that feeds the engine.

pub mod clock;
pub mod entropy;

use timbre_engine::port::SwitchEvent;
use timbre_engine::{AnswerDay, Authorized, Command, Effects, Engine, Input, Rejection, Reply};
use timbre_model::{CampaignRecord, Change, FloorSpec, Now, TenantId};
use timbre_store::Ledger;
use tokio::sync::{mpsc, oneshot};

use crate::authorize::Authorizer;
use crate::driver::clock::{Clock, Stopwatch};
use crate::feed::Feed;
use crate::metrics::Metrics;
use crate::telephony::Telephony;

/// Most inputs of one batch, and so of one transaction.
pub const BATCH_MAX: usize = 512;

/// Most requests that may wait for the loop; those who ask beyond that wait to be let in.
pub const REQUESTS_MAX: usize = 4_096;

/// What is done with a command's verdict, after its change is durable and its events are published.
pub type OnVerdict = Box<dyn FnOnce(Result<Reply, Rejection>) + Send>;

/// A question about the present state.
pub type Look = Box<dyn FnOnce(&Engine, Now) + Send>;

enum Request {
    Command(Command, OnVerdict),
    Look(Look),
}

/// Reaches the loop from everywhere else. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
}

/// The loop has ended: the node is shutting down or could not keep what it must not lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is shutting down")]
pub struct Stopped;

impl Handle {
    /// The handle of a loop that has ended.
    #[cfg(test)]
    pub(crate) fn stopped() -> Self {
        Self { requests: mpsc::channel(1).0 }
    }

    /// Performs `command`; answers when its change is durable.
    pub async fn command(&self, command: Command) -> Result<Result<Reply, Rejection>, Stopped> {
        let (tell, told) = oneshot::channel();
        let on_verdict = move |verdict| drop(tell.send(verdict));
        self.command_with(command, Box::new(on_verdict)).await?;
        told.await.map_err(|_| Stopped)
    }

    /// Performs `command`; `on_verdict` runs inside the loop, before anything else can happen, and so must be short.
    pub async fn command_with(
        &self,
        command: Command,
        on_verdict: OnVerdict,
    ) -> Result<(), Stopped> {
        self.requests.send(Request::Command(command, on_verdict)).await.map_err(|_| Stopped)
    }

    /// Asks about the present state.
    pub async fn look<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine, Now) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (tell, told) = oneshot::channel();
        let look = move |engine: &Engine, now: Now| drop(tell.send(question(engine, now)));
        self.requests.send(Request::Look(Box::new(look))).await.map_err(|_| Stopped)?;
        told.await.map_err(|_| Stopped)
    }
}

/// The parts that the loop holds together.
pub struct Parts {
    /// Decides.
    pub engine: Engine,
    /// Keeps.
    pub ledger: Ledger,
    /// Decides what may be dialed.
    pub authorizer: Authorizer,
    /// Moves calls.
    pub telephony: Telephony,
    /// Tells agents and watchers.
    pub feed: Feed,
    /// Counts.
    pub metrics: Metrics,
    /// Tells the time.
    pub clock: Clock,
}

/// The loop, ready to run.
pub struct Driver {
    parts: Parts,
    requests: mpsc::Receiver<Request>,
    /// What became of the engine's requests for attempts.
    authorized: mpsc::UnboundedReceiver<Authorized>,
    to_authorized: mpsc::UnboundedSender<Authorized>,
    effects: Effects,
    verdicts: Vec<(OnVerdict, Result<Reply, Rejection>)>,
}

/// The first input of a batch.
enum First {
    Switch(SwitchEvent),
    Request(Request),
    Authorized(Authorized),
    Wake,
    Stop,
}

impl Driver {
    /// A loop over `parts`, and how to reach it.
    pub fn new(parts: Parts) -> (Self, Handle) {
        let (send, requests) = mpsc::channel(REQUESTS_MAX);
        // As long as the engine's open requests, of which each campaign has few.
        let (to_authorized, authorized) = mpsc::unbounded_channel();
        let (effects, verdicts) = (Effects::default(), Vec::new());
        let driver = Self { parts, requests, authorized, to_authorized, effects, verdicts };
        (driver, Handle { requests: send })
    }

    /// Brings back a tenant's floor, before the loop runs. Writes nothing.
    pub fn restore(
        &mut self,
        tenant: TenantId,
        spec: FloorSpec,
        version: u64,
    ) -> Result<(), Rejection> {
        self.parts.feed.floor_applied(tenant.clone(), spec.clone());
        self.parts.telephony.provision(tenant.clone(), spec.clone());
        let command = Command::RestoreFloor { tenant, spec: Box::new(spec), version };
        let now = self.parts.clock.now();
        self.parts.engine.step(now, Input::Command(command), &mut self.effects).map(drop)
    }

    /// Brings back what the store holds of a campaign, after its tenant's floor and before the loop runs. One that the
    /// floor no longer has is left out.
    pub fn restore_campaign(&mut self, record: CampaignRecord, days: Vec<AnswerDay>) {
        let campaign = record.campaign.clone();
        let command = Command::RestoreCampaign { record: Box::new(record), days };
        let now = self.parts.clock.now();
        let restored = self.parts.engine.step(now, Input::Command(command), &mut self.effects);
        if let Err(rejection) = restored {
            tracing::info!(%campaign, %rejection, "a campaign of a former floor stays in the store");
        }
    }

    /// Runs until every handle is gone or a change can be kept nowhere. The latter ends the loop on purpose: memory is
    /// then ahead of what is durable, and the only honest move is to start again from the store.
    pub async fn run(mut self) -> Result<(), timbre_store::StoreError> {
        loop {
            let first = self.wait().await;
            // Whoever is ready to hand something in goes first: one transaction then serves more of it.
            tokio::task::yield_now().await;
            let watch = Stopwatch::start();
            match first {
                First::Stop => return Ok(()),
                First::Switch(event) => self.step(Input::Switch(event)),
                First::Request(request) => self.request(request),
                First::Authorized(it) => self.step(Input::Authorized(Box::new(it))),
                First::Wake => {}
            }
            self.gather_rest();
            self.parts.metrics.step(watch.elapsed());
            self.commit_then_act().await?;
        }
    }

    async fn wait(&mut self) -> First {
        let clock = self.parts.clock;
        let wake = self.parts.engine.next_wake().map(|(at, _)| clock.instant(at));
        let wait_for_wake = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            event = self.parts.telephony.next() => match event {
                Some(event) => First::Switch(event),
                None => First::Stop,
            },
            () = wait_for_wake => First::Wake,
            Some(authorized) = self.authorized.recv() => First::Authorized(authorized),
            request = self.requests.recv() => request.map_or(First::Stop, First::Request),
        }
    }

    /// Takes in all that is waiting, so that one transaction serves it all.
    fn gather_rest(&mut self) {
        for _ in 1..BATCH_MAX {
            if let Some(event) = self.parts.telephony.try_next() {
                self.step(Input::Switch(event));
            } else if let Ok(authorized) = self.authorized.try_recv() {
                self.step(Input::Authorized(Box::new(authorized)));
            } else if let Ok(request) = self.requests.try_recv() {
                self.request(request);
            } else {
                break;
            }
        }
        let now = self.parts.clock.mono();
        if self.parts.engine.next_wake().is_some_and(|(at, _)| at <= now) {
            self.step(Input::Wake);
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Command(command, on_verdict) => {
                let now = self.parts.clock.now();
                let input = Input::Command(command);
                let verdict = self.parts.engine.step(now, input, &mut self.effects);
                self.verdicts.push((on_verdict, verdict));
            }
            Request::Look(look) => look(&self.parts.engine, self.parts.clock.now()),
        }
    }

    fn step(&mut self, input: Input) {
        let now = self.parts.clock.now();
        if let Err(rejection) = self.parts.engine.step(now, input, &mut self.effects) {
            tracing::warn!(%rejection, "the engine rejected what the switch reports");
        }
    }

    async fn commit_then_act(&mut self) -> Result<(), timbre_store::StoreError> {
        let Effects { changes, actions, events, requests } = std::mem::take(&mut self.effects);
        let floors = floors_of(&changes);
        if !changes.is_empty() {
            let (watch, count) = (Stopwatch::start(), changes.len());
            self.parts.ledger.commit(changes).await?;
            self.parts.metrics.commit(watch.elapsed(), count);
        }
        for (tenant, spec) in floors {
            self.parts.feed.floor_applied(tenant.clone(), (*spec).clone());
            self.parts.telephony.provision(tenant, *spec);
        }
        for action in actions {
            self.parts.telephony.perform(action);
        }
        for request in requests {
            self.parts.authorizer.submit(request, self.to_authorized.clone());
        }
        for event in &events {
            self.parts.metrics.observe(event);
        }
        self.parts.feed.publish(events);
        for (on_verdict, verdict) in self.verdicts.drain(..) {
            on_verdict(verdict);
        }
        Ok(())
    }
}

type NewFloor = (TenantId, Box<FloorSpec>);

fn floors_of(changes: &[Change]) -> Vec<NewFloor> {
    let floor = |change: &Change| match change {
        Change::Floor { tenant, spec, .. } => Some((tenant.clone(), spec.clone())),
        Change::Call(_)
        | Change::Timeline(_)
        | Change::Offer(_)
        | Change::AgentState(_)
        | Change::Campaign(_)
        | Change::Attempt(_)
        | Change::Lead(_)
        | Change::DoNotCall(_)
        | Change::Survey(_) => None,
    };
    changes.iter().filter_map(floor).collect()
}
