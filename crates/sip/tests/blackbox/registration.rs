//! REGISTER from outside.

use std::time::Duration;

use timbre_sip::{Event, RefusedFor, SwitchConfig};

use crate::phone::{Line, Login, status};
use crate::world::{ANA, World, config};

/// A response without what differs from one request to the next.
fn shape(answer: &str) -> String {
    let own = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "WWW-Authenticate:"];
    answer.lines().filter(|line| !own.iter().any(|it| line.starts_with(it))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_algorithms_register_and_the_better_is_offered_first() {
    let mut world = World::new(config()).await;
    let line = Line::new(world.port).await.expect("a socket");
    let bare = line.request("REGISTER", "sip:127.0.0.1", "<sip:acme~ana@127.0.0.1>", "", "");
    line.send(bare.as_bytes()).await.expect("sent");
    let challenge = line.receive().await.expect("a challenge");
    let (sha, md5) = (challenge.find("algorithm=SHA-256"), challenge.find("algorithm=MD5"));
    assert!(sha.is_some() && sha < md5, "{challenge}");
    for algorithm in ["SHA-256", "MD5"] {
        let login = Login { algorithm, ..ANA };
        let granted = line.register(login, 40_000, 300).await.expect("an answer");
        assert_eq!(status(&granted), 200, "{granted}");
        assert!(granted.contains("Contact: <sip:phone@127.0.0.1:40000>;expires="), "{granted}");
    }
    let user = ANA.user.to_owned();
    assert_eq!(
        world.event().await,
        Event::StationRegistered { user: user.clone(), reachable: true }
    );
    let ended = line.register(ANA, 40_000, 0).await.expect("an answer");
    assert_eq!((status(&ended), ended.contains("Contact:")), (200, false), "{ended}");
    assert_eq!(world.event().await, Event::StationRegistered { user, reachable: false });
    assert_eq!(world.switch.counters().registrations, 2);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_that_know_md5_alone_are_offered_nothing_else() {
    let world = World::new(SwitchConfig { md5_only: true, ..config() }).await;
    let line = Line::new(world.port).await.expect("a socket");
    let bare = line.request("REGISTER", "sip:127.0.0.1", "<sip:acme~ana@127.0.0.1>", "", "");
    line.send(bare.as_bytes()).await.expect("sent");
    let challenge = line.receive().await.expect("a challenge");
    let offered: Vec<_> = challenge.matches("algorithm=").collect();
    assert!(offered.len() == 1 && challenge.contains("algorithm=MD5"), "{challenge}");
    let granted = line.register(Login { algorithm: "MD5", ..ANA }, 40_000, 300).await;
    assert_eq!(status(&granted.expect("an answer")), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let world = World::new(config()).await;
    let mut shapes = Vec::new();
    for login in [Login { password: "wrong", ..ANA }, Login { user: "acme~nobody", ..ANA }] {
        for algorithm in ["SHA-256", "MD5"] {
            let line = Line::new(world.port).await.expect("a socket");
            let answer = line.register(Login { algorithm, ..login }, 40_000, 300).await;
            let answer = answer.expect("an answer");
            assert_eq!(status(&answer), 403, "{answer}");
            shapes.push(shape(&answer));
        }
    }
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    assert_eq!(world.switch.counters().refused_for(RefusedFor::AuthFailed), 4);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_counts_once_and_a_phone_registers_only_itself() {
    let mut world = World::new(config()).await;
    let line = Line::new(world.port).await.expect("a socket");
    let (uri, own) = ("sip:127.0.0.1", "<sip:acme~ana@127.0.0.1>");
    let wish = "Contact: <sip:p@127.0.0.1:40000>\r\n";
    let ask = |to: &str, extra: &str| line.request("REGISTER", uri, to, extra, "");
    line.send(ask(own, wish).as_bytes()).await.expect("sent");
    let challenge = line.receive().await.expect("a challenge");
    let proof = ANA.proof("Authorization", &challenge, "REGISTER", uri);
    line.send(ask(own, &format!("{wish}{proof}")).as_bytes()).await.expect("sent");
    assert_eq!(status(&line.receive().await.expect("an answer")), 200);
    assert!(matches!(world.event().await, Event::StationRegistered { reachable: true, .. }));
    line.send(ask(own, &format!("{wish}{proof}")).as_bytes()).await.expect("sent");
    let replayed = line.receive().await.expect("an answer");
    assert!(status(&replayed) == 401 && replayed.contains("stale=true"), "{replayed}");
    let proof = ANA.proof("Authorization", &replayed, "REGISTER", uri);
    let other = ask("<sip:acme~eva@127.0.0.1>", &format!("{wish}{proof}"));
    line.send(other.as_bytes()).await.expect("sent");
    assert_eq!(status(&line.receive().await.expect("an answer")), 403);
    let brief = line.register(ANA, 40_000, 5).await.expect("an answer");
    assert!(status(&brief) == 423 && brief.contains("Min-Expires: 30"), "{brief}");
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_falls_silent_is_unreachable_until_it_answers_again() {
    let mut config = config();
    config.timing.t1 = Duration::from_millis(5);
    config.timing.qualify_every = Some(Duration::from_millis(100));
    let mut world = World::new(config).await;
    let phone = Line::new(world.port).await.expect("a socket");
    world.register(phone.port()).await;
    assert!(matches!(world.event().await, Event::StationRegistered { reachable: false, .. }));
    loop {
        let asked = phone.receive().await.expect("OPTIONS");
        assert!(asked.starts_with("OPTIONS sip:phone@127.0.0.1"), "{asked}");
        let answer = asked.replacen(asked.lines().next().expect("a line"), "SIP/2.0 200 OK", 1);
        phone.send(answer.as_bytes()).await.expect("sent");
        if let Ok(event) = world.events.try_recv() {
            assert!(matches!(event, Event::StationRegistered { reachable: true, .. }), "{event:?}");
            break;
        }
    }
}
