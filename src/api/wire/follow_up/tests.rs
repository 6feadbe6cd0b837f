use proptest::prelude::*;
use timbre_model::{Civil, PhoneNumber};

use super::*;

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9_.-]{0,8}"
}

fn at() -> impl Strategy<Value = Civil> {
    (0..4_000_000_000_000_000_i64).prop_map(Civil::from_micros)
}

prop_compose! {
    fn promise()(
        text in ".{0,9}",
        kept: Option<bool>,
        note in ".{0,9}",
        checked_at in prop::option::of(at()),
    ) -> Promise {
        Promise { text, kept, note, checked_at }
    }
}

prop_compose! {
    fn sale()(
        (id, version, at) in (any::<u128>(), 1..u64::MAX, at()),
        (tenant, client, policy) in (slug(), slug(), slug()),
        (campaign, agent) in (prop::option::of(slug()), prop::option::of(slug())),
        (call, customer) in any::<(Option<u128>, Option<u128>)>(),
        (customer_name, product) in (".{0,9}", ".{0,9}"),
        number in "\\+[1-9][0-9]{5,12}",
        promises in prop::collection::vec(promise(), 0..3),
        follow_ups in prop::collection::vec(any::<u128>(), 0..3),
    ) -> Sale {
        Sale {
            id: SaleId::from_u128(id),
            tenant: TenantId::parse(&tenant).expect("a slug"),
            client: ClientId::parse(&client).expect("a slug"),
            version,
            at,
            call: call.map(CallId::from_u128),
            campaign: campaign.map(|it| CampaignId::parse(&it).expect("a slug")),
            agent: agent.map(|it| AgentId::parse(&it).expect("a slug")),
            customer: customer.map(CustomerId::from_u128),
            customer_name,
            number: PhoneNumber::parse(&number).expect("a number"),
            product,
            promises,
            policy: Slug::parse(&policy).expect("a slug"),
            follow_ups: follow_ups.into_iter().map(FollowUpId::from_u128).collect(),
        }
    }
}

prop_compose! {
    fn follow_up()(
        (id, sale, version) in (any::<u128>(), any::<u128>(), 1..u64::MAX),
        (tenant, client, list) in (slug(), slug(), slug()),
        (number, tries, tries_max) in any::<(u32, u32, u32)>(),
        state in prop::sample::select(FollowUpState::ALL),
        (due_at, ended_at) in (at(), prop::option::of(at())),
        (customer, call, case) in any::<(Option<u128>, Option<u128>, Option<u128>)>(),
        lead in prop::option::of(1..u64::MAX),
        agent in prop::option::of(slug()),
        note in ".{0,9}",
    ) -> FollowUp {
        FollowUp {
            id: FollowUpId::from_u128(id),
            tenant: TenantId::parse(&tenant).expect("a slug"),
            client: ClientId::parse(&client).expect("a slug"),
            version,
            sale: SaleId::from_u128(sale),
            number,
            customer: customer.map(CustomerId::from_u128),
            state,
            due_at,
            list: ListId::parse(&list).expect("a slug"),
            lead: lead.map(LeadId::from_u64),
            tries,
            tries_max,
            call: call.map(CallId::from_u128),
            agent: agent.map(|it| AgentId::parse(&it).expect("a slug")),
            case: case.map(CaseId::from_u128),
            note,
            ended_at,
        }
    }
}

proptest! {
    #[test]
    fn a_sale_survives_the_wire(it in sale()) {
        prop_assert_eq!(sale_from_wire(sale_to_wire(&it)), Ok(it));
    }

    #[test]
    fn a_follow_up_survives_the_wire(it in follow_up()) {
        prop_assert_eq!(from_wire(to_wire(&it)), Ok(it));
    }

    #[test]
    fn a_sale_to_be_kept_survives_the_wire(it in sale()) {
        let new = NewSale {
            id: it.id,
            tenant: it.tenant.clone(),
            client: it.client,
            at: Some(it.at),
            call: it.call,
            campaign: it.campaign,
            agent: it.agent,
            customer: it.customer,
            customer_name: it.customer_name,
            number: it.number,
            product: it.product,
            promises: it.promises.into_iter().map(|it| it.text).collect(),
        };
        let wire = new_sale_to_wire(&new, &it.policy);
        prop_assert_eq!(new_sale_from_wire(wire, &it.tenant, it.id), Ok((new, it.policy)));
    }
}
