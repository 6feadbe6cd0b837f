//! Who can be called, and what they do when they are.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

use super::fate::{BEEP, Callee, Fate, Key, Kind, MACHINE, PERSON, Rings, Settled};

/// Who can be called. The same seed, number and count of earlier calls to it give the same fate, in whatever order
/// numbers are called.
#[derive(Debug, Clone)]
pub struct Population {
    /// Of all that is left to chance.
    pub seed: u64,
    /// How often each kind is met.
    pub shares: Shares,
    /// How long things take.
    pub habits: Habits,
    /// Numbers of which the fate is fixed: the end of the number, and the fates of its first, second, … call; the last
    /// one stays. The longest end that fits counts.
    pub fixed: Vec<(String, Vec<Fate>)>,
    /// Multiplies every span: 0.1 is ten times as fast. SIP's own timers stay.
    pub time_scale: f64,
}

/// How often each kind is met, in shares of one. What is left rings and is not answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// [`Kind::Person`].
    pub person: f64,
    /// [`Kind::Machine`].
    pub machine: f64,
    /// [`Kind::Busy`].
    pub busy: f64,
    /// [`Kind::Declined`].
    pub declined: f64,
    /// [`Kind::Congestion`].
    pub congestion: f64,
    /// [`Kind::Fault`].
    pub fault: f64,
    /// [`Kind::Stuck`].
    pub stuck: f64,
    /// Of all numbers: [`Kind::Unallocated`], at every call.
    pub unallocated: f64,
    /// Of all numbers: whoever answers is [`Kind::WrongNumber`], at every call.
    pub wrong_number: f64,
    /// Of the calls that ring: with 183 in place of 180.
    pub early_media: f64,
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habits {
    /// Until a person answers: lognormal with this mean in seconds …
    pub answers_mean: f64,
    /// … and this coefficient of variation …
    pub answers_cv: f64,
    /// … cut off here.
    pub answers_max: f64,
    /// One ring and the silence after it, in seconds. A machine answers after four.
    pub ring: f64,
    /// How long a person talks once an agent was heard or not: lognormal with this mean in seconds …
    pub talks_mean: f64,
    /// … and this coefficient of variation.
    pub talks_cv: f64,
    /// Of the persons: hang up when they have talked; the others wait for the far end to.
    pub hangs_up: f64,
    /// Of the persons: hang up where they hear nobody.
    pub impatient: f64,
    /// After how many seconds these do, between the two.
    pub patience: (f64, f64),
    /// Of the persons: press 9 between one and five seconds after the answer.
    pub presses_nine: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            person: 0.3,
            machine: 0.15,
            busy: 0.08,
            declined: 0.03,
            congestion: 0.02,
            fault: 0.005,
            stuck: 0.005,
            unallocated: 0.04,
            wrong_number: 0.02,
            early_media: 0.2,
        }
    }
}

impl Shares {
    /// Nobody answers anything.
    pub const NONE: Self = Self {
        person: 0.,
        machine: 0.,
        busy: 0.,
        declined: 0.,
        congestion: 0.,
        fault: 0.,
        stuck: 0.,
        unallocated: 0.,
        wrong_number: 0.,
        early_media: 0.,
    };

    fn of_calls(&self) -> [(Kind, f64); 7] {
        [
            (Kind::Person, self.person),
            (Kind::Machine, self.machine),
            (Kind::Busy, self.busy),
            (Kind::Declined, self.declined),
            (Kind::Congestion, self.congestion),
            (Kind::Fault, self.fault),
            (Kind::Stuck, self.stuck),
        ]
    }
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            answers_mean: 10.,
            answers_cv: 0.5,
            answers_max: 22.,
            ring: 4.5,
            talks_mean: 60.,
            talks_cv: 1.,
            hangs_up: 0.5,
            impatient: 0.3,
            patience: (1., 2.),
            presses_nine: 0.01,
        }
    }
}

impl Default for Population {
    fn default() -> Self {
        Self {
            seed: 1,
            shares: Shares::default(),
            habits: Habits::default(),
            fixed: Vec::new(),
            time_scale: 1.,
        }
    }
}

impl Population {
    /// The fate of the `nth` call to a number, counted from 0.
    pub fn fate(&self, number: &str, nth: usize) -> Fate {
        let fits = self.fixed.iter().filter(|(end, _)| number.ends_with(end.as_str()));
        let fixed = fits.max_by_key(|(end, _)| end.len());
        let fixed = fixed.and_then(|(_, fates)| fates.get(nth).or(fates.last()));
        let fate = fixed.cloned().unwrap_or_else(|| self.drawn(number, nth));
        fate.scaled(self.time_scale)
    }

    /// A fate of a kind, with what is left to chance drawn for this number.
    pub fn of_kind(&self, kind: Kind, number: &str, nth: usize) -> Fate {
        let mut dice = Dice::of(self.seed, "fate", number, nth);
        self.habits.fate(kind, self.shares.early_media, &mut dice)
    }

    fn drawn(&self, number: &str, nth: usize) -> Fate {
        // What a number is does not change from call to call.
        let mut nature = Dice::of(self.seed, "nature", number, 0);
        let (unallocated, wrong) =
            (nature.happens(self.shares.unallocated), nature.happens(self.shares.wrong_number));
        let kind = match Dice::of(self.seed, "kind", number, nth).pick(&self.shares.of_calls()) {
            _ if unallocated => Kind::Unallocated,
            Kind::Person if wrong => Kind::WrongNumber,
            kind => kind,
        };
        self.of_kind(kind, number, nth)
    }
}

impl Habits {
    fn fate(&self, kind: Kind, early_media: f64, dice: &mut Dice) -> Fate {
        let rings = Rings { after: dice.between(0.3, 1.5), early_media: dice.happens(early_media) };
        let settled = match kind {
            Kind::Person => Some(self.person(dice)),
            Kind::WrongNumber => Some(self.wrong_number(dice)),
            Kind::Machine => Some(self.machine(dice)),
            Kind::Stuck | Kind::NoAnswer => None,
            _ => return Fate::refused(kind, dice.between(1., 4.)),
        };
        let rings = match (kind, &settled) {
            (Kind::Stuck, _) => None,
            (_, Some((after, _))) => Some(Rings { after: rings.after.min(*after / 2), ..rings }),
            (_, None) => Some(rings),
        };
        Fate { kind, rings, settled }
    }

    fn person(&self, dice: &mut Dice) -> (Duration, Settled) {
        let after = dice.lognormal(self.answers_mean, self.answers_cv, Some(self.answers_max));
        let talks = dice.lognormal(self.talks_mean, self.talks_cv, None);
        let callee = Callee {
            stays: dice.happens(self.hangs_up).then_some(talks),
            patience: dice
                .happens(self.impatient)
                .then(|| dice.between(self.patience.0, self.patience.1)),
            after_voice: None,
            presses: dice.happens(self.presses_nine).then(|| (dice.between(1., 5.), Key(9))),
            // "Hello?" and a pause, then the conversation.
            says: vec![
                (dice.between(0.5, 1.), Some(PERSON)),
                (dice.between(0.5, 1.5), None),
                (Duration::ZERO, Some(PERSON)),
            ],
        };
        (after, Settled::Answered(callee))
    }

    fn wrong_number(&self, dice: &mut Dice) -> (Duration, Settled) {
        let (after, mut settled) = self.person(dice);
        if let Settled::Answered(callee) = &mut settled {
            callee.after_voice = Some(dice.between(3., 8.));
            callee.presses = None;
        }
        (after, settled)
    }

    fn machine(&self, dice: &mut Dice) -> (Duration, Settled) {
        let callee = Callee {
            stays: Some(Duration::from_secs(60)),
            patience: None,
            after_voice: None,
            presses: None,
            says: vec![
                (dice.between(4., 9.), Some(MACHINE)),
                (Duration::from_millis(400), Some(BEEP)),
                (Duration::ZERO, None),
            ],
        };
        (Duration::from_secs_f64(self.ring.max(0.) * 4.), Settled::Answered(callee))
    }
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn of(seed: u64, purpose: &str, number: &str, nth: usize) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update((nth as u64).to_be_bytes());
        hash.update(purpose);
        hash.update(number);
        Self(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    fn uniform(&mut self) -> f64 {
        self.0.random_range(0.0..1.)
    }

    fn happens(&mut self, share: f64) -> bool {
        self.uniform() < share
    }

    fn between(&mut self, least: f64, most: f64) -> Duration {
        seconds(least + (most - least) * self.uniform())
    }

    fn pick(&mut self, shares: &[(Kind, f64)]) -> Kind {
        let mut left = self.uniform();
        for (kind, share) in shares {
            if left < *share {
                return *kind;
            }
            left -= share;
        }
        Kind::NoAnswer
    }

    /// By its mean and its coefficient of variation; drawn again while it is above `most`.
    fn lognormal(&mut self, mean: f64, cv: f64, most: Option<f64>) -> Duration {
        let variance = (1. + cv * cv).ln();
        let (centre, width) = (mean.max(1e-9).ln() - variance / 2., variance.sqrt());
        for _ in 0..100 {
            let drawn = (centre + width * self.normal()).exp();
            if most.is_none_or(|most| drawn <= most) {
                return seconds(drawn);
            }
        }
        seconds(most.unwrap_or(mean))
    }

    /// Box and Muller, 1958.
    fn normal(&mut self) -> f64 {
        let radius = (-2. * (1. - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A day at most: a span from a flag or a distribution's tail shall not overflow.
fn seconds(span: f64) -> Duration {
    Duration::from_secs_f64(span.clamp(0., 86_400.))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> impl Iterator<Item = String> {
        (0..20_000).map(|at| format!("+346{at:08}"))
    }

    #[test]
    fn shares_and_delays_are_met_and_do_not_depend_on_the_order() {
        let population = Population { seed: 7, ..Population::default() };
        let fates: Vec<Fate> = numbers().map(|it| population.fate(&it, 0)).collect();
        let share = |kind| fates.iter().filter(|it| it.kind == kind).count() as f64 / 20_000.;
        for (kind, wanted) in [
            (Kind::Person, 0.3 * 0.96 * 0.98),
            (Kind::Machine, 0.15 * 0.96),
            (Kind::Busy, 0.08 * 0.96),
            (Kind::Unallocated, 0.04),
            (Kind::WrongNumber, 0.3 * 0.96 * 0.02),
        ] {
            assert!((share(kind) - wanted).abs() < 0.012, "{kind:?}: {}", share(kind));
        }
        let delays = fates.iter().filter(|it| it.kind == Kind::Person);
        let delays: Vec<f64> =
            delays.filter_map(|it| Some(it.settled.as_ref()?.0.as_secs_f64())).collect();
        let mean = delays.iter().sum::<f64>() / delays.len() as f64;
        // The cut takes 2.5 % of the tail, which lowers the mean of 10 s.
        assert!((9.3..10.0).contains(&mean), "{mean}");
        assert!(delays.iter().all(|it| *it <= 22.));
        let backwards: Vec<Fate> = numbers()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(|it| population.fate(&it, 0))
            .collect();
        assert!(fates.iter().eq(backwards.iter().rev()));
    }

    #[test]
    fn an_unallocated_number_stays_so_and_another_has_another_day() {
        let population = Population { seed: 7, ..Population::default() };
        let kinds =
            |number: &str| (0..6).map(|nth| population.fate(number, nth).kind).collect::<Vec<_>>();
        for number in numbers().take(2_000) {
            let kinds = kinds(&number);
            let unallocated = kinds.iter().filter(|it| **it == Kind::Unallocated).count();
            assert!([0, 6].contains(&unallocated), "{kinds:?}");
        }
        assert!(numbers().take(20).any(|it| kinds(&it).windows(2).any(|it| it[0] != it[1])));
    }

    #[test]
    fn fixed_fates_go_in_turn_and_the_longest_end_counts() {
        let second = Duration::from_secs(1);
        let busy = Fate::refused(Kind::Busy, second);
        let population = Population {
            fixed: vec![
                ("1".into(), vec![Fate::rings()]),
                ("01".into(), vec![busy, Fate::answers(second)]),
            ],
            time_scale: 0.5,
            ..Population::default()
        };
        let kinds = [0, 1, 2].map(|nth| population.fate("+34600000001", nth).kind);
        assert_eq!(kinds, [Kind::Busy, Kind::Person, Kind::Person]);
        assert_eq!(population.fate("+34600000011", 0).kind, Kind::NoAnswer);
        let settled = population.fate("+34600000001", 1).settled;
        assert!(settled.is_some_and(|(after, _)| after == second / 2));
    }
}
