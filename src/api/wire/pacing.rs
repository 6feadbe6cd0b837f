//! Campaigns as they now stand, and what their pacing decides.

use std::collections::BTreeMap;

use timbre_engine::{CampaignView, Withheld};
use timbre_model::{AttemptOutcome, CampaignRef, CampaignState, Civil, FieldError};
use timbre_pacing::{HoldBack, Terms};

use super::agent::{optional, word};
use super::name;
use super::time::{moment, need_moment};
use crate::api::pb;

/// A campaign as it now stands.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignStatus {
    /// Which.
    pub campaign: CampaignRef,
    /// Its name, for people.
    pub name: String,
    /// The state.
    pub state: CampaignState,
    /// Since when.
    pub since: Civil,
    /// Why, where it was not asked for.
    pub reason: Option<String>,
    /// A word of [`timbre_model::DialMode`].
    pub mode: String,
    /// Calls placed and not answered yet.
    pub in_setup: u32,
    /// Of which the far end is known to ring.
    pub ringing: u32,
    /// Answered ones that wait for an agent.
    pub waiting: u32,
    /// Calls with an agent.
    pub talking: u32,
    /// Live answers of the present UTC day.
    pub answered_today: u64,
    /// Of which no agent was there in time.
    pub abandoned_today: u64,
    /// The strictest share of live answers that may be abandoned, the law's or its own.
    pub abandonment_cap: f64,
    /// What the last decision was made of.
    pub terms: Option<Terms>,
    /// Why nothing can be authorized at present.
    pub withheld: Option<String>,
    /// Why it asks for no more, where that is neither its pacing nor the law.
    pub holding_back: Option<String>,
    /// Attempts that ended since the server started, by outcome.
    pub attempts_ended: BTreeMap<AttemptOutcome, u64>,
}

impl CampaignStatus {
    /// As the engine sees it; `name` is the floor's.
    pub fn of(
        view: CampaignView,
        name: String,
        attempts_ended: BTreeMap<AttemptOutcome, u64>,
    ) -> Self {
        let CampaignView {
            campaign,
            state,
            since,
            reason,
            mode,
            in_setup,
            ringing,
            waiting,
            talking,
            open_requests: _,
            terms,
            abandonment_cap,
            answered_today,
            abandoned_today,
            withheld,
            holding_back,
        } = view;
        let mode = mode.as_str().to_owned();
        let withheld = withheld.as_ref().map(withheld_words);
        Self {
            campaign,
            name,
            state,
            since,
            reason,
            mode,
            in_setup,
            ringing,
            waiting,
            talking,
            answered_today,
            abandoned_today,
            abandonment_cap,
            terms,
            withheld,
            holding_back,
            attempts_ended,
        }
    }
}

/// Why nothing can be authorized, for people.
pub fn withheld_words(why: &Withheld) -> String {
    match why {
        Withheld::StoreAway => {
            "the database is away: nothing is dialed until it is back".to_owned()
        }
        Withheld::ClockUntrusted => {
            "the host's clock has stepped: nothing is dialed until it has settled".to_owned()
        }
        Withheld::StaleList { list } => {
            format!("{list}: import a registry of today with `timbre dnc import`")
        }
        Withheld::Other(why) => why.clone(),
    }
}

/// As the wire has it.
pub fn to_wire(status: &CampaignStatus) -> pb::CampaignStatus {
    let CampaignStatus {
        campaign,
        name,
        state,
        since,
        reason,
        mode,
        in_setup,
        ringing,
        waiting,
        talking,
        answered_today,
        abandoned_today,
        abandonment_cap,
        terms,
        withheld,
        holding_back,
        attempts_ended,
    } = status;
    let ended = attempts_ended.iter().map(|(outcome, count)| (outcome.to_string(), *count));
    pb::CampaignStatus {
        name: name::campaign(campaign),
        display_name: name.clone(),
        state: state.to_string(),
        since: Some(moment(*since)),
        reason: reason.clone().unwrap_or_default(),
        mode: mode.clone(),
        in_setup: *in_setup,
        ringing: *ringing,
        waiting: *waiting,
        talking: *talking,
        answered_today: *answered_today,
        abandoned_today: *abandoned_today,
        abandonment_cap: *abandonment_cap,
        pacing: terms.as_ref().map(terms_to_wire),
        withheld: withheld.clone().unwrap_or_default(),
        holding_back: holding_back.clone().unwrap_or_default(),
        attempts_ended: ended.collect(),
    }
}

/// Reads it back.
pub fn from_wire(wire: pb::CampaignStatus) -> Result<CampaignStatus, FieldError> {
    let pb::CampaignStatus {
        name: campaign,
        display_name,
        state,
        since,
        reason,
        mode,
        in_setup,
        ringing,
        waiting,
        talking,
        answered_today,
        abandoned_today,
        abandonment_cap,
        pacing,
        withheld,
        holding_back,
        attempts_ended,
    } = wire;
    let ended = |(outcome, count): (String, u64)| {
        Ok((word("attempts_ended", &outcome, AttemptOutcome::parse)?, count))
    };
    let text = |it: String| (!it.is_empty()).then_some(it);
    Ok(CampaignStatus {
        campaign: name::read_campaign("name", &campaign)?,
        name: display_name,
        state: word("state", &state, CampaignState::parse)?,
        since: need_moment("since", since)?,
        reason: text(reason),
        mode,
        in_setup,
        ringing,
        waiting,
        talking,
        answered_today,
        abandoned_today,
        abandonment_cap,
        terms: pacing.map(terms_from_wire).transpose()?,
        withheld: text(withheld),
        holding_back: text(holding_back),
        attempts_ended: attempts_ended.into_iter().map(ended).collect::<Result<_, _>>()?,
    })
}

fn terms_to_wire(terms: &Terms) -> pb::Pacing {
    let Terms {
        lines,
        pending,
        waiting,
        expected_answers,
        answer_rate,
        level,
        agents,
        agents_idle,
        agents_expected,
        threshold,
        ratio,
        marginal_risk,
        abandoned,
        answered,
        target,
        hold_back,
    } = terms;
    pb::Pacing {
        lines: *lines,
        pending: *pending,
        waiting: *waiting,
        expected_answers: *expected_answers,
        answer_rate: *answer_rate,
        level: *level,
        agents: *agents,
        agents_idle: *agents_idle,
        agents_expected: *agents_expected,
        threshold: *threshold,
        ratio: *ratio,
        marginal_risk: *marginal_risk,
        abandoned: *abandoned,
        answered: *answered,
        target: *target,
        hold_back: hold_back.map(hold_back_word).unwrap_or_default().to_owned(),
    }
}

fn terms_from_wire(wire: pb::Pacing) -> Result<Terms, FieldError> {
    let pb::Pacing {
        lines,
        pending,
        waiting,
        expected_answers,
        answer_rate,
        level,
        agents,
        agents_idle,
        agents_expected,
        threshold,
        ratio,
        marginal_risk,
        abandoned,
        answered,
        target,
        hold_back,
    } = wire;
    Ok(Terms {
        lines,
        pending,
        waiting,
        expected_answers,
        answer_rate,
        level,
        agents,
        agents_idle,
        agents_expected,
        threshold,
        ratio,
        marginal_risk,
        abandoned,
        answered,
        target,
        hold_back: optional("pacing.hold_back", &hold_back, read_hold_back)?,
    })
}

const HOLD_BACKS: [HoldBack; 5] = [
    HoldBack::NoAgents,
    HoldBack::RiskAtThreshold,
    HoldBack::RatioReached,
    HoldBack::LineLimit,
    HoldBack::Alarm,
];

/// The word of what keeps a campaign back.
pub const fn hold_back_word(it: HoldBack) -> &'static str {
    match it {
        HoldBack::NoAgents => "no_agents",
        HoldBack::RiskAtThreshold => "risk_at_threshold",
        HoldBack::RatioReached => "ratio_reached",
        HoldBack::LineLimit => "line_limit",
        HoldBack::Alarm => "alarm",
    }
}

fn read_hold_back(word: &str) -> Option<HoldBack> {
    HOLD_BACKS.into_iter().find(|it| hold_back_word(*it) == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use timbre_model::{CampaignId, TenantId};

    prop_compose! {
        fn terms()(
            [lines, pending, waiting, agents, agents_idle] in any::<[u32; 5]>(),
            [expected_answers, answer_rate, level, target] in prop::array::uniform4(0.0..9.0_f64),
            [agents_expected, threshold, ratio, marginal_risk] in
                prop::array::uniform4(prop::option::of(0.0..9.0_f64)),
            (abandoned, answered) in any::<(u64, u64)>(),
            hold_back in prop::option::of(prop::sample::select(&HOLD_BACKS[..])),
        ) -> Terms {
            Terms {
                lines, pending, waiting, expected_answers, answer_rate, level, agents, agents_idle,
                agents_expected, threshold, ratio, marginal_risk, abandoned, answered, target,
                hold_back,
            }
        }
    }

    proptest! {
        #[test]
        fn a_campaigns_status_reads_back(
            terms in prop::option::of(terms()),
            state in prop::sample::select(CampaignState::ALL),
            since in 0_i64..9_000_000_000_000_000,
            reason in prop::option::of("[a-z ]{1,9}"),
            [in_setup, ringing, waiting, talking] in any::<[u32; 4]>(),
            (answered_today, abandoned_today) in any::<(u64, u64)>(),
            outcome in prop::sample::select(AttemptOutcome::ALL),
        ) {
            let id = |text| CampaignId::parse(text).expect("an id");
            let tenant = TenantId::parse("acme").expect("an id");
            let status = CampaignStatus {
                campaign: CampaignRef { tenant, campaign: id("spring") },
                name: "Spring".to_owned(),
                state,
                since: Civil::from_micros(since),
                reason: reason.clone(),
                mode: "predictive".to_owned(),
                in_setup, ringing, waiting, talking, answered_today, abandoned_today,
                abandonment_cap: 0.03, terms,
                withheld: reason.clone(),
                holding_back: reason,
                attempts_ended: BTreeMap::from([(outcome, answered_today)]),
            };
            prop_assert_eq!(from_wire(to_wire(&status)), Ok(status));
        }
    }
}
