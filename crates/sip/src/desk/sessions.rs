//! Session timers at work: we refresh, or we notice that the far end did not (RFC 4028 §10).

use std::time::{Duration, Instant};

use rsipstack::sip::{Method, Response};

use super::Desk;
use super::transactions::Asked;
use crate::leg::Phase;
use crate::port::{End, Event, LegId};
use crate::wheel::Due;

impl Desk {
    /// The session of a leg is to be refreshed by us, or was not refreshed by the far end.
    pub(super) fn session_due(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.session.alarm = None;
        match leg.session.ours() {
            true => self.refresh(id),
            false => self.hang_up(id, End::Lost),
        }
    }

    /// Refreshes: by UPDATE where the far end takes it, else by a re-INVITE that repeats what we said.
    pub(super) fn refresh(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !matches!(leg.phase, Phase::Up) || leg.session.refreshing {
            return;
        }
        leg.session.refreshing = true;
        let mut extra = leg.session.ask(&self.config.timing);
        let (method, body) = match leg.dialog.updates {
            true => (Method::Update, None),
            false => {
                leg.voice.offered = true;
                (Method::Invite, Some(leg.voice.said.clone()))
            }
        };
        extra.extend(leg.credentials(&method));
        let request = leg.dialog.request(&self.stack, method, extra, body);
        let way = leg.dialog.way(&self.stack);
        self.ask(Asked::Refresh(id), request, way);
    }

    /// A response to our refresh.
    pub(super) fn refresh_answered(&mut self, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !leg.session.refreshing || leg.leaving() {
            return;
        }
        match response.status_code.code() {
            100..=199 => {}
            200..=299 => {
                leg.answered_challenge_is_over();
                leg.session.agreed(&response.headers);
                leg.dialog.retarget(&response.headers);
                let offered = leg.voice.offered;
                let changed =
                    offered && leg.voice.answered(id, &response.body, &self.media).unwrap_or(false);
                let held = leg.voice.held;
                if changed {
                    self.tell_of(id, |leg| Event::Hold { leg, held });
                }
                self.time_session(id);
            }
            // Both asked at once: wait, we a little longer where the Call-ID is ours (RFC 3261 §14.1).
            491 => {
                leg.session.refreshing = false;
                leg.voice.offered = false;
                let (least, spread) = if id.arrived() { (0, 2_000) } else { (2_100, 1_900) };
                let wait = least + rand::random_range(0..spread);
                let due = Due::Refresh(id);
                leg.session.alarm =
                    Some(self.wheel.set(Instant::now(), Duration::from_millis(wait), due));
            }
            401 | 407 if leg.challenged(response) => {
                leg.session.refreshing = false;
                self.refresh(id);
            }
            // The far end no longer knows the dialog, or cannot be reached (RFC 3261 §12.2.1.2).
            408 | 481 => self.hang_up(id, End::Lost),
            // It declined the refresh and keeps the session: no timer then, its media is watched anyway.
            _ => {
                leg.session.refreshing = false;
                leg.voice.offered = false;
            }
        }
    }
}
