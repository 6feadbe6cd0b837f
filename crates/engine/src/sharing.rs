//! How campaigns share what a trunk may place, by their weights. Pure.
//!
//! Each is owed its share of what the trunk places while it wants more than it has got; what it does not want the others
//! may. Who looks more often, or first, gets no more for it.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_model::Mono;

/// A campaign that has not asked for so long leaves its share to the others: two of its turns, and a little.
const FORGOTTEN: Duration = Duration::from_millis(1_100);
/// Halvings that find a level to within a thousandth of a call.
const HALVINGS: u32 = 40;

/// The campaigns that place calls over a trunk.
#[derive(Debug, Default)]
pub(crate) struct Shares(BTreeMap<usize, Share>);

#[derive(Debug, Clone, Copy)]
struct Share {
    weight: f64,
    /// Calls that it has had, for its weight. What it did not want counts as had.
    had: f64,
    /// Calls that it wants and has not got.
    wants: u32,
    asked: Mono,
}

impl Share {
    /// Its part where everybody is filled up to a level.
    fn part(&self, level: f64) -> f64 {
        ((level - self.had) * self.weight).clamp(0.0, f64::from(self.wants))
    }
}

impl Shares {
    /// Of `room` calls, those that a campaign which wants so many may place now.
    pub(crate) fn part(&mut self, campaign: usize, wish: Wish, room: u32, now: Mono) -> u32 {
        self.join(campaign, wish, now);
        let Some(it) = self.0.get(&campaign) else { return 0 };
        let part = (it.part(self.level(room)) + 1e-3) as u32;
        // Less than a whole call is due to anybody: it is the turn of who has had least.
        let turn = self.wanting().all(|other| it.had <= other.had);
        part.max(u32::from(turn)).min(room).min(wish.calls)
    }

    fn join(&mut self, campaign: usize, wish: Wish, now: Mono) {
        self.0.retain(|_, it| now.since(it.asked) <= FORGOTTEN);
        let least = self.wanting().map(|it| it.had).reduce(f64::min).unwrap_or(0.0);
        let weight = f64::from(wish.weight.max(1));
        let new = Share { weight, had: least, wants: 0, asked: now };
        let it = self.0.entry(campaign).or_insert(new);
        if it.wants == 0 {
            // Nothing is saved up while nothing is wanted.
            it.had = it.had.max(least);
        }
        *it = Share { weight, had: it.had, wants: wish.calls, asked: now };
    }

    fn wanting(&self) -> impl Iterator<Item = &Share> {
        self.0.values().filter(|it| it.wants > 0)
    }

    /// Up to which `room` calls fill those who have had less.
    fn level(&self, room: u32) -> f64 {
        let room = f64::from(room);
        let most = |it: &Share| it.had + f64::from(it.wants) / it.weight;
        let mut high = self.wanting().map(most).fold(0.0, f64::max);
        let filled = |level: f64| self.wanting().map(|it| it.part(level)).sum::<f64>();
        if filled(high) <= room {
            return high;
        }
        let mut low = self.wanting().map(|it| it.had).fold(high, f64::min);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if filled(middle) > room { high = middle } else { low = middle }
        }
        low
    }

    /// A campaign asks for so many.
    pub(crate) fn take(&mut self, campaign: usize, calls: u32) {
        if let Some(it) = self.0.get_mut(&campaign) {
            it.had += f64::from(calls) / it.weight;
            it.wants = it.wants.saturating_sub(calls);
        }
    }

    /// So many of these came to nothing.
    pub(crate) fn give_back(&mut self, campaign: usize, calls: u32) {
        if let Some(it) = self.0.get_mut(&campaign) {
            it.had -= f64::from(calls) / it.weight;
        }
    }
}

/// What a campaign wants of a trunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) weight: u32,
    pub(crate) calls: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::from_micros(millis * 1_000)
    }

    fn take(
        it: &mut Shares,
        campaign: usize,
        wish: (u32, u32),
        room: &mut u32,
        millis: u64,
    ) -> u32 {
        let (weight, calls) = wish;
        let part = it.part(campaign, Wish { weight, calls }, *room, at(millis));
        it.take(campaign, part);
        *room -= part;
        part
    }

    #[test]
    fn who_looks_more_often_gets_no_more() {
        let mut it = Shares::default();
        let (mut room, mut had) = (0, [0; 3]);
        for step in 0..1_000 {
            room = (room + 1).min(10);
            had[0] += take(&mut it, 0, (1, 50), &mut room, step * 100);
            if step % 5 == 0 {
                had[1] += take(&mut it, 1, (1, 50), &mut room, step * 100);
                had[2] += take(&mut it, 2, (2, 50), &mut room, step * 100);
            }
        }
        assert!(had.iter().sum::<u32>() > 980, "nothing is left lying: {had:?}");
        let quarter = |n: usize| (had[n] as f64 / 250.0 - [1.0, 1.0, 2.0][n]).abs() < 0.1;
        assert!((0..3).all(quarter), "{had:?}");
    }

    #[test]
    fn what_one_does_not_want_the_others_may_and_nothing_is_saved_up() {
        let mut it = Shares::default();
        let mut had = [0; 2];
        for step in 0..200 {
            let mut room = 10;
            had[1] += take(&mut it, 1, (1, 2), &mut room, step * 500);
            had[0] += take(&mut it, 0, (1, 50), &mut room, step * 500);
            assert_eq!(room, 0);
        }
        assert_eq!(had, [1_600, 400]);
        let mut room = 10;
        assert!((5..=6).contains(&take(&mut it, 1, (1, 50), &mut room, 100_000)));
        let mut room = 10;
        assert_eq!(take(&mut it, 0, (1, 50), &mut room, 102_000), 10, "the other has left");
    }
}
