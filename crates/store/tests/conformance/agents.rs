//! Agents' states and the time in them.

use std::time::Duration;

use timbre_model::AgentStateKind::{self, NotReady, Ready, SignedOut, Talking};
use timbre_model::{AgentStateRecord, Change, NotReadyReason, Slug};
use timbre_store::{StateTime, Store};

use crate::world::*;

async fn put(store: &Store, records: &[AgentStateRecord]) {
    let changes = records.iter().cloned().map(Change::AgentState).collect();
    store.commit(changes).await.expect("a commit");
}

pub async fn records_are_read_back_in_order(place: Place) {
    let store = place.open().await;
    let lunch = NotReadyReason::Pause(Slug::parse("lunch").expect("a slug"));
    let records = [
        state("ana", 10, 2, NotReady),
        state("ana", 10, 10, Ready),
        AgentStateRecord { reason: Some(lunch), ..state("ana", 20, 1, NotReady) },
        AgentStateRecord { call: Some(call_id(u128::MAX)), ..state("ana", 30, 2, Talking) },
    ];
    let mut shuffled = records.to_vec();
    shuffled.reverse();
    shuffled.push(state("bea", 15, 1, Ready));
    put(&store, &shuffled).await;
    let read = |from, to| store.agent_states_of("ana", from, to);
    assert_eq!(read(0, 100).await, records);
    assert_eq!(read(10, 30).await, records[..3]);
    assert_eq!(read(11, 20).await, []);
}

trait Short {
    async fn agent_states_of(&self, agent: &str, from: i64, to: i64) -> Vec<AgentStateRecord>;
    async fn times(&self, from: i64, to: i64) -> Vec<(String, AgentStateKind, u64)>;
}

impl Short for Store {
    async fn agent_states_of(&self, name: &str, from: i64, to: i64) -> Vec<AgentStateRecord> {
        let (tenant, agent) = (tenant("t"), agent(name));
        self.agent_states(&tenant, &agent, at(from), at(to)).await.expect("a read")
    }

    async fn times(&self, from: i64, to: i64) -> Vec<(String, AgentStateKind, u64)> {
        let times = self.state_times(&tenant("t"), None, at(from), at(to)).await.expect("a read");
        let flat = |StateTime { agent, state, total }: StateTime| {
            (agent.as_str().to_owned(), state, total.as_micros() as u64)
        };
        let mut flat: Vec<_> = times.into_iter().map(flat).collect();
        flat.sort();
        flat
    }
}

async fn a_morning(store: &Store) {
    put(
        store,
        &[
            state("ana", 100, 1, NotReady),
            state("ana", 100, 2, Ready),
            state("ana", 200, 3, Talking),
            state("ana", 260, 4, Ready),
            state("ana", 400, 5, SignedOut),
            state("bea", 150, 1, Ready),
            state("caro", 900, 1, Ready),
        ],
    )
    .await;
}

pub async fn time_in_states_is_cut_to_the_period(place: Place) {
    let store = place.open().await;
    a_morning(&store).await;
    let ana = |state, micros| ("ana".to_owned(), state, micros);
    let bea = |micros| ("bea".to_owned(), Ready, micros);
    let whole = store.times(0, 500).await;
    assert_eq!(whole, [ana(SignedOut, 100), ana(Ready, 240), ana(Talking, 60), bea(350)]);
    // Begins and ends in the middle of a state, and at the very moment of a record.
    assert_eq!(store.times(230, 250).await, [ana(Talking, 20), bea(20)]);
    assert_eq!(store.times(100, 200).await, [ana(Ready, 100), bea(50)]);
    assert_eq!(store.times(450, 460).await, [ana(SignedOut, 10), bea(10)]);
    assert_eq!(store.times(0, 100).await, []);
    assert_eq!(store.times(300, 300).await, []);
}

pub async fn times_of_one_agent_are_those_of_all(place: Place) {
    let store = place.open().await;
    a_morning(&store).await;
    for (from, to) in [(0, 1_000), (150, 230), (200, 260), (0, 100), (950, 1_000)] {
        let all = store.state_times(&tenant("t"), None, at(from), at(to)).await.expect("a read");
        let mut each = Vec::new();
        for name in ["ana", "bea", "caro", "dora"] {
            let name = agent(name);
            let one = store.state_times(&tenant("t"), Some(&name), at(from), at(to)).await;
            each.extend(one.expect("a read"));
        }
        assert_eq!(all, each, "{from} to {to}");
        let sum: Duration = all.iter().map(|time| time.total).sum();
        assert!(sum <= Duration::from_micros((to - from) as u64 * 3));
    }
}
