//! What an agent sees, and what they may ask for: pure, so that it can be tested without a terminal.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use timbre_casework::{Callback, CallbackId, Message, MessageId, RecordKind, TroubleKind};
use timbre_engine::{AgentView, PlacedCall};
use timbre_model::{
    AgentRef, AgentStateKind, CallId, CallerId, CampaignId, Civil, MachineVerdict, NotReadyReason,
    OfferOutcome, QueueRef, Slug,
};

use super::classify::Classify;
use super::complaint::Complaint;
use super::session::News;
use super::tell;
use crate::api::wire::agent::{
    AgentCommand, AgentEvent, AgentMessage, BarScope, Choices, Offer, RECOVERY, Welcome,
};
use crate::api::wire::customer::CustomerCard;
use crate::casework::agenda::{Item, What};
use crate::driver::entropy;

/// Messages that are kept for an answer.
const MESSAGES_MAX: usize = 20;

/// Lines of the past that are shown.
const PAST_MAX: usize = 200;

/// What an agent sees.
#[derive(Debug, Default)]
pub struct Desk {
    /// Who, once the server has said.
    pub agent: Option<AgentRef>,
    /// How they stand.
    pub view: Option<AgentView>,
    /// The open offer, and when it came.
    pub offer: Option<(Offer, Civil)>,
    /// The call that was accepted and is not connected yet.
    pub accepted: Option<CallId>,
    /// The call that was offered last, for as long as it or its wrap-up lasts.
    pub talk: Option<Talk>,
    /// Who that call is with, once the server has said.
    pub card: Option<CustomerCard>,
    /// What may be said to "not ready".
    pub pauses: Vec<Slug>,
    /// How a call may be classified.
    pub dispositions: Choices,
    /// What is to be done first.
    pub agenda: Vec<Item>,
    /// Messages to answer, the newest last.
    pub messages: VecDeque<Message>,
    /// A customer whose call was lost.
    pub owed: Option<Callback>,
    /// The stream is up.
    pub up: bool,
    /// What happened, newest last.
    pub past: VecDeque<(Civil, String)>,
    /// What the agent should read now.
    pub note: String,
    /// How far the server's clock is ahead of ours, in microseconds.
    ahead: i64,
}

/// A call as the agent knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Talk {
    /// Which.
    pub call: CallId,
    /// Of which queue.
    pub queue: QueueRef,
    /// Who calls; `None` where the offer was not seen.
    pub caller: Option<CallerId>,
    /// Whom, where it was placed for a campaign.
    pub placed: Option<Arc<PlacedCall>>,
    /// Since when they hear each other.
    pub connected: Option<Civil>,
}

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To be offered calls.
    Ready,
    /// Not to be offered calls.
    NotReady(Slug),
    /// The offered call.
    Accept,
    /// Not the offered call.
    Reject,
    /// The customer on hold.
    Hold,
    /// The customer back.
    Unhold,
    /// Either of the two, whichever is not.
    ToggleHold,
    /// An end.
    HangUp,
    /// More time.
    Extend,
    /// To classify the call.
    Dispose {
        /// How.
        code: Slug,
        /// What was written down, by the fields' ids.
        fields: BTreeMap<String, String>,
    },
    /// A number called for a campaign.
    Dial {
        /// For which.
        campaign: CampaignId,
        /// As it was typed.
        number: String,
    },
    /// Another call to this customer, promised.
    Callback {
        /// For when.
        at: Civil,
        /// Only by this agent.
        personal: bool,
    },
    /// This customer never called again.
    DoNotCall {
        /// For which calls.
        scope: BarScope,
        /// What they said.
        note: String,
    },
    /// To say who answered.
    Machine(MachineVerdict),
    /// To say that something is wrong with the line.
    Trouble(TroubleKind),
    /// A customer called back now: this one, or the one whose call was lost.
    DialCallback(Option<CallbackId>),
    /// To say that a message was seen to: this one, or the newest.
    Answer {
        /// Which.
        message: Option<MessageId>,
        /// What was said or done.
        text: String,
    },
    /// The end of the shift.
    SignOut,
}

impl Desk {
    /// The server's civil clock, ours being at `now`.
    pub fn server_time(&self, now: Civil) -> Civil {
        Civil::from_micros(now.as_micros().saturating_add(self.ahead))
    }

    /// Takes in what the session tells, at `now` on our clock.
    pub fn take(&mut self, news: &News, now: Civil) {
        match news {
            News::Message(message) => self.message(message, now),
            News::Lost { .. } => self.up = false,
            News::Unsent
            | News::NotKept(_)
            | News::CaseTaken(_)
            | News::CaseWaits(_)
            | News::CaseRefused(_)
            | News::Over(_) => {}
        }
        if let Some(line) = tell::news(news) {
            self.say(now, line);
        }
    }

    /// Puts a line before the agent's eyes.
    pub fn say(&mut self, now: Civil, line: String) {
        self.past.push_back((self.server_time(now), line.clone()));
        if self.past.len() > PAST_MAX {
            self.past.pop_front();
        }
        self.note = line;
    }

    fn message(&mut self, message: &AgentMessage, now: Civil) {
        let AgentMessage { sequence: _, at, event } = message;
        match event {
            AgentEvent::Welcome(welcome) => {
                self.ahead = at.as_micros().saturating_sub(now.as_micros());
                self.welcome(welcome);
            }
            AgentEvent::Status(_, view) => self.stands(view),
            AgentEvent::RecoveryOffered(_) => self.pauses.extend(Slug::parse(RECOVERY)),
            AgentEvent::OfferMade(offer) => {
                let (call, queue) = (offer.offer.call, offer.queue.clone());
                let caller = Some(offer.caller.clone());
                let placed = offer.placed.clone();
                self.talk = Some(Talk { call, queue, caller, placed, connected: None });
                self.card.take_if(|it| it.offer.call != call);
                self.offer = Some((offer.clone(), *at));
            }
            AgentEvent::CustomerCard(card) => {
                let call = self.talk.as_ref().map(|it| it.call);
                self.card = Some(card.as_ref().clone()).filter(|it| Some(it.offer.call) == call);
            }
            AgentEvent::OfferEnded { offer, outcome } => {
                self.offer.take_if(|(open, _)| open.offer == *offer);
                self.accepted = (*outcome == OfferOutcome::Accepted).then_some(offer.call);
            }
            AgentEvent::CallConnected { call, queue, waited: _, placed } => {
                self.accepted = None;
                let known = self.talk.take().filter(|it| it.call == *call);
                let caller = known.and_then(|it| it.caller);
                let (call, queue, placed) = (*call, queue.clone(), placed.clone());
                self.talk = Some(Talk { call, queue, caller, placed, connected: Some(*at) });
            }
            AgentEvent::WrappedUp { .. } => (self.talk, self.card) = (None, None),
            AgentEvent::GoAway(_) => self.up = false,
            AgentEvent::CallHeld(_) => self.on_hold(true),
            AgentEvent::CallResumed { .. } => self.on_hold(false),
            AgentEvent::CallEnded { .. } => self.accepted = None,
            AgentEvent::MessageReceived(it) => self.received(it),
            AgentEvent::AgendaChanged(items) => self.agenda_changed(items),
            AgentEvent::CallbackOwed(it) => self.owed = Some(it.as_ref().clone()),
            AgentEvent::CommandResult { .. }
            | AgentEvent::HeartbeatAck
            | AgentEvent::DialRefused { .. } => {}
        }
    }

    /// How the agent now stands. A recovery that is being taken is not offered any more.
    fn stands(&mut self, view: &AgentView) {
        let recovers = |it: &NotReadyReason| *it == NotReadyReason::Recovery;
        if view.reason.iter().chain(&view.pause_after).any(recovers) {
            self.pauses.retain(|it| it.as_str() != RECOVERY);
        }
        self.view = Some(view.clone());
    }

    fn received(&mut self, message: &Message) {
        self.messages.retain(|it| it.id != message.id);
        if self.messages.len() == MESSAGES_MAX {
            self.messages.pop_front();
        }
        self.messages.push_back(message.clone());
    }

    /// What is no longer to be done is forgotten.
    fn agenda_changed(&mut self, items: &[Item]) {
        let there = |kind, id| items.iter().any(|it| it.what == What::Record(kind, id));
        self.owed.take_if(|it| !there(RecordKind::Callback, it.id.as_u128()));
        self.messages.retain(|it| there(RecordKind::Message, it.id.as_u128()));
        self.agenda = items.to_vec();
    }

    /// Holds do not change the agent's state, and so bring no status of their own.
    fn on_hold(&mut self, on_hold: bool) {
        if let Some(view) = &mut self.view {
            view.on_hold = on_hold;
        }
    }

    fn welcome(&mut self, welcome: &Welcome) {
        let Welcome { agent, status, pauses, dispositions, .. } = welcome;
        self.up = true;
        self.agent = Some(agent.clone());
        self.view = Some(status.clone());
        self.pauses = pauses.clone();
        self.dispositions = dispositions.clone();
        if status.offer.is_none() {
            self.offer = None;
        }
    }

    /// A new form for a complaint of the present call's customer, at `now` on our clock.
    pub fn complaint(&self, now: Civil) -> Complaint {
        let lead = self.talk.as_ref().and_then(|it| it.placed.as_ref()?.lead.as_ref());
        let name = lead.map(|it| it.person.name.clone()).unwrap_or_default();
        let call = self.view.as_ref().and_then(|it| it.call);
        let request_id = format!("{:032x}", u128::from_be_bytes(entropy::bytes()));
        Complaint::begin(call, self.server_time(now), name, request_id, spanish())
    }

    /// Classifying the present call; `None`: there is none.
    pub fn classify(&self) -> Option<Classify> {
        let talk = self.talk.as_ref()?;
        let campaign = talk.placed.as_ref().map(|it| &it.campaign.campaign);
        Some(Classify::new(&self.dispositions, &talk.queue.queue, campaign))
    }

    /// How long the present state lasts.
    pub fn lasting(&self, now: Civil) -> Duration {
        let since = self.view.as_ref().map(|it| it.since);
        since.map_or(Duration::ZERO, |at| self.server_time(now).since(at))
    }

    /// The command for a wish, or what stands in its way.
    pub fn command(&self, wish: Wish) -> Result<AgentCommand, String> {
        let view = self.view.as_ref().ok_or("not signed in yet: wait for the server")?;
        let offer = || view.offer.map(|(id, _)| id).ok_or("no call is on offer");
        let call = || view.call.ok_or("there is no call");
        Ok(match wish {
            Wish::Ready => AgentCommand::SetReady,
            Wish::NotReady(reason) => AgentCommand::SetNotReady { reason },
            Wish::Accept => AgentCommand::AcceptOffer(offer()?),
            Wish::Reject => AgentCommand::RejectOffer(offer()?),
            Wish::Hold => AgentCommand::Hold(call()?),
            Wish::Unhold => AgentCommand::Unhold(call()?),
            Wish::ToggleHold if view.on_hold => AgentCommand::Unhold(call()?),
            Wish::ToggleHold => AgentCommand::Hold(call()?),
            Wish::HangUp => AgentCommand::HangUp(call()?),
            Wish::Extend if view.state == AgentStateKind::WrapUp => {
                AgentCommand::ExtendWrapUp(call()?)
            }
            Wish::Extend => return Err("there is no wrap-up to extend".to_owned()),
            Wish::Dispose { code, fields } => AgentCommand::Dispose { call: call()?, code, fields },
            Wish::Dial { campaign, number } => AgentCommand::DialNumber { campaign, number },
            Wish::Callback { at, personal } => {
                AgentCommand::ScheduleCallback { call: call()?, at, personal }
            }
            Wish::DoNotCall { scope, note } => {
                AgentCommand::DoNotCall { call: call()?, scope, note }
            }
            Wish::Machine(verdict) => AgentCommand::CorrectMachine { call: call()?, verdict },
            Wish::Trouble(kind) => AgentCommand::ReportTrouble { call: call()?, kind },
            Wish::DialCallback(which) => {
                let owed = which.or(self.owed.as_ref().map(|it| it.id));
                AgentCommand::DialCallback(owed.ok_or("no call was lost: name a callback")?)
            }
            Wish::Answer { message, text } => {
                let newest = message.or(self.messages.back().map(|it| it.id));
                let message = newest.ok_or("there is no message to answer")?;
                AgentCommand::Answer { message, text }
            }
            Wish::SignOut => AgentCommand::SignOut,
        })
    }
}

/// The texts for agents are shown in Spanish where the terminal's language is.
fn spanish() -> bool {
    let named = |name| std::env::var(name).ok().filter(|it| !it.is_empty());
    let language = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(named);
    language.is_some_and(|it| it.starts_with("es"))
}

#[cfg(test)]
pub mod tests;
