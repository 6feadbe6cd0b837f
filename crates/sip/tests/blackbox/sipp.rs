//! Runs sipp (Debian: sip-tester) with a scenario of `tests/scenarios`, one call each.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

/// A running sipp.
pub struct Sipp {
    child: Child,
    pub port: u16,
    name: &'static str,
    _messages: tempfile::TempDir,
}

impl Sipp {
    /// A caller from `ip` to the switch at `switch`.
    pub fn caller(name: &'static str, ip: &str, switch: u16) -> Self {
        let target = format!("127.0.0.1:{switch}");
        Self::run(name, ip, &[target.as_str(), "-s", "+34910000001"])
    }

    /// The same, over TCP.
    pub fn caller_over_tcp(name: &'static str, switch: u16) -> Self {
        let target = format!("127.0.0.1:{switch}");
        Self::run(name, "127.0.0.1", &[target.as_str(), "-s", "+34910000001", "-t", "t1"])
    }

    /// A phone that waits to be called.
    pub fn phone(name: &'static str) -> Self {
        Self::run(name, "127.0.0.1", &[])
    }

    /// The same, over TCP.
    pub fn phone_over_tcp(name: &'static str) -> Self {
        Self::run(name, "127.0.0.1", &["-t", "t1"])
    }

    /// Waits until it takes connections.
    pub async fn listens(&self) {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let listening = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), listening).await.expect("sipp listens");
    }

    fn run(name: &'static str, ip: &str, more: &[&str]) -> Self {
        let messages = tempfile::tempdir().expect("a directory");
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name);
        let free = std::net::UdpSocket::bind((ip, 0)).expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let child = Command::new("sipp")
            .args(more)
            .arg("-sf")
            .arg(scenario)
            .args(["-i", ip, "-p", &port.to_string(), "-m", "1", "-nostdin"])
            .args(["-timeout", "20", "-timeout_error", "-trace_err", "-trace_msg"])
            .current_dir(messages.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("sipp runs: install sip-tester");
        Self { child, port, name, _messages: messages }
    }

    /// Waits for its end; its scenario must have gone through.
    pub async fn succeeds(mut self) {
        let end = tokio::time::timeout(Duration::from_secs(25), self.child.wait()).await;
        let end = end.expect("sipp ends").expect("sipp ran");
        if !end.success() {
            let mut log = String::new();
            for file in std::fs::read_dir(self._messages.path()).expect("its files").flatten() {
                log.push_str(&std::fs::read_to_string(file.path()).unwrap_or_default());
            }
            panic!("{}: {end}\n{log}", self.name);
        }
    }
}
