//! The people of a scenario: one lead each, with their number, their place and their ground.

use std::collections::BTreeSet;

use timbre_model::{
    Barred, Civil, Consent, DoNotCallEntry, DoNotCallScope, LeadNumber, NewLead, PhoneNumber, Slug,
};

use super::words::{PeopleSpec, ScenarioSpec};
use crate::outbound::authorizer::lead;
use crate::outbound::chance::Chance;
use crate::outbound::world::tenant;
use crate::outbound::{Person, Registry};

const DAY: i64 = 86_400_000_000;

/// Everybody, the registries, and who is barred from the start.
pub(super) struct Population {
    pub(super) people: Vec<Person>,
    pub(super) registries: Vec<Registry>,
    pub(super) barred: Vec<DoNotCallEntry>,
}

/// The `n`-th number after `first`; `None` where it has more digits.
pub(super) fn number(first: &PhoneNumber, n: u32) -> Option<PhoneNumber> {
    let digits = &first.expose()[1..];
    let next = (digits.parse::<u64>().ok()? + u64::from(n)).to_string();
    (next.len() == digits.len()).then(|| PhoneNumber::parse(&format!("+{next}")).ok())?
}

/// Everybody at `start`. The same for every seed: it is the list that an operator has.
pub(super) fn populate(spec: &ScenarioSpec, start: Civil) -> Population {
    let mut chance = Chance::new(0, 9);
    let registries = spec.registries.iter().map(|it| Registry {
        name: it.name.clone(),
        imported_at: Civil::from_micros(start.as_micros() - i64::from(it.days_ago) * DAY),
        listed: BTreeSet::new(),
    });
    let mut all =
        Population { people: Vec::new(), registries: registries.collect(), barred: Vec::new() };
    for (habits, group) in spec.people.iter().enumerate() {
        for n in 0..group.count {
            let Some(number) = number(&group.number, n) else { break };
            let listed = spec.registries.iter().zip(&mut all.registries);
            for (registry, into) in listed {
                if chance.happens(registry.listed) {
                    into.listed.insert(number.clone());
                }
            }
            if chance.happens(group.barred) {
                all.barred.push(bar(number.clone(), start));
            }
            let id = all.people.len() as u64 + 1;
            let mut new = lead(id, &tenant(), &group.list, vec![located(number, group)]);
            new.person = NewLead {
                party: group.party.unwrap_or_default(),
                consent: consent(group, start),
                ..new.person
            };
            all.people.push(Person { lead: new, habits });
        }
    }
    all
}

fn located(number: PhoneNumber, group: &PeopleSpec) -> LeadNumber {
    let found = timbre_compliance::locate(&number, group.postcode.as_deref());
    let nowhere = timbre_model::Place { country: String::new(), region: None };
    let zones = found.as_ref().map(|it| it.zones.clone()).unwrap_or_default();
    let place = found.map_or(nowhere, |it| it.place);
    LeadNumber { number, label: String::new(), place, zones }
}

fn consent(group: &PeopleSpec, start: Civil) -> Option<Consent> {
    group.consent.as_ref().map(|it| Consent {
        basis: it.basis,
        given_at: Civil::from_micros(start.as_micros() - i64::from(it.days_ago) * DAY),
    })
}

fn bar(number: PhoneNumber, start: Civil) -> DoNotCallEntry {
    DoNotCallEntry {
        tenant: tenant(),
        whom: Barred::Number(number),
        scope: DoNotCallScope::Tenant,
        since: Civil::from_micros(start.as_micros() - DAY),
        until: None,
        source: Slug::parse("import").expect("a slug by its letters"),
        note: String::new(),
    }
}
