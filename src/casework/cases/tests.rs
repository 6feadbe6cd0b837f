//! Cases over a real store that is closed and opened again.

use std::collections::BTreeMap;

use timbre_casework::case::Amendment;
use timbre_casework::{By, CaseKind, Channel, Matter};
use timbre_store::Store;

use super::*;
use crate::casework::clockwork::Clockwork;
use crate::casework::{Answer, Asked};
use crate::driver::Handle;
use crate::feed::Feed;
use crate::metrics::Metrics;

/// Two roles, an hour apart; only the first one has an address.
const FLOOR: &str = r#"{
    "clients": [{ "id": "luz", "name": "Luz" }],
    "casework": {
        "country": "ES", "region": "MD",
        "escalation": [
            { "role": "lead", "mail": "lead@example.com" },
            { "role": "boss", "after": "1h" }
        ],
        "mail": { "server": "smtp://127.0.0.1:25", "from": "timbre@example.com" }
    }
}"#;

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

/// A node's desk over the database in `dir`, as after a start.
async fn desk(dir: &tempfile::TempDir) -> Desk {
    let file = dir.path().join("timbre.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await.expect("a store");
    let feed = Feed::default();
    feed.floor_applied(tenant(), serde_json::from_str(FLOOR).expect("a floor"));
    Desk { store, feed, driver: Handle::stopped(), metrics: Metrics::new() }
}

fn at(text: &str) -> Civil {
    let at: jiff::Timestamp = text.parse().expect("a moment");
    Civil::from_micros(at.as_microsecond())
}

fn taking() -> Taking {
    let client = ClientId::parse("luz").expect("an id");
    Taking {
        id: CaseId::from_u128(7),
        key: CaseKey::from_chance(482_193_057),
        tenant: tenant(),
        client,
        kind: CaseKind::Complaint,
        channel: Channel::Phone,
        received_at: None,
        call: None,
        queue: None,
        customer_name: "Rosa".to_owned(),
        language: "es".to_owned(),
        statement: "No funciona".to_owned(),
        follow_up: None,
        more: Amendment { matter: Some(Matter::General), ..Amendment::default() },
        checklist: Vec::new(),
    }
}

/// Answers that are kept in these tests.
struct Key(String);

impl Answer for Key {
    fn to_bytes(&self) -> Vec<u8> {
        self.0.clone().into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok().map(Self)
    }
}

async fn take_at(desk: &Desk, when: Civil) -> String {
    let (tenant, floor) = (tenant(), desk.floor(&tenant()).expect("a floor"));
    let asked = Asked { tenant: &tenant, method: "TakeCase", request_id: "r1" };
    let change = || async {
        let work = take(&floor, taking(), &Act { at: when, by: By::System })?;
        let key = left_by(&work).map(|it| it.key.digits()).unwrap_or_default();
        Ok((work, Key(key)))
    };
    desk.change(asked, change).await.expect("it is taken").0
}

async fn told(desk: &Desk) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for it in desk.store.events(&tenant(), 0, 1_000).await.expect("events") {
        *told.entry(it.event.kind).or_default() += 1;
    }
    told
}

#[tokio::test]
async fn each_warning_lapse_and_escalation_comes_once_over_restarts() {
    let dir = tempfile::tempdir().expect("a directory");
    // Friday; fifteen working days over two holidays end on Tuesday, December 15, at midnight in Madrid.
    let first = desk(&dir).await;
    take_at(&first, at("2026-11-20T11:00:00Z")).await;
    first.store.close().await;
    for (now, kind, count) in [
        ("2026-12-14T22:00:00Z", "timbre.case.warned.v1", 0),
        ("2026-12-14T23:00:00Z", "timbre.case.warned.v1", 1),
        ("2026-12-15T21:00:00Z", "timbre.case.warned.v1", 2),
        ("2026-12-15T22:59:59Z", "timbre.case.overdue.v1", 0),
        ("2026-12-15T23:00:00Z", "timbre.case.overdue.v1", 1),
        ("2026-12-15T23:00:01Z", "timbre.case.escalated.v1", 1),
        ("2026-12-16T00:00:00Z", "timbre.case.escalated.v1", 2),
        ("2027-03-01T00:00:00Z", "timbre.case.escalated.v1", 2),
    ] {
        // Every look is another node's, and each looks twice.
        let node = desk(&dir).await;
        for _ in 0..2 {
            Clockwork::new(node.clone()).turn(at(now)).await.expect("it looks");
        }
        assert_eq!(told(&node).await.get(kind).copied().unwrap_or(0), count, "{kind} at {now}");
        node.store.close().await;
    }
    let last = desk(&dir).await;
    let mails = last.store.mails_due(at("2027-03-01T00:00:00Z"), 10).await.expect("mails");
    let to: Vec<_> = mails.iter().map(|it| it.mail.to.as_str()).collect();
    assert_eq!(to, ["lead@example.com"], "who has an address is written to, once");
    let name = CaseName::Key(CaseKey::from_chance(482_193_057));
    let case = read(&last, &tenant(), name).await.expect("the case");
    assert!(!case.state.is_closed(), "a term that lapses closes nothing");
}

#[tokio::test]
async fn a_complaint_that_is_taken_again_by_the_same_request_is_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = desk(&dir).await;
    let first = take_at(&node, at("2026-11-20T11:00:00Z")).await;
    node.store.close().await;
    let again = desk(&dir).await;
    assert_eq!(take_at(&again, at("2026-11-20T11:05:00Z")).await, first);
    assert_eq!(told(&again).await.get("timbre.case.received.v1"), Some(&1));
    let stranger = read(&again, &tenant(), CaseName::Id(CaseId::from_u128(8))).await;
    assert!(matches!(stranger, Err(Fault::Unknown(_))));
}
