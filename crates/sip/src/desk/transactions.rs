//! The tasks that own the stack's transactions. They wait; the desk decides.

use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::sip::{Method, Request, Response, SipMessage};
use rsipstack::transaction::Transaction;
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transport::{SipAddr, SipConnection};

use super::{Desk, Shared};
use crate::leg::Hold;
use crate::port::LegId;
use crate::reply;
use crate::stack::Flow;

/// Which of our requests a response answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Invite(LegId),
    Refresh(LegId),
    Bye(LegId),
    Cancel(LegId),
    Qualify(String),
    Trunk(String),
    Proxy(String, SocketAddr),
}

/// A connection or a socket, and an address; `None` where the stack must find it.
pub(super) type Way = (Option<SipConnection>, Option<SipAddr>);

impl Asked {
    fn leg(&self) -> Option<LegId> {
        match self {
            Self::Invite(leg) | Self::Refresh(leg) | Self::Bye(leg) | Self::Cancel(leg) => {
                Some(*leg)
            }
            Self::Qualify(_) | Self::Trunk(_) | Self::Proxy(..) => None,
        }
    }
}

/// What becomes of a request that arrived.
pub(super) enum Outcome {
    /// It is answered now.
    Answer(Box<Response>),
    /// It began a leg, which will answer it.
    Leg(LegId),
}

/// Serves every request that the stack brings, each in a task of its own.
pub(crate) async fn serve(shared: Arc<Shared>, mut incoming: TransactionReceiver) {
    while let Some(transaction) = incoming.recv().await {
        let shared = shared.clone();
        // Boxed: the future of an INVITE is large and most requests are none.
        if transaction.original.method == Method::Invite {
            tokio::spawn(Box::pin(serve_invite(shared, transaction)));
        } else {
            tokio::spawn(serve_other(shared, transaction));
        }
    }
}

async fn serve_other(shared: Arc<Shared>, mut transaction: Transaction) {
    let Some(flow) = flow(&transaction) else { return };
    let request = &transaction.original;
    let leg = shared.desk().owner(request);
    let answer = shared.with(leg, |desk| desk.request(request, &flow));
    let answer = answer.unwrap_or_else(|| broken(request));
    shared.tally.response_sent(answer.status_code.code());
    let _ = transaction.respond(answer).await;
}

async fn serve_invite(shared: Arc<Shared>, mut transaction: Transaction) {
    let Some(flow) = flow(&transaction) else { return };
    let request = &transaction.original;
    if let Some(leg) = reply::to_tag(request).and_then(|_| shared.desk().owner(request)) {
        return serve_reinvite(shared, transaction, leg, flow).await;
    }
    let (sender, key) = (transaction.tu_sender.clone(), transaction.key.clone());
    let outcome = shared.with(None, |desk| desk.invite(request, flow.clone(), sender, key));
    let leg = match outcome {
        Some(Outcome::Leg(leg)) => leg,
        refused => {
            let answer = match refused {
                Some(Outcome::Answer(answer)) => *answer,
                _ => broken(request),
            };
            let _seat = shared.awaiting.seat(flow.peer.ip());
            shared.tally.response_sent(answer.status_code.code());
            if transaction.respond(answer).await.is_ok() {
                while transaction.receive().await.is_some_and(|it| method(&it) != Some(Method::Ack))
                {
                }
            }
            return;
        }
    };
    shared.tally.response_sent(100);
    let _ = transaction.send_trying().await;
    let mut acknowledged = false;
    while let Some(message) = transaction.receive().await {
        match message {
            SipMessage::Request(ack) if ack.method == Method::Ack => {
                acknowledged = true;
                shared.with(Some(leg), |desk| desk.acknowledged(leg, &ack));
            }
            SipMessage::Request(it) if it.method == Method::Cancel => {
                shared.with(Some(leg), |desk| desk.cancelled(leg));
            }
            _ => {}
        }
    }
    if !acknowledged {
        shared.with(Some(leg), |desk| desk.unacknowledged(leg));
    }
}

async fn serve_reinvite(shared: Arc<Shared>, mut transaction: Transaction, leg: LegId, flow: Flow) {
    let request = &transaction.original;
    let answer = shared.with(Some(leg), |desk| desk.request(request, &flow));
    let answer = answer.unwrap_or_else(|| broken(request));
    let code = answer.status_code.code();
    shared.tally.response_sent(code);
    if transaction.respond(answer).await.is_err() {
        return;
    }
    while let Some(message) = transaction.receive().await {
        if let SipMessage::Request(ack) = message
            && ack.method == Method::Ack
        {
            if code < 300 {
                shared.with(Some(leg), |desk| desk.confirmed(leg, &ack));
            }
            return drain(transaction).await;
        }
    }
    if code < 300 {
        shared.with(Some(leg), |desk| desk.unacknowledged(leg));
    }
}

/// Lets a transaction live as long as it must absorb copies.
async fn drain(mut transaction: Transaction) {
    while transaction.receive().await.is_some() {}
}

fn method(message: &SipMessage) -> Option<Method> {
    crate::screen::as_request(message).map(|it| it.method)
}

/// The answer where handling panicked.
fn broken(request: &Request) -> Response {
    crate::reply::Frame::of(request, "-").plain(rsipstack::sip::StatusCode::ServerInternalError)
}

/// Where a request came from: its connection says, or the Via that we marked on receipt.
fn flow(transaction: &Transaction) -> Option<Flow> {
    use rsipstack::sip::prelude::HeadersExt;
    let connection = transaction.connection.as_ref()?;
    if let Some(remote) = connection.get_remote_addr() {
        return Some(Flow::of(connection, remote.get_socketaddr().ok()?));
    }
    let via = transaction.original.via_header().ok()?;
    let (_, addr) = SipConnection::parse_target_from_via(via).ok()?;
    let peer: SocketAddr = addr.try_into().ok()?;
    Some(Flow::of(connection, peer))
}

/// The way that a request of ours went.
fn sent_over(transaction: &Transaction) -> Option<Flow> {
    let connection = transaction.connection.as_ref()?;
    let peer = match connection.get_remote_addr() {
        Some(remote) => remote,
        None => transaction.destination.as_ref()?,
    };
    Some(Flow::of(connection, peer.get_socketaddr().ok()?))
}

impl Desk {
    /// Sends a request of ours in a transaction of its own; what comes of it comes to [`Desk::heard`].
    pub(super) fn ask(&self, asked: Asked, request: Request, way: Way) -> Option<Hold> {
        let shared = self.shared.upgrade()?;
        let endpoint = self.stack.endpoint.clone();
        let (connection, destination) = way;
        let key = TransactionKey::from_request(&request, TransactionRole::Client);
        let made = key.map(|key| {
            let mut made = Transaction::new_client(key, request, endpoint, connection);
            made.destination = destination;
            made
        });
        let hold =
            made.as_ref().ok().map(|it| Hold { sender: it.tu_sender.clone(), key: it.key.clone() });
        self.runtime.spawn(Box::pin(async move {
            let mut answered = false;
            if let Ok(mut transaction) = made
                && transaction.send().await.is_ok()
            {
                while let Some(message) = transaction.receive().await {
                    if let SipMessage::Response(response) = message {
                        answered |= response.status_code.code() >= 200;
                        let over = sent_over(&transaction);
                        shared.with(asked.leg(), |desk| desk.heard(&asked, &response, over));
                    }
                }
            }
            if !answered {
                shared.with(asked.leg(), |desk| desk.unheard(&asked));
            }
        }));
        hold
    }

    fn heard(&mut self, asked: &Asked, response: &Response, over: Option<Flow>) {
        match asked {
            Asked::Invite(leg) => self.invite_answered(*leg, response, over),
            Asked::Refresh(leg) => self.refresh_answered(*leg, response),
            Asked::Bye(leg) => self.bye_answered(*leg, response),
            Asked::Cancel(_) => {}
            Asked::Qualify(user) => self.qualified(user, response.status_code.code()),
            Asked::Trunk(key) => self.trunk_answered(key, response.status_code.code()),
            Asked::Proxy(key, addr) => {
                self.proxy_answered(key, *addr, response.status_code.code());
            }
        }
    }

    /// Nothing came, or it could not even be sent.
    fn unheard(&mut self, asked: &Asked) {
        match asked {
            Asked::Invite(leg) => self.invite_failed(*leg),
            Asked::Refresh(leg) => self.hang_up(*leg, crate::port::End::Lost),
            Asked::Bye(leg) => self.bye_over(*leg),
            Asked::Cancel(_) => {}
            Asked::Qualify(user) => self.qualified(user, 408),
            Asked::Trunk(key) => self.trunk_answered(key, 408),
            Asked::Proxy(key, addr) => self.proxy_answered(key, *addr, 408),
        }
    }
}
