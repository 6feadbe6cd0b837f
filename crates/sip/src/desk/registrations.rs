//! Phones come and go: REGISTER, its expiry, and asking whether they are still there.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, Response, StatusCode, Uri};

use super::Desk;
use super::transactions::Asked;
use crate::authenticator::{Role, Verdict};
use crate::counters::RefusedFor;
use crate::leg::dialog::Dialog;
use crate::port::Event;
use crate::registrar::{Binding, Wish, wish};
use crate::reply::{self, Frame};
use crate::stack::Flow;
use crate::trunk::Party;
use crate::wheel::Due;

impl Desk {
    /// A REGISTER with credentials.
    pub(super) fn register(&mut self, request: &Request, flow: &Flow) -> Response {
        let frame = Frame::of(request, &crate::leg::dialog::name());
        let refused = |desk: &Self| {
            desk.tally.refused(RefusedFor::AuthFailed);
            frame.plain(StatusCode::Forbidden)
        };
        let user = match self.authenticate(request, flow.peer.ip()) {
            Verdict::Known { user, party: Party::Station(_) } => user,
            Verdict::Known { .. } | Verdict::Refused => return refused(self),
            Verdict::Challenge { stale } => {
                let challenge = self.challenge(Role::Registrar, stale);
                return frame.response(StatusCode::Unauthorized, challenge, None);
            }
        };
        // One may register only for oneself (RFC 3261 §10.3 step 4).
        let own = request.to_header().is_ok_and(|it| {
            it.uri().is_ok_and(|it| it.user().is_some_and(|it| it.eq_ignore_ascii_case(&user)))
        });
        if !own {
            return refused(self);
        }
        match wish(request, &self.config.timing) {
            Err(unfit) => {
                let (status, extra) = unfit.answer(&self.config.timing);
                frame.response(status, extra, None)
            }
            Ok(_) if !self.registrar.in_order(&user, request) => {
                frame.plain(StatusCode::ServerInternalError)
            }
            Ok(wish) => {
                self.grant(&user, wish, request, flow);
                let contacts = self.registrar.contacts(&user, Instant::now());
                frame.response(StatusCode::OK, contacts, None)
            }
        }
    }

    fn grant(&mut self, user: &str, wish: Wish, request: &Request, flow: &Flow) {
        match wish {
            Wish::Query => {}
            Wish::Remove => self.unbind(user),
            Wish::Bind { target, lifetime } => self.bind(user, *target, lifetime, request, flow),
        }
    }

    fn bind(
        &mut self,
        user: &str,
        target: Uri,
        lifetime: Duration,
        request: &Request,
        flow: &Flow,
    ) {
        let now = Instant::now();
        let due = Due::Binding(user.to_owned());
        let expiry = Some(self.wheel.set(now, lifetime, due));
        let binding = Binding {
            target,
            flow: flow.clone(),
            expires: now + lifetime,
            call: request.call_id_header().map(|it| it.value().to_owned()).unwrap_or_default(),
            seq: reply::seq(request).unwrap_or(0),
            reachable: true,
            expiry,
            qualify: None,
        };
        self.tally.registration();
        let before = self.registrar.insert(user, binding);
        let mut reached = false;
        let mut asking = None;
        if let Some(mut before) = before {
            self.wheel.cancel(&mut before.expiry);
            asking = before.qualify.take();
            reached = before.reachable;
        }
        if let Some(binding) = self.registrar.get_mut(user) {
            binding.qualify = asking;
        }
        if asking.is_none() {
            self.qualify_later(user);
        }
        if !reached {
            self.reach_changed(user, true);
        }
    }

    /// A registration ended.
    pub(super) fn unbind(&mut self, user: &str) {
        let Some(mut binding) = self.registrar.remove(user) else { return };
        self.wheel.cancel(&mut binding.expiry);
        self.wheel.cancel(&mut binding.qualify);
        if binding.reachable {
            self.reach_changed(user, false);
        }
    }

    fn reach_changed(&mut self, user: &str, reachable: bool) {
        self.tally.stations_reachable.store(self.registrar.reachable(), Relaxed);
        self.tell(Event::StationRegistered { user: user.to_owned(), reachable });
    }

    fn qualify_later(&mut self, user: &str) {
        let Some(every) = self.config.timing.qualify_every else { return };
        let due = Due::Qualify(user.to_owned());
        let alarm = self.wheel.set(Instant::now(), every, due);
        if let Some(binding) = self.registrar.get_mut(user) {
            self.wheel.cancel(&mut binding.qualify);
            binding.qualify = Some(alarm);
        } else {
            self.wheel.cancel(&mut Some(alarm));
        }
    }

    /// Asks a phone whether it is there (RFC 3261 §11); over UDP this also keeps its NAT binding open.
    pub(super) fn qualify(&mut self, user: &str) {
        let Some(binding) = self.registrar.get_mut(user) else { return };
        binding.qualify = None;
        let host = self.stack.addr(binding.flow.transport);
        let from = format!("<sip:timbre@{host}>");
        let to = format!("<{}>", binding.target);
        let target = binding.target.clone();
        let mut dialog = Dialog::placed(target, binding.flow.clone(), &from, &to);
        let accept = Header::Accept("application/sdp".into());
        let request = dialog.request(&self.stack, Method::Options, Some(accept), None);
        self.ask(Asked::Qualify(user.to_owned()), request, dialog.way(&self.stack));
    }

    /// Any final response means that it is there, but those that mean silence.
    pub(super) fn qualified(&mut self, user: &str, code: u16) {
        if code < 200 {
            return;
        }
        let there = !matches!(code, 408 | 503);
        let Some(binding) = self.registrar.get_mut(user) else { return };
        let changed = std::mem::replace(&mut binding.reachable, there) != there;
        if changed {
            self.reach_changed(user, there);
        }
        self.qualify_later(user);
    }
}
