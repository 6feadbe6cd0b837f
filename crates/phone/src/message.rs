//! Messages of SIP, as text.

use std::fmt::Write as _;

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: String,
    headers: Vec<(String, String)>,
    /// What follows the headers.
    pub body: String,
}

impl Message {
    /// A message without headers.
    pub(crate) fn new(start: impl Into<String>) -> Self {
        Self { start: start.into(), headers: Vec::new(), body: String::new() }
    }

    /// Reads a datagram. `None` where it is no SIP.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut message = Self::new(lines.next()?);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            message.headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        message.body = body.to_owned();
        message.start.contains("SIP/2.0").then_some(message)
    }

    /// As it goes over the wire.
    pub(crate) fn datagram(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text.into_bytes()
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_body(mut self, body: Option<String>) -> Self {
        self.body = body.unwrap_or_default();
        self
    }

    /// The values of a header, in their order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(it, _)| it.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The first value of a header; empty where there is none.
    pub fn header<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// The status code; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()
    }

    /// The method: a request's own, or that of the request that a response answers.
    pub fn method(&self) -> &str {
        match self.status() {
            Some(_) => self.header("CSeq").split(' ').nth(1).unwrap_or_default(),
            None => self.start.split(' ').next().unwrap_or_default(),
        }
    }

    /// The number in CSeq.
    pub(crate) fn sequence(&self) -> u32 {
        self.header("CSeq").split(' ').next().and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// The tag of From or To; empty where there is none.
    pub(crate) fn tag<'a>(&'a self, header: &'a str) -> &'a str {
        let value = self.header(header);
        value.split_once(";tag=").map_or("", |(_, tag)| tag.split(';').next().unwrap_or_default())
    }

    /// The branch of the topmost Via; empty where there is none.
    pub(crate) fn branch(&self) -> &str {
        let value = self.header("Via").split_once(";branch=").map_or("", |(_, rest)| rest);
        value.split([';', ',']).next().unwrap_or_default()
    }

    /// The user part of the URI that a request is for.
    pub(crate) fn called(&self) -> &str {
        user_of(self.start.split(' ').nth(1).unwrap_or_default())
    }

    /// The user part of the URI in From.
    pub(crate) fn caller(&self) -> &str {
        user_of(self.header("From"))
    }

    /// The address in Contact, without brackets.
    pub(crate) fn contact(&self) -> Option<String> {
        let value = self.header("Contact");
        let (_, rest) = value.split_once('<')?;
        Some(rest.split_once('>')?.0.to_owned())
    }

    /// An answer to this request (RFC 3261 §8.2.6), `tag` being ours where To has none.
    pub(crate) fn answer(&self, status: u16, tag: &str) -> Self {
        let mut answer = Self::new(format!("SIP/2.0 {status} {}", phrase(status)));
        for via in self.all("Via") {
            answer = answer.with("Via", via);
        }
        let to = match self.tag("To") {
            "" => format!("{};tag={tag}", self.header("To")),
            _ => self.header("To").to_owned(),
        };
        let answer = answer.with("From", self.header("From")).with("To", to);
        answer.with("Call-ID", self.header("Call-ID")).with("CSeq", self.header("CSeq"))
    }
}

/// `1` of `sip:1;phone-context=x@host`; empty where there is no user.
fn user_of(uri: &str) -> &str {
    let Some((before, _)) = uri.split_once('@') else { return "" };
    let user = before.rsplit_once(':').map_or(before, |(_, user)| user);
    user.split(';').next().unwrap_or_default()
}

fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        481 => "Call Does Not Exist",
        482 => "Loop Detected",
        486 => "Busy Here",
        487 => "Request Terminated",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_answered() {
        let text = b"INVITE sip:1@h SIP/2.0\r\nVia: a\r\nVia: b\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:1@h>\r\n\
            Call-ID: c\r\nCSeq: 7 INVITE\r\nContact: <sip:x@127.0.0.1:9>\r\n\r\nbody";
        let request = Message::parse(text).expect("SIP");
        assert_eq!((request.method(), request.status(), request.sequence()), ("INVITE", None, 7));
        assert_eq!(request.contact().as_deref(), Some("sip:x@127.0.0.1:9"));
        assert_eq!((request.called(), request.caller()), ("1", "x"));
        let answer = Message::parse(&request.answer(180, "t").datagram()).expect("SIP");
        assert_eq!((answer.status(), answer.method()), (Some(180), "INVITE"));
        assert_eq!(answer.all("Via").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((answer.tag("From"), answer.tag("To")), ("1", "t"));
    }
}
