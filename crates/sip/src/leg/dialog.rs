//! A dialog (RFC 3261 §12): whom we talk to, under which names, and the way to them.

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Host, Method, Request, Response, Transport, Uri, Version};
use rsipstack::transaction::random_text;
use rsipstack::transport::{SipAddr, SipConnection};

use crate::reply::{self, AGENT};
use crate::stack::{Flow, Stack};

/// One side's view of it: ours.
pub(crate) struct Dialog {
    pub call: String,
    /// Our tag: unguessable, and ours alone.
    pub tag: String,
    /// The far end's tag; empty until we know it.
    pub far_tag: String,
    /// What From says when we send, and what To says.
    from: String,
    to: String,
    /// The remote target.
    pub target: Uri,
    routes: Vec<String>,
    pub seq: u32,
    pub far_seq: Option<u32>,
    pub flow: Flow,
    /// Requests go where the far end's come from if its Contact names another address: it is a phone behind NAT.
    pub direct: bool,
    /// It takes UPDATE.
    pub updates: bool,
}

/// A new tag, or Call-ID: 20 letters and digits.
pub(crate) fn name() -> String {
    random_text(20)
}

impl Dialog {
    /// Of an INVITE that arrived. `None`: it has no Contact that can be read (RFC 3261 §8.1.1.8).
    pub fn arrived(request: &Request, flow: Flow, tag: String, direct: bool) -> Option<Self> {
        Some(Self {
            call: request.call_id_header().ok()?.value().to_owned(),
            from: format!("{};tag={tag}", request.to_header().ok()?.value()),
            to: request.from_header().ok()?.value().to_owned(),
            far_tag: reply::from_tag(request)?,
            target: contact(&request.headers)?,
            routes: routes(request)?,
            seq: 0,
            far_seq: reply::seq(request),
            direct,
            updates: reply::names(&request.headers, "Allow", "UPDATE"),
            tag,
            flow,
        })
    }

    /// Of an INVITE that we are about to send to `target`.
    pub fn placed(target: Uri, flow: Flow, from: &str, to: &str) -> Self {
        let tag = name();
        Self {
            call: name(),
            from: format!("{from};tag={tag}"),
            to: to.to_owned(),
            far_tag: String::new(),
            target,
            routes: vec![],
            seq: 0,
            far_seq: None,
            direct: true,
            updates: false,
            tag,
            flow,
        }
    }

    /// Takes over what a 2xx says. `None`: it has no To tag or no Contact.
    pub fn confirm(&mut self, response: &Response) -> Option<()> {
        let to = response.to_header().ok()?;
        self.far_tag = to.tag().ok()??.value().to_owned();
        self.to = to.value().to_owned();
        self.target = contact(&response.headers)?;
        self.routes = routes(response)?;
        self.routes.reverse();
        self.updates = reply::names(&response.headers, "Allow", "UPDATE");
        Some(())
    }

    /// The caller's side of what a 2xx to an INVITE of ours began, out of that alone. `None`: it is not whole.
    pub fn answered(response: &Response, flow: Flow) -> Option<Self> {
        let mut dialog = Self::placed(Uri::default(), flow, "", "");
        dialog.confirm(response)?;
        dialog.call = response.call_id_header().ok()?.value().to_owned();
        dialog.from = response.from_header().ok()?.value().to_owned();
        dialog.seq = response.cseq_header().ok()?.seq().ok()?;
        Some(dialog)
    }

    /// Whether a request belongs to it.
    pub fn owns(&self, request: &Request) -> bool {
        request.call_id_header().is_ok_and(|it| it.value() == self.call)
            && reply::from_tag(request).is_some_and(|it| it == self.far_tag)
    }

    /// Whether a request may belong to it, of which the far end's tag is not known yet.
    pub fn may_own(&self, request: &Request) -> bool {
        self.far_tag.is_empty() && request.call_id_header().is_ok_and(|it| it.value() == self.call)
    }

    /// Takes note of a request's CSeq. Whether it is in order (RFC 3261 §12.2.2).
    pub fn in_order(&mut self, request: &Request) -> bool {
        let seq = reply::seq(request);
        let ordered = seq > self.far_seq;
        self.far_seq = self.far_seq.max(seq);
        ordered
    }

    /// The remote target may move with a re-INVITE or an UPDATE (RFC 3261 §12.2.2).
    pub fn retarget(&mut self, headers: &rsipstack::sip::Headers) {
        if let Some(target) = contact(headers) {
            self.target = target;
        }
    }

    /// Our next request in it.
    pub fn request(
        &mut self,
        stack: &Stack,
        method: Method,
        extra: impl IntoIterator<Item = Header>,
        body: Option<String>,
    ) -> Request {
        self.seq += 1;
        let transport = self.transport();
        let mut headers = vec![
            Header::Via(stack.via(transport).into()),
            Header::MaxForwards(70.into()),
            Header::From(self.from.as_str().into()),
            Header::To(self.to.as_str().into()),
            Header::CallId(self.call.as_str().into()),
            Header::CSeq(format!("{} {method}", self.seq).into()),
            Header::UserAgent(AGENT.into()),
        ];
        headers.extend(self.routes.iter().map(|it| Header::Route(it.as_str().into())));
        if matches!(method, Method::Invite | Method::Update) {
            headers.push(Header::Contact(stack.contact(transport).into()));
            headers.push(reply::allow());
        }
        headers.extend(extra);
        let body = body.map(String::into_bytes).unwrap_or_default();
        if !body.is_empty() {
            headers.push(Header::ContentType("application/sdp".into()));
        }
        headers.push(Header::ContentLength((body.len() as u32).into()));
        Request {
            method,
            uri: self.target.clone(),
            version: Version::V2,
            headers: headers.into(),
            body,
        }
    }

    /// The way to the far end: a connection or a socket, and an address; `None` where the stack must find it.
    pub fn way(&self, stack: &Stack) -> (Option<SipConnection>, Option<SipAddr>) {
        if let Some(connection) = self.flow.alive() {
            return (Some(connection.clone()), None);
        }
        let udp = || stack.udp().cloned().filter(|_| self.flow.transport == Transport::Udp);
        let Host::IpAddr(said) = self.target.host_with_port.host else {
            return if self.direct { (udp(), Some(self.flow.addr())) } else { (None, None) };
        };
        if self.direct && said != self.flow.peer.ip() {
            return (udp(), Some(self.flow.addr()));
        }
        if !self.routes.is_empty() || self.flow.transport != Transport::Udp {
            return (None, None);
        }
        let addr = SipAddr::new(Transport::Udp, self.target.host_with_port.clone());
        (udp(), Some(addr))
    }

    fn transport(&self) -> Transport {
        self.flow.transport
    }
}

/// The CANCEL of an INVITE (RFC 3261 §9.1).
pub(crate) fn cancel_of(invite: &Request) -> Request {
    let mut headers: Vec<Header> = invite
        .headers
        .iter()
        .filter(|it| {
            matches!(
                it,
                Header::Via(_)
                    | Header::From(_)
                    | Header::To(_)
                    | Header::CallId(_)
                    | Header::Route(_)
                    | Header::MaxForwards(_)
            )
        })
        .cloned()
        .collect();
    let seq = reply::seq(invite).unwrap_or(1);
    headers.push(Header::CSeq(format!("{seq} CANCEL").into()));
    headers.push(Header::ContentLength(0_u32.into()));
    Request {
        method: Method::Cancel,
        uri: invite.uri.clone(),
        version: Version::V2,
        headers: headers.into(),
        body: vec![],
    }
}

fn contact(headers: &rsipstack::sip::Headers) -> Option<Uri> {
    let value = headers.iter().find_map(|it| match it {
        Header::Contact(value) => Some(value.value()),
        _ => None,
    })?;
    let contact =
        rsipstack::sip::typed::Contact::parse_header_list(value).ok()?.into_iter().next()?;
    let callable = matches!(
        contact.uri.scheme,
        Some(rsipstack::sip::Scheme::Sip | rsipstack::sip::Scheme::Sips)
    );
    callable.then_some(contact.uri)
}

fn routes(message: &impl HeadersExt) -> Option<Vec<String>> {
    let routes = message.typed_record_route_headers().ok()?;
    Some(routes.into_iter().map(|it| format!("<{}>", it.uri)).collect())
}
