//! Connections that we open: one to a peer however many calls wait for it, and no new try right after one that failed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rsipstack::sip::Transport;
use rsipstack::transaction::endpoint::EndpointInner;
use rsipstack::transport::{SipAddr, SipConnection};

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Those who waited for a try that failed do not try themselves, nor do others for this long.
const GIVEN_UP_FOR: Duration = Duration::from_secs(1);

/// When connecting to a peer failed last; locked while somebody connects.
type Peer = Arc<tokio::sync::Mutex<Option<Instant>>>;

/// Opens connections.
#[derive(Clone, Default)]
pub(super) struct Connector {
    /// As many as trunks have addresses.
    peers: Arc<Mutex<HashMap<SocketAddr, Peer>>>,
}

impl Connector {
    /// A TCP connection to `peer`: the one that is there, or a new one.
    pub async fn tcp(&self, endpoint: &EndpointInner, peer: SocketAddr) -> Option<SipConnection> {
        let known = self
            .peers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(peer)
            .or_default()
            .clone();
        let mut failed = known.lock().await;
        if failed.is_some_and(|at| at.elapsed() < GIVEN_UP_FOR) {
            return None;
        }
        let addr = SipAddr::new(Transport::Tcp, peer.into());
        let found = endpoint.transport_layer.lookup(&addr, None);
        let found = tokio::time::timeout(PATIENCE, found).await;
        let connection = found.ok().and_then(Result::ok).map(|(connection, _)| connection);
        *failed = connection.is_none().then(Instant::now);
        connection
    }
}
