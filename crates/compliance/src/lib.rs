//! May this number be called, now, for this purpose? One pure function answers: [`decide`].
//!
//! Jurisdictions are data (`data/*.yaml`), each value with its source, its date and whether the norm's own text was
//! read. Where several rules apply, the strictest wins; what is not known counts against the call: a number that cannot
//! be placed has every zone of its country, a registry that was never imported refuses. Every rule that was looked at
//! stands in the decision's trace, with what it saw.
//!
//! This crate knows no clock, no I/O and no database: time, ledger and lists are arguments. It is not legal advice.

mod abandonment;
mod attempt;
mod catalog;
mod clockwatch;
mod decide;
mod decision;
mod explain;
mod history;
mod holiday;
mod hours;
mod page;
mod place;
mod rule;
mod selector;

pub use abandonment::{
    AbandonmentCounts, AnsweredCall, Answerer, CapRule, Interval, Profile, Share, applicable,
    strictest, strictest_at,
};
pub use attempt::{Attempt, Presented};
pub use catalog::{Catalog, CatalogError, Jurisdiction};
pub use clockwatch::{Clockwatch, PERMIT_HOLDS, Reading, decide_reading};
pub use decide::decide;
pub use decision::{
    AbandonedMessage, AnswerToAgent, CallerIdDuty, Decision, Looked, Obligations, Reason,
    RecallBan, Remedy, RuleDecision, RuleId, Verdict,
};
pub use history::{Charge, History, Hit, Lists, Refusal, RegistryState};
pub use holiday::{Holiday, HolidayRule, Moves};
pub use hours::{Hours, InvalidHours, Week, Weekday};
/// A day without a zone, as consent and rules carry it (`2026-11-21`).
pub use jiff::civil::Date;
pub use place::{Location, locate};
pub use rule::{
    Accepted, Availability, By, CallerIdentity, Cooldown, CountLimit, Counted, Deadline,
    DeadlineOf, Definition, Disclosure, Evidence, LegalBasis, ListScrub, Moment, Period,
    Prohibition, RatioCap, Rule, RuleKind, Scope, Selector, Source, Span, StartPoint, Strength,
    Subject, Trigger, Verified,
};
