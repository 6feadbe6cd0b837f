//! What a request must be before anything is done about it (RFC 3261 §8.1.1, §8.2, §16.3; classes of RFC 4475).

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{
    Header, Headers, Method, Request, Response, Scheme, SipMessage, StatusCode, Version,
};

use crate::counters::RefusedFor;
use crate::reply::{self, Frame};

/// Extensions that a request may require.
const SUPPORTED: [&str; 1] = ["timer"];

/// A request that goes no further: the answer, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub status: StatusCode,
    pub extra: Vec<Header>,
    pub why: RefusedFor,
}

impl Fault {
    fn malformed(status: StatusCode) -> Self {
        Self { status, extra: vec![], why: RefusedFor::Malformed }
    }

    fn bad() -> Self {
        Self::malformed(StatusCode::BadRequest)
    }

    /// The answer to `request`.
    pub fn answer(self, request: &Request, tag: &str) -> Response {
        Frame::of(request, tag).response(self.status, self.extra, None)
    }
}

/// Whether a response is whole enough to be matched to a request.
pub(crate) fn response(response: &Response) -> bool {
    response.version == Version::V2 && core(&response.headers).is_some()
}

/// What is wrong with a request. `declared` is whether its body is as long as it says.
pub(crate) fn request(request: &Request) -> Result<(), Fault> {
    if request.version != Version::V2 {
        return Err(Fault::malformed(StatusCode::VersionNotSupported));
    }
    let method = core(&request.headers).ok_or_else(Fault::bad)?;
    if method != request.method || reply::from_tag(request).is_none_or(|it| it.is_empty()) {
        return Err(Fault::bad());
    }
    if request.to_header().is_ok_and(|it| it.tag().is_err()) {
        return Err(Fault::bad());
    }
    match &request.uri.scheme {
        Some(Scheme::Sip | Scheme::Sips) => {}
        Some(Scheme::Other(tel)) if tel.eq_ignore_ascii_case("tel") => {}
        _ => return Err(Fault::malformed(StatusCode::UnsupportedUriScheme)),
    }
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return Ok(());
    }
    hops(request)?;
    extensions(request)?;
    body(request)
}

/// The headers without which nothing can be answered, each there once and readable. Yields CSeq's method.
fn core(headers: &Headers) -> Option<Method> {
    let mut seen = [0_u8; 5];
    let mut method = None;
    for header in headers.iter() {
        let slot = match header {
            Header::From(it) => it.uri().ok().map(|_| 0)?,
            Header::To(it) => it.uri().ok().map(|_| 1)?,
            Header::CallId(it) => (!it.value().is_empty()).then_some(2)?,
            Header::CSeq(it) => {
                it.seq().ok().filter(|&seq| seq < 1 << 31)?;
                method = Some(it.method().ok()?);
                3
            }
            Header::MaxForwards(_) => 4,
            _ => continue,
        };
        seen[slot] = seen[slot].saturating_add(1);
    }
    (seen[..4] == [1; 4] && seen[4] <= 1).then_some(method).flatten()
}

fn hops(request: &Request) -> Result<(), Fault> {
    let Ok(header) = request.max_forwards_header() else { return Ok(()) };
    match header.value().trim().parse::<u8>() {
        Err(_) => Err(Fault::bad()),
        // A request for what we are ends here anyway (RFC 3261 §11.2); one that would be carried on must not be.
        Ok(0) if request.method != Method::Options => {
            Err(Fault::malformed(StatusCode::TooManyHops))
        }
        Ok(_) => Ok(()),
    }
}

fn extensions(request: &Request) -> Result<(), Fault> {
    let unknown = request.headers.iter().filter_map(|header| match header {
        Header::Require(it) => Some(it.value()),
        Header::ProxyRequire(it) => Some(it.value()),
        _ => None,
    });
    let unknown: Vec<&str> = unknown
        .flat_map(|it| it.split(','))
        .map(str::trim)
        .filter(|it| !it.is_empty() && !SUPPORTED.iter().any(|ours| ours.eq_ignore_ascii_case(it)))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let extra = vec![Header::Unsupported(unknown.join(", ").into())];
    Err(Fault { extra, ..Fault::malformed(StatusCode::BadExtension) })
}

/// Only plain SDP is read (RFC 3261 §8.2.3).
fn body(request: &Request) -> Result<(), Fault> {
    let offers = matches!(request.method, Method::Invite | Method::Update);
    if request.body.is_empty() || !offers {
        return Ok(());
    }
    for header in request.headers.iter() {
        let fits = match header {
            Header::ContentType(it) => {
                let kind = it.value().split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case("application/sdp")
            }
            Header::ContentEncoding(it) => it.value().trim().eq_ignore_ascii_case("identity"),
            _ => true,
        };
        if !fits {
            let extra = vec![
                Header::Accept("application/sdp".into()),
                Header::AcceptEncoding("identity".into()),
            ];
            return Err(Fault { extra, ..Fault::malformed(StatusCode::UnsupportedMediaType) });
        }
    }
    let typed = request.headers.iter().any(|it| matches!(it, Header::ContentType(_)));
    if typed { Ok(()) } else { Err(Fault::bad()) }
}

/// Whether the message is a request, and which.
pub(crate) fn as_request(message: &SipMessage) -> Option<&Request> {
    match message {
        SipMessage::Request(request) => Some(request),
        SipMessage::Response(_) => None,
    }
}
