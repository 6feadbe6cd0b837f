//! The legal window's counts, and the alarm.

/// What the alarm keeps from one slot to the next: half in ten minutes, 0.5 ^ (1 / 1200).
const KEEP_PER_SLOT: f64 = 0.999_422_544_141_380_8;
/// Fewer recent answers than this raise no alarm by a handful of abandonments.
const ANSWERS_LEAST: f64 = 200.0;

/// Live answers and how many of them were abandoned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    pub(crate) abandoned: u64,
    pub(crate) answered: u64,
    recent_abandoned: f64,
    recent_answered: f64,
    alarm: bool,
}

impl Window {
    pub(crate) fn served(&mut self, abandoned: bool, cap: f64) {
        self.answered = self.answered.saturating_add(1);
        self.abandoned = self.abandoned.saturating_add(u64::from(abandoned));
        self.recent_answered += 1.0;
        self.recent_abandoned += f64::from(u8::from(abandoned));
        self.judge(cap);
    }

    /// So many slots have passed: what was recent becomes less so.
    pub(crate) fn pass(&mut self, slots: u64, cap: f64) {
        let keep = if slots == 1 { KEEP_PER_SLOT } else { KEEP_PER_SLOT.powf(slots as f64) };
        self.recent_answered *= keep;
        self.recent_abandoned *= keep;
        self.judge(cap);
    }

    /// Raised far over the cap, let down at it: between the two, feedback does its work.
    fn judge(&mut self, cap: f64) {
        let share = self.recent_abandoned / self.recent_answered.max(ANSWERS_LEAST);
        self.alarm = share > if self.alarm { cap } else { 3.0 * cap };
    }

    pub(crate) fn alarm(&self) -> bool {
        self.alarm
    }
}
