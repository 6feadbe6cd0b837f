//! Session descriptions: one stream of A-law.

use std::net::{IpAddr, SocketAddr};

/// What we offer and answer: `voice` is where we listen.
pub(crate) fn describe(voice: SocketAddr) -> String {
    let (ip, port) = (voice.ip(), voice.port());
    format!(
        "v=0\r\no=phone 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// Where the far end listens.
pub(crate) fn listens_at(description: &str) -> Option<SocketAddr> {
    let line = |kind: &str| description.lines().find_map(|line| line.strip_prefix(kind));
    let ip: IpAddr = line("c=IN IP4 ")?.trim().parse().ok()?;
    let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

/// The payload type of telephone events (RFC 4733) that the far end understands; 101 where it does not say.
pub(crate) fn events(description: &str) -> u8 {
    let lines = description.lines().filter_map(|line| line.strip_prefix("a=rtpmap:"));
    let mut of_events = lines.filter_map(|it| it.split_once(" telephone-event/8000"));
    of_events.next().and_then(|(kind, _)| kind.parse().ok()).unwrap_or(101)
}
