//! The states of campaigns, what is kept of them, and the floor beneath them.

use std::time::Duration;

use timbre_engine::port::LegEnd;
use timbre_engine::{AnswerDay, Command, Limits, Verdicts, Want};
use timbre_model::{CampaignRecord, CampaignState, Change, DialMode};

use crate::placing::{campaign, campaign_spec};
use crate::scenario::{on_duty, scenario};
use crate::world::{World, agent_spec, queue_spec, tenant};

#[test]
fn states_follow_the_verbs() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=progressive
        denied UNKNOWN_CAMPAIGN start k9
        denied CAMPAIGN_STATE pause-campaign k1
        start  k1
        expect kept k1 running
        expect campaign k1 running
        start  k1
        never  kept
        pause-campaign k1
        expect campaign k1 paused
        pause-campaign k1
        never  kept
        stop-campaign k1
        expect campaign k1 stopped
        denied CAMPAIGN_STATE pause-campaign k1
        start  k1
        expect campaign k1 running
    ",
    );
}

#[test]
fn a_campaign_is_complete_when_its_lists_and_its_attempts_are() {
    scenario(
        "
        queue  q1 wrap_up=0s
        agent  a1 persistent
        agent  a2 persistent
        campaign k1 q1 mode=power:1
        on-duty a1
        on-duty a2
        start  k1
        wait   1ms
        expect ask k1
        permit k1 p1
        wait   1s
        expect ask k1
        nothing k1 exhausted
        never  campaign
        wait   1500ms
        expect ask k1
        fails  p1 486
        nothing k1 exhausted
        never  campaign
        wait   2s
        expect ask k1
        nothing k1 exhausted
        expect campaign k1 completed (every lead is finished or blocked)
        wait   60s
        never  ask
    ",
    );
}

#[test]
fn lists_that_rest_are_not_asked_at_every_tick() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:1
        on-duty a1
        start  k1
        wait   1ms
        expect ask k1
        nothing k1 later=20s
        wait   19s
        never  ask
        wait   2s
        expect ask k1
        nothing k1 later=9h
        wait   29s
        never  ask
        wait   2s
        expect ask k1
    ",
    );
}

#[test]
fn what_was_found_before_leads_changed_is_not_dialed_and_they_are_asked_for_at_once() {
    let asked = |text: &str| {
        scenario(&format!(
            "
            queue  q1
            agent  a1 persistent
            campaign k1 q1 mode=power:2
            on-duty a1
            start  k1
            wait   1ms
            expect ask k1
            {text}
        "
        ))
    };
    asked(
        "
        leads-changed other
        permit k1 p1
        expect do dial p1
        leads-changed leads
        never  attempt
    ",
    );
    asked(
        "
        leads-changed leads
        permit k1 p1,p2
        expect attempt p1 cancelled
        expect attempt p2 cancelled
        never  do dial
        wait   1s
        expect ask k1
        permit k1 p3
        expect do dial p3
    ",
    );
    asked(
        "
        nothing k1 later=9h
        wait   1s
        never  ask
        leads-changed leads
        wait   600ms
        expect ask k1
        leads-changed leads
        nothing k1 later=9h
        wait   600ms
        expect ask k1
    ",
    );
}

#[test]
fn a_campaign_in_use_stays_on_the_floor() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:1
        on-duty a1
        start  k1
        wait   1ms
        permit k1 p1
        answers p1
        drop-campaign k1
        denied CAMPAIGN_IN_USE apply
        stop-campaign k1
        denied CAMPAIGN_IN_USE apply
        is     a1 talking
        hang-up a1 p1
        dispose a1 p1 sale
        apply
        denied UNKNOWN_CAMPAIGN start k1
    ",
    );
}

#[test]
fn a_running_campaign_runs_on_with_new_settings() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:1
        on-duty a1
        start  k1
        wait   1ms
        expect ask k1 leads most=1
        permit k1 p1
        campaign k1 q1 mode=power:3
        apply
        wait   1s
        expect ask k1 leads most=2
        permit k1 p2,p3
        campaign k1 q1 mode=progressive
        apply
        wait   1s
        expect ask k1 for a1
        permit k1 p4
        answers p4
        expect connected p4 a1
        answers p1
        wait   2s
        expect abandoned
    ",
    );
}

#[test]
fn a_drained_node_dials_nothing() {
    scenario(
        "
        queue  q1
        agent  a1 persistent
        campaign k1 q1 mode=power:1
        on-duty a1
        start  k1
        wait   1ms
        drain  on
        permit k1 p1
        expect attempt p1 cancelled
        wait   60s
        never  ask
        denied CAMPAIGN_STATE dial a1 k1 +34600000001
        drain  off
        wait   1s
        expect ask
    ",
    );
}

fn world_at_start() -> World {
    let mut world = World::new(Limits::default());
    world.add_queue(queue_spec("q1"));
    let mut spec = agent_spec("a1");
    spec.station = timbre_model::StationMode::Persistent;
    world.spec.agents.push(spec);
    world.add_campaign(campaign_spec("k1", "q1", DialMode::Power { ratio: 2.0 }));
    world.open();
    world
}

fn last_record(world: &World) -> CampaignRecord {
    let record = world.changes.iter().rev().find_map(|it| match it {
        Change::Campaign(record) => Some((**record).clone()),
        _ => None,
    });
    record.expect("a campaign's record")
}

#[test]
fn a_restored_campaign_runs_on_with_what_it_had_learnt() {
    let mut before = world_at_start();
    before.command(Command::StartCampaign { campaign: campaign("k1") }).expect("a draft");
    before.wait(Duration::from_secs(61));
    let kept = before.changes.iter().filter(|it| matches!(it, Change::Campaign(_))).count();
    assert_eq!(kept, 2, "at the start, and once a minute");
    let record = last_record(&before);
    assert!(record.memory.is_some() && record.started_at.is_some());

    let mut after = world_at_start();
    let day = after.now().civil.as_micros() / 86_400_000_000;
    let days = vec![
        AnswerDay { day: day - 1, answered: 900, abandoned: 30 },
        AnswerDay { day, answered: 200, abandoned: 4 },
    ];
    let written = after.changes.len();
    let restore = Command::RestoreCampaign { record: Box::new(record.clone()), days };
    after.command(restore).expect("on the floor");
    assert_eq!(after.changes.len(), written, "nothing is written");
    after.wait(Duration::from_secs(1));
    let view = &after.engine.campaigns(&tenant())[0];
    assert_eq!((view.state, view.since), (CampaignState::Running, record.since));
    let terms = view.terms.as_ref().expect("it decides");
    assert_eq!((terms.answered, terms.abandoned), (200, 4));
    after.wait(Duration::from_secs(86_400));
    let view = &after.engine.campaigns(&tenant())[0];
    let terms = view.terms.as_ref().expect("it decides");
    assert_eq!((view.answered_today, terms.answered, terms.abandoned), (0, 0, 0), "a new window");
}

/// Calls that each of two campaigns over one trunk places in a minute; every one of them is busy.
fn calls_of_two(weights: [u32; 2]) -> [usize; 2] {
    let mut world = world_at_start();
    for (name, weight) in ["k1", "k2"].into_iter().zip(weights) {
        let mut spec = campaign_spec(name, "q1", DialMode::Power { ratio: 10.0 });
        (spec.weight, spec.lines_per_agent_max) = (weight, 10.0);
        world.add_campaign(spec);
    }
    let outbound = world.spec.trunks[0].outbound.as_mut().expect("it places calls");
    outbound.calls_per_second = 4.0;
    world.apply().expect("a floor without faults");
    on_duty(&mut world, "a1", false).expect("a persistent leg");
    for name in ["k1", "k2"] {
        world.command(Command::StartCampaign { campaign: campaign(name) }).expect("a draft");
    }
    let mut calls = [0; 2];
    for step in 0..600 {
        world.wait(Duration::from_millis(100));
        for request in std::mem::take(&mut world.placing.requests) {
            let Want::Leads { most, .. } = request.want else { panic!("{request:?}") };
            let names: Vec<String> =
                (0..most).map(|n| format!("{step}-{}-{n}", request.batch)).collect();
            let permits = names.iter().map(|it| world.permit(&request, it)).collect();
            world.decide(&request, Ok(Verdicts { permits, ..Verdicts::default() })).expect("taken");
            calls[usize::from(request.plan.spec.id.as_str() == "k2")] += names.len();
            for name in names {
                world.leg_ends(&name, LegEnd::Failed { status: 486, cause: None }).expect("a leg");
            }
        }
    }
    calls
}

#[test]
fn campaigns_share_a_trunk_by_their_weights() {
    for (weights, share) in [([1, 1], 0.5), ([3, 1], 0.75), ([1, 4], 0.2)] {
        let [one, other] = calls_of_two(weights);
        let all = (one + other) as f64;
        assert!(all >= 230.0, "the trunk is used: {one} and {other}");
        assert!((one as f64 / all - share).abs() < 0.05, "{weights:?}: {one} and {other}");
    }
}
