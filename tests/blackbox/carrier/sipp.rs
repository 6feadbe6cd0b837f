//! sipp (Debian's sip-tester) as the carrier.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use timbre_phone::carrier::journal::Ender;
use timbre_phone::carrier::{Entry, Event, Kind};

/// Whom sipp plays, in shares of one. What is left rings until it is cancelled.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Answers.
    pub person: f64,
    /// Answers after a fixed time.
    pub machine: f64,
    /// 486, cause 17.
    pub busy: f64,
    /// 603, cause 21.
    pub declined: f64,
    /// 404, cause 1.
    pub unallocated: f64,
    /// 503, cause 34.
    pub congestion: f64,
    /// 500, cause 41.
    pub fault: f64,
    /// Until a person answers: lognormal with this mean and a coefficient of variation of a half, cut off at 2.2 times
    /// the mean. A machine takes 1.8 times the mean.
    pub ring: Duration,
    /// Talk: lognormal with this mean and a coefficient of variation of one.
    pub talk: Duration,
    /// Of those who answered: hang up when they have talked. The others wait twenty times as long for the far end to.
    pub hangs_up: f64,
    /// The last two digits of the number decide, not chance: 00 to 99 go through the shares in their order.
    pub by_number: bool,
}

impl Mix {
    /// The scenario's bounds: each adds its share to the one before.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut bound = 0.;
        let mut settings: Vec<_> = [
            ("person", self.person),
            ("machine", self.machine),
            ("busy", self.busy),
            ("declined", self.declined),
            ("unallocated", self.unallocated),
            ("congestion", self.congestion),
            ("fault", self.fault),
        ]
        .map(|(name, share)| {
            bound += share;
            // A hair less: a sum of tenths shall not end above a number's hundredth.
            (name, format!("{:.9}", bound - 1e-6))
        })
        .into();
        assert!(bound < 1. + 1e-6, "the shares are more than all: {bound}");
        settings.extend([
            ("ring_ms", self.ring.as_millis().to_string()),
            ("talk_ms", self.talk.as_millis().to_string()),
            ("hangs_up", self.hangs_up.to_string()),
            ("by_number", u8::from(self.by_number).to_string()),
        ]);
        settings
    }
}

/// A running sipp. Killed when dropped.
pub(super) struct Process {
    child: Child,
    errors: PathBuf,
}

impl Process {
    pub(super) async fn start(ip: IpAddr, mix: &Mix, directory: &Path) -> (SocketAddr, Self) {
        let free = UdpSocket::bind((ip, 0)).and_then(|it| it.local_addr()).expect("a socket");
        let errors = directory.join("errors.log");
        let scenario =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/blackbox/carrier/carrier.xml");
        let mut command = Command::new("sipp");
        command.arg("-sf").arg(scenario);
        command.args(["-i", &ip.to_string(), "-p", &free.port().to_string(), "-nostdin"]);
        command.args(["-trace_logs", "-log_file"]).arg(directory.join(super::LOG));
        command.args(["-trace_err", "-error_file"]).arg(&errors);
        for (name, value) in mix.settings() {
            command.args(["-set", name, &value]);
        }
        let child = command
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp is installed (Debian: sip-tester)");
        let mut process = Self { child, errors };
        process.listening(free).await;
        (free, process)
    }

    /// Waits until its port is taken.
    async fn listening(&mut self, at: SocketAddr) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            ticks.tick().await;
            if UdpSocket::bind(at).is_err() {
                return;
            }
            let ended = self.child.try_wait().expect("it is ours");
            assert!(ended.is_none(), "sipp ended: {}", self.complaints());
        }
        panic!("sipp does not listen at {at}");
    }

    pub(super) fn complaints(&self) -> String {
        let log = std::fs::read_to_string(&self.errors).unwrap_or_default();
        log.chars().take(4_000).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the log of the scenario. A last line that is not whole yet is left out.
pub(super) fn read(path: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut started = None;
    whole
        .lines()
        .map(|line| {
            let entry = entry(line).unwrap_or_else(|| panic!("no line of the scenario: {line}"));
            let started = *started.get_or_insert(entry.wall);
            Entry { mono: u64::try_from(entry.wall - started).unwrap_or_default(), ..entry }
        })
        .collect()
}

/// `date⇥time⇥epoch|event|Call-ID|X-Timbre-Call|number|more`. sipp has but one clock.
fn entry(line: &str) -> Option<Entry> {
    let parts: Vec<&str> = line.split('|').collect();
    let [time, word, call_id, attempt, number, ref more @ ..] = parts[..] else { return None };
    let epoch = time.rsplit('\t').next()?;
    let (seconds, micros) = epoch.split_once('.')?;
    Some(Entry {
        wall: seconds.parse::<i64>().ok()? * 1_000_000 + micros.parse::<i64>().ok()?,
        mono: 0,
        call_id: call_id.to_owned(),
        attempt: attempt.trim().to_owned(),
        number: number.to_owned(),
        event: event(word, more)?,
    })
}

fn event(word: &str, more: &[&str]) -> Option<Event> {
    Some(match (word, more) {
        ("invite", [branch, caller, kind]) => Event::Invite {
            branch: (*branch).to_owned(),
            caller: (*caller).to_owned(),
            fate: Kind::parse(kind)?,
        },
        ("ringing", []) => Event::Ringing { status: 180 },
        ("answered", []) => Event::Answered,
        ("ack", []) => Event::Ack,
        ("cancel", []) => Event::Cancel,
        ("bye_in", []) => Event::ByeIn,
        ("bye_out", []) => Event::ByeOut,
        ("final", [status]) => Event::Final { status: status.parse().ok()?, cause: None },
        ("final", [status, cause]) => {
            Event::Final { status: status.parse().ok()?, cause: Some(cause.parse().ok()?) }
        }
        ("ended", [by]) => {
            let by = match *by {
                "dialer" => Ender::Dialer,
                "callee" => Ender::Callee,
                "silence" => Ender::Silence,
                _ => return None,
            };
            Event::Ended { by, packets: 0 }
        }
        _ => return None,
    })
}
