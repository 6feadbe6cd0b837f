//! Cases from their taking to their end, on a virtual calendar.

mod clocks;
mod moves;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use timbre_model::{AgentId, CaseworkSpec, Civil, ClientId, EscalationRole, Slug, TenantId};

use super::*;
use crate::{Act, NewEvent, Record, Refusal, Terms, Work, WorkingDays};

/// Weekdays of Spain's clock, as one rule (POSIX), but for these holidays.
pub(super) struct Table {
    pub(super) holidays: BTreeSet<Date>,
    pub(super) zone: TimeZone,
}

impl Table {
    pub(super) fn spain(holidays: &[&str]) -> Self {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        let holidays = holidays.iter().map(|it| it.parse().expect("a day")).collect();
        Self { holidays, zone }
    }
}

impl WorkingDays for Table {
    fn is_working(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !self.holidays.contains(&day)
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

pub(super) fn at(text: &str, days: &Table) -> Civil {
    let civil: jiff::civil::DateTime = text.parse().expect("a moment");
    let zoned = civil.to_zoned(days.zone.clone()).expect("it exists");
    Civil::from_micros(zoned.timestamp().as_microsecond())
}

pub(super) fn slug(text: &str) -> Slug {
    Slug::parse(text).expect("a slug")
}

pub(super) fn ana() -> AgentId {
    AgentId::parse("ana").expect("an id")
}

pub(super) fn by_ana(at: Civil) -> Act {
    Act { at, by: By::Agent(ana()) }
}

pub(super) fn spec() -> CaseworkSpec {
    let role = |role: &str, after: u64, mail: Option<&str>| EscalationRole {
        role: slug(role),
        after: Duration::from_secs(after * 3_600),
        agents: BTreeSet::new(),
        mail: mail.map(str::to_owned),
    };
    let escalation = vec![role("lead", 0, Some("lead@example.com")), role("boss", 24, None)];
    CaseworkSpec { escalation, ..CaseworkSpec::default() }
}

pub(super) fn rules<'a>(spec: &'a CaseworkSpec, days: &'a Table) -> CaseRules<'a> {
    CaseRules { spec, terms: Terms::shipped(), country: Some("ES"), days }
}

pub(super) fn taking() -> Taking {
    Taking {
        id: CaseId::from_u128(7),
        key: CaseKey::from_chance(482_193_057),
        tenant: TenantId::parse("acme").expect("an id"),
        client: ClientId::parse("luz").expect("an id"),
        kind: CaseKind::Complaint,
        channel: Channel::Phone,
        received_at: None,
        call: None,
        queue: None,
        customer_name: "Rosa".to_owned(),
        language: "es".to_owned(),
        statement: "No funciona".to_owned(),
        follow_up: None,
        more: Amendment::default(),
        checklist: Vec::new(),
    }
}

/// The one case of a piece of work.
pub(super) fn case_of(work: &Work) -> Case {
    match work.records.as_slice() {
        [Record::Case(case)] => case.as_ref().clone(),
        other => panic!("one case: {other:?}"),
    }
}

/// The verbs that were told.
pub(super) fn told(events: &[NewEvent]) -> Vec<&str> {
    events.iter().map(|it| verb(&it.kind).expect("a case's event")).collect()
}

fn verb(kind: &str) -> Option<&str> {
    kind.strip_prefix("timbre.case.")?.strip_suffix(".v1")
}

pub(super) fn state_refused(refused: Result<Work, Refusal>) -> (&'static str, &'static str) {
    match refused {
        Err(Refusal::State { state, remedy, .. }) => (state, remedy),
        other => panic!("refused for its state: {other:?}"),
    }
}

pub(super) fn field_refused(refused: Result<Work, Refusal>) -> String {
    match refused {
        Err(Refusal::Field(fault)) => fault.field,
        other => panic!("refused for a field: {other:?}"),
    }
}
