//! A customer's whole story on one page.

use timbre_casework::customer::{Brief, File};
use timbre_casework::{Customer, CustomerNumber, Interaction, Promise, RecordKind};
use timbre_model::LeadRole;

use super::find::called;
use crate::cli::words::moment;

/// Kinds in the order of a story, each with its heading.
const SECTIONS: [(RecordKind, &str); 6] = [
    (RecordKind::Sale, "sales"),
    (RecordKind::FollowUp, "follow-ups"),
    (RecordKind::Case, "cases"),
    (RecordKind::Message, "messages"),
    (RecordKind::Callback, "callbacks"),
    (RecordKind::Survey, "surveys"),
];

/// Everything.
pub(super) fn page(file: &File) -> String {
    let File { customer, interactions, records } = file;
    let mut text = card(customer);
    text.push_str(&consents(customer));
    for (kind, heading) in SECTIONS {
        let these = records.iter().filter(|it| it.kind == kind);
        let lines: Vec<String> = these.flat_map(record).collect();
        text.push_str(&section(heading, &lines));
    }
    let contacts: Vec<_> = interactions.iter().map(contact).collect();
    text.push_str(&section("interactions", &contacts));
    text
}

/// The ledger of consents.
pub(super) fn consents(customer: &Customer) -> String {
    let line = |it: &timbre_casework::ConsentEntry| {
        let basis = it.basis.map_or("withdrawn", timbre_model::ConsentBasis::as_str);
        let call = it.call.map(|call| format!(", call {call}")).unwrap_or_default();
        format!("{}  {basis}: {}{call}", moment(it.at), it.purpose)
    };
    section("consents", &customer.consents.iter().map(line).collect::<Vec<_>>())
}

fn section(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|it| format!("  {it}\n")).collect();
    format!("{heading}\n{lines}")
}

fn card(customer: &Customer) -> String {
    let mut lines = vec![
        ("customer", format!("{} of {}, tenant {}", customer.id, customer.client, customer.tenant)),
        ("name", called(customer)),
    ];
    let mut add = |word, text: Option<String>| lines.extend(text.map(|it| (word, it)));
    add("key", customer.key.clone());
    for number in &customer.numbers {
        add("number", Some(number_words(number)));
    }
    add("mail", customer.mail.clone());
    add("language", customer.language.clone());
    add("style", customer.style.map(|it| it.to_string()));
    let tags: Vec<_> = customer.tags.iter().map(timbre_model::Slug::as_str).collect();
    add("tags", (!tags.is_empty()).then(|| tags.join(", ")));
    add("note", Some(customer.note.clone()).filter(|it| !it.is_empty()));
    for (name, value) in &customer.attributes {
        add("knows", Some(format!("{name}: {value}")));
    }
    add("since", Some(moment(customer.known_since)));
    add("erased", customer.erased_at.map(moment));
    lines.into_iter().map(|(word, text)| format!("{word:<10}{text}\n")).collect()
}

fn number_words(number: &CustomerNumber) -> String {
    let CustomerNumber { number, label, name, role } = number;
    let mut words = number.expose().to_owned();
    if !label.is_empty() {
        words.push_str(&format!(" ({label})"));
    }
    if !name.is_empty() {
        words.push_str(&format!(", {name}"));
    }
    match role {
        LeadRole::Unknown => {}
        LeadRole::DecisionMaker => words.push_str(", decides"),
        LeadRole::Interlocutor => words.push_str(", speaks for who decides"),
    }
    words
}

fn record(it: &Brief) -> Vec<String> {
    let mut words = vec![moment(it.at)];
    words.extend(it.key.map(|key| key.to_string()));
    words.extend(Some(it.state.clone()).filter(|state| !state.is_empty()));
    words.extend(it.due_at.map(|at| format!("due {}", moment(at))));
    words.extend(it.agent.as_ref().map(|agent| format!("by {agent}")));
    words.push(it.summary.clone());
    let mut lines = vec![words.join("  ")];
    let mut link = |what: &str, id: Option<String>| {
        lines.extend(id.map(|id| format!("  {what} {id}")));
    };
    link("id", Some(format!("{:032x}", it.id)));
    link("call", it.call.map(|id| id.to_string()));
    link("of sale", it.sale.map(|id| id.to_string()));
    link("from follow-up", it.follow_up.map(|id| id.to_string()));
    link("opened case", it.case.map(|id| id.to_string()));
    lines.extend(it.promises.iter().map(promise));
    lines
}

fn promise(promise: &Promise) -> String {
    let Promise { text, kept, note, checked_at } = promise;
    let kept = match kept {
        None => "not asked yet",
        Some(true) => "kept",
        Some(false) => "broken",
    };
    let note = if note.is_empty() { String::new() } else { format!(": {note}") };
    let at = checked_at.map(|at| format!(" ({})", moment(at))).unwrap_or_default();
    format!("  promised {text:?}: {kept}{at}{note}")
}

fn contact(it: &Interaction) -> String {
    let agent = it.agent.as_ref().map(|agent| format!(" by {agent}")).unwrap_or_default();
    let id = format!("{:032x}", it.subject);
    format!("{}  {}{agent}: {} ({id})", moment(it.at), it.kind, it.summary)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use timbre_casework::{CaseId, CaseKey, CustomerId, CustomerKind, FollowUpId, SaleId};
    use timbre_model::{Civil, ClientId, PhoneNumber, TenantId};

    use super::*;

    fn brief(kind: RecordKind, id: u128, summary: &str) -> Brief {
        Brief {
            kind,
            id,
            version: 1,
            state: String::new(),
            open: false,
            at: Civil::from_micros(0),
            due_at: None,
            agent: None,
            summary: summary.to_owned(),
            key: None,
            promises: Vec::new(),
            call: None,
            sale: None,
            case: None,
            follow_up: None,
        }
    }

    #[test]
    fn the_whole_chain_is_on_the_page_in_its_order() {
        let number = PhoneNumber::parse("+34600000001").expect("a number");
        let customer = Customer {
            id: CustomerId::from_u128(1),
            tenant: TenantId::parse("demo").expect("an id"),
            client: ClientId::parse("luz").expect("an id"),
            version: 1,
            kind: CustomerKind::Person,
            name: "Ana".to_owned(),
            key: None,
            numbers: vec![timbre_casework::customer::bare_number(number)],
            mail: None,
            language: None,
            style: None,
            tags: BTreeSet::new(),
            consents: Vec::new(),
            note: String::new(),
            attributes: BTreeMap::new(),
            known_since: Civil::from_micros(0),
            merged_into: None,
            erased_at: None,
        };
        let promise = Promise {
            text: "in 5 days".to_owned(),
            kept: Some(false),
            note: "late".to_owned(),
            checked_at: None,
        };
        let sale = Brief { promises: vec![promise], ..brief(RecordKind::Sale, 2, "fibre") };
        let follow_up = Brief {
            sale: Some(SaleId::from_u128(2)),
            case: Some(CaseId::from_u128(4)),
            ..brief(RecordKind::FollowUp, 3, "no. 1")
        };
        let case = Brief {
            key: Some(CaseKey::from_chance(482_193_057)),
            follow_up: Some(FollowUpId::from_u128(3)),
            ..brief(RecordKind::Case, 4, "complaint: late")
        };
        let records = vec![case, follow_up, sale];
        let text = page(&File { customer, interactions: Vec::new(), records });
        let places: Vec<_> = [
            "name      Ana",
            "+34600000001",
            "fibre",
            "broken: late",
            "no. 1",
            "opened case",
            "complaint: late",
        ]
        .map(|it| text.find(it).unwrap_or_else(|| panic!("{it} is not in {text}")))
        .into();
        assert!(places.is_sorted(), "{text}");
        assert!(!text.contains("messages"), "{text}");
    }
}
