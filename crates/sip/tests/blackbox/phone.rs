//! As much of a phone as tests need: it speaks SIP over UDP and registers with either digest algorithm.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use md5::{Digest as _, Md5};
use sha2::Sha256;
use tokio::net::UdpSocket;

/// A socket to the switch, and a Call-ID of its own.
pub struct Line {
    socket: UdpSocket,
    seq: AtomicU32,
    call: String,
}

/// Who one is, and how one proves it.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub algorithm: &'a str,
}

impl Line {
    /// A new socket on loopback to the switch at `port`.
    pub async fn new(port: u16) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(("127.0.0.1", port)).await?;
        let call = format!("call-{}", socket.local_addr()?.port());
        Ok(Self { socket, seq: AtomicU32::new(1), call })
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.socket.local_addr().map(|it| it.port()).unwrap_or(0)
    }

    /// Sends `bytes` as they are.
    pub async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send(bytes).await.map(drop)
    }

    /// The next message, within two seconds.
    pub async fn receive(&self) -> io::Result<String> {
        let mut buffer = vec![0; 65_536];
        let read = tokio::time::timeout(Duration::from_secs(2), self.socket.recv(&mut buffer));
        let read = read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
    }

    /// A request to `uri` with further header lines and a body.
    pub fn request(&self, method: &str, uri: &str, to: &str, extra: &str, body: &str) -> String {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        let (port, call) = (self.port(), &self.call);
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{port}-{seq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:tester@127.0.0.1>;tag=t{port}\r\nTo: {to}\r\nCall-ID: {call}\r\n\
             CSeq: {seq} {method}\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Registers the phone at port `phone`: challenge, proof, final answer.
    pub async fn register(&self, login: Login<'_>, phone: u16, expires: u32) -> io::Result<String> {
        let (uri, to) = ("sip:127.0.0.1", format!("<sip:{}@127.0.0.1>", login.user));
        let wish = format!("Contact: <sip:phone@127.0.0.1:{phone}>\r\nExpires: {expires}\r\n");
        self.send(self.request("REGISTER", uri, &to, &wish, "").as_bytes()).await?;
        let challenge = self.receive().await?;
        if status(&challenge) != 401 {
            return Ok(challenge);
        }
        let proof = login.proof("Authorization", &challenge, "REGISTER", uri);
        let wish = format!("{wish}{proof}");
        self.send(self.request("REGISTER", uri, &to, &wish, "").as_bytes()).await?;
        self.receive().await
    }
}

impl Login<'_> {
    /// The credentials that answer a challenge, as a header line.
    pub fn proof(&self, header: &str, challenge: &str, method: &str, uri: &str) -> String {
        let part = |name: &str| {
            let rest = challenge.split_once(&format!("{name}=\"")).map_or("", |it| it.1);
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        let (nonce, realm) = (part("nonce"), part("realm"));
        let hash = |text: String| match self.algorithm {
            "MD5" => hex(&Md5::digest(text)),
            _ => hex(&Sha256::digest(text)),
        };
        let Self { user, password, algorithm } = self;
        let ha1 = hash(format!("{user}:{realm}:{password}"));
        let ha2 = hash(format!("{method}:{uri}"));
        let response = hash(format!("{ha1}:{nonce}:00000001:c0ffee:auth:{ha2}"));
        format!(
            "{header}: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             algorithm={algorithm}, qop=auth, nc=00000001, cnonce=\"c0ffee\", response=\"{response}\"\r\n"
        )
    }
}

/// The status of a response; 0 of a request.
pub fn status(message: &str) -> u16 {
    message.strip_prefix("SIP/2.0 ").and_then(|it| it.get(..3)?.parse().ok()).unwrap_or(0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
