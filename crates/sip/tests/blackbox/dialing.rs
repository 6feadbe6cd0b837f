//! Calls that go out over a trunk.

use std::time::Duration;

use timbre_sip::{Command, Dial, End, Event, LegId, Login, SwitchConfig};
use tokio::net::UdpSocket;

use crate::carrier::{Carrier, branch, outbound, sdp};
use crate::phone::status;
use crate::sessions::header;
use crate::world::{World, config};

/// A switch and the carrier that it dials over.
async fn world(config: SwitchConfig) -> (World, Carrier) {
    let world = World::new(config).await;
    let carrier = Carrier::new(world.port).await;
    world.provision(Some(outbound(&[carrier.addr()])));
    (world, carrier)
}

/// A call to the one number, with a leg and an `X-Timbre-Call` of its own.
pub fn dial(n: u64) -> Dial {
    Dial {
        leg: LegId(n << 1 | 1),
        trunk: "carrier".into(),
        number: "+34600000009".into(),
        caller_id: Some("+34910000001".into()),
        call: Some(format!("c{n}")),
        ring_timeout: Duration::from_secs(20),
    }
}

impl World {
    pub fn dial(&self, dial: Dial) -> LegId {
        let leg = dial.leg;
        self.switch.perform(Command::Dial(Box::new(dial)));
        leg
    }

    /// A dialed leg that has been answered with `sdp`: the leg and its INVITE.
    pub async fn answered(&mut self, carrier: &Carrier, n: u64, sdp: &str) -> (LegId, String) {
        let leg = self.dial(dial(n));
        let invite = carrier.expect("INVITE ", &[]).await;
        carrier.answer(&invite, "180 Ringing", "far", "", "").await;
        assert_eq!(self.event().await, Event::Ringing { leg });
        carrier.answer(&invite, "200 OK", "far", "", sdp).await;
        carrier.expect("ACK ", &[&invite]).await;
        assert_eq!(self.event().await, Event::Answered { leg });
        (leg, invite)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialed_number_rings_answers_and_is_hung_up() {
    let (mut world, carrier) = world(config()).await;
    let leg = world.dial(dial(1));
    let invite = carrier.expect("INVITE sip:+34600000009@", &[]).await;
    assert!(header(&invite, "From").starts_with("<sip:+34910000001@"), "{invite}");
    assert!(header(&invite, "P-Asserted-Identity").starts_with("<sip:+34910000001@"), "{invite}");
    assert_eq!(header(&invite, "X-Timbre-Call"), "c1");
    assert!(!invite.to_lowercase().contains("anonymous") && !invite.contains("Privacy"));
    for line in ["100 Trying", "180 Ringing", "183 Session Progress", "180 Ringing"] {
        carrier.answer(&invite, line, "far", "", "").await;
    }
    assert_eq!(world.event().await, Event::Ringing { leg });
    carrier.answer(&invite, "200 OK", "far", "", &sdp(40_000)).await;
    let ack = carrier.expect("ACK ", &[&invite]).await;
    assert_eq!(header(&ack, "CSeq"), "1 ACK");
    assert_ne!(branch(&ack), branch(&invite), "the ACK of a 2xx is a request of its own");
    assert_eq!(world.event().await, Event::Answered { leg });
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    let bye = carrier.bye(&[]).await;
    assert!(header(&bye, "To").ends_with(";tag=far"), "{bye}");
    assert_eq!(carrier.transactions(), [1]);
    assert_eq!(world.in_use(), 0);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_far_end_hangs_up_and_may_say_why() {
    let (mut world, carrier) = world(config()).await;
    let cases = [
        ("Reason: SIP;cause=200, Q.850;cause=16;text=\"Normal\"\r\n", End::HungUp { cause: 16 }),
        ("", End::FarEnd),
    ];
    for (n, (reason, how)) in (1..).zip(cases) {
        let (leg, invite) = world.answered(&carrier, n, &sdp(40_000)).await;
        carrier.send(&carrier.request("BYE", &invite, "far", reason)).await;
        let answer = carrier.next().await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert_eq!(world.event().await, Event::Ended { leg, how });
    }
    assert_eq!(carrier.transactions(), [1, 1]);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bye_that_overtakes_its_200_ends_a_call_that_was_answered() {
    let (mut world, carrier) = world(config()).await;
    let leg = world.dial(dial(1));
    let invite = carrier.expect("INVITE ", &[]).await;
    carrier.answer(&invite, "180 Ringing", "far", "", "").await;
    assert_eq!(world.event().await, Event::Ringing { leg });
    carrier.send(&carrier.request("BYE", &invite, "far", "Reason: Q.850;cause=16\r\n")).await;
    let answer = carrier.next().await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(world.event().await, Event::Answered { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::HungUp { cause: 16 } });
    carrier.answer(&invite, "200 OK", "far", "", &sdp(40_000)).await;
    carrier.expect("ACK ", &[]).await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_told_with_its_status_and_cause_and_is_final() {
    let (mut world, carrier) = world(config()).await;
    let cases = [
        ("486 Busy Here", "", 486, None),
        ("603 Decline", "Reason: Q.850;cause=21;text=\"rejected\"\r\n", 603, Some(21)),
        ("404 Not Found", "Reason: Q.850;cause=1\r\n", 404, Some(1)),
        ("503 Service Unavailable", "Retry-After: 1\r\n", 503, None),
        ("302 Moved Temporarily", "", 302, None),
        ("422 Session Interval Too Small", "Min-SE: 3600\r\n", 422, None),
        ("487 Request Terminated", "", 487, None),
        (
            "407 Proxy Authentication Required",
            "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n",
            407,
            None,
        ),
    ];
    for (n, (line, extra, status, cause)) in (1..).zip(cases) {
        let leg = world.dial(dial(n));
        let invite = carrier.expect("INVITE ", &[]).await;
        carrier.answer(&invite, line, "far", extra, "").await;
        let ack = carrier.expect("ACK ", &[&invite]).await;
        assert_eq!(branch(&ack), branch(&invite), "{line}");
        let how = End::Failed { status, cause };
        assert_eq!(world.event().await, Event::Ended { leg, how }, "{line}");
    }
    assert_eq!(carrier.transactions(), [1; 8]);
    assert_eq!(world.switch.counters().invites_sent, 8);
    assert_eq!(world.in_use(), 0);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_in_time_is_cancelled() {
    let (mut world, carrier) = world(config()).await;
    let ring_timeout = Duration::from_millis(200);
    let leg = world.dial(Dial { ring_timeout, ..dial(1) });
    let invite = carrier.expect("INVITE ", &[]).await;
    carrier.answer(&invite, "100 Trying", "", "", "").await;
    carrier.answer(&invite, "180 Ringing", "far", "", "").await;
    assert_eq!(world.event().await, Event::Ringing { leg });
    let cancel = carrier.expect("CANCEL ", &[&invite]).await;
    assert_eq!(branch(&cancel), branch(&invite));
    assert_eq!(header(&cancel, "CSeq"), "1 CANCEL");
    assert_eq!(world.event().await, Event::Ended { leg, how: End::NoAnswer });
    carrier.answer(&cancel, "200 OK", "far", "", "").await;
    carrier.answer(&invite, "487 Request Terminated", "far", "", "").await;
    carrier.expect("ACK ", &[&cancel]).await;
    assert_eq!(carrier.transactions(), [1]);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_tells_of_no_ringing_is_given_up() {
    let mut config = config();
    config.timing.t1 = Duration::from_millis(5);
    let (mut world, carrier) = world(config).await;
    let leg = world.dial(Dial { ring_timeout: Duration::from_millis(1), ..dial(1) });
    let invite = carrier.expect("INVITE ", &[]).await;
    carrier.answer(&invite, "100 Trying", "", "", "").await;
    let cancel = carrier.expect("CANCEL ", &[&invite]).await;
    let how = End::Failed { status: 408, cause: None };
    assert_eq!(world.event().await, Event::Ended { leg, how });
    carrier.answer(&cancel, "200 OK", "far", "", "").await;
    carrier.answer(&invite, "487 Request Terminated", "far", "", "").await;
    carrier.expect("ACK ", &[&invite, &cancel]).await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_cancelled_before_a_provisional_response() {
    let (mut world, carrier) = world(config()).await;
    let leg = world.dial(dial(1));
    let invite = carrier.expect("INVITE ", &[]).await;
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    assert_eq!(carrier.next().await, invite, "only copies of the INVITE (RFC 3261 §9.1)");
    carrier.answer(&invite, "100 Trying", "", "", "").await;
    let cancel = carrier.expect("CANCEL ", &[&invite]).await;
    carrier.answer(&cancel, "200 OK", "far", "", "").await;
    carrier.answer(&invite, "487 Request Terminated", "far", "", "").await;
    carrier.expect("ACK ", &[&invite, &cancel]).await;
    assert_eq!(carrier.transactions(), [1]);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let (mut world, carrier) = world(config()).await;
    let leg = world.dial(dial(1));
    let invite = carrier.expect("INVITE ", &[]).await;
    carrier.answer(&invite, "180 Ringing", "far", "", "").await;
    assert_eq!(world.event().await, Event::Ringing { leg });
    world.switch.perform(Command::HangUp { leg });
    let cancel = carrier.expect("CANCEL ", &[&invite]).await;
    carrier.answer(&invite, "200 OK", "far", "", &sdp(40_000)).await;
    carrier.answer(&cancel, "200 OK", "far", "", "").await;
    carrier.expect("ACK ", &[&cancel]).await;
    carrier.bye(&[&cancel]).await;
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    assert_eq!(carrier.transactions(), [1]);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_carrier_ends_in_408_and_the_next_call_goes_elsewhere() {
    let mut config = config();
    config.timing.t1 = Duration::from_millis(10);
    let mut world = World::new(config).await;
    let (first, second) = (Carrier::new(world.port).await, Carrier::new(world.port).await);
    world.provision(Some(outbound(&[first.addr(), second.addr()])));
    let leg = world.dial(dial(1));
    first.expect("INVITE ", &[]).await;
    let how = End::Failed { status: 408, cause: None };
    assert_eq!(world.event().await, Event::Ended { leg, how });
    let leg = world.dial(dial(2));
    let invite = second.expect("INVITE ", &[]).await;
    second.answer(&invite, "486 Busy Here", "far", "", "").await;
    second.expect("ACK ", &[&invite]).await;
    let how = End::Failed { status: 486, cause: None };
    assert_eq!(world.event().await, Event::Ended { leg, how });
    assert_eq!((first.transactions(), second.transactions()), (vec![1], vec![1]));
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_answered_once_in_the_same_call() {
    let (mut world, carrier) = world(config()).await;
    let login = Login { user: "bpo".into(), password: "secret".into() };
    world.provision(Some(timbre_sip::Outbound {
        login: Some(login),
        ..outbound(&[carrier.addr()])
    }));
    let ask = |line: &str, algorithm: &str| match line.starts_with("401") {
        true => format!(
            "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"{algorithm}\r\n"
        ),
        false => format!(
            "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"{algorithm}\r\n"
        ),
    };
    let cases = [
        ("407 Proxy Authentication Required", "Proxy-Authorization", ", algorithm=SHA-256"),
        ("401 Unauthorized", "Authorization", ""),
    ];
    for (n, (line, name, algorithm)) in (1..).zip(cases) {
        let leg = world.dial(dial(n));
        let invite = carrier.expect("INVITE ", &[]).await;
        carrier.answer(&invite, line, "far", &ask(line, algorithm), "").await;
        carrier.expect("ACK ", &[&invite]).await;
        let again = carrier.expect("INVITE ", &[&invite]).await;
        assert_eq!(header(&again, "Call-ID"), header(&invite, "Call-ID"));
        assert_eq!(header(&again, "From"), header(&invite, "From"));
        assert_eq!(header(&again, "CSeq"), "2 INVITE");
        let proof = header(&again, name);
        assert!(proves(proof, "INVITE", &again), "{again}");
        if n == 1 {
            // Asked again: we are not wanted.
            carrier.answer(&again, line, "far", &ask(line, algorithm), "").await;
            carrier.expect("ACK ", &[&again]).await;
            let how = End::Failed { status: 407, cause: None };
            assert_eq!(world.event().await, Event::Ended { leg, how });
            continue;
        }
        carrier.answer(&again, "200 OK", "far", "", &sdp(40_000)).await;
        carrier.expect("ACK ", &[&again]).await;
        assert_eq!(world.event().await, Event::Answered { leg });
        world.switch.perform(Command::HangUp { leg });
        assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
        let bye = carrier.expect("BYE ", &[]).await;
        assert!(header(&bye, name).contains("nc=00000002"), "{bye}");
        let stale = ask(line, algorithm).replace("n1", "n2");
        carrier.answer(&bye, line, "", &stale, "").await;
        let bye = carrier.bye(&[&bye]).await;
        assert!(proves(header(&bye, name), "BYE", &bye) && bye.contains("n2"), "{bye}");
    }
    assert_eq!(carrier.transactions(), [2, 2]);
    assert_eq!(world.switch.counters().invites_sent, 2);
    world.falls_quiet().await;
}

/// Checks a digest by the test's own sums.
fn proves(proof: &str, method: &str, request: &str) -> bool {
    use md5::Digest as _;
    let part = |name: &str| {
        let rest = proof.split_once(&format!("{name}=")).expect(name).1;
        rest.trim_start_matches('"').split(['"', ',']).next().unwrap_or_default().to_owned()
    };
    let sha = proof.contains("SHA-256");
    let hash = |text: String| -> String {
        let bytes =
            if sha { sha2::Sha256::digest(text).to_vec() } else { md5::Md5::digest(text).to_vec() };
        bytes.iter().map(|it| format!("{it:02x}")).collect()
    };
    let uri = request.split(' ').nth(1).expect("a URI");
    assert_eq!(part("uri"), uri);
    let ha1 = hash(format!("{}:carrier:secret", part("username")));
    let ha2 = hash(format!("{method}:{uri}"));
    let (nonce, nc, cnonce) = (part("nonce"), part(" nc"), part("cnonce"));
    part("response") == hash(format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_is_kept_and_another_is_hung_up() {
    let (mut world, carrier) = world(config()).await;
    let (leg, invite) = world.answered(&carrier, 1, &sdp(40_000)).await;
    // A copy of the 200, as where our ACK was lost: only the ACK is repeated.
    carrier.answer(&invite, "200 OK", "far", "", &sdp(40_000)).await;
    let ack = carrier.expect("ACK ", &[]).await;
    assert!(header(&ack, "To").ends_with("tag=far"), "{ack}");
    carrier.answer(&invite, "200 OK", "fork", "", &sdp(40_002)).await;
    let ack = carrier.expect("ACK ", &[]).await;
    assert!(header(&ack, "To").ends_with("tag=fork"), "{ack}");
    let bye = carrier.bye(&[]).await;
    assert!(header(&bye, "To").ends_with("tag=fork"), "{bye}");
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    let bye = carrier.bye(&[&bye]).await;
    assert!(header(&bye, "To").ends_with("tag=far"), "{bye}");
    // Even one that comes when the call is long forgotten does not stay up.
    while world.switch.counters().legs > 0 {
        tokio::task::yield_now().await;
    }
    carrier.answer(&invite, "200 OK", "late", "", &sdp(40_004)).await;
    carrier.expect("ACK ", &[]).await;
    let bye = carrier.bye(&[]).await;
    assert!(header(&bye, "To").ends_with("tag=late"), "{bye}");
    assert_eq!(carrier.transactions(), [1]);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn early_media_is_tolerated_and_voice_goes_where_the_answer_says() {
    let (mut world, carrier) = world(config()).await;
    let early = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let voice = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let leg = world.dial(dial(1));
    let invite = carrier.expect("INVITE ", &[]).await;
    let ours = media_port(&invite);
    let at = |socket: &UdpSocket| sdp(socket.local_addr().expect("its address").port());
    carrier.answer(&invite, "183 Session Progress", "far", "", &at(&early)).await;
    assert_eq!(world.event().await, Event::Ringing { leg });
    for n in 0..5 {
        early.send_to(&rtp(n), ("127.0.0.1", ours)).await.expect("sent");
    }
    carrier.answer(&invite, "200 OK", "far", "", &at(&voice)).await;
    carrier.expect("ACK ", &[&invite]).await;
    assert_eq!(world.event().await, Event::Answered { leg });
    // Until something is asked it hears silence, from the first moment on.
    let mut packet = [0; 400];
    let heard = tokio::time::timeout(Duration::from_secs(2), voice.recv(&mut packet));
    let length = heard.await.expect("silence in time").expect("a packet");
    assert_eq!(packet[12..length], [0xd5; 160]);
    assert!(early.try_recv(&mut packet).is_err(), "nothing goes to where the 183 said");
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    carrier.bye(&[]).await;
    world.falls_quiet().await;
}

fn media_port(message: &str) -> u16 {
    let rest = message.split_once("m=audio ").expect("audio").1;
    rest.split(' ').next().and_then(|it| it.parse().ok()).expect("a port")
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend([0x2a; 160]);
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_invite_can_leave_the_leg_is_unreachable_and_nothing_is_sent() {
    let (mut world, carrier) = world(config()).await;
    let unreachable = |leg| Event::Ended { leg, how: End::Unreachable };
    let bad = [
        Dial { trunk: "nobody".into(), ..dial(1) },
        Dial { number: "+34x".into(), ..dial(2) },
        Dial { number: String::new(), ..dial(3) },
        Dial { number: "+34600000009\r\nEvil: 1".into(), ..dial(4) },
    ];
    for dial in bad {
        let leg = world.dial(dial);
        assert_eq!(world.event().await, unreachable(leg));
    }
    world.provision(None);
    let leg = world.dial(dial(5));
    assert_eq!(world.event().await, unreachable(leg));
    world.switch.provision(timbre_sip::Provision {
        trunks: vec![timbre_sip::Trunk {
            key: "carrier".into(),
            networks: vec![],
            credentials: None,
            channels: 0,
            outbound: Some(outbound(&[carrier.addr()])),
        }],
        stations: vec![],
    });
    let leg = world.dial(dial(6));
    assert_eq!(world.event().await, unreachable(leg), "no channel is free");
    assert_eq!(world.switch.counters().invites_sent, 0);
    assert_eq!(carrier.transactions(), [0; 0]);
    assert_eq!(world.in_use(), 0);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_is_taken_away_keeps_the_calls_it_has() {
    let (mut world, carrier) = world(config()).await;
    let leg = world.dial(dial(1));
    let invite = carrier.expect("INVITE ", &[]).await;
    world.switch.provision(timbre_sip::Provision::default());
    carrier.answer(&invite, "180 Ringing", "far", "", "").await;
    assert_eq!(world.event().await, Event::Ringing { leg });
    let refused = world.dial(dial(2));
    assert_eq!(world.event().await, Event::Ended { leg: refused, how: End::Unreachable });
    carrier.answer(&invite, "200 OK", "far", "", &sdp(40_000)).await;
    carrier.expect("ACK ", &[&invite]).await;
    assert_eq!(world.event().await, Event::Answered { leg });
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    carrier.bye(&[]).await;
    world.falls_quiet().await;
}
