//! The engine over real sockets of the loopback: what far ends send and hear.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::clips::{Clips, FRAME, silence};
use super::packet::{self, Header, LARGEST};
use super::*;

/// Longer than anything takes here, short enough to fail.
const PATIENCE: Duration = Duration::from_secs(5);
const DTMF: u8 = 101;

struct Floor {
    media: Media,
    events: Receiver<MediaEvent>,
}

fn floor(config: MediaConfig, rest: Duration) -> Floor {
    let (tell, events) = channel();
    let media = Media::start_resting(config, rest, move |event| {
        let _ = tell.send(event);
    });
    Floor { media: media.unwrap(), events }
}

fn plain_floor() -> Floor {
    floor(MediaConfig::default(), Duration::from_millis(100))
}

/// So many pairs that nobody has now, below the ports that systems give away.
fn free_ports(pairs: u16) -> RangeInclusive<u16> {
    let bind = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
    let begin = 20_000 + (std::process::id() % 1000) as u16 * 8;
    let mut ranges = (begin..32_000).step_by(8).map(|first| first..=first + 2 * pairs - 1);
    ranges.find(|range| range.clone().map(bind).all(|bound| bound.is_ok())).unwrap()
}

impl Floor {
    /// Asks the statistics until they are as expected: the thread counts a packet after it is sent.
    fn counts(&self, what: &str, reached: impl Fn(&MediaStats) -> bool) -> MediaStats {
        let start = Instant::now();
        loop {
            let stats = self.media.stats();
            if reached(&stats) {
                return stats;
            }
            assert!(start.elapsed() < PATIENCE, "{what}: {stats:?}");
            std::thread::yield_now();
        }
    }
}

/// A telephone: a socket, a port of ours that it talks to, and its own RTP numbering.
struct Phone {
    socket: UdpSocket,
    codec: Codec,
    ours: SocketAddr,
    next: Header,
}

impl Phone {
    fn socket() -> UdpSocket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// A phone on a leg of its own, connected.
    fn on(floor: &Floor, leg: u64, codec: Codec) -> Self {
        let phone = Self::unconnected(floor, leg, codec);
        floor.media.connect(leg, phone.remote(DTMF));
        phone
    }

    fn unconnected(floor: &Floor, leg: u64, codec: Codec) -> Self {
        let ours = SocketAddr::from((Ipv4Addr::LOCALHOST, floor.media.open(leg).unwrap()));
        let ssrc = 0x1000 + leg as u32;
        let payload_type = codec.payload_type();
        let next = Header { marker: false, payload_type, sequence: 65_534, timestamp: 7, ssrc };
        Self { socket: Self::socket(), codec, ours, next }
    }

    fn remote(&self, dtmf: u8) -> Remote {
        Remote {
            rtp: self.socket.local_addr().unwrap(),
            rtcp: None,
            codec: self.codec,
            dtmf: Some(dtmf),
            sends: true,
            receives: true,
        }
    }

    fn say(&mut self, payload: &[u8]) {
        self.say_from(None, payload);
    }

    fn say_from(&mut self, other: Option<&UdpSocket>, payload: &[u8]) {
        let mut bytes = self.next.to_bytes().to_vec();
        bytes.extend_from_slice(payload);
        other.unwrap_or(&self.socket).send_to(&bytes, self.ours).unwrap();
        self.next.sequence = self.next.sequence.wrapping_add(1);
        self.next.timestamp = self.next.timestamp.wrapping_add(FRAME as u32);
    }

    fn hear(&self) -> (Header, Vec<u8>) {
        let mut buffer = [0; LARGEST];
        let (length, from) = self
            .socket
            .recv_from(&mut buffer)
            .unwrap_or_else(|error| panic!("nothing is heard: {error}"));
        assert_eq!(from, self.ours, "symmetric");
        let packet = packet::parse(&buffer[..length]).unwrap();
        (packet.header, buffer[packet.payload].to_vec())
    }

    /// Listens until something other than silence is heard.
    fn hear_sound(&self) -> (Header, Vec<u8>) {
        loop {
            let (header, payload) = self.hear();
            if payload != silence(self.codec) {
                return (header, payload);
            }
        }
    }

    /// Nothing more has come, now that the thread is known to have done what it had to.
    fn hears_nothing(&self) {
        self.socket.set_nonblocking(true).unwrap();
        let heard = self.socket.recv_from(&mut [0; LARGEST]);
        assert!(heard.is_err(), "{heard:?}");
        self.socket.set_nonblocking(false).unwrap();
    }
}

/// A tone of 1 kHz, phase-shifted by `index` so that packets differ.
fn tone(codec: Codec, index: usize) -> Vec<u8> {
    let sample = |at: usize| ((at + index) as f64 * std::f64::consts::TAU / 8.3).sin() * 9000.0;
    let samples: Vec<i16> = (0..FRAME).map(|at| sample(at) as i16).collect();
    g711::encode(codec, &samples)
}

fn as_heard(from: Codec, to: Codec, payload: &[u8]) -> Vec<u8> {
    let mut payload = payload.to_vec();
    g711::transcode(from, to, &mut payload);
    payload
}

#[test]
fn voices_cross_a_bridge_whatever_the_codecs() {
    use Codec::{Pcma, Pcmu};
    for (left, right) in [(Pcma, Pcma), (Pcma, Pcmu), (Pcmu, Pcma)] {
        let floor = plain_floor();
        let mut a = Phone::on(&floor, 1, left);
        let mut b = Phone::on(&floor, 2, right);
        floor.media.bridge(1, 2);
        let mut last = None;
        for index in 0..5 {
            let said = tone(left, index);
            a.say(&said);
            let (header, heard) = b.hear_sound();
            assert_eq!(heard, as_heard(left, right, &said));
            assert_eq!(header.payload_type, right.payload_type());
            assert_eq!(header.marker, index == 0);
            if let Some((sequence, timestamp)) = last {
                assert_eq!(header.sequence, u16::wrapping_add(sequence, 1));
                assert_eq!(header.timestamp, u32::wrapping_add(timestamp, 160));
            }
            last = Some((header.sequence, header.timestamp));

            let answered = tone(right, index);
            b.say(&answered);
            assert_eq!(a.hear_sound().1, as_heard(right, left, &answered));
        }
        let stats = floor.counts("relayed", |stats| stats.packets_relayed == 10);
        assert_eq!((stats.packets_received, stats.packets_lost), (10, 0));
        assert_eq!(stats.dropped, DropCounts::default());
    }
}

#[test]
fn hold_plays_the_loop_in_the_same_stream() {
    let clips = Clips::load().unwrap();
    let floor = plain_floor();
    let mut a = Phone::on(&floor, 1, Codec::Pcmu);
    let mut b = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.bridge(1, 2);
    b.say(&tone(Codec::Pcma, 0));
    let (voice, _) = a.hear_sound();

    floor.media.play(1, Play::Music);
    assert_eq!(b.hear().1, silence(Codec::Pcma), "the other side hears silence");
    let mut last = voice;
    for index in 0..10 {
        let (header, heard) = a.hear();
        assert_eq!(heard, clips.music.frame(Codec::Pcmu, index), "frame {index}");
        assert_eq!(header.sequence, last.sequence.wrapping_add(1));
        assert_eq!((header.ssrc, header.marker), (voice.ssrc, index == 0));
        let passed = header.timestamp.wrapping_sub(last.timestamp);
        assert!(if index == 0 { (160..8000).contains(&passed) } else { passed == 160 });
        last = header;
    }
    a.say(&tone(Codec::Pcmu, 1));
    floor.counts("held", |stats| stats.dropped.no_peer == 1);

    floor.media.bridge(2, 1);
    b.say(&tone(Codec::Pcma, 2));
    let expected = as_heard(Codec::Pcma, Codec::Pcmu, &tone(Codec::Pcma, 2));
    let resumed = loop {
        let (header, heard) = a.hear();
        assert_eq!(header.sequence, last.sequence.wrapping_add(1));
        last = header;
        if heard == expected {
            break header;
        }
    };
    assert!(resumed.marker && resumed.ssrc == voice.ssrc);
}

#[test]
fn the_greeting_is_told_once_and_music_follows() {
    let clips = Clips::load().unwrap();
    let floor = plain_floor();
    let phone = Phone::unconnected(&floor, 1, Codec::Pcma);
    floor.media.play(1, Play::GreetingThenMusic(Language::Es));
    floor.media.connect(1, phone.remote(DTMF));
    let greeting = clips.greeting(Language::Es);
    let start = Instant::now();
    for index in 0..greeting.frames() {
        assert_eq!(phone.hear().1, greeting.frame(Codec::Pcma, index), "frame {index}");
    }
    let seconds = start.elapsed().as_secs_f64() - greeting.frames() as f64 / 50.0;
    assert!(seconds.abs() < 0.5, "played in its time, {seconds} s off");
    assert_eq!(phone.hear().1, clips.music.frame(Codec::Pcma, 0));
    assert_eq!(floor.events.recv_timeout(PATIENCE), Ok(MediaEvent::GreetingPlayed { leg: 1 }));
}

#[test]
fn a_stranger_is_neither_heard_nor_answered() {
    let floor = plain_floor();
    let mut a = Phone::on(&floor, 1, Codec::Pcma);
    let mut b = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.bridge(1, 2);
    a.say(&tone(Codec::Pcma, 0));
    b.hear_sound();
    let stranger = Phone::socket();
    for index in 0..10 {
        a.say_from(Some(&stranger), &tone(Codec::Pcma, index));
    }
    let stats = floor.counts("refused", |stats| stats.dropped.wrong_source == 10);
    assert_eq!(stats.packets_relayed, 1);
    b.hears_nothing();
    b.say(&tone(Codec::Pcma, 3));
    assert_eq!(a.hear_sound().1, tone(Codec::Pcma, 3));
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv_from(&mut [0; LARGEST]).is_err());
}

#[test]
fn a_far_end_behind_a_nat_is_learnt_and_nothing_is_sent_before_connect() {
    let floor = plain_floor();
    let mut a = Phone::on(&floor, 1, Codec::Pcma);
    let mut b = Phone::on(&floor, 2, Codec::Pcma);
    let mut early = Phone::unconnected(&floor, 3, Codec::Pcma);
    floor.media.play(3, Play::Music);
    for index in 0..5 {
        early.say(&tone(Codec::Pcma, index));
    }
    floor.counts("early", |stats| stats.dropped.unconnected == 5);
    early.hears_nothing();

    let mapped = Phone::socket();
    floor.media.bridge(1, 2);
    for index in 0..4 {
        a.say_from(Some(&mapped), &tone(Codec::Pcma, index));
    }
    assert_eq!(b.hear_sound().1, tone(Codec::Pcma, 2), "the third proves it");
    assert_eq!(b.hear_sound().1, tone(Codec::Pcma, 3));
    b.say(&tone(Codec::Pcma, 9));
    let mut buffer = [0; LARGEST];
    let (length, _) = mapped.recv_from(&mut buffer).unwrap();
    assert_eq!(buffer[12..length], tone(Codec::Pcma, 9), "answered where it came from");
}

#[test]
fn keys_are_told_once_and_relayed_under_the_peers_number() {
    let floor = plain_floor();
    let mut a = Phone::on(&floor, 1, Codec::Pcma);
    let b = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.connect(2, b.remote(96));
    floor.media.bridge(1, 2);
    a.next.payload_type = DTMF;
    for duration in [160_u16, 320, 320] {
        let [d0, d1] = duration.to_be_bytes();
        a.say(&[7, 10, d0, d1]);
        a.next.timestamp -= 160;
        let (header, payload) = b.hear_sound();
        assert_eq!((header.payload_type, payload), (96, vec![7, 10, d0, d1]));
    }
    assert_eq!(floor.events.recv_timeout(PATIENCE), Ok(MediaEvent::Key { leg: 1, key: '7' }));
    floor.counts("one key", |stats| stats.keys == 1 && stats.packets_relayed == 3);
    assert!(floor.events.try_recv().is_err());
}

#[test]
fn packets_that_waited_for_the_thread_all_go_on() {
    let (release, held) = channel::<()>();
    // The key keeps the thread in its listener until the test lets it go.
    let wait = move |_| {
        let _ = held.recv();
    };
    let media = Media::start(MediaConfig::default(), wait).unwrap();
    let floor = Floor { media, events: channel().1 };
    let mut a = Phone::on(&floor, 1, Codec::Pcma);
    let b = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.bridge(1, 2);
    a.next.payload_type = DTMF;
    a.say(&[1, 10, 0, 160]);
    a.next.payload_type = 8;
    for index in 0..50 {
        a.say(&tone(Codec::Pcma, index));
    }
    release.send(()).unwrap();
    b.hear_sound();
    for index in 0..50 {
        assert_eq!(b.hear_sound().1, tone(Codec::Pcma, index), "packet {index}");
    }
}

#[test]
fn rubbish_ends_nothing() {
    let floor = plain_floor();
    let mut a = Phone::on(&floor, 1, Codec::Pcma);
    let b = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.bridge(1, 2);
    let rubbish: [&[u8]; 6] =
        [b"", b"\x80", &[0; 172], &[0x9f; 40], &[0xbf; 60], &[0x80; LARGEST + 500]];
    for bytes in rubbish {
        a.socket.send_to(bytes, a.ours).unwrap();
        a.socket.send_to(bytes, (a.ours.ip(), a.ours.port() + 1)).unwrap();
    }
    a.next.payload_type = 18;
    a.say(b"G.729");
    a.next.payload_type = 8;
    a.say(&tone(Codec::Pcma, 1));
    assert_eq!(b.hear_sound().1, tone(Codec::Pcma, 1));
    let stats = floor.counts("all", |stats| stats.packets_relayed == 1 && stats.rtcp_received == 6);
    assert_eq!((stats.dropped.malformed, stats.dropped.unplayable), (12, 1));
}

#[test]
fn a_port_rests_and_what_is_late_is_not_heard_in_the_next_call() {
    let config = MediaConfig { ports: free_ports(2), ..MediaConfig::default() };
    let floor = floor(config, Duration::from_millis(300));
    let mut old = Phone::on(&floor, 1, Codec::Pcma);
    let mut b = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.bridge(1, 2);
    old.say(&tone(Codec::Pcma, 0));
    b.hear_sound();
    let closed = Instant::now();
    floor.media.close(1);
    floor.counts("closed", |stats| stats.legs_open == 1);
    assert_eq!(floor.media.open(3), Err(NoPorts::Range), "both pairs are taken, one rests");

    for index in 0..5 {
        old.say(&tone(Codec::Pcma, index));
    }
    let port = loop {
        match floor.media.open(3) {
            Ok(port) => break port,
            Err(NoPorts::Range) => assert!(closed.elapsed() < PATIENCE),
            Err(other) => panic!("{other}"),
        }
        old.say(&tone(Codec::Pcma, 7));
        std::thread::yield_now();
        if closed.elapsed() > Duration::from_millis(400) {
            // Once the old far end is quiet the port is free soon.
            floor.counts("rested", |stats| stats.pairs_idle == 1);
        }
    };
    assert!(closed.elapsed() >= Duration::from_millis(300));
    assert_eq!(port, old.ours.port());
    let mut new = Phone { socket: Phone::socket(), ours: old.ours, ..Phone::on_port(&old) };
    floor.media.connect(3, new.remote(DTMF));
    floor.media.bridge(3, 2);
    b.say(&tone(Codec::Pcma, 2));
    assert_eq!(new.hear_sound().1, tone(Codec::Pcma, 2));
    new.say(&tone(Codec::Pcma, 1));
    assert_eq!(b.hear_sound().1, tone(Codec::Pcma, 1));
    let late = floor.media.stats().dropped.wrong_source;
    for index in 0..60 {
        old.say(&tone(Codec::Pcma, index));
    }
    let stats = floor.counts("late", |stats| stats.dropped.wrong_source >= late + 60);
    assert_eq!(stats.packets_relayed, 3);
}

impl Phone {
    /// Another phone that talks to the same port.
    fn on_port(other: &Self) -> Self {
        let next = Header { ssrc: 99, sequence: 1, ..other.next };
        Self { socket: Self::socket(), codec: other.codec, ours: other.ours, next }
    }
}

#[test]
fn a_far_end_that_falls_silent_is_told_once() {
    let config = MediaConfig { timeout: Duration::from_millis(300), ..MediaConfig::default() };
    let floor = floor(config, Duration::from_millis(100));
    let phone = Phone::on(&floor, 1, Codec::Pcma);
    let listener = Phone::on(&floor, 2, Codec::Pcma);
    floor.media.connect(2, Remote { sends: false, ..listener.remote(DTMF) });
    floor.media.play(1, Play::Ringback);
    assert_eq!(floor.events.recv_timeout(PATIENCE), Ok(MediaEvent::Lost { leg: 1 }));
    assert_eq!(floor.media.stats().dropped.malformed, 0);
    for _ in 0..60 {
        phone.hear();
    }
    assert!(floor.events.try_recv().is_err(), "neither again nor for one that does not send");
}

#[test]
fn the_last_handle_takes_the_thread_and_its_sockets_with_it() {
    let floor = plain_floor();
    let port = floor.media.open(1).unwrap();
    let other = floor.media.clone();
    drop(floor.media);
    assert!(UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_err(), "a clone still has it");
    drop(other);
    let start = Instant::now();
    while UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    assert!(floor.events.recv().is_err());
}

#[test]
fn what_was_measured_of_a_leg_is_known_after_its_end() {
    let floor = plain_floor();
    let mut phone = Phone::on(&floor, 1, Codec::Pcma);
    phone.say(&tone(Codec::Pcma, 0));
    phone.next.sequence = phone.next.sequence.wrapping_add(3);
    phone.say(&tone(Codec::Pcma, 1));
    floor.counts("both came", |stats| stats.packets_received == 2);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let measure = |leg| runtime.block_on(floor.media.measure(leg));
    let seen = |it: LegMedia| (it.received, it.lost);
    assert_eq!(measure(1).map(seen), Some((2, 3)));
    floor.media.close(1);
    assert_eq!(measure(1).map(seen), Some((2, 3)), "it is closed");
    assert_eq!(measure(2), None);
}
