//! A call comes in: from its INVITE to the ACK of its final response.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use rsipstack::sip::{Header, Request, StatusCode};
use rsipstack::transaction::key::TransactionKey;
use rsipstack::transaction::transaction::TransactionEventSender;

use super::Desk;
use super::transactions::Outcome;
use crate::authenticator::{Role, Verdict};
use crate::counters::RefusedFor;
use crate::door::SHIFT;
use crate::identity;
use crate::leg::dialog::{self, Dialog};
use crate::leg::session_timer::{SessionTimer, TooShort};
use crate::leg::voice::Voice;
use crate::leg::{Door, Leg, Phase, Rest};
use crate::media::Play;
use crate::port::{Arrival, End, Event, LegId};
use crate::reply::{self, Frame};
use crate::sdp::{self, Description, SdpError};
use crate::stack::Flow;
use crate::trunk::Party;
use crate::wheel::Due;

type Refused = (StatusCode, Vec<Header>);

impl Desk {
    /// An INVITE outside any dialog, which the door let in.
    pub(super) fn invite(
        &mut self,
        request: &Request,
        flow: Flow,
        sender: TransactionEventSender,
        key: TransactionKey,
    ) -> Outcome {
        let tag = dialog::name();
        match self.admit(request, flow, &tag, sender, key) {
            Ok(leg) => Outcome::Leg(leg),
            Err((status, extra)) => {
                Outcome::Answer(Box::new(Frame::of(request, &tag).response(status, extra, None)))
            }
        }
    }

    fn admit(
        &mut self,
        request: &Request,
        flow: Flow,
        tag: &str,
        sender: TransactionEventSender,
        key: TransactionKey,
    ) -> Result<LegId, Refused> {
        let party = self.caller(request, flow.peer.ip())?;
        let offer = offer(request)?;
        let shift = matches!(party, Party::Station(_));
        let dialog = Dialog::arrived(request, flow, tag.to_owned(), shift)
            .ok_or((StatusCode::BadRequest, vec![]))?;
        let mut session = SessionTimer::default();
        let timing = &self.config.timing;
        let terms = session.asked(&request.headers, timing).map_err(|TooShort(least)| {
            (StatusCode::SessionIntervalTooSmall, vec![Header::MinSE(least.to_string().into())])
        })?;
        self.room_for(&party)?;
        self.minted += 1;
        let id = LegId(self.minted << 1);
        let voice = self.open_voice(id).ok_or_else(|| self.overloaded())?;
        self.tally.invite_received();
        if let Party::Trunk(trunk) = &party {
            self.trunk_called(&trunk.key, &dialog.flow);
        }
        let door = Door { sender, key, frame: Frame::dialog(request, tag) };
        let leg = Box::new(Leg {
            id,
            party,
            dialog,
            phase: Phase::Knocking(door),
            voice,
            session,
            announced: !shift,
            pending: 1,
            alarm: None,
            seat: None,
            terms,
            offer: offer.map(Box::new),
            dialed: None,
        });
        self.introduce(leg, request);
        Ok(id)
    }

    /// Tells of a trunk's call; answers a station's.
    fn introduce(&mut self, leg: Box<Leg>, request: &Request) {
        let id = leg.id;
        let trunk = match &leg.party {
            Party::Trunk(trunk) => Some(trunk.key.clone()),
            Party::Station(_) => None,
        };
        self.insert(leg);
        match trunk {
            Some(trunk) => self.tell(Event::Arrived(Box::new(Arrival {
                leg: id,
                trunk,
                dialed: identity::dialed(request),
                caller: identity::caller(request),
            }))),
            None => {
                self.play(id, Play::Silence);
                self.answer(id);
            }
        }
    }

    /// Whose call it is.
    fn caller(&mut self, request: &Request, source: IpAddr) -> Result<Party, Refused> {
        let shift = request.uri.user() == Some(SHIFT);
        if !shift && let Some(trunk) = self.directory.trunk_at(source) {
            return Ok(Party::Trunk(Arc::clone(trunk)));
        }
        match self.authenticate(request, source) {
            Verdict::Known { party, .. } if shift == matches!(party, Party::Station(_)) => {
                Ok(party)
            }
            Verdict::Known { .. } => {
                self.tally.refused(RefusedFor::MethodNotAllowed);
                Err((StatusCode::Forbidden, vec![]))
            }
            Verdict::Challenge { stale } => {
                let challenge = self.challenge(Role::Gate, stale);
                Err((StatusCode::ProxyAuthenticationRequired, challenge))
            }
            Verdict::Refused => {
                self.tally.refused(RefusedFor::AuthFailed);
                Err((StatusCode::Forbidden, vec![]))
            }
        }
    }

    /// Who sent a request that carries credentials.
    pub(super) fn authenticate(&mut self, request: &Request, source: IpAddr) -> Verdict {
        let registrar = &self.registrar;
        let trusted =
            |user: &str| registrar.get(user).is_some_and(|it| it.flow.peer.ip() == source);
        let now = Instant::now();
        let verdict = self.authenticator.judge(now, request, source, &self.directory, trusted);
        if let (Verdict::Known { .. }, Some(intake)) = (&verdict, self.intake.upgrade()) {
            intake.vouch(source);
        }
        verdict
    }

    fn room_for(&mut self, party: &Party) -> Result<(), Refused> {
        let full = match party {
            Party::Trunk(trunk) => !self.trunk_has_room(&trunk.key, trunk.channels),
            Party::Station(_) => false,
        };
        if full { Err(self.overloaded()) } else { Ok(()) }
    }

    fn overloaded(&self) -> Refused {
        self.tally.refused(RefusedFor::Overload);
        let wait = reply::retry_after(self.config.limits.retry_after);
        (StatusCode::ServiceUnavailable, vec![wait])
    }

    /// A media session for a leg to be; `None` where no port is free.
    pub(super) fn open_voice(&self, leg: LegId) -> Option<Voice> {
        let port = self.media.open(leg.0).ok()?;
        let addr = self.media.address();
        Some(Voice::new(sdp::Local { id: rand::random::<u32>() >> 1, version: 1, addr, port }))
    }

    /// Sends 180.
    pub(super) fn progress(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        if let Phase::Knocking(door) = &leg.phase {
            let contact = self.stack.contact(leg.dialog.flow.transport);
            door.respond(door.response(StatusCode::Ringing, contact, vec![], None));
            self.tally.response_sent(180);
        }
    }

    /// Sends 200, if it has not been sent.
    pub(super) fn answer(&mut self, id: LegId) {
        let Some(mut leg) = self.legs.remove(&id) else { return };
        let phase = std::mem::replace(&mut leg.phase, Phase::Leaving(Rest::Nothing));
        leg.phase = match phase {
            Phase::Knocking(door) => {
                let body = match leg.offer.take() {
                    Some(offer) => {
                        leg.voice.answer(id, &offer, &self.media);
                        leg.voice.said.clone()
                    }
                    None => leg.voice.offer(),
                };
                let mut extra = std::mem::take(&mut leg.terms);
                extra.push(Header::Supported("timer".into()));
                let contact = self.stack.contact(leg.dialog.flow.transport);
                door.respond(door.response(StatusCode::OK, contact, extra, Some(body)));
                self.tally.response_sent(200);
                leg.seat = Some(self.awaiting.seat(leg.dialog.flow.peer.ip()));
                // The transaction notices first; this is for one whose connection broke (RFC 3261 §13.3.1.4).
                let patience = self.patience() + self.config.timing.t1 * 2;
                leg.alarm = Some(self.wheel.set(Instant::now(), patience, Due::Ack(id)));
                Phase::Answered(door)
            }
            other => other,
        };
        self.legs.insert(id, leg);
    }

    /// Sends a final response other than 2xx, and ends the leg.
    pub(super) fn refuse(&mut self, id: LegId, status: StatusCode, how: End) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let phase = std::mem::replace(&mut leg.phase, Phase::Leaving(Rest::Nothing));
        let Phase::Knocking(door) = phase else {
            leg.phase = phase;
            return;
        };
        let overload = matches!(status, StatusCode::ServiceUnavailable);
        let extra = overload.then(|| reply::retry_after(self.config.limits.retry_after));
        self.tally.response_sent(status.code());
        door.respond(door.frame.response(status, extra, None));
        leg.seat = Some(self.awaiting.seat(leg.dialog.flow.peer.ip()));
        leg.phase = Phase::Leaving(Rest::Ack { door, bye: false });
        self.ended(id, how);
    }

    /// The far end cancelled. After a 200 it has no effect (RFC 3261 §9.2): a BYE will follow.
    pub(super) fn cancelled(&mut self, id: LegId) {
        self.refuse(id, StatusCode::RequestTerminated, End::FarEnd);
    }

    /// The ACK of a final response to the INVITE that began the leg.
    pub(super) fn acknowledged(&mut self, id: LegId, ack: &Request) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.seat = None;
        self.wheel.cancel(&mut leg.alarm);
        match std::mem::replace(&mut leg.phase, Phase::Up) {
            Phase::Answered(_) => {
                let answered = self.late_answer(id, ack);
                let Some(leg) = self.legs.get_mut(&id) else { return };
                leg.pending = leg.pending.saturating_sub(1);
                if !answered {
                    return self.hang_up(id, End::Lost);
                }
                match &leg.party {
                    Party::Trunk(_) => self.tell_of(id, |leg| Event::Answered { leg }),
                    Party::Station(user) => {
                        leg.announced = true;
                        let user = user.to_string();
                        self.tell(Event::StationCalledIn { user, leg: id });
                    }
                }
                self.time_session(id);
            }
            Phase::Leaving(Rest::Ack { bye, .. }) => {
                leg.pending = leg.pending.saturating_sub(1);
                leg.phase = Phase::Leaving(Rest::Nothing);
                if bye {
                    self.bye(id);
                }
                self.settle(id);
            }
            other => leg.phase = other,
        }
    }

    /// Takes the answer to an offer of ours out of an ACK. Whether there is none due, or it is good.
    pub(super) fn late_answer(&mut self, id: LegId, ack: &Request) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        if !leg.voice.offered {
            return true;
        }
        match leg.voice.answered(id, &ack.body, &self.media) {
            Ok(false) => true,
            Ok(true) => {
                let held = leg.voice.held;
                self.tell_of(id, |leg| Event::Hold { leg, held });
                true
            }
            Err(_) => false,
        }
    }

    /// No ACK came, and none will: the dialog is ended by BYE (RFC 3261 §13.3.1.4).
    pub(super) fn unacknowledged(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.seat = None;
        self.wheel.cancel(&mut leg.alarm);
        match std::mem::replace(&mut leg.phase, Phase::Up) {
            Phase::Answered(_) => {
                leg.pending = leg.pending.saturating_sub(1);
                self.hang_up(id, End::Lost);
            }
            Phase::Leaving(Rest::Ack { bye, .. }) => {
                leg.pending = leg.pending.saturating_sub(1);
                leg.phase = Phase::Leaving(Rest::Nothing);
                if bye {
                    self.bye(id);
                }
                self.settle(id);
            }
            // A re-INVITE's: the dialog was up.
            Phase::Up => self.hang_up(id, End::Lost),
            other => leg.phase = other,
        }
    }

    /// The transaction should have said so long ago.
    pub(super) fn ack_overdue(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.alarm = None;
        if let Phase::Answered(door) | Phase::Leaving(Rest::Ack { door, .. }) = &leg.phase {
            door.terminate();
            self.unacknowledged(id);
        }
    }
}

/// The offer of an INVITE, if it has one.
fn offer(request: &Request) -> Result<Option<Description>, Refused> {
    if request.body.is_empty() {
        return Ok(None);
    }
    sdp::parse(&request.body).map(Some).map_err(|error| match error {
        SdpError::Malformed => (StatusCode::BadRequest, vec![]),
        SdpError::NothingInCommon => (StatusCode::NotAcceptableHere, vec![warning()]),
    })
}

/// Why a description was not taken (RFC 3261 §20.43).
pub(super) fn warning() -> Header {
    Header::Warning("304 timbre \"only RTP/AVP audio in PCMA or PCMU\"".into())
}
