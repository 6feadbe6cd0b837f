//! Digest authentication of requests: challenge, verdict, back-off. Nothing in the answer tells an unknown user from a
//! wrong password, and both cost the same work.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rsipstack::sip::{Header, Request};

use crate::backoff::Backoff;
use crate::digest::{Algorithm, Claim};
use crate::nonce::{Nonces, Worth};
use crate::provision::Ha1;
use crate::trunk::{Directory, Party};

/// Checks credentials. Time is an argument.
pub(crate) struct Authenticator {
    realm: String,
    /// The algorithms of a challenge, the preferred one first.
    offered: &'static [Algorithm],
    nonces: Nonces,
    backoff: Backoff,
    /// Stands in for the secret of users that do not exist.
    nobody: Ha1,
}

/// What credentials are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They are `user`'s.
    Known { user: String, party: Party },
    /// None yet, or with a nonce that is over: try again with a new one.
    Challenge { stale: bool },
    /// Wrong, or too many wrong ones came before.
    Refused,
}

/// Whether we challenge as a user agent (401) or as a proxy (407).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Registrar,
    Gate,
}

impl Authenticator {
    pub fn new(
        now: Instant,
        realm: &str,
        nonce_lifetime: Duration,
        offered: &'static [Algorithm],
    ) -> Self {
        let random: [u8; 32] = rand::random();
        Self {
            realm: realm.to_owned(),
            offered,
            nonces: Nonces::new(now, nonce_lifetime),
            backoff: Backoff::default(),
            nobody: Ha1::of("", realm, &crate::digest::hex(&random)),
        }
    }

    /// Judges `request`. `trusted` tells whether a user is registered from this very source.
    pub fn judge(
        &mut self,
        now: Instant,
        request: &Request,
        source: IpAddr,
        directory: &Directory,
        trusted: impl Fn(&str) -> bool,
    ) -> Verdict {
        let Some(value) = credentials(request) else { return Verdict::Challenge { stale: false } };
        let Some(claim) = Claim::parse(value).filter(|it| it.realm == self.realm) else {
            return Verdict::Challenge { stale: false };
        };
        match self.nonces.worth(now, &claim.nonce, claim.nc) {
            Worth::Foreign => return Verdict::Challenge { stale: false },
            Worth::Stale => return Verdict::Challenge { stale: true },
            Worth::Good => {}
        }
        if self.backoff.waits(now, &claim.user, source, trusted(&claim.user)) {
            return Verdict::Refused;
        }
        let known = directory.user(&claim.user);
        let secret = known.map_or(&self.nobody, |(ha1, _)| ha1);
        let proven = claim.proves(secret, &request.method.to_string());
        match known {
            Some((_, party)) if proven => {
                self.nonces.used(now, &claim.nonce, claim.nc);
                self.backoff.succeeded(&claim.user, source);
                Verdict::Known { user: claim.user, party: party.clone() }
            }
            _ => {
                self.backoff.failed(now, &claim.user, source);
                Verdict::Refused
            }
        }
    }

    /// The headers of a challenge, the preferred algorithm first (RFC 8760 §2.4).
    pub fn challenge(&mut self, now: Instant, role: Role, stale: bool) -> Vec<Header> {
        let nonce = self.nonces.mint(now);
        let stale = if stale { ", stale=true" } else { "" };
        let header = |algorithm: Algorithm| {
            let value = format!(
                "Digest realm=\"{}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}",
                self.realm,
                algorithm.token()
            );
            match role {
                Role::Registrar => Header::WwwAuthenticate(value.into()),
                Role::Gate => Header::ProxyAuthenticate(value.into()),
            }
        };
        self.offered.iter().copied().map(header).collect()
    }
}

/// Whether `request` carries credentials at all.
pub(crate) fn has_credentials(request: &Request) -> bool {
    credentials(request).is_some()
}

fn credentials(request: &Request) -> Option<&str> {
    request.headers.iter().find_map(|header| match header {
        Header::Authorization(it) => Some(it.value()),
        Header::ProxyAuthorization(it) => Some(it.value()),
        _ => None,
    })
}
