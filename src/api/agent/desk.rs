//! What an agent's stream carries of casework: the agenda, messages, and calls that are owed.
//!
//! The feed says that something has changed; the stream reads it from the store, so that an agent who signs in and one who
//! was there see the same.

use std::collections::BTreeSet;
use std::time::Duration;

use timbre_casework::{
    CallbackId, CallbackState, CallbackWhy, MessageId, MessageState, RecordKind,
};
use timbre_model::{AgentRef, CallId};
use tonic::Status;

use super::stream::Stream;
use crate::api::wire::agent::{AgentCommand, AgentEvent};
use crate::api::wire::error::ApiError;
use crate::casework::agenda::{Item, Place, What};
use crate::casework::{Fault, chance, messages};
use crate::driver::clock::{self, Stopwatch};
use crate::feed::DeskNews;

/// Items that a stream shows.
const SHOWN: u32 = 20;

/// Items that are looked through at sign-in for what the agent has not been told.
const LOOKED_THROUGH: u32 = 100;

/// Changes of an agent's own agenda that come within this are shown together.
const SOON: Duration = Duration::from_millis(50);

/// Changes of what anybody may do are shown this much later, and up to twice that: many agents share them.
const LATER: Duration = Duration::from_secs(10);

/// How long to wait where the store is away.
const AGAIN: Duration = Duration::from_secs(5);

/// What the client has been shown.
#[derive(Default)]
pub(super) struct Shown {
    /// The agenda.
    items: Option<Vec<Item>>,
    /// Messages and calls owed: one that was found at sign-in may be news as well.
    told: BTreeSet<u128>,
    /// Since when, and in how long, it is to be looked at again.
    look: Option<(Stopwatch, Duration)>,
}

impl Shown {
    /// Resolves when the agenda is to be looked at.
    pub(super) async fn due(&self) {
        match &self.look {
            None => std::future::pending().await,
            Some((since, within)) => clock::sleep(within.saturating_sub(since.elapsed())).await,
        }
    }

    fn look_within(&mut self, within: Duration) {
        let left = |(since, within): &(Stopwatch, Duration)| within.saturating_sub(since.elapsed());
        if self.look.as_ref().is_none_or(|look| left(look) > within) {
            self.look = Some((Stopwatch::start(), within));
        }
    }
}

impl Stream {
    /// What an agent finds who signs in or comes back. `false` where the stream must end, here and below.
    pub(super) async fn catch_up(&self, shown: &mut Shown) -> bool {
        shown.look_within(Duration::ZERO);
        let all = (None, None);
        let found =
            self.context.desk.agenda(&self.agent, all, LOOKED_THROUGH, Place::default()).await;
        let items = found.map(|(items, _)| items).unwrap_or_else(|fault| {
            away(&self.agent, &fault);
            Vec::new()
        });
        for item in items {
            let told = match item.what {
                What::Record(RecordKind::Message, id) => {
                    self.message(MessageId::from_u128(id), true, shown).await
                }
                What::Record(RecordKind::Callback, id) => {
                    self.owed(CallbackId::from_u128(id), shown).await
                }
                What::Record(..) | What::Lead(_) => true,
            };
            if !told {
                return false;
            }
        }
        true
    }

    /// Something of casework concerns the agent.
    pub(super) async fn news(&self, news: DeskNews, shown: &mut Shown) -> bool {
        match news {
            DeskNews::Agenda => shown.look_within(SOON),
            DeskNews::SharedAgenda => {
                let spread = LATER.mul_f64((chance() % 1_000) as f64 / 1_000.);
                shown.look_within(LATER + spread);
            }
            DeskNews::Message(id) => return self.message(id, false, shown).await,
            DeskNews::CallbackOwed(id) => return self.owed(id, shown).await,
            DeskNews::Recovery(call) => {
                return self.send(0, AgentEvent::RecoveryOffered(call)).await;
            }
        }
        true
    }

    /// Shows the agenda, where it has changed.
    pub(super) async fn show_agenda(&self, shown: &mut Shown) -> bool {
        shown.look = None;
        let found = self.context.desk.agenda(&self.agent, (None, None), SHOWN, Place::default());
        let items = match found.await {
            Ok((items, _)) => items,
            Err(fault) => {
                away(&self.agent, &fault);
                shown.look_within(AGAIN);
                return true;
            }
        };
        if shown.items.as_ref() == Some(&items) {
            return true;
        }
        shown.items = Some(items.clone());
        self.send(0, AgentEvent::AgendaChanged(items)).await
    }

    /// Tells a message that is for this agent. `unseen`: only one that nobody has been given yet.
    async fn message(&self, id: MessageId, unseen: bool, shown: &mut Shown) -> bool {
        let (desk, tenant) = (&self.context.desk, &self.agent.tenant);
        let found = match desk.store.message(tenant, id).await {
            Ok(found) => found,
            Err(error) => {
                away(&self.agent, &error.into());
                return true;
            }
        };
        let Ok(floor) = desk.floor(tenant) else { return true };
        let wanted = |it: &timbre_casework::Message| {
            let state = match it.state {
                MessageState::Taken => true,
                MessageState::Delivered => !unseen,
                MessageState::Held | MessageState::Answered | MessageState::Dropped => false,
            };
            state && messages::is_for(it, &floor, &self.agent.agent)
        };
        let Some(message) = found.filter(wanted) else { return true };
        if !shown.told.insert(id.as_u128()) {
            return true;
        }
        if !self.send(0, AgentEvent::MessageReceived(Box::new(message))).await {
            return false;
        }
        // Only what went out was delivered; where that cannot be kept, it is told again at the next sign-in.
        if let Err(fault) = desk.message_delivered(tenant, id).await {
            away(&self.agent, &fault);
        }
        true
    }

    /// Tells that a customer of this agent's is owed a call.
    async fn owed(&self, id: CallbackId, shown: &mut Shown) -> bool {
        let found = match self.context.desk.store.callback(&self.agent.tenant, id).await {
            Ok(found) => found,
            Err(error) => {
                away(&self.agent, &error.into());
                return true;
            }
        };
        let owed = found.filter(|it| {
            let waits = matches!(it.state, CallbackState::Planned | CallbackState::Due);
            let theirs = it.agent.as_ref() == Some(&self.agent.agent);
            it.why == CallbackWhy::CallLost && waits && theirs
        });
        match owed.filter(|it| shown.told.insert(it.id.as_u128())) {
            Some(it) => self.send(0, AgentEvent::CallbackOwed(Box::new(it))).await,
            None => true,
        }
    }

    /// Performs a command that is the desk's and not the engine's; gives others back.
    pub(super) async fn at_desk(
        &self,
        request_id: &str,
        command: AgentCommand,
    ) -> Result<Result<(), Fault>, AgentCommand> {
        let (desk, who) = (&self.context.desk, &self.agent);
        match command {
            AgentCommand::ReportTrouble { call, kind } => {
                let report: (CallId, _) = (call, kind);
                Ok(desk.report_trouble(&self.context.lines, who, report, request_id).await)
            }
            AgentCommand::Answer { message, text } => {
                Ok(desk.answer_message(who, (message, &text), request_id).await)
            }
            other => Err(other),
        }
    }

    /// The result of a command of the desk.
    pub(super) async fn desk_result(&self, request_id: String, done: Result<(), Fault>) -> bool {
        let error = done.err().map(|fault| Box::new(ApiError::from_status(&Status::from(fault))));
        self.send(0, AgentEvent::CommandResult { request_id, later: false, error }).await
    }
}

fn away(agent: &AgentRef, fault: &Fault) {
    tracing::warn!(tenant = %agent.tenant, agent = %agent.agent, %fault, "a stream waits for the store");
}
