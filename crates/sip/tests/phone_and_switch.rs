//! Phones and a switch: what a demonstration is made of.

use std::net::SocketAddr;
use std::time::Duration;

use timbre_sip::media::{MediaConfig, Play};
use timbre_sip::phone::{Call, CallEvent, OnCall, Phones, PhonesConfig};
use timbre_sip::{
    Command, Credentials, End, Event, Ha1, LegId, Network, Provision, Station, Switch,
    SwitchConfig, Trunk,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The leg that the switch places.
const PLACED: LegId = LegId(1);

struct World {
    switch: Switch,
    events: UnboundedReceiver<Event>,
    phones: Phones,
}

impl World {
    async fn new() -> Self {
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = SwitchConfig { udp: Some(bind), ..SwitchConfig::default() };
        let (sender, events) = unbounded_channel();
        let switch = Switch::start(config, sender).await.unwrap();
        switch.provision(provision());
        let server = switch.local_addrs().udp.unwrap();
        let media = MediaConfig::default();
        let phones = Phones::start(PhonesConfig { bind, server, media }).await.unwrap();
        Self { switch, events, phones }
    }

    /// Passes over events until one is what is looked for.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.events.recv().await.expect("the switch is gone");
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the switch says nothing")
    }
}

fn ha1(user: &str) -> Ha1 {
    Ha1::of(user, &SwitchConfig::default().realm, "secret")
}

/// Everybody comes from one address here, so that each is asked for a password (407).
fn provision() -> Provision {
    let credentials = Credentials { user: "carrier".into(), ha1: ha1("carrier") };
    let station = |user: &str| Station { user: user.into(), ha1: ha1(user) };
    Provision {
        trunks: vec![Trunk {
            key: "carrier".into(),
            networks: vec![],
            credentials: Some(credentials),
            channels: 10,
        }],
        stations: vec![station("acme~ana"), station("acme~ben")],
    }
}

async fn answered(call: &mut Call) {
    let wait = async {
        loop {
            match call.event().await {
                Some(CallEvent::Answered) => return,
                Some(CallEvent::Ringing) => {}
                other => panic!("not answered: {other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("nobody answers");
}

async fn ended(call: &mut Call) -> CallEvent {
    tokio::time::timeout(PATIENCE, call.event()).await.expect("it does not end").unwrap()
}

/// Until it has heard a second more of voice than before.
async fn hears(call: &Call) {
    let goal = call.received() + 50;
    let listen = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while call.received() < goal {
            look.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, listen).await.expect("nothing is heard");
}

#[tokio::test]
async fn a_caller_and_a_registered_agent_hear_each_other() {
    let mut world = World::new().await;
    let answers = OnCall::AnswerAfter(Duration::ZERO);
    let ben = world.phones.register("acme~ben", "secret", answers).await.unwrap();
    let credentials = Some(("carrier", "secret"));
    let mut caller = world.phones.call("600111222", "952000000", credentials).await.unwrap();
    let (customer, shown) = world
        .until(|event| match event {
            Event::Arrived(it) => Some((it.leg, it.caller.clone())),
            _ => None,
        })
        .await;
    assert_eq!(shown.as_deref(), Some("600111222"));
    let (user, caller_shown) = ("acme~ben".to_owned(), Some("600111222".to_owned()));
    world.switch.perform(Command::RingStation {
        leg: PLACED,
        user,
        caller: caller_shown,
        call: None,
    });
    let mut agent = tokio::time::timeout(PATIENCE, ben.call()).await.unwrap();
    assert_eq!(agent.peer(), "600111222");
    answered(&mut agent).await;
    world.until(|it| (*it == Event::Answered { leg: PLACED }).then_some(())).await;
    world.switch.perform(Command::Bridge { customer, agent: PLACED });
    answered(&mut caller).await;

    // Music reaches the other side only across the bridge; silence is one packet a second.
    caller.play(Play::Music);
    agent.play(Play::Music);
    hears(&caller).await;
    hears(&agent).await;

    caller.hang_up();
    assert_eq!(ended(&mut caller).await, CallEvent::Ended { status: None, far_end: false });
    let gone = Event::Ended { leg: customer, how: End::FarEnd };
    world.until(|it| (*it == gone).then_some(())).await;
    world.switch.perform(Command::HangUp { leg: PLACED });
    assert_eq!(ended(&mut agent).await, CallEvent::Ended { status: None, far_end: true });

    drop(ben);
    let away = Event::StationRegistered { user: "acme~ben".into(), reachable: false };
    world.until(|it| (*it == away).then_some(())).await;
}

#[tokio::test]
async fn an_agent_calls_in_for_the_shift_and_leaves() {
    let mut world = World::new().await;
    let mut ana =
        world.phones.call("acme~ana", "shift", Some(("acme~ana", "secret"))).await.unwrap();
    answered(&mut ana).await;
    let leg = world
        .until(|event| match event {
            Event::StationCalledIn { user, leg } if user == "acme~ana" => Some(*leg),
            _ => None,
        })
        .await;
    drop(ana);
    let gone = Event::Ended { leg, how: End::FarEnd };
    world.until(|it| (*it == gone).then_some(())).await;
}

#[tokio::test]
async fn a_hundred_callers_share_a_socket_and_leave_nothing_behind() {
    let mut world = World::new().await;
    let mut known = provision();
    known.trunks[0].networks = vec![Network { ip: [127, 0, 0, 1].into(), prefix: 32 }];
    known.trunks[0].channels = 100;
    world.switch.provision(known);
    let mut callers = Vec::new();
    for number in 0..100 {
        callers.push(world.phones.call(&format!("6{number:08}"), "952000000", None).await.unwrap());
    }
    let language = timbre_sip::media::Language::Es;
    for _ in 0..100 {
        let arrived = |event: &Event| match event {
            Event::Arrived(it) => Some(it.leg),
            _ => None,
        };
        let leg = world.until(arrived).await;
        world.switch.perform(Command::Greet { leg, language });
    }
    for caller in &mut callers {
        answered(caller).await;
    }
    hears(&callers[0]).await;
    drop(callers);
    for _ in 0..100 {
        let how = world
            .until(|event| match event {
                Event::Ended { how, .. } => Some(*how),
                _ => None,
            })
            .await;
        assert_eq!(how, End::FarEnd);
    }
    assert_eq!(world.switch.counters().legs, 0);
}
