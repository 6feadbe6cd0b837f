//! Requests that are answered at once: those within a leg's dialog, and REGISTER.

use rsipstack::sip::{Header, Method, Request, Response, StatusCode};

use super::Desk;
use crate::counters::RefusedFor;
use crate::door;
use crate::leg::session_timer::TooShort;
use crate::leg::{Invite, Leg, Phase, Rest};
use crate::port::{End, Event, LegId};
use crate::reply::{self, Frame};
use crate::sdp::{self, SdpError};
use crate::stack::Flow;

/// What a request is answered with, beyond what every response repeats.
type Answer = (StatusCode, Vec<Header>, Option<String>);

fn plain(status: StatusCode) -> Answer {
    (status, vec![], None)
}

impl Desk {
    /// The leg to whose dialog a request belongs.
    pub(super) fn owner(&self, request: &Request) -> Option<LegId> {
        let leg = self.tags.get(&reply::to_tag(request)?)?;
        // Its answer may still be on the way through our tasks when a BYE follows it at once.
        let early = |it: &Leg| {
            request.method == Method::Bye
                && matches!(it.phase, Phase::Calling(_))
                && it.dialog.may_own(request)
        };
        let leg = self.legs.get(leg)?;
        (leg.dialog.owns(request) || early(leg)).then_some(leg.id)
    }

    /// Any request but an INVITE outside a dialog.
    pub(super) fn request(&mut self, request: &Request, flow: &Flow) -> Response {
        let frame = Frame::of(request, "-");
        if reply::to_tag(request).is_none() {
            return match request.method {
                Method::Register => self.register(request, flow),
                _ => frame.plain(StatusCode::CallTransactionDoesNotExist),
            };
        }
        let Some(id) = self.owner(request) else {
            return frame.plain(StatusCode::CallTransactionDoesNotExist);
        };
        let (status, extra, body) = self.within(id, request);
        frame.response(status, extra, body)
    }

    fn within(&mut self, id: LegId, request: &Request) -> Answer {
        let Some(leg) = self.legs.get_mut(&id) else {
            return plain(StatusCode::CallTransactionDoesNotExist);
        };
        if !leg.dialog.in_order(request) {
            return plain(StatusCode::ServerInternalError);
        }
        match request.method {
            Method::Bye => self.hung_up(id, request),
            Method::Invite => self.offered_again(id, request),
            Method::Update => self.updated(id, request),
            Method::Options => {
                let extra = door::options(request, "-").headers;
                let keep = |it: &Header| {
                    matches!(it, Header::Allow(_) | Header::Accept(_) | Header::Supported(_))
                };
                (StatusCode::OK, extra.into_iter().filter(keep).collect(), None)
            }
            _ => {
                self.tally.refused(RefusedFor::MethodNotAllowed);
                (StatusCode::MethodNotAllowed, vec![reply::allow()], None)
            }
        }
    }

    /// BYE, also one that crossed ours (RFC 3261 §15.1.2).
    fn hung_up(&mut self, id: LegId, bye: &Request) -> Answer {
        let Some(leg) = self.legs.get_mut(&id) else {
            return plain(StatusCode::CallTransactionDoesNotExist);
        };
        match &mut leg.phase {
            Phase::Knocking(_) => self.refuse(id, StatusCode::RequestTerminated, End::FarEnd),
            Phase::Reaching => return plain(StatusCode::CallTransactionDoesNotExist),
            Phase::Calling(_) => self.answered_and_gone(id, bye),
            Phase::Answered(_) => {
                let phase = std::mem::replace(&mut leg.phase, Phase::Leaving(Rest::Nothing));
                if let Phase::Answered(door) = phase {
                    leg.phase = Phase::Leaving(Rest::Ack { door, bye: false });
                }
                self.ended(id, End::FarEnd);
            }
            Phase::Up => {
                leg.phase = Phase::Leaving(Rest::Nothing);
                let how = leg.hung_up(bye);
                self.ended(id, how);
                self.settle(id);
            }
            Phase::Leaving(Rest::Ack { bye, .. }) => *bye = false,
            Phase::Leaving(_) => {}
        }
        plain(StatusCode::OK)
    }

    /// A BYE before the 200 that it must have followed: nobody who is called may send one earlier (RFC 3261 §15).
    fn answered_and_gone(&mut self, id: LegId, bye: &Request) {
        self.tell_of(id, |leg| Event::Answered { leg });
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let phase = std::mem::replace(&mut leg.phase, Phase::Leaving(Rest::Nothing));
        if let Phase::Calling(invite) = phase {
            let invite = Invite { cancelled: true, hung_up: true, ..invite };
            leg.phase = Phase::Leaving(Rest::Final(invite));
        }
        let how = leg.hung_up(bye);
        self.ended(id, how);
    }

    /// A re-INVITE (RFC 3261 §14.2).
    fn offered_again(&mut self, id: LegId, request: &Request) -> Answer {
        match self.legs.get(&id) {
            Some(leg) if leg.session.refreshing => return plain(StatusCode::RequestPending),
            Some(leg) if matches!(leg.phase, Phase::Up) => {}
            Some(leg) if leg.leaving() => return plain(StatusCode::CallTransactionDoesNotExist),
            // The first INVITE is not done yet.
            _ => return (StatusCode::ServerInternalError, vec![reply::retry_after(1)], None),
        }
        self.renegotiated(id, request, true)
    }

    /// UPDATE (RFC 3311 §5.2).
    fn updated(&mut self, id: LegId, request: &Request) -> Answer {
        let busy = (StatusCode::ServerInternalError, vec![reply::retry_after(1)], None);
        match self.legs.get(&id) {
            Some(leg) if leg.leaving() => plain(StatusCode::CallTransactionDoesNotExist),
            Some(leg) if leg.session.refreshing => plain(StatusCode::RequestPending),
            Some(leg) if !request.body.is_empty() && !matches!(leg.phase, Phase::Up) => busy,
            _ => self.renegotiated(id, request, false),
        }
    }

    /// What a request within a session changes: the session timer, the far end's address, the media.
    fn renegotiated(&mut self, id: LegId, request: &Request, offers: bool) -> Answer {
        let Some(leg) = self.legs.get_mut(&id) else { return plain(StatusCode::OK) };
        let offer = match request.body.is_empty() {
            true => None,
            false => match sdp::parse(&request.body) {
                Ok(offer) => Some(offer),
                Err(SdpError::Malformed) => return plain(StatusCode::BadRequest),
                Err(SdpError::NothingInCommon) => {
                    let extra = vec![super::inbound::warning()];
                    return (StatusCode::NotAcceptableHere, extra, None);
                }
            },
        };
        let extra = match leg.session.asked(&request.headers, &self.config.timing) {
            Ok(extra) => extra,
            Err(TooShort(least)) => {
                let extra = vec![Header::MinSE(least.to_string().into())];
                return (StatusCode::SessionIntervalTooSmall, extra, None);
            }
        };
        leg.dialog.retarget(&request.headers);
        let mut changed = false;
        let body = match offer {
            Some(offer) => {
                changed = leg.voice.answer(id, &offer, &self.media);
                Some(leg.voice.said.clone())
            }
            None if offers => Some(leg.voice.offer_again()),
            None => None,
        };
        let held = leg.voice.held;
        let contact = self.stack.contact(leg.dialog.flow.transport);
        if changed {
            self.tell_of(id, |leg| Event::Hold { leg, held });
        }
        self.time_session(id);
        let mut headers = vec![
            Header::Contact(contact.into()),
            reply::allow(),
            Header::Supported("timer".into()),
        ];
        headers.extend(extra);
        (StatusCode::OK, headers, body)
    }

    /// The ACK of a re-INVITE's 200; it carries the answer where we offered.
    pub(super) fn confirmed(&mut self, id: LegId, ack: &Request) {
        if !self.late_answer(id, ack) {
            self.hang_up(id, End::Lost);
        }
    }
}
