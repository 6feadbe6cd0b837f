//! Keeps the books of a day with campaigns, from nothing but what goes into the engine, what comes out, and what the store
//! was told to permit. What the engine thinks of itself is not asked.

mod attempts;
mod close;
mod law;
mod leads;

use std::collections::BTreeMap;

use timbre_engine::port::{SwitchAction, SwitchEvent};
use timbre_engine::{Authorized, Command, Effects, EventKind, Input, Permit, Rejection, Reply};
use timbre_model::{
    AttemptOutcome, AttemptRecord, CallId, CampaignId, CampaignSpec, Change, Civil, DoNotCallEntry,
    FloorSpec, LeadNumber, LegId, Now, PhoneNumber,
};

/// The auditor and its books.
#[derive(Debug)]
pub(crate) struct Auditor {
    campaigns: BTreeMap<CampaignId, CampaignSpec>,
    now: Now,
    /// The time as it is, whatever the host's clock shows.
    truth: Civil,
    /// The clock was wrong and the node died meanwhile: nobody can know the time.
    lost: bool,
    attempts: BTreeMap<CallId, Attempt>,
    /// When each number was charged, in truth.
    charged: BTreeMap<PhoneNumber, Vec<Civil>>,
    legs: BTreeMap<LegId, CallId>,
    /// The customer in each agent's ear.
    ears: BTreeMap<LegId, LegId>,
    barred: Vec<DoNotCallEntry>,
    told: Told,
    violations: Vec<String>,
}

/// One attempt, from its intent.
#[derive(Debug)]
struct Attempt {
    record: AttemptRecord,
    permit: Option<Permit>,
    charged: Civil,
    dialed: Option<u64>,
    leg: Option<LegId>,
    answered: Option<u64>,
    bridged: bool,
    abandoned: bool,
    promised: Option<(Civil, bool)>,
    ended: Option<AttemptOutcome>,
}

/// What events have told.
#[derive(Debug, Default)]
struct Told {
    dialed: u64,
    ended: BTreeMap<CallId, AttemptOutcome>,
    served: u64,
    abandoned: u64,
}

impl Auditor {
    pub(crate) fn new(floor: &FloorSpec) -> Self {
        Self {
            campaigns: floor.campaigns.iter().map(|it| (it.id.clone(), it.clone())).collect(),
            now: Now::default(),
            truth: Civil::default(),
            lost: false,
            attempts: BTreeMap::new(),
            charged: BTreeMap::new(),
            legs: BTreeMap::new(),
            ears: BTreeMap::new(),
            barred: Vec::new(),
            told: Told::default(),
            violations: Vec::new(),
        }
    }

    /// The attempt that was dialed on a leg that is up.
    pub(crate) fn dialed_leg(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).copied()
    }

    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    fn demand(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            let at = self.now.mono.as_micros();
            let (minutes, micros) = (at / 60_000_000, at % 60_000_000);
            self.violations.push(format!("minute {minutes} +{micros} µs: {}", what()));
        }
    }

    /// What the store has permitted: each an intent that is durable and charged.
    pub(crate) fn decided(&mut self, now: Now, truth: Civil, answer: &Authorized) {
        (self.now, self.truth) = (now, truth);
        let Ok(verdicts) = &answer.verdicts else { return };
        for permit in &verdicts.permits {
            let record = (*permit.attempt).clone();
            let id = record.id;
            let number = self.number_of(permit);
            self.check_law(&record, &number);
            self.charged.entry(record.number.clone()).or_default().push(truth);
            let attempt = Attempt {
                record,
                permit: Some(permit.clone()),
                charged: truth,
                dialed: None,
                leg: None,
                answered: None,
                bridged: false,
                abandoned: false,
                promised: None,
                ended: None,
            };
            let new = self.attempts.insert(id, attempt).is_none();
            self.demand(new, || format!("{id} was permitted twice"));
        }
    }

    fn number_of(&self, permit: &Permit) -> LeadNumber {
        let of_lead = permit.lead.as_ref().and_then(|it| {
            it.person.numbers.iter().find(|it| it.number == permit.attempt.number).cloned()
        });
        of_lead.unwrap_or_else(|| super::book::located(&permit.attempt.number))
    }

    /// The node died; its store has ended what was open.
    pub(crate) fn node_died(&mut self, ended: &[AttemptRecord], clock_wrong: bool) {
        self.lost |= clock_wrong;
        self.legs.clear();
        self.ears.clear();
        for record in ended {
            let id = record.id;
            // One whose conversation was over and not classified yet has been told as connected before.
            self.told.ended.insert(id, AttemptOutcome::Indeterminate);
            let open = self.attempts.get_mut(&id).map(|it| {
                it.record = record.clone();
                it.ended.replace(AttemptOutcome::Indeterminate).is_none()
            });
            self.demand(open == Some(true), || format!("{id} was ended by a crash and not open"));
        }
    }

    /// Reads one step.
    pub(crate) fn step(
        &mut self,
        (now, truth): (Now, Civil),
        input: &Input,
        reply: &Result<Reply, Rejection>,
        effects: &Effects,
    ) {
        (self.now, self.truth) = (now, truth);
        if reply.is_err() {
            let none = effects.is_empty();
            return self.demand(none, || format!("{input:?} was rejected and had effects"));
        }
        self.read_input(input);
        effects.actions.iter().for_each(|it| self.read_action(it));
        self.read_changes(&effects.changes);
        effects.events.iter().for_each(|it| self.read_event(&it.what));
    }

    fn read_input(&mut self, input: &Input) {
        match input {
            Input::Switch(SwitchEvent::LegAnswered { leg }) => self.leg_answered(*leg),
            Input::Switch(SwitchEvent::LegEnded { leg, .. }) => self.leg_gone(*leg),
            Input::Command(Command::ScheduleCallback { call, at, personal, .. }) => {
                if let Some(it) = self.attempts.get_mut(call) {
                    it.promised = Some((*at, *personal));
                }
            }
            Input::Command(
                Command::ApplyFloor { spec, .. } | Command::RestoreFloor { spec, .. },
            ) => {
                let all = spec.campaigns.iter();
                self.campaigns = all.map(|it| (it.id.clone(), it.clone())).collect();
            }
            Input::Switch(_) | Input::Command(_) | Input::Wake | Input::Authorized(_) => {}
        }
    }

    fn read_action(&mut self, action: &SwitchAction) {
        match action {
            SwitchAction::Dial { leg, number, caller_id, call, .. } => {
                self.dialed(*leg, *call, number, caller_id);
            }
            SwitchAction::Bridge { customer, agent } => self.bridged(*customer, *agent),
            SwitchAction::PlayAbandoned { leg, .. } => self.abandoned(*leg),
            SwitchAction::RingStation { call: Some(call), .. } => self.rings_for(*call),
            SwitchAction::HangUp { leg } | SwitchAction::Refuse { leg, .. } => self.leg_gone(*leg),
            SwitchAction::Unbridge { agent } => _ = self.ears.remove(agent),
            SwitchAction::RingStation { call: None, .. }
            | SwitchAction::Progress { .. }
            | SwitchAction::Greet { .. }
            | SwitchAction::Hold { .. } => {}
            SwitchAction::Ask { .. } | SwitchAction::Thank { .. } => {
                self.demand(false, || format!("{action:?} in such a day"));
            }
        }
    }

    fn read_changes(&mut self, changes: &[Change]) {
        let mut over = Vec::new();
        for change in changes {
            match change {
                Change::Attempt(record) => over.extend(self.recorded(record)),
                Change::DoNotCall(entry) => self.barred.push((**entry).clone()),
                Change::Lead(change) => self.lead_placed(change, &mut over),
                Change::Floor { .. }
                | Change::Call(_)
                | Change::Timeline(_)
                | Change::Offer(_)
                | Change::AgentState(_)
                | Change::Campaign(_) => {}
                // Nobody who was called is asked, and the callers of these days' queues are not, either.
                Change::Survey(_) => self.demand(false, || format!("{change:?} in such a day")),
            }
        }
        for id in over {
            self.demand(false, || format!("{id} ended and its lead was placed nowhere"));
        }
    }

    fn read_event(&mut self, event: &EventKind) {
        match event {
            EventKind::AttemptDialed { .. } => self.told.dialed += 1,
            EventKind::AttemptEnded(ended) => {
                let second = self.told.ended.insert(ended.attempt, ended.outcome).is_some();
                self.demand(!second, || format!("{} was told to have ended twice", ended.attempt));
            }
            EventKind::LiveAnswerServed { to_agent: Some(_), .. } => self.told.served += 1,
            EventKind::LiveAnswerServed { to_agent: None, .. } => self.told.abandoned += 1,
            _ => {}
        }
    }
}
