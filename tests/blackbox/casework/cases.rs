//! Cases from their taking to their end, over gRPC; and the recovery of whoever took one.

use timbre::api::client::CaseStep;
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::api::wire::case::{CaseQuery, TakenDown};
use timbre_casework::case::{Amendment, NewTask, Word};
use timbre_casework::{CaseKind, CaseState, Cause, Channel, Party};
use timbre_model::{AgentId, AgentStateKind, CallId, FloorSpec, NotReadyReason, Role, Slug};

use crate::agents::Agent;
use crate::floors::{Floor, named};
use crate::node::Node;
use crate::stations::Line;

fn floor() -> FloorSpec {
    let mut floor = Floor { persistent: named("a", 2), ..Floor::default() }.spec();
    floor.casework.country = Some("ES".to_owned());
    floor
}

/// A complaint as it is taken down.
pub fn told(call: Option<CallId>) -> TakenDown {
    TakenDown {
        client: None,
        kind: CaseKind::Complaint,
        channel: Channel::Phone,
        received_at: None,
        call,
        customer_name: "Rosa".to_owned(),
        statement: "The bill of May is twice what was agreed.".to_owned(),
        more: Amendment { cause: Some(Cause::UndueCharge), ..Amendment::default() },
        checklist: Vec::new(),
    }
}

/// What somebody says of a case.
pub fn word(text: &str) -> Word {
    Word { text: text.to_owned(), upheld: true, ..Word::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_is_worked_to_its_end_by_those_who_may() {
    let node = Node::start().await;
    let operator = node.apply(&floor()).await;
    let taker = node.client(Role::Agent, Some("a0")).await;
    let case = taker.take_case("r1".to_owned(), &told(None)).await.expect("it is taken");
    let again = taker.take_case("r1".to_owned(), &told(None)).await.expect("the same answer");
    assert_eq!(again, case, "the same request takes one case");
    let rule = case.deadline.as_ref().map(|it| it.rule.as_str());
    assert_eq!((rule, case.client.as_str()), (Some("es.billing"), "acme"));
    let key = case.key.to_string();

    let step = async |who: &timbre::api::client::Client, id: &str, step| {
        who.case_step(&key, id.to_owned(), step).await
    };
    let refused = step(&taker, "r2", CaseStep::Reject(word("no"))).await;
    let refused = refused.expect_err("rejecting is a supervisor's");
    assert_eq!(refused.reason(), Some("ROLE_FORBIDDEN"));
    let early = step(&taker, "r3", CaseStep::Execute).await.expect_err("nothing was agreed");
    assert_eq!(early.reason(), Some("RECORD_STATE"));
    let colleague = node.client(Role::Agent, Some("a1")).await;
    let not_theirs = step(&colleague, "r4", CaseStep::Answer(word("yes"))).await;
    assert_eq!(not_theirs.expect_err("another's").reason(), Some("ROLE_FORBIDDEN"));

    let solutions = vec!["Refund".to_owned(), "Discount".to_owned()];
    step(&taker, "r5", CaseStep::Propose(solutions)).await.expect("proposed");
    let decision = CaseStep::Decide { proposal: 2, accepted: true };
    step(&taker, "r6", decision).await.expect("accepted");
    let by = case.received_at + std::time::Duration::from_secs(86_400);
    let who = Party::Agent(AgentId::parse("a1").expect("an id"));
    let tasks = vec![NewTask { what: "Credit 20 EUR".to_owned(), who, by }];
    let agreed = step(&taker, "r7", CaseStep::Agree { solution: String::new(), tasks }).await;
    assert_eq!(agreed.expect("agreed").solution, "Discount");
    let done = CaseStep::TaskDone { task: 1, note: String::new() };
    step(&colleague, "r8", done).await.expect("done");
    step(&taker, "r9", CaseStep::Answer(word("Found right"))).await.expect("answered by its owner");
    let thanks = CaseStep::Confirm { satisfied: true, note: "thanks".to_owned() };
    let closed = step(&taker, "r10", thanks).await.expect("confirmed");
    assert_eq!((closed.state, closed.version), (CaseState::Confirmed, 7));
    let verbs: Vec<_> = closed.story.iter().map(|it| it.what.as_str()).collect();
    let way = "received proposed proposed accepted agreed task_done answered confirmed";
    assert_eq!(verbs.join(" "), way);

    let open = CaseQuery { open: true, ..CaseQuery::default() };
    let (none, _) = taker.list_cases(&open, 10, String::new()).await.expect("a page");
    assert!(none.is_empty(), "{none:?}");
    step(&operator, "r11", CaseStep::Reopen("it came again".to_owned())).await.expect("reopened");
    let charged = CaseQuery { cause: Some(Cause::UndueCharge), ..open };
    let (one, _) = taker.list_cases(&charged, 10, String::new()).await.expect("a page");
    assert_eq!(one.iter().map(|it| it.reopened).collect::<Vec<_>>(), [1]);
    let kept = node.killed_and_restarted().await;
    let reader = kept.client(Role::Supervisor, None).await;
    assert_eq!(reader.get_case(&key).await.expect("it is whole"), one[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_took_a_complaint_in_their_call_may_recover_once() {
    let node = Node::start().await;
    node.apply(&floor()).await;
    let phone = Line::phone(&node, 2_150).await;
    let _shift = phone.call_in("a0").await;
    let mut agent = Agent::ready(&node, "a0", true).await;
    let customer = Line::customer(&node, 1_350).await;
    let _call = customer.dial("+34600111222");
    let call = agent.until_connected().await;
    let clerk = node.client(Role::Agent, Some("a0")).await;
    let case = clerk.take_case("r1".to_owned(), &told(Some(call))).await.expect("it is taken");
    let number = case.number.as_ref().map(|it| it.expose());
    assert_eq!((case.call, number), (Some(call), Some("+34600111222")));
    assert_eq!(case.queue.as_ref().map(|it| it.as_str()), Some("sales"));
    agent.until("an offer", |event| *event == AgentEvent::RecoveryOffered(call)).await;

    let recovery =
        || AgentCommand::SetNotReady { reason: Slug::parse("recovery").expect("a slug") };
    agent.send(recovery()).await;
    agent.send(AgentCommand::HangUp(call)).await;
    let view = agent.until_state(AgentStateKind::NotReady).await;
    assert_eq!(view.reason, Some(NotReadyReason::Recovery));
    agent.send(AgentCommand::SetReady).await;
    agent.until_state(AgentStateKind::Ready).await;
    agent.send(recovery()).await;
    let refused = loop {
        let event = agent.next().await.event;
        if let AgentEvent::CommandResult { error: Some(error), .. } = event {
            break error;
        }
    };
    assert_eq!(refused.reason, "UNKNOWN_PAUSE", "it was offered once");
}
