//! A switch on loopback that bridges every call with one phone's leg: for measuring, and for trying it with sipp.
//!
//! `loopback PORT PHONE_PORT` takes calls on 127.0.0.1:PORT and calls the phone at 127.0.0.1:PHONE_PORT first. It prints its
//! counters each second.

use std::net::SocketAddr;
use std::time::Duration;

use timbre_sip::media::MediaConfig;
use timbre_sip::{
    Command, Event, Ha1, LegId, Network, Provision, Station, Switch, SwitchConfig, Trunk,
};

#[path = "../tests/blackbox/phone.rs"]
mod phone;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut ports = std::env::args().skip(1).filter_map(|it| it.parse::<u16>().ok());
    let port = ports.next().unwrap_or(5060);
    let phone_port = ports.next();
    let (events, mut inbox) = tokio::sync::mpsc::unbounded_channel();
    let config = SwitchConfig {
        udp: Some(SocketAddr::from(([127, 0, 0, 1], port))),
        tcp: Some(SocketAddr::from(([127, 0, 0, 1], port))),
        // sipp sends no voice: nobody is hung up for that here.
        media: MediaConfig { timeout: Duration::from_secs(86_400), ..MediaConfig::default() },
        ..SwitchConfig::default()
    };
    let switch = Switch::start(config, events).await?;
    switch.provision(provision());
    println!("listening on {:?}", switch.local_addrs());
    let agent = LegId(1);
    if let Some(phone) = phone_port {
        let login = phone::Login { user: "acme~ana", password: "secret", algorithm: "SHA-256" };
        phone::Line::new(port).await?.register(login, phone, 3600).await?;
        let user = "acme~ana".to_owned();
        switch.perform(Command::RingStation { leg: agent, user, caller: None, call: None });
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut ended = 0_u64;
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let counters = switch.counters();
                println!(
                    "in {} ended {ended} legs {} awaiting {} retransmitted {} refused {:?} panics {}",
                    counters.invites_received, counters.legs, counters.awaiting_ack,
                    counters.retransmissions_received, counters.refused, counters.panics
                );
            }
            event = inbox.recv() => match event {
                Some(Event::Arrived(call)) => switch.perform(Command::Bridge { customer: call.leg, agent }),
                Some(Event::Ended { .. }) => ended += 1,
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}

fn provision() -> Provision {
    Provision {
        trunks: vec![Trunk {
            key: "carrier".into(),
            networks: vec![Network { ip: [127, 0, 0, 1].into(), prefix: 32 }],
            credentials: None,
            channels: 20_000,
            outbound: None,
        }],
        stations: vec![Station {
            user: "acme~ana".into(),
            ha1: Ha1::of("acme~ana", "timbre", "secret"),
        }],
    }
}
