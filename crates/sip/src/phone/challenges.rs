//! Digest challenges with an algorithm that the stack has no name for are passed over in favour of
//! the next one, as RFC 7616 §3.7 wants; the stack itself would fail at the first.

use rsipstack::sip::prelude::{HasHeaders, ToTypedHeader};
use rsipstack::sip::{Header, SipMessage};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;

/// Leaves only challenges that can be met. The stack knows `SHA256` where the registered name is
/// `SHA-256` (RFC 7616 §6.1), and so can meet MD5 alone.
pub(super) struct Meetable;

impl MessageInspector for Meetable {
    fn before_send(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        message
    }

    fn after_received(&self, mut message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        if let SipMessage::Response(response) = &mut message {
            response.headers_mut().retain(|header| match header {
                Header::WwwAuthenticate(it) => it.typed().is_ok(),
                Header::ProxyAuthenticate(it) => it.typed().is_ok(),
                _ => true,
            });
        }
        message
    }
}
