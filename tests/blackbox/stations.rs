//! Agents' phones and customers, with voices.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use timbre_phone::{Call, Credentials, Endpoint, Heard, Voice, tone};

use crate::PATIENCE;
use crate::floors::{CARRIER, NUMBER, PHONES, password};
use crate::node::Node;

/// A phone or a customer: its socket and its voice.
pub struct Line {
    pub endpoint: Endpoint,
    pub voice: Arc<Voice>,
}

/// Who an agent's phone says it is.
pub fn credentials(agent: &str) -> Credentials {
    Credentials::new(format!("demo~{agent}"), password(agent))
}

impl Line {
    /// A customer, who speaks a tone.
    pub async fn customer(node: &Node, hertz: u32) -> Self {
        Self::open(node, CARRIER, hertz).await
    }

    /// An agent's phone, which speaks a tone.
    pub async fn phone(node: &Node, hertz: u32) -> Self {
        Self::open(node, PHONES, hertz).await
    }

    async fn open(node: &Node, ip: &str, hertz: u32) -> Self {
        let ip: IpAddr = ip.parse().expect("an address");
        let endpoint = Endpoint::open(ip, node.sip).await.expect("a socket");
        let voice = Arc::new(Voice::open(ip).await.expect("a socket"));
        voice.say(Some(hertz));
        Self { endpoint, voice }
    }

    /// Calls the queue as a customer.
    pub fn dial(&self, caller: &str) -> Call {
        self.endpoint.dial(caller, NUMBER, Some(self.voice.clone()))
    }

    /// Calls in for an agent's shift; comes back when the leg is up.
    pub async fn call_in(&self, agent: &str) -> Call {
        let call = self.endpoint.call_in(&credentials(agent), Some(self.voice.clone()));
        let up = call.until(PATIENCE, |it| it.answered.is_some() || it.ended.is_some()).await;
        assert!(
            up.is_ok_and(|it| it.answered.is_some()),
            "the phone of {agent} cannot call in: {up:?}"
        );
        call
    }

    /// What was heard from `since` on, in pieces of a tenth of a second each.
    pub fn heard(&self, since: Instant) -> Hearing {
        Hearing::of(&self.voice.heard_since(since))
    }
}

/// What was heard, cut in pieces.
pub struct Hearing {
    pieces: Vec<Vec<i16>>,
    /// The longest time between two packets.
    pub longest_gap: Duration,
    /// Sequence numbers that are missing or out of order.
    pub skips: usize,
}

impl Hearing {
    fn of(packets: &[Heard]) -> Self {
        let gaps = packets.windows(2).map(|it| it[1].at.duration_since(it[0].at));
        let in_order = |it: &&[Heard]| it[1].sequence == it[0].sequence.wrapping_add(1);
        let pieces = packets.chunks_exact(5);
        Self {
            longest_gap: gaps.max().unwrap_or(Duration::MAX),
            skips: packets.windows(2).filter(|it| !in_order(it)).count(),
            pieces: pieces
                .map(|it| it.iter().flat_map(|packet| packet.samples.clone()).collect())
                .collect(),
        }
    }

    /// How many tenths of a second were heard.
    pub fn tenths(&self) -> usize {
        self.pieces.len()
    }

    /// How many of them hold nothing but a tone.
    pub fn pure(&self, hertz: u32) -> usize {
        self.pieces.iter().filter(|it| tone::share(it, hertz) > 0.9).count()
    }

    /// How many of them hold a tone at all, loud enough to be noticed.
    pub fn traces(&self, hertz: u32) -> usize {
        let trace = |it: &&Vec<i16>| tone::share(it, hertz).sqrt() * tone::loudness(it) > 1_500.0;
        self.pieces.iter().filter(trace).count()
    }

    /// How many of them are not silent.
    pub fn loud(&self) -> usize {
        self.pieces.iter().filter(|it| tone::loudness(it) > 100.0).count()
    }

    /// Fails unless for at least `least` tenths there was a tone, and little else.
    pub fn is_tone(&self, who: &str, hertz: u32, least: usize) {
        let (tenths, pure) = (self.tenths(), self.pure(hertz));
        assert!(
            tenths >= least && pure * 10 >= tenths * 9,
            "{who} heard {hertz} Hz in {pure} of {tenths} tenths, expected {least}"
        );
    }
}
