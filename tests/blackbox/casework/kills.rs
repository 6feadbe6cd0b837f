//! The node is killed at random moments while cases are taken over gRPC. `TIMBRE_KILLS` has it killed more often.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timbre::api::client::Client;
use timbre::api::pb;
use timbre::api::wire::case::taking_from_wire;
use timbre::driver::clock::sleep;
use timbre_casework::{Case, CaseState};
use timbre_model::Role;

use crate::floors::Floor;
use crate::node::Node;

/// Clerks who take cases at once.
const CLERKS: usize = 4;

/// What a clerk asked for: the request's id, which is also what the customer says, and the answer, where there was one.
type Asked = (String, Option<Case>);

async fn take(client: &Client, request: &str) -> Option<Case> {
    let case = pb::Case {
        client: "acme".to_owned(),
        customer_name: "Ana".to_owned(),
        statement: format!("The bill of {request} is wrong."),
        consequences: "The account was overdrawn.".to_owned(),
        ..Default::default()
    };
    let taken = taking_from_wire(case).expect("a complaint");
    client.take_case(request.to_owned(), &taken).await.ok()
}

/// Takes cases until the node is gone.
async fn clerk(client: Client, name: String) -> Vec<Asked> {
    let mut asked = Vec::new();
    for count in 0.. {
        let request = format!("{name}-{count}");
        let answer = take(&client, &request).await;
        let gone = answer.is_none();
        asked.push((request, answer));
        if gone {
            break;
        }
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_kept_whole_or_not_at_all_and_never_twice() {
    let kills: u64 = std::env::var("TIMBRE_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(5);
    let mut node = Node::start().await;
    node.apply(&Floor::default().spec()).await;
    let mut dice = 88_172_645_463_325_252_u64;
    let (mut all, mut kept_unsaid) = (BTreeMap::new(), 0);
    for kill in 0..kills {
        let client = node.client(Role::Operator, None).await;
        let clerks = (0..CLERKS).map(|it| clerk(client.clone(), format!("k{kill}-{it}")));
        let clerks: Vec<_> = clerks.map(tokio::spawn).collect();
        sleep(Duration::from_micros(roll(&mut dice) % 250_000)).await;
        node = node.killed_and_restarted().await;
        let client = node.client(Role::Operator, None).await;
        let before = received(&client).await.len();
        let mut unsaid = 0;
        for clerk in clerks {
            for (request, answer) in clerk.await.expect("a clerk does not fail") {
                unsaid += usize::from(answer.is_none());
                let again = take(&client, &request).await.expect("the node is back");
                if let Some(first) = answer {
                    assert_eq!(again, first, "{request} was answered otherwise before the kill");
                }
                let former = all.insert(request, again);
                assert!(former.is_none());
            }
        }
        kept_unsaid += unsaid - (received(&client).await.len() - before);
    }
    let client = node.client(Role::Operator, None).await;
    let events = received(&client).await;
    let subjects: BTreeSet<_> = events.iter().collect();
    assert_eq!(subjects.len(), events.len(), "a case was received twice");
    assert_eq!(events.len(), all.len(), "cases and those who asked for them");
    let keys: BTreeSet<_> = all.values().map(|it| it.key).collect();
    assert_eq!(keys.len(), all.len(), "two customers were given the same key");
    for (request, answer) in &all {
        let found = client.get_case(&answer.key.digits()).await.expect("its key finds it");
        assert_eq!(&found, answer);
        assert!(subjects.contains(&format!("cases/{}", found.id)));
        assert_eq!(found.statement, format!("The bill of {request} is wrong."));
        assert_eq!(found.consequences, "The account was overdrawn.");
        assert_eq!((found.version, found.state), (1, CaseState::Received));
        assert!(found.deadline.is_some() && found.story.len() == 1, "{found:#?}");
    }
    println!("{kills} kills, {} cases, {kept_unsaid} of them kept and not said", all.len());
    assert!(all.len() > usize::try_from(kills).expect("a count") * CLERKS, "hardly any was taken");
}

/// The subjects of all cases that were received.
async fn received(client: &Client) -> Vec<String> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let page = (1_000, std::mem::take(&mut token));
        let (events, next) =
            client.list_events(0, "timbre.case.received.", page).await.expect("a page");
        all.extend(events.into_iter().map(|it| it.event.subject));
        match next {
            Some(next) => token = next,
            None => return all,
        }
    }
}

/// A number from a xorshift: the moments of the kills are the same in each run.
fn roll(dice: &mut u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    *dice
}
