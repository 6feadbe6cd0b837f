//! Where a trunk's calls go out to: which of its addresses answer. Each is asked from time to time (RFC 3261 §11), and one that
//! leaves an INVITE without any answer counts as away until it answers again, or long enough.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rsipstack::sip::Transport;

use super::Desk;
use super::transactions::Asked;
use crate::port::LegId;
use crate::provision::Carriage;
use crate::stack::Flow;
use crate::trunk::{KnownTrunk, Party};
use crate::wheel::{Alarm, Due};

/// How long an address that was silent is passed over where there is another.
const AWAY_FOR: Duration = Duration::from_secs(120);

/// What is known of a trunk's addresses.
#[derive(Debug, Default)]
pub(super) struct Proxies(BTreeMap<SocketAddr, Proxy>);

#[derive(Debug, Default)]
struct Proxy {
    /// When it is asked next; `None` while a question is on its way, or where none is asked.
    alarm: Option<Alarm>,
    heard: bool,
    silent: Option<Instant>,
}

impl Proxies {
    /// Whether one is there. `None`: none has been heard of, and not all are known to be away.
    pub fn up(&self) -> Option<bool> {
        if self.0.values().any(|it| it.heard && it.silent.is_none()) {
            return Some(true);
        }
        let away = !self.0.is_empty() && self.0.values().all(|it| it.silent.is_some());
        away.then_some(false)
    }

    fn away(&self, addr: &SocketAddr) -> bool {
        let since = self.0.get(addr).and_then(|it| it.silent);
        since.is_some_and(|since| since.elapsed() < AWAY_FOR)
    }
}

impl Desk {
    /// The addresses of a trunk, those first that are not known to be away.
    pub(super) fn proxies(&self, trunk: &KnownTrunk) -> Vec<SocketAddr> {
        let addresses = trunk.outbound.iter().flat_map(|it| &it.addresses);
        let mut addresses: Vec<SocketAddr> = addresses.copied().collect();
        if let Some(line) = self.lines.get(&trunk.key) {
            addresses.sort_by_key(|it| line.proxies.away(it));
        }
        addresses
    }

    /// The trunks were replaced: asks the addresses that are new, and forgets those that are gone.
    pub(super) fn watch_proxies(&mut self) {
        let directory = self.directory.clone();
        for (key, line) in &mut self.lines {
            let known = directory.trunk(key);
            let stays = |addr: &SocketAddr| {
                known
                    .and_then(|it| it.outbound.as_ref())
                    .is_some_and(|it| it.addresses.contains(addr))
            };
            line.proxies.0.retain(|addr, proxy| {
                let stays = stays(addr);
                if !stays {
                    self.wheel.cancel(&mut proxy.alarm);
                }
                stays
            });
        }
        for trunk in directory.trunks() {
            for addr in trunk.outbound.iter().flat_map(|it| &it.addresses) {
                let line = self.lines.entry(trunk.key.clone()).or_default();
                if !line.proxies.0.contains_key(addr) {
                    line.proxies.0.insert(*addr, Proxy::default());
                    self.ask_proxy(&trunk.key, *addr);
                }
            }
        }
    }

    /// Asks an address whether it is there. Over TCP the connection tells.
    pub(super) fn ask_proxy(&mut self, key: &str, addr: SocketAddr) {
        let Some(proxy) = self.proxy(key, addr) else { return };
        proxy.alarm = None;
        let carriage =
            self.directory.trunk(key).and_then(|it| Some(it.outbound.as_ref()?.carriage));
        let asks = self.config.timing.qualify_every.is_some() && self.stack.udp().is_some();
        if asks && carriage == Some(Carriage::Udp) {
            let flow = Flow { transport: Transport::Udp, peer: addr, connection: None };
            let (request, way) = self.greeting(flow);
            self.ask(Asked::Proxy(key.to_owned(), addr), request, way);
        }
    }

    /// What an address said to our question. Any final response means that it is there, but those that mean silence.
    pub(super) fn proxy_answered(&mut self, key: &str, addr: SocketAddr, code: u16) {
        if code < 200 {
            return;
        }
        let every = self.config.timing.qualify_every.unwrap_or(AWAY_FOR);
        let due = Due::Proxy(key.to_owned(), addr);
        if self.proxy(key, addr).is_none_or(|it| it.alarm.is_some()) {
            return;
        }
        let alarm = self.wheel.set(Instant::now(), every, due);
        if let Some(proxy) = self.proxy(key, addr) {
            proxy.alarm = Some(alarm);
            let there = !matches!(code, 408 | 503);
            proxy.heard |= there;
            proxy.silent = (!there).then(Instant::now);
        }
    }

    /// Nothing at all came back from where the INVITE of a dialed leg went.
    pub(super) fn proxy_silent(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id).filter(|it| it.dialed.is_some()) else { return };
        let Party::Trunk(trunk) = &leg.party else { return };
        let (key, addr) = (trunk.key.clone(), leg.dialog.flow.peer);
        if let Some(proxy) = self.proxy(&key, addr) {
            proxy.silent = Some(Instant::now());
        }
    }

    fn proxy(&mut self, key: &str, addr: SocketAddr) -> Option<&mut Proxy> {
        self.lines.get_mut(key)?.proxies.0.get_mut(&addr)
    }
}
