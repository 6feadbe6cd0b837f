//! Calls that a phone makes.

use std::sync::Arc;

use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::invitation::{InviteAsyncResult, InviteOption};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Response, StatusCodeKind};
use tokio::task::{JoinError, JoinHandle};

use super::call::{Call, CallEvent, Side};
use super::session::Session;
use super::voice::Voice;
use super::{Inner, PhoneError, uri};

/// A call between its INVITE and the final response.
struct Attempt {
    dialog: InviteDialog,
    states: DialogStateReceiver,
    voice: Voice,
    side: Side,
    cancelled: bool,
}

/// Sends the INVITE. The rest is a task.
pub(super) fn call(
    phones: &Arc<Inner>,
    from: &str,
    to: &str,
    credential: Option<Credential>,
) -> Result<Call, PhoneError> {
    let seat = phones.calls.clone().try_acquire_owned().map_err(|_| PhoneError::TooMany)?;
    let (call, side, mut voice) = Call::open(phones, to)?;
    let option = InviteOption {
        caller: uri(from, phones.server),
        callee: uri(to, phones.server),
        contact: phones.contact(from),
        content_type: Some("application/sdp".to_owned()),
        offer: Some(voice.offer()),
        credential,
        ..InviteOption::default()
    };
    let (sender, states) = phones.layer.new_dialog_state_channel();
    let (dialog, invite) = phones
        .layer
        .do_invite_async(option, sender)
        .map_err(|it| PhoneError::Unreachable(it.to_string()))?;
    let attempt = Attempt { dialog, states, voice, side, cancelled: false };
    let phones = phones.clone();
    tokio::spawn(async move {
        attempt.run(&phones, invite).await;
        drop(seat);
    });
    Ok(call)
}

impl Attempt {
    async fn run(mut self, phones: &Inner, invite: JoinHandle<InviteAsyncResult>) {
        let outcome = self.wait(invite).await;
        match outcome {
            Ok(Ok((id, Some(response)))) if is_success(&response) => {
                let session = self.answered(&response).await;
                phones.layer.remove_dialog(&id);
                // Last, so that whoever hears of the end finds the call gone.
                session.0.tell(session.1);
            }
            Ok(Ok((_, Some(response)))) => {
                let status = Some(response.status_code.code());
                self.side.tell(CallEvent::Ended { status, far_end: !self.cancelled });
            }
            Ok(Ok((_, None)) | Err(_)) | Err(_) => {
                self.side.tell(CallEvent::Ended { status: None, far_end: false });
            }
        }
    }

    /// Waits for the final response; meanwhile it may ring, and the owner may give up.
    async fn wait(
        &mut self,
        mut invite: JoinHandle<InviteAsyncResult>,
    ) -> Result<InviteAsyncResult, JoinError> {
        loop {
            tokio::select! {
                outcome = &mut invite => return outcome,
                Some(state) = self.states.recv() => self.progress(state),
                () = self.side.ask.hang_up.cancelled(), if !self.cancelled => {
                    self.cancelled = true;
                    // The answer to a CANCEL says nothing: 487 comes for the INVITE.
                    let dialog = self.dialog.clone();
                    tokio::spawn(async move { dialog.cancel().await });
                }
            }
        }
    }

    fn progress(&mut self, state: DialogState) {
        let DialogState::Early(_, response) = state else { return };
        if matches!(response.status_code.code(), 180..=183) {
            self.side.ringing();
        }
        if !response.body.is_empty()
            && let Err(error) = self.voice.take(&response.body)
        {
            tracing::debug!(?error, "early media is not understood");
        }
    }

    async fn answered(self, response: &Response) -> (Side, CallEvent) {
        let Self { dialog, states, voice, side, .. } = self;
        let mut session =
            Session { dialog, states, voice, side, acknowledged: true, answer_in_ack: false };
        let ended = if session.dialog.state().is_terminated() {
            // It was answered after our CANCEL; the stack has said BYE.
            CallEvent::Ended { status: None, far_end: false }
        } else if session.voice.take(&response.body).is_err() {
            session.hang_up().await
        } else {
            session.side.tell(CallEvent::Answered);
            session.talk().await
        };
        (session.side, ended)
    }
}

fn is_success(response: &Response) -> bool {
    response.status_code.kind() == StatusCodeKind::Successful
}
