use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use timbre_casework::customer::{Brief, File};
use timbre_casework::{
    By, CaseId, CaseKey, CustomerId, FollowUpId, Interaction, InteractionKind, Promise, RecordKind,
    SaleId,
};
use timbre_model::{AgentId, Civil, OfferId, PhoneNumber, TenantId};

use super::*;

fn number() -> impl Strategy<Value = CustomerNumber> {
    ("[1-9][0-9]{6,13}", "[a-z]{0,8}", "[a-z ]{0,8}", proptest::sample::select(LeadRole::ALL))
        .prop_map(|(digits, label, name, role)| CustomerNumber {
            number: PhoneNumber::parse(&format!("+{digits}")).expect("a number"),
            label,
            name,
            role,
        })
}

fn at() -> impl Strategy<Value = Civil> {
    (0..4_000_000_000_000_000_i64).prop_map(Civil::from_micros)
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![
        Just(By::System),
        "[0-9a-f]{8}".prop_map(By::Desk),
        "[a-z]{1,8}".prop_map(|it| By::Agent(AgentId::parse(&it).expect("an id"))),
    ]
}

fn consents() -> impl Strategy<Value = Vec<ConsentEntry>> {
    let basis = proptest::option::of(proptest::sample::select(ConsentBasis::ALL));
    let call = proptest::option::of(any::<u128>().prop_map(CallId::from_u128));
    let entry = (at(), basis, "[a-z]{1,9}", by(), call);
    let entry = entry.prop_map(|(at, basis, purpose, by, call)| ConsentEntry {
        at,
        basis,
        purpose,
        by,
        call,
    });
    proptest::collection::vec(entry, 0..4)
}

fn filled() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-z]{1,9}")
}

fn profile() -> impl Strategy<Value = Profile> {
    let who = (proptest::sample::select(CustomerKind::ALL), "[a-zñ]{0,9}", filled());
    let where_ = (proptest::collection::vec(number(), 0..4), filled(), filled());
    let hints = (
        proptest::option::of(proptest::sample::select(Style::ALL)),
        proptest::collection::btree_set("[a-z]{1,5}", 0..3),
        "[a-z \n]{0,20}",
        proptest::collection::btree_map("[a-z]{1,5}", "[a-z]{0,5}", 0..3),
    );
    (who, where_, hints).prop_map(
        |((kind, name, key), (numbers, mail, language), (style, tags, note, attributes))| Profile {
            kind,
            name,
            key,
            numbers,
            mail,
            language,
            style,
            tags: tags.iter().map(|it| Slug::parse(it).expect("a slug")).collect(),
            note,
            attributes,
        },
    )
}

fn customer() -> impl Strategy<Value = Customer> {
    let ends = (
        proptest::option::of(any::<u128>().prop_map(CustomerId::from_u128)),
        proptest::option::of(at()),
    );
    (any::<u128>(), any::<u64>(), profile(), consents(), at(), ends).prop_map(
        |(id, version, it, consents, known_since, (merged_into, erased_at))| Customer {
            id: CustomerId::from_u128(id),
            tenant: TenantId::parse("demo").expect("an id"),
            client: ClientId::parse("luz").expect("an id"),
            version,
            kind: it.kind,
            name: it.name,
            key: it.key,
            numbers: it.numbers,
            mail: it.mail,
            language: it.language,
            style: it.style,
            tags: it.tags,
            consents,
            note: it.note,
            attributes: it.attributes,
            known_since,
            merged_into,
            erased_at,
        },
    )
}

fn brief() -> impl Strategy<Value = Brief> {
    let promise = ("[a-z]{1,9}", any::<Option<bool>>(), "[a-z]{0,9}", proptest::option::of(at()));
    let promise =
        promise.prop_map(|(text, kept, note, checked_at)| Promise { text, kept, note, checked_at });
    let what = (
        proptest::sample::select(RecordKind::ALL),
        any::<u128>(),
        any::<u64>(),
        "[a-z]{0,9}",
        any::<bool>(),
    );
    let when = (at(), proptest::option::of(at()), filled(), "[a-z]{0,9}");
    let links = any::<(Option<u64>, Option<u128>, Option<u128>, Option<u128>, Option<u128>)>();
    (what, when, proptest::collection::vec(promise, 0..3), links).prop_map(
        |(
            (kind, id, version, state, open),
            (at, due_at, agent, summary),
            promises,
            (key, call, sale, case, follow_up),
        )| Brief {
            kind,
            id,
            version,
            state,
            open,
            at,
            due_at,
            agent: agent.map(|it| AgentId::parse(&it).expect("an id")),
            summary,
            key: key.map(CaseKey::from_chance),
            promises,
            call: call.map(CallId::from_u128),
            sale: sale.map(SaleId::from_u128),
            case: case.map(CaseId::from_u128),
            follow_up: follow_up.map(FollowUpId::from_u128),
        },
    )
}

fn file() -> impl Strategy<Value = File> {
    let contact = (
        at(),
        proptest::sample::select(InteractionKind::ALL),
        any::<u128>(),
        filled(),
        "[a-z]{0,9}",
    );
    let contacts = proptest::collection::vec(contact, 0..3);
    (customer(), contacts, proptest::collection::vec(brief(), 0..3)).prop_map(
        |(customer, contacts, records)| {
            let contact = |(at, kind, subject, agent, summary): (_, _, _, Option<String>, _)| {
                let agent = agent.map(|it| AgentId::parse(&it).expect("an id"));
                let (tenant, customer) = (customer.tenant.clone(), customer.id);
                Interaction { tenant, customer, at, kind, subject, agent, summary }
            };
            let interactions = contacts.into_iter().map(contact).collect();
            File { interactions, records, customer }
        },
    )
}

proptest! {
    #[test]
    fn files_and_cards_read_back(
        customers in proptest::collection::vec(file(), 0..3),
        sale in proptest::option::of(brief()),
        call: u128,
        number in 1_u32..9,
    ) {
        let offer = OfferId { call: CallId::from_u128(call), number };
        let card = CustomerCard { offer, customers, sale };
        prop_assert_eq!(card_from_wire(card_to_wire(&card)), Ok(card));
    }
}

#[test]
fn a_mask_changes_what_it_names_and_nothing_else() {
    let mask = |paths: &[&str]| {
        Some(prost_types::FieldMask { paths: paths.iter().map(|it| (*it).to_owned()).collect() })
    };
    let now = Profile { name: "Ana".into(), note: "old".into(), ..Profile::unknown() };
    let said = Profile {
        name: "Eva".into(),
        mail: Some("eva@example.com".into()),
        tags: BTreeSet::new(),
        attributes: BTreeMap::new(),
        ..Profile::unknown()
    };
    let renamed = masked(now.clone(), said.clone(), mask(&["display_name"])).expect("a field");
    assert_eq!((renamed.name.as_str(), renamed.note.as_str(), renamed.mail), ("Eva", "old", None));
    assert_eq!(masked(now.clone(), said.clone(), mask(&[])), Ok(said.clone()));
    assert_eq!(masked(now, said, mask(&["consents"])).expect_err("no field").field, "update_mask");
}
