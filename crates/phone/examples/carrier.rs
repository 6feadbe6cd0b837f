//! A carrier to dial into: `cargo run --release -p timbre-phone --example carrier -- --bind 127.0.0.1:5080 --log calls.jsonl`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use timbre_phone::carrier::{Carrier, Config, Fate, Habits, Kind, Population, Shares};

/// A carrier to dial into: it answers, is busy, lets ring and breaks, and logs each call.
#[derive(Parser)]
struct Flags {
    /// Where its SIP is (UDP); port 0 takes any.
    #[arg(long, default_value = "127.0.0.1:5080")]
    bind: SocketAddr,
    /// Of all that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Calls it carries at once; the next are refused with 503.
    #[arg(long, default_value_t = 200)]
    lines: usize,
    /// Share of calls that a person answers.
    #[arg(long, default_value_t = Shares::default().person)]
    answer: f64,
    /// Share of calls that a machine answers.
    #[arg(long, default_value_t = Shares::default().machine)]
    machine: f64,
    /// Share of calls that are busy.
    #[arg(long, default_value_t = Shares::default().busy)]
    busy: f64,
    /// Share of calls that are declined (603).
    #[arg(long, default_value_t = Shares::default().declined)]
    declined: f64,
    /// Share of calls that find no room (503).
    #[arg(long, default_value_t = Shares::default().congestion)]
    congestion: f64,
    /// Share of calls that fail (500).
    #[arg(long, default_value_t = Shares::default().fault)]
    fault: f64,
    /// Share of calls that hear 100 and nothing more.
    #[arg(long, default_value_t = Shares::default().stuck)]
    stuck: f64,
    /// Share of numbers that do not exist (404).
    #[arg(long, default_value_t = Shares::default().unallocated)]
    unallocated: f64,
    /// Share of numbers that belong to somebody else.
    #[arg(long, default_value_t = Shares::default().wrong_number)]
    wrong_number: f64,
    /// Share of ringing calls with 183 and a tone in place of 180.
    #[arg(long, default_value_t = Shares::default().early_media)]
    early_media: f64,
    /// Mean of the time until a person answers, in seconds.
    #[arg(long, default_value_t = Habits::default().answers_mean)]
    answers_mean: f64,
    /// Mean of the time that a person talks, in seconds.
    #[arg(long, default_value_t = Habits::default().talks_mean)]
    talks_mean: f64,
    /// Of the persons: share that hang up when they have talked; the others wait for the far end to.
    #[arg(long, default_value_t = Habits::default().hangs_up)]
    hangs_up: f64,
    /// Of the persons: share that hang up within two seconds where they hear no agent.
    #[arg(long, default_value_t = Habits::default().impatient)]
    impatient: f64,
    /// Of the persons: share that press 9.
    #[arg(long, default_value_t = Habits::default().presses_nine)]
    presses_nine: f64,
    /// Multiplies every span but SIP's own timers: 0.1 is ten times as fast.
    #[arg(long, default_value_t = 1.)]
    time_scale: f64,
    /// A number whose fate is fixed, by its end: `0001=busy`. May be given again.
    #[arg(long, value_parser = fixed)]
    number: Vec<(String, Kind)>,
    /// Callees neither speak nor listen.
    #[arg(long)]
    mute: bool,
    /// A tone by which an agent is known, in hertz. May be given again; without any, whatever is loud is an agent.
    #[arg(long)]
    agent: Vec<u32>,
    /// The log, one line of JSON per event. Appended to.
    #[arg(long)]
    log: Option<PathBuf>,
}

fn fixed(text: &str) -> Result<(String, Kind), String> {
    let (end, word) = text.split_once('=').ok_or("write END=KIND")?;
    let words = || Kind::ALL.map(Kind::word).join(", ");
    let kind = Kind::parse(word).ok_or_else(|| format!("the kinds are {}", words()))?;
    Ok((end.to_owned(), kind))
}

impl Flags {
    fn population(&self) -> Population {
        let mut population = Population {
            seed: self.seed,
            shares: Shares {
                person: self.answer,
                machine: self.machine,
                busy: self.busy,
                declined: self.declined,
                congestion: self.congestion,
                fault: self.fault,
                stuck: self.stuck,
                unallocated: self.unallocated,
                wrong_number: self.wrong_number,
                early_media: self.early_media,
            },
            habits: Habits {
                answers_mean: self.answers_mean,
                talks_mean: self.talks_mean,
                hangs_up: self.hangs_up,
                impatient: self.impatient,
                presses_nine: self.presses_nine,
                ..Habits::default()
            },
            fixed: Vec::new(),
            time_scale: self.time_scale.clamp(0., 1_000.),
        };
        let fates = |end: &str, kind| -> Vec<Fate> {
            (0..8).map(|nth| population.of_kind(kind, end, nth)).collect()
        };
        population.fixed =
            self.number.iter().map(|(end, kind)| (end.clone(), fates(end, *kind))).collect();
        population
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let config = Config {
        bind: flags.bind,
        lines: flags.lines,
        population: flags.population(),
        voice: !flags.mute,
        agents: flags.agent.clone(),
        log: flags.log.clone(),
    };
    let carrier = Carrier::start(config).await.context("the carrier does not start")?;
    println!("ready sip={}", carrier.at);
    let mut ticks = tokio::time::interval(Duration::from_secs(10));
    let mut before = carrier.stats();
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = ticks.tick() => {}
        }
        let stats = carrier.stats();
        anyhow::ensure!(!stats.log_failed, "the log cannot be written");
        if stats != before {
            println!("calls={} busy={} busy_most={}", stats.calls, stats.busy, stats.busy_most);
        }
        before = stats;
    }
}
