//! Agents: they sign in, take calls, put some on hold, classify them, and now and then take a break.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use timbre_casework::case::Amendment;
use timbre_casework::{CaseKind, Cause, Channel};
use timbre_model::{
    AgentSpec, CallId, CampaignId, Digest, FieldKind, FieldSpec, OfferId, QueueId, Slug,
    StationMode, TenantId,
};
use timbre_phone::{Call, Credentials, Endpoint, Manner, Voice};
use tokio_util::task::AbortOnDropHandle;

use super::Pace;
use super::chance::Chance;
use crate::api::client::{AgentStream, Client, ClientError, Target};
use crate::api::wire::agent::{AgentCommand, AgentEvent, Welcome};
use crate::api::wire::case::TakenDown;
use crate::driver::clock;
use crate::telephony::user_of;

/// What agents say: a tone, in hertz.
const TONE: u32 = 650;
/// How long a registration lasts.
const REGISTERED_SECONDS: u32 = 600;
/// For when agents promise another call.
const CALLS_BACK_AFTER: Duration = Duration::from_secs(120);
/// How long a phone may take to call in.
const CALLS_IN_WITHIN: Duration = Duration::from_secs(10);

/// One agent.
pub(super) struct Player {
    pub(super) target: Target,
    pub(super) switch: SocketAddr,
    pub(super) station: Station,
    pub(super) chance: Chance,
    pub(super) pace: Pace,
    /// The queue of the last call, and the campaign that it was placed for.
    pub(super) talk: Option<(QueueId, Option<CampaignId>)>,
}

/// What an agent writes into a field.
fn said(field: &FieldSpec, chance: &mut Chance) -> String {
    match &field.kind {
        FieldKind::Text if field.id.as_str() == "statement" => {
            chance.one(&COMPLAINTS).map(|it| it.0.to_owned()).unwrap_or_default()
        }
        FieldKind::Text => "Fibra 1 Gb".to_owned(),
        FieldKind::Number => "1".to_owned(),
        FieldKind::Time => {
            let at = (clock::civil() + CALLS_BACK_AFTER).as_micros();
            jiff::Timestamp::from_microsecond(at).map(|it| it.to_string()).unwrap_or_default()
        }
        FieldKind::Choice(choices) => choices.first().cloned().unwrap_or_default(),
    }
}

/// What customers of the demo complain of.
const COMPLAINTS: [(&str, Cause); 3] = [
    ("Me han cobrado dos veces la misma factura", Cause::UndueCharge),
    ("El técnico no vino el día acordado", Cause::Delays),
    ("La velocidad no es la que me prometieron", Cause::BelowExpectations),
];

/// The agent's phone.
pub(super) struct Station {
    credentials: Credentials,
    mode: StationMode,
}

impl Station {
    pub(super) fn of(tenant: &TenantId, agent: &AgentSpec) -> Self {
        let password = match &agent.password {
            Some(Digest::Plain(password)) => password.clone(),
            Some(Digest::Sealed { .. }) | None => String::new(),
        };
        let user = user_of(tenant, agent.id.as_str());
        Self { credentials: Credentials::new(user, password), mode: agent.station }
    }
}

/// What keeps the phone reachable; dropping it ends that.
enum Reachable {
    Registered { _answering: AbortOnDropHandle<()> },
    CalledIn { _leg: Call, _endpoint: Endpoint },
}

/// What an agent still has to do about a call: one thing at a time.
enum Plan {
    Answer(OfferId),
    HangUp(CallId),
    Dispose(CallId),
    BackFromBreak,
}

/// What is to be done, and when.
struct Planned {
    due: Pin<Box<dyn Future<Output = ()> + Send>>,
    what: Plan,
}

impl Planned {
    fn after(span: Duration, what: Plan) -> Self {
        Self { due: Box::pin(clock::sleep(span)), what }
    }
}

/// Picks up each call after a ring, one at a time, and keeps the registration fresh.
async fn answer_calls(mut endpoint: Endpoint, who: Credentials, voice: Arc<Voice>) {
    let refresh_every = Duration::from_secs(u64::from(REGISTERED_SECONDS) / 2);
    let mut present = None;
    loop {
        tokio::select! {
            incoming = endpoint.ring() => {
                let Some(incoming) = incoming else { return };
                let manner = Manner::AnswerAfter(Duration::from_millis(1_500));
                // The former call, which is over, is let go.
                drop(present.replace(incoming.take(manner, Some(voice.clone()))));
            }
            () = clock::sleep(refresh_every) => {
                // A refusal shows on the wallboard: the agent has no station.
                let _ = endpoint.register(&who, REGISTERED_SECONDS).await;
            }
        }
    }
}

impl Player {
    /// Works until the node is gone.
    pub(super) async fn play(mut self) {
        if let Err(error) = self.shift().await {
            tracing::debug!(%error, "an agent of the demo stopped");
        }
    }

    async fn shift(&mut self) -> anyhow::Result<()> {
        let _reachable = self.reach().await?;
        let client = Client::connect(&self.target).await?;
        let first = AgentCommand::SignIn { auto_accept: false, take_over: false };
        let mut stream = client.agent(first).await?;
        let mut choices = None;
        let mut plan: Option<Planned> = None;
        loop {
            let due = async {
                match &mut plan {
                    Some(planned) => (&mut planned.due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = stream.next() => match message? {
                    None => return Ok(()),
                    Some(message) => {
                        if let AgentEvent::Welcome(welcome) = &message.event {
                            choices = Some(welcome.as_ref().clone());
                            // Not all at once: a floor fills up.
                            clock::sleep(self.chance.between(0., 2.)).await;
                            stream.send(AgentCommand::SetReady).await;
                        }
                        self.plan(&message.event, &mut plan);
                    }
                },
                () = due => {
                    if let Some(Planned { what, .. }) = plan.take() {
                        self.act(what, (choices.as_ref(), &client), &mut stream, &mut plan).await?;
                    }
                }
            }
        }
    }

    async fn reach(&self) -> anyhow::Result<Reachable> {
        let Station { credentials, mode } = &self.station;
        let endpoint = Endpoint::open(self.switch.ip(), self.switch).await?;
        let voice = Arc::new(Voice::open(self.switch.ip()).await?);
        voice.say(Some(TONE));
        Ok(match mode {
            StationMode::OnDemand => {
                let registered = endpoint.register(credentials, REGISTERED_SECONDS).await;
                registered.map_err(|why| anyhow::anyhow!("not registered: {why:?}"))?;
                let answering = answer_calls(endpoint, credentials.clone(), voice);
                Reachable::Registered {
                    _answering: AbortOnDropHandle::new(tokio::spawn(answering)),
                }
            }
            StationMode::Persistent => {
                let leg = endpoint.call_in(credentials, Some(voice));
                let up = leg.until(CALLS_IN_WITHIN, |it| it.answered.is_some()).await;
                up.map_err(|it| anyhow::anyhow!("cannot call in: {it:?}"))?;
                Reachable::CalledIn { _leg: leg, _endpoint: endpoint }
            }
        })
    }

    /// What the agent will do about an event, and when.
    fn plan(&mut self, event: &AgentEvent, plan: &mut Option<Planned>) {
        let planned = match event {
            // One in thirty is missed: the agent is away from the desk.
            AgentEvent::OfferMade(offer)
                if self.station.mode == StationMode::Persistent
                    && !self.chance.happens(1. / 30.) =>
            {
                Planned::after(self.chance.between(0.8, 5.), Plan::Answer(offer.offer))
            }
            AgentEvent::CallConnected { call, queue, placed, .. } => {
                let campaign = placed.as_ref().map(|it| it.campaign.campaign.clone());
                self.talk = Some((queue.queue.clone(), campaign));
                Planned::after(self.chance.about(self.pace.talk_seconds), Plan::HangUp(*call))
            }
            AgentEvent::CallEnded { call, .. } => {
                Planned::after(self.chance.between(2., 8.), Plan::Dispose(*call))
            }
            AgentEvent::Status(_, view)
                if view.reason.is_some() && view.call.is_none() && plan.is_none() =>
            {
                Planned::after(self.chance.between(4., 15.), Plan::BackFromBreak)
            }
            _ => return,
        };
        *plan = Some(planned);
    }

    async fn act(
        &mut self,
        due: Plan,
        (choices, client): (Option<&Welcome>, &Client),
        stream: &mut AgentStream,
        plan: &mut Option<Planned>,
    ) -> Result<(), ClientError> {
        let command = match due {
            Plan::Answer(offer) => AgentCommand::AcceptOffer(offer),
            Plan::BackFromBreak => AgentCommand::SetReady,
            Plan::HangUp(call) if self.chance.happens(0.2) => {
                // Asks a colleague first, then ends the call.
                stream.send(AgentCommand::Hold(call)).await;
                clock::sleep(self.chance.between(2., 6.)).await;
                *plan = Some(Planned::after(self.chance.between(2., 6.), Plan::HangUp(call)));
                AgentCommand::Unhold(call)
            }
            Plan::HangUp(call) => {
                if self.inbound() && self.chance.happens(0.1) {
                    self.take_complaint(call, client).await;
                }
                AgentCommand::HangUp(call)
            }
            Plan::Dispose(call) => {
                let Some((code, fields)) = self.classify(choices) else { return Ok(()) };
                if self.chance.happens(0.05) {
                    self.take_a_break(choices, stream).await;
                }
                AgentCommand::Dispose { call, code, fields }
            }
        };
        // A stream that is gone shows at the next read.
        stream.send(command).await;
        Ok(())
    }

    /// How the last call ended, as far as chance has it, with what must be written down.
    fn classify(&mut self, choices: Option<&Welcome>) -> Option<(Slug, BTreeMap<String, String>)> {
        let (queue, campaign) = self.talk.as_ref()?;
        let leaves = choices?.dispositions.leaves(queue, campaign.as_ref());
        // What stands first is what happens most: a sale, a matter settled, all as it was promised.
        let usual = self.chance.happens(0.4);
        let chosen = if usual { leaves.first()? } else { self.chance.one(&leaves)? };
        let chosen = chosen.clone();
        let needed = chosen.fields.iter().filter(|it| !it.optional);
        let fields = needed.map(|it| (it.id.to_string(), said(it, &mut self.chance))).collect();
        Some((chosen.code, fields))
    }

    fn inbound(&self) -> bool {
        self.talk.as_ref().is_some_and(|(_, campaign)| campaign.is_none())
    }

    /// Takes a complaint down during the call, as an agent's program does: over gRPC.
    async fn take_complaint(&mut self, call: CallId, client: &Client) {
        let Some((statement, cause)) = self.chance.one(&COMPLAINTS) else { return };
        let taken = TakenDown {
            client: None,
            kind: CaseKind::Complaint,
            channel: Channel::Phone,
            received_at: None,
            call: Some(call),
            customer_name: "Cliente de la demostración".to_owned(),
            statement: (*statement).to_owned(),
            more: Amendment { cause: Some(*cause), ..Amendment::default() },
            checklist: Vec::new(),
        };
        if let Err(error) = client.take_case(call.to_string(), &taken).await {
            tracing::debug!(%error, "a complaint of the demo was not taken");
        }
    }

    async fn take_a_break(&mut self, choices: Option<&Welcome>, stream: &mut AgentStream) {
        let pauses: &[Slug] = choices.map_or(&[], |it| it.pauses.as_slice());
        if let Some(reason) = self.chance.one(pauses).cloned() {
            stream.send(AgentCommand::SetNotReady { reason }).await;
        }
    }
}
