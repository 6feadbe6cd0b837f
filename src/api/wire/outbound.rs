//! How calls are placed over a trunk.

use timbre_model::{OutboundSpec, Secret};

use super::floor::Passwords;
use crate::api::pb;

pub(super) fn to_wire(spec: &OutboundSpec, passwords: Passwords) -> pb::Outbound {
    let OutboundSpec {
        to,
        tcp,
        username,
        password,
        setup_max,
        calls_per_second,
        countries,
        rates,
        spend_per_day_max,
        stopped,
        strip_plus,
        prefix,
    } = spec;
    let password = match passwords {
        Passwords::Send => password.as_ref().map(|it| it.expose().to_owned()),
        Passwords::Omit => None,
    };
    pb::Outbound {
        to: to.clone(),
        tcp: *tcp,
        username: username.clone().unwrap_or_default(),
        password: password.unwrap_or_default(),
        setup_max: *setup_max,
        calls_per_second: *calls_per_second,
        countries: countries.iter().cloned().collect(),
        rates: rates.clone(),
        spend_per_day_max: *spend_per_day_max,
        stopped: *stopped,
        strip_plus: *strip_plus,
        prefix: prefix.clone(),
    }
}

/// Numbers of 0 count as absent.
pub(super) fn from_wire(wire: pb::Outbound) -> OutboundSpec {
    let pb::Outbound {
        to,
        tcp,
        username,
        password,
        setup_max,
        calls_per_second,
        countries,
        rates,
        spend_per_day_max,
        stopped,
        strip_plus,
        prefix,
    } = wire;
    let absent = OutboundSpec::new(to);
    let text = |it: String| (!it.is_empty()).then_some(it);
    OutboundSpec {
        tcp,
        username: text(username),
        password: text(password).map(Secret::new),
        setup_max: if setup_max == 0 { absent.setup_max } else { setup_max },
        calls_per_second: if calls_per_second == 0.0 {
            absent.calls_per_second
        } else {
            calls_per_second
        },
        countries: countries.into_iter().collect(),
        rates,
        spend_per_day_max,
        stopped,
        strip_plus,
        prefix,
        ..absent
    }
}
