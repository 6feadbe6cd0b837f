//! A switch of its own for each test, with clocks that run fast.

use std::net::SocketAddr;
use std::time::Duration;

use timbre_sip::{
    Arrival, Command, Counters, Event, Ha1, LegId, Network, Outbound, Provision, Station, Switch,
    SwitchConfig, Timing, Trunk,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::phone::{Line, Login, status};

pub const ANA: Login = Login { user: "acme~ana", password: "secret", algorithm: "SHA-256" };

pub struct World {
    pub switch: Switch,
    pub events: UnboundedReceiver<Event>,
    pub port: u16,
}

/// T1 is a tenth of the real one: what waits 64 × T1 waits 3.2 s.
pub fn config() -> SwitchConfig {
    SwitchConfig {
        udp: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        timing: Timing { t1: Duration::from_millis(50), qualify_every: None, ..Timing::default() },
        ..SwitchConfig::default()
    }
}

impl World {
    /// The trunk `carrier` is 127.0.0.1; the phone of `acme~ana` may register.
    pub async fn new(config: SwitchConfig) -> Self {
        let (sender, events) = unbounded_channel();
        let switch = Switch::start(config, sender).await.expect("the switch starts");
        let addrs = switch.local_addrs();
        let port = addrs.udp.or(addrs.tcp).expect("it listens").port();
        let world = Self { switch, events, port };
        world.provision(None);
        world
    }

    /// The trunk `carrier`, over which calls go `outbound`, and ana's phone.
    pub fn provision(&self, outbound: Option<Outbound>) {
        self.switch.provision(Provision {
            trunks: vec![Trunk {
                key: "carrier".into(),
                networks: vec![Network { ip: [127, 0, 0, 1].into(), prefix: 32 }],
                credentials: None,
                channels: 5_000,
                outbound,
            }],
            stations: vec![Station {
                user: ANA.user.into(),
                ha1: Ha1::of(ANA.user, "timbre", ANA.password),
            }],
        });
    }

    /// Calls up or being set up over the trunk.
    pub fn in_use(&self) -> usize {
        self.switch.trunks().iter().map(|it| it.in_use).sum()
    }

    /// The next event, within ten seconds.
    pub async fn event(&mut self) -> Event {
        let event = tokio::time::timeout(Duration::from_secs(10), self.events.recv()).await;
        event.expect("an event in time").expect("the switch lives")
    }

    /// The next event, which is a call.
    pub async fn arrival(&mut self) -> Arrival {
        match self.event().await {
            Event::Arrived(call) => *call,
            other => panic!("a call was to arrive, not {other:?}"),
        }
    }

    /// Registers ana's phone at `port`.
    pub async fn register(&mut self, port: u16) {
        let line = Line::new(self.port).await.expect("a socket");
        let answer = line.register(ANA, port, 300).await.expect("an answer");
        assert_eq!(status(&answer), 200, "{answer}");
        let user = ANA.user.to_owned();
        assert_eq!(self.event().await, Event::StationRegistered { user, reachable: true });
    }

    /// Calls ana's phone as leg `n`.
    pub fn ring(&self, n: u64) -> LegId {
        let leg = LegId(n << 1 | 1);
        self.switch.perform(Command::RingStation {
            leg,
            user: ANA.user.into(),
            caller: Some("+34600000001".into()),
            call: Some("c1".into()),
        });
        leg
    }

    /// Waits until no media leg is open.
    pub async fn media_falls_quiet(&self) -> Counters {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let closed = async {
            while self.switch.counters().media.legs_open > 0 {
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), closed).await.expect("every port is closed");
        self.switch.counters()
    }

    /// Nothing is left: no leg, no INVITE awaiting ACK, no panic, no further event.
    pub async fn falls_quiet(mut self) {
        // The counters are all that shows it from outside: they are looked at until they say so.
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let gone = async {
            while self.switch.counters().legs > 0 || self.switch.counters().awaiting_ack > 0 {
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("every leg is forgotten");
        assert_eq!(self.switch.counters().panics, 0);
        assert_eq!(self.events.try_recv().ok(), None, "an event too many");
    }
}
