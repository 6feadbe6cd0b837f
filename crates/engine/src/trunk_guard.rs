//! How many calls may be placed over a trunk now: its limits, its money, and the carrier's state of health. Pure.
//!
//! Trouble slows the trunk, and nothing else: what the law allows is not decided here.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use timbre_model::{AttemptOutcome, Cadence, Mono, Now, OutboundSpec, TrunkRef, TrunkSpec};

use crate::sharing::Shares;

/// Attempts, and answered calls, over which trouble is looked for.
const LOOKED_AT: usize = 100;
/// Fewer say nothing.
const LEAST: usize = 20;
/// Share of attempts that the carrier failed, above which it is in trouble.
const FAULTS_MAX: f64 = 0.3;
/// Share of answered calls that are over at once, above which they were hardly answered by people.
const SHORTS_MAX: f64 = 0.6;
/// What counts as over at once.
const SHORT: Duration = Duration::from_secs(3);
/// Calls a second that are tried even of a carrier in trouble, or its own rate where that is less.
const PACE_MIN: f64 = 0.2;
/// Without new trouble, a slowed trunk gets a tenth faster this often.
const RECOVERY: Duration = Duration::from_secs(10);
/// What a call in progress is taken to cost at least, in minutes.
const MINUTES_HELD: f64 = 1.0;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A trunk, as the placing of calls sees it.
#[derive(Debug)]
pub(crate) struct TrunkGuard {
    pub(crate) name: TrunkRef,
    pub(crate) cadence: Option<Cadence>,
    /// Countries that may be called.
    pub(crate) countries: Arc<BTreeSet<String>>,
    outbound: Option<OutboundSpec>,
    channels: u32,
    /// By hand.
    pub(crate) stopped: bool,
    pub(crate) in_setup: u32,
    /// Attempts that are not closed.
    pub(crate) open: u32,
    /// Asked for and not decided yet.
    asked: u32,
    tokens: f64,
    filled: Mono,
    /// Whose calls they are to be.
    pub(crate) shares: Shares,
    spend: Spend,
    health: Health,
}

/// What was spent on the present UTC day.
#[derive(Debug, Default)]
struct Spend {
    day: i64,
    spent: f64,
    /// For calls in progress, at least.
    held: f64,
    /// What the answered ones cost a minute, together.
    per_minute: f64,
    accrued: Mono,
}

/// What became of the last calls.
#[derive(Debug)]
struct Health {
    faults: Last,
    shorts: Last,
    /// Of the trunk's rate, what is used.
    factor: f64,
    changed: Mono,
}

/// The last of many, and how many of these were bad.
#[derive(Debug, Default)]
struct Last {
    bad: VecDeque<bool>,
}

impl Last {
    fn push(&mut self, bad: bool) {
        if self.bad.len() == LOOKED_AT {
            self.bad.pop_front();
        }
        self.bad.push_back(bad);
    }

    fn over(&self, share: f64) -> bool {
        let bad = self.bad.iter().filter(|&&bad| bad).count();
        self.bad.len() >= LEAST && bad as f64 > share * self.bad.len() as f64
    }
}

impl TrunkGuard {
    pub(crate) fn new(name: TrunkRef, spec: &TrunkSpec, now: Now) -> Self {
        let health = Health {
            faults: Last::default(),
            shorts: Last::default(),
            factor: 1.0,
            changed: now.mono,
        };
        let mut new = Self {
            name,
            cadence: None,
            countries: Arc::default(),
            outbound: None,
            channels: 0,
            stopped: false,
            in_setup: 0,
            open: 0,
            asked: 0,
            tokens: 0.0,
            filled: now.mono,
            shares: Shares::default(),
            spend: Spend { accrued: now.mono, ..Spend::default() },
            health,
        };
        new.configure(spec);
        new.tokens = new.burst();
        new
    }

    /// Takes a definition over. What was counted stays.
    pub(crate) fn configure(&mut self, spec: &TrunkSpec) {
        self.cadence = spec.cadence.or_else(|| Cadence::of_country(&spec.country));
        self.channels = spec.channels;
        self.outbound = spec.outbound.clone();
        self.countries = Arc::new(spec.countries());
    }

    /// The floor has it no more. Calls in progress go on.
    pub(crate) fn retire(&mut self) {
        self.outbound = None;
    }

    /// The rate in force, calls a second.
    pub(crate) fn rate(&self) -> f64 {
        let full = self.outbound.as_ref().map_or(0.0, |it| it.calls_per_second);
        (full * self.health.factor).max(PACE_MIN.min(full))
    }

    /// The carrier is in trouble, and is spared.
    pub(crate) fn in_trouble(&self) -> bool {
        self.health.factor < 1.0
    }

    /// Spent on the present UTC day, with what calls in progress cost at least.
    pub(crate) fn spent(&self, now: Now) -> f64 {
        self.spend.spent(now) + self.spend.held
    }

    /// Calls that the rate allows now.
    fn tokens(&self, now: Now) -> f64 {
        let gone = now.mono.since(self.filled).as_secs_f64();
        (self.tokens + gone * self.rate()).min(self.burst())
    }

    fn burst(&self) -> f64 {
        self.rate().max(1.0)
    }

    /// Calls are placed over it, or still in progress.
    pub(crate) fn places(&self) -> bool {
        self.outbound.is_some() || self.open > 0
    }

    /// Whether it may place calls; if not, why.
    pub(crate) fn open_for_calls(&self) -> Result<&OutboundSpec, &'static str> {
        let outbound = self.outbound.as_ref().ok_or("the trunk places no calls")?;
        let stopped = self.stopped || outbound.stopped;
        if stopped { Err("the trunk is stopped") } else { Ok(outbound) }
    }

    /// How many more calls may be asked for now; 0 comes with the reason.
    pub(crate) fn room(&self, now: Now) -> Result<u32, &'static str> {
        let outbound = self.open_for_calls()?;
        if outbound.spend_per_day_max.is_some_and(|most| self.spent(now) >= most) {
            return Err("the trunk has spent what it may in a day");
        }
        let in_setup = self.in_setup.saturating_add(self.asked);
        let free = outbound.setup_max.saturating_sub(in_setup);
        let channels = self.channels.saturating_sub(self.open.saturating_add(self.asked));
        match (free.min(channels), self.tokens(now) as u32) {
            (0, _) => Err("the trunk has as many calls as it may"),
            (_, 0) => Err("the trunk places as many calls a second as it may"),
            (free, tokens) => Ok(free.min(tokens)),
        }
    }

    /// `most` attempts are asked for.
    pub(crate) fn ask(&mut self, now: Now, most: u32) {
        self.pass(now);
        self.asked += most;
        self.tokens -= f64::from(most);
    }

    /// Of `most` that were asked for, `permits` came.
    pub(crate) fn decided(&mut self, most: u32, permits: u32) {
        self.asked = self.asked.saturating_sub(most);
        self.tokens = (self.tokens + f64::from(most) - f64::from(permits)).min(self.burst());
    }

    /// Asked for and not decided yet.
    pub(crate) fn asked(&self) -> u32 {
        self.asked
    }

    /// What a minute to `country` costs.
    pub(crate) fn price(&self, country: &str) -> f64 {
        let rates = self.outbound.as_ref().map(|it| &it.rates);
        rates.and_then(|it| it.get(country).or_else(|| it.get("*"))).copied().unwrap_or(0.0)
    }

    /// A call was dialed.
    pub(crate) fn dialed(&mut self, price: f64) {
        self.in_setup += 1;
        self.spend.held += price * MINUTES_HELD;
    }

    /// A call in set-up was answered: it costs money from now on.
    pub(crate) fn answered(&mut self, now: Now, price: f64) {
        self.pass(now);
        self.in_setup -= 1;
        self.spend.per_minute += price;
        self.health.faults.push(false);
    }

    /// A call in set-up ended without an answer.
    pub(crate) fn failed(&mut self, now: Now, price: f64, outcome: AttemptOutcome) {
        self.pass(now);
        self.in_setup -= 1;
        self.release(price);
        if outcome != AttemptOutcome::Cancelled {
            let fault =
                matches!(outcome, AttemptOutcome::Congestion | AttemptOutcome::CarrierFault);
            self.health.faults.push(fault);
            self.look(now.mono);
        }
    }

    /// An answered call ended after `lasted`. `by_us`: its length says nothing of the callee.
    pub(crate) fn ended(&mut self, now: Now, price: f64, lasted: Duration, by_us: bool) {
        self.pass(now);
        self.spend.per_minute = (self.spend.per_minute - price).max(0.0);
        self.release(price);
        if !by_us {
            self.health.shorts.push(lasted < SHORT);
            self.look(now.mono);
        }
    }

    fn release(&mut self, price: f64) {
        self.spend.held = (self.spend.held - price * MINUTES_HELD).max(0.0);
    }

    /// Slows down by half where the carrier is in trouble; later calls must show whether that was enough.
    fn look(&mut self, now: Mono) {
        let Health { faults, shorts, .. } = &mut self.health;
        let faulty = faults.over(FAULTS_MAX);
        if !faulty && !shorts.over(SHORTS_MAX) {
            return;
        }
        if faulty {
            faults.bad.clear()
        } else {
            shorts.bad.clear()
        }
        self.health.factor = (self.health.factor / 2.0).max(1e-3);
        self.health.changed = now;
        self.tokens = self.tokens.min(self.burst());
    }

    /// Brings tokens, money and recovery up to a moment.
    fn pass(&mut self, now: Now) {
        self.tokens = self.tokens(now);
        self.filled = self.filled.max(now.mono);
        while self.health.factor < 1.0 && now.mono.since(self.health.changed) >= RECOVERY {
            self.health.factor = (self.health.factor * 1.1).min(1.0);
            self.health.changed = self.health.changed + RECOVERY;
        }
        self.spend.pass(now);
    }
}

impl Spend {
    /// On the present day. What is talked across midnight counts on the new one.
    fn spent(&self, now: Now) -> f64 {
        // A clock that goes back does not give money back.
        let before = if day(now) > self.day { 0.0 } else { self.spent };
        before + now.mono.since(self.accrued).as_secs_f64() / 60.0 * self.per_minute
    }

    fn pass(&mut self, now: Now) {
        self.spent = self.spent(now);
        self.day = self.day.max(day(now));
        self.accrued = self.accrued.max(now.mono);
    }
}

fn day(now: Now) -> i64 {
    now.civil.as_micros().div_euclid(MICROS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use timbre_model::{TenantId, TrunkId};

    use super::*;

    fn at(millis: u64) -> Now {
        Now::default().after(Duration::from_millis(millis))
    }

    fn guard(outbound: &str) -> TrunkGuard {
        let text = format!(
            r#"{{"id": "t", "addresses": ["192.0.2.1"], "country": "ES",
                "outbound": {{"to": ["192.0.2.1"], {outbound}}}}}"#
        );
        let spec: TrunkSpec = serde_json::from_str(&text).expect("a trunk");
        let (tenant, trunk) = (TenantId::parse("t").unwrap(), TrunkId::parse("t").unwrap());
        TrunkGuard::new(TrunkRef { tenant, trunk }, &spec, at(0))
    }

    fn place(guard: &mut TrunkGuard, n: u32) {
        guard.ask(at(0), n);
        guard.decided(n, n);
        (0..n).for_each(|_| guard.dialed(0.0));
    }

    #[test]
    fn no_more_calls_a_second_than_the_carrier_takes() {
        let mut it = guard(r#""calls_per_second": 4.0, "setup_max": 100"#);
        assert_eq!(it.room(at(0)), Ok(4));
        place(&mut it, 4);
        assert!(it.room(at(249)).is_err());
        assert_eq!(it.room(at(500)), Ok(2));
        it.ask(at(500), 2);
        assert!(it.room(at(500)).is_err(), "what is asked for is spoken for");
        it.decided(2, 0);
        assert_eq!(it.room(at(500)), Ok(2), "and is given back where no permit came");
        assert_eq!(it.room(at(60_000)), Ok(4), "a quiet minute saves up a second");
    }

    #[test]
    fn no_more_calls_in_set_up_than_the_carrier_takes() {
        let mut it = guard(r#""calls_per_second": 100.0, "setup_max": 3"#);
        place(&mut it, 2);
        assert_eq!(it.room(at(0)), Ok(1));
        place(&mut it, 1);
        assert!(it.room(at(9_000)).is_err());
        it.failed(at(9_000), 0.0, AttemptOutcome::Busy);
        it.answered(at(9_000), 0.0);
        assert_eq!(it.room(at(9_000)), Ok(2));
        it.stopped = true;
        assert_eq!(it.room(at(9_000)), Err("the trunk is stopped"));
    }

    #[test]
    fn money_is_counted_while_people_talk_and_anew_each_day() {
        let mut it = guard(r#""rates": {"ES": 0.5, "*": 2.0}, "spend_per_day_max": 3.0"#);
        assert_eq!((it.price("ES"), it.price("CU")), (0.5, 2.0));
        it.dialed(2.0);
        assert_eq!(it.spent(at(0)), 2.0, "at least a minute");
        it.answered(at(0), 2.0);
        assert!(it.room(at(29_000)).is_ok());
        assert!(it.room(at(31_000)).is_err(), "2 held and 1 talked away");
        it.ended(at(60_000), 2.0, Duration::from_secs(60), false);
        assert!((it.spent(at(60_000)) - 2.0).abs() < 1e-9);
        assert!(it.room(at(60_000)).is_ok());
        it.room(at(86_400_000)).expect("a new day");
        assert_eq!(it.spent(at(86_400_000)), 0.0);
        it.pass(at(86_400_000));
        let back = Now { mono: at(86_400_001).mono, civil: at(0).civil };
        it.dialed(0.5);
        it.answered(back, 0.5);
        it.ended(Now { mono: at(86_460_001).mono, civil: at(0).civil }, 0.5, SHORT, false);
        assert!((it.spent(at(0)) - 0.5).abs() < 1e-9, "the clock stepped back, and money was not");
    }

    #[test]
    fn a_carrier_in_trouble_is_spared_and_recovers() {
        let mut it = guard(r#""calls_per_second": 20.0"#);
        let fail = |it: &mut TrunkGuard, n: u32, millis: u64, outcome| {
            (0..n).for_each(|_| {
                it.dialed(0.0);
                it.failed(at(millis), 0.0, outcome);
            });
        };
        fail(&mut it, 100, 0, AttemptOutcome::NoAnswer);
        fail(&mut it, 30, 0, AttemptOutcome::Congestion);
        assert_eq!(it.rate(), 20.0, "30 of the last 100");
        fail(&mut it, 1, 0, AttemptOutcome::CarrierFault);
        assert_eq!(it.rate(), 10.0);
        fail(&mut it, 19, 0, AttemptOutcome::Congestion);
        assert_eq!(it.rate(), 10.0, "too few since to say more");
        fail(&mut it, 500, 0, AttemptOutcome::Congestion);
        assert_eq!(it.rate(), 0.2, "somebody must find out when it is over");
        it.pass(at(10_000));
        assert!(it.in_trouble() && it.rate() < 1.0);
        it.pass(at(1_200_000));
        assert_eq!((it.in_trouble(), it.rate()), (false, 20.0));
    }

    #[test]
    fn calls_that_are_over_at_once_are_trouble_too() {
        let mut it = guard(r#""calls_per_second": 20.0"#);
        for n in 0..20 {
            it.dialed(0.0);
            it.answered(at(0), 0.0);
            it.ended(at(0), 0.0, Duration::from_secs(if n < 13 { 1 } else { 60 }), false);
        }
        assert_eq!(it.rate(), 10.0);
    }
}
