use super::*;
use pb::connect_request::Command as WireCommand;
use prost::Message as _;
use timbre_model::{
    AgentId, AgentStateKind, CampaignId, Lead, LeadId, LeadNumber, LeadRole, LeadState, ListId,
    MachineVerdict, NewLead, NotReadyReason, Party, Place, QueueId, TenantId,
};
use tonic::Code;

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

fn ana() -> AgentRef {
    AgentRef { tenant: tenant(), agent: AgentId::parse("ana").expect("an id") }
}

fn ventas() -> QueueRef {
    QueueRef { tenant: tenant(), queue: QueueId::parse("ventas").expect("an id") }
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).expect("a slug")
}

const CALL: CallId = CallId::from_u128(0xfeed);
const OFFER: OfferId = OfferId { call: CALL, number: 2 };

fn views() -> Vec<AgentView> {
    let at = Civil::from_micros(1_700_000_000_123_456);
    let idle = AgentView {
        state: AgentStateKind::Ready,
        reason: None,
        since: at,
        offer: None,
        call: None,
        on_hold: false,
        wrap_up_until: None,
        wrap_up_extendable: false,
        pause_after: None,
        connected: true,
        station: true,
    };
    let with = |state| AgentView { state, call: Some(CALL), ..idle.clone() };
    vec![
        AgentView { state: AgentStateKind::SignedOut, connected: false, ..idle.clone() },
        AgentView { offer: Some((OFFER, at)), ..with(AgentStateKind::Offered) },
        AgentView {
            on_hold: true,
            pause_after: Some(NotReadyReason::Pause(slug("comida"))),
            ..with(AgentStateKind::Talking)
        },
        AgentView {
            wrap_up_until: Some(at),
            wrap_up_extendable: true,
            ..with(AgentStateKind::WrapUp)
        },
        AgentView {
            state: AgentStateKind::NotReady,
            reason: Some(NotReadyReason::StationLost),
            station: false,
            ..idle.clone()
        },
        idle,
    ]
}

fn commands() -> Vec<AgentCommand> {
    let token = ResumeToken::new("secret");
    vec![
        AgentCommand::SignIn { auto_accept: true, take_over: false },
        AgentCommand::SignIn { auto_accept: false, take_over: true },
        AgentCommand::Resume { token, last_sequence: u64::MAX },
        AgentCommand::SignOut,
        AgentCommand::SetReady,
        AgentCommand::SetNotReady { reason: slug("comida") },
        AgentCommand::AcceptOffer(OFFER),
        AgentCommand::RejectOffer(OFFER),
        AgentCommand::Hold(CALL),
        AgentCommand::Unhold(CALL),
        AgentCommand::HangUp(CALL),
        AgentCommand::ExtendWrapUp(CALL),
        AgentCommand::Dispose {
            call: CALL,
            code: slug("venta"),
            fields: [("product".to_owned(), "fibra".to_owned())].into(),
        },
        AgentCommand::DialNumber {
            campaign: CampaignId::parse("luz").expect("an id"),
            number: "600 00 00 01".to_owned(),
        },
        AgentCommand::ScheduleCallback {
            call: CALL,
            at: Civil::from_micros(1_700_000_000_000_000),
            personal: true,
        },
        AgentCommand::DoNotCall { call: CALL, scope: BarScope::Campaign, note: "asked".to_owned() },
        AgentCommand::CorrectMachine { call: CALL, verdict: MachineVerdict::Machine },
        AgentCommand::ReportTrouble { call: CALL, kind: timbre_casework::TroubleKind::OneWay },
        AgentCommand::DialCallback(timbre_casework::CallbackId::from_u128(7)),
        AgentCommand::Answer {
            message: timbre_casework::MessageId::from_u128(8),
            text: "called".to_owned(),
        },
        AgentCommand::Heartbeat,
    ]
}

fn placed(lead: bool) -> Option<Arc<PlacedCall>> {
    let number = PhoneNumber::parse("+34612345678").expect("a number");
    let campaign =
        CampaignRef { tenant: tenant(), campaign: CampaignId::parse("luz").expect("an id") };
    let person = NewLead {
        numbers: vec![LeadNumber {
            number: number.clone(),
            label: "mobile".to_owned(),
            place: Place { country: "ES".to_owned(), region: None },
            zones: vec!["Europe/Madrid".to_owned()],
        }],
        name: "Ana".to_owned(),
        person: Some("k1".to_owned()),
        role: LeadRole::DecisionMaker,
        party: Party::Business,
        consent: None,
        tags: [slug("vip")].into(),
        attributes: [("edad".to_owned(), "41".to_owned())].into(),
    };
    let lead = lead.then(|| Lead {
        id: LeadId::from_u64(7),
        tenant: tenant(),
        list: ListId::parse("lugo").expect("an id"),
        person,
        state: LeadState::Claimed,
        attempts: 2,
        last_attempt_at: None,
    });
    let disclosures = vec!["on whose behalf you call".to_owned()];
    Some(Arc::new(PlacedCall { campaign, number, lead: lead.map(Arc::new), disclosures }))
}

fn events() -> Vec<AgentEvent> {
    let span = Duration::from_millis;
    let refusal = ApiError::new(Code::FailedPrecondition, "WRONG_STATE", "agent ana is talking");
    let offer = |caller, because, placed| {
        let (waited, expires_in) = (span(1_200), span(15_000));
        Offer { offer: OFFER, queue: ventas(), caller, waited, expires_in, because, placed }
    };
    let number = PhoneNumber::parse("+34612345678").expect("a number");
    let mut events = vec![
        AgentEvent::CommandResult { request_id: "r1".to_owned(), later: true, error: None },
        AgentEvent::CommandResult {
            request_id: "r2".to_owned(),
            later: false,
            error: Some(Box::new(refusal.with("state", "talking"))),
        },
        AgentEvent::HeartbeatAck,
        AgentEvent::OfferMade(offer(CallerId::Number(number), Because::LongestIdle, placed(true))),
        AgentEvent::OfferMade(offer(CallerId::Withheld, Because::OldestCall, None)),
        AgentEvent::CallConnected {
            call: CALL,
            queue: ventas(),
            waited: span(6_000),
            placed: placed(false),
        },
        AgentEvent::DialRefused {
            campaign: placed(false).expect("a placed call").campaign.clone(),
            because: "outside the legal hours".to_owned(),
            until: Some(Civil::from_micros(1_700_000_000_000_000)),
        },
        AgentEvent::CallHeld(CALL),
        AgentEvent::RecoveryOffered(CALL),
        AgentEvent::CallResumed { call: CALL, held_for: span(30_001) },
        AgentEvent::CallEnded {
            call: CALL,
            cause: EndCause::Completed,
            released_by: ReleasedBy::Agent,
            talked: span(100),
            held: span(50),
        },
        AgentEvent::WrappedUp { call: CALL, disposition: Disposition::new(slug("venta"), false) },
    ];
    events.extend(GoAwayReason::ALL.iter().map(|&why| AgentEvent::GoAway(why)));
    let outcomes = OfferOutcome::ALL.iter();
    events.extend(outcomes.map(|&outcome| AgentEvent::OfferEnded { offer: OFFER, outcome }));
    for view in views() {
        events.push(AgentEvent::Welcome(Box::new(Welcome {
            agent: ana(),
            resume_token: ResumeToken::new("secret"),
            heartbeat_interval: span(5_000),
            status: view.clone(),
            pauses: vec![slug("comida"), slug("aseo")],
            dispositions: Choices {
                flat: vec![slug("venta")],
                trees: vec![timbre_model::DispositionTree {
                    id: slug("ventas"),
                    dispositions: vec![timbre_model::DispositionSpec::plain(slug("no-interesa"))],
                }],
                uses: vec![
                    (CallsOf::Queue(timbre_model::QueueId::parse("q").expect("a slug")), None),
                    (
                        CallsOf::Campaign(timbre_model::CampaignId::parse("k").expect("a slug")),
                        Some(slug("ventas")),
                    ),
                ],
            },
            resumed: true,
        })));
        events.push(AgentEvent::Status(ana(), Box::new(view)));
    }
    events
}

#[test]
fn commands_survive_the_wire_byte_for_byte() {
    for command in commands() {
        let bytes = request_to_wire("r-1".to_owned(), command.clone()).encode_to_vec();
        let wire = pb::ConnectRequest::decode(bytes.as_slice()).expect("our own bytes");
        assert_eq!(request_from_wire(wire), ("r-1".to_owned(), Ok(command)));
    }
}

#[test]
fn events_survive_the_wire_byte_for_byte() {
    for (sequence, event) in (0..).zip(events()) {
        let message = AgentMessage { sequence, at: Civil::from_micros(1), event };
        let bytes = message_to_wire(&message).encode_to_vec();
        let wire = pb::ConnectResponse::decode(bytes.as_slice()).expect("our own bytes");
        assert_eq!(message_from_wire(wire), Ok(message));
    }
}

#[test]
fn a_command_that_cannot_be_read_keeps_its_id_and_names_its_field() {
    let hold = |request_id: &str, call: &str| pb::ConnectRequest {
        request_id: request_id.to_owned(),
        command: Some(WireCommand::Hold(pb::Hold { call: call.to_owned() })),
    };
    let (id, command) = request_from_wire(hold("r-1", "12"));
    assert_eq!(id, "r-1");
    assert_eq!(command.expect_err("no call's id").field, "hold.call");
    let (id, command) = request_from_wire(hold(&"ñ".repeat(65), &CALL.to_string()));
    assert_eq!(id.chars().count(), REQUEST_ID_MAX);
    assert_eq!(command.expect_err("too long an id").field, "request_id");
    let empty = pb::ConnectRequest { request_id: String::new(), command: None };
    assert_eq!(request_from_wire(empty).1.expect_err("no command").field, "command");
}

#[test]
fn a_resume_token_does_not_show_itself() {
    let shown = format!("{:?}", commands());
    assert!(!shown.contains("secret"), "{shown}");
}
