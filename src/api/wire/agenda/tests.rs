use proptest::option;
use proptest::prelude::*;
use timbre_model::{Civil, PhoneNumber};

use super::*;

fn at() -> impl Strategy<Value = Civil> {
    (0..4_000_000_000_000_000_i64).prop_map(Civil::from_micros)
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,9}"
}

fn agent() -> impl Strategy<Value = AgentId> {
    word().prop_map(|it| AgentId::parse(&it).expect("an id"))
}

fn tenant() -> TenantId {
    TenantId::parse("acme").expect("an id")
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        (prop::sample::select(RecordKind::ALL), any::<u128>())
            .prop_map(|(kind, id)| What::Record(kind, id)),
        any::<u64>().prop_map(|it| What::Lead(LeadId::from_u64(it))),
    ]
}

prop_compose! {
    fn item()(
        what in what(),
        client in option::of(word()),
        (due_at, title) in (at(), ".{0,40}"),
        agent in option::of(agent()),
        department in option::of(word()),
    ) -> Item {
        let department = department.map(|it| Slug::parse(&it).expect("a slug"));
        Item {
            tenant: tenant(),
            what,
            client: client.map(|it| ClientId::parse(&it).expect("an id")),
            item: AgendaItem { due_at, agent, department, title },
        }
    }
}

prop_compose! {
    fn new()(
        client in word(),
        call in option::of(any::<u128>()),
        customer in option::of(any::<u128>()),
        (customer_name, note) in (".{0,20}", ".{0,20}"),
        number in "\\+[1-9][0-9]{6,12}",
        due_at in at(),
        agent in option::of(agent()),
    ) -> NewCallback {
        NewCallback {
            tenant: tenant(),
            client: ClientId::parse(&client).expect("an id"),
            why: CallbackWhy::Promised,
            call: call.map(CallId::from_u128),
            customer: customer.map(CustomerId::from_u128),
            customer_name,
            number: PhoneNumber::parse(&number).expect("a number"),
            due_at,
            agent,
            note,
        }
    }
}

prop_compose! {
    fn callback()(
        new in new(),
        (id, version) in (any::<u128>(), 1..u64::MAX),
        why in prop::sample::select(CallbackWhy::ALL),
        state in prop::sample::select(CallbackState::ALL),
        (made_at, expires_at, ended_at) in (at(), at(), option::of(at())),
        list in option::of(word()),
        lead in option::of(1..u64::MAX),
    ) -> Callback {
        let NewCallback {
            tenant, client, why: _, call, customer, customer_name, number, due_at, agent, note,
        } = new;
        Callback {
            id: CallbackId::from_u128(id),
            tenant, client, version, why, made_at, call, customer, customer_name, number, due_at, agent, state,
            list: list.map(|it| ListId::parse(&it).expect("an id")),
            lead: lead.map(LeadId::from_u64),
            expires_at, note, ended_at,
        }
    }
}

proptest! {
    #[test]
    fn items_read_back(item in item()) {
        prop_assert_eq!(item_from_wire(item_to_wire(&item)), Ok(item));
    }

    #[test]
    fn callbacks_read_back(callback in callback()) {
        prop_assert_eq!(callback_from_wire(callback_to_wire(&callback)), Ok(callback));
    }

    #[test]
    fn callbacks_to_be_promised_read_back(new in new()) {
        prop_assert_eq!(new_from_wire(new_to_wire(&new), &new.tenant), Ok(new));
    }
}
