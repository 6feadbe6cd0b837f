//! What campaigns leave behind.

use timbre_model::{
    AttemptOutcome, AttemptRecord, CallRecord, CampaignRecord, CampaignState, Change, LeadId,
    LeadState, PlacedFor, Slug,
};
use timbre_store::{
    AnswerDay, AttemptFilter, AuditFault, LeadCounts, PageRequest, Store, Wanted, verify_audit,
};

use crate::lists::*;
use crate::world::*;

/// Attempts, ended so, a second apart.
async fn attempts(store: &Store, how: &[AttemptOutcome]) -> Vec<AttemptRecord> {
    let people = (0..how.len() as u64).map(|n| person(&[n])).collect();
    imported(store, &list("a"), "one", people).await;
    let mut ended = Vec::new();
    for (n, how) in (0..).zip(how) {
        let micros = NOW + n * SECOND;
        let outcome = all(store, ask(&["a"], next(1), micros)).await;
        let talked = *how == AttemptOutcome::Connected;
        let answered = talked || *how == AttemptOutcome::Abandoned;
        ended.push(AttemptRecord {
            dialed_at: Some(at(micros)),
            answered_at: answered.then(|| at(micros + 5)),
            connected_at: talked.then(|| at(micros + 6)),
            ended_at: Some(at(micros + 9)),
            outcome: Some(*how),
            ..(*outcome.permits[0].attempt).clone()
        });
    }
    let changes = ended.iter().map(|it| Change::Attempt(Box::new(it.clone()))).collect();
    store.commit(changes).await.expect("a commit");
    ended
}

pub async fn attempts_are_listed_and_counted(place: Place) {
    use AttemptOutcome::{Abandoned, Busy, Connected};
    let (store, t) = (place.open().await, tenant("t"));
    let made = attempts(&store, &[Connected, Busy, Abandoned, Connected]).await;
    let page = |after| PageRequest { size: 3, after };
    let every = AttemptFilter::default();
    let first = store.list_attempts(&t, &every, &page(None)).await.expect("a page");
    let rest = store.list_attempts(&t, &every, &page(first.next)).await.expect("a page");
    let read: Vec<_> =
        rest.attempts.iter().rev().chain(first.attempts.iter().rev()).cloned().collect();
    assert_eq!((read, rest.next), (made.clone(), None));
    for (filter, found) in [
        (AttemptFilter { outcome: Some(Connected), ..every.clone() }, vec![3, 0]),
        (AttemptFilter { number: Some(number(1)), ..every.clone() }, vec![1]),
        (AttemptFilter { lead: made[2].lead, ..every.clone() }, vec![2]),
        (AttemptFilter { campaign: Some(campaign("autumn")), ..every.clone() }, vec![]),
        (
            AttemptFilter {
                campaign: Some(campaign("spring")),
                from: Some(made[1].intent_at),
                to: Some(made[3].intent_at),
                ..every.clone()
            },
            vec![2, 1],
        ),
    ] {
        let listed = store.list_attempts(&t, &filter, &page(None)).await.expect("a page").attempts;
        let expected: Vec<_> = found.into_iter().map(|n: usize| made[n].clone()).collect();
        assert_eq!(listed, expected, "{filter:?}");
    }
    let days = store.answer_days(&t, &campaign("spring"), at(NOW - 40 * DAY)).await;
    let day = NOW / DAY;
    assert_eq!(days, Ok(vec![AnswerDay { day, answered: 3, abandoned: 1 }]));
    // What is written once more, as a replay does, opens nothing again.
    let open = AttemptRecord { ended_at: None, outcome: None, ..made[0].clone() };
    store.commit(vec![Change::Attempt(Box::new(open))]).await.expect("a commit");
    assert_eq!(store.attempt(&t, made[0].id).await, Ok(Some(made[0].clone())));
}

pub async fn a_dead_node_loses_no_lead(place: Place) {
    let (store, t) = (place.open().await, tenant("t"));
    imported(&store, &list("a"), "one", (0..5).map(|n| person(&[n])).collect()).await;
    let dialed = all(&store, ask(&["a"], next(3), NOW)).await;
    let (open, talked, over) = (&dialed.permits[0], &dialed.permits[1], &dialed.permits[2]);
    let talked_to = AttemptRecord {
        answered_at: Some(at(NOW)),
        connected_at: Some(at(NOW)),
        ..(*talked.attempt).clone()
    };
    let done = LeadState::Finished { disposition: Slug::parse("sale").expect("a slug") };
    let outcome = Some(AttemptOutcome::Connected);
    let ended = AttemptRecord { ended_at: Some(at(NOW)), outcome, ..talked_to.clone() };
    let over_too = AttemptRecord { id: over.attempt.id, number: number(2), ..ended };
    let lead = over.attempt.lead.expect("a lead");
    let moved = timbre_model::LeadChange { tenant: t.clone(), lead, state: done.clone() };
    let batch = vec![
        Change::Attempt(Box::new(talked_to)),
        Change::Attempt(Box::new(over_too)),
        Change::Lead(moved),
    ];
    store.commit(batch).await.expect("a commit");
    let reserve = Wanted::Reserve { agent: agent("ana") };
    all(&store, ask(&["a"], reserve, NOW + 1)).await.reserved.expect("a lead");

    let ended = store.recover(at(NOW + SECOND)).await.expect("a recovery");
    assert_eq!((ended.attempts, ended.leads), (2, 3));
    assert_eq!(store.recover(at(NOW + SECOND)).await.map(|it| it.leads), Ok(0));
    let lost = store.attempt(&t, open.attempt.id).await.expect("a read").expect("an attempt");
    assert_eq!(
        (lost.outcome, lost.ended_at),
        (Some(AttemptOutcome::Indeterminate), Some(at(NOW + SECOND)))
    );
    let reached = store.attempt(&t, talked.attempt.id).await.expect("a read");
    assert_eq!(reached.and_then(|it| it.outcome), Some(AttemptOutcome::Connected));
    let state = async |id: Option<LeadId>| {
        store.lead(&t, id.expect("a lead")).await.expect("a read").expect("a lead").state
    };
    assert_eq!(state(open.attempt.lead).await, LeadState::Retry { at: at(NOW + 3_601 * SECOND) });
    // Somebody talked with this one, and nobody said how it went: not again.
    let unclassified = Slug::parse("unclassified").expect("a slug");
    assert_eq!(state(talked.attempt.lead).await, LeadState::Finished { disposition: unclassified });
    assert_eq!(state(over.attempt.lead).await, done);
    let counts = LeadCounts { ready: 2, retry: 1, finished: 2, ..LeadCounts::default() };
    assert_eq!(store.lead_counts(&t, &list_id("a")).await, Ok(counts));
}

pub async fn the_trail_is_chained_once(place: Place) {
    let (store, t) = (place.open().await, tenant("t"));
    let made = attempts(&store, &[AttemptOutcome::Busy, AttemptOutcome::NoAnswer]).await;
    let again: Vec<_> = made.iter().map(|it| Change::Attempt(Box::new(it.clone()))).collect();
    let barred = Change::DoNotCall(Box::new(crate::barring::entry("+34600000001")));
    for _ in 0..2 {
        store.commit(again.clone()).await.expect("a commit");
        store.commit(vec![barred.clone()]).await.expect("a commit");
    }
    let trail = store.audit_export(&t, 1, 100).await.expect("a trail");
    let kinds: Vec<_> = trail.iter().map(|it| it.kind.as_str()).collect();
    let expected = [
        "import_finished",
        "attempt_intent",
        "attempt_intent",
        "attempt_end",
        "attempt_end",
        "do_not_call",
    ];
    assert_eq!(kinds, expected);
    let summary = verify_audit(&trail).expect("the chain holds");
    assert_eq!(store.audit_head(&t).await, Ok((summary.last, summary.head)));
    assert_eq!(store.audit_export(&t, 3, 2).await.map(|it| it[0].seq), Ok(3));
    // A correction is told beside what it corrects.
    let corrected = AttemptRecord { sip_status: Some(486), ..made[0].clone() };
    store.commit(vec![Change::Attempt(Box::new(corrected))]).await.expect("a commit");
    assert_eq!(store.audit_head(&t).await.map(|it| it.0), Ok(7));
    // Whoever alters the database is found out.
    place
        .meddle("UPDATE audit SET payload = REPLACE(payload, 'busy', 'connected') WHERE seq = 4")
        .await;
    let trail = store.audit_export(&t, 1, 100).await.expect("a trail");
    let broken = verify_audit(&trail).expect_err("altered");
    assert_eq!((broken.seq, broken.why), (4, AuditFault::Altered));
}

pub async fn campaigns_and_calls_are_read_back(place: Place) {
    let store = place.open().await;
    let record = CampaignRecord {
        tenant: tenant("t"),
        campaign: campaign("spring"),
        state: CampaignState::Running,
        since: at(NOW),
        started_at: Some(at(NOW)),
        reason: None,
        memory: Some("{\"rate\":0.3}".to_owned()),
    };
    let learnt = CampaignRecord { memory: Some("{\"rate\":0.4}".to_owned()), ..record.clone() };
    let paused =
        CampaignRecord { state: CampaignState::Paused, since: at(NOW + 1), ..learnt.clone() };
    for it in [record, learnt, paused.clone()] {
        store.commit(vec![Change::Campaign(Box::new(it))]).await.expect("a commit");
    }
    let other = CampaignRecord { campaign: campaign("summer"), ..paused.clone() };
    store.commit(vec![Change::Campaign(Box::new(other.clone()))]).await.expect("a commit");
    let one = async |tenant, id| store.campaign(&tenant, &campaign(id)).await.expect("a read");
    assert_eq!(one(tenant("t"), "spring").await, Some(paused.clone()));
    assert_eq!(one(tenant("t"), "autumn").await, None);
    assert_eq!(one(tenant("u"), "spring").await, None);
    assert_eq!(store.campaigns().await, Ok(vec![paused, other]));
    // What the pacing learnt is no event.
    assert_eq!(store.audit_head(&tenant("t")).await.map(|it| it.0), Ok(3));
    let outbound = PlacedFor { campaign: campaign("spring"), lead: Some(LeadId::from_u64(7)) };
    let placed = CallRecord { outbound: Some(outbound), ..call("t", 1, 5) };
    store.commit(vec![call_change(placed.clone())]).await.expect("a commit");
    assert_eq!(store.call(&tenant("t"), call_id(1)).await, Ok(Some(placed)));
}
