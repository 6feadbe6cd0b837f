//! Addresses that nobody provisioned: how fast they may send before they are dropped unread.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Most addresses that are told apart. Beyond, strangers share one allowance.
const ADDRESSES_MAX: usize = 8_192;
/// How long an address counts as known after it authenticated.
const KNOWN_FOR: Duration = Duration::from_secs(2 * 3600);

/// Token buckets. Time is an argument.
#[derive(Debug)]
pub(crate) struct Guard {
    rate: f64,
    strangers: HashMap<IpAddr, Bucket>,
    crowd: Bucket,
    swept: Instant,
    known: HashMap<IpAddr, Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, now: Instant, rate: f64) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * rate).min(rate * 2.0);
        self.at = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

impl Guard {
    /// `rate` messages per second, twice as many in a burst.
    pub fn new(now: Instant, rate: u32) -> Self {
        let rate = f64::from(rate.max(1));
        let crowd = Bucket { tokens: rate * 2.0, at: now };
        Self { rate, strangers: HashMap::new(), crowd, swept: now, known: HashMap::new() }
    }

    /// `ip` authenticated.
    pub fn vouch(&mut self, now: Instant, ip: IpAddr) {
        if self.known.len() >= ADDRESSES_MAX && !self.known.contains_key(&ip) {
            self.known.retain(|_, since| now < *since + KNOWN_FOR);
        }
        if self.known.len() < ADDRESSES_MAX || self.known.contains_key(&ip) {
            self.known.insert(ip, now);
        }
    }

    /// Whether a message from `ip`, which is no trunk's, is to be read.
    pub fn admits(&mut self, now: Instant, ip: IpAddr) -> bool {
        if self.known.get(&ip).is_some_and(|since| now < *since + KNOWN_FOR) {
            return true;
        }
        let rate = self.rate;
        if let Some(bucket) = self.strangers.get_mut(&ip) {
            return bucket.take(now, rate);
        }
        if self.strangers.len() >= ADDRESSES_MAX && now > self.swept + Duration::from_millis(200) {
            self.swept = now;
            // Those who have been silent for two seconds have a full allowance again: nothing is lost with them.
            self.strangers.retain(|_, it| now.saturating_duration_since(it.at).as_secs() < 2);
        }
        if self.strangers.len() >= ADDRESSES_MAX {
            return self.crowd.take(now, rate);
        }
        let mut bucket = Bucket { tokens: rate * 2.0, at: now };
        let admitted = bucket.take(now, rate);
        self.strangers.insert(ip, bucket);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_held_to_its_rate_and_a_known_address_is_not() {
        let now = Instant::now();
        let mut guard = Guard::new(now, 10);
        let (stranger, phone) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        guard.vouch(now, phone);
        let admitted = (0..1000).filter(|_| guard.admits(now, stranger)).count();
        assert_eq!(admitted, 20);
        assert!((0..1000).all(|_| guard.admits(now, phone)));
        let later = now + Duration::from_secs(1);
        assert_eq!((0..1000).filter(|_| guard.admits(later, stranger)).count(), 10);
        assert!(guard.admits(later, [192, 0, 2, 3].into()), "another stranger has its own");
    }

    #[test]
    fn the_table_stays_bounded_and_a_crowd_shares_one_allowance() {
        let now = Instant::now();
        let mut guard = Guard::new(now, 10);
        let crowd = (0..100_000_u32).filter(|n| guard.admits(now, IpAddr::from(n.to_be_bytes())));
        assert_eq!(crowd.count(), ADDRESSES_MAX + 20);
        assert_eq!(guard.strangers.len(), ADDRESSES_MAX);
    }
}
