//! Calls that the line lets down: what was measured of them, and the call that their customers are owed.

use std::time::Duration;

use serde_json::json;
use timbre::api::client::Listed;
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::driver::clock::sleep;
use timbre_casework::{CallbackState, CallbackWhy, TroubleKind};
use timbre_model::{AgentId, AgentStateKind, CampaignId, CampaignRef, FloorSpec};
use timbre_phone::carrier::{Config, Habits, Population, Shares};

use crate::agents::Agent;
use crate::floors::{CARRIER, Floor, named};
use crate::node::{Node, tenant};
use crate::stations::Line;
use crate::{PATIENCE, carrier, eventually};

const CUSTOMER: &str = "+34600111222";

/// How long a silent far end counts as there, in these tests.
const SILENCE: &str = "--rtp-timeout=2";

/// A queue, and a campaign that calls the list of callbacks by hand.
fn floor(carrier: std::net::SocketAddr) -> FloorSpec {
    let mut floor = Floor { persistent: named("a", 1), ..Floor::default() }.spec();
    let more: FloorSpec = serde_json::from_value(json!({
        "trunks": [{"id": "carrier", "addresses": [CARRIER], "country": "ES", "channels": 10,
            "outbound": {"to": [carrier.to_string()], "countries": ["ES"]}}],
        "lists": [{"id": "owed", "name": "Owed", "client": "acme", "country": "ES"}],
        "campaigns": [{"id": "callbacks", "name": "Callbacks", "client": "acme", "queue": "sales",
            "mode": "manual", "lists": [{"list": "owed"}], "trunks": ["carrier"],
            "purpose": "follow_up", "caller_ids": {"numbers": ["+34910000002"]}}],
        "casework": {"callbacks": "owed"},
    }))
    .expect("a part of a floor");
    (floor.trunks, floor.lists) = (more.trunks, more.lists);
    (floor.campaigns, floor.casework) = (more.campaigns, more.casework);
    floor
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_media_stop_leaves_a_callback_that_its_agent_dials_by_one_command() {
    let habits = Habits { answers_mean: 0.2, answers_max: 0.3, ..Habits::default() };
    let shares = Shares { person: 1., ..Shares::NONE };
    let carrier = carrier::own(Config {
        bind: std::net::SocketAddr::new(CARRIER.parse().expect("an address"), 0),
        population: Population { shares, habits, ..Population::default() },
        voice: true,
        ..Config::default()
    })
    .await;
    let node = Node::start_with(&[SILENCE.to_owned()]).await;
    let operator = node.apply(&floor(carrier.addr)).await;
    let campaign = CampaignId::parse("callbacks").expect("an id");
    let campaign = CampaignRef { tenant: tenant(), campaign };
    operator.start_campaign(&campaign).await.expect("it may run");
    let phone = Line::phone(&node, 2_150).await;
    let _shift = phone.call_in("a0").await;
    let mut agent = Agent::ready(&node, "a0", true).await;
    let customer = Line::customer(&node, 1_350).await;
    let call = customer.dial(CUSTOMER);
    let id = agent.until_connected().await;

    customer.voice.say(None);
    let owed = |event: &AgentEvent| matches!(event, AgentEvent::CallbackOwed(_));
    let callback = match agent.until("a callback", owed).await.event {
        AgentEvent::CallbackOwed(it) => *it,
        other => unreachable!("{other:?} was not looked for"),
    };
    assert_eq!((callback.call, callback.why), (Some(id), CallbackWhy::CallLost));
    assert_eq!(callback.number.expose(), CUSTOMER);
    assert_eq!(callback.agent, AgentId::parse("a0").ok());
    assert!(call.until(PATIENCE, |it| it.ended.is_some()).await.is_ok(), "it is hung up");

    let state = async || {
        let all = operator.list_callbacks(&Listed::default(), (10, String::new())).await;
        let (all, _) = all.expect("a list");
        assert_eq!(all.len(), 1, "once: {all:?}");
        all[0].clone()
    };
    let due = eventually("its time", async || {
        Some(state().await).filter(|it| it.state == CallbackState::Due)
    });
    assert!(due.await.lead.is_some(), "it lies in the list");
    agent.send(AgentCommand::DialCallback(callback.id)).await;
    let back = agent.until_connected().await;
    assert_ne!(back, id);
    agent.send(AgentCommand::HangUp(back)).await;
    agent.until_state(AgentStateKind::Ready).await;
    eventually("what came of it", async || {
        Some(state().await).filter(|it| it.state == CallbackState::Done)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_written_down_with_what_was_measured_and_counted() {
    const EVERY: usize = 4;
    let node = Node::start().await;
    let floor = Floor { persistent: named("a", 1), ..Floor::default() };
    let operator = node.apply(&floor.spec()).await;
    let phone = Line::phone(&node, 2_150).await;
    let _shift = phone.call_in("a0").await;
    let mut agent = Agent::ready(&node, "a0", true).await;
    let customer = Line::customer(&node, 1_350).await;
    customer.voice.lose(EVERY);
    let _call = customer.dial(CUSTOMER);
    let call = agent.until_connected().await;
    sleep(Duration::from_millis(1_500)).await;
    let kind = TroubleKind::Dropouts;
    agent.send(AgentCommand::ReportTrouble { call, kind }).await;
    let done = |event: &AgentEvent| matches!(event, AgentEvent::CommandResult { .. });
    agent.until("a result", done).await;
    let page = operator.list_troubles((None, None), (10, String::new())).await;
    let (troubles, _) = page.expect("a list");
    let [it] = troubles.as_slice() else { panic!("one report, not {troubles:?}") };
    assert_eq!((it.call, it.kind, it.trunk.as_str()), (call, kind, "carrier"));
    let media = it.media.expect("it was measured");
    let loss = media.loss().expect("there were packets");
    assert!((0.2..0.3).contains(&loss), "one of {EVERY}: {media:?}");
    assert!(media.sent > 0 && media.received > 30, "{media:?}");
    let counted = node.scrape().await;
    let series = counted
        .lines()
        .find(|it| it.starts_with("timbre_line_trouble_total") && it.contains("kind=\"dropouts\""));
    assert!(series.is_some_and(|it| it.ends_with(" 1")), "{series:?}");
}
