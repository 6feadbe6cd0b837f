//! What is simulated: a floor, its people, and those who are called.

use std::collections::BTreeSet;

use timbre_model::{
    Civil, DoNotCallEntry, FloorSpec, Lead, LeadNumber, PhoneNumber, Slug, TrunkId,
};

use super::chance::Lasting;

/// A campaign's day, or several campaigns' day. Times are microseconds from the start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The floor, with its campaigns, all of which are started.
    pub floor: FloorSpec,
    /// The civil time at the start.
    pub start: Civil,
    /// What is before this is not measured.
    pub warm_up: u64,
    /// When it ends.
    pub end: u64,
    /// The width of one measured slice.
    pub slice: u64,
    /// When each of the floor's agents works, in their order.
    pub crew: Vec<Shift>,
    /// How those behave who are called.
    pub habits: Vec<Habits>,
    /// Who is called.
    pub leads: Leads,
    /// How long messages take.
    pub latency: Latency,
    /// Live answers of the day before, where the campaigns have run before.
    pub yesterday: Option<u64>,
    /// Who calls in.
    pub callers: Vec<Callers>,
    /// What the internal lists bar from the start.
    pub barred: Vec<DoNotCallEntry>,
}

/// People who call in, evenly over the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Callers {
    /// The number that they dial.
    pub number: PhoneNumber,
    /// The trunk that brings them.
    pub trunk: TrunkId,
    /// How many in an hour, on average.
    pub per_hour: f64,
    /// How long they talk.
    pub talk: Lasting,
    /// How long they wait at most.
    pub patience: Lasting,
}

/// An agent's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// When it begins.
    pub from: u64,
    /// When it ends; a call is finished first.
    pub to: u64,
    /// Pauses, from when to when.
    pub breaks: Vec<(u64, u64)>,
}

/// How somebody behaves who is called, and the agent who talks to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Habits {
    /// Chance that a person answers, by the hour of their day.
    pub answer: [f64; 24],
    /// The zone of their day (IANA); `None`: all hours are alike.
    pub zone: Option<jiff::tz::TimeZone>,
    /// How that chance moves beside the hour.
    pub course: Course,
    /// How lines ring.
    pub ringing: Ringing,
    /// Share of the calls which no person answers that a machine takes.
    pub machine: f64,
    /// How long they talk.
    pub talk: Lasting,
    /// How long the agent works on it afterwards.
    pub wrap: Lasting,
    /// How agents classify conversations, by weight.
    pub dispositions: Vec<(Slug, f64)>,
    /// Share of conversations after which another call is promised.
    pub callback: f64,
}

/// How the chance of an answer moves with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Course {
    /// Not.
    #[default]
    Even,
    /// Another one each hour: 1, 0.5, 1.6, 0.8 times the first.
    Steps,
    /// 40 % up and down in 90 minutes.
    Sine,
}

/// How lines ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ringing {
    /// Answers come after 10 s on average; a fifth of the others fail within 4 s, the rest rings out.
    #[default]
    Lifelike,
    /// Every line ends after 14 s on average, exponentially, whatever becomes of it.
    Memoryless,
}

/// Who is called.
#[derive(Debug, Clone)]
pub enum Leads {
    /// As many people of the first habits as are wanted, each called once, at numbers like this one.
    Endless(Box<LeadNumber>),
    /// These people, and the registries of those who do not want calls.
    Listed(Vec<Person>, Vec<Registry>),
}

/// Somebody who may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// As an import brought them.
    pub lead: Lead,
    /// Which of [`Setup::habits`] they have.
    pub habits: usize,
}

/// A registry of those who do not want calls, as it was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its name in the rules: `es-robinson`.
    pub name: String,
    /// When it was issued.
    pub imported_at: Civil,
    /// Who is on it.
    pub listed: BTreeSet<PhoneNumber>,
}

/// How long messages take, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// To make a step's changes durable.
    pub commit: u64,
    /// To decide a request for attempts.
    pub authorize: u64,
    /// Over the network, one way.
    pub network: u64,
}

impl Default for Latency {
    /// A local disk and a carrier in the same country.
    fn default() -> Self {
        Self { commit: 1_000, authorize: 4_000, network: 10_000 }
    }
}
