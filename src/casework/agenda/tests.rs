use timbre_model::{LeadRole, NewLead, Party, TenantId};

use super::*;

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

fn line(id: u128, due: i64) -> AgendaLine {
    let due_at = Civil::from_micros(due);
    AgendaLine {
        kind: RecordKind::Message,
        id,
        line: 0,
        client: ClientId::parse("luz").expect("an id"),
        item: AgendaItem { due_at, agent: None, department: None, title: String::new() },
    }
}

fn lead(id: u64, due: i64) -> Lead {
    Lead {
        id: LeadId::from_u64(id),
        tenant: tenant(),
        list: ListId::parse("lugo").expect("an id"),
        person: NewLead {
            numbers: Vec::new(),
            name: "Marta".to_owned(),
            person: None,
            role: LeadRole::Unknown,
            party: Party::Consumer,
            consent: None,
            tags: [].into(),
            attributes: [].into(),
        },
        state: LeadState::Callback { at: Civil::from_micros(due), agent: None },
        attempts: 0,
        last_attempt_at: None,
    }
}

#[test]
fn records_and_leads_stand_in_one_order_and_no_page_loses_any() {
    let (tenant, floor) = (tenant(), FloorSpec::default());
    let lines = [line(1, 10), line(2, 30), line(3, 50)];
    let leads = [lead(7, 20), lead(8, 30), lead(9, 60)];
    let (mut seen, mut place) = (Vec::new(), Some(Place::default()));
    while let Some(after) = place {
        // As the store answers: what lies behind the place, a page of lines and one lead more.
        let seen_lines = seen.iter().filter(|it| matches!(it, What::Record(..))).count();
        let seen_leads = seen.len() - seen_lines;
        let more = lines.len() - seen_lines > 2;
        let page = lines[seen_lines..].iter().take(2).cloned().collect();
        let of_leads = leads[seen_leads..].iter().take(3).cloned().collect();
        let (items, next) = merged((&tenant, &floor), (page, more), of_leads, 2, after);
        assert!(!items.is_empty() && items.len() <= 2);
        seen.extend(items.iter().map(|it| it.what));
        place = next.map(|it| Place::parse(&it.to_string()).expect("a place reads back"));
        assert_eq!(place, next);
    }
    let record = |id| What::Record(RecordKind::Message, id);
    let of_lead = |id| What::Lead(LeadId::from_u64(id));
    let expected = [record(1), of_lead(7), record(2), of_lead(8), record(3), of_lead(9)];
    assert_eq!(seen, expected);
}

#[test]
fn what_is_no_place_is_refused() {
    for text in ["", "x", "//x", "1/2", "//1/2/3", "/x/1"] {
        assert_eq!(Place::parse(text), None, "{text}");
    }
    assert_eq!(Place::parse("//"), Some(Place::default()));
}
