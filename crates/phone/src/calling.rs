//! We call: from our INVITE to its final response.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::call::{Call, End, Leg, Progress, Stage};
use crate::endpoint::Shared;
use crate::{Credentials, Message, Voice, clock};

/// How long a cancelled INVITE is waited for.
const CANCEL_WITHIN: Duration = Duration::from_secs(3);

/// Our INVITE.
pub(crate) struct Asking {
    invite: Message,
    credentials: Option<Credentials>,
    provisional: bool,
    given_up: bool,
}

impl Leg {
    /// Calls `number`.
    pub(crate) fn begin(
        shared: Arc<Shared>,
        caller: &str,
        number: &str,
        credentials: Option<Credentials>,
        voice: Option<Arc<Voice>>,
    ) -> Call {
        let id = format!("{}@{}", clock::fresh(), shared.at.ip());
        let inbox = shared.enroll(&id);
        let target = format!("sip:{number}@{}", shared.server);
        let mut leg = Self {
            us: format!("<sip:{caller}@{}>;tag={}", shared.at, clock::fresh()),
            them: format!("<{target}>"),
            stage: Stage::Over,
            sequence: 0,
            target,
            id,
            voice,
            progress: watch::Sender::new(Progress::default()),
            again: None,
            forget_at: None,
            shared,
        };
        leg.invite(credentials, None);
        leg.start(inbox)
    }

    fn invite(&mut self, credentials: Option<Credentials>, proof: Option<(&str, String)>) {
        self.sequence += 1;
        let mut invite = self.in_dialog("INVITE").with_body(self.session());
        if let Some((name, value)) = proof {
            invite = invite.with(name, value);
        }
        self.send_until_answered(invite.clone());
        let asking = Asking { invite, credentials, provisional: false, given_up: false };
        self.stage = Stage::Asking(Box::new(asking));
    }

    pub(crate) fn invite_answered(&mut self, status: u16, response: &Message) {
        match (&mut self.stage, status) {
            (Stage::Asking(asking), 100..=199) => {
                asking.provisional = true;
                let given_up = asking.given_up;
                self.again = None;
                if status != 100 {
                    let now = clock::now();
                    self.progress.send_modify(|it| _ = it.rang.get_or_insert(now));
                }
                if given_up {
                    self.cancel();
                }
            }
            (Stage::Asking(_), 200..=299) => self.answered(response),
            (Stage::Asking(asking), _) if response.sequence() == asking.invite.sequence() => {
                self.refused(status, response);
            }
            // Our ACK was lost.
            (Stage::Up(Some(ack)), 200..=299) => self.shared.send(ack),
            _ => {}
        }
    }

    fn answered(&mut self, response: &Message) {
        let given_up = matches!(&self.stage, Stage::Asking(asking) if asking.given_up);
        let now = clock::now();
        self.progress.send_modify(|it| it.answered = Some(now));
        self.them = response.header("To").to_owned();
        if let Some(contact) = response.contact() {
            self.target = contact;
        }
        self.hear_from(response);
        let ack = self.in_dialog("ACK");
        self.shared.send(&ack);
        self.again = None;
        self.stage = Stage::Up(Some(ack));
        self.forget_at = None;
        // Answered and cancelled crossed on the wire (RFC 3261 §9.1).
        if given_up {
            self.say_goodbye();
        }
    }

    fn refused(&mut self, status: u16, response: &Message) {
        let Stage::Asking(asking) = &self.stage else { return };
        self.acknowledge(&asking.invite, response);
        let credentials = asking.credentials.clone().filter(|_| !asking.given_up);
        let proof = credentials.and_then(|it| it.answer(response, "INVITE", &self.target));
        if proof.is_some() {
            return self.invite(None, proof);
        }
        let end = if asking.given_up { End::Ours } else { End::FarEnd };
        self.progress.send_modify(|it| it.refused = Some(status));
        self.over(end);
    }

    /// The ACK of a refusal belongs to the INVITE's transaction (RFC 3261 §17.1.1.3).
    fn acknowledge(&self, invite: &Message, response: &Message) {
        let ack = self.of_transaction("ACK", invite);
        self.shared.send(&ack.with("To", response.header("To")));
    }

    fn of_transaction(&self, method: &str, invite: &Message) -> Message {
        Message::new(format!("{method} {} SIP/2.0", self.target))
            .with("Via", invite.header("Via"))
            .with("Max-Forwards", "70")
            .with("From", self.us.clone())
            .with("Call-ID", self.id.clone())
            .with("CSeq", format!("{} {method}", self.sequence))
    }

    pub(crate) fn give_up(&mut self) {
        let Stage::Asking(asking) = &mut self.stage else { return };
        asking.given_up = true;
        self.forget_at = Some(clock::now() + CANCEL_WITHIN);
        // Before a provisional response there is nothing to cancel yet (RFC 3261 §9.1).
        if asking.provisional {
            self.cancel();
        }
    }

    fn cancel(&self) {
        let Stage::Asking(asking) = &self.stage else { return };
        let cancel = self.of_transaction("CANCEL", &asking.invite);
        self.shared.send(&cancel.with("To", self.them.clone()));
    }
}
