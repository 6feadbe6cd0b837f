//! A board as it comes about, for the tests of what is drawn.

use timbre_model::{
    AttemptOutcome, CampaignId, CampaignRef, CampaignState, NotReadyReason, QueueRef, Slug,
    TenantId,
};

use super::*;

/// Ours; the server's clock is a minute behind.
pub const NOW: Civil = Civil::from_micros(1_700_000_000_000_000);

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

fn server(seconds_ago: i64) -> Civil {
    Civil::from_micros(NOW.as_micros() - 60_000_000 - seconds_ago * 1_000_000)
}

fn queue(id: &str, name: &str) -> QueueStatus {
    QueueStatus {
        queue: QueueRef { tenant: tenant(), queue: QueueId::parse(id).expect("an id") },
        name: name.to_owned(),
        waiting: 0,
        oldest_wait: None,
        idle_agents: 4,
        talking: 0,
        counts: QueueCounts::default(),
    }
}

fn agent(id: &str, state: AgentStateKind, seconds: i64) -> (AgentRef, AgentView) {
    let view = AgentView {
        state,
        reason: None,
        since: server(seconds),
        offer: None,
        call: None,
        on_hold: false,
        wrap_up_until: None,
        wrap_up_extendable: false,
        pause_after: None,
        connected: true,
        station: true,
    };
    (AgentRef { tenant: tenant(), agent: AgentId::parse(id).expect("an id") }, view)
}

fn campaign() -> CampaignStatus {
    CampaignStatus {
        campaign: CampaignRef {
            tenant: tenant(),
            campaign: CampaignId::parse("regreso").expect("an id"),
        },
        name: "Regreso".to_owned(),
        state: CampaignState::Running,
        since: server(60),
        reason: None,
        mode: "predictive".to_owned(),
        in_setup: 14,
        ringing: 9,
        waiting: 1,
        talking: 8,
        answered_today: 199,
        abandoned_today: 4,
        abandonment_cap: 0.03,
        terms: None,
        withheld: None,
        holding_back: Some("no lead may be called now".to_owned()),
        attempts_ended: [(AttemptOutcome::NoAnswer, 301), (AttemptOutcome::Connected, 195)].into(),
    }
}

/// Two queues, of which one has worked, a campaign and four agents.
pub fn board() -> Board {
    let counts = QueueCounts {
        arrived: 110,
        answered: 90,
        within_service_level: 80,
        abandoned: 6,
        abandoned_short: 3,
        refused: 2,
        lost: 2,
        answered_in_ring: vec![0, 60, 30, 0, 0, 0, 0, 0],
        answer_seconds: 630.0,
        hold_seconds: 250.0,
        holds: 10,
    };
    let busy = QueueStatus {
        waiting: 7,
        oldest_wait: Some(Duration::from_secs(42)),
        idle_agents: 0,
        talking: 12,
        counts,
        ..queue("ventas", "Ventas")
    };
    let (who, lunch) = agent("carla", AgentStateKind::NotReady, 600);
    let pause = NotReadyReason::Pause(Slug::parse("comida").expect("a slug"));
    let (held_by, holding) = agent("bruno", AgentStateKind::Talking, 95);
    let agents = vec![
        agent("ana", AgentStateKind::Ready, 5),
        (held_by, AgentView { on_hold: true, ..holding }),
        (who, AgentView { reason: Some(pause), ..lunch }),
        agent("diego", AgentStateKind::SignedOut, 9_000),
    ];
    let queues = vec![queue("soporte", "Soporte técnico"), busy];
    let what = FloorNews::Snapshot { queues, agents };
    let mut board = Board { campaigns: vec![campaign()], ..Board::default() };
    board.take(FloorUpdate { sequence: 9, at: server(0), what }, NOW);
    board
}

#[test]
fn averages_and_shares_come_from_counts() {
    let board = board();
    let counts = |id: &str| board.queues[id].0.counts.clone();
    assert_eq!(service_level(&counts("ventas")), Some(80.0));
    assert_eq!(answer(&counts("ventas")), Some(((60.0 * 2.0 + 30.0 * 3.0) / 90.0, 7.0)));
    assert_eq!(hold(&counts("ventas")), Some(25.0));
    assert_eq!(may_abandon(&board.campaigns[0]), 5);
    assert_eq!(bars(&counts("ventas")), " █▄  ");
    let none = counts("soporte");
    assert_eq!((service_level(&none), answer(&none), hold(&none)), (None, None, None));
}

#[test]
fn changes_replace_what_they_are_about() {
    let mut board = board();
    let (who, view) = agent("ana", AgentStateKind::Offered, 1);
    board.take(FloorUpdate { sequence: 10, at: server(0), what: FloorNews::Agent(who, view) }, NOW);
    let counted = board.census().into_iter().find(|(kind, _)| *kind == AgentStateKind::Offered);
    assert_eq!((counted, board.agents.len()), (Some((AgentStateKind::Offered, 1)), 4));
    let (status, told) = &board.queues["ventas"];
    let later = NOW + Duration::from_secs(3);
    assert_eq!(oldest(status, *told, later), Some(Duration::from_secs(45)));
}
