//! The SIP stack beneath (rsipstack): transports and transactions. No other module starts or addresses them.

mod connector;
pub(crate) mod intake;
mod listen;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::sip::Transport;
use rsipstack::transaction::endpoint::{EndpointInner, EndpointOption};
use rsipstack::transaction::{Endpoint, TransactionReceiver, random_text};
use rsipstack::transport::{SipAddr, SipConnection, TransportLayer};
use tokio_util::sync::CancellationToken;

use crate::config::SwitchConfig;
use crate::switch::{LocalAddrs, StartError};
use intake::{Intake, Tap};

/// The running stack.
#[derive(Clone)]
pub(crate) struct Stack {
    pub endpoint: Arc<EndpointInner>,
    pub bound: LocalAddrs,
    pub advertised: LocalAddrs,
    udp: Option<SipConnection>,
    connector: connector::Connector,
    end: CancellationToken,
}

/// How a far end is reached.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub transport: Transport,
    /// Where its messages come from.
    pub peer: SocketAddr,
    /// The connection they come over, where there are connections.
    pub connection: Option<SipConnection>,
}

impl Flow {
    /// The flow a message came over.
    pub fn of(connection: &SipConnection, peer: SocketAddr) -> Self {
        let reliable = connection.is_reliable();
        Self {
            transport: connection.transport(),
            peer,
            connection: reliable.then(|| connection.clone()),
        }
    }

    /// The connection, unless it is gone.
    pub fn alive(&self) -> Option<&SipConnection> {
        let open = |it: &&SipConnection| !it.cancel_token().is_some_and(|it| it.is_cancelled());
        self.connection.as_ref().filter(open)
    }

    /// The peer, in the stack's words.
    pub fn addr(&self) -> SipAddr {
        SipAddr::new(self.transport, self.peer.into())
    }
}

/// A stack that listens and does not serve yet.
pub(crate) struct Bound {
    pub stack: Stack,
    endpoint: Endpoint,
    sockets: listen::Sockets,
}

impl Stack {
    /// Binds every listener. What comes in goes through `tap` once [`Bound::serve`] is called.
    pub async fn bind(config: &SwitchConfig, tap: Tap) -> Result<Bound, StartError> {
        let sockets = listen::bind(config).await?;
        let bound = sockets.addrs();
        let advertised = advertised(bound, config.advertised);
        let end = CancellationToken::new();
        let layer = TransportLayer::new(end.clone());
        let udp = sockets.udp_connection(advertised.udp, &end).await;
        if let Some(udp) = &udp {
            layer.add_transport(udp.clone());
        }
        let endpoint = EndpointBuilder::new()
            .with_user_agent(crate::reply::AGENT)
            .with_option(options(config))
            .with_cancel_token(end.clone())
            .with_transport_layer(layer)
            .with_transport_inspector(Box::new(tap))
            .build();
        let connector = connector::Connector::default();
        let stack =
            Self { endpoint: endpoint.inner.clone(), bound, advertised, udp, connector, end };
        Ok(Bound { stack, endpoint, sockets })
    }

    /// Where to say that we are, over `transport`.
    pub fn addr(&self, transport: Transport) -> SocketAddr {
        let addr = match transport {
            Transport::Tcp => self.advertised.tcp,
            Transport::Tls => self.advertised.tls,
            _ => self.advertised.udp,
        };
        let any = self.advertised.udp.or(self.advertised.tcp).or(self.advertised.tls);
        addr.or(any).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 5060)))
    }

    /// A new top Via.
    pub fn via(&self, transport: Transport) -> String {
        let branch = random_text(16);
        format!("SIP/2.0/{transport} {};branch=z9hG4bK{branch};rport", self.addr(transport))
    }

    /// Our Contact in a dialog over `transport`.
    pub fn contact(&self, transport: Transport) -> String {
        let addr = self.addr(transport);
        match transport {
            Transport::Tcp => format!("<sip:timbre@{addr};transport=tcp>"),
            Transport::Tls => format!("<sip:timbre@{addr};transport=tls>"),
            _ => format!("<sip:timbre@{addr}>"),
        }
    }

    /// The UDP socket, for requests that need no looking up.
    pub fn udp(&self) -> Option<&SipConnection> {
        self.udp.as_ref()
    }

    /// A connection to a peer: one that is there, or a new one, within seconds.
    pub async fn connect_tcp(&self, peer: SocketAddr) -> Option<SipConnection> {
        self.connector.tcp(&self.endpoint, peer).await
    }

    /// Closes everything.
    pub fn close(&self) {
        self.end.cancel();
    }
}

impl Bound {
    /// What comes in: once.
    pub fn incoming(&self) -> Result<TransactionReceiver, StartError> {
        self.endpoint.incoming_transactions().map_err(|it| StartError::Stack(it.to_string()))
    }

    /// Begins to take messages.
    pub fn serve(self, intake: Arc<Intake>) {
        let Self { stack, endpoint, sockets, .. } = self;
        sockets.serve(&stack, intake);
        tokio::spawn(async move { endpoint.serve().await });
    }
}

fn options(config: &SwitchConfig) -> EndpointOption {
    let t1 = config.timing.t1;
    // How long a phone may ring is the engine's to say, and ours to bound; the stack's own limit would cut it short.
    let timerc = Duration::from_secs(600);
    EndpointOption {
        timerc,
        t1,
        t2: t1 * 8,
        t4: t1 * 10,
        t1x64: t1 * 64,
        ..EndpointOption::default()
    }
}

fn advertised(bound: LocalAddrs, by: Option<IpAddr>) -> LocalAddrs {
    let say = |addr: SocketAddr| match by {
        Some(ip) => SocketAddr::new(ip, addr.port()),
        None => SipConnection::resolve_bind_address(addr),
    };
    LocalAddrs { udp: bound.udp.map(say), tcp: bound.tcp.map(say), tls: bound.tls.map(say) }
}
