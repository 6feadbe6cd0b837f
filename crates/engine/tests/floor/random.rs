//! Random inputs, sense and nonsense, against the invariants. `World::feed` checks after every one that the state does
//! not contradict itself and that a rejection has changed nothing.

use std::time::Duration;

use proptest::prelude::*;
use timbre_engine::port::{LegEnd, SwitchEvent};
use timbre_engine::{Command, ForcedState, Limits};
use timbre_model::{CallId, Change, LegId, OfferId, StationMode, SurveyKind, SurveySpec};

use crate::world::{World, agent, agent_spec, queue_spec, skill, slug, tenant};

/// One random input; the numbers choose among what there is, and sometimes what there is not.
#[derive(Debug, Clone)]
enum Move {
    Wait(u64),
    Call(usize),
    Leg(usize, u8),
    Agent(usize, u8),
    Floor(u8),
    Permit(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => (0_u64..20_000).prop_map(Move::Wait),
        3 => (0_usize..3).prop_map(Move::Call),
        5 => (0_usize..40, any::<u8>()).prop_map(|(leg, what)| Move::Leg(leg, what)),
        12 => (0_usize..5, any::<u8>()).prop_map(|(agent, what)| Move::Agent(agent, what)),
        1 => any::<u8>().prop_map(Move::Floor),
        2 => (0_usize..4).prop_map(Move::Permit),
    ];
    prop::collection::vec(one, 1..250)
}

fn world() -> World {
    let limits = Limits { calls_max: 12, ..Limits::default() };
    let mut world = World::new(limits);
    let mut second = queue_spec("q2");
    second.priority = 4;
    second.skills = [(skill("es"), 4)].into();
    second.ring.answer_after_rings = 0;
    let mut first = queue_spec("q1");
    first.survey = Some(SurveySpec { kind: SurveyKind::Csat, period: SurveySpec::PERIOD });
    world.add_queue(first);
    world.add_queue(second);
    for n in 0..4 {
        let mut it = agent_spec(&format!("a{n}"));
        it.skills = [(skill("es"), 2 + 2 * n as u8)].into();
        it.station = if n % 2 == 0 { StationMode::OnDemand } else { StationMode::Persistent };
        world.spec.agents.push(it);
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
    world
}

fn leg_event(world: &World, n: usize, what: u8) -> SwitchEvent {
    let newest_first: Vec<LegId> = world.legs.keys().rev().copied().collect();
    let leg = newest_first.get(n).copied().unwrap_or(LegId::from_u64(9_999));
    let ends = [LegEnd::FarEnd, LegEnd::Declined, LegEnd::NoAnswer, LegEnd::Unreachable];
    match what % 16 {
        12..=13 => SwitchEvent::Key { leg, key: char::from(b'0' + what / 16) },
        14..=15 => SwitchEvent::GreetingPlayed { leg },
        0..=4 => SwitchEvent::LegAnswered { leg },
        5 => SwitchEvent::LegHold { leg, held: true },
        6 => SwitchEvent::LegHold { leg, held: false },
        7 => SwitchEvent::LegEnded { leg, how: LegEnd::Lost },
        8 => SwitchEvent::LegEnded { leg, how: LegEnd::Ours },
        n => SwitchEvent::LegEnded { leg, how: ends[usize::from(n - 9)] },
    }
}

fn agent_command(world: &World, who: usize, what: u8) -> Command {
    let name = format!("a{who}");
    let agent = agent(&name);
    let view = world.engine.agent(&agent);
    let call = view.as_ref().and_then(|it| it.call).unwrap_or(CallId::from_u128(1));
    let offer = view.and_then(|it| it.offer).map(|(offer, _)| offer);
    let offer = offer.unwrap_or(OfferId { call, number: 1 });
    match what % 22 {
        0..=3 => Command::SetReady { agent },
        4 => Command::SetNotReady { agent, reason: slug("lunch") },
        5 => Command::SetNotReady { agent, reason: slug("nonsense") },
        6..=8 => Command::AcceptOffer { agent, offer },
        9 => Command::RejectOffer { agent, offer },
        10 => Command::Hold { agent, call },
        11 => Command::Unhold { agent, call },
        12 => Command::HangUp { agent, call },
        13 => Command::ExtendWrapUp { agent, call },
        14 => Command::Dispose { agent, call, code: slug("sale"), fields: Default::default() },
        15 => Command::StreamLost { agent },
        16 => Command::Resume { agent },
        17 => Command::SignIn { agent, auto_accept: what > 128, take_over: what > 200 },
        18 => Command::SignOut { agent },
        19 => Command::ForceAgent { agent, state: ForcedState::NotReady },
        20 => Command::ForceAgent { agent, state: ForcedState::SignedOut },
        _ => Command::ForceEndCall { tenant: tenant(), call },
    }
}

/// Applies the floor with a queue or an agent more or less, or with other settings.
fn change_floor(world: &mut World, what: u8) {
    let before = world.spec.clone();
    let at = usize::from(what / 8) % 2;
    match what % 8 {
        0 => world.spec.agents.retain(|it| it.id.as_str() != "a0"),
        1 if before.agents.len() == 4 => world.spec.agents.swap(0, 3),
        2 => world.spec.queues[at].skills = [(skill("es"), 1 + what % 10)].into(),
        3 => world.spec.queues[at].priority = what % 10,
        4 => world.spec.agents[at].station = StationMode::Persistent,
        5 => world.spec.agents[at].station = StationMode::OnDemand,
        6 => world.spec.queues[at].wrap_up = Duration::from_secs(u64::from(what % 3)),
        _ => world.spec.entry_points.truncate(1),
    }
    if world.apply().is_err() {
        world.spec = before;
    }
}

fn play(world: &mut World, moves: Vec<Move>) {
    for (n, it) in moves.into_iter().enumerate() {
        match it {
            Move::Wait(millis) => world.wait(Duration::from_millis(millis)),
            Move::Call(queue) => drop(world.call(&format!("c{n}"), queue)),
            Move::Leg(leg, what) => drop(world.switch(leg_event(world, leg, what))),
            Move::Agent(who, 250..) => drop(world.call_in(&format!("a{who}"))),
            Move::Agent(who, what @ 240..250) => {
                let (agent, reachable) = (agent(&format!("a{who}")), what % 2 == 0);
                drop(world.switch(SwitchEvent::StationRegistered { agent, reachable }));
            }
            Move::Agent(who, what) => drop(world.command(agent_command(world, who, what))),
            Move::Floor(what) => change_floor(world, what),
            Move::Permit(which) => {
                let newest = world.calls.values().rev().nth(which).copied();
                let call = newest.unwrap_or(CallId::from_u128(1));
                drop(world.command(Command::PermitSurvey { tenant: tenant(), call }));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_input_makes_the_floor_contradict_itself(moves in moves()) {
        let mut world = world();
        play(&mut world, moves);
        // Left alone, every caller is answered, leaves or is sent away, and every agent's work ends.
        world.wait(Duration::from_secs(700));
        let waiting: usize = world.engine.queues().iter().map(|it| it.waiting).sum();
        prop_assert_eq!(waiting, 0);
        for call in world.engine.calls(&tenant()).into_iter().map(|it| it.call) {
            world.command(Command::ForceEndCall { tenant: tenant(), call }).expect("in progress");
        }
        world.wait(Duration::from_secs(100));
        let ends = |call: &CallId| world.changes.iter().filter(|it| {
            matches!(it, Change::Call(it) if it.id == *call && it.ended_at.is_some())
        }).count();
        prop_assert!(world.calls.values().all(|call| (1..=2).contains(&ends(call))));
    }
}
