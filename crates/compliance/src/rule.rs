//! A rule of law as data: what it demands, of whom, since when, and who says so.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use timbre_model::{ConsentBasis, Party, Purpose, Voice};

use crate::decision::RuleId;
use crate::hours::Week;

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable name: jurisdiction, topic, article: `ES-window-96.2`.
    pub id: RuleId,
    /// What it demands.
    pub kind: RuleKind,
    /// Whom it concerns.
    #[serde(default, rename = "for")]
    pub selector: Selector,
    /// First local day on which it holds.
    #[serde(default)]
    pub from: Option<Date>,
    /// First local day on which it no longer holds.
    #[serde(default)]
    pub to: Option<Date>,
    /// Who says so: keys of the jurisdiction's sources.
    pub sources: Vec<String>,
    /// Date of the source, as precise as it is known: `2026-08-27`, `2025-07`.
    pub as_of: String,
    /// How sure it is.
    pub verified: Verified,
    /// What it binds by.
    #[serde(default)]
    pub strength: Strength,
    /// What it says, for people.
    pub text: String,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub title: String,
    /// Where it can be read; empty for background knowledge.
    #[serde(default)]
    pub url: String,
    /// Its date.
    #[serde(default)]
    pub as_of: String,
}

/// How sure a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verified {
    /// The norm's own text was read.
    V1,
    /// A page that quotes or describes it was read.
    V2,
    /// Background knowledge; nothing was found.
    U,
}

/// What a rule binds by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Everybody.
    #[default]
    Law,
    /// Those who adhere to a code; the selector names it.
    Code,
    /// Our own advice, for those who select it.
    House,
}

/// Whom a rule concerns. Everything given must fit; what is empty fits everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Parts of the country (ISO 3166-2 without it: `FL`). A callee whose region is unknown fits all.
    pub regions: Vec<String>,
    /// Why the call is made.
    pub purposes: Vec<Purpose>,
    /// Who is called.
    pub party: Option<Party>,
    /// Trade of the client company.
    pub sectors: Vec<String>,
    /// Trades to which it does not apply, because another rule does.
    pub not_sectors: Vec<String>,
    /// Who speaks.
    pub voice: Option<Voice>,
    /// What frees a call from this rule.
    pub lifted_by: Vec<ConsentBasis>,
    /// The code one must adhere to (`IT-codice-condotta`, `house.counts`).
    pub code: Option<String>,
}

/// The twelve kinds of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// When one may call.
    Window(Week),
    /// How often.
    CountLimit(CountLimit),
    /// How long to rest after an event.
    Cooldown(Cooldown),
    /// Within what time something must happen, or may not yet.
    Deadline(Deadline),
    /// A share that must not be exceeded.
    RatioCap(RatioCap),
    /// A list to consult first.
    ListScrub(ListScrub),
    /// What must allow the call.
    LegalBasis(LegalBasis),
    /// What the callee must see.
    CallerIdentity(CallerIdentity),
    /// What must be said.
    Disclosure(Disclosure),
    /// What must be kept.
    Evidence(Evidence),
    /// What is forbidden.
    Prohibition(Prohibition),
    /// What a service must offer those who call.
    Availability(Availability),
}

/// At most `max` calls in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountLimit {
    /// So many are allowed.
    pub max: u32,
    /// What counts.
    pub counts: Counted,
    /// Within this.
    pub period: Period,
    /// Whose calls.
    pub scope: Scope,
}

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Every attempt.
    Attempts,
    /// Those that were answered.
    Answered,
    /// Those in which agent and callee spoke.
    Conversations,
}

/// A stretch of time in which calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The hours before now.
    RollingHours(u32),
    /// Today and the days before it, so many in all, in the callee's zone.
    CalendarDays(u32),
    /// Monday to Sunday in the callee's zone.
    CalendarWeek,
    /// The month in the callee's zone.
    CalendarMonth,
    /// Stretches of so many times 24 hours, the first beginning with the campaign.
    AnchoredDays(u32),
    /// The whole campaign.
    Campaign,
}

/// Whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// To whom.
    pub to: Subject,
    /// On whose behalf.
    pub by: By,
}

/// To whom calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The number.
    Number,
    /// The person at any number, and the number whoever answered it.
    Person,
}

/// On whose behalf calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Everybody we call for.
    Tenant,
    /// The client company.
    Client,
    /// The campaign.
    Campaign,
}

/// A rest after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    /// After this.
    pub after: Trigger,
    /// For so long: hours to the microsecond, days up to a midnight of the callee's.
    pub lasts: Span,
    /// Whose event.
    pub scope: Scope,
    /// A guaranteed agent lifts it.
    #[serde(default)]
    pub unless_guaranteed_agent: bool,
    /// Afterwards only with a guaranteed agent, until one has spoken with the callee.
    #[serde(default)]
    pub then_guaranteed_agent: bool,
}

/// An event that starts a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Any attempt.
    Attempt,
    /// Agent and callee spoke.
    Conversation,
    /// Somebody answered and no agent came.
    Abandoned,
    /// The callee said no.
    Refusal,
}

/// A length of time, in the unit the law uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Thousandths of a second.
    Millis(u32),
    /// Seconds.
    Seconds(u32),
    /// Times 60 minutes.
    Minutes(u32),
    /// Times 60 minutes times 60.
    Hours(u32),
    /// Calendar days, the day of the event being day one: it ends when so many days, that one included, are over.
    DaysCountingTheFirst(u32),
    /// Calendar days after the day of the event.
    Days(u32),
    /// Days from Monday to Friday that are no holidays, after the day of the event.
    BusinessDays(u32),
    /// Calendar months.
    Months(u32),
}

/// A time within which something must happen, or before which it may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// What.
    pub what: DeadlineOf,
    /// How long.
    pub within: Span,
    /// From what, where it is the answer of a call.
    #[serde(default)]
    pub from: Option<StartPoint>,
}

/// What a deadline is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineOf {
    /// An unanswered call may not be given up before.
    MinRing,
    /// An agent, at the latest.
    AnswerToAgent,
    /// A call nobody speaks on is ended, at the latest.
    MuteCut,
    /// An opt-out is honoured, at the latest.
    OptOut,
    /// A complaint of this kind is answered, at the latest.
    Complaint(String),
}

/// Where a silence begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartPoint {
    /// The callee picks up. The stricter of the two.
    Answer,
    /// The callee has finished the greeting.
    GreetingEnd,
}

/// A share of calls that must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioCap {
    /// Whose definition of numerator and denominator.
    pub definition: Definition,
    /// At most so many in a thousand.
    pub per_mille: u16,
    /// The cap itself is already too much (`<` in place of `<=`).
    #[serde(default)]
    pub strictly_below: bool,
    /// Within this.
    pub period: Period,
    /// Fewer calls than this in the period are not judged.
    #[serde(default)]
    pub least_calls: u32,
    /// The time below counts from here.
    pub from: StartPoint,
    /// A call counts if no agent came within this, in milliseconds; of short calls, if it lasted no longer.
    pub within_ms: u32,
}

/// Whose definition a ratio follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// 16 CFR 310.4(b)(1)(iv), (b)(4).
    Ftc,
    /// 47 CFR 64.1200(a)(7).
    Fcc,
    /// Ofcom's abandoned call rate.
    Ofcom,
    /// CRTC.
    Crtc,
    /// Garante, delib. 83/2014: mute calls to 100 successful ones.
    Garante,
    /// Anatel's short calls.
    BrShortCalls,
    /// Ours, where the law is silent: as the FTC's.
    House,
}

/// A list to consult before calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListScrub {
    /// Its name, as [`crate::RegistryState`] has it. `*`: every registry the other rules ask for.
    pub registry: String,
    /// How old the import may be. `None`: the law does not say.
    #[serde(default)]
    pub max_age: Option<Span>,
}

/// What must allow a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    /// Any of these.
    pub accepts: Vec<Accepted>,
}

/// One thing that allows a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// What.
    pub basis: ConsentBasis,
    /// How old it may be, in days.
    #[serde(default)]
    pub max_age_days: Option<u32>,
}

/// What the callee must see.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallerIdentity {
    /// Something must be presented.
    pub present: bool,
    /// It must be a number that can be called back.
    pub callable: bool,
    /// It must begin with one of these; with the country code, `+34400`. Empty: any.
    pub prefixes: Vec<String>,
    /// It must not begin with any of these.
    pub forbidden: Vec<String>,
}

/// What must be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// When.
    pub at: Moment,
    /// What.
    pub says: Vec<String>,
    /// How soon, in milliseconds.
    #[serde(default)]
    pub within_ms: Option<u32>,
}

/// When something must be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At the start of the conversation.
    Start,
    /// When no agent comes.
    Abandoned,
    /// When a complaint or a query is taken.
    Complaint,
}

/// What must be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Which record.
    pub record: String,
    /// For how long. `None`: the law does not say, or says an event.
    #[serde(default)]
    pub keep: Option<Span>,
}

/// What is forbidden.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prohibition {
    /// Only calls to numbers that begin so; with the country code. Empty: every call the selector fits.
    pub to_prefixes: Vec<String>,
}

/// What a service must offer those who call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Availability {
    /// Of what.
    pub what: String,
    /// When; `None`: not said.
    pub hours: Option<Week>,
    /// This share of calls, in percent,
    pub percent: Option<u8>,
    /// is answered within this, in milliseconds.
    pub within_ms: Option<u32>,
}

impl Period {
    /// Whether it holds no time at all.
    pub(crate) fn is_empty(self) -> bool {
        match self {
            Self::RollingHours(n) | Self::CalendarDays(n) | Self::AnchoredDays(n) => n == 0,
            Self::CalendarWeek | Self::CalendarMonth | Self::Campaign => false,
        }
    }
}

impl RuleKind {
    /// How many days back a call may still matter; a day more than the law says, for the zones.
    pub(crate) fn look_back_days(&self) -> u32 {
        let days = match self {
            Self::CountLimit(limit) => match limit.period {
                Period::RollingHours(hours) => hours.div_ceil(24),
                Period::CalendarDays(days) | Period::AnchoredDays(days) => days,
                Period::CalendarWeek => 7,
                Period::CalendarMonth | Period::Campaign => 31,
            },
            Self::Cooldown(rest) => rest.lasts.days(),
            Self::Window(_)
            | Self::Deadline(_)
            | Self::RatioCap(_)
            | Self::ListScrub(_)
            | Self::LegalBasis(_)
            | Self::CallerIdentity(_)
            | Self::Disclosure(_)
            | Self::Evidence(_)
            | Self::Prohibition(_)
            | Self::Availability(_) => return 0,
        };
        days.saturating_add(2)
    }
}

impl Span {
    /// At most so many days.
    fn days(self) -> u32 {
        match self {
            Self::Millis(n) => n.div_ceil(86_400_000),
            Self::Seconds(n) => n.div_ceil(86_400),
            Self::Minutes(n) => n.div_ceil(1_440),
            Self::Hours(n) => n.div_ceil(24),
            Self::Days(n) | Self::DaysCountingTheFirst(n) => n,
            // Five working days in seven, and a week of holidays.
            Self::BusinessDays(n) => n.saturating_mul(2).saturating_add(7),
            Self::Months(n) => n.saturating_mul(31),
        }
    }
}
