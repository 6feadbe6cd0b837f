//! What a dry run says is what then happens: people blocked in ten ways, counted before the day by the gate, and then the
//! day itself.

use timbre_engine::gate::Callable;
use timbre_model::{Civil, LeadId, LeadState, Slug};
use timbre_sim::outbound::scenario::{FloorSource, ScenarioSpec};
use timbre_sim::outbound::{Account, Leads, Setup, run};

const MINUTE: i64 = 60_000_000;

/// Groups of eight, by what stands in their way at half past nine in Madrid.
const GROUPS: &str = r#"
title = "ten ways to be blocked"
date = "2026-11-23"
zone = "Europe/Madrid"
from = "09:30"
to = "13:30"

[[registries]]
name = "es-robinson"
days_ago = 1

[[crew]]
name = "agent"
agents = 6
"#;

const FLOOR: &str = r#"
[floor]
dispositions = ["no"]
clients = [{ id = "c", name = "C" }]
lists = [{ id = "l", name = "L", client = "c", country = "ES" }]
queues = [{ id = "q", name = "Q", client = "c", wrap_up = "60s" }]
trunks = [{ id = "t", addresses = ["192.0.2.1"], country = "ES", outbound = { to = ["192.0.2.1"] } }]

[[floor.campaigns]]
id = "k"
name = "K"
client = "c"
queue = "q"
mode = "progressive"
lists = [{ list = "l" }]
trunks = ["t"]
caller_ids = { numbers = ["+34400100200"] }
purpose = "marketing"
"#;

fn group(first: &str, consent: &str) -> String {
    format!(
        "[[people]]\nlist = \"l\"\ncount = 8\nnumber = \"{first}\"\nanswer = {{ all = 1.0 }}\ntalk = \"20s\"\nwrap = \"5s\"\n{consent}\n"
    )
}

/// The lead's group: they are numbered in their order.
fn group_of(lead: LeadId) -> u64 {
    (lead.as_u64() - 1) / 8
}

fn setup() -> Setup {
    let fresh = "consent = { basis = \"express\", days_ago = 10 }";
    let interest = "consent = { basis = \"legitimate_interest\", days_ago = 10 }";
    let groups = [
        group("+34915550000", fresh),                             // 0 callable
        group("+34915551000", &format!("{fresh}\nbarred = 1.0")), // 1 internal list
        group("+34915552000", interest),                          // 2 Robinson list
        group("+34915553000", "consent = { basis = \"legitimate_interest\", days_ago = 500 }"), // 3 interest lapsed
        group("+34915554000", "consent = { basis = \"express\", days_ago = 800 }"), // 4 too old
        group("+34928555000", fresh), // 5 the Canaries sleep
        group("+34915556000", fresh), // 6 next try later
        group("+34915557000", fresh), // 7 a call was promised
        group("+34915558000", fresh), // 8 finished
        group("+34915559000", fresh), // 9 blocked before
        group("+33145678000", fresh), // 10 where the trunk may not call
        group("+34911550000", fresh), // 11 tried too often
    ];
    let spec = ScenarioSpec::parse(&format!("{GROUPS}\n{}\n{FLOOR}", groups.join("\n")));
    let spec = spec.expect("a scenario");
    let FloorSource::Given(floor) = spec.floor.clone() else { panic!("its floor is given") };
    let mut setup = spec.setup(*floor).expect("no faults");
    stand(&mut setup);
    setup
}

/// Where people stand before the day.
fn stand(setup: &mut Setup) {
    let start = setup.start;
    let after = |minutes: i64| Civil::from_micros(start.as_micros() + minutes * MINUTE);
    let Leads::Listed(people, registries) = &mut setup.leads else { panic!("they are listed") };
    for person in people {
        let lead = &mut person.lead;
        lead.state = match group_of(lead.id) {
            2 => {
                registries[0].listed.insert(lead.person.numbers[0].number.clone());
                LeadState::Ready
            }
            6 => LeadState::Retry { at: after(50) },
            7 => LeadState::Callback { at: after(70), agent: None },
            8 => LeadState::Finished { disposition: Slug::parse("no").expect("a slug") },
            9 => LeadState::Blocked { rule: "ES-list-robinson".to_owned(), until: None },
            11 => {
                lead.attempts = 10;
                LeadState::Ready
            }
            _ => LeadState::Ready,
        };
    }
}

fn account() -> (Setup, Account) {
    let setup = setup();
    let day = run(&setup, 1);
    let account = day.campaigns.into_values().next().expect("one campaign");
    (setup, account)
}

#[test]
fn each_way_of_being_blocked_is_told_by_its_rule() {
    let (_, account) = account();
    let rules = |group: u64| {
        let of = account.before.leads.iter().filter(|(lead, _)| group_of(**lead) == group);
        of.map(|(_, (_, rule))| rule.clone()).collect::<std::collections::BTreeSet<_>>()
    };
    let told: Vec<String> =
        (0..12).map(|group| rules(group).into_iter().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        told,
        [
            "",
            "internal-list",
            "ES-list-robinson",
            "ES-basis-66.1.b",
            "ES-consent-62.1",
            "ES-window-96.2",
            "lead-state",
            "lead-state",
            "finished",
            "ES-list-robinson",
            "trunk-country",
            "exhausted",
        ]
    );
}

#[test]
fn what_the_dry_run_counts_is_what_then_happens() {
    let (setup, account) = account();
    let Account { before, tried, .. } = &account;
    let of_operator = |rule: &str| rule == "trunk-country";
    let (mut now, mut later, mut never) = (0, 0, 0);
    for (lead, (callable, rule)) in &before.leads {
        let tried = tried.get(lead);
        match callable {
            Callable::Now => {
                now += u64::from(tried.is_some());
                let soon = Civil::from_micros(setup.start.as_micros() + 30 * MINUTE);
                assert!(tried.is_some_and(|at| *at < soon), "{lead}: callable now");
            }
            Callable::Later(Some(at)) if !of_operator(rule) => {
                later += u64::from(tried.is_some());
                assert!(tried.is_some_and(|it| it >= at), "{lead}: {rule}, {at:?}, {tried:?}");
            }
            Callable::Later(_) => {
                later += 1;
                assert_eq!(tried, None, "{lead}: {rule}");
                assert_eq!(account.left.leads[lead].1, *rule, "{lead}: kept back all day");
            }
            Callable::Never => {
                never += u64::from(tried.is_none());
                assert_eq!(tried, None, "{lead}: {rule}");
            }
        }
    }
    let sum = |of: &std::collections::BTreeMap<String, u64>| of.values().sum::<u64>();
    assert_eq!((now, later, never), (before.now, sum(&before.later), sum(&before.never)));
    assert_eq!((now, later, never), (8, 32, 56), "{before:?}");
    let dialed = before.leads.len() as u64 - never - 8;
    assert_eq!(tried.len() as u64, dialed, "who was tried, less those whom only an operator frees");
}
