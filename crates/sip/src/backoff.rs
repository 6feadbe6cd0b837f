//! Back-off after wrong credentials, per user and per address, in tables that cannot be made to grow.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Wrong attempts that cost nothing.
const FREE: u32 = 5;
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// How long an attempt is remembered.
const MEMORY: Duration = Duration::from_secs(900);
/// Most entries of a table.
const ENTRIES_MAX: usize = 8_192;

/// Who has to wait. Time is an argument.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    users: Table<String>,
    sources: Table<IpAddr>,
}

impl Backoff {
    /// Whether an attempt of `user` from `source` is to be refused unread. A `trusted` source, one from which the user is
    /// registered now, is spared the user's back-off, so that strangers cannot lock a phone out.
    pub fn waits(&self, now: Instant, user: &str, source: IpAddr, trusted: bool) -> bool {
        (!trusted && self.users.waits(now, user)) || self.sources.waits(now, &source)
    }

    /// Credentials were wrong.
    pub fn failed(&mut self, now: Instant, user: &str, source: IpAddr) {
        self.users.failed(now, user.to_owned());
        self.sources.failed(now, source);
    }

    /// Credentials were right.
    pub fn succeeded(&mut self, user: &str, source: IpAddr) {
        self.users.entries.remove(user);
        self.sources.entries.remove(&source);
    }
}

#[derive(Debug)]
struct Table<K> {
    entries: HashMap<K, (u32, Instant)>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<K: Eq + Hash> Table<K> {
    fn waits<Q>(&self, now: Instant, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries.get(key).is_some_and(|&(times, last)| now < last + pause(times))
    }

    fn failed(&mut self, now: Instant, key: K) {
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&key) {
            self.entries.retain(|_, &mut (times, last)| now < last + pause(times));
            // Full of offenders: one more stranger is not remembered, those who are known stay held.
            if self.entries.len() >= ENTRIES_MAX {
                return;
            }
        }
        let entry = self.entries.entry(key).or_insert((0, now));
        let times = if now > entry.1 + MEMORY { 1 } else { entry.0.saturating_add(1) };
        *entry = (times, now);
    }
}

fn pause(times: u32) -> Duration {
    match times.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(over) => Duration::from_secs(1 << over.min(9)).min(PAUSE_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_and_a_right_password_ends_it() {
        let now = Instant::now();
        let source: IpAddr = [192, 0, 2, 1].into();
        let elsewhere: IpAddr = [192, 0, 2, 2].into();
        let mut backoff = Backoff::default();
        for _ in 0..FREE {
            backoff.failed(now, "a", source);
            assert!(!backoff.waits(now, "a", source, false));
        }
        backoff.failed(now, "a", source);
        assert!(backoff.waits(now, "b", source, false), "the address waits, whatever the user");
        assert!(backoff.waits(now, "a", elsewhere, false), "the user waits, wherever from");
        assert!(!backoff.waits(now, "a", elsewhere, true), "but not where it is registered");
        assert!(!backoff.waits(now, "b", elsewhere, false));
        assert!(!backoff.waits(now + Duration::from_secs(2), "a", source, false));
        backoff.succeeded("a", source);
        assert!(!backoff.waits(now, "a", source, false));
    }

    #[test]
    fn the_tables_stay_bounded() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        for n in 0..(ENTRIES_MAX as u32 + 100) {
            for _ in 0..=FREE {
                backoff.failed(now, &n.to_string(), IpAddr::from(n.to_be_bytes()));
            }
        }
        assert_eq!(backoff.users.entries.len(), ENTRIES_MAX);
        assert_eq!(backoff.sources.entries.len(), ENTRIES_MAX);
    }
}
