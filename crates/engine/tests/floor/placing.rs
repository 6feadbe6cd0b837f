//! Campaigns in scenarios, and a store that decides as the scenario says:
//!
//! ```text
//! trunk    setup_max=3 cps=5 spend=1.5        of the one trunk, `carrier`
//! campaign k1 q1 mode=power:2 reserve=1       modes: manual, preview:30s, progressive, power:RATIO, predictive, adaptive
//! start    k1 | pause-campaign k1 | stop-campaign k1
//! permit   k1 p1,p2 [agent=a1] [bound] [limit=1s] [ring_min=30s] [by-hand] [attempts=3] [numbers=2]
//! show     k1                                 a lead to look at
//! nothing  k1 [later=60s] [exhausted] [rule=es.hours]
//! withhold k1 store-away | clock
//! again    k1                                 the last answer, once more
//! rings    p1 | answers p1 | fails p1 486 [17] | message-heard p1 | presses p1 9
//! dial     a1 k1 +34600000001                 callback a1 p1 1h [personal]
//! do-not-call +34600000001|prefix:+346 [client:c|campaign:k1]
//! leads-changed leads                         of the list
//! stop-trunk on|off                           corrects a1 p1 machine
//! ```
//!
//! An answer goes to the campaign's oldest open request. Every attempt calls the number `+346` and its own number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use timbre_engine::port::{LegEnd, SwitchEvent};
use timbre_engine::{
    AuthorizeRequest, Authorized, Command, Input, More, Permit, Refused, Rejection, Reply,
    Verdicts, Want, Withheld,
};
use timbre_model::{
    AgentId, AttemptRecord, Barred, CallId, CampaignId, CampaignRef, CampaignSpec, Change, Civil,
    ClientId, DialMode, DoNotCallEntry, DoNotCallScope, Lead, LeadId, LeadNumber, LeadRole,
    LeadState, ListId, MachineVerdict, NewLead, PacingMethod, Party, PhoneNumber, Place, TrunkId,
    TrunkRef, TrunkSpec,
};

use crate::scenario::span;
use crate::world::{World, agent, slug, tenant};

/// What the scenario's store and carrier have seen.
#[derive(Default)]
pub struct Placing {
    pub requests: Vec<AuthorizeRequest>,
    pub dialed: BTreeSet<CallId>,
    pub permitted: BTreeSet<CallId>,
    pub ended: BTreeSet<CallId>,
    /// With the newest request that was made before.
    pub barred: Vec<(u64, DoNotCallEntry)>,
    pub newest: u64,
    minted: u64,
    last: Option<Authorized>,
}

pub fn campaign(name: &str) -> CampaignRef {
    CampaignRef { tenant: tenant(), campaign: CampaignId::parse(name).expect("a slug") }
}

pub fn carrier() -> TrunkRef {
    TrunkRef { tenant: tenant(), trunk: TrunkId::parse("carrier").expect("a slug") }
}

/// The number that the `n`-th attempt calls.
fn number(n: u64) -> PhoneNumber {
    PhoneNumber::parse(&format!("+346{n:08}")).expect("a number")
}

pub fn trunk_spec() -> TrunkSpec {
    let text = r#"{"id": "carrier", "addresses": ["192.0.2.1"], "country": "ES",
        "outbound": {"to": ["192.0.2.1"], "rates": {"ES": 0.5}}}"#;
    serde_json::from_str(text).expect("a trunk")
}

pub fn campaign_spec(name: &str, queue: &str, mode: DialMode) -> CampaignSpec {
    let text = format!(
        r#"{{"id": "{name}", "name": "{name}", "client": "client", "queue": "{queue}",
            "lists": [{{"list": "leads"}}], "trunks": ["carrier"],
            "caller_ids": {{"numbers": ["+34910000000"]}}}}"#
    );
    CampaignSpec { mode, ..serde_json::from_str(&text).expect("a campaign") }
}

impl World {
    /// Adds a campaign, with the trunk and the list that it needs.
    pub fn add_campaign(&mut self, spec: CampaignSpec) {
        if self.spec.lists.is_empty() {
            let text = r#"{"id": "leads", "name": "", "client": "client", "country": "ES"}"#;
            self.spec.lists.push(serde_json::from_str(text).expect("a list"));
        }
        if self.spec.trunks.is_empty() {
            self.spec.trunks.push(trunk_spec());
        }
        self.spec.campaigns.retain(|it| it.id != spec.id);
        self.spec.campaigns.push(spec);
    }

    /// A permit that answers `request`, for an attempt named `name`.
    pub fn permit(&mut self, request: &AuthorizeRequest, name: &str) -> Permit {
        self.placing.minted += 1;
        let n = self.placing.minted;
        let id = CallId::from_u128(1_000_000 + u128::from(n));
        self.calls.insert(name.to_owned(), id);
        self.placing.permitted.insert(id);
        let (number, lead) = match &request.want {
            Want::Number { number, .. } => (number.clone(), None),
            _ => (number(n), Some(Arc::new(self.lead(n)))),
        };
        let plan = &request.plan;
        let attempt = AttemptRecord {
            id,
            tenant: tenant(),
            campaign: plan.spec.id.clone(),
            client: plan.spec.client.clone(),
            list: None,
            lead: lead.as_ref().map(|it| it.id),
            person: None,
            number,
            caller_id: plan.spec.caller_ids.numbers[0].clone(),
            trunk: request.trunk.clone(),
            mode: plan.spec.mode.as_str().to_owned(),
            consent: None,
            decision: String::new(),
            local_time: String::new(),
            intent_at: self.now().civil,
            intent_mono: 0,
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
            lead,
            country: "ES".to_owned(),
            agent: None,
            bound: false,
            ring_min: Duration::ZERO,
            answer_to_agent_max: None,
            disclosures: Vec::new(),
        }
    }

    pub fn lead(&self, n: u64) -> Lead {
        let one = LeadNumber {
            number: number(n),
            label: String::new(),
            place: Place { country: "ES".to_owned(), region: None },
            zones: Vec::new(),
        };
        let person = NewLead {
            numbers: vec![one],
            name: String::new(),
            person: None,
            role: LeadRole::Unknown,
            party: Party::Consumer,
            consent: None,
            tags: BTreeSet::new(),
            attributes: BTreeMap::new(),
        };
        Lead {
            id: LeadId::from_u64(n),
            tenant: tenant(),
            list: ListId::parse("leads").expect("a slug"),
            person,
            state: LeadState::Claimed,
            attempts: 0,
            last_attempt_at: None,
        }
    }

    /// Answers a request.
    pub fn decide(
        &mut self,
        request: &AuthorizeRequest,
        verdicts: Result<Verdicts, Withheld>,
    ) -> Result<Reply, Rejection> {
        let campaign = request.plan.campaign.clone();
        let answer = Authorized { batch: request.batch, campaign, verdicts };
        self.placing.last = Some(answer.clone());
        self.feed(Input::Authorized(Box::new(answer)))
    }

    /// What must hold of what came out: one INVITE an attempt, of a permit only, and one end, after which it rests.
    pub fn audit(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::DoNotCall(entry) = change {
                self.placing.barred.push((self.placing.newest, (**entry).clone()));
            }
            let Change::Attempt(record) = change else { continue };
            let id = record.id;
            assert!(!self.placing.ended.contains(&id), "{id} is written after its end");
            assert_eq!(record.ended_at.is_some(), record.outcome.is_some(), "{id}: its outcome");
            if record.ended_at.is_some() {
                self.placing.ended.insert(id);
            }
        }
    }

    /// Somebody barred the number before; `asked`: before this request was made.
    pub fn is_barred(&self, number: &PhoneNumber, asked: Option<u64>) -> bool {
        let mut barred = self.placing.barred.iter();
        barred.any(|(newest, it)| {
            asked.is_none_or(|batch| batch > *newest)
                && it.scope == DoNotCallScope::Tenant
                && it.whom.holds(number)
        })
    }

    pub fn audit_dial(&mut self, call: CallId, number: &PhoneNumber) {
        assert!(!self.is_barred(number, None), "{call} is dialed after its number was barred");
        assert!(self.placing.permitted.contains(&call), "{call} is dialed without a permit");
        assert!(!self.placing.ended.contains(&call), "{call} is dialed after its end");
        assert!(self.placing.dialed.insert(call), "{call} is dialed twice");
    }

    fn oldest(&mut self, name: &str) -> AuthorizeRequest {
        let requests = &mut self.placing.requests;
        let at = requests.iter().position(|it| it.plan.spec.id.as_str() == name);
        requests.remove(at.unwrap_or_else(|| panic!("{name} has asked for nothing")))
    }
}

/// A request in a line.
pub fn ask(request: &AuthorizeRequest) -> String {
    let name = &request.plan.spec.id;
    match &request.want {
        Want::Leads { most, bindable, ready } => {
            format!("ask {name} leads most={most} bindable={bindable} ready={}", ready.len())
        }
        Want::ForAgent { agent } => format!("ask {name} for {agent}"),
        Want::Reserve { agent } => format!("ask {name} preview {agent}"),
        Want::Lead { lead, agent } => format!("ask {name} lead {lead} {agent}"),
        Want::Number { agent, .. } => format!("ask {name} number {agent}"),
    }
}

/// A change that scenarios speak of, in a line.
pub fn change(world: &World, change: &Change) -> Option<String> {
    let later = |at: Civil| (at.as_micros() - world.now().civil.as_micros()) / 1_000_000;
    Some(match change {
        Change::Lead(it) => match &it.state {
            LeadState::Ready => format!("lead {} ready", it.lead),
            LeadState::Claimed => format!("lead {} claimed", it.lead),
            LeadState::Retry { at } => format!("lead {} retry +{}s", it.lead, later(*at)),
            LeadState::Callback { at, agent } => {
                let by = agent.as_ref().map_or("anybody", AgentId::as_str);
                format!("lead {} callback +{}s {by}", it.lead, later(*at))
            }
            LeadState::Finished { disposition } => {
                format!("lead {} finished {disposition}", it.lead)
            }
            LeadState::Blocked { rule, .. } => format!("lead {} blocked {rule}", it.lead),
        },
        Change::DoNotCall(it) => {
            let whom = match &it.whom {
                Barred::Number(number) => number.expose(),
                Barred::Prefix(prefix) => prefix,
            };
            format!("do-not-call {} {whom} {:?}", it.source, it.scope)
        }
        Change::Attempt(it) => {
            let end = it.outcome.map_or("open", |it| it.as_str());
            format!("wrote {} {end}", world.name_of(it.id))
        }
        Change::Campaign(it) => format!("kept {} {}", it.campaign, it.state),
        _ => return None,
    })
}

pub fn set_trunk(world: &mut World, words: &[&str]) {
    let mut trunk = trunk_spec();
    let outbound = trunk.outbound.as_mut().expect("an outbound trunk");
    for (key, value) in words.iter().filter_map(|it| it.split_once('=')) {
        match key {
            "setup_max" => outbound.setup_max = value.parse().expect("a count"),
            "cps" => outbound.calls_per_second = value.parse().expect("a rate"),
            "spend" => outbound.spend_per_day_max = Some(value.parse().expect("an amount")),
            other => panic!("no such field: {other}"),
        }
    }
    world.spec.trunks = vec![trunk];
}

pub fn set_campaign(world: &mut World, words: &[&str]) {
    let mut spec = campaign_spec(words[0], words[1], DialMode::Progressive);
    for word in &words[2..] {
        let (key, value) = word.split_once('=').expect("key=value");
        match key {
            "mode" => spec.mode = mode(value),
            "reserve" => spec.reserve = value.parse().expect("a count"),
            "weight" => spec.weight = value.parse().expect("a weight"),
            "limit" => spec.answer_to_agent = span(value),
            "within" => spec.connect_within = Some(span(value)),
            "ring" => spec.ring_timeout = span(value),
            "tree" => spec.dispositions = Some(slug(value)),
            other => panic!("no such field: {other}"),
        }
    }
    world.add_campaign(spec);
}

fn mode(text: &str) -> DialMode {
    let (word, value) = text.split_once(':').unwrap_or((text, ""));
    match word {
        "manual" => DialMode::Manual,
        "preview" => DialMode::Preview { timeout: span(value) },
        "progressive" => DialMode::Progressive,
        "power" => DialMode::Power { ratio: value.parse().expect("a ratio") },
        "predictive" => DialMode::Predictive { controller: PacingMethod::Forecast },
        "adaptive" => DialMode::Predictive { controller: PacingMethod::Adaptive },
        other => panic!("no such mode: {other}"),
    }
}

/// Feeds what `words` say of campaigns; `None` where they say nothing of them.
pub fn input(world: &mut World, words: &[&str]) -> Option<Result<Reply, Rejection>> {
    let name = words.get(1).copied().unwrap_or_default();
    Some(match words[0] {
        "permit" => permit(world, words),
        "show" => show(world, name),
        "nothing" => nothing(world, words),
        "withhold" => {
            let why = match words[2] {
                "clock" => Withheld::ClockUntrusted,
                _ => Withheld::StoreAway,
            };
            let request = world.oldest(name);
            world.decide(&request, Err(why))
        }
        "again" => {
            let answer = world.placing.last.clone().expect("an answer");
            world.feed(Input::Authorized(Box::new(answer)))
        }
        "rings" => {
            let leg = world.leg(name);
            world.switch(SwitchEvent::LegRinging { leg })
        }
        "answers" => {
            let leg = world.leg(name);
            world.switch(SwitchEvent::LegAnswered { leg })
        }
        "fails" => {
            let status = words[2].parse().expect("a status");
            let cause = words.get(3).map(|it| it.parse().expect("a cause"));
            world.leg_ends(name, LegEnd::Failed { status, cause })
        }
        "message-heard" => {
            let leg = world.leg(name);
            world.switch(SwitchEvent::GreetingPlayed { leg })
        }
        "presses" => {
            let (leg, key) = (world.leg(name), words[2].chars().next().expect("a key"));
            world.switch(SwitchEvent::Key { leg, key })
        }
        _ => {
            let command = command(world, words)?;
            world.command(command)
        }
    })
}

fn permit(world: &mut World, words: &[&str]) -> Result<Reply, Rejection> {
    let request = world.oldest(words[1]);
    let names: Vec<&str> = words[2].split(',').collect();
    let mut permits: Vec<Permit> = names.iter().map(|it| world.permit(&request, it)).collect();
    for permit in &mut permits {
        words[3..].iter().for_each(|word| set_permit(permit, word));
    }
    world.decide(&request, Ok(Verdicts { permits, ..Verdicts::default() }))
}

fn set_permit(permit: &mut Permit, word: &str) {
    let lead = |permit: &mut Permit| permit.lead.as_ref().map(|it| (**it).clone()).expect("a lead");
    match word.split_once('=').unwrap_or((word, "")) {
        ("agent", name) => permit.agent = Some(agent(name).agent),
        ("bound", _) => permit.bound = true,
        ("limit", value) => permit.answer_to_agent_max = Some(span(value)),
        ("ring_min", value) => permit.ring_min = span(value),
        ("attempts", value) => {
            let attempts = value.parse().expect("a count");
            permit.lead = Some(Arc::new(Lead { attempts, ..lead(permit) }));
        }
        ("numbers", _) => {
            let mut lead = lead(permit);
            let mut second = lead.person.numbers[0].clone();
            second.number = number(99_999_999);
            lead.person.numbers.push(second);
            permit.lead = Some(Arc::new(lead));
        }
        (other, _) => panic!("no such field: {other}"),
    }
}

fn show(world: &mut World, name: &str) -> Result<Reply, Rejection> {
    let request = world.oldest(name);
    world.placing.minted += 1;
    let lead = Arc::new(world.lead(world.placing.minted));
    world.decide(&request, Ok(Verdicts { reserved: Some(lead), ..Verdicts::default() }))
}

fn nothing(world: &mut World, words: &[&str]) -> Result<Reply, Rejection> {
    let request = world.oldest(words[1]);
    let mut verdicts = Verdicts::default();
    for word in &words[2..] {
        match word.split_once('=').unwrap_or((word, "")) {
            ("later", value) => verdicts.more = More::Later(world.now().civil + span(value)),
            ("exhausted", _) => verdicts.more = More::Exhausted,
            ("rule", rule) => verdicts.refused.push(Refused {
                lead: None,
                rule: rule.to_owned(),
                because: format!("{rule} forbids it"),
                until: None,
            }),
            (other, _) => panic!("no such answer: {other}"),
        }
    }
    world.decide(&request, Ok(verdicts))
}

fn command(world: &World, words: &[&str]) -> Option<Command> {
    let word = |n: usize| words.get(n).copied().unwrap_or_default();
    let call = |n: usize| world.calls.get(word(n)).copied().unwrap_or(CallId::from_u128(0));
    Some(match words[0] {
        "start" => Command::StartCampaign { campaign: campaign(word(1)) },
        "pause-campaign" => Command::PauseCampaign { campaign: campaign(word(1)) },
        "stop-campaign" => Command::StopCampaign { campaign: campaign(word(1)) },
        "dial" => Command::DialNumber {
            agent: agent(word(1)),
            campaign: campaign(word(2)).campaign,
            number: PhoneNumber::parse(word(3)).expect("a number"),
        },
        "callback" => Command::ScheduleCallback {
            agent: agent(word(1)),
            call: call(2),
            at: world.now().civil + span(word(3)),
            personal: word(4) == "personal",
        },
        "corrects" => Command::CorrectMachine {
            agent: agent(word(1)),
            call: call(2),
            verdict: MachineVerdict::parse(word(3)).expect("a verdict"),
        },
        "stop-trunk" => Command::StopTrunk { trunk: carrier(), stopped: word(1) == "on" },
        "leads-changed" => {
            let list = ListId::parse(word(1)).expect("a slug");
            Command::LeadsChanged { tenant: tenant(), list }
        }
        "do-not-call" => Command::DoNotCall { entry: Box::new(barred(world, words)) },
        _ => return None,
    })
}

fn barred(world: &World, words: &[&str]) -> DoNotCallEntry {
    let whom = match words[1].split_once(':') {
        Some((_, prefix)) => Barred::Prefix(prefix.to_owned()),
        None => Barred::Number(PhoneNumber::parse(words[1]).expect("a number")),
    };
    let scope = match words.get(2).and_then(|it| it.split_once(':')) {
        Some(("client", id)) => DoNotCallScope::Client(ClientId::parse(id).expect("a slug")),
        Some((_, id)) => DoNotCallScope::Campaign(campaign(id).campaign),
        None => DoNotCallScope::Tenant,
    };
    DoNotCallEntry {
        tenant: tenant(),
        whom,
        scope,
        since: world.now().civil,
        until: None,
        source: slug("api"),
        note: String::new(),
    }
}
