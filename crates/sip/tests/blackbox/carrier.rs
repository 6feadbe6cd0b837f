//! The far end of a trunk that is dialed over, message by message.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use timbre_sip::{Carriage, Outbound};
use tokio::net::UdpSocket;

use crate::sessions::header;

/// A UDP socket that answers as the test says, and remembers every INVITE transaction that it saw.
pub struct Carrier {
    socket: UdpSocket,
    switch: SocketAddr,
    /// Branches of INVITEs, by Call-ID.
    invites: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Carrier {
    /// At a port of its own; it sends to the switch at `port`.
    pub async fn new(port: u16) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        // It repeats nothing, so that nothing may get lost to it.
        socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20).expect("a buffer");
        let switch = SocketAddr::from(([127, 0, 0, 1], port));
        Self { socket, switch, invites: Mutex::default() }
    }

    pub fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("its address")
    }

    /// The next message, within five seconds.
    pub async fn next(&self) -> String {
        let mut buffer = vec![0; 65_536];
        let read = tokio::time::timeout(Duration::from_secs(5), self.socket.recv(&mut buffer));
        let read = read.await.expect("a message in time").expect("the socket lives");
        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
        if text.starts_with("INVITE ") {
            let branches = &mut *self.invites.lock().expect("no panic");
            let branches = branches.entry(header(&text, "Call-ID").to_owned()).or_default();
            let branch = branch(&text);
            if !branches.contains(&branch) {
                branches.push(branch);
            }
        }
        text
    }

    /// The next message that begins with `what`; copies of requests that came before are passed over.
    pub async fn expect(&self, what: &str, seen: &[&str]) -> String {
        loop {
            let message = self.next().await;
            if message.starts_with(what) {
                return message;
            }
            assert!(seen.contains(&message.as_str()), "instead of {what}: {message}");
        }
    }

    /// Answers `request`, as the far end with the To tag `tag`.
    pub async fn answer(&self, request: &str, first: &str, tag: &str, extra: &str, sdp: &str) {
        let text = self.response(request, first, tag, extra, sdp);
        self.send(&text).await;
    }

    fn response(&self, request: &str, first: &str, tag: &str, extra: &str, sdp: &str) -> String {
        let copied = ["Via", "From", "Call-ID", "CSeq"]
            .map(|name| format!("{name}: {}\r\n", header(request, name)))
            .concat();
        let to = header(request, "To");
        let to = match to.contains("tag=") || tag.is_empty() {
            true => to.to_owned(),
            false => format!("{to};tag={tag}"),
        };
        let contact = self.addr();
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "SIP/2.0 {first}\r\n{copied}To: {to}\r\nContact: <sip:proxy@{contact}>\r\n{extra}{kind}\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
    }

    /// A request of the far end within the call that `invite` began.
    pub fn request(&self, method: &str, invite: &str, tag: &str, extra: &str) -> String {
        let (from, to) = (header(invite, "From"), header(invite, "To"));
        let (addr, call) = (self.addr(), header(invite, "Call-ID"));
        format!(
            "{method} sip:timbre@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK-{method}-{call}\r\n\
             Max-Forwards: 70\r\nFrom: {to};tag={tag}\r\nTo: {from}\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n\
             {extra}Content-Length: 0\r\n\r\n"
        )
    }

    pub async fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.switch).await.expect("sent");
    }

    /// Takes a BYE and confirms it.
    pub async fn bye(&self, seen: &[&str]) -> String {
        let bye = self.expect("BYE ", seen).await;
        self.answer(&bye, "200 OK", "", "", "").await;
        bye
    }

    /// How many INVITE transactions each call had, in the order of their Call-IDs.
    pub fn transactions(&self) -> Vec<usize> {
        self.invites.lock().expect("no panic").values().map(Vec::len).collect()
    }
}

/// Calls go out to `addresses`.
pub fn outbound(addresses: &[SocketAddr]) -> Outbound {
    Outbound {
        addresses: addresses.to_vec(),
        carriage: Carriage::Udp,
        login: None,
        strip_plus: false,
        prefix: String::new(),
    }
}

/// The branch of the top Via.
pub fn branch(message: &str) -> String {
    let via = header(message, "Via");
    let rest = via.split_once("branch=").map_or("", |it| it.1);
    rest.split(';').next().unwrap_or_default().to_owned()
}

/// Our audio at `port`.
pub fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
}
