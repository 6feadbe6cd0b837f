//! The handle to a running switch.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::config::SwitchConfig;
use crate::counters::Counters;
use crate::port::{Command, Event};
use crate::provision::Provision;

/// A running switch. Dropping the handle ends it without farewells; [`Switch::shutdown`] hangs up first.
pub struct Switch {}

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
}

impl Switch {
    /// Binds and begins to serve. Call it inside a tokio runtime.
    ///
    /// `events` is unbounded on purpose: an [`crate::Event::Ended`] must never be dropped, and the switch must not wait for
    /// its reader while a far end waits for it. What can pile up is bounded by [`crate::Limits::legs`].
    pub async fn start(
        config: SwitchConfig,
        events: UnboundedSender<Event>,
    ) -> Result<Switch, StartError>;

    /// Where it listens.
    pub fn local_addrs(&self) -> LocalAddrs;

    /// Replaces who may talk to it.
    pub fn provision(&self, provision: Provision);

    /// Asks for something; what comes of it comes as events. Never waits.
    pub fn perform(&self, command: Command);

    /// What it has counted.
    pub fn counters(&self) -> Counters;

    /// Takes no more calls, hangs every leg up, and waits until the far ends have confirmed, at most `drain`.
    pub async fn shutdown(self, drain: Duration);
}
