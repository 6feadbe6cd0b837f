//! Campaigns, leads, do-not-call lists and the trunks that calls are placed over.

use timbre_engine::{AttemptEnded, CampaignView, Paced, TrunkView, Withheld};
use timbre_model::{AttemptOutcome, CampaignId, CampaignRef, CampaignState, DialMode, ListId};
use timbre_pacing::{HoldBack, Terms};

use super::*;

fn campaign(name: &str) -> CampaignRef {
    CampaignRef { tenant: tenant(), campaign: CampaignId::parse(name).expect("an id") }
}

fn list(name: &str) -> ListId {
    ListId::parse(name).expect("an id")
}

fn terms() -> Terms {
    Terms {
        lines: 9,
        pending: 2,
        waiting: 1,
        expected_answers: 2.5,
        answer_rate: 0.25,
        level: 1.,
        agents: 10,
        agents_idle: 2,
        agents_expected: Some(3.5),
        threshold: Some(0.02),
        ratio: None,
        marginal_risk: Some(0.03),
        abandoned: 3,
        answered: 120,
        target: 0.028,
        hold_back: Some(HoldBack::RiskAtThreshold),
    }
}

fn dialed(metrics: &Metrics, name: &str) {
    let what = EventKind::AttemptDialed { attempt: CALL, campaign: campaign(name), trunk: trunk() };
    happens(metrics, what);
}

/// A person answers, and is with an agent after `to_agent`; `None`: abandoned.
fn answered(metrics: &Metrics, name: &str, to_agent: Option<Duration>) {
    let campaign = campaign(name);
    picks_up(metrics, name);
    if let Some(waited) = to_agent {
        let connected = EventKind::CallConnected {
            call: CALL,
            queue: queue("ventas"),
            agent: agent(),
            waited,
            within_service_level: true,
            placed: None,
        };
        happens(metrics, connected);
    }
    happens(metrics, EventKind::LiveAnswerServed { campaign, to_agent });
}

fn picks_up(metrics: &Metrics, name: &str) {
    let campaign = campaign(name);
    let answer = EventKind::AttemptAnswered { attempt: CALL, campaign, rang_for: secs(6) };
    happens(metrics, answer);
    let caller = CallerId::Withheld;
    happens(metrics, EventKind::CallArrived { call: CALL, trunk: trunk(), caller });
}

fn attempt_ended(metrics: &Metrics, name: &str, outcome: AttemptOutcome) {
    attempt_ended_after(metrics, name, outcome, secs(12));
}

fn attempt_ended_after(metrics: &Metrics, name: &str, outcome: AttemptOutcome, in_setup: Duration) {
    let ended = AttemptEnded {
        attempt: CALL,
        campaign: campaign(name),
        trunk: trunk(),
        outcome,
        sip_status: None,
        in_setup,
    };
    happens(metrics, EventKind::AttemptEnded(ended));
}

fn refused(metrics: &Metrics, name: &str, rule: String, count: u64) {
    happens(metrics, EventKind::LeadsRefused { campaign: campaign(name), rule, count });
}

/// Something of all that campaigns count and show.
pub(super) fn outbound(metrics: &Metrics) {
    let paced = Paced { campaign: campaign("alta"), wanted: 3, terms: terms() };
    happens(metrics, EventKind::Paced(Box::new(paced)));
    dialed(metrics, "alta");
    answered(metrics, "alta", Some(Duration::from_millis(120)));
    attempt_ended(metrics, "alta", AttemptOutcome::Connected);
    refused(metrics, "alta", "internal-list".to_owned(), 4);
    let because = "on the internal list".to_owned();
    let wanted =
        EventKind::DialRefused { agent: agent(), campaign: campaign("alta"), because, until: None };
    happens(metrics, wanted);
    happens(metrics, EventKind::DoNotCallAdded { tenant: tenant(), cancelled: 2 });
    metrics.campaigns(&[view("alta", CampaignState::Running)]);
    metrics.leads(&[(tenant(), list("lugo"), "ready", 7)]);
    metrics.outbound_trunks(&[trunk_view()]);
}

fn trunk_view() -> TrunkView {
    TrunkView {
        trunk: trunk(),
        in_setup: 12,
        open: 30,
        rate: 20.,
        spent_today: 41.5,
        in_trouble: false,
        stopped: true,
    }
}

fn view(name: &str, state: CampaignState) -> CampaignView {
    CampaignView {
        campaign: campaign(name),
        state,
        since: civil(1_000),
        reason: None,
        mode: DialMode::default(),
        in_setup: 9,
        ringing: 4,
        waiting: 1,
        talking: 7,
        open_requests: 1,
        abandonment_cap: 0.03,
        terms: Some(terms()),
        answered_today: 120,
        abandoned_today: 3,
        withheld: None,
        holding_back: None,
    }
}

fn sum(metrics: &Metrics, family: &str) -> f64 {
    let family = format!("timbre_{family}{{");
    figures(metrics).iter().filter(|(it, _)| it.starts_with(&family)).map(|(_, it)| it).sum()
}

fn of_campaign(metrics: &Metrics, name: &str, campaign: &str) -> f64 {
    of(&figures(metrics), name, &format!(r#"campaign="{campaign}""#))
}

#[test]
fn every_attempt_and_every_live_answer_counts_once() {
    let metrics = Metrics::new();
    for &outcome in AttemptOutcome::ALL {
        dialed(&metrics, "alta");
        match outcome {
            AttemptOutcome::Connected => answered(&metrics, "alta", Some(secs(1))),
            AttemptOutcome::Abandoned => answered(&metrics, "alta", None),
            _ => {}
        }
        attempt_ended(&metrics, "alta", outcome);
    }
    let attempts = AttemptOutcome::ALL.len() as f64;
    for family in [
        "campaign_attempts_dialed_total",
        "campaign_attempts_ended_total",
        "trunk_attempts_dialed_total",
        "trunk_attempts_ended_total",
        "campaign_setup_seconds_count",
    ] {
        assert_eq!(sum(&metrics, family), attempts, "{family}");
    }
    assert_eq!(of_campaign(&metrics, "campaign_live_answers_total", "alta"), 2.);
    assert_eq!(of_campaign(&metrics, "campaign_abandoned_total", "alta"), 1.);
    assert_eq!(of_campaign(&metrics, "campaign_answer_to_agent_seconds_count", "alta"), 1.);
    let all = figures(&metrics);
    for outcome in AttemptOutcome::ALL {
        let labels = format!(r#"campaign="alta",outcome="{outcome}",blame="{}""#, outcome.blame());
        assert_eq!(of(&all, "campaign_attempts_ended_total", &labels), 1.);
    }
    assert_eq!(of(&all, "trunk_attempts_ended_total", r#"trunk="carrier",blame="caller""#), 2.);
}

#[test]
fn who_leaves_before_an_agent_had_to_be_there_is_neither_served_nor_abandoned() {
    let metrics = Metrics::new();
    for outcome in [AttemptOutcome::Rejected, AttemptOutcome::CarrierFault] {
        dialed(&metrics, "alta");
        picks_up(&metrics, "alta");
        attempt_ended(&metrics, "alta", outcome);
        dialed(&metrics, "alta");
        attempt_ended(&metrics, "alta", outcome);
    }
    answered(&metrics, "alta", None);
    attempt_ended(&metrics, "alta", AttemptOutcome::Abandoned);
    answered(&metrics, "alta", Some(secs(1)));
    attempt_ended(&metrics, "alta", AttemptOutcome::Connected);
    assert_eq!(of_campaign(&metrics, "campaign_live_answers_total", "alta"), 4.);
    assert_eq!(of_campaign(&metrics, "campaign_left_early_total", "alta"), 2.);
    assert_eq!(of_campaign(&metrics, "campaign_abandoned_total", "alta"), 1.);
    assert_eq!(sum(&metrics, "trunk_calls_arrived_total"), 0., "we called them");
    let caller = CallerId::Withheld;
    happens(&metrics, EventKind::CallArrived { call: CALL, trunk: trunk(), caller });
    assert_eq!(sum(&metrics, "trunk_calls_arrived_total"), 1., "they called us");
}

#[test]
fn a_permit_that_is_not_dialed_ends_and_was_never_in_set_up() {
    let metrics = Metrics::new();
    attempt_ended_after(&metrics, "alta", AttemptOutcome::Cancelled, Duration::ZERO);
    dialed(&metrics, "alta");
    attempt_ended(&metrics, "alta", AttemptOutcome::Cancelled);
    assert_eq!(of_campaign(&metrics, "campaign_attempts_dialed_total", "alta"), 1.);
    assert_eq!(of_campaign(&metrics, "campaign_attempts_undialed_total", "alta"), 1.);
    assert_eq!(of_campaign(&metrics, "campaign_setup_seconds_count", "alta"), 1.);
    assert_eq!(sum(&metrics, "campaign_attempts_ended_total"), 2.);
}

#[test]
fn the_second_that_matters_is_seen_in_fractions() {
    let metrics = Metrics::new();
    for millis in [40, 290, 1_999, 2_001] {
        answered(&metrics, "alta", Some(Duration::from_millis(millis)));
    }
    let all = figures(&metrics);
    for (edge, served) in [("0.05", 1.), ("0.3", 2.), ("2", 3.), ("3", 4.)] {
        let labels = format!(r#"campaign="alta",le="{edge}""#);
        assert_eq!(of(&all, "campaign_answer_to_agent_seconds_bucket", &labels), served, "{edge}");
    }
}

#[test]
fn a_campaign_shows_how_it_stands_and_why_it_holds_back() {
    let metrics = Metrics::new();
    let mut view = view("alta", CampaignState::Running);
    let show = |view: &CampaignView| {
        metrics.campaigns(std::slice::from_ref(view));
        figures(&metrics)
    };
    let all = show(&view);
    let with = |all: &BTreeMap<_, _>, name: &str, label: &str| {
        of(all, &format!("campaign_{name}"), &format!(r#"campaign="alta",{label}"#))
    };
    assert_eq!(with(&all, "state", r#"state="running""#), 1.);
    assert_eq!(with(&all, "state", r#"state="draft""#), 0.);
    assert_eq!(with(&all, "held_back", r#"reason="risk_at_threshold""#), 1.);
    assert_eq!(with(&all, "withheld", r#"reason="stale_list""#), 0.);
    let figure = |all: &BTreeMap<_, _>, name: &str| {
        of(all, &format!("campaign_{name}"), r#"campaign="alta""#)
    };
    assert_eq!(figure(&all, "expected_answers"), 2.5);
    assert_eq!(figure(&all, "agents_expected_free"), 3.5);
    assert_eq!(figure(&all, "pacing_threshold"), 0.02);
    assert_eq!(figure(&all, "abandonment_cap"), 0.03);
    assert_eq!(figure(&all, "today_live_answers"), 120.);
    assert!(figure(&all, "pacing_lines_per_agent").is_nan(), "the forecast has no ratio");

    view.withheld = Some(Withheld::StaleList { list: "Robinson".to_owned() });
    view.holding_back = Some("no lead may be called yet".to_owned());
    view.terms = None;
    let all = show(&view);
    assert_eq!(with(&all, "withheld", r#"reason="stale_list""#), 1.);
    assert_eq!(with(&all, "held_back", r#"reason="risk_at_threshold""#), 0.);
    assert_eq!(with(&all, "held_back", r#"reason="no_lead_or_trunk""#), 1.);
    assert!(figure(&all, "pacing_threshold").is_nan(), "an old threshold is no threshold");

    metrics.campaigns(&[]);
    assert_eq!(sum(&metrics, "campaign_state"), 0., "it is on no floor any more");
    assert_eq!(sum(&metrics, "campaign_withheld"), 0.);
}

#[test]
fn campaigns_and_rules_are_bounded_and_what_is_beyond_is_still_counted() {
    let metrics = Metrics::new();
    let names: Vec<_> = (0..300).map(|n| format!("c{n}")).collect();
    let views: Vec<_> = names.iter().map(|name| view(name, CampaignState::Running)).collect();
    metrics.campaigns(&views);
    for rule in 0..100 {
        refused(&metrics, "c0", format!("XX-rule-{rule}"), 2);
    }
    let all = figures(&metrics);
    assert!(all.len() < 25_000, "{} series", all.len());
    assert_eq!(sum(&metrics, "campaign_state"), 300.);
    assert_eq!(sum(&metrics, "campaign_agents"), 3_000.);
    assert_eq!(sum(&metrics, "campaign_leads_refused_total"), 200.);
    let shared = r#"campaign="c0",rule="__other__""#;
    assert_eq!(of(&all, "campaign_leads_refused_total", shared), 120.);
    let shared = r#"timbre_campaign_pacing_threshold{tenant="__other__",campaign="__other__"}"#;
    assert_eq!(all[shared], 0.02, "shares do not add up");
}

#[test]
fn lists_show_their_leads_and_forget_those_that_are_gone() {
    let metrics = Metrics::new();
    let lugo = || (tenant(), list("lugo"));
    let leads = |metrics: &Metrics, state: &str| {
        of(&figures(metrics), "leads", &format!(r#"list="lugo",state="{state}""#))
    };
    let count = |state: &'static str, leads| (lugo().0, lugo().1, state, leads);
    metrics.leads(&[count("ready", 40), count("blocked", 2)]);
    assert_eq!((leads(&metrics, "ready"), leads(&metrics, "blocked")), (40., 2.));
    metrics.leads(&[count("finished", 42)]);
    assert_eq!((leads(&metrics, "ready"), leads(&metrics, "finished")), (0., 42.));
}

#[test]
fn every_state_of_a_lead_has_its_word() {
    use timbre_model::{Civil, LeadState, Slug};
    let at = Civil::default();
    let states = [
        LeadState::Ready,
        LeadState::Claimed,
        LeadState::Retry { at },
        LeadState::Callback { at, agent: None },
        LeadState::Finished { disposition: Slug::parse("sold").expect("a code") },
        LeadState::Blocked { rule: "zone".to_owned(), until: None },
    ];
    for state in states {
        let metrics = Metrics::new();
        let kept = serde_json::to_value(&state).expect("it is kept as JSON");
        let word = kept["state"].as_str().expect("a word");
        metrics.leads(&[(tenant(), list("lugo"), word, 1)]);
        assert_eq!(sum(&metrics, "leads"), 1., "{word}");
    }
}

#[test]
fn a_trunk_shows_how_near_its_limits_it_is() {
    let metrics = Metrics::new();
    metrics.outbound_trunks(&[trunk_view()]);
    let figure = |metrics: &Metrics, name: &str| of(&figures(metrics), name, r#"trunk="carrier""#);
    assert_eq!(figure(&metrics, "trunk_attempts_in_setup"), 12.);
    assert_eq!(figure(&metrics, "trunk_spent_today"), 41.5);
    assert_eq!(figure(&metrics, "trunk_attempts_per_second_max"), 20.);
    assert_eq!((figure(&metrics, "trunk_trouble"), figure(&metrics, "trunk_stopped")), (0., 1.));
    metrics.outbound_trunks(&[]);
    assert_eq!(figure(&metrics, "trunk_stopped"), 0.);
}

#[test]
fn who_may_not_be_called_any_more_is_counted_and_not_named() {
    let metrics = Metrics::new();
    happens(&metrics, EventKind::DoNotCallAdded { tenant: tenant(), cancelled: 2 });
    happens(&metrics, EventKind::DoNotCallAdded { tenant: tenant(), cancelled: 0 });
    let all = figures(&metrics);
    assert_eq!(all[r#"timbre_do_not_call_added_total{tenant="demo"}"#], 2.);
    assert_eq!(all[r#"timbre_do_not_call_cancelled_total{tenant="demo"}"#], 2.);
}
