//! A real Prometheus scrapes a node at work, and every panel of the boards has something to show.

#[path = "../support/panels.rs"]
mod panels;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use timbre::api::client::CaseStep;
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::api::wire::do_not_call::Barring;
use timbre::driver::clock::{Stopwatch, civil, sleep};
use timbre_model::{
    Barred, CampaignId, CampaignRef, DoNotCallScope, FloorSpec, NewLead, PhoneNumber,
};
use timbre_phone::carrier::{Config, Population, Shares};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::agents::Agent;
use crate::carrier::{self, Carrier};
use crate::casework::cases::{told, word};
use crate::eventually;
use crate::floors::{CARRIER, Floor, NUMBER, named, password};
use crate::node::{Node, tenant};
use crate::sipp::Sipp;
use crate::stations::Line;

/// How long a panel may stay empty while the node works.
const WITHIN: Duration = Duration::from_secs(60);

/// Fetches a page over HTTP.
pub async fn get(from: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(from).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.0\r\nHost: {from}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it takes a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    let answer = String::from_utf8_lossy(&answer);
    answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned())
}

/// A running Prometheus. Killed when dropped.
struct Prometheus {
    at: SocketAddr,
    process: Child,
    _directory: TempDir,
}

impl Prometheus {
    fn start(scraping: SocketAddr) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let rules = panels::root().join("deploy/prometheus/*.rules.yml");
        let configuration = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{}']\n\
             scrape_configs: [{{job_name: timbre, static_configs: [{{targets: ['{scraping}']}}]}}]\n",
            rules.display()
        );
        let file = directory.path().join("prometheus.yml");
        std::fs::write(&file, configuration).expect("the directory takes a file");
        let mut process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus is installed (Debian: prometheus)");
        let mut log = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        let listening = |line: String| {
            let (_, address) = line.split_once("msg=\"Listening on\" address=")?;
            address.trim().parse().ok()
        };
        let at = log.by_ref().map_while(Result::ok).find_map(listening);
        // Its log must go on being read, or it stops.
        std::thread::spawn(move || log.for_each(drop));
        Self { at: at.expect("it says where it listens"), process, _directory: directory }
    }

    /// Whether a query has an answer now. Its text is shown where it is wrong.
    async fn has(&self, query: &str) -> bool {
        let mut encoded = String::new();
        for byte in query.bytes() {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        let answer = get(self.at, &format!("/api/v1/query?query={encoded}")).await;
        let Ok(answer) = serde_json::from_str::<Value>(&answer) else { return false };
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().is_some_and(|it| !it.is_empty())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn shown(queries: &[panels::PanelQuery]) -> String {
    let show = |it: &panels::PanelQuery| format!("{} {:?}: {}", it.board, it.panel, it.asked);
    queries.iter().map(show).collect::<Vec<_>>().join("\n")
}

/// Calls of every kind: taken, held, abandoned, greeted, refused.
async fn work(mut agent: Agent, busy: Line) {
    let mut number = 0;
    loop {
        // A customer may hang up while the agent asks for something: that is no fault here.
        let AgentEvent::CallConnected { call, .. } = agent.next().await.event else { continue };
        agent.send(AgentCommand::Hold(call)).await;
        sleep(Duration::from_millis(200)).await;
        agent.send(AgentCommand::Unhold(call)).await;
        let nobody = busy.endpoint.dial("+34600999111", "+34999999999", None);
        let gives_up = busy.dial(&format!("+3460099{number:04}"));
        number += 1;
        sleep(Duration::from_millis(700)).await;
        drop((nobody, gives_up));
        agent.send(AgentCommand::HangUp(call)).await;
    }
}

/// Callees who settle in a twentieth of the time that people take.
async fn hasty_carrier() -> Carrier {
    let shares = Shares { person: 0.5, machine: 0., ..Shares::default() };
    carrier::own(Config {
        bind: SocketAddr::new(CARRIER.parse().expect("an address"), 0),
        population: Population { shares, time_scale: 0.05, ..Population::default() },
        voice: false,
        ..Config::default()
    })
    .await
}

/// Agents who only call, and a campaign for them over the floor's trunk.
fn with_campaign(floor: &Floor, dialers: &[String], carrier: SocketAddr) -> FloorSpec {
    let mut floor = serde_json::to_value(floor.spec()).expect("a floor");
    let mut add = |what: &str, more: Value| {
        // What a floor has none of is not written.
        match floor[what].as_array_mut() {
            Some(some) => some.push(more),
            None => floor[what] = json!([more]),
        }
    };
    for id in dialers {
        add(
            "agents",
            json!({"id": id, "name": id, "station": "persistent", "password": password(id),
                "skills": {"dial": 5}}),
        );
    }
    add("skills", json!("dial"));
    add(
        "queues",
        json!({"id": "calls", "name": "Calls", "client": "acme", "skills": {"dial": 1},
            "wrap_up": "0s"}),
    );
    add("lists", json!({"id": "all", "name": "All", "client": "acme", "country": "ES"}));
    add(
        "campaigns",
        json!({"id": "calls", "name": "Calls", "client": "acme", "queue": "calls",
            "mode": {"predictive": {}}, "lists": [{"list": "all"}], "trunks": ["carrier"],
            "purpose": "follow_up", "caller_ids": {"numbers": ["+34910000002"]}}),
    );
    floor["queues"][0]["survey"] = json!({"kind": "csat"});
    floor["casework"]["country"] = json!("ES");
    floor["trunks"][0]["outbound"] = json!({"to": [carrier.to_string()], "countries": ["ES"]});
    serde_json::from_value(floor).expect("a floor")
}

/// Customers of whom the first may not be called.
async fn customers(node: &Node, floor: &FloorSpec) {
    let lead = |at: u32| -> NewLead {
        let lead = json!({
            "numbers": [{"number": format!("+346{at:08}"), "label": "mobile",
                "place": {"country": "ES", "region": null}, "zones": ["Europe/Madrid"]}],
            "name": "Customer", "person": null, "role": "unknown", "party": "consumer",
            "consent": {"basis": "contract", "given_at": 0}, "tags": [], "attributes": {},
        });
        serde_json::from_value(lead).expect("a lead")
    };
    let (store, list) = (node.store().await, &floor.lists[0]);
    let all = (0..2_000).map(lead).collect();
    store.import_leads(&tenant(), list, "all", 0, all).await.expect("a store");
    store.finish_import(&tenant(), list, "all", civil()).await.expect("a store");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_of_every_board_has_data() {
    let node = Node::start().await;
    let floor = Floor {
        persistent: named("a", 2),
        wrap_up: Duration::from_millis(100),
        ..Floor::default()
    };
    let (carrier, dialers) = (hasty_carrier().await, named("o", 3));
    let spec = with_campaign(&floor, &dialers, carrier.addr);
    let client = node.apply(&spec).await;
    customers(&node, &spec).await;
    let barring = Barring {
        whom: Barred::Number(PhoneNumber::parse("+34600000000").expect("a number")),
        scope: DoNotCallScope::Tenant,
        until: None,
        note: "asked for it".to_owned(),
    };
    client.add_do_not_call(&tenant(), barring).await.expect("it is taken");
    // What happens before the node counts is not counted.
    let counts = async || get(node.metrics, "/metrics").await.contains("timbre_cases_taken_total{");
    eventually("casework to be counted", async || counts().await.then_some(())).await;
    let case = client.take_case("r1".to_owned(), &told(None)).await.expect("it is taken");
    let (key, answer) = (case.key.to_string(), CaseStep::Answer(word("It is so.")));
    client.case_step(&key, "r2".to_owned(), answer).await.expect("answered");
    let prometheus = Prometheus::start(node.metrics);
    let (mut lines, mut working) = (Vec::new(), tokio::task::JoinSet::new());
    for name in &dialers {
        let phone = Line::phone(&node, 600).await;
        let shift = phone.call_in(name).await;
        lines.push((phone, shift));
        let (taken, _) = tokio::sync::watch::channel(0);
        let agent = Agent::ready(&node, name, true).await;
        working.spawn(agent.take_calls(Duration::from_millis(300), taken));
    }
    let campaign =
        CampaignRef { tenant: tenant(), campaign: CampaignId::parse("calls").expect("a slug") };
    client.start_campaign(&campaign).await.expect("it may run");
    for name in &floor.persistent {
        let phone = Line::phone(&node, 500).await;
        let shift = phone.call_in(name).await;
        lines.push((phone, shift));
        let agent = Agent::ready(&node, name, true).await;
        working.spawn(work(agent, Line::customer(&node, 700).await));
    }
    let arguments = ["-i", CARRIER, "-mi", CARRIER, "-s", NUMBER, "-r", "4", "-l", "50"];
    let _customers = Sipp::run("customer_waits.xml", node.sip, &arguments);
    let talker = Line::customer(&node, 900).await;
    let _talking = talker.dial("+34600555666");
    let mut empty = panels::panel_queries();
    assert!(empty.len() > 20, "the boards ask little: {}", empty.len());
    let since = Stopwatch::start();
    while !empty.is_empty() {
        let mut still = Vec::new();
        for query in empty {
            if !prometheus.has(&query.asked).await {
                still.push(query);
            }
        }
        empty = still;
        if let Some(failed) = working.try_join_next() {
            panic!("an agent failed: {failed:?}");
        }
        assert!(since.elapsed() < WITHIN, "panels without data: {}", shown(&empty));
        sleep(Duration::from_secs(1)).await;
    }
}
