//! All the calls of a carrier. It knows no socket and no clock: messages and moments go in, what is to be done comes out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Stats;
use super::fate::{Fate, Kind};
use super::journal::Named;
use super::line::{Line, Output, Us};
use super::media::{Ear, Sound};
use super::population::Population;
use crate::{Message, clock};

pub(super) struct Exchange {
    at: SocketAddr,
    voices: Vec<SocketAddr>,
    lines_max: usize,
    pub(super) population: Population,
    lines: HashMap<Ear, Line>,
    /// When to look at which call; what is stale does no harm.
    alarms: BinaryHeap<Reverse<(Instant, Ear)>>,
    /// How often each number was called.
    called: HashMap<String, usize>,
    busy: usize,
    stats: Stats,
}

/// Performs what a call wants.
pub(super) type Perform<'a> = dyn FnMut(Named<'_>, Output) + 'a;

impl Exchange {
    pub(super) fn new(
        at: SocketAddr,
        voices: Vec<SocketAddr>,
        lines_max: usize,
        population: Population,
    ) -> Self {
        Self {
            at,
            voices,
            lines_max,
            population,
            lines: HashMap::new(),
            alarms: BinaryHeap::new(),
            called: HashMap::new(),
            busy: 0,
            stats: Stats::default(),
        }
    }

    pub(super) fn stats(&self) -> Stats {
        Stats { busy: self.busy, ..self.stats }
    }

    /// When to call [`Self::wake`]; `None`: not before the next message.
    pub(super) fn due(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, now: Instant, perform: &mut Perform<'_>) {
        while self.due().is_some_and(|at| at <= now) {
            let Some(Reverse((at, id))) = self.alarms.pop() else { return };
            let Some(line) = self.lines.get_mut(&id).filter(|it| it.alarm == Some(at)) else {
                continue;
            };
            line.alarm = None;
            self.with(&id, perform, |line, out| line.wake(now, out));
        }
    }

    /// Something was heard in a call.
    pub(super) fn heard(&mut self, at: Instant, id: &Ear, sound: Sound, perform: &mut Perform<'_>) {
        self.with(id, perform, |line, out| line.heard(at, sound, out));
    }

    /// A message has come.
    pub(super) fn take(
        &mut self,
        now: Instant,
        message: Message,
        from: SocketAddr,
        perform: &mut Perform<'_>,
    ) {
        let id: Ear = message.header("Call-ID").into();
        if self.lines.contains_key(&id) {
            return self.with(&id, perform, |line, out| line.take(now, &message, from, out));
        }
        match (message.status(), message.method()) {
            (Some(_), _) | (None, "ACK") => {}
            (None, "INVITE") if message.tag("To").is_empty() => {
                self.called(now, (message, from), perform);
            }
            (None, method) => {
                let status = if method == "OPTIONS" { 200 } else { 481 };
                let answer = message.answer(status, &clock::fresh());
                let answer = answer.with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS").datagram();
                let nobody = Named { id: &id, attempt: "", number: "" };
                perform(nobody, Output::Send(from, answer));
            }
        }
    }

    fn called(&mut self, now: Instant, request: (Message, SocketAddr), perform: &mut Perform<'_>) {
        let number = request.0.called().to_owned();
        let fate = if self.busy >= self.lines_max {
            Fate::refused(Kind::Full, Duration::ZERO)
        } else {
            let nth = self.called.entry(number.clone()).or_default();
            *nth += 1;
            self.population.fate(&number, *nth - 1)
        };
        let socket = self.stats.calls as usize % self.voices.len().max(1);
        let voice = self.voices.get(socket).map(|at| (socket, *at));
        let us = Us { at: self.at, voice, tag: clock::fresh() };
        let mut out = Vec::new();
        let line = Line::new(now, request, us, fate, &mut out);
        let id = line.id.clone();
        self.stats.calls += 1;
        self.lines.insert(id.clone(), line);
        self.settle(&id, false, out, perform);
    }

    fn with(
        &mut self,
        id: &Ear,
        perform: &mut Perform<'_>,
        change: impl FnOnce(&mut Line, &mut Vec<Output>),
    ) {
        let Some(line) = self.lines.get_mut(id) else { return };
        let was_busy = line.busy();
        let mut out = Vec::new();
        change(line, &mut out);
        self.settle(id, was_busy, out, perform);
    }

    fn settle(&mut self, id: &Ear, was_busy: bool, out: Vec<Output>, perform: &mut Perform<'_>) {
        let Some(line) = self.lines.get_mut(id) else { return };
        for output in out {
            let named = Named { id, attempt: &line.attempt, number: &line.number };
            perform(named, output);
        }
        self.busy = self.busy + usize::from(line.busy()) - usize::from(was_busy);
        self.stats.busy_most = self.stats.busy_most.max(self.busy);
        let Some(due) = line.due() else { return drop(self.lines.remove(id)) };
        if line.alarm.is_none_or(|at| due < at) {
            line.alarm = Some(due);
            self.alarms.push(Reverse((due, id.clone())));
            self.sweep();
        }
    }

    /// Lets go of alarms of which no call wants to know any more, where they are the most.
    fn sweep(&mut self) {
        if self.alarms.len() > 64 + 4 * self.lines.len() {
            let lines = &self.lines;
            self.alarms.retain(|Reverse((at, id))| {
                lines.get(id).is_some_and(|line| line.alarm == Some(*at))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fate::Key;
    use super::super::journal::{Ender, Event};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const PEER: &str = "127.0.0.1:5060";

    /// A carrier whose numbers ending in a fate's key have that fate, and a clock that the test moves.
    struct Bench {
        exchange: Exchange,
        now: Instant,
        sent: Vec<Message>,
        log: Vec<Event>,
    }

    impl Bench {
        fn new(lines: usize, fate: Fate) -> Self {
            let fixed = vec![(String::new(), vec![fate])];
            let population = Population { fixed, ..Population::default() };
            let at = "127.0.0.1:5080".parse().expect("an address");
            let exchange = Exchange::new(at, Vec::new(), lines, population);
            Self { exchange, now: clock::now(), sent: Vec::new(), log: Vec::new() }
        }

        fn step(&mut self, step: impl FnOnce(&mut Exchange, Instant, &mut Perform<'_>)) {
            let (sent, log) = (&mut self.sent, &mut self.log);
            let mut perform = |_: Named<'_>, output: Output| match output {
                Output::Send(_, datagram) => sent.push(Message::parse(&datagram).expect("SIP")),
                Output::Log(event) => log.push(event),
                Output::Voice(_) => {}
            };
            step(&mut self.exchange, self.now, &mut perform);
        }

        fn send(&mut self, message: Message) {
            let from = PEER.parse().expect("an address");
            self.step(|exchange, now, perform| exchange.take(now, message, from, perform));
            self.step(|exchange, now, perform| exchange.wake(now, perform));
        }

        /// Lets time pass, waking at every alarm.
        fn wait(&mut self, span: Duration) {
            let end = self.now + span;
            while let Some(due) = self.exchange.due().filter(|due| *due <= end) {
                self.now = due.max(self.now);
                self.step(|exchange, now, perform| exchange.wake(now, perform));
            }
            self.now = end;
        }

        fn statuses(&mut self) -> Vec<u16> {
            std::mem::take(&mut self.sent).iter().filter_map(Message::status).collect()
        }

        fn events(&mut self) -> Vec<Event> {
            std::mem::take(&mut self.log)
        }
    }

    fn request(method: &str, call: &str, branch: &str, sequence: u32) -> Message {
        Message::new(format!("{method} sip:+34600000001@127.0.0.1:5080 SIP/2.0"))
            .with("Via", format!("SIP/2.0/UDP {PEER};branch={branch};rport"))
            .with("From", format!("<sip:+34910000001@{PEER}>;tag=t"))
            .with("To", "<sip:+34600000001@127.0.0.1:5080>")
            .with("Call-ID", call)
            .with("CSeq", format!("{sequence} {method}"))
            .with("Contact", format!("<sip:timbre@{PEER}>"))
            .with("X-Timbre-Call", "a1")
    }

    fn invite(call: &str) -> Message {
        request("INVITE", call, call, 1)
    }

    fn invited(branch: &str, fate: Kind) -> Event {
        Event::Invite { branch: branch.into(), caller: "+34910000001".into(), fate }
    }

    #[test]
    fn an_invite_is_one_call_however_often_it_comes() {
        let mut bench = Bench::new(2, Fate::answers(4 * SECOND));
        bench.send(invite("c"));
        bench.send(invite("c"));
        bench.wait(3 * SECOND);
        bench.send(invite("c"));
        assert_eq!(bench.statuses(), [100, 180, 180]);
        bench.wait(SECOND);
        bench.send(request("ACK", "c", "other", 1));
        bench.send(invite("c"));
        bench.wait(10 * SECOND);
        assert_eq!(bench.statuses(), [200]);
        bench.send(request("BYE", "c", "bye", 2));
        bench.wait(31 * SECOND);
        bench.send(invite("c"));
        let again = Event::Retransmission;
        assert_eq!(
            bench.events(),
            [
                invited("c", Kind::Person),
                again.clone(),
                Event::Ringing { status: 180 },
                again.clone(),
                Event::Answered,
                Event::Ack,
                again.clone(),
                Event::ByeIn,
                Event::Ended { by: Ender::Dialer, packets: 0 },
                again,
            ]
        );
        assert_eq!(bench.exchange.stats().calls, 1);
        // Timers have run out: nothing is kept of it.
        bench.wait(2 * SECOND);
        assert!(bench.exchange.lines.is_empty());
        // Nor of many: each call leaves the alarm of its longest plan behind.
        for call in 0..1_000 {
            bench.send(request("INVITE", &call.to_string(), "b", 1));
            bench.send(request("CANCEL", &call.to_string(), "b", 1));
            bench.send(request("ACK", &call.to_string(), "b", 1));
            bench.wait(SECOND);
        }
        assert!(bench.exchange.alarms.len() < 500, "{}", bench.exchange.alarms.len());
    }

    #[test]
    fn a_second_transaction_in_a_call_is_no_retransmission() {
        let mut bench = Bench::new(2, Fate::rings());
        bench.send(invite("c"));
        bench.send(request("INVITE", "c", "another", 1));
        assert_eq!(bench.statuses(), [100, 180, 482]);
        let ringing = Event::Ringing { status: 180 };
        let second = invited("another", Kind::NoAnswer);
        assert_eq!(bench.events(), [invited("c", Kind::NoAnswer), ringing, second]);
    }

    #[test]
    fn a_cancelled_call_ends_in_487_and_one_that_crosses_the_answer_does_not() {
        let mut bench = Bench::new(2, Fate::answers(4 * SECOND));
        bench.send(invite("c"));
        bench.wait(3 * SECOND);
        bench.send(request("CANCEL", "c", "c", 1));
        bench.send(request("CANCEL", "c", "c", 1));
        assert_eq!(bench.statuses(), [100, 180, 200, 487, 200]);
        // 487 is repeated until the ACK of the INVITE's own transaction comes.
        bench.wait(2 * SECOND);
        bench.send(request("ACK", "c", "another", 1));
        bench.wait(3 * SECOND);
        assert_eq!(bench.statuses(), [487, 487, 487]);
        bench.send(request("ACK", "c", "c", 1));
        bench.wait(20 * SECOND);
        assert!(bench.statuses().is_empty());
        let events = bench.events();
        let end = [Event::Cancel, Event::Final { status: 487, cause: None }, Event::Ack];
        assert_eq!(&events[2..], end);

        bench.send(invite("d"));
        bench.wait(4 * SECOND);
        bench.send(request("CANCEL", "d", "d", 1));
        assert_eq!(bench.statuses(), [100, 180, 200, 200]);
        assert!(bench.events().ends_with(&[Event::Answered, Event::Cancel]));
    }

    #[test]
    fn every_refusal_has_its_status_and_its_cause() {
        for (kind, status, cause) in [
            (Kind::Busy, 486, 17),
            (Kind::Declined, 603, 21),
            (Kind::Unallocated, 404, 1),
            (Kind::Congestion, 503, 34),
            (Kind::Fault, 500, 41),
        ] {
            let mut bench = Bench::new(1, Fate::refused(kind, 2 * SECOND));
            bench.send(invite("c"));
            bench.wait(2 * SECOND);
            let last = bench.sent.last().expect("an answer");
            assert_eq!(last.header("Reason"), format!("Q.850;cause={cause}"));
            assert_eq!(bench.statuses(), [100, status]);
            bench.send(request("ACK", "c", "c", 1));
            let end = [Event::Final { status, cause: Some(cause) }, Event::Ack];
            assert_eq!(&bench.events()[1..], end);
        }
    }

    #[test]
    fn a_line_too_many_is_refused_and_a_free_one_is_used_again() {
        let mut bench = Bench::new(1, Fate::rings());
        bench.send(invite("c"));
        bench.send(invite("d"));
        assert_eq!(bench.statuses(), [100, 180, 100, 503]);
        bench.send(request("CANCEL", "c", "c", 1));
        bench.send(invite("e"));
        assert_eq!(bench.statuses(), [200, 487, 100, 180]);
        assert_eq!(
            bench.exchange.stats(),
            Stats { calls: 3, busy: 1, busy_most: 1, log_failed: false }
        );
    }

    #[test]
    fn a_callee_hangs_up_who_hears_nobody_and_stays_with_an_agent() {
        let impatient = Fate::answers(SECOND).with(|it| {
            it.patience = Some(SECOND);
            it.after_voice = Some(5 * SECOND);
            it.presses = Some((SECOND / 2, Key(9)));
        });
        let mut bench = Bench::new(2, impatient);
        for call in ["c", "d"] {
            bench.send(invite(call));
        }
        bench.wait(SECOND);
        for call in ["c", "d"] {
            bench.send(request("ACK", call, "ack", 1));
        }
        bench.wait(SECOND / 4);
        let ear: Ear = "d".into();
        for sound in [Sound::Other, Sound::Agent, Sound::Agent] {
            bench.step(|exchange, now, perform| exchange.heard(now, &ear, sound, perform));
        }
        bench.events();
        bench.wait(SECOND);
        let pressed = Event::Pressed { key: Key(9) };
        assert_eq!(bench.events(), [pressed.clone(), pressed, Event::ByeOut]);
        let bye = bench.sent.last().expect("a BYE");
        assert_eq!((bye.method(), bye.header("Call-ID")), ("BYE", "c"));
        assert_eq!(bye.tag("From").len(), 16);
        bench.send(bye.answer(200, ""));
        bench.wait(5 * SECOND);
        let ended = Event::Ended { by: Ender::Callee, packets: 0 };
        assert_eq!(bench.events(), [ended, Event::ByeOut]);
    }

    #[test]
    fn a_dialer_that_died_is_noticed() {
        let mut bench = Bench::new(2, Fate::answers(SECOND));
        bench.send(invite("c"));
        bench.wait(70 * SECOND);
        let end = [Event::Answered, Event::ByeOut, Event::Ended { by: Ender::Silence, packets: 0 }];
        assert_eq!(&bench.events()[2..], end);
        let answers = bench.statuses().iter().filter(|it| **it == 200).count();
        assert!((9..=12).contains(&answers), "{answers}");
        assert_eq!(bench.exchange.stats().busy, 0);
    }

    #[test]
    fn strangers_are_answered_and_make_no_call() {
        let mut bench = Bench::new(2, Fate::rings());
        for method in ["OPTIONS", "BYE", "CANCEL", "ACK", "SUBSCRIBE"] {
            bench.send(request(method, method, "b", 1));
        }
        assert_eq!(bench.statuses(), [200, 481, 481, 481]);
        assert_eq!((bench.exchange.stats().calls, bench.events()), (0, vec![]));
    }
}
