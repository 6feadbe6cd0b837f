//! RTP: one stream out, one stream in (RFC 3550).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::clock;
use crate::tone::{self, FRAME};

/// Packets that are remembered: a minute's worth.
const HEARD_MAX: usize = 3_000;

/// A packet that came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When.
    pub at: Instant,
    /// Its sequence number.
    pub sequence: u16,
    /// Its source.
    pub ssrc: u32,
    /// Its payload, decoded from A-law.
    pub samples: Vec<i16>,
}

/// A far end of voice: speaks a tone, and keeps what it hears. Falls silent when dropped.
pub struct Voice {
    /// Where it listens.
    pub at: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    socket: UdpSocket,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    to: Option<SocketAddr>,
    says: Option<u32>,
    /// Of so many packets one is lost; 0: none.
    loses: usize,
    /// The key that is pressed next, and for how long it was down: packets.
    key: Option<(u8, u16)>,
    heard: VecDeque<Heard>,
}

impl Voice {
    /// Listens on any port of `ip`.
    ///
    /// # Errors
    ///
    /// Where no socket can be had.
    pub async fn open(ip: IpAddr) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0)).await?;
        let at = socket.local_addr()?;
        let shared = Arc::new(Shared { socket, state: Mutex::default() });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(shared.clone()));
        tasks.spawn(speak(shared.clone(), u32::from(at.port())));
        Ok(Self { at, shared, _tasks: tasks })
    }

    /// Says where the far end listens.
    pub fn connect(&self, to: SocketAddr) {
        self.shared.state().to = Some(to);
    }

    /// Speaks a tone, a multiple of 50 Hz, from now on; `None`: says nothing at all.
    pub fn say(&self, hertz: Option<u32>) {
        self.shared.state().says = hertz;
    }

    /// From now on, of so many packets one is lost on its way; 0: none.
    pub fn lose(&self, one_in: usize) {
        self.shared.state().loses = one_in;
    }

    /// Presses a key for a tenth of a second: 0 to 9, 10 for `*`, 11 for `#` (RFC 4733 §3.2).
    pub fn press(&self, key: u8) {
        self.shared.state().key = Some((key, 0));
    }

    /// What was heard since `from`, in the order in which it came.
    pub fn heard_since(&self, from: Instant) -> Vec<Heard> {
        let state = self.shared.state();
        state.heard.iter().filter(|it| it.at >= from).cloned().collect()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(shared: Arc<Shared>) {
    let mut buffer = [0; 2048];
    loop {
        // An ICMP error of a far end that is gone shows here and means nothing.
        let Ok((length, _)) = shared.socket.recv_from(&mut buffer).await else { continue };
        let packet = &buffer[..length];
        if length < 12 || packet[1] & 0x7f != 8 {
            continue;
        }
        let heard = Heard {
            at: clock::now(),
            sequence: u16::from_be_bytes([packet[2], packet[3]]),
            ssrc: u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]),
            samples: tone::samples(&packet[12..]),
        };
        let mut state = shared.state();
        if state.heard.len() == HEARD_MAX {
            state.heard.pop_front();
        }
        state.heard.push_back(heard);
    }
}

async fn speak(shared: Arc<Shared>, ssrc: u32) {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let mut frame = 0_usize;
    loop {
        ticks.tick().await;
        let (to, says, loses, key) = {
            let mut state = shared.state();
            (state.to, state.says, state.loses, state.next_of_key())
        };
        frame += 1;
        if loses > 0 && frame.is_multiple_of(loses) {
            continue;
        }
        if let (Some(to), Some((key, down))) = (to, key) {
            let _ = shared.socket.send_to(&event(ssrc, (key, down), frame), to).await;
            continue;
        }
        if let (Some(to), Some(hertz)) = (to, says) {
            // What cannot be sent is lost, as on any network.
            let _ = shared.socket.send_to(&packet(ssrc, hertz, frame), to).await;
        }
    }
}

/// Packets of a key that is down, and of its end, which is sent three times (RFC 4733 §2.5.1.4).
const DOWN: u16 = 5;
const ENDS: u16 = 3;
/// The payload type that our SDP offers for telephone events.
const EVENTS: u8 = 101;

impl State {
    fn next_of_key(&mut self) -> Option<(u8, u16)> {
        let (key, down) = self.key?;
        self.key = (down + 1 < DOWN + ENDS).then_some((key, down + 1));
        Some((key, down))
    }
}

/// A telephone event (RFC 4733 §2.3). All its packets have the timestamp of its beginning.
fn event(ssrc: u32, (key, down): (u8, u16), frame: usize) -> Vec<u8> {
    let began = frame.saturating_sub(usize::from(down));
    let over = down >= DOWN;
    let lasted = (down.min(DOWN) + 1).saturating_mul(FRAME as u16);
    let mut packet = vec![0x80, if down == 0 { 0x80 | EVENTS } else { EVENTS }];
    packet.extend((frame as u16).to_be_bytes());
    packet.extend(((began * FRAME) as u32).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend([key, if over { 0x80 | 10 } else { 10 }]);
    packet.extend(lasted.to_be_bytes());
    packet
}

fn packet(ssrc: u32, hertz: u32, frame: usize) -> Vec<u8> {
    let timestamp = (frame * FRAME) as u32;
    let mut packet = vec![0x80, 8];
    packet.extend((frame as u16).to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(tone::alaw_frame(hertz, frame));
    packet
}
