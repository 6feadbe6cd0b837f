//! The auditor: reads the engine's inputs and effects and nothing else, keeps its own books, and objects.
//!
//! It checks that an agent has one call and a call has one agent (P8), that every call ends in exactly one record (P9), that
//! every offer ends once, that callers are answered within their ring window, that no action touches a leg that is known
//! to be gone, that the first in line goes to the longest idle, that nobody waits while somebody is idle, and that the
//! queues' accounts balance.

mod accounts;
mod agents;
mod calls;
mod changes;
mod legs;
mod line;
mod offers;
mod rules;
mod surveys;

use std::collections::BTreeMap;

use timbre_engine::port::{SwitchAction, SwitchEvent};
use timbre_engine::{Command, Effects, EventKind, Input, Rejection, Reply};
use timbre_model::{CallId, CallOutcome, Change, FloorSpec, LegId, OfferId, OfferOutcome};

use self::accounts::Account;
use self::agents::AgentBook;
use self::calls::CallBook;
use self::legs::LegBook;
use self::line::Lines;
use self::rules::Rules;
use self::surveys::SurveyBook;

/// The auditor and its books.
#[derive(Debug)]
pub(crate) struct Auditor {
    rules: Rules,
    now: u64,
    legs: BTreeMap<LegId, LegBook>,
    calls: BTreeMap<CallId, CallBook>,
    agents: Vec<AgentBook>,
    surveys: BTreeMap<CallId, SurveyBook>,
    /// The call after which a key was pressed in this step.
    pressed: Option<CallId>,
    lines: Lines,
    accounts: BTreeMap<Option<usize>, Account>,
    /// Offers in the records: `None` while open.
    recorded_offers: BTreeMap<OfferId, Option<OfferOutcome>>,
    outcomes: BTreeMap<CallOutcome, u64>,
    offers: BTreeMap<OfferOutcome, u64>,
    violations: Vec<String>,
}

impl Auditor {
    pub(crate) fn new(spec: &FloorSpec) -> Self {
        let rules = Rules::new(spec);
        Self {
            now: 0,
            legs: BTreeMap::new(),
            calls: BTreeMap::new(),
            surveys: BTreeMap::new(),
            pressed: None,
            agents: spec.agents.iter().map(AgentBook::new).collect(),
            lines: Lines::new(spec.queues.len()),
            rules,
            accounts: BTreeMap::new(),
            recorded_offers: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            offers: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// Nothing to object to so far.
    pub(crate) fn content(&self) -> bool {
        self.violations.is_empty()
    }

    fn object(&mut self, what: String) {
        let seconds = self.now / 1_000_000;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        let micros = self.now % 60_000_000;
        self.violations.push(format!("{hours:02}:{minutes:02} +{micros} µs: {what}"));
    }

    fn demand(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.object(what());
        }
    }

    /// Reads one step.
    pub(crate) fn step(
        &mut self,
        now: u64,
        input: &Input,
        reply: &Result<Reply, Rejection>,
        effects: &Effects,
    ) {
        self.now = now;
        if reply.is_err() {
            self.demand(effects.is_empty(), || format!("{input:?} was rejected and had effects"));
            return;
        }
        self.read_input(input);
        effects.events.iter().for_each(|it| self.read_event(&it.what));
        effects.actions.iter().for_each(|it| self.read_action(it));
        effects.changes.iter().for_each(|it| self.read_change(it));
        self.check_answer();
        self.check_nobody_waits_in_vain();
    }

    fn read_input(&mut self, input: &Input) {
        match input {
            Input::Switch(event) => self.read_switch_event(event),
            Input::Command(
                Command::ApplyFloor { spec, .. } | Command::RestoreFloor { spec, .. },
            ) => self.rules = Rules::new(spec),
            Input::Command(Command::StreamLost { agent }) => self.stream(agent, false),
            Input::Command(Command::SignIn { agent, .. } | Command::Resume { agent }) => {
                self.stream(agent, true);
            }
            Input::Command(Command::PermitSurvey { call, .. }) => self.survey_permitted(*call),
            Input::Command(_) | Input::Wake | Input::Authorized(_) => {}
        }
    }

    fn read_switch_event(&mut self, event: &SwitchEvent) {
        match event {
            SwitchEvent::CallArrived(arrival) => self.call_arrived(arrival),
            SwitchEvent::LegAnswered { leg } => self.leg_answered(*leg),
            SwitchEvent::LegEnded { leg, .. } => self.leg_ended(*leg),
            SwitchEvent::StationRegistered { agent, reachable } => {
                self.phone_registered(agent, *reachable);
            }
            SwitchEvent::StationCalledIn { agent, leg } => self.phone_called_in(agent, *leg),
            SwitchEvent::LegRinging { .. }
            | SwitchEvent::LegHold { .. }
            | SwitchEvent::GreetingPlayed { .. } => {}
            SwitchEvent::Key { leg, key } => self.key_pressed(*leg, *key),
        }
    }

    fn read_event(&mut self, event: &EventKind) {
        match event {
            EventKind::FloorApplied { .. } | EventKind::CallArrived { .. } => {}
            EventKind::AgentState(it) => self.agent_state(it),
            EventKind::CallQueued { call, .. } => self.call_queued(*call),
            EventKind::Offered(it) => self.offered(it),
            EventKind::OfferEnded { offer, agent, outcome, .. } => {
                self.offer_ended(*offer, agent, *outcome);
            }
            EventKind::CallAnswered { call, ring, .. } => self.call_answered(*call, *ring),
            EventKind::CallConnected { call, agent, .. } => self.call_connected(*call, agent),
            EventKind::CallHeld { call, .. } => self.call_held(*call, true),
            EventKind::CallResumed { call, .. } => self.call_held(*call, false),
            EventKind::CallEnded(it) => self.call_ended(it),
            EventKind::SurveyWanted { call, agent, .. } => self.survey_wanted(*call, agent),
            EventKind::SurveyEnded { .. } => {}
            EventKind::WrappedUp { call, agent, .. } => self.call_wrapped_up(*call, agent),
            EventKind::CampaignChanged { .. }
            | EventKind::Paced(_)
            | EventKind::Withheld { .. }
            | EventKind::LeadsRefused { .. }
            | EventKind::DialRefused { .. }
            | EventKind::AttemptDialed { .. }
            | EventKind::AttemptAnswered { .. }
            | EventKind::AttemptEnded(_)
            | EventKind::LiveAnswerServed { .. }
            | EventKind::DoNotCallAdded { .. } => {
                self.object(format!("{event:?} in a day without campaigns"));
            }
        }
    }

    fn read_action(&mut self, action: &SwitchAction) {
        match action {
            SwitchAction::Progress { leg } => self.usable(*leg, "progress"),
            SwitchAction::Refuse { leg, .. } => self.hung_up(*leg, "refuse"),
            SwitchAction::HangUp { leg } => self.hung_up(*leg, "hang-up"),
            SwitchAction::Greet { leg, .. } => self.greeted(*leg),
            SwitchAction::RingStation { leg, agent, .. } => self.rings(*leg, agent),
            SwitchAction::Bridge { customer, agent } => self.bridged(*customer, *agent),
            SwitchAction::Hold { customer, agent } => self.held(*customer, *agent),
            SwitchAction::Ask { leg, question, .. } => self.asked(*leg, *question),
            SwitchAction::Thank { leg, .. } => self.thanked(*leg),
            SwitchAction::Unbridge { agent } => self.unbridged(*agent),
            SwitchAction::Dial { .. } | SwitchAction::PlayAbandoned { .. } => {
                self.object(format!("{action:?} in a day without campaigns"));
            }
        }
    }

    fn read_change(&mut self, change: &Change) {
        match change {
            Change::Call(record) => self.call_recorded(record),
            Change::Timeline(entry) => self.entry_recorded(entry),
            Change::Offer(record) => self.offer_recorded(record),
            Change::Survey(record) => self.survey_recorded(record),
            Change::AgentState(_) | Change::Floor { .. } => {}
            // Nobody is called in these days; the outbound auditor reads them.
            Change::Campaign(_) | Change::Attempt(_) | Change::Lead(_) | Change::DoNotCall(_) => {
                self.object(format!("{change:?} in a day without campaigns"));
            }
        }
    }
}
