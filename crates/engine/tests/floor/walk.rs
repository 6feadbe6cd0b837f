//! Random walks with campaigns: permits, refusals, failures, hang-ups, pauses and do-not-call in every order. After each
//! input `World::feed` checks the invariants, that no permit is dialed twice or after its end, and that each attempt ends
//! once.

use std::time::Duration;

use proptest::prelude::*;
use timbre_engine::port::{LegEnd, SwitchEvent};
use timbre_engine::{
    AuthorizeRequest, Command, ForcedState, Input, Limits, More, Permit, Verdicts, Want, Withheld,
};
use timbre_model::{
    Barred, CallId, DialMode, DoNotCallEntry, DoNotCallScope, LegId, OfferId, PacingMethod,
    PhoneNumber, StationMode,
};

use crate::placing::{campaign, campaign_spec, carrier};
use crate::world::{World, agent, agent_spec, queue_spec, slug, tenant};

/// One random input; the numbers choose among what there is.
#[derive(Debug, Clone)]
enum Move {
    Wait(u64),
    /// Answers an open request.
    Decide(u8, u8),
    /// Something happens on one of the newest legs.
    Leg(usize, u8),
    Agent(usize, u8),
    Campaign(usize, u8),
    Bar(u8),
    Inbound,
    Floor(u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0_u64..4_000).prop_map(Move::Wait),
        8 => (any::<u8>(), any::<u8>()).prop_map(|(which, how)| Move::Decide(which, how)),
        10 => (0_usize..16, any::<u8>()).prop_map(|(leg, what)| Move::Leg(leg, what)),
        8 => (0_usize..4, any::<u8>()).prop_map(|(agent, what)| Move::Agent(agent, what)),
        2 => (0_usize..4, any::<u8>()).prop_map(|(at, what)| Move::Campaign(at, what)),
        1 => any::<u8>().prop_map(Move::Bar),
        1 => Just(Move::Inbound),
        1 => any::<u8>().prop_map(Move::Floor),
    ];
    prop::collection::vec(one, 1..200)
}

const MODES: [DialMode; 4] = [
    DialMode::Power { ratio: 2.0 },
    DialMode::Progressive,
    DialMode::Preview { timeout: Duration::from_secs(8) },
    DialMode::Predictive { controller: PacingMethod::Forecast },
];

fn world() -> World {
    let mut world = World::new(Limits { calls_max: 30, ..Limits::default() });
    world.add_queue(queue_spec("q1"));
    let mut second = queue_spec("q2");
    second.priority = 3;
    second.wrap_up = Duration::ZERO;
    world.add_queue(second);
    for n in 0..4 {
        let mut it = agent_spec(&format!("a{n}"));
        it.station = if n == 0 { StationMode::OnDemand } else { StationMode::Persistent };
        world.spec.agents.push(it);
    }
    for (n, mode) in MODES.into_iter().enumerate() {
        let queue = if n == 3 { "q2" } else { "q1" };
        let mut spec = campaign_spec(&format!("k{n}"), queue, mode);
        spec.reserve = u32::from(n == 0);
        world.add_campaign(spec);
    }
    world.open();
    for n in 0..4 {
        let who = agent(&format!("a{n}"));
        let up = SwitchEvent::StationRegistered { agent: who.clone(), reachable: true };
        world.switch(up).expect("a known agent");
        let _ = world.call_in(&format!("a{n}"));
        let sign_in = Command::SignIn { agent: who.clone(), auto_accept: n == 3, take_over: false };
        world.command(sign_in).expect("signed out before");
        world.command(Command::SetReady { agent: who }).expect("a phone is there");
    }
    for n in 0..4 {
        world
            .command(Command::StartCampaign { campaign: campaign(&format!("k{n}")) })
            .expect("a draft");
    }
    world
}

/// Answers one of the open requests in one of the ways in which it can be.
fn decide(world: &mut World, which: u8, how: u8) {
    if world.placing.requests.is_empty() {
        return;
    }
    let at = usize::from(which) % world.placing.requests.len();
    let request = world.placing.requests.remove(at);
    let verdicts = match how % 12 {
        0 => Err(Withheld::StoreAway),
        1 => Err(Withheld::ClockUntrusted),
        2 => Ok(Verdicts { more: More::Exhausted, ..Verdicts::default() }),
        3 => Ok(Verdicts {
            more: More::Later(world.now().civil + Duration::from_secs(2)),
            ..Verdicts::default()
        }),
        _ => Ok(granted(world, &request, how)),
    };
    world.decide(&request, verdicts).expect("an answer is never rejected");
    if how == 255 {
        let again = request.clone();
        let permits = vec![world.permit(&again, "again")];
        let verdicts = Ok(Verdicts { permits, ..Verdicts::default() });
        world.placing.permitted.remove(&world.calls["again"]);
        world.calls.remove("again");
        world.decide(&again, verdicts).expect("an answer is never rejected");
    }
}

fn granted(world: &mut World, request: &AuthorizeRequest, how: u8) -> Verdicts {
    let n = world.calls.len();
    let most = match &request.want {
        Want::Leads { most, .. } => *most as usize,
        Want::Reserve { .. } => {
            let lead = std::sync::Arc::new(world.lead(1_000 + n as u64));
            return Verdicts { reserved: Some(lead), ..Verdicts::default() };
        }
        _ => 1,
    };
    let pooled = matches!(request.want, Want::Leads { .. });
    let mut permits: Vec<Permit> =
        (0..most).map(|k| world.permit(request, &format!("p{n}-{k}"))).collect();
    // The store knows who was barred before it was asked.
    permits.retain(|it| {
        let known = world.is_barred(&it.attempt.number, Some(request.batch));
        if known {
            world.placing.permitted.remove(&it.attempt.id);
        }
        !known
    });
    if let Some(first) = permits.first_mut().filter(|_| pooled) {
        first.bound = how.is_multiple_of(5);
        first.agent = how.is_multiple_of(7).then(|| agent("a2").agent);
    }
    Verdicts { permits, ..Verdicts::default() }
}

fn leg_event(world: &World, n: usize, what: u8) -> SwitchEvent {
    let newest_first: Vec<LegId> = world.legs.keys().rev().copied().collect();
    let leg = newest_first.get(n).copied().unwrap_or(LegId::from_u64(9_999));
    let failed = |status, cause| LegEnd::Failed { status, cause };
    match what % 20 {
        0..=1 => SwitchEvent::LegRinging { leg },
        2..=8 => SwitchEvent::LegAnswered { leg },
        9 => SwitchEvent::GreetingPlayed { leg },
        10 => SwitchEvent::Key { leg, key: '9' },
        11 => SwitchEvent::LegEnded { leg, how: failed(486, None) },
        12 => SwitchEvent::LegEnded { leg, how: failed(404, Some(1)) },
        13 => SwitchEvent::LegEnded { leg, how: failed(503, Some(34)) },
        14 => SwitchEvent::LegEnded { leg, how: failed(408, None) },
        15 => SwitchEvent::LegEnded { leg, how: LegEnd::Lost },
        16 => SwitchEvent::LegEnded { leg, how: LegEnd::Ours },
        17 => SwitchEvent::LegEnded { leg, how: LegEnd::Declined },
        _ => SwitchEvent::LegEnded { leg, how: LegEnd::FarEnd },
    }
}

fn agent_command(world: &World, who: usize, what: u8) -> Command {
    let agent = agent(&format!("a{who}"));
    let view = world.engine.agent(&agent);
    let call = view.as_ref().and_then(|it| it.call).unwrap_or(CallId::from_u128(1));
    let offer = view.and_then(|it| it.offer).map(|(offer, _)| offer);
    let offer = offer.unwrap_or(OfferId { call, number: 1 });
    let number = PhoneNumber::parse("+34600000777").expect("a number");
    match what % 24 {
        0..=4 => Command::SetReady { agent },
        5 => Command::SetNotReady { agent, reason: slug("lunch") },
        6..=9 => Command::AcceptOffer { agent, offer },
        10 => Command::RejectOffer { agent, offer },
        11 => Command::HangUp { agent, call },
        12 => Command::Dispose { agent, call, code: slug("sale"), fields: Default::default() },
        13 => {
            Command::Dispose { agent, call, code: slug("do-not-call"), fields: Default::default() }
        }
        14 => Command::StreamLost { agent },
        15 => Command::Resume { agent },
        16 => Command::SignIn { agent, auto_accept: false, take_over: false },
        17 => Command::SignOut { agent },
        18 => Command::ForceAgent { agent, state: ForcedState::NotReady },
        19 => Command::ForceAgent { agent, state: ForcedState::SignedOut },
        20 => Command::ForceEndCall { tenant: tenant(), call },
        21 => Command::DialNumber { agent, campaign: campaign("k1").campaign, number },
        22 => Command::ScheduleCallback { agent, call, at: world.now().civil, personal: true },
        _ => Command::Hold { agent, call },
    }
}

fn campaign_command(n: usize, what: u8) -> Command {
    let campaign = campaign(&format!("k{n}"));
    match what % 8 {
        0 => Command::PauseCampaign { campaign },
        1 => Command::StopCampaign { campaign },
        2 => Command::StopTrunk { trunk: carrier(), stopped: true },
        3 => Command::StopTrunk { trunk: carrier(), stopped: false },
        4 => Command::Drain(true),
        5 => Command::Drain(false),
        _ => Command::StartCampaign { campaign },
    }
}

fn bar(world: &mut World, what: u8) {
    let number = PhoneNumber::parse(&format!("+346{:08}", what % 60)).expect("a number");
    let entry = DoNotCallEntry {
        tenant: tenant(),
        whom: if what > 250 { Barred::Prefix("+34".to_owned()) } else { Barred::Number(number) },
        scope: DoNotCallScope::Tenant,
        since: world.now().civil,
        until: None,
        source: slug("api"),
        note: String::new(),
    };
    world.command(Command::DoNotCall { entry: Box::new(entry) }).expect("never rejected");
}

/// Applies the floor with something more, less or other; what is in use stays.
fn change_floor(world: &mut World, what: u8) {
    let before = world.spec.clone();
    let at = usize::from(what / 8);
    match what % 7 {
        0 => world.spec.agents.retain(|it| it.id.as_str() != "a1"),
        1 if before.campaigns.len() > 1 => drop(world.spec.campaigns.pop()),
        2 => world.spec.campaigns[0].mode = MODES[at % 4],
        3 => world.spec.agents[at % 3].station = StationMode::Persistent,
        4 => world.spec.agents[at % 3].station = StationMode::OnDemand,
        5 => world.spec.campaigns[0].reserve = u32::from(what % 3),
        _ => {
            let outbound = world.spec.trunks[0].outbound.as_mut().expect("it places calls");
            outbound.setup_max = 1 + u32::from(what % 9);
        }
    }
    if world.apply().is_err() {
        world.spec = before;
    }
}

fn play(world: &mut World, moves: Vec<Move>) {
    for (n, it) in moves.into_iter().enumerate() {
        match it {
            Move::Wait(millis) => world.wait(Duration::from_millis(millis)),
            Move::Decide(which, how) => decide(world, which, how),
            Move::Leg(leg, what) => drop(world.switch(leg_event(world, leg, what))),
            Move::Agent(who, 245..) => drop(world.call_in(&format!("a{who}"))),
            Move::Agent(who, what) => drop(world.command(agent_command(world, who, what))),
            Move::Campaign(at, what) => drop(world.command(campaign_command(at, what))),
            Move::Bar(what) => bar(world, what),
            Move::Inbound => drop(world.call(&format!("c{n}"), 0)),
            Move::Floor(what) => change_floor(world, what),
        }
    }
}

/// Every campaign is stopped, every request is answered, and every call ends.
fn wind_up(world: &mut World) {
    for n in 0..4 {
        drop(world.command(Command::StopCampaign { campaign: campaign(&format!("k{n}")) }));
    }
    while let Some(request) = world.placing.requests.pop() {
        let permits = match request.want {
            Want::Reserve { .. } => Vec::new(),
            _ => vec![world.permit(&request, &format!("last-{}", request.batch))],
        };
        let verdicts = Verdicts { permits, ..Verdicts::default() };
        world.decide(&request, Ok(verdicts)).expect("an answer is never rejected");
    }
    world.wait(Duration::from_secs(700));
    for call in world.engine.calls(&tenant()).into_iter().map(|it| it.call) {
        world.command(Command::ForceEndCall { tenant: tenant(), call }).expect("in progress");
    }
    world.wait(Duration::from_secs(100));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_happens_each_permit_is_dialed_at_most_once_and_ends_once(moves in moves()) {
        let mut world = world();
        play(&mut world, moves);
        wind_up(&mut world);
        prop_assert_eq!(&world.placing.permitted, &world.placing.ended);
        for view in world.engine.campaigns(&tenant()) {
            let open = (view.in_setup, view.waiting, view.talking, view.open_requests);
            prop_assert_eq!(open, (0, 0, 0, 0));
        }
        let moment = world.now();
        for trunk in world.engine.trunks(&tenant(), moment) {
            prop_assert_eq!((trunk.in_setup, trunk.open), (0, 0));
        }
    }
}

#[test]
fn a_request_of_another_engine_is_cancelled_once() {
    let mut world = world();
    world.wait(Duration::from_millis(1));
    let mut request = world.placing.requests.pop().expect("they ask");
    request.batch = 77_777;
    let permits = vec![world.permit(&request, "p1")];
    let verdicts = Ok(Verdicts { permits, ..Verdicts::default() });
    world.decide(&request, verdicts.clone()).expect("never rejected");
    assert_eq!(world.placing.ended.len(), 1);
    let written = world.changes.len();
    let answer = timbre_engine::Authorized {
        batch: request.batch,
        campaign: request.plan.campaign.clone(),
        verdicts,
    };
    world.feed(Input::Authorized(Box::new(answer))).expect("never rejected");
    assert_eq!(world.changes.len(), written);
    assert!(world.placing.dialed.is_empty());
}
