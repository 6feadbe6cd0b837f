//! Leads from outside: an import that is cut off and goes on, and why a lead may not be called.

use serde_json::json;
use timbre::api::client::{Client, Source};
use timbre::api::wire::do_not_call::Barring;
use timbre::api::wire::lead::{CampaignVerdict, ClientLead, ImportChunk};
use timbre::leads::{RawConsent, RawLead, RawNumber};
use timbre_model::{
    AgentId, Barred, CampaignId, CampaignRef, Change, Civil, DoNotCallScope, FloorSpec, LeadChange,
    LeadId, LeadState, ListId, PhoneNumber, Role, Slug,
};

use crate::node::{Node, tenant};

/// Monday 2026-11-23, 10:00 in Madrid.
const MONDAY: Civil = Civil::from_micros(1_795_424_400_000_000);

fn list() -> ListId {
    ListId::parse("all").expect("an id")
}

fn floor() -> FloorSpec {
    let campaign = |id: &str, hours: serde_json::Value| {
        json!({
            "id": id, "name": id, "client": "acme", "queue": "sales", "hours": hours,
            "lists": [{"list": "all", "filter": "age >= 18"}], "trunks": ["carrier"],
            "caller_ids": {"numbers": ["+34400000002"]},
        })
    };
    serde_json::from_value(json!({
        "clients": [{"id": "acme", "name": "Acme"}],
        "queues": [{"id": "sales", "name": "Sales", "client": "acme"}],
        "agents": [{"id": "a0", "name": "A", "password": "secret"}],
        "trunks": [{"id": "carrier", "country": "ES", "addresses": ["127.0.0.1"],
            "outbound": {"to": ["127.0.0.1:9"]}}],
        "lists": [{"id": "all", "name": "All", "client": "acme", "country": "ES"}],
        "campaigns": [campaign("calls", json!(null)), campaign("late", json!({"mon": ["16:00-17:00"]}))],
    }))
    .expect("a floor")
}

fn lead(line: u64, number: &str, age: &str) -> ClientLead {
    let number = RawNumber { number: number.to_owned(), ..RawNumber::default() };
    let given_at = Some(Civil::from_micros(1_760_000_000_000_000));
    let raw = RawLead {
        numbers: vec![number],
        consent: Some(RawConsent { basis: "express".to_owned(), given_at }),
        attributes: [("age".to_owned(), age.to_owned())].into(),
        ..RawLead::default()
    };
    ClientLead { line, raw }
}

fn source(batch: &str) -> Source {
    Source { tenant: tenant(), list: list(), batch: batch.to_owned(), country: None }
}

async fn leads(client: &Client) -> Vec<timbre_model::Lead> {
    let tenant = tenant();
    let page = client.list_leads((&tenant, &list()), (None, None), (1_000, String::new())).await;
    page.expect("a page").0
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_cut_off_goes_on_and_nothing_of_it_counts_before_its_end() {
    let mut node = Node::start().await;
    let client = node.apply(&floor()).await;
    let (mut import, first) = client.import_leads(&source("b1")).await.expect("it begins");
    assert_eq!((first.chunk, first.finished), (0, false));
    let chunk = ImportChunk::from_iter([
        lead(2, "600 000 001", "41"),
        lead(3, "12", "41"),
        lead(4, "+34600000001", "41"),
        lead(5, "0034600000002", "41"),
    ]);
    import.send(1, chunk.clone()).await.expect("sent");
    let answer = import.next().await.expect("acknowledged");
    assert_eq!((answer.chunk, answer.counts.imported, answer.counts.duplicates), (1, 2, 1));
    let told: Vec<_> = answer.rejects.iter().map(|it| (it.line, it.field.as_str())).collect();
    assert_eq!(told, [(3, "numbers[0].number"), (4, "numbers")]);
    assert!(answer.rejects.iter().all(|it| !it.reason.is_empty() && !it.remedy.is_empty()));
    import.send(3, ImportChunk::default()).await.expect("sent");
    let refused = import.next().await.expect_err("a gap between the chunks");
    assert_eq!(refused.reason(), Some("INVALID_FIELD"));

    node = node.killed_and_restarted().await;
    let client = node.client(Role::Operator, None).await;
    assert!(leads(&client).await.is_empty(), "an import that is not finished counts");
    let (mut import, first) = client.import_leads(&source("b1")).await.expect("it goes on");
    assert_eq!((first.chunk, first.counts.imported), (1, 2));
    // What was kept may come again, and is not taken twice.
    import.send(1, chunk).await.expect("sent");
    assert_eq!(import.next().await.expect("acknowledged").chunk, 1);
    import.send(2, ImportChunk::from_iter([lead(6, "600000003", "41")])).await.expect("sent");
    assert_eq!(import.next().await.expect("acknowledged").chunk, 2);
    import.finish().await.expect("sent");
    assert!(import.next().await.expect("acknowledged").finished);
    let numbers: Vec<_> = leads(&client).await.into_iter().map(|it| it.person.numbers).collect();
    let numbers: Vec<_> = numbers.iter().map(|it| it[0].number.expose()).collect();
    assert_eq!(numbers, ["+34600000001", "+34600000002", "+34600000003"]);
    let (_, again) = client.import_leads(&source("b1")).await.expect("it is there");
    assert!(again.finished, "a batch that is over says so");
}

/// What holds for a lead in a campaign on Monday, or at another moment.
async fn explained(
    client: &Client,
    id: LeadId,
    campaign: &str,
    at: Civil,
) -> (String, String, CampaignVerdict) {
    let campaign = CampaignId::parse(campaign).expect("an id");
    let told = client.explain_lead((&tenant(), id), Some(&campaign), Some(at)).await;
    let [verdict] = told.expect("an explanation").campaigns.try_into().expect("one campaign");
    (verdict.callable.clone(), verdict.rule.clone(), verdict)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lead_that_may_not_be_called_says_by_which_rule() {
    let node = Node::start().await;
    let client = node.apply(&floor()).await;
    let (mut import, _) = client.import_leads(&source("b1")).await.expect("it begins");
    let mut chunk: Vec<_> = (0..10_u64)
        .map(|at| lead(at, &format!("91000000{at}"), "41"))
        .chain([lead(10, "+12125552368", "41"), lead(11, "910000011", "17")])
        .collect();
    chunk[1].raw.consent = None;
    import.send(1, ImportChunk::from_iter(chunk)).await.expect("sent");
    let kept = import.next().await.expect("acknowledged");
    assert_eq!(kept.counts.imported, 12, "{:?}", kept.rejects);
    import.finish().await.expect("sent");
    assert!(import.next().await.expect("acknowledged").finished);
    let leads = leads(&client).await;
    let id = |at: usize| leads[at].id;

    let number = PhoneNumber::parse("+34910000002").expect("a number");
    let (whom, scope) = (Barred::Number(number), DoNotCallScope::Tenant);
    let barring = Barring { whom, scope, until: None, note: "asked".to_owned() };
    client.add_do_not_call(&tenant(), barring).await.expect("barred");
    let later = Civil::from_micros(MONDAY.as_micros() + 3_600_000_000);
    let agent = Some(AgentId::parse("a0").expect("an id"));
    let disposition = Slug::parse("sold").expect("a slug");
    let rule = "ES-window-96.2".to_owned();
    let states = [
        (3, LeadState::Retry { at: later }),
        (4, LeadState::Callback { at: later, agent }),
        (5, LeadState::Finished { disposition }),
        (6, LeadState::Claimed),
        (7, LeadState::Blocked { rule, until: Some(later) }),
        (8, LeadState::Blocked { rule: "no-such-person".to_owned(), until: None }),
    ];
    let change = |(at, state)| Change::Lead(LeadChange { tenant: tenant(), lead: id(at), state });
    let store = node.store().await;
    store.commit(states.map(change).to_vec()).await.expect("kept");
    store.close().await;

    let (callable, rule, verdict) = explained(&client, id(0), "calls", MONDAY).await;
    assert_eq!((callable.as_str(), rule.as_str()), ("now", ""), "{verdict:?}");
    for (at, campaign, when, callable, rule) in [
        (1, "calls", MONDAY, "never", "ES-"),
        (2, "calls", MONDAY, "never", "internal-list"),
        (3, "calls", MONDAY, "later", "lead-state"),
        (4, "calls", MONDAY, "later", "lead-state"),
        (5, "calls", MONDAY, "never", "finished"),
        (6, "calls", MONDAY, "later", "claimed"),
        (7, "calls", MONDAY, "later", "ES-window-96.2"),
        (8, "calls", MONDAY, "never", "no-such-person"),
        (10, "calls", MONDAY, "later", "trunk-country"),
        (11, "calls", MONDAY, "never", "filter"),
        (9, "late", MONDAY, "later", "campaign-schedule"),
        (
            9,
            "calls",
            Civil::from_micros(MONDAY.as_micros() - 7 * 3_600_000_000),
            "later",
            "ES-window",
        ),
    ] {
        let (found, by, verdict) = explained(&client, id(at), campaign, when).await;
        assert_eq!(found, callable, "lead {at}: {verdict:?}");
        assert!(by.starts_with(rule), "lead {at}: {verdict:?}");
        assert!(!verdict.because.is_empty() && !verdict.numbers.is_empty(), "lead {at}");
    }

    let campaign =
        CampaignRef { tenant: tenant(), campaign: CampaignId::parse("calls").expect("an id") };
    let counted = client.dry_run(&campaign, Some(MONDAY), 0).await.expect("a dry run");
    assert_eq!((counted.looked_at, counted.cut), (12, false));
    assert_eq!((counted.now, counted.later, counted.never), (2, 5, 5), "{counted:?}");
    let by_rules: u64 = counted.rules.iter().map(|it| it.later + it.never).sum();
    assert_eq!(by_rules, 10, "{counted:?}");
}
