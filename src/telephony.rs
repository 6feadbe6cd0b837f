//! The only translator between SIP words and engine words.

use std::collections::BTreeMap;

use timbre_casework::MediaStats;
use timbre_engine::port::{Arrival, LegEnd, Refusal, SwitchAction, SwitchEvent};
use timbre_model::{
    AgentId, AgentRef, Cadence, CallId, CallerId, Digest, FloorSpec, Language, LegId, OutboundSpec,
    PhoneNumber, SurveyKind, TenantId, TrunkId, TrunkRef, TrunkSpec,
};
use timbre_sip as sip;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::driver::{clock, entropy};
use crate::metrics::TrunkSample;

/// The digest realm of this program. Every stored HA1 was made with it.
pub const REALM: &str = "timbre";

/// Fewer digits are a short code (112, 1004): no number that has an E.164 form.
const NATIONAL_DIGITS_MIN: usize = 7;

/// The switch, in the engine's words.
pub struct Telephony {
    switch: std::sync::Arc<sip::Switch>,
    events: UnboundedReceiver<sip::Event>,
    floors: BTreeMap<TenantId, FloorSpec>,
    trunks: BTreeMap<String, KnownTrunk>,
}

struct KnownTrunk {
    trunk: TrunkRef,
    country: Option<phonenumber::country::Id>,
    cadence: Cadence,
}

impl Telephony {
    /// Speaks with `switch`, whose events arrive at `events`.
    pub fn new(switch: std::sync::Arc<sip::Switch>, events: UnboundedReceiver<sip::Event>) -> Self {
        Self { switch, events, floors: BTreeMap::new(), trunks: BTreeMap::new() }
    }

    /// The next thing that happened; `None` where the switch has ended.
    pub async fn next(&mut self) -> Option<SwitchEvent> {
        loop {
            let event = self.events.recv().await?;
            if let Some(event) = self.event(event) {
                return Some(event);
            }
        }
    }

    /// The next thing that happened, if it already has.
    pub fn try_next(&mut self) -> Option<SwitchEvent> {
        loop {
            let event = self.events.try_recv().ok()?;
            if let Some(event) = self.event(event) {
                return Some(event);
            }
        }
    }

    /// Lets a tenant's trunks and phones, and no others of its own, talk to the switch.
    pub fn provision(&mut self, tenant: TenantId, floor: FloorSpec) {
        self.floors.insert(tenant, floor);
        self.trunks = known_trunks(&self.floors);
        self.switch.provision(provision(&self.floors));
    }

    /// Asks the switch for something.
    pub fn perform(&self, action: SwitchAction) {
        self.switch.perform(command(action));
    }

    fn event(&self, event: sip::Event) -> Option<SwitchEvent> {
        Some(match event {
            sip::Event::Arrived(arrival) => return self.arrival(*arrival),
            sip::Event::Ringing { leg } => SwitchEvent::LegRinging { leg: ours(leg) },
            sip::Event::Answered { leg } => SwitchEvent::LegAnswered { leg: ours(leg) },
            sip::Event::Ended { leg, how } => {
                SwitchEvent::LegEnded { leg: ours(leg), how: leg_end(how) }
            }
            sip::Event::Hold { leg, held } => SwitchEvent::LegHold { leg: ours(leg), held },
            sip::Event::GreetingPlayed { leg } => SwitchEvent::GreetingPlayed { leg: ours(leg) },
            sip::Event::Key { leg, key } => SwitchEvent::Key { leg: ours(leg), key },
            sip::Event::StationRegistered { user, reachable } => {
                SwitchEvent::StationRegistered { agent: agent_of(&user)?, reachable }
            }
            sip::Event::StationCalledIn { user, leg } => {
                SwitchEvent::StationCalledIn { agent: agent_of(&user)?, leg: ours(leg) }
            }
        })
    }

    fn arrival(&self, arrival: sip::Arrival) -> Option<SwitchEvent> {
        let Some(known) = self.trunks.get(&arrival.trunk) else {
            tracing::warn!(trunk = arrival.trunk, "a call over a trunk that was just taken away");
            let why = sip::Refusal::NotFound;
            self.switch.perform(sip::Command::Refuse { leg: arrival.leg, why });
            return None;
        };
        let caller = arrival.caller.and_then(|text| number(&text, known.country));
        Some(SwitchEvent::CallArrived(Box::new(Arrival {
            leg: ours(arrival.leg),
            call: new_call_id(),
            trunk: known.trunk.clone(),
            cadence: known.cadence,
            dialed_number: number(&arrival.dialed, known.country),
            dialed: arrival.dialed,
            caller: caller.map_or(CallerId::Withheld, CallerId::Number),
        })))
    }
}

/// Asks the switch what it measures. Cheap to clone.
#[derive(Clone)]
pub struct Lines(std::sync::Arc<sip::Switch>);

impl Lines {
    /// Those of `switch`.
    pub fn new(switch: std::sync::Arc<sip::Switch>) -> Self {
        Self(switch)
    }

    /// What was measured of the voice of a leg that is up, or ended lately.
    pub async fn measured(&self, leg: LegId) -> Option<MediaStats> {
        let sip::media::LegMedia { received, lost, jitter, sent, silent_for: _ } =
            self.0.measure(theirs(leg)).await?;
        Some(MediaStats { received, lost, jitter_ms: jitter.as_secs_f64() * 1_000., sent })
    }
}

/// Milliseconds of the civil clock, then chance: ids grow with time, which keeps the store's index together.
pub fn new_call_id() -> CallId {
    let millis = u128::from(clock::civil().as_micros().unsigned_abs() / 1_000);
    let chance = u128::from_be_bytes(entropy::bytes()) >> 48;
    CallId::from_u128((millis << 80) | chance)
}

/// Reads a number as a trunk of `country` sends it: E.164, with or without `+` or `00`, or national.
fn number(text: &str, country: Option<phonenumber::country::Id>) -> Option<PhoneNumber> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.len() > 32 || digits < NATIONAL_DIGITS_MIN {
        return None;
    }
    if text.starts_with('+') {
        return PhoneNumber::parse(text).ok();
    }
    if let Some(international) = text.strip_prefix("00") {
        return PhoneNumber::parse(&format!("+{international}")).ok();
    }
    let parsed = phonenumber::parse(country, text).ok()?;
    let e164 = phonenumber::format(&parsed).mode(phonenumber::Mode::E164).to_string();
    PhoneNumber::parse(&e164).ok()
}

fn known_trunks(floors: &BTreeMap<TenantId, FloorSpec>) -> BTreeMap<String, KnownTrunk> {
    let known = |tenant: &TenantId, spec: &TrunkSpec| {
        let cadence = spec.cadence.or_else(|| Cadence::of_country(&spec.country))?;
        let trunk = TrunkRef { tenant: tenant.clone(), trunk: spec.id.clone() };
        let country = spec.country.to_ascii_uppercase().parse().ok();
        Some((user_of(tenant, spec.id.as_str()), KnownTrunk { trunk, country, cadence }))
    };
    let trunks = floors.iter().flat_map(|(tenant, floor)| {
        floor.trunks.iter().filter_map(move |spec| known(tenant, spec))
    });
    trunks.collect()
}

fn provision(floors: &BTreeMap<TenantId, FloorSpec>) -> sip::Provision {
    let mut all = sip::Provision::default();
    for (tenant, floor) in floors {
        all.trunks.extend(floor.trunks.iter().map(|spec| sip_trunk(tenant, spec)));
        all.stations.extend(floor.agents.iter().filter_map(|agent| {
            let user = user_of(tenant, agent.id.as_str());
            let ha1 = ha1(&user, agent.password.as_ref()?);
            Some(sip::Station { user, ha1 })
        }));
    }
    all
}

fn sip_trunk(tenant: &TenantId, spec: &TrunkSpec) -> sip::Trunk {
    let key = user_of(tenant, spec.id.as_str());
    let network =
        |it: &timbre_model::SipAddress| sip::Network { ip: it.address(), prefix: it.prefix() };
    let credentials = spec
        .password
        .as_ref()
        .map(|password| sip::Credentials { user: key.clone(), ha1: ha1(&key, password) });
    sip::Trunk {
        credentials,
        networks: spec.addresses.iter().map(network).collect(),
        channels: usize::try_from(spec.channels).unwrap_or(usize::MAX),
        outbound: spec.outbound.as_ref().map(sip_outbound),
        key,
    }
}

fn sip_outbound(spec: &OutboundSpec) -> sip::Outbound {
    let login = spec.username.clone().zip(spec.password.as_ref());
    sip::Outbound {
        addresses: spec.addresses(),
        carriage: if spec.tcp { sip::Carriage::Tcp } else { sip::Carriage::Udp },
        login: login
            .map(|(user, password)| sip::Login { user, password: password.expose().to_owned() }),
        strip_plus: spec.strip_plus,
        prefix: spec.prefix.clone(),
    }
}

/// The SIP user of an agent's phone or of a trunk: `tenant~id`. Ids hold no `~`, so no two are alike.
pub fn user_of(tenant: &TenantId, id: &str) -> String {
    format!("{tenant}~{id}")
}

fn agent_of(user: &str) -> Option<AgentRef> {
    let (tenant, agent) = user.split_once('~')?;
    Some(AgentRef { tenant: TenantId::parse(tenant).ok()?, agent: AgentId::parse(agent).ok()? })
}

fn ha1(user: &str, password: &Digest) -> sip::Ha1 {
    match password {
        Digest::Plain(password) => sip::Ha1::of(user, REALM, password),
        Digest::Sealed { ha1_md5, ha1_sha256 } => {
            sip::Ha1 { md5: ha1_md5.clone(), sha256: ha1_sha256.clone() }
        }
    }
}

/// Replaces every password by its hashes, so that none is ever kept. A password that is left out keeps the one in
/// `present`, if any.
pub fn seal(tenant: &TenantId, floor: &mut FloorSpec, present: Option<&FloorSpec>) {
    for agent in &mut floor.agents {
        let kept = || present?.agents.iter().find(|it| it.id == agent.id)?.password.clone();
        let kept = kept();
        seal_one(&user_of(tenant, agent.id.as_str()), &mut agent.password, kept);
    }
    for trunk in &mut floor.trunks {
        let kept = || present?.trunks.iter().find(|it| it.id == trunk.id)?.password.clone();
        let kept = kept();
        seal_one(&user_of(tenant, trunk.id.as_str()), &mut trunk.password, kept);
    }
}

fn seal_one(user: &str, password: &mut Option<Digest>, kept: Option<Digest>) {
    *password = match password.take() {
        Some(Digest::Plain(plain)) => {
            let sip::Ha1 { md5, sha256 } = sip::Ha1::of(user, REALM, &plain);
            Some(Digest::Sealed { ha1_md5: md5, ha1_sha256: sha256 })
        }
        Some(sealed @ Digest::Sealed { .. }) => Some(sealed),
        None => kept,
    };
}

fn ours(leg: sip::LegId) -> LegId {
    LegId::from_u64(leg.0)
}

fn theirs(leg: LegId) -> sip::LegId {
    sip::LegId(leg.as_u64())
}

fn leg_end(how: sip::End) -> LegEnd {
    match how {
        sip::End::FarEnd => LegEnd::FarEnd,
        sip::End::Declined => LegEnd::Declined,
        sip::End::NoAnswer => LegEnd::NoAnswer,
        sip::End::Unreachable => LegEnd::Unreachable,
        sip::End::Lost => LegEnd::Lost,
        sip::End::Failed { status, cause } => LegEnd::Failed { status, cause },
        sip::End::HungUp { .. } => LegEnd::FarEnd,
        sip::End::Ours => LegEnd::Ours,
    }
}

fn command(action: SwitchAction) -> sip::Command {
    match action {
        SwitchAction::Progress { leg } => sip::Command::Progress { leg: theirs(leg) },
        SwitchAction::Refuse { leg, why } => {
            sip::Command::Refuse { leg: theirs(leg), why: refusal(why) }
        }
        SwitchAction::Greet { leg, language } => {
            sip::Command::Greet { leg: theirs(leg), language: spoken(language) }
        }
        SwitchAction::RingStation { leg, agent, caller, call } => sip::Command::RingStation {
            leg: theirs(leg),
            user: user_of(&agent.tenant, agent.agent.as_str()),
            caller: caller.number().map(|number| number.expose().to_owned()),
            call: call.map(|call| call.to_string()),
        },
        SwitchAction::Dial { leg, trunk, number, caller_id, ring_timeout, call } => {
            sip::Command::Dial(Box::new(sip::Dial {
                leg: theirs(leg),
                trunk: user_of(&trunk.tenant, trunk.trunk.as_str()),
                number: number.expose().to_owned(),
                caller_id: Some(caller_id.expose().to_owned()),
                call: Some(call.to_string()),
                ring_timeout,
            }))
        }
        SwitchAction::PlayAbandoned { leg, language } => {
            sip::Command::PlayAbandoned { leg: theirs(leg), language: spoken(language) }
        }
        SwitchAction::Ask { leg, question, language } => {
            let (question, language) = (asked(question), spoken(language));
            sip::Command::Ask { leg: theirs(leg), question, language }
        }
        SwitchAction::Thank { leg, language } => {
            sip::Command::Thank { leg: theirs(leg), language: spoken(language) }
        }
        SwitchAction::Bridge { customer, agent } => {
            sip::Command::Bridge { customer: theirs(customer), agent: theirs(agent) }
        }
        SwitchAction::Hold { customer, agent } => {
            sip::Command::Hold { customer: theirs(customer), agent: theirs(agent) }
        }
        SwitchAction::Unbridge { agent } => sip::Command::Unbridge { agent: theirs(agent) },
        SwitchAction::HangUp { leg } => sip::Command::HangUp { leg: theirs(leg) },
    }
}

fn refusal(why: Refusal) -> sip::Refusal {
    match why {
        Refusal::NoEntryPoint => sip::Refusal::NotFound,
        Refusal::QueueFull => sip::Refusal::Busy,
        Refusal::Overload => sip::Refusal::Overload,
    }
}

fn spoken(language: Language) -> sip::media::Language {
    match language {
        Language::Es => sip::media::Language::Es,
        Language::En => sip::media::Language::En,
    }
}

fn asked(question: SurveyKind) -> sip::media::Question {
    match question {
        SurveyKind::Csat => sip::media::Question::Csat,
        SurveyKind::Nps => sip::media::Question::Nps,
        SurveyKind::Effort => sip::media::Question::Effort,
    }
}

/// The trunk of a key that [`user_of`] made.
fn trunk_of(key: &str) -> Option<TrunkRef> {
    let (tenant, trunk) = key.split_once('~')?;
    Some(TrunkRef { tenant: TenantId::parse(tenant).ok()?, trunk: TrunkId::parse(trunk).ok()? })
}

/// The switch's trunks in the words of metrics.
pub fn trunk_samples(trunks: &[sip::TrunkState]) -> Vec<TrunkSample> {
    let sample = |it: &sip::TrunkState| {
        let trunk = trunk_of(&it.key)?;
        Some(TrunkSample { trunk, in_use: it.in_use, max: it.channels, up: it.up != Some(false) })
    };
    trunks.iter().filter_map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_a_spanish_trunk_sends_them() {
        let spain = "ES".parse().ok();
        assert!(spain.is_some());
        for text in ["+34910000001", "0034910000001", "910000001", "910 000 001"] {
            let read = number(text, spain);
            assert_eq!(read.as_ref().map(PhoneNumber::expose), Some("+34910000001"), "{text}");
        }
        for text in ["", "anonymous", "12", &"9".repeat(40), "+", "00"] {
            assert_eq!(number(text, spain), None, "{text}");
        }
    }

    #[test]
    fn a_password_is_never_kept_and_one_left_out_stays() {
        let tenant = TenantId::parse("t").expect("a slug");
        let yaml = r#"{"agents":[{"id":"ana","name":"Ana","password":"secret"}]}"#;
        let mut floor: FloorSpec = serde_json::from_str(yaml).expect("a floor");
        seal(&tenant, &mut floor, None);
        let kept = serde_json::to_string(&floor).expect("JSON");
        assert!(!kept.contains("secret") && kept.contains("ha1_sha256"), "{kept}");
        let mut again = floor.clone();
        again.agents[0].password = None;
        seal(&tenant, &mut again, Some(&floor));
        assert_eq!(again, floor);
    }
}
