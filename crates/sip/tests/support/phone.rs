//! As much of a phone as tests need: it registers over UDP, with either digest algorithm.

use std::io;
use std::time::Duration;

use md5::{Digest as _, Md5};
use sha2::Sha256;
use tokio::net::UdpSocket;

/// Registers `user` with the Contact port `phone` at the switch on `switch` (loopback). The final status.
pub async fn register(switch: u16, user: &str, password: &str, phone: u16) -> io::Result<u16> {
    let line = Line::new(switch).await?;
    let (status, _) = line.register(user, password, phone, "SHA-256", 300).await?;
    Ok(status)
}

/// A socket to the switch.
pub struct Line {
    socket: UdpSocket,
    seq: std::sync::atomic::AtomicU32,
    call: String,
}

#[allow(dead_code, reason = "each test uses its part")]
impl Line {
    /// A new socket, from a port of its own.
    pub async fn new(switch: u16) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(("127.0.0.1", switch)).await?;
        let call = format!("call-{}", socket.local_addr()?.port());
        Ok(Self { socket, seq: 1.into(), call })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.socket.local_addr().map(|it| it.port()).unwrap_or(0)
    }

    /// Sends as it is.
    pub async fn send(&self, text: &[u8]) -> io::Result<()> {
        self.socket.send(text).await.map(drop)
    }

    /// The next message, within two seconds.
    pub async fn receive(&self) -> io::Result<String> {
        let mut buffer = vec![0; 65_536];
        let read = tokio::time::timeout(Duration::from_secs(2), self.socket.recv(&mut buffer));
        let read = read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
    }

    /// A request of `method` to `uri`, with further headers (each ending its line).
    pub fn request(&self, method: &str, uri: &str, to: &str, extra: &str, body: &str) -> String {
        let seq = self.seq.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (port, call) = (self.port(), &self.call);
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{port}-{seq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:tester@127.0.0.1>;tag=t{port}\r\nTo: {to}\r\nCall-ID: {call}\r\n\
             CSeq: {seq} {method}\r\nContact: <sip:tester@127.0.0.1:{port}>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Registers; the final status, and the whole last answer.
    pub async fn register(
        &self,
        user: &str,
        password: &str,
        phone: u16,
        algorithm: &str,
        expires: u32,
    ) -> io::Result<(u16, String)> {
        let uri = "sip:127.0.0.1";
        let to = format!("<sip:{user}@127.0.0.1>");
        let contact = format!("Expires: {expires}\r\n");
        let own = format!("Contact: <sip:tester@127.0.0.1:{}>", self.port());
        let theirs = format!("Contact: <sip:phone@127.0.0.1:{phone}>");
        let ask = |extra: &str| self.request("REGISTER", uri, &to, extra, "").replace(&own, &theirs);
        self.send(ask(&contact).as_bytes()).await?;
        let challenge = self.receive().await?;
        if status(&challenge) != 401 {
            return Ok((status(&challenge), challenge));
        }
        let proof = answer(&challenge, "Authorization", "REGISTER", uri, user, password, algorithm, 1);
        self.send(ask(&format!("{contact}{proof}")).as_bytes()).await?;
        let last = self.receive().await?;
        Ok((status(&last), last))
    }
}

/// The status of a response; 0 of a request.
pub fn status(message: &str) -> u16 {
    message.strip_prefix("SIP/2.0 ").and_then(|it| it.get(..3)?.parse().ok()).unwrap_or(0)
}

/// The credentials that answer a challenge, as a header line.
#[allow(dead_code, clippy::too_many_arguments, reason = "they are the digest's own inputs")]
pub fn answer(
    challenge: &str,
    header: &str,
    method: &str,
    uri: &str,
    user: &str,
    password: &str,
    algorithm: &str,
    nc: u32,
) -> String {
    let part = |name: &str| {
        let rest = challenge.split_once(&format!("{name}=\""))?.1;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    };
    let (nonce, realm) = (part("nonce").unwrap_or_default(), part("realm").unwrap_or_default());
    let hash = |text: String| match algorithm {
        "MD5" => hex(&Md5::digest(text)),
        _ => hex(&Sha256::digest(text)),
    };
    let ha1 = hash(format!("{user}:{realm}:{password}"));
    let ha2 = hash(format!("{method}:{uri}"));
    let response = hash(format!("{ha1}:{nonce}:{nc:08x}:c0ffee:auth:{ha2}"));
    format!(
        "{header}: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         algorithm={algorithm}, qop=auth, nc={nc:08x}, cnonce=\"c0ffee\", response=\"{response}\"\r\n"
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
