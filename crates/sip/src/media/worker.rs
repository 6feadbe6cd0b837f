//! The media thread: it alone reads and writes RTP.
//!
//! Every leg has its own sockets, so there is at most one packet to read from each at a time and
//! `recvmmsg` or `sendmmsg` would carry one message each: plain calls are as fast.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};

use super::clips::{Clips, FRAME};
use super::leg::{Frame, Hears, Leg, Moment};
use super::packet::{self, HEADER, LARGEST};
use super::ports::{Grant, NoPorts, Pair, Ports};
use super::quarantine::Quarantine;
use super::reception::Arrival;
use super::stats::{Dropped, MediaStats};
use super::{MediaConfig, MediaEvent, Play, Remote, rtcp};

/// Length of a packet of ours.
const TICK: Duration = Duration::from_millis(20);
/// A thread that was kept from running for longer does not make up for it.
const FORGIVEN: Duration = Duration::from_millis(100);
/// Upkeep goes round all the lines once a second, a tenth of them at a time, so that reports and
/// keep-alives do not go out in one burst.
const UPKEEP: Duration = Duration::from_millis(100);
const SHARES: usize = 10;
/// Datagrams read from one socket before the others have their turn.
const TURN: usize = 32;
/// More than a receive buffer holds; what is left after so many is a flood under way.
const DRAIN: usize = 1024;
const WAKE: Token = Token(usize::MAX);

#[derive(Debug)]
pub(crate) enum Command {
    Open { leg: u64, grant: Grant },
    Connect { leg: u64, remote: Remote },
    Bridge { a: u64, b: u64 },
    Play { leg: u64, what: Play },
    Close { leg: u64 },
    Stop,
}

/// What the handles and the thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    ports: Ports,
    stats: Mutex<Told>,
    waker: Waker,
    awake: AtomicBool,
}

#[derive(Debug, Default)]
struct Told {
    stats: MediaStats,
    refused: u64,
}

impl Shared {
    pub(crate) fn take_port(&self) -> Result<(Grant, u16), NoPorts> {
        let taken = self.ports.take();
        if taken.is_err() {
            self.told().refused += 1;
        }
        taken
    }

    pub(crate) fn stats(&self) -> MediaStats {
        let told = self.told();
        let pairs_idle = self.ports.idle() as u64;
        MediaStats { legs_refused: told.refused, pairs_idle, ..told.stats }
    }

    /// One wake-up for however many commands were sent before the thread looks.
    pub(crate) fn wake(&self) {
        if !self.awake.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "the media thread cannot be woken");
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pair of sockets, and the leg that has them now.
struct Line {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    port: u16,
    leg: Option<Leg>,
    /// When a packet last came while nobody had the line.
    disturbed: Option<Instant>,
    /// It is in `Worker::playing`.
    playing: bool,
}

struct Worker<E> {
    poll: Poll,
    commands: Receiver<Command>,
    shared: Arc<Shared>,
    timeout: Duration,
    events: E,
    clips: Clips,
    started: Instant,
    lines: Vec<Option<Line>>,
    /// Places in `lines` whose sockets were closed.
    vacant: Vec<u32>,
    legs: HashMap<u64, u32>,
    quarantine: Quarantine,
    /// Lines with a recording; those without are taken out at the next tick.
    playing: Vec<u32>,
    next_tick: Option<Instant>,
    next_upkeep: Option<Instant>,
    share: usize,
    /// Sockets that had more to read than their turn allowed.
    unread: Vec<Token>,
    stats: MediaStats,
    buffer: [u8; LARGEST + 1],
}

/// Starts the thread; it ends with [`Command::Stop`].
pub(crate) fn start(
    config: &MediaConfig,
    rest: Duration,
    events: impl Fn(MediaEvent) + Send + 'static,
) -> io::Result<(Sender<Command>, Arc<Shared>)> {
    let poll = Poll::new()?;
    let shared = Arc::new(Shared {
        ports: Ports::new(config.bind, &config.ports),
        stats: Mutex::default(),
        waker: Waker::new(poll.registry(), WAKE)?,
        awake: AtomicBool::new(false),
    });
    let (sender, commands) = channel();
    let worker = Worker {
        poll,
        commands,
        shared: Arc::clone(&shared),
        timeout: config.timeout,
        events,
        clips: Clips::load()?,
        started: Instant::now(),
        lines: Vec::new(),
        vacant: Vec::new(),
        legs: HashMap::new(),
        quarantine: Quarantine::new(rest),
        playing: Vec::new(),
        next_tick: None,
        next_upkeep: None,
        share: 0,
        unread: Vec::new(),
        stats: MediaStats::default(),
        buffer: [0; LARGEST + 1],
    };
    thread::Builder::new().name("media".to_owned()).spawn(move || worker.run())?;
    Ok((sender, shared))
}

/// The token of a line's RTP socket; the next one is its RTCP socket.
fn token(line: u32) -> Token {
    Token(line as usize * 2)
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
            // Before the commands are read: one that comes after gets a wake-up of its own.
            self.shared.awake.store(false, Ordering::Release);
            if !self.obey() {
                return;
            }
            for event in &events {
                self.read(event.token());
            }
            for token in std::mem::take(&mut self.unread) {
                self.read(token);
            }
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

    fn now(&self) -> Moment {
        let instant = Instant::now();
        let micros = instant.saturating_duration_since(self.started).as_micros();
        Moment { instant, clock: (micros * 8 / 1000) as u32 }
    }

    fn tell(&mut self) {
        self.stats.legs_open = self.legs.len() as u64;
        self.stats.pairs_quarantined = self.quarantine.len() as u64;
        self.shared.told().stats = self.stats;
    }

    // Commands.

    /// `false` when it is time to end.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Open { leg, grant }) => self.open(leg, grant),
                Ok(Command::Connect { leg, remote }) => self.connect(leg, remote),
                Ok(Command::Bridge { a, b }) => self.bridge(a, b),
                Ok(Command::Play { leg, what }) => self.play(leg, what),
                Ok(Command::Close { leg }) => self.close(leg),
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn open(&mut self, leg: u64, grant: Grant) {
        self.close(leg);
        let line = match grant {
            Grant::Idle(line) => {
                self.drain(line);
                Some(line)
            }
            Grant::New(pair) => self.adopt(pair),
        };
        let Some(line) = line else { return };
        let now = self.now();
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return };
        place.leg = Some(Leg::new(leg, now));
        self.legs.insert(leg, line);
        self.stats.legs_opened += 1;
        self.next_upkeep.get_or_insert(now.instant + UPKEEP);
    }

    /// Gives a new pair a line.
    fn adopt(&mut self, pair: Pair) -> Option<u32> {
        let Pair { mut rtp, mut rtcp, port } = pair;
        let line = self.vacant.pop().unwrap_or(self.lines.len() as u32);
        let Token(first) = token(line);
        let registry = self.poll.registry();
        let registered = registry
            .register(&mut rtp, Token(first), Interest::READABLE)
            .and_then(|()| registry.register(&mut rtcp, Token(first + 1), Interest::READABLE));
        if line as usize == self.lines.len() {
            self.lines.push(None);
        }
        if let Err(error) = registered {
            tracing::error!(%error, "a leg is deaf: its sockets cannot be polled");
            self.vacant.push(line);
            drop((rtp, rtcp));
            self.shared.ports.closed(port);
            return None;
        }
        let place = self.lines.get_mut(line as usize)?;
        *place = Some(Line { rtp, rtcp, port, leg: None, disturbed: None, playing: false });
        Some(line)
    }

    /// Throws away what came since the line was last read.
    fn drain(&mut self, line: u32) {
        let Some(Some(place)) = self.lines.get(line as usize) else { return };
        for socket in [&place.rtp, &place.rtcp] {
            for _ in 0..DRAIN {
                match socket.recv_from(&mut self.buffer) {
                    Ok(_) => self.stats.dropped.closed += 1,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => {}
                }
            }
        }
    }

    fn connect(&mut self, leg: u64, remote: Remote) {
        let now = self.now();
        if let Some(leg) = self.line_of(leg).and_then(|line| self.leg(line)) {
            leg.connect(remote, now);
        }
    }

    fn bridge(&mut self, a: u64, b: u64) {
        let (Some(a), Some(b)) = (self.line_of(a), self.line_of(b)) else { return };
        if a == b {
            return;
        }
        self.hear(a, Hears::Line(b));
        self.hear(b, Hears::Line(a));
    }

    fn play(&mut self, leg: u64, what: Play) {
        let Some(line) = self.line_of(leg) else { return };
        self.hear(line, Hears::from(what));
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return };
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
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return };
        if let Some(jitter) = place.leg.take().and_then(|leg| leg.jitter()) {
            self.count_jitter(jitter);
        }
        self.quarantine.enter(line, now.instant);
        self.next_upkeep.get_or_insert(now.instant + UPKEEP);
    }

    /// Changes what a line hears. Whoever was bridged to it, and is not bridged to it anew, hears
    /// silence.
    fn hear(&mut self, line: u32, hears: Hears) {
        let Some(leg) = self.leg(line) else { return };
        let before = leg.hears;
        leg.hear(hears);
        if let Hears::Line(left) = before
            && before != hears
            && let Some(other) = self.leg(left)
            && other.hears == Hears::Line(line)
        {
            other.hear(Hears::Silence);
            self.keep_alive(left);
        }
    }

    fn line_of(&self, leg: u64) -> Option<u32> {
        self.legs.get(&leg).copied()
    }

    fn leg(&mut self, line: u32) -> Option<&mut Leg> {
        self.lines.get_mut(line as usize)?.as_mut()?.leg.as_mut()
    }

    // Packets in.

    /// Reads a socket until it is empty, or its turn is over.
    fn read(&mut self, token: Token) {
        if token == WAKE {
            return;
        }
        let line = (token.0 / 2) as u32;
        for _ in 0..TURN {
            let Some(Some(place)) = self.lines.get(token.0 / 2) else { return };
            let rtp = token.0.is_multiple_of(2);
            let socket = if rtp { &place.rtp } else { &place.rtcp };
            match socket.recv_from(&mut self.buffer) {
                Ok((length, source)) if rtp => self.take(line, length, source),
                Ok((length, source)) => self.take_rtcp(line, length, source),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP error of an earlier send: what is behind it can still be read.
                Err(_) => {}
            }
        }
        self.unread.push(token);
    }

    fn take(&mut self, line: u32, length: usize, source: SocketAddr) {
        self.stats.packets_received += 1;
        self.stats.bytes_received += length as u64;
        if let Err(dropped) = self.relay(line, length, source) {
            self.stats.dropped.count(dropped);
        }
    }

    fn relay(&mut self, line: u32, length: usize, source: SocketAddr) -> Result<(), Dropped> {
        let now = self.now();
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return Ok(()) };
        let Some(leg) = &mut place.leg else {
            place.disturbed = Some(now.instant);
            return Err(Dropped::Closed);
        };
        let bytes = &self.buffer[..length];
        let packet = packet::parse(bytes).map_err(|packet::Malformed| Dropped::Malformed)?;
        let taken = leg.take(source, &packet, &bytes[packet.payload.clone()], now)?;
        let (id, hears) = (leg.id, leg.hears);
        self.count_arrival(taken.arrival);
        if let Some(key) = taken.key {
            self.stats.keys += 1;
            (self.events)(MediaEvent::Key { leg: id, key });
        }
        let Hears::Line(peer) = hears else { return Err(Dropped::NoPeer) };
        let Some(Some(place)) = self.lines.get_mut(peer as usize) else {
            return Err(Dropped::NoPeer);
        };
        let leg = place.leg.as_mut().ok_or(Dropped::NoPeer)?;
        let payload = &mut self.buffer[packet.payload.clone()];
        let (to, header) = leg.relay(taken.content, &packet.header, payload, now)?;
        // The new header goes right before the payload, over the old one.
        let start = packet.payload.start - HEADER;
        self.buffer[start..packet.payload.start].copy_from_slice(&header.to_bytes());
        send(&place.rtp, &self.buffer[start..packet.payload.end], to, &mut self.stats)?;
        self.stats.packets_relayed += 1;
        Ok(())
    }

    fn count_arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::First => {}
            Arrival::Next { lost } => self.stats.packets_lost += u64::from(lost),
            Arrival::Late => self.stats.packets_late += 1,
        }
    }

    fn count_jitter(&mut self, samples: u32) {
        self.stats.jitter_sum_micros += u64::from(samples) * 125;
        self.stats.jitter_count += 1;
    }

    fn take_rtcp(&mut self, line: u32, length: usize, source: SocketAddr) {
        self.stats.rtcp_received += 1;
        let now = self.now();
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return };
        let taken = match &mut place.leg {
            Some(leg) => leg.take_rtcp(source, &self.buffer[..length], now),
            None => {
                place.disturbed = Some(now.instant);
                Err(Dropped::Closed)
            }
        };
        if let Err(dropped) = taken {
            self.stats.dropped.count(dropped);
        }
    }

    // Packets of our own.

    /// Sends a frame of each recording when it is time.
    fn tick(&mut self) {
        let Some(due) = self.next_tick else { return };
        let now = self.now();
        if now.instant < due {
            return;
        }
        let mut index = 0;
        while let Some(line) = self.playing.get(index).copied() {
            if self.play_frame(line, now) {
                index += 1;
            } else {
                self.playing.swap_remove(index);
            }
        }
        let next = if now.instant > due + FORGIVEN { now.instant } else { due } + TICK;
        self.next_tick = (!self.playing.is_empty()).then_some(next);
    }

    /// `false` when the line plays nothing any more.
    fn play_frame(&mut self, line: u32, now: Moment) -> bool {
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return false };
        let Some(leg) = place.leg.as_mut().filter(|leg| matches!(leg.hears, Hears::Recording(_)))
        else {
            place.playing = false;
            return false;
        };
        let id = leg.id;
        let (frame, ended) = leg.play(&self.clips, now);
        if let Some(frame) = frame {
            send_frame(&place.rtp, &frame, &mut self.stats);
        }
        if ended {
            (self.events)(MediaEvent::GreetingPlayed { leg: id });
        }
        true
    }

    fn keep_alive(&mut self, line: u32) {
        let now = self.now();
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return };
        if let Some(frame) = place.leg.as_mut().and_then(|leg| leg.keep_alive(now)) {
            send_frame(&place.rtp, &frame, &mut self.stats);
        }
    }

    /// What each line needs once a second, for a tenth of them; and lines that have rested.
    fn upkeep(&mut self) {
        let Some(due) = self.next_upkeep else { return };
        let now = self.now();
        if now.instant < due {
            return;
        }
        for line in (self.share..self.lines.len()).step_by(SHARES) {
            self.keep(line as u32, now);
        }
        self.share = (self.share + 1) % SHARES;
        self.release(now.instant);
        let needed = !self.legs.is_empty() || self.quarantine.len() > 0;
        self.next_upkeep = needed.then_some(now.instant + UPKEEP);
    }

    fn keep(&mut self, line: u32, now: Moment) {
        let timeout = self.timeout;
        let Some(leg) = self.leg(line) else { return };
        let id = leg.id;
        if leg.has_gone(timeout, now) {
            self.stats.timeouts += 1;
            (self.events)(MediaEvent::Lost { leg: id });
        }
        self.keep_alive(line);
        self.report(line, now);
    }

    fn report(&mut self, line: u32, now: Moment) {
        let Some(Some(place)) = self.lines.get_mut(line as usize) else { return };
        let Some(leg) = &mut place.leg else { return };
        let mut out = [0; rtcp::LONGEST];
        let Some((to, length)) = leg.report(&mut out, ntp(), now) else { return };
        let jitter = leg.jitter();
        if place.rtcp.send_to(&out[..length], to).is_ok() {
            self.stats.rtcp_sent += 1;
        }
        if let Some(jitter) = jitter {
            self.count_jitter(jitter);
        }
    }

    /// Gives lines that have rested back to the pool.
    fn release(&mut self, now: Instant) {
        let disturbed = |lines: &[Option<Line>], line: u32| {
            lines.get(line as usize).and_then(Option::as_ref)?.disturbed
        };
        while let Some(line) = self.quarantine.leave(now, |line| disturbed(&self.lines, line)) {
            let Some(Some(place)) = self.lines.get_mut(line as usize) else { continue };
            let port = place.port;
            if !self.shared.ports.give_back(line, port) {
                self.lines[line as usize] = None;
                self.vacant.push(line);
                self.shared.ports.closed(port);
            }
        }
    }
}

fn send_frame(socket: &UdpSocket, frame: &Frame<'_>, stats: &mut MediaStats) {
    let mut bytes = [0; HEADER + FRAME];
    let (head, payload) = bytes.split_at_mut(HEADER);
    head.copy_from_slice(&frame.header.to_bytes());
    payload.copy_from_slice(frame.payload);
    if let Err(dropped) = send(socket, &bytes, frame.to, stats) {
        stats.dropped.count(dropped);
    }
}

fn send(
    socket: &UdpSocket,
    bytes: &[u8],
    to: SocketAddr,
    stats: &mut MediaStats,
) -> Result<(), Dropped> {
    socket.send_to(bytes, to).map_err(|_| Dropped::Unsent)?;
    stats.packets_sent += 1;
    stats.bytes_sent += bytes.len() as u64;
    Ok(())
}

/// The wall clock as RTCP wants it: seconds since 1900 and their fraction, 32 bits each.
fn ntp() -> u64 {
    const FROM_1900_TO_1970: u64 = 2_208_988_800;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (since.as_secs() + FROM_1900_TO_1970) << 32 | fraction
}
