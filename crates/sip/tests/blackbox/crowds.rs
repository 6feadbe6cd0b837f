//! Many calls at once go out over a trunk, of every fate, and nothing is left of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use timbre_sip::{Command, Dial, End, Event, LegId};
use tokio::net::UdpSocket;

use crate::carrier::{Carrier, outbound, sdp};
use crate::dialing::dial;
use crate::sessions::header;
use crate::world::{World, config};

/// What becomes of a call, by the last digit of its number.
const BUSY: u8 = b'0';
const DECLINED: u8 = b'1';
const NO_SUCH_NUMBER: u8 = b'2';
const OVERLOADED: u8 = b'3';
const TALKS_AND_HANGS_UP: u8 = b'4';
const TALKS: u8 = b'5';
const RINGS: u8 = b'6';
const RINGS_OUT: u8 = b'7';
const CROSSES_THE_CANCEL: u8 = b'8';
const NEVER_SAYS_THE_LAST_WORD: u8 = b'9';

/// Answers every call by its number until the test ends.
async fn serve(carrier: Arc<Carrier>) {
    let mut invites: BTreeMap<String, String> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    loop {
        let message = carrier.next().await;
        let call = header(&message, "Call-ID").to_owned();
        let method = message.split(' ').next().unwrap_or_default().to_owned();
        let invite = match method.as_str() {
            "INVITE" => invites.entry(call.clone()).or_insert_with(|| message.clone()).clone(),
            _ => invites.get(&call).cloned().unwrap_or_default(),
        };
        let uri = invite.split('@').next().unwrap_or_default();
        let fate = uri.bytes().last().unwrap_or_default();
        let say = |first: &'static str, extra: &'static str, sdp: String| {
            let (carrier, invite) = (carrier.clone(), invite.clone());
            async move { carrier.answer(&invite, first, "far", extra, &sdp).await }
        };
        match (method.as_str(), fate) {
            ("INVITE", BUSY) => say("486 Busy Here", "", String::new()).await,
            ("INVITE", DECLINED) => {
                say("603 Decline", "Reason: Q.850;cause=21\r\n", String::new()).await;
            }
            ("INVITE", NO_SUCH_NUMBER) => {
                say("404 Not Found", "Reason: Q.850;cause=1\r\n", String::new()).await;
            }
            ("INVITE", OVERLOADED) => say("503 Service Unavailable", "", String::new()).await,
            ("INVITE", _) => {
                say("180 Ringing", "", String::new()).await;
                if matches!(fate, TALKS | TALKS_AND_HANGS_UP) {
                    say("200 OK", "", sdp(40_000)).await;
                }
            }
            ("ACK", TALKS_AND_HANGS_UP) if ended.insert(call) => {
                let bye = carrier.request("BYE", &invite, "far", "Reason: Q.850;cause=16\r\n");
                carrier.send(&bye).await;
            }
            ("CANCEL", _) => {
                carrier.answer(&message, "200 OK", "far", "", "").await;
                match fate {
                    CROSSES_THE_CANCEL => say("200 OK", "", sdp(40_000)).await,
                    NEVER_SAYS_THE_LAST_WORD => {}
                    _ => say("487 Request Terminated", "", String::new()).await,
                }
            }
            ("BYE", _) => carrier.answer(&message, "200 OK", "", "", "").await,
            _ => {}
        }
    }
}

fn fate_of(n: u64) -> u8 {
    b'0' + (n % 10) as u8
}

fn fate(leg: LegId) -> u8 {
    fate_of(leg.0 >> 1)
}

/// The end that belongs to a fate.
fn end(leg: LegId) -> End {
    let failed = |status, cause| End::Failed { status, cause };
    match fate(leg) {
        BUSY => failed(486, None),
        DECLINED => failed(603, Some(21)),
        NO_SUCH_NUMBER => failed(404, Some(1)),
        OVERLOADED => failed(503, None),
        TALKS_AND_HANGS_UP => End::HungUp { cause: 16 },
        RINGS_OUT | NEVER_SAYS_THE_LAST_WORD => End::NoAnswer,
        _ => End::Ours,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_of_every_fate_leave_nothing_behind() {
    const CALLS: usize = 1_000;
    let mut config = config();
    config.timing.t1 = Duration::from_millis(25);
    let mut world = World::new(config).await;
    let carrier = Arc::new(Carrier::new(world.port).await);
    world.provision(Some(outbound(&[carrier.addr()])));
    let serving = tokio::spawn(serve(carrier.clone()));
    let mut next = 0..CALLS as u64;
    let mut ended = BTreeMap::new();
    let mut rang = BTreeSet::new();
    while ended.len() < CALLS {
        let under_way = CALLS - ended.len() - next.clone().count();
        for n in next.by_ref().take(100_usize.saturating_sub(under_way)) {
            let last = n % 10;
            let short = matches!(fate_of(n), RINGS_OUT | NEVER_SAYS_THE_LAST_WORD);
            let ring_timeout = Duration::from_millis(if short { 300 } else { 20_000 });
            world.dial(Dial { number: format!("+3460000000{last}"), ring_timeout, ..dial(n) });
        }
        match world.event().await {
            Event::Ringing { leg } => {
                assert!(rang.insert(leg), "it rings once");
                if matches!(fate(leg), RINGS | CROSSES_THE_CANCEL) {
                    world.switch.perform(Command::HangUp { leg });
                }
            }
            Event::Answered { leg } if fate(leg) == TALKS => {
                world.switch.perform(Command::HangUp { leg });
            }
            Event::Answered { leg } => assert_eq!(fate(leg), TALKS_AND_HANGS_UP),
            Event::Ended { leg, how } => {
                assert_eq!(how, end(leg), "{leg:?}");
                assert_eq!(ended.insert(leg, how), None, "it ends once");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rang.len(), CALLS * 6 / 10);
    assert_eq!(world.in_use(), 0);
    assert_eq!(world.switch.counters().invites_sent, CALLS as u64);
    let counters = world.media_falls_quiet().await;
    assert_eq!(counters.media.legs_opened, CALLS as u64);
    world.falls_quiet().await;
    serving.abort();
    assert_eq!(carrier.transactions(), [1; CALLS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_503_is_told_call_by_call_and_repeats_nothing() {
    const CALLS: usize = 2_000;
    let mut world = World::new(config()).await;
    let carrier = Arc::new(Carrier::new(world.port).await);
    world.provision(Some(outbound(&[carrier.addr()])));
    let serving = tokio::spawn(serve(carrier.clone()));
    for n in 0..CALLS as u64 {
        world.dial(Dial { number: "+34600000003".into(), ..dial(n) });
    }
    for _ in 0..CALLS {
        let Event::Ended { how, .. } = world.event().await else { panic!("only ends") };
        assert_eq!(how, End::Failed { status: 503, cause: None });
    }
    assert_eq!(world.in_use(), 0);
    world.falls_quiet().await;
    serving.abort();
    assert_eq!(carrier.transactions(), [1; CALLS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_calls_in_set_up_cost_little() {
    const CALLS: u64 = 2_000;
    let mut config = config();
    config.limits.legs = CALLS as usize;
    let mut world = World::new(config).await;
    // Nobody reads what comes here: all that is held is held by the switch.
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    world.provision(Some(outbound(&[silent.local_addr().expect("its address")])));
    let (before, began) = (resident_kib(), Instant::now());
    for n in 0..CALLS {
        world.dial(dial(n));
    }
    let placed = began.elapsed();
    let refused = world.dial(dial(CALLS));
    let each = resident_kib().saturating_sub(before) / CALLS;
    assert_eq!(world.event().await, Event::Ended { leg: refused, how: End::Unreachable });
    println!("{CALLS} calls placed in {placed:?}, {each} KiB each");
    assert!(each < 64, "{each} KiB a call in set-up");
    for n in 0..CALLS {
        world.switch.perform(Command::HangUp { leg: LegId(n << 1 | 1) });
    }
    for _ in 0..CALLS {
        assert!(matches!(world.event().await, Event::Ended { how: End::Ours, .. }));
    }
    world.falls_quiet().await;
}

/// What the process holds in memory.
fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_ascii_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(0)
}
