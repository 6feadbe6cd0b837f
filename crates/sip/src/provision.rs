//! Who may talk to the switch: trunks and stations. Replaced as a whole while it runs.

use std::net::{IpAddr, SocketAddr};

/// Everyone the switch knows. Calls that are up stay up when it is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provision {
    /// The trunks.
    pub trunks: Vec<Trunk>,
    /// The phones.
    pub stations: Vec<Station>,
}

/// A carrier or a PBX from which calls come, and over which they go out.
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
    /// How calls go out over it; `None`: they only come in.
    pub outbound: Option<Outbound>,
}

/// How calls go out over a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// Where its proxy is. Calls go to the first that is not known to be away; a call never goes to two.
    pub addresses: Vec<SocketAddr>,
    /// Over what.
    pub carriage: Carriage,
    /// How we answer when it asks who we are.
    pub login: Option<Login>,
    /// Send `34910000001` for `+34910000001`, as the number called and as the caller's.
    pub strip_plus: bool,
    /// Goes before the number, after the `+` was stripped.
    pub prefix: String,
}

/// What carries SIP to a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Carriage {
    /// Datagrams.
    #[default]
    Udp,
    /// One connection for many calls.
    Tcp,
}

/// A user name and a password for somebody else's realm, which is only known once it asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
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
