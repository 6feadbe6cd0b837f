use proptest::option;
use proptest::prelude::*;
use timbre_casework::By;
use timbre_model::PhoneNumber;

use super::*;

fn at() -> impl Strategy<Value = Civil> {
    (0..4_000_000_000_000_000_i64).prop_map(Civil::from_micros)
}

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z][a-z0-9-]{0,9}".prop_map(|it| Slug::parse(&it).expect("a slug"))
}

fn agent() -> impl Strategy<Value = AgentId> {
    slug().prop_map(|it| AgentId::parse(it.as_str()).expect("an id"))
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![agent().prop_map(By::Agent), "[a-z0-9]{1,8}".prop_map(By::Desk), Just(By::System)]
}

fn number() -> impl Strategy<Value = PhoneNumber> {
    "\\+[1-9][0-9]{6,12}".prop_map(|it| PhoneNumber::parse(&it).expect("a number"))
}

fn recipient() -> impl Strategy<Value = Recipient> {
    prop_oneof![
        agent().prop_map(Recipient::Agent),
        slug().prop_map(Recipient::Department),
        "[a-z]{1,8}@[a-z]{1,8}\\.es".prop_map(Recipient::Mail),
    ]
}

fn call_back() -> impl Strategy<Value = CallBack> {
    prop_oneof![
        Just(CallBack::None),
        option::of(at()).prop_map(CallBack::WeCall),
        option::of(at()).prop_map(CallBack::TheyCall),
    ]
}

prop_compose! {
    fn new()(
        client in slug(),
        call in option::of(any::<u128>()),
        (recipient, department) in (recipient(), option::of(slug())),
        from in option::of("[a-zA-Z ]{1,20}"),
        customer in option::of(any::<u128>()),
        number in option::of(number()),
        (text, purpose) in (".{1,60}", ".{0,20}"),
        call_back in call_back(),
    ) -> NewMessage {
        NewMessage {
            tenant: TenantId::parse("acme").expect("an id"),
            client: ClientId::parse(client.as_str()).expect("an id"),
            call: call.map(CallId::from_u128),
            recipient,
            department,
            from,
            customer: customer.map(CustomerId::from_u128),
            number,
            text,
            purpose,
            call_back,
        }
    }
}

prop_compose! {
    fn message()(
        new in new(),
        (id, version) in (any::<u128>(), 1..u64::MAX),
        (taken_at, taken_by) in (at(), by()),
        state in prop::sample::select(MessageState::ALL),
        decision in option::of((at(), by(), any::<bool>(), ".{0,20}")),
        delivered in option::of((at(), prop::sample::select(Delivery::ALL))),
        callback in option::of(any::<u128>()),
        answered in option::of((at(), by(), ".{0,20}")),
    ) -> Message {
        let NewMessage {
            tenant, client, call, recipient, department, from, customer, number, text, purpose, call_back,
        } = new;
        Message {
            id: MessageId::from_u128(id),
            tenant, client, version, taken_at, taken_by, call, recipient, department, from, customer, number,
            text, purpose, call_back, state,
            decision: decision.map(|(at, by, pass_on, note)| Decision { at, by, pass_on, note }),
            delivered,
            callback: callback.map(CallbackId::from_u128),
            answered,
        }
    }
}

proptest! {
    #[test]
    fn messages_read_back(message in message()) {
        prop_assert_eq!(from_wire(to_wire(&message)), Ok(message));
    }

    #[test]
    fn messages_to_be_taken_read_back(new in new()) {
        prop_assert_eq!(new_from_wire(new_to_wire(&new), &new.tenant), Ok(new));
    }
}

#[test]
fn a_message_for_nobody_is_refused() {
    let tenant = TenantId::parse("acme").expect("an id");
    let wire = pb::Message { client: "luz".to_owned(), ..pb::Message::default() };
    let fault = new_from_wire(wire.clone(), &tenant).expect_err("no recipient");
    assert_eq!(fault.field, "message.recipient");
    let recipient = Some(WireRecipient::Agent("ana".to_owned()));
    let odd = pb::Message { call_back: "soon".to_owned(), recipient, ..wire };
    let fault = new_from_wire(odd, &tenant).expect_err("no such word");
    assert_eq!(fault.field, "message.call_back");
}
