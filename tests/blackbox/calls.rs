//! Calls from end to end: who hears whom, who waits, who gives up.

use std::time::Duration;

use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::driver::clock::sleep;
use timbre_model::{AgentStateKind, CallOutcome, EndCause, OfferOutcome, ReleasedBy, Role};
use timbre_phone::clock::now;
use timbre_phone::{Call, End, Manner};
use timbre_store::CallFilter;
use tokio::sync::watch;

use crate::agents::Agent;
use crate::floors::{CARRIER, Floor, NUMBER, PHONES, named};
use crate::node::{Node, tenant};
use crate::sipp::Sipp;
use crate::stations::{Line, credentials};
use crate::{PATIENCE, eventually};

/// Neither is a tone of the music, nor an overtone of the other.
const CUSTOMER_HERTZ: u32 = 1_350;
const AGENT_HERTZ: u32 = 2_150;

/// Long enough to tell a tone, music and silence apart.
const LISTEN: Duration = Duration::from_millis(1_200);
/// What may still be under way when a voice changes.
const SETTLE: Duration = Duration::from_millis(200);

async fn answered(call: &Call) {
    let answered = call.until(PATIENCE, |it| it.answered.is_some()).await;
    assert!(answered.is_ok(), "not answered: {answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_voices_are_heard_and_music_on_hold_and_the_record_says_so() {
    let node = Node::start().await;
    let floor = Floor { persistent: named("a", 1), ..Floor::default() };
    let operator = node.apply(&floor.spec()).await;
    let phone = Line::phone(&node, AGENT_HERTZ).await;
    let _shift = phone.call_in("a0").await;
    let mut agent = Agent::ready(&node, "a0", true).await;
    let customer = Line::customer(&node, CUSTOMER_HERTZ).await;
    let call = customer.dial("+34600111222");
    answered(&call).await;
    let id = agent.until_connected().await;

    let talking = now() + SETTLE;
    sleep(SETTLE + LISTEN).await;
    phone.heard(talking).is_tone("the agent", CUSTOMER_HERTZ, 10);
    customer.heard(talking).is_tone("the customer", AGENT_HERTZ, 10);

    agent.send(AgentCommand::Hold(id)).await;
    agent.until("hold", |event| *event == AgentEvent::CallHeld(id)).await;
    let held = now() + SETTLE;
    sleep(SETTLE + LISTEN).await;
    let (on_hold, aside) = (customer.heard(held), phone.heard(held));
    assert!(on_hold.tenths() >= 10 && on_hold.loud() >= 8, "music: {}", on_hold.loud());
    assert_eq!(on_hold.traces(AGENT_HERTZ), 0, "the customer hears the agent on hold");
    assert_eq!(aside.traces(CUSTOMER_HERTZ), 0, "the agent hears the customer on hold");

    agent.send(AgentCommand::Unhold(id)).await;
    agent.until("resume", |event| matches!(event, AgentEvent::CallResumed { .. })).await;
    let resumed = now() + SETTLE;
    sleep(SETTLE + LISTEN).await;
    phone.heard(resumed).is_tone("the agent", CUSTOMER_HERTZ, 10);
    customer.heard(resumed).is_tone("the customer", AGENT_HERTZ, 10);

    call.hang_up();
    agent.until("the end", |event| matches!(event, AgentEvent::CallEnded { .. })).await;
    agent.until_state(AgentStateKind::Ready).await;
    let record = operator.get_call(&tenant(), id).await.expect("the call is kept");
    assert_eq!(record.outcome, Some(CallOutcome::Answered));
    assert_eq!(record.released_by, Some(ReleasedBy::Customer));
    assert_eq!((record.hold.count, record.hold.total >= LISTEN), (1, true));
    assert_eq!(record.dialed, NUMBER);
    assert_eq!(customer.heard(talking).skips, 0, "one stream from answer to end");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_customer_hears_their_own_agent_and_nobody_else() {
    const CALLS: usize = 8;
    let node = Node::start().await;
    let names = named("a", CALLS);
    let operator =
        node.apply(&Floor { persistent: names.clone(), ..Floor::default() }.spec()).await;
    let hertz = |at: usize, base: u32| base + 100 * u32::try_from(at).expect("few");
    let (mut phones, mut agents, mut customers) = (Vec::new(), Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        let phone = Line::phone(&node, hertz(at, 500)).await;
        let shift = phone.call_in(name).await;
        phones.push((phone, shift));
        agents.push(Agent::ready(&node, name, true).await);
    }
    for at in 0..CALLS {
        let customer = Line::customer(&node, hertz(at, 2_000)).await;
        let call = customer.dial(&format!("+3460000000{at}"));
        customers.push((customer, call));
    }
    for (_, call) in &customers {
        answered(call).await;
    }
    let talking = now() + SETTLE;
    sleep(SETTLE + LISTEN).await;
    let (calls, _) = operator
        .list_calls(&CallFilter { open: Some(true), ..CallFilter::default() }, 100, String::new())
        .await
        .expect("a list");
    assert_eq!(calls.len(), CALLS);
    for call in calls {
        let caller = call.caller.number().expect("not withheld").expose().to_owned();
        let customer = caller.trim_start_matches("+3460000000").parse::<usize>().expect("a digit");
        let agent = call.agent.expect("connected");
        let agent = names.iter().position(|name| name == agent.as_str()).expect("an agent");
        let who = format!("{caller} with a{agent}");
        customers[customer].0.heard(talking).is_tone(&who, hertz(agent, 500), 10);
        phones[agent].0.heard(talking).is_tone(&who, hertz(customer, 2_000), 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_at_once_are_all_taken_by_fifty_agents() {
    const TALK: Duration = Duration::from_millis(1_500);
    let node = Node::start().await;
    let floor = Floor { persistent: named("p", 25), on_demand: named("d", 25), ..Floor::default() };
    let operator = node.apply(&floor.spec()).await;
    // Phones that ring for each call are sipp's: what registers them leaves their port to it.
    let registrar = Line::phone(&node, 500).await;
    let port = registrar.endpoint.at().port().to_string();
    for name in &floor.on_demand {
        let registered = registrar.endpoint.register(&credentials(name), 600).await;
        assert_eq!(registered, Ok(()), "{name}");
    }
    drop(registrar);
    let arguments = ["-i", PHONES, "-mi", PHONES, "-p", &port, "-aa"];
    let ringing = Sipp::run("phone.xml", node.sip, &arguments);

    let shifts = Line::phone(&node, 500).await;
    let mut calls_in = Vec::new();
    for name in &floor.persistent {
        calls_in.push(shifts.endpoint.call_in(&credentials(name), None));
    }
    for call in &calls_in {
        answered(call).await;
    }
    let (taken, total) = watch::channel(0);
    for name in floor.persistent.iter().chain(&floor.on_demand) {
        let agent = Agent::ready(&node, name, true).await;
        tokio::spawn(agent.take_calls(TALK, taken.clone()));
    }
    let arguments =
        ["-i", CARRIER, "-mi", CARRIER, "-s", NUMBER, "-r", "200", "-l", "200", "-m", "200"];
    let customers = Sipp::run("customer_waits.xml", node.sip, &arguments);
    let waiting = eventually("two hundred at once", async || {
        let (calls, _) = operator
            .list_calls(
                &CallFilter { open: Some(true), ..CallFilter::default() },
                1_000,
                String::new(),
            )
            .await
            .ok()?;
        (calls.len() == 200).then_some(calls.len())
    });
    assert_eq!(waiting.await, 200);
    let (counted, _) = customers.finish(Duration::from_secs(60)).await;
    assert_eq!((counted.successful, counted.failed), (200, 0), "{counted:?}");
    assert_eq!(*total.borrow(), 200);
    let (calls, _) =
        operator.list_calls(&CallFilter::default(), 1_000, String::new()).await.expect("a list");
    let completed = calls.iter().filter(|it| it.cause == Some(EndCause::Completed)).count();
    let by_agents = calls.iter().filter(|it| it.released_by == Some(ReleasedBy::Agent)).count();
    assert_eq!((calls.len(), completed, by_agents), (200, 200, 200));
    eventually("every agent is ready again", async || {
        let agents = operator.agents().await.ok()?;
        agents.iter().all(|(_, view)| view.state == AgentStateKind::Ready).then_some(())
    })
    .await;
    assert_eq!(node.metric("timbre_sip_panics_total").await, 0.0);
    drop(ringing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_gives_up_leaves_no_agent_stuck() {
    let node = Node::start().await;
    let floor = Floor { on_demand: named("d", 1), rings: (0, 8), ..Floor::default() };
    let operator = node.apply(&floor.spec()).await;
    let mut phone = Line::phone(&node, AGENT_HERTZ).await;
    assert_eq!(phone.endpoint.register(&credentials("d0"), 600).await, Ok(()));
    let mut agent = Agent::ready(&node, "d0", false).await;
    let customer = Line::customer(&node, CUSTOMER_HERTZ).await;

    // The phone rings; the customer gives up; the phone is told.
    let call = customer.dial("+34600111222");
    let ringing = phone.endpoint.ring().await.expect("the phone rings");
    let ringing = ringing.take(Manner::Ring, None);
    assert!(call.until(PATIENCE, |it| it.rang.is_some()).await.is_ok(), "no 180");
    call.hang_up();
    let gone = call.until(PATIENCE, |it| it.ended.is_some()).await;
    assert_eq!(gone.map(|it| it.refused).ok().flatten(), Some(487), "CANCEL is answered");
    let told = ringing.until(PATIENCE, |it| it.ended.is_some()).await;
    assert_eq!(told.ok().and_then(|it| it.ended).map(|(_, by)| by), Some(End::FarEnd));
    let withdrawn = agent
        .until("the offer's end", |event| matches!(event, AgentEvent::OfferEnded { .. }))
        .await;
    assert!(
        matches!(withdrawn.event, AgentEvent::OfferEnded { outcome: OfferOutcome::Canceled, .. }),
        "{withdrawn:?}"
    );
    agent.until_state(AgentStateKind::Ready).await;

    // The next customer gets the agent.
    let call = customer.dial("+34600333444");
    let ringing = phone.endpoint.ring().await.expect("the phone rings");
    let voice = Some(phone.voice.clone());
    let on_line = ringing.take(Manner::AnswerAfter(Duration::from_millis(100)), voice);
    answered(&call).await;
    let id = agent.until_connected().await;
    agent.send(AgentCommand::HangUp(id)).await;
    for side in [&call, &on_line] {
        let ended = side.until(PATIENCE, |it| it.ended.is_some()).await;
        assert_eq!(ended.ok().and_then(|it| it.ended).map(|(_, by)| by), Some(End::FarEnd));
    }
    agent.until_state(AgentStateKind::Ready).await;
    let (calls, _) =
        operator.list_calls(&CallFilter::default(), 10, String::new()).await.expect("a list");
    let outcomes: Vec<_> = calls.iter().filter_map(|it| it.outcome).collect();
    assert_eq!(outcomes, [CallOutcome::Answered, CallOutcome::AbandonedShort], "newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_does_not_answer_costs_the_caller_nothing_but_time() {
    let node = Node::start().await;
    let floor = Floor { on_demand: named("d", 2), rings: (0, 8), ..Floor::default() };
    node.apply(&floor.spec()).await;
    let mut phones = Vec::new();
    let mut agents = Vec::new();
    for name in &floor.on_demand {
        let phone = Line::phone(&node, AGENT_HERTZ).await;
        assert_eq!(phone.endpoint.register(&credentials(name), 600).await, Ok(()));
        phones.push(phone);
        agents.push(Agent::ready(&node, name, false).await);
    }
    let customer = Line::customer(&node, CUSTOMER_HERTZ).await;
    let call = customer.dial("+34600111222");
    // The longest idle is asked first, and is busy; the other one takes the call.
    let busy = phones[0].endpoint.ring().await.expect("the first phone rings");
    let _busy = busy.take(Manner::Busy, None);
    let rings = phones[1].endpoint.ring().await.expect("the second phone rings");
    let _on_line = rings.take(Manner::AnswerAfter(Duration::ZERO), Some(phones[1].voice.clone()));
    answered(&call).await;
    agents[1].until_connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_wrong_numbers_are_refused() {
    let node = Node::start().await;
    let floor = Floor { persistent: named("a", 1), ..Floor::default() };
    node.apply(&floor.spec()).await;
    let carrier = Line::customer(&node, CUSTOMER_HERTZ).await;
    let refused = async |call: Call| {
        let over = call.until(PATIENCE, |it| it.refused.is_some()).await;
        over.expect("a refusal").refused.expect("a status")
    };
    let nobody = carrier.endpoint.dial("+34600111222", "+34999999999", None);
    assert_eq!(refused(nobody).await, 404);
    let stranger = Line::phone(&node, AGENT_HERTZ).await;
    assert_eq!(refused(stranger.dial("+34600111222")).await, 403, "no open relay");
    let liar = timbre_phone::Credentials::new("demo~a0", "guess");
    let wrong = refused(stranger.endpoint.call_in(&liar, None)).await;
    let liar = timbre_phone::Credentials::new("demo~nobody", "guess");
    let unknown = refused(stranger.endpoint.call_in(&liar, None)).await;
    assert_eq!(wrong, unknown, "the answer does not tell whether the user exists");
    // Somebody's phone may not be used to call out.
    let supervisor = node.client(Role::Supervisor, None).await;
    let calls = supervisor.list_calls(&CallFilter::default(), 10, String::new()).await;
    let causes: Vec<_> = calls.expect("a list").0.iter().filter_map(|it| it.cause).collect();
    assert_eq!(causes, [EndCause::NoEntryPoint], "only the carrier's call was a call");
}
