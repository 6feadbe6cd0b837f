//! Trunks as they stand: how many calls each has up, and whether its far end answers.

use std::time::Instant;

use rsipstack::sip::{Header, Method, Request, Scheme, Uri};

use super::Desk;
use super::proxies::Proxies;
use super::transactions::{Asked, Way};
use crate::leg::dialog::Dialog;
use crate::stack::Flow;
use crate::wheel::Due;

/// A trunk at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkState {
    /// [`crate::Trunk::key`].
    pub key: String,
    /// Calls up or being set up.
    pub in_use: usize,
    /// Calls it may have up at once.
    pub channels: usize,
    /// Its far end calls, or answers OPTIONS (RFC 3261 §11); where calls go out to it: one of its addresses answers.
    /// `None`: it has not been heard of since the start.
    pub up: Option<bool>,
}

/// What is known of a trunk's far end.
#[derive(Debug, Default)]
pub(super) struct Line {
    in_use: usize,
    /// Where its last call came from.
    flow: Option<Flow>,
    heard: Option<Instant>,
    up: Option<bool>,
    /// Where its calls go out to.
    pub(super) proxies: Proxies,
}

impl Desk {
    /// Every trunk.
    pub fn trunks(&self) -> Vec<TrunkState> {
        let state = |trunk: &crate::trunk::KnownTrunk| {
            let line = self.lines.get(&trunk.key);
            TrunkState {
                key: trunk.key.clone(),
                in_use: line.map_or(0, |it| it.in_use),
                channels: trunk.channels,
                up: line.and_then(|it| it.proxies.up().or(it.up)),
            }
        };
        self.directory.trunks().map(state).collect()
    }

    /// Whether a trunk may have another call up.
    pub(super) fn trunk_has_room(&self, key: &str, channels: usize) -> bool {
        self.lines.get(key).is_none_or(|it| it.in_use < channels)
    }

    /// A trunk brought a call.
    pub(super) fn trunk_called(&mut self, key: &str, flow: &Flow) {
        let line = self.lines.entry(key.to_owned()).or_default();
        let first = line.flow.replace(flow.clone()).is_none();
        line.in_use += 1;
        line.heard = Some(Instant::now());
        line.up = Some(true);
        if first {
            self.ask_trunk_later(key);
        }
    }

    /// A call goes out over a trunk.
    pub(super) fn trunk_dialed(&mut self, key: &str) {
        self.lines.entry(key.to_owned()).or_default().in_use += 1;
    }

    /// A trunk's call is over.
    pub(super) fn trunk_released(&mut self, key: &str) {
        if let Some(line) = self.lines.get_mut(key) {
            line.in_use = line.in_use.saturating_sub(1);
        }
    }

    fn ask_trunk_later(&mut self, key: &str) {
        if let Some(every) = self.config.timing.qualify_every {
            // Never taken back: a trunk that is gone by then is not asked.
            self.wheel.set(Instant::now(), every, Due::Trunk(key.to_owned()));
        }
    }

    /// Asks a trunk that has been silent whether it is there.
    pub(super) fn ask_trunk(&mut self, key: &str) {
        let Some(line) = self.lines.get(key) else { return };
        let every = self.config.timing.qualify_every.unwrap_or_default();
        let recent = line.heard.is_some_and(|at| at.elapsed() < every);
        let Some(flow) = line.flow.clone().filter(|_| !recent) else {
            return self.ask_trunk_later(key);
        };
        let (request, way) = self.greeting(flow);
        self.ask(Asked::Trunk(key.to_owned()), request, way);
    }

    /// An OPTIONS request to a far end, and the way there.
    pub(super) fn greeting(&self, flow: Flow) -> (Request, Way) {
        let host_with_port = flow.peer.into();
        let target = Uri { scheme: Some(Scheme::Sip), host_with_port, ..Uri::default() };
        let from = format!("<sip:timbre@{}>", self.stack.addr(flow.transport));
        let to = format!("<{target}>");
        let mut dialog = Dialog::placed(target, flow, &from, &to);
        let accept = Header::Accept("application/sdp".into());
        let request = dialog.request(&self.stack, Method::Options, Some(accept), None);
        (request, dialog.way(&self.stack))
    }

    /// Any final response means that it is there, but those that mean silence.
    pub(super) fn trunk_answered(&mut self, key: &str, code: u16) {
        if code < 200 {
            return;
        }
        if let Some(line) = self.lines.get_mut(key) {
            line.up = Some(!matches!(code, 408 | 503));
            self.ask_trunk_later(key);
        }
    }
}
