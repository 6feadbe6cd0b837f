//! Whose packets are believed: symmetric RTP, learnt once and then locked.
//!
//! SDP says where a far end listens; behind a NAT its packets come from elsewhere, and the answer
//! has to go there (RFC 4961). Believing any source at any time would let a stranger who hits the
//! port hear the call ("RTP bleed"). So a source is learnt from the first packets and then holds
//! until signalling names another address.

use std::net::SocketAddr;

use super::packet::Header;

/// Packets in unbroken sequence before a source other than SDP's is believed: a stray or a
/// sprayed packet does not take a call, and 60 ms of voice are lost to this once.
const PROBATION: u16 = 3;
/// The same for the source that was left by a re-INVITE: its packets are still under way, and
/// locking onto them would cut the new path. A second of them says that it never moved.
const PROBATION_OF_THE_LEFT: u16 = 50;

/// The source that is believed, and the address to which we send.
#[derive(Debug)]
pub(crate) struct SourceLock {
    announced: SocketAddr,
    state: State,
    left: Option<SocketAddr>,
}

#[derive(Debug)]
enum State {
    Learning(Option<Candidate>),
    Locked(SocketAddr),
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    source: SocketAddr,
    ssrc: u32,
    next: u16,
    streak: u16,
}

impl SourceLock {
    /// `announced` is the address in the far end's SDP.
    pub(crate) fn new(announced: SocketAddr) -> Self {
        Self { announced, state: State::Learning(None), left: None }
    }

    /// Signalling named an address again. The same one changes nothing; another one unlocks.
    pub(crate) fn announce(&mut self, announced: SocketAddr) {
        if announced == self.announced {
            return;
        }
        self.announced = announced;
        if let State::Locked(source) = self.state {
            self.left = Some(source);
        }
        self.state = State::Learning(None);
    }

    /// Where packets for the far end go.
    pub(crate) fn destination(&self) -> SocketAddr {
        match self.state {
            State::Locked(source) => source,
            State::Learning(_) => self.announced,
        }
    }

    /// The source that has been learnt.
    pub(crate) fn locked(&self) -> Option<SocketAddr> {
        match self.state {
            State::Locked(source) => Some(source),
            State::Learning(_) => None,
        }
    }

    /// Whether a valid packet from `source` is taken.
    pub(crate) fn accept(&mut self, source: SocketAddr, header: &Header) -> bool {
        match self.state {
            State::Locked(locked) => locked == source,
            State::Learning(_) if source == self.announced => self.lock(source),
            State::Learning(candidate) => self.probe(candidate, source, header),
        }
    }

    fn lock(&mut self, source: SocketAddr) -> bool {
        self.state = State::Locked(source);
        self.left = None;
        true
    }

    fn probe(&mut self, last: Option<Candidate>, source: SocketAddr, header: &Header) -> bool {
        let follows = |last: &Candidate| {
            last.source == source && last.ssrc == header.ssrc && last.next == header.sequence
        };
        let streak = last.filter(follows).map_or(1, |last| last.streak + 1);
        let needed = if self.left == Some(source) { PROBATION_OF_THE_LEFT } else { PROBATION };
        if streak >= needed {
            return self.lock(source);
        }
        let next = header.sequence.wrapping_add(1);
        self.state = State::Learning(Some(Candidate { source, ssrc: header.ssrc, next, streak }));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    const SDP: u16 = 4000;
    const NAT: u16 = 5000;
    const STRANGER: u16 = 6000;

    fn offer(lock: &mut SourceLock, port: u16, sequence: u16) -> bool {
        let header = Header {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp: 0,
            ssrc: u32::from(port),
        };
        lock.accept(address(port), &header)
    }

    fn offers(lock: &mut SourceLock, port: u16, sequences: std::ops::Range<u16>) -> Vec<bool> {
        sequences.map(|sequence| offer(lock, port, sequence)).collect()
    }

    #[test]
    fn the_announced_source_is_believed_at_once_and_then_alone() {
        let mut lock = SourceLock::new(address(SDP));
        assert!(offer(&mut lock, SDP, 1));
        assert_eq!(offers(&mut lock, STRANGER, 0..100), [false; 100]);
        assert!(offer(&mut lock, SDP, 9));
    }

    #[test]
    fn another_source_is_believed_after_an_unbroken_run() {
        let mut lock = SourceLock::new(address(SDP));
        assert_eq!(offers(&mut lock, NAT, 7..9), [false, false]);
        assert_eq!(lock.destination(), address(SDP), "nothing is sent there before");
        assert!(offer(&mut lock, NAT, 9));
        assert_eq!(lock.destination(), address(NAT));
        assert!(!offer(&mut lock, SDP, 1), "locked is locked");
    }

    #[test]
    fn sprayed_packets_do_not_make_a_run() {
        let mut lock = SourceLock::new(address(SDP));
        for sequence in [1, 2, 2, 3, 5, 6, 8] {
            assert!(!offer(&mut lock, STRANGER, sequence));
        }
        for sequence in 0..50 {
            assert!(!offer(&mut lock, STRANGER, sequence));
            assert!(!offer(&mut lock, STRANGER + 1, sequence));
        }
    }

    #[test]
    fn a_new_address_unlocks_and_the_old_path_needs_a_long_run() {
        let mut lock = SourceLock::new(address(SDP));
        offer(&mut lock, SDP, 1);
        lock.announce(address(SDP));
        assert_eq!(lock.locked(), Some(address(SDP)), "the same address changes nothing");
        lock.announce(address(SDP + 2));
        assert_eq!(lock.destination(), address(SDP + 2));
        assert_eq!(offers(&mut lock, SDP, 2..12), [false; 10], "still under way");
        assert!(offer(&mut lock, SDP + 2, 500));

        lock.announce(address(SDP));
        let run = offers(&mut lock, SDP + 2, 501..551);
        assert_eq!(run.iter().position(|taken| *taken), Some(49));
    }
}
