//! Cases by state, cause, department and age, and whether their deadlines were kept.

use std::collections::BTreeMap;

use timbre_model::{Civil, Slug};

use super::{Table, percent};
use crate::{Case, CaseKind, CaseState, Cause, Deadline};

/// Counts of cases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseCounts {
    /// By kind and state.
    pub states: BTreeMap<(CaseKind, CaseState), u64>,
    /// Complaints by cause.
    pub causes: BTreeMap<Option<Cause>, Kept>,
    /// Complaints by department.
    pub departments: BTreeMap<Option<Slug>, Kept>,
    /// Open cases by the days since their reception: under 1, 5, 15, 30, and more.
    pub ages: [u64; 5],
    /// Complaints by the rule of their deadline.
    pub rules: BTreeMap<String, Kept>,
    /// Cases that were taken up again.
    pub reopened: u64,
}

/// How deadlines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Answered in time.
    pub kept: u64,
    /// Answered late.
    pub late: u64,
    /// Not answered, and late.
    pub overdue: u64,
    /// Not answered, and not late.
    pub running: u64,
    /// Without a deadline.
    pub without: u64,
}

const AGES: [(&str, i64); 4] =
    [("under 1 day", 1), ("1 to 5 days", 5), ("5 to 15 days", 15), ("15 to 30 days", 30)];
const DAY: i64 = 86_400_000_000;

impl Kept {
    /// Counts one deadline as it stands at `at`.
    pub(super) fn add(&mut self, deadline: Option<&Deadline>, at: Civil) {
        let Some(it) = deadline else { return self.without += 1 };
        let slot = match it.met_at {
            Some(met) if met <= it.due_at => &mut self.kept,
            Some(_) => &mut self.late,
            None if at > it.due_at => &mut self.overdue,
            None => &mut self.running,
        };
        *slot += 1;
    }

    /// All of them.
    pub const fn all(&self) -> u64 {
        self.kept + self.late + self.overdue + self.running + self.without
    }

    /// Those of which it is decided whether they were kept.
    pub(super) const fn decided(&self) -> u64 {
        self.kept + self.late + self.overdue
    }

    fn row(&self, table: &mut Table, name: &dyn ToString) {
        let share = percent(self.kept, self.decided());
        let Self { kept, late, overdue, running, without: _ } = self;
        table.row(&[name, &self.all(), kept, late, overdue, running, &share]);
    }
}

impl CaseCounts {
    /// Counts a case as it stands at `at`.
    pub fn add(&mut self, case: &Case, at: Civil) {
        *self.states.entry((case.kind, case.state)).or_default() += 1;
        self.reopened += u64::from(case.reopened > 0);
        if !case.state.is_closed() {
            let days = at.as_micros().saturating_sub(case.received_at.as_micros()) / DAY;
            let slot = AGES.iter().position(|(_, under)| days < *under).unwrap_or(AGES.len());
            self.ages[slot] += 1;
        }
        if case.kind != CaseKind::Complaint {
            return;
        }
        let deadline = case.deadline.as_ref();
        self.causes.entry(case.cause).or_default().add(deadline, at);
        self.departments.entry(case.department.clone()).or_default().add(deadline, at);
        for it in case.former_deadlines.iter().chain(deadline) {
            self.rules.entry(it.rule.clone()).or_default().add(Some(it), at);
        }
    }

    /// What they show.
    pub fn tables(&self) -> Vec<Table> {
        vec![self.by_state(), self.by_cause(), self.by_department(), self.by_age(), self.by_rule()]
    }

    fn by_state(&self) -> Table {
        let note = "Cases received in the period, as they stand now.";
        let mut table = Table::new("Cases by state", &["kind", "state", "cases"], note);
        self.states.iter().for_each(|((kind, state), n)| table.row(&[kind, state, n]));
        table.row(&[&"any", &"taken up again", &self.reopened]);
        table
    }

    pub(super) fn by_cause(&self) -> Table {
        let mut table = kept_table("Complaints by cause", "cause");
        for (cause, kept) in &self.causes {
            kept.row(&mut table, &cause.map_or("not known yet", |it| it.as_str()));
        }
        table
    }

    fn by_department(&self) -> Table {
        let mut table = kept_table("Complaints by department", "department");
        for (department, kept) in &self.departments {
            kept.row(&mut table, &department.as_ref().map_or("none", Slug::as_str));
        }
        table
    }

    fn by_age(&self) -> Table {
        let note = "Elapsed days since the reception of cases that are not closed.";
        let mut table = Table::new("Open cases by age", &["age", "cases"], note);
        let names = AGES.iter().map(|(name, _)| *name).chain(["30 days and more"]);
        names.zip(self.ages).for_each(|(name, n)| table.row(&[&name, &n]));
        table
    }

    pub(super) fn by_rule(&self) -> Table {
        let mut table = kept_table("Deadlines by their rule", "rule");
        table.note.push_str(" A complaint that was taken up again has one deadline each time.");
        self.rules.iter().for_each(|(rule, kept)| kept.row(&mut table, rule));
        table
    }
}

fn kept_table(title: &str, first: &str) -> Table {
    let columns = [first, "complaints", "in time", "late", "overdue", "running", "kept"];
    let note = "Kept = in time / (in time + late + overdue). Running: neither answered nor late yet; counted in no share.";
    Table::new(title, &columns, note)
}
