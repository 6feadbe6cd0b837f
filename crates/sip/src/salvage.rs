//! Datagrams that cannot be read as SIP: whether they can be read at all, and what can still be answered (400, 501, 505).
//!
//! Works on the text and believes nothing of it: the answer goes to where the datagram came from.

use rsipstack::sip::{Header, Response, StatusCode};

use crate::reply::{Frame, allow};

/// What the text of a datagram shows before it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Not worth parsing: too many header lines, or no header at all.
    Hopeless,
    /// Its body is shorter than its Content-Length, or that is no number.
    Truncated,
    /// It may be parsed.
    Fair,
}

/// Looks at a datagram: one pass, no allocation.
pub(crate) fn look(datagram: &[u8], headers_max: usize) -> Look {
    let Some(end) = find(datagram, b"\r\n\r\n") else { return Look::Hopeless };
    let (head, body) = (&datagram[..end], &datagram[end + 4..]);
    let mut lines = 0;
    let mut fits = true;
    for line in head.split(|&byte| byte == b'\n') {
        lines += 1;
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let name = line[..colon].trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            let value = std::str::from_utf8(line[colon + 1..].trim_ascii()).ok();
            fits &=
                value.and_then(|it| it.parse::<usize>().ok()).is_some_and(|it| it <= body.len());
        }
    }
    match (lines <= headers_max + 1, fits) {
        (false, _) => Look::Hopeless,
        (true, false) => Look::Truncated,
        (true, true) => Look::Fair,
    }
}

/// The answer to a request that cannot be parsed or is cut short; `None` where it is none, or nobody could match the
/// answer to it.
pub(crate) fn answer(datagram: &[u8], tag: &str) -> Option<Response> {
    let text = String::from_utf8_lossy(datagram);
    let head = text.split("\r\n\r\n").next()?;
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut lines = unfolded.split("\r\n");
    let first = lines.next()?;
    let status = status(first)?;
    let mut headers: Vec<Header> = lines.filter_map(header).take(40).collect();
    let seen = |test: fn(&Header) -> bool| headers.iter().any(test);
    if !seen(|it| matches!(it, Header::Via(_))) || !seen(|it| matches!(it, Header::CSeq(_))) {
        return None;
    }
    for header in &mut headers {
        if let Header::To(to) = header
            && !to.value().contains("tag=")
        {
            *to = format!("{};tag={tag}", to.value()).into();
        }
    }
    let extra = matches!(status, StatusCode::NotImplemented).then(allow);
    Some(Frame::salvaged(headers).response(status, extra, None))
}

/// What to say to a start line; `None` for responses and ACK, which are never answered.
fn status(line: &str) -> Option<StatusCode> {
    let mut words = line.split(' ');
    let (method, version) = (words.next()?, words.next_back()?.trim());
    if line.starts_with("SIP/") || method == "ACK" {
        return None;
    }
    let token = |c: char| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c);
    if method.is_empty() || !method.chars().all(token) {
        return Some(StatusCode::BadRequest);
    }
    match version.strip_prefix("SIP/") {
        Some("2.0") if method.parse::<rsipstack::sip::Method>().is_err() => {
            Some(StatusCode::NotImplemented)
        }
        Some(other) if other != "2.0" => Some(StatusCode::VersionNotSupported),
        _ => Some(StatusCode::BadRequest),
    }
}

fn header(line: &str) -> Option<Header> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim().to_owned();
    if value.len() > 1024 || value.chars().any(char::is_control) {
        return None;
    }
    match name.trim().to_ascii_lowercase().as_str() {
        "via" | "v" => Some(Header::Via(value.into())),
        "from" | "f" => Some(Header::From(value.into())),
        "to" | "t" => Some(Header::To(value.into())),
        "call-id" | "i" => Some(Header::CallId(value.into())),
        "cseq" => Some(Header::CSeq(value.into())),
        _ => None,
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
