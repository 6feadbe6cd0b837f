//! Rings: in real time, by the caller's own clock.

use std::time::Duration;

use timbre_phone::clock::now;

use crate::PATIENCE;
use crate::agents::Agent;
use crate::floors::{CARRIER, Floor, NUMBER, named};
use crate::node::Node;
use crate::sipp::Sipp;
use crate::stations::{Line, credentials};

/// Spain: 1.5 s of tone, 3 s of silence (ITU-T E.180).
const CYCLE: f64 = 4.5;

fn spanish(persistent: Vec<String>) -> Floor {
    Floor { persistent, rings: (2, 3), cadence: "ES", ..Floor::default() }
}

fn ring(after: Duration) -> u32 {
    (after.as_secs_f64() / CYCLE).floor() as u32 + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_agent_answers_in_the_second_or_third_ring() {
    const CALLS: usize = 20;
    let node = Node::start().await;
    let floor = spanish(named("a", CALLS));
    node.apply(&floor.spec()).await;
    let phones = Line::phone(&node, 500).await;
    let (mut shifts, mut agents) = (Vec::new(), Vec::new());
    for name in &floor.persistent {
        shifts.push(phones.endpoint.call_in(&credentials(name), None));
        let up = shifts[shifts.len() - 1].until(PATIENCE, |it| it.answered.is_some()).await;
        assert!(up.is_ok(), "{up:?}");
        agents.push(Agent::ready(&node, name, true).await);
    }
    let arguments = [
        "-i", CARRIER, "-mi", CARRIER, "-s", NUMBER, "-r", "10", "-l", "20", "-m", "20", "-d",
        "500",
    ];
    let customers = Sipp::run("customer.xml", node.sip, &arguments);
    let (counted, times) = customers.finish(Duration::from_secs(30)).await;
    assert_eq!((counted.successful, times.len()), (20, CALLS), "{counted:?}");
    for after in times {
        assert!(after >= Duration::from_millis(5_990), "two rings are heard: {after:?}");
        assert_eq!(ring(after), 2, "the agent waits: {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_free_agent_the_greeting_answers_in_the_third_ring_and_goes_on() {
    let node = Node::start().await;
    node.apply(&spanish(named("a", 1)).spec()).await;
    let arguments = [
        "-i", CARRIER, "-mi", CARRIER, "-s", NUMBER, "-r", "10", "-l", "10", "-m", "10", "-d",
        "500",
    ];
    let customers = Sipp::run("customer.xml", node.sip, &arguments);
    let listener = Line::customer(&node, 500).await;
    let call = listener.dial("+34600111222");
    let rang = call.until(PATIENCE, |it| it.rang.is_some()).await.expect("180");
    let rang_after = rang.rang.zip(rang.invited).map(|(rang, invited)| rang - invited);
    assert!(rang_after.is_some_and(|it| it < Duration::from_millis(1_500)), "{rang_after:?}");
    let answered = call.until(PATIENCE, |it| it.answered.is_some()).await.expect("200");
    let after = answered.answered_after().expect("both times are known");
    assert_eq!(ring(after), 3, "greeted after {after:?}");
    let since = now();
    timbre::driver::clock::sleep(Duration::from_secs(3)).await;
    let heard = listener.heard(since);
    assert!(heard.tenths() >= 27 && heard.loud() >= 15, "{} {}", heard.tenths(), heard.loud());
    assert!(heard.longest_gap < Duration::from_millis(100), "{:?}", heard.longest_gap);
    let (counted, times) = customers.finish(Duration::from_secs(30)).await;
    assert_eq!((counted.successful, times.len()), (10, 10), "{counted:?}");
    for after in times {
        assert_eq!(ring(after), 3, "greeted after {after:?}");
    }
}
