//! The world of a month: what happens, in its order, and what the node does because of the clock.

use timbre_casework::By;
use timbre_model::AgentId;

use super::auditor::Auditor;
use super::book::Book;
use super::scene::{DAY, HOUR, Scene, civil};
use super::shelf::Shelf;
use super::{Plan, Report, Sabotage};
use crate::agenda::Agenda;
use crate::dice::Die;

/// Something that will happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happening {
    /// The next call comes in.
    Call,
    /// The node is away for a while.
    Outage,
    /// The auditor counts what is to be done.
    Midnight,
    /// Somebody works at a case.
    Case(u128),
    /// A customer comes back to a closed case.
    Comeback(u128),
    /// A follow-up is dialed, or its outcome is written down.
    FollowUp(u128),
    /// A callback is dialed.
    Callback(u128),
    /// Somebody reads a message.
    Message(u128),
    /// A customer presses a key.
    Key(u128),
}

/// Chance, split by concern.
pub(super) struct Chance {
    pub(super) calls: Die,
    pub(super) desk: Die,
    pub(super) customers: Die,
    pub(super) ids: Die,
    pub(super) mishaps: Die,
}

pub(super) struct Month {
    pub(super) scene: Scene,
    pub(super) shelf: Shelf,
    pub(super) book: Book,
    pub(super) agenda: Agenda<Happening>,
    pub(super) chance: Chance,
    pub(super) now: i64,
    pub(super) end: i64,
    pub(super) open: Vec<(i64, i64)>,
    pub(super) requests: u64,
    pub(super) leads: u64,
    pub(super) report: Report,
    sabotage: Option<Sabotage>,
    sabotaged_from: i64,
    away_until: i64,
    auditor: Auditor,
}

impl Month {
    pub(super) fn new(seed: u64, plan: &Plan) -> Self {
        let scene = Scene::new(seed, plan.agents);
        let (open, midnights) = scene.calendar(plan.days);
        let (first, end) = (midnights[0], midnights[midnights.len() - 1]);
        let mut agenda = Agenda::default();
        midnights.iter().skip(1).for_each(|at| note(&mut agenda, *at - HOUR, Happening::Midnight));
        if let Some((at, _)) = open.first() {
            note(&mut agenda, *at, Happening::Call);
        }
        note(&mut agenda, first + DAY, Happening::Outage);
        let chance = Chance {
            calls: Die::stream(seed, 101),
            desk: Die::stream(seed, 102),
            customers: Die::stream(seed, 103),
            ids: Die::stream(seed, 104),
            mishaps: Die::stream(seed, 105),
        };
        let place = format!("{} {}", scene.place.zone, scene.place.first);
        Self {
            auditor: Auditor::new(scene.place, end),
            shelf: Shelf::default(),
            book: Book::default(),
            agenda,
            chance,
            now: first,
            end,
            open,
            requests: 0,
            leads: 0,
            report: Report { seed, place, ..Report::default() },
            sabotage: plan.sabotage,
            sabotaged_from: first + (end - first) / 4,
            away_until: first,
            scene,
        }
    }

    pub(super) fn run(mut self) -> Report {
        loop {
            let happens = self.agenda.next().and_then(|at| i64::try_from(at).ok());
            let wakes = self.shelf.next_wake().map(|at| at.as_micros());
            let Some(next) = happens.into_iter().chain(wakes).min() else { break };
            let next = next.max(self.away_until).max(self.now);
            if next >= self.end {
                break;
            }
            self.now = next;
            if wakes.is_some_and(|at| at <= self.now) {
                if !self.wake() {
                    break;
                }
                continue;
            }
            if let Some(happening) = self.agenda.pop() {
                self.happen(happening);
            }
        }
        self.audit();
        let found = self.auditor.close(&self.scene, &self.shelf, &self.book);
        self.report.violations.extend(self.book.refused.iter().chain(&found).take(100).cloned());
        self.report.hash = self.auditor.hash();
        self.report
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Call => self.call(),
            Happening::Outage => self.go_away(),
            Happening::Midnight => self.audit(),
            Happening::Case(id) => self.work_at(id),
            Happening::Comeback(id) => self.come_back(id),
            Happening::FollowUp(id) => self.follow_up(id),
            Happening::Callback(id) => self.call_back(id),
            Happening::Message(id) => self.read_message(id),
            Happening::Key(id) => self.press(id),
        }
    }

    fn audit(&mut self) {
        let log = std::mem::take(&mut self.shelf.log);
        self.auditor.read(log);
        self.auditor.count_agenda(&self.shelf, &self.book);
    }

    /// Nothing is kept and nothing is woken until the node is back.
    fn go_away(&mut self) {
        let back = self.now + self.chance.mishaps.millis(1_000, 1_800_000).cast_signed();
        self.book.outages.push((self.now, back));
        self.away_until = back;
        self.count("outages");
        let next = back + self.chance.mishaps.exponential((DAY / 2).cast_unsigned()).cast_signed();
        self.later(next, Happening::Outage);
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.report.counts.entry(what).or_default() += 1;
    }

    pub(super) fn later(&mut self, at: i64, what: Happening) {
        note(&mut self.agenda, at, what);
    }

    /// After a time with this mean.
    pub(super) fn after(&mut self, mean: i64, what: Happening) {
        let span = self.chance.desk.exponential(mean.cast_unsigned()).cast_signed();
        self.later(self.now + span, what);
    }

    /// After a time with this mean, when the floor is open.
    pub(super) fn at_work(&mut self, mean: i64, what: Happening) {
        let span = self.chance.desk.exponential(mean.cast_unsigned()).cast_signed();
        if let Some(at) = self.opened(self.now + span) {
            self.later(at, what);
        }
    }

    /// That moment, or the next at which the floor is open.
    pub(super) fn opened(&self, at: i64) -> Option<i64> {
        let window = self.open.partition_point(|(_, until)| *until <= at);
        self.open.get(window).map(|(from, _)| at.max(*from))
    }

    pub(super) fn new_id(&mut self) -> u128 {
        new_id(&mut self.chance.ids)
    }

    pub(super) fn some_agent(&mut self) -> AgentId {
        let n = self.chance.calls.below(self.scene.agents.len() as u64);
        self.scene.agents[usize::try_from(n).unwrap_or(0)].clone()
    }

    pub(super) fn civil(&self) -> timbre_model::Civil {
        civil(self.now)
    }

    pub(super) fn sabotages(&self) -> Option<Sabotage> {
        self.sabotage.filter(|_| self.now >= self.sabotaged_from)
    }
}

pub(super) fn new_id(ids: &mut Die) -> u128 {
    (u128::from(ids.below(u64::MAX)) << 64) | u128::from(ids.below(u64::MAX))
}

/// Who acts for what an agent owns, or nobody.
pub(super) fn by(owner: Option<&AgentId>) -> By {
    owner.map_or_else(|| By::Desk("post-room".to_owned()), |it| By::Agent(it.clone()))
}

fn note(agenda: &mut Agenda<Happening>, at: i64, what: Happening) {
    agenda.note(u64::try_from(at).unwrap_or(0), what);
}
