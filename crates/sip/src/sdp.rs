//! The session descriptions that a telephone needs (RFC 8866, RFC 3264): one audio stream, G.711 and telephone events.
//!
//! Everything else in an offer is understood far enough to be declined in the answer.

use std::fmt::Write;
use std::net::IpAddr;

use crate::media::Codec;

/// Most `m=` lines in a description.
const STREAMS_MAX: usize = 16;
/// The payload type under which we offer telephone events.
const OUR_DTMF: u8 = 101;

/// Which way voice flows, from the view of whoever wrote the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// The answer to an offer of this direction (RFC 3264 §6.1).
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            both => both,
        }
    }

    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];
        all.into_iter().find(|it| it.attribute() == text)
    }
}

/// A far end's description, as far as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    /// Where its audio is to be sent.
    pub addr: IpAddr,
    pub port: u16,
    /// Where its RTCP is to be sent, if it says so (RFC 3605).
    pub rtcp: Option<u16>,
    /// The first codec of its list that we speak.
    pub codec: Codec,
    /// The payload type of telephone events.
    pub dtmf: Option<u8>,
    pub direction: Direction,
    /// Its `m=` lines as they were, to be declined one by one; and which of them is the audio we take.
    streams: Vec<String>,
    audio: usize,
}

impl Description {
    /// Whether its author put us on hold: it no longer wants to hear us (RFC 3264 §8.4, and the older `0.0.0.0`).
    pub fn holds(&self) -> bool {
        !self.direction.receives() || self.addr.is_unspecified()
    }
}

/// Why a description cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SdpError {
    /// It is not SDP.
    Malformed,
    /// It has no audio stream with a codec that we speak.
    NothingInCommon,
}

#[derive(Default)]
struct Stream {
    line: String,
    port: u16,
    payloads: Vec<u8>,
    addr: Option<IpAddr>,
    direction: Option<Direction>,
    rtcp: Option<u16>,
    maps: Vec<(u8, String)>,
}

/// Reads a description.
pub(crate) fn parse(body: &[u8]) -> Result<Description, SdpError> {
    let text = std::str::from_utf8(body).map_err(|_| SdpError::Malformed)?;
    let mut session = Stream::default();
    let mut streams: Vec<Stream> = Vec::new();
    let mut versioned = false;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (kind, value) = line.split_once('=').ok_or(SdpError::Malformed)?;
        match kind {
            "v" => versioned = true,
            "m" if streams.len() >= STREAMS_MAX => return Err(SdpError::Malformed),
            "m" => streams.push(stream(value)?),
            "c" => streams.last_mut().unwrap_or(&mut session).addr = Some(connection(value)?),
            "a" => attribute(streams.last_mut().unwrap_or(&mut session), value),
            _ => {}
        }
    }
    if !versioned {
        return Err(SdpError::Malformed);
    }
    choose(session, streams)
}

fn stream(value: &str) -> Result<Stream, SdpError> {
    let mut words = value.split_ascii_whitespace();
    let mut next = || words.next().ok_or(SdpError::Malformed);
    let (kind, port, proto) = (next()?, next()?, next()?);
    let port = port.split('/').next().and_then(|it| it.parse().ok()).ok_or(SdpError::Malformed)?;
    let speakable = kind == "audio" && proto == "RTP/AVP";
    let payloads =
        if speakable { words.filter_map(|it| it.parse().ok()).collect() } else { Vec::new() };
    Ok(Stream { line: value.to_owned(), port, payloads, ..Stream::default() })
}

fn connection(value: &str) -> Result<IpAddr, SdpError> {
    let addr = value.split_ascii_whitespace().nth(2).ok_or(SdpError::Malformed)?;
    let addr = addr.split('/').next().unwrap_or(addr);
    addr.parse().map_err(|_| SdpError::Malformed)
}

fn attribute(stream: &mut Stream, value: &str) {
    if let Some(direction) = Direction::parse(value.trim()) {
        stream.direction = Some(direction);
    } else if let Some(port) = value.strip_prefix("rtcp:") {
        stream.rtcp = port.split_ascii_whitespace().next().and_then(|it| it.parse().ok());
    } else if let Some((payload, name)) =
        value.strip_prefix("rtpmap:").and_then(|it| it.split_once(' '))
        && let Ok(payload) = payload.parse()
        && stream.maps.len() < 64
    {
        stream.maps.push((payload, name.trim().to_ascii_uppercase()));
    }
}

fn choose(session: Stream, streams: Vec<Stream>) -> Result<Description, SdpError> {
    let found = streams.iter().enumerate().find_map(|(at, stream)| {
        let codec = stream.payloads.iter().find_map(|&it| codec_of(stream, it))?;
        (stream.port != 0).then_some((at, codec))
    });
    let (audio, codec) = found.ok_or(SdpError::NothingInCommon)?;
    let stream = &streams[audio];
    Ok(Description {
        addr: stream.addr.or(session.addr).ok_or(SdpError::Malformed)?,
        port: stream.port,
        rtcp: stream.rtcp.filter(|&port| port != 0),
        codec,
        dtmf: stream.payloads.iter().copied().find(|&it| is_dtmf(stream, it)),
        direction: stream.direction.or(session.direction).unwrap_or(Direction::SendRecv),
        streams: streams.into_iter().map(|it| it.line).collect(),
        audio,
    })
}

/// A payload type keeps its static meaning (RFC 3551 §6) unless it is mapped to another.
fn codec_of(stream: &Stream, payload: u8) -> Option<Codec> {
    match stream.maps.iter().find(|it| it.0 == payload) {
        Some((_, name)) if payload == 8 && name.starts_with("PCMA/8000") => Some(Codec::Pcma),
        Some((_, name)) if payload == 0 && name.starts_with("PCMU/8000") => Some(Codec::Pcmu),
        None if payload == 8 => Some(Codec::Pcma),
        None if payload == 0 => Some(Codec::Pcmu),
        _ => None,
    }
}

fn is_dtmf(stream: &Stream, payload: u8) -> bool {
    stream.maps.iter().any(|(it, name)| *it == payload && name == "TELEPHONE-EVENT/8000")
}

/// Our own side of a session: what stays the same from one description to the next (RFC 3264 §8).
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub id: u32,
    pub version: u32,
    pub addr: IpAddr,
    pub port: u16,
}

impl Local {
    /// Offers both laws, A-law first, and telephone events.
    pub fn offer(&self, direction: Direction) -> String {
        let mut text = self.head();
        let _ = write!(text, "m=audio {} RTP/AVP 8 0 {OUR_DTMF}\r\n", self.port);
        text.push_str("a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n");
        tail(&mut text, Some(OUR_DTMF), direction);
        text
    }

    /// Takes the one audio stream of `offer` and declines the rest, in their order (RFC 3264 §6).
    pub fn answer(&self, offer: &Description) -> String {
        let mut text = self.head();
        for (at, line) in offer.streams.iter().enumerate() {
            if at != offer.audio {
                decline(&mut text, line);
                continue;
            }
            let (payload, name) = match offer.codec {
                Codec::Pcma => (8, "PCMA"),
                Codec::Pcmu => (0, "PCMU"),
            };
            let _ = write!(text, "m=audio {} RTP/AVP {payload}", self.port);
            if let Some(dtmf) = offer.dtmf {
                let _ = write!(text, " {dtmf}");
            }
            let _ = write!(text, "\r\na=rtpmap:{payload} {name}/8000\r\n");
            tail(&mut text, offer.dtmf, offer.direction.reversed());
        }
        text
    }

    fn head(&self) -> String {
        let family = if self.addr.is_ipv4() { "IP4" } else { "IP6" };
        let Self { id, version, addr, .. } = self;
        format!(
            "v=0\r\no=timbre {id} {version} IN {family} {addr}\r\ns=-\r\nc=IN {family} {addr}\r\nt=0 0\r\n"
        )
    }
}

fn tail(text: &mut String, dtmf: Option<u8>, direction: Direction) {
    if let Some(dtmf) = dtmf {
        let _ = write!(text, "a=rtpmap:{dtmf} telephone-event/8000\r\na=fmtp:{dtmf} 0-15\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.attribute());
}

fn decline(text: &mut String, line: &str) {
    let mut words = line.split_ascii_whitespace();
    let (kind, _, rest) = (words.next(), words.next(), words);
    let _ = write!(text, "m={} 0", kind.unwrap_or("audio"));
    for word in rest {
        let _ = write!(text, " {word}");
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

    fn local() -> Local {
        Local { id: 7, version: 1, addr: [198, 51, 100, 1].into(), port: 30_000 }
    }

    #[test]
    fn offers_are_read_and_answered_in_their_terms() {
        use Codec::{Pcma, Pcmu};
        use Direction::{Inactive, SendOnly, SendRecv};
        let cases = [
            ("m=audio 4000 RTP/AVP 0 8", Pcmu, None, SendRecv, false),
            (
                "m=audio 4000 RTP/AVP 18 8 101\r\na=rtpmap:101 telephone-event/8000",
                Pcma,
                Some(101),
                SendRecv,
                false,
            ),
            ("m=audio 4000/2 RTP/AVP 8\r\na=sendonly", Pcma, None, SendOnly, true),
            ("m=audio 4000 RTP/AVP 8\r\na=inactive", Pcma, None, Inactive, true),
            ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0", Pcma, None, SendRecv, true),
            ("m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8", Pcma, None, SendRecv, false),
            ("m=audio 4000 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 8", Pcma, None, SendRecv, false),
        ];
        for (media, codec, dtmf, direction, holds) in cases {
            let offer = parse(format!("{HEAD}{media}\r\n").as_bytes()).expect(media);
            assert_eq!(
                (offer.codec, offer.dtmf, offer.direction, offer.holds()),
                (codec, dtmf, direction, holds),
                "{media}"
            );
            assert_eq!(offer.port, 4000, "{media}");
            let answer = local().answer(&offer);
            assert_eq!(answer.matches("\r\nm=").count(), media.matches("m=").count(), "{answer}");
            let back = parse(answer.as_bytes()).expect("our own answer");
            assert_eq!((back.codec, back.dtmf, back.port), (codec, dtmf, 30_000), "{answer}");
            assert_eq!(back.direction, direction.reversed(), "{answer}");
        }
    }

    #[test]
    fn what_cannot_be_taken_says_why() {
        use SdpError::{Malformed, NothingInCommon};
        for (body, why) in [
            ("", Malformed),
            ("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 192.0.2.1\r\n", Malformed),
            ("v=0\r\nm=audio 4000 RTP/AVP 8\r\n", Malformed),
            ("v=0\r\nc=IN IP4 nowhere\r\nm=audio 4000 RTP/AVP 8\r\n", Malformed),
            ("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 99999 RTP/AVP 8\r\n", Malformed),
            ("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 18 96\r\n", NothingInCommon),
            ("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 8\r\n", NothingInCommon),
            ("v=0\r\nc=IN IP4 192.0.2.1\r\n", NothingInCommon),
            // Payload type 8 that was mapped to something else is not A-law.
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 opus/48000\r\n",
                NothingInCommon,
            ),
        ] {
            assert_eq!(parse(body.as_bytes()), Err(why), "{body}");
        }
    }

    proptest! {
        /// Whatever is offered, what we answer is SDP that has as many streams as the offer, and ours is one both speak.
        #[test]
        fn an_answer_fits_its_offer(
            before in proptest::collection::vec("(video|audio|image) [0-9]{1,4} (RTP/SAVP|udptl) [0-9]{1,2}", 0..4),
            payloads in proptest::collection::vec(0_u8..128, 0..6),
            law in prop_oneof![Just(0_u8), Just(8)],
            port in 1_u16..,
        ) {
            let list = payloads.iter().filter(|it| ![0, 8].contains(*it)).map(|it| format!("{it} ")).collect::<String>();
            let others: String = before.iter().map(|it| format!("m={it}\r\n")).collect();
            let text = format!("{HEAD}{others}m=audio {port} RTP/AVP {list}{law}\r\n");
            let offer = parse(text.as_bytes()).expect("an offer");
            prop_assert_eq!(offer.port, port);
            prop_assert_eq!(offer.codec.payload_type(), law);
            let answer = local().answer(&offer);
            prop_assert_eq!(answer.matches("m=").count(), before.len() + 1);
            prop_assert_eq!(parse(answer.as_bytes()).map(|it| it.codec), Ok(offer.codec));
        }

        #[test]
        fn nothing_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300), text in "([vmca]=[ -~]{0,30}\r\n){0,8}") {
            let _ = parse(&body);
            let _ = parse(text.as_bytes());
        }
    }
}
