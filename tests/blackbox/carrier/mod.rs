//! Carriers to dial into, and a judge of what they saw.
//!
//! Two of them, which share no code: our own ([`timbre_phone::carrier`]) and sipp. Both leave a log in the same words; the
//! judge reads nothing else of them.

pub mod judge;
mod sipp;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use tempfile::TempDir;
use timbre_phone::carrier::{self, Config, Entry, journal};

pub use sipp::Mix;

/// A carrier that runs. Gone when dropped, with its log.
pub struct Carrier {
    /// Where its SIP is (UDP).
    pub addr: SocketAddr,
    directory: TempDir,
    running: Running,
}

enum Running {
    Own(carrier::Carrier),
    Sipp(sipp::Process),
}

/// Starts our own carrier. Its log goes where [`Carrier::log`] finds it.
pub async fn own(config: Config) -> Carrier {
    let directory = tempfile::tempdir().expect("a directory");
    let log = Some(directory.path().join(LOG));
    let running = carrier::Carrier::start(Config { log, ..config }).await.expect("a socket");
    Carrier { addr: running.at, directory, running: Running::Own(running) }
}

/// Starts sipp as a carrier on any port of `ip`.
pub async fn sipp(ip: IpAddr, mix: &Mix) -> Carrier {
    let directory = tempfile::tempdir().expect("a directory");
    let (addr, process) = sipp::Process::start(ip, mix, directory.path()).await;
    Carrier { addr, directory, running: Running::Sipp(process) }
}

const LOG: &str = "carrier.log";

impl Carrier {
    /// What has happened so far.
    pub fn log(&self) -> Vec<Entry> {
        let path = self.log_file();
        match &self.running {
            Running::Own(_) => journal::read(&path).expect("a log"),
            Running::Sipp(_) => sipp::read(&path),
        }
    }

    /// Where the log is.
    pub fn log_file(&self) -> PathBuf {
        self.directory.path().join(LOG)
    }

    /// Calls at once, as our own carrier counts them.
    pub fn stats(&self) -> Option<carrier::Stats> {
        match &self.running {
            Running::Own(own) => Some(own.stats()),
            Running::Sipp(_) => None,
        }
    }

    /// What sipp could not make sense of; empty where all went by its scenario.
    pub fn complaints(&self) -> String {
        match &self.running {
            Running::Own(_) => String::new(),
            Running::Sipp(process) => process.complaints(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use timbre_phone::carrier::{Event, Fate, Population};
    use timbre_phone::{Call, Endpoint};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Calls numbers that end in these digits, gives up on those that are told to, and hears how each ended.
    async fn call_all(carrier: &Carrier, calls: &[(&str, bool)]) -> BTreeMap<String, Option<u16>> {
        let phone = Endpoint::open(carrier.addr.ip(), carrier.addr).await.expect("a socket");
        let placed: Vec<(String, Call, bool)> = calls
            .iter()
            .map(|(end, gives_up)| {
                let number = format!("+346000000{end}");
                let call = phone.dial("+34910000001", &number, None);
                (number, call, *gives_up)
            })
            .collect();
        for (number, call, _) in placed.iter().filter(|it| it.2) {
            let rang = call.until(PATIENCE, |it| it.rang.is_some()).await;
            assert!(rang.is_ok(), "{number} does not ring: {rang:?}");
            call.hang_up();
        }
        let mut ended = BTreeMap::new();
        for (number, call, _) in placed {
            let end = call.until(PATIENCE, |it| it.ended.is_some()).await;
            let end = end.unwrap_or_else(|it| panic!("{number} does not end: {it:?}"));
            ended.insert(number, end.refused);
        }
        ended
    }

    /// A dialer asks its trunk now and then.
    async fn is_there(carrier: &Carrier) {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let (us, at) = (socket.local_addr().expect("bound"), carrier.addr);
        let options = format!(
            "OPTIONS sip:{at} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bKo\r\nMax-Forwards: 70\r\n\
             From: <sip:{us}>;tag=o\r\nTo: <sip:{at}>\r\nCall-ID: o@{us}\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
        socket.send_to(options.as_bytes(), at).await.expect("it goes out");
        let mut answer = [0; 2048];
        let came = tokio::time::timeout(PATIENCE, socket.recv(&mut answer)).await;
        assert!(came.is_ok_and(|it| it.is_ok()) && answer.starts_with(b"SIP/2.0 200 "));
    }

    fn words(log: &[Entry], number: &str) -> String {
        let of_number = log.iter().filter(|it| it.number == number);
        let word = |entry: &Entry| match &entry.event {
            Event::Invite { fate, .. } => format!("invite:{}", fate.word()),
            Event::Final { status, .. } => format!("final:{status}"),
            event => serde_json::to_value(event).expect("JSON")["event"]
                .as_str()
                .expect("a word")
                .to_owned(),
        };
        of_number.map(word).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sipp_has_a_branch_for_each_fate_and_logs_it() {
        let mix = Mix {
            person: 0.1,
            machine: 0.1,
            busy: 0.1,
            declined: 0.1,
            unallocated: 0.1,
            congestion: 0.1,
            fault: 0.1,
            ring: Duration::from_millis(200),
            talk: Duration::from_millis(200),
            hangs_up: 1.,
            by_number: true,
        };
        let carrier = sipp("127.0.0.1".parse().expect("an address"), &mix).await;
        let fates = [
            ("05", false, None, "invite:person ringing answered ack bye_out ended"),
            ("15", false, None, "invite:machine ringing answered ack bye_out ended"),
            ("16", true, Some(487), "invite:machine ringing cancel final:487 ack"),
            ("25", false, Some(486), "invite:busy final:486 ack"),
            ("35", false, Some(603), "invite:declined final:603 ack"),
            ("45", false, Some(404), "invite:unallocated final:404 ack"),
            ("55", false, Some(503), "invite:congestion final:503 ack"),
            ("65", false, Some(500), "invite:fault final:500 ack"),
            ("75", true, Some(487), "invite:no_answer ringing cancel final:487 ack"),
        ];
        is_there(&carrier).await;
        let calls = fates.map(|(end, gives_up, ..)| (end, gives_up));
        let ended = call_all(&carrier, &calls).await;
        let all_told = fates.iter().map(|it| it.3.split(' ').count()).sum();
        crate::eventually("sipp has told all", async || {
            (carrier.log().len() >= all_told).then_some(())
        })
        .await;
        let log = carrier.log();
        for (end, _, status, told) in fates {
            let number = format!("+346000000{end}");
            assert_eq!(ended[&number], status, "{number}");
            assert_eq!(words(&log, &number), told, "{number}");
        }
        assert_eq!(carrier.complaints(), "");
        let steady = |it: &[Entry]| it[0].mono <= it[1].mono && it[0].wall > 1_700_000_000_000_000;
        assert!(log.windows(2).all(steady), "{log:#?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn our_own_carrier_keeps_its_log_where_it_is_found() {
        let fixed = vec![("05".to_owned(), vec![Fate::rings()])];
        let population = Population { fixed, ..Population::default() };
        let carrier = own(Config { population, ..Config::default() }).await;
        assert_eq!(call_all(&carrier, &[("05", true)]).await["+34600000005"], Some(487));
        crate::eventually("the ACK came", async || (carrier.log().len() == 5).then_some(())).await;
        let told = "invite:no_answer ringing cancel final:487 ack";
        assert_eq!(words(&carrier.log(), "+34600000005"), told);
        assert_eq!(carrier.stats().map(|it| (it.calls, it.busy_most)), Some((1, 1)));
    }
}
