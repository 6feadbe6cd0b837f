//! Imports many leads and asks for the next ones, against a database of its own:
//!
//!     cargo run --release -p timbre-store --example leads -- [LEADS] [DATABASE URL]
//!
//! Prints how long the import took, the times of the next lead, and how many attempts are authorized in a second while the
//! floor commits its calls beside them.

#![expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use timbre_model::{
    AgentId, AttemptOutcome, AttemptRecord, CallId, CampaignId, Change, Civil, ClientId,
    DuplicatePolicy, LeadChange, LeadNumber, LeadOrder, LeadRole, LeadState, ListId, ListSpec,
    NewLead, Party, PhoneNumber, Place, Recycle, TenantId, TimelineEntry, TimelineKind, TrunkId,
};
use timbre_store::{Ask, AskedList, Candidate, Outcome, Ruling, Store, Wanted};

const NOW: i64 = 1_795_000_000_000_000;
const CHUNK: u64 = 5_000;

fn tenant() -> TenantId {
    TenantId::parse("bpo-madrid").expect("an id")
}

fn list() -> ListSpec {
    ListSpec {
        id: ListId::parse("spring-2027").expect("an id"),
        name: "Spring".to_owned(),
        client: ClientId::parse("acme").expect("an id"),
        country: "ES".to_owned(),
        order: LeadOrder::Random { seed: 7 },
        duplicates: DuplicatePolicy::RejectInList,
    }
}

/// Somebody with a number that stands nowhere near the one before.
fn person(n: u64) -> NewLead {
    let scattered = n.wrapping_mul(7_368_787) % 100_000_007;
    let number = format!("+34{}", 600_000_000 + scattered);
    let attributes = [
        ("province", ["Lugo", "Ourense", "Vigo", "Madrid"][n as usize % 4].to_owned()),
        ("age", (18 + n % 70).to_string()),
        ("tariff", format!("plan-{}", n % 9)),
    ];
    NewLead {
        numbers: vec![LeadNumber {
            number: PhoneNumber::parse(&number).expect("a number"),
            label: "mobile".to_owned(),
            place: Place { country: "ES".to_owned(), region: Some("GA".to_owned()) },
            zones: vec!["Europe/Madrid".to_owned()],
        }],
        name: format!("Person {n}"),
        person: Some(format!("p{n}")),
        role: LeadRole::DecisionMaker,
        party: Party::Consumer,
        consent: None,
        tags: BTreeSet::new(),
        attributes: attributes.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
    }
}

fn attempt(it: &Candidate, id: u128, at: Civil) -> AttemptRecord {
    let lead = it.lead.as_ref();
    AttemptRecord {
        id: CallId::from_u128(id),
        tenant: tenant(),
        campaign: CampaignId::parse("spring").expect("an id"),
        client: ClientId::parse("acme").expect("an id"),
        list: lead.map(|it| it.list.clone()),
        lead: lead.map(|it| it.id),
        person: lead.and_then(|it| it.person.person.clone()),
        number: it.number.clone(),
        caller_id: PhoneNumber::parse("+34910000001").expect("a number"),
        trunk: TrunkId::parse("carrier").expect("an id"),
        mode: "predictive".to_owned(),
        consent: None,
        // What a decision of a dozen rules takes.
        decision: "x".repeat(1_500),
        local_time: "2026-11-22T10:30:00+01:00[Europe/Madrid]".to_owned(),
        intent_at: at,
        intent_mono: 7,
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
    }
}

async fn authorize(store: &Store, most: u32, at: i64) -> Outcome<()> {
    let ask = Ask {
        tenant: tenant(),
        campaign: CampaignId::parse("spring").expect("an id"),
        client: ClientId::parse("acme").expect("an id"),
        lists: vec![AskedList { list: list().id, weight: 1, filter: None, fewest_first: false }],
        recycle: Recycle::default(),
        want: Wanted::Next { most, personal_most: 0, ready: Vec::<AgentId>::new() },
        callback_fallback: Duration::from_secs(900),
        refusals: BTreeMap::new(),
        look_back: Duration::from_secs(60 * 86_400),
        at: Civil::from_micros(at),
    };
    let mut id = (at.unsigned_abs() as u128) << 64;
    let decide = move |it: &Candidate, _: &_, _: &_| {
        id += 1;
        Ruling::Permit(Box::new(attempt(it, id, Civil::from_micros(at))), ())
    };
    store.authorize(ask, decide).await.expect("a decision")
}

/// The attempts ended, their leads waiting for the next try.
fn ended(outcome: &Outcome<()>, at: i64) -> Vec<Change> {
    let end = |it: &timbre_store::Permitted<()>| {
        let attempt = AttemptRecord {
            dialed_at: Some(Civil::from_micros(at)),
            ended_at: Some(Civil::from_micros(at + 1_000)),
            outcome: Some(AttemptOutcome::NoAnswer),
            ..(*it.attempt).clone()
        };
        let lead = LeadChange {
            tenant: tenant(),
            lead: it.attempt.lead.expect("a lead"),
            state: LeadState::Retry { at: Civil::from_micros(at + 14_400_000_000) },
        };
        [Change::Attempt(Box::new(attempt)), Change::Lead(lead)]
    };
    outcome.permits.iter().flat_map(end).collect()
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let quantile = |q: f64| times[((times.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    println!(
        "{what}: p50 {:.2} ms  p99 {:.2} ms  max {:.2} ms  ({} times)",
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
        times.len()
    );
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|it| it.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|it| it.parse::<u64>().ok()).unwrap_or_default() / 1024
}

async fn import(store: &Store, leads: u64) {
    let began = Instant::now();
    for chunk in 0..leads.div_ceil(CHUNK) {
        let people = (chunk * CHUNK..leads.min((chunk + 1) * CHUNK)).map(person).collect();
        let done = store.import_leads(&tenant(), &list(), "bench", chunk, people).await;
        let done = done.expect("an import");
        assert!(done.rejected.is_empty(), "{:?}", done.rejected.first());
    }
    let imported = began.elapsed();
    let finish = Instant::now();
    let at = Civil::from_micros(NOW);
    store.finish_import(&tenant(), &list(), "bench", at).await.expect("an end");
    println!(
        "import of {leads} leads: {:.1} s ({:.0} a second), finished in {:.1} ms, {} MB at most",
        imported.as_secs_f64(),
        leads as f64 / imported.as_secs_f64(),
        finish.elapsed().as_secs_f64() * 1e3,
        resident()
    );
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let leads = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(1_000_000);
    let files = tempfile::tempdir_in(".").expect("a temporary directory");
    let own = format!("sqlite://{}", files.path().join("leads.db").display());
    let store = Store::open(&arguments.next().unwrap_or(own)).await.expect("the database opens");
    import(&store, leads).await;
    // What the import left in the log is put away first: this asks for leads, not for that.
    tokio::time::sleep(Duration::from_secs(10)).await;

    let mut at = NOW;
    for (what, most, times) in [("next lead", 1, 1_000), ("batch of 20", 20, 500)] {
        let mut took = Vec::new();
        for _ in 0..times {
            at += 500_000;
            let start = Instant::now();
            let outcome = authorize(&store, most, at).await;
            took.push(start.elapsed());
            assert_eq!(outcome.permits.len(), most as usize, "{:?}", outcome.more);
            store.commit(ended(&outcome, at)).await.expect("a commit");
        }
        told(what, took);
    }
    beside_a_floor(&store, at).await;
    let counting = Instant::now();
    let counts = store.lead_counts(&tenant(), &list().id).await.expect("counts");
    println!("counts in {:.1} ms: {counts:?}", counting.elapsed().as_secs_f64() * 1e3);
    store.close().await;
}

/// Batches of 20 one after the other, while a floor commits 100 changes every 10 ms.
async fn beside_a_floor(store: &Store, mut at: i64) {
    let floor = store.clone();
    let entries = tokio::spawn(async move {
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        for n in 0_u128.. {
            beat.tick().await;
            let entry = |number| {
                Change::Timeline(TimelineEntry {
                    call: CallId::from_u128(n),
                    tenant: tenant(),
                    number,
                    at: Civil::from_micros(NOW),
                    what: TimelineKind::Held,
                })
            };
            floor.commit((0..100).map(entry).collect()).await.expect("a commit");
        }
    });
    let (began, mut count, mut took) = (Instant::now(), 0, Vec::new());
    while began.elapsed() < Duration::from_secs(10) {
        at += 500_000;
        let start = Instant::now();
        let outcome = authorize(store, 20, at).await;
        took.push(start.elapsed());
        count += outcome.permits.len();
        store.commit(ended(&outcome, at)).await.expect("a commit");
    }
    entries.abort();
    println!(
        "beside a floor of 10,000 changes a second: {:.0} attempts a second, authorized and ended",
        count as f64 / began.elapsed().as_secs_f64()
    );
    told("batch of 20 beside the floor", took);
}
