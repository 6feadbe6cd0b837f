//! What each campaign counts: attempts, live answers, abandoned ones, refusals. The gauges stand in [`super::pacing`].

use std::time::Duration;

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::PrometheusRecorder;
use timbre_engine::{AttemptEnded, CampaignView};
use timbre_model::{AttemptOutcome, CampaignRef};

use super::capped::Capped;
use super::pacing::{PacingGauges, Standing};
use super::{OTHER, catalog};

/// Campaigns of the node that have series of their own; later ones share those of [`OTHER`]. About 110 series each.
pub(super) const CAMPAIGNS_MAX: usize = 200;

/// Rules of one campaign that have series of their own.
pub(super) const RULES_MAX: usize = 40;

/// One campaign's handles.
pub(super) struct CampaignMeter {
    tenant: String,
    campaign: String,
    wanted: Counter,
    dialed: Counter,
    ended: Vec<(AttemptOutcome, Counter)>,
    undialed: Counter,
    live: Counter,
    abandoned: Counter,
    left: Counter,
    to_agent: Histogram,
    setup: Histogram,
    refused: Capped<String, Counter>,
    agent_refused: Counter,
    gauges: PacingGauges,
}

impl CampaignMeter {
    fn new(recorder: &PrometheusRecorder, campaign: Option<&CampaignRef>) -> Self {
        let (tenant, campaign) =
            campaign.map_or((OTHER, OTHER), |it| (it.tenant.as_str(), it.campaign.as_str()));
        let counter = |family: &catalog::Family| family.counter(recorder, &[tenant, campaign]);
        let histogram = |family: &catalog::Family| family.histogram(recorder, &[tenant, campaign]);
        let ended = |&it: &AttemptOutcome| {
            let labels = [tenant, campaign, it.as_str(), it.blame().as_str()];
            (it, catalog::CAMPAIGN_ENDED.counter(recorder, &labels))
        };
        Self {
            wanted: counter(catalog::CAMPAIGN_WANTED),
            dialed: counter(catalog::CAMPAIGN_DIALED),
            ended: AttemptOutcome::ALL.iter().map(ended).collect(),
            undialed: counter(catalog::CAMPAIGN_UNDIALED),
            live: counter(catalog::CAMPAIGN_LIVE),
            abandoned: counter(catalog::CAMPAIGN_ABANDONED),
            left: counter(catalog::CAMPAIGN_LEFT),
            to_agent: histogram(catalog::CAMPAIGN_TO_AGENT),
            setup: histogram(catalog::CAMPAIGN_SETUP),
            refused: Capped::new(RULES_MAX),
            agent_refused: counter(catalog::CAMPAIGN_AGENT_REFUSED),
            gauges: PacingGauges::new(recorder, tenant, campaign),
            tenant: tenant.to_owned(),
            campaign: campaign.to_owned(),
        }
    }

    pub(super) fn wanted(&self, lines: u32) {
        self.wanted.increment(u64::from(lines));
    }

    pub(super) fn dialed(&self) {
        self.dialed.increment(1);
    }

    pub(super) fn answered(&self) {
        self.live.increment(1);
    }

    /// A live answer was served after `to_agent`, or abandoned.
    pub(super) fn served(&self, to_agent: Option<Duration>) {
        match to_agent {
            Some(after) => self.to_agent.record(after),
            None => self.abandoned.increment(1),
        }
    }

    /// `unserved`: it was answered, and no agent's voice reached the callee.
    pub(super) fn ended(&self, attempt: &AttemptEnded, unserved: bool) {
        if let Some((_, counter)) = self.ended.iter().find(|(of, _)| *of == attempt.outcome) {
            counter.increment(1);
        }
        if unserved && attempt.outcome != AttemptOutcome::Abandoned {
            self.left.increment(1);
        }
        // Only what was never dialed was in set-up for no time at all.
        if attempt.in_setup.is_zero() {
            self.undialed.increment(1);
        } else {
            self.setup.record(attempt.in_setup);
        }
    }

    pub(super) fn refused(&mut self, recorder: &PrometheusRecorder, rule: &str, leads: u64) {
        let (tenant, campaign) = (self.tenant.as_str(), self.campaign.as_str());
        let make = |rule: Option<&str>| {
            let labels = [tenant, campaign, rule.unwrap_or(OTHER)];
            catalog::CAMPAIGN_REFUSED.counter(recorder, &labels)
        };
        self.refused.of(rule, make).increment(leads);
    }

    pub(super) fn agent_refused(&self) {
        self.agent_refused.increment(1);
    }
}

/// The meters of every campaign.
pub(super) struct CampaignMeters(Capped<CampaignRef, CampaignMeter>);

impl CampaignMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(CAMPAIGNS_MAX))
    }

    pub(super) fn of(
        &mut self,
        recorder: &PrometheusRecorder,
        campaign: &CampaignRef,
    ) -> &mut CampaignMeter {
        self.0.of(campaign, |campaign| CampaignMeter::new(recorder, campaign))
    }

    /// Sets the gauges; a campaign that is not among `views` is in no state and shows nothing.
    pub(super) fn show(&mut self, recorder: &PrometheusRecorder, views: &[CampaignView]) {
        let mut standings = vec![Standing::default(); self.0.meters().len()];
        for view in views {
            let at = self.0.place(&view.campaign, |it| CampaignMeter::new(recorder, it));
            standings.resize(self.0.meters().len(), Standing::default());
            standings[at].add(view);
        }
        for (meter, standing) in self.0.meters().iter().zip(&standings) {
            meter.gauges.show(standing);
        }
    }
}
