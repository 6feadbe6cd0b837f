//! What an agent asks for, in the engine's words.

use timbre_engine::Command;
use timbre_model::{
    AgentRef, Barred, CallId, CallRecord, CallerId, CampaignId, DoNotCallEntry, DoNotCallScope,
    FieldError, FloorSpec, PhoneNumber, Slug,
};
use tonic::Status;

use crate::api::wire::agent::{AgentCommand, BarScope, RECOVERY};
use crate::api::{Context, status};
use crate::casework::callbacks::ByHand;
use crate::driver::clock;
use crate::feed::Shift;
use crate::leads::number;

/// A command in the engine's words; `None` for those that only open or keep a stream.
pub(super) async fn for_engine(
    context: &Context,
    who: &AgentRef,
    command: AgentCommand,
) -> Result<Option<Command>, Status> {
    let agent = who.clone();
    Ok(Some(match command {
        AgentCommand::SignIn { .. }
        | AgentCommand::Resume { .. }
        | AgentCommand::ReportTrouble { .. }
        | AgentCommand::Answer { .. }
        | AgentCommand::Heartbeat => return Ok(None),
        AgentCommand::DialCallback(callback) => {
            let ByHand { campaign, number } = context.desk.dial_by_hand(who, callback).await?;
            Command::DialNumber { agent, campaign, number }
        }
        AgentCommand::SignOut => Command::SignOut { agent },
        AgentCommand::SetReady => Command::SetReady { agent },
        AgentCommand::SetNotReady { reason } if recovers(context, who, &reason) => {
            Command::Recover { agent }
        }
        AgentCommand::SetNotReady { reason } => Command::SetNotReady { agent, reason },
        AgentCommand::AcceptOffer(offer) => Command::AcceptOffer { agent, offer },
        AgentCommand::RejectOffer(offer) => Command::RejectOffer { agent, offer },
        AgentCommand::Hold(call) => Command::Hold { agent, call },
        AgentCommand::Unhold(call) => Command::Unhold { agent, call },
        AgentCommand::HangUp(call) => Command::HangUp { agent, call },
        AgentCommand::ExtendWrapUp(call) => Command::ExtendWrapUp { agent, call },
        AgentCommand::Dispose { call, code, fields } => {
            Command::Dispose { agent, call, code, fields }
        }
        AgentCommand::DialNumber { campaign, number } => {
            let floor = context.feed.floor(&who.tenant).ok_or_else(status::no_floor)?;
            let number = dialed(&floor, &campaign, &number).map_err(status::invalid_field)?;
            Command::DialNumber { agent, campaign, number }
        }
        AgentCommand::ScheduleCallback { call, at, personal } => {
            Command::ScheduleCallback { agent, call, at, personal }
        }
        AgentCommand::DoNotCall { call, scope, note } => {
            let entry = Box::new(entry(context, who, call, (scope, note)).await?);
            Command::DoNotCall { entry }
        }
        AgentCommand::CorrectMachine { call, verdict } => {
            Command::CorrectMachine { agent, call, verdict }
        }
    }))
}

/// A number as it is dialed in the country of the campaign's first list.
fn dialed(floor: &FloorSpec, campaign: &CampaignId, text: &str) -> Result<PhoneNumber, FieldError> {
    let home = crate::leads::home_of(floor, campaign).unwrap_or_default();
    let read = number::read(text, &home);
    // The number is not repeated: it could be a real one.
    let fault =
        |(reason, remedy)| FieldError::new("dial_number.number", "", format!("{reason}: {remedy}"));
    read.map(|it| it.number).map_err(fault)
}

/// The customer of the agent's call, barred. Needs the store: so does whoever authorizes calls.
async fn entry(
    context: &Context,
    who: &AgentRef,
    call: CallId,
    (scope, note): (BarScope, String),
) -> Result<DoNotCallEntry, Status> {
    let found = context.store.call(&who.tenant, call).await.map_err(|it| status::store(&it))?;
    let theirs = |it: &CallRecord| it.agent.as_ref() == Some(&who.agent);
    let record = found.filter(theirs).ok_or_else(|| status::unknown_call(&call.to_string()))?;
    let number = customer(context, &record).await?;
    let note = match note.as_str() {
        "" => format!("agent {} on call {call}", who.agent),
        note => format!("agent {} on call {call}: {note}", who.agent),
    };
    Ok(DoNotCallEntry {
        tenant: who.tenant.clone(),
        whom: Barred::Number(number),
        scope: reach(scope, &record).map_err(status::invalid_field)?,
        since: clock::civil(),
        until: None,
        source: Slug::parse("agent").expect("a slug"),
        note,
    })
}

/// Whom the call is with: a placed one's callee, or else who calls.
async fn customer(context: &Context, record: &CallRecord) -> Result<PhoneNumber, Status> {
    if record.outbound.is_some() {
        let attempt = context.store.attempt(&record.tenant, record.id).await;
        if let Some(attempt) = attempt.map_err(|it| status::store(&it))? {
            return Ok(attempt.number);
        }
    }
    match &record.caller {
        CallerId::Number(number) => Ok(number.clone()),
        CallerId::Withheld => {
            let remedy = "the caller withholds their number: ask for it, and tell a supervisor";
            Err(status::invalid_field(FieldError::new("do_not_call.call", record.id, remedy)))
        }
    }
}

fn reach(scope: BarScope, record: &CallRecord) -> Result<DoNotCallScope, FieldError> {
    let lacks = || {
        let remedy = "the call has no such company or campaign: bar all of the tenant's calls";
        FieldError::new("do_not_call.scope", scope.as_str(), remedy)
    };
    Ok(match scope {
        BarScope::Tenant => DoNotCallScope::Tenant,
        BarScope::Client => DoNotCallScope::Client(record.client.clone().ok_or_else(lacks)?),
        BarScope::Campaign => {
            let campaign = record.outbound.as_ref().map(|it| it.campaign.clone());
            DoNotCallScope::Campaign(campaign.ok_or_else(lacks)?)
        }
    })
}

/// The reason of an agent who takes the recovery that they were offered.
fn recovers(context: &Context, who: &AgentRef, reason: &Slug) -> bool {
    let offered = || context.feed.with_shift(who, Shift::take_recovery);
    reason.as_str() == RECOVERY && offered() == Some(true)
}
