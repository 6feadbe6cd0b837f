//! How long a line rests before another call may have it, so that what is late for one call is
//! never heard in the next.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A line rests at least this long, and until its port has been quiet as long.
pub(crate) const REST: Duration = Duration::from_secs(2);
/// A far end that never stops sending does not keep a port for ever: the source lock of the next
/// leg refuses it. In units of the rest.
const LONGEST: u32 = 5;

#[derive(Debug)]
pub(crate) struct Quarantine {
    rest: Duration,
    /// In the order in which they are due.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    line: u32,
    since: Instant,
    due: Instant,
}

impl Quarantine {
    pub(crate) fn new(rest: Duration) -> Self {
        Self { rest, waiting: VecDeque::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn enter(&mut self, line: u32, now: Instant) {
        self.waiting.push_back(Waiting { line, since: now, due: now + self.rest });
    }

    /// A line that has rested; to be asked until `None`. `disturbed` tells when a packet last came
    /// to a line.
    pub(crate) fn leave(
        &mut self,
        now: Instant,
        disturbed: impl Fn(u32) -> Option<Instant>,
    ) -> Option<u32> {
        while let Some(first) = self.waiting.pop_front_if(|first| first.due <= now) {
            let noisy = disturbed(first.line).is_some_and(|at| at + self.rest > now);
            if !noisy || now >= first.since + self.rest * LONGEST {
                return Some(first.line);
            }
            self.waiting.push_back(Waiting { due: now + self.rest, ..first });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_leave_when_they_have_rested_and_are_quiet() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut quarantine = Quarantine::new(REST);
        quarantine.enter(1, at(0));
        quarantine.enter(2, at(0));
        quarantine.enter(3, at(1));
        let noise = |line| (line == 1).then(|| at(1));
        assert_eq!(quarantine.leave(at(1), noise), None);
        assert_eq!(quarantine.leave(at(2), noise), Some(2), "1 was disturbed a second ago");
        assert_eq!(quarantine.leave(at(2), noise), None);
        assert_eq!(quarantine.leave(at(4), noise), Some(3));
        assert_eq!(quarantine.leave(at(4), noise), Some(1));
        assert_eq!(quarantine.len(), 0);
    }

    #[test]
    fn a_far_end_that_never_stops_does_not_keep_the_port() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut quarantine = Quarantine::new(REST);
        quarantine.enter(1, at(0));
        let left =
            (0..60).find(|second| quarantine.leave(at(*second), |_| Some(at(*second))).is_some());
        assert_eq!(left, Some(10));
    }
}
