//! Floors that change under way.

use timbre_engine::{Command, Engine, Input, Limits};
use timbre_model::{Change, Now, TenantId};

use crate::scenario::scenario;
use crate::world::tenant;

#[test]
fn what_is_in_use_cannot_be_taken_away() {
    scenario(
        "
        queue  q1
        queue  q2
        agent  a1
        agent  a2
        on-duty a1
        expect floor 1
        drop-agent a1
        denied AGENT_IN_USE apply
        agent  a1
        call   c1 q1
        drop-queue q1
        denied QUEUE_IN_USE apply
        leaves c1
        drop-agent a2
        apply
        expect floor 2
        denied UNKNOWN_AGENT ready a2
        call   c2 q1
        expect do refuse c2 NoEntryPoint
    ",
    );
}

#[test]
fn new_skills_bring_waiting_calls_and_idle_agents_together() {
    scenario(
        "
        queue  q1 skills=es:5
        agent  a1 skills=es:2
        agent  a2 skills=es:2
        on-duty a1
        wait   1s
        on-duty a2
        call   c1 q1
        call   c2 q1
        never  offer
        agent  a2 skills=es:7
        agent  a1 skills=es:7
        apply
        expect offer c1 a1 because=oldest_call
        expect offer c2 a2
    ",
    );
}

#[test]
fn calls_keep_the_settings_they_came_under() {
    scenario(
        "
        queue  q1 max_wait=20s
        call   c1 q1
        queue  q1 max_wait=40s
        apply
        call   c2 q1
        wait   20s
        expect ended c1 refused cause=max_wait
        wait   19s
        never  ended
        wait   1s
        expect ended c2 refused cause=max_wait
    ",
    );
}

#[test]
fn a_phone_of_another_kind_counts_from_now_on() {
    scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
        agent  a1 persistent
        apply
        expect state a1 not_ready @station_lost
        line   a1
        expect state a1 ready
    ",
    );
}

#[test]
fn versions_guard_against_each_other() {
    let mut world = scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
    ",
    );
    let spec = Box::new(world.spec.clone());
    let apply = |expected_version| Command::ApplyFloor {
        tenant: tenant(),
        spec: spec.clone(),
        expected_version,
    };
    let stale = world.command(apply(Some(7))).expect_err("a stale version");
    assert_eq!(stale.reason(), "FLOOR_CHANGED");
    world.command(apply(Some(1))).expect("the present version");
}

#[test]
fn a_restored_floor_writes_nothing_and_tenants_do_not_meet() {
    let mut world = scenario(
        "
        queue  q1
        agent  a1
        on-duty a1
    ",
    );
    let other = TenantId::parse("other").expect("a slug");
    let written = world.changes.len();
    let spec = Box::new(world.spec.clone());
    world
        .command(Command::RestoreFloor { tenant: other.clone(), spec, version: 41 })
        .expect("a floor without faults");
    assert_eq!(world.changes.len(), written);
    let view = |tenant| world.engine.agents(tenant).remove(0).1;
    assert_ne!(view(&other).state, view(&tenant()).state);
    let spec = Box::new(world.spec.clone());
    world
        .command(Command::ApplyFloor { tenant: other, spec, expected_version: Some(41) })
        .expect("the version that was restored");
    let last = world.changes.last();
    assert!(matches!(last, Some(Change::Floor { version: 42, .. })), "{last:?}");
    assert_eq!(world.engine.queues().len(), 2);
}

#[test]
fn tenants_are_bounded() {
    let mut engine = Engine::new(Limits::default());
    let mut out = timbre_engine::Effects::default();
    let mut reasons = (0..=1_000).filter_map(|n| {
        let tenant = TenantId::parse(&format!("t{n}")).expect("a slug");
        let spec = Box::default();
        let input = Input::Command(Command::RestoreFloor { tenant, spec, version: 1 });
        engine.step(Now::default(), input, &mut out).err().map(|it| it.reason())
    });
    assert_eq!((reasons.next(), reasons.next()), (Some("TOO_MANY_TENANTS"), None));
}

#[test]
fn work_left_over_by_a_large_change_is_done_in_the_next_steps() {
    let agents: String = (0..300).map(|n| format!("agent a{n} skills=es:1\n")).collect();
    let duty: String = (0..300).map(|n| format!("on-duty a{n}\n")).collect();
    let calls: String = (0..300).map(|n| format!("call c{n} q1\n")).collect();
    let able: String = (0..300).map(|n| format!("agent a{n} skills=es:9\n")).collect();
    let mut world = scenario(&format!(
        "
        queue q1 skills=es:5 capacity=1000
        {agents}{duty}{calls}
        never offer
        {able}
        apply
    "
    ));
    let offered = |world: &crate::world::World| {
        world.trace.iter().filter(|it| it.starts_with("offer ")).count()
    };
    assert_eq!(offered(&world), 128);
    world.wait(std::time::Duration::ZERO);
    assert_eq!(offered(&world), 300);
}
