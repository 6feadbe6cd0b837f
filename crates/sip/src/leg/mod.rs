//! One leg: one dialog with one far end, and how far it has come.

pub(crate) mod dialog;
pub(crate) mod session_timer;
pub(crate) mod voice;

use std::time::Duration;

use rsipstack::sip::{Header, Method, Request, Response, StatusCode};
use rsipstack::transaction::key::TransactionKey;
use rsipstack::transaction::transaction::{TransactionEvent, TransactionEventSender};

use crate::census::Seat;
use crate::credentials::Challenge;
use crate::port::{End, LegId};
use crate::reason;
use crate::reply::Frame;
use crate::sdp::Description;
use crate::trunk::Party;
use crate::wheel::Alarm;
use dialog::Dialog;
use session_timer::SessionTimer;
use voice::Voice;

/// A leg.
pub(crate) struct Leg {
    pub id: LegId,
    pub party: Party,
    pub dialog: Dialog,
    pub phase: Phase,
    pub voice: Voice,
    pub session: SessionTimer,
    /// Whether the outside knows of it, and is owed its end.
    pub announced: bool,
    /// Transactions whose end it waits for before it is forgotten.
    pub pending: u8,
    /// When the ACK should have come; once it ended, when it is forgotten at the latest.
    pub alarm: Option<Alarm>,
    /// It counts among the INVITEs that await their ACK.
    pub seat: Option<Seat>,
    /// What its 200 will say of the session timer, and the offer that it will answer.
    pub terms: Vec<Header>,
    pub offer: Option<Box<Description>>,
    /// It was dialed over a trunk.
    pub dialed: Option<Box<Dialed>>,
}

/// What is particular about a leg that was dialed over a trunk.
pub(crate) struct Dialed {
    pub ring_timeout: Duration,
    /// What the trunk asked us last.
    pub pass: Option<Challenge>,
    /// A challenge was answered, and what came of it is not known yet. Another one means that we are not wanted.
    pub answered_challenge: bool,
}

impl Leg {
    /// Whether it ended.
    pub fn leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving(_))
    }

    /// How a BYE of its far end ends it.
    pub fn hung_up(&self, bye: &Request) -> End {
        let cause = reason::cause(&bye.headers).filter(|_| self.dialed.is_some());
        cause.map_or(End::FarEnd, |cause| End::HungUp { cause })
    }

    /// Our credentials for its next request, where the trunk has asked for them before (RFC 3261 §22.3).
    pub fn credentials(&mut self, method: &Method) -> Option<Header> {
        let Party::Trunk(trunk) = &self.party else { return None };
        let login = trunk.outbound.as_ref()?.login.as_ref()?;
        let pass = self.dialed.as_mut()?.pass.as_mut()?;
        Some(pass.answer(login, &method.to_string(), &self.dialog.target.to_string()))
    }

    /// Takes a challenge. Whether the request may be sent once more.
    pub fn challenged(&mut self, response: &Response) -> bool {
        let Party::Trunk(trunk) = &self.party else { return false };
        let login = trunk.outbound.as_ref().is_some_and(|it| it.login.is_some());
        let Some(dialed) = self.dialed.as_mut().filter(|it| login && !it.answered_challenge) else {
            return false;
        };
        dialed.pass = Challenge::of(&response.headers);
        dialed.answered_challenge = dialed.pass.is_some();
        dialed.answered_challenge
    }

    /// A 2xx came: the next challenge is a new one. Whether it is a dialed leg.
    pub fn answered_challenge_is_over(&mut self) -> bool {
        let Some(dialed) = &mut self.dialed else { return false };
        dialed.answered_challenge = false;
        true
    }
}

/// How far a leg has come.
pub(crate) enum Phase {
    /// It arrived and has not been answered.
    Knocking(Door),
    /// It arrived, 200 was sent, and its ACK has not come.
    Answered(Door),
    /// We are about to call, and connect to the trunk first.
    Reaching,
    /// We call, and no final response has come.
    Calling(Invite),
    /// Both sides agree that it is up.
    Up,
    /// It ended. What is left is to end it properly.
    Leaving(Rest),
}

/// What an ended leg still waits for.
pub(crate) enum Rest {
    /// The ACK of a final response; after that of a 200 a BYE is due (RFC 3261 §15).
    Ack { door: Door, bye: bool },
    /// The final response to our INVITE.
    Final(Invite),
    /// Only for transactions to end.
    Nothing,
}

/// Our INVITE while it is open.
pub(crate) struct Invite {
    pub request: Box<Request>,
    pub hold: Option<Hold>,
    /// A provisional response came: CANCEL may be sent (RFC 3261 §9.1).
    pub provisional: bool,
    pub ringing: bool,
    pub cancelled: bool,
    /// The far end's BYE came before its 200.
    pub hung_up: bool,
    /// The description that came with a provisional response, if any.
    pub early: Vec<u8>,
}

/// A transaction, as far as it can be ended from outside.
pub(crate) struct Hold {
    pub sender: TransactionEventSender,
    pub key: TransactionKey,
}

impl Hold {
    /// Ends it, whatever it waits for.
    pub fn terminate(&self) {
        let _ = self.sender.send(TransactionEvent::Terminate(self.key.clone()));
    }
}

/// An INVITE's server transaction, as far as we hold it.
pub(crate) struct Door {
    pub sender: TransactionEventSender,
    pub key: TransactionKey,
    pub frame: Frame,
}

impl Door {
    /// Sends a response over the transaction, which repeats it as long as it must.
    pub fn respond(&self, response: Response) {
        // The transaction is over only if its task is, and then nobody waits for the response.
        let _ = self.sender.send(TransactionEvent::Respond(response));
    }

    /// Ends the transaction, whatever it waits for.
    pub fn terminate(&self) {
        let _ = self.sender.send(TransactionEvent::Terminate(self.key.clone()));
    }

    /// A response with our Contact.
    pub fn response(
        &self,
        status: StatusCode,
        contact: String,
        extra: Vec<Header>,
        body: Option<String>,
    ) -> Response {
        let contact = [Header::Contact(contact.into()), crate::reply::allow()];
        self.frame.response(status, contact.into_iter().chain(extra), body)
    }
}
