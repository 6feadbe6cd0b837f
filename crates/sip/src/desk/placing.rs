//! We place a leg: to a phone that registered, or to a number over a trunk. What comes back is in `outbound`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rsipstack::sip::{Auth, Header, Method, Param, Scheme, Transport, Uri};
use rsipstack::transport::SipConnection;

use super::Desk;
use super::transactions::Asked;
use crate::leg::dialog::Dialog;
use crate::leg::session_timer::SessionTimer;
use crate::leg::voice::Voice;
use crate::leg::{Dialed, Invite, Leg, Phase, Rest};
use crate::port::{Dial, End, Event, LegId};
use crate::provision::{Carriage, Outbound};
use crate::reply;
use crate::stack::Flow;
use crate::trunk::{KnownTrunk, Party};
use crate::wheel::Due;

/// The longest that a dialed leg may ring; what is asked for beyond is cut to it.
const RING_MAX: Duration = Duration::from_secs(300);

/// From and To as they stand in the INVITE.
struct Names {
    from: String,
    to: String,
}

impl Desk {
    /// Calls the phone that is registered as `user`.
    pub(super) fn ring(&mut self, id: LegId, user: &str, caller: Option<&str>, call: Option<&str>) {
        if self.legs.contains_key(&id) || id.arrived() {
            return;
        }
        let binding = self.registrar.get(user).filter(|it| it.reachable);
        let found = binding.map(|it| (it.target.clone(), it.flow.clone()));
        let begun = found.and_then(|(target, flow)| {
            let voice = self.open_voice(id)?;
            let host = self.stack.addr(flow.transport);
            let from = match caller {
                Some(caller) => format!("<sip:{}@{host}>", word(caller)),
                None => "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned(),
            };
            let names = Names { from, to: format!("<sip:{}@{host}>", word(user)) };
            let mut leg = placed(id, Party::Station(user.into()), (target, flow), &names, voice);
            leg.terms =
                caller.is_none().then(|| Header::Privacy("id".into())).into_iter().collect();
            Some(leg)
        });
        match begun {
            Some(leg) => self.begin(leg, call),
            None => self.tell(Event::Ended { leg: id, how: End::Unreachable }),
        }
    }

    /// Calls a number over a trunk.
    pub(super) fn dial(&mut self, dial: &Dial) {
        let id = dial.leg;
        if self.legs.contains_key(&id) || id.arrived() {
            return;
        }
        let trunk = self.directory.trunk(&dial.trunk).cloned();
        let begun = trunk.and_then(|trunk| self.dialed(dial, trunk));
        match begun {
            Some(leg) => {
                self.trunk_dialed(&dial.trunk);
                match leg.dialog.flow.transport {
                    Transport::Udp => self.begin(leg, dial.call.as_deref()),
                    _ => self.reach(leg, dial.call.as_deref()),
                }
            }
            None => self.tell(Event::Ended { leg: id, how: End::Unreachable }),
        }
    }

    /// A leg for a call over `trunk`, if there is room, a way and a number.
    fn dialed(&mut self, dial: &Dial, trunk: Arc<KnownTrunk>) -> Option<Box<Leg>> {
        let outbound = trunk.outbound.as_ref()?;
        let number = number(outbound, &dial.number)?;
        let room = self.has_room(Instant::now()) && self.trunk_has_room(&trunk.key, trunk.channels);
        let peer = self.proxies(&trunk).into_iter().next().filter(|_| room)?;
        let transport = transport(outbound.carriage);
        if transport == Transport::Udp {
            self.stack.udp()?;
        }
        let host = self.stack.addr(transport);
        let caller = dial.caller_id.as_deref().map(|it| {
            let bare = it.strip_prefix('+').filter(|_| outbound.strip_plus);
            word(bare.unwrap_or(it))
        });
        let login = outbound.login.as_ref().map(|it| word(&it.user));
        let named = |name: Option<String>| name.filter(|it| !it.is_empty());
        let (caller, login) = (named(caller), named(login));
        let from = caller.as_deref().or(login.as_deref()).unwrap_or("timbre");
        let from = format!("<sip:{from}@{host}>");
        let to = format!("<sip:{number}@{peer}>");
        let target = target(number, peer, transport);
        let asserted = caller.map(|_| Header::PAssertedIdentity(from.as_str().into()));
        let names = Names { from, to };
        let flow = Flow { transport, peer, connection: None };
        let voice = self.open_voice(dial.leg)?;
        let mut leg = placed(dial.leg, Party::Trunk(trunk.clone()), (target, flow), &names, voice);
        // A trunk's Contact is a proxy's work, not that of a phone behind NAT.
        leg.dialog.direct = false;
        leg.terms = asserted.into_iter().collect();
        leg.dialed = Some(Box::new(Dialed {
            ring_timeout: dial.ring_timeout.min(RING_MAX),
            pass: None,
            answered_challenge: false,
        }));
        Some(leg)
    }

    /// Sends the INVITE of a leg to be.
    fn begin(&mut self, mut leg: Box<Leg>, call: Option<&str>) {
        if let Some(call) = call {
            leg.terms.push(reply::other("X-Timbre-Call", word(call)));
        }
        self.send_first(&mut leg);
        self.insert(leg);
    }

    fn send_first(&mut self, leg: &mut Leg) {
        self.tally.invite_sent();
        if let Some(dialed) = &leg.dialed {
            let patience = self.patience().max(dialed.ring_timeout);
            leg.alarm = Some(self.wheel.set(Instant::now(), patience, Due::Ring(leg.id)));
        }
        self.invite_again(leg);
    }

    /// Sends the INVITE, with the session interval and the credentials as they are known now.
    pub(super) fn invite_again(&self, leg: &mut Leg) {
        let ringing = matches!(&leg.phase, Phase::Calling(invite) if invite.ringing);
        let body = leg.voice.offer();
        let mut extra = leg.terms.clone();
        extra.extend(leg.session.ask(&self.config.timing));
        extra.extend(leg.credentials(&Method::Invite));
        let request = leg.dialog.request(&self.stack, Method::Invite, extra, Some(body));
        leg.pending += 1;
        let way = leg.dialog.way(&self.stack);
        let hold = self.ask(Asked::Invite(leg.id), request.clone(), way);
        leg.phase = Phase::Calling(Invite {
            request: Box::new(request),
            hold,
            provisional: false,
            ringing,
            cancelled: false,
            hung_up: false,
            early: vec![],
        });
    }

    /// Connects to the trunk of a leg before its INVITE. Nothing has left before that, so that every address may be
    /// tried.
    fn reach(&mut self, mut leg: Box<Leg>, call: Option<&str>) {
        if let Some(call) = call {
            leg.terms.push(reply::other("X-Timbre-Call", word(call)));
        }
        let id = leg.id;
        let proxies = match &leg.party {
            Party::Trunk(trunk) => self.proxies(trunk),
            Party::Station(_) => vec![],
        };
        leg.phase = Phase::Reaching;
        self.insert(leg);
        let Some(shared) = self.shared.upgrade() else { return };
        let stack = self.stack.clone();
        self.runtime.spawn(async move {
            let mut found = None;
            for peer in proxies {
                if let Some(connection) = stack.connect_tcp(peer).await {
                    found = Some((peer, connection));
                    break;
                }
            }
            shared.with(Some(id), |desk| desk.reached(id, found));
        });
    }

    /// The connection for a leg's INVITE is there, or none is to be had.
    fn reached(&mut self, id: LegId, found: Option<(SocketAddr, SipConnection)>) {
        let Some(mut leg) = self.legs.remove(&id) else { return };
        let reaching = matches!(leg.phase, Phase::Reaching);
        match found {
            Some((peer, connection)) if reaching => {
                leg.dialog.target.host_with_port = peer.into();
                leg.dialog.flow.peer = peer;
                leg.dialog.flow.connection = Some(connection);
                self.send_first(&mut leg);
                self.legs.insert(id, leg);
            }
            _ => {
                self.legs.insert(id, leg);
                self.hang_up(id, End::Unreachable);
            }
        }
    }
}

/// A leg to be, before its INVITE.
fn placed(
    id: LegId,
    party: Party,
    (target, flow): (Uri, Flow),
    names: &Names,
    voice: Voice,
) -> Box<Leg> {
    Box::new(Leg {
        id,
        party,
        dialog: Dialog::placed(target, flow, &names.from, &names.to),
        phase: Phase::Leaving(Rest::Nothing),
        voice,
        session: SessionTimer::default(),
        announced: true,
        pending: 0,
        alarm: None,
        seat: None,
        terms: vec![],
        offer: None,
        dialed: None,
    })
}

fn transport(carriage: Carriage) -> Transport {
    match carriage {
        Carriage::Udp => Transport::Udp,
        Carriage::Tcp => Transport::Tcp,
    }
}

/// The number as the trunk wants it; `None` where it is none.
fn number(outbound: &Outbound, number: &str) -> Option<String> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let whole = (1..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    let kept = if outbound.strip_plus { digits } else { number };
    whole.then(|| format!("{}{kept}", word(&outbound.prefix)))
}

fn target(user: String, peer: SocketAddr, transport: Transport) -> Uri {
    let params = match transport {
        Transport::Udp => vec![],
        other => vec![Param::Transport(other)],
    };
    Uri {
        scheme: Some(Scheme::Sip),
        auth: Some(Auth { user, password: None }),
        host_with_port: peer.into(),
        params,
        headers: vec![],
    }
}

/// What of a text may stand in a URI's user part or in a header as it is; the rest would be another header, or another URI.
fn word(text: &str) -> String {
    text.chars().filter(|it| it.is_ascii_alphanumeric() || "+-_.!~*'()/".contains(*it)).collect()
}
