//! The floor: agents, queues, offers and calls as one pure state machine.
//!
//! One input goes in with one moment in time; a complete, finite set of effects comes out, or a rejection that changed
//! nothing. The engine knows no clock, no dice, no I/O, no async, no SQL, no protobuf and no SIP.
//!
//! One call, from its INVITE to the agent:
//!
//! ```
//! use timbre_engine::{port::*, Command, Effects, Engine, Input, Limits};
//! # use timbre_model::*;
//! # fn now(seconds: u64) -> Now { Now::default().after(std::time::Duration::from_secs(seconds)) }
//! # let tenant = TenantId::parse("acme")?;
//! # let ana = AgentRef { tenant: tenant.clone(), agent: AgentId::parse("ana")? };
//! # let number = PhoneNumber::parse("+34910000000")?;
//! # let spec: Box<FloorSpec> = serde_json::from_str(r#"{"clients": [{"id": "c", "name": "C"}],
//! #   "queues": [{"id": "q", "name": "Q", "client": "c"}], "agents": [{"id": "ana", "name": "Ana"}],
//! #   "entry_points": [{"number": "+34910000000", "queue": "q"}]}"#)?;
//! # let arrival = Box::new(Arrival { leg: LegId::arrived(1), call: CallId::from_u128(7), dialed: String::new(),
//! #   trunk: TrunkRef { tenant: tenant.clone(), trunk: TrunkId::parse("t")? }, caller: CallerId::Withheld,
//! #   cadence: Cadence::of_country("ES").unwrap(), dialed_number: Some(number) });
//! let (mut floor, mut out) = (Engine::new(Limits::default()), Effects::default());
//! let mut step = |at, input| floor.step(now(at), input, &mut out);
//! step(0, Input::Command(Command::ApplyFloor { tenant, spec, expected_version: None }))?;
//! step(1, Input::Command(Command::SignIn { agent: ana.clone(), auto_accept: false, take_over: false }))?;
//! step(2, Input::Switch(SwitchEvent::StationRegistered { agent: ana.clone(), reachable: true }))?;
//! step(3, Input::Command(Command::SetReady { agent: ana }))?;
//! step(4, Input::Switch(SwitchEvent::CallArrived(arrival)))?; // Ana's phone rings
//! step(6, Input::Switch(SwitchEvent::LegAnswered { leg: LegId::placed(1) }))?; // Ana picks up
//! step(10, Input::Wake)?; // the second ring is over
//! let bridge = SwitchAction::Bridge { customer: LegId::arrived(1), agent: LegId::placed(1) };
//! assert_eq!(out.actions.last(), Some(&bridge));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod gate;
pub mod port;

mod agent;
mod answers;
mod asking;
mod assigning;
mod attempt;
mod authorized;
mod barring;
mod bounds;
mod call;
mod caller_id;
mod campaign;
mod closing;
mod commands;
mod connection;
mod deadlines;
mod dialing;
mod disposed;
mod effects;
mod ending;
mod engine;
mod input;
mod invariants;
mod matching;
mod offering;
mod outbound;
mod outcome;
mod preview;
mod queue;
mod recycling;
mod rejection;
mod sharing;
mod skills;
mod surveying;
mod switch;
mod tenant;
mod timers;
mod trunk_guard;
mod turn;
mod views;

pub use disposed::refusals;
pub use effects::{
    AgentChanged, AgentView, AttemptEnded, Because, CallEnded, Effects, Event, EventKind,
    OfferMade, Paced, PlacedCall, WakeReason,
};
pub use engine::Engine;
pub use input::{AnswerDay, Command, ForcedState, Input, Limits, NotOfferable, Reply};
pub use outbound::{
    AuthorizeRequest, Authorized, CampaignPlan, More, Permit, Refused, Verdicts, Want, Withheld,
};
pub use rejection::{Class, Rejection};
pub use views::{CallView, CampaignView, QueueView, TrunkView};
