//! What time brings about: warnings, the lapse, escalations. Each once, and never an end.

use serde_json::json;
use timbre_model::Civil;

use super::deadline::CaseRules;
use super::letter::Letter;
use super::turn::Turn;
use crate::{Act, By, Case, Deadline, Work};

/// What a look at the clock brought about.
#[derive(Debug, Clone, PartialEq)]
pub struct Woken {
    /// What to keep.
    pub work: Work,
    /// What to mail.
    pub letters: Vec<Letter>,
}

/// Does what is due at `at`. `None`: nothing is. The case's next wake-up lies after `at` then.
pub fn wake(case: &Case, at: Civil, rules: &CaseRules<'_>) -> Option<Woken> {
    let running = |it: &&Deadline| !case.state.is_closed() && it.met_at.is_none();
    let former = case.deadline.as_ref().filter(running)?;
    let act = Act { at, by: By::System };
    let mut turn = Turn::of(case, &act);
    let mut letters = Letters { all: Vec::new(), rules };
    let mut deadline = former.clone();
    warn(&mut turn, &mut deadline, &mut letters, at);
    if deadline.lapsed_at.is_none() && deadline.lapses_at() <= at {
        deadline.lapsed_at = Some(at);
        turn.case.deadline = Some(deadline.clone());
        turn.did("overdue", "", json!({}));
    }
    escalate(&mut turn, &mut deadline, &mut letters, at);
    deadline.wake_at = deadline.next(rules.spec);
    let changed = deadline != *former;
    turn.case.deadline = Some(deadline);
    changed.then(|| Woken { work: turn.done(), letters: letters.all })
}

struct Letters<'a> {
    all: Vec<Letter>,
    rules: &'a CaseRules<'a>,
}

impl Letters<'_> {
    fn add(&mut self, case: &Case, to: Option<&str>, what: &str) {
        let Some(to) = to else { return };
        let zone = self.rules.days.zone();
        self.all.push(Letter::alarm(case, self.all.len(), to, what, zone));
    }
}

fn warn(turn: &mut Turn<'_>, deadline: &mut Deadline, letters: &mut Letters<'_>, at: Civil) {
    let spec = letters.rules.spec;
    let times = deadline.warnings(spec);
    let given = usize::try_from(deadline.warned).unwrap_or(usize::MAX);
    for time in times.iter().skip(given).filter(|time| **time <= at) {
        deadline.warned += 1;
        let left = deadline.due_at.as_micros().saturating_sub(time.as_micros()) / 1_000_000;
        turn.did("warned", "", json!({ "warning": deadline.warned, "seconds_before": left }));
        let department =
            spec.departments.iter().find(|it| Some(&it.id) == turn.case.department.as_ref());
        letters.add(&turn.case, department.and_then(|it| it.mail.as_deref()), "is due soon");
    }
}

fn escalate(turn: &mut Turn<'_>, deadline: &mut Deadline, letters: &mut Letters<'_>, at: Civil) {
    for (due, role) in deadline.escalations(letters.rules.spec) {
        if due > at {
            break;
        }
        deadline.escalated.push((role.role.clone(), at));
        let agents: Vec<_> = role.agents.iter().collect();
        let more = json!({ "role": role.role, "agents": agents });
        turn.did("escalated", role.role.as_str(), more);
        letters.add(&turn.case, role.mail.as_deref(), "is overdue");
    }
}
