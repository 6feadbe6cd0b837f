//! Responses: what each takes over from its request (RFC 3261 §8.2.6).

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request, Response, StatusCode, Version};

/// The methods that we serve.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, REGISTER";
/// How we name ourselves.
pub(crate) const AGENT: &str = "Timbre";

/// What a response repeats of its request; kept while a request waits for its final response.
#[derive(Debug, Clone)]
pub(crate) struct Frame(Vec<Header>);

impl Frame {
    /// Of `request`, with `tag` as the To tag where it has none.
    pub fn of(request: &Request, tag: &str) -> Self {
        let headers = request.headers.iter().filter_map(|header| match header {
            Header::Via(_) | Header::From(_) | Header::CallId(_) | Header::CSeq(_) => {
                Some(header.clone())
            }
            Header::To(to) => Some(Header::To(tagged(to, tag))),
            _ => None,
        });
        Self(headers.collect())
    }

    /// The same, and Record-Route: for responses that make a dialog (RFC 3261 §12.1.1).
    pub fn dialog(request: &Request, tag: &str) -> Self {
        let mut frame = Self::of(request, tag);
        let routes = request.headers.iter().filter(|it| matches!(it, Header::RecordRoute(_)));
        frame.0.extend(routes.cloned());
        frame
    }

    /// Out of header values that were found in something that is no whole request.
    pub fn salvaged(headers: Vec<Header>) -> Self {
        Self(headers)
    }

    /// A response.
    pub fn response(
        &self,
        status: StatusCode,
        extra: impl IntoIterator<Item = Header>,
        body: Option<String>,
    ) -> Response {
        let mut headers = self.0.clone();
        headers.push(Header::Server(AGENT.into()));
        headers.extend(extra);
        let body = body.map(String::into_bytes).unwrap_or_default();
        if !body.is_empty() {
            headers.push(Header::ContentType("application/sdp".into()));
        }
        headers.push(Header::ContentLength((body.len() as u32).into()));
        Response {
            status_code: status,
            wire_reason: None,
            version: Version::V2,
            headers: headers.into(),
            body,
        }
    }

    /// A response without more to say.
    pub fn plain(&self, status: StatusCode) -> Response {
        self.response(status, None, None)
    }
}

fn tagged(to: &rsipstack::sip::To, tag: &str) -> rsipstack::sip::To {
    match to.tag() {
        Ok(None) => format!("{};tag={tag}", to.value()).into(),
        _ => to.clone(),
    }
}

/// A header that the stack has no type for.
pub(crate) fn other(name: &str, value: impl Into<String>) -> Header {
    Header::Other(name.to_owned(), value.into())
}

pub(crate) fn allow() -> Header {
    Header::Allow(ALLOW.into())
}

pub(crate) fn retry_after(seconds: u32) -> Header {
    Header::RetryAfter(seconds.to_string().into())
}

/// The tag of the To header; `None` outside a dialog.
pub(crate) fn to_tag(request: &Request) -> Option<String> {
    request.to_header().ok()?.tag().ok()?.map(|tag| tag.value().to_owned())
}

/// The tag of the From header.
pub(crate) fn from_tag(request: &Request) -> Option<String> {
    request.from_header().ok()?.tag().ok()?.map(|tag| tag.value().to_owned())
}

/// The CSeq number.
pub(crate) fn seq(request: &Request) -> Option<u32> {
    request.cseq_header().ok()?.seq().ok()
}

/// Whether a comma-separated header such as Supported or Allow names `token`.
pub(crate) fn names(headers: &rsipstack::sip::Headers, header: &str, token: &str) -> bool {
    headers
        .iter()
        .filter(|it| it.name().eq_ignore_ascii_case(header))
        .any(|it| it.value().split(',').any(|item| item.trim().eq_ignore_ascii_case(token)))
}
