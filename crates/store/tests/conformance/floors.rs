//! Definitions, credentials, requests, and what the database is.

use timbre_model::{
    AgentSpec, Change, FloorSpec, Role, SkillId, Slug, StationMode, TenantId, TokenRecord,
};
use timbre_store::{DoneRequest, StoreError};

use crate::world::*;

fn spec(agents: &[&str]) -> FloorSpec {
    let skill = SkillId::parse("spanish").expect("a skill");
    let agents = agents.iter().map(|name| AgentSpec {
        id: agent(name),
        name: format!("{name} «ñ» 'quoted'"),
        skills: [(skill.clone(), 7)].into(),
        site: None,
        station: StationMode::Persistent,
        password: None,
        clients: Default::default(),
    });
    FloorSpec {
        agents: agents.collect(),
        skills: [skill.clone()].into(),
        pauses: [Slug::parse("lunch").expect("a slug")].into(),
        ..FloorSpec::default()
    }
}

fn floor(tenant: &TenantId, version: u64, agents: &[&str]) -> Change {
    let spec = Box::new(spec(agents));
    Change::Floor { tenant: tenant.clone(), version, at: at(version as i64), spec }
}

pub async fn the_latest_definition_holds_and_the_former_are_kept(place: Place) {
    let store = place.open().await;
    let (t, u) = (tenant("t"), tenant("u"));
    assert_eq!(store.floors().await, Ok(vec![]));
    let batch = vec![floor(&t, 9, &["ana"]), floor(&t, 10, &["ana", "bea"]), floor(&u, 1, &[])];
    store.commit(batch).await.expect("a commit");
    let floors = store.floors().await.expect("a read");
    let seen: Vec<_> = floors.iter().map(|it| (&it.tenant, it.version, &it.spec)).collect();
    assert_eq!(seen, [(&t, 10, &spec(&["ana", "bea"])), (&u, 1, &spec(&[]))]);
    assert_eq!(store.floor(&t).await.expect("a read").as_ref(), floors.first());
    assert_eq!(store.floor(&tenant("nobody")).await, Ok(None));
    let former = store.floor_version(&t, 9).await.expect("a read").expect("the former one");
    assert_eq!((former.at, former.spec), (at(9), spec(&["ana"])));
    assert_eq!(store.floor_version(&u, 9).await, Ok(None));
}

fn token(tenant_name: &str, id: &str, hash: u8) -> TokenRecord {
    TokenRecord {
        id: id.to_owned(),
        hash: [hash; 32],
        tenant: tenant(tenant_name),
        role: Role::Agent,
        agent: Some(agent("ana")),
        created_at: at(i64::from(hash)),
        expires_at: Some(at(9_000)),
        revoked_at: None,
    }
}

pub async fn tokens_are_kept_by_hash(place: Place) {
    let store = place.open().await;
    let admin =
        TokenRecord { role: Role::Admin, agent: None, expires_at: None, ..token("t", "b", 1) };
    for token in [&token("t", "a", 2), &admin, &token("u", "a", 3), &admin] {
        store.put_token(token).await.expect("kept");
    }
    assert_eq!(store.token_by_hash([2; 32]).await, Ok(Some(token("t", "a", 2))));
    assert_eq!(store.token_by_hash([9; 32]).await, Ok(None));
    assert_eq!(store.list_tokens(&tenant("t")).await, Ok(vec![admin, token("t", "a", 2)]));
    // Another token under a name or a hash that is taken is refused, and the first one stays.
    for bad in [token("t", "a", 8), token("u", "z", 2)] {
        let refused = store.put_token(&bad).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(store.token_by_hash([2; 32]).await, Ok(Some(token("t", "a", 2))));
}

pub async fn a_token_is_revoked_once(place: Place) {
    let store = place.open().await;
    store.put_token(&token("t", "a", 2)).await.expect("kept");
    assert_eq!(store.revoke_token(&tenant("u"), "a", at(5)).await, Ok(false));
    assert_eq!(store.revoke_token(&tenant("t"), "a", at(6)).await, Ok(true));
    assert_eq!(store.revoke_token(&tenant("t"), "a", at(7)).await, Ok(false));
    // Keeping it again does not bring it back.
    store.put_token(&token("t", "a", 2)).await.expect("kept");
    let kept = store.token_by_hash([2; 32]).await.expect("a read").expect("the token");
    assert_eq!(kept.revoked_at, Some(at(6)));
}

fn done(response: &[u8], micros: i64) -> DoneRequest {
    DoneRequest { method: "Apply".to_owned(), response: response.to_owned(), at: at(micros) }
}

pub async fn the_first_answer_to_a_request_is_kept(place: Place) {
    let store = place.open().await;
    let (t, first) = (tenant("t"), done(&[0, 255, 1], 10));
    assert_eq!(store.request(&t, "r").await, Ok(None));
    assert_eq!(store.remember_request(&t, "r", first.clone()).await, Ok(first.clone()));
    assert_eq!(store.remember_request(&t, "r", done(&[7], 11)).await, Ok(first.clone()));
    assert_eq!(store.request(&t, "r").await, Ok(Some(first)));
    assert_eq!(store.request(&tenant("u"), "r").await, Ok(None));
}

pub async fn old_requests_are_forgotten(place: Place) {
    let store = place.open().await;
    let t = tenant("t");
    for (id, micros) in [("old", 10), ("new", 20)] {
        store.remember_request(&t, id, done(&[], micros)).await.expect("kept");
    }
    assert_eq!(store.prune_requests(at(20)).await, Ok(1));
    assert_eq!(store.request(&t, "old").await, Ok(None));
    assert_eq!(store.request(&t, "new").await, Ok(Some(done(&[], 20))));
}

pub async fn the_database_describes_itself(place: Place) {
    let store = place.open().await;
    store.health().await.expect("a healthy database");
    let is = store.describe().await.expect("a description");
    assert_eq!(is.journal_mode, "wal");
    if place.server.is_some() {
        assert_eq!((is.engine, is.synchronous.as_str(), is.file), ("postgres", "on", None));
    } else {
        assert_eq!((is.engine, is.synchronous.as_str()), ("sqlite", "full"));
        assert!(is.file.is_some());
    }
}
