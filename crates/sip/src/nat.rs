//! Phones behind NAT name a private address in Contact that nobody can reach; where their datagram really came from is put
//! in its place, so that ACK, BYE and calls find back (the practice that RFC 3581 leaves to the application).

use std::net::{IpAddr, SocketAddr};

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::typed::Contact;
use rsipstack::sip::{Header, Headers, Host, Method, SipMessage};

/// Mends `message`, which came from `from`, if it needs it. A message that passed a proxy with Record-Route does not.
pub(crate) fn mend(message: &mut SipMessage, from: SocketAddr) {
    let headers = match message {
        SipMessage::Request(it) if it.method != Method::Register => &mut it.headers,
        SipMessage::Response(it)
            if it.cseq_header().is_ok_and(|it| it.method() == Ok(Method::Invite)) =>
        {
            &mut it.headers
        }
        _ => return,
    };
    mend_contact(headers, from);
}

fn mend_contact(headers: &mut Headers, from: SocketAddr) {
    if headers.iter().any(|it| matches!(it, Header::RecordRoute(_))) {
        return;
    }
    for header in headers.iter_mut() {
        let Header::Contact(value) = header else { continue };
        let Ok(mut contact) = Contact::parse(value.value()) else { continue };
        let Host::IpAddr(said) = contact.uri.host_with_port.host else { continue };
        if said != from.ip() && private(said) {
            contact.uri.host_with_port = from.into();
            value.replace(contact.to_string());
        }
    }
}

fn private(ip: IpAddr) -> bool {
    match ip {
        // RFC 1918, and RFC 6598 (carrier-grade NAT).
        IpAddr::V4(ip) => ip.is_private() || (ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64),
        IpAddr::V6(_) => false,
    }
}
