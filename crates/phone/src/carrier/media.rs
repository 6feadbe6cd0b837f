//! The voices of a carrier: a few sockets for all the calls, told apart by where the far end sends from.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

use super::Told;
use super::fate::Key;
use crate::clock;
use crate::tone::{self, FRAME};

/// Sockets: the more, the longer the pauses of this program that lose no packet.
const SOCKETS: usize = 16;
/// Loudness above which something is heard: a fifth of what our tones have.
const LOUD: f64 = 1_000.;
/// What a packet's energy must be an agent's tone for that it counts.
const SHARE: f64 = 0.8;

/// Whose voice: a Call-ID.
pub(super) type Ear = Arc<str>;

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    Agent,
    Other,
}

/// What a voice shall do.
#[derive(Debug)]
pub(super) enum Order {
    /// Say this from now on, and count and listen to what comes where `packets` is given.
    Speak {
        ear: Ear,
        socket: usize,
        to: SocketAddr,
        says: Vec<(Duration, Option<u32>)>,
        packets: Option<Arc<AtomicU64>>,
    },
    /// Press a key, as telephone events of this payload type (RFC 4733).
    Press { ear: Ear, key: Key, kind: u8 },
    /// Speak to another address.
    Turn { ear: Ear, to: SocketAddr },
    /// Fall silent.
    Hush { ear: Ear },
}

/// All the voices.
pub(super) struct Voices {
    sockets: Vec<UdpSocket>,
    state: Mutex<State>,
    agents: Vec<u32>,
    tell: UnboundedSender<Told>,
}

#[derive(Default)]
struct State {
    talkers: HashMap<Ear, Talker>,
    from: HashMap<(usize, SocketAddr), Ear>,
    tones: HashMap<u32, [u8; FRAME]>,
}

struct Talker {
    socket: usize,
    to: SocketAddr,
    says: Vec<(Duration, Option<u32>)>,
    began: Instant,
    sequence: u16,
    ssrc: u32,
    pressed: Option<Pressed>,
    listens: Option<Listening>,
}

struct Listening {
    packets: Arc<AtomicU64>,
    other_heard: bool,
    agent_heard: bool,
}

struct Pressed {
    key: Key,
    kind: u8,
    timestamp: u32,
    sent: u8,
}

/// A key is down for so many packets; the last one is sent three times (RFC 4733 §2.5.1.4).
const KEY_PACKETS: u8 = 5;

impl Voices {
    /// Opens sockets. An agent is known by its tones; without any, whatever is loud is an agent.
    pub(super) async fn open(
        ip: IpAddr,
        agents: Vec<u32>,
        tell: UnboundedSender<Told>,
    ) -> io::Result<Self> {
        let mut sockets = Vec::new();
        for _ in 0..SOCKETS {
            sockets.push(UdpSocket::bind((ip, 0)).await?);
        }
        Ok(Self { sockets, state: Mutex::default(), agents, tell })
    }

    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.sockets.iter().map(UdpSocket::local_addr).collect()
    }

    pub(super) fn start(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        for socket in 0..self.sockets.len() {
            tasks.spawn(self.clone().listen(socket));
        }
        tasks.spawn(self.clone().speak());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn obey(&self, order: Order) {
        let mut state = self.state();
        match order {
            Order::Speak { ear, socket, to, says, packets } => {
                let began = clock::now();
                let listens = packets.map(|packets| Listening {
                    packets,
                    other_heard: false,
                    agent_heard: false,
                });
                state.from.insert((socket, to), ear.clone());
                let talker = state.talkers.entry(ear).or_insert_with(|| Talker::new(socket, to));
                (talker.says, talker.began, talker.listens) = (says, began, listens);
            }
            Order::Press { ear, key, kind } => {
                if let Some(talker) = state.talkers.get_mut(&ear) {
                    let timestamp = talker.timestamp();
                    talker.pressed = Some(Pressed { key, kind, timestamp, sent: 0 });
                }
            }
            Order::Turn { ear, to } => {
                let state = &mut *state;
                if let Some(talker) = state.talkers.get_mut(&ear) {
                    state.from.remove(&(talker.socket, talker.to));
                    talker.to = to;
                    state.from.insert((talker.socket, to), ear);
                }
            }
            Order::Hush { ear } => {
                if let Some(talker) = state.talkers.remove(&ear) {
                    state.from.remove(&(talker.socket, talker.to));
                }
            }
        }
    }

    async fn speak(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let mut packets = Vec::new();
        loop {
            ticks.tick().await;
            self.state().packets(clock::now(), &mut packets);
            for (socket, to, packet) in packets.drain(..) {
                // What cannot be sent is lost, as on any network.
                let _ = self.sockets[socket].try_send_to(&packet, to);
            }
        }
    }

    async fn listen(self: Arc<Self>, socket: usize) {
        let mut buffer = [0; 2048];
        loop {
            // An ICMP error of a far end that is gone shows here and means nothing.
            let Ok((length, from)) = self.sockets[socket].recv_from(&mut buffer).await else {
                continue;
            };
            let packet = &buffer[..length];
            if length > 12 && packet[1] & 0x7f == 8 {
                self.hear(socket, from, &packet[12..]);
            }
        }
    }

    fn hear(&self, socket: usize, from: SocketAddr, payload: &[u8]) {
        let mut state = self.state();
        let Some(ear) = state.from.get(&(socket, from)).cloned() else { return };
        let talker = state.talkers.get_mut(&ear);
        let Some(listening) = talker.and_then(|it| it.listens.as_mut()) else { return };
        listening.packets.fetch_add(1, Ordering::Relaxed);
        if listening.agent_heard {
            return;
        }
        let Some(sound) = self.sound(payload) else { return };
        let heard = match sound {
            Sound::Agent => &mut listening.agent_heard,
            Sound::Other => &mut listening.other_heard,
        };
        if !std::mem::replace(heard, true) {
            // A carrier that is being dropped hears nothing any more.
            let _ = self.tell.send(Told::Heard(ear, clock::now(), sound));
        }
    }

    fn sound(&self, payload: &[u8]) -> Option<Sound> {
        let samples = tone::samples(payload);
        if tone::loudness(&samples) < LOUD {
            return None;
        }
        let agent = self.agents.is_empty()
            || self.agents.iter().any(|&it| tone::share(&samples, it) > SHARE);
        Some(if agent { Sound::Agent } else { Sound::Other })
    }
}

impl State {
    fn packets(&mut self, now: Instant, out: &mut Vec<(usize, SocketAddr, Vec<u8>)>) {
        let Self { talkers, tones, .. } = self;
        for talker in talkers.values_mut() {
            if let Some(packet) = talker.packet(now, tones) {
                out.push((talker.socket, talker.to, packet));
            }
        }
    }
}

impl Talker {
    fn new(socket: usize, to: SocketAddr) -> Self {
        Self {
            socket,
            to,
            says: Vec::new(),
            began: clock::now(),
            sequence: 0,
            ssrc: u32::from(to.port()) << 8 | socket as u32,
            pressed: None,
            listens: None,
        }
    }

    fn timestamp(&self) -> u32 {
        u32::from(self.sequence) * FRAME as u32
    }

    /// What it says at a moment; the last part of what it has to say lasts for good.
    fn says(&self, now: Instant) -> Option<u32> {
        let mut left = now.saturating_duration_since(self.began);
        for (span, tone) in &self.says {
            match left.checked_sub(*span) {
                Some(rest) => left = rest,
                None => return *tone,
            }
        }
        self.says.last().and_then(|(_, tone)| *tone)
    }

    fn packet(&mut self, now: Instant, tones: &mut HashMap<u32, [u8; FRAME]>) -> Option<Vec<u8>> {
        self.sequence = self.sequence.wrapping_add(1);
        if let Some(pressed) = &mut self.pressed {
            let (head, timestamp) = (pressed.head(), pressed.timestamp);
            let event = pressed.event();
            if pressed.sent == KEY_PACKETS + 3 {
                self.pressed = None;
            }
            return Some(self.rtp(head, timestamp, &event));
        }
        let hertz = self.says(now)?;
        let payload = tones.entry(hertz).or_insert_with(|| tone::alaw_frame(hertz, 0));
        Some(self.rtp(8, self.timestamp(), payload))
    }

    fn rtp(&self, head: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, head];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(payload);
        packet
    }
}

impl Pressed {
    /// The payload type, with the marker on the first packet.
    fn head(&self) -> u8 {
        self.kind | if self.sent == 0 { 0x80 } else { 0 }
    }

    /// The next packet's payload (RFC 4733 §2.3).
    fn event(&mut self) -> [u8; 4] {
        self.sent += 1;
        let length = u16::from(self.sent.min(KEY_PACKETS)) * FRAME as u16;
        let end = if self.sent > KEY_PACKETS { 0x80 } else { 0 };
        let [high, low] = length.to_be_bytes();
        [self.key.0, end | 10, high, low]
    }
}
