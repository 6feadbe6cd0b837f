//! Who calls and what was dialed, out of a trunk's INVITE.

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Host, Param, Request, Scheme, Uri};

/// Longest number or name that is taken over, in characters.
const LENGTH_MAX: usize = 64;

/// The dialed user: the user part of the Request-URI, or the number of a `tel:` URI.
pub(crate) fn dialed(request: &Request) -> String {
    user(&request.uri).unwrap_or_default()
}

/// The caller: P-Asserted-Identity, else From; `None` where they asked for privacy (RFC 3323 §4, RFC 3325 §9.3).
pub(crate) fn caller(request: &Request) -> Option<String> {
    let private = request.privacy_header().is_some_and(|it| {
        it.value().split([';', ',']).any(|it| {
            ["id", "user", "header"].iter().any(|secret| it.trim().eq_ignore_ascii_case(secret))
        })
    });
    if private {
        return None;
    }
    let asserted = request.p_asserted_identity_header().and_then(|it| address(it.value()));
    asserted.or_else(|| address(request.from_header().ok()?.value()))
}

/// The user of a name-addr or an addr-spec.
fn address(value: &str) -> Option<String> {
    let uri = match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next()?,
        None => value.split(';').next()?,
    };
    let uri = Uri::try_from(uri).ok()?;
    let hidden = matches!(&uri.host_with_port.host, Host::Domain(it) if it.0.eq_ignore_ascii_case("anonymous.invalid"));
    user(&uri).filter(|it| !hidden && !it.eq_ignore_ascii_case("anonymous"))
}

fn user(uri: &Uri) -> Option<String> {
    let user = match (&uri.auth, &uri.scheme) {
        (Some(auth), _) => auth.user.clone(),
        (None, Some(Scheme::Other(_))) => uri.host_with_port.host.to_string(),
        // The stack cuts a URI at its first semicolon, also where that stands in the user part
        // (`sip:+34910;phone-context=x@host`): the number is then found in place of the host.
        (None, _) if user_has_parameters(uri) => uri.host_with_port.host.to_string(),
        (None, _) => return None,
    };
    let user = decode(user.split(';').next().unwrap_or_default());
    let fits = !user.is_empty() && !user.chars().any(char::is_control);
    fits.then(|| user.chars().take(LENGTH_MAX).collect())
}

fn user_has_parameters(uri: &Uri) -> bool {
    uri.params.iter().any(
        |it| matches!(it, Param::Other(name, value) if name.contains('@') || value.as_ref().is_some_and(|it| it.contains('@'))),
    )
}

/// Percent-decoding (RFC 3261 §19.1.2); what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).and_then(|it| std::str::from_utf8(it).ok());
        match escape.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(uri: &str, headers: &str) -> Request {
        let text = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:x@h>\r\n\
             Call-ID: c\r\nCSeq: 1 INVITE\r\n{headers}\r\n\r\n"
        );
        Request::try_from(text.as_str()).expect("an INVITE")
    }

    #[test]
    fn the_dialed_number_is_found_in_every_form() {
        for (uri, number) in [
            ("sip:+34910000001@h", "+34910000001"),
            ("sip:%2B34910000001@h;user=phone", "+34910000001"),
            ("tel:+34910000001", "+34910000001"),
            ("sip:+34910;phone-context=x@h", "+34910"),
            ("sip:h", ""),
            ("sip:50%@h", "50%"),
        ] {
            assert_eq!(dialed(&invite(uri, "From: <sip:a@h>;tag=1")), number, "{uri}");
        }
    }

    #[test]
    fn an_asserted_identity_goes_first_and_privacy_hides_both() {
        let from = "From: \"A <b>\" <sip:+34600@h>;tag=1";
        let asserted = "P-Asserted-Identity: \"C\" <tel:+34700>";
        for (headers, caller) in [
            ("From: sip:+34600@h;tag=1".to_owned(), Some("+34600")),
            (format!("From: <sip:+34600@h>;tag=1\r\n{asserted}"), Some("+34700")),
            (format!("{asserted}\r\nPrivacy: id\r\n{from}"), None),
            (format!("{asserted}\r\nPrivacy: none\r\n{from}"), Some("+34700")),
            ("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1".to_owned(), None),
            ("From: <sip:anonymous@h>;tag=1".to_owned(), None),
        ] {
            assert_eq!(super::caller(&invite("sip:x@h", &headers)).as_deref(), caller, "{headers}");
        }
    }
}
