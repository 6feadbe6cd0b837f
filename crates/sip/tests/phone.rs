//! Phones against SIPp, which fails when a message is not what its scenario expects.
//! SIPp has to be installed (Debian: `sip-tester`).

use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

use timbre_sip::media::{MediaConfig, Play};
use timbre_sip::phone::{Call, CallEvent, OnCall, PhoneError, Phones, PhonesConfig};
use tokio::process::{Child, Command};

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A SIPp for one call.
struct Peer {
    process: Child,
    addr: SocketAddr,
}

impl Peer {
    fn start(arguments: &[&str]) -> Self {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addr = free.local_addr().unwrap();
        drop(free);
        let media = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() & !1;
        let process = Command::new("sipp")
            .args(["-i", "127.0.0.1", "-p", &addr.port().to_string()])
            .args(["-mp", &media.to_string(), "-m", "1", "-nostdin", "-timeout", "15s"])
            .args(arguments)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/phone"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("SIPp is needed: Debian has it in sip-tester");
        Self { process, addr }
    }

    /// Everything went as its scenario says.
    async fn content(mut self) {
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        let status = ended.expect("SIPp still waits").unwrap();
        assert!(status.success(), "SIPp: {status}");
    }
}

async fn phones(server: SocketAddr) -> Phones {
    let bind = "127.0.0.1:0".parse().unwrap();
    let config = PhonesConfig { bind, server, media: MediaConfig::default() };
    Phones::start(config).await.unwrap()
}

async fn next(call: &mut Call) -> Option<CallEvent> {
    tokio::time::timeout(PATIENCE, call.event()).await.expect("nothing happens")
}

#[track_caller]
fn ended(event: Option<CallEvent>) -> (Option<u16>, bool) {
    match event {
        Some(CallEvent::Ended { status, far_end }) => (status, far_end),
        other => panic!("not ended: {other:?}"),
    }
}

/// Until it has heard a second of voice.
async fn hears(call: &Call) {
    let listen = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while call.received() < 50 {
            look.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, listen).await.expect("nothing is heard");
}

#[tokio::test]
async fn a_call_is_answered_heard_and_hung_up_by_us() {
    let peer = Peer::start(&["-sn", "uas", "-rtp_echo"]);
    let phones = phones(peer.addr).await;
    let mut call = phones.call("600111222", "info", None).await.unwrap();
    call.play(Play::Music);
    // This peer rings and answers in one breath: the two may be seen as one.
    let mut first = next(&mut call).await;
    if first == Some(CallEvent::Ringing) {
        first = next(&mut call).await;
    }
    assert_eq!(first, Some(CallEvent::Answered));
    hears(&call).await;
    call.hang_up();
    assert_eq!(ended(next(&mut call).await), (None, false));
    assert_eq!(next(&mut call).await, None);
    peer.content().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_is_hung_up() {
    let peer = Peer::start(&["-sn", "uas"]);
    let phones = phones(peer.addr).await;
    let mut call = phones.call("600111222", "info", None).await.unwrap();
    assert_eq!(next(&mut call).await, Some(CallEvent::Ringing));
    assert_eq!(next(&mut call).await, Some(CallEvent::Answered));
    drop((call, phones));
    peer.content().await;
}

#[tokio::test]
async fn who_asks_is_told_the_password_and_may_hold_and_hang_up() {
    let peer = Peer::start(&["-sf", "asks_who.xml"]);
    let phones = phones(peer.addr).await;
    let mut call = phones.call("bob", "shift", Some(("bob", "secret"))).await.unwrap();
    assert_eq!(next(&mut call).await, Some(CallEvent::Answered));
    assert_eq!(ended(next(&mut call).await), (None, true));
    peer.content().await;
}

#[tokio::test]
async fn without_the_password_the_challenge_is_the_end() {
    let peer = Peer::start(&["-sf", "asks_who.xml"]);
    let phones = phones(peer.addr).await;
    let mut call = phones.call("bob", "shift", None).await.unwrap();
    assert_eq!(ended(next(&mut call).await), (Some(401), true));
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status() {
    let peer = Peer::start(&["-sf", "refuses.xml"]);
    let phones = phones(peer.addr).await;
    let mut call = phones.call("600111222", "info", None).await.unwrap();
    assert_eq!(ended(next(&mut call).await), (Some(486), true));
    peer.content().await;
}

#[tokio::test]
async fn a_call_that_rings_is_cancelled() {
    let peer = Peer::start(&["-sf", "rings.xml"]);
    let phones = phones(peer.addr).await;
    let mut call = phones.call("600111222", "info", None).await.unwrap();
    assert_eq!(next(&mut call).await, Some(CallEvent::Ringing));
    call.hang_up();
    assert_eq!(ended(next(&mut call).await), (Some(487), false));
    peer.content().await;
}

#[tokio::test]
async fn a_registered_phone_answers_by_itself_and_unregisters() {
    let registrar = Peer::start(&["-sf", "registrar.xml"]);
    let phones = phones(registrar.addr).await;
    let answers = OnCall::AnswerAfter(Duration::from_millis(10));
    let phone = phones.register("bob", "secret", answers).await.unwrap();
    let again = phones.register("bob", "secret", answers).await;
    assert!(matches!(again, Err(PhoneError::Taken(_))));

    let caller = Peer::start(&["-sn", "uac", "-s", "bob", &phones.addr().to_string()]);
    let mut call = tokio::time::timeout(PATIENCE, phone.call()).await.unwrap();
    assert_eq!(call.peer(), "sipp");
    assert_eq!(next(&mut call).await, Some(CallEvent::Ringing));
    assert_eq!(next(&mut call).await, Some(CallEvent::Answered));
    assert_eq!(ended(next(&mut call).await), (None, true));
    caller.content().await;
    drop((phone, phones));
    registrar.content().await;
}

#[tokio::test]
async fn a_caller_may_give_up_and_an_owner_may_refuse() {
    let registrar = Peer::start(&["-sf", "registrar.xml"]);
    let phones = phones(registrar.addr).await;
    let phone = phones.register("bob", "secret", OnCall::Ring).await.unwrap();
    let target = phones.addr().to_string();

    let caller = Peer::start(&["-sf", "gives_up.xml", "-s", "bob", &target]);
    let mut call = tokio::time::timeout(PATIENCE, phone.call()).await.unwrap();
    assert_eq!(call.peer(), "600111222");
    assert_eq!(next(&mut call).await, Some(CallEvent::Ringing));
    assert_eq!(ended(next(&mut call).await), (Some(487), true));
    caller.content().await;

    // The phone is at the same address as its caller: they share the socket.
    let caller = Peer::start(&["-sn", "uac", "-s", "bob", &target]);
    let mut call = tokio::time::timeout(PATIENCE, phone.call()).await.unwrap();
    call.hang_up();
    assert_eq!(next(&mut call).await, Some(CallEvent::Ringing));
    assert_eq!(ended(next(&mut call).await), (Some(486), false));
    drop(caller);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let registrar = Peer::start(&["-sf", "registrar.xml"]);
    let phones = phones(registrar.addr).await;
    let refused = phones.register("bob", "wrong", OnCall::Decline).await;
    assert!(matches!(refused, Err(PhoneError::Refused { status: 403 })));
    let named = phones.call("600111222", "in fo\r\nVia: x", None).await;
    assert!(matches!(named, Err(PhoneError::BadName(_))));
}
