//! A carrier: the far side of a trunk over which calls go out.
//!
//! It answers, is busy, lets ring, declines and breaks as a seeded [`Population`] has it, hears when an agent's voice comes,
//! and writes a line of JSON for each thing that happens to a call. That log is what a dialer is judged by: it knows
//! nothing of attempts but what came over the wire.
//!
//! | where is | file |
//! |---|---|
//! | what becomes of one call, and how that is drawn | `fate`, `population` |
//! | the signalling of one call, and of all of them: no socket, no clock | `line`, `exchange` |
//! | voices | `media` |
//! | the log, and how to read it | `journal` |

mod exchange;
pub mod fate;
pub mod journal;
mod line;
mod media;
mod population;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use fate::{Fate, Kind};
pub use journal::{Entry, Event};
pub use population::{Habits, Population, Shares};

use crate::{Message, clock};
use exchange::Exchange;
use journal::{Journal, Named};
use line::Output;
use media::{Ear, Sound, Voices};

/// Datagrams that are read before anything else gets its turn.
const BATCH: usize = 256;

/// What a carrier is.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where its SIP is (UDP); its voices are on any ports of the same address.
    pub bind: SocketAddr,
    /// How many calls it carries at once; the next are refused with 503 and cause 42.
    pub lines: usize,
    /// Who can be called.
    pub population: Population,
    /// Whether callees speak and listen. Without, they send and hear nothing at all.
    pub voice: bool,
    /// Tones by which an agent is known, in hertz. Empty: whatever is loud is an agent.
    pub agents: Vec<u32>,
    /// The file of the log, which is appended to; `None`: no log.
    pub log: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            lines: 200,
            population: Population::default(),
            voice: true,
            agents: Vec::new(),
            log: None,
        }
    }
}

/// How a carrier is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Calls that came.
    pub calls: u64,
    /// Lines that are taken.
    pub busy: usize,
    /// The most that were taken at once.
    pub busy_most: usize,
    /// The log cannot be written; the carrier has fallen silent.
    pub log_failed: bool,
}

/// A carrier that runs. It falls silent when dropped.
pub struct Carrier {
    /// Where its SIP is.
    pub at: SocketAddr,
    tell: UnboundedSender<Told>,
    stats: watch::Receiver<Stats>,
    _tasks: JoinSet<()>,
}

/// What a running carrier is told.
enum Told {
    Heard(Ear, Instant, Sound),
    Populate(Box<Population>),
}

impl Carrier {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where a socket cannot be had, or the log not be opened.
    pub async fn start(config: Config) -> io::Result<Self> {
        let Config { bind, lines, population, voice, agents, log } = config;
        let journal = Journal::open(log.as_deref())?;
        let socket = UdpSocket::bind(bind).await?;
        let at = socket.local_addr()?;
        let (tell, told) = unbounded_channel();
        let mut tasks = JoinSet::new();
        let mut voices = None;
        let mut addresses = Vec::new();
        if voice {
            let opened = Arc::new(Voices::open(at.ip(), agents, tell.clone()).await?);
            addresses = opened.addresses()?;
            opened.start(&mut tasks);
            voices = Some(opened);
        }
        let exchange = Exchange::new(at, addresses, lines, population);
        let (report, stats) = watch::channel(Stats::default());
        let running = Running { socket, exchange, world: World { journal, voices }, report };
        tasks.spawn(running.run(told));
        Ok(Self { at, tell, stats, _tasks: tasks })
    }

    /// How it is doing.
    pub fn stats(&self) -> Stats {
        *self.stats.borrow()
    }

    /// Waits until it is doing so; `None` where it never will, because it has fallen silent.
    pub async fn until(&self, reached: impl Fn(&Stats) -> bool) -> Option<Stats> {
        let mut stats = self.stats.clone();
        stats.wait_for(|it| reached(it)).await.ok().map(|it| *it)
    }

    /// Calls that come from now on are to others.
    pub fn populate(&self, population: Population) {
        // One that has fallen silent carries no more calls.
        let _ = self.tell.send(Told::Populate(Box::new(population)));
    }
}

struct Running {
    socket: UdpSocket,
    exchange: Exchange,
    world: World,
    report: watch::Sender<Stats>,
}

struct World {
    journal: Journal,
    voices: Option<Arc<Voices>>,
}

impl World {
    fn perform(&mut self, socket: &UdpSocket, call: Named<'_>, output: Output) -> io::Result<()> {
        match output {
            // Sent at once or not at all, as on any network: SIP sends again.
            Output::Send(to, datagram) => _ = socket.try_send_to(&datagram, to),
            Output::Log(event) => self.journal.write(clock::now(), call, event)?,
            Output::Voice(order) => {
                if let Some(voices) = &self.voices {
                    voices.obey(order);
                }
            }
        }
        Ok(())
    }
}

/// What a carrier wakes up for.
enum Woken {
    Readable,
    Told(Option<Told>),
    Due,
}

impl Running {
    async fn run(mut self, mut told: UnboundedReceiver<Told>) {
        loop {
            let due = self.exchange.due();
            let at = due.unwrap_or_else(clock::now);
            let woken = tokio::select! {
                told = told.recv() => Woken::Told(told),
                _ = self.socket.readable() => Woken::Readable,
                () = tokio::time::sleep_until(at.into()), if due.is_some() => Woken::Due,
            };
            if let Woken::Told(None) = woken {
                return;
            }
            let written = self.turn(woken);
            let stats = Stats { log_failed: written.is_err(), ..self.exchange.stats() };
            self.report.send_replace(stats);
            if written.is_err() {
                return;
            }
        }
    }

    fn turn(&mut self, woken: Woken) -> io::Result<()> {
        let Self { socket, exchange, world, .. } = self;
        let mut written = Ok(());
        let mut perform = |call: Named<'_>, output: Output| {
            if written.is_ok() {
                written = world.perform(socket, call, output);
            }
        };
        match woken {
            Woken::Readable => read(socket, |message, from| {
                exchange.take(clock::now(), message, from, &mut perform);
            }),
            Woken::Told(Some(Told::Heard(ear, at, sound))) => {
                exchange.heard(at, &ear, sound, &mut perform);
            }
            Woken::Told(Some(Told::Populate(population))) => exchange.population = *population,
            Woken::Told(None) | Woken::Due => {}
        }
        exchange.wake(clock::now(), &mut perform);
        written
    }
}

fn read(socket: &UdpSocket, mut take: impl FnMut(Message, SocketAddr)) {
    let mut buffer = [0; 16_384];
    for _ in 0..BATCH {
        match socket.try_recv_from(&mut buffer) {
            Ok((length, from)) => {
                if let Some(message) = Message::parse(&buffer[..length]) {
                    take(message, from);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // An ICMP error of a far end that is gone.
            Err(_) => {}
        }
    }
}
