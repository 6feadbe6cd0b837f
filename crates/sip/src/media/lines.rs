//! The sockets of the media thread: a line is a pair of them, which legs use in turn.

use std::io;
use std::time::Instant;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};

use super::leg::Leg;
use super::ports::{Pair, Ports};
use super::quarantine::Quarantine;

/// More datagrams than a receive buffer holds; what is left after so many is a flood under way.
const DRAIN: usize = 1024;

/// A pair of sockets, and the leg that has them now.
pub(crate) struct Line {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) leg: Option<Leg>,
    /// When a packet last came while nobody had the line.
    pub(crate) disturbed: Option<Instant>,
    /// It is on the list of those that get a frame each tick.
    pub(crate) playing: bool,
    port: u16,
}

/// Every line by its number, in use or at rest. Numbers are used again.
pub(crate) struct Lines {
    places: Vec<Option<Line>>,
    /// Places whose sockets were closed.
    vacant: Vec<u32>,
    quarantine: Quarantine,
}

/// One of a line's two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Rtp(u32),
    Rtcp(u32),
}

impl Port {
    fn token(self) -> Token {
        match self {
            Self::Rtp(line) => Token(line as usize * 2),
            Self::Rtcp(line) => Token(line as usize * 2 + 1),
        }
    }

    pub(crate) fn of(token: Token) -> Self {
        let line = (token.0 / 2) as u32;
        if token.0.is_multiple_of(2) { Self::Rtp(line) } else { Self::Rtcp(line) }
    }
}

impl Lines {
    pub(crate) fn new(quarantine: Quarantine) -> Self {
        Self { places: Vec::new(), vacant: Vec::new(), quarantine }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn resting(&self) -> usize {
        self.quarantine.len()
    }

    pub(crate) fn get(&mut self, line: u32) -> Option<&mut Line> {
        self.places.get_mut(line as usize)?.as_mut()
    }

    pub(crate) fn leg(&mut self, line: u32) -> Option<&mut Leg> {
        self.get(line)?.leg.as_mut()
    }

    /// Gives a new pair a number and has its sockets watched.
    pub(crate) fn adopt(&mut self, mut pair: Pair, registry: &Registry) -> io::Result<u32> {
        let line = self.vacant.last().copied().unwrap_or(self.places.len() as u32);
        registry.register(&mut pair.rtp, Port::Rtp(line).token(), Interest::READABLE)?;
        registry.register(&mut pair.rtcp, Port::Rtcp(line).token(), Interest::READABLE)?;
        let Pair { rtp, rtcp, port } = pair;
        let place = Some(Line { rtp, rtcp, port, leg: None, disturbed: None, playing: false });
        match self.vacant.pop().and_then(|line| self.places.get_mut(line as usize)) {
            Some(vacant) => *vacant = place,
            None => self.places.push(place),
        }
        Ok(line)
    }

    /// The leg has gone: the line rests.
    pub(crate) fn rest(&mut self, line: u32, now: Instant) {
        self.quarantine.enter(line, now);
    }

    /// Gives lines that have rested to the pool, or closes them when it has enough.
    pub(crate) fn release(&mut self, now: Instant, ports: &Ports) {
        let Self { places, vacant, quarantine } = self;
        let disturbed = |places: &[Option<Line>], line: u32| {
            places.get(line as usize).and_then(Option::as_ref)?.disturbed
        };
        while let Some(line) = quarantine.leave(now, |line| disturbed(places, line)) {
            let Some(place) = places.get_mut(line as usize) else { continue };
            let Some(port) = place.as_ref().map(|line| line.port) else { continue };
            if !ports.give_back(line, port) {
                *place = None;
                vacant.push(line);
                ports.closed(port);
            }
        }
    }
}

impl Line {
    /// Throws away what came since the sockets were last read; returns how many datagrams.
    pub(crate) fn drain(&self, buffer: &mut [u8]) -> u64 {
        let mut drained = 0;
        for socket in [&self.rtp, &self.rtcp] {
            for _ in 0..DRAIN {
                match socket.recv_from(buffer) {
                    Ok(_) => drained += 1,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => {}
                }
            }
        }
        drained
    }
}
