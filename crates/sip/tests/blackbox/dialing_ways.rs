//! The ways to a trunk: over TCP, and to the address that answers.

use std::net::SocketAddr;
use std::time::Duration;

use timbre_sip::{Carriage, Command, Dial, End, Event, Outbound};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::carrier::{Carrier, outbound};
use crate::dialing::dial;
use crate::sipp::Sipp;
use crate::world::{World, config};

fn over_tcp(addresses: &[SocketAddr]) -> Outbound {
    Outbound { carriage: Carriage::Tcp, ..outbound(addresses) }
}

/// A port at which nobody listens.
async fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    listener.local_addr().expect("its address")
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp_the_first_address_that_takes_a_connection_gets_the_call() {
    let tcp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut world = World::new(timbre_sip::SwitchConfig { tcp, ..config() }).await;
    let carrier = Sipp::phone_over_tcp("phone_answers.xml");
    carrier.listens().await;
    let addresses = [closed().await, ([127, 0, 0, 1], carrier.port).into()];
    world.provision(Some(over_tcp(&addresses)));
    let leg = world.dial(Dial { caller_id: Some("+34600000001".into()), ..dial(1) });
    assert_eq!(world.event().await, Event::Ringing { leg });
    assert_eq!(world.event().await, Event::Answered { leg });
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    carrier.succeeds().await;
    assert_eq!(world.in_use(), 0);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_address_takes_a_connection_no_invite_leaves() {
    let mut world = World::new(config()).await;
    world.provision(Some(over_tcp(&[closed().await, closed().await])));
    let mut legs: Vec<_> = (1..=20).map(|n| world.dial(dial(n))).collect();
    for _ in 0..20 {
        let Event::Ended { leg, how: End::Unreachable } = world.event().await else {
            panic!("only ends")
        };
        legs.retain(|it| *it != leg);
    }
    assert!(legs.is_empty() && world.switch.counters().invites_sent == 0);
    assert_eq!(world.in_use(), 0);
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_that_is_hung_up_while_it_connects_sends_no_invite() {
    let mut config = config();
    config.timing.t1 = Duration::from_millis(10);
    let mut world = World::new(config).await;
    // Its queue holds one connection: the switch has to wait until that is taken out.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let listener = socket.listen(0).expect("it listens");
    let addr = listener.local_addr().expect("its address");
    let _first = TcpStream::connect(addr).await.expect("the one that fits");
    world.provision(Some(over_tcp(&[addr])));
    let leg = world.dial(dial(1));
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    listener.accept().await.expect("the one that waited");
    let (mut stream, _) = listener.accept().await.expect("that of the switch");
    // The connection is there now; the first that goes over it is the INVITE of another call.
    let other = world.dial(dial(2));
    let mut buffer = vec![0; 4_096];
    let read = stream.read(&mut buffer).await.expect("an INVITE");
    let sent = String::from_utf8_lossy(&buffer[..read]).into_owned();
    assert!(sent.starts_with("INVITE ") && sent.contains("X-Timbre-Call: c2"), "{sent}");
    assert_eq!(world.switch.counters().invites_sent, 1);
    world.switch.perform(Command::HangUp { leg: other });
    assert_eq!(world.event().await, Event::Ended { leg: other, how: End::Ours });
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_asked_and_calls_go_to_one_that_answers() {
    let mut config = config();
    config.timing.qualify_every = Some(Duration::from_millis(50));
    config.timing.t1 = Duration::from_millis(10);
    let mut world = World::new(config).await;
    let (silent, answers) = (Carrier::new(world.port).await, Carrier::new(world.port).await);
    world.provision(Some(outbound(&[silent.addr(), answers.addr()])));
    assert_eq!(world.switch.trunks()[0].up, None);
    silent.expect("OPTIONS ", &[]).await;
    let asked = answers.expect("OPTIONS ", &[]).await;
    answers.answer(&asked, "404 Not Found", "far", "", "").await;
    // The silent one is given up after 64 × T1, and asked anew.
    let question = |message: &str| crate::carrier::branch(message);
    let first = question(&silent.next().await);
    let given_up = async { while question(&silent.next().await) == first {} };
    let asked_meanwhile = async {
        loop {
            let asked = answers.expect("OPTIONS ", &[]).await;
            answers.answer(&asked, "200 OK", "far", "", "").await;
        }
    };
    tokio::select! {
        () = given_up => {}
        () = asked_meanwhile => {}
    }
    assert_eq!(world.switch.trunks()[0].up, Some(true));
    let leg = world.dial(dial(1));
    let invite = loop {
        let message = answers.next().await;
        if message.starts_with("INVITE ") {
            break message;
        }
        answers.answer(&message, "200 OK", "far", "", "").await;
    };
    answers.answer(&invite, "486 Busy Here", "far", "", "").await;
    let how = End::Failed { status: 486, cause: None };
    assert_eq!(world.event().await, Event::Ended { leg, how });
    assert_eq!(silent.transactions(), [0; 0]);
    world.falls_quiet().await;
}
