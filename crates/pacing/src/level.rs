//! A quick correction of the answer rate: what the last minutes gave, against what was predicted.

/// What is kept from one slot to the next: half in two minutes, 0.5 ^ (1 / 240).
const KEEP_PER_SLOT: f64 = 0.997_116_053_334_589_2;
/// Answers that agree with the prediction, added to both sides.
const PSEUDO_ANSWERS: f64 = 20.0;

/// Answers seen and answers predicted for the same lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    pub(crate) seen: f64,
    pub(crate) predicted: f64,
}

impl Level {
    /// A slot has begun in which so many answers are predicted.
    pub(crate) fn predict(&mut self, answers: f64) {
        self.predicted = self.predicted * KEEP_PER_SLOT + answers;
        self.seen *= KEEP_PER_SLOT;
    }

    pub(crate) fn see(&mut self) {
        self.seen += 1.0;
    }

    /// What to multiply learnt chances of an answer by.
    pub(crate) fn factor(&self) -> f64 {
        (self.seen + PSEUDO_ANSWERS) / (self.predicted + PSEUDO_ANSWERS)
    }
}
