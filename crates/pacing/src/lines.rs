//! Lines in set-up, counted by age.
//!
//! A line belongs to the slot of half a second it was dialed in, so growing older moves no count:
//! age `a` is simply the slot `a` before the present one. No decision looks at a single line.

use std::collections::BTreeMap;

/// Length of a slot in milliseconds.
pub(crate) const SLOT_MS: u64 = 500;
/// Ages kept, in slots: 64 s.
pub(crate) const AGES: usize = 128;
/// Lines in set-up at once, at most. More are not counted, and the line limit holds before.
pub(crate) const LINES_MAX: usize = 20_000;

#[derive(Debug, Clone)]
pub(crate) struct Lines {
    /// The slot each line was dialed in.
    dialed: BTreeMap<u64, u64>,
    /// Lines by slot, modulo the ages kept.
    count: [u32; AGES],
    /// The present slot.
    slot: u64,
}

impl Lines {
    pub(crate) fn new(slot: u64) -> Self {
        Self { dialed: BTreeMap::new(), count: [0; AGES], slot }
    }

    pub(crate) fn len(&self) -> u32 {
        self.dialed.len() as u32
    }

    fn place(slot: u64) -> usize {
        (slot % AGES as u64) as usize
    }

    /// A line was dialed. False if it is known already or there is no room.
    pub(crate) fn add(&mut self, line: u64) -> bool {
        if self.dialed.len() >= LINES_MAX || self.dialed.contains_key(&line) {
            return false;
        }
        self.dialed.insert(line, self.slot);
        self.count[Self::place(self.slot)] += 1;
        true
    }

    /// A line is no longer in set-up. Its age, or `None` if it was not known.
    pub(crate) fn remove(&mut self, line: u64) -> Option<usize> {
        let slot = self.dialed.remove(&line)?;
        self.count[Self::place(slot)] -= 1;
        Some((self.slot - slot) as usize)
    }

    /// Goes on to the next slot. Lines older than `oldest` slots are forgotten: nobody will say
    /// what became of them.
    pub(crate) fn next_slot(&mut self, oldest: usize) {
        self.slot += 1;
        let gone = (oldest + 1).min(AGES) as u64;
        let Some(slot) = self.slot.checked_sub(gone) else { return };
        let count = &mut self.count[Self::place(slot)];
        if *count > 0 {
            *count = 0;
            self.dialed.retain(|_, dialed| *dialed != slot);
        }
    }

    /// Forgets every line older than `oldest` slots.
    pub(crate) fn forget_older(&mut self, oldest: usize) {
        let first = self.slot.saturating_sub(oldest as u64);
        self.dialed.retain(|_, dialed| *dialed >= first);
        self.count = [0; AGES];
        for slot in self.dialed.values() {
            self.count[Self::place(*slot)] += 1;
        }
    }

    /// Goes on to a slot so far ahead that no line can still be in set-up.
    pub(crate) fn restart(&mut self, slot: u64) {
        *self = Self::new(slot);
    }

    pub(crate) fn at_age(&self, age: usize) -> u32 {
        let Some(slot) = self.slot.checked_sub(age as u64) else { return 0 };
        self.count[Self::place(slot)]
    }
}
