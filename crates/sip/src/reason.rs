//! Why a call ended, in the words of the telephone network: Reason headers (RFC 3326) with causes of ITU-T Q.850.

use rsipstack::sip::{Header, Headers};

/// The first Q.850 cause of a message, if one of its Reason headers has a whole one (1 to 127).
pub(crate) fn cause(headers: &Headers) -> Option<u8> {
    let reasons = headers.iter().filter_map(|it| match it {
        Header::Reason(value) => Some(value.value()),
        _ => None,
    });
    reasons.flat_map(|it| split(it, ',')).find_map(one)
}

/// `Q.850;cause=17;text="User busy"`.
fn one(value: &str) -> Option<u8> {
    let mut parts = split(value, ';').map(str::trim);
    let protocol = parts.next()?;
    if !protocol.eq_ignore_ascii_case("Q.850") {
        return None;
    }
    let cause = parts.find_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.trim().eq_ignore_ascii_case("cause").then(|| value.trim())
    })?;
    cause.parse().ok().filter(|cause| (1..=127).contains(cause))
}

/// Splits at a mark that does not stand in a quoted text.
fn split(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |c| {
        let inside = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == mark && !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_among_other_reasons_and_nothing_else_is() {
        for (values, expected) in [
            (&["Q.850;cause=17;text=\"User busy\""][..], Some(17)),
            (&["Q.850 ; text=\"a, b; cause=3\" ; cause = 1"], Some(1)),
            (&["SIP;cause=200;text=\"x, Q.850;cause=9\", q.850;cause=16"], Some(16)),
            (&["SIP;cause=603", "Q.850;cause=21"], Some(21)),
            (&["SIP;cause=486"], None),
            (&["Q.850"], None),
            (&["Q.850;cause=0", "Q.850;cause=128", "Q.850;cause=1000"], None),
            (&["Q.850;text=\"\\\";cause=4"], None),
            (&[], None),
        ] {
            let headers: Vec<Header> =
                values.iter().map(|it| Header::Reason((*it).into())).collect();
            assert_eq!(cause(&headers.into()), expected, "{values:?}");
        }
    }
}
