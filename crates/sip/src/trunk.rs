//! Who sent this: trunks by address (the longest prefix wins) or by digest, stations by digest.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::provision::{Ha1, Network, Outbound, Provision};

/// The provision, arranged for looking up.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    trunks: Vec<Arc<KnownTrunk>>,
    /// Longest prefix first.
    networks: Vec<(Network, usize)>,
    users: HashMap<String, (Ha1, Party)>,
    /// Where calls go out to: their answers come from there.
    proxies: HashSet<IpAddr>,
}

/// A trunk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownTrunk {
    pub key: String,
    pub channels: usize,
    pub outbound: Option<Outbound>,
}

/// Whose leg it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Party {
    Trunk(Arc<KnownTrunk>),
    Station(Arc<str>),
}

impl Directory {
    pub fn new(provision: Provision) -> Self {
        let mut it = Self::default();
        for trunk in provision.trunks {
            let at = it.trunks.len();
            let outbound = trunk.outbound;
            let proxies = outbound.iter().flat_map(|it| &it.addresses);
            it.proxies.extend(proxies.map(|addr| addr.ip().to_canonical()));
            let known = Arc::new(KnownTrunk { key: trunk.key, channels: trunk.channels, outbound });
            it.networks.extend(trunk.networks.into_iter().map(|network| (network, at)));
            if let Some(known_by) = trunk.credentials {
                it.users.insert(known_by.user, (known_by.ha1, Party::Trunk(known.clone())));
            }
            it.trunks.push(known);
        }
        for station in provision.stations {
            let user: Arc<str> = station.user.as_str().into();
            it.users.insert(station.user, (station.ha1, Party::Station(user)));
        }
        it.networks.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix));
        it
    }

    /// Every trunk.
    pub fn trunks(&self) -> impl Iterator<Item = &KnownTrunk> {
        self.trunks.iter().map(Arc::as_ref)
    }

    /// The trunk to which an address belongs.
    pub fn trunk_at(&self, ip: IpAddr) -> Option<&Arc<KnownTrunk>> {
        let ip = ip.to_canonical();
        let (_, at) = self.networks.iter().find(|(network, _)| contains(network, ip))?;
        self.trunks.get(*at)
    }

    /// The trunk of a key.
    pub fn trunk(&self, key: &str) -> Option<&Arc<KnownTrunk>> {
        self.trunks.iter().find(|it| it.key == key)
    }

    /// Whether an address is a trunk's, so that what it sends is read at any rate.
    pub fn knows(&self, ip: IpAddr) -> bool {
        self.trunk_at(ip).is_some() || self.proxies.contains(&ip.to_canonical())
    }

    /// Who authenticates as `user`, and with what.
    pub fn user(&self, user: &str) -> Option<&(Ha1, Party)> {
        self.users.get(user)
    }

    /// Whether any trunk may call from an unknown address.
    pub fn trunks_by_digest(&self) -> bool {
        self.users.values().any(|(_, party)| matches!(party, Party::Trunk(_)))
    }

    /// Whether `user` is a station.
    pub fn is_station(&self, user: &str) -> bool {
        matches!(self.users.get(user), Some((_, Party::Station(_))))
    }
}

fn contains(network: &Network, ip: IpAddr) -> bool {
    let cut = |bits: u128, width: u32| {
        bits.checked_shr(width.saturating_sub(u32::from(network.prefix))).unwrap_or(0)
    };
    match (network.ip, ip) {
        (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
            cut(ours.to_bits().into(), 32) == cut(theirs.to_bits().into(), 32)
        }
        (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
            cut(ours.to_bits(), 128) == cut(theirs.to_bits(), 128)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::{Credentials, Trunk};

    fn trunk(key: &str, networks: &[&str]) -> Trunk {
        let networks = networks.iter().map(|it| {
            let (ip, prefix) = it.split_once('/').expect("a network");
            Network {
                ip: ip.parse().expect("an address"),
                prefix: prefix.parse().expect("a prefix"),
            }
        });
        Trunk {
            key: key.into(),
            networks: networks.collect(),
            credentials: None,
            channels: 1,
            outbound: None,
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let mut by_digest = trunk("by-digest", &[]);
        by_digest.credentials = Some(Credentials { user: "u".into(), ha1: Ha1::of("u", "r", "p") });
        let directory = Directory::new(Provision {
            trunks: vec![
                trunk("wide", &["198.51.100.0/24", "2001:db8::/32"]),
                trunk("narrow", &["198.51.100.7/32", "2001:db8::7/128"]),
                by_digest,
            ],
            stations: vec![],
        });
        for (ip, key) in [
            ("198.51.100.7", Some("narrow")),
            ("198.51.100.8", Some("wide")),
            ("198.51.101.8", None),
            ("::ffff:198.51.100.7", Some("narrow")),
            ("2001:db8::7", Some("narrow")),
            ("2001:db8:1::", Some("wide")),
            ("2001:db9::", None),
        ] {
            let found = directory.trunk_at(ip.parse().expect("an address"));
            assert_eq!(found.map(|it| it.key.as_str()), key, "{ip}");
        }
        assert!(directory.trunks_by_digest());
        assert!(!directory.is_station("u"));
    }

    #[test]
    fn a_prefix_of_zero_is_everybody_of_its_family() {
        let directory = Directory::new(Provision {
            trunks: vec![trunk("all", &["0.0.0.0/0"])],
            stations: vec![],
        });
        assert!(directory.trunk_at([203, 0, 113, 9].into()).is_some());
        assert!(directory.trunk_at("2001:db8::1".parse().expect("an address")).is_none());
    }
}
