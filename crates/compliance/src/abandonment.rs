//! Abandoned calls by each law's own definition. Counts and clocks are stored, never rates: the same calls give
//! different shares under different laws, and a correction (a machine that was a person) must be able to change them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use timbre_model::{Civil, Party, Place, Purpose, Voice};

use crate::catalog::{Catalog, HOUSE, Indexed};
use crate::decide::midnight;
use crate::decision::RuleId;
use crate::rule::{Definition, Period, RatioCap, Rule, RuleKind, StartPoint};
use crate::selector::{Case, adheres};

/// Longest time to an agent before a call counts as abandoned by the FTC, the FCC, the CRTC and Ofcom.
const AGENT_WITHIN_MS: u64 = 2_000;

/// Longest silence before a call counts as mute by the Garante.
const MUTE_WITHIN_MS: u64 = 3_000;

/// Longest duration of a short call by Anatel.
const SHORT_MS: u64 = 6_000;

/// What is counted of the calls of one campaign in one period. Sums of such counts are such counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AbandonmentCounts {
    /// Calls that were originated.
    pub originated: u64,
    /// Of those, not completed, answered by a machine, or ended within six seconds.
    pub short: u64,
    /// Calls a person answered. Who is not known is a person.
    pub live: u64,
    /// Of those, without an agent within two seconds of the end of the greeting.
    pub late_after_greeting: u64,
    /// Of those, without an agent within two seconds of the answer.
    pub late_after_answer: u64,
    /// Of those, without an agent within three seconds of the answer.
    pub mute: u64,
    /// Connected calls that we released and no agent ever took, but for those that detection took for machines.
    pub dropped: u64,
    /// Calls an agent took.
    pub passed: u64,
    /// Of those, answered by a machine.
    pub passed_machines: u64,
    /// Calls that detection took for a machine and dropped, and that a person had answered: the evidenced estimate.
    pub false_positives: u64,
    /// Whether machines are detected. Without detection a share of the drops is taken to be machines (Ofcom 2010).
    pub detects_machines: bool,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answerer {
    /// A person.
    Person,
    /// A machine.
    Machine,
    /// Not known; counts as a person.
    Unknown,
}

/// The clocks of one call, in milliseconds since it was answered, and who was who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredCall {
    /// Who answered in truth, as far as is known by now.
    pub who: Answerer,
    /// Whether detection took it for a machine, and it was dropped for that.
    pub dropped_as_machine: bool,
    /// When the greeting ended. `None`: not known, and then it is the answer, to be strict.
    pub greeting_end_ms: Option<u64>,
    /// When an agent was connected.
    pub agent_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: u64,
    /// Whether we ended it.
    pub released_by_us: bool,
}

impl AbandonmentCounts {
    /// Counts a call nobody answered.
    pub fn count_unanswered(&mut self) {
        self.originated += 1;
        self.short += 1;
    }

    /// Counts a call that was answered.
    pub fn count(&mut self, call: &AnsweredCall) {
        let machine = call.who == Answerer::Machine;
        let late = |from: u64, within: u64| {
            u64::from(call.agent_ms.is_none_or(|at| at > from.saturating_add(within)))
        };
        self.originated += 1;
        self.short += u64::from(machine || call.ended_ms <= SHORT_MS);
        if !machine {
            self.live += 1;
            self.late_after_greeting += late(call.greeting_end_ms.unwrap_or(0), AGENT_WITHIN_MS);
            self.late_after_answer += late(0, AGENT_WITHIN_MS);
            self.mute += late(0, MUTE_WITHIN_MS);
            self.false_positives += u64::from(call.dropped_as_machine);
        }
        match call.agent_ms {
            Some(_) => {
                self.passed += 1;
                self.passed_machines += u64::from(machine);
            }
            None => {
                self.dropped += u64::from(call.released_by_us && !call.dropped_as_machine);
            }
        }
    }

    /// The share by a definition. Where a definition leaves its denominator open, the greater of the two.
    pub fn share(&self, definition: Definition) -> Share {
        match definition {
            Definition::Ftc | Definition::Fcc => Share::of(self.late_after_greeting, self.live),
            Definition::Crtc | Definition::House => Share::of(self.late_after_answer, self.live),
            Definition::Garante => Share::of(self.mute, self.live.saturating_sub(self.mute)),
            Definition::BrShortCalls => Share::of(self.short, self.originated),
            Definition::Ofcom => {
                let (adjusted, raw) = (self.ofcom_adjusted(), self.ofcom_raw());
                if raw.ratio() > adjusted.ratio() { raw } else { adjusted }
            }
        }
    }

    /// Ofcom's abandoned call rate, `(D - D_am + FP) / (D - D_am + FP + L)`.
    pub fn ofcom_adjusted(&self) -> Share {
        let abandoned = self.ofcom_abandoned();
        Share { part: abandoned, whole: abandoned + self.ofcom_live() }
    }

    /// The same with the drops as they are in the denominator: `(D - D_am + FP) / (D + L)`.
    pub fn ofcom_raw(&self) -> Share {
        let whole = float(self.dropped) + self.ofcom_live();
        Share { part: self.ofcom_abandoned(), whole }
    }

    fn ofcom_abandoned(&self) -> f64 {
        let dropped = float(self.dropped);
        if self.detects_machines {
            return dropped + float(self.false_positives);
        }
        let machines = Share::of(self.passed_machines, self.passed).ratio().unwrap_or(0.0);
        dropped - dropped * machines
    }

    fn ofcom_live(&self) -> f64 {
        float(self.passed.saturating_sub(self.passed_machines))
    }

    /// Whether a cap is kept. Nothing counted keeps every cap.
    pub fn keeps(&self, cap: &RatioCap) -> bool {
        let least = u64::from(cap.least_calls);
        self.originated < least || self.share(cap.definition).keeps(cap)
    }
}

impl std::ops::AddAssign for AbandonmentCounts {
    fn add_assign(&mut self, more: Self) {
        let Self {
            originated,
            short,
            live,
            late_after_greeting,
            late_after_answer,
            mute,
            dropped,
            passed,
            passed_machines,
            false_positives,
            detects_machines,
        } = more;
        self.originated += originated;
        self.short += short;
        self.live += live;
        self.late_after_greeting += late_after_greeting;
        self.late_after_answer += late_after_answer;
        self.mute += mute;
        self.dropped += dropped;
        self.passed += passed;
        self.passed_machines += passed_machines;
        self.false_positives += false_positives;
        self.detects_machines |= detects_machines;
    }
}

/// A share as its two counts; Ofcom's estimates are fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Above the line.
    pub part: f64,
    /// Below the line.
    pub whole: f64,
}

impl Share {
    fn of(part: u64, whole: u64) -> Self {
        Self { part: float(part), whole: float(whole) }
    }

    /// The quotient; `None` where nothing was counted below the line and nothing above.
    pub fn ratio(self) -> Option<f64> {
        if self.whole > 0.0 {
            return Some(self.part / self.whole);
        }
        (self.part > 0.0).then_some(f64::INFINITY)
    }

    fn keeps(self, cap: &RatioCap) -> bool {
        // Cross-multiplied: whole numbers compare exactly.
        let (part, limit) = (self.part * 1_000.0, self.whole * f64::from(cap.per_mille));
        part < limit || (part == limit && !cap.strictly_below) || part == 0.0
    }
}

/// Counts stay far below the 2^53 that a float holds exactly.
fn float(count: u64) -> f64 {
    count as f64
}

/// A cap that holds for a campaign, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapRule {
    /// The rule.
    pub rule: RuleId,
    /// Cap, period and start point.
    pub cap: RatioCap,
}

/// What a campaign is, as far as caps ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Where it calls.
    pub places: Vec<Place>,
    /// Why.
    pub purpose: Purpose,
    /// Whom.
    pub party: Party,
    /// Trade of the client company.
    pub sector: Option<String>,
    /// Who speaks.
    pub voice: Voice,
    /// The codes that bind it.
    pub adherent_codes: Vec<String>,
}

/// The caps on abandoned calls that hold for a campaign on a day, the strictest first. Where the law of a place has
/// none, the house's hold there.
pub fn applicable(catalog: &Catalog, profile: &Profile, day: Date) -> Vec<CapRule> {
    let mut caps: Vec<CapRule> = Vec::new();
    let mut silent =
        profile.places.is_empty() || adheres(&profile.adherent_codes, "house.abandonment");
    for place in &profile.places {
        let before = caps.len();
        if let Some(indexed) = catalog.indexed(&place.country) {
            let case = profile.case(place);
            caps.extend(of(indexed, day).filter(|(rule, _)| rule.selector.fits(&case)).map(named));
        }
        silent |= caps.len() == before;
    }
    if let Some(house) = catalog.indexed(HOUSE).filter(|_| silent) {
        caps.extend(of(house, day).map(named));
    }
    caps.sort_by(|one, other| one.strictness().total_cmp(&other.strictness()));
    caps.dedup();
    caps
}

/// The strictest cap of a campaign, for pacing to follow. `None` only with a catalog that has no house rules.
pub fn strictest(catalog: &Catalog, profile: &Profile, day: Date) -> Option<CapRule> {
    applicable(catalog, profile, day).into_iter().next()
}

/// [`strictest`] on the UTC day of `at`.
pub fn strictest_at(catalog: &Catalog, profile: &Profile, at: Civil) -> Option<CapRule> {
    let stamp = Timestamp::from_microsecond(at.as_micros()).ok()?;
    strictest(catalog, profile, jiff::tz::TimeZone::UTC.to_datetime(stamp).date())
}

fn of(place: &Indexed, day: Date) -> impl Iterator<Item = (&Rule, RatioCap)> {
    place.spec.rules.iter().filter_map(move |rule| match &rule.kind {
        RuleKind::RatioCap(cap) if cap.definition != Definition::BrShortCalls => {
            rule.holds_on(day).then_some((rule, *cap))
        }
        _ => None,
    })
}

fn named((rule, cap): (&Rule, RatioCap)) -> CapRule {
    CapRule { rule: RuleId::clone(&rule.id), cap }
}

impl Profile {
    fn case<'a>(&'a self, place: &'a Place) -> Case<'a> {
        Case {
            region: place.region.as_deref(),
            purpose: self.purpose,
            party: self.party,
            sector: self.sector.as_deref(),
            voice: self.voice,
            codes: &self.adherent_codes,
            basis: None,
        }
    }
}

impl RatioCap {
    /// The cap as a share of the calls people answered: the Garante's 3 to 100 successful calls are 3 of 103.
    pub fn of_live(&self) -> f64 {
        let ratio = f64::from(self.per_mille) / 1_000.0;
        match self.definition {
            Definition::Garante => ratio / (1.0 + ratio),
            Definition::Ftc
            | Definition::Fcc
            | Definition::Ofcom
            | Definition::Crtc
            | Definition::BrShortCalls
            | Definition::House => ratio,
        }
    }
}

/// Sorts caps: the lowest share, then one that must be kept below, then the shortest period, then the earliest start.
struct Strictness(f64, bool, u64, StartPoint);

impl CapRule {
    fn strictness(&self) -> Strictness {
        let days = match self.cap.period {
            Period::RollingHours(hours) => u64::from(hours) / 24,
            Period::CalendarDays(days) | Period::AnchoredDays(days) => u64::from(days),
            Period::CalendarWeek => 7,
            Period::CalendarMonth => 31,
            Period::Campaign => u64::MAX,
        };
        Strictness(self.cap.of_live(), !self.cap.strictly_below, days, self.cap.from)
    }
}

impl Strictness {
    fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        let rest = |it: &Self| (it.1, it.2, it.3);
        self.0.total_cmp(&other.0).then(rest(self).cmp(&rest(other)))
    }
}

/// The stretch of time in which calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Its first instant.
    pub from: Civil,
    /// The instant after its last; `None`: open.
    pub to: Option<Civil>,
}

impl Period {
    /// How many days it has at least, and one where that cannot be said.
    pub fn days(self) -> u32 {
        match self {
            Self::RollingHours(hours) => (hours / 24).max(1),
            Self::CalendarDays(days) | Self::AnchoredDays(days) => days.max(1),
            Self::CalendarWeek => 7,
            Self::CalendarMonth => 28,
            Self::Campaign => 1,
        }
    }

    /// The stretch that holds `at`, for a campaign that began at `started`; calendars are those of `zone` (IANA).
    /// `None` for a zone that does not exist, or times beyond all calendars.
    pub fn interval(self, at: Civil, started: Civil, zone: &str) -> Option<Interval> {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).ok()?;
        let day = zone.to_datetime(Timestamp::from_microsecond(at.as_micros()).ok()?).date();
        let days = |from: Date, to: Date| {
            Some(Interval { from: midnight(from, &zone)?, to: Some(midnight(to, &zone)?) })
        };
        match self {
            Self::RollingHours(hours) => {
                let length = i64::from(hours).checked_mul(3_600_000_000)?;
                let from = Civil::from_micros(at.as_micros().checked_sub(length)?);
                Some(Interval { from, to: None })
            }
            Self::CalendarDays(count) => {
                let back = i64::from(count).checked_sub(1)?;
                days(
                    day.checked_sub(jiff::Span::new().try_days(back).ok()?).ok()?,
                    day.tomorrow().ok()?,
                )
            }
            Self::CalendarWeek => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                let monday = day.checked_sub(jiff::Span::new().try_days(back).ok()?).ok()?;
                days(monday, monday.checked_add(jiff::Span::new().try_days(7).ok()?).ok()?)
            }
            Self::CalendarMonth => days(day.first_of_month(), day.last_of_month().tomorrow().ok()?),
            Self::AnchoredDays(count) => anchored(at, started, count),
            Self::Campaign => Some(Interval { from: started, to: None }),
        }
    }
}

fn anchored(at: Civil, started: Civil, days: u32) -> Option<Interval> {
    let length = i64::from(days).checked_mul(86_400_000_000).filter(|it| *it > 0)?;
    let into = at.as_micros().checked_sub(started.as_micros())?.rem_euclid(length);
    let from = at.as_micros().checked_sub(into)?;
    let to = Some(Civil::from_micros(from.checked_add(length)?));
    Some(Interval { from: Civil::from_micros(from), to })
}
