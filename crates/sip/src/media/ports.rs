//! Where legs get their sockets: pairs of ports, bound once and used by many calls in turn.
//!
//! Taking an idle pair costs a lock and a random number, so that a leg can be opened by whoever
//! writes the SDP, without asking the media thread.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::net::UdpSocket;
use rand::RngExt as _;
use socket2::{Domain, Protocol, Socket, Type};

/// Bound pairs kept for reuse. A thousand legs a second through a quarantine of two seconds turn
/// over about this many.
const MOST_IDLE: usize = 2048;
/// Ports tried before an open is refused, when others on this machine sit in the range.
const ATTEMPTS: usize = 32;
/// Receive buffer of a socket, bytes: more than a second of G.711, and a bound on what a flood
/// can pin in the kernel.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// Why no leg could be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPorts {
    /// Every pair of the configured range is in use, in quarantine, or taken by another program.
    #[error("every RTP port of the configured range is in use")]
    Range,
    /// The process may open no more files.
    #[error("no file descriptors are left for RTP sockets")]
    Descriptors,
    /// The address could not be bound.
    #[error("RTP sockets cannot be bound: {0}")]
    Bind(io::ErrorKind),
}

/// Two sockets on neighbouring ports.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) port: u16,
}

/// What a leg is opened on.
#[derive(Debug)]
pub(crate) enum Grant {
    /// A pair that the media thread does not know yet.
    New(Pair),
    /// A line of the media thread that rests.
    Idle(u32),
}

/// The pool, shared between those who open legs and the media thread, which gives pairs back.
#[derive(Debug)]
pub(crate) struct Ports {
    bind: IpAddr,
    pool: Mutex<Pool>,
}

#[derive(Debug)]
struct Pool {
    /// Even ports of the range that nobody has bound; `None` where the system chooses.
    unbound: Option<Vec<u16>>,
    idle: Vec<Idle>,
}

#[derive(Debug, Clone, Copy)]
struct Idle {
    line: u32,
    port: u16,
}

impl Ports {
    /// `range` 0..=0 lets the system choose. An address that is not this machine's and a range
    /// without a pair are refused here, rather than at the first call.
    pub(crate) fn new(bind: IpAddr, range: &RangeInclusive<u16>) -> io::Result<Self> {
        drop(bind_one(bind, 0)?);
        let even = |port: &u16| port.is_multiple_of(2) && *port != 0 && port < range.end();
        let unbound: Option<Vec<u16>> =
            (*range != (0..=0)).then(|| range.clone().filter(even).collect());
        if unbound.as_ref().is_some_and(Vec::is_empty) {
            let error = "the range of RTP ports holds no even port with its neighbour";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
        }
        Ok(Self { bind, pool: Mutex::new(Pool { unbound, idle: Vec::new() }) })
    }

    /// A pair whose port nobody can foresee, and the port.
    pub(crate) fn take(&self) -> Result<(Grant, u16), NoPorts> {
        let mut pool = self.pool();
        if let Some(Idle { line, port }) = draw(&mut pool.idle) {
            return Ok((Grant::Idle(line), port));
        }
        let pair = match &mut pool.unbound {
            Some(unbound) => bind_from(self.bind, unbound)?,
            None => {
                drop(pool);
                bind_anywhere(self.bind)?
            }
        };
        let port = pair.port;
        Ok((Grant::New(pair), port))
    }

    /// Takes a rested line back; `false` when enough are kept and its sockets are to be closed,
    /// which [`Ports::closed`] then tells.
    pub(crate) fn give_back(&self, line: u32, port: u16) -> bool {
        let mut pool = self.pool();
        let kept = pool.idle.len() < MOST_IDLE;
        if kept {
            pool.idle.push(Idle { line, port });
        }
        kept
    }

    /// The sockets on `port` are closed: it may be bound again.
    pub(crate) fn closed(&self, port: u16) {
        if let Some(unbound) = &mut self.pool().unbound {
            unbound.push(port);
        }
    }

    pub(crate) fn idle(&self) -> usize {
        self.pool().idle.len()
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // Nothing is left half done under this lock.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn draw<T>(from: &mut Vec<T>) -> Option<T> {
    if from.is_empty() {
        return None;
    }
    let index = rand::rng().random_range(0..from.len());
    Some(from.swap_remove(index))
}

fn bind_from(ip: IpAddr, unbound: &mut Vec<u16>) -> Result<Pair, NoPorts> {
    let mut taken = Vec::new();
    let mut bound = Err(NoPorts::Range);
    for _ in 0..ATTEMPTS {
        let Some(port) = draw(unbound) else { break };
        match bind_pair(ip, port) {
            Ok(pair) => {
                bound = Ok(pair);
                break;
            }
            Err(error) => {
                taken.push(port);
                if error.kind() != io::ErrorKind::AddrInUse {
                    bound = Err(no_ports(&error));
                    break;
                }
            }
        }
    }
    unbound.append(&mut taken);
    bound
}

fn bind_anywhere(ip: IpAddr) -> Result<Pair, NoPorts> {
    let mut last = NoPorts::Range;
    for _ in 0..ATTEMPTS {
        match bind_neighbours(ip) {
            Ok(pair) => return Ok(pair),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => {
                last = no_ports(&error);
                break;
            }
        }
    }
    Err(last)
}

/// The system draws one port; its neighbour makes the pair, RTP on the even one.
fn bind_neighbours(ip: IpAddr) -> io::Result<Pair> {
    let drawn = bind_one(ip, 0)?;
    let port = drawn.local_addr()?.port();
    let neighbour = bind_one(ip, port ^ 1)?;
    let (rtp, rtcp) = if port.is_multiple_of(2) { (drawn, neighbour) } else { (neighbour, drawn) };
    Ok(Pair { rtp, rtcp, port: port & !1 })
}

fn bind_pair(ip: IpAddr, port: u16) -> io::Result<Pair> {
    Ok(Pair { rtp: bind_one(ip, port)?, rtcp: bind_one(ip, port + 1)?, port })
}

fn bind_one(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}

fn no_ports(error: &io::Error) -> NoPorts {
    // EMFILE and ENFILE have no kind of their own; 24 and 23 are theirs on every Unix.
    match error.raw_os_error() {
        Some(23 | 24) => NoPorts::Descriptors,
        _ => NoPorts::Bind(error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const LOCALHOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn pairs_are_even_and_next_to_each_other() {
        for range in [0..=0, 28_001..=28_101] {
            let (Grant::New(pair), port) = Ports::new(LOCALHOST, &range).unwrap().take().unwrap()
            else {
                panic!("nothing was given back")
            };
            assert!(port.is_multiple_of(2));
            assert_eq!(pair.rtp.local_addr().unwrap().port(), port);
            assert_eq!(pair.rtcp.local_addr().unwrap().port(), port + 1);
        }
    }

    #[test]
    fn a_range_is_used_to_its_end_in_no_order() {
        let ports = Ports::new(LOCALHOST, &(28_200..=28_299)).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| ports.take().ok()).collect();
        let numbers: Vec<_> = taken.iter().map(|(_, port)| *port).collect();
        // Another program may sit on a few of them.
        assert!((40..=50).contains(&numbers.len()), "{}", numbers.len());
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
        assert!(!numbers.is_sorted() && !numbers.iter().rev().is_sorted());
        assert_eq!(ports.take().unwrap_err(), NoPorts::Range);

        drop(taken);
        ports.closed(numbers[0]);
        assert_eq!(ports.take().unwrap().1, numbers[0], "closed sockets free their port");
    }

    #[test]
    fn what_is_given_back_is_taken_first_and_not_without_end() {
        let ports = Ports::new(LOCALHOST, &(0..=0)).unwrap();
        assert!(ports.give_back(7, 34_000));
        assert!(matches!(ports.take(), Ok((Grant::Idle(7), 34_000))));
        assert!(matches!(ports.take(), Ok((Grant::New(_), _))));
        let kept = (0..5000).filter(|line| ports.give_back(*line, 34_000)).count();
        assert_eq!(kept, MOST_IDLE);
    }

    #[test]
    fn what_can_never_work_is_refused_at_the_start() {
        let nowhere = IpAddr::from([192, 0, 2, 1]);
        let refusals =
            [(nowhere, 0..=0), (LOCALHOST, 28_001..=28_002), (LOCALHOST, 28_002..=28_002)];
        for (bind, range) in refusals {
            assert!(Ports::new(bind, &range).is_err(), "{bind} {range:?}");
        }
    }
}
