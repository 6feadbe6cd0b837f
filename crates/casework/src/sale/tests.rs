use super::*;
use crate::FollowUpState;

pub(crate) const DAY: u64 = 86_400;

pub(crate) fn at(seconds: u64) -> Civil {
    Civil::from_micros(1_700_000_000_000_000) + std::time::Duration::from_secs(seconds)
}

pub(crate) fn act(seconds: u64) -> Act {
    Act { at: at(seconds), by: By::Agent(AgentId::parse("ana").expect("an id")) }
}

pub(crate) fn policy() -> FollowUpPolicy {
    let text = r#"{"id": "care", "after": ["72h", "720h"], "list": "care", "tries": 2,
        "promises": ["delivered in 5 days"]}"#;
    serde_json::from_str(text).expect("a policy")
}

pub(crate) fn new() -> NewSale {
    NewSale {
        id: SaleId::from_u128(9),
        tenant: TenantId::parse("t").expect("an id"),
        client: ClientId::parse("acme").expect("an id"),
        at: None,
        call: Some(CallId::from_u128(9)),
        campaign: None,
        agent: None,
        customer: Some(CustomerId::from_u128(4)),
        customer_name: "Marta Gil".to_owned(),
        number: PhoneNumber::parse("+34600000001").expect("a number"),
        product: "fibre".to_owned(),
        promises: vec![" no lock-in ".to_owned(), String::new(), "delivered in 5 days".to_owned()],
    }
}

/// A sale and its follow-ups.
pub(crate) fn sold() -> (Sale, Vec<FollowUp>, Work) {
    let mut ids = 1..;
    let ids = || FollowUpId::from_u128(ids.next().expect("an id"));
    let work = record(new(), &policy(), ids, &act(0)).expect("recorded");
    let mut sale = None;
    let mut follow_ups = Vec::new();
    for it in &work.records {
        match it {
            Record::Sale(it) => sale = Some((**it).clone()),
            Record::FollowUp(it) => follow_ups.push((**it).clone()),
            other => panic!("{other:?}"),
        }
    }
    (sale.expect("a sale"), follow_ups, work)
}

#[test]
fn a_sale_plans_its_follow_ups_and_writes_each_promise_down_once() {
    let (sale, follow_ups, work) = sold();
    let promises: Vec<&str> = sale.promises.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(promises, ["no lock-in", "delivered in 5 days"]);
    assert_eq!(sale.agent.as_ref().map(AgentId::as_str), Some("ana"));
    assert_eq!(sale.summary(), "fibre: no lock-in; delivered in 5 days");
    let planned: Vec<_> = follow_ups.iter().map(|it| (it.number, it.due_at, it.state)).collect();
    let state = FollowUpState::Planned;
    assert_eq!(planned, [(1, at(3 * DAY), state), (2, at(30 * DAY), state)]);
    assert_eq!(sale.follow_ups, follow_ups.iter().map(|it| it.id).collect::<Vec<_>>());
    let index = Record::FollowUp(Box::new(follow_ups[0].clone())).index();
    assert_eq!((index.wake_at, index.open), (Some(at(3 * DAY)), true));
    let told: Vec<&str> = work.events.iter().map(|it| it.kind.as_str()).collect();
    let planned = "timbre.follow_up.planned.v1";
    assert_eq!(told, ["timbre.sale.recorded.v1", planned, planned]);
    assert_eq!(work.interactions.len(), 1);
}

#[test]
fn promises_are_checked_one_by_one() {
    let (sale, ..) = sold();
    let said = Check { promise: 2, kept: false, note: "nothing came".to_owned() };
    let work = check(&sale, said.clone(), &act(5)).expect("checked");
    let [Record::Sale(it)] = work.records.as_slice() else { panic!("a sale") };
    assert_eq!((it.version, it.promises[0].kept, it.promises[1].kept), (2, None, Some(false)));
    assert_eq!(it.promises[1].checked_at, Some(at(5)));
    assert!(work.interactions.is_empty(), "it is the same contact");
    for promise in [0, 3] {
        let wrong = check(&sale, Check { promise, ..said.clone() }, &act(5));
        assert!(matches!(wrong, Err(Refusal::Field(it)) if it.field == "checks[0].promise"));
    }
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_field() {
    let refused = |new: NewSale| match record(new, &policy(), || FollowUpId::from_u128(1), &act(0))
    {
        Err(Refusal::Field(it)) => it.field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(NewSale { product: "x".repeat(2_001), ..new() }), "product");
    let many = (0..51).map(|it| it.to_string()).collect();
    assert_eq!(refused(NewSale { promises: many, ..new() }), "promises");
    assert_eq!(refused(NewSale { at: Some(at(1)), ..new() }), "time");
}
