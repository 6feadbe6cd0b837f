//! Customers: found by number, name and key; merged and erased.

use timbre_casework::{CallbackState, Customer, Interaction, Work};
use timbre_model::{CallRecord, ClientId, Disposition, Slug};
use timbre_store::{Cursor, CustomerCursor, CustomerQuery, PageRequest, Store, With, WorkError};

use super::casework::{
    client, contact, customer, customer_id, kept, keyed, next, of_customers, of_records, promised,
};
use super::lists::{NOW, number};
use super::world::{Place, at, call_change, call_id, connected, tenant};

async fn found(store: &Store, clients: Option<&[ClientId]>, query: CustomerQuery) -> Vec<u128> {
    let page = store.search_customers(&tenant("t"), clients, &query, 100, None).await;
    let page = page.expect("an answer");
    assert_eq!(page.next, None);
    page.customers.iter().map(|it| it.id.as_u128()).collect()
}

fn named(text: &str) -> CustomerQuery {
    CustomerQuery::Name(text.to_owned())
}

fn key(text: &str) -> CustomerQuery {
    CustomerQuery::Key(text.to_owned())
}

pub async fn customers_are_found_by_number_name_and_key(place: Place) {
    let store = place.open().await;
    let all = [
        keyed(customer(1, "acme", "Inés Álvarez Núñez", &[1, 2]), "K-1"),
        keyed(customer(2, "acme", "ALVARO García-López", &[2]), "K-2"),
        keyed(customer(3, "other", "Ines O'Brien", &[2, 3]), "K-1"),
        customer(4, "acme", "", &[4]),
    ];
    kept(&store, of_customers(&all)).await;
    let (acme, other) = ([client("acme")], [client("other")]);
    let both = [client("acme"), client("other")];
    let cases = [
        (Some(&acme[..]), named("ines"), vec![1]),
        (Some(&both[..]), named("INÉS "), vec![1, 3]),
        (None, named("ines"), vec![1, 3]),
        (None, named("nunez"), vec![1]),
        (None, named("alvar"), vec![1, 2]),
        (None, named("garcia lo"), vec![2]),
        (None, named("obrien"), vec![3]),
        (None, named("ñ"), vec![1]),
        (None, named("zz"), vec![]),
        (None, named(""), vec![2, 1, 3]),
        (Some(&[]), named("ines"), vec![]),
        (Some(&acme[..]), CustomerQuery::Number(number(2)), vec![1, 2]),
        (None, CustomerQuery::Number(number(2)), vec![1, 2, 3]),
        (None, CustomerQuery::Number(number(9)), vec![]),
        (Some(&other[..]), key("K-1"), vec![3]),
        (None, key("K-1"), vec![1, 3]),
        (None, key("k-1"), vec![]),
    ];
    for (clients, query, ids) in cases {
        assert_eq!(found(&store, clients, query.clone()).await, ids, "{clients:?} {query:?}");
    }

    let amended = Customer {
        name: "Inés Souto".to_owned(),
        numbers: customer(1, "acme", "", &[2, 8]).numbers,
        key: Some("K-9".to_owned()),
        version: 2,
        ..all[0].clone()
    };
    kept(&store, of_customers(std::slice::from_ref(&amended))).await;
    for (query, ids) in [
        (named("alvarez"), vec![]),
        (named("souto"), vec![1]),
        (CustomerQuery::Number(number(1)), vec![]),
        (CustomerQuery::Number(number(2)), vec![1, 2, 3]),
        (CustomerQuery::Number(number(8)), vec![1]),
        (key("K-9"), vec![1]),
    ] {
        assert_eq!(found(&store, None, query.clone()).await, ids, "{query:?}");
    }
    assert_eq!(store.customer(&tenant("t"), customer_id(1)).await, Ok(Some(amended)));
    assert_eq!(store.customer(&tenant("other"), customer_id(1)).await, Ok(None));
}

pub async fn names_are_paged_in_their_order(place: Place) {
    let store = place.open().await;
    let name = |id: u128| format!("Rosa {:02}", 30 - id);
    let all: Vec<Customer> = (1..=25)
        .map(|id| customer(id, if id % 3 == 0 { "other" } else { "acme" }, &name(id), &[]))
        .collect();
    kept(&store, of_customers(&all)).await;
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = store
            .search_customers(&tenant("t"), None, &named("rosa"), 4, after.as_ref())
            .await
            .expect("a page");
        ids.extend(page.customers.iter().map(|it| it.id.as_u128()));
        let Some(next) = page.next else { break };
        after = CustomerCursor::parse(&next.to_string());
        assert!(after.is_some());
    }
    assert_eq!(ids, (1..=25).rev().collect::<Vec<_>>());
}

pub async fn a_key_is_one_customers_of_a_client_company(place: Place) {
    let store = place.open().await;
    let one = keyed(customer(1, "acme", "One", &[]), "K");
    kept(&store, of_customers(std::slice::from_ref(&one))).await;
    let second = customer(2, "acme", "Two", &[]);
    let work =
        async |all: &[Customer]| store.work(&tenant("t"), of_customers(all), With::default()).await;
    assert_eq!(work(&[keyed(second.clone(), "K")]).await, Err(WorkError::KeyTaken));
    assert_eq!(work(std::slice::from_ref(&second)).await, Ok(()));
    let renamed = Customer { version: 2, ..keyed(second.clone(), "K") };
    assert_eq!(work(std::slice::from_ref(&renamed)).await, Err(WorkError::KeyTaken));
    assert_eq!(work(&[second]).await, Err(WorkError::Stale));
    // The one that is merged gives its key up, whichever stands first.
    let merged = Customer { version: 2, merged_into: Some(customer_id(2)), key: None, ..one };
    assert_eq!(work(&[renamed.clone(), merged]).await, Ok(()));
    assert_eq!(found(&store, None, key("K")).await, [2]);
}

pub async fn a_number_shows_who_has_it_and_what_is_open(place: Place) {
    let store = place.open().await;
    let all = [
        customer(1, "acme", "Ana", &[7]),
        customer(2, "acme", "Bea", &[7]),
        customer(3, "other", "Eva", &[7]),
    ];
    kept(&store, of_customers(&all)).await;
    let contacts: Vec<Interaction> = (1..=5).map(|n| contact(1, n, &format!("call {n}"))).collect();
    let again = Interaction { summary: "not this".to_owned(), ..contacts[0].clone() };
    kept(&store, Work { interactions: contacts.clone(), ..Work::default() }).await;
    kept(&store, Work { interactions: vec![again], ..Work::default() }).await;
    let done = promised(12, 1, 60);
    kept(&store, of_records(&[promised(11, 1, 60), done.clone(), promised(13, 2, 60)])).await;
    let done = timbre_casework::Callback { state: CallbackState::Done, ..next(&done) };
    kept(&store, of_records(&[done])).await;

    let pop = store.screen_pop(&tenant("t"), &[client("acme")], &number(7), 3).await;
    let pop = pop.expect("an answer").customers;
    let who: Vec<_> = pop.iter().map(|it| it.customer.id.as_u128()).collect();
    assert_eq!(who, [1, 2]);
    let newest: Vec<_> = contacts[2..].iter().rev().cloned().collect();
    assert_eq!(pop[0].interactions, newest);
    assert_eq!(pop[0].open.iter().map(|it| it.id()).collect::<Vec<_>>(), [11]);
    assert_eq!(pop[1].interactions, []);
    assert_eq!(pop[1].open.iter().map(|it| it.id()).collect::<Vec<_>>(), [13]);
    let known = store.known_customer(&tenant("t"), customer_id(1), 3).await;
    assert_eq!(known.expect("an answer").as_ref(), Some(&pop[0]));
    let nobody = store.screen_pop(&tenant("t"), &[client("acme")], &number(8), 3).await;
    assert_eq!(nobody.expect("an answer").customers, []);

    let page = async |size, after: Option<Cursor>| {
        let page = PageRequest { size, after };
        store.interactions(&tenant("t"), customer_id(1), &page).await.expect("a page")
    };
    let first = page(2, None).await;
    let second = page(2, first.next).await;
    let last = page(2, second.next).await;
    let all: Vec<_> = [first.interactions, second.interactions, last.interactions]
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(all, contacts.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(last.next, None);
}

pub async fn a_merged_customers_contacts_are_the_others(place: Place) {
    let store = place.open().await;
    let all = [customer(1, "acme", "Ana", &[7]), customer(2, "acme", "Anna", &[7, 8])];
    kept(&store, of_customers(&all)).await;
    let interactions = vec![contact(1, 1, "both"), contact(2, 1, "both"), contact(2, 2, "two")];
    kept(&store, Work { interactions, ..Work::default() }).await;
    let one = Customer { version: 2, numbers: all[1].numbers.clone(), ..all[0].clone() };
    let other = Customer { version: 2, merged_into: Some(customer_id(1)), ..all[1].clone() };
    kept(&store, of_customers(&[one, other.clone()])).await;
    for query in [named("an"), CustomerQuery::Number(number(7)), CustomerQuery::Number(number(8))] {
        assert_eq!(found(&store, None, query.clone()).await, [1], "{query:?}");
    }
    let page = PageRequest { size: 10, after: None };
    let of = async |id| {
        let page = store.interactions(&tenant("t"), customer_id(id), &page).await;
        page.expect("a page").interactions
    };
    assert_eq!(of(1).await, [contact(1, 2, "two"), contact(1, 1, "both")]);
    assert_eq!(of(2).await, []);
    assert_eq!(store.merged_into(&tenant("t"), customer_id(1)).await, Ok(vec![other]));
}

pub async fn an_erased_customer_leaves_dates_alone(place: Place) {
    let store = place.open().await;
    let ana = keyed(customer(1, "acme", "Ana Pérez", &[7]), "K");
    kept(&store, of_customers(&[ana.clone(), customer(2, "acme", "Bea", &[7])])).await;
    let mut interactions: Vec<_> = (1..=1_200).map(|n| contact(1, n, "says a name")).collect();
    interactions.push(contact(2, 1_300, "stays"));
    kept(&store, Work { interactions, ..Work::default() }).await;
    let said = |number: u128| {
        let fields = [("address".to_owned(), "Rúa Nova 1".to_owned())].into();
        let code = Slug::parse("sold").expect("a slug");
        let disposition = Some(Disposition { code, automatic: false, fields });
        CallRecord { disposition, ..connected("t", number, NOW) }
    };
    let calls = [1, 1_300].map(|number| call_change(said(number)));
    store.commit(calls.into()).await.expect("a commit");
    let erased = Customer {
        version: 2,
        name: String::new(),
        numbers: vec![],
        key: None,
        erased_at: Some(at(NOW)),
        ..ana.clone()
    };
    kept(&store, of_customers(std::slice::from_ref(&erased))).await;
    assert_eq!(found(&store, None, named("ana")).await, []);
    assert_eq!(found(&store, None, key("K")).await, []);
    assert_eq!(found(&store, None, CustomerQuery::Number(number(7))).await, [2]);
    assert_eq!(store.customer(&tenant("t"), customer_id(1)).await, Ok(Some(erased)));
    let all = PageRequest { size: 1_000, after: None };
    let page = store.interactions(&tenant("t"), customer_id(1), &all).await.expect("a page");
    assert_eq!(page.interactions.len(), 1_000);
    assert!(page.interactions.iter().all(|it| it.summary.is_empty()));
    assert_eq!(page.interactions[0].at, contact(1, 1_200, "").at);
    let page = store.interactions(&tenant("t"), customer_id(2), &all).await.expect("a page");
    assert_eq!(page.interactions, [contact(2, 1_300, "stays")]);
    for (number, written) in [(1, false), (1_300, true)] {
        let call =
            store.call(&tenant("t"), call_id(number)).await.expect("a read").expect("a call");
        let disposition = call.disposition.expect("a disposition");
        assert_eq!((disposition.code.as_str(), !disposition.fields.is_empty()), ("sold", written));
    }
}
