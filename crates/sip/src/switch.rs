//! The handle to a running switch.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::config::SwitchConfig;
use crate::counters::Counters;
use crate::desk::trunks::TrunkState;
use crate::desk::{Shared, transactions};
use crate::media::{LegMedia, Media};
use crate::port::{Command, Event, LegId};
use crate::provision::Provision;
use crate::stack::Stack;
use crate::stack::intake::{Intake, Tap};

/// A running switch. Dropping the handle ends it without farewells; [`Switch::shutdown`] hangs up first.
pub struct Switch {
    shared: Arc<Shared>,
    addrs: LocalAddrs,
    media: Media,
    tasks: Vec<JoinHandle<()>>,
    _intake: Arc<Intake>,
}

/// Where a switch listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocalAddrs {
    /// UDP.
    pub udp: Option<SocketAddr>,
    /// TCP.
    pub tcp: Option<SocketAddr>,
    /// TLS.
    pub tls: Option<SocketAddr>,
}

/// Why a switch cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It was told to listen nowhere.
    #[error("the switch has no listener: give it a UDP, TCP or TLS address")]
    NoListener,
    /// An address cannot be bound.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// Which.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or the key cannot be used.
    #[error("cannot use the TLS certificate or key: {0}")]
    Tls(String),
    /// Voice cannot start.
    #[error("cannot start media: {0}")]
    Media(std::io::Error),
    /// The SIP stack cannot start.
    #[error("cannot start the SIP stack: {0}")]
    Stack(String),
}

impl Switch {
    /// Binds and begins to serve. Call it inside a tokio runtime.
    ///
    /// `events` is unbounded on purpose: an [`Event::Ended`] must never be dropped, and the switch must not wait for
    /// its reader while a far end waits for it. What can pile up is bounded by [`crate::Limits::legs`].
    pub async fn start(
        config: SwitchConfig,
        events: UnboundedSender<Event>,
    ) -> Result<Switch, StartError> {
        let (noticed, mut notices) = unbounded_channel();
        // The media thread must never wait for the desk, which may be waiting for it.
        let media = Media::start(config.media.clone(), move |event| {
            let _ = noticed.send(event);
        })
        .map_err(StartError::Media)?;
        let config = Arc::new(config);
        let tap = Tap::default();
        let bound = Stack::bind(&config, tap.clone()).await?;
        let shared = Shared::new(config, bound.stack.clone(), media.clone(), events);
        let intake = Arc::new(Intake::new(shared.clone(), bound.stack.endpoint.clone()));
        let _ = tap.0.set(Arc::downgrade(&intake));
        shared.desk().set_intake(Arc::downgrade(&intake));
        let addrs = bound.stack.bound;
        let incoming = bound.incoming()?;
        let listener = shared.clone();
        let tasks = vec![
            tokio::spawn(transactions::serve(shared.clone(), incoming)),
            tokio::spawn(shared.clone().keep_time()),
            tokio::spawn(async move {
                while let Some(event) = notices.recv().await {
                    listener.with(None, |desk| desk.noticed(event));
                }
            }),
        ];
        bound.serve(intake.clone());
        Ok(Self { shared, addrs, media, tasks, _intake: intake })
    }

    /// Where it listens.
    pub fn local_addrs(&self) -> LocalAddrs {
        self.addrs
    }

    /// Replaces who may talk to it.
    pub fn provision(&self, provision: Provision) {
        self.shared.provision(provision);
    }

    /// Asks for something; what comes of it comes as events. Never waits.
    pub fn perform(&self, command: Command) {
        let leg = command.leg();
        self.shared.with(Some(leg), |desk| desk.perform(command));
    }

    /// What it has counted.
    pub fn counters(&self) -> Counters {
        self.shared.tally.snapshot(self.shared.awaiting.count(), self.media.stats())
    }

    /// What was measured of the voice of a leg that is up, or ended lately.
    pub async fn measure(&self, leg: LegId) -> Option<LegMedia> {
        self.media.measure(leg.0).await
    }

    /// Every trunk as it stands.
    pub fn trunks(&self) -> Vec<TrunkState> {
        self.shared.desk().trunks()
    }

    /// Takes no more calls, hangs every leg up, and waits until the far ends have confirmed, at most `drain`.
    pub async fn shutdown(&self, drain: Duration) {
        self.shared.with(None, |desk| desk.drain());
        let gone = async {
            loop {
                let emptied = self.shared.emptied.notified();
                if self.shared.desk().legs() == 0 {
                    return;
                }
                emptied.await;
            }
        };
        let _ = tokio::time::timeout(drain, gone).await;
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.shared.desk().close();
        for task in &self.tasks {
            task.abort();
        }
    }
}
