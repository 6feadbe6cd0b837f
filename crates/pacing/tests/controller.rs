//! What a controller promises whatever it is told.

use proptest::prelude::*;
use timbre_pacing::{
    Controller, HoldBack, Memory, Method, Phase, Resolution, Settings, target_for,
};

const METHODS: [Method; 4] =
    [Method::Forecast, Method::Adaptive, Method::Progressive, Method::Power { ratio: 3.0 }];

fn with_agents(method: Method, idle: u32) -> Controller {
    let mut controller = Controller::new(Settings::new(method, 0.03));
    (0..idle).for_each(|agent| controller.agent(agent, 0, Phase::Idle));
    controller
}

fn dial(controller: &mut Controller, lines: std::ops::Range<u64>, now: u64) {
    lines.for_each(|line| controller.dialed(line, now));
}

#[test]
fn every_method_gives_each_idle_agent_a_line_and_nobody_a_line_without_agents() {
    for method in METHODS {
        let decision = with_agents(method, 4).decide(0);
        assert!(decision.place >= 4, "{method:?}: {}", decision.place);
        let nobody = with_agents(method, 0).decide(0);
        assert_eq!(nobody.place, 0, "{method:?}");
        assert_eq!(nobody.terms.hold_back, Some(HoldBack::NoAgents), "{method:?}");
    }
}

#[test]
fn progressive_counts_lines_waiting_answers_and_lines_asked_for() {
    let mut controller = with_agents(Method::Progressive, 5);
    dial(&mut controller, 0..2, 0);
    controller.waiting(1);
    controller.pending(1);
    let decision = controller.decide(500);
    assert_eq!(decision.place, 1);
    assert_eq!(decision.terms.hold_back, Some(HoldBack::RatioReached));
}

#[test]
fn a_ratio_of_three_gives_three_lines_and_the_limit_fewer() {
    let mut controller = with_agents(Method::Power { ratio: 3.0 }, 5);
    assert_eq!(controller.decide(0).place, 15);
    let limited =
        Settings { max_lines_per_agent: 2.0, ..Settings::new(Method::Power { ratio: 3.0 }, 0.03) };
    controller.configure(limited);
    let decision = controller.decide(0);
    assert_eq!((decision.place, decision.terms.hold_back), (10, Some(HoldBack::LineLimit)));
}

#[test]
fn abandonment_lowers_the_threshold_and_answers_raise_it() {
    let mut controller = with_agents(Method::Forecast, 20);
    let threshold = |it: &mut Controller| it.decide(0).terms.threshold.expect("a threshold");
    let first = threshold(&mut controller);
    controller.served(0, true);
    let lowered = threshold(&mut controller);
    (0..50).for_each(|_| controller.served(0, false));
    let raised = threshold(&mut controller);
    assert!(lowered < first && raised > lowered, "{first} {lowered} {raised}");
}

/// Thirty-five answers and one abandonment leave the threshold where it was: 35 x 2.8 % is about one.
#[test]
fn the_threshold_balances_at_the_target() {
    let mut controller = with_agents(Method::Forecast, 20);
    let target = controller.settings().target;
    let threshold = |it: &mut Controller| it.decide(0).terms.threshold.expect("a threshold");
    let before = threshold(&mut controller);
    let answers = (10.0 / target).round() as u32;
    (0..answers).for_each(|n| controller.served(0, n % answers.div_ceil(10) == 1));
    let moved = (threshold(&mut controller) / before).ln();
    assert!(moved.abs() < 0.15, "moved by {moved}");
}

#[test]
fn more_risk_means_fewer_lines() {
    let mut busy = with_agents(Method::Forecast, 20);
    let free = busy.clone().decide(60_000).place;
    (0..20).for_each(|agent| busy.agent(agent, 59_000, Phase::Talking));
    let all_talk = busy.decide(60_000);
    assert!(all_talk.place < free, "{} of {free}", all_talk.place);
    assert_eq!(all_talk.terms.hold_back, Some(HoldBack::RiskAtThreshold));
    let risk = all_talk.terms.marginal_risk.expect("a risk");
    assert!(risk > all_talk.terms.threshold.expect("a threshold"));
}

#[test]
fn half_a_share_counts_on_half_the_agents() {
    let mut controller = with_agents(Method::Progressive, 10);
    controller.share(0.5);
    assert_eq!(controller.decide(0).place, 5);
    let mut forecast = with_agents(Method::Forecast, 40);
    let whole = forecast.decide(0).place;
    forecast.share(0.5);
    let half = forecast.decide(0).place;
    assert!(half >= 20 && half < whole, "{half} of {whole}");
}

#[test]
fn lines_that_nobody_reports_on_are_forgotten_and_late_reports_change_nothing() {
    let mut controller = with_agents(Method::Progressive, 3);
    dial(&mut controller, 0..3, 0);
    assert_eq!(controller.decide(22_000).place, 0);
    let later = controller.decide(31_000);
    assert_eq!((later.terms.lines, later.place), (0, 3));
    controller.resolved(1, 31_000, Resolution::Answered);
    assert_eq!(controller.decide(31_000).place, 3);
}

#[test]
fn the_alarm_leaves_one_line_per_idle_agent_until_it_is_over() {
    let mut controller = with_agents(Method::Power { ratio: 3.0 }, 10);
    (0..200).for_each(|n| controller.served(0, n % 5 == 0));
    let alarmed = controller.decide(0);
    assert_eq!((alarmed.place, alarmed.terms.hold_back), (10, Some(HoldBack::Alarm)));
    assert_eq!((alarmed.terms.abandoned, alarmed.terms.answered), (40, 200));
    assert_eq!(controller.decide(3 * 3_600_000).place, 30);
}

#[test]
fn on_off_agents_leave_no_trace_in_the_counts() {
    let mut controller = with_agents(Method::Forecast, 0);
    for now in (0..400_000).step_by(100) {
        let agent = (now / 100 % 7) as u32;
        let phase =
            [Phase::Idle, Phase::Away, Phase::Talking, Phase::WrapUp][now as usize / 700 % 4];
        controller.agent(agent, now, phase);
    }
    (0..7).for_each(|agent| controller.agent(agent, 400_000, Phase::Away));
    let terms = controller.decide(400_000).terms;
    assert_eq!((terms.agents, terms.agents_idle), (0, 0));
}

#[test]
fn what_was_learnt_outlives_a_restart() {
    let mut controller = with_agents(Method::Forecast, 20);
    for second in 0..4_000_u64 {
        let now = second * 1_000;
        controller.dialed(second, now);
        if let Some(line) = second.checked_sub(8) {
            let how = if line % 5 == 0 { Resolution::Answered } else { Resolution::Failed };
            controller.resolved(line, now, how);
        }
    }
    controller.served(4_000_000, true);
    let text = serde_json::to_string(&controller.memory()).expect("JSON");
    let memory: Memory = serde_json::from_str(&text).expect("a memory");
    let mut resumed = Controller::resume(controller.settings().clone(), memory);
    let (before, after) = (controller.decide(4_000_000).terms, resumed.decide(0).terms);
    assert!((after.answer_rate - 0.2).abs() < 0.02, "{}", after.answer_rate);
    assert_eq!((before.threshold, before.abandoned), (after.threshold, after.abandoned));
}

#[test]
fn a_thin_window_is_held_closer_to_its_target() {
    let lowered = |agents, answers_per_window| {
        let settings = Settings { answers_per_window, ..Settings::new(Method::Forecast, 0.03) };
        let mut controller = Controller::new(settings);
        (0..agents).for_each(|agent| controller.agent(agent, 0, Phase::Idle));
        let before = controller.decide(0).terms.threshold.expect("a threshold");
        controller.served(0, true);
        controller.decide(0).terms.threshold.expect("a threshold") / before
    };
    assert!(lowered(5, 3_999) < lowered(5, 4_000));
    assert_eq!(lowered(20, 3_999), lowered(20, 4_000), "enough of them bring answers enough");
}

#[test]
fn targets_keep_their_distance_from_the_cap() {
    for (agents, answers, target) in
        [(5, 10_000, 0.026), (20, 599, 0.026), (20, 2_600, 0.027), (20, 6_000, 0.028)]
    {
        assert!((target_for(0.03, agents, answers) - target).abs() < 1e-12, "{agents} {answers}");
    }
}

#[test]
fn settings_out_of_range_are_named_with_their_values() {
    let settings = Settings {
        target: 0.05,
        ring_timeout_ms: 90_000,
        max_lines_per_agent: f64::NAN,
        ..Settings::new(Method::Power { ratio: 0.5 }, 0.03)
    };
    let faults: Vec<_> =
        settings.faults().into_iter().map(|it| format!("{}={}", it.field, it.value)).collect();
    let expected = [
        "target=0.05",
        "ring_timeout_ms=90000",
        "max_lines_per_agent=NaN",
        "method.power.ratio=0.5",
    ];
    assert_eq!(faults, expected);
    assert_eq!(Settings::new(Method::Forecast, 0.03).faults(), Vec::new());
}

/// Anything at all that a controller may be told, in any order.
#[derive(Debug, Clone)]
enum Told {
    Dialed(u64),
    Resolved(u64, u8),
    Agent(u32, u8),
    Served(bool),
    Waiting(u32),
    Pending(u32),
    Share(f64),
    Configure(f64, f64, u64, u32, u32, f64),
    Window(u64, u64),
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        4 => (0..300_u64).prop_map(Told::Dialed),
        4 => (0..300_u64, 0..3_u8).prop_map(|(line, how)| Told::Resolved(line, how)),
        4 => (0..30_u32, 0..4_u8).prop_map(|(agent, phase)| Told::Agent(agent, phase)),
        3 => any::<bool>().prop_map(Told::Served),
        1 => any::<u32>().prop_map(Told::Waiting),
        1 => prop_oneof![0..40_u32, any::<u32>()].prop_map(Told::Pending),
        1 => any::<f64>().prop_map(Told::Share),
        1 => (any::<f64>(), any::<f64>(), any::<u64>(), any::<u32>(), any::<u32>(), any::<f64>())
            .prop_map(|(cap, target, answers, ring, grace, lines)| {
                Told::Configure(cap, target, answers, ring, grace, lines)
            }),
        1 => (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Told::Window(a, b)),
    ]
}

fn tell(controller: &mut Controller, now: u64, told: Told) {
    match told {
        Told::Dialed(line) => controller.dialed(line, now),
        Told::Resolved(line, how) => {
            let all = [Resolution::Answered, Resolution::Failed, Resolution::Cancelled];
            controller.resolved(line, now, all[usize::from(how)]);
        }
        Told::Agent(agent, phase) => {
            let all = [Phase::Idle, Phase::Talking, Phase::WrapUp, Phase::Away];
            controller.agent(agent, now, all[usize::from(phase)]);
        }
        Told::Served(abandoned) => controller.served(now, abandoned),
        Told::Waiting(answers) => controller.waiting(answers),
        Told::Pending(lines) => controller.pending(lines),
        Told::Share(share) => controller.share(share),
        Told::Configure(cap, target, answers_per_window, ring_timeout_ms, grace_ms, most) => {
            let method = controller.settings().method;
            controller.configure(Settings {
                method,
                target,
                cap,
                answers_per_window,
                grace_ms,
                ring_timeout_ms,
                max_lines_per_agent: most,
            });
        }
        Told::Window(abandoned, answered) => controller.window_restarted(abandoned, answered),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Nothing it is told, at no moment, makes it panic, leave the numbers or pass the line limit, and
    /// what it keeps is always good enough to resume from.
    #[test]
    fn no_tale_drives_it_out_of_its_mind(
        method in prop::sample::select(METHODS.to_vec()),
        tale in prop::collection::vec((prop_oneof![9 => 0..3_000_u64, 1 => any::<u64>()], told()), 1..200),
    ) {
        let mut controller = Controller::new(Settings::new(method, 0.03));
        let mut now = 0_u64;
        for (later, told) in tale {
            now = now.wrapping_add(later);
            tell(&mut controller, now, told);
            let decision = controller.decide(now);
            let terms = &decision.terms;
            let numbers = [
                terms.expected_answers,
                terms.answer_rate,
                terms.level,
                terms.agents_expected.unwrap_or(0.0),
                terms.threshold.unwrap_or(0.0),
                terms.ratio.unwrap_or(0.0),
                terms.marginal_risk.unwrap_or(0.0),
            ];
            prop_assert!(numbers.iter().all(|it| it.is_finite() && *it >= 0.0), "{terms:?}");
            let limit = f64::from(terms.agents) * controller.settings().max_lines_per_agent;
            let lines = f64::from(terms.lines) + f64::from(terms.pending);
            prop_assert!(decision.place == 0 || lines + f64::from(decision.place) <= limit.ceil());
        }
        let kept = controller.memory();
        let resumed = Controller::resume(controller.settings().clone(), kept.clone());
        prop_assert_eq!(resumed.memory(), kept);
    }

    /// A memory with one number spoilt is refused as a whole, or it was still a possible one; in
    /// either case the controller decides as soberly as a new one.
    #[test]
    fn a_spoilt_memory_is_harmless(place in 0..600_usize, value in any::<f64>()) {
        let mut json = serde_json::to_value(with_agents(Method::Forecast, 3).memory()).expect("JSON");
        let mut numbers = Vec::new();
        collect(&mut json, &mut numbers);
        let at = place % numbers.len();
        *numbers[at] = serde_json::json!(value);
        let Ok(memory) = serde_json::from_value::<Memory>(json) else { return Ok(()) };
        let mut resumed = Controller::resume(Settings::new(Method::Forecast, 0.03), memory);
        (0..5).for_each(|agent| resumed.agent(agent, 0, Phase::Idle));
        let decision = resumed.decide(1_000);
        prop_assert!((5..=100).contains(&decision.place));
        prop_assert!(decision.terms.expected_answers.is_finite());
    }
}

fn collect<'v>(value: &'v mut serde_json::Value, numbers: &mut Vec<&'v mut serde_json::Value>) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.values_mut().for_each(|it| collect(it, numbers))
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|it| collect(it, numbers)),
        serde_json::Value::Number(_) => numbers.push(value),
        _ => {}
    }
}
