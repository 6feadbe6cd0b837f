//! One leg through re-INVITEs, reports and silence, on a clock of the test's.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::clips::Clips;
use super::leg::{Content, Hears, Leg, Moment};
use super::packet::{Header, Packet};
use super::stats::Dropped;
use super::{Codec, Language, Play, Remote, rtcp};

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

const REMOTE: Remote = Remote {
    rtp: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4000),
    rtcp: None,
    codec: Codec::Pcma,
    dtmf: None,
    sends: true,
    receives: true,
};

struct Clock(Instant);

impl Clock {
    fn at(&self, milliseconds: u32) -> Moment {
        let instant = self.0 + Duration::from_millis(u64::from(milliseconds));
        Moment { instant, clock: milliseconds * 8 }
    }
}

fn connected() -> (Leg, Clock) {
    let clock = Clock(Instant::now());
    let mut leg = Leg::new(1, clock.at(0));
    leg.connect(REMOTE, clock.at(0));
    (leg, clock)
}

fn header(sequence: u16) -> Header {
    let timestamp = u32::from(sequence) * 160;
    Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 9 }
}

fn take(leg: &mut Leg, port: u16, sequence: u16, now: Moment) -> Result<(), Dropped> {
    let packet = Packet { header: header(sequence), payload: 12..172 };
    leg.take(address(port), &packet, &[0xd5; 160], now).map(|_| ())
}

#[test]
fn a_far_end_on_hold_is_sent_nothing_and_comes_back_into_the_same_stream() {
    let (mut leg, clock) = connected();
    let clips = Clips::load().unwrap();
    leg.hear(Hears::from(Play::Music));
    let before = leg.play(&clips, clock.at(0)).0.unwrap().header;
    leg.connect(Remote { receives: false, ..REMOTE }, clock.at(20));
    assert!(leg.play(&clips, clock.at(20)).0.is_none());
    let relayed = leg.relay(Content::Voice(Codec::Pcma), &header(1), &mut [0; 160], clock.at(30));
    assert_eq!(relayed, Err(Dropped::NoPeer));
    leg.connect(REMOTE, clock.at(40));
    let after = leg.play(&clips, clock.at(40)).0.unwrap().header;
    assert_eq!((after.ssrc, after.sequence), (before.ssrc, before.sequence.wrapping_add(1)));
    assert_eq!((after.timestamp.wrapping_sub(before.timestamp), after.marker), (320, true));
}

#[test]
fn the_message_of_an_abandoned_call_is_told_to_its_end_once_and_silence_follows() {
    let (mut leg, clock) = connected();
    let clips = Clips::load().unwrap();
    let whole = clips.abandoned(Language::Es).frames();
    leg.hear(Hears::from(Play::AbandonedThenSilence(Language::Es)));
    for frame in 0..whole {
        let (sent, ended) = leg.play(&clips, clock.at(20 * frame as u32));
        assert!(sent.is_some() && !ended, "{frame}");
    }
    let (sent, ended) = leg.play(&clips, clock.at(20 * whole as u32));
    assert!(sent.is_none() && ended);
    assert_eq!(leg.hears, Hears::Silence);
    let (sent, ended) = leg.play(&clips, clock.at(20 * (whole as u32 + 1)));
    assert!(sent.is_none() && !ended);
    assert!(leg.keep_alive(clock.at(20 * (whole as u32 + 2))).is_some());
}

#[test]
fn addresses_that_are_nowhere_are_sent_nothing() {
    for nowhere in ["0.0.0.0:4000", "192.0.2.1:0"] {
        let (mut leg, clock) = connected();
        leg.connect(Remote { rtp: nowhere.parse().unwrap(), ..REMOTE }, clock.at(0));
        assert!(leg.keep_alive(clock.at(0)).is_none(), "{nowhere}");
    }
}

#[test]
fn reports_go_every_five_seconds_to_where_rtcp_comes_from() {
    let (mut leg, clock) = connected();
    let mut out = [0; rtcp::LONGEST];
    leg.keep_alive(clock.at(0)).unwrap();
    for sequence in [1, 2, 4] {
        take(&mut leg, 4000, sequence, clock.at(20 * u32::from(sequence))).unwrap();
    }
    assert_eq!(leg.report(&mut out, 0, clock.at(4999)), None);
    let (to, length) = leg.report(&mut out, 0, clock.at(5000)).unwrap();
    assert_eq!((to, length), (address(4001), 28 + 24 + 20));
    assert_eq!((out[1], &out[20..28]), (200, &[0, 0, 0, 1, 0, 0, 0, 160][..]), "one packet sent");
    assert_eq!(out[32..36], [64, 0, 0, 1], "one of four is lost");

    // A NAT gave its RTCP another port, which is believed for its host only.
    let report = [0x80, 200, 0, 6, 0, 0, 0, 9, 0, 0, 0xab, 0xcd, 0xef, 1, 0, 0]
        .into_iter()
        .chain([0; 12])
        .collect::<Vec<u8>>();
    let stranger = SocketAddr::from(([203, 0, 113, 9], 4001));
    assert_eq!(leg.take_rtcp(stranger, &report, clock.at(5100)), Err(Dropped::WrongSource));
    assert_eq!(leg.take_rtcp(address(7001), &report, clock.at(6000)), Ok(()));
    assert_eq!(leg.take_rtcp(address(7003), &report, clock.at(6000)), Err(Dropped::WrongSource));
    assert_eq!(leg.report(&mut out, 0, clock.at(9999)), None);
    let (to, _) = leg.report(&mut out, 0, clock.at(10_000)).unwrap();
    assert_eq!(to, address(7001));
    assert_eq!(out[44..48], [0xab, 0xcd, 0xef, 1], "its last report");
    assert_eq!(out[48..52], (4 * 65_536_u32).to_be_bytes(), "four seconds ago");
}

#[test]
fn silence_is_told_once_and_only_of_who_should_send() {
    let (mut leg, clock) = connected();
    let limit = Duration::from_secs(30);
    assert!(!leg.has_gone(limit, clock.at(29_999)));
    assert!(leg.has_gone(limit, clock.at(30_000)));
    assert!(!leg.has_gone(limit, clock.at(90_000)));
    take(&mut leg, 4000, 1, clock.at(90_000)).unwrap();
    assert!(leg.has_gone(limit, clock.at(120_000)), "it had come back");

    take(&mut leg, 4000, 2, clock.at(120_000)).unwrap();
    leg.connect(Remote { sends: false, ..REMOTE }, clock.at(120_000));
    assert!(!leg.has_gone(limit, clock.at(300_000)), "on hold");
    leg.connect(REMOTE, clock.at(300_000));
    assert!(!leg.has_gone(limit, clock.at(329_000)), "the clock begins with the end of hold");
    assert!(leg.has_gone(limit, clock.at(330_000)));
}

#[test]
fn a_leg_is_measured_over_all_its_streams() {
    let (mut leg, clock) = connected();
    for sequence in [1, 2, 5, 6, 4] {
        take(&mut leg, 4000, sequence, clock.at(u32::from(sequence) * 20)).unwrap();
    }
    // Another stream, as after a transfer at the far end.
    take(&mut leg, 4000, 40_000, clock.at(140)).unwrap();
    let measured = leg.measured(clock.at(640));
    assert_eq!((measured.received, measured.lost, measured.sent), (6, 1, 0));
    assert_eq!(measured.silent_for, Duration::from_millis(500));
}
