//! A real Prometheus scrapes a node at work, and every panel of the boards has something to show.

#[path = "../support/panels.rs"]
mod panels;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::driver::clock::{Stopwatch, sleep};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::agents::Agent;
use crate::floors::{CARRIER, Floor, NUMBER, named};
use crate::node::Node;
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

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_of_every_board_has_data() {
    let node = Node::start().await;
    let floor = Floor {
        persistent: named("a", 2),
        wrap_up: Duration::from_millis(100),
        ..Floor::default()
    };
    node.apply(&floor.spec()).await;
    let prometheus = Prometheus::start(node.metrics);
    let (mut lines, mut working) = (Vec::new(), tokio::task::JoinSet::new());
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
