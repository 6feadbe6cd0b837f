use std::collections::BTreeSet;

use timbre_model::{Civil, ClientId, ConsentBasis, LeadRole, PhoneNumber, Slug, TenantId};

use super::*;
use crate::{
    Act, Callback, CallbackId, CallbackState, CallbackWhy, Record, RecordKind, Refusal, Work,
};

fn tenant() -> TenantId {
    TenantId::parse("demo").expect("an id")
}

fn client(id: &str) -> ClientId {
    ClientId::parse(id).expect("an id")
}

fn act(second: i64) -> Act {
    Act { at: Civil::from_micros(second * 1_000_000), by: By::System }
}

fn number(text: &str) -> CustomerNumber {
    let number = PhoneNumber::parse(text).expect("a number");
    CustomerNumber { number, label: String::new(), name: String::new(), role: LeadRole::Unknown }
}

fn profile(name: &str, numbers: &[&str]) -> Profile {
    let numbers = numbers.iter().map(|it| number(it)).collect();
    Profile { name: name.to_owned(), numbers, ..Profile::unknown() }
}

fn only(work: &Work) -> Customer {
    let [Record::Customer(it)] = work.records.as_slice() else { panic!("{work:?}") };
    (**it).clone()
}

fn made(id: u128, profile: Profile) -> Customer {
    let whose = (&tenant(), &client("luz"));
    only(&create(CustomerId::from_u128(id), whose, profile, &act(id as i64)).expect("sound"))
}

fn field(refused: Result<Work, Refusal>) -> String {
    match refused.expect_err("a fault") {
        Refusal::Field(fault) => fault.field,
        Refusal::State { .. } => "state".to_owned(),
    }
}

fn callback(id: u128, customer: u128) -> Record {
    Record::Callback(Box::new(Callback {
        id: CallbackId::from_u128(id),
        tenant: tenant(),
        client: client("luz"),
        version: 4,
        why: CallbackWhy::Promised,
        made_at: Civil::from_micros(1),
        call: None,
        customer: Some(CustomerId::from_u128(customer)),
        customer_name: "Eva".to_owned(),
        number: PhoneNumber::parse("+34600000002").expect("a number"),
        due_at: Civil::from_micros(2),
        agent: None,
        state: CallbackState::Planned,
        list: None,
        lead: None,
        expires_at: Civil::from_micros(3),
        note: "the bill".to_owned(),
        ended_at: None,
    }))
}

#[test]
fn a_profile_is_refused_by_the_field_that_is_wrong() {
    let base = || profile("Ana", &["+34600000001"]);
    for (wrong, path) in [
        (Profile::unknown(), "customer.display_name"),
        (profile(&"x".repeat(201), &[]), "customer.display_name"),
        (Profile { mail: Some("ana at home".into()), ..base() }, "customer.mail"),
        (Profile { mail: Some("@example.com".into()), ..base() }, "customer.mail"),
        (Profile { language: Some("español!".into()), ..base() }, "customer.language"),
        (Profile { note: "x".repeat(10_001), ..base() }, "customer.note"),
        (
            Profile {
                numbers: (0..33).map(|it| number(&format!("+346000000{it:02}"))).collect(),
                ..base()
            },
            "customer.numbers",
        ),
    ] {
        let whose = (&tenant(), &client("luz"));
        assert_eq!(field(create(CustomerId::from_u128(1), whose, wrong, &act(1))), path);
    }
    let twice = made(1, profile("Ana", &["+34600000001", "+34 600 000 001"]));
    assert_eq!(twice.numbers.len(), 1, "one number is kept once");
}

#[test]
fn consents_are_only_ever_added() {
    let ana = made(1, profile("Ana", &["+34600000001"]));
    let yes =
        Agreement { basis: Some(ConsentBasis::Express), purpose: " calls ".into(), call: None };
    let no = Agreement { basis: None, ..yes.clone() };
    let given = consent(&ana, yes.clone(), &act(5)).expect("given");
    let withdrawn = consent(&only(&given), no, &act(6)).expect("withdrawn");
    let ledger = only(&withdrawn).consents;
    let told: Vec<_> = ledger.iter().map(|it| (it.basis, it.purpose.as_str(), it.at)).collect();
    let expected = [(Some(ConsentBasis::Express), "calls", act(5).at), (None, "calls", act(6).at)];
    assert_eq!(told, expected);
    let kinds: Vec<_> = [&given, &withdrawn].map(|it| it.events[0].kind.clone()).into();
    assert_eq!(kinds, ["timbre.customer.consented.v1", "timbre.customer.withdrew.v1"]);
    assert_eq!(field(consent(&ana, Agreement { purpose: " ".into(), ..yes }, &act(7))), "purpose");
}

#[test]
fn two_become_one_and_all_they_have_follows() {
    let tag = |it| Slug::parse(it).expect("a slug");
    let mut ana = made(2, profile("+34600000001", &["+34600000001"]));
    ana.tags = BTreeSet::from([tag("vip")]);
    let mut eva = made(1, Profile { key: Some("K7".into()), ..profile("Eva", &["+34600000002"]) });
    eva.tags = BTreeSet::from([tag("talkative")]);
    let yes =
        Agreement { basis: Some(ConsentBasis::Contract), purpose: "calls".into(), call: None };
    let eva = only(&consent(&eva, yes, &act(3)).expect("given"));
    let work = merge(&ana, &eva, vec![callback(9, 1)], &act(8)).expect("one person");
    let [Record::Customer(gone), Record::Customer(whole), Record::Callback(owed)] =
        work.records.as_slice()
    else {
        panic!("{work:?}")
    };
    assert_eq!((gone.merged_into, gone.version, gone.state()), (Some(ana.id), 3, "merged"));
    assert!(gone.numbers.is_empty() && gone.key.is_none() && gone.consents.is_empty());
    assert_eq!((whole.name.as_str(), whole.version), ("Eva", 2), "a number is no name");
    assert_eq!((whole.key.as_deref(), whole.numbers.len()), (Some("K7"), 2));
    assert_eq!((whole.tags.len(), whole.consents.len()), (2, 1));
    assert_eq!(whole.known_since, eva.known_since);
    assert_eq!((owed.customer, owed.version), (Some(ana.id), 5));
}

#[test]
fn only_two_that_are_there_of_one_client_company_become_one() {
    let (ana, eva) = (made(1, profile("Ana", &[])), made(2, profile("Eva", &[])));
    let other = Customer { client: client("agua"), ..eva.clone() };
    assert_eq!(field(merge(&ana, &ana, Vec::new(), &act(3))), "other");
    assert_eq!(field(merge(&ana, &other, Vec::new(), &act(3))), "other");
    let gone = Customer { merged_into: Some(ana.id), ..eva.clone() };
    assert_eq!(field(merge(&ana, &gone, Vec::new(), &act(3))), "state");
    assert_eq!(field(amend(&gone, profile("Eva", &[]))), "state");
    let erased = Customer { erased_at: Some(act(1).at), ..eva };
    assert_eq!(field(erase(&erased, Vec::new(), &act(3))), "state");
}

#[test]
fn erasure_leaves_nothing_of_the_person_and_the_evidence_whole() {
    let mut ana =
        made(1, Profile { key: Some("SECRET".into()), ..profile("SECRET", &["+34600000002"]) });
    ana.note = "SECRET".into();
    ana.mail = Some("SECRET@example.com".into());
    ana.attributes.insert("street".into(), "SECRET".into());
    let yes =
        Agreement { basis: Some(ConsentBasis::Express), purpose: "SECRET".into(), call: None };
    let ana = only(&consent(&ana, yes, &act(4)).expect("given"));
    let mut owed = callback(9, 1);
    if let Record::Callback(it) = &mut owed {
        it.customer_name = "SECRET".into();
        it.note = "SECRET".into();
    }
    let work = erase(&ana, vec![owed], &act(9)).expect("erased");
    for record in &work.records {
        let json = record.to_json().expect("JSON");
        assert!(!json.contains("SECRET") && !json.contains("600000002"), "{json}");
    }
    assert!(!format!("{:?}", work.events).contains("SECRET"));
    let [Record::Customer(left), Record::Callback(ended)] = work.records.as_slice() else {
        panic!("{work:?}")
    };
    assert_eq!((left.erased_at, left.version), (Some(act(9).at), 3));
    let evidence: Vec<_> = left.consents.iter().map(|it| (it.at, it.basis)).collect();
    assert_eq!(evidence, [(act(4).at, Some(ConsentBasis::Express))]);
    assert_eq!((ended.state, ended.ended_at), (CallbackState::Canceled, Some(act(9).at)));
    assert!(Record::Callback(ended.clone()).index().agenda.is_empty());
}

#[test]
fn an_export_has_every_kind_of_record() {
    let ana = made(1, profile("Ana", &["+34600000001"]));
    let dossier = Dossier {
        customer: ana,
        interactions: Vec::new(),
        records: vec![callback(9, 1)],
        attempts: Vec::new(),
        do_not_call: Vec::new(),
    };
    let all = export(&dossier).expect("JSON");
    assert_eq!(all["customer"]["name"], "Ana");
    assert_eq!(all["callbacks"][0]["note"], "the bill");
    for kind in RecordKind::ALL
        .iter()
        .filter(|it| !matches!(it, RecordKind::Trouble | RecordKind::Customer))
    {
        assert!(all[format!("{kind}s")].is_array(), "{kind}");
    }
}
