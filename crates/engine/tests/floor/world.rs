//! An engine on a virtual clock, and short names for what is fed to it.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_engine::port::{Arrival, LegEnd, SwitchAction, SwitchEvent};
use timbre_engine::{Command, Effects, Engine, Input, Limits, Rejection, Reply};
use timbre_model::{
    AgentId, AgentRef, AgentSpec, Cadence, CallId, CallerId, Change, Civil, ClientId, ClientSpec,
    EntryPointSpec, FloorSpec, LegId, Mono, Now, OfferId, PhoneNumber, QueueId, QueueSpec,
    RingPolicy, SkillId, Slug, StationMode, TenantId, TrunkId, TrunkRef,
};

use crate::placing::{self, Placing};
use crate::trace;

/// An engine, the moment, and what came out so far.
pub struct World {
    pub engine: Engine,
    pub spec: FloorSpec,
    pub micros: u64,
    pub trace: Vec<String>,
    pub changes: Vec<Change>,
    pub calls: BTreeMap<String, CallId>,
    pub legs: BTreeMap<LegId, String>,
    pub placing: Placing,
    applied: bool,
    minted: u64,
}

pub fn tenant() -> TenantId {
    TenantId::parse("acme").expect("a slug")
}

pub fn agent(name: &str) -> AgentRef {
    AgentRef { tenant: tenant(), agent: AgentId::parse(name).expect("a slug") }
}

pub fn slug(name: &str) -> Slug {
    Slug::parse(name).expect("a slug")
}

pub fn skill(name: &str) -> SkillId {
    SkillId::parse(name).expect("a slug")
}

fn client() -> ClientId {
    ClientId::parse("client").expect("a slug")
}

pub fn queue_spec(name: &str) -> QueueSpec {
    QueueSpec {
        id: QueueId::parse(name).expect("a slug"),
        name: name.to_owned(),
        client: client(),
        priority: 0,
        skills: BTreeMap::new(),
        service_level: Duration::from_secs(20),
        short_abandonment: Duration::from_secs(5),
        ring: RingPolicy::default(),
        offer_timeout: Duration::from_secs(15),
        wrap_up: Duration::from_secs(30),
        wrap_up_extension: Duration::from_secs(60),
        max_wait: Duration::from_secs(600),
        capacity: 200,
        announcements: Default::default(),
        dispositions: None,
        survey: None,
    }
}

pub fn agent_spec(name: &str) -> AgentSpec {
    AgentSpec {
        id: AgentId::parse(name).expect("a slug"),
        name: name.to_owned(),
        skills: BTreeMap::new(),
        site: None,
        station: StationMode::OnDemand,
        password: None,
        clients: Default::default(),
    }
}

/// Of campaigns with `tree`.
const TREE: &str = r#"{"id": "tree", "dispositions": [
    {"code": "reached", "name": "Reached", "children": [
        {"code": "later", "name": "Later", "effects": [{"retry": {"after": "2h"}}]},
        {"code": "again", "name": "Again", "effects": ["callback"]},
        {"code": "stop", "name": "Stop", "effects": [{"do_not_call": {"reach": "tenant"}}]},
        {"code": "sold", "name": "Sold", "fields": [{"id": "product", "name": "Product"}]}]},
    {"code": "wrong", "name": "Wrong number", "effects": ["wrong_number"]},
    {"code": "dead", "name": "Deceased", "effects": ["deceased"]}]}"#;

impl World {
    pub fn new(limits: Limits) -> Self {
        let spec = FloorSpec {
            clients: vec![ClientSpec { id: client(), name: "Client".to_owned() }],
            skills: ["es", "en"].map(skill).into(),
            pauses: ["lunch", "rest"].map(slug).into(),
            dispositions: ["sale", "no-sale", "do-not-call"].map(slug).into(),
            disposition_trees: vec![serde_json::from_str(TREE).expect("a tree")],
            ..FloorSpec::default()
        };
        Self {
            engine: Engine::new(limits),
            spec,
            micros: 0,
            trace: Vec::new(),
            changes: Vec::new(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            placing: Placing::default(),
            applied: false,
            minted: 0,
        }
    }

    /// Adds a queue that the number `+3491000000N` leads to, N counting the queues from 0.
    pub fn add_queue(&mut self, queue: QueueSpec) {
        let number = format!("+3491000000{}", self.spec.queues.len());
        let number = PhoneNumber::parse(&number).expect("a number");
        self.spec.entry_points.push(EntryPointSpec { number, queue: queue.id.clone() });
        self.spec.queues.push(queue);
    }

    /// Applies the floor unless that has been done.
    pub fn open(&mut self) {
        if !std::mem::replace(&mut self.applied, true) {
            self.apply().expect("a floor without faults");
        }
    }

    pub fn apply(&mut self) -> Result<Reply, Rejection> {
        assert_eq!(self.spec.faults(), []);
        let spec = Box::new(self.spec.clone());
        self.command(Command::ApplyFloor { tenant: tenant(), spec, expected_version: None })
    }

    pub fn now(&self) -> Now {
        Now {
            mono: Mono::from_micros(self.micros),
            civil: Civil::from_micros(1_700_000_000_000_000 + self.micros as i64),
        }
    }

    /// Feeds an input, checks the invariants, and that a rejection has changed nothing.
    pub fn feed(&mut self, input: Input) -> Result<Reply, Rejection> {
        let before = format!("{:?}", self.engine);
        let mut out = Effects::default();
        let reply = self.engine.step(self.now(), input, &mut out);
        self.engine.check_invariants();
        if reply.is_err() {
            assert!(out.is_empty(), "a rejection has effects");
            assert_eq!(before, format!("{:?}", self.engine), "a rejection changed the engine");
        }
        for action in &out.actions {
            match action {
                SwitchAction::RingStation { leg, agent, .. } => {
                    self.legs.insert(*leg, agent.agent.to_string());
                }
                SwitchAction::Dial { leg, call, number, .. } => {
                    self.legs.insert(*leg, self.name_of(*call).to_owned());
                    self.audit_dial(*call, number);
                }
                _ => {}
            }
        }
        self.audit(&out.changes);
        let events = out.events.iter().filter_map(|it| trace::event(self, it));
        let actions = out.actions.iter().map(|it| trace::action(self, it));
        let changes = out.changes.iter().filter_map(|it| placing::change(self, it));
        let requests = out.requests.iter().map(placing::ask);
        let lines: Vec<String> = changes.chain(events).chain(actions).chain(requests).collect();
        self.trace.extend(lines);
        self.changes.append(&mut out.changes);
        if let Some(last) = out.requests.last() {
            self.placing.newest = last.batch;
        }
        self.placing.requests.append(&mut out.requests);
        reply
    }

    pub fn command(&mut self, command: Command) -> Result<Reply, Rejection> {
        self.feed(Input::Command(command))
    }

    pub fn switch(&mut self, event: SwitchEvent) -> Result<Reply, Rejection> {
        self.feed(Input::Switch(event))
    }

    /// Lets time pass, waking the engine exactly when it asks for it.
    pub fn wait(&mut self, span: Duration) {
        let until = self.micros + span.as_micros() as u64;
        while let Some(at) = self.engine.next_wake().map(|(at, _)| at.as_micros()) {
            if at > until {
                break;
            }
            self.micros = self.micros.max(at);
            self.feed(Input::Wake).expect("a wake-up is never rejected");
        }
        self.micros = until;
    }

    fn mint_leg(&mut self, whose: &str) -> LegId {
        self.minted += 1;
        let leg = LegId::arrived(self.minted);
        self.legs.insert(leg, whose.to_owned());
        leg
    }

    /// A call named `name` to the `n`-th queue's number.
    pub fn call(&mut self, name: &str, n: usize) -> Result<Reply, Rejection> {
        let leg = self.mint_leg(name);
        let call = CallId::from_u128(u128::from(self.minted));
        self.calls.insert(name.to_owned(), call);
        let dialed = format!("+3491000000{n}");
        self.switch(SwitchEvent::CallArrived(Box::new(Arrival {
            leg,
            call,
            trunk: TrunkRef { tenant: tenant(), trunk: TrunkId::parse("carrier").expect("a slug") },
            cadence: Cadence::of_country("ES").expect("Spain has a cadence"),
            dialed_number: PhoneNumber::parse(&dialed).ok(),
            dialed,
            caller: CallerId::Withheld,
        })))
    }

    pub fn call_in(&mut self, name: &str) -> Result<Reply, Rejection> {
        let leg = self.mint_leg(name);
        self.switch(SwitchEvent::StationCalledIn { agent: agent(name), leg })
    }

    /// The newest leg of a caller or of an agent.
    pub fn leg(&self, whose: &str) -> LegId {
        let theirs = self.legs.iter().filter(|(_, it)| *it == whose);
        let newest = theirs.max_by_key(|(leg, _)| (leg.as_u64() & 1, **leg));
        *newest.unwrap_or_else(|| panic!("{whose} has no leg")).0
    }

    pub fn leg_ends(&mut self, whose: &str, how: LegEnd) -> Result<Reply, Rejection> {
        let leg = self.leg(whose);
        self.switch(SwitchEvent::LegEnded { leg, how })
    }

    /// The agent's open offer.
    pub fn offer(&self, name: &str) -> OfferId {
        let view = self.engine.agent(&agent(name)).expect("an agent of the floor");
        view.offer.map_or(OfferId { call: CallId::from_u128(0), number: 1 }, |(offer, _)| offer)
    }

    /// The name of a call.
    pub fn name_of(&self, call: CallId) -> &str {
        self.calls.iter().find(|(_, it)| **it == call).map_or("?", |(name, _)| name)
    }
}
