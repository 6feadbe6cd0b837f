//! Cases, in our own types.

use timbre_casework::case::{Amendment, NewTask, Word};
use timbre_casework::{Case, Channel, StepDone};
use timbre_model::AgentId;

use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel as Transport;

use super::{Bearer, Client, ClientError, Paged};
use crate::api::pb::{self, case_service_client::CaseServiceClient};
use crate::api::wire::case as wire;
use crate::api::wire::case::{CaseQuery, TakenDown};

/// What is done to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseStep {
    /// Fields are changed.
    Amend(Box<Amendment>),
    /// It has another owner.
    Assign {
        /// Who.
        owner: AgentId,
        /// What they should know first.
        note: String,
    },
    /// Somebody finds out what happened.
    Investigate(String),
    /// Solutions are offered.
    Propose(Vec<String>),
    /// The customer says something of a proposal.
    Decide {
        /// Its number, from 1.
        proposal: u32,
        /// They take it.
        accepted: bool,
    },
    /// Who does what by when.
    Agree {
        /// What was agreed; may be empty where a proposal was accepted.
        solution: String,
        /// The tasks.
        tasks: Vec<NewTask>,
    },
    /// It begins to be carried out.
    Execute,
    /// A task is done.
    TaskDone {
        /// Its number, from 1.
        task: u32,
        /// In words.
        note: String,
    },
    /// The reasoned answer.
    Answer(Word),
    /// The customer's word.
    Confirm {
        /// They are satisfied.
        satisfied: bool,
        /// In their words.
        note: String,
    },
    /// It is turned down.
    Reject(Word),
    /// It is taken up again.
    Reopen(String),
    /// The customer is given something to keep.
    Receipt {
        /// Through what.
        channel: Channel,
        /// To which address; may be empty.
        to: String,
    },
    /// A line of the story.
    Note(String),
    /// Steps of the checklist.
    Steps(Vec<StepDone>),
}

/// A call of one step's method with the fields that every step has.
macro_rules! call {
    ($service:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }, $of:expr) => {{
        let (name, request_id) = $of;
        let etag = String::new();
        $service.$method(pb::$request { name, request_id, etag, $($field: $value),* }).await
    }};
}

impl Client {
    fn cases(&self) -> CaseServiceClient<InterceptedService<Transport, Bearer>> {
        CaseServiceClient::new(self.channel.clone())
    }

    /// Takes a case down. `request_id` makes a retry safe.
    pub async fn take_case(
        &self,
        request_id: String,
        taken: &TakenDown,
    ) -> Result<Case, ClientError> {
        let case = Some(wire::taking_to_wire(taken));
        let request = pb::TakeCaseRequest { parent: String::new(), request_id, case };
        let answer = self.cases().take_case(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::from_wire(answer.into_inner())?)
    }

    /// The case of an id, a key, or a full name.
    pub async fn get_case(&self, name: &str) -> Result<Case, ClientError> {
        let request = pb::GetCaseRequest { name: name.to_owned() };
        let answer = self.cases().get_case(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::from_wire(answer.into_inner())?)
    }

    /// A page of cases.
    pub async fn list_cases(
        &self,
        query: &CaseQuery,
        page_size: i32,
        page_token: String,
    ) -> Result<Paged<Case>, ClientError> {
        let request = pb::ListCasesRequest { page_size, page_token, ..wire::query_to_wire(query) };
        let answer = self.cases().list_cases(request).await.map_err(|it| self.refused(it))?;
        let (cases, next) = wire::page_from_wire(answer.into_inner())?;
        Ok((cases, Some(next).filter(|it| !it.is_empty())))
    }

    /// Does something to the case of that name. `request_id` makes a retry safe.
    pub async fn case_step(
        &self,
        name: &str,
        request_id: String,
        step: CaseStep,
    ) -> Result<Case, ClientError> {
        let (mut to, of) = (self.cases(), (name.to_owned(), request_id));
        let answer = match step {
            CaseStep::Amend(it) => {
                let (case, paths) = wire::amendment_to_wire(&it);
                let mask = Some(prost_types::FieldMask { paths });
                let case = Some(case);
                call!(to, amend_case, AmendCaseRequest { case: case, update_mask: mask }, of)
            }
            CaseStep::Assign { owner, note } => {
                let owner = owner.to_string();
                call!(to, assign_case, AssignCaseRequest { owner: owner, note: note }, of)
            }
            CaseStep::Investigate(text) => {
                call!(to, investigate_case, InvestigateCaseRequest { text: text }, of)
            }
            CaseStep::Propose(solutions) => {
                call!(to, propose_solutions, ProposeSolutionsRequest { solutions: solutions }, of)
            }
            CaseStep::Decide { proposal, accepted } => call!(
                to,
                decide_proposal,
                DecideProposalRequest { proposal: proposal, accepted: accepted },
                of
            ),
            CaseStep::Agree { solution, tasks } => {
                let tasks = wire::tasks_to_wire(&tasks);
                call!(to, agree_case, AgreeCaseRequest { solution: solution, tasks: tasks }, of)
            }
            CaseStep::Execute => call!(to, execute_case, ExecuteCaseRequest {}, of),
            CaseStep::TaskDone { task, note } => {
                call!(to, complete_task, CompleteTaskRequest { task: task, note: note }, of)
            }
            CaseStep::Answer(word) => {
                let word = Some(wire::word_to_wire(&word));
                call!(to, answer_case, AnswerCaseRequest { word: word }, of)
            }
            CaseStep::Confirm { satisfied, note } => {
                call!(to, confirm_case, ConfirmCaseRequest { satisfied: satisfied, note: note }, of)
            }
            CaseStep::Reject(word) => {
                let word = Some(wire::word_to_wire(&word));
                call!(to, reject_case, RejectCaseRequest { word: word }, of)
            }
            CaseStep::Reopen(reason) => {
                call!(to, reopen_case, ReopenCaseRequest { reason: reason }, of)
            }
            CaseStep::Receipt { channel, to: address } => {
                let channel = channel.to_string();
                call!(to, give_receipt, GiveReceiptRequest { channel: channel, to: address }, of)
            }
            CaseStep::Note(text) => call!(to, note_case, NoteCaseRequest { text: text }, of),
            CaseStep::Steps(steps) => {
                let steps = wire::steps_to_wire(&steps);
                call!(to, record_steps, RecordStepsRequest { steps: steps }, of)
            }
        };
        let answer = answer.map_err(|it| self.refused(it))?;
        Ok(wire::from_wire(answer.into_inner())?)
    }
}
