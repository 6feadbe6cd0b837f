//! Nonces that carry their own proof (RFC 7616 §3.3): signed, expiring, and each count used once.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::digest::hex;

/// Most nonces whose counts are remembered. Beyond, the oldest become stale.
const REMEMBERED_MAX: usize = 16_384;

/// Makes and checks nonces. Time is an argument.
pub(crate) struct Nonces {
    key: [u8; 64],
    born: Instant,
    lifetime: Duration,
    made: u64,
    /// Nonces made before this many milliseconds after birth are stale, because their counts were forgotten.
    forgotten: u64,
    counts: HashMap<(u64, u64), u32>,
    by_age: BTreeMap<(u64, u64), ()>,
}

/// What a nonce is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Ours, in time, and its count is new.
    Good,
    /// Ours once: the client may try again with a new one, without asking its user (`stale=true`).
    Stale,
    /// Not ours.
    Foreign,
}

impl Nonces {
    pub fn new(now: Instant, lifetime: Duration) -> Self {
        Self {
            key: rand::random(),
            born: now,
            lifetime,
            made: 0,
            forgotten: 0,
            counts: HashMap::new(),
            by_age: BTreeMap::new(),
        }
    }

    /// A new nonce: when it was made, which one, and our signature.
    pub fn mint(&mut self, now: Instant) -> String {
        self.made += 1;
        let at = self.millis(now);
        format!("{at:012x}{:012x}{}", self.made, self.signature(at, self.made))
    }

    /// What `nonce` is worth with the count `nc`. Does not use the count up.
    pub fn worth(&self, now: Instant, nonce: &str, nc: u32) -> Worth {
        let Some((at, made)) = self.read(nonce) else { return Worth::Foreign };
        let age = self.millis(now).saturating_sub(at);
        let seen = self.counts.get(&(at, made)).copied().unwrap_or(0);
        let fresh = u128::from(age) <= self.lifetime.as_millis() && at >= self.forgotten;
        if fresh && nc > seen { Worth::Good } else { Worth::Stale }
    }

    /// Uses `nc` of `nonce` up. Only for those who proved who they are: strangers cannot fill the memory.
    pub fn used(&mut self, now: Instant, nonce: &str, nc: u32) {
        let Some(id) = self.read(nonce) else { return };
        self.counts.insert(id, nc);
        self.by_age.insert(id, ());
        let oldest = self.millis(now).saturating_sub(self.lifetime.as_millis() as u64);
        while let Some(((at, made), ())) = self.by_age.first_key_value() {
            let id = (*at, *made);
            if id.0 >= oldest && self.counts.len() <= REMEMBERED_MAX {
                break;
            }
            self.forgotten = self.forgotten.max(id.0 + 1);
            self.by_age.remove(&id);
            self.counts.remove(&id);
        }
    }

    fn read(&self, nonce: &str) -> Option<(u64, u64)> {
        if nonce.len() != 56 || !nonce.is_ascii() {
            return None;
        }
        let at = u64::from_str_radix(&nonce[..12], 16).ok()?;
        let made = u64::from_str_radix(&nonce[12..24], 16).ok()?;
        let ours = self.signature(at, made);
        bool::from(ours.as_bytes().ct_eq(&nonce.as_bytes()[24..])).then_some((at, made))
    }

    fn signature(&self, at: u64, made: u64) -> String {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(&at.to_be_bytes());
        mac.update(&made.to_be_bytes());
        hex(&mac.finalize().into_bytes()[..16])
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.born).as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(300);

    #[test]
    fn a_nonce_is_good_once_per_count_until_it_expires() {
        let start = Instant::now();
        let mut nonces = Nonces::new(start, LIFE);
        let nonce = nonces.mint(start);
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(nonces.worth(at(1), &nonce, 1), Worth::Good);
        nonces.used(at(1), &nonce, 1);
        assert_eq!(nonces.worth(at(1), &nonce, 1), Worth::Stale, "replayed");
        assert_eq!(nonces.worth(at(299), &nonce, 2), Worth::Good);
        nonces.used(at(299), &nonce, 7);
        assert_eq!(nonces.worth(at(299), &nonce, 5), Worth::Stale, "an older count");
        assert_eq!(nonces.worth(at(301), &nonce, 8), Worth::Stale, "expired");
    }

    #[test]
    fn a_forged_nonce_is_foreign() {
        let now = Instant::now();
        let mut nonces = Nonces::new(now, LIFE);
        let nonce = nonces.mint(now);
        let other = Nonces::new(now, LIFE).mint(now);
        let mut later = nonce.clone();
        later.replace_range(11..12, if &nonce[11..12] == "0" { "1" } else { "0" });
        for forged in ["", "x", &later, &other, &nonce[1..], &"ñ".repeat(28)] {
            assert_eq!(nonces.worth(now, forged, 1), Worth::Foreign, "{forged}");
        }
    }

    #[test]
    fn what_had_to_be_forgotten_cannot_be_replayed() {
        let start = Instant::now();
        let mut nonces = Nonces::new(start, LIFE);
        let first = nonces.mint(start);
        nonces.used(start, &first, 1);
        for n in 0..REMEMBERED_MAX as u64 {
            let now = start + Duration::from_millis(n / 100 + 1);
            let nonce = nonces.mint(now);
            nonces.used(now, &nonce, 1);
        }
        assert!(nonces.counts.len() <= REMEMBERED_MAX);
        assert_eq!(nonces.worth(start + Duration::from_secs(1), &first, 1), Worth::Stale);
    }
}
