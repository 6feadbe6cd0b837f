//! Reads cases from text.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use timbre_compliance::{
    Attempt, Charge, History, Hit, Lists, Presented, Refusal, RegistryState, locate,
};
use timbre_model::{
    CampaignId, Civil, ClientId, Consent, ConsentBasis, Party, PhoneNumber, Purpose, Voice,
};

/// One line of a table.
pub struct Case {
    pub line: String,
    pub attempt: Attempt,
    pub history: History,
    pub lists: Lists,
    pub now: Civil,
    pub expected: Expected,
    zone: TimeZone,
}

/// What is expected of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    Permit,
    Refuse { rule: String, earliest: Option<Civil> },
}

impl Expected {
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Permit => None,
            Self::Refuse { rule, .. } => Some(rule),
        }
    }
}

impl Case {
    /// An outcome as the tables write it.
    pub fn words(&self, outcome: &Expected) -> String {
        match outcome {
            Expected::Permit => "permit".to_owned(),
            Expected::Refuse { rule, earliest: None } => format!("refuse {rule} never"),
            Expected::Refuse { rule, earliest: Some(at) } => {
                let stamp = jiff::Timestamp::from_microsecond(at.as_micros()).expect("a time");
                let local = self.zone.to_datetime(stamp);
                format!("refuse {rule} {}", local.strftime("%Y-%m-%dT%H:%M:%S"))
            }
        }
    }
}

/// The cases of a table.
pub fn cases(text: &str) -> Vec<Case> {
    let (mut zone, mut with) = (TimeZone::UTC, String::new());
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#')) {
        match line.split_once(' ') {
            Some(("zone", name)) => zone = bundled(name),
            Some(("with", words)) => with = words.to_owned(),
            _ => found.push(case(line, &with, &zone)),
        }
    }
    found
}

fn bundled(name: &str) -> TimeZone {
    jiff::tz::TimeZoneDatabase::bundled().get(name).expect("a zone")
}

fn civil(text: &str, zone: &TimeZone) -> Civil {
    // A day alone is its noon.
    let full = if text.contains('T') { text.to_owned() } else { format!("{text}T12:00") };
    let at: DateTime = full.parse().unwrap_or_else(|why| panic!("{text}: {why}"));
    let stamp = zone.to_ambiguous_timestamp(at).compatible().expect("a time");
    Civil::from_micros(stamp.as_microsecond())
}

fn case(line: &str, with: &str, zone: &TimeZone) -> Case {
    let parts: Vec<&str> = line.split(" · ").map(str::trim).collect();
    let [at, what, expected] = parts[..] else { panic!("{line}: not three parts") };
    let expected = match expected.split(' ').collect::<Vec<_>>()[..] {
        ["permit"] => Expected::Permit,
        ["refuse", rule, "never"] => Expected::Refuse { rule: rule.to_owned(), earliest: None },
        ["refuse", rule, at] => {
            Expected::Refuse { rule: rule.to_owned(), earliest: Some(civil(at, zone)) }
        }
        _ => panic!("{line}: expects what?"),
    };
    let words: Vec<&str> =
        with.split(' ').chain(what.split(' ')).filter(|it| !it.is_empty()).collect();
    let number = words.iter().rev().find(|it| it.starts_with('+')).expect("a number");
    let mut case = Case {
        line: line.to_owned(),
        attempt: attempt(number),
        history: History::default(),
        lists: Lists::default(),
        now: civil(at, zone),
        expected,
        zone: zone.clone(),
    };
    for word in words.iter().filter(|it| !it.starts_with('+')) {
        case.apply(word);
    }
    case
}

/// A marketing call by an agent to a consumer, with nothing else known.
pub fn attempt(number: &str) -> Attempt {
    let number = PhoneNumber::parse(number).expect("a number");
    let found = locate(&number, None).expect("a plan");
    Attempt {
        number,
        place: found.place,
        zones: found.zones,
        purpose: Purpose::Marketing,
        party: Party::Consumer,
        sector: None,
        consent: None,
        voice: Voice::Human,
        caller_id: None,
        campaign: CampaignId::parse("spring").expect("a name"),
        client: Some(ClientId::parse("acme").expect("a name")),
        person: None,
        campaign_started: None,
        schedule: None,
        guaranteed_agent: false,
        adherent_codes: Vec::new(),
    }
}

impl Case {
    /// One word: `collections`, `business`, `consent=express@2026-01-01`, `cid=+34400123456`, `list=es-robinson@2026-11-20`,
    /// `listed=...`, `call=2026-11-20T10:00/conversation`, ...
    fn apply(&mut self, word: &str) {
        if let Some(purpose) = Purpose::parse(word) {
            self.attempt.purpose = purpose;
        } else if let Some(party) = Party::parse(word) {
            self.attempt.party = party;
        } else if let Some(voice) = Voice::parse(word) {
            self.attempt.voice = voice;
        } else if word == "guaranteed" {
            self.attempt.guaranteed_agent = true;
        } else if let Some((key, value)) = word.split_once('=') {
            self.set(key, value);
        } else {
            panic!("{word}: what is that?");
        }
    }

    fn set(&mut self, key: &str, value: &str) {
        let (value, at) = value.split_once('@').map_or((value, None), |(it, at)| (it, Some(at)));
        let at = at.map(|at| civil(at, &self.zone));
        let attempt = &mut self.attempt;
        match key {
            "consent" => {
                let given_at = at.unwrap_or(self.now);
                let basis = ConsentBasis::parse(value);
                assert!(basis.is_some() || value == "none", "{value}: no basis");
                attempt.consent = basis.map(|basis| Consent { basis, given_at });
            }
            "cid" => attempt.caller_id = presented(value),
            "sector" => attempt.sector = Some(value.to_owned()),
            "code" => attempt.adherent_codes.push(value.to_owned()),
            "region" => attempt.place.region = (value != "none").then(|| value.to_owned()),
            "zones" => attempt.zones = value.split(',').map(str::to_owned).collect(),
            "person" => attempt.person = Some(value.to_owned()),
            "client" => attempt.client = ClientId::parse(value).ok(),
            "postcode" => {
                let found = locate(&attempt.number, Some(value)).expect("a plan");
                attempt.place = found.place;
                attempt.zones = found.zones;
            }
            "daily" => attempt.schedule = Some(daily(value)),
            "list" | "listed" => {
                let imported_at = at.unwrap_or(self.now);
                self.lists.registries.retain(|it| it.name != value);
                self.lists.registries.push(RegistryState {
                    name: value.to_owned(),
                    imported_version: "v1".to_owned(),
                    imported_at,
                    listed: key == "listed",
                });
            }
            "unlist" => self.lists.registries.retain(|it| it.name != value),
            "internal" => {
                self.lists.internal = Some(Hit {
                    list: value.to_owned(),
                    scope: "tenant".to_owned(),
                    since: at.unwrap_or(self.now),
                });
            }
            "call" => self.charge(value),
            _ => panic!("{key}: what is that?"),
        }
    }

    /// `2026-11-20T10:00/conversation/client:other`.
    fn charge(&mut self, text: &str) {
        let mut parts = text.split('/');
        let at = civil(parts.next().expect("a time"), &self.zone);
        let mut charge = Charge {
            at,
            number: self.attempt.number.clone(),
            person: None,
            client: self.attempt.client.clone(),
            campaign: self.attempt.campaign.clone(),
            answered: false,
            conversation: false,
            abandoned: false,
            refused: None,
        };
        for part in parts {
            match part.split_once(':').unwrap_or((part, "")) {
                ("answered", _) => charge.answered = true,
                ("conversation", _) => (charge.answered, charge.conversation) = (true, true),
                ("abandoned", _) => (charge.answered, charge.abandoned) = (true, true),
                ("refused", _) => {
                    (charge.answered, charge.conversation) = (true, true);
                    charge.refused = Some(Refusal::Offer);
                }
                ("client", other) => charge.client = ClientId::parse(other).ok(),
                ("number", other) => charge.number = PhoneNumber::parse(other).expect("a number"),
                ("person", who) => charge.person = Some(who.to_owned()),
                _ => panic!("{part}: what is that?"),
            }
        }
        self.history.charges.push(charge);
    }
}

fn presented(text: &str) -> Option<Presented> {
    if text == "none" {
        return None;
    }
    let number = PhoneNumber::parse(text).map(Presented::Number);
    Some(number.unwrap_or_else(|_| Presented::Short(text.to_owned())))
}

fn daily(text: &str) -> timbre_model::WeeklyHours {
    let span = timbre_model::DaySpan::try_from(text.to_owned()).expect("hours");
    let day = || vec![span];
    timbre_model::WeeklyHours {
        mon: day(),
        tue: day(),
        wed: day(),
        thu: day(),
        fri: day(),
        sat: day(),
        sun: day(),
    }
}
