//! How long conversations and wrap-ups last, learnt: the rate at which they end, by elapsed time.
//! Nothing assumes a distribution; where little was seen, the rate leans on the overall one.

/// Kinds of elapsed time told apart, each 1.2 times the one before.
pub(crate) const BINS: usize = 40;
/// Seconds ahead that are forecast, one entry per second from 0.
pub(crate) const AHEAD: usize = 68;

const GROWTH: f64 = 1.2;
/// Half of what was seen is forgotten in this time.
const HALF_LIFE_S: f64 = 14_400.0;
/// How many ends the overall rate is worth in each bin.
const PSEUDO_ENDS: f64 = 3.0;

/// Seconds spent and ends seen, by elapsed time.
#[derive(Debug, Clone)]
pub(crate) struct Durations {
    pub(crate) spent_s: [f64; BINS],
    pub(crate) ends: [f64; BINS],
    /// Mean assumed before anything was seen, in seconds.
    assumed_s: f64,
}

/// Chance of having ended within 0, 1, 2 … seconds.
pub(crate) type Within = [f32; AHEAD];

/// Where each bin begins, in seconds; the last one's end stands behind them.
const EDGES: [f64; BINS + 1] = {
    let mut edges = [0.0; BINS + 1];
    edges[1] = 1.0;
    let mut bin = 2;
    while bin <= BINS {
        edges[bin] = GROWTH * edges[bin - 1];
        bin += 1;
    }
    edges
};

/// The bin of an elapsed time.
fn bin(elapsed_s: f64) -> usize {
    EDGES[1..BINS].partition_point(|edge| *edge <= elapsed_s)
}

/// The elapsed time that stands for a bin.
fn middle(bin: usize) -> f64 {
    0.5 * (EDGES[bin] + EDGES[bin + 1])
}

/// The two bins whose middles lie about an elapsed time, and the weight of the second.
pub(crate) fn between(elapsed_s: f64) -> (usize, f64) {
    let at = bin(elapsed_s);
    let low = if elapsed_s < middle(at) { at.saturating_sub(1) } else { at };
    if low + 1 >= BINS {
        return (BINS - 2, 1.0);
    }
    let (from, to) = (middle(low), middle(low + 1));
    (low, ((elapsed_s - from) / (to - from)).clamp(0.0, 1.0))
}

impl Durations {
    pub(crate) fn new(assumed_s: f64) -> Self {
        Self { spent_s: [0.0; BINS], ends: [0.0; BINS], assumed_s }
    }

    /// Somebody has been at it for `elapsed_s`, the last `span_s` of them since this was last said.
    pub(crate) fn spend(&mut self, elapsed_s: f64, span_s: f64) {
        self.spent_s[bin((elapsed_s - 0.5 * span_s).max(0.0))] += span_s;
    }

    pub(crate) fn end(&mut self, elapsed_s: f64) {
        self.ends[bin(elapsed_s)] += 1.0;
    }

    pub(crate) fn fade(&mut self, span_s: f64) {
        let keep = 0.5_f64.powf(span_s / HALF_LIFE_S);
        self.spent_s.iter_mut().chain(&mut self.ends).for_each(|it| *it *= keep);
    }

    /// Ends per second in each bin.
    pub(crate) fn rates(&self) -> [f64; BINS] {
        let ends: f64 = self.ends.iter().sum();
        let spent: f64 = self.spent_s.iter().sum();
        let overall = (ends + PSEUDO_ENDS) / (spent + PSEUDO_ENDS * self.assumed_s);
        let mut rates = [0.0; BINS];
        for (rate, (ends, spent)) in rates.iter_mut().zip(self.ends.iter().zip(&self.spent_s)) {
            *rate = (ends + PSEUDO_ENDS) / (spent + PSEUDO_ENDS / overall);
        }
        rates
    }
}

/// Chance of having ended within 0, 1, 2 … seconds, when `elapsed_s` are over.
pub(crate) fn within(rates: &[f64; BINS], elapsed_s: f64) -> Within {
    let mut chance = [0.0; AHEAD];
    let (mut middle_s, mut at) = (elapsed_s + 0.5, bin(elapsed_s + 0.5));
    let (mut left, mut stays) = (1.0, (-rates[at]).exp());
    for it in chance.iter_mut().skip(1) {
        if at + 1 < BINS && middle_s >= EDGES[at + 1] {
            at = bin(middle_s);
            stays = (-rates[at]).exp();
        }
        left *= stays;
        middle_s += 1.0;
        *it = (1.0 - left) as f32;
    }
    chance
}

/// The same from the middle of a bin.
pub(crate) fn within_from(rates: &[f64; BINS], bin: usize) -> Within {
    within(rates, middle(bin))
}

/// Chance that both have ended within 0, 1, 2 … seconds, one after the other.
pub(crate) fn in_turn(first: &Within, second: &Within) -> Within {
    let mut both = [0.0; AHEAD];
    for end in 1..AHEAD {
        let step = first[end] - first[end - 1];
        // The first ends in the middle of its second: the rest has half a second less or more.
        for at in end..AHEAD {
            let (more, less) = (second[at + 1 - end], second[at - end]);
            both[at] += step * 0.5 * (more + less);
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_rate_is_learnt_as_one() {
        let mut talks = Durations::new(120.0);
        for bin in 0..BINS {
            talks.spent_s[bin] = 60_000.0;
            talks.ends[bin] = 1_000.0;
        }
        let chance = within(&talks.rates(), 30.0);
        assert!((f64::from(chance[20]) - (1.0 - (-20.0 / 60.0_f64).exp())).abs() < 1e-3);
    }

    #[test]
    fn every_elapsed_time_lies_between_two_middles() {
        for tenths in 0..30_000 {
            let elapsed = f64::from(tenths) / 10.0;
            let (low, weight) = between(elapsed);
            let stands_for = middle(low) * (1.0 - weight) + middle(low + 1) * weight;
            let inside = elapsed > middle(0) && elapsed < middle(BINS - 1);
            assert!(!inside || (stands_for - elapsed).abs() < 1e-6, "{elapsed}");
        }
    }
}
