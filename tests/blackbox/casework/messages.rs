//! Messages from whoever takes them to whoever answers them, and what agents see of them.

use timbre::api::client::Listed;
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::casework::agenda::What;
use timbre_casework::message::NewMessage;
use timbre_casework::{By, CallBack, Delivery, Message, MessageState, Recipient, RecordKind};
use timbre_model::{AgentId, ClientId, DepartmentSpec, FloorSpec, PhoneNumber, Role, Slug};

use crate::agents::Agent;
use crate::eventually;
use crate::floors::{Floor, named};
use crate::node::{Node, tenant};

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).expect("an id")
}

/// Two agents, the second of whom answers for billing.
fn floor() -> FloorSpec {
    let mut floor = Floor { persistent: named("a", 2), ..Floor::default() }.spec();
    floor.casework.departments.push(DepartmentSpec {
        id: Slug::parse("billing").expect("an id"),
        name: "Billing".to_owned(),
        mail: None,
        agents: [agent("a1")].into(),
    });
    floor
}

fn left(recipient: Recipient, text: &str) -> NewMessage {
    NewMessage {
        tenant: tenant(),
        client: ClientId::parse("acme").expect("an id"),
        call: None,
        recipient,
        department: None,
        from: Some("Marta Gil".to_owned()),
        customer: None,
        number: PhoneNumber::parse("+34600000001").ok(),
        text: text.to_owned(),
        purpose: "invoice".to_owned(),
        call_back: CallBack::TheyCall(None),
    }
}

/// The next message that a stream brings.
async fn received(agent: &mut Agent) -> Message {
    let is_one = |event: &AgentEvent| matches!(event, AgentEvent::MessageReceived(_));
    match agent.until("a message", is_one).await.event {
        AgentEvent::MessageReceived(it) => *it,
        other => unreachable!("{other:?} was not looked for"),
    }
}

/// Waits until an agenda holds a message, or does not any more.
async fn until_in_agenda(agent: &mut Agent, message: &Message, there: bool) {
    let what = What::Record(RecordKind::Message, message.id.as_u128());
    let shows = |event: &AgentEvent| match event {
        AgentEvent::AgendaChanged(items) => items.iter().any(|it| it.what == what) == there,
        _ => false,
    };
    agent.until("an agenda", shows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_its_recipients_stream_and_is_answered_there() {
    let node = Node::start().await;
    node.apply(&floor()).await;
    let mut recipient = Agent::sign_in(&node, "a0", false).await;
    let taker = node.client(Role::Agent, Some("a1")).await;
    let new = left(Recipient::Agent(agent("a0")), "The invoice of May is wrong.");
    let taken = taker.take_message(&new).await.expect("it is taken");
    assert_eq!((taken.state, &taken.taken_by), (MessageState::Taken, &By::Agent(agent("a1"))));
    let told = received(&mut recipient).await;
    assert_eq!((told.id, &told.text), (taken.id, &new.text));
    until_in_agenda(&mut recipient, &taken, true).await;
    let now = async || taker.get_message(&taken.id.to_string()).await.expect("it is there");
    let delivered = eventually("its delivery", async || {
        Some(now().await).filter(|it| it.state == MessageState::Delivered)
    });
    assert_eq!(delivered.await.delivered.map(|it| it.1), Some(Delivery::Stream));

    let text = "called her back".to_owned();
    recipient.send(AgentCommand::Answer { message: taken.id, text: text.clone() }).await;
    until_in_agenda(&mut recipient, &taken, false).await;
    let answered = now().await.answered.expect("an answer");
    assert_eq!((answered.1, answered.2), (By::Agent(agent("a0")), text));
    let again = taker.answer_message(&taken.id.to_string(), "no").await;
    let error = again.expect_err("it is not the taker's to answer, and answered");
    assert_eq!(error.reason(), Some("INVALID_FIELD"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_later_finds_what_was_left_for_them_and_their_department() {
    let node = Node::start().await;
    let supervisor = node.apply(&floor()).await;
    let billing = Recipient::Department(Slug::parse("billing").expect("an id"));
    let nameless = NewMessage { from: None, ..left(billing, "Who is in charge?") };
    let held = supervisor.take_message(&nameless).await.expect("it is taken");
    assert_eq!(held.state, MessageState::Held);
    let own = left(Recipient::Agent(agent("a1")), "Ring your wife.");
    let own = supervisor.take_message(&own).await.expect("it is taken");
    let mut late = Agent::sign_in(&node, "a1", false).await;
    assert_eq!(received(&mut late).await.id, own.id, "the held one is not passed on");

    let by_agent = node.client(Role::Agent, Some("a1")).await;
    let refused = by_agent.decide_message(&held.id.to_string(), true, "he is known").await;
    assert_eq!(refused.expect_err("no supervisor").reason(), Some("ROLE_FORBIDDEN"));
    let decided = supervisor.decide_message(&held.id.to_string(), true, "he is known").await;
    assert_eq!(decided.expect("decided").state, MessageState::Taken);
    assert_eq!(received(&mut late).await.id, held.id);
    let open = Listed { open: true, ..Listed::default() };
    let (open, _) = supervisor.list_messages(&open, (10, String::new())).await.expect("a list");
    assert_eq!(open.len(), 2);
}
