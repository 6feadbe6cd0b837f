//! The switch's one owner of state: legs, registrations, deadlines. Everything that happens is told to it under one lock, and it
//! never waits: what takes time (transactions, media) goes on elsewhere and comes back as another thing that happened.

mod challenged;
mod commands;
mod in_dialog;
mod inbound;
mod outbound;
mod placing;
mod proxies;
mod registrations;
mod sessions;
mod teardown;
pub(crate) mod transactions;
pub(crate) mod trunks;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use rsipstack::sip::Header;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use crate::authenticator::{Authenticator, Role};
use crate::census::Census;
use crate::config::SwitchConfig;
use crate::counters::Tally;
use crate::digest::Algorithm;
use crate::leg::Leg;
use crate::media::{Media, MediaEvent};
use crate::port::{End, Event, LegId};
use crate::provision::Provision;
use crate::registrar::Registrar;
use crate::stack::Stack;
use crate::stack::intake::Intake;
use crate::trunk::Directory;
use crate::wheel::{Due, Wheel};

/// What all tasks of a switch share.
pub(crate) struct Shared {
    pub config: Arc<SwitchConfig>,
    pub tally: Arc<Tally>,
    /// INVITEs whose final response waits for its ACK.
    pub awaiting: Census,
    directory: RwLock<Arc<Directory>>,
    desk: Mutex<Desk>,
    /// An earlier deadline was set.
    news: Notify,
    /// The last leg is gone.
    pub emptied: Notify,
}

/// The state.
pub(crate) struct Desk {
    config: Arc<SwitchConfig>,
    tally: Arc<Tally>,
    awaiting: Census,
    stack: Stack,
    media: Media,
    events: UnboundedSender<Event>,
    runtime: Handle,
    shared: Weak<Shared>,
    intake: Weak<Intake>,
    directory: Arc<Directory>,
    legs: HashMap<LegId, Box<Leg>>,
    /// Our tags, and whose they are.
    tags: HashMap<String, LegId>,
    /// What is known of the trunks' far ends.
    lines: HashMap<String, trunks::Line>,
    wheel: Wheel,
    registrar: Registrar,
    authenticator: Authenticator,
    minted: u64,
    draining: bool,
}

impl Shared {
    pub fn new(
        config: Arc<SwitchConfig>,
        stack: Stack,
        media: Media,
        events: UnboundedSender<Event>,
    ) -> Arc<Self> {
        let tally = Arc::new(Tally::default());
        let limits = &config.limits;
        let awaiting = Census::new(limits.awaiting_ack, limits.awaiting_ack_per_source);
        let now = Instant::now();
        Arc::new_cyclic(|shared| Self {
            desk: Mutex::new(Desk {
                tally: tally.clone(),
                awaiting: awaiting.clone(),
                stack,
                media,
                events,
                runtime: Handle::current(),
                shared: shared.clone(),
                intake: Weak::new(),
                directory: Arc::default(),
                legs: HashMap::new(),
                tags: HashMap::new(),
                lines: HashMap::new(),
                wheel: Wheel::default(),
                registrar: Registrar::default(),
                authenticator: Authenticator::new(
                    now,
                    &config.realm,
                    config.timing.nonce_lifetime,
                    Algorithm::offered(config.md5_only),
                ),
                minted: 0,
                draining: false,
                config: config.clone(),
            }),
            config,
            tally,
            awaiting,
            directory: RwLock::default(),
            news: Notify::new(),
            emptied: Notify::new(),
        })
    }

    /// The state, locked. Poison is ignored: what panicked was caught and its leg buried.
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who may talk to us, as of now.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces who may talk to us.
    pub fn provision(&self, provision: Provision) {
        let directory = Arc::new(Directory::new(provision));
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = directory.clone();
        self.with(None, |desk| desk.provision(directory));
    }

    /// Tells the desk that something happened. A panic ends `leg`, is counted, and yields `None`.
    pub fn with<T>(&self, leg: Option<LegId>, work: impl FnOnce(&mut Desk) -> T) -> Option<T> {
        let mut desk = self.desk();
        let slept = desk.wheel.next();
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut desk)));
        if done.is_err() {
            self.tally.panic();
            if let Some(leg) = leg {
                desk.bury(leg);
            }
        }
        if desk.wheel.next() < slept || slept.is_none() {
            self.news.notify_one();
        }
        if desk.legs.is_empty() {
            self.emptied.notify_waiters();
        }
        done.ok()
    }

    /// What is due next. A function, so that the lock is not held while it is done.
    fn pop(&self, now: Instant) -> Option<Due> {
        self.desk().wheel.pop(now)
    }

    /// Does what is due, for ever.
    pub async fn keep_time(self: Arc<Self>) {
        loop {
            while let Some(due) = self.pop(Instant::now()) {
                self.with(leg_of(&due), |desk| desk.due(due));
            }
            let next = self.desk().wheel.next();
            match next {
                None => self.news.notified().await,
                Some(at) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(at.into()) => {}
                        () = self.news.notified() => {}
                    }
                }
            }
        }
    }
}

fn leg_of(due: &Due) -> Option<LegId> {
    match due {
        Due::Ack(leg)
        | Due::Ring(leg)
        | Due::Session(leg)
        | Due::Refresh(leg)
        | Due::Linger(leg) => Some(*leg),
        Due::Binding(_) | Due::Qualify(_) | Due::Trunk(_) | Due::Proxy(..) => None,
    }
}

impl Desk {
    pub fn set_intake(&mut self, intake: Weak<Intake>) {
        self.intake = intake;
    }

    /// Whether a To tag is one of ours.
    pub fn knows(&self, tag: &str) -> bool {
        self.tags.contains_key(tag)
    }

    /// Whether another leg may begin.
    pub fn has_room(&self, _now: Instant) -> bool {
        !self.draining && self.legs.len() < self.config.limits.legs
    }

    /// A challenge for digest authentication.
    pub fn challenge(&mut self, role: Role, stale: bool) -> Vec<Header> {
        self.authenticator.challenge(Instant::now(), role, stale)
    }

    /// How many legs there are, also those that only wait to be forgotten.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// What media noticed.
    pub fn noticed(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::GreetingPlayed { leg } => {
                self.tell_of(LegId(leg), |leg| Event::GreetingPlayed { leg });
            }
            MediaEvent::Key { leg, key } => {
                self.tell_of(LegId(leg), |leg| Event::Key { leg, key });
            }
            MediaEvent::Lost { leg } => self.hang_up(LegId(leg), End::Lost),
        }
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Ack(leg) => self.ack_overdue(leg),
            Due::Ring(leg) => self.rang_out(leg),
            Due::Session(leg) => self.session_due(leg),
            Due::Refresh(leg) => self.refresh(leg),
            Due::Linger(leg) => self.forget(leg),
            Due::Binding(user) => self.unbind(&user),
            Due::Qualify(user) => self.qualify(&user),
            Due::Trunk(key) => self.ask_trunk(&key),
            Due::Proxy(key, addr) => self.ask_proxy(&key, addr),
        }
    }

    /// Tells the outside about a leg that it knows and whose end it has not been told.
    fn tell_of(&self, leg: LegId, event: impl FnOnce(LegId) -> Event) {
        let known = self.legs.get(&leg).is_some_and(|it| it.announced && !it.leaving());
        if known {
            self.tell(event(leg));
        }
    }

    fn tell(&self, event: Event) {
        // Nobody listens only while the switch is being dropped.
        let _ = self.events.send(event);
    }

    fn insert(&mut self, leg: Box<Leg>) {
        self.tags.insert(leg.dialog.tag.clone(), leg.id);
        self.legs.insert(leg.id, leg);
        self.tally.legs.store(self.legs.len(), std::sync::atomic::Ordering::Relaxed);
    }

    /// 64 × T1: how long a transaction is waited for.
    fn patience(&self) -> Duration {
        self.config.timing.t1 * 64
    }
}
