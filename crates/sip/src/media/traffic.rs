//! The packets of the media thread: those that come, those that go on, and those of our own.
//!
//! Every leg has its own sockets, so there is mostly one packet to read from each at a time, and
//! `recvmmsg` or `sendmmsg` would carry one message each: plain calls are as fast.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::net::UdpSocket;

use super::clips::FRAME;
use super::leg::{Frame, Hears, Moment};
use super::lines::Port;
use super::packet::{self, HEADER};
use super::stats::{Dropped, MediaStats};
use super::worker::Worker;
use super::{MediaEvent, rtcp};

/// Length of a packet of ours.
const TICK: Duration = Duration::from_millis(20);
/// A thread that was kept from running for longer does not make up for it.
const FORGIVEN: Duration = Duration::from_millis(100);
/// Upkeep goes round all the lines once a second, a share of them at a time, so that reports and
/// keep-alives do not go out in one burst.
pub(super) const UPKEEP: Duration = Duration::from_millis(100);
const SHARES: usize = 10;
/// Datagrams read from one socket before the others have their turn.
const TURN: usize = 32;

impl<E: Fn(MediaEvent)> Worker<E> {
    /// Reads a socket until it is empty, as it is not announced again before, or until its turn is
    /// over.
    pub(super) fn read(&mut self, port: Port) {
        for _ in 0..TURN {
            let received = match port {
                Port::Rtp(line) => {
                    let Some(place) = self.lines.get(line) else { return };
                    let received = place.rtp.recv_from(&mut self.buffer);
                    received.map(|(length, source)| self.take(line, length, source))
                }
                Port::Rtcp(line) => {
                    let Some(place) = self.lines.get(line) else { return };
                    let received = place.rtcp.recv_from(&mut self.buffer);
                    received.map(|(length, source)| self.take_rtcp(line, length, source))
                }
            };
            // Another error is that of an earlier send: what is behind it can still be read.
            if received.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                return;
            }
        }
        self.unread.push(port);
    }

    fn take(&mut self, line: u32, length: usize, source: SocketAddr) {
        self.stats.packets_received += 1;
        self.stats.bytes_received += length as u64;
        let now = self.now();
        if let Err(dropped) = self.relay(line, length, source, now) {
            self.stats.dropped.count(dropped);
        }
    }

    fn relay(
        &mut self,
        line: u32,
        length: usize,
        source: SocketAddr,
        now: Moment,
    ) -> Result<(), Dropped> {
        let place = self.lines.get(line).ok_or(Dropped::Closed)?;
        let Some(leg) = &mut place.leg else {
            place.disturbed = Some(now.instant);
            return Err(Dropped::Closed);
        };
        let bytes = self.buffer.get(..length).ok_or(Dropped::Malformed)?;
        let packet = packet::parse(bytes).map_err(|packet::Malformed| Dropped::Malformed)?;
        let taken = leg.take(source, &packet, &bytes[packet.payload.clone()], now)?;
        self.stats.count_arrival(taken.arrival);
        if let Some(key) = taken.key {
            self.stats.keys += 1;
            (self.events)(MediaEvent::Key { leg: leg.id, key });
        }
        let Hears::Line(peer) = leg.hears else { return Err(Dropped::NoPeer) };
        let place = self.lines.get(peer).ok_or(Dropped::NoPeer)?;
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

    fn take_rtcp(&mut self, line: u32, length: usize, source: SocketAddr) {
        self.stats.rtcp_received += 1;
        let now = self.now();
        let Some(place) = self.lines.get(line) else { return };
        let bytes = self.buffer.get(..length).unwrap_or_default();
        let taken = match &mut place.leg {
            Some(leg) => leg.take_rtcp(source, bytes, now),
            None => {
                place.disturbed = Some(now.instant);
                Err(Dropped::Closed)
            }
        };
        if let Err(dropped) = taken {
            self.stats.dropped.count(dropped);
        }
    }

    /// Sends a frame of each recording when it is time.
    pub(super) fn tick(&mut self) {
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
        self.next_tick = (!self.playing.is_empty()).then(|| next_tick(due, now.instant));
    }

    /// `false` when the line plays nothing any more.
    fn play_frame(&mut self, line: u32, now: Moment) -> bool {
        let Some(place) = self.lines.get(line) else { return false };
        let plays = |leg: &&mut super::leg::Leg| matches!(leg.hears, Hears::Recording(_));
        let Some(leg) = place.leg.as_mut().filter(plays) else {
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

    /// Sends a frame of silence, if that is what the line hears.
    pub(super) fn keep_alive(&mut self, line: u32) {
        let now = self.now();
        let Some(place) = self.lines.get(line) else { return };
        if let Some(frame) = place.leg.as_mut().and_then(|leg| leg.keep_alive(now)) {
            send_frame(&place.rtp, &frame, &mut self.stats);
        }
    }

    /// What each line needs once a second, for one share of them.
    pub(super) fn keep_share(&mut self, now: Moment) {
        for line in (self.share..self.lines.len()).step_by(SHARES) {
            self.keep(line as u32, now);
        }
        self.share = (self.share + 1) % SHARES;
    }

    fn keep(&mut self, line: u32, now: Moment) {
        let timeout = self.timeout;
        let Some(leg) = self.lines.leg(line) else { return };
        if leg.has_gone(timeout, now) {
            self.stats.timeouts += 1;
            (self.events)(MediaEvent::Lost { leg: leg.id });
        }
        self.keep_alive(line);
        self.report(line, now);
    }

    fn report(&mut self, line: u32, now: Moment) {
        let Some(place) = self.lines.get(line) else { return };
        let Some(leg) = &mut place.leg else { return };
        let mut out = [0; rtcp::LONGEST];
        let Some((to, length)) = leg.report(&mut out, ntp(), now) else { return };
        if let Some(jitter) = leg.jitter() {
            self.stats.read_jitter(jitter);
        }
        if place.rtcp.send_to(&out[..length], to).is_ok() {
            self.stats.rtcp_sent += 1;
        }
    }
}

fn next_tick(due: Instant, now: Instant) -> Instant {
    let late = now.saturating_duration_since(due);
    if late > FORGIVEN { now + TICK } else { due + TICK }
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
