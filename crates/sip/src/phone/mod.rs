//! Telephones: a small SIP user agent that plays callers and agents, for demonstrations and tests.
//!
//! All [`Phones`] of one handle share a UDP socket and a media thread. A phone registers to be
//! called, or calls under any name; what it hears is counted and otherwise thrown away.
//!
//! | where is | file |
//! |---|---|
//! | the handle, the socket | `mod.rs` |
//! | passwords that are asked for | `challenges.rs` |
//! | a registration and the calls that come to it | `registered.rs`, `inbound.rs` |
//! | a call that is made | `outbound.rs` |
//! | a call as its owner sees it, and its two ends | `call.rs` |
//! | an answered call, whoever made it | `session.rs`, `voice.rs` |

mod call;
mod challenges;
mod inbound;
mod outbound;
mod registered;
mod session;
mod voice;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::{Auth, Scheme, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::udp::UdpConnection;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::media::{Media, MediaConfig, NoPorts};
pub use call::{Call, CallEvent};
use registered::Line;
pub use registered::Registered;

/// Most calls at a time, of all phones of one handle. More are refused.
const CALLS_MAX: usize = 4_096;
/// Most registrations at a time.
const LINES_MAX: usize = 4_096;
/// Longest user part of a name.
const NAME_MAX: usize = 64;

/// Where phones live and whom they talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhonesConfig {
    /// The UDP address that all of them share; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// The registrar and proxy, over UDP.
    pub server: SocketAddr,
    /// Their voices.
    pub media: MediaConfig,
}

/// What a registered phone does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCall {
    /// Rings, and answers by itself after this time unless its owner is quicker.
    AnswerAfter(Duration),
    /// Rings until its owner answers or the caller gives up.
    Ring,
    /// Refuses with 603.
    Decline,
}

/// Why phones could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The SIP socket.
    #[error("phones cannot listen on {addr}: {reason}")]
    Bind {
        /// What was asked for.
        addr: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The media thread.
    #[error("the phones' media cannot be started: {0}")]
    Media(#[from] io::Error),
    /// The SIP stack.
    #[error("the phones' SIP stack cannot be started: {0}")]
    Stack(String),
}

/// Why a phone could not register or call.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// A name that cannot be the user part of a SIP URI (RFC 3261 §25.1), or is too long.
    #[error("{0:?} is no user part of a SIP address")]
    BadName(String),
    /// Another phone of this handle is registered under the name.
    #[error("{0:?} is registered already")]
    Taken(String),
    /// As many calls or registrations as there may be.
    #[error("there are as many phones or calls as there may be")]
    TooMany,
    /// No ports for voice.
    #[error("{0}")]
    NoPorts(#[from] NoPorts),
    /// The server refused the registration.
    #[error("the registrar said {status}")]
    Refused {
        /// The final status: 403, or 401 when the password is wrong.
        status: u16,
    },
    /// No answer, or a message that cannot be sent.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
}

/// Telephones that share a socket. When the last clone, call and registration is gone, it closes.
#[derive(Clone)]
pub struct Phones {
    inner: Arc<Inner>,
}

struct Inner {
    layer: Arc<DialogLayer>,
    media: Media,
    server: SocketAddr,
    local: SocketAddr,
    end: CancellationToken,
    lines: Mutex<BTreeMap<String, Arc<Line>>>,
    legs: AtomicU64,
    calls: Arc<Semaphore>,
}

impl Phones {
    /// Binds the socket and starts the media thread.
    pub async fn start(config: PhonesConfig) -> Result<Self, StartError> {
        let PhonesConfig { bind, server, media } = config;
        let media = Media::start(media, |_| {})?;
        let end = CancellationToken::new();
        let failed = |it: rsipstack::Error| StartError::Bind { addr: bind, reason: it.to_string() };
        let socket = UdpConnection::create_connection(bind, None, Some(end.child_token())).await;
        let socket = socket.map_err(failed)?;
        let local = socket.get_addr().get_socketaddr().map_err(failed)?;
        let transports = TransportLayer::new(end.clone());
        transports.add_transport(socket.into());
        let endpoint = EndpointBuilder::new()
            .with_user_agent("Timbre phone")
            .with_cancel_token(end.clone())
            .with_transport_layer(transports)
            .with_inspector(Box::new(challenges::Meetable))
            .build();
        let incoming = endpoint.incoming_transactions();
        let incoming = incoming.map_err(|it| StartError::Stack(it.to_string()))?;
        let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        tokio::spawn(async move { endpoint.serve().await });
        let inner = Arc::new(Inner {
            layer,
            media,
            server,
            local,
            end,
            lines: Mutex::default(),
            legs: AtomicU64::new(1),
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
        });
        inner.listen(incoming);
        Ok(Self { inner })
    }

    /// The address of the socket.
    pub fn addr(&self) -> SocketAddr {
        self.inner.local
    }

    /// Registers `user` (RFC 3261 §10, digest) and keeps the registration fresh.
    ///
    /// # Errors
    /// The name is not one or in use here; the server refuses, or does not answer in 32 seconds.
    pub async fn register(
        &self,
        user: &str,
        password: &str,
        on_call: OnCall,
    ) -> Result<Registered, PhoneError> {
        let credential = credential((user, password));
        Registered::register(self.inner.clone(), named(user)?, credential, on_call).await
    }

    /// Calls `to`, a user part at the server, and shows `from`. `credentials` are a user and a
    /// password for when the server asks (401, 407). How the call goes is told by
    /// [`Call::event`].
    ///
    /// # Errors
    /// The call cannot be begun; refusals are events.
    pub async fn call(
        &self,
        from: &str,
        to: &str,
        credentials: Option<(&str, &str)>,
    ) -> Result<Call, PhoneError> {
        outbound::call(&self.inner, named(from)?, named(to)?, credentials.map(credential))
    }
}

impl Inner {
    /// Takes what comes for as long as there are phones.
    fn listen(self: &Arc<Self>, mut incoming: TransactionReceiver) {
        let phones = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(transaction) = incoming.recv().await {
                let Some(phones) = phones.upgrade() else { return };
                // A task of its own: a panic in the stack ends one transaction.
                tokio::spawn(inbound::take(phones, transaction));
            }
        });
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Line>>> {
        // Each change is one call of the map.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_leg(&self) -> u64 {
        self.legs.fetch_add(1, Ordering::Relaxed)
    }

    /// `user` as others reach it at our socket.
    fn contact(&self, user: &str) -> Uri {
        uri(user, self.local)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

fn uri(user: &str, at: SocketAddr) -> Uri {
    Uri {
        scheme: Some(Scheme::Sip),
        auth: Some(Auth { user: user.to_owned(), password: None }),
        host_with_port: at.into(),
        ..Uri::default()
    }
}

fn named(user: &str) -> Result<&str, PhoneError> {
    let fits = |it: char| it.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/".contains(it);
    if user.is_empty() || user.len() > NAME_MAX || !user.chars().all(fits) {
        return Err(PhoneError::BadName(user.chars().take(NAME_MAX).collect()));
    }
    Ok(user)
}

fn credential((user, password): (&str, &str)) -> Credential {
    Credential {
        username: user.to_owned(),
        password: password.to_owned(),
        realm: None,
        auth_username: None,
    }
}
