//! Campaigns from outside: a real carrier, agents' phones, and a judge who compares what each of them recorded.
//!
//! `kills`: the node is killed, at random and at each write that must be durable. `clocks`: the host's clock is stepped.
//! `TIMBRE_OUTBOUND_SECONDS` makes the first test last longer; `scripts/soak` sets it.

mod clocks;
mod fsyncs;
mod kills;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use timbre::api::wire::agent::AgentCommand;
use timbre::api::wire::do_not_call::Barring;
use timbre::driver::clock::{civil, sleep};
use timbre_model::{
    AttemptOutcome, AttemptRecord, Barred, CampaignId, CampaignRef, CampaignState, DoNotCallScope,
    FloorSpec, ListSpec, NewLead, PhoneNumber, Role,
};
use timbre_phone::Call;
use timbre_phone::carrier::{Config, Habits, Population, Shares};
use timbre_store::{AttemptFilter, PageRequest, Store};
use tokio::task::JoinSet;

use crate::agents::Agent;
use crate::carrier::judge::{self, Acknowledged, Attempt, Cap, Evidence, Window};
use crate::carrier::{self, Mix};
use crate::eventually;
use crate::floors::{CARRIER, named, password};
use crate::node::{Node, tenant};
use crate::stations::Line;

/// The campaign of these tests.
fn campaign() -> CampaignRef {
    CampaignRef { tenant: tenant(), campaign: CampaignId::parse("calls").expect("a slug") }
}

/// A floor whose agents call over `carrier`. `mode` as in a definition; `more` is laid over the campaign.
fn floor(agents: &[String], carrier: SocketAddr, mode: &Value, more: Value) -> FloorSpec {
    let agents: Vec<Value> = agents
        .iter()
        .map(|id| json!({"id": id, "name": id, "station": "persistent", "password": password(id)}))
        .collect();
    let mut campaign = json!({
        "id": "calls", "name": "Calls", "client": "acme", "queue": "sales", "mode": mode,
        "lists": [{"list": "all"}], "trunks": ["carrier"], "purpose": "follow_up",
        "caller_ids": {"numbers": ["+34910000002"]}, "codes": ["house.counts"],
    });
    for (field, value) in more.as_object().expect("an object") {
        campaign[field] = value.clone();
    }
    serde_json::from_value(json!({
        "clients": [{"id": "acme", "name": "Acme"}],
        "dispositions": ["sold"],
        "queues": [{"id": "sales", "name": "Sales", "client": "acme", "wrap_up": "0s"}],
        "agents": agents,
        "trunks": [{"id": "carrier", "addresses": [CARRIER], "country": "ES", "channels": 200,
            "outbound": {"to": [carrier.to_string()], "calls_per_second": 100, "setup_max": 200,
                "countries": ["ES"]}}],
        "lists": [{"id": "all", "name": "All", "client": "acme", "country": "ES"}],
        "campaigns": [campaign],
    }))
    .expect("a floor")
}

/// Customers with one number each, `+346` and eight digits.
fn leads(from: u32, count: u32) -> Vec<NewLead> {
    let lead = |at: u32| {
        json!({
            "numbers": [{"number": format!("+346{at:08}"), "label": "mobile",
                "place": {"country": "ES", "region": null}, "zones": ["Europe/Madrid"]}],
            "name": format!("Customer {at}"), "person": null, "role": "unknown", "party": "consumer",
            "consent": {"basis": "contract", "given_at": 0}, "tags": [], "attributes": {},
        })
    };
    (from..from + count).map(|at| serde_json::from_value(lead(at)).expect("a lead")).collect()
}

async fn import(store: &Store, floor: &FloorSpec, leads: Vec<NewLead>) {
    import_into(store, &floor.lists[0], "all", leads).await;
}

async fn import_into(store: &Store, list: &ListSpec, batch: &str, leads: Vec<NewLead>) {
    let done = store.import_leads(&tenant(), list, batch, 0, leads).await.expect("a store");
    assert_eq!(done.rejected, []);
    store.finish_import(&tenant(), list, batch, civil()).await.expect("a store");
}

/// Agents at work on persistent legs; each ends a call after `talk`.
struct Crew {
    _lines: Vec<(Line, Call)>,
    _work: JoinSet<()>,
}

async fn crew(node: &Node, names: &[String], talk: Duration) -> Crew {
    let (mut lines, mut work) = (Vec::new(), JoinSet::new());
    for name in names {
        let line = Line::phone(node, 650).await;
        let leg = line.call_in(name).await;
        lines.push((line, leg));
        let mut agent = Agent::sign_in(node, name, true).await;
        // Where an answer waits already, the agent is never seen idle.
        agent.send(AgentCommand::SetReady).await;
        let (taken, _) = tokio::sync::watch::channel(0);
        work.spawn(agent.take_calls(talk, taken));
    }
    Crew { _lines: lines, _work: work }
}

async fn attempts(store: &Store) -> Vec<AttemptRecord> {
    let mut all = Vec::new();
    let mut page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
    loop {
        let filter = AttemptFilter::default();
        let found = store.list_attempts(&tenant(), &filter, &page).await.expect("a store");
        all.extend(found.attempts);
        match found.next {
            Some(next) => page.after = Some(next),
            None => return all,
        }
    }
}

/// The attempts once every one of them has ended.
async fn all_ended(store: &Store) -> Vec<AttemptRecord> {
    eventually("every attempt to end", async || {
        let all = attempts(store).await;
        all.iter().all(|it| it.ended_at.is_some()).then_some(all)
    })
    .await
}

/// An attempt in the judge's words.
fn evidence(it: &AttemptRecord) -> Attempt {
    let micros = |at: Option<timbre_model::Civil>| at.map(timbre_model::Civil::as_micros);
    Attempt {
        id: it.id.to_string(),
        number: it.number.expose().to_owned(),
        intent_at: it.intent_at.as_micros(),
        dialed_at: micros(it.dialed_at),
        answered_at: micros(it.answered_at),
        outcome: it.outcome.map(|it| it.as_str().to_owned()),
    }
}

/// "Do not call this number again."
fn barring(number: &str) -> Barring {
    Barring {
        whom: Barred::Number(PhoneNumber::parse(number).expect("a number")),
        scope: DoNotCallScope::Tenant,
        until: None,
        note: "asked by letter".to_owned(),
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(otherwise)
}

/// A series of the exporter, summed over its other labels.
fn counted(page: &str, series: &str, label: &str) -> f64 {
    let of_series = page.lines().filter(|line| line.starts_with(series) && line.contains(label));
    of_series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn carrier_database_and_metrics_agree_to_the_call_and_every_answer_has_an_agent_in_time() {
    let seconds = setting("TIMBRE_OUTBOUND_SECONDS", 15);
    let agents = usize::try_from(setting("TIMBRE_OUTBOUND_AGENTS", 20)).expect("a few");
    // Callees who hang up within seconds look like a carrier in trouble once there are enough of them.
    let talk = Duration::from_secs(if seconds < 60 { 5 } else { 25 });
    let mix = Mix {
        person: 0.3,
        machine: 0.1,
        busy: 0.15,
        declined: 0.05,
        unallocated: 0.05,
        congestion: 0.03,
        fault: 0.02,
        ring: Duration::from_secs(2),
        talk: talk * 4 / 5,
        hangs_up: 0.5,
        by_number: false,
    };
    let carrier = carrier::sipp(CARRIER.parse().expect("an address"), &mix).await;
    let node = Node::start().await;
    let names = named("a", agents);
    let predictive = json!({"predictive": {"controller": "forecast"}});
    let floor = floor(
        &names,
        carrier.addr,
        &predictive,
        json!({"ring_timeout": "10s", "connect_within": "200ms", "abandonment_cap": 0.005}),
    );
    let client = node.apply(&floor).await;
    let store = node.store().await;
    import(&store, &floor, leads(0, 60 * u32::try_from(seconds).expect("a span"))).await;
    let _crew = crew(&node, &names, talk).await;
    client.start_campaign(&campaign()).await.expect("it may run");
    sleep(Duration::from_secs(seconds)).await;
    client.stop_campaign(&campaign()).await.expect("it may stop");
    sleep(talk).await;
    let all = all_ended(&store).await;

    let carrier_log = carrier.log();
    let records: Vec<Attempt> = all.iter().map(evidence).collect();
    let caps = [Cap { most: 1, window: Window::Any(Duration::from_secs(7_200)) }];
    let found = judge::judge(Evidence {
        carrier: &carrier_log,
        acknowledged: &[],
        attempts: &records,
        caps: &caps,
    });
    // A hang-up of ours that crosses a refusal of theirs is cancelled for us and refused for them.
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(carrier.complaints(), "");
    let page = node.scrape().await;
    let mut outcomes = BTreeMap::<&str, u32>::new();
    for it in &all {
        *outcomes.entry(it.outcome.expect("it has ended").as_str()).or_default() += 1;
    }
    for outcome in AttemptOutcome::ALL {
        let in_database = outcomes.get(outcome.as_str()).copied().unwrap_or_default();
        let label = format!("outcome=\"{outcome}\"");
        let in_metrics = counted(&page, "timbre_campaign_attempts_ended_total", &label);
        assert_eq!(in_metrics, f64::from(in_database), "{outcome}");
    }
    let mut to_agent: Vec<i64> = Vec::new();
    for it in &all {
        let Some(answered) = it.answered_at else { continue };
        match it.connected_at {
            Some(at) => to_agent.push(at.as_micros() - answered.as_micros()),
            None => assert_ne!(it.outcome, Some(AttemptOutcome::Connected)),
        }
    }
    to_agent.sort_unstable();
    assert!(to_agent.len() > 20, "only {} were connected: {outcomes:?}", to_agent.len());
    let longest = to_agent.last().copied().unwrap_or_default();
    assert!(longest <= 2_000_000, "an answer waited {longest} µs for its agent, and was connected");
    let p99 = to_agent[(to_agent.len() * 99 / 100).min(to_agent.len() - 1)];
    println!(
        "{} attempts {outcomes:?}; to an agent: p99 {p99} µs, at most {longest} µs",
        all.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_set_up_ends_within_a_second_of_do_not_call() {
    let habits = Habits { answers_mean: 20., answers_max: 22., ..Habits::default() };
    let carrier = carrier::own(Config {
        bind: SocketAddr::new(CARRIER.parse().expect("an address"), 0),
        population: Population { shares: Shares::NONE, habits, ..Population::default() },
        voice: false,
        ..Config::default()
    })
    .await;
    let names = named("a", 1);
    let floor = floor(&names, carrier.addr, &json!("progressive"), json!({}));
    let node = Node::start().await;
    let client = node.apply(&floor).await;
    let store = node.store().await;
    import(&store, &floor, leads(7, 1)).await;
    let _crew = crew(&node, &names, Duration::from_millis(300)).await;
    client.start_campaign(&campaign()).await.expect("it may run");
    let seen = |word: &str| {
        let log = carrier.log();
        let entry = log
            .iter()
            .find(|it| serde_json::to_value(&it.event).is_ok_and(|event| event["event"] == *word));
        entry.map(|it| it.wall)
    };
    eventually("the number rings", async || seen("ringing")).await;
    client.add_do_not_call(&tenant(), barring("+34600000007")).await.expect("it is taken");
    let acknowledged = civil().as_micros();
    let cancelled = eventually("a CANCEL", async || seen("cancel")).await;
    assert!(cancelled - acknowledged < 1_000_000, "{} µs", cancelled - acknowledged);
    let all = all_ended(&store).await;
    assert_eq!(
        all.iter().map(|it| it.outcome).collect::<Vec<_>>(),
        [Some(AttemptOutcome::Cancelled)]
    );
}
