//! What people ask for, one file a command. Each checks first and changes afterwards, so that a rejection changes
//! nothing.

mod accept_offer;
mod apply_floor;
mod correct_machine;
mod dial_number;
mod dispose;
mod do_not_call;
mod drain;
mod extend_wrap_up;
mod force_agent;
mod force_end_call;
mod hang_up;
mod hold;
mod leads_changed;
mod pause_campaign;
mod permit_survey;
mod reject_offer;
mod restore_campaign;
mod resume;
mod schedule_callback;
mod set_not_ready;
mod set_ready;
mod sign_in;
mod sign_out;
mod start_campaign;
mod stop_campaign;
mod stop_trunk;
mod stream_lost;
mod unhold;

use timbre_model::{AgentRef, CallId};

use crate::agent::AgentState;
use crate::attempt::Promise;
use crate::turn::Turn;
use crate::{Command, Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, command: Command) -> Result<Reply, Rejection> {
    match command {
        Command::ApplyFloor { tenant, spec, expected_version } => {
            apply_floor::apply(turn, tenant, spec, expected_version)
        }
        Command::RestoreFloor { tenant, spec, version } => {
            apply_floor::restore(turn, tenant, spec, version)
        }
        Command::SignIn { agent, auto_accept, take_over } => {
            sign_in::apply(turn, &agent, auto_accept, take_over)
        }
        Command::Resume { agent } => resume::apply(turn, &agent),
        Command::StreamLost { agent } => stream_lost::apply(turn, &agent),
        Command::SignOut { agent } => sign_out::apply(turn, &agent),
        Command::SetReady { agent } => set_ready::apply(turn, &agent),
        Command::SetNotReady { agent, reason } => set_not_ready::apply(turn, &agent, reason),
        Command::Recover { agent } => set_not_ready::recover(turn, &agent),
        Command::AcceptOffer { agent, offer } => accept_offer::apply(turn, &agent, offer),
        Command::RejectOffer { agent, offer } => reject_offer::apply(turn, &agent, offer),
        Command::Hold { agent, call } => hold::apply(turn, &agent, call),
        Command::Unhold { agent, call } => unhold::apply(turn, &agent, call),
        Command::HangUp { agent, call } => hang_up::apply(turn, &agent, call),
        Command::ExtendWrapUp { agent, call } => extend_wrap_up::apply(turn, &agent, call),
        Command::Dispose { agent, call, code, fields } => {
            dispose::apply(turn, &agent, call, (code, fields))
        }
        Command::ForceAgent { agent, state } => force_agent::apply(turn, &agent, state),
        Command::ForceEndCall { tenant, call } => force_end_call::apply(turn, &tenant, call),
        Command::StartCampaign { campaign } => start_campaign::apply(turn, &campaign),
        Command::PauseCampaign { campaign } => pause_campaign::apply(turn, &campaign),
        Command::StopCampaign { campaign } => stop_campaign::apply(turn, &campaign),
        Command::RestoreCampaign { record, days } => restore_campaign::apply(turn, *record, &days),
        Command::DialNumber { agent, campaign, number } => {
            dial_number::apply(turn, &agent, campaign, number)
        }
        Command::ScheduleCallback { agent, call, at, personal } => {
            schedule_callback::apply(turn, &agent, call, Promise { at, personal })
        }
        Command::DoNotCall { entry } => do_not_call::apply(turn, *entry),
        Command::LeadsChanged { tenant, list } => leads_changed::apply(turn, &tenant, &list),
        Command::CorrectMachine { agent, call, verdict } => {
            correct_machine::apply(turn, &agent, call, verdict)
        }
        Command::PermitSurvey { tenant, call } => permit_survey::apply(turn, &tenant, call),
        Command::StopTrunk { trunk, stopped } => stop_trunk::apply(turn, &trunk, stopped),
        Command::Drain(on) => drain::apply(turn, on),
    }
}

impl Turn<'_> {
    /// That the campaign's state does not allow it.
    fn campaign_state(&self, at: usize) -> Rejection {
        let it = &self.floor.campaigns[at];
        Rejection::CampaignState { campaign: it.name.campaign.clone(), state: it.state }
    }

    /// The agent, and the call that this agent has, in whatever state.
    fn their_call(&self, who: &AgentRef, call: CallId) -> Result<(usize, usize), Rejection> {
        let agent = self.floor.agent_at(who)?;
        let at = self.floor.call_index.get(&call).copied();
        let at = at.ok_or(Rejection::UnknownCall { call })?;
        let theirs = self.floor.agents[agent].state.call() == Some(at);
        if theirs { Ok((agent, at)) } else { Err(Rejection::NotTheirCall { call }) }
    }

    /// The agent, and the call that this agent is talking to.
    fn their_talk(&self, who: &AgentRef, call: CallId) -> Result<(usize, usize), Rejection> {
        let (agent, at) = self.their_call(who, call)?;
        match self.floor.agents[agent].state {
            AgentState::Talking { .. } => Ok((agent, at)),
            _ => Err(self.wrong_state(agent)),
        }
    }
}
