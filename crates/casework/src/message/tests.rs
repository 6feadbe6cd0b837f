use timbre_model::{ClientSpec, DepartmentSpec, FloorSpec};

use super::*;
use crate::{Act, CallbackWhy, Record, Refusal, Work};

const NOON: Civil = Civil::from_micros(1_751_364_000_000_000); // 2025-07-01T10:00:00Z, noon in Madrid

fn floor() -> FloorSpec {
    let agent = r#"{"agents":[{"id":"ana","name":"Ana"}]}"#;
    let mut floor: FloorSpec = serde_json::from_str(agent).expect("a floor");
    let id = ClientId::parse("acme").expect("an id");
    floor.clients.push(ClientSpec { id, name: "Acme".to_owned() });
    floor.casework.zone = Some("Europe/Madrid".to_owned());
    floor.casework.departments.push(DepartmentSpec {
        id: Slug::parse("billing").expect("an id"),
        name: "Facturación".to_owned(),
        mail: Some("billing@example.com".to_owned()),
        agents: [].into(),
    });
    floor
}

fn act() -> Act {
    Act { at: NOON, by: By::Agent(AgentId::parse("ana").expect("an id")) }
}

fn new() -> NewMessage {
    NewMessage {
        tenant: TenantId::parse("t").expect("an id"),
        client: ClientId::parse("acme").expect("an id"),
        call: None,
        recipient: Recipient::Agent(AgentId::parse("ana").expect("an id")),
        department: None,
        from: Some("Marta Gil".to_owned()),
        customer: Some(CustomerId::from_u128(5)),
        number: PhoneNumber::parse("+34600000001").ok(),
        text: "The invoice of May is wrong.".to_owned(),
        purpose: "invoice".to_owned(),
        call_back: CallBack::WeCall(Some(Civil::from_micros(NOON.as_micros() + 3_600_000_000))),
    }
}

const IDS: (MessageId, CallbackId) = (MessageId::from_u128(1), CallbackId::from_u128(2));

fn taken(new: NewMessage) -> Work {
    take(IDS, new, &floor(), &act()).expect("taken")
}

fn message(work: &Work) -> Message {
    let found = work.records.iter().find_map(|it| match it {
        Record::Message(it) => Some((**it).clone()),
        _ => None,
    });
    found.expect("a message")
}

fn kinds(work: &Work) -> Vec<&str> {
    work.events.iter().map(|it| it.kind.as_str()).collect()
}

#[test]
fn a_message_that_promises_a_call_brings_that_call() {
    let work = taken(new());
    assert_eq!(kinds(&work), ["timbre.message.taken.v1", "timbre.callback.promised.v1"]);
    assert_eq!(work.interactions.len(), 1, "the customer's story has it");
    let [Record::Message(message), Record::Callback(callback)] = work.records.as_slice() else {
        panic!("a message and its callback")
    };
    assert_eq!(message.callback, Some(callback.id));
    assert_eq!(
        (callback.why, callback.agent.as_ref()),
        (CallbackWhy::Promised, Some(&AgentId::parse("ana").expect("an id")))
    );
    let without = [
        NewMessage { number: None, ..new() },
        NewMessage { call_back: CallBack::WeCall(None), ..new() },
        NewMessage { call_back: CallBack::TheyCall(Some(NOON)), ..new() },
        NewMessage { recipient: Recipient::Mail("a@b.es".to_owned()), ..new() },
    ];
    for new in without {
        assert_eq!(taken(new.clone()).records.len(), 1, "{new:?} promises no call of ours");
    }
}

#[test]
fn without_a_name_a_supervisor_decides_and_only_then_is_a_call_promised() {
    let held = taken(NewMessage { from: Some("  ".to_owned()), ..new() });
    assert_eq!(kinds(&held), ["timbre.message.held.v1"]);
    let it = message(&held);
    assert_eq!((it.state, it.from.as_ref()), (MessageState::Held, None));
    assert!(
        deliver(&it, Delivery::Stream, NOON).is_err()
            && answer(&it, String::new(), &act()).is_err()
    );
    let why = || "he calls every week".to_owned();
    assert!(matches!(decide(&it, true, " ".to_owned(), IDS.1, &act()), Err(Refusal::Field(_))));
    let passed = decide(&it, true, why(), IDS.1, &act()).expect("decided");
    assert_eq!(kinds(&passed), ["timbre.message.passed_on.v1", "timbre.callback.promised.v1"]);
    assert_eq!((message(&passed).state, message(&passed).version), (MessageState::Taken, 2));
    let dropped = decide(&it, false, why(), IDS.1, &act()).expect("decided");
    assert_eq!(kinds(&dropped), ["timbre.message.dropped.v1"]);
    let dropped = message(&dropped);
    assert!(decide(&dropped, true, why(), IDS.1, &act()).is_err());
    assert!(Record::Message(Box::new(dropped)).index().agenda.is_empty());
}

#[test]
fn delivered_once_and_answered_once() {
    let it = message(&taken(new()));
    let delivered = message(&deliver(&it, Delivery::Stream, NOON).expect("delivered"));
    assert_eq!(delivered.delivered, Some((NOON, Delivery::Stream)));
    assert_eq!(
        deliver(&delivered, Delivery::Mail, NOON),
        Ok(Work::default()),
        "the first way stays"
    );
    let answered = answer(&delivered, "sent a new invoice".to_owned(), &act()).expect("answered");
    assert_eq!(kinds(&answered), ["timbre.message.answered.v1"]);
    let answered = message(&answered);
    assert!(answer(&answered, String::new(), &act()).is_err());
    assert!(!Record::Message(Box::new(answered)).index().open);
}

#[test]
fn what_cannot_be_passed_on_is_refused_by_its_field() {
    let agent = |id| Recipient::Agent(AgentId::parse(id).expect("an id"));
    let department = |id| Slug::parse(id).expect("an id");
    let mail = |text: &str| Recipient::Mail(text.to_owned());
    let far = Civil::from_micros(NOON.as_micros() * 2);
    for (field, wrong) in [
        ("text", NewMessage { text: " \n".to_owned(), ..new() }),
        ("text", NewMessage { text: "x".repeat(TEXT_MAX + 1), ..new() }),
        ("purpose", NewMessage { purpose: "a\nb".to_owned(), ..new() }),
        ("from", NewMessage { from: Some("x".repeat(201)), ..new() }),
        ("client", NewMessage { client: ClientId::parse("other").expect("an id"), ..new() }),
        ("recipient", NewMessage { recipient: agent("nobody"), ..new() }),
        ("recipient", NewMessage { recipient: Recipient::Department(department("none")), ..new() }),
        ("recipient", NewMessage { recipient: mail("a@b.es\r\nBcc: c@d.es"), ..new() }),
        ("recipient", NewMessage { recipient: mail("a@b@c.es"), ..new() }),
        ("recipient", NewMessage { recipient: mail("@b.es"), ..new() }),
        ("department", NewMessage { department: Some(department("none")), ..new() }),
        ("call_back_time", NewMessage { call_back: CallBack::TheyCall(Some(far)), ..new() }),
    ] {
        match take(IDS, wrong, &floor(), &act()) {
            Err(Refusal::Field(fault)) => assert_eq!(fault.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn a_mail_tells_it_all_by_the_clocks_of_the_floor() {
    let recipient = Recipient::Department(Slug::parse("billing").expect("an id"));
    let it = message(&taken(NewMessage { recipient, ..new() }));
    let letter = mail(&it, &floor()).expect("a mail");
    assert_eq!(letter.to, "billing@example.com");
    assert_eq!(letter.subject, "Recado: invoice (Marta Gil)");
    let expected = "Para: Facturación\nDe: Marta Gil\nTeléfono: +34600000001\nRecibido: 2025-07-01 12:00 +02:00\n\
                    Asunto: invoice\nEspera que le llamemos: 2025-07-01 13:00 +02:00\n\nThe invoice of May is wrong.\n";
    assert_eq!(letter.text, expected);
    assert_eq!(mail(&message(&taken(new())), &floor()), None, "an agent has a stream");
}
