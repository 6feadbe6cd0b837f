//! A node: the real program in a directory of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use timbre::api::client::{Client, Target};
use timbre::api::token;
use timbre_model::{AgentId, FloorSpec, Role, TenantId};
use timbre_store::Store;
use tokio::sync::oneshot;

use crate::PATIENCE;

/// A running node. Killed when dropped; its log is shown where the test failed.
pub struct Node {
    pub grpc: SocketAddr,
    pub metrics: SocketAddr,
    pub sip: SocketAddr,
    database: String,
    directory: Arc<TempDir>,
    process: Child,
    log: Arc<Mutex<Vec<String>>>,
}

/// What is unusual about the way a node is started.
#[derive(Debug, Clone, Default)]
pub struct Under {
    /// More flags.
    pub flags: Vec<String>,
    /// More of the environment.
    pub env: Vec<(String, String)>,
    /// A program that starts it, and that program's arguments.
    pub wrapper: Vec<String>,
}

/// The tenant of all tests.
pub fn tenant() -> TenantId {
    TenantId::parse("demo").expect("a slug")
}

impl Node {
    /// Starts a node on a new database.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a node on a new database, with more flags.
    pub async fn start_with(flags: &[String]) -> Self {
        let directory = Arc::new(tempfile::tempdir().expect("a directory"));
        let database = format!("sqlite://{}", directory.path().join("timbre.db").display());
        let under = Under { flags: flags.to_vec(), ..Under::default() };
        Self::start_in(directory, database, &under).await
    }

    /// Starts a node on a new database, in another environment.
    pub async fn start_under(env: &[(String, String)]) -> Self {
        let directory = Arc::new(tempfile::tempdir().expect("a directory"));
        let database = format!("sqlite://{}", directory.path().join("timbre.db").display());
        let under = Under { env: env.to_vec(), ..Under::default() };
        Self::start_in(directory, database, &under).await
    }

    /// Starts a node on what another left in a directory; `None`: it ended before it was ready.
    pub async fn try_start_in(directory: Arc<TempDir>, under: &Under) -> Option<Self> {
        let database = format!("sqlite://{}", directory.path().join("timbre.db").display());
        Self::launch(directory, database, under).await.ok()
    }

    /// Starts a node on a database that is there already.
    pub async fn start_on(database: &str) -> Self {
        let directory = Arc::new(tempfile::tempdir().expect("a directory"));
        Self::start_in(directory, database.to_owned(), &Under::default()).await
    }

    async fn start_in(directory: Arc<TempDir>, database: String, under: &Under) -> Self {
        let started = Self::launch(directory, database, under).await;
        started.unwrap_or_else(|log| panic!("the node does not get ready: {log:#?}"))
    }

    /// Where it does not get ready, its log.
    async fn launch(
        directory: Arc<TempDir>,
        database: String,
        under: &Under,
    ) -> Result<Self, Vec<String>> {
        let wrapper = under.wrapper.iter().map(String::as_str);
        let mut words = wrapper.chain([env!("CARGO_BIN_EXE_timbre")]);
        let mut process = Command::new(words.next().expect("the program, if nothing else"))
            .args(words)
            .args(["serve", "--grpc=127.0.0.1:0", "--metrics=127.0.0.1:0", "--sip=127.0.0.1:0"])
            .args(["--rtp-ports=0-0", "--database", &database])
            .arg("--spool")
            .arg(directory.path().join("spool"))
            .args(&under.flags)
            .envs(under.env.iter().cloned())
            .env("NO_COLOR", "1")
            .env("RUST_LOG", "info,sqlx=warn,rsipstack=error,h2=warn,tonic=warn")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let (tell, told) = oneshot::channel();
        std::thread::spawn({
            let log = log.clone();
            move || keep_log(stderr, &log, tell)
        });
        let ready = tokio::time::timeout(PATIENCE, told).await;
        let Ok(Ok(ready)) = ready else {
            // Killing what is dead already is no fault.
            let _ = process.kill();
            let _ = process.wait();
            return Err(log.lock().expect("no panic").clone());
        };
        Ok(Self {
            grpc: address(&ready, "grpc="),
            metrics: address(&ready, "metrics="),
            sip: address(&ready, "udp: Some("),
            database,
            directory,
            process,
            log,
        })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Where it keeps everything, to be kept when it is gone.
    pub fn directory(&self) -> Arc<TempDir> {
        self.directory.clone()
    }

    /// Kills it where it stands (SIGKILL).
    pub fn kill(&mut self) {
        // Killing what is dead already is no fault.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Kills it where it stands, and starts another on what it left.
    pub async fn killed_and_restarted(mut self) -> Self {
        self.kill();
        Self::start_in(self.directory.clone(), self.database.clone(), &Under::default()).await
    }

    /// It has not ended by itself.
    pub fn alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Lines of its log that hold `text`.
    pub fn logged(&self, text: &str) -> Vec<String> {
        let log = self.log.lock().expect("no panic");
        log.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// What it keeps.
    pub async fn store(&self) -> Store {
        Store::open(&self.database).await.expect("the database opens")
    }

    /// Where gRPC is served.
    pub fn server(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// A new token.
    pub async fn token(&self, role: Role, agent: Option<&str>) -> String {
        self.token_of(&tenant(), role, agent).await
    }

    /// A new token of any tenant.
    pub async fn token_of(&self, tenant: &TenantId, role: Role, agent: Option<&str>) -> String {
        let agent = agent.map(|it| AgentId::parse(it).expect("a slug"));
        let (secret, record) = token::mint(tenant.clone(), role, agent, None);
        let store = self.store().await;
        store.put_token(&record).await.expect("the token is kept");
        store.close().await;
        secret
    }

    /// A client of a role.
    pub async fn client(&self, role: Role, agent: Option<&str>) -> Client {
        let token = self.token(role, agent).await;
        let target = Target { server: self.server(), token, tls_ca: None };
        Client::connect(&target).await.expect("the node answers")
    }

    /// Puts a floor into effect.
    pub async fn apply(&self, floor: &FloorSpec) -> Client {
        let client = self.client(Role::Admin, None).await;
        client.apply_floor(floor, None, false).await.expect("the floor is sound");
        client
    }

    /// Puts a floor of any tenant into effect.
    pub async fn apply_to(&self, tenant: &TenantId, floor: &FloorSpec) {
        let token = self.token_of(tenant, Role::Admin, None).await;
        let target = Target { server: self.server(), token, tls_ca: None };
        let client = Client::connect(&target).await.expect("the node answers");
        client.apply_floor(floor, None, false).await.expect("the floor is sound");
    }

    /// The page that Prometheus scrapes.
    pub async fn scrape(&self) -> String {
        crate::prometheus::get(self.metrics, "/metrics").await
    }

    /// The value of one metric, summed over its labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let page = self.scrape().await;
        let of_metric =
            |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        let values = page.lines().filter(of_metric);
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log.lock().map(|log| log.clone()).unwrap_or_default();
            eprintln!("the node's log ends:\n{}", log[log.len().saturating_sub(60)..].join("\n"));
        }
    }
}

fn keep_log(stderr: impl BufRead, log: &Mutex<Vec<String>>, ready: oneshot::Sender<String>) {
    let mut ready = Some(ready);
    for line in stderr.lines().map_while(Result::ok) {
        if line.contains("ready") && line.contains("grpc=") {
            // Nobody waits any more where the test gave up.
            let _ = ready.take().map(|it| it.send(line.clone()));
        }
        if let Ok(mut log) = log.lock() {
            log.push(line);
        }
    }
}

fn address(line: &str, after: &str) -> SocketAddr {
    let (_, rest) = line.split_once(after).unwrap_or_else(|| panic!("no {after} in {line}"));
    let end = rest.find([' ', ')']).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or_else(|_| panic!("{after} is no address in {line}"))
}
