//! What comes of an INVITE of ours: from its first provisional response to its last final one.

use std::time::Instant;

use rsipstack::sip::{Method, Response};

use super::Desk;
use super::transactions::Asked;
use crate::leg::dialog::{Dialog, cancel_of};
use crate::leg::session_timer::min_se;
use crate::leg::{Phase, Rest};
use crate::media::Play;
use crate::port::{End, Event, LegId};
use crate::reason;
use crate::stack::Flow;
use crate::wheel::Due;

impl Desk {
    /// A response to our INVITE.
    pub(super) fn invite_answered(&mut self, id: LegId, response: &Response, over: Option<Flow>) {
        match response.status_code.code() {
            100..=199 => self.provisional(id, response),
            200..=299 if self.open(id) => self.accepted(id, response),
            200..=299 => self.forked(id, response, over),
            401 | 407 => self.challenged(id, response),
            422 => self.too_short(id, response),
            _ => self.declined(id, response),
        }
    }

    fn provisional(&mut self, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match &mut leg.phase {
            Phase::Calling(invite) => {
                invite.provisional = true;
                if !response.body.is_empty() {
                    invite.early.clone_from(&response.body);
                }
                let rings = matches!(response.status_code.code(), 180 | 183);
                if rings && !std::mem::replace(&mut invite.ringing, true) {
                    self.time_ringing(id);
                    self.tell_of(id, |leg| Event::Ringing { leg });
                }
            }
            Phase::Leaving(Rest::Final(invite)) => {
                invite.provisional = true;
                self.cancel(id);
            }
            _ => {}
        }
    }

    /// From now on a dialed leg may ring for its time.
    fn time_ringing(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if let Some(dialed) = &leg.dialed {
            self.wheel.cancel(&mut leg.alarm);
            let after = dialed.ring_timeout;
            leg.alarm = Some(self.wheel.set(Instant::now(), after, Due::Ring(id)));
        }
    }

    /// A dialed leg has rung for its time, or its network has told of no ringing in time.
    pub(super) fn rang_out(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.alarm = None;
        match &leg.phase {
            Phase::Calling(invite) if invite.ringing => self.hang_up(id, End::NoAnswer),
            Phase::Calling(_) => self.hang_up(id, End::Failed { status: 408, cause: None }),
            _ => {}
        }
    }

    /// Sends CANCEL once it may be sent (RFC 3261 §9.1).
    pub(super) fn cancel(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let Phase::Leaving(Rest::Final(invite)) = &mut leg.phase else { return };
        if !invite.provisional || invite.cancelled {
            return;
        }
        invite.cancelled = true;
        let cancel = cancel_of(&invite.request);
        let way = leg.dialog.way(&self.stack);
        self.ask(Asked::Cancel(id), cancel, way);
    }

    /// 2xx. The transaction has sent its ACK.
    fn accepted(&mut self, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let (late, early) = match &mut leg.phase {
            Phase::Calling(invite) => (false, std::mem::take(&mut invite.early)),
            Phase::Leaving(Rest::Final(invite)) if invite.hung_up => {
                return self.over(id, End::FarEnd);
            }
            // It crossed our CANCEL: ACK went out, BYE follows.
            Phase::Leaving(Rest::Final(_)) => (true, vec![]),
            _ => return,
        };
        leg.pending = leg.pending.saturating_sub(1);
        let whole = leg.dialog.confirm(response).is_some();
        leg.session.agreed(&response.headers);
        if late {
            leg.phase = Phase::Leaving(Rest::Nothing);
            if whole {
                self.bye(id);
            }
            return self.settle(id);
        }
        leg.phase = Phase::Up;
        self.wheel.cancel(&mut leg.alarm);
        let dialed = leg.answered_challenge_is_over();
        let failed = |status| match dialed {
            true => End::Failed { status, cause: None },
            false => End::Unreachable,
        };
        // Some networks say in the 183 alone what belongs into the 200 as well (RFC 3261 §13.2.1).
        let body = if response.body.is_empty() { &early } else { &response.body };
        let heard = whole && leg.voice.answered(id, body, &self.media).is_ok();
        if !whole {
            leg.phase = Phase::Leaving(Rest::Nothing);
            self.ended(id, failed(502));
            self.settle(id);
        } else if !heard {
            // RFC 3261 §13.2.1: an answer that cannot be taken ends the call that was just made.
            self.hang_up(id, failed(488));
        } else {
            if dialed {
                self.play(id, Play::Silence);
            }
            self.tell_of(id, |leg| Event::Answered { leg });
            self.time_session(id);
        }
    }

    /// Whether an INVITE of ours still waits for its first final response.
    fn open(&self, id: LegId) -> bool {
        let phase = self.legs.get(&id).map(|it| &it.phase);
        matches!(phase, Some(Phase::Calling(_) | Phase::Leaving(Rest::Final(_))))
    }

    /// Another far end answered too, or one whose leg is forgotten: it is hung up (RFC 3261 §13.2.2.4). A copy of the
    /// answer that was taken is not another.
    fn forked(&mut self, id: LegId, response: &Response, over: Option<Flow>) {
        let Some(over) = over else { return };
        let leg = self.legs.get(&id);
        let taken = leg.map(|it| it.dialog.far_tag.as_str());
        let Some(mut other) = Dialog::answered(response, over) else { return };
        if taken == Some(other.far_tag.as_str()) {
            return;
        }
        other.direct = leg.is_none_or(|it| it.dialog.direct);
        tracing::debug!(leg = id.0, tag = other.far_tag, "another answer is hung up");
        let bye = other.request(&self.stack, Method::Bye, None, None);
        self.ask(Asked::Cancel(id), bye, other.way(&self.stack));
    }

    /// 422: once more, with the interval that the phone wants (RFC 4028 §7.4).
    fn too_short(&mut self, id: LegId, response: &Response) {
        let least = min_se(&response.headers).filter(|&it| it <= 86_400);
        let Some(mut leg) = self.legs.remove(&id) else { return };
        // A dialed leg has one INVITE; and nobody wants more than the half hour that it offers.
        let again = matches!(leg.phase, Phase::Calling(_))
            && leg.session.least.is_none()
            && leg.dialed.is_none();
        match least {
            Some(least) if again => {
                leg.pending = leg.pending.saturating_sub(1);
                leg.session.least = Some(least);
                self.invite_again(&mut leg);
                self.legs.insert(id, leg);
            }
            _ => {
                self.legs.insert(id, leg);
                self.declined(id, response);
            }
        }
    }

    /// A final response other than 2xx; of a dialed leg, also what the transaction says where nothing came.
    pub(super) fn declined(&mut self, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get(&id) else { return };
        let status = response.status_code.code();
        let silent = matches!(
            &leg.phase,
            Phase::Calling(invite) | Phase::Leaving(Rest::Final(invite)) if !invite.provisional
        );
        let how = match status {
            _ if leg.dialed.is_some() => {
                End::Failed { status, cause: reason::cause(&response.headers) }
            }
            486 | 600 | 603 => End::Declined,
            408 | 480 | 487 => End::NoAnswer,
            _ => End::Unreachable,
        };
        if status == 408 && silent {
            self.proxy_silent(id);
        }
        self.over(id, how);
    }

    /// Nothing came in answer to our INVITE, or it could not be sent.
    pub(super) fn invite_failed(&mut self, id: LegId) {
        self.over(id, End::Unreachable);
    }

    fn over(&mut self, id: LegId, how: End) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let open = matches!(leg.phase, Phase::Calling(_) | Phase::Leaving(Rest::Final(_)));
        if !open {
            return;
        }
        leg.pending = leg.pending.saturating_sub(1);
        let told = leg.leaving();
        leg.phase = Phase::Leaving(Rest::Nothing);
        if !told {
            self.ended(id, how);
        }
        self.settle(id);
    }

    /// Begins, or begins again, to time the session of a leg (RFC 4028 §10).
    pub(super) fn time_session(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        self.wheel.cancel(&mut leg.session.alarm);
        if let Some(next) = leg.session.next() {
            let due = crate::wheel::Due::Session(id);
            leg.session.alarm = Some(self.wheel.set(Instant::now(), next, due));
        }
    }
}
