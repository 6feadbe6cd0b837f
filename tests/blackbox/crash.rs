//! Programs killed where they stand: the agent's and the node's.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use timbre::driver::clock::sleep;
use timbre_model::{
    AgentStateKind, CallId, CallRecord, Civil, EndCause, ReleasedBy, Role, TimelineKind,
};
use timbre_phone::clock::now;
use timbre_store::{CallFilter, PageRequest, Store};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use crate::agents::Agent;
use crate::floors::{CARRIER, Floor, NUMBER, named};
use crate::node::{Node, tenant};
use crate::sipp::Sipp;
use crate::stations::{Line, credentials};
use crate::{PATIENCE, eventually};

/// `timbre agent --plain`. Killed when dropped.
struct Softphone {
    process: Child,
    lines: UnboundedReceiver<String>,
}

impl Softphone {
    fn start(node: &Node, token: &str, state: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_timbre"))
            .args(["agent", "--plain", "--ready", "--auto-accept"])
            .args(["--server", &node.server(), "--token", token, "--state"])
            .arg(state)
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        let (tell, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    async fn until(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        let found = async {
            while let Some(line) = self.lines.recv().await {
                if line.contains(text) {
                    return Some(line);
                }
                seen.push(line);
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.ok().flatten().unwrap_or_else(|| panic!("no {text:?} after {seen:#?}"))
    }

    fn kill(&mut self) {
        // Killing what is dead already is no fault.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        self.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_program_killed_in_a_call_takes_it_up_again_and_the_voice_never_stops() {
    const AGENT_HERTZ: u32 = 2_150;
    let node = Node::start().await;
    node.apply(&Floor { persistent: named("a", 1), ..Floor::default() }.spec()).await;
    let phone = Line::phone(&node, AGENT_HERTZ).await;
    let _shift = phone.call_in("a0").await;
    let token = node.token(Role::Agent, Some("a0")).await;
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("shift");
    let mut softphone = Softphone::start(&node, &token, &state);
    softphone.until("signed-in").await;
    softphone.until("ready").await;
    let customer = Line::customer(&node, 1_350).await;
    let call = customer.dial("+34600111222");
    let connected = softphone.until(" connected call=").await;
    let id = connected.split("call=").nth(1).and_then(|it| it.get(..32)).expect("an id").to_owned();

    sleep(Duration::from_millis(300)).await;
    let before = now();
    softphone.kill();
    sleep(Duration::from_millis(700)).await;
    let mut softphone = Softphone::start(&node, &token, &state);
    let resumed = softphone.until("resumed").await;
    assert!(resumed.contains(&id), "{resumed} is not about {id}");
    sleep(Duration::from_millis(500)).await;
    let heard = customer.heard(before);
    heard.is_tone("the customer", AGENT_HERTZ, 12);
    assert!(heard.longest_gap <= Duration::from_millis(100), "{:?}", heard.longest_gap);
    assert_eq!(heard.skips, 0, "no packet is missing");

    // And it is the agent's to end.
    std::io::Write::write_all(softphone.process.stdin.as_mut().expect("it is piped"), b"hangup\n")
        .expect("it reads");
    softphone.until(&format!("ended call={id}")).await;
    assert!(call.until(PATIENCE, |it| it.ended.is_some()).await.is_ok());
    let store = node.store().await;
    let id = CallId::parse(&id).expect("an id");
    let record = store.call(&tenant(), id).await.expect("a store").expect("a record");
    assert_eq!(record.released_by, Some(ReleasedBy::Agent));
    let timeline = store.timeline(&tenant(), id).await.expect("a store");
    let lost = timeline.iter().filter(|it| it.what == TimelineKind::AgentStreamLost).count();
    let back = timeline.iter().filter(|it| it.what == TimelineKind::AgentStreamResumed).count();
    assert_eq!((lost, back), (1, 1));
}

async fn every_call(store: &Store) -> Vec<CallRecord> {
    let mut all = Vec::new();
    let mut at = PageRequest { size: PageRequest::SIZE_MAX, after: None };
    loop {
        let page = store.list_calls(&tenant(), &CallFilter::default(), &at).await.expect("a page");
        all.extend(page.calls);
        match page.next {
            Some(next) => at.after = Some(next),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_under_load_ends_each_call_once_and_leaves_no_agent_stuck() {
    const AGENTS: usize = 10;
    const TALK: Duration = Duration::from_millis(800);
    let mut node = Node::start().await;
    let floor = Floor { persistent: named("a", AGENTS), ..Floor::default() };
    node.apply(&floor.spec()).await;
    let mut seen = BTreeSet::new();
    for round in 0..3 {
        let phones = Line::phone(&node, 500).await;
        let (taken, total) = watch::channel(0);
        let mut shifts = Vec::new();
        for name in &floor.persistent {
            let shift = phones.endpoint.call_in(&credentials(name), None);
            let up = shift.until(PATIENCE, |it| it.answered.is_some()).await;
            assert!(up.is_ok(), "round {round}: {name} cannot call in: {up:?}");
            shifts.push(shift);
            let agent = Agent::ready(&node, name, true).await;
            tokio::spawn(agent.take_calls(TALK, taken.clone()));
        }
        let arguments = ["-i", CARRIER, "-mi", CARRIER, "-s", NUMBER, "-r", "40", "-l", "200"];
        let _customers = Sipp::run("customer_waits.xml", node.sip, &arguments);
        let each_took_one = async || (*total.borrow() > AGENTS as u32).then_some(());
        eventually("agents take calls", each_took_one).await;
        node = node.killed_and_restarted().await;

        let store = node.store().await;
        let calls = every_call(&store).await;
        let ids: BTreeSet<CallId> = calls.iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), calls.len(), "round {round}: one record for each call");
        assert!(ids.is_superset(&seen), "round {round}: a record is gone");
        let open: Vec<_> = calls.iter().filter(|it| it.ended_at.is_none()).collect();
        assert!(open.is_empty(), "round {round}: {open:?}");
        let lost: Vec<_> =
            calls.iter().filter(|it| !seen.contains(&it.id) && is_lost(it)).collect();
        assert!(lost.iter().any(|it| it.connected_at.is_some()), "round {round}: nobody talked");
        assert!(lost.iter().any(|it| it.connected_at.is_none()), "round {round}: nobody waited");
        for call in &lost {
            let timeline = store.timeline(&tenant(), call.id).await.expect("a store");
            let ends = timeline.iter().filter(|it| matches!(it.what, TimelineKind::Ended { .. }));
            assert_eq!(ends.count(), 1, "round {round}: {timeline:#?}");
        }
        seen = ids;
        signed_out(&store, &floor.persistent).await;
    }
    // After all that an agent works as on the first day.
    let phone = Line::phone(&node, 500).await;
    let _shift = phone.call_in("a0").await;
    let mut agent = Agent::ready(&node, "a0", true).await;
    let customer = Line::customer(&node, 700).await;
    let _call = customer.dial("+34600111222");
    agent.until_connected().await;
}

fn is_lost(call: &CallRecord) -> bool {
    call.cause == Some(EndCause::NodeLost)
}

async fn signed_out(store: &Store, agents: &[String]) {
    let (from, to) = (Civil::from_micros(0), Civil::from_micros(i64::MAX));
    for name in agents {
        let agent = timbre_model::AgentId::parse(name).expect("a slug");
        let states = store.agent_states(&tenant(), &agent, from, to).await.expect("a store");
        let last = states.last().map(|it| it.state);
        assert_eq!(last, Some(AgentStateKind::SignedOut), "{name} is stuck");
    }
}
