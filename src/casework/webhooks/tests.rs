//! What is delivered when, on virtual time: a receiver that fails for one subject, for all, for long, and for good.

use proptest::prelude::*;
use timbre_casework::NewEvent;
use timbre_model::Civil;
use timbre_store::{StoredEvent, WebhookState};

use super::post::Failure;
use super::queue::{FLYING_MAX, PENDING_MAX, Queue};

fn event(seq: u64, subject: &str) -> StoredEvent {
    let event = NewEvent {
        id: format!("e{seq}"),
        kind: "timbre.case.received.v1".to_owned(),
        subject: subject.to_owned(),
        client: None,
        at: at(0),
        data: serde_json::Value::Null,
    };
    StoredEvent { seq, event }
}

fn at(seconds: i64) -> Civil {
    Civil::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

fn passing() -> Failure {
    Failure { why: "500".to_owned(), for_good: false }
}

/// A queue that has read these subjects' events, numbered from 1.
fn queue(subjects: &[&str]) -> Queue {
    let mut queue = Queue::default();
    for (seq, subject) in (1..).zip(subjects) {
        queue.take(event(seq, subject), true, at(0));
    }
    queue
}

/// Starts all that may be.
fn started(queue: &mut Queue, now: Civil) -> Vec<u64> {
    std::iter::from_fn(|| queue.start(now)).map(|it| it.seq).collect()
}

#[test]
fn one_subject_goes_in_order_and_one_at_a_time_others_beside_it() {
    let mut queue = queue(&["a", "a", "b", "a"]);
    assert_eq!(started(&mut queue, at(0)), [1, 3]);
    queue.delivered(1);
    assert_eq!(started(&mut queue, at(0)), [2]);
}

#[test]
fn a_failure_holds_its_subject_back_and_nobody_else() {
    let mut queue = queue(&["a", "a", "b"]);
    assert_eq!(started(&mut queue, at(0)), [1, 3]);
    assert!(!queue.failed(1, passing(), at(0), 0));
    queue.delivered(3);
    queue.take(event(4, "b"), true, at(0));
    assert_eq!(started(&mut queue, at(0)), [4], "a waits a second");
    assert_eq!(queue.next_at(), Some(at(1)));
    assert_eq!(started(&mut queue, at(1)), [1], "and begins where it failed");
}

#[test]
fn failures_of_several_subjects_hold_all_back_and_one_delivery_tries_the_receiver() {
    let subjects: Vec<String> = (0..20).map(|it| format!("s{it}")).collect();
    let names: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let mut queue = queue(&names);
    let first = started(&mut queue, at(0));
    assert_eq!(first.len(), FLYING_MAX);
    for seq in first {
        queue.failed(seq, passing(), at(0), 0);
    }
    assert_eq!(started(&mut queue, at(0)), [0_u64; 0]);
    let probe = started(&mut queue, at(20));
    assert_eq!(probe.len(), 1, "one is enough to learn whether it is back");
    queue.delivered(probe[0]);
    assert_eq!(started(&mut queue, at(20)).len(), FLYING_MAX);
}

#[test]
fn what_is_refused_for_good_or_fails_for_a_day_is_given_up_and_its_subject_goes_on() {
    let mut queue = queue(&["a", "a", "a"]);
    assert_eq!(started(&mut queue, at(0)), [1]);
    assert!(queue.failed(1, Failure { why: "410".to_owned(), for_good: true }, at(0), 0));
    assert_eq!(started(&mut queue, at(0)), [2]);
    let (mut now, mut tries) = (0, 1);
    while !queue.failed(2, passing(), at(now), 0) {
        let next = queue.next_at().expect("it is tried again");
        now = (next.as_micros() - at(0).as_micros()) / 1_000_000;
        assert_eq!(started(&mut queue, at(now)), [2]);
        tries += 1;
    }
    assert!((86_400..86_700).contains(&now), "given up after {now} s");
    assert!((280..310).contains(&tries), "tried {tries} times");
    let change = queue.change().expect("news");
    let dead: Vec<_> = change.dead.iter().map(|(it, _)| it.event.seq).collect();
    assert_eq!((dead, change.state.settled), (vec![1, 2], 2));
}

#[test]
fn what_a_crash_leaves_is_delivered_and_in_order() {
    let mut before = queue(&["a", "b", "a", "c"]);
    assert_eq!(started(&mut before, at(0)), [1, 2, 4]);
    before.failed(1, passing(), at(0), 0);
    before.delivered(4);
    let change = before.change().expect("news");
    before.kept(&change);
    assert!(before.change().is_none());
    assert_eq!(change.state.settled, 1, "2 is not known to be delivered");
    let mut after = Queue::restore(change.state.clone(), change.held);
    for (seq, subject) in [(2, "b"), (3, "a"), (4, "c")] {
        after.take(event(seq, subject), true, at(5));
    }
    assert_eq!(started(&mut after, at(5)), [1, 2, 4], "4 a second time: its id is known");
    after.delivered(1);
    assert_eq!(started(&mut after, at(5)), [3]);
}

#[test]
fn a_dead_letter_that_is_wanted_again_is_delivered() {
    let mut queue = queue(&["a"]);
    assert_eq!(started(&mut queue, at(0)), [1]);
    queue.failed(1, Failure { why: "410".to_owned(), for_good: true }, at(0), 0);
    let change = queue.change().expect("news");
    queue.kept(&change);
    let (held, _) = change.dead[0].clone();
    queue.hold_again(vec![timbre_store::HeldEvent {
        attempts: 0,
        since: at(9),
        next_at: at(9),
        ..held
    }]);
    assert_eq!(started(&mut queue, at(9)), [1]);
    queue.delivered(1);
    assert_eq!(queue.change().expect("news").freed, [1]);
}

#[test]
fn a_clock_set_back_does_not_hold_anything_back() {
    let mut queue = queue(&["a"]);
    assert_eq!(started(&mut queue, at(0)), [1]);
    queue.failed(1, passing(), at(0), 0);
    assert_eq!(started(&mut queue, at(-3_600)), [1]);
}

#[test]
fn no_more_waits_than_may() {
    let mut queue = Queue::restore(WebhookState::default(), Vec::new());
    for seq in 1..=PENDING_MAX as u64 {
        assert!(queue.room() > 0);
        queue.take(event(seq, "a"), true, at(0));
    }
    assert_eq!(queue.room(), 0);
}

/// A step of the world.
#[derive(Debug, Clone)]
enum Step {
    Read(u8),
    Land(bool),
    Wait(u16),
    Keep,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8).prop_map(Step::Read),
        6 => any::<bool>().prop_map(Step::Land),
        2 => (0..900_u16).prop_map(Step::Wait),
        2 => Just(Step::Keep),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    /// Whatever fails and whenever it dies: nothing is left out, and the first deliveries of a subject are in its order.
    #[test]
    fn every_event_arrives_and_each_subject_in_order(steps in prop::collection::vec(step(), 1..150)) {
        let mut log: Vec<StoredEvent> = Vec::new();
        let (mut state, mut held) = (WebhookState::default(), std::collections::BTreeMap::new());
        let mut queue = Queue::restore(state.clone(), Vec::new());
        let (mut now, mut flying, mut arrived) = (0_i64, Vec::new(), Vec::<StoredEvent>::new());
        let end = [Step::Crash].into_iter().chain((0..600).flat_map(|_| [Step::Wait(400), Step::Land(true)]));
        for step in steps.into_iter().chain(end) {
            match step {
                Step::Read(subject) => {
                    let subject = format!("s{subject}");
                    log.push(event(log.len() as u64 + 1, &subject));
                }
                Step::Land(well) => if let Some(it) = flying.pop() {
                    let it: StoredEvent = it;
                    if well {
                        queue.delivered(it.seq);
                        arrived.push(it);
                    } else {
                        queue.failed(it.seq, passing(), at(now), 7);
                    }
                },
                Step::Wait(seconds) => now += i64::from(seconds),
                Step::Keep => if let Some(change) = queue.change() {
                    queue.kept(&change);
                    for seq in change.freed { held.remove(&seq); }
                    held.extend(change.held.into_iter().map(|it| (it.event.seq, it)));
                    state = change.state;
                },
                Step::Crash => {
                    flying.clear();
                    queue = Queue::restore(state.clone(), held.values().cloned().collect());
                }
            }
            while queue.room() > 0 && queue.read() < log.len() as u64 {
                let next = usize::try_from(queue.read()).expect("small");
                queue.take(log[next].clone(), true, at(now));
            }
            flying.extend(std::iter::from_fn(|| queue.start(at(now))));
        }
        let mut seen = std::collections::BTreeSet::new();
        let firsts: Vec<&StoredEvent> = arrived.iter().filter(|it| seen.insert(it.seq)).collect();
        prop_assert_eq!(firsts.len(), log.len(), "some never arrived");
        for subject in 0..4 {
            let subject = format!("s{subject}");
            let of: Vec<u64> =
                firsts.iter().filter(|it| it.event.subject == subject).map(|it| it.seq).collect();
            prop_assert!(of.is_sorted(), "{}: {:?}", subject, of);
        }
    }
}
