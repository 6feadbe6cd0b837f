//! The floor's definition, as an operator writes it and as it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    AgentId, Cadence, CampaignSpec, CaseworkSpec, ClientId, DispositionTree, FieldError, ListSpec,
    PhoneNumber, QueueId, RingPolicy, SiteId, SkillId, Slug, SurveySpec, TrunkId,
};

/// The whole floor of one tenant. Declarative: what is not named is not there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FloorSpec {
    /// Companies on whose behalf calls are made or taken.
    pub clients: Vec<ClientSpec>,
    /// What agents may be able to do.
    pub skills: BTreeSet<SkillId>,
    /// Why an agent may choose not to be ready.
    pub pauses: BTreeSet<Slug>,
    /// How an agent may classify a call whose queue and campaign name no tree: codes without effects.
    pub dispositions: BTreeSet<Slug>,
    /// Trees of dispositions with effects, for queues and campaigns that name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disposition_trees: Vec<DispositionTree>,
    /// Where calls wait.
    pub queues: Vec<QueueSpec>,
    /// Who answers them.
    pub agents: Vec<AgentSpec>,
    /// Where they come from.
    pub trunks: Vec<TrunkSpec>,
    /// Which dialed number leads to which queue.
    pub entry_points: Vec<EntryPointSpec>,
    /// Lists of people to be called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListSpec>,
    /// Who is called, how and for whom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<CampaignSpec>,
    /// How what follows a conversation is done.
    pub casework: CaseworkSpec,
}

/// A client company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSpec {
    /// Its id.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
}

/// A queue: where calls of one kind wait, with its promise and its ring policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// Its id.
    pub id: QueueId,
    /// Its name, for people.
    pub name: String,
    /// On whose behalf it answers.
    pub client: ClientId,
    /// 0 to 9; calls of a higher one are offered first.
    #[serde(default)]
    pub priority: u8,
    /// Skills an agent must hold, with the least proficiency (1 to 10) of each.
    #[serde(default)]
    pub skills: BTreeMap<SkillId, u8>,
    /// The promise: calls connected within this count towards the service level.
    #[serde(with = "span", default = "default::service_level")]
    pub service_level: Duration,
    /// Callers who leave within this are counted apart.
    #[serde(with = "span", default = "default::short_abandonment")]
    pub short_abandonment: Duration,
    /// When calls are answered.
    #[serde(default)]
    pub ring: RingPolicy,
    /// How long an offer rings at one agent.
    #[serde(with = "span", default = "default::offer_timeout")]
    pub offer_timeout: Duration,
    /// The clock of wrap-up.
    #[serde(with = "span", default = "default::wrap_up")]
    pub wrap_up: Duration,
    /// What an extension adds to it, once. Zero: no extension.
    #[serde(with = "span", default = "default::wrap_up_extension")]
    pub wrap_up_extension: Duration,
    /// How long a caller may wait.
    #[serde(with = "span", default = "default::max_wait")]
    pub max_wait: Duration,
    /// How many may wait at once.
    #[serde(default = "default::capacity")]
    pub capacity: u32,
    /// What waiting callers hear.
    #[serde(default)]
    pub announcements: Announcements,
    /// The tree of dispositions of its calls; `None`: the floor's flat set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispositions: Option<Slug>,
    /// What its customers are asked after the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<SurveySpec>,
}

impl QueueSpec {
    /// A queue with nothing but what every queue must say; all else is as in a definition that leaves it out.
    pub fn new(id: QueueId, name: String, client: ClientId) -> Self {
        Self {
            id,
            name,
            client,
            priority: 0,
            skills: BTreeMap::new(),
            service_level: default::service_level(),
            short_abandonment: default::short_abandonment(),
            ring: RingPolicy::default(),
            offer_timeout: default::offer_timeout(),
            wrap_up: default::wrap_up(),
            wrap_up_extension: default::wrap_up_extension(),
            max_wait: default::max_wait(),
            capacity: default::capacity(),
            announcements: Announcements::default(),
            dispositions: None,
            survey: None,
        }
    }
}

/// What waiting callers hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Announcements {
    /// In which language.
    pub language: Language,
}

/// A language of the prompts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Spanish.
    #[default]
    Es,
    /// English.
    En,
}

/// An agent: a person with skills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// Their id.
    pub id: AgentId,
    /// Their name, for people.
    pub name: String,
    /// What they can do, and how well (1 to 10).
    #[serde(default)]
    pub skills: BTreeMap<SkillId, u8>,
    /// Where they sit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Their phone's way of working.
    #[serde(default)]
    pub station: StationMode,
    /// Their phone's password for SIP digest; `None`: no phone may register for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Digest>,
    /// The client companies whose customers they may see; empty: those of the queues whose calls they can take.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub clients: BTreeSet<ClientId>,
}

impl AgentSpec {
    /// An agent with nothing but what every agent must say.
    pub fn new(id: AgentId, name: String) -> Self {
        Self {
            id,
            name,
            skills: BTreeMap::new(),
            site: None,
            station: StationMode::default(),
            password: None,
            clients: BTreeSet::new(),
        }
    }
}

/// How an agent's phone takes calls.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum StationMode {
    /// The phone rings for each offer.
    #[default]
    OnDemand,
    /// One leg stays up for the shift and calls are bridged into it at once.
    Persistent,
}

/// A trunk: a carrier or a PBX from which calls come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkSpec {
    /// Its id.
    pub id: TrunkId,
    /// Addresses whose calls are its own: an IP address, or a network such as `198.51.100.0/24`. Empty: by digest.
    #[serde(default)]
    pub addresses: Vec<SipAddress>,
    /// Its password for SIP digest, from any address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Digest>,
    /// Its country (ISO 3166): completes national numbers.
    pub country: String,
    /// What its callers hear; by default its country's cadence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cadence: Option<Cadence>,
    /// How many calls it may have up at once.
    #[serde(default = "default::trunk_channels")]
    pub channels: u32,
    /// How calls are placed over it; `None`: it only brings calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<OutboundSpec>,
}

/// How calls are placed over a trunk, and within which limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSpec {
    /// Where INVITEs go: `198.51.100.7:5060` or `198.51.100.7`; the first that is up.
    pub to: Vec<String>,
    /// Over TCP rather than UDP.
    #[serde(default)]
    pub tcp: bool,
    /// Send `34910000001` for `+34910000001`.
    #[serde(default)]
    pub strip_plus: bool,
    /// Goes before the number, after the `+` was stripped.
    #[serde(default)]
    pub prefix: String,
    /// Our user name, where the carrier asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Our password, where the carrier asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Most calls that may be in set-up at once.
    #[serde(default = "default::setup_max")]
    pub setup_max: u32,
    /// Most calls placed in a second.
    #[serde(default = "default::calls_per_second")]
    pub calls_per_second: f64,
    /// Countries (ISO 3166) that may be called; against toll fraud there is no default but the trunk's own.
    #[serde(default)]
    pub countries: BTreeSet<String>,
    /// What a minute costs, by country; `*` for the rest. In the operator's currency.
    #[serde(default)]
    pub rates: BTreeMap<String, f64>,
    /// Most that may be spent in a day (UTC); `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend_per_day_max: Option<f64>,
    /// Places no call while true.
    #[serde(default)]
    pub stopped: bool,
}

impl OutboundSpec {
    /// The port of SIP where an address names none (RFC 3261 §19.1.2).
    pub const PORT: u16 = 5060;

    /// A trunk's outbound side with nothing but where calls go; all else is as in a definition that leaves it out.
    pub fn new(to: Vec<String>) -> Self {
        Self {
            to,
            strip_plus: false,
            prefix: String::new(),
            tcp: false,
            username: None,
            password: None,
            setup_max: default::setup_max(),
            calls_per_second: default::calls_per_second(),
            countries: BTreeSet::new(),
            rates: BTreeMap::new(),
            spend_per_day_max: None,
            stopped: false,
        }
    }

    /// Where INVITEs go. Addresses that are none are left out; [`FloorSpec::faults`] names them.
    pub fn addresses(&self) -> Vec<std::net::SocketAddr> {
        self.to.iter().filter_map(|text| Self::address(text)).collect()
    }

    pub(crate) fn address(text: &str) -> Option<std::net::SocketAddr> {
        let with_port = text.parse().ok();
        with_port.or_else(|| Some(std::net::SocketAddr::new(text.parse().ok()?, Self::PORT)))
    }
}

/// A password that must be sent to somebody else, and so is kept as it is. Never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The password, for the one it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(•••)")
    }
}

impl TrunkSpec {
    /// How many calls a trunk may have up at once where its definition does not say.
    pub const CHANNELS: u32 = 1_000;

    /// Countries (ISO 3166) that may be called over it: those that it names, or else its own.
    pub fn countries(&self) -> BTreeSet<String> {
        let named = self.outbound.as_ref().map(|it| &it.countries).filter(|it| !it.is_empty());
        named.cloned().unwrap_or_else(|| [self.country.clone()].into())
    }
}

/// Which dialed number leads to which queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryPointSpec {
    /// The number, in E.164 form.
    pub number: PhoneNumber,
    /// The queue.
    pub queue: QueueId,
}

/// An IP address or a network (CIDR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SipAddress {
    address: std::net::IpAddr,
    prefix: u8,
}

impl SipAddress {
    /// The network's address.
    pub fn address(&self) -> std::net::IpAddr {
        self.address
    }

    /// How many leading bits count.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

impl TryFrom<String> for SipAddress {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (address, prefix) =
            text.split_once('/').map_or((text.as_str(), None), |(a, p)| (a, Some(p)));
        let parsed = address.parse::<std::net::IpAddr>().ok().and_then(|address| {
            let widest = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.map_or(Some(widest), |p| p.parse().ok())?;
            (prefix <= widest).then_some(Self { address, prefix })
        });
        parsed.ok_or_else(|| {
            format!("{text:?} is no address: write 198.51.100.7, 198.51.100.0/24 or 2001:db8::/32")
        })
    }
}

impl From<SipAddress> for String {
    fn from(it: SipAddress) -> Self {
        format!("{}/{}", it.address, it.prefix)
    }
}

/// A password for SIP digest. As it is written: the password. As it is kept: only its hashes HA1 (RFC 8760 §2.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Digest {
    /// As it was written.
    Plain(String),
    /// As it is kept.
    Sealed {
        /// MD5 of `user:realm:password`, in hexadecimal.
        ha1_md5: String,
        /// SHA-256 of the same.
        ha1_sha256: String,
    },
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(•••)")
    }
}

impl FloorSpec {
    /// Most agents of one tenant.
    pub const AGENTS_MAX: usize = 20_000;
    /// Most queues of one tenant.
    pub const QUEUES_MAX: usize = 1_000;
    /// Most campaigns of one tenant.
    pub const CAMPAIGNS_MAX: usize = 1_000;
    /// Most waiting calls of one queue.
    pub const CAPACITY_MAX: u32 = 100_000;

    /// Every fault of the definition; empty where it can take effect.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        self.size_faults(&mut faults);
        twice("clients", self.clients.iter().map(|it| it.id.as_str()), &mut faults);
        twice("queues", self.queues.iter().map(|it| it.id.as_str()), &mut faults);
        twice("agents", self.agents.iter().map(|it| it.id.as_str()), &mut faults);
        twice("trunks", self.trunks.iter().map(|it| it.id.as_str()), &mut faults);
        twice("entry_points", self.entry_points.iter().map(|it| it.number.expose()), &mut faults);
        for (at, queue) in self.queues.iter().enumerate() {
            self.queue_faults(&format!("queues[{at}]"), queue, &mut faults);
        }
        for (at, agent) in self.agents.iter().enumerate() {
            self.skill_faults(&format!("agents[{at}].skills"), &agent.skills, &mut faults);
            self.client_faults(&format!("agents[{at}].clients"), &agent.clients, &mut faults);
        }
        for (at, trunk) in self.trunks.iter().enumerate() {
            trunk_faults(&format!("trunks[{at}]"), trunk, &mut faults);
        }
        for (at, entry) in self.entry_points.iter().enumerate() {
            if !self.queues.iter().any(|queue| queue.id == entry.queue) {
                let field = format!("entry_points[{at}].queue");
                faults.push(FieldError::new(field, &entry.queue, "name a queue of this floor"));
            }
        }
        self.outbound_faults(&mut faults);
        self.disposition_faults(&mut faults);
        self.casework_faults(&mut faults);
        faults
    }

    fn size_faults(&self, faults: &mut Vec<FieldError>) {
        for (field, holds, most) in [
            ("agents", self.agents.len(), Self::AGENTS_MAX),
            ("queues", self.queues.len(), Self::QUEUES_MAX),
            ("clients", self.clients.len(), 1_000),
            ("trunks", self.trunks.len(), 200),
            ("entry_points", self.entry_points.len(), 10_000),
            ("lists", self.lists.len(), 10_000),
            ("campaigns", self.campaigns.len(), Self::CAMPAIGNS_MAX),
            ("skills", self.skills.len(), 500),
            ("pauses", self.pauses.len(), 100),
            ("dispositions", self.dispositions.len(), 500),
            ("disposition_trees", self.disposition_trees.len(), 200),
        ] {
            if holds > most {
                faults.push(FieldError::new(field, holds, format!("a floor has at most {most}")));
            }
        }
    }

    fn queue_faults(&self, field: &str, queue: &QueueSpec, faults: &mut Vec<FieldError>) {
        let mut fault = |name: &str, value: &dyn fmt::Display, remedy: &str| {
            faults.push(FieldError::new(format!("{field}.{name}"), value, remedy));
        };
        if !self.clients.iter().any(|client| client.id == queue.client) {
            fault("client", &queue.client, "name a client of this floor");
        }
        if queue.priority > 9 {
            fault("priority", &queue.priority, "give 0 to 9");
        }
        if !(1..=Self::CAPACITY_MAX).contains(&queue.capacity) {
            fault("capacity", &queue.capacity, "give 1 to 100000");
        }
        for (name, value, least, most) in [
            ("offer_timeout", queue.offer_timeout, 1, 300),
            ("wrap_up", queue.wrap_up, 0, 3_600),
            ("wrap_up_extension", queue.wrap_up_extension, 0, 3_600),
            ("max_wait", queue.max_wait, 1, 14_400),
            ("service_level", queue.service_level, 1, 3_600),
            ("short_abandonment", queue.short_abandonment, 0, 60),
        ] {
            if value < Duration::from_secs(least) || value > Duration::from_secs(most) {
                let shown = format!("{}s", value.as_secs_f64());
                fault(name, &shown, &format!("give {least}s to {most}s"));
            }
        }
        faults.extend(queue.ring.faults(&format!("{field}.ring")));
        self.skill_faults(&format!("{field}.skills"), &queue.skills, faults);
    }

    fn client_faults(
        &self,
        field: &str,
        clients: &BTreeSet<ClientId>,
        faults: &mut Vec<FieldError>,
    ) {
        for client in clients {
            if !self.clients.iter().any(|it| it.id == *client) {
                faults.push(FieldError::new(field, client, "name a client of this floor"));
            }
        }
    }

    fn skill_faults(
        &self,
        field: &str,
        skills: &BTreeMap<SkillId, u8>,
        faults: &mut Vec<FieldError>,
    ) {
        for (skill, level) in skills {
            if !self.skills.contains(skill) {
                faults.push(FieldError::new(field, skill, "name a skill of this floor"));
            }
            if !(1..=10).contains(level) {
                faults.push(FieldError::new(format!("{field}.{skill}"), level, "give 1 to 10"));
            }
        }
    }
}

pub(crate) fn twice<'a>(
    field: &str,
    ids: impl Iterator<Item = &'a str>,
    faults: &mut Vec<FieldError>,
) {
    let mut seen = BTreeSet::new();
    for id in ids.filter(|&id| !seen.insert(id)) {
        faults.push(FieldError::new(field, id, "name each only once"));
    }
}

fn trunk_faults(field: &str, trunk: &TrunkSpec, faults: &mut Vec<FieldError>) {
    if trunk.addresses.is_empty() && trunk.password.is_none() {
        let remedy = "give the carrier's addresses, or a password";
        faults.push(FieldError::new(format!("{field}.addresses"), "", remedy));
    }
    if trunk.cadence.is_none() && Cadence::of_country(&trunk.country).is_none() {
        let remedy = "name a country with a known cadence (ES, MX, CO, …), or give a cadence";
        faults.push(FieldError::new(format!("{field}.country"), &trunk.country, remedy));
    }
    if !(1..=100_000).contains(&trunk.channels) {
        faults.push(FieldError::new(
            format!("{field}.channels"),
            trunk.channels,
            "give 1 to 100000",
        ));
    }
}

/// Spans of time as people write them: `20s`, `1m 30s`, `250ms`.
pub(crate) mod span {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{}ms", span.as_millis()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        let parsed = text.parse::<jiff::SignedDuration>().ok();
        parsed.and_then(|span| Duration::try_from(span).ok()).ok_or_else(|| {
            D::Error::custom(format!("{text:?} is no span of time: write 20s, 1m 30s or 250ms"))
        })
    }
}

/// The same where there may be none.
pub(crate) mod maybe_span {
    use super::{Duration, span};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Span(#[serde(with = "span")] Duration);

    pub(crate) fn serialize<S: Serializer>(
        it: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        it.map(Span).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Span>::deserialize(from)?.map(|it| it.0))
    }
}

mod default {
    use super::Duration;

    pub(super) fn service_level() -> Duration {
        Duration::from_secs(20)
    }
    pub(super) fn short_abandonment() -> Duration {
        Duration::from_secs(5)
    }
    pub(super) fn offer_timeout() -> Duration {
        Duration::from_secs(15)
    }
    pub(super) fn wrap_up() -> Duration {
        Duration::from_secs(30)
    }
    pub(super) fn wrap_up_extension() -> Duration {
        Duration::from_secs(60)
    }
    pub(super) fn max_wait() -> Duration {
        Duration::from_secs(600)
    }
    pub(super) fn capacity() -> u32 {
        200
    }
    pub(super) fn setup_max() -> u32 {
        200
    }
    pub(super) fn calls_per_second() -> f64 {
        20.0
    }
    pub(super) fn trunk_channels() -> u32 {
        super::TrunkSpec::CHANNELS
    }
}
