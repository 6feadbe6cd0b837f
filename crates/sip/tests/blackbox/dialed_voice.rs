//! What a dialed number hears: an agent who is there already, or the message of an abandoned call.

use std::time::{Duration, Instant};

use timbre_sip::media::Language;
use timbre_sip::{Command, End, Event, LegId};
use tokio::net::UdpSocket;

use crate::carrier::{Carrier, outbound, sdp};
use crate::phone::{Line, status};
use crate::sessions::{ack, header, invite};
use crate::world::{ANA, World, config};

/// A far end's voice: its socket, and where the switch listens to it.
struct Voice {
    socket: UdpSocket,
    to: u16,
}

impl Voice {
    async fn new() -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.expect("a socket"), to: 0 }
    }

    fn sdp(&self) -> String {
        sdp(self.socket.local_addr().expect("its address").port())
    }

    async fn send(&self, sequence: u16, sample: u8) {
        let packet = rtp(8, sequence, &[sample; 160]);
        self.socket.send_to(&packet, ("127.0.0.1", self.to)).await.expect("sent");
    }

    /// The first sample of the next packet, within two seconds.
    async fn hear(&self) -> u8 {
        let mut packet = [0; 400];
        let heard = tokio::time::timeout(Duration::from_secs(2), self.socket.recv(&mut packet));
        heard.await.expect("voice in time").expect("a packet");
        packet[12]
    }
}

fn rtp(payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend(payload);
    packet
}

fn media_port(message: &str) -> u16 {
    let rest = message.split_once("m=audio ").expect("audio").1;
    rest.split(' ').next().and_then(|it| it.parse().ok()).expect("a port")
}

/// Ana's phone calls in for the shift.
async fn call_in(world: &mut World) -> (LegId, Line, Voice) {
    let mut voice = Voice::new().await;
    let line = Line::new(world.port).await.expect("a socket");
    let call = |extra: &str| invite(&line, extra, &voice.sdp()).replace("+34910000001", "shift");
    line.send(call("").as_bytes()).await.expect("sent");
    let challenge = line.receive().await.expect("407");
    line.send(ack(&line, &challenge).as_bytes()).await.expect("sent");
    let uri = "sip:shift@127.0.0.1";
    let proof = ANA.proof("Proxy-Authorization", &challenge, "INVITE", uri);
    line.send(call(&proof).as_bytes()).await.expect("sent");
    assert_eq!(status(&line.receive().await.expect("100")), 100);
    let answer = line.receive().await.expect("200");
    line.send(ack(&line, &answer).as_bytes()).await.expect("sent");
    let Event::StationCalledIn { leg, .. } = world.event().await else { panic!("she called in") };
    voice.to = media_port(&answer);
    (leg, line, voice)
}

/// A number that was dialed and has answered.
async fn answered(world: &mut World, carrier: &Carrier) -> (LegId, Voice) {
    let mut voice = Voice::new().await;
    let (leg, invite) = world.answered(carrier, 1, &voice.sdp()).await;
    voice.to = media_port(&invite);
    (leg, voice)
}

async fn world() -> (World, Carrier) {
    let world = World::new(config()).await;
    let carrier = Carrier::new(world.port).await;
    world.provision(Some(outbound(&[carrier.addr()])));
    (world, carrier)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_number_hears_the_waiting_agent_at_once() {
    let (mut world, carrier) = world().await;
    let (agent, line, ana) = call_in(&mut world).await;
    let (customer, callee) = answered(&mut world, &carrier).await;
    assert_eq!(callee.hear().await, 0xd5, "silence until something is asked");
    let asked = Instant::now();
    world.switch.perform(Command::Bridge { customer, agent });
    // The very first packet after the bridge was asked for is heard: nothing rings, nothing is set up any more.
    ana.send(1, 0x2a).await;
    while callee.hear().await != 0x2a {}
    let passed = asked.elapsed();
    // 20 ms are due; the rest is for a machine that runs other tests.
    assert!(passed < Duration::from_millis(200), "{passed:?}");
    println!("from Bridge to voice: {passed:?}");
    callee.send(1, 0x11).await;
    while ana.hear().await != 0x11 {}
    world.switch.perform(Command::HangUp { leg: customer });
    assert_eq!(world.event().await, Event::Ended { leg: customer, how: End::Ours });
    carrier.bye(&[]).await;
    world.switch.perform(Command::HangUp { leg: agent });
    assert_eq!(world.event().await, Event::Ended { leg: agent, how: End::Ours });
    let bye = line.receive().await.expect("BYE");
    assert!(bye.starts_with("BYE "), "{bye}");
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"]
        .map(|name| format!("{name}: {}\r\n", header(&bye, name)))
        .concat();
    let confirmed = format!("SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n");
    line.send(confirmed.as_bytes()).await.expect("sent");
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_number_hears_why_and_its_keys_are_told() {
    let (mut world, carrier) = world().await;
    let (leg, callee) = answered(&mut world, &carrier).await;
    assert_eq!(callee.hear().await, 0xd5);
    world.switch.perform(Command::PlayAbandoned { leg, language: Language::Es });
    while callee.hear().await == 0xd5 {}
    // Key 9, pressed for 20 ms and released (RFC 4733 §2.3).
    for (sequence, flags) in [(1, 0x0a), (2, 0x8a)] {
        let packet = rtp(101, sequence, &[9, flags, 0, 160]);
        callee.socket.send_to(&packet, ("127.0.0.1", callee.to)).await.expect("sent");
    }
    assert_eq!(world.event().await, Event::Key { leg, key: '9' });
    // Twelve seconds of it are heard out by a test of the media engine, on its own clock.
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    carrier.bye(&[]).await;
    world.falls_quiet().await;
}
