//! Random days with campaigns, in which much goes wrong, and the auditor who watches them.

mod crash;
mod mishaps;
mod plan;
mod sabotage;

use std::collections::BTreeMap;

use timbre_engine::port::SwitchAction;
use timbre_engine::{Effects, Input, Rejection, Reply};
use timbre_model::{AttemptOutcome, Civil, FloorSpec};

pub(crate) use self::mishaps::Mishap;
pub use self::sabotage::Sabotage;
use super::auditor::Auditor;
use super::world::World;

/// What happened in one random day of campaigns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The day.
    pub seed: u64,
    /// Stands for every change and action of the day; the same for the same seed.
    pub hash: u64,
    /// Steps of the engine.
    pub steps: u64,
    /// Inputs that the engine rejected.
    pub rejections: u64,
    /// Attempts by what they came to.
    pub outcomes: BTreeMap<AttemptOutcome, u64>,
    /// Deaths of the node.
    pub crashes: u32,
    /// What the auditor objected to. Empty on a good day.
    pub violations: Vec<String>,
}

/// What only random days have.
pub(crate) struct Trial {
    pub(crate) auditor: Auditor,
    pub(crate) sabotage: Option<Sabotage>,
    /// The floor as it was changed last.
    pub(crate) floor: FloorSpec,
    /// By how much the host's clock is wrong, in microseconds.
    pub(crate) offset: i64,
    /// The carrier is in trouble.
    pub(crate) trouble: bool,
    pub(crate) crash_due: bool,
    /// INVITEs that the carrier has seen.
    pub(crate) dialed: u64,
    /// Those that were durable and died with the node.
    pub(crate) lost: u64,
    pub(crate) report: Report,
}

/// Lives one random day to its end, or to the first violation.
pub fn run_day(seed: u64, sabotage: Option<Sabotage>) -> Report {
    let setup = plan::setup(seed);
    let mut world = World::new(&setup, seed);
    let report = Report { seed, ..Report::default() };
    world.trial = Some(Box::new(Trial {
        auditor: Auditor::new(&setup.floor),
        sabotage,
        floor: setup.floor.clone(),
        offset: 0,
        trouble: false,
        crash_due: false,
        dialed: 0,
        lost: 0,
        report,
    }));
    world.plan_mishaps();
    world.audited()
}

impl World<'_> {
    /// The time as it is, whatever the host's clock shows.
    pub(super) fn truth(&self) -> Civil {
        Civil::from_micros(self.setup.start.as_micros() + self.now as i64)
    }

    /// A fault for the auditor to find.
    pub(super) fn sabotage_law(&mut self) {
        let lawless = self.trial.as_ref().is_some_and(|it| it.sabotage == Some(Sabotage::Lawless));
        self.authorizer.clerk.lawless |= lawless && self.now > self.setup.end / 3;
    }

    fn audited(mut self) -> Report {
        let content =
            |it: &Self| it.trial.as_ref().is_none_or(|it| it.auditor.violations().is_empty());
        while content(&self) && self.next() {}
        let Some(mut trial) = self.trial.take() else { return Report::default() };
        if let (true, Some(book)) = (trial.auditor.violations().is_empty(), self.authorizer.book())
        {
            trial.auditor.close(book, trial.dialed, trial.lost);
        }
        let outcomes = self.authorizer.book().into_iter().flat_map(|it| it.attempts.values());
        let mut report = trial.report;
        for outcome in outcomes.filter_map(|it| it.outcome) {
            *report.outcomes.entry(outcome).or_default() += 1;
        }
        (report.hash, report.steps) = (self.trace.hash(), self.steps);
        report.violations = trial.auditor.violations().to_vec();
        report
    }

    /// Shows a step to the auditor and keeps it. `false`: the node died, and nothing of it is performed.
    pub(super) fn watched(
        &mut self,
        input: &Input,
        reply: &Result<Reply, Rejection>,
        effects: &mut Effects,
    ) -> bool {
        let (now, truth) = (self.moment(), self.truth());
        let middle = self.now > self.setup.end / 3;
        let Some(trial) = &mut self.trial else { return true };
        trial.report.rejections += u64::from(reply.is_err());
        if let Some(sabotage) = trial.sabotage.filter(|_| middle)
            && sabotage.falsify(effects, &trial.auditor)
        {
            trial.sabotage = None;
        }
        let dies = std::mem::take(&mut trial.crash_due);
        if dies && self.chance.mishaps.happens(0.5) {
            // Before the commit: the step has never been.
            self.die();
            return false;
        }
        trial.auditor.step((now, truth), input, reply, effects);
        self.trace.add(self.now, effects);
        if self.steps.is_multiple_of(499) {
            self.engine.check_invariants();
        }
        if dies {
            // Between the commit and the act.
            trial.lost += dials(&effects.actions);
            self.authorizer.commit(&effects.changes);
            self.die();
            return false;
        }
        true
    }
}

fn dials(actions: &[SwitchAction]) -> u64 {
    actions.iter().filter(|it| matches!(it, SwitchAction::Dial { .. })).count() as u64
}
