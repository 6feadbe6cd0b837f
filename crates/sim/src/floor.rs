//! The floor that is simulated.

use std::time::Duration;

use timbre_model::{
    AgentId, AgentRef, AgentSpec, ClientId, ClientSpec, EntryPointSpec, FloorSpec, PhoneNumber,
    QueueId, QueueSpec, RingPolicy, SkillId, Slug, StationMode, SurveyKind, SurveySpec, TenantId,
};

use crate::Scenario;

pub(crate) fn known<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("a name written by us is well-formed")
}

pub(crate) fn tenant() -> TenantId {
    known(TenantId::parse("acme"))
}

pub(crate) fn slug(name: &str) -> Slug {
    known(Slug::parse(name))
}

pub(crate) fn agent(n: usize) -> AgentRef {
    AgentRef { tenant: tenant(), agent: known(AgentId::parse(&format!("agent-{n}"))) }
}

/// The number of the `n`-th queue; of no queue where there are fewer.
pub(crate) fn number(n: usize) -> PhoneNumber {
    known(PhoneNumber::parse(&format!("+3491000000{n}")))
}

fn queue_id(n: usize) -> QueueId {
    known(QueueId::parse(&format!("queue-{n}")))
}

fn client() -> ClientId {
    known(ClientId::parse("client"))
}

fn skill(n: usize) -> SkillId {
    known(SkillId::parse(&format!("skill-{n}")))
}

/// Queues differ in priority, promise and wrap-up; the second connects without letting it ring.
fn queue(n: usize) -> QueueSpec {
    let ring = match n % 3 {
        1 => RingPolicy { answer_after_rings: 0, answer_by_rings: 1, ..RingPolicy::default() },
        _ => RingPolicy::default(),
    };
    QueueSpec {
        id: queue_id(n),
        name: format!("Queue {n}"),
        client: client(),
        priority: (n % 2) as u8,
        skills: [(skill(n), 3)].into(),
        service_level: Duration::from_secs(20),
        short_abandonment: Duration::from_secs(5),
        ring,
        offer_timeout: Duration::from_secs(15),
        wrap_up: Duration::from_secs(if n % 3 == 2 { 0 } else { 30 }),
        wrap_up_extension: Duration::from_secs(60),
        max_wait: Duration::from_secs(300),
        capacity: 25,
        announcements: Default::default(),
        dispositions: None,
        survey: kind(n).map(|kind| SurveySpec { kind, period: SurveySpec::PERIOD }),
    }
}

/// All queues but the second ask a question after the conversation.
fn kind(n: usize) -> Option<SurveyKind> {
    match n % 3 {
        0 => Some(SurveyKind::Csat),
        1 => None,
        _ => Some(SurveyKind::Nps),
    }
}

/// Every agent holds two neighbouring skills, every fifth one too little of the second.
fn agent_spec(n: usize, queues: usize) -> AgentSpec {
    let second = if n.is_multiple_of(5) { 2 } else { 6 };
    let persistent = persistent(n);
    AgentSpec {
        id: agent(n).agent,
        name: format!("Agent {n}"),
        skills: [(skill((n + 1) % queues), second), (skill(n % queues), 8)].into(),
        site: None,
        station: if persistent { StationMode::Persistent } else { StationMode::OnDemand },
        password: None,
        clients: Default::default(),
    }
}

pub(crate) fn persistent(n: usize) -> bool {
    n % 5 < 2
}

pub(crate) fn spec(scenario: &Scenario) -> FloorSpec {
    let queues = scenario.queues.clamp(1, 9);
    FloorSpec {
        clients: vec![ClientSpec { id: client(), name: "Client".to_owned() }],
        skills: (0..queues).map(skill).collect(),
        pauses: [slug("lunch")].into(),
        dispositions: [slug("sale"), slug("no-sale")].into(),
        queues: (0..queues).map(queue).collect(),
        agents: (0..scenario.agents).map(|n| agent_spec(n, queues)).collect(),
        trunks: Vec::new(),
        entry_points: (0..queues)
            .map(|n| EntryPointSpec { number: number(n), queue: queue_id(n) })
            .collect(),
        ..FloorSpec::default()
    }
}
