//! A cell as a setup: one queue, one campaign, as many people to call as are wanted, and a law that allows it.

use std::time::Duration;

use timbre_model::{
    AgentId, AgentSpec, CallerIdPool, CampaignId, CampaignList, CampaignSpec, Civil, ClientId,
    ClientSpec, DialMode, DuplicatePolicy, FloorSpec, LeadNumber, LeadOrder, ListId, ListSpec,
    OutboundSpec, PhoneNumber, Place, Purpose, QueueId, QueueSpec, Rotation, Slug, StationMode,
    TrunkId, TrunkSpec,
};

use super::published::Published;
use crate::outbound::world::HOUR;
use crate::outbound::{Course, Habits, Lasting, Latency, Leads, Ringing, Setup, Shift};

/// Answers that come later than this are not waited for.
const RING_TIMEOUT: Duration = Duration::from_millis(22_250);

/// A midnight in UTC.
const MIDNIGHT: i64 = 20_717 * 86_400_000_000;

fn known<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("what we write ourselves is well-formed")
}

/// The plant of the published figures.
pub(super) fn lifelike(of: &Published, mode: DialMode) -> Setup {
    let (warm_up, measured) =
        if of.agents >= 500 { (HOUR, 2 * HOUR) } else { (2 * HOUR, 8 * HOUR) };
    let end = warm_up + measured;
    let habits = Habits {
        answer: [of.answer_rate; 24],
        zone: None,
        course: Course::Even,
        ringing: Ringing::Lifelike,
        machine: 0.0,
        talk: Lasting::LogNormal { mean_s: of.talk_s, variation: 1.0 },
        wrap: Lasting::LogNormal { mean_s: 20.0, variation: 0.5 },
        dispositions: Vec::new(),
        callback: 0.0,
    };
    let shift = Shift { from: 0, to: end, breaks: Vec::new() };
    Setup {
        floor: floor(of.agents, mode),
        // The measured day is one of the engine's, which begin at midnight.
        start: Civil::from_micros(MIDNIGHT - warm_up as i64),
        warm_up,
        end,
        slice: measured,
        crew: vec![shift; of.agents as usize],
        habits: vec![habits],
        leads: Leads::Endless(Box::new(callee())),
        latency: Latency::default(),
        yesterday: Some(of.answers_a_day()),
        callers: Vec::new(),
        barred: Vec::new(),
    }
}

/// The same without a warm-up and without a yesterday.
pub(super) fn cold(setup: Setup) -> Setup {
    let Setup { warm_up, end, start, crew, .. } = setup;
    let crew = crew.into_iter().map(|it| Shift { to: end - warm_up, ..it }).collect();
    Setup {
        start: Civil::from_micros(start.as_micros() + warm_up as i64),
        warm_up: 0,
        end: end - warm_up,
        crew,
        yesterday: None,
        ..setup
    }
}

/// A mobile in Mexico, where a customer may be served at any hour.
fn callee() -> LeadNumber {
    LeadNumber {
        number: known(PhoneNumber::parse("+525500000000")),
        label: String::new(),
        place: Place { country: "MX".to_owned(), region: None },
        zones: vec!["America/Mexico_City".to_owned()],
    }
}

fn floor(agents: u32, mode: DialMode) -> FloorSpec {
    let client: ClientId = known(ClientId::parse("client"));
    let mut queue = QueueSpec::new(known(QueueId::parse("queue")), String::new(), client.clone());
    // The agent ends it.
    queue.wrap_up = Duration::from_secs(1_200);
    let list = known(ListId::parse("list"));
    let agent = |n| AgentSpec {
        id: known(AgentId::parse(&format!("agent-{n}"))),
        name: String::new(),
        skills: Default::default(),
        site: None,
        station: StationMode::Persistent,
        password: None,
        clients: Default::default(),
    };
    FloorSpec {
        clients: vec![ClientSpec { id: client.clone(), name: String::new() }],
        dispositions: [known(Slug::parse("done"))].into(),
        campaigns: vec![campaign(&queue, &list, mode)],
        queues: vec![queue],
        agents: (0..agents).map(agent).collect(),
        trunks: vec![trunk()],
        lists: vec![ListSpec {
            id: list,
            name: String::new(),
            client,
            country: "MX".to_owned(),
            order: LeadOrder::Imported,
            duplicates: DuplicatePolicy::RejectInList,
        }],
        ..FloorSpec::default()
    }
}

fn campaign(queue: &QueueSpec, list: &ListId, mode: DialMode) -> CampaignSpec {
    let numbers = vec![known(PhoneNumber::parse("+525512345678"))];
    let caller_ids = CallerIdPool { numbers, rotation: Rotation::RoundRobin };
    let (client, id) = (queue.client.clone(), known(CampaignId::parse("campaign")));
    let new = CampaignSpec::new(id, String::new(), client, queue.id.clone(), caller_ids);
    CampaignSpec {
        mode,
        purpose: Purpose::CustomerService,
        ring_timeout: RING_TIMEOUT,
        lists: vec![CampaignList { list: list.clone(), weight: 1, filter: None }],
        trunks: vec![known(TrunkId::parse("carrier"))],
        abandonment_cap: super::CAP,
        ..new
    }
}

/// A trunk that never is the limit.
fn trunk() -> TrunkSpec {
    let outbound = OutboundSpec {
        setup_max: 10_000,
        calls_per_second: 1_000.0,
        ..OutboundSpec::new(vec!["192.0.2.1".to_owned()])
    };
    TrunkSpec {
        id: known(TrunkId::parse("carrier")),
        addresses: vec![known("192.0.2.1".to_owned().try_into())],
        password: None,
        country: "MX".to_owned(),
        cadence: None,
        channels: 100_000,
        outbound: Some(outbound),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_floor_has_no_faults() {
        let cell = crate::outbound::grid::published::all()[0];
        let setup = super::lifelike(&cell, crate::outbound::grid::FORECAST);
        assert_eq!(setup.floor.faults(), []);
    }
}
