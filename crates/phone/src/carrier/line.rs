//! One call, from its INVITE until the last retransmission of it can have come. It knows no socket and no clock.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::fate::{Callee, Fate, Kind, LONGEST, RINGING, Settled};
use super::journal::{Ender, Event};
use super::media::{Ear, Order, Sound};
use crate::call::T1;
use crate::{Message, clock, sdp};

/// T2 of RFC 3261 §17.1.2.1.
const T2: Duration = Duration::from_secs(4);
/// Timers B, F, H and J of RFC 3261: what was not answered by then is given up, and what is over is forgotten.
const GIVE_UP: Duration = Duration::from_secs(32);
/// How long a network lets a call ring: then 480 with cause 19.
const RINGS_MAX: Duration = Duration::from_secs(180);

/// What a call wants of the world.
#[derive(Debug)]
pub(super) enum Output {
    /// A datagram.
    Send(SocketAddr, Vec<u8>),
    /// A line in the log.
    Log(Event),
    /// Something with its voice.
    Voice(Order),
}

pub(super) struct Line {
    pub(super) id: Ear,
    pub(super) attempt: String,
    pub(super) number: String,
    invite: Message,
    source: SocketAddr,
    /// Where our requests go.
    target: (String, SocketAddr),
    us: Us,
    fate: Fate,
    state: State,
    plans: Vec<(Instant, Plan)>,
    /// What is sent again until it is answered, and after how long.
    again: (Vec<u8>, Duration),
    answered: Option<Instant>,
    heard: [bool; 2],
    packets: Arc<AtomicU64>,
    /// For when the exchange has set its alarm.
    pub(super) alarm: Option<Instant>,
}

/// Our side of a call.
#[derive(Debug, Clone)]
pub(super) struct Us {
    /// Where our SIP is.
    pub(super) at: SocketAddr,
    /// Which socket our voice has, and where it is; `None`: we are mute.
    pub(super) voice: Option<(usize, SocketAddr)>,
    /// Our tag.
    pub(super) tag: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    Refused,
    Up { acknowledged: bool },
    Leaving,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Ring,
    Settle,
    TooLong,
    SendAgain,
    GiveUp,
    HangUp,
    LosePatience,
    Press,
    Forget,
}

impl Line {
    /// A call that has come. Says 100.
    pub(super) fn new(
        now: Instant,
        (invite, source): (Message, SocketAddr),
        us: Us,
        fate: Fate,
        out: &mut Vec<Output>,
    ) -> Self {
        let contact = invite.contact().unwrap_or_default();
        let address = address_of(&contact).unwrap_or(source);
        let mut line = Self {
            id: invite.header("Call-ID").into(),
            attempt: invite.header("X-Timbre-Call").to_owned(),
            number: invite.called().to_owned(),
            target: (contact, address),
            plans: vec![(now + RINGS_MAX, Plan::TooLong)],
            state: State::Proceeding,
            again: (Vec::new(), T1),
            answered: None,
            heard: [false; 2],
            packets: Arc::default(),
            alarm: None,
            invite,
            source,
            us,
            fate,
        };
        if let Some(rings) = line.fate.rings {
            line.plan(now + rings.after, Plan::Ring);
        }
        if let Some((after, _)) = line.fate.settled {
            line.plan(now + after, Plan::Settle);
        }
        out.push(Output::Log(Event::Invite {
            branch: line.invite.branch().to_owned(),
            caller: line.invite.caller().to_owned(),
            fate: line.fate.kind,
        }));
        line.respond(100, None, out);
        line
    }

    /// Whether it takes up one of the carrier's lines.
    pub(super) fn busy(&self) -> bool {
        self.fate.kind != Kind::Full && !matches!(self.state, State::Over | State::Refused)
    }

    /// Whether an INVITE belongs to the transaction that made this call.
    pub(super) fn is_of(&self, request: &Message) -> bool {
        self.invite.branch() == request.branch()
    }

    /// When it wants to be woken; `None`: it can be forgotten.
    pub(super) fn due(&self) -> Option<Instant> {
        self.plans.iter().map(|(at, _)| *at).min()
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(next) = self.plans.iter().filter(|(at, _)| *at <= now).min_by_key(|it| it.0)
        {
            let plan = next.1;
            self.drop_plan(plan);
            self.carry_out(plan, now, out);
        }
    }

    fn carry_out(&mut self, plan: Plan, now: Instant, out: &mut Vec<Output>) {
        match plan {
            Plan::Ring => self.ring(out),
            Plan::Settle => match self.fate.settled.take() {
                Some((_, Settled::Refused(status, cause))) => {
                    self.refuse(now, (status, Some(cause)), out);
                }
                Some((_, Settled::Answered(callee))) => self.answer(now, callee, out),
                None => {}
            },
            Plan::TooLong => self.refuse(now, (480, Some(19)), out),
            Plan::SendAgain => {
                out.push(Output::Send(self.peer(), self.again.0.clone()));
                self.again.1 = (self.again.1 * 2).min(T2);
                self.plan(now + self.again.1, Plan::SendAgain);
            }
            Plan::GiveUp => self.give_up(now, out),
            Plan::HangUp | Plan::LosePatience => self.hang_up(now, out),
            Plan::Press => self.press(out),
            Plan::Forget => self.plans.clear(),
        }
    }

    fn plan(&mut self, at: Instant, plan: Plan) {
        self.plans.push((at, plan));
    }

    fn drop_plan(&mut self, plan: Plan) {
        self.plans.retain(|(_, it)| *it != plan);
    }

    /// Where what is sent again goes: responses where the request came from, requests where Contact says.
    fn peer(&self) -> SocketAddr {
        if self.state == State::Leaving { self.target.1 } else { self.source }
    }

    fn respond(
        &self,
        status: u16,
        extra: Option<(&str, String)>,
        out: &mut Vec<Output>,
    ) -> Vec<u8> {
        let described = status == 183 || status == 200;
        let mut answer = self.invite.answer(status, &self.us.tag).with("Contact", self.contact());
        if let Some((name, value)) = extra {
            answer = answer.with(name, value);
        }
        let answer = answer.with_body(described.then(|| self.describe())).datagram();
        out.push(Output::Send(self.source, answer.clone()));
        answer
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.number, self.us.at)
    }

    fn describe(&self) -> String {
        // A line without a voice names a port at which nobody listens.
        sdp::describe(self.us.voice.map_or((self.us.at.ip(), 9).into(), |(_, at)| at))
    }

    fn ring(&mut self, out: &mut Vec<Output>) {
        let early = self.fate.rings.is_some_and(|it| it.early_media);
        let status = if early { 183 } else { 180 };
        out.push(Output::Log(Event::Ringing { status }));
        self.again.0 = self.respond(status, None, out);
        if early {
            self.speak(vec![(Duration::ZERO, Some(RINGING))], false, out);
        }
    }

    fn refuse(&mut self, now: Instant, (status, cause): (u16, Option<u8>), out: &mut Vec<Output>) {
        self.state = State::Refused;
        self.plans.clear();
        self.hush(out);
        out.push(Output::Log(Event::Final { status, cause }));
        let reason = cause.map(|cause| ("Reason", format!("Q.850;cause={cause}")));
        let response = self.respond(status, reason, out);
        self.repeat(now, response);
    }

    fn answer(&mut self, now: Instant, callee: Callee, out: &mut Vec<Output>) {
        self.state = State::Up { acknowledged: false };
        self.plans.clear();
        self.answered = Some(now);
        out.push(Output::Log(Event::Answered));
        let response = self.respond(200, None, out);
        self.repeat(now, response);
        self.plan(now + callee.stays.unwrap_or(LONGEST), Plan::HangUp);
        if let Some(patience) = callee.patience {
            self.plan(now + patience, Plan::LosePatience);
        }
        if let Some((after, _)) = callee.presses {
            self.plan(now + after, Plan::Press);
        }
        self.speak(callee.says.clone(), true, out);
        self.fate.settled = Some((Duration::ZERO, Settled::Answered(callee)));
    }

    fn repeat(&mut self, now: Instant, message: Vec<u8>) {
        self.again = (message, T1);
        self.plan(now + T1, Plan::SendAgain);
        self.plan(now + GIVE_UP, Plan::GiveUp);
    }

    fn rest(&mut self) {
        self.drop_plan(Plan::SendAgain);
        self.drop_plan(Plan::GiveUp);
    }

    fn callee(&self) -> Option<&Callee> {
        match &self.fate.settled {
            Some((_, Settled::Answered(callee))) => Some(callee),
            Some((_, Settled::Refused(..))) | None => None,
        }
    }

    fn press(&mut self, out: &mut Vec<Output>) {
        let Some((_, key)) = self.callee().and_then(|it| it.presses) else { return };
        out.push(Output::Log(Event::Pressed { key }));
        let kind = sdp::events(&self.invite.body);
        out.push(Output::Voice(Order::Press { ear: self.id.clone(), key, kind }));
    }

    fn hang_up(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.state = State::Leaving;
        self.plans.clear();
        self.hush(out);
        out.push(Output::Log(Event::ByeOut));
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bK{};rport", self.us.at, clock::fresh());
        let bye = Message::new(format!("BYE {} SIP/2.0", self.target.0))
            .with("Via", via)
            .with("Max-Forwards", "70")
            .with("From", format!("{};tag={}", self.invite.header("To"), self.us.tag))
            .with("To", self.invite.header("From"))
            .with("Call-ID", &*self.id)
            .with("CSeq", "1 BYE")
            .with("Reason", "Q.850;cause=16")
            .datagram();
        out.push(Output::Send(self.target.1, bye.clone()));
        self.repeat(now, bye);
    }

    fn give_up(&mut self, now: Instant, out: &mut Vec<Output>) {
        match self.state {
            // RFC 3261 §13.3.1.4.
            State::Up { .. } => self.hang_up(now, out),
            State::Leaving => self.ended(now, Ender::Silence, out),
            State::Refused => self.over(now),
            State::Proceeding | State::Over => {}
        }
    }

    fn ended(&mut self, now: Instant, by: Ender, out: &mut Vec<Output>) {
        self.hush(out);
        let packets = self.packets.load(Ordering::Relaxed);
        out.push(Output::Log(Event::Ended { by, packets }));
        self.over(now);
    }

    fn over(&mut self, now: Instant) {
        self.state = State::Over;
        self.plans.clear();
        self.plan(now + GIVE_UP, Plan::Forget);
    }

    fn speak(&self, says: Vec<(Duration, Option<u32>)>, listens: bool, out: &mut Vec<Output>) {
        if let (Some((socket, _)), Some(to)) = (self.us.voice, sdp::listens_at(&self.invite.body)) {
            let packets = listens.then(|| self.packets.clone());
            out.push(Output::Voice(Order::Speak {
                ear: self.id.clone(),
                socket,
                to,
                says,
                packets,
            }));
        }
    }

    fn hush(&self, out: &mut Vec<Output>) {
        if self.us.voice.is_some() {
            out.push(Output::Voice(Order::Hush { ear: self.id.clone() }));
        }
    }

    /// A message of this call.
    pub(super) fn take(
        &mut self,
        now: Instant,
        message: &Message,
        from: SocketAddr,
        out: &mut Vec<Output>,
    ) {
        match (message.status(), message.method()) {
            (Some(200..), "BYE") => {
                if self.state == State::Leaving {
                    self.ended(now, Ender::Callee, out);
                }
            }
            (Some(_), _) => {}
            (None, "INVITE") => self.invited_again(message, from, out),
            (None, "ACK") => self.acknowledged(now, message, out),
            (None, "CANCEL") => self.cancelled(now, message, from, out),
            (None, "BYE") => self.left(now, message, from, out),
            (None, _) => self.reply(message, 200, from, None, out),
        }
    }

    fn reply(
        &self,
        request: &Message,
        status: u16,
        to: SocketAddr,
        body: Option<String>,
        out: &mut Vec<Output>,
    ) {
        let answer = request.answer(status, &self.us.tag).with("Contact", self.contact());
        out.push(Output::Send(to, answer.with_body(body).datagram()));
    }

    fn invited_again(&mut self, request: &Message, from: SocketAddr, out: &mut Vec<Output>) {
        if self.is_of(request) {
            out.push(Output::Log(Event::Retransmission));
            // The 2xx is repeated by us alone once the transaction is over (RFC 3261 §13.3.1.4).
            if matches!(self.state, State::Proceeding | State::Refused) && !self.again.0.is_empty()
            {
                out.push(Output::Send(from, self.again.0.clone()));
            }
        } else if matches!(self.state, State::Up { .. }) && !request.tag("To").is_empty() {
            out.push(Output::Log(Event::Reinvite));
            if let Some(to) = sdp::listens_at(&request.body) {
                out.push(Output::Voice(Order::Turn { ear: self.id.clone(), to }));
            }
            self.reply(request, 200, from, Some(self.describe()), out);
        } else if request.tag("To").is_empty() {
            // Somebody is called a second time in one call (RFC 3261 §8.2.2.2). The log must tell.
            out.push(Output::Log(Event::Invite {
                branch: request.branch().to_owned(),
                caller: request.caller().to_owned(),
                fate: self.fate.kind,
            }));
            self.reply(request, 482, from, None, out);
        } else {
            self.reply(request, 481, from, None, out);
        }
    }

    fn acknowledged(&mut self, now: Instant, ack: &Message, out: &mut Vec<Output>) {
        if ack.sequence() != self.invite.sequence() {
            return;
        }
        match &mut self.state {
            State::Refused if self.invite.branch() == ack.branch() => {
                out.push(Output::Log(Event::Ack));
                self.over(now);
            }
            State::Up { acknowledged } if !*acknowledged => {
                *acknowledged = true;
                self.rest();
                out.push(Output::Log(Event::Ack));
            }
            _ => {}
        }
    }

    fn cancelled(
        &mut self,
        now: Instant,
        cancel: &Message,
        from: SocketAddr,
        out: &mut Vec<Output>,
    ) {
        if !self.is_of(cancel) {
            return self.reply(cancel, 481, from, None, out);
        }
        self.reply(cancel, 200, from, None, out);
        match self.state {
            State::Proceeding => {
                out.push(Output::Log(Event::Cancel));
                self.refuse(now, (487, None), out);
            }
            // It crossed our 200, and changes nothing (RFC 3261 §9.2).
            State::Up { .. } | State::Leaving => out.push(Output::Log(Event::Cancel)),
            State::Refused | State::Over => {}
        }
    }

    fn left(&mut self, now: Instant, bye: &Message, from: SocketAddr, out: &mut Vec<Output>) {
        match self.state {
            State::Up { .. } | State::Leaving => {
                out.push(Output::Log(Event::ByeIn));
                self.reply(bye, 200, from, None, out);
                self.ended(now, Ender::Dialer, out);
            }
            State::Over => self.reply(bye, 200, from, None, out),
            State::Proceeding | State::Refused => self.reply(bye, 481, from, None, out),
        }
    }

    /// Something was heard.
    pub(super) fn heard(&mut self, at: Instant, sound: Sound, out: &mut Vec<Output>) {
        let (State::Up { .. }, Some(answered)) = (self.state, self.answered) else { return };
        if std::mem::replace(&mut self.heard[sound as usize], true) {
            return;
        }
        let after = at.saturating_duration_since(answered).as_micros() as u64;
        match sound {
            Sound::Other => out.push(Output::Log(Event::SoundHeard { after })),
            Sound::Agent => {
                out.push(Output::Log(Event::VoiceHeard { after }));
                self.drop_plan(Plan::LosePatience);
                if let Some(stays) = self.callee().and_then(|it| it.after_voice) {
                    self.plan(at + stays, Plan::HangUp);
                }
            }
        }
    }
}

/// The address of a URI whose host is one.
fn address_of(uri: &str) -> Option<SocketAddr> {
    let host = uri.rsplit_once('@').map_or_else(|| uri.trim_start_matches("sip:"), |(_, it)| it);
    host.split(';').next()?.parse().ok()
}
