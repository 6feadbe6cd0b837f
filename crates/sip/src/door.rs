//! Who may come in: what each new request is worth before it costs anything (no open relay).

use std::net::IpAddr;
use std::time::Instant;

use rsipstack::sip::{Header, Method, Request, Response, StatusCode};

use crate::authenticator::{Role, has_credentials};
use crate::counters::RefusedFor;
use crate::desk::Shared;
use crate::reply::{self, Frame};
use crate::stack::intake::Pass;

/// The user that a phone calls to keep its leg up.
pub(crate) const SHIFT: &str = "shift";

/// Decides about a request that is whole and new.
pub(crate) fn decide(
    shared: &Shared,
    request: &Request,
    source: IpAddr,
    tag: impl Fn() -> String,
) -> Pass {
    let answer = |status, extra: Vec<Header>| {
        Pass::Answer(Box::new(Frame::of(request, &tag()).response(status, extra, None)))
    };
    let refuse = |why, status, extra| {
        shared.tally.refused(why);
        answer(status, extra)
    };
    if let Some(to) = reply::to_tag(request) {
        let known = shared.desk().knows(&to);
        return match known {
            true => Pass::On,
            false => answer(StatusCode::CallTransactionDoesNotExist, vec![]),
        };
    }
    match request.method {
        Method::Invite => match caller(shared, request, source) {
            Caller::Welcome => Pass::On,
            Caller::Crowded => refuse(
                RefusedFor::Overload,
                StatusCode::ServiceUnavailable,
                vec![reply::retry_after(shared.config.limits.retry_after)],
            ),
            Caller::Asked => answer(
                StatusCode::ProxyAuthenticationRequired,
                shared.desk().challenge(Role::Gate, false),
            ),
            Caller::Unknown => refuse(RefusedFor::UnknownSource, StatusCode::Forbidden, vec![]),
        },
        Method::Register if has_credentials(request) => Pass::On,
        Method::Register => {
            answer(StatusCode::Unauthorized, shared.desk().challenge(Role::Registrar, false))
        }
        Method::Options => Pass::Answer(Box::new(options(request, &tag()))),
        Method::Bye | Method::PRack => answer(StatusCode::CallTransactionDoesNotExist, vec![]),
        _ => {
            refuse(RefusedFor::MethodNotAllowed, StatusCode::MethodNotAllowed, vec![reply::allow()])
        }
    }
}

enum Caller {
    Welcome,
    Crowded,
    Asked,
    Unknown,
}

fn caller(shared: &Shared, request: &Request, source: IpAddr) -> Caller {
    let directory = shared.directory();
    let shift = request.uri.user() == Some(SHIFT);
    let by_address = !shift && directory.trunk_at(source).is_some();
    if !by_address && !has_credentials(request) {
        let asked = shift || directory.trunks_by_digest();
        return if asked { Caller::Asked } else { Caller::Unknown };
    }
    let room = shared.awaiting.has_room(source) && shared.desk().has_room(Instant::now());
    if room { Caller::Welcome } else { Caller::Crowded }
}

/// What we can do (RFC 3261 §11.2).
pub(crate) fn options(request: &Request, tag: &str) -> Response {
    let extra = [
        reply::allow(),
        Header::Accept("application/sdp".into()),
        Header::AcceptEncoding("identity".into()),
        Header::AcceptLanguage("es, en".into()),
        Header::Supported("timer".into()),
    ];
    Frame::of(request, tag).response(StatusCode::OK, extra, None)
}
