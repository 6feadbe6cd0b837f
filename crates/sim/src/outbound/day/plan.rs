//! What kind of day a seed brings: which hours, which modes, who is called.

use std::time::Duration;

use timbre_model::{
    AgentId, AgentSpec, Civil, Consent, ConsentBasis, DialMode, FloorSpec, ListId, NewLead,
    PacingMethod, PhoneNumber, Slug, StationMode,
};

use crate::outbound::authorizer::lead;
use crate::outbound::book::located;
use crate::outbound::chance::Chance;
use crate::outbound::world::{HOUR, SECOND, tenant};
use crate::outbound::{
    Callers, Course, Habits, Lasting, Latency, Leads, Person, Registry, Ringing, Setup, Shift,
};

const AGENTS: usize = 14;
const LASTS: u64 = 2 * HOUR + HOUR / 2;
/// 2026-11-20, a Friday, at midnight in Madrid.
const FRIDAY: i64 = 1_795_129_200_000_000 + 7 * 86_400_000_000;

fn known<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("what we write ourselves is well-formed")
}

pub(super) fn setup(seed: u64) -> Setup {
    // Around the opening in Spain, around its closing, and while Mexico opens zone by zone; now and then into a Saturday.
    let minutes = [8 * 60 + 15, 19 * 60 + 30, 13 * 60 + 20, 9 * 60 + 30][seed as usize % 4];
    let day = if seed % 5 == 4 { 1 } else { 0 };
    let start = FRIDAY + day * 86_400_000_000 + minutes * 60_000_000;
    let shift = Shift {
        from: 0,
        to: LASTS - 60 * SECOND,
        breaks: vec![(40 * 60 * SECOND, 46 * 60 * SECOND)],
    };
    let (people, registries) = people(seed, Civil::from_micros(start));
    Setup {
        floor: floor(seed),
        start: Civil::from_micros(start),
        warm_up: 0,
        end: LASTS,
        slice: HOUR,
        crew: vec![shift; AGENTS],
        habits: vec![habits(0.25, 45.0), habits(0.35, 30.0), habits(0.5, 40.0)],
        leads: Leads::Listed(people, registries),
        latency: Latency::default(),
        yesterday: None,
        callers: vec![Callers {
            number: known(PhoneNumber::parse("+34910000001")),
            trunk: known(timbre_model::TrunkId::parse("operador")),
            per_hour: 40.0,
            talk: Lasting::LogNormal { mean_s: 60.0, variation: 1.0 },
            patience: Lasting::Exponential { mean_s: 90.0 },
        }],
        barred: Vec::new(),
    }
}

fn floor(seed: u64) -> FloorSpec {
    let mut floor: FloorSpec = known(toml::from_str(include_str!("floor.toml")));
    let agent = |n: usize| AgentSpec {
        id: known(AgentId::parse(&format!("agent-{n}"))),
        name: String::new(),
        skills: Default::default(),
        site: None,
        station: if n % 4 == 3 { StationMode::OnDemand } else { StationMode::Persistent },
        password: None,
        clients: Default::default(),
    };
    floor.agents = (0..AGENTS).map(agent).collect();
    let predictive = |controller| DialMode::Predictive { controller };
    let modes = [
        predictive(PacingMethod::Forecast),
        DialMode::Power { ratio: 2.5 },
        predictive(PacingMethod::Adaptive),
        DialMode::Progressive,
        DialMode::Preview { timeout: Duration::from_secs(15) },
        DialMode::Manual,
    ];
    let start = seed as usize;
    for (n, campaign) in floor.campaigns.iter_mut().enumerate() {
        campaign.mode = modes[(start + n * (1 + start / 6)) % modes.len()];
    }
    floor
}

fn habits(answer: f64, talk_s: f64) -> Habits {
    let code = |code| known(Slug::parse(code));
    Habits {
        answer: [answer; 24],
        zone: None,
        course: Course::Even,
        ringing: Ringing::Lifelike,
        machine: 0.1,
        talk: Lasting::LogNormal { mean_s: talk_s, variation: 1.0 },
        wrap: Lasting::LogNormal { mean_s: 12.0, variation: 0.5 },
        dispositions: vec![(code("no"), 0.8), (code("venta"), 0.15), (code("do-not-call"), 0.05)],
        callback: 0.1,
    }
}

/// First number, how many, list and habits. Some have a second number, some share it.
const GROUPS: [(u64, u64, &str, usize); 6] = [
    // Mobiles, which may be in Madrid or in the Canaries; landlines of both.
    (34_612_000_000, 200, "espana", 0),
    (34_915_550_000, 150, "espana", 0),
    (34_928_550_000, 100, "espana", 0),
    // The capital, and Tijuana two hours behind.
    (525_512_340_000, 150, "mexico", 1),
    (526_641_230_000, 150, "mexico", 1),
    (34_935_550_000, 120, "clientes", 2),
];

fn people(seed: u64, start: Civil) -> (Vec<Person>, Vec<Registry>) {
    let mut chance = Chance::new(seed, 8);
    let mut robinson =
        Registry { name: "es-robinson".to_owned(), imported_at: start, listed: Default::default() };
    let mut people = Vec::new();
    for (first, count, list, habits) in GROUPS {
        for n in 0..count {
            let number = |n: u64| known(PhoneNumber::parse(&format!("+{}", first + n)));
            let mut numbers = vec![located(&number(n))];
            if chance.happens(0.2) {
                numbers.push(located(&number(n + 5_000)));
            }
            if chance.happens(0.05) {
                robinson.listed.insert(number(n));
            }
            let id = people.len() as u64 + 1;
            let list = known(ListId::parse(list));
            let mut new = lead(id, &tenant(), &list, numbers);
            let given_at = Civil::from_micros(start.as_micros() - 30 * 86_400_000_000);
            let basis = match chance.below(10) {
                0 => None,
                1..5 => Some(ConsentBasis::Express),
                _ => Some(ConsentBasis::LegitimateInterest),
            };
            new.person = NewLead {
                person: chance.happens(0.3).then(|| format!("person-{}", id / 2)),
                consent: basis.map(|basis| Consent { basis, given_at }),
                ..new.person
            };
            people.push(Person { lead: new, habits });
        }
    }
    (people, vec![robinson])
}
