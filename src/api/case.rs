//! `CaseService`: complaints, compliments and suggestions.

mod list;

use timbre_casework::case::{self, Taking, Word};
use timbre_casework::{Act, Case, CaseId, CaseKey, CaseKind, Work};
use timbre_engine::Engine;
use timbre_model::{CallRecord, ClientId, FieldError, FloorSpec, TenantId};
use tonic::{Request, Response, Status};

use crate::api::auth::{self, Caller};
use crate::api::floor::tenant_of;
use crate::api::pb::{self, case_service_server::CaseService};
use crate::api::wire::agent::optional;
use crate::api::wire::case as wire;
use crate::api::wire::case::TakenDown;
use crate::api::wire::{name, record};
use crate::api::{Context, requests, status};
use crate::casework::cases::{self, Rulebook};
use crate::casework::{Done, Fault, Scope, chance, new_id, now};
use crate::feed::DeskNews;

/// The service.
pub struct Cases(pub Context);

/// What every step names.
struct Step {
    caller: Caller,
    method: &'static str,
    name: String,
    request_id: String,
    etag: String,
}

/// Takes the common fields off a request.
macro_rules! step {
    ($request:ident, $method:literal) => {{
        let caller = Caller::of(&$request)?.clone();
        let message = $request.into_inner();
        let (name, request_id, etag) =
            (message.name.clone(), message.request_id.clone(), message.etag.clone());
        (Step { caller, method: $method, name, request_id, etag }, message)
    }};
}

type Answered = Result<Response<pb::Case>, Status>;

#[tonic::async_trait]
impl CaseService for Cases {
    async fn take_case(&self, request: Request<pb::TakeCaseRequest>) -> Answered {
        let caller = Caller::of(&request)?.clone();
        let pb::TakeCaseRequest { parent, request_id, case } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let taken = wire::taking_from_wire(case.unwrap_or_default());
        let taken = taken.map_err(status::invalid_field)?;
        let taker = Taker { service: self, caller: &caller, tenant: &tenant, taken: &taken };
        taker.check(&request_id).await.map(Response::new)
    }

    async fn get_case(&self, request: Request<pb::GetCaseRequest>) -> Answered {
        let caller = Caller::of(&request)?;
        let (tenant, named) = wire::read_name("name", &request.get_ref().name, &caller.tenant)
            .map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let scope = caller.scope(&self.0.desk)?;
        let case = cases::read(&self.0.desk, &tenant, named).await?;
        scope.check(&case.client)?;
        Ok(Response::new(wire::to_wire(&case)))
    }

    async fn list_cases(
        &self,
        request: Request<pb::ListCasesRequest>,
    ) -> Result<Response<pb::ListCasesResponse>, Status> {
        let caller = Caller::of(&request)?;
        list::list(&self.0, caller, request.get_ref()).await.map(Response::new)
    }

    async fn amend_case(&self, request: Request<pb::AmendCaseRequest>) -> Answered {
        let (step, message) = step!(request, "AmendCase");
        let mask = message.update_mask.map(|it| it.paths);
        let amendment = wire::amendment_from_wire(message.case.unwrap_or_default(), mask);
        let amendment = amendment.map_err(status::invalid_field)?;
        self.check_links(&step.caller, &amendment).await?;
        self.step(step, |case, act, book| {
            cases::department_exists(book.floor(), amendment.department.as_ref())?;
            Ok(case::amend(case, amendment.clone(), act, &book.rules())?.into())
        })
        .await
    }

    async fn assign_case(&self, request: Request<pb::AssignCaseRequest>) -> Answered {
        let (step, message) = step!(request, "AssignCase");
        let owner = wire::read_owner(&message.owner).map_err(status::invalid_field)?;
        self.step(step, |case, act, book| {
            cases::may_own(book.floor(), &owner, &case.client)?;
            Ok(case::assign(case, &owner, &message.note, act)?.into())
        })
        .await
    }

    async fn investigate_case(&self, request: Request<pb::InvestigateCaseRequest>) -> Answered {
        let (step, message) = step!(request, "InvestigateCase");
        self.step(step, |case, act, _| Ok(case::investigate(case, &message.text, act)?.into()))
            .await
    }

    async fn propose_solutions(&self, request: Request<pb::ProposeSolutionsRequest>) -> Answered {
        let (step, message) = step!(request, "ProposeSolutions");
        self.step(step, |case, act, _| Ok(case::propose(case, &message.solutions, act)?.into()))
            .await
    }

    async fn decide_proposal(&self, request: Request<pb::DecideProposalRequest>) -> Answered {
        let (step, message) = step!(request, "DecideProposal");
        let (number, accepted) = (message.proposal as usize, message.accepted);
        self.step(step, |case, act, _| Ok(case::decide(case, number, accepted, act)?.into())).await
    }

    async fn agree_case(&self, request: Request<pb::AgreeCaseRequest>) -> Answered {
        let (step, message) = step!(request, "AgreeCase");
        let tasks = wire::tasks_from_wire(message.tasks).map_err(status::invalid_field)?;
        self.step(step, |case, act, book| {
            cases::tasks_for(book.floor(), &tasks, &case.client)?;
            Ok(case::agree(case, &message.solution, &tasks, act)?.into())
        })
        .await
    }

    async fn execute_case(&self, request: Request<pb::ExecuteCaseRequest>) -> Answered {
        let (step, _) = step!(request, "ExecuteCase");
        self.step(step, |case, act, _| Ok(case::execute(case, act)?.into())).await
    }

    async fn complete_task(&self, request: Request<pb::CompleteTaskRequest>) -> Answered {
        let (step, message) = step!(request, "CompleteTask");
        let number = message.task as usize;
        self.step(
            step,
            |case, act, _| Ok(case::task_done(case, number, &message.note, act)?.into()),
        )
        .await
    }

    async fn answer_case(&self, request: Request<pb::AnswerCaseRequest>) -> Answered {
        let (step, message) = step!(request, "AnswerCase");
        let word = wire::word_from_wire(message.word).map_err(status::invalid_field)?;
        let caller = step.caller.clone();
        let may = |case: &Case| match &caller.agent {
            Some(it) if case.owner.as_ref() != Some(&it.agent) => {
                Err(auth::forbidden(caller.role, "the case's owner or a supervisor"))
            }
            Some(_) | None => Ok(()),
        };
        self.step_where(step, may, |case, act, book| {
            Ok(case::answer(case, &word, act, &book.rules())?.into())
        })
        .await
    }

    async fn confirm_case(&self, request: Request<pb::ConfirmCaseRequest>) -> Answered {
        let (step, message) = step!(request, "ConfirmCase");
        let (satisfied, note) = (message.satisfied, message.note);
        self.step(step, |case, act, book| {
            Ok(case::confirm(case, satisfied, &note, act, &book.rules())?.into())
        })
        .await
    }

    async fn reject_case(&self, request: Request<pb::RejectCaseRequest>) -> Answered {
        let (step, message) = step!(request, "RejectCase");
        let word = wire::word_from_wire(message.word).map_err(status::invalid_field)?;
        let word = Word { upheld: false, ..word };
        self.step(step, |case, act, book| Ok(case::reject(case, &word, act, &book.rules())?.into()))
            .await
    }

    async fn reopen_case(&self, request: Request<pb::ReopenCaseRequest>) -> Answered {
        let (step, message) = step!(request, "ReopenCase");
        self.step(step, |case, act, book| {
            Ok(case::reopen(case, &message.reason, act, &book.rules())?.into())
        })
        .await
    }

    async fn give_receipt(&self, request: Request<pb::GiveReceiptRequest>) -> Answered {
        let (step, message) = step!(request, "GiveReceipt");
        let channel = optional("channel", &message.channel, timbre_casework::Channel::parse);
        let channel = channel.map_err(status::invalid_field)?;
        let channel = channel.unwrap_or(timbre_casework::Channel::Mail);
        self.step(step, |case, act, book| {
            let work = case::receipt(case, channel, &message.to, act)?;
            let mail = cases::left_by(&work).and_then(|it| cases::receipt_mail(it, book, act.at));
            Ok(Done { work, mails: mail.into_iter().collect(), ..Done::default() })
        })
        .await
    }

    async fn note_case(&self, request: Request<pb::NoteCaseRequest>) -> Answered {
        let (step, message) = step!(request, "NoteCase");
        self.step(step, |case, act, _| Ok(case::note(case, &message.text, act)?.into())).await
    }

    async fn record_steps(&self, request: Request<pb::RecordStepsRequest>) -> Answered {
        let (step, message) = step!(request, "RecordSteps");
        let done = wire::steps_from_wire("steps", message.steps).map_err(status::invalid_field)?;
        self.step(step, |case, act, _| Ok(case::steps(case, &done, act)?.into())).await
    }

    async fn get_checklist(
        &self,
        request: Request<pb::GetChecklistRequest>,
    ) -> Result<Response<pb::Checklist>, Status> {
        let pb::GetChecklistRequest {} = request.into_inner();
        let both = |[en, es]: [&str; 2]| {
            [("en", en), ("es", es)].map(|(key, it)| (key.to_owned(), it.to_owned())).into()
        };
        let step = |it: &case::StepText| pb::ChecklistStep {
            step: it.step.to_string(),
            names: both(it.name),
            hints: both(it.hint),
        };
        let steps = case::checklist().iter().map(step).collect();
        Ok(Response::new(pb::Checklist { steps }))
    }
}

impl Cases {
    /// Performs one step of a case: read, judged, kept and answered as one.
    async fn step(
        &self,
        step: Step,
        workflow: impl Fn(&Case, &Act, &Rulebook) -> Result<Done, Fault>,
    ) -> Answered {
        self.step_where(step, |_| Ok(()), workflow).await
    }

    /// The same, where who may do it depends on the case.
    async fn step_where(
        &self,
        step: Step,
        may: impl Fn(&Case) -> Result<(), Status>,
        workflow: impl Fn(&Case, &Act, &Rulebook) -> Result<Done, Fault>,
    ) -> Answered {
        let Step { caller, method, name, request_id, etag } = step;
        let desk = &self.0.desk;
        let (tenant, named) =
            wire::read_name("name", &name, &caller.tenant).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let etag = record::read_etag("etag", &etag).map_err(status::invalid_field)?;
        let scope = caller.scope(desk)?;
        let present = cases::read(desk, &tenant, named).await?;
        scope.check(&present.client)?;
        may(&present)?;
        let change = || async {
            let case = cases::read(desk, &tenant, named).await?;
            if etag.is_some_and(|etag| etag != case.version) {
                return Err(Fault::Changed(named.to_string()));
            }
            let book = Rulebook::of(desk.floor(&tenant)?, case.number.as_ref());
            let act = Act { at: now(), by: caller.by() };
            answered(workflow(&case, &act, &book)?)
        };
        let asked = requests::asked(&tenant, method, &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }

    /// A customer and a sale that a case is linked with are ones that the caller may see.
    async fn check_links(&self, caller: &Caller, more: &case::Amendment) -> Result<(), Status> {
        let desk = &self.0.desk;
        let scope = caller.scope(desk)?;
        if let Some(id) = more.customer {
            let found = desk.store.customer(&caller.tenant, id).await.map_err(Fault::from)?;
            let found = found.ok_or_else(|| Fault::Unknown(format!("customers/{id}")))?;
            scope.check(&found.client)?;
        }
        if let Some(id) = more.sale {
            let found = desk.store.sale(&caller.tenant, id).await.map_err(Fault::from)?;
            let found = found.ok_or_else(|| Fault::Unknown(format!("sales/{id}")))?;
            scope.check(&found.client)?;
        }
        Ok(())
    }
}

/// What is kept and what is answered.
fn answered(done: Done) -> Result<(Done, pb::Case), Fault> {
    let case = cases::left_by(&done.work).map(wire::to_wire);
    Ok((done, case.expect("a step of a case leaves the case")))
}

/// A case being taken down.
struct Taker<'a> {
    service: &'a Cases,
    caller: &'a Caller,
    tenant: &'a TenantId,
    taken: &'a TakenDown,
}

impl Taker<'_> {
    async fn check(self, request_id: &str) -> Result<pb::Case, Status> {
        let desk = &self.service.0.desk;
        let scope = self.caller.scope(desk)?;
        self.service.check_links(self.caller, &self.taken.more).await?;
        let call = self.call().await?;
        let floor = desk.floor(self.tenant)?;
        let client = self.client(&floor, &scope, call.as_ref())?;
        let asked = requests::asked(self.tenant, "TakeCase", request_id)?;
        let change = || async {
            let mut taking = self.taking(client.clone());
            if let Some(call) = &call {
                cases::of_call(desk, &floor, &mut taking, call).await?;
            }
            let act = Act { at: now(), by: self.caller.by() };
            let work: Work = cases::take(&floor, taking, &act)?;
            answered(work.into())
        };
        let case = desk.change(asked, change).await?;
        self.offer_recovery().await?;
        Ok(case)
    }

    /// An agent who took a complaint in the call that they have may recover from it.
    async fn offer_recovery(&self) -> Result<(), Status> {
        let complaint = self.taken.kind == CaseKind::Complaint;
        let call = self.taken.call.filter(|_| complaint);
        let (Some(agent), Some(call)) = (&self.caller.agent, call) else { return Ok(()) };
        let (context, who) = (&self.service.0, agent.clone());
        let present = move |engine: &Engine, _| engine.agent(&who).and_then(|it| it.call);
        let present = context.driver.look(present).await.map_err(status::stopped)?;
        if present == Some(call) {
            context.feed.tell_agent(agent, DeskNews::Recovery(call));
        }
        Ok(())
    }

    /// The call in which it came, which the caller may see.
    async fn call(&self) -> Result<Option<CallRecord>, Status> {
        let Some(id) = self.taken.call else { return Ok(None) };
        let found = self.service.0.store.call(self.tenant, id).await;
        let found = found.map_err(|it| status::store(&it))?;
        found.map(Some).ok_or_else(|| status::unknown_call(&name::call(self.tenant, id)))
    }

    /// The client company: as named, as the call's, or the only one of the agent.
    fn client(
        &self,
        floor: &FloorSpec,
        scope: &Scope,
        call: Option<&CallRecord>,
    ) -> Result<ClientId, Fault> {
        let of_call = call.and_then(|it| it.client.clone());
        if let (Some(named), Some(of_call)) = (&self.taken.client, &of_call)
            && named != of_call
        {
            let remedy = format!("the call is one of the client company {of_call}: leave it empty");
            return Err(FieldError::new("case.client", named, remedy).into());
        }
        let only = match scope {
            Scope::Clients(clients) if clients.len() == 1 => clients.first().cloned(),
            Scope::All if floor.clients.len() == 1 => floor.clients.first().map(|it| it.id.clone()),
            Scope::Clients(_) | Scope::All => None,
        };
        let client = self.taken.client.clone().or(of_call).or(only);
        let remedy = "name the client company whom it concerns";
        let client = client.ok_or_else(|| FieldError::new("case.client", "", remedy))?;
        scope.check(&client)?;
        Ok(client)
    }

    fn taking(&self, client: ClientId) -> Taking {
        let TakenDown {
            client: _,
            kind,
            channel,
            received_at,
            call: _,
            customer_name,
            statement,
            more,
            checklist,
        } = self.taken.clone();
        Taking {
            id: CaseId::from_u128(new_id()),
            key: CaseKey::from_chance(chance()),
            tenant: self.tenant.clone(),
            client,
            kind,
            channel,
            received_at,
            call: None,
            queue: None,
            customer_name,
            language: "es".to_owned(),
            statement,
            follow_up: None,
            more,
            checklist,
        }
    }
}
