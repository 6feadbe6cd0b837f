//! One far end: what is believed of what it sends, and what it hears. No sockets here.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::clips::{self, Clip, Clips, FRAME};
use super::dtmf::Keys;
use super::learn::SourceLock;
use super::packet::{Header, Packet};
use super::reception::{Arrival, Reception};
use super::rtcp;
use super::stats::{Dropped, LegMedia};
use super::stream::Stream;
use super::{Codec, Language, Play, Question, Remote, g711};

/// Time between our reports to a far end (RFC 3550 §6.2: at least five seconds for two members).
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// A moment on both clocks: the machine's, and the media clock of 8 kHz that it drives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    /// Samples, modulo 2^32.
    pub(crate) clock: u32,
}

/// What one leg is and hears.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: u64,
    pub(crate) hears: Hears,
    far: Option<Far>,
    stream: Stream,
    reception: Reception,
    keys: Keys,
    heard_at: Instant,
    reported_lost: bool,
    report_due: Instant,
    /// Over all its streams, other than [`Reception`].
    received: u64,
    skipped: u64,
    late: u64,
}

/// Where what a far end hears comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    Silence,
    /// The far end on another line.
    Line(u32),
    Recording(Recording),
}

/// A recording being played, and the next frame of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recording {
    what: What,
    next: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Ringback,
    Music,
    Greeting(Language),
    Abandoned(Language),
    Question(Question, Language),
    Thanks(Language),
}

#[derive(Debug)]
struct Far {
    remote: Remote,
    rtp: SourceLock,
    /// Where its RTCP came from, when not from where SDP says.
    rtcp: Option<SocketAddr>,
    /// Its last sender report: the middle of its time, and when it came.
    last_report: Option<(u32, Instant)>,
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Voice(Codec),
    /// RFC 4733.
    Event,
    /// Comfort noise, keep-alives, codecs that were not agreed.
    Other,
}

/// A packet that was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) content: Content,
    pub(crate) arrival: Arrival,
    pub(crate) key: Option<char>,
}

/// A frame of a recording, ready to go.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) to: SocketAddr,
    pub(crate) header: Header,
    pub(crate) payload: &'a [u8; FRAME],
}

impl Leg {
    pub(crate) fn new(id: u64, now: Moment) -> Self {
        Self {
            id,
            hears: Hears::Silence,
            far: None,
            stream: Stream::new(rand::random(), rand::random(), rand::random()),
            reception: Reception::default(),
            keys: Keys::default(),
            heard_at: now.instant,
            reported_lost: false,
            report_due: now.instant + REPORT_EVERY,
            received: 0,
            skipped: 0,
            late: 0,
        }
    }

    /// Signalling says where the far end is and what it speaks; again after a re-INVITE.
    pub(crate) fn connect(&mut self, remote: Remote, now: Moment) {
        let sent_before = self.far.as_ref().is_some_and(|far| far.remote.sends);
        if remote.sends && !sent_before {
            self.heard_at = now.instant;
            self.reported_lost = false;
        }
        match &mut self.far {
            Some(far) => far.reconnect(remote),
            None => self.far = Some(Far::new(remote)),
        }
    }

    /// The far end hears something else from now on.
    pub(crate) fn hear(&mut self, hears: Hears) {
        if self.hears != hears {
            self.hears = hears;
            self.stream.switch();
        }
    }

    /// A valid packet came from somewhere.
    pub(crate) fn take(
        &mut self,
        source: SocketAddr,
        packet: &Packet,
        payload: &[u8],
        now: Moment,
    ) -> Result<Taken, Dropped> {
        let far = self.far.as_mut().ok_or(Dropped::Unconnected)?;
        let header = &packet.header;
        if !far.rtp.accept(source, header) {
            return Err(Dropped::WrongSource);
        }
        self.heard_at = now.instant;
        self.reported_lost = false;
        let content = far.content(header.payload_type, payload);
        let voice = matches!(content, Content::Voice(_));
        let key = match content {
            Content::Event => self.keys.heard(header.ssrc, header.timestamp, payload),
            Content::Voice(_) | Content::Other => None,
        };
        let arrival = self.reception.arrive(header, now.clock, voice);
        self.received += 1;
        match arrival {
            Arrival::First => {}
            Arrival::Next { lost } => self.skipped += u64::from(lost),
            Arrival::Late => self.late += 1,
        }
        Ok(Taken { content, arrival, key })
    }

    /// Makes a packet of the peer one of this leg's stream: where it goes, and its header. The
    /// payload is transcoded where it lies.
    pub(crate) fn relay(
        &mut self,
        content: Content,
        incoming: &Header,
        payload: &mut [u8],
        now: Moment,
    ) -> Result<(SocketAddr, Header), Dropped> {
        let far = self.far.as_ref().ok_or(Dropped::NoPeer)?;
        let to = far.hears_at().ok_or(Dropped::NoPeer)?;
        let payload_type = match content {
            Content::Voice(_) => far.remote.codec.payload_type(),
            Content::Event => far.remote.dtmf.ok_or(Dropped::Unplayable)?,
            Content::Other => return Err(Dropped::Unplayable),
        };
        let samples = payload.len() as u32;
        let header = self.stream.relay(now.clock, incoming, payload_type, samples);
        let header = header.ok_or(Dropped::Stale)?;
        if let Content::Voice(codec) = content {
            g711::transcode(codec, far.remote.codec, payload);
        }
        Ok((to, header))
    }

    /// The next frame of the recording that the far end hears, and whether a message ended with
    /// the frame before. A leg that is not connected waits at the beginning.
    pub(crate) fn play<'a>(&mut self, clips: &'a Clips, now: Moment) -> (Option<Frame<'a>>, bool) {
        let (Hears::Recording(recording), Some(far)) = (&mut self.hears, &self.far) else {
            return (None, false);
        };
        if recording.falls_silent(clips) {
            self.hear(Hears::Silence);
            return (None, true);
        }
        let ended = recording.turn_over(clips);
        let codec = far.remote.codec;
        let payload = recording.clip(clips).frame(codec, recording.next);
        recording.next += 1;
        let Some(to) = far.hears_at() else {
            self.stream.switch();
            return (None, ended);
        };
        let header = self.stream.frame(now.clock, codec.payload_type(), FRAME as u32);
        (Some(Frame { to, header, payload }), ended)
    }

    /// A frame of silence. Once a second is enough: it keeps NAT bindings and the far end's own
    /// time-out alive, and G.711 may pause in silence (RFC 3551 §4.1).
    pub(crate) fn keep_alive(&mut self, now: Moment) -> Option<Frame<'static>> {
        let far = self.far.as_ref().filter(|_| self.hears == Hears::Silence)?;
        let to = far.hears_at()?;
        let codec = far.remote.codec;
        self.stream.switch();
        let header = self.stream.frame(now.clock, codec.payload_type(), FRAME as u32);
        Some(Frame { to, header, payload: clips::silence(codec) })
    }

    /// Whether a far end that should send has been silent for `limit`; said once per silence.
    pub(crate) fn has_gone(&mut self, limit: Duration, now: Moment) -> bool {
        let sends = self.far.as_ref().is_some_and(|far| far.remote.sends);
        let silent = now.instant.saturating_duration_since(self.heard_at);
        let gone = sends && silent >= limit && !self.reported_lost;
        self.reported_lost |= gone;
        gone
    }

    /// An RTCP datagram came from somewhere.
    pub(crate) fn take_rtcp(
        &mut self,
        source: SocketAddr,
        bytes: &[u8],
        now: Moment,
    ) -> Result<(), Dropped> {
        let far = self.far.as_mut().ok_or(Dropped::Unconnected)?;
        let time = rtcp::parse(bytes).map_err(|rtcp::Malformed| Dropped::Malformed)?;
        if !far.accept_rtcp(source) {
            return Err(Dropped::WrongSource);
        }
        if let Some(middle) = time {
            far.last_report = Some((middle, now.instant));
        }
        Ok(())
    }

    /// The report that is due, if one is: where it goes and its length in `out`.
    pub(crate) fn report(
        &mut self,
        out: &mut [u8; rtcp::LONGEST],
        ntp: u64,
        now: Moment,
    ) -> Option<(SocketAddr, usize)> {
        if self.report_due > now.instant {
            return None;
        }
        self.report_due = now.instant + REPORT_EVERY;
        let far = self.far.as_ref()?;
        let to = far.rtcp_to()?;
        let sent = (self.stream.packets > 0).then(|| rtcp::Sent {
            ntp,
            timestamp: self.stream.at(now.clock),
            packets: self.stream.packets,
            octets: self.stream.octets,
        });
        let heard = self.reception.report().map(|report| (report, far.last_report(now.instant)));
        Some((to, rtcp::write(out, self.stream.ssrc(), sent, heard)))
    }

    /// What was measured of it until now.
    pub(crate) fn measured(&self, now: Moment) -> LegMedia {
        LegMedia {
            received: self.received,
            lost: self.skipped.saturating_sub(self.late),
            jitter: Duration::from_micros(u64::from(self.jitter().unwrap_or(0)) * 125),
            sent: u64::from(self.stream.packets),
            silent_for: now.instant.saturating_duration_since(self.heard_at),
        }
    }

    /// Interarrival jitter of what the far end sends, samples.
    pub(crate) fn jitter(&self) -> Option<u32> {
        self.reception.jitter()
    }
}

impl Far {
    fn new(remote: Remote) -> Self {
        let rtp = SourceLock::new(remote.rtp);
        Self { remote, rtp, rtcp: None, last_report: None }
    }

    fn reconnect(&mut self, remote: Remote) {
        self.rtp.announce(remote.rtp);
        if (remote.rtp, remote.rtcp) != (self.remote.rtp, self.remote.rtcp) {
            self.rtcp = None;
        }
        self.remote = remote;
    }

    /// Where it listens, if it does.
    fn hears_at(&self) -> Option<SocketAddr> {
        let to = self.rtp.destination();
        (self.remote.receives && is_a_place(to)).then_some(to)
    }

    fn rtcp_to(&self) -> Option<SocketAddr> {
        let next_to_rtp = || {
            let rtp = self.rtp.destination();
            rtp.port().checked_add(1).map(|port| SocketAddr::new(rtp.ip(), port))
        };
        self.rtcp.or(self.remote.rtcp).or_else(next_to_rtp).filter(|to| is_a_place(*to))
    }

    /// RTCP is believed from where SDP says, else from the host that RTP is locked to: the first
    /// port there, until signalling names another address.
    fn accept_rtcp(&mut self, source: SocketAddr) -> bool {
        if self.rtcp_to() == Some(source) {
            return true;
        }
        let same_host = self.rtp.locked().is_some_and(|locked| locked.ip() == source.ip());
        let learn = self.rtcp.is_none() && same_host;
        if learn {
            self.rtcp = Some(source);
        }
        learn
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        let event = self.remote.dtmf == Some(payload_type);
        match payload_type {
            _ if payload.is_empty() => Content::Other,
            0 => Content::Voice(Codec::Pcmu),
            8 => Content::Voice(Codec::Pcma),
            _ if event => Content::Event,
            _ => Content::Other,
        }
    }

    fn last_report(&self, now: Instant) -> Option<rtcp::LastReport> {
        let (ntp_middle, at) = self.last_report?;
        let passed = now.saturating_duration_since(at);
        let delay = (passed.as_micros() * 65_536 / 1_000_000).min(u128::from(u32::MAX)) as u32;
        Some(rtcp::LastReport { ntp_middle, delay })
    }
}

/// SDP of old holds a call with the address 0.0.0.0, and refuses a stream with port 0.
fn is_a_place(address: SocketAddr) -> bool {
    !address.ip().is_unspecified() && address.port() != 0
}

impl Hears {
    pub(crate) fn from(play: Play) -> Self {
        let what = match play {
            Play::Silence => return Self::Silence,
            Play::Ringback => What::Ringback,
            Play::Music => What::Music,
            Play::GreetingThenMusic(language) => What::Greeting(language),
            Play::AbandonedThenSilence(language) => What::Abandoned(language),
            Play::QuestionThenSilence(question, language) => What::Question(question, language),
            Play::ThanksThenSilence(language) => What::Thanks(language),
        };
        Self::Recording(Recording { what, next: 0 })
    }
}

impl Recording {
    fn clip<'a>(&self, clips: &'a Clips) -> &'a Clip {
        match self.what {
            What::Ringback => &clips.ringback,
            What::Music => &clips.music,
            What::Greeting(language) => clips.greeting(language),
            What::Abandoned(language) => clips.abandoned(language),
            What::Question(question, language) => clips.question(question, language),
            What::Thanks(language) => clips.thanks(language),
        }
    }

    /// At the end of what is said once, with nothing after it.
    fn falls_silent(&self, clips: &Clips) -> bool {
        let once = matches!(self.what, What::Abandoned(_) | What::Question(..) | What::Thanks(_));
        once && self.next >= self.clip(clips).frames()
    }

    /// At the end: a greeting gives way to music, and `true` says so; the others begin again.
    fn turn_over(&mut self, clips: &Clips) -> bool {
        if self.next < self.clip(clips).frames() {
            return false;
        }
        self.next = 0;
        let greeting = matches!(self.what, What::Greeting(_));
        if greeting {
            self.what = What::Music;
        }
        greeting
    }
}
