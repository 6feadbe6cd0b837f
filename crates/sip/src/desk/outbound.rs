//! We call a phone: from our INVITE to its final response.

use std::time::Instant;

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Response, Uri};

use super::Desk;
use super::transactions::Asked;
use crate::leg::dialog::{Dialog, cancel_of};
use crate::leg::session_timer::{SessionTimer, min_se};
use crate::leg::voice::Voice;
use crate::leg::{Invite, Leg, Phase, Rest};
use crate::port::{End, Event, LegId};
use crate::reply;
use crate::stack::Flow;
use crate::trunk::Party;

impl Desk {
    /// Calls the phone that is registered as `user`.
    pub(super) fn ring(&mut self, id: LegId, user: &str, caller: Option<&str>, call: Option<&str>) {
        if self.legs.contains_key(&id) || id.arrived() {
            return;
        }
        let binding = self.registrar.get(user).filter(|it| it.reachable);
        let found = binding.map(|it| (it.target.clone(), it.flow.clone()));
        let begun =
            found.and_then(|way| Some(self.place(id, user, way, caller, self.open_voice(id)?)));
        match begun {
            Some(leg) => self.send_invite(leg, call),
            None => self.tell(Event::Ended { leg: id, how: End::Unreachable }),
        }
    }

    fn place(
        &self,
        id: LegId,
        user: &str,
        (target, flow): (Uri, Flow),
        caller: Option<&str>,
        voice: Voice,
    ) -> Box<Leg> {
        let host = self.stack.addr(flow.transport);
        let from = match caller {
            Some(caller) => format!("<sip:{}@{host}>", word(caller)),
            None => "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned(),
        };
        let to = format!("<sip:{}@{host}>", word(user));
        let nothing = Phase::Leaving(Rest::Nothing);
        Box::new(Leg {
            id,
            party: Party::Station(user.into()),
            dialog: Dialog::placed(target, flow, &from, &to),
            phase: nothing,
            voice,
            session: SessionTimer::default(),
            announced: true,
            pending: 0,
            alarm: None,
            seat: None,
            terms: call_headers(caller),
            offer: None,
        })
    }

    fn send_invite(&mut self, mut leg: Box<Leg>, call: Option<&str>) {
        if let Some(call) = call {
            leg.terms.push(reply::other("X-Timbre-Call", word(call)));
        }
        self.tally.invite_sent();
        self.invite_again(&mut leg);
        self.insert(leg);
    }

    /// Sends the INVITE, with the session interval as it is known now.
    fn invite_again(&self, leg: &mut Leg) {
        let body = leg.voice.offer();
        let mut extra = leg.terms.clone();
        extra.extend(leg.session.ask(&self.config.timing));
        let request = leg.dialog.request(&self.stack, Method::Invite, extra, Some(body));
        leg.phase = Phase::Calling(Invite {
            request: Box::new(request.clone()),
            provisional: false,
            ringing: false,
            cancelled: false,
        });
        leg.pending += 1;
        self.ask(Asked::Invite(leg.id), request, leg.dialog.way(&self.stack));
    }

    /// A response to our INVITE.
    pub(super) fn invite_answered(&mut self, id: LegId, response: &Response) {
        match response.status_code.code() {
            code @ 100..=199 => self.provisional(id, code),
            200..=299 => self.accepted(id, response),
            422 => self.too_short(id, response),
            code => self.declined(id, code),
        }
    }

    fn provisional(&mut self, id: LegId, code: u16) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match &mut leg.phase {
            Phase::Calling(invite) => {
                invite.provisional = true;
                if code > 100 && !std::mem::replace(&mut invite.ringing, true) {
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
        let late = match &leg.phase {
            Phase::Calling(_) => false,
            // It crossed our CANCEL: ACK went out, BYE follows.
            Phase::Leaving(Rest::Final(_)) => true,
            _ => return self.forked(id, response),
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
        let heard = whole && leg.voice.answered(id, &response.body, &self.media).is_ok();
        if !whole {
            leg.phase = Phase::Leaving(Rest::Nothing);
            self.ended(id, End::Unreachable);
            self.settle(id);
        } else if !heard {
            // RFC 3261 §13.2.1: an answer that cannot be taken ends the call that was just made.
            self.hang_up(id, End::Unreachable);
        } else {
            self.tell_of(id, |leg| Event::Answered { leg });
            self.time_session(id);
        }
    }

    /// Another phone behind the same Contact answered too: it is hung up (RFC 3261 §13.2.2.4).
    fn forked(&mut self, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get(&id) else { return };
        let tag = response.to_header().ok().and_then(|it| it.tag().ok().flatten());
        let Some(tag) = tag.filter(|it| it.value() != leg.dialog.far_tag) else { return };
        let from = response.from_header().map(|it| it.value().to_owned()).unwrap_or_default();
        let to = response.to_header().map(|it| it.value().to_owned()).unwrap_or_default();
        let mut other = Dialog::placed(leg.dialog.target.clone(), leg.dialog.flow.clone(), "", "");
        if other.confirm(response).is_none() {
            return;
        }
        other.impersonate(leg.dialog.call.clone(), from, to, leg.dialog.seq);
        tracing::debug!(leg = id.0, tag = tag.value(), "a second answer is hung up");
        let bye = other.request(&self.stack, Method::Bye, None, None);
        self.ask(Asked::Cancel(id), bye, other.way(&self.stack));
    }

    /// 422: once more, with the interval that the phone wants (RFC 4028 §7.4).
    fn too_short(&mut self, id: LegId, response: &Response) {
        let least = min_se(&response.headers).filter(|&it| it <= 86_400);
        let Some(mut leg) = self.legs.remove(&id) else { return };
        let again = matches!(leg.phase, Phase::Calling(_)) && leg.session.least.is_none();
        match least {
            Some(least) if again => {
                leg.pending = leg.pending.saturating_sub(1);
                leg.session.least = Some(least);
                self.invite_again(&mut leg);
                self.legs.insert(id, leg);
            }
            _ => {
                self.legs.insert(id, leg);
                self.declined(id, 422);
            }
        }
    }

    fn declined(&mut self, id: LegId, code: u16) {
        let how = match code {
            486 | 600 | 603 => End::Declined,
            408 | 480 | 487 => End::NoAnswer,
            _ => End::Unreachable,
        };
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

fn call_headers(caller: Option<&str>) -> Vec<Header> {
    match caller {
        Some(_) => vec![],
        None => vec![Header::Privacy("id".into())],
    }
}

/// What of a text may stand in a URI's user part or in a header as it is; the rest would be another header, or another URI.
fn word(text: &str) -> String {
    text.chars().filter(|it| it.is_ascii_alphanumeric() || "+-_.!~*'()/".contains(*it)).collect()
}
