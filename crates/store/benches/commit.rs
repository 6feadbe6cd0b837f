//! What a commit costs: wall-clock quantiles and CPU per call, for batches of 1, 10 and 100 calls' worth of changes.
//!
//! `cargo bench -p timbre-store --bench commit [-- URL]`. Without a URL: SQLite in the directory of `TMPDIR`. The CPU time
//! is that of the whole process, SQLite's threads included; on Postgres the server's own is not counted.
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::time::{Duration, Instant};

use timbre_model::{
    AgentId, AgentStateKind, AgentStateRecord, CallId, CallOutcome, CallRecord, CallerId, Change,
    Civil, ClientId, Disposition, EndCause, HoldStats, OfferId, OfferOutcome, OfferRecord,
    PhoneNumber, QueueId, ReleasedBy, Slug, TenantId, TimelineEntry, TimelineKind, TrunkId,
};
use timbre_store::Store;

/// The ids that stand in every record, made once, as the engine does.
struct Names {
    tenant: TenantId,
    queue: QueueId,
    client: ClientId,
    trunk: TrunkId,
    agents: Vec<AgentId>,
    caller: PhoneNumber,
    sale: Disposition,
}

impl Names {
    fn new() -> Self {
        let agent = |n| AgentId::parse(&format!("agent-{n:03}")).expect("an id");
        Self {
            tenant: TenantId::parse("bpo-madrid").expect("an id"),
            queue: QueueId::parse("sales-es").expect("an id"),
            client: ClientId::parse("acme").expect("an id"),
            trunk: TrunkId::parse("carrier-1").expect("an id"),
            agents: (0..200).map(agent).collect(),
            caller: PhoneNumber::parse("+34612345678").expect("a number"),
            sale: Disposition::new(Slug::parse("sale").expect("an id"), false),
        }
    }

    /// The same with entries of which nobody is told: what the events of calls cost is the difference.
    fn untold(&self, n: u64) -> [Vec<Change>; 4] {
        self.life(n, true).map(|mut changes| {
            for change in &mut changes {
                if let Change::Timeline(entry) = change {
                    entry.what = TimelineKind::Held;
                }
            }
            changes
        })
    }

    /// The changes of call `n`, in the four batches in which they come: arrival and offer, connection, end, wrap-up.
    fn life(&self, n: u64, ids_in_order: bool) -> [Vec<Change>; 4] {
        let at =
            |ms: i64| Civil::from_micros(1_700_000_000_000_000 + n as i64 * 2_000 + ms * 1_000);
        let agent = &self.agents[n as usize % self.agents.len()];
        // In order as a clock's milliseconds before random bits are; else scattered by multiplication.
        let scattered = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let id = CallId::from_u128(if ids_in_order {
            (u128::from(n) << 80) | (scattered >> 48)
        } else {
            scattered
        });
        let entry = |number, ms, what| {
            let tenant = self.tenant.clone();
            Change::Timeline(TimelineEntry { call: id, tenant, number, at: at(ms), what })
        };
        let state = |number, ms, state| {
            Change::AgentState(AgentStateRecord {
                tenant: self.tenant.clone(),
                agent: agent.clone(),
                at: at(ms),
                number: n * 4 + number,
                state,
                reason: None,
                call: Some(id),
            })
        };
        let offer = |outcome: Option<OfferOutcome>| {
            Change::Offer(OfferRecord {
                id: OfferId { call: id, number: 1 },
                tenant: self.tenant.clone(),
                queue: self.queue.clone(),
                agent: agent.clone(),
                offered_at: at(0),
                ended_at: outcome.map(|_| at(800)),
                outcome,
            })
        };
        let arrived = self.call(id, at(0));
        let connected = CallRecord {
            answered_at: Some(at(6_000)),
            answered_ring: Some(2),
            connected_at: Some(at(6_000)),
            agent: Some(agent.clone()),
            ..arrived.clone()
        };
        let ended = CallRecord {
            ended_at: Some(at(9_000)),
            outcome: Some(CallOutcome::Answered),
            cause: Some(EndCause::Completed),
            released_by: Some(ReleasedBy::Customer),
            ..connected.clone()
        };
        let wrapped_up = CallRecord {
            disposition: Some(self.sale.clone()),
            wrapped_up_at: Some(at(9_500)),
            ..ended.clone()
        };
        let call = |record| Change::Call(Box::new(record));
        let because = "longest_idle".to_owned();
        let offered = TimelineKind::Offered { agent: agent.clone(), offer: 1, because };
        let outcome = OfferOutcome::Accepted;
        let offer_ended = TimelineKind::OfferEnded { agent: agent.clone(), offer: 1, outcome };
        let end =
            TimelineKind::Ended { cause: EndCause::Completed, released_by: ReleasedBy::Customer };
        [
            vec![
                call(arrived),
                entry(1, 0, TimelineKind::Arrived),
                entry(2, 0, TimelineKind::Queued { queue: self.queue.clone() }),
                offer(None),
                entry(3, 0, offered),
                state(0, 0, AgentStateKind::Offered),
            ],
            vec![
                offer(Some(outcome)),
                entry(4, 800, offer_ended),
                call(connected),
                entry(5, 6_000, TimelineKind::Answered { ring: 2, by_greeting: false }),
                entry(6, 6_000, TimelineKind::Connected { agent: agent.clone() }),
                state(1, 6_000, AgentStateKind::Talking),
            ],
            vec![call(ended), entry(7, 9_000, end), state(2, 9_000, AgentStateKind::WrapUp)],
            vec![
                call(wrapped_up),
                entry(8, 9_500, TimelineKind::WrappedUp { disposition: self.sale.clone() }),
                state(3, 9_500, AgentStateKind::Ready),
            ],
        ]
    }

    fn call(&self, id: CallId, arrived_at: Civil) -> CallRecord {
        CallRecord {
            id,
            tenant: self.tenant.clone(),
            trunk: self.trunk.clone(),
            dialed: "+34900100200".to_owned(),
            caller: CallerId::Number(self.caller.clone()),
            queue: Some(self.queue.clone()),
            client: Some(self.client.clone()),
            arrived_at,
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
        }
    }
}

/// CPU time of this process so far, user and system.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let behind_name = stat.rsplit_once(')').expect("a process's name").1;
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|it| it.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// How a call's id compares with the last one's, and whether its events are told.
#[derive(Debug, Clone, Copy)]
enum Ids {
    InOrder,
    Scattered,
    /// In order, without events.
    Untold,
}

/// A steady floor: in each batch `calls` calls arrive, as many connect, end and are wrapped up.
async fn measure(store: &Store, names: &Names, first: u64, calls: u64, batches: u64, ids: Ids) {
    let life = |n| match ids {
        Ids::InOrder => names.life(n, true),
        Ids::Scattered => names.life(n, false),
        Ids::Untold => names.untold(n),
    };
    let lives: Vec<_> = (first..first + calls * batches).map(life).collect();
    let mut prepared: Vec<Vec<Change>> = vec![Vec::new(); batches as usize + 3];
    for (n, life) in lives.into_iter().enumerate() {
        for (phase, changes) in life.into_iter().enumerate() {
            prepared[n / calls as usize + phase].extend(changes);
        }
    }
    let changes: usize = prepared.iter().map(Vec::len).sum();
    let (mut times, began, used) = (Vec::new(), Instant::now(), cpu());
    for batch in prepared {
        let start = Instant::now();
        store.commit(batch).await.expect("a commit");
        times.push(start.elapsed());
    }
    let (wall, used) = (began.elapsed(), cpu() - used);
    times.sort_unstable();
    let quantile = |q: f64| times[((times.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    let total = (calls * batches) as f64;
    println!(
        "{calls:>4} calls a batch{}: p50 {:7.3} ms  p99 {:7.3} ms  max {:7.3} ms  {:7.1} µs CPU a call  \
         {:7.0} calls/s  ({:.1} changes a call)",
        match ids {
            Ids::InOrder => "",
            Ids::Scattered => ", scattered ids",
            Ids::Untold => ", untold",
        },
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
        used.as_secs_f64() * 1e6 / total,
        total / wall.as_secs_f64(),
        changes as f64 / total,
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let files = tempfile::tempdir().expect("a temporary directory");
    let own = format!("sqlite://{}", files.path().join("bench.db").display());
    let url = std::env::args().skip(1).find(|it| !it.starts_with('-')).unwrap_or(own);
    let store = Store::open(&url).await.expect("the database opens");
    let names = Names::new();
    let is = store.describe().await.expect("a description");
    println!(
        "{} {}, journal {}, synchronous {}",
        is.engine, is.version, is.journal_mode, is.synchronous
    );
    let mut first = 0;
    for (calls, batches, ids) in [
        (1, 2_000, Ids::InOrder),
        (1, 2_000, Ids::Untold),
        (1, 2_000, Ids::InOrder),
        (10, 1_000, Ids::InOrder),
        (10, 1_000, Ids::Untold),
        (100, 200, Ids::InOrder),
        (100, 200, Ids::Untold),
        (10, 1_000, Ids::Scattered),
        (10, 1_000, Ids::InOrder),
    ] {
        measure(&store, &names, first, calls, batches, ids).await;
        first += calls * batches;
    }
    store.close().await;
}
