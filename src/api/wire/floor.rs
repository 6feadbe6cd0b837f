//! The floor's definition.

use std::collections::BTreeMap;

use timbre_model::{
    AgentId, AgentSpec, Announcements, Civil, ClientId, ClientSpec, Digest, EntryPointSpec,
    FieldError, FloorSpec, Language, QueueId, QueueSpec, RingPolicy, SipAddress, SiteId, SkillId,
    Slug, StationMode, TenantId, TrunkId, TrunkSpec,
};

use super::faults::{Faults, small};
use super::name::{cut, id};
use super::time::{moment, read_span, span};
use super::{campaign, casework, disposition, lead, outbound};
use crate::api::pb;

/// What becomes of passwords on the way out. Sealed ones never leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    /// None is shown: what a server answers.
    Omit,
    /// As they were written: what an operator's client sends.
    Send,
}

/// A floor at its version.
pub fn present(tenant: &TenantId, version: u64, at: Civil, spec: &FloorSpec) -> pb::Floor {
    let mut floor = to_wire(spec, Passwords::Omit);
    floor.name = super::name::floor(tenant);
    floor.etag = version.to_string();
    floor.update_time = Some(moment(at));
    floor
}

/// A definition, without name and version.
pub fn to_wire(spec: &FloorSpec, passwords: Passwords) -> pb::Floor {
    let FloorSpec {
        clients,
        skills,
        pauses,
        dispositions,
        disposition_trees,
        queues,
        agents,
        trunks,
        entry_points,
        lists,
        campaigns,
        casework,
    } = spec;
    pb::Floor {
        name: String::new(),
        etag: String::new(),
        update_time: None,
        clients: clients.iter().map(client_to_wire).collect(),
        skills: skills.iter().map(ToString::to_string).collect(),
        pauses: pauses.iter().map(ToString::to_string).collect(),
        dispositions: dispositions.iter().map(ToString::to_string).collect(),
        queues: queues.iter().map(queue_to_wire).collect(),
        agents: agents.iter().map(|it| agent_to_wire(it, passwords)).collect(),
        trunks: trunks.iter().map(|it| trunk_to_wire(it, passwords)).collect(),
        entry_points: entry_points.iter().map(entry_point_to_wire).collect(),
        lists: lists.iter().map(lead::list_to_wire).collect(),
        campaigns: campaigns.iter().map(campaign::to_wire).collect(),
        disposition_trees: disposition_trees.iter().map(disposition::tree_to_wire).collect(),
        casework: Some(casework::to_wire(casework, passwords)),
    }
}

/// Reads a definition. Reports every field that cannot be read; whether the definition holds together is
/// [`FloorSpec::faults`]'s to say. Name, etag and update time are output only and not looked at.
pub fn from_wire(wire: pb::Floor) -> Result<FloorSpec, Vec<FieldError>> {
    let pb::Floor {
        name: _,
        etag: _,
        update_time: _,
        clients,
        skills,
        pauses,
        dispositions,
        disposition_trees,
        queues,
        agents,
        trunks,
        entry_points,
        lists,
        campaigns,
        casework,
    } = wire;
    let mut faults = Faults(Vec::new());
    let spec = FloorSpec {
        clients: faults.each("clients", clients, client_from_wire),
        skills: faults.ids("skills", skills, SkillId::parse),
        pauses: faults.ids("pauses", pauses, Slug::parse),
        dispositions: faults.ids("dispositions", dispositions, Slug::parse),
        queues: faults.each("queues", queues, queue_from_wire),
        agents: faults.each("agents", agents, agent_from_wire),
        trunks: faults.each("trunks", trunks, trunk_from_wire),
        entry_points: faults.each("entry_points", entry_points, entry_point_from_wire),
        lists: faults.each("lists", lists, lead::list_from_wire),
        campaigns: faults.each("campaigns", campaigns, campaign::from_wire),
        disposition_trees: faults.each(
            "disposition_trees",
            disposition_trees,
            disposition::tree_from_wire,
        ),
        casework: casework::from_wire(&mut faults, "casework", casework.unwrap_or_default()),
    };
    if faults.0.is_empty() { Ok(spec) } else { Err(faults.0) }
}

/// Reads the version that an etag stands for; `None` where it is empty.
pub fn read_etag(field: &str, etag: &str) -> Result<Option<u64>, FieldError> {
    if etag.is_empty() {
        return Ok(None);
    }
    let version = etag.parse().map(Some);
    version.map_err(|_| FieldError::new(field, cut(etag), "give the etag that GetFloor returned"))
}

fn client_to_wire(ClientSpec { id, name }: &ClientSpec) -> pb::Client {
    pb::Client { id: id.to_string(), display_name: name.clone() }
}

fn client_from_wire(faults: &mut Faults, at: &str, wire: pb::Client) -> Option<ClientSpec> {
    let pb::Client { id: text, display_name } = wire;
    let id = faults.keep(id(&format!("{at}.id"), &text, ClientId::parse))?;
    Some(ClientSpec { id, name: display_name })
}

fn queue_to_wire(queue: &QueueSpec) -> pb::Queue {
    let QueueSpec {
        id,
        name,
        client,
        priority,
        skills,
        service_level,
        short_abandonment,
        ring,
        offer_timeout,
        wrap_up,
        wrap_up_extension,
        max_wait,
        capacity,
        announcements: Announcements { language },
        dispositions,
        survey,
    } = queue;
    pb::Queue {
        id: id.to_string(),
        display_name: name.clone(),
        client: client.to_string(),
        priority: u32::from(*priority),
        skills: skills_to_wire(skills),
        service_level: Some(span(*service_level)),
        short_abandonment: Some(span(*short_abandonment)),
        ring: Some(ring_to_wire(ring)),
        offer_timeout: Some(span(*offer_timeout)),
        wrap_up: Some(span(*wrap_up)),
        wrap_up_extension: Some(span(*wrap_up_extension)),
        max_wait: Some(span(*max_wait)),
        capacity: *capacity,
        language: language_word(*language).to_owned(),
        dispositions: dispositions.as_ref().map(ToString::to_string).unwrap_or_default(),
        survey: survey.map(casework::survey_to_wire),
    }
}

/// What is absent is as in a YAML definition that leaves it out; a capacity of 0 counts as absent.
fn queue_from_wire(faults: &mut Faults, at: &str, wire: pb::Queue) -> Option<QueueSpec> {
    let pb::Queue {
        id: queue,
        display_name,
        client,
        priority,
        skills,
        service_level,
        short_abandonment,
        ring,
        offer_timeout,
        wrap_up,
        wrap_up_extension,
        max_wait,
        capacity,
        language,
        dispositions,
        survey,
    } = wire;
    let field = |name: &str| format!("{at}.{name}");
    let queue = faults.keep(id(&field("id"), &queue, QueueId::parse));
    let client = faults.keep(id(&field("client"), &client, ClientId::parse));
    let priority = faults.keep(small(&field("priority"), priority, "give 0 to 9"));
    let skills = faults.skills(&field("skills"), skills);
    let ring = ring_from_wire(faults, &field("ring"), ring);
    let language = faults.keep(read_language(&field("language"), &language));
    let dispositions = faults.optional_id(&field("dispositions"), &dispositions, Slug::parse);
    let survey = survey.and_then(|it| casework::survey_from_wire(faults, &field("survey"), it));
    let mut span = |name: &str, wire| faults.keep(read_span(&field(name), wire)).flatten();
    let [service_level, short_abandonment, offer_timeout] = [
        span("service_level", service_level),
        span("short_abandonment", short_abandonment),
        span("offer_timeout", offer_timeout),
    ];
    let [wrap_up, wrap_up_extension, max_wait] = [
        span("wrap_up", wrap_up),
        span("wrap_up_extension", wrap_up_extension),
        span("max_wait", max_wait),
    ];
    let absent = QueueSpec::new(queue?, display_name, client?);
    Some(QueueSpec {
        priority: priority?,
        skills,
        service_level: service_level.unwrap_or(absent.service_level),
        short_abandonment: short_abandonment.unwrap_or(absent.short_abandonment),
        ring,
        offer_timeout: offer_timeout.unwrap_or(absent.offer_timeout),
        wrap_up: wrap_up.unwrap_or(absent.wrap_up),
        wrap_up_extension: wrap_up_extension.unwrap_or(absent.wrap_up_extension),
        max_wait: max_wait.unwrap_or(absent.max_wait),
        capacity: if capacity == 0 { absent.capacity } else { capacity },
        announcements: Announcements { language: language? },
        dispositions,
        survey,
        ..absent
    })
}

fn ring_to_wire(ring: &RingPolicy) -> pb::RingPolicy {
    let RingPolicy { cadence, answer_after_rings, answer_by_rings } = *ring;
    pb::RingPolicy {
        cadence: cadence.map(|it| it.to_string()).unwrap_or_default(),
        answer_after_rings,
        answer_by_rings,
    }
}

fn ring_from_wire(faults: &mut Faults, at: &str, wire: Option<pb::RingPolicy>) -> RingPolicy {
    let Some(pb::RingPolicy { cadence, answer_after_rings, answer_by_rings }) = wire else {
        return RingPolicy::default();
    };
    let cadence = faults.cadence(&format!("{at}.cadence"), &cadence);
    RingPolicy { cadence, answer_after_rings, answer_by_rings }
}

const fn language_word(language: Language) -> &'static str {
    match language {
        Language::Es => "es",
        Language::En => "en",
    }
}

fn read_language(field: &str, word: &str) -> Result<Language, FieldError> {
    match word {
        "" => Ok(Language::default()),
        "es" => Ok(Language::Es),
        "en" => Ok(Language::En),
        other => Err(FieldError::new(field, cut(other), "give es or en")),
    }
}

fn skills_to_wire(skills: &BTreeMap<SkillId, u8>) -> BTreeMap<String, u32> {
    skills.iter().map(|(skill, level)| (skill.to_string(), u32::from(*level))).collect()
}

fn agent_to_wire(agent: &AgentSpec, passwords: Passwords) -> pb::Agent {
    let AgentSpec { id, name, skills, site, station, password, clients } = agent;
    let station = match station {
        StationMode::OnDemand => pb::StationMode::OnDemand,
        StationMode::Persistent => pb::StationMode::Persistent,
    };
    pb::Agent {
        id: id.to_string(),
        display_name: name.clone(),
        skills: skills_to_wire(skills),
        site: site.as_ref().map(ToString::to_string).unwrap_or_default(),
        station: station.into(),
        password: password_to_wire(password.as_ref(), passwords),
        clients: clients.iter().map(ToString::to_string).collect(),
    }
}

fn agent_from_wire(faults: &mut Faults, at: &str, wire: pb::Agent) -> Option<AgentSpec> {
    let pb::Agent { id: agent, display_name, skills, site, station, password, clients } = wire;
    let field = |name: &str| format!("{at}.{name}");
    let agent = faults.keep(id(&field("id"), &agent, AgentId::parse));
    let skills = faults.skills(&field("skills"), skills);
    let site = match site.as_str() {
        "" => None,
        text => Some(faults.keep(id(&field("site"), text, SiteId::parse))?),
    };
    let station = match pb::StationMode::try_from(station) {
        Ok(pb::StationMode::Unspecified) => StationMode::default(),
        Ok(pb::StationMode::OnDemand) => StationMode::OnDemand,
        Ok(pb::StationMode::Persistent) => StationMode::Persistent,
        Err(_) => {
            let remedy = "give STATION_MODE_ON_DEMAND or STATION_MODE_PERSISTENT";
            faults.0.push(FieldError::new(field("station"), station, remedy));
            return None;
        }
    };
    let password = read_password(password);
    let clients = faults.ids(&field("clients"), clients, ClientId::parse);
    Some(AgentSpec { id: agent?, name: display_name, skills, site, station, password, clients })
}

fn trunk_to_wire(trunk: &TrunkSpec, passwords: Passwords) -> pb::Trunk {
    let TrunkSpec { id, addresses, password, country, cadence, channels, outbound } = trunk;
    pb::Trunk {
        id: id.to_string(),
        addresses: addresses.iter().map(|it| String::from(*it)).collect(),
        password: password_to_wire(password.as_ref(), passwords),
        country: country.clone(),
        cadence: cadence.map(|it| it.to_string()).unwrap_or_default(),
        channels: *channels,
        outbound: outbound.as_ref().map(|it| outbound::to_wire(it, passwords)),
    }
}

/// Channels of 0 count as absent.
fn trunk_from_wire(faults: &mut Faults, at: &str, wire: pb::Trunk) -> Option<TrunkSpec> {
    let pb::Trunk { id: trunk, addresses, password, country, cadence, channels, outbound } = wire;
    let trunk = faults.keep(id(&format!("{at}.id"), &trunk, TrunkId::parse));
    let addresses =
        faults.each(&format!("{at}.addresses"), addresses, |faults, at, text: String| {
            let read = SipAddress::try_from(text.clone());
            let remedy = "give an IP address, or a network such as 198.51.100.0/24";
            faults.keep(read.map_err(|_| FieldError::new(at, cut(&text), remedy)))
        });
    let cadence = faults.cadence(&format!("{at}.cadence"), &cadence);
    let channels = if channels == 0 { TrunkSpec::CHANNELS } else { channels };
    let password = read_password(password);
    let outbound = outbound.map(outbound::from_wire);
    Some(TrunkSpec { id: trunk?, addresses, password, country, cadence, channels, outbound })
}

fn password_to_wire(password: Option<&Digest>, passwords: Passwords) -> String {
    match (passwords, password) {
        (Passwords::Send, Some(Digest::Plain(text))) => text.clone(),
        (Passwords::Send, Some(Digest::Sealed { .. }) | None) | (Passwords::Omit, _) => {
            String::new()
        }
    }
}

fn read_password(text: String) -> Option<Digest> {
    (!text.is_empty()).then_some(Digest::Plain(text))
}

fn entry_point_to_wire(EntryPointSpec { number, queue }: &EntryPointSpec) -> pb::EntryPoint {
    pb::EntryPoint { number: number.expose().to_owned(), queue: queue.to_string() }
}

fn entry_point_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::EntryPoint,
) -> Option<EntryPointSpec> {
    let pb::EntryPoint { number, queue } = wire;
    let number = faults.number(&format!("{at}.number"), &number);
    let queue = faults.keep(id(&format!("{at}.queue"), &queue, QueueId::parse));
    Some(EntryPointSpec { number: number?, queue: queue? })
}

#[cfg(test)]
mod tests;
