//! Dialogs message by message: what sipp's scenarios cannot ask.

use std::time::Duration;

use timbre_sip::{Command, End, Event, LegId};

use crate::phone::{Line, status};
use crate::world::{ANA, World, config};

pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                       m=audio 40000 RTP/AVP 0 8\r\n";

/// An INVITE that begins a call.
pub fn invite(line: &Line, extra: &str, sdp: &str) -> String {
    let to = "<sip:+34910000001@127.0.0.1>";
    let contact = format!("Contact: <sip:tester@127.0.0.1:{}>\r\n", line.port());
    let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    line.request(
        "INVITE",
        "sip:+34910000001@127.0.0.1",
        to,
        &format!("{contact}{extra}{kind}"),
        sdp,
    )
}

/// A header of a message, whole.
pub fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let wanted = message
        .lines()
        .find(|it| it.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase())));
    wanted
        .unwrap_or_else(|| panic!("no {name} in {message}"))
        .split_once(':')
        .expect("a header")
        .1
        .trim()
}

/// The ACK of a final response.
pub fn ack(line: &Line, answer: &str) -> String {
    let seq = header(answer, "CSeq").split(' ').next().expect("a number").to_owned();
    let request = line.request("ACK", "sip:timbre@127.0.0.1", header(answer, "To"), "", "");
    let own = header(&request, "CSeq").to_owned();
    let request = request.replace(&format!("CSeq: {own}"), &format!("CSeq: {seq} ACK"));
    if status(answer) < 300 {
        return request;
    }
    let branch = header(&request, "Via").to_owned();
    request.replace(&branch, header(answer, "Via"))
}

/// A call that is up: its leg, and the answer that brought it up.
async fn up(world: &mut World, line: &Line, extra: &str) -> (LegId, String) {
    line.send(invite(line, extra, SDP).as_bytes()).await.expect("sent");
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: timbre_sip::media::Language::Es });
    assert_eq!(status(&line.receive().await.expect("100")), 100);
    let answer = line.receive().await.expect("200");
    assert_eq!(status(&answer), 200, "{answer}");
    line.send(ack(line, &answer).as_bytes()).await.expect("sent");
    assert_eq!(world.event().await, Event::Answered { leg });
    (leg, answer)
}

/// Answers a request 200 with further header lines.
async fn accept(line: &Line, request: &str, extra: &str) {
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"]
        .map(|name| format!("{name}: {}\r\n", header(request, name)))
        .concat();
    let answer = format!("SIP/2.0 200 OK\r\n{copied}{extra}Content-Length: 0\r\n\r\n");
    line.send(answer.as_bytes()).await.expect("sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_200_is_repeated_until_its_ack() {
    let mut world = World::new(config()).await;
    let line = Line::new(world.port).await.expect("a socket");
    line.send(invite(&line, "", SDP).as_bytes()).await.expect("sent");
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: timbre_sip::media::Language::Es });
    assert_eq!(status(&line.receive().await.expect("100")), 100);
    let answer = line.receive().await.expect("200");
    assert_eq!(line.receive().await.expect("again"), answer);
    line.send(ack(&line, &answer).as_bytes()).await.expect("sent");
    assert_eq!(world.event().await, Event::Answered { leg });
    let theirs = line.request("BYE", "sip:timbre@127.0.0.1", header(&answer, "To"), "", "");
    line.send(theirs.as_bytes()).await.expect("sent");
    while header(&line.receive().await.expect("200"), "CSeq").ends_with("INVITE") {}
    assert_eq!(world.event().await, Event::Ended { leg, how: End::FarEnd });
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_refreshed_ends_as_lost() {
    let mut config = config();
    config.timing.min_session_expires = Duration::from_secs(1);
    let mut world = World::new(config).await;
    let line = Line::new(world.port).await.expect("a socket");
    let wish = "Supported: timer\r\nSession-Expires: 1;refresher=uac\r\n";
    let (leg, answer) = up(&mut world, &line, wish).await;
    assert_eq!(header(&answer, "Session-Expires"), "1;refresher=uac");
    assert_eq!(header(&answer, "Require"), "timer");
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Lost });
    let bye = line.receive().await.expect("BYE");
    assert!(bye.starts_with("BYE sip:tester@127.0.0.1"), "{bye}");
    accept(&line, &bye, "").await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn we_refresh_for_a_caller_without_timers_and_survive_a_glare() {
    let mut config = config();
    config.timing.min_session_expires = Duration::from_secs(1);
    config.timing.session_expires = Some(Duration::from_secs(2));
    let mut world = World::new(config).await;
    let line = Line::new(world.port).await.expect("a socket");
    let (leg, answer) = up(&mut world, &line, "Allow: INVITE, UPDATE\r\n").await;
    assert_eq!(header(&answer, "Session-Expires"), "2;refresher=uas");
    let update = line.receive().await.expect("a refresh");
    assert!(update.starts_with("UPDATE "), "{update}");
    // Ours is not answered yet: a re-INVITE now meets it (RFC 3261 §14.1).
    let to = header(&answer, "To").to_owned();
    let contact = format!("Contact: <sip:tester@127.0.0.1:{}>\r\n", line.port());
    let again = line.request("INVITE", "sip:timbre@127.0.0.1", &to, &contact, "");
    line.send(again.as_bytes()).await.expect("sent");
    let mut glare = line.receive().await.expect("an answer");
    while status(&glare) == 0 {
        glare = line.receive().await.expect("an answer");
    }
    assert_eq!(status(&glare), 491, "{glare}");
    line.send(ack(&line, &glare).as_bytes()).await.expect("sent");
    accept(&line, &update, "Session-Expires: 2;refresher=uac\r\n").await;
    let mut next = line.receive().await.expect("the next refresh");
    while header(&next, "CSeq") == header(&update, "CSeq") {
        next = line.receive().await.expect("the next refresh");
    }
    assert!(next.starts_with("UPDATE "), "{next}");
    accept(&line, &next, "Session-Expires: 2;refresher=uac\r\n").await;
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    let mut bye = line.receive().await.expect("BYE");
    while !bye.starts_with("BYE ") {
        bye = line.receive().await.expect("BYE");
    }
    accept(&line, &bye, "").await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_agreed_is_refused_by_its_own_code() {
    let mut world = World::new(config()).await;
    let video = SDP.replace("audio", "video");
    let cases = [
        ("Supported: timer\r\nSession-Expires: 30\r\n", SDP, 422, "Min-SE: 90"),
        ("", "v=0\r\nthis is no SDP", 400, ""),
        ("", video.as_str(), 488, "Warning: 304"),
        ("Require: nothing\r\n", SDP, 420, "Unsupported: nothing"),
    ];
    for (extra, sdp, code, says) in cases {
        let line = Line::new(world.port).await.expect("a socket");
        line.send(invite(&line, extra, sdp).as_bytes()).await.expect("sent");
        let answer = line.receive().await.expect("an answer");
        assert_eq!(status(&answer), code, "{answer}");
        assert!(answer.contains(says), "{answer}");
        line.send(ack(&line, &answer).as_bytes()).await.expect("sent");
    }
    // An older CSeq within a dialog is out of order (RFC 3261 §12.2.2).
    let line = Line::new(world.port).await.expect("a socket");
    let (leg, answer) = up(&mut world, &line, "").await;
    let stale = line.request("UPDATE", "sip:timbre@127.0.0.1", header(&answer, "To"), "", "");
    let own = header(&stale, "CSeq").to_owned();
    line.send(stale.replace(&own, "1 UPDATE").as_bytes()).await.expect("sent");
    assert_eq!(status(&line.receive().await.expect("an answer")), 500);
    // BYE that crosses ours is answered, and ours is answered.
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    let ours = line.receive().await.expect("BYE");
    let theirs = line.request("BYE", "sip:timbre@127.0.0.1", header(&answer, "To"), "", "");
    line.send(theirs.as_bytes()).await.expect("sent");
    let crossed = line.receive().await.expect("an answer");
    assert_eq!(status(&crossed), 200, "{crossed}");
    accept(&line, &ours, "").await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_calls_in_for_the_shift_and_nowhere_else() {
    let mut world = World::new(config()).await;
    let line = Line::new(world.port).await.expect("a socket");
    let call = |line: &Line, user: &str, extra: &str| {
        invite(line, extra, SDP).replace("+34910000001", user)
    };
    line.send(call(&line, "shift", "").as_bytes()).await.expect("sent");
    let challenge = line.receive().await.expect("an answer");
    assert_eq!(status(&challenge), 407, "{challenge}");
    line.send(ack(&line, &challenge).as_bytes()).await.expect("sent");
    let uri = "sip:shift@127.0.0.1";
    let proof = ANA.proof("Proxy-Authorization", &challenge, "INVITE", uri);
    line.send(call(&line, "shift", &proof).as_bytes()).await.expect("sent");
    assert_eq!(status(&line.receive().await.expect("100")), 100);
    let answer = line.receive().await.expect("200");
    assert_eq!(status(&answer), 200, "{answer}");
    line.send(ack(&line, &answer).as_bytes()).await.expect("sent");
    let Event::StationCalledIn { user, leg } = world.event().await else {
        panic!("the phone called in")
    };
    assert_eq!(user, ANA.user);
    let bye = line.request("BYE", "sip:timbre@127.0.0.1", header(&answer, "To"), "", "");
    line.send(bye.as_bytes()).await.expect("sent");
    assert_eq!(status(&line.receive().await.expect("200")), 200);
    assert_eq!(world.event().await, Event::Ended { leg, how: End::FarEnd });
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_is_known_by_its_digest_from_any_address() {
    use timbre_sip::{Credentials, Ha1, Provision, Trunk};
    let mut world = World::new(config()).await;
    let login = crate::phone::Login { user: "pbx", password: "p", algorithm: "MD5" };
    world.switch.provision(Provision {
        trunks: vec![Trunk {
            key: "pbx".into(),
            networks: vec![],
            credentials: Some(Credentials {
                user: "pbx".into(),
                ha1: Ha1::of("pbx", "timbre", "p"),
            }),
            channels: 1,
            outbound: None,
        }],
        stations: vec![],
    });
    let line = Line::new(world.port).await.expect("a socket");
    line.send(invite(&line, "", SDP).as_bytes()).await.expect("sent");
    let challenge = line.receive().await.expect("an answer");
    assert_eq!(status(&challenge), 407, "{challenge}");
    let uri = "sip:+34910000001@127.0.0.1";
    let wrong = crate::phone::Login { password: "q", ..login };
    let proof = wrong.proof("Proxy-Authorization", &challenge, "INVITE", uri);
    line.send(invite(&line, &proof, SDP).as_bytes()).await.expect("sent");
    let refused = line.receive().await.expect("an answer");
    assert_eq!(status(&refused), 403, "{refused}");
    line.send(ack(&line, &refused).as_bytes()).await.expect("sent");
    let proof = login.proof("Proxy-Authorization", &challenge, "INVITE", uri);
    line.send(invite(&line, &proof, SDP).as_bytes()).await.expect("sent");
    let call = world.arrival().await;
    assert_eq!(call.trunk, "pbx");
    // Its one channel is taken.
    let other = Line::new(world.port).await.expect("a socket");
    other.send(invite(&other, "", SDP).as_bytes()).await.expect("sent");
    let challenge = other.receive().await.expect("an answer");
    let proof = login.proof("Proxy-Authorization", &challenge, "INVITE", uri);
    other.send(invite(&other, &proof, SDP).as_bytes()).await.expect("sent");
    let full = other.receive().await.expect("an answer");
    assert!(status(&full) == 503 && full.contains("Retry-After"), "{full}");
    other.send(ack(&other, &full).as_bytes()).await.expect("sent");
    // Shutting down refuses the one that is there.
    world.switch.shutdown(Duration::from_millis(200)).await;
    assert_eq!(world.events.recv().await, Some(Event::Ended { leg: call.leg, how: End::Ours }));
}
