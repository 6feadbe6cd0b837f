//! One stream of one agent, from its first message to its end.

use std::sync::Arc;

use timbre_engine::{AgentView, Command, Reply};
use timbre_model::AgentRef;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};

use super::desk::Shown;
use super::{card, for_agent, outbound};
use crate::api::auth::{Authority, Caller};
use crate::api::status::{self, reasons};
use crate::api::wire::agent::{
    AgentCommand, AgentEvent, AgentMessage, Choices, GoAwayReason, ResumeToken, Welcome,
    message_to_wire, request_from_wire,
};
use crate::api::wire::error::ApiError;
use crate::api::{Context, limits, pb};
use crate::driver::clock::{self, Stopwatch};
use crate::driver::entropy;
use crate::feed::{CommandOutcome, Farewell, Sequenced, Shift, StreamId, ToAgent};

/// A stream and what it needs.
pub(super) struct Stream {
    pub(super) context: Context,
    pub(super) authority: Authority,
    pub(super) caller: Caller,
    pub(super) agent: AgentRef,
    pub(super) from_client: Streaming<pb::ConnectRequest>,
    pub(super) to_client: mpsc::Sender<Result<pb::ConnectResponse, Status>>,
}

/// A stream that is part of a shift.
struct Opened {
    id: StreamId,
    events: mpsc::Receiver<ToAgent>,
}

/// What the stream should do next.
enum Next {
    Request(pb::ConnectRequest),
    Event(ToAgent),
    Agenda,
    End,
}

impl Stream {
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let opened = match self.open().await {
            Ok(opened) => opened,
            Err(status) => {
                // The client may be gone already.
                let _ = self.to_client.send(Err(status)).await;
                return;
            }
        };
        let id = opened.id;
        if stop.clone().run_until_cancelled(self.serve(opened)).await.is_none() {
            self.send(0, AgentEvent::GoAway(GoAwayReason::ShuttingDown)).await;
        }
        let current = self.context.feed.with_shift(&self.agent, |shift| shift.detach(id));
        if current == Some(true) {
            let command = Command::StreamLost { agent: self.agent.clone() };
            // Neither a node that stops nor an agent who is gone needs to be told.
            let _ = self.context.driver.command(command).await;
        }
    }

    /// Takes the first message, which begins a shift or takes one up.
    async fn open(&mut self) -> Result<Opened, Status> {
        let first = tokio::time::timeout(limits::OPEN_WITHIN, self.from_client.message()).await;
        let first = first.map_err(|_| not_opened())??.ok_or_else(not_opened)?;
        let (request_id, command) = request_from_wire(first);
        match command.map_err(status::invalid_field)? {
            AgentCommand::SignIn { auto_accept, take_over } => {
                self.sign_in(request_id, auto_accept, take_over).await
            }
            AgentCommand::Resume { token, last_sequence } => {
                self.resume(request_id, token, last_sequence).await
            }
            _ => Err(not_opened()),
        }
    }

    async fn sign_in(
        &mut self,
        request_id: String,
        auto_accept: bool,
        take_over: bool,
    ) -> Result<Opened, Status> {
        let token = ResumeToken::new(new_token());
        let (id, (to_stream, events)) = (new_stream_id(), mpsc::channel(limits::AGENT_BUFFER));
        let shift = Shift::begin(token.expose().to_owned(), id, to_stream);
        let (feed, agent) = (self.context.feed.clone(), self.agent.clone());
        let begin = move |_: &AgentView| {
            feed.begin_shift(agent, shift);
            Vec::new()
        };
        let agent = self.agent.clone();
        let command = Command::SignIn { agent, auto_accept, take_over };
        let (view, _) = self.command_then(command, begin).await?;
        self.welcome(request_id, token, view, false).await;
        Ok(Opened { id, events })
    }

    async fn resume(
        &mut self,
        request_id: String,
        token: ResumeToken,
        last_seen: u64,
    ) -> Result<Opened, Status> {
        let resumable = |shift: &mut Shift| shift.resumable(token.expose(), last_seen);
        let resumable = self.context.feed.with_shift(&self.agent, resumable);
        let refused = |why: String| {
            status::with_reason(Code::FailedPrecondition, reasons::RESUME_REFUSED, why)
        };
        resumable
            .ok_or_else(|| refused("no shift is in progress: sign in anew".to_owned()))?
            .map_err(|why| refused(why.to_string()))?;
        let (id, (to_stream, events)) = (new_stream_id(), mpsc::channel(limits::AGENT_BUFFER));
        let (feed, agent) = (self.context.feed.clone(), self.agent.clone());
        let attach = move |_: &AgentView| {
            let attach = |shift: &mut Shift| shift.attach(id, to_stream, last_seen);
            feed.with_shift(&agent, attach).unwrap_or_default()
        };
        let command = Command::Resume { agent: self.agent.clone() };
        let (view, missed) = self.command_then(command, attach).await?;
        self.welcome(request_id, token, view, true).await;
        for event in missed {
            // A client that is gone shows at the next read.
            if !self.pass_on(event).await {
                break;
            }
        }
        Ok(Opened { id, events })
    }

    /// Performs a command that opens the stream; `attach` runs inside the loop, so that no event slips between the two.
    async fn command_then(
        &self,
        command: Command,
        attach: impl FnOnce(&AgentView) -> Vec<Sequenced> + Send + 'static,
    ) -> Result<(AgentView, Vec<Sequenced>), Status> {
        let (tell, told) = oneshot::channel();
        let on_verdict = move |verdict: Result<Reply, timbre_engine::Rejection>| {
            let opened = verdict.map(|reply| match reply {
                Reply::Agent(view) => {
                    let missed = attach(&view);
                    (view, missed)
                }
                Reply::Done | Reply::Later | Reply::Floor { .. } => {
                    unreachable!("opening a stream answers with the agent's state")
                }
            });
            // The stream's task may have been dropped meanwhile; its detachment follows.
            let _ = tell.send(opened);
        };
        let sent = self.context.driver.command_with(command, Box::new(on_verdict)).await;
        sent.map_err(status::stopped)?;
        let opened = told.await.map_err(|_| status::stopped(crate::driver::Stopped))?;
        opened.map_err(|rejection| status::rejected(&rejection).to_status())
    }

    async fn welcome(
        &self,
        request_id: String,
        resume_token: ResumeToken,
        view: AgentView,
        resumed: bool,
    ) {
        let floor = self.context.feed.floor(&self.agent.tenant);
        let list = |of: fn(&timbre_model::FloorSpec) -> &std::collections::BTreeSet<_>| {
            floor.as_ref().map(|floor| of(floor).iter().cloned().collect()).unwrap_or_default()
        };
        let welcome = Welcome {
            agent: self.agent.clone(),
            resume_token,
            heartbeat_interval: limits::HEARTBEAT_EVERY,
            status: view,
            pauses: list(|floor| &floor.pauses),
            dispositions: floor
                .as_deref()
                .map(|it| Choices::of(it, &self.agent.agent))
                .unwrap_or_default(),
            resumed,
        };
        self.send(0, AgentEvent::Welcome(Box::new(welcome))).await;
        let result = AgentEvent::CommandResult { request_id, later: false, error: None };
        self.send(0, result).await;
    }

    async fn serve(&mut self, mut opened: Opened) {
        let (mut heard, mut shown) = (Stopwatch::start(), Shown::default());
        if !self.catch_up(&mut shown).await {
            return;
        }
        loop {
            let patience = limits::SILENCE_MAX.saturating_sub(heard.elapsed());
            let next = tokio::select! {
                biased;
                event = opened.events.recv() => event.map_or(Next::End, Next::Event),
                () = shown.due() => Next::Agenda,
                request = tokio::time::timeout(patience, self.from_client.message()) => {
                    match request {
                        Ok(Ok(Some(request))) => Next::Request(request),
                        Ok(Ok(None) | Err(_)) | Err(_) => Next::End,
                    }
                }
            };
            match next {
                Next::Event(ToAgent::Event(event)) => {
                    if !self.pass_on(event).await {
                        return;
                    }
                }
                Next::Event(ToAgent::Desk(news)) => {
                    if !self.news(news, &mut shown).await {
                        return;
                    }
                }
                Next::Agenda => {
                    if !self.show_agenda(&mut shown).await {
                        return;
                    }
                }
                Next::Event(ToAgent::GoAway(why)) => {
                    self.send(0, AgentEvent::GoAway(farewell(why))).await;
                    return;
                }
                Next::Request(request) => {
                    heard = Stopwatch::start();
                    if !self.answer(request).await {
                        return;
                    }
                }
                // Events ended: the stream was cut because it did not read. Requests ended: the client left.
                Next::End => return,
            }
        }
    }

    /// Performs a command and answers it. `false` where the stream must end.
    async fn answer(&self, request: pb::ConnectRequest) -> bool {
        let (request_id, command) = request_from_wire(request);
        let command = match command {
            Ok(AgentCommand::Heartbeat) => return self.heartbeat().await,
            Ok(command) => command,
            Err(fault) => {
                let error = Some(Box::new(ApiError::invalid([fault])));
                let result = AgentEvent::CommandResult { request_id, later: false, error };
                return self.send(0, result).await;
            }
        };
        let command = match self.at_desk(&request_id, command).await {
            Ok(done) => return self.desk_result(request_id, done).await,
            Err(command) => command,
        };
        let kept = |shift: &mut Shift| shift.result(&request_id);
        let kept = self.context.feed.with_shift(&self.agent, kept).flatten();
        let outcome = match kept.filter(|_| !request_id.is_empty()) {
            Some(outcome) => outcome,
            None => match outbound::for_engine(&self.context, &self.agent, command).await {
                Ok(Some(command)) => match self.perform(&request_id, command).await {
                    Some(outcome) => outcome,
                    None => return false,
                },
                Ok(None) => return false,
                // Nothing was asked of the engine: a retry asks anew.
                Err(error) => {
                    let error = Some(Box::new(ApiError::from_status(&error)));
                    let result = AgentEvent::CommandResult { request_id, later: false, error };
                    return self.send(0, result).await;
                }
            },
        };
        let error = outcome.rejection.as_ref().map(|it| Box::new(status::rejected(it)));
        let result = AgentEvent::CommandResult { request_id, later: outcome.later, error };
        self.send(0, result).await
    }

    async fn perform(&self, request_id: &str, command: Command) -> Option<Arc<CommandOutcome>> {
        let verdict = self.context.driver.command(command).await.ok()?;
        let outcome = Arc::new(match verdict {
            Ok(reply) => CommandOutcome { later: reply == Reply::Later, rejection: None },
            Err(rejection) => CommandOutcome { later: false, rejection: Some(rejection) },
        });
        if !request_id.is_empty() {
            let keep =
                |shift: &mut Shift| shift.keep_result(request_id.to_owned(), outcome.clone());
            self.context.feed.with_shift(&self.agent, keep);
        }
        Some(outcome)
    }

    /// Answers a heartbeat, unless the token has been revoked since.
    async fn heartbeat(&self) -> bool {
        if !self.authority.still(&self.caller).await {
            // The client may be gone already.
            let _ = self.to_client.send(Err(status::unauthenticated())).await;
            return false;
        }
        self.send(0, AgentEvent::HeartbeatAck).await
    }

    /// `false` where the stream must end, here and below.
    async fn pass_on(&self, it: Sequenced) -> bool {
        let Some(event) = for_agent(&it.event) else { return true };
        let offer =
            if let AgentEvent::OfferMade(offer) = &event { Some(offer.clone()) } else { None };
        let written =
            self.write(AgentMessage { sequence: it.number, at: it.event.at, event }).await;
        if let Some(offer) = offer.filter(|_| written) {
            let desk = self.context.desk.clone();
            // Looked up beside the stream, which goes on meanwhile.
            tokio::spawn(card::send(desk, self.agent.clone(), offer, self.to_client.clone()));
        }
        written
    }

    pub(super) async fn send(&self, sequence: u64, event: AgentEvent) -> bool {
        self.write(AgentMessage { sequence, at: clock::civil(), event }).await
    }

    /// A client that does not read must not be waited for: to the engine its agent would seem to be at work.
    async fn write(&self, message: AgentMessage) -> bool {
        let written = self.to_client.send(Ok(message_to_wire(&message)));
        matches!(tokio::time::timeout(limits::UNREAD_MAX, written).await, Ok(Ok(())))
    }
}

fn farewell(why: Farewell) -> GoAwayReason {
    match why {
        Farewell::TakenOver => GoAwayReason::TakenOver,
        Farewell::SignedOut => GoAwayReason::SignedOut,
    }
}

fn not_opened() -> Status {
    let message = "the first message must be sign_in or resume";
    status::with_reason(Code::FailedPrecondition, reasons::STREAM_NOT_OPENED, message)
}

fn new_token() -> String {
    entropy::bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn new_stream_id() -> StreamId {
    StreamId(u128::from_be_bytes(entropy::bytes()))
}
