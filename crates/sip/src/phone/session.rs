//! An answered call, whoever made it: what comes within the dialog, until one side hangs up.

use rsipstack::dialog::dialog::{
    DialogState, DialogStateReceiver, TerminatedReason, TransactionHandle,
};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Request, StatusCode};

use super::call::{CallEvent, Side};
use super::voice::Voice;
use crate::sdp;

/// A dialog with its voice.
pub(super) struct Session {
    pub dialog: InviteDialog,
    pub states: DialogStateReceiver,
    pub voice: Voice,
    pub side: Side,
    /// The ACK to our 2xx has come, or we sent it: a BYE may follow (RFC 3261 §15).
    pub acknowledged: bool,
    /// Our offer went out in a 2xx: its answer comes in the ACK (RFC 3261 §13.2.1).
    pub answer_in_ack: bool,
}

/// A call that ended and was answered before.
const fn over(far_end: bool) -> CallEvent {
    CallEvent::Ended { status: None, far_end }
}

/// The header that a description needs.
pub(super) fn sdp_header() -> Vec<Header> {
    vec![Header::ContentType("application/sdp".into())]
}

impl Session {
    /// Talks until the end, and says how it came.
    pub async fn talk(&mut self) -> CallEvent {
        loop {
            tokio::select! {
                state = self.states.recv() => {
                    let Some(state) = state else { return over(false) };
                    if let Some(ended) = self.follow(state).await {
                        return ended;
                    }
                }
                () = self.side.ask.hang_up.cancelled(), if self.acknowledged => {
                    return self.hang_up().await;
                }
            }
        }
    }

    /// Says BYE and waits for the answer to it.
    pub async fn hang_up(&self) -> CallEvent {
        if let Err(error) = self.dialog.bye().await {
            tracing::debug!(%error, "the far end did not take our BYE");
        }
        over(false)
    }

    async fn follow(&mut self, state: DialogState) -> Option<CallEvent> {
        match state {
            DialogState::Terminated(_, reason) => {
                return Some(over(!matches!(reason, TerminatedReason::Timeout)));
            }
            DialogState::Confirmed(..) => self.confirmed(),
            DialogState::Updated(_, request, handle) => self.updated(&request, &handle).await,
            DialogState::Options(_, _, handle)
            | DialogState::Info(_, _, handle)
            | DialogState::Notify(_, _, handle) => reply(&handle, StatusCode::OK).await,
            DialogState::Refer(_, _, handle)
            | DialogState::Message(_, _, handle)
            | DialogState::Publish(_, _, handle) => {
                reply(&handle, StatusCode::NotImplemented).await;
            }
            DialogState::Calling(_)
            | DialogState::Trying(_)
            | DialogState::Early(..)
            | DialogState::WaitAck(..) => {}
        }
        None
    }

    fn confirmed(&mut self) {
        self.acknowledged = true;
        if std::mem::take(&mut self.answer_in_ack)
            && let Some(ack) = self.dialog.last_remote_ack()
            && let Err(error) = self.voice.take(&ack.body)
        {
            tracing::debug!(?error, "the ACK holds no answer: the call stays silent");
        }
    }

    /// A re-INVITE or UPDATE: a new description, or a refresh of the session (RFC 4028).
    async fn updated(&mut self, request: &Request, handle: &TransactionHandle) {
        let invite = request.method == rsipstack::sip::Method::Invite;
        let body = match sdp::parse(&request.body) {
            Ok(offer) => Some(self.voice.answer(&offer)),
            Err(_) if !request.body.is_empty() => {
                return reply(handle, StatusCode::NotAcceptableHere).await;
            }
            Err(_) if invite => {
                self.answer_in_ack = true;
                Some(self.voice.offer())
            }
            Err(_) => None,
        };
        let headers = body.is_some().then(sdp_header);
        // Whoever waits for it gives up by himself.
        let _ = handle.respond(StatusCode::OK, headers, body).await;
    }
}

async fn reply(handle: &TransactionHandle, status: StatusCode) {
    let _ = handle.reply(status).await;
}
