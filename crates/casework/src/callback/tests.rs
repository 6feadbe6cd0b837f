use timbre_model::TenantId;

use super::*;
use crate::By;

const HOUR: Duration = Duration::from_secs(3_600);

fn at(hours: u64) -> Civil {
    Civil::from_micros(1_700_000_000_000_000) + HOUR * u32::try_from(hours).expect("few hours")
}

fn act(hours: u64) -> Act {
    Act { at: at(hours), by: By::System }
}

fn new(due: u64) -> NewCallback {
    NewCallback {
        tenant: TenantId::parse("t").expect("an id"),
        client: ClientId::parse("acme").expect("an id"),
        why: CallbackWhy::Promised,
        call: None,
        customer: None,
        customer_name: "Marta Gil".to_owned(),
        number: PhoneNumber::parse("+34600000001").expect("a number"),
        due_at: at(due),
        agent: AgentId::parse("ana").ok(),
        note: String::new(),
    }
}

fn kept(work: &Work) -> Callback {
    match work.records.as_slice() {
        [Record::Callback(it)] => (**it).clone(),
        other => panic!("one callback, not {other:?}"),
    }
}

fn told(work: &Work) -> Vec<&str> {
    work.events.iter().map(|it| it.kind.as_str()).collect()
}

fn in_state(state: CallbackState) -> Callback {
    let first = promise(CallbackId::from_u128(1), new(2), &act(0)).expect("promised");
    Callback { state, ..kept(&first) }
}

#[test]
fn a_promise_waits_for_its_time_and_expires_a_day_after_it() {
    let work = promise(CallbackId::from_u128(1), new(2), &act(0)).expect("promised");
    let it = kept(&work);
    assert_eq!(told(&work), ["timbre.callback.promised.v1"]);
    assert_eq!((it.version, it.state, it.expires_at), (1, CallbackState::Planned, at(26)));
    let index = Record::Callback(Box::new(it.clone())).index();
    assert_eq!((index.wake_at, index.due_at, index.agenda.len()), (Some(at(2)), Some(at(2)), 1));
    let list = ListId::parse("callbacks").expect("an id");
    let work = due(&it, Some((list.clone(), LeadId::from_u64(7))), at(2)).expect("due");
    let it = kept(&work);
    assert_eq!((it.version, it.state), (2, CallbackState::Due));
    assert_eq!((it.list.as_ref(), it.lead), (Some(&list), Some(LeadId::from_u64(7))));
    let index = Record::Callback(Box::new(it.clone())).index();
    assert_eq!(index.wake_at, Some(at(26)), "it is looked at again when it expires");
    let over = kept(&expire(&it, false, at(26)).expect("expired"));
    assert_eq!((over.state, over.ended_at), (CallbackState::Expired, Some(at(26))));
    let index = Record::Callback(Box::new(over)).index();
    assert_eq!((index.wake_at, index.open, index.agenda.len()), (None, false, 0));
}

#[test]
fn a_call_in_progress_is_not_cut_off_by_the_end_of_its_day() {
    let it = in_state(CallbackState::Attempting);
    let work = expire(&it, true, at(26)).expect("put off");
    assert!(work.events.is_empty());
    let it = kept(&work);
    assert_eq!((it.state, it.expires_at), (CallbackState::Attempting, at(26) + GRACE));
    assert_eq!(kept(&done(&it, at(26)).expect("done")).state, CallbackState::Done);
}

#[test]
fn what_each_state_allows() {
    use CallbackState::{Attempting, Canceled, Done, Due, Expired, Planned};
    // In which state it then is; `None`: refused.
    for (from, to_due, to_attempting, to_done, to_expired, to_canceled) in [
        (Planned, Some(Due), Some(Attempting), Some(Done), Some(Expired), Some(Canceled)),
        (Due, None, Some(Attempting), Some(Done), Some(Expired), Some(Canceled)),
        (Attempting, None, Some(Attempting), Some(Done), Some(Expired), Some(Canceled)),
        (Done, None, None, Some(Done), None, None),
        (Expired, None, None, Some(Done), None, None),
        (Canceled, None, None, None, None, None),
    ] {
        let it = in_state(from);
        let then = |work: Result<Work, Refusal>| {
            work.ok().map(|work| if work.records.is_empty() { from } else { kept(&work).state })
        };
        assert_eq!(then(due(&it, None, at(2))), to_due, "{from} to due");
        assert_eq!(then(attempted(&it, at(2))), to_attempting, "{from} to attempting");
        assert_eq!(then(done(&it, at(2))), to_done, "{from} to done");
        assert_eq!(then(expire(&it, false, at(26))), to_expired, "{from} to expired");
        assert_eq!(then(cancel(&it, &act(3))), to_canceled, "{from} to canceled");
    }
}

#[test]
fn a_promise_beyond_a_year_or_with_a_novel_is_refused() {
    let far = promise(CallbackId::from_u128(1), new(24 * 367), &act(0));
    assert!(matches!(far, Err(Refusal::Field(it)) if it.field == "due_time"));
    let novel = NewCallback { note: "x".repeat(NOTE_MAX + 1), ..new(1) };
    let long = promise(CallbackId::from_u128(1), novel, &act(0));
    assert!(matches!(long, Err(Refusal::Field(it)) if it.field == "note"));
}
