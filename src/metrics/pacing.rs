//! How each campaign stands: its state, what pacing rests on, what holds it back.

use metrics::Gauge;
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_engine::{CampaignView, Withheld};
use timbre_model::CampaignState;
use timbre_pacing::{HoldBack, Terms};

use super::catalog;

const STATES: usize = CampaignState::ALL.len();

/// What may keep a campaign from placing one more line, in the order of [`held_back`]; last what is neither its pacing
/// nor the law.
const HELD_BACK: [&str; 6] =
    ["no_agents", "risk_at_threshold", "ratio_reached", "line_limit", "alarm", NO_LEAD_OR_TRUNK];
const NO_LEAD_OR_TRUNK: &str = "no_lead_or_trunk";

fn held_back(why: HoldBack) -> usize {
    match why {
        HoldBack::NoAgents => 0,
        HoldBack::RiskAtThreshold => 1,
        HoldBack::RatioReached => 2,
        HoldBack::LineLimit => 3,
        HoldBack::Alarm => 4,
    }
}

/// Why nothing may be dialed, in the order of [`withheld`].
const WITHHELD: [&str; 4] = ["store_away", "clock_untrusted", "stale_list", "other"];

fn withheld(why: &Withheld) -> usize {
    match why {
        Withheld::StoreAway => 0,
        Withheld::ClockUntrusted => 1,
        Withheld::StaleList { .. } => 2,
        Withheld::Other(_) => 3,
    }
}

/// What the gauges of one meter will show: of its campaign, or of all that share it. Counts add up; of shares the
/// greatest is shown.
#[derive(Clone, Default)]
pub(super) struct Standing {
    states: [u32; STATES],
    withheld: [bool; WITHHELD.len()],
    held_back: [bool; HELD_BACK.len()],
    in_setup: u32,
    waiting: u32,
    talking: u32,
    answered: u64,
    abandoned: u64,
    cap: Option<f64>,
    terms: Option<Terms>,
}

impl Standing {
    pub(super) fn add(&mut self, view: &CampaignView) {
        self.states[view.state as usize] += 1;
        self.in_setup += view.in_setup;
        self.waiting += view.waiting;
        self.talking += view.talking;
        self.answered += view.answered_today;
        self.abandoned += view.abandoned_today;
        self.cap = greatest(self.cap, Some(view.abandonment_cap));
        let running = view.state == CampaignState::Running;
        self.held_back[HELD_BACK.len() - 1] |= running && view.holding_back.is_some();
        if let Some(why) = &view.withheld {
            self.withheld[withheld(why)] = true;
        }
        // Of one that runs no more, the last decision is history.
        let Some(terms) = view.terms.as_ref().filter(|_| running) else { return };
        if let Some(why) = terms.hold_back {
            self.held_back[held_back(why)] = true;
        }
        self.terms = Some(match self.terms.take() {
            Some(others) => together(others, terms),
            None => terms.clone(),
        });
    }
}

fn greatest(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}

/// The terms of campaigns that share a meter.
fn together(a: Terms, b: &Terms) -> Terms {
    Terms {
        lines: a.lines.saturating_add(b.lines),
        pending: a.pending.saturating_add(b.pending),
        waiting: a.waiting.saturating_add(b.waiting),
        expected_answers: a.expected_answers + b.expected_answers,
        answer_rate: a.answer_rate.max(b.answer_rate),
        level: a.level.max(b.level),
        agents: a.agents.saturating_add(b.agents),
        agents_idle: a.agents_idle.saturating_add(b.agents_idle),
        agents_expected: a
            .agents_expected
            .into_iter()
            .chain(b.agents_expected)
            .reduce(|a, b| a + b),
        threshold: greatest(a.threshold, b.threshold),
        ratio: greatest(a.ratio, b.ratio),
        marginal_risk: greatest(a.marginal_risk, b.marginal_risk),
        abandoned: a.abandoned.saturating_add(b.abandoned),
        answered: a.answered.saturating_add(b.answered),
        target: a.target.max(b.target),
        hold_back: a.hold_back,
    }
}

/// One campaign's gauges.
pub(super) struct PacingGauges {
    states: [Gauge; STATES],
    withheld: [Gauge; WITHHELD.len()],
    held_back: [Gauge; HELD_BACK.len()],
    in_setup: Gauge,
    pending: Gauge,
    waiting: Gauge,
    talking: Gauge,
    agents: Gauge,
    idle: Gauge,
    expected_free: Gauge,
    expected_answers: Gauge,
    threshold: Gauge,
    risk: Gauge,
    ratio: Gauge,
    today_live: Gauge,
    today_abandoned: Gauge,
    cap: Gauge,
    target: Gauge,
}

impl PacingGauges {
    pub(super) fn new(recorder: &PrometheusRecorder, tenant: &str, campaign: &str) -> Self {
        let gauge = |family: &catalog::Family| family.gauge(recorder, &[tenant, campaign]);
        let with =
            |family: &catalog::Family, word| family.gauge(recorder, &[tenant, campaign, word]);
        Self {
            states: std::array::from_fn(|it| {
                with(catalog::CAMPAIGN_STATE, CampaignState::ALL[it].as_str())
            }),
            withheld: WITHHELD.map(|word| with(catalog::CAMPAIGN_WITHHELD, word)),
            held_back: HELD_BACK.map(|word| with(catalog::CAMPAIGN_HELD_BACK, word)),
            in_setup: gauge(catalog::CAMPAIGN_IN_SETUP),
            pending: gauge(catalog::CAMPAIGN_PENDING),
            waiting: gauge(catalog::CAMPAIGN_WAITING),
            talking: gauge(catalog::CAMPAIGN_TALKING),
            agents: gauge(catalog::CAMPAIGN_AGENTS),
            idle: gauge(catalog::CAMPAIGN_IDLE),
            expected_free: gauge(catalog::CAMPAIGN_EXPECTED_FREE),
            expected_answers: gauge(catalog::CAMPAIGN_EXPECTED_ANSWERS),
            threshold: gauge(catalog::CAMPAIGN_THRESHOLD),
            risk: gauge(catalog::CAMPAIGN_RISK),
            ratio: gauge(catalog::CAMPAIGN_RATIO),
            today_live: gauge(catalog::CAMPAIGN_TODAY_LIVE),
            today_abandoned: gauge(catalog::CAMPAIGN_TODAY_ABANDONED),
            cap: gauge(catalog::CAMPAIGN_CAP),
            target: gauge(catalog::CAMPAIGN_TARGET),
        }
    }

    pub(super) fn show(&self, standing: &Standing) {
        for (gauge, campaigns) in self.states.iter().zip(standing.states) {
            gauge.set(campaigns);
        }
        let reasons = self.withheld.iter().zip(standing.withheld);
        for (gauge, holds) in reasons.chain(self.held_back.iter().zip(standing.held_back)) {
            gauge.set(f64::from(u8::from(holds)));
        }
        self.in_setup.set(standing.in_setup);
        self.waiting.set(standing.waiting);
        self.talking.set(standing.talking);
        self.today_live.set(standing.answered as f64);
        self.today_abandoned.set(standing.abandoned as f64);
        self.cap.set(standing.cap.unwrap_or(f64::NAN));
        self.show_terms(standing.terms.as_ref());
    }

    /// What pacing rests on. Without a decision the counts are zero, and what is no count is nothing.
    fn show_terms(&self, terms: Option<&Terms>) {
        let count = |of: fn(&Terms) -> f64| terms.map_or(0., of);
        let figure = |of: fn(&Terms) -> Option<f64>| terms.and_then(of).unwrap_or(f64::NAN);
        self.pending.set(count(|it| f64::from(it.pending)));
        self.agents.set(count(|it| f64::from(it.agents)));
        self.idle.set(count(|it| f64::from(it.agents_idle)));
        self.expected_answers.set(count(|it| it.expected_answers));
        self.expected_free.set(figure(|it| it.agents_expected));
        self.threshold.set(figure(|it| it.threshold));
        self.risk.set(figure(|it| it.marginal_risk));
        self.ratio.set(figure(|it| it.ratio));
        self.target.set(figure(|it| Some(it.target)));
    }
}
