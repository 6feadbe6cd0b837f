//! What an agent asks for.

use std::collections::BTreeMap;

use std::fmt;

use timbre_casework::{CallbackId, MessageId, TroubleKind};
use timbre_model::{CallId, CampaignId, Civil, FieldError, MachineVerdict, OfferId, Slug};

use super::{optional, read_call, read_offer, word};
use crate::api::pb;
use crate::api::wire::name::{self, cut};
use crate::api::wire::record::read_id;
use crate::api::wire::time::{moment, need_moment};
use pb::connect_request::Command as WireCommand;

/// Most characters of a request's id.
pub const REQUEST_ID_MAX: usize = 64;

/// What takes a shift up again after a drop. Does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeToken(String);

impl ResumeToken {
    /// From its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text. For the wire, for comparing, and for the client's own file.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(•••)")
    }
}

/// What an agent asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCommand {
    /// Begin the shift.
    SignIn {
        /// Take offers at once.
        auto_accept: bool,
        /// End another stream of the same agent.
        take_over: bool,
    },
    /// Take up a shift whose stream was lost.
    Resume {
        /// From the welcome.
        token: ResumeToken,
        /// The last event that was seen.
        last_sequence: u64,
    },
    /// End the shift.
    SignOut,
    /// May be offered calls.
    SetReady,
    /// May not be offered calls.
    SetNotReady {
        /// One of the floor's pauses.
        reason: Slug,
    },
    /// Take an offered call.
    AcceptOffer(OfferId),
    /// Decline an offered call.
    RejectOffer(OfferId),
    /// Put the customer on hold.
    Hold(CallId),
    /// Take the customer off hold.
    Unhold(CallId),
    /// End the conversation.
    HangUp(CallId),
    /// Give wrap-up more time.
    ExtendWrapUp(CallId),
    /// Classify the call.
    Dispose {
        /// Which.
        call: CallId,
        /// One of the dispositions of the call's campaign or queue.
        code: Slug,
        /// What the agent wrote down, by the fields' ids.
        fields: BTreeMap<String, String>,
    },
    /// Call a number for a campaign.
    DialNumber {
        /// For which.
        campaign: CampaignId,
        /// Whom, as it was written.
        number: String,
    },
    /// Promise the customer of this call another one.
    ScheduleCallback {
        /// Which call.
        call: CallId,
        /// For when.
        at: Civil,
        /// Only by this agent, as long as that can be.
        personal: bool,
    },
    /// The customer of this call may not be called any more.
    DoNotCall {
        /// Which call.
        call: CallId,
        /// For which calls.
        scope: BarScope,
        /// What the customer said.
        note: String,
    },
    /// Say who answered.
    CorrectMachine {
        /// Which call.
        call: CallId,
        /// Who.
        verdict: MachineVerdict,
    },
    /// Say that something is wrong with the line of a call.
    ReportTrouble {
        /// Which call.
        call: CallId,
        /// What.
        kind: TroubleKind,
    },
    /// Call the customer of a callback now.
    DialCallback(CallbackId),
    /// Say that what a message asks was done.
    Answer {
        /// Which message.
        message: MessageId,
        /// What was said or done.
        text: String,
    },
    /// The client is alive.
    Heartbeat,
}

/// How far an agent's do-not-call reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BarScope {
    /// All of the tenant's calls.
    #[default]
    Tenant,
    /// Those of the call's client.
    Client,
    /// Those of the call's campaign.
    Campaign,
}

impl BarScope {
    /// Every value.
    pub const ALL: &[Self] = &[Self::Tenant, Self::Client, Self::Campaign];

    /// Its word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Client => "client",
            Self::Campaign => "campaign",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == word)
    }
}

/// A command under its id.
pub fn request_to_wire(request_id: String, command: AgentCommand) -> pb::ConnectRequest {
    let call = |call: CallId| call.to_string();
    let command = match command {
        AgentCommand::SignIn { auto_accept, take_over } => {
            WireCommand::SignIn(pb::SignIn { auto_accept, take_over })
        }
        AgentCommand::Resume { token: ResumeToken(resume_token), last_sequence } => {
            WireCommand::Resume(pb::Resume { resume_token, last_sequence })
        }
        AgentCommand::SignOut => WireCommand::SignOut(pb::SignOut {}),
        AgentCommand::SetReady => WireCommand::SetReady(pb::SetReady {}),
        AgentCommand::SetNotReady { reason } => {
            WireCommand::SetNotReady(pb::SetNotReady { reason: reason.to_string() })
        }
        AgentCommand::AcceptOffer(offer) => {
            WireCommand::AcceptOffer(pb::AcceptOffer { offer: offer.to_string() })
        }
        AgentCommand::RejectOffer(offer) => {
            WireCommand::RejectOffer(pb::RejectOffer { offer: offer.to_string() })
        }
        AgentCommand::Hold(id) => WireCommand::Hold(pb::Hold { call: call(id) }),
        AgentCommand::Unhold(id) => WireCommand::Unhold(pb::Unhold { call: call(id) }),
        AgentCommand::HangUp(id) => WireCommand::HangUp(pb::HangUp { call: call(id) }),
        AgentCommand::ExtendWrapUp(id) => {
            WireCommand::ExtendWrapUp(pb::ExtendWrapUp { call: call(id) })
        }
        AgentCommand::Dispose { call: id, code, fields } => {
            let disposition = code.to_string();
            WireCommand::Dispose(pb::Dispose { call: call(id), disposition, fields })
        }
        AgentCommand::DialNumber { campaign, number } => {
            let campaign = campaign.to_string();
            WireCommand::DialNumber(pb::DialNumber { campaign, number })
        }
        AgentCommand::ScheduleCallback { call: id, at, personal } => {
            let time = Some(moment(at));
            WireCommand::ScheduleCallback(pb::ScheduleCallback { call: call(id), time, personal })
        }
        AgentCommand::DoNotCall { call: id, scope, note } => {
            let scope = scope.as_str().to_owned();
            WireCommand::DoNotCall(pb::DoNotCall { call: call(id), scope, note })
        }
        AgentCommand::CorrectMachine { call: id, verdict } => {
            let verdict = verdict.to_string();
            WireCommand::CorrectMachine(pb::CorrectMachine { call: call(id), verdict })
        }
        AgentCommand::ReportTrouble { call: id, kind } => {
            let kind = kind.to_string();
            WireCommand::ReportTrouble(pb::ReportTrouble { call: call(id), kind })
        }
        AgentCommand::DialCallback(callback) => {
            let callback = callback.to_string();
            WireCommand::DialCallback(pb::DialCallback { callback })
        }
        AgentCommand::Answer { message, text } => {
            WireCommand::Answer(pb::Answer { message: message.to_string(), text })
        }
        AgentCommand::Heartbeat => WireCommand::Heartbeat(pb::Heartbeat {}),
    };
    pb::ConnectRequest { request_id, command: Some(command) }
}

/// Reads a command and its id. The id is given also where the command cannot be read, so that it can be answered; one
/// that is too long is cut.
pub fn request_from_wire(wire: pb::ConnectRequest) -> (String, Result<AgentCommand, FieldError>) {
    let pb::ConnectRequest { request_id, command } = wire;
    if request_id.chars().count() > REQUEST_ID_MAX {
        let fault = FieldError::new("request_id", cut(&request_id), "use at most 64 characters");
        return (cut(&request_id), Err(fault));
    }
    (request_id, command_from_wire(command))
}

fn command_from_wire(command: Option<WireCommand>) -> Result<AgentCommand, FieldError> {
    Ok(match command {
        Some(WireCommand::SignIn(pb::SignIn { auto_accept, take_over })) => {
            AgentCommand::SignIn { auto_accept, take_over }
        }
        Some(WireCommand::Resume(pb::Resume { resume_token, last_sequence })) => {
            AgentCommand::Resume { token: ResumeToken(resume_token), last_sequence }
        }
        Some(WireCommand::SignOut(pb::SignOut {})) => AgentCommand::SignOut,
        Some(WireCommand::SetReady(pb::SetReady {})) => AgentCommand::SetReady,
        Some(WireCommand::SetNotReady(pb::SetNotReady { reason })) => AgentCommand::SetNotReady {
            reason: name::id("set_not_ready.reason", &reason, Slug::parse)?,
        },
        Some(WireCommand::AcceptOffer(pb::AcceptOffer { offer })) => {
            AgentCommand::AcceptOffer(read_offer("accept_offer.offer", &offer)?)
        }
        Some(WireCommand::RejectOffer(pb::RejectOffer { offer })) => {
            AgentCommand::RejectOffer(read_offer("reject_offer.offer", &offer)?)
        }
        Some(WireCommand::Hold(pb::Hold { call })) => {
            AgentCommand::Hold(read_call("hold.call", &call)?)
        }
        Some(WireCommand::Unhold(pb::Unhold { call })) => {
            AgentCommand::Unhold(read_call("unhold.call", &call)?)
        }
        Some(WireCommand::HangUp(pb::HangUp { call })) => {
            AgentCommand::HangUp(read_call("hang_up.call", &call)?)
        }
        Some(WireCommand::ExtendWrapUp(pb::ExtendWrapUp { call })) => {
            AgentCommand::ExtendWrapUp(read_call("extend_wrap_up.call", &call)?)
        }
        Some(WireCommand::Dispose(pb::Dispose { call, disposition, fields })) => {
            AgentCommand::Dispose {
                call: read_call("dispose.call", &call)?,
                code: name::id("dispose.disposition", &disposition, Slug::parse)?,
                fields,
            }
        }
        Some(WireCommand::DialNumber(pb::DialNumber { campaign, number })) => {
            let campaign = name::id("dial_number.campaign", &campaign, CampaignId::parse)?;
            AgentCommand::DialNumber { campaign, number }
        }
        Some(WireCommand::ScheduleCallback(pb::ScheduleCallback { call, time, personal })) => {
            let call = read_call("schedule_callback.call", &call)?;
            let at = need_moment("schedule_callback.time", time)?;
            AgentCommand::ScheduleCallback { call, at, personal }
        }
        Some(WireCommand::DoNotCall(pb::DoNotCall { call, scope, note })) => {
            let call = read_call("do_not_call.call", &call)?;
            let scope = optional("do_not_call.scope", &scope, BarScope::parse)?;
            AgentCommand::DoNotCall {
                call,
                scope: scope.unwrap_or_default(),
                note: note_of(&note)?,
            }
        }
        Some(WireCommand::CorrectMachine(pb::CorrectMachine { call, verdict })) => {
            let call = read_call("correct_machine.call", &call)?;
            let verdict = word("correct_machine.verdict", &verdict, MachineVerdict::parse)?;
            AgentCommand::CorrectMachine { call, verdict }
        }
        Some(WireCommand::ReportTrouble(pb::ReportTrouble { call, kind })) => {
            let call = read_call("report_trouble.call", &call)?;
            let kind = word("report_trouble.kind", &kind, TroubleKind::parse)?;
            AgentCommand::ReportTrouble { call, kind }
        }
        Some(WireCommand::DialCallback(pb::DialCallback { callback })) => {
            let id = read_id("dial_callback.callback", &callback)?;
            AgentCommand::DialCallback(CallbackId::from_u128(id))
        }
        Some(WireCommand::Answer(pb::Answer { message, text })) => {
            let message = MessageId::from_u128(read_id("answer.message", &message)?);
            AgentCommand::Answer { message, text }
        }
        Some(WireCommand::Heartbeat(pb::Heartbeat {})) => AgentCommand::Heartbeat,
        None => {
            return Err(FieldError::new("command", "", "name a command that this server knows"));
        }
    })
}

/// Most characters of a note.
const NOTE_MAX: usize = 1_000;

fn note_of(note: &str) -> Result<String, FieldError> {
    if note.chars().count() <= NOTE_MAX {
        return Ok(note.to_owned());
    }
    let remedy = format!("use at most {NOTE_MAX} characters");
    Err(FieldError::new("do_not_call.note", cut(note), remedy))
}
