//! Who may not be called.

use timbre_compliance::{History, Lists};
use timbre_model::{Barred, CampaignId, Change, ClientId, DoNotCallEntry, DoNotCallScope, Slug};
use timbre_store::{Candidate, RegistryEntries, RegistryImport, Ruling, Store, StoreError, Wanted};

use crate::lists::*;
use crate::world::*;

pub fn entry(whom: &str) -> DoNotCallEntry {
    DoNotCallEntry {
        tenant: tenant("t"),
        whom: if whom.len() == 12 {
            Barred::Number(whom.to_owned().try_into().expect("a number"))
        } else {
            Barred::Prefix(whom.to_owned())
        },
        scope: DoNotCallScope::Tenant,
        since: at(NOW - DAY),
        until: None,
        source: Slug::parse("agent").expect("a slug"),
        note: "asked\0 so".to_owned(),
    }
}

async fn barred(store: &Store, entries: Vec<DoNotCallEntry>) {
    let changes = entries.into_iter().map(|it| Change::DoNotCall(Box::new(it))).collect();
    store.commit(changes).await.expect("a commit");
}

/// What the rules are shown of a number.
async fn lists_of(store: &Store, n: u64, micros: i64) -> Lists {
    let asked = ask(&[], Wanted::Number(number(n)), micros);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Lists::default()));
    let see = std::sync::Arc::clone(&seen);
    let decide = move |_: &Candidate, _: &History, lists: &Lists| -> Ruling<()> {
        *see.lock().expect("no panic") = lists.clone();
        Ruling::Skip
    };
    store.authorize(asked, decide).await.expect("a decision");
    seen.lock().expect("no panic").clone()
}

pub async fn an_entry_bars_by_its_reach(place: Place) {
    let store = place.open().await;
    let client = |name| DoNotCallScope::Client(ClientId::parse(name).expect("an id"));
    let campaign = DoNotCallScope::Campaign(CampaignId::parse("spring").expect("an id"));
    barred(
        &store,
        vec![
            DoNotCallEntry { scope: client("other"), ..entry("+34600000001") },
            DoNotCallEntry { scope: client("acme"), ..entry("+34600000002") },
            DoNotCallEntry { scope: campaign, ..entry("+34600000002") },
            DoNotCallEntry { until: Some(at(NOW)), ..entry("+34600000003") },
            entry("+3460000001"),
        ],
    )
    .await;
    let reach = async |n, micros| lists_of(&store, n, micros).await.internal.map(|it| it.scope);
    assert_eq!(reach(1, NOW).await, None);
    assert_eq!(reach(2, NOW).await.as_deref(), Some("client acme"));
    assert_eq!(reach(3, NOW).await, None);
    assert_eq!(reach(3, NOW - 1).await.as_deref(), Some("tenant"));
    assert_eq!(reach(17, NOW).await.as_deref(), Some("tenant, prefix +3460000001"));
    assert_eq!(reach(4, NOW).await, None);
    // An entry is only ever made wider.
    barred(&store, vec![DoNotCallEntry { until: Some(at(NOW + DAY)), ..entry("+34600000003") }])
        .await;
    assert!(reach(3, NOW + 1).await.is_some());
    barred(&store, vec![DoNotCallEntry { until: Some(at(NOW)), ..entry("+34600000003") }]).await;
    assert!(reach(3, NOW + 1).await.is_some());
}

pub async fn entries_are_listed_and_taken_out(place: Place) {
    let store = place.open().await;
    let t = tenant("t");
    barred(&store, (1..=5).map(|n| entry(&format!("+3460000000{n}"))).collect()).await;
    let page = store.do_not_call(&t, None, 3).await.expect("a page");
    assert_eq!((page.entries.len(), page.next.as_deref()), (3, Some("+34600000003")));
    let rest = store.do_not_call(&t, page.next.as_deref(), 3).await.expect("a page");
    assert_eq!((rest.entries.len(), rest.next), (2, None));
    let found = store.check_number(&t, &number(2), at(NOW)).await.expect("a check");
    assert_eq!(
        found.entries,
        [DoNotCallEntry { note: "asked\u{fffd} so".to_owned(), ..entry("+34600000002") }]
    );
    let out = async || {
        let whom = Barred::Number(number(2));
        store.do_not_call_remove(&t, &whom, &DoNotCallScope::Tenant, "a mistake", at(NOW)).await
    };
    assert_eq!((out().await, out().await), (Ok(true), Ok(false)));
    assert_eq!(lists_of(&store, 2, NOW).await.internal, None);
    let trail = store.audit_export(&t, 1, 100).await.expect("a trail");
    let kinds: Vec<_> = trail.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds[5..], ["do_not_call_removed"]);
}

pub async fn a_registry_replaces_its_former_version(place: Place) {
    let store = place.open().await;
    let t = tenant("t");
    let version = |version: &str, salt: Option<&str>| RegistryImport {
        name: "es-robinson".to_owned(),
        version: version.to_owned(),
        as_of: at(NOW - DAY),
        salt: salt.map(str::to_owned),
    };
    let numbers = |all: &[u64]| RegistryEntries::Numbers(all.iter().map(|&n| number(n)).collect());
    let first = version("1", None);
    assert_eq!(store.import_registry(&t, &first, numbers(&[1, 2])).await, Ok(2));
    assert_eq!(store.import_registry(&t, &first, numbers(&[2, 3])).await, Ok(1));
    // Half an import is none.
    assert_eq!(lists_of(&store, 1, NOW).await, Lists::default());
    store.finish_registry(&t, &first, at(NOW)).await.expect("an end");
    let state = lists_of(&store, 1, NOW).await.registries;
    assert_eq!((state[0].imported_version.as_str(), state[0].listed), ("1", true));
    assert!(!lists_of(&store, 9, NOW).await.registries[0].listed);
    // The next one keeps sums: SHA-256 of "pepper+34600000009".
    let second = version("2", Some("pepper"));
    store.import_registry(&t, &second, numbers(&[9])).await.expect("an import");
    assert!(lists_of(&store, 1, NOW).await.registries[0].listed);
    store.finish_registry(&t, &second, at(NOW)).await.expect("an end");
    let state = lists_of(&store, 9, NOW).await.registries;
    assert_eq!((state.len(), state[0].imported_version.as_str(), state[0].listed), (1, "2", true));
    assert!(!lists_of(&store, 1, NOW).await.registries[0].listed);
    let late = store.import_registry(&t, &first, numbers(&[4])).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    let bad = RegistryEntries::Hashes(vec!["xyz".to_owned()]);
    let refused = store.import_registry(&t, &version("3", Some("")), bad).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))));
}
