//! Campaigns, as an operator defines them.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_model::{
    AttemptOutcome, CallerIdPool, CampaignId, CampaignList, CampaignSpec, ClientId, DaySpan,
    DialMode, FieldError, ListId, PacingMethod, Purpose, QueueId, Recycle, RecycleRule, Rotation,
    Slug, TrunkId, Voice, WeeklyHours,
};

use super::faults::Faults;
use super::name::{cut, id};
use super::time::span;
use crate::api::pb;
use pb::dial_mode::Mode as WireMode;

/// How long an agent may look at a lead where a preview does not say.
const PREVIEW_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn to_wire(spec: &CampaignSpec) -> pb::Campaign {
    let CampaignSpec {
        id,
        name,
        client,
        queue,
        mode,
        lists,
        trunks,
        caller_ids,
        ring_timeout,
        answer_to_agent,
        connect_within,
        abandonment_cap,
        purpose,
        voice,
        sector,
        codes,
        hours,
        recycle,
        weight,
        reserve,
        lines_per_agent_max,
        callback_fallback,
        dispositions,
    } = spec;
    pb::Campaign {
        id: id.to_string(),
        display_name: name.clone(),
        client: client.to_string(),
        queue: queue.to_string(),
        mode: Some(pb::DialMode { mode: Some(mode_to_wire(*mode)) }),
        lists: lists.iter().map(list_to_wire).collect(),
        trunks: trunks.iter().map(ToString::to_string).collect(),
        caller_ids: Some(caller_ids_to_wire(caller_ids)),
        ring_timeout: Some(span(*ring_timeout)),
        answer_to_agent: Some(span(*answer_to_agent)),
        connect_within: connect_within.map(span),
        abandonment_cap: *abandonment_cap,
        purpose: purpose.to_string(),
        voice: voice.to_string(),
        sector: sector.as_ref().map(ToString::to_string).unwrap_or_default(),
        codes: codes.iter().map(ToString::to_string).collect(),
        hours: hours.as_ref().map(hours_to_wire),
        recycle: Some(recycle_to_wire(recycle)),
        weight: *weight,
        reserve: *reserve,
        lines_per_agent_max: *lines_per_agent_max,
        callback_fallback: Some(span(*callback_fallback)),
        dispositions: dispositions.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

/// What is absent, and numbers of 0 that must not be 0, are as in a YAML definition that leaves them out.
pub(super) fn from_wire(faults: &mut Faults, at: &str, wire: pb::Campaign) -> Option<CampaignSpec> {
    let pb::Campaign {
        id: campaign,
        display_name,
        client,
        queue,
        mode,
        lists,
        trunks,
        caller_ids,
        ring_timeout,
        answer_to_agent,
        connect_within,
        abandonment_cap,
        purpose,
        voice,
        sector,
        codes,
        hours,
        recycle,
        weight,
        reserve,
        lines_per_agent_max,
        callback_fallback,
        dispositions,
    } = wire;
    let field = |name: &str| format!("{at}.{name}");
    let campaign = faults.keep(id(&field("id"), &campaign, CampaignId::parse));
    let client = faults.keep(id(&field("client"), &client, ClientId::parse));
    let queue = faults.keep(id(&field("queue"), &queue, QueueId::parse));
    let mode = mode_from_wire(faults, &field("mode"), mode);
    let lists = faults.each(&field("lists"), lists, list_from_wire);
    let trunk =
        |faults: &mut Faults, at: &str, text: String| faults.keep(id(at, &text, TrunkId::parse));
    let trunks = faults.each(&field("trunks"), trunks, trunk);
    let caller_ids = caller_ids_from_wire(faults, &field("caller_ids"), caller_ids);
    let purpose = faults.word(&field("purpose"), &purpose, Purpose::parse);
    let voice = faults.word(&field("voice"), &voice, Voice::parse);
    let sector = faults.optional_id(&field("sector"), &sector, Slug::parse);
    let codes = faults.ids(&field("codes"), codes, Slug::parse);
    let hours = hours.map(|it| hours_from_wire(faults, &field("hours"), it));
    let recycle = recycle_from_wire(faults, &field("recycle"), recycle);
    let dispositions = faults.optional_id(&field("dispositions"), &dispositions, Slug::parse);
    let absent = CampaignSpec::new(campaign?, display_name, client?, queue?, caller_ids?);
    let mut span = |name: &str, wire, absent| faults.span(&field(name), wire, absent);
    let ring_timeout = span("ring_timeout", ring_timeout, absent.ring_timeout);
    let answer_to_agent = span("answer_to_agent", answer_to_agent, absent.answer_to_agent);
    let fallback = span("callback_fallback", callback_fallback, absent.callback_fallback);
    let connect_within = faults.maybe_span(&field("connect_within"), connect_within);
    let given = |value: f64, absent: f64| if value == 0.0 { absent } else { value };
    Some(CampaignSpec {
        mode: mode?,
        lists,
        trunks,
        ring_timeout: ring_timeout?,
        answer_to_agent: answer_to_agent?,
        connect_within: connect_within?,
        abandonment_cap: given(abandonment_cap, absent.abandonment_cap),
        purpose: purpose?,
        voice: voice?,
        sector,
        codes,
        hours,
        recycle,
        weight: if weight == 0 { absent.weight } else { weight },
        reserve,
        lines_per_agent_max: given(lines_per_agent_max, absent.lines_per_agent_max),
        callback_fallback: fallback?,
        dispositions,
        ..absent
    })
}

fn mode_to_wire(mode: DialMode) -> WireMode {
    match mode {
        DialMode::Manual => WireMode::Manual(pb::dial_mode::Manual {}),
        DialMode::Preview { timeout } => {
            WireMode::Preview(pb::dial_mode::Preview { timeout: Some(span(timeout)) })
        }
        DialMode::Progressive => WireMode::Progressive(pb::dial_mode::Progressive {}),
        DialMode::Power { ratio } => WireMode::Power(pb::dial_mode::Power { ratio }),
        DialMode::Predictive { controller } => {
            WireMode::Predictive(pb::dial_mode::Predictive { controller: controller.to_string() })
        }
    }
}

fn mode_from_wire(faults: &mut Faults, at: &str, wire: Option<pb::DialMode>) -> Option<DialMode> {
    let Some(mode) = wire.and_then(|pb::DialMode { mode }| mode) else {
        return Some(DialMode::default());
    };
    Some(match mode {
        WireMode::Manual(pb::dial_mode::Manual {}) => DialMode::Manual,
        WireMode::Preview(pb::dial_mode::Preview { timeout }) => DialMode::Preview {
            timeout: faults.span(&format!("{at}.preview.timeout"), timeout, PREVIEW_TIMEOUT)?,
        },
        WireMode::Progressive(pb::dial_mode::Progressive {}) => DialMode::Progressive,
        WireMode::Power(pb::dial_mode::Power { ratio }) => DialMode::Power { ratio },
        WireMode::Predictive(pb::dial_mode::Predictive { controller }) => {
            let at = format!("{at}.predictive.controller");
            DialMode::Predictive { controller: faults.word(&at, &controller, PacingMethod::parse)? }
        }
    })
}

fn list_to_wire(CampaignList { list, weight, filter }: &CampaignList) -> pb::CampaignList {
    pb::CampaignList {
        list: list.to_string(),
        weight: *weight,
        filter: filter.clone().unwrap_or_default(),
    }
}

fn list_from_wire(faults: &mut Faults, at: &str, wire: pb::CampaignList) -> Option<CampaignList> {
    let pb::CampaignList { list, weight, filter } = wire;
    let list = faults.keep(id(&format!("{at}.list"), &list, ListId::parse))?;
    let filter = (!filter.is_empty()).then_some(filter);
    Some(CampaignList { list, weight: weight.max(1), filter })
}

fn caller_ids_to_wire(CallerIdPool { numbers, rotation }: &CallerIdPool) -> pb::CallerIdPool {
    pb::CallerIdPool {
        numbers: numbers.iter().map(|it| it.expose().to_owned()).collect(),
        rotation: rotation.to_string(),
    }
}

fn caller_ids_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: Option<pb::CallerIdPool>,
) -> Option<CallerIdPool> {
    let pb::CallerIdPool { numbers, rotation } = wire.unwrap_or_default();
    let number = |faults: &mut Faults, at: &str, text: String| faults.number(at, &text);
    let numbers = faults.each(&format!("{at}.numbers"), numbers, number);
    let rotation = faults.word(&format!("{at}.rotation"), &rotation, Rotation::parse)?;
    Some(CallerIdPool { numbers, rotation })
}

fn hours_to_wire(hours: &WeeklyHours) -> pb::WeeklyHours {
    let WeeklyHours { mon, tue, wed, thu, fri, sat, sun } = hours;
    let words = |spans: &[DaySpan]| spans.iter().map(|it| String::from(*it)).collect();
    pb::WeeklyHours {
        mon: words(mon),
        tue: words(tue),
        wed: words(wed),
        thu: words(thu),
        fri: words(fri),
        sat: words(sat),
        sun: words(sun),
    }
}

fn hours_from_wire(faults: &mut Faults, at: &str, wire: pb::WeeklyHours) -> WeeklyHours {
    let pb::WeeklyHours { mon, tue, wed, thu, fri, sat, sun } = wire;
    let mut spans = |day: &str, texts: Vec<String>| {
        faults.each(&format!("{at}.{day}"), texts, |faults, at, text: String| {
            let read = DaySpan::try_from(text.clone());
            let remedy = "write a span of the day such as 09:00-21:00";
            faults.keep(read.map_err(|_| FieldError::new(at, cut(&text), remedy)))
        })
    };
    WeeklyHours {
        mon: spans("mon", mon),
        tue: spans("tue", tue),
        wed: spans("wed", wed),
        thu: spans("thu", thu),
        fri: spans("fri", fri),
        sat: spans("sat", sat),
        sun: spans("sun", sun),
    }
}

fn recycle_to_wire(Recycle { after, per_number, per_lead }: &Recycle) -> pb::Recycle {
    let rule = |RecycleRule { delay, max }: &RecycleRule| pb::RecycleRule {
        delay: Some(span(*delay)),
        max: *max,
    };
    let after = after.iter().map(|(outcome, it)| (outcome.to_string(), rule(it))).collect();
    pb::Recycle { after, per_number: *per_number, per_lead: *per_lead }
}

fn recycle_from_wire(faults: &mut Faults, at: &str, wire: Option<pb::Recycle>) -> Recycle {
    let absent = Recycle::default();
    let Some(pb::Recycle { after, per_number, per_lead }) = wire else { return absent };
    let given = |value: u32, absent: u32| if value == 0 { absent } else { value };
    Recycle {
        after: rules_from_wire(faults, &format!("{at}.after"), after),
        per_number: given(per_number, absent.per_number),
        per_lead: given(per_lead, absent.per_lead),
    }
}

fn rules_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: BTreeMap<String, pb::RecycleRule>,
) -> BTreeMap<AttemptOutcome, RecycleRule> {
    let read = |(word, pb::RecycleRule { delay, max }): (String, pb::RecycleRule)| {
        let at = format!("{at}.{}", cut(&word));
        let words = AttemptOutcome::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>();
        let remedy = format!("name an outcome: {}", words.join(", "));
        let outcome = AttemptOutcome::parse(&word);
        let outcome = faults.keep(outcome.ok_or_else(|| FieldError::new(&at, cut(&word), remedy)));
        let delay = faults.span(&format!("{at}.delay"), delay, Duration::ZERO);
        Some((outcome?, RecycleRule { delay: delay?, max }))
    };
    wire.into_iter().filter_map(read).collect()
}
