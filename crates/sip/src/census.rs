//! How many of something there are, in all and per address, within bounds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts seats.
#[derive(Clone)]
pub(crate) struct Census {
    seats: Arc<Mutex<Seats>>,
    all_max: usize,
    each_max: usize,
}

#[derive(Default)]
struct Seats {
    all: usize,
    each: HashMap<IpAddr, usize>,
}

/// One of them; it counts until it is dropped.
pub(crate) struct Seat {
    census: Census,
    ip: IpAddr,
}

impl Census {
    pub fn new(all_max: usize, each_max: usize) -> Self {
        Self { seats: Arc::default(), all_max, each_max }
    }

    /// Whether there is room for one more of `ip`.
    pub fn has_room(&self, ip: IpAddr) -> bool {
        let seats = self.lock();
        seats.all < self.all_max && seats.each.get(&ip).copied().unwrap_or(0) < self.each_max
    }

    /// A seat, if there is room.
    pub fn admit(&self, ip: IpAddr) -> Option<Seat> {
        self.has_room(ip).then(|| self.seat(ip))
    }

    /// A seat for one who can no longer be refused.
    pub fn seat(&self, ip: IpAddr) -> Seat {
        let mut seats = self.lock();
        seats.all += 1;
        *seats.each.entry(ip).or_default() += 1;
        drop(seats);
        Seat { census: self.clone(), ip }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.census.lock();
        seats.all -= 1;
        if let Some(each) = seats.each.get_mut(&self.ip) {
            *each -= 1;
            if *each == 0 {
                seats.each.remove(&self.ip);
            }
        }
    }
}
