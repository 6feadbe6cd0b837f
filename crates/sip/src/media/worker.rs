//! The media thread: its loop and the commands it obeys. The packets are in `traffic.rs`.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use tokio::sync::oneshot;

use super::clips::Clips;
use super::leg::{Hears, Leg, Moment};
use super::lines::{Lines, Port};
use super::packet::LARGEST;
use super::ports::{Grant, Ports};
use super::quarantine::Quarantine;
use super::shared::Shared;
use super::stats::{LegMedia, MediaStats};
use super::traffic::UPKEEP;
use super::{MediaConfig, MediaEvent, Play, Remote};

/// Legs whose measurements are kept when they are closed: whoever asks about a call does so within minutes of its end.
const KEPT_MAX: usize = 4_096;

const WAKE: Token = Token(usize::MAX);

#[derive(Debug)]
pub(crate) enum Command {
    Open { leg: u64, grant: Grant },
    Connect { leg: u64, remote: Remote },
    Bridge { a: u64, b: u64 },
    Play { leg: u64, what: Play },
    Close { leg: u64 },
    Measure { leg: u64, to: oneshot::Sender<Option<LegMedia>> },
    Stop,
}

pub(crate) struct Worker<E> {
    poll: Poll,
    /// Without a bound, as nobody who signals may be kept waiting; a few commands a call.
    commands: Receiver<Command>,
    shared: Arc<Shared>,
    started: Instant,
    legs: HashMap<u64, u32>,
    pub(super) timeout: Duration,
    pub(super) events: E,
    pub(super) clips: Clips,
    pub(super) lines: Lines,
    /// Lines with a recording; those without are taken out at the next tick.
    pub(super) playing: Vec<u32>,
    pub(super) next_tick: Option<Instant>,
    next_upkeep: Option<Instant>,
    /// Which share of the lines the next upkeep is for.
    pub(super) share: usize,
    /// Sockets that had more to read than their turn allowed.
    pub(super) unread: Vec<Port>,
    pub(super) stats: MediaStats,
    /// What was measured of legs that were closed, the latest last.
    closed: VecDeque<(u64, LegMedia)>,
    pub(super) buffer: [u8; LARGEST + 1],
}

/// Starts the thread; it ends with [`Command::Stop`].
pub(crate) fn start(
    config: &MediaConfig,
    rest: Duration,
    events: impl Fn(MediaEvent) + Send + 'static,
) -> io::Result<(Sender<Command>, Arc<Shared>)> {
    let poll = Poll::new()?;
    let ports = Ports::new(config.bind, &config.ports)?;
    let shared = Arc::new(Shared::new(ports, Waker::new(poll.registry(), WAKE)?));
    let (sender, commands) = channel();
    let worker = Worker {
        poll,
        commands,
        shared: Arc::clone(&shared),
        started: Instant::now(),
        legs: HashMap::new(),
        timeout: config.timeout,
        events,
        clips: Clips::load()?,
        lines: Lines::new(Quarantine::new(rest)),
        playing: Vec::new(),
        next_tick: None,
        next_upkeep: None,
        share: 0,
        unread: Vec::new(),
        stats: MediaStats::default(),
        closed: VecDeque::new(),
        buffer: [0; LARGEST + 1],
    };
    thread::Builder::new().name("media".to_owned()).spawn(move || worker.run())?;
    Ok((sender, shared))
}

impl<E: Fn(MediaEvent)> Worker<E> {
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            if let Err(error) = self.poll.poll(&mut events, self.patience()) {
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                tracing::error!(%error, "the media thread ends: its sockets cannot be polled");
                return;
            }
            self.shared.looks();
            if !self.obey() {
                return;
            }
            self.read_all(&events);
            self.tick();
            self.upkeep();
            self.tell();
        }
    }

    /// How long nothing needs to be done, if no packet and no command comes.
    fn patience(&self) -> Option<Duration> {
        if !self.unread.is_empty() {
            return Some(Duration::ZERO);
        }
        let next = self.next_tick.into_iter().chain(self.next_upkeep).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn read_all(&mut self, events: &Events) {
        // First those that were kept waiting by the last round.
        for port in std::mem::take(&mut self.unread) {
            self.read(port);
        }
        for event in events {
            if event.token() != WAKE {
                self.read(Port::of(event.token()));
            }
        }
    }

    /// Lines that have rested are released and the others kept in order, while there are any.
    fn upkeep(&mut self) {
        let Some(due) = self.next_upkeep else { return };
        let now = self.now();
        if now.instant < due {
            return;
        }
        self.keep_share(now);
        self.lines.release(now.instant, &self.shared.ports);
        let needed = !self.legs.is_empty() || self.lines.resting() > 0;
        self.next_upkeep = needed.then_some(now.instant + UPKEEP);
    }

    pub(super) fn now(&self) -> Moment {
        let instant = Instant::now();
        let micros = instant.saturating_duration_since(self.started).as_micros();
        Moment { instant, clock: (micros * 8 / 1000) as u32 }
    }

    fn tell(&mut self) {
        self.stats.legs_open = self.legs.len() as u64;
        self.stats.pairs_quarantined = self.lines.resting() as u64;
        self.shared.tell(self.stats);
    }

    /// `false` when it is time to end.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Open { leg, grant }) => self.open(leg, grant),
                Ok(Command::Connect { leg, remote }) => self.connect(leg, remote),
                Ok(Command::Bridge { a, b }) => self.bridge(a, b),
                Ok(Command::Play { leg, what }) => self.play(leg, what),
                Ok(Command::Close { leg }) => self.close(leg),
                // Who asked may have gone.
                Ok(Command::Measure { leg, to }) => drop(to.send(self.measure(leg))),
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn open(&mut self, leg: u64, grant: Grant) {
        self.close(leg);
        let Some(line) = self.line_for(grant) else { return };
        let now = self.now();
        let Some(place) = self.lines.get(line) else { return };
        place.leg = Some(Leg::new(leg, now));
        self.legs.insert(leg, line);
        self.stats.legs_opened += 1;
        self.next_upkeep.get_or_insert(now.instant + UPKEEP);
    }

    fn line_for(&mut self, grant: Grant) -> Option<u32> {
        match grant {
            Grant::Idle(line) => {
                let drained = self.lines.get(line)?.drain(&mut self.buffer);
                self.stats.dropped.closed += drained;
                Some(line)
            }
            Grant::New(pair) => {
                let port = pair.port;
                let adopted = self.lines.adopt(pair, self.poll.registry());
                if let Err(error) = &adopted {
                    tracing::error!(%error, "a leg is deaf: its sockets cannot be polled");
                    self.shared.ports.closed(port);
                }
                adopted.ok()
            }
        }
    }

    fn connect(&mut self, leg: u64, remote: Remote) {
        let now = self.now();
        if let Some(leg) = self.line_of(leg).and_then(|line| self.lines.leg(line)) {
            leg.connect(remote, now);
        }
    }

    fn bridge(&mut self, a: u64, b: u64) {
        let (Some(a), Some(b)) = (self.line_of(a), self.line_of(b)) else { return };
        if a != b {
            self.hear(a, Hears::Line(b));
            self.hear(b, Hears::Line(a));
        }
    }

    fn play(&mut self, leg: u64, what: Play) {
        let Some(line) = self.line_of(leg) else { return };
        self.hear(line, Hears::from(what));
        let Some(place) = self.lines.get(line) else { return };
        if what == Play::Silence {
            self.keep_alive(line);
        } else if !std::mem::replace(&mut place.playing, true) {
            self.playing.push(line);
            self.next_tick.get_or_insert_with(Instant::now);
        }
    }

    fn close(&mut self, leg: u64) {
        let Some(line) = self.legs.remove(&leg) else { return };
        self.hear(line, Hears::Silence);
        let now = self.now();
        let Some(place) = self.lines.get(line) else { return };
        if let Some(leg) = place.leg.take() {
            self.remember(&leg, now);
        }
        self.lines.rest(line, now.instant);
        self.next_upkeep.get_or_insert(now.instant + UPKEEP);
    }

    fn remember(&mut self, leg: &Leg, now: Moment) {
        if let Some(jitter) = leg.jitter() {
            self.stats.read_jitter(jitter);
        }
        if self.closed.len() == KEPT_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back((leg.id, leg.measured(now)));
    }

    /// What was measured of a leg that is open, or was closed lately.
    fn measure(&mut self, leg: u64) -> Option<LegMedia> {
        let now = self.now();
        let open = self.line_of(leg).and_then(|line| self.lines.leg(line));
        if let Some(leg) = open {
            return Some(leg.measured(now));
        }
        self.closed.iter().rev().find(|(id, _)| *id == leg).map(|(_, measured)| *measured)
    }

    /// Changes what a line hears. Whoever was bridged to it, and is not bridged to it anew, hears
    /// silence.
    fn hear(&mut self, line: u32, hears: Hears) {
        let Some(leg) = self.lines.leg(line) else { return };
        let before = leg.hears;
        leg.hear(hears);
        if let Hears::Line(left) = before
            && before != hears
            && let Some(other) = self.lines.leg(left)
            && other.hears == Hears::Line(line)
        {
            other.hear(Hears::Silence);
            self.keep_alive(left);
        }
    }

    fn line_of(&self, leg: u64) -> Option<u32> {
        self.legs.get(&leg).copied()
    }
}
