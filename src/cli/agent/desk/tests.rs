//! Desks as they come about, for the tests of what is drawn.

use timbre_engine::Because;
use timbre_model::{AgentId, NotReadyReason, OfferId, PhoneNumber, QueueId, TenantId};

use super::*;
use crate::api::wire::agent::ResumeToken;

/// Ours; the server's clock is an hour ahead.
pub const NOW: Civil = Civil::from_micros(1_700_000_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const CALL: CallId = CallId::from_u128(0xfeed);
const OFFER: OfferId = OfferId { call: CALL, number: 1 };

fn server(seconds: i64) -> Civil {
    Civil::from_micros((NOW + HOUR).as_micros() + seconds * 1_000_000)
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).expect("a slug")
}

fn view(state: AgentStateKind, since: Civil) -> AgentView {
    AgentView {
        state,
        reason: None,
        since,
        offer: None,
        call: None,
        on_hold: false,
        wrap_up_until: None,
        wrap_up_extendable: false,
        pause_after: None,
        connected: true,
        station: true,
    }
}

fn happens(desk: &mut Desk, at: Civil, event: AgentEvent) {
    desk.take(&News::Message(AgentMessage { sequence: 1, at, event }), NOW);
}

fn status(desk: &mut Desk, view: AgentView) {
    let who = desk.agent.clone().expect("welcomed");
    happens(desk, view.since, AgentEvent::Status(who, Box::new(view)));
}

fn welcomed() -> Desk {
    let tenant = TenantId::parse("acme").expect("an id");
    let mut desk = Desk::default();
    let welcome = Welcome {
        agent: AgentRef { tenant, agent: AgentId::parse("ana").expect("an id") },
        resume_token: ResumeToken::new("secret"),
        heartbeat_interval: Duration::from_secs(5),
        status: view(AgentStateKind::Ready, server(-60)),
        pauses: vec![slug("comida")],
        dispositions: Choices { flat: vec![slug("venta"), slug("queja")], ..Choices::default() },
        resumed: false,
    };
    happens(&mut desk, server(0), AgentEvent::Welcome(Box::new(welcome)));
    desk
}

fn ventas() -> QueueRef {
    let tenant = TenantId::parse("acme").expect("an id");
    QueueRef { tenant, queue: QueueId::parse("ventas").expect("an id") }
}

/// A call has been on offer for two seconds; it had waited for five.
pub fn offered() -> Desk {
    let mut desk = welcomed();
    let number = PhoneNumber::parse("+34612345678").expect("a number");
    let offer = Offer {
        offer: OFFER,
        queue: ventas(),
        caller: CallerId::Number(number),
        waited: Duration::from_secs(5),
        expires_in: Duration::from_secs(15),
        because: Because::LongestIdle,
        placed: None,
    };
    happens(&mut desk, server(-2), AgentEvent::OfferMade(offer));
    let now = view(AgentStateKind::Offered, server(-2));
    status(&mut desk, AgentView { offer: Some((OFFER, server(13))), call: Some(CALL), ..now });
    desk
}

/// Connected for thirty seconds, on hold, with a pause to come.
pub fn in_a_call() -> Desk {
    let mut desk = offered();
    let ended = AgentEvent::OfferEnded { offer: OFFER, outcome: OfferOutcome::Accepted };
    happens(&mut desk, server(-30), ended);
    let waited = Duration::from_secs(6);
    let connected = AgentEvent::CallConnected { call: CALL, queue: ventas(), waited, placed: None };
    happens(&mut desk, server(-30), connected);
    let now = view(AgentStateKind::Talking, server(-30));
    let pause_after = Some(NotReadyReason::Pause(slug("comida")));
    status(&mut desk, AgentView { call: Some(CALL), pause_after, ..now });
    happens(&mut desk, server(-5), AgentEvent::CallHeld(CALL));
    desk
}

#[test]
fn wishes_become_commands_for_the_present_offer_and_call() {
    let offered = offered();
    assert_eq!(offered.command(Wish::Accept), Ok(AgentCommand::AcceptOffer(OFFER)));
    assert_eq!(offered.command(Wish::Reject), Ok(AgentCommand::RejectOffer(OFFER)));
    let talking = in_a_call();
    assert!(talking.command(Wish::Accept).is_err() && talking.command(Wish::Extend).is_err());
    assert_eq!(talking.command(Wish::ToggleHold), Ok(AgentCommand::Unhold(CALL)));
    assert_eq!(talking.command(Wish::HangUp), Ok(AgentCommand::HangUp(CALL)));
    assert!(welcomed().command(Wish::HangUp).is_err());
    assert!(Desk::default().command(Wish::Ready).is_err());
}

#[test]
fn a_call_remembers_its_caller_from_the_offer_until_it_is_wrapped_up() {
    let mut desk = in_a_call();
    assert!(desk.offer.is_none());
    let caller = desk.talk.as_ref().and_then(|it| it.caller.clone());
    assert!(matches!(caller, Some(CallerId::Number(_))));
    let disposition = timbre_model::Disposition::new(slug("venta"), false);
    happens(&mut desk, server(0), AgentEvent::WrappedUp { call: CALL, disposition });
    assert!(desk.talk.is_none());
}

#[test]
fn an_accepted_call_is_awaited_until_it_is_connected() {
    let mut desk = offered();
    let ended = AgentEvent::OfferEnded { offer: OFFER, outcome: OfferOutcome::Accepted };
    happens(&mut desk, server(0), ended);
    assert_eq!(desk.accepted, Some(CALL));
    assert_eq!(in_a_call().accepted, None);
}

#[test]
fn a_lost_stream_shows_until_the_next_welcome() {
    let mut desk = offered();
    let why = "no server".to_owned();
    desk.take(&News::Lost { why, retry_in: Duration::from_secs(1) }, NOW);
    assert!(!desk.up && desk.note.contains("no server"));
}
