//! What a campaign's turn costs the engine: 100 predictive campaigns with 100 agents each dial, are answered, talk and
//! wrap up. Only the wake-ups are measured, each of which serves one campaign.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use timbre_engine::port::{LegEnd, SwitchAction, SwitchEvent};
use timbre_engine::{
    AuthorizeRequest, Authorized, Command, Effects, Engine, Input, Limits, Permit, Verdicts, Want,
};
use timbre_model::{
    AgentId, AgentRef, AgentSpec, AttemptRecord, CallId, CampaignId, CampaignRef, CampaignSpec,
    Civil, ClientId, DialMode, FloorSpec, LegId, Mono, Now, PhoneNumber, QueueId, QueueSpec,
    SkillId, Slug, StationMode, TenantId,
};

const CAMPAIGNS: usize = 100;
const AGENTS: usize = 100;
/// Most that the 99th of a hundred turns may take, in nanoseconds.
const P99_MAX: u128 = 50_000;
/// Of a thousand calls.
const ANSWERED: u64 = 250;

fn id<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("a well-formed name")
}

fn tenant() -> TenantId {
    id(TenantId::parse("bench"))
}

fn skill(n: usize) -> SkillId {
    id(SkillId::parse(&format!("skill-{n}")))
}

fn agent_ref(n: usize) -> AgentRef {
    AgentRef { tenant: tenant(), agent: id(AgentId::parse(&format!("agent-{n}"))) }
}

fn spec() -> FloorSpec {
    let text = r#"{"clients": [{"id": "client", "name": ""}], "dispositions": ["sale"],
        "lists": [{"id": "leads", "name": "", "client": "client", "country": "ES"}],
        "trunks": [{"id": "carrier", "addresses": ["192.0.2.1"], "country": "ES",
            "channels": 100000,
            "outbound": {"to": ["192.0.2.1"], "setup_max": 10000, "calls_per_second": 1000.0}}]}"#;
    let queue = |n: usize| {
        let name = id(QueueId::parse(&format!("queue-{n}")));
        let mut queue = QueueSpec::new(name, String::new(), id(ClientId::parse("client")));
        queue.skills = [(skill(n), 1)].into();
        queue
    };
    let agent = |n: usize| AgentSpec {
        id: agent_ref(n).agent,
        name: String::new(),
        skills: [(skill(n % CAMPAIGNS), 5)].into(),
        site: None,
        station: StationMode::Persistent,
        password: None,
        clients: Default::default(),
    };
    FloorSpec {
        skills: (0..CAMPAIGNS).map(skill).collect(),
        queues: (0..CAMPAIGNS).map(queue).collect(),
        agents: (0..CAMPAIGNS * AGENTS).map(agent).collect(),
        campaigns: (0..CAMPAIGNS).map(campaign).collect(),
        ..serde_json::from_str(text).expect("a floor")
    }
}

fn campaign(n: usize) -> CampaignSpec {
    let text = format!(
        r#"{{"id": "campaign-{n}", "name": "", "client": "client", "queue": "queue-{n}",
            "lists": [{{"list": "leads"}}], "trunks": ["carrier"],
            "caller_ids": {{"numbers": ["+34910000000"]}}}}"#
    );
    let mode = DialMode::Predictive { controller: Default::default() };
    CampaignSpec { mode, ..serde_json::from_str(&text).expect("a campaign") }
}

/// What will happen.
enum Next {
    Answer(LegId),
    Fail(LegId),
    HangUp(CallId),
    Dispose(CallId),
}

struct Floor {
    engine: Engine,
    out: Effects,
    micros: u64,
    minted: u64,
    dice: u64,
    next: BTreeMap<(u64, u64), Next>,
    who: BTreeMap<CallId, AgentRef>,
    turns: Vec<u128>,
    measured: bool,
}

impl Floor {
    fn new() -> Self {
        let mut floor = Self {
            engine: Engine::new(Limits::default()),
            out: Effects::default(),
            micros: 0,
            minted: 0,
            dice: 7,
            next: BTreeMap::new(),
            who: BTreeMap::new(),
            turns: Vec::new(),
            measured: false,
        };
        let apply = Command::ApplyFloor {
            tenant: tenant(),
            spec: Box::new(spec()),
            expected_version: None,
        };
        floor.step(Input::Command(apply));
        for n in 0..CAMPAIGNS * AGENTS {
            let agent = agent_ref(n);
            let sign_in =
                Command::SignIn { agent: agent.clone(), auto_accept: true, take_over: false };
            floor.step(Input::Command(sign_in));
            let leg = LegId::arrived(1 + n as u64);
            let called_in = SwitchEvent::StationCalledIn { agent: agent.clone(), leg };
            floor.step(Input::Switch(called_in));
            floor.step(Input::Command(Command::SetReady { agent }));
        }
        for n in 0..CAMPAIGNS {
            floor.micros += 5_000;
            let name = id(CampaignId::parse(&format!("campaign-{n}")));
            let campaign = CampaignRef { tenant: tenant(), campaign: name };
            floor.step(Input::Command(Command::StartCampaign { campaign }));
        }
        floor
    }

    /// The next of a thousand.
    fn draw(&mut self) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        (self.dice >> 33) % 1_000
    }

    fn later(&mut self, millis: u64, what: Next) {
        self.minted += 1;
        self.next.insert((self.micros + millis * 1_000, self.minted), what);
    }

    fn now(&self) -> Now {
        Now {
            mono: Mono::from_micros(self.micros),
            civil: Civil::from_micros(1_700_000_000_000_000 + self.micros as i64),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]
    fn step(&mut self, input: Input) {
        let now = self.now();
        let wake = self.measured && matches!(input, Input::Wake);
        let start = Instant::now();
        self.engine.step(now, input, &mut self.out).expect("a scene without faults");
        let took = start.elapsed().as_nanos();
        let out = std::mem::take(&mut self.out);
        // A wake-up can also end somebody's wrap-up or abandon a call.
        if wake && out.actions.is_empty() {
            self.turns.push(took);
        }
        for action in out.actions {
            self.react(action);
        }
        for event in &out.events {
            if let timbre_engine::EventKind::CallConnected { call, agent, .. } = &event.what {
                self.who.insert(*call, agent.clone());
                let talk = 30_000 + 100 * self.draw();
                self.later(talk, Next::HangUp(*call));
            }
        }
        for request in out.requests {
            self.decide(&request);
        }
    }

    fn react(&mut self, action: SwitchAction) {
        if let SwitchAction::Dial { leg, .. } = action {
            let answered = self.draw() < ANSWERED;
            let after = 4_000 + 18 * self.draw();
            self.later(after, if answered { Next::Answer(leg) } else { Next::Fail(leg) });
        }
    }

    fn decide(&mut self, request: &AuthorizeRequest) {
        let most = match &request.want {
            Want::Leads { most, .. } => *most,
            _ => 0,
        };
        let permits = (0..most).map(|_| self.permit(request)).collect();
        let verdicts = Verdicts { permits, ..Verdicts::default() };
        let campaign = request.plan.campaign.clone();
        let answer = Authorized { batch: request.batch, campaign, verdicts: Ok(verdicts) };
        self.step(Input::Authorized(Box::new(answer)));
    }

    fn permit(&mut self, request: &AuthorizeRequest) -> Permit {
        self.minted += 1;
        let spec = &request.plan.spec;
        let attempt = AttemptRecord {
            id: CallId::from_u128(u128::from(self.minted)),
            tenant: tenant(),
            campaign: spec.id.clone(),
            client: spec.client.clone(),
            list: None,
            lead: None,
            person: None,
            number: id(PhoneNumber::parse(&format!("+346{:08}", self.minted % 100_000_000))),
            caller_id: spec.caller_ids.numbers[0].clone(),
            trunk: request.trunk.clone(),
            mode: spec.mode.as_str().to_owned(),
            consent: None,
            decision: String::new(),
            local_time: String::new(),
            intent_at: self.now().civil,
            intent_mono: self.micros,
            dialed_at: None,
            ringing_at: None,
            answered_at: None,
            connected_at: None,
            agent: None,
            machine: None,
            machine_corrected: None,
            message_played: false,
            ended_at: None,
            outcome: None,
            sip_status: None,
            q850_cause: None,
            released_by: None,
            disposition: None,
        };
        Permit {
            attempt: Box::new(attempt),
            lead: None,
            country: "ES".to_owned(),
            agent: None,
            bound: false,
            ring_min: Duration::ZERO,
            answer_to_agent_max: None,
            disclosures: Vec::new(),
        }
    }

    /// Lets `span` pass.
    fn run(&mut self, span: Duration) {
        let until = self.micros + span.as_micros() as u64;
        loop {
            let wake = self.engine.next_wake().map_or(u64::MAX, |(at, _)| at.as_micros());
            let event = self.next.first_key_value().map_or(u64::MAX, |((at, _), _)| *at);
            let at = wake.min(event);
            if at > until {
                break;
            }
            self.micros = self.micros.max(at);
            if wake <= event {
                self.step(Input::Wake);
            } else if let Some((_, next)) = self.next.pop_first() {
                self.happen(next);
            }
        }
        self.micros = until;
    }

    fn happen(&mut self, next: Next) {
        match next {
            Next::Answer(leg) => self.step(Input::Switch(SwitchEvent::LegAnswered { leg })),
            Next::Fail(leg) => {
                let how = LegEnd::Failed { status: 486, cause: None };
                self.step(Input::Switch(SwitchEvent::LegEnded { leg, how }));
            }
            Next::HangUp(call) => {
                let agent = self.who[&call].clone();
                self.step(Input::Command(Command::HangUp { agent, call }));
                let wrap = 5_000 + 20 * self.draw();
                self.later(wrap, Next::Dispose(call));
            }
            Next::Dispose(call) => {
                let agent = self.who.remove(&call).expect("an agent talked");
                let code = id(Slug::parse("sale"));
                self.step(Input::Command(Command::Dispose {
                    agent,
                    call,
                    code,
                    fields: Default::default(),
                }));
            }
        }
    }
}

fn main() {
    // Cargo's test runner only wants to see it work.
    let bench = std::env::args().any(|it| it == "--bench");
    let mut floor = Floor::new();
    floor.run(Duration::from_secs(if bench { 300 } else { 20 }));
    floor.measured = true;
    floor.run(Duration::from_secs(if bench { 120 } else { 2 }));
    let turns = &mut floor.turns;
    turns.sort_unstable();
    let at = |share: usize| turns[(turns.len() * share / 1_000).min(turns.len() - 1)];
    let views = floor.engine.campaigns(&tenant());
    let sum = |of: fn(&timbre_engine::CampaignView) -> u32| views.iter().map(of).sum::<u32>();
    println!(
        "{CAMPAIGNS} campaigns of {AGENTS} agents: {} in set-up, {} talking; {} turns of a campaign: \
         median {} ns, p99 {} ns, p99.9 {} ns",
        sum(|it| it.in_setup),
        sum(|it| it.talking),
        turns.len(),
        at(500),
        at(990),
        at(999),
    );
    if bench {
        assert!(at(990) <= P99_MAX, "the promise is {P99_MAX} ns");
    }
}
