//! The legal window's counts, and the alarm.

/// Fates that the alarm looks back on.
const LOOK_BACK: usize = 200;

/// Live answers and how many of them were abandoned.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) abandoned: u64,
    pub(crate) answered: u64,
    /// The last fates, oldest overwritten first; true is abandoned.
    last: [bool; LOOK_BACK],
    next: usize,
    /// How many of the last were abandoned.
    recent: usize,
    alarm: bool,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            abandoned: 0,
            answered: 0,
            last: [false; LOOK_BACK],
            next: 0,
            recent: 0,
            alarm: false,
        }
    }

    pub(crate) fn served(&mut self, abandoned: bool, cap: f64) {
        self.answered = self.answered.saturating_add(1);
        self.abandoned = self.abandoned.saturating_add(u64::from(abandoned));
        let old = std::mem::replace(&mut self.last[self.next], abandoned);
        self.next = (self.next + 1) % LOOK_BACK;
        self.recent = self.recent + usize::from(abandoned) - usize::from(old);
        let at_cap = cap * LOOK_BACK as f64;
        // Raised far over the cap and let down at it: between the two, feedback does its work.
        let over = if self.alarm { 2.0 * at_cap } else { (4.0 * at_cap).max(at_cap + 10.0) };
        self.alarm = self.recent as f64 > over;
    }

    pub(crate) fn alarm(&self) -> bool {
        self.alarm
    }
}
