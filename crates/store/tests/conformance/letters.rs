//! What waits to be told, and what could not be.

use timbre_casework::Work;
use timbre_model::Slug;
use timbre_store::{
    DeadLetterCursor, HeldEvent, LetterChannel, Mail, StoredEvent, WaitingLetters, WebhookChange,
    WebhookState, With,
};

use super::casework::{kept, of_events, told};
use super::lists::{NOW, SECOND};
use super::world::{Place, at, tenant};

fn mail(id: &str, second: i64) -> Mail {
    Mail {
        id: id.to_owned(),
        to: "ombudsman@example.com".to_owned(),
        subject: "A case is late".to_owned(),
        body: "It is.\u{0}".to_owned(),
        at: at(NOW + second * SECOND),
    }
}

pub async fn a_mail_waits_until_it_is_sent_once(place: Place) {
    let store = place.open().await;
    let queue = async |mails: Vec<Mail>| {
        let with = With { mails, ..With::default() };
        store.work(&tenant("t"), Work::default(), with).await.expect("the work is kept");
    };
    let due = async |second: i64| {
        let due = store.mails_due(at(NOW + second * SECOND), 10).await.expect("mails");
        due.into_iter().map(|it| (it.mail.id, it.attempts)).collect::<Vec<_>>()
    };
    let waits = |id: &str, attempts| (id.to_owned(), attempts);
    queue(vec![mail("b", 2), mail("a", 1)]).await;
    queue(vec![mail("a", 9)]).await;
    assert_eq!(store.next_mail().await, Ok(Some(at(NOW + SECOND))));
    assert_eq!(due(0).await, []);
    assert_eq!(due(9).await, [waits("a", 0), waits("b", 0)]);
    let first = store.mails_due(at(NOW + SECOND), 1).await.expect("mails");
    assert_eq!(first[0].mail, mail("a", 1));
    store.mail_sent(&tenant("t"), "a", at(NOW)).await.expect("it is noted");
    store.mail_failed(&tenant("t"), "a", "too late", at(NOW)).await.expect("it is ignored");
    store.mail_failed(&tenant("t"), "b", "away", at(NOW + 5 * SECOND)).await.expect("it is noted");
    queue(vec![mail("a", 1)]).await;
    assert_eq!((due(4).await, due(5).await), (vec![], vec![waits("b", 1)]));

    let queued = store.mails_due(at(NOW + 9 * SECOND), 1).await.expect("mails").remove(0);
    store.mail_dead(&queued, "no such mailbox", at(NOW + 6 * SECOND)).await.expect("it is buried");
    assert_eq!((due(99).await, store.next_mail().await), (vec![], Ok(None)));
    let waiting = store.waiting_letters(&tenant("t")).await;
    assert_eq!(waiting, Ok(WaitingLetters { dead: 1, ..WaitingLetters::default() }));
    let dead = store.dead_letters(&tenant("t"), 10, None).await.expect("dead letters").letters;
    assert_eq!((dead[0].id.as_str(), dead[0].attempts), ("b", 2));
    let revive = async |id: &str| {
        store.revive(&tenant("t"), LetterChannel::Mail, "", id, at(NOW + 8 * SECOND)).await
    };
    assert_eq!((revive("b").await, revive("b").await), (Ok(true), Ok(false)));
    assert_eq!((due(7).await, due(8).await), (vec![], vec![waits("b", 0)]));
    assert_eq!(store.prune_mails(at(NOW + 1)).await, Ok(1));
}

fn held(event: StoredEvent, second: i64) -> HeldEvent {
    HeldEvent {
        event,
        attempts: 1,
        since: at(NOW),
        next_at: at(NOW + second * SECOND),
        error: "500".to_owned(),
    }
}

pub async fn a_webhook_keeps_its_place_and_what_it_holds_back(place: Place) {
    let store = place.open().await;
    kept(&store, of_events(&["a", "b", "c"])).await;
    let events = told(&store).await;
    let hook = Slug::parse("crm").expect("a webhook");
    assert_eq!(store.webhook_state(&tenant("t"), &hook).await, Ok(None));
    let keep = async |change: WebhookChange| {
        store.keep_webhook(&tenant("t"), &hook, change).await.expect("it is kept");
    };
    let held_now = async || store.webhook_held(&tenant("t"), &hook, 10).await.expect("events");
    let state = |settled| WebhookState { settled, ..WebhookState::default() };
    let both = vec![held(events[1].clone(), 2), held(events[0].clone(), 1)];
    keep(WebhookChange { state: state(3), held: both, ..WebhookChange::default() }).await;
    assert_eq!(held_now().await, [held(events[0].clone(), 1), held(events[1].clone(), 2)]);

    let failing = WebhookState {
        settled: 2,
        attempts: 4,
        failing_since: Some(at(NOW)),
        next_at: Some(at(NOW + SECOND)),
        error: "refused".to_owned(),
    };
    let longer =
        HeldEvent { attempts: 2, error: "timed out".to_owned(), ..held(events[1].clone(), 9) };
    let dead = vec![(held(events[0].clone(), 1), at(NOW + SECOND))];
    let change =
        WebhookChange { state: failing.clone(), held: vec![longer.clone()], freed: vec![1], dead };
    keep(change).await;
    assert_eq!(held_now().await, std::slice::from_ref(&longer));
    let kept = store.webhook_state(&tenant("t"), &hook).await.expect("an answer");
    assert_eq!(kept, Some(WebhookState { settled: 3, ..failing }));

    keep(WebhookChange {
        state: state(3),
        freed: vec![2],
        dead: vec![(longer, at(NOW + 2 * SECOND))],
        ..WebhookChange::default()
    })
    .await;
    let first = store.dead_letters(&tenant("t"), 1, None).await.expect("dead letters");
    assert_eq!(first.letters[0].id, "b");
    let cursor = DeadLetterCursor::parse(&first.next.expect("there is more").to_string());
    let rest = store.dead_letters(&tenant("t"), 1, cursor.as_ref()).await.expect("dead letters");
    assert_eq!((rest.letters[0].id.as_str(), rest.next), ("a", None));
    let revived =
        store.revive(&tenant("t"), LetterChannel::Webhook, "crm", "a", at(NOW + 5 * SECOND)).await;
    assert_eq!(revived, Ok(true));
    let again = held_now().await;
    assert_eq!((again[0].event.clone(), again[0].attempts), (events[0].clone(), 0));
    let waiting = store.waiting_letters(&tenant("t")).await;
    assert_eq!(waiting, Ok(WaitingLetters { held: 1, dead: 1, ..WaitingLetters::default() }));
}
