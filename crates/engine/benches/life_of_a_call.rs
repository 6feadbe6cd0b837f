//! What the whole life of one call costs the engine: it arrives and waits, an agent becomes free and is offered the
//! oldest, accepts, talks, hangs up and classifies. Every agent is always busy and the line never gets shorter.
//! Effects are built and dropped, as the shell would after writing them.

use std::time::{Duration, Instant};

use timbre_engine::port::{Arrival, SwitchEvent};
use timbre_engine::{Command, Effects, Engine, EventKind, Input, Limits};
use timbre_model::{
    AgentId, AgentRef, AgentSpec, Cadence, CallId, CallerId, Civil, ClientId, ClientSpec,
    EntryPointSpec, FloorSpec, LegId, Mono, Now, OfferId, PhoneNumber, QueueId, QueueSpec,
    RingPolicy, SkillId, Slug, StationMode, TenantId, TrunkId, TrunkRef,
};

const QUEUES: usize = 50;
const SKILLS: usize = 20;

/// How big a floor is.
#[derive(Debug, Clone, Copy)]
struct Size {
    agents: usize,
    waiting: usize,
}

const SMALL: Size = Size { agents: 100, waiting: 1_000 };
const LARGE: Size = Size { agents: 10_000, waiting: 100_000 };

struct Floor {
    engine: Engine,
    out: Effects,
    micros: u64,
    calls: u64,
    agents: Vec<AgentRef>,
    talking: Vec<CallId>,
    next: usize,
    numbers: Vec<PhoneNumber>,
    trunk: TrunkRef,
    cadence: Cadence,
    sale: Slug,
}

fn id<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("a well-formed name")
}

fn skill(n: usize) -> SkillId {
    id(SkillId::parse(&format!("skill-{}", n % SKILLS)))
}

fn number(n: usize) -> PhoneNumber {
    id(PhoneNumber::parse(&format!("+3491{n:07}")))
}

fn queue(n: usize) -> QueueSpec {
    QueueSpec {
        id: id(QueueId::parse(&format!("queue-{n}"))),
        name: String::new(),
        client: id(ClientId::parse("client")),
        priority: 0,
        skills: [(skill(n), 3)].into(),
        service_level: Duration::from_secs(20),
        short_abandonment: Duration::from_secs(5),
        ring: RingPolicy::default(),
        offer_timeout: Duration::from_secs(15),
        wrap_up: Duration::from_secs(30),
        wrap_up_extension: Duration::from_secs(60),
        max_wait: Duration::from_secs(14_400),
        capacity: FloorSpec::CAPACITY_MAX,
        announcements: Default::default(),
        dispositions: None,
        survey: None,
    }
}

fn agent(n: usize) -> AgentSpec {
    AgentSpec {
        id: id(AgentId::parse(&format!("agent-{n}"))),
        name: String::new(),
        skills: (0..4).map(|k| (skill(n + k * 5), 3 + ((n + k) % 8) as u8)).collect(),
        site: None,
        station: StationMode::Persistent,
        password: None,
        clients: Default::default(),
    }
}

fn spec(size: Size) -> FloorSpec {
    FloorSpec {
        clients: vec![ClientSpec { id: id(ClientId::parse("client")), name: String::new() }],
        skills: (0..SKILLS).map(skill).collect(),
        dispositions: [id(Slug::parse("sale"))].into(),
        queues: (0..QUEUES).map(queue).collect(),
        agents: (0..size.agents).map(agent).collect(),
        entry_points: (0..QUEUES)
            .map(|n| EntryPointSpec {
                number: number(n),
                queue: id(QueueId::parse(&format!("queue-{n}"))),
            })
            .collect(),
        ..FloorSpec::default()
    }
}

impl Floor {
    /// Every agent talks, and `size.waiting` calls wait.
    fn new(size: Size) -> Self {
        let tenant = id(TenantId::parse("bench"));
        let spec = spec(size);
        let named = |it: &AgentSpec| AgentRef { tenant: tenant.clone(), agent: it.id.clone() };
        let mut floor = Self {
            engine: Engine::new(Limits { calls_max: 1_000_000, ..Limits::default() }),
            out: Effects::default(),
            micros: 0,
            calls: 0,
            agents: spec.agents.iter().map(named).collect(),
            talking: vec![CallId::from_u128(0); size.agents],
            next: 0,
            numbers: (0..QUEUES).map(number).collect(),
            trunk: TrunkRef { tenant: tenant.clone(), trunk: id(TrunkId::parse("carrier")) },
            cadence: Cadence::of_country("ES").expect("Spain has a cadence"),
            sale: id(Slug::parse("sale")),
        };
        let spec = Box::new(spec);
        floor.command(Command::ApplyFloor { tenant, spec, expected_version: None });
        (0..size.waiting + size.agents).for_each(|_| floor.arrive());
        floor.micros += 10_500_000;
        floor.wake();
        (0..size.agents).for_each(|n| floor.start_shift(n));
        floor
    }

    fn step(&mut self, input: Input) {
        self.micros += 1;
        let now = Now {
            mono: Mono::from_micros(self.micros),
            civil: Civil::from_micros(self.micros as i64),
        };
        self.out.changes.clear();
        self.out.actions.clear();
        self.out.events.clear();
        self.engine.step(now, input, &mut self.out).expect("a scene without faults");
    }

    fn command(&mut self, command: Command) {
        self.step(Input::Command(command));
    }

    fn arrive(&mut self) {
        self.calls += 1;
        let to = self.calls as usize % QUEUES;
        let number = self.numbers[to].clone();
        self.step(Input::Switch(SwitchEvent::CallArrived(Box::new(Arrival {
            leg: LegId::arrived(self.calls),
            call: CallId::from_u128(u128::from(self.calls)),
            trunk: self.trunk.clone(),
            cadence: self.cadence,
            dialed: number.expose().to_owned(),
            dialed_number: Some(number),
            caller: CallerId::Withheld,
        }))));
    }

    fn start_shift(&mut self, n: usize) {
        let agent = self.agents[n].clone();
        self.command(Command::SignIn {
            agent: agent.clone(),
            auto_accept: false,
            take_over: false,
        });
        let leg = LegId::arrived((1 << 40) + n as u64);
        self.step(Input::Switch(SwitchEvent::StationCalledIn { agent: agent.clone(), leg }));
        self.command(Command::SetReady { agent });
        self.take_offer(n);
    }

    fn take_offer(&mut self, n: usize) {
        let offer: Option<OfferId> = self.out.events.iter().find_map(|it| match &it.what {
            EventKind::Offered(made) => Some(made.offer),
            _ => None,
        });
        let offer = offer.expect("a call waits for every agent");
        self.talking[n] = offer.call;
        self.command(Command::AcceptOffer { agent: self.agents[n].clone(), offer });
    }

    /// One call arrives, and the longest-talking agent finishes one and takes the oldest that waits.
    fn one_life(&mut self) {
        self.micros += 20_000;
        self.arrive();
        let n = self.next;
        self.next = (n + 1) % self.agents.len();
        let (agent, call) = (self.agents[n].clone(), self.talking[n]);
        self.command(Command::HangUp { agent: agent.clone(), call });
        self.command(Command::Dispose {
            agent,
            call,
            code: self.sale.clone(),
            fields: Default::default(),
        });
        self.take_offer(n);
        self.wake();
    }

    fn wake(&mut self) {
        while self.engine.next_wake().is_some_and(|(at, _)| at.as_micros() <= self.micros) {
            self.step(Input::Wake);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]
/// Nanoseconds per call: the median of many rounds, which a busy neighbour does not move.
fn nanos(size: Size) -> f64 {
    let mut floor = Floor::new(size);
    (0..20_000).for_each(|_| floor.one_life());
    let mut rounds: Vec<f64> = (0..100)
        .map(|_| {
            let start = Instant::now();
            (0..1_000).for_each(|_| floor.one_life());
            start.elapsed().as_nanos() as f64 / 1_000.0
        })
        .collect();
    floor.engine.check_invariants();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

#[divan::bench(args = [SMALL, LARGE], sample_count = 50, sample_size = 200)]
fn life_of_a_call(bencher: divan::Bencher, size: Size) {
    let mut floor = Floor::new(size);
    bencher.bench_local(move || floor.one_life());
}

fn main() {
    divan::main();
    // Cargo's test runner only wants to see it work.
    if std::env::args().any(|it| it == "--bench") {
        let (small, large) = (nanos(SMALL), nanos(LARGE));
        println!("{SMALL:?}: {small:.0} ns a call");
        println!("{LARGE:?}: {large:.0} ns a call, {:.2} times as much", large / small);
    }
}
