//! Decisions in words, for people.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use timbre_model::Civil;

use crate::decision::{Decision, Looked, Reason, RuleDecision, Verdict};
use crate::rule::Trigger;

impl Decision {
    /// One line for each rule that was looked at, the one that decides first: `ES-window-96.2 · callee's local time Sat
    /// 2026-11-21 10:15 Europe/Madrid · no calls on Saturday · next Mon 2026-11-23 09:00`.
    pub fn explain(&self) -> Vec<String> {
        let zone = self.zone();
        let decides = |entry: &&RuleDecision| match &self.verdict {
            Verdict::Refuse { rule, .. } => entry.rule == *rule,
            Verdict::Permit(_) => false,
        };
        let first = self.trace.iter().filter(decides);
        let others = self.trace.iter().filter(|entry| !decides(entry));
        first.chain(others).map(|entry| line(entry, &zone)).collect()
    }

    /// The zone in which instants are written: that of the callee's clock, if any rule looked at it.
    fn zone(&self) -> TimeZone {
        let local = self.trace.iter().find_map(|entry| match &entry.looked {
            Looked::Local { zone, .. } => TimeZoneDatabase::bundled().get(zone).ok(),
            _ => None,
        });
        local.unwrap_or(TimeZone::UTC)
    }
}

fn line(entry: &RuleDecision, zone: &TimeZone) -> String {
    let mut parts = vec![entry.rule.to_string()];
    parts.extend(looked(&entry.looked, zone));
    match &entry.reason {
        None => parts.push("passes".to_owned()),
        Some(reason) => parts.push(why(reason, &entry.looked)),
    }
    parts.extend(entry.until.map(|until| format!("next {}", moment(until, zone))));
    parts.join(" · ")
}

/// The reason, with the hours where they are the reason.
fn why(reason: &Reason, looked: &Looked) -> String {
    let (Looked::Local { at, hours, .. }, false) = (looked, *reason == Reason::Holiday) else {
        return reason.to_string();
    };
    let whose = if *reason == Reason::OutsideSchedule { " in this campaign" } else { "" };
    if hours.spans().is_empty() {
        return format!("no calls on {}{whose}", at.strftime("%A"));
    }
    format!("calls {hours}{whose}")
}

fn looked(looked: &Looked, zone: &TimeZone) -> Option<String> {
    let known = |at: &Option<Civil>| at.map_or("never".to_owned(), |at| moment(at, zone));
    Some(match looked {
        Looked::Local { zone, at, holiday, .. } => {
            let day = holiday.as_ref().map_or(String::new(), |name| format!(", {name}"));
            format!("callee's local time {} {zone}{day}", at.strftime("%a %Y-%m-%d %H:%M"))
        }
        Looked::Count { found, max } => format!("{found} of {max} calls"),
        Looked::Last { of, at } => format!("last {of} {}", known(at)),
        Looked::List { name, version: Some(version), imported_at } => {
            format!("list {name}, {version}, of {}", known(imported_at))
        }
        Looked::List { name, version: None, .. } => format!("list {name}"),
        Looked::Consent { basis: Some(basis), age_days: Some(days) } => {
            format!("consent {basis}, {days} days old")
        }
        Looked::Consent { basis: Some(basis), age_days: None } => format!("consent {basis}"),
        Looked::Consent { basis: None, .. } => "no consent".to_owned(),
        Looked::CallerId { presented: true } => "caller id presented".to_owned(),
        Looked::CallerId { presented: false } => "no caller id".to_owned(),
        Looked::Duty => return None,
    })
}

/// `Mon 2026-11-23 09:00`.
fn moment(at: Civil, zone: &TimeZone) -> String {
    match Timestamp::from_microsecond(at.as_micros()) {
        Ok(stamp) => zone.to_datetime(stamp).strftime("%a %Y-%m-%d %H:%M").to_string(),
        Err(_) => format!("{} µs", at.as_micros()),
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempt => "attempt",
            Self::Conversation => "conversation",
            Self::Abandoned => "abandoned call",
            Self::Refusal => "refusal",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClockUntrusted => "the host's clock stepped and is not confirmed",
            Self::UnknownJurisdiction => "no rules are known for this country",
            Self::UnknownZone => "no such time zone",
            Self::InternalList => "on a do-not-call list of the house",
            Self::RegistryListed => "the number is registered",
            Self::RegistryMissing => "the registry was never imported",
            Self::RegistryStale => "the registry is older than the rule allows",
            Self::OutsideWindow => "outside the hours of calling",
            Self::Holiday => "no calls on this holiday",
            Self::OutsideSchedule => "outside the campaign's hours",
            Self::CountReached => "as many calls as are allowed",
            Self::Cooldown(trigger) => return write!(f, "rests after the last {trigger}"),
            Self::GuaranteedAgentNeeded { .. } => "only with a guaranteed agent",
            Self::NoLegalBasis => "nothing allows this call",
            Self::ConsentExpired => "the consent is too old",
            Self::CallerIdMissing => "a caller id must be presented",
            Self::CallerIdForbidden => "this caller id may not be used here",
            Self::Prohibited => "forbidden",
        })
    }
}

impl Reason {
    /// The word that stands for it in metrics and messages.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ClockUntrusted => "clock_untrusted",
            Self::UnknownJurisdiction => "unknown_jurisdiction",
            Self::UnknownZone => "unknown_zone",
            Self::InternalList => "internal_list",
            Self::RegistryListed => "registry_listed",
            Self::RegistryMissing => "registry_missing",
            Self::RegistryStale => "registry_stale",
            Self::OutsideWindow => "outside_window",
            Self::Holiday => "holiday",
            Self::OutsideSchedule => "outside_schedule",
            Self::CountReached => "count_reached",
            Self::Cooldown(_) => "cooldown",
            Self::GuaranteedAgentNeeded { .. } => "guaranteed_agent_needed",
            Self::NoLegalBasis => "no_legal_basis",
            Self::ConsentExpired => "consent_expired",
            Self::CallerIdMissing => "caller_id_missing",
            Self::CallerIdForbidden => "caller_id_forbidden",
            Self::Prohibited => "prohibited",
        }
    }
}
