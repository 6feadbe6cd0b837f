//! Leads become attempts.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_compliance::{History, Lists};
use timbre_model::{
    AttemptOutcome, AttemptRecord, Change, Civil, DuplicatePolicy, Lead, LeadChange, LeadState,
    ListSpec, NewLead, PhoneNumber, Recycle, RecycleRule,
};
use timbre_store::{
    Ask, Candidate, Committed, LeadCounts, LeadStateKind, Ledger, MoreLeads, Outcome, Ruling,
    Spool, Store, StoreError, Wanted, verify_audit,
};

use crate::lists::*;
use crate::world::*;

pub async fn leads_come_in_order_and_once(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", (0..5).map(|n| person(&[n])).collect()).await;
    let first = all(&store, ask(&["a"], next(3), NOW)).await;
    assert_eq!((dialed(&first), first.more), (vec![0, 1, 2], MoreLeads::Now));
    let rest = all(&store, ask(&["a"], next(3), NOW + SECOND)).await;
    assert_eq!(dialed(&rest), [3, 4]);
    // They are with somebody: what they become is not known yet.
    assert_eq!(rest.more, MoreLeads::Later(at(NOW + 31 * SECOND)));
    let none = all(&store, ask(&["a"], next(3), NOW + SECOND)).await;
    assert!(none.permits.is_empty());
}

/// One call a day at a number and at a person, as a law would have it.
fn once_a_day(
    micros: i64,
) -> impl FnMut(&Candidate, &History, &Lists) -> Ruling<()> + Send + 'static {
    move |it, history, _| {
        let today = history.charges.iter().any(|it| it.at.as_micros() > micros - DAY);
        let until = Some(at(micros + DAY));
        if today { refuse("once-a-day", until) } else { Ruling::Permit(attempt(it, micros), ()) }
    }
}

pub fn refuse(rule: &str, until: Option<Civil>) -> Ruling<()> {
    Ruling::Refuse { rule: rule.to_owned(), because: "so it is".to_owned(), until }
}

pub fn moved(lead: &Lead, state: LeadState) -> Change {
    Change::Lead(LeadChange { tenant: lead.tenant.clone(), lead: lead.id, state })
}

/// The attempt came to nothing, and the lead may be tried again at `again`.
pub async fn in_vain(store: &Store, outcome: &Outcome<()>, how: AttemptOutcome, again: i64) {
    let ended = outcome.permits.iter().flat_map(|it| {
        let attempt = AttemptRecord {
            dialed_at: Some(it.attempt.intent_at),
            ended_at: Some(at(it.attempt.intent_at.as_micros() + SECOND)),
            outcome: Some(how),
            ..(*it.attempt).clone()
        };
        let lead = it.lead.as_ref().expect("a lead");
        [Change::Attempt(Box::new(attempt)), moved(lead, LeadState::Retry { at: at(again) })]
    });
    store.commit(ended.collect()).await.expect("a commit");
}

pub async fn what_was_permitted_counts_for_the_next(place: Place) {
    let store = place.open().await;
    let spec = ListSpec { duplicates: DuplicatePolicy::Allow, ..list("a") };
    let same = |n| NewLead { person: Some("k7".to_owned()), ..person(&[n]) };
    imported(&store, &spec, "one", vec![person(&[1]), person(&[1]), same(2), same(3)]).await;
    let first = store.authorize(ask(&["a"], next(4), NOW), once_a_day(NOW)).await;
    let first = first.expect("a decision");
    assert_eq!(dialed(&first), [1, 2]);
    let rules: Vec<_> = first.refused.iter().map(|it| it.rule.as_str()).collect();
    assert_eq!(
        (rules, first.more),
        (vec!["once-a-day"; 2], MoreLeads::Later(at(NOW + 30 * SECOND)))
    );
    // A day later, the attempts of the others being open still, the two are due again.
    let later = NOW + DAY + 1;
    let then = store.authorize(ask(&["a"], next(4), later), once_a_day(later)).await;
    assert_eq!(dialed(&then.expect("a decision")), [1, 3]);
}

pub async fn a_refusal_is_kept_with_the_lead_until_it_ends(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", vec![person(&[1, 2]), person(&[3]), person(&[4, 5])]).await;
    let decide = |it: &Candidate, _: &History, _: &Lists| match dialed_of(&it.number) {
        1 => refuse("never", None),
        2 => refuse("later", Some(at(NOW + 60 * SECOND))),
        3 => refuse("never", None),
        4 => refuse("never", None),
        _ => Ruling::Permit(attempt(it, NOW), ()),
    };
    let outcome = store.authorize(ask(&["a"], next(3), NOW), decide).await.expect("a decision");
    // The last one's second number was tried where its first may not be.
    assert_eq!(dialed(&outcome), [5]);
    let t = tenant("t");
    let counts = store.lead_counts(&t, &list_id("a")).await.expect("counts");
    assert_eq!(counts, LeadCounts { claimed: 1, blocked: 2, ..LeadCounts::default() });
    let first = outcome.refused[0].lead.expect("a lead");
    let explained = store.explain_lead(&t, first).await.expect("a read").expect("a lead");
    let until = Some(at(NOW + 60 * SECOND));
    assert_eq!(explained.lead.state, LeadState::Blocked { rule: "later".to_owned(), until });
    assert_eq!(explained.because.as_deref(), Some("so it is"));
    let again = all(&store, ask(&["a"], next(3), NOW + 61 * SECOND)).await;
    assert_eq!(dialed(&again), [1]);
}

pub fn dialed_of(number: &PhoneNumber) -> u64 {
    number.expose()[3..].parse::<u64>().expect("digits") - 600_000_000
}

pub async fn promised_calls_come_first_and_by_whom_they_were_promised(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", (0..6).map(|n| person(&[n])).collect()).await;
    let taken = all(&store, ask(&["a"], next(4), NOW)).await;
    let leads: Vec<&Lead> = taken.permits.iter().filter_map(|it| it.lead.as_ref()).collect();
    let promise = |it: &Lead, seconds: i64, who: Option<&str>| {
        let (at, agent) = (at(NOW + seconds * SECOND), who.map(agent));
        moved(it, LeadState::Callback { at, agent })
    };
    let promises = vec![
        promise(leads[0], 10, Some("ana")),
        promise(leads[1], 20, Some("bea")),
        promise(leads[2], 30, None),
        promise(leads[3], 40, Some("ana")),
    ];
    store.commit(promises).await.expect("a commit");
    let want = Wanted::Next { most: 4, personal_most: 2, ready: vec![agent("ana")] };
    // Ana has one call, Bea is not there, anybody may take the third; the rest is new.
    let outcome = all(&store, ask(&["a"], want, NOW + 60 * SECOND)).await;
    assert_eq!(dialed(&outcome), [0, 2, 4, 5]);
    let whose: Vec<_> = outcome.permits.iter().map(|it| it.agent.clone()).collect();
    assert_eq!(whose, [Some(agent("ana")), None, None, None]);
    // Nobody promised is ready: their time comes when the promises are anybody's.
    let none = all(&store, ask(&["a"], next(4), NOW + 61 * SECOND)).await;
    assert!(none.permits.is_empty());
    let fallen_back = all(&store, ask(&["a"], next(4), NOW + 921 * SECOND)).await;
    assert_eq!(dialed(&fallen_back), [1]);
    assert_eq!(fallen_back.permits[0].agent, None);
}

pub async fn lists_share_the_calls_by_weight(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", (0..40).map(|n| person(&[n])).collect()).await;
    imported(&store, &list("b"), "one", (100..140).map(|n| person(&[n])).collect()).await;
    let mut both = ask(&["a", "b"], next(1), NOW);
    both.lists[0].weight = 3;
    let mut of_a = Vec::new();
    for round in 0..40 {
        both.at = at(NOW + round);
        of_a.extend(dialed(&all(&store, both.clone()).await).iter().map(|n| *n < 100));
    }
    assert_eq!(of_a.iter().filter(|it| **it).count(), 30);
    // Never more than three in a row of the one: smooth, not in blocks.
    assert!(of_a.windows(4).all(|four| four.contains(&false)));
    let rest = all(&store, Ask { want: next(60), ..both }).await;
    assert_eq!(rest.permits.len(), 40);
}

pub async fn a_filter_gets_through_however_few_pass(place: Place) {
    let store = place.open().await;
    let people = (0..2_600).map(|n| with(person(&[n]), "n", &n.to_string())).collect();
    imported(&store, &list("a"), "one", people).await;
    let mut found = Vec::new();
    for round in 0..5 {
        let wanted = filtered(ask(&["a"], next(2), NOW + round), "n == 3 or n >= 2599");
        let outcome = all(&store, wanted).await;
        found.extend(dialed(&outcome));
        assert_ne!(outcome.more, MoreLeads::Exhausted);
    }
    assert_eq!(found, [3, 2599]);
    // Another filter begins anew.
    let other = all(&store, filtered(ask(&["a"], next(1), NOW + 9), "n == 1")).await;
    assert_eq!(dialed(&other), [1]);
}

pub async fn a_lead_is_looked_at_before_it_is_called(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", vec![person(&[1]), person(&[2])]).await;
    let reserve = |who| Wanted::Reserve { agent: agent(who) };
    let seen = all(&store, ask(&["a"], reserve("ana"), NOW)).await;
    let lead = seen.reserved.expect("a lead").id;
    assert!(seen.permits.is_empty());
    let t = tenant("t");
    assert_eq!(store.attempt(&t, call_id(1)).await, Ok(None));
    let call = |who, micros| ask(&["a"], Wanted::Lead { lead, agent: agent(who) }, micros);
    let other = all(&store, call("bea", NOW + 1)).await;
    assert_eq!(other.refused[0].rule, "claimed");
    let hers = all(&store, call("ana", NOW + 2)).await;
    assert_eq!(dialed(&hers), [1]);
    let twice = all(&store, call("ana", NOW + 3)).await;
    assert_eq!((twice.permits.len(), twice.refused[0].rule.as_str()), (0, "claimed"));
    // A number that an agent enters is decided with what is known of it.
    let entered = ask(&["a"], Wanted::Number(number(1)), NOW + 4);
    let decide = once_a_day(NOW + 4);
    let barred = store.authorize(entered, decide).await.expect("a decision");
    assert_eq!((barred.permits.len(), barred.refused[0].rule.as_str()), (0, "once-a-day"));
}

pub async fn what_was_tried_often_enough_is_given_up(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", vec![person(&[1, 2])]).await;
    let rule = RecycleRule { delay: Duration::from_secs(60), max: 2 };
    let after = BTreeMap::from([(AttemptOutcome::Busy, rule)]);
    let mut again = ask(&["a"], next(1), NOW);
    again.recycle = Recycle { after, per_number: 9, per_lead: 9 };
    let mut tried = Vec::new();
    for round in 0..6 {
        again.at = at(NOW + round * DAY);
        let outcome = all(&store, again.clone()).await;
        tried.extend(dialed(&outcome));
        in_vain(&store, &outcome, AttemptOutcome::Busy, NOW + round * DAY + SECOND).await;
    }
    // Turn about, each twice, and then no more.
    assert_eq!(tried, [1, 2, 1, 2]);
    let t = tenant("t");
    let over = LeadCounts { finished: 1, ..LeadCounts::default() };
    assert_eq!(store.lead_counts(&t, &list_id("a")).await, Ok(over));
    again.at = at(NOW + 9 * DAY);
    assert_eq!(all(&store, again.clone()).await.more, MoreLeads::Exhausted);
    // A reset begins the campaign's own counts anew; the ledger keeps what was.
    let states = [LeadStateKind::Finished];
    let (reset_at, why) = (at(NOW + 10 * DAY), "a new \"offer\"");
    assert_eq!(store.reset_list(&t, &list_id("a"), &states, why, reset_at).await, Ok(1));
    let trail = store.audit_export(&t, 1, 100).await.expect("a trail");
    let reset = trail.iter().find(|it| it.kind == "list_reset").expect("an entry");
    assert_eq!(reset.subject, "lists/a");
    assert!(reset.payload.contains(r#""note":"a new \"offer\"""#), "{}", reset.payload);
    again.at = at(NOW + 11 * DAY);
    assert_eq!(dialed(&all(&store, again).await), [1]);
    let history = store.number_history(&t, &number(1)).await.expect("a read");
    assert_eq!(history.len(), 3);
}

pub async fn what_is_withheld_stays_as_it_is(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", vec![person(&[1]), person(&[2])]).await;
    let withhold = |_: &Candidate, _: &History, _: &Lists| -> Ruling<()> {
        Ruling::Withhold { rule: "registry".to_owned(), because: "stale".to_owned() }
    };
    let outcome = store.authorize(ask(&["a"], next(2), NOW), withhold).await.expect("a decision");
    assert_eq!(outcome.withheld, Some(("registry".to_owned(), "stale".to_owned())));
    let skip = |_: &Candidate, _: &History, _: &Lists| -> Ruling<()> { Ruling::Skip };
    let outcome = store.authorize(ask(&["a"], next(2), NOW), skip).await.expect("a decision");
    assert_eq!((outcome.permits.len(), outcome.more), (0, MoreLeads::Now));
    let counts = store.lead_counts(&tenant("t"), &list_id("a")).await;
    assert_eq!(counts, Ok(LeadCounts { ready: 2, ..LeadCounts::default() }));
}

pub async fn nothing_is_authorized_while_changes_are_spooled(place: Place) {
    let store = place.open().await;
    imported(&store, &list("a"), "one", vec![person(&[1])]).await;
    let spool = Spool::open(&place.spool()).await.expect("a spool");
    let ledger = Ledger::open(store.clone(), spool).await.expect("a ledger");
    let outage = place.outage().await;
    let barred = Change::DoNotCall(Box::new(crate::barring::entry("+34600000001")));
    assert_eq!(ledger.commit(vec![barred]).await, Ok(Committed::Spooled));
    outage.end().await;
    let decide = |it: &Candidate, _: &History, lists: &Lists| match &lists.internal {
        None => Ruling::Permit(attempt(it, NOW), ()),
        Some(_) => refuse("internal-list", None),
    };
    // Either it is refused for what is spooled, or what was spooled has come in first.
    let outcome = ledger.authorize(ask(&["a"], next(1), NOW), decide).await;
    match outcome {
        Err(fault) => assert!(matches!(fault, StoreError::Unavailable(_))),
        Ok(outcome) => assert!(outcome.permits.is_empty()),
    }
    ledger.replay().await.expect("a replay");
    let outcome = ledger.authorize(ask(&["a"], next(1), NOW), decide).await.expect("a decision");
    assert_eq!((outcome.permits.len(), outcome.refused.len() <= 1), (0, true));
    ledger.close().await;
}

/// Eight at once over the same numbers, one call a day: no number twice, and nobody waits in a circle.
pub async fn many_at_once_never_exceed_a_limit(place: Place) {
    let store = place.open().await;
    let spec = ListSpec { duplicates: DuplicatePolicy::Allow, ..list("a") };
    // Each number in four leads, in another order each time, and persons across them.
    let copies = (0..4_u64).flat_map(|copy| (0..50_u64).map(move |n| (n * (2 * copy + 1)) % 50));
    let people = copies.map(|n| NewLead { person: Some(format!("p{}", n / 2)), ..person(&[n]) });
    imported(&store, &spec, "one", people.collect()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_i64 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut dialed_here = Vec::new();
            for round in 0..12 {
                let micros = NOW + round * 8 + task;
                let asked = ask(&["a"], next(5), micros);
                let outcome = store.authorize(asked, once_a_day(micros)).await;
                dialed_here.extend(dialed(&outcome.expect("no deadlock")));
            }
            dialed_here
        });
    }
    let mut persons: Vec<u64> = tasks.join_all().await.concat().iter().map(|n| n / 2).collect();
    persons.sort_unstable();
    assert_eq!(persons, (0..25).collect::<Vec<_>>());
    let chain = store.audit_export(&tenant("t"), 1, 1_000).await.expect("a read");
    assert!(verify_audit(&chain).is_ok_and(|it| it.last >= 25));
}
