//! What comes from the server: calls to registered phones, and requests within calls.

use std::pin::pin;
use std::sync::Arc;

use rsipstack::dialog::dialog::{Dialog, DialogState, DialogStateReceiver};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Method, Request, StatusCode};
use rsipstack::transaction::transaction::Transaction;

use super::call::{Call, CallEvent, Side};
use super::registered::Line;
use super::session::{Session, sdp_header};
use super::voice::Voice;
use super::{Inner, OnCall};
use crate::sdp::{self, Description};

/// A call that rings here.
struct Ringing {
    dialog: InviteDialog,
    states: DialogStateReceiver,
    voice: Voice,
    side: Side,
    offer: Option<Description>,
}

/// Serves one transaction to its end.
pub(super) async fn take(phones: Arc<Inner>, mut transaction: Transaction) {
    let served = match phones.layer.match_dialog(&transaction) {
        Some(Dialog::Invite(mut dialog)) => dialog.handle(&mut transaction).await,
        Some(_) | None => match fresh(&phones, &mut transaction) {
            Ok(mut dialog) => dialog.handle(&mut transaction).await,
            Err(None) => Ok(()),
            Err(Some(status)) => transaction.reply(status).await,
        },
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a request was not served");
    }
}

/// A request that belongs to no call: the dialog that it begins, or what to say instead.
fn fresh(
    phones: &Arc<Inner>,
    transaction: &mut Transaction,
) -> Result<InviteDialog, Option<StatusCode>> {
    let request = &transaction.original;
    let within = request.to_header().ok().and_then(|it| it.tag().ok().flatten()).is_some();
    match request.method {
        Method::Ack | Method::Cancel => Err(None),
        _ if within => Err(Some(StatusCode::CallTransactionDoesNotExist)),
        Method::Invite => invited(phones, transaction).map_err(Some),
        Method::Options => Err(Some(StatusCode::OK)),
        _ => Err(Some(StatusCode::MethodNotAllowed)),
    }
}

/// Begins to ring, if the phone is here and can.
fn invited(phones: &Arc<Inner>, transaction: &Transaction) -> Result<InviteDialog, StatusCode> {
    let request = &transaction.original;
    let user = request.uri.auth.as_ref().map(|it| it.user.as_str()).unwrap_or_default();
    let line = phones.lines().get(user).cloned().ok_or(StatusCode::NotFound)?;
    if line.on_call == OnCall::Decline {
        return Err(StatusCode::Decline);
    }
    let offer = match request.body.as_slice() {
        [] => None,
        body => Some(sdp::parse(body).map_err(|_| StatusCode::NotAcceptableHere)?),
    };
    let busy = StatusCode::BusyHere;
    let seat = phones.calls.clone().try_acquire_owned().map_err(|_| busy.clone())?;
    let (call, side, voice) =
        Call::open(phones, &caller(request)).map_err(|_| StatusCode::ServiceUnavailable)?;
    let (sender, states) = phones.layer.new_dialog_state_channel();
    let contact = Some(phones.contact(user));
    let dialog = phones
        .layer
        .get_or_create_server_invite(transaction, sender, None, contact)
        .map_err(|_| StatusCode::BadRequest)?;
    if !line.hand_out(call) {
        phones.layer.remove_dialog(&dialog.id());
        return Err(busy);
    }
    let ringing = Ringing { dialog: dialog.clone(), states, voice, side, offer };
    let phones = phones.clone();
    tokio::spawn(async move {
        ringing.run(&phones, &line).await;
        drop(seat);
    });
    Ok(dialog)
}

fn caller(request: &Request) -> String {
    let from = request.from_header().and_then(|it| it.uri());
    from.ok().and_then(|it| it.auth).map(|it| it.user).unwrap_or_default()
}

impl Ringing {
    async fn run(mut self, phones: &Inner, line: &Line) {
        let id = self.dialog.id();
        let (side, ended) = match self.ring(line.on_call).await {
            Some(ended) => (self.side, ended),
            None => self.answer().await,
        };
        phones.layer.remove_dialog(&id);
        side.tell(ended);
    }

    /// Rings until it is to be answered, or how it ended instead.
    async fn ring(&mut self, on_call: OnCall) -> Option<CallEvent> {
        if let Err(error) = self.dialog.ringing(None, None) {
            tracing::debug!(%error, "ringing cannot be said");
        }
        self.side.ringing();
        let asked = self.side.ask.answer.clone();
        let mut answer = pin!(async move {
            match on_call {
                OnCall::AnswerAfter(delay) => {
                    let _ = tokio::time::timeout(delay, asked.cancelled()).await;
                }
                OnCall::Ring | OnCall::Decline => asked.cancelled().await,
            }
        });
        loop {
            tokio::select! {
                biased;
                state = self.states.recv() => match state {
                    Some(DialogState::Terminated(..)) => return Some(unanswered(487, true)),
                    Some(_) => {}
                    None => return Some(unanswered(500, false)),
                },
                () = self.side.ask.hang_up.cancelled() => {
                    // It fails only if the call is over already.
                    let _ = self.dialog.reject(Some(StatusCode::BusyHere), None);
                    return Some(unanswered(486, false));
                }
                () = &mut answer => return None,
            }
        }
    }

    async fn answer(self) -> (Side, CallEvent) {
        let Self { dialog, states, mut voice, side, offer } = self;
        let body = match &offer {
            Some(offer) => voice.answer(offer),
            None => voice.offer(),
        };
        if let Err(error) = dialog.accept(Some(sdp_header()), Some(body)) {
            tracing::debug!(%error, "a call cannot be answered");
            return (side, unanswered(500, false));
        }
        side.tell(CallEvent::Answered);
        let answer_in_ack = offer.is_none();
        let mut session =
            Session { dialog, states, voice, side, acknowledged: false, answer_in_ack };
        let ended = session.talk().await;
        (session.side, ended)
    }
}

const fn unanswered(status: u16, far_end: bool) -> CallEvent {
    CallEvent::Ended { status: Some(status), far_end }
}
