//! Every metric by name, with its kind, its labels and its meaning. `docs/metrics.md` lists the same; a test compares them.

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

/// One metric of the node.
#[derive(Debug)]
pub struct Family {
    /// Its name: `timbre_`, what is measured, the base unit, `_total` for counters.
    pub name: &'static str,
    /// How its figure behaves.
    pub kind: Kind,
    /// Its label names, in order.
    pub labels: &'static [&'static str],
    /// What it means, in one line.
    pub help: &'static str,
}

/// How a metric's figure behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations up to each of these edges, in the metric's unit.
    Histogram(&'static [f64]),
}

impl Kind {
    /// The word that Prometheus has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Waits: with the edges that service levels and laws name (2, 20, 30 and 60 s).
const WAIT: Kind = Kind::Histogram(&[
    1., 2., 5., 10., 15., 20., 30., 45., 60., 90., 120., 180., 300., 600., 1200., 1800., 3600.,
]);
/// Holds.
const HOLD: Kind =
    Kind::Histogram(&[5., 10., 20., 30., 45., 60., 90., 120., 180., 300., 600., 1200.]);
/// Conversations and the work after them.
const WORK: Kind = Kind::Histogram(&[
    5., 15., 30., 60., 90., 120., 180., 240., 300., 420., 600., 900., 1200., 1800., 3600., 7200.,
]);
/// Answers to complaints: hours, and the 2 hours, 5, 15 and 30 days of laws.
const DAYS: Kind = Kind::Histogram(&[
    600., 3_600., 7_200., 28_800., 86_400., 172_800., 432_000., 864_000., 1_296_000., 1_814_400.,
    2_592_000.,
]);
/// Offers: milliseconds where agents accept automatically, seconds where people do.
const OFFER: Kind = Kind::Histogram(&[
    0.01, 0.05, 0.1, 0.25, 0.5, 1., 2., 3., 5., 8., 10., 15., 20., 30., 60., 300.,
]);
/// From a live answer to the agent's voice: fine where people notice, and with the 2 s of the laws.
const TO_AGENT: Kind =
    Kind::Histogram(&[0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1., 1.5, 2., 3., 5.]);
/// Calls in set-up, which ring for half a minute.
const SETUP: Kind =
    Kind::Histogram(&[0.5, 1., 2., 3., 5., 8., 10., 12., 15., 18., 20., 25., 30., 45., 60.]);
/// Rings: a caller gives up after eight.
const RINGS: Kind = Kind::Histogram(&[1., 2., 3., 4., 5., 6., 8.]);
/// Requests and transactions.
const REQUEST: Kind = Kind::Histogram(&[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1., 2.5, 5.,
]);
/// Steps of the engine, which take microseconds.
const STEP: Kind = Kind::Histogram(&[
    0.000_001,
    0.000_002_5,
    0.000_005,
    0.000_01,
    0.000_025,
    0.000_05,
    0.000_1,
    0.000_25,
    0.000_5,
    0.001,
    0.005,
    0.025,
    0.1,
]);
/// Changes of one commit.
const BATCH: Kind =
    Kind::Histogram(&[1., 2., 5., 10., 20., 50., 100., 200., 500., 1000., 2000., 5000.]);
/// Jitter of voice, from a wire's to a bad radio link's.
const JITTER: Kind = Kind::Histogram(&[0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5]);

macro_rules! families {
    ($($id:ident = $kind:expr, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $(pub(super) const $id: &Family =
            &Family { name: $name, kind: $kind, labels: &[$($label),*], help: $help };)*

        /// Every metric of the node.
        pub const ALL: &[&Family] = &[$($id),*];
    };
}

use Kind::{Counter as C, Gauge as G};

families! {
    BUILD_INFO = G, "timbre_build_info", ["version"], "Always 1; its label is the version that runs.";

    TRUNK_ARRIVED = C, "timbre_trunk_calls_arrived_total", ["tenant", "trunk"], "Calls that a trunk brought.";
    TRUNK_REFUSED = C, "timbre_trunk_calls_refused_total", ["tenant", "trunk", "reason"], "Calls refused before any queue took them, by reason.";
    TRUNK_IN_USE = G, "timbre_trunk_channels_in_use", ["tenant", "trunk"], "Calls up or being set up on a trunk.";
    TRUNK_MAX = G, "timbre_trunk_channels_max", ["tenant", "trunk"], "Calls that a trunk may have up at once.";
    LINE_TROUBLE = C, "timbre_line_trouble_total", ["tenant", "trunk", "kind"], "Line trouble that agents reported on calls of a trunk.";
    TRUNK_UP = G, "timbre_trunk_up", ["tenant", "trunk"], "0 while a trunk that has called before neither calls nor answers OPTIONS, else 1.";

    QUEUE_ARRIVED = C, "timbre_queue_calls_arrived_total", ["tenant", "queue"], "Calls that came for a queue.";
    QUEUE_ANSWERED = C, "timbre_queue_calls_answered_total", ["tenant", "queue"], "Calls whose customer an agent's voice reached.";
    QUEUE_WITHIN = C, "timbre_queue_calls_within_service_level_total", ["tenant", "queue"], "Answered calls that the agent's voice reached within the queue's service level.";
    QUEUE_ABANDONED = C, "timbre_queue_calls_abandoned_total", ["tenant", "queue", "short"], "Calls whose customer left first; short: within the queue's short-abandonment threshold.";
    QUEUE_REFUSED = C, "timbre_queue_calls_refused_total", ["tenant", "queue", "reason"], "Calls that a queue did not take or gave up, by reason.";
    QUEUE_LOST = C, "timbre_queue_calls_lost_total", ["tenant", "queue"], "Calls lost to a technical failure before an agent had them.";
    QUEUE_RELEASED = C, "timbre_queue_calls_released_total", ["tenant", "queue", "released_by"], "Answered calls that ended, by who hung up first.";
    QUEUE_HOLDS = C, "timbre_queue_holds_total", ["tenant", "queue"], "Times a customer was put on hold.";
    QUEUE_OFFERS = C, "timbre_queue_offers_total", ["tenant", "queue", "outcome"], "Offers that ended, by outcome.";

    QUEUE_ANSWER = WAIT, "timbre_queue_answer_seconds", ["tenant", "queue"], "From the INVITE to the 200 OK, whoever answered.";
    QUEUE_RINGS = RINGS, "timbre_queue_answer_rings", ["tenant", "queue", "by_greeting"], "The ring in which the 200 OK went out, counted from 1.";
    QUEUE_WAIT = WAIT, "timbre_queue_wait_seconds", ["tenant", "queue"], "From the INVITE to the agent's voice.";
    QUEUE_ABANDON_WAIT = WAIT, "timbre_queue_abandon_wait_seconds", ["tenant", "queue"], "From the INVITE to the customer's leaving, for abandoned calls.";
    QUEUE_HOLD = HOLD, "timbre_queue_hold_seconds", ["tenant", "queue"], "On hold in all, for calls that were held.";
    QUEUE_TALK = WORK, "timbre_queue_talk_seconds", ["tenant", "queue"], "With the agent, without holds.";
    QUEUE_WRAP_UP = WORK, "timbre_queue_wrap_up_seconds", ["tenant", "queue"], "Work after the call.";
    QUEUE_HANDLE = WORK, "timbre_queue_handle_seconds", ["tenant", "queue"], "Talk, holds and wrap-up of one call.";
    QUEUE_OFFER_OPEN = OFFER, "timbre_queue_offer_open_seconds", ["tenant", "queue"], "How long an offer was open.";

    QUEUE_WAITING = G, "timbre_queue_waiting_calls", ["tenant", "queue"], "Calls that wait, offered ones included.";
    QUEUE_OLDEST = G, "timbre_queue_oldest_wait_seconds", ["tenant", "queue"], "For how long the oldest of them has waited; 0 where none waits.";
    QUEUE_TALKING = G, "timbre_queue_talking_calls", ["tenant", "queue"], "Calls with an agent.";
    QUEUE_IDLE = G, "timbre_queue_idle_agents", ["tenant", "queue"], "Idle agents who may take the queue's calls.";

    CAMPAIGN_STATE = G, "timbre_campaign_state", ["tenant", "campaign", "state"], "1 for the state that a campaign is in, 0 for the others.";
    CAMPAIGN_WANTED = C, "timbre_campaign_lines_wanted_total", ["tenant", "campaign"], "Lines that pacing asked for.";
    CAMPAIGN_DIALED = C, "timbre_campaign_attempts_dialed_total", ["tenant", "campaign"], "Attempts dialed.";
    CAMPAIGN_ENDED = C, "timbre_campaign_attempts_ended_total", ["tenant", "campaign", "outcome", "blame"], "Attempts that ended, by outcome; blame: whose doing the outcome is.";
    CAMPAIGN_UNDIALED = C, "timbre_campaign_attempts_undialed_total", ["tenant", "campaign"], "Of the attempts that ended, those that were permitted and taken back before they were dialed.";
    CAMPAIGN_LIVE = C, "timbre_campaign_live_answers_total", ["tenant", "campaign"], "Attempts that a person answered, or what was taken for one.";
    CAMPAIGN_ABANDONED = C, "timbre_campaign_abandoned_total", ["tenant", "campaign"], "Live answers that the law counts as abandoned: no agent was there in time.";
    CAMPAIGN_LEFT = C, "timbre_campaign_left_early_total", ["tenant", "campaign"], "Live answers whose callee left, or was lost, before an agent had to be there.";
    CAMPAIGN_TO_AGENT = TO_AGENT, "timbre_campaign_answer_to_agent_seconds", ["tenant", "campaign"], "From a live answer to the agent's voice, for those that were served.";
    CAMPAIGN_SETUP = SETUP, "timbre_campaign_setup_seconds", ["tenant", "campaign"], "From the INVITE to the answer, or to the end where there was none, for attempts that ended.";
    CAMPAIGN_REFUSED = C, "timbre_campaign_leads_refused_total", ["tenant", "campaign", "rule"], "Leads that a rule refused, by rule; one that is looked at twice counts twice.";
    CAMPAIGN_AGENT_REFUSED = C, "timbre_campaign_agent_dials_refused_total", ["tenant", "campaign"], "Calls that an agent wanted to place and might not.";

    CAMPAIGN_IN_SETUP = G, "timbre_campaign_lines_in_setup", ["tenant", "campaign"], "Calls placed and not answered yet, those whose agent's phone rings first included.";
    CAMPAIGN_PENDING = G, "timbre_campaign_lines_pending", ["tenant", "campaign"], "Lines asked for and neither dialed nor refused yet.";
    CAMPAIGN_WAITING = G, "timbre_campaign_waiting_calls", ["tenant", "campaign"], "Live answers that wait for an agent.";
    CAMPAIGN_TALKING = G, "timbre_campaign_talking_calls", ["tenant", "campaign"], "Calls with an agent.";
    CAMPAIGN_AGENTS = G, "timbre_campaign_agents", ["tenant", "campaign"], "Agents who work for a campaign, in whatever phase.";
    CAMPAIGN_IDLE = G, "timbre_campaign_idle_agents", ["tenant", "campaign"], "Of these, agents who are idle.";
    CAMPAIGN_EXPECTED_FREE = G, "timbre_campaign_agents_expected_free", ["tenant", "campaign"], "Agents idle by the time a line dialed now would be answered, on average; NaN where the method forecasts nothing.";
    CAMPAIGN_EXPECTED_ANSWERS = G, "timbre_campaign_expected_answers", ["tenant", "campaign"], "Live answers that the lines in set-up will give, on average.";
    CAMPAIGN_THRESHOLD = G, "timbre_campaign_pacing_threshold", ["tenant", "campaign"], "The highest risk of abandonment at which a line is placed; NaN where the method has none.";
    CAMPAIGN_RISK = G, "timbre_campaign_pacing_marginal_risk", ["tenant", "campaign"], "The risk that the next line's answer would find no agent; NaN where the method has none.";
    CAMPAIGN_RATIO = G, "timbre_campaign_pacing_lines_per_agent", ["tenant", "campaign"], "Lines for each idle agent; NaN where the method has no such figure.";
    CAMPAIGN_HELD_BACK = G, "timbre_campaign_held_back", ["tenant", "campaign", "reason"], "1 for what kept the last decision from placing one more line, and where there is no lead or no trunk to call over, else 0.";
    CAMPAIGN_WITHHELD = G, "timbre_campaign_withheld", ["tenant", "campaign", "reason"], "1 while nothing may be dialed for a campaign, by reason, else 0.";
    CAMPAIGN_TODAY_LIVE = G, "timbre_campaign_today_live_answers", ["tenant", "campaign"], "Live answers of the present UTC day, over restarts too.";
    CAMPAIGN_TODAY_ABANDONED = G, "timbre_campaign_today_abandoned_calls", ["tenant", "campaign"], "Of these, abandoned ones.";
    CAMPAIGN_CAP = G, "timbre_campaign_abandonment_cap", ["tenant", "campaign"], "Share of live answers that may be abandoned: what pacing keeps.";
    CAMPAIGN_TARGET = G, "timbre_campaign_abandonment_target", ["tenant", "campaign"], "Share of live answers at which pacing aims, under the cap; NaN where nothing is paced.";

    LEADS = G, "timbre_leads", ["tenant", "list", "state"], "Leads of a list in each state.";
    DO_NOT_CALL_ADDED = C, "timbre_do_not_call_added_total", ["tenant"], "Entries added to the do-not-call lists.";
    DO_NOT_CALL_CANCELLED = C, "timbre_do_not_call_cancelled_total", ["tenant"], "Calls in set-up that were cancelled because their callee was added.";

    TRUNK_DIALED = C, "timbre_trunk_attempts_dialed_total", ["tenant", "trunk"], "Attempts dialed over a trunk.";
    TRUNK_ENDED = C, "timbre_trunk_attempts_ended_total", ["tenant", "trunk", "blame"], "Attempts over a trunk that ended, by whose doing it was.";
    TRUNK_SETUP = G, "timbre_trunk_attempts_in_setup", ["tenant", "trunk"], "Attempts in set-up on a trunk.";
    TRUNK_PACE = G, "timbre_trunk_attempts_per_second_max", ["tenant", "trunk"], "Attempts that may be dialed over a trunk in a second now: less than the floor says while its carrier is in trouble.";
    TRUNK_SPENT = G, "timbre_trunk_spent_today", ["tenant", "trunk"], "Spent on calls over a trunk on the present UTC day, with the least that calls in progress cost.";
    TRUNK_TROUBLE = G, "timbre_trunk_trouble", ["tenant", "trunk"], "1 while a trunk's carrier is in trouble and fewer attempts are dialed over it, else 0.";
    TRUNK_STOPPED = G, "timbre_trunk_stopped", ["tenant", "trunk"], "1 while a trunk's kill switch is on and nothing is dialed over it, else 0.";

    CASES_TAKEN = C, "timbre_cases_taken_total", ["tenant", "kind"], "Cases that were taken.";
    CASES_CLOSED = C, "timbre_cases_closed_total", ["tenant", "kind", "cause", "state"], "Cases that were closed, by their cause and how.";
    CASES_REOPENED = C, "timbre_cases_reopened_total", ["tenant"], "Closed cases that were taken up again.";
    CASES_ESCALATED = C, "timbre_cases_escalated_total", ["tenant"], "Escalations of late cases, each role counted.";
    CASE_ANSWER = DAYS, "timbre_case_answer_seconds", ["tenant", "kind"], "From a case's reception to its answer.";
    DEADLINES_KEPT = C, "timbre_case_deadlines_kept_total", ["tenant"], "Answers to cases that were given in time.";
    DEADLINES_MISSED = C, "timbre_case_deadlines_missed_total", ["tenant"], "Answers to cases that were given late.";
    CASES_OPEN = G, "timbre_cases_open", ["tenant", "state"], "Cases that are not closed, by their state.";
    CASES_OVERDUE = G, "timbre_cases_overdue", ["tenant"], "Of these, cases whose deadline has passed without an answer.";
    FOLLOW_UPS_OPEN = G, "timbre_follow_ups_open", ["tenant", "state"], "Follow-ups of sales that are not over, by their state.";
    FOLLOW_UPS_ENDED = C, "timbre_follow_ups_ended_total", ["tenant", "outcome"], "Follow-ups that ended, by outcome.";
    MESSAGES_WAITING = G, "timbre_messages_waiting", ["tenant"], "Messages that nobody has answered.";
    CALLBACKS_DUE = G, "timbre_callbacks_due", ["tenant"], "Calls promised to customers whose time has come.";
    CALLBACKS_ENDED = C, "timbre_callbacks_ended_total", ["tenant", "outcome"], "Calls promised to customers that were made, or not in time.";
    SURVEYS_ASKED = C, "timbre_surveys_asked_total", ["tenant", "queue", "question"], "Customers who were asked a question after the conversation.";
    SURVEYS_ANSWERED = C, "timbre_surveys_answered_total", ["tenant", "queue", "question"], "Of these, those who answered by a key.";
    SURVEYS_SCORE = C, "timbre_surveys_score_total", ["tenant", "queue", "question"], "The sum of the digits that they pressed.";
    MAILS_WAITING = G, "timbre_mails_waiting", ["tenant"], "Mails that wait to be sent.";
    EVENTS_HELD = G, "timbre_webhook_events_held", ["tenant"], "Events that a webhook has failed to take and that are posted again.";
    DEAD_LETTERS = G, "timbre_dead_letters", ["tenant"], "Events and mails that were given up and wait for an operator.";
    DELIVERIES = C, "timbre_deliveries_total", ["tenant", "through", "outcome"], "Tries to hand an event to a webhook or a mail to its server: delivered, failed and tried again, or given up.";
    EVENTS_LAG = G, "timbre_events_lag_seconds", ["tenant"], "For how long the oldest event waits that something must be done about; 0 where none waits.";

    AGENTS = G, "timbre_agents", ["tenant", "state"], "Agents in each state; who recovers from a complaint counts as `recovery`, not as `not_ready`.";
    AGENT_SECONDS = C, "timbre_agent_state_seconds_total", ["tenant", "state"], "Whole seconds that agents spent in each state, the running ones included; signed-out time is not counted.";

    ENGINE_STEP = STEP, "timbre_engine_step_seconds", [], "One step of the engine.";
    STORE_COMMIT = REQUEST, "timbre_store_commit_seconds", [], "One commit of the store.";
    STORE_BATCH = BATCH, "timbre_store_commit_changes", [], "Changes made durable by one commit.";
    STORE_SPOOLING = G, "timbre_store_spooling", [], "1 while the store is down and changes go to the local spool, else 0.";

    API_REQUESTS = C, "timbre_api_requests_total", ["method", "code"], "RPCs that ended, by gRPC code.";
    API_SECONDS = REQUEST, "timbre_api_request_seconds", ["method"], "From an RPC's request to its end; streams last as long as they are open.";

    SIP_INVITES_IN = C, "timbre_sip_invites_received_total", [], "INVITEs received that began a dialog.";
    SIP_INVITES_OUT = C, "timbre_sip_invites_sent_total", [], "INVITEs sent that began a dialog.";
    SIP_RESPONSES_IN = C, "timbre_sip_responses_received_total", ["class"], "SIP responses received, by class.";
    SIP_RESPONSES_OUT = C, "timbre_sip_responses_sent_total", ["class"], "SIP responses sent, by class; retransmissions are not counted.";
    SIP_RETRANSMISSIONS = C, "timbre_sip_retransmissions_received_total", [], "SIP requests received again.";
    SIP_REGISTRATIONS = C, "timbre_sip_registrations_total", [], "Registrations granted or refreshed.";
    SIP_REFUSED = C, "timbre_sip_requests_refused_total", ["reason"], "SIP requests refused, by reason.";
    SIP_PANICS = C, "timbre_sip_panics_total", [], "Panics caught in the switch; each ended one call.";
    SIP_LEGS = G, "timbre_sip_legs", [], "SIP legs up or being set up.";
    SIP_AWAITING_ACK = G, "timbre_sip_invites_awaiting_ack", [], "INVITEs whose final response has no ACK yet.";
    SIP_STATIONS = G, "timbre_sip_stations_reachable", [], "Agents' phones that can be reached.";

    MEDIA_IN = C, "timbre_media_packets_received_total", [], "RTP packets received.";
    MEDIA_OUT = C, "timbre_media_packets_sent_total", [], "RTP packets sent.";
    MEDIA_DROPPED = C, "timbre_media_packets_dropped_total", ["reason"], "RTP packets received and not relayed, by reason.";
    MEDIA_LOST = C, "timbre_media_packets_lost_total", [], "RTP packets that were missing when a later one came; those that came late after all included.";
    MEDIA_KEYS = C, "timbre_media_keys_total", [], "Keys pressed (RFC 4733).";
    MEDIA_TIMEOUTS = C, "timbre_media_timeouts_total", [], "Legs ended because their voice stopped.";
    MEDIA_JITTER = JITTER, "timbre_media_jitter_seconds", [], "Interarrival jitter of voice streams (RFC 3550); sum and count are exact, the bucket is that of the mean of all streams reported in the same second.";
}

const METADATA: Metadata<'static> = Metadata::new("timbre", Level::INFO, None);

/// A recorder that knows every family's edges and help.
pub(super) fn recorder() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for family in ALL {
        if let Kind::Histogram(edges) = family.kind {
            builder = builder
                .set_buckets_for_metric(Matcher::Full(family.name.to_owned()), edges)
                .expect("every histogram of the catalogue has edges");
        }
    }
    let recorder = builder.build_recorder();
    for family in ALL {
        let name = KeyName::from_const_str(family.name);
        let help = family.help.into();
        match family.kind {
            Kind::Counter => recorder.describe_counter(name, None, help),
            Kind::Gauge => recorder.describe_gauge(name, None, help),
            Kind::Histogram(_) => recorder.describe_histogram(name, None, help),
        }
    }
    recorder
}

impl Family {
    fn key(&self, values: &[&str]) -> Key {
        debug_assert_eq!(values.len(), self.labels.len(), "{}", self.name);
        let labels = self.labels.iter().zip(values);
        Key::from_parts(
            KeyName::from_const_str(self.name),
            labels.map(|(&name, &value)| Label::new(name, value.to_owned())).collect::<Vec<_>>(),
        )
    }

    pub(super) fn counter(&self, recorder: &PrometheusRecorder, values: &[&str]) -> Counter {
        debug_assert_eq!(self.kind.as_str(), "counter", "{}", self.name);
        recorder.register_counter(&self.key(values), &METADATA)
    }

    pub(super) fn gauge(&self, recorder: &PrometheusRecorder, values: &[&str]) -> Gauge {
        debug_assert_eq!(self.kind.as_str(), "gauge", "{}", self.name);
        recorder.register_gauge(&self.key(values), &METADATA)
    }

    pub(super) fn histogram(&self, recorder: &PrometheusRecorder, values: &[&str]) -> Histogram {
        debug_assert_eq!(self.kind.as_str(), "histogram", "{}", self.name);
        recorder.register_histogram(&self.key(values), &METADATA)
    }
}
