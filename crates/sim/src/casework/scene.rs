//! The floor of the month, and where and when it works.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use timbre_casework::case::CaseRules;
use timbre_casework::{Terms, WorkingDays};
use timbre_model::{
    AgentId, AgentSpec, CaseworkSpec, Civil, ClientId, ClientSpec, DepartmentSpec, EscalationRole,
    FloorSpec, FollowUpPolicy, ListId, QueueId, TenantId,
};

use crate::floor::{known, slug};

/// A place and a month. The auditor does its own sums over the same figures.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) country: &'static str,
    pub(super) zone: &'static str,
    /// Seconds east of Greenwich in winter.
    pub(super) offset: i64,
    /// Its clocks change as the European Union's do.
    pub(super) summer: bool,
    pub(super) first: &'static str,
    pub(super) holidays: &'static [&'static str],
}

const SPAIN: Place = Place {
    country: "ES",
    zone: "Europe/Madrid",
    offset: 3_600,
    summer: true,
    first: "2026-03-02",
    holidays: &["2026-03-19", "2026-04-02", "2026-04-03", "2026-05-01", "2026-05-15"],
};

pub(super) const PLACES: [Place; 5] = [
    SPAIN,
    Place {
        first: "2026-10-05",
        holidays: &["2026-10-12", "2026-11-02", "2026-11-09", "2026-12-07", "2026-12-08"],
        ..SPAIN
    },
    Place {
        first: "2026-12-01",
        holidays: &["2026-12-07", "2026-12-08", "2026-12-25", "2027-01-01", "2027-01-06"],
        ..SPAIN
    },
    Place {
        country: "PT",
        zone: "Europe/Lisbon",
        offset: 0,
        summer: true,
        first: "2026-03-16",
        holidays: &["2026-04-03", "2026-05-01", "2026-06-04", "2026-06-10"],
    },
    Place {
        country: "BR",
        zone: "America/Sao_Paulo",
        offset: -10_800,
        summer: false,
        first: "2026-10-01",
        holidays: &["2026-10-12", "2026-11-02", "2026-11-15", "2026-11-20", "2026-12-25"],
    },
];

pub(super) const HOUR: i64 = 3_600_000_000;
pub(super) const DAY: i64 = 24 * HOUR;

/// The working days of a place, as a table.
pub(super) struct Days {
    zone: TimeZone,
    holidays: BTreeSet<Date>,
}

impl WorkingDays for Days {
    fn is_working(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !self.holidays.contains(&day)
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

/// The floor and its calendar.
pub(super) struct Scene {
    pub(super) tenant: TenantId,
    pub(super) client: ClientId,
    pub(super) floor: FloorSpec,
    pub(super) days: Days,
    pub(super) place: &'static Place,
    pub(super) agents: Vec<AgentId>,
    pub(super) queues: Vec<QueueId>,
}

impl Scene {
    pub(super) fn new(seed: u64, agents: u32) -> Self {
        let place = &PLACES[usize::try_from(seed % 5).unwrap_or(0)];
        let client = known(ClientId::parse("client"));
        let agents: Vec<_> =
            (0..agents.max(1)).map(|n| known(AgentId::parse(&format!("agent-{n}")))).collect();
        let spec = |id: &AgentId| AgentSpec::new(id.clone(), id.to_string());
        let floor = FloorSpec {
            clients: vec![ClientSpec { id: client.clone(), name: "Client".to_owned() }],
            agents: agents.iter().map(spec).collect(),
            casework: casework(place, &agents),
            ..FloorSpec::default()
        };
        let holidays = place.holidays.iter().map(|it| known(it.parse())).collect();
        let days = Days { zone: known(TimeZone::get(place.zone)), holidays };
        let queues = ["sales", "bills", "help"].map(|it| known(QueueId::parse(it))).to_vec();
        let tenant = crate::floor::tenant();
        Self { tenant, client, floor, days, place, agents, queues }
    }

    pub(super) fn rules(&self) -> CaseRules<'_> {
        CaseRules {
            spec: &self.floor.casework,
            terms: Terms::shipped(),
            country: Some(self.place.country),
            days: &self.days,
        }
    }

    /// When the floor is open, 8 to 20 o'clock of each working day, and each midnight, in microseconds.
    pub(super) fn calendar(&self, days: u32) -> (Vec<(i64, i64)>, Vec<i64>) {
        let mut day: Date = known(self.place.first.parse());
        let (mut open, mut midnights) = (Vec::new(), Vec::new());
        for _ in 0..=days {
            let at = |hour| {
                let local = day.at(hour, 0, 0, 0).to_zoned(self.days.zone.clone());
                known(local).timestamp().as_microsecond()
            };
            midnights.push(at(0));
            if self.days.is_working(day) {
                open.push((at(8), at(20)));
            }
            day = known(day.tomorrow());
        }
        (open, midnights)
    }

    pub(super) fn policy(&self, n: usize) -> &FollowUpPolicy {
        &self.floor.casework.follow_ups[n % self.floor.casework.follow_ups.len()]
    }
}

fn casework(place: &Place, agents: &[AgentId]) -> CaseworkSpec {
    let hours = |n: u64| Duration::from_secs(n * 3_600);
    let role = |role: &str, after: u64| EscalationRole {
        role: slug(role),
        after: hours(after),
        agents: agents.iter().take(2).cloned().collect(),
        mail: Some(format!("{role}@example.com")),
    };
    let department = |id: &str| DepartmentSpec {
        id: slug(id),
        name: id.to_owned(),
        mail: Some(format!("{id}@example.com")),
        agents: BTreeSet::new(),
    };
    let policy = |id: &str, after: &[u64], promise: &str| FollowUpPolicy {
        id: slug(id),
        after: after.iter().map(|it| hours(*it)).collect(),
        list: known(ListId::parse("after-sale")),
        tries: 3,
        promises: vec![promise.to_owned()],
    };
    CaseworkSpec {
        country: Some(place.country.to_owned()),
        zone: Some(place.zone.to_owned()),
        departments: vec![department("billing"), department("support")],
        escalation: vec![role("team-lead", 0), role("head", 24), role("ombudsman", 72)],
        follow_ups: vec![
            policy("goods", &[48, 240], "delivered in 5 days"),
            policy("service", &[24], "works from the first day"),
        ],
        ..CaseworkSpec::default()
    }
}

/// A moment as microseconds, and back.
pub(super) fn civil(at: i64) -> Civil {
    Civil::from_micros(at)
}
