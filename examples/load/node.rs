//! The node that is measured, on a core of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use timbre::api::client::{Client, Target};
use timbre::api::token;
use timbre_model::{AgentId, Role, TenantId};
use timbre_store::Store;

use crate::{Options, floor};

/// A running node. Killed when dropped.
pub struct Node {
    pub grpc: SocketAddr,
    pub sip: SocketAddr,
    metrics: SocketAddr,
    process: Child,
    directory: TempDir,
    secrets: Vec<String>,
    supervisor: String,
}

/// What a node has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub cpu: Duration,
    pub resident_bytes: u64,
    pub calls: f64,
}

pub fn tenant() -> TenantId {
    TenantId::parse(floor::TENANT).expect("a slug")
}

impl Node {
    /// Starts a node with a floor of `agents`.
    pub async fn start(options: &Options, agents: usize) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir_in("target")?;
        let database = format!("sqlite://{}", directory.path().join("timbre.db").display());
        let store = Store::open(&database).await?;
        let supervisor = token(&store, Role::Admin, None).await?;
        let mut secrets = Vec::new();
        for at in 0..agents {
            secrets.push(token(&store, Role::Agent, Some(&floor::agent(at))).await?);
        }
        store.close().await;
        let mut process = Command::new("taskset")
            .args(["-c", &options.core.to_string()])
            .arg(&options.binary)
            .args(["serve", "--grpc=127.0.0.1:0", "--metrics=127.0.0.1:0", "--sip=127.0.0.1:0"])
            // The measured peers send no voice; nobody's silence is to end a call.
            .args(["--rtp-ports=0-0", "--rtp-timeout=86400", "--database", &database])
            .arg("--spool")
            .arg(directory.path().join("spool"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("taskset (Debian: util-linux) or the program cannot be started")?;
        let mut log = BufReader::new(process.stderr.take().context("it is piped")?).lines();
        let ready = log.by_ref().map_while(Result::ok).find(|it| it.contains("grpc="));
        let ready = ready.context("the node does not start")?;
        std::thread::spawn(move || {
            log.map_while(Result::ok).for_each(|it| eprintln!("node: {it}"))
        });
        let node = Self {
            grpc: address(&ready, "grpc=")?,
            metrics: address(&ready, "metrics=")?,
            sip: address(&ready, "udp: Some(")?,
            process,
            directory,
            secrets,
            supervisor,
        };
        node.client(&node.supervisor).await?.apply_floor(&floor::spec(agents), None, false).await?;
        Ok(node)
    }

    /// A connection of an agent's own.
    pub async fn agent(&self, at: usize) -> anyhow::Result<Client> {
        self.client(&self.secrets[at]).await
    }

    async fn client(&self, token: &str) -> anyhow::Result<Client> {
        let server = format!("http://{}", self.grpc);
        let target = Target { server, token: token.to_owned(), tls_ca: None };
        Ok(Client::connect(&target).await?)
    }

    /// What it keeps.
    pub async fn store(&self) -> anyhow::Result<Store> {
        let file = self.directory.path().join("timbre.db");
        Ok(Store::open(&format!("sqlite://{}", file.display())).await?)
    }

    /// What it has used so far, by the kernel's books.
    pub async fn usage(&self) -> anyhow::Result<Usage> {
        let process = format!("/proc/{}", self.process.id());
        let stat = std::fs::read_to_string(format!("{process}/stat"))?;
        // After the name, which may hold anything: field 14 is utime, 15 is stime, in hundredths of a second (proc(5)).
        let fields = stat.rsplit_once(") ").context("proc(5)")?.1.split(' ');
        let ticks: u64 = fields.skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
        let status = std::fs::read_to_string(format!("{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: u64 = line.context("proc(5)")?.trim().trim_end_matches(" kB").parse()?;
        Ok(Usage {
            cpu: Duration::from_millis(ticks * 10),
            resident_bytes: kilobytes * 1024,
            calls: self.metric("timbre_queue_calls_answered_total").await?,
        })
    }

    /// A metric, summed over its labels; 0 where there is none yet.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(self.metrics).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: node\r\n\r\n").await?;
        let mut page = String::new();
        stream.read_to_string(&mut page).await?;
        let of_metric =
            |line: &&str| line.strip_prefix(name).is_some_and(|it| it.starts_with([' ', '{']));
        let values = page.lines().filter(of_metric).filter_map(|line| line.rsplit(' ').next());
        Ok(values.filter_map(|value| value.parse::<f64>().ok()).sum())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn token(store: &Store, role: Role, agent: Option<&str>) -> anyhow::Result<String> {
    let agent = agent.map(AgentId::parse).transpose()?;
    let (secret, record) = token::mint(tenant(), role, agent, None);
    store.put_token(&record).await?;
    Ok(secret)
}

fn address(line: &str, after: &str) -> anyhow::Result<SocketAddr> {
    let (_, rest) = line.split_once(after).with_context(|| format!("no {after} in {line}"))?;
    let end = rest.find([' ', ')']).unwrap_or(rest.len());
    rest[..end].parse().with_context(|| format!("{after} is no address in {line}"))
}
