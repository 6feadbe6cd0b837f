//! Everything that comes in passes here first: read, screened, and answered without state where it may go no further
//! (RFC 3261 §8.2.7), so that strangers, floods and broken messages leave nothing behind.

use std::future::{Future, poll_fn};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::Poll;
use std::time::Instant;

use async_trait::async_trait;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Method, Request, Response, SipMessage};
use rsipstack::transaction::endpoint::{EndpointInner, TransportEventInspector};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};

use crate::config::Limits;
use crate::counters::{RefusedFor, Tally};
use crate::desk::Shared;
use crate::door;
use crate::guard::Guard;
use crate::salvage::{self, Look};
use crate::{nat, screen};

/// The way in.
pub(crate) struct Intake {
    pub shared: Arc<Shared>,
    endpoint: Arc<EndpointInner>,
    limits: Limits,
    tally: Arc<Tally>,
    guard: Mutex<Guard>,
    tags: RandomState,
}

/// What becomes of a message.
pub(crate) enum Pass {
    /// The stack takes it.
    On,
    /// It is answered here.
    Answer(Box<Response>),
    /// Nothing.
    Drop,
}

impl Intake {
    pub fn new(shared: Arc<Shared>, endpoint: Arc<EndpointInner>) -> Self {
        let limits = shared.config.limits.clone();
        Self {
            tally: shared.tally.clone(),
            guard: Mutex::new(Guard::new(Instant::now(), limits.unknown_source_rate)),
            shared,
            endpoint,
            limits,
            tags: RandomState::new(),
        }
    }

    /// `ip` proved that it belongs to us.
    pub fn vouch(&self, ip: IpAddr) {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner).vouch(Instant::now(), ip);
    }

    /// Takes a datagram.
    pub async fn datagram(&self, bytes: &[u8], from: SocketAddr, connection: &SipConnection) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return; // A keep-alive; the ping is answered below SIP only on connections (RFC 5626 §4.4.1).
        }
        if bytes.len() > self.limits.message_bytes {
            return self.tally.refused(RefusedFor::Malformed);
        }
        if !self.admits(from.ip()) {
            return self.tally.refused(RefusedFor::Overload);
        }
        let read = match salvage::look(bytes, self.limits.headers) {
            Look::Hopeless => return self.tally.refused(RefusedFor::Malformed),
            Look::Truncated => None,
            Look::Fair => self.caught(|| read(bytes, from)).flatten(),
        };
        match read {
            Some(message) => self.message(message, from, connection).await,
            None => {
                self.tally.refused(RefusedFor::Malformed);
                let answer = self.caught(|| salvage::answer(bytes, &self.tag(&bytes))).flatten();
                if let Some(answer) = answer {
                    self.send(answer, connection, Some(from)).await;
                }
            }
        }
    }

    /// Takes a message that was read.
    pub async fn message(&self, message: SipMessage, from: SocketAddr, connection: &SipConnection) {
        match self.caught(|| self.judge(&message, from)) {
            Some(Pass::On) => {
                let source = SipAddr::new(connection.transport(), from.into());
                let taken = self.endpoint.on_received_message(message, connection.clone(), &source);
                if let Some(Err(error)) = self.guarded(taken).await {
                    tracing::debug!(%from, %error, "message not taken");
                }
            }
            Some(Pass::Answer(answer)) => self.send(*answer, connection, None).await,
            Some(Pass::Drop) | None => {}
        }
    }

    fn judge(&self, message: &SipMessage, from: SocketAddr) -> Pass {
        match message {
            SipMessage::Response(response) if screen::response(response) => {
                self.tally.response_received(response.status_code.code());
                Pass::On
            }
            SipMessage::Response(_) => {
                self.tally.refused(RefusedFor::Malformed);
                Pass::Drop
            }
            SipMessage::Request(request) => self.judge_request(request, from),
        }
    }

    fn judge_request(&self, request: &Request, from: SocketAddr) -> Pass {
        let ack = request.method == Method::Ack;
        if let Err(fault) = screen::request(request) {
            self.tally.refused(fault.why);
            if ack {
                return Pass::Drop;
            }
            return Pass::Answer(Box::new(fault.answer(request, &self.request_tag(request))));
        }
        if ack || request.method == Method::Cancel {
            return Pass::On;
        }
        if self.came_before(request) {
            self.tally.retransmission();
            return Pass::On;
        }
        door::decide(&self.shared, request, from.ip(), || self.request_tag(request))
    }

    /// Whether the stack has a transaction for it already.
    fn came_before(&self, request: &Request) -> bool {
        let Ok(key) = TransactionKey::from_request(request, TransactionRole::Server) else {
            return false;
        };
        self.endpoint.transactions.contains_key(&key)
            || self.endpoint.finished_transactions.contains_key(&key)
    }

    fn admits(&self, ip: IpAddr) -> bool {
        self.shared.directory().knows(ip)
            || self.guard.lock().unwrap_or_else(PoisonError::into_inner).admits(Instant::now(), ip)
    }

    async fn send(&self, answer: Response, connection: &SipConnection, to: Option<SocketAddr>) {
        self.tally.response_sent(answer.status_code.code());
        let to = to.map(|to| SipAddr::new(connection.transport(), to.into()));
        if !connection.is_reliable() {
            let _ = self.guarded(connection.send(answer.into(), to.as_ref())).await;
            return;
        }
        // A peer that does not read must not hold up the others.
        let connection = connection.clone();
        tokio::spawn(async move { connection.send(answer.into(), to.as_ref()).await });
    }

    /// A To tag that is the same for each copy of a request, and says nothing (RFC 3261 §8.2.7).
    fn request_tag(&self, request: &Request) -> String {
        let via = request.via_header().map(|it| it.value()).unwrap_or_default();
        let call = request.call_id_header().map(|it| it.value()).unwrap_or_default();
        self.tag(&(via, call))
    }

    fn tag(&self, of: &impl std::hash::Hash) -> String {
        format!("{:016x}", self.tags.hash_one(of))
    }

    fn caught<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(work));
        if done.is_err() {
            self.tally.panic();
        }
        done.ok()
    }

    /// Polls to the end, or to a panic, which is counted.
    async fn guarded<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Some),
            Err(_) => {
                self.tally.panic();
                Poll::Ready(None)
            }
        })
        .await
    }
}

fn read(bytes: &[u8], from: SocketAddr) -> Option<SipMessage> {
    let mut message = SipMessage::try_from(bytes).ok()?;
    nat::mend(&mut message, from);
    SipConnection::update_msg_received(message, from, rsipstack::sip::Transport::Udp).ok()
}

/// Where the stack hands over what came on its connections. Set once the switch is whole.
#[derive(Clone, Default)]
pub(crate) struct Tap(pub Arc<OnceLock<Weak<Intake>>>);

#[async_trait]
impl TransportEventInspector for Tap {
    async fn handle(&self, event: TransportEvent) -> Option<TransportEvent> {
        let TransportEvent::Incoming(message, connection, from) = event else { return Some(event) };
        let intake = self.0.get().and_then(Weak::upgrade)?;
        let from = from.get_socketaddr().ok()?;
        let headers = match &message {
            SipMessage::Request(it) => it.headers.len(),
            SipMessage::Response(it) => it.headers.len(),
        };
        if headers > intake.limits.headers || !intake.admits(from.ip()) {
            intake.tally.refused(RefusedFor::Overload);
            return None;
        }
        intake.message(message, from, &connection).await;
        None
    }
}
