//! Who may talk to the switch: trunks and stations. Replaced as a whole while it runs.

use std::net::IpAddr;

/// Everyone the switch knows. Calls that are up stay up when it is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provision {
    /// The trunks.
    pub trunks: Vec<Trunk>,
    /// The phones.
    pub stations: Vec<Station>,
}

/// A carrier or a PBX from which calls come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// Comes back in [`crate::Arrival::trunk`].
    pub key: String,
    /// Addresses whose calls are its own. Where those of several trunks contain an address, the longest prefix wins.
    pub networks: Vec<Network>,
    /// By which it is known from any address.
    pub credentials: Option<Credentials>,
    /// How many calls it may have up at once. Beyond: 503 with Retry-After.
    pub channels: usize,
}

/// An address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub ip: IpAddr,
    /// 0 to 32, or to 128. More than there are counts as all.
    pub prefix: u8,
}

/// A digest user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// Its secret.
    pub ha1: Ha1,
}

/// A phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// The user it registers as and authenticates with, e.g. `tenant~agent`.
    pub user: String,
    /// Its secret.
    pub ha1: Ha1,
}

/// `H(user:realm:password)` in both algorithms, lower-case hex (RFC 7616 §3.4.2, RFC 8760).
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// MD5, 32 digits.
    pub md5: String,
    /// SHA-256, 64 digits.
    pub sha256: String,
}

impl Ha1 {
    /// Of a password. The realm is [`crate::SwitchConfig::realm`].
    pub fn of(user: &str, realm: &str, password: &str) -> Self {
        crate::digest::ha1(user, realm, password)
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(•••)")
    }
}
