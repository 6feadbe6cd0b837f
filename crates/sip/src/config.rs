//! What a switch is told once, when it starts.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::media::MediaConfig;

/// How a switch listens, and its limits.
#[derive(Debug, Clone)]
pub struct SwitchConfig {
    /// Where to listen for SIP over UDP; port 0 takes any.
    pub udp: Option<SocketAddr>,
    /// Where to listen for SIP over TCP; port 0 takes any.
    pub tcp: Option<SocketAddr>,
    /// Where to listen for SIP over TLS.
    pub tls: Option<TlsListen>,
    /// The address that peers are told to use, where it differs from the bound one (behind NAT).
    pub advertised: Option<IpAddr>,
    /// The digest realm (RFC 7616 §3.3). Every HA1 provisioned must have been made with it.
    pub realm: String,
    /// Phones are offered MD5 alone: some give up at a challenge that offers SHA-256 before it (RFC 8760 §2.4).
    pub md5_only: bool,
    /// Voice.
    pub media: MediaConfig,
    /// Bounds.
    pub limits: Limits,
    /// Clocks of the protocol.
    pub timing: Timing,
}

/// A TLS listener.
#[derive(Debug, Clone)]
pub struct TlsListen {
    /// Where; port 0 takes any.
    pub addr: SocketAddr,
    /// The certificate chain, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Bounds: nothing that a peer can make grow grows beyond them. What exceeds them is refused and counted.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Legs up at once. Beyond: 503 with Retry-After.
    pub legs: usize,
    /// INVITEs whose final response has no ACK yet, in all. Beyond: 503, answered statelessly.
    pub awaiting_ack: usize,
    /// The same from one address.
    pub awaiting_ack_per_source: usize,
    /// Longest message, in bytes. Longer datagrams are dropped unread.
    pub message_bytes: usize,
    /// Most header lines in a message. Messages with more are dropped unread.
    pub headers: usize,
    /// Requests per second that an address nobody provisioned may send before it is dropped unread (burst: twice that).
    pub unknown_source_rate: u32,
    /// What Retry-After says with a 503, in seconds.
    pub retry_after: u32,
}

/// Clocks of the protocol.
#[derive(Debug, Clone)]
pub struct Timing {
    /// T1 of RFC 3261 §17.1.1.1: the round trip from which retransmissions are derived.
    pub t1: Duration,
    /// The session interval that we offer (RFC 4028); `None` offers none.
    pub session_expires: Option<Duration>,
    /// The shortest session interval that we accept (RFC 4028 Min-SE, at least 90 s in the field).
    pub min_session_expires: Duration,
    /// Shortest registration that we grant. Shorter requests are refused with 423.
    pub min_registration: Duration,
    /// Longest registration that we grant. Longer requests are cut to it.
    pub max_registration: Duration,
    /// How long a digest nonce lives.
    pub nonce_lifetime: Duration,
    /// How long a registered phone may let an OPTIONS go unanswered before it counts as unreachable; `None` asks nothing.
    pub qualify_every: Option<Duration>,
}

impl Default for SwitchConfig {
    fn default() -> Self {
        Self {
            udp: None,
            tcp: None,
            tls: None,
            advertised: None,
            realm: "timbre".into(),
            md5_only: false,
            media: MediaConfig::default(),
            limits: Limits::default(),
            timing: Timing::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            legs: 20_000,
            awaiting_ack: 2_000,
            awaiting_ack_per_source: 1_000,
            message_bytes: 8 * 1024,
            headers: 128,
            unknown_source_rate: 20,
            retry_after: 5,
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            session_expires: Some(Duration::from_secs(1800)),
            min_session_expires: Duration::from_secs(90),
            min_registration: Duration::from_secs(30),
            max_registration: Duration::from_secs(3600),
            nonce_lifetime: Duration::from_secs(300),
            qualify_every: Some(Duration::from_secs(30)),
        }
    }
}
