//! Webhooks and mail over outages of whoever receives them: every one arrives, in order, and what comes twice is known by
//! its id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use timbre::api::client::{CaseStep, Client};
use timbre::api::pb;
use timbre::api::wire::case::{name, taking_from_wire};
use timbre::driver::clock::{Stopwatch, sleep};
use timbre_casework::CallBack;
use timbre_casework::Recipient;
use timbre_casework::message::NewMessage;
use timbre_model::{ClientId, FloorSpec, Role};

use super::post_office::PostOffice;
use super::receiver::{Mood, Receiver, SECRET};
use crate::floors::Floor;
use crate::node::{Node, tenant};

/// Longer than a delivery waits between two tries here: half a minute of failures waits less than this.
const PATIENCE: Duration = Duration::from_secs(90);

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let since = Stopwatch::start();
    while !done().await {
        assert!(since.elapsed() < PATIENCE, "{what}: waited in vain");
        sleep(Duration::from_millis(50)).await;
    }
}

fn floor(casework: serde_json::Value) -> FloorSpec {
    let casework = serde_json::from_value(casework).expect("a definition");
    FloorSpec { casework, ..Floor::default().spec() }
}

/// A case is taken, and three notes are made of it: four events of one subject.
async fn a_case(client: &Client, called: &str) {
    let case = pb::Case {
        client: "acme".to_owned(),
        customer_name: "Ana".to_owned(),
        statement: format!("{called}: the bill is wrong."),
        ..Default::default()
    };
    let taken = taking_from_wire(case).expect("a complaint");
    let case = client.take_case(format!("take-{called}"), &taken).await.expect("taken");
    let name = name(&tenant(), case.id);
    for count in 0..3 {
        let note = CaseStep::Note(format!("{called}: note {count}"));
        client.case_step(&name, format!("note-{called}-{count}"), note).await.expect("noted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_reaches_its_webhook_in_order_per_subject_over_every_kind_of_outage() {
    let mut receiver = Receiver::start().await;
    let url = format!("http://{}/hook", receiver.at);
    let webhook = json!({"id": "crm", "url": url, "secret": SECRET, "types": ["timbre.case."]});
    let node = Node::start().await;
    node.apply(&floor(json!({"webhooks": [webhook]}))).await;
    let client = node.client(Role::Operator, None).await;
    // It is told what happens from its beginning on: that is when it is listed as having nothing behind it.
    let store = node.store().await;
    let crm = timbre_model::Slug::parse("crm").expect("a slug");
    until("the webhook begins", async || {
        store.webhook_state(&tenant(), &crm).await.expect("a store").is_some()
    })
    .await;

    a_case(&client, "well").await;
    until("the first ones", async || receiver.log().len() >= 4).await;
    receiver.mood(Mood::Hangs);
    a_case(&client, "hung").await;
    let failed = |receiver: &Receiver| receiver.log().iter().filter(|it| !it.taken).count();
    until("one that hangs", async || failed(&receiver) == 1).await;
    receiver.mood(Mood::Answers(500));
    a_case(&client, "broken").await;
    until("one that fails beside it", async || failed(&receiver) > 1).await;
    receiver.leave();
    a_case(&client, "gone").await;
    sleep(Duration::from_secs(1)).await;
    receiver.mood(Mood::Takes);
    receiver.come_back().await;

    let (events, _) =
        client.list_events(0, "timbre.case.", (1_000, String::new())).await.expect("listed");
    assert_eq!(events.len(), 16, "four cases of four events");
    let taken = |receiver: &Receiver| -> Vec<_> {
        receiver.log().into_iter().filter(|it| it.taken).collect()
    };
    let ids = |receiver: &Receiver| -> BTreeSet<String> {
        taken(receiver).iter().map(|it| it.text("id").to_owned()).collect()
    };
    until("all of them", async || ids(&receiver).len() == events.len()).await;
    let mut seen = BTreeSet::new();
    let mut by_subject = BTreeMap::<String, Vec<String>>::new();
    for it in taken(&receiver) {
        if seen.insert(it.text("id").to_owned()) {
            let of = by_subject.entry(it.text("subject").to_owned()).or_default();
            of.push(it.text("sequence").to_owned());
        }
    }
    assert!(by_subject.values().all(|it| it.is_sorted()), "{by_subject:#?}");

    // Who says that they will never take it is not asked again, until somebody wants it.
    receiver.mood(Mood::Answers(410));
    a_case(&client, "refused").await;
    let dead = async || client.list_dead_letters((100, String::new())).await.expect("listed").0;
    until("dead letters", async || dead().await.len() == 4).await;
    receiver.mood(Mood::Takes);
    for letter in dead().await {
        client.replay_dead_letter(&letter.name).await.expect("it is there");
    }
    until("what was refused", async || ids(&receiver).len() == 20).await;
    assert_eq!(dead().await, []);
    let (webhooks, _) = client.list_webhooks((10, String::new())).await.expect("listed");
    assert_eq!(webhooks.len(), 1);
    assert_eq!((webhooks[0].state.failing_since, webhooks[0].state.error.as_str()), (None, ""));
}

async fn a_message(client: &Client, to: &str, purpose: &str) {
    let message = NewMessage {
        tenant: tenant(),
        client: ClientId::parse("acme").expect("an id"),
        call: None,
        recipient: Recipient::Mail(to.to_owned()),
        department: None,
        from: Some("Ana".to_owned()),
        customer: None,
        number: None,
        text: "Please call.".to_owned(),
        purpose: purpose.to_owned(),
        call_back: CallBack::None,
    };
    client.take_message(&message).await.expect("taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_is_handed_over_in_order_over_an_outage_of_its_server() {
    let mut office = PostOffice::start().await;
    let mail = json!({"server": format!("smtp://{}", office.at), "from": "desk@acme.example"});
    let node = Node::start().await;
    node.apply(&floor(json!({"mail": mail}))).await;
    let client = node.client(Role::Operator, None).await;
    a_message(&client, "boss@acme.example", "first").await;
    until("the first letter", async || office.letters().len() == 1).await;
    office.close();
    a_message(&client, "boss@acme.example", "second").await;
    a_message(&client, "boss@acme.example", "third").await;
    sleep(Duration::from_secs(1)).await;
    office.answers(451);
    office.open().await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(office.letters().len(), 1, "nothing was taken while it could not be");
    office.answers(250);
    until("the other letters", async || office.letters().len() >= 3).await;
    let letters = office.letters();
    let ids: BTreeSet<_> = letters.iter().map(|it| it.field("Message-ID").to_owned()).collect();
    assert_eq!(ids.len(), 3, "{letters:#?}");
    assert!(letters.iter().all(|it| it.to == "<boss@acme.example>"), "{letters:#?}");
    assert!(letters.iter().all(|it| it.from == "<desk@acme.example>"), "{letters:#?}");
    let subjects: Vec<_> = letters.iter().map(|it| it.field("Subject").to_owned()).collect();
    let place = |word| subjects.iter().position(|it| it.contains(word)).expect("it came");
    assert!(place("first") < place("second") && place("second") < place("third"), "{subjects:?}");

    office.answers(550);
    a_message(&client, "nobody@acme.example", "fourth").await;
    let dead = async || client.list_dead_letters((100, String::new())).await.expect("listed").0;
    until("a dead letter", async || dead().await.len() == 1).await;
    office.answers(250);
    client.replay_dead_letter(&dead().await[0].name).await.expect("it is there");
    until("the fourth letter", async || office.letters().len() == 4).await;
}
