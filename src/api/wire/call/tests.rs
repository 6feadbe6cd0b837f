use super::*;
use proptest::prelude::*;
use timbre_model::{CallId, CallerId, Civil, TenantId};
use timbre_store::Cursor;

fn at() -> impl Strategy<Value = Civil> {
    (0..4_000_000_000_000_000_i64).prop_map(Civil::from_micros)
}

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9_.-]{0,8}"
}

fn number() -> impl Strategy<Value = PhoneNumber> {
    "\\+[1-9][0-9]{5,12}".prop_map(|text| PhoneNumber::parse(&text).expect("a number"))
}

fn outcome() -> impl Strategy<Value = Option<CallOutcome>> {
    prop::option::of(prop::sample::select(CallOutcome::ALL))
}

prop_compose! {
    fn record()(
        id: u128,
        (tenant, trunk, dialed) in (slug(), slug(), "[0-9+]{0,12}"),
        caller in prop::option::of(number()),
        (queue, client, agent) in
            (prop::option::of(slug()), prop::option::of(slug()), prop::option::of(slug())),
        (arrived_at, answered_at, connected_at) in
            (at(), prop::option::of(at()), prop::option::of(at())),
        (ended_at, wrapped_up_at) in (prop::option::of(at()), prop::option::of(at())),
        answered_ring in prop::option::of(1..9_u32),
        (count, total, longest) in (0..9_u32, 0..99_999_u64, 0..99_999_u64),
        outcome in outcome(),
        cause in prop::option::of(prop::sample::select(EndCause::ALL)),
        released_by in prop::option::of(prop::sample::select(ReleasedBy::ALL)),
        disposition in prop::option::of((
            slug(),
            any::<bool>(),
            prop::collection::btree_map("[a-z]{1,5}", ".{0,9}", 0..3),
        )),
        outbound in prop::option::of((slug(), prop::option::of(1..u64::MAX))),
    ) -> CallRecord {
        CallRecord {
            id: CallId::from_u128(id),
            tenant: TenantId::parse(&tenant).expect("a slug"),
            trunk: TrunkId::parse(&trunk).expect("a slug"),
            dialed,
            caller: caller.map_or(CallerId::Withheld, CallerId::Number),
            queue: queue.map(|it| QueueId::parse(&it).expect("a slug")),
            client: client.map(|it| ClientId::parse(&it).expect("a slug")),
            arrived_at, answered_at, answered_ring, connected_at,
            agent: agent.map(|it| AgentId::parse(&it).expect("a slug")),
            hold: HoldStats {
                count,
                total: Duration::from_micros(total),
                longest: Duration::from_micros(longest),
            },
            ended_at, outcome, cause, released_by,
            disposition: disposition.map(|(code, automatic, fields)| {
                Disposition { code: Slug::parse(&code).expect("a slug"), automatic, fields }
            }),
            wrapped_up_at,
            outbound: outbound.map(|(campaign, lead)| PlacedFor {
                campaign: CampaignId::parse(&campaign).expect("a slug"),
                lead: lead.map(LeadId::from_u64),
            }),
        }
    }
}

prop_compose! {
    fn filter()(
        (queue, agent) in (prop::option::of(slug()), prop::option::of(slug())),
        outcome in outcome(),
        open in prop::option::of(Just(true)),
        (arrived_from, arrived_to) in (prop::option::of(at()), prop::option::of(at())),
        caller in prop::option::of(number()),
    ) -> CallFilter {
        CallFilter {
            queue: queue.map(|it| QueueId::parse(&it).expect("a slug")),
            agent: agent.map(|it| AgentId::parse(&it).expect("a slug")),
            outcome, open, arrived_from, arrived_to, caller,
        }
    }
}

proptest! {
    #[test]
    fn a_call_survives_the_wire(record in record()) {
        prop_assert_eq!(from_wire(to_wire(&record)), Ok(record));
    }

    #[test]
    fn a_question_survives_the_wire(filter in filter(), size in 1..=1_000_u32, call: u128, at in at()) {
        let after = Some(Cursor { arrived_at: at, call: CallId::from_u128(call) });
        let page = PageRequest { size, after };
        prop_assert_eq!(list_from_wire(&list_to_wire(&filter, &page)), Ok((filter, page)));
    }
}

#[test]
fn every_fault_of_a_question_is_reported_and_no_caller_is_repeated() {
    let faults = list_from_wire(&pb::ListCallsRequest {
        page_size: -1,
        queue: "Ventas".to_owned(),
        outcome: "great".to_owned(),
        caller: "612345678".to_owned(),
        ..pb::ListCallsRequest::default()
    })
    .expect_err("a faulty question");
    let fields: Vec<_> = faults.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["page_size", "queue", "outcome", "caller"]);
    assert!(faults.iter().all(|it| !it.to_string().contains("612345678")));
}
