//! How legs end: once for the outside, and properly for the far end.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use rsipstack::sip::{Method, StatusCode};

use super::Desk;
use super::transactions::Asked;
use crate::leg::{Phase, Rest};
use crate::port::{End, Event, LegId};
use crate::trunk::Party;
use crate::wheel::Due;

impl Desk {
    /// Ends a leg in whatever state it is.
    pub(super) fn hang_up(&mut self, id: LegId, how: End) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match std::mem::replace(&mut leg.phase, Phase::Leaving(Rest::Nothing)) {
            Phase::Knocking(door) => {
                leg.phase = Phase::Knocking(door);
                self.refuse(id, StatusCode::TemporarilyUnavailable, how);
            }
            // A BYE before the ACK would not be understood (RFC 3261 §15).
            Phase::Answered(door) => {
                leg.phase = Phase::Leaving(Rest::Ack { door, bye: true });
                self.ended(id, how);
            }
            Phase::Reaching => {
                self.ended(id, how);
                self.settle(id);
            }
            Phase::Calling(invite) => {
                leg.phase = Phase::Leaving(Rest::Final(invite));
                self.ended(id, how);
                self.cancel(id);
            }
            Phase::Up => {
                self.bye(id);
                self.ended(id, how);
                self.settle(id);
            }
            leaving @ Phase::Leaving(_) => leg.phase = leaving,
        }
    }

    /// Sends BYE.
    pub(super) fn bye(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let pass = leg.credentials(&Method::Bye);
        let bye = leg.dialog.request(&self.stack, Method::Bye, pass, None);
        let way = leg.dialog.way(&self.stack);
        leg.pending += 1;
        self.ask(Asked::Bye(id), bye, way);
    }

    /// Tells the outside, and gives back what the leg used. The leg is in [`Phase::Leaving`] by now.
    pub(super) fn ended(&mut self, id: LegId, how: End) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let announced = std::mem::replace(&mut leg.announced, false);
        self.media.close(id.0);
        self.wheel.cancel(&mut leg.session.alarm);
        self.wheel.cancel(&mut leg.alarm);
        leg.alarm = None;
        let due = match &leg.phase {
            Phase::Leaving(Rest::Ack { .. }) => Due::Ack(id),
            _ => Due::Linger(id),
        };
        let t1 = self.config.timing.t1;
        let patience = if due == Due::Ack(id) { t1 * 66 } else { t1 * 140 };
        leg.alarm = Some(self.wheel.set(Instant::now(), patience, due));
        if let Party::Trunk(trunk) = &leg.party {
            let key = trunk.key.clone();
            self.trunk_released(&key);
        }
        if announced {
            self.tell(Event::Ended { leg: id, how });
        }
    }

    /// Our BYE was answered, or never will be.
    pub(super) fn bye_over(&mut self, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.pending = leg.pending.saturating_sub(1);
        }
        self.settle(id);
    }

    /// Lets an ended leg be forgotten once it waits for no transaction.
    pub(super) fn settle(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if let Phase::Leaving(rest) = &leg.phase
            && matches!(rest, Rest::Nothing)
            && leg.pending == 0
        {
            self.forget(id);
        }
    }

    /// Removes what is left of an ended leg.
    pub(super) fn forget(&mut self, id: LegId) {
        let Some(mut leg) = self.legs.remove(&id) else { return };
        self.wheel.cancel(&mut leg.alarm);
        self.wheel.cancel(&mut leg.session.alarm);
        // Its far end never said the last word (RFC 3261 §9.1): nobody waits for it any longer.
        if let Phase::Calling(invite) | Phase::Leaving(Rest::Final(invite)) = &leg.phase
            && let Some(hold) = &invite.hold
        {
            hold.terminate();
        }
        self.tags.remove(&leg.dialog.tag);
        self.tally.legs.store(self.legs.len(), Relaxed);
    }

    /// Ends a leg whose handling panicked, as far as that can be done without trusting its state.
    pub(super) fn bury(&mut self, id: LegId) {
        let Some(mut leg) = self.legs.remove(&id) else { return };
        if let Phase::Knocking(door) = &leg.phase {
            door.respond(door.frame.plain(StatusCode::ServerInternalError));
        }
        if leg.announced {
            self.tell(Event::Ended { leg: id, how: End::Lost });
        }
        if let (Party::Trunk(trunk), false) = (&leg.party, leg.leaving()) {
            self.trunk_released(&trunk.key.clone());
        }
        self.media.close(id.0);
        leg.announced = false;
        self.legs.insert(id, leg);
        self.forget(id);
    }
}
