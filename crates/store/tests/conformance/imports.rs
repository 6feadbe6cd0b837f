//! People come into lists.

use timbre_compliance::{History, Lists};
use timbre_model::{Civil, DuplicatePolicy, Lead, LeadOrder, LeadState, ListSpec, NewLead, Slug};
use timbre_store::{Candidate, LeadCounts, LeadFault, LeadStateKind, Ruling, Store, StoreError};

use crate::authorize::{dialed_of, moved, refuse};
use crate::lists::*;
use crate::world::*;

pub async fn an_import_resumes_and_counts_when_it_is_finished(place: Place) {
    let (t, spec) = (tenant("t"), list("a"));
    let chunk = |from: u64| (from..from + 3).map(|n| person(&[n])).collect::<Vec<_>>();
    let store = place.open().await;
    let first = store.import_leads(&t, &spec, "b1", 0, chunk(0)).await.expect("a chunk");
    // The node dies, after one chunk and within the next: its transaction is not there.
    let mut dying = Box::pin(store.import_leads(&t, &spec, "b1", 1, chunk(3)));
    let polled =
        std::future::poll_fn(|cx| std::task::Poll::Ready(dying.as_mut().poll(cx).is_ready()));
    assert!(!polled.await);
    drop(dying);
    store.close().await;
    let store = place.open().await;
    let progress = store.import_progress(&t, &spec.id, "b1").await.expect("a read").expect("one");
    assert!(!progress.finished && (1..=2).contains(&progress.next_chunk));
    assert!(all(&store, ask(&["a"], next(9), NOW)).await.permits.is_empty());
    // All is sent again: what was there is answered as before.
    let again = store.import_leads(&t, &spec, "b1", 0, chunk(0)).await;
    assert_eq!(again, Ok(first));
    for n in [1, 2] {
        let done = store.import_leads(&t, &spec, "b1", n, chunk(n * 3)).await.expect("a chunk");
        assert_eq!((done.accepted, done.rejected), (3, vec![]));
    }
    assert_eq!(store.lead_counts(&t, &spec.id).await, Ok(LeadCounts::default()));
    assert_eq!(store.finish_import(&t, &spec, "b1", at(NOW)).await, Ok(9));
    assert_eq!(store.finish_import(&t, &spec, "b1", at(NOW)).await, Ok(9));
    let late = store.import_leads(&t, &spec, "b1", 3, chunk(90)).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    let outcome = all(&store, ask(&["a"], next(9), NOW)).await;
    assert_eq!(dialed(&outcome), (0..9).collect::<Vec<_>>());
}

pub async fn duplicates_follow_the_lists_policy(place: Place) {
    let (store, t) = (place.open().await, tenant("t"));
    imported(&store, &list("a"), "one", vec![person(&[1, 2]), person(&[3])]).await;
    let policy = |name, duplicates| ListSpec { duplicates, ..list(name) };
    let people = || vec![person(&[2, 9]), person(&[8]), person(&[8])];
    let faults = async |spec: &ListSpec| {
        let done = store.import_leads(&t, spec, "two", 0, people()).await.expect("a chunk");
        done.rejected
    };
    let twice = (2, LeadFault::TwiceInImport(number(8)));
    let in_list = faults(&policy("a", DuplicatePolicy::RejectInList)).await;
    assert_eq!(in_list, [(0, LeadFault::InList(number(2))), twice.clone()]);
    let elsewhere = faults(&policy("b", DuplicatePolicy::RejectInList)).await;
    assert_eq!(elsewhere, [twice]);
    let in_tenant = faults(&policy("c", DuplicatePolicy::RejectInTenant)).await;
    assert_eq!(in_tenant[0], (0, LeadFault::InTenant(number(2))));
    assert_eq!(faults(&policy("d", DuplicatePolicy::Allow)).await, []);
    let none =
        store.import_leads(&t, &list("e"), "x", 0, vec![person(&[])]).await.expect("a chunk");
    assert_eq!(none.rejected, [(0, LeadFault::NoNumber)]);

    // An update replaces what the lead says, not where it stands, and only once the import is finished.
    let update = policy("a", DuplicatePolicy::Update);
    let newer = NewLead { name: "Xoana".to_owned(), ..person(&[2, 7]) };
    let done = store.import_leads(&t, &update, "three", 0, vec![newer.clone()]).await;
    assert_eq!(done.map(|it| (it.accepted, it.updated)), Ok((0, 1)));
    let before = store.leads_by_number(&t, &number(1)).await.expect("a read");
    store.finish_import(&t, &update, "three", at(NOW)).await.expect("an end");
    let after = store.leads_by_number(&t, &number(7)).await.expect("a read");
    assert_eq!((after.len(), after[0].id, &after[0].person), (1, before[0].id, &newer));
    assert_eq!(store.leads_by_number(&t, &number(1)).await, Ok(vec![]));
}

fn updated(name: &str) -> ListSpec {
    ListSpec { duplicates: DuplicatePolicy::Update, ..list(name) }
}

/// Imports `people`, each of whom the list has.
async fn imported_again(store: &Store, spec: &ListSpec, name: &str, people: Vec<NewLead>) {
    let count = people.len() as u64;
    let done = store.import_leads(&tenant("t"), spec, name, 0, people).await.expect("an import");
    assert_eq!((done.updated, done.rejected), (count, vec![]));
    store.finish_import(&tenant("t"), spec, name, at(NOW)).await.expect("an end");
}

pub async fn an_update_has_those_looked_at_again_who_only_wait_for_their_hours(place: Place) {
    let (store, t, spec) = (place.open().await, tenant("t"), updated("a"));
    let tomorrow: Civil = at(NOW + DAY);
    imported(&store, &spec, "one", (1..=9).map(|n| person(&[n])).collect()).await;
    let decide = move |it: &Candidate, _: &History, _: &Lists| match dialed_of(&it.number) {
        1 | 2 => refuse("hours", Some(tomorrow)),
        3 => refuse("never", None),
        _ => Ruling::Permit(attempt(it, NOW), ()),
    };
    let outcome = store.authorize(ask(&["a"], next(9), NOW), decide).await.expect("a decision");
    let taken: Vec<&Lead> = outcome.permits.iter().filter_map(|it| it.lead.as_ref()).collect();
    let hours = || LeadState::Blocked { rule: "hours".to_owned(), until: Some(tomorrow) };
    let disposition = Slug::parse("sold").expect("a slug");
    // The last of the nine is still being called.
    let states = [
        hours(),
        LeadState::Retry { at: tomorrow },
        LeadState::Callback { at: tomorrow, agent: None },
        LeadState::Finished { disposition },
        hours(),
    ];
    let changes = taken.iter().zip(states).map(|(lead, state)| moved(lead, state));
    store.commit(changes.collect()).await.expect("a commit");
    assert!(all(&store, ask(&["a"], next(9), NOW + SECOND)).await.permits.is_empty());

    // All of them live elsewhere, but for 2 and 8, of whom nothing else is known than before.
    let elsewhere = |n: u64| {
        let mut lead = NewLead { name: "Xoana".to_owned(), ..person(&[n]) };
        if !matches!(n, 2 | 8) {
            lead.numbers[0].zones = vec!["Atlantic/Canary".to_owned()];
        }
        lead
    };
    imported_again(&store, &spec, "two", (1..=9).map(elsewhere).collect()).await;
    let counts = store.lead_counts(&t, &spec.id).await;
    let expected =
        LeadCounts { ready: 1, claimed: 1, retry: 2, callback: 1, finished: 1, blocked: 3 };
    assert_eq!(counts, Ok(expected));
    let again = all(&store, ask(&["a"], next(9), NOW + 2 * SECOND)).await;
    assert_eq!(dialed(&again), [4, 1]);
    let zones = again.permits.iter().filter_map(|it| it.lead.as_ref());
    assert!(zones.into_iter().all(|it| it.person.numbers[0].zones == ["Atlantic/Canary"]));
}

pub async fn an_update_is_seen_where_a_filter_had_passed_over_it_and_in_its_new_order(
    place: Place,
) {
    let (store, name) = (place.open().await, "age".to_owned());
    let order = LeadOrder::Attribute { name, descending: false };
    let spec = ListSpec { order, ..updated("a") };
    let aged = |ages: [&str; 3]| {
        ages.into_iter().zip(1..).map(|(age, n)| with(person(&[n]), "age", age)).collect()
    };
    imported(&store, &spec, "one", aged(["15", "16", "17"])).await;
    let adults = |micros| filtered(ask(&["a"], next(3), micros), "age >= 18");
    assert!(all(&store, adults(NOW)).await.permits.is_empty());
    imported_again(&store, &spec, "two", aged(["20", "17", "19"])).await;
    assert_eq!(dialed(&all(&store, adults(NOW + SECOND)).await), [3, 1]);
}

pub async fn an_import_that_is_given_up_leaves_nothing(place: Place) {
    let (store, t, spec) = (place.open().await, tenant("t"), list("a"));
    let people = || (0..2_500).map(|n| person(&[n])).collect::<Vec<_>>();
    store.import_leads(&t, &spec, "b1", 0, people()).await.expect("a chunk");
    assert_eq!(store.abort_import(&t, &spec, "b1", at(NOW)).await, Ok(2_500));
    assert_eq!(store.import_progress(&t, &spec.id, "b1").await, Ok(None));
    // Neither its numbers nor its name are taken.
    imported(&store, &spec, "b1", people()).await;
    let over = store.abort_import(&t, &spec, "b1", at(NOW)).await;
    assert!(matches!(over, Err(StoreError::Conflict(_))));
}

pub async fn a_list_is_called_in_its_order(place: Place) {
    let (store, t) = (place.open().await, tenant("t"));
    let ages = ["30", "", "4.5", "100", "-1"];
    let people = || ages.iter().zip(1..).map(|(age, n)| with(person(&[n]), "age", age)).collect();
    let order = |order| ListSpec { order, ..list("a") };
    let by_age = |descending| LeadOrder::Attribute { name: "age".to_owned(), descending };
    imported(&store, &order(by_age(false)), "one", people()).await;
    let reserve = async |most: u32| {
        let skip_last = all(&store, ask(&["a"], next(most), NOW)).await;
        let found = dialed(&skip_last);
        // Back they go.
        store.recover(at(NOW)).await.expect("a recovery");
        let all_states = [LeadStateKind::Retry];
        store.reset_list(&t, &list_id("a"), &all_states, "", at(NOW)).await.expect("a reset");
        found
    };
    assert_eq!(reserve(5).await, [5, 3, 1, 4, 2]);
    store.reorder_list(&t, &list_id("a"), &by_age(true)).await.expect("an order");
    assert_eq!(dialed(&all(&store, ask(&["a"], next(2), NOW + 1)).await), [4, 1]);
    store.reorder_list(&t, &list_id("a"), &LeadOrder::NewestFirst).await.expect("an order");
    assert_eq!(dialed(&all(&store, ask(&["a"], next(3), NOW + 2)).await), [5, 3, 2]);
}

pub async fn leads_are_found_and_paged(place: Place) {
    let (store, t) = (place.open().await, tenant("t"));
    let people: Vec<_> = (0..5).map(|n| person(&[n])).collect();
    imported(&store, &list("a"), "one", people.clone()).await;
    imported(&store, &list("b"), "one", vec![person(&[1])]).await;
    let page = store.list_leads(&t, &list_id("a"), None, None, 3).await.expect("a page");
    let rest = store.list_leads(&t, &list_id("a"), None, page.next, 3).await.expect("a page");
    let read: Vec<_> = page.leads.iter().chain(&rest.leads).map(|it| it.person.clone()).collect();
    assert_eq!((read, page.leads.len(), rest.next), (people, 3, None));
    let both = store.leads_by_number(&t, &number(1)).await.expect("a read");
    let lists: Vec<_> = both.iter().map(|it| it.list.clone()).collect();
    assert_eq!(lists, [list_id("a"), list_id("b")]);
    assert_eq!(store.lead(&t, both[0].id).await, Ok(Some(both[0].clone())));
    assert_eq!(store.lead(&tenant("u"), both[0].id).await, Ok(None));
    all(&store, ask(&["a"], next(2), NOW)).await;
    let claimed = Some(LeadStateKind::Claimed);
    let claimed = store.list_leads(&t, &list_id("a"), claimed, None, 9).await.expect("a page");
    assert_eq!(claimed.leads.len(), 2);
}

pub async fn promised_calls_are_laid_into_a_list_and_taken_out_of_it(place: Place) {
    let (store, t, spec) = (place.open().await, tenant("t"), list("a"));
    let callback =
        |seconds: i64, agent| LeadState::Callback { at: at(NOW + seconds * SECOND), agent };
    let lay = async |name: &str, lead, state| {
        store.lay_lead(&t, &spec, name, lead, (state, at(NOW))).await.expect("a store")
    };
    let hers = lay("hers", person(&[1]), callback(60, Some(agent("ana")))).await.expect("laid");
    let anybodys = lay("anybodys", person(&[2]), callback(30, None)).await.expect("laid");
    let his = lay("his", person(&[3]), callback(10, Some(agent("bo")))).await.expect("laid");
    let again = lay("hers", person(&[1]), callback(5, None)).await;
    assert_eq!(again, Ok(hers), "one that was laid is left alone");
    assert_eq!(lay("none", person(&[]), callback(5, None)).await, Err(LeadFault::NoNumber));

    let lists = [list_id("a"), list_id("b")];
    let promised = async |who: &str, from: Option<Civil>, after, most| {
        let all = (None, Some(at(NOW + 3_600 * SECOND)));
        let span = if from.is_some() { (from, None) } else { all };
        let found = store.promised_leads(&t, (&lists, &agent(who)), span, after, most).await;
        found.expect("a store").iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(promised("ana", None, None, 9).await, [anybodys, hers]);
    assert_eq!(promised("bo", None, None, 9).await, [his, anybodys]);
    assert_eq!(promised("ana", Some(at(NOW + 31 * SECOND)), None, 9).await, [hers]);
    assert_eq!(promised("ana", None, None, 1).await, [anybodys]);
    let first = (at(NOW + 30 * SECOND), anybodys);
    assert_eq!(promised("ana", None, Some(first), 9).await, [hers]);
    // Nothing is due yet; then the one that anybody may call is.
    assert!(all(&store, ask(&["a"], next(5), NOW)).await.permits.is_empty());
    assert_eq!(dialed(&all(&store, ask(&["a"], next(5), NOW + 40 * SECOND)).await), [2]);

    let done = Slug::parse("confirmed").expect("a slug");
    assert_eq!(store.finish_lead(&t, hers, &done).await, Ok(true));
    assert_eq!(store.finish_lead(&t, anybodys, &done).await, Ok(false), "it is being called");
    let state = async |id| store.lead(&t, id).await.expect("a store").expect("a lead").state;
    assert_eq!(state(hers).await, LeadState::Finished { disposition: done });
    assert_eq!(state(anybodys).await, LeadState::Claimed);
    assert_eq!(promised("ana", None, None, 9).await, []);
}

pub async fn the_leads_of_whoever_is_erased_go_unless_one_is_in_a_call(place: Place) {
    let (store, t) = (place.open().await, tenant("t"));
    let people = vec![person(&[1, 2]), person(&[3]), person(&[4, 5])];
    imported(&store, &list("a"), "one", people).await;
    imported(&store, &list("b"), "one", vec![person(&[1])]).await;
    let erase = async |numbers: &[u64]| {
        let numbers: Vec<_> = numbers.iter().map(|it| number(*it)).collect();
        store.erase_leads(&t, &[list_id("a")], &numbers).await.expect("a store")
    };
    let holders = async |of: u64| {
        let leads = store.leads_by_number(&t, &number(of)).await.expect("a read");
        leads.iter().map(|it| it.list.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(dialed(&all(&store, ask(&["a"], next(1), NOW)).await), [1]);
    assert!(!erase(&[2, 4]).await, "one of them is being called");
    assert_eq!(
        (holders(1).await, holders(5).await),
        (["a", "b"].map(String::from).into(), vec!["a".to_owned()])
    );
    store.recover(at(NOW + SECOND)).await.expect("a recovery");
    assert!(erase(&[2, 4]).await);
    assert_eq!((holders(1).await, holders(5).await), (vec!["b".to_owned()], vec![]));
    let counts = store.lead_counts(&t, &list_id("a")).await;
    assert_eq!(counts, Ok(LeadCounts { ready: 1, ..LeadCounts::default() }));
    assert_eq!(dialed(&all(&store, ask(&["a"], next(5), NOW + 2 * SECOND)).await), [3]);
    assert!(erase(&[2, 4]).await, "there is nothing left to erase");
    // The number may come again.
    imported(&store, &list("a"), "two", vec![person(&[1])]).await;
    assert_eq!(holders(1).await, ["b", "a"]);
}
