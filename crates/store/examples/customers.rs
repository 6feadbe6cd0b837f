//! Fills a database with customers and their contacts, and asks for them as agents do:
//!
//!     cargo run --release -p timbre-store --example customers -- [CUSTOMERS] [INTERACTIONS] [DATABASE URL]
//!
//! Prints how long the filling took, the times of a screen pop and of searches by number, name and key, and what a floor's
//! commits take alone and while customers are imported and erased beside them. A database that is filled is not filled
//! again.

#![expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use timbre_casework::callback::{self, NewCallback};
use timbre_casework::{
    Act, By, CallbackId, CallbackWhy, Customer, CustomerId, CustomerKind, CustomerNumber,
    Interaction, InteractionKind, Record, Work,
};
use timbre_model::{
    AgentId, CallId, CallRecord, CallerId, Change, Civil, ClientId, HoldStats, LeadRole,
    PhoneNumber, QueueId, TenantId, TimelineEntry, TimelineKind, TrunkId,
};
use timbre_store::{CustomerQuery, Store, With};

const NOW: i64 = 1_795_000_000_000_000;
const SECOND: i64 = 1_000_000;
/// Customers of one piece of work while the database is filled.
const CHUNK: u64 = 250;
/// Customers of one piece of work, as an import brings them.
const IMPORTED: u64 = 25;
/// Contacts of one piece of work.
const CONTACTS: usize = 2_500;
/// One customer in so many is called every day for years.
const HEAVY: u64 = 10_000;
const OFTEN: u64 = 3_000;
const QUESTIONS: u64 = 5_000;

const GIVEN: [&str; 16] = [
    "María", "José", "Inés", "Álvaro", "Carmen", "Antón", "Lucía", "Martín", "Noa", "Hugo",
    "Sofía", "Leo", "Uxía", "Iago", "Begoña", "Íñigo",
];
const FAMILY: [&str; 20] = [
    "García",
    "Fernández",
    "López",
    "Martínez",
    "Núñez",
    "Pérez",
    "Gómez",
    "Ibáñez",
    "Álvarez",
    "Castro",
    "Souto",
    "Rey",
    "Otero",
    "Vidal",
    "Muñoz",
    "Sáez",
    "Lago",
    "Seoane",
    "Prieto",
    "Díaz",
];

fn tenant() -> TenantId {
    TenantId::parse("bpo-madrid").expect("an id")
}

fn client(n: u64) -> ClientId {
    let name = ["acme", "luz", "agua", "banco", "viajes"][n as usize % 5];
    ClientId::parse(name).expect("an id")
}

fn agent(n: u64) -> AgentId {
    AgentId::parse(&format!("agent-{:03}", n % 200)).expect("an id")
}

fn civil(micros: i64) -> Civil {
    Civil::from_micros(micros)
}

/// Numbers without an order, the same in every run.
fn scattered(n: u64) -> u64 {
    let mixed = n.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

fn customer_id(n: u64) -> CustomerId {
    CustomerId::from_u128((u128::from(n) << 64) | u128::from(scattered(n)))
}

fn number(n: u64) -> PhoneNumber {
    let digits = 600_000_000 + n.wrapping_mul(7_368_787) % 100_000_007;
    PhoneNumber::parse(&format!("+34{digits}")).expect("a number")
}

fn customer(n: u64) -> Customer {
    let (a, b, c) = (scattered(n) >> 8, scattered(n) >> 24, scattered(n) >> 40);
    let pick = |of: &[&'static str], by: u64| of[by as usize % of.len()];
    let name = format!(
        "{} {} {}{}",
        pick(&GIVEN, a),
        pick(&FAMILY, b),
        pick(&FAMILY, c),
        ["", "-Rey", " Bo", " Lei"][n as usize % 4]
    );
    Customer {
        id: customer_id(n),
        tenant: tenant(),
        client: client(n),
        version: 1,
        kind: CustomerKind::Person,
        name,
        key: Some(format!("C{n:08}")),
        numbers: vec![CustomerNumber {
            number: number(n),
            label: "mobile".to_owned(),
            name: String::new(),
            role: LeadRole::Unknown,
        }],
        mail: Some(format!("c{n}@example.com")),
        language: Some("es".to_owned()),
        style: None,
        tags: BTreeSet::new(),
        consents: Vec::new(),
        note: String::new(),
        attributes: BTreeMap::new(),
        known_since: civil(NOW),
        merged_into: None,
        erased_at: None,
    }
}

fn contact(n: u64, count: u64) -> Interaction {
    Interaction {
        tenant: tenant(),
        customer: customer_id(n),
        at: civil(NOW + count as i64 * 3_600 * SECOND),
        kind: InteractionKind::Call,
        subject: (u128::from(scattered(n ^ (count << 40))) << 64) | u128::from(count),
        agent: Some(agent(n + count)),
        summary: "sale: tariff 3".to_owned(),
    }
}

/// Something that is owed to a customer.
fn owed(n: u64) -> Record {
    let new = NewCallback {
        tenant: tenant(),
        client: client(n),
        why: CallbackWhy::Promised,
        call: None,
        customer: Some(customer_id(n)),
        customer_name: "María".to_owned(),
        number: number(n),
        due_at: civil(NOW + 3_600 * SECOND),
        agent: Some(agent(n)),
        note: "the meter was read wrong".to_owned(),
    };
    let act = Act { at: civil(NOW), by: By::System };
    let id = CallbackId::from_u128(customer_id(n).as_u128());
    let work = callback::promise(id, new, &act).expect("a callback");
    work.records.into_iter().next().expect("a record")
}

async fn keep(store: &Store, work: Work) {
    store.work(&tenant(), work, With::default()).await.expect("the work is kept");
}

fn people(from: u64, to: u64) -> Work {
    let records = (from..to).map(|n| Record::Customer(Box::new(customer(n))));
    Work { records: records.collect(), ..Work::default() }
}

async fn fill(store: &Store, customers: u64, interactions: u64) {
    let began = Instant::now();
    for from in (0..customers).step_by(CHUNK as usize) {
        let to = customers.min(from + CHUNK);
        let mut work = people(from, to);
        work.records.extend((from..to).filter(|n| n % 20 == 0).map(owed));
        keep(store, work).await;
    }
    let took = began.elapsed().as_secs_f64();
    println!("{customers} customers in {took:.1} s ({:.0} a second)", customers as f64 / took);
    let began = Instant::now();
    let heavy = customers.div_ceil(HEAVY);
    let each = interactions.saturating_sub(heavy * OFTEN) / customers.max(1);
    let (mut batch, mut count) = (Vec::with_capacity(CONTACTS), 0);
    for n in 0..customers {
        let often = if n % HEAVY == 0 { OFTEN } else { 0 };
        batch.extend((0..each + often).map(|it| contact(n, it)));
        count += each + often;
        if batch.len() >= CONTACTS || n + 1 == customers {
            let interactions = std::mem::take(&mut batch);
            keep(store, Work { interactions, ..Work::default() }).await;
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!("{count} interactions in {took:.1} s ({:.0} a second)", count as f64 / took);
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let quantile = |q: f64| times[((times.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    println!(
        "{what:<38} p50 {:7.2} ms  p99 {:7.2} ms  max {:7.2} ms  ({} times)",
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
        times.len()
    );
}

/// Asks many times, each time about another customer.
async fn ask<T>(what: &str, customers: u64, question: impl AsyncFn(u64) -> T) {
    let mut times = Vec::with_capacity(QUESTIONS as usize);
    for n in 0..QUESTIONS {
        let start = Instant::now();
        question(scattered(n) % customers).await;
        times.push(start.elapsed());
    }
    told(what, times);
}

async fn ask_all(store: &Store, customers: u64) {
    let tenant = tenant();
    let pop = async |n: u64| {
        let pop = store.screen_pop(&tenant, &[client(n)], &number(n), 10).await;
        assert!(!pop.expect("a screen pop").customers.is_empty());
    };
    ask("screen pop", customers, pop).await;
    let heavy = async |n: u64| pop(n / HEAVY * HEAVY).await;
    ask("screen pop, thousands of contacts", customers, heavy).await;
    let search = async |clients: Option<&[ClientId]>, query: CustomerQuery| {
        let page = store.search_customers(&tenant, clients, &query, 20, None).await;
        assert!(!page.expect("a search").customers.is_empty(), "{query:?}");
    };
    let by_number = async |n: u64| search(None, CustomerQuery::Number(number(n))).await;
    ask("search by number", customers, by_number).await;
    let by_key = async |n: u64| search(None, CustomerQuery::Key(format!("C{n:08}"))).await;
    ask("search by key", customers, by_key).await;
    let name = |n: u64, letters: usize| -> CustomerQuery {
        CustomerQuery::Name(customer(n).name.chars().take(letters).collect())
    };
    for letters in [1, 3, 12] {
        let what = format!("search by {letters} letters of a name");
        let by_name = async |n: u64| search(Some(&[client(n)]), name(n, letters)).await;
        ask(&what, customers, by_name).await;
    }
    let everywhere = async |n: u64| search(None, name(n, 3)).await;
    ask("the same of every client company", customers, everywhere).await;
    let surname = async |n: u64| {
        let whole = customer(n).name;
        let (_, rest) = whole.split_once(' ').expect("two words");
        search(Some(&[client(n)]), CustomerQuery::Name(rest.chars().take(10).collect())).await;
    };
    ask("search by a surname", customers, surname).await;
}

/// A call as it comes: what the engine writes at its arrival.
fn call(n: u64) -> Vec<Change> {
    let id = CallId::from_u128((u128::from(n) << 80) | 7);
    let record = CallRecord {
        id,
        tenant: tenant(),
        trunk: TrunkId::parse("carrier").expect("an id"),
        dialed: "+34900100200".to_owned(),
        caller: CallerId::Number(number(n)),
        queue: Some(QueueId::parse("sales").expect("an id")),
        client: Some(client(n)),
        arrived_at: civil(NOW + n as i64),
        answered_at: None,
        answered_ring: None,
        connected_at: None,
        agent: None,
        outbound: None,
        hold: HoldStats::default(),
        ended_at: None,
        outcome: None,
        cause: None,
        released_by: None,
        disposition: None,
        wrapped_up_at: None,
    };
    let entry = |number, what| {
        let at = civil(NOW + n as i64);
        Change::Timeline(TimelineEntry { call: id, tenant: tenant(), number, at, what })
    };
    let queued = TimelineKind::Queued { queue: QueueId::parse("sales").expect("an id") };
    vec![Change::Call(Box::new(record)), entry(1, TimelineKind::Arrived), entry(2, queued)]
}

/// What a call's commit takes, a hundred times a second.
async fn calls(store: &Store, what: &str, first: u64) {
    let mut beat = tokio::time::interval(Duration::from_millis(10));
    let mut times = Vec::new();
    for n in first..first + 1_000 {
        beat.tick().await;
        let start = Instant::now();
        store.commit(call(n)).await.expect("a commit");
        times.push(start.elapsed());
    }
    told(what, times);
}

/// Erases customers who were contacted thousands of times, until it is stopped; how many.
async fn erase(store: Store, those: Range<u64>, stop: Arc<AtomicBool>) -> u64 {
    let mut count = 0;
    for n in those {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let erased = Customer {
            version: 2,
            name: String::new(),
            key: None,
            numbers: Vec::new(),
            mail: None,
            erased_at: Some(civil(NOW)),
            ..customer(n)
        };
        let records = vec![Record::Customer(Box::new(erased))];
        keep(&store, Work { records, ..Work::default() }).await;
        count += 1;
    }
    count
}

async fn import(store: Store, first: u64, stop: Arc<AtomicBool>) -> u64 {
    let mut next = first;
    while !stop.load(Ordering::Relaxed) {
        keep(&store, people(next, next + IMPORTED)).await;
        next += IMPORTED;
    }
    next - first
}

async fn beside(store: &Store) {
    // Numbers that no run before this one has used.
    let first =
        SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() * 100_000;
    let unwanted = first..first + 100;
    keep(store, people(unwanted.start, unwanted.end)).await;
    for n in unwanted.clone() {
        let interactions = (0..OFTEN).map(|it| contact(n, it)).collect();
        keep(store, Work { interactions, ..Work::default() }).await;
    }
    calls(store, "a call's commit", first).await;
    let stop = Arc::new(AtomicBool::new(false));
    let importing = tokio::spawn(import(store.clone(), unwanted.end, Arc::clone(&stop)));
    calls(store, "the same beside an import", first + 1_000).await;
    let erasing = tokio::spawn(erase(store.clone(), unwanted, Arc::clone(&stop)));
    calls(store, "the same beside an import and erasures", first + 2_000).await;
    stop.store(true, Ordering::Relaxed);
    let (erased, imported) = (erasing.await.expect("no panic"), importing.await.expect("no panic"));
    println!(
        "beside them: {erased} customers with {OFTEN} contacts each erased, {imported} imported"
    );
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut size = |default| arguments.next().and_then(|it| it.parse().ok()).unwrap_or(default);
    let (customers, interactions) = (size(1_000_000_u64), size(10_000_000_u64));
    let files = tempfile::tempdir_in(".").expect("a temporary directory");
    let own = format!("sqlite://{}", files.path().join("customers.db").display());
    let store = Store::open(&arguments.next().unwrap_or(own)).await.expect("the database opens");
    let last = store.customer(&tenant(), customer_id(customers.saturating_sub(1))).await;
    if last.expect("an answer").is_none() {
        fill(&store, customers, interactions).await;
    }
    beside(&store).await;
    ask_all(&store, customers).await;
    store.close().await;
}
