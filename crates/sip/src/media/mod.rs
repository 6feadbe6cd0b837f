//! The media engine: G.711 between far ends, music, prompts and keys, on one thread of its own.
//!
//! A leg is one far end. Whoever writes SDP opens it and gets a port at once; everything else is a
//! command to the thread. Each far end hears one continuous RTP stream, whatever feeds it, and is
//! believed only from the address that was learnt first (RFC 4961).
//!
//! | where is | file |
//! |---|---|
//! | the thread: commands, packets | `worker.rs`, `traffic.rs`, `shared.rs` |
//! | what a leg believes and hears | `leg.rs`, `learn.rs`, `stream.rs` |
//! | sockets and their reuse | `ports.rs`, `lines.rs`, `quarantine.rs` |
//! | formats | `packet.rs`, `rtcp.rs`, `dtmf.rs`, `g711.rs`, `clips.rs` |
//! | measurements | `reception.rs`, `stats.rs` |

mod clips;
mod dtmf;
mod g711;
mod learn;
mod leg;
#[cfg(test)]
mod leg_tests;
mod lines;
mod packet;
mod ports;
mod quarantine;
mod reception;
mod rtcp;
mod shared;
#[cfg(test)]
mod socket_tests;
mod stats;
mod stream;
mod traffic;
mod worker;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

pub use ports::NoPorts;
use shared::Shared;
pub use stats::{DropCounts, LegMedia, MediaStats};
use worker::Command;

/// How the engine is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaConfig {
    /// The address that RTP and RTCP sockets are bound to. Far ends of the same family only.
    pub bind: IpAddr,
    /// The address for SDP, where it is not `bind` (behind a NAT, or when bound to all).
    pub advertised: Option<IpAddr>,
    /// Ports for RTP (even) and RTCP (the next); `0..=0` lets the system choose.
    pub ports: RangeInclusive<u16>,
    /// How long a far end that should send may be silent before [`MediaEvent::Lost`].
    pub timeout: Duration,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            advertised: None,
            ports: 0..=0,
            timeout: Duration::from_secs(30),
        }
    }
}

/// The laws of G.711 (ITU-T), 64 kbit/s at 8 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// A-law, RTP payload type 8.
    Pcma,
    /// µ-law, RTP payload type 0.
    Pcmu,
}

impl Codec {
    /// The static payload type (RFC 3551 §6).
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }
}

/// What SDP says of a far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// Where it listens for RTP. An unspecified address or port 0 is nowhere (hold of old).
    pub rtp: SocketAddr,
    /// Where it listens for RTCP, if not on the next port (RFC 3605).
    pub rtcp: Option<SocketAddr>,
    /// What it hears. Either law is taken from it.
    pub codec: Codec,
    /// The payload type agreed for RFC 4733 telephone-events.
    pub dtmf: Option<u8>,
    /// It sends: `sendrecv` or `sendonly` as it said. Its silence is then noticed.
    pub sends: bool,
    /// It receives: `sendrecv` or `recvonly` as it said. Nothing is sent to it otherwise.
    pub receives: bool,
}

/// What a far end hears while it is not bridged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// One packet a second, which keeps NAT bindings and the far end's time-outs alive.
    Silence,
    /// The ringing tone of Spain, for ever.
    Ringback,
    /// Music on hold, from its beginning and round.
    Music,
    /// That all agents are busy, once; then music, and [`MediaEvent::GreetingPlayed`].
    GreetingThenMusic(Language),
    /// That somebody called and had no agent free, once; then silence, and [`MediaEvent::GreetingPlayed`].
    AbandonedThenSilence(Language),
    /// A question that is answered by a key, once; then silence, and [`MediaEvent::GreetingPlayed`].
    QuestionThenSilence(Question, Language),
    /// Thanks for an answer, once; then silence, and [`MediaEvent::GreetingPlayed`].
    ThanksThenSilence(Language),
}

/// The questions among the prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// How satisfied, 1 to 5.
    Csat,
    /// Whether they would recommend us, 0 to 9.
    Nps,
    /// How much effort, 1 to 7.
    Effort,
}

impl Question {
    pub(crate) const COUNT: usize = 3;
}

/// The languages of the prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Spanish.
    Es,
    /// English.
    En,
}

/// What the engine notices. Told on its thread: whoever listens must not block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// A greeting, a message or a question came to its end; music or silence follows.
    GreetingPlayed {
        /// The leg that heard it.
        leg: u64,
    },
    /// A key was pressed (RFC 4733), told once.
    Key {
        /// The leg on which it was.
        leg: u64,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        key: char,
    },
    /// A far end that should send has sent nothing for the configured time; told once, and again
    /// only if it came back in between.
    Lost {
        /// The leg that fell silent.
        leg: u64,
    },
}

/// A handle on the engine. When the last clone goes, the thread ends and its sockets close.
#[derive(Debug, Clone)]
pub struct Media {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    commands: Sender<Command>,
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Media {
    /// Starts the thread. `events` is called on it. Fails when `bind` is not an address of this
    /// machine, or the range holds no pair of ports.
    pub fn start(
        config: MediaConfig,
        events: impl Fn(MediaEvent) + Send + 'static,
    ) -> io::Result<Self> {
        Self::start_resting(config, quarantine::REST, events)
    }

    fn start_resting(
        config: MediaConfig,
        rest: Duration,
        events: impl Fn(MediaEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let address = config.advertised.unwrap_or(config.bind);
        let (commands, shared) = worker::start(&config, rest, events)?;
        Ok(Self { handle: Arc::new(Handle { commands, shared, address }) })
    }

    /// The address for SDP.
    pub fn address(&self) -> IpAddr {
        self.handle.address
    }

    /// Opens a leg under a number of the caller's and returns its RTP port, which is even; RTCP is
    /// the next. Does not wait for the thread. A leg that is open under the number is closed.
    pub fn open(&self, leg: u64) -> Result<u16, NoPorts> {
        let (grant, port) = self.handle.shared.take_port()?;
        self.handle.send(Command::Open { leg, grant });
        Ok(port)
    }

    /// Says where the far end is; again whenever SDP changes. Nothing is sent to it before, and
    /// nothing that comes from it is believed.
    pub fn connect(&self, leg: u64, remote: Remote) {
        self.handle.send(Command::Connect { leg, remote });
    }

    /// Lets two legs hear each other, and ends what either heard; a third leg that was bridged to
    /// one of them hears silence.
    pub fn bridge(&self, a: u64, b: u64) {
        self.handle.send(Command::Bridge { a, b });
    }

    /// Lets a leg hear something from its beginning. A bridge is parted and its other side hears
    /// silence.
    pub fn play(&self, leg: u64, what: Play) {
        self.handle.send(Command::Play { leg, what });
    }

    /// Ends a leg. Its ports rest before another gets them. A number that is not open is ignored,
    /// here and above.
    pub fn close(&self, leg: u64) {
        self.handle.send(Command::Close { leg });
    }

    /// What was measured of a leg that is open, or was closed lately; `None` where it is not known.
    pub async fn measure(&self, leg: u64) -> Option<LegMedia> {
        let (to, told) = tokio::sync::oneshot::channel();
        self.handle.send(Command::Measure { leg, to });
        told.await.ok().flatten()
    }

    /// The counters, as of the thread's last round.
    pub fn stats(&self) -> MediaStats {
        self.handle.shared.stats()
    }
}

impl Handle {
    fn send(&self, command: Command) {
        // The thread ends before its last handle only when polling fails, which it logs.
        if self.commands.send(command).is_ok() {
            self.shared.wake();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.send(Command::Stop);
    }
}
