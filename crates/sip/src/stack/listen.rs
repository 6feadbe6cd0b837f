//! Listening sockets. We accept ourselves, so that port 0 works, a bind that fails is an error, and connections are bounded.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::sip::Transport;
use rsipstack::transport::tcp::TcpConnection;
use rsipstack::transport::tls::TlsConnection;
use rsipstack::transport::udp::{UdpConnection, UdpInner};
use rsipstack::transport::{SipAddr, SipConnection};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;

use super::Stack;
use super::intake::Intake;
use super::udp::{self, SendHalf};
use crate::census::{Census, Seat};
use crate::config::{SwitchConfig, TlsListen};
use crate::switch::{LocalAddrs, StartError};

/// What a burst may fill while the core is busy.
const BUFFER: usize = 4 << 20;
/// Most stream connections, in all and of one address.
const CONNECTIONS_MAX: usize = 4_096;
const CONNECTIONS_PER_ADDRESS: usize = 256;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// The bound sockets.
pub(super) struct Sockets {
    udp: Option<Arc<UdpSocket>>,
    tcp: Option<TcpListener>,
    tls: Option<(TcpListener, TlsAcceptor)>,
}

/// Binds what the configuration names.
pub(super) async fn bind(config: &SwitchConfig) -> Result<Sockets, StartError> {
    if config.udp.is_none() && config.tcp.is_none() && config.tls.is_none() {
        return Err(StartError::NoListener);
    }
    let failed = |addr| move |source| StartError::Bind { addr, source };
    let udp = match config.udp {
        Some(addr) => Some(Arc::new(bind_udp(addr).map_err(failed(addr))?)),
        None => None,
    };
    let tcp = match config.tcp {
        Some(addr) => Some(TcpListener::bind(addr).await.map_err(failed(addr))?),
        None => None,
    };
    let tls = match &config.tls {
        Some(tls) => {
            let acceptor = acceptor(tls)?;
            Some((TcpListener::bind(tls.addr).await.map_err(failed(tls.addr))?, acceptor))
        }
        None => None,
    };
    Ok(Sockets { udp, tcp, tls })
}

fn bind_udp(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(addr),
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    // The system may grant less than is asked for (net.core.rmem_max); it then serves with less.
    socket.set_recv_buffer_size(BUFFER)?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    UdpSocket::from_std(socket.into())
}

fn acceptor(tls: &TlsListen) -> Result<TlsAcceptor, StartError> {
    let failed = |it: &dyn std::fmt::Display| StartError::Tls(it.to_string());
    let chain: Vec<_> = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(|it| it.collect())
        .map_err(|it| failed(&it))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|it| failed(&it))?;
    let config = ServerConfig::builder_with_provider(Arc::new(
        tokio_rustls::rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|it| failed(&it))?
    .with_no_client_auth()
    .with_single_cert(chain, key)
    .map_err(|it| failed(&it))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl Sockets {
    pub fn addrs(&self) -> LocalAddrs {
        LocalAddrs {
            udp: self.udp.as_ref().and_then(|it| it.local_addr().ok()),
            tcp: self.tcp.as_ref().and_then(|it| it.local_addr().ok()),
            tls: self.tls.as_ref().and_then(|it| it.0.local_addr().ok()),
        }
    }

    /// The UDP socket as the stack sends over it.
    pub async fn udp_connection(
        &self,
        advertised: Option<SocketAddr>,
        end: &CancellationToken,
    ) -> Option<SipConnection> {
        let (socket, addr) = (self.udp.as_ref()?, advertised?);
        let inner = UdpInner {
            conn: Arc::new(SendHalf(socket.clone())),
            addr: SipAddr::new(Transport::Udp, addr.into()),
        };
        Some(SipConnection::Udp(UdpConnection::attach(inner, None, Some(end.clone())).await))
    }

    /// Serves each in a task of its own.
    pub fn serve(self, stack: &Stack, intake: Arc<Intake>) {
        if let (Some(socket), Some(connection)) = (self.udp, stack.udp.clone()) {
            tokio::spawn(udp::serve(socket, connection, intake, stack.end.clone()));
        }
        let census = Census::new(CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS);
        if let Some(listener) = self.tcp {
            tokio::spawn(accept(listener, None, stack.clone(), census.clone()));
        }
        if let Some((listener, acceptor)) = self.tls {
            tokio::spawn(accept(listener, Some(acceptor), stack.clone(), census));
        }
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, stack: Stack, census: Census) {
    loop {
        let accepted = tokio::select! {
            () = stack.end.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, most likely: let others close some first.
            let _ = tokio::time::timeout(Duration::from_millis(50), stack.end.cancelled()).await;
            continue;
        };
        if let Some(seat) = census.admit(peer.ip()) {
            tokio::spawn(greet(stream, peer, tls.clone(), stack.clone(), seat));
        }
    }
}

/// Hands a connection to the stack, and keeps its seat until it closes.
async fn greet(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    stack: Stack,
    _seat: Seat,
) {
    let end = stack.end.child_token();
    let _ = stream.set_nodelay(true);
    let connection = match tls {
        None => {
            let local = SipAddr::new(Transport::Tcp, stack.addr(Transport::Tcp).into());
            TcpConnection::from_stream(stream, local, Some(end.clone()))
                .ok()
                .map(SipConnection::Tcp)
        }
        Some(acceptor) => {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await
            else {
                return;
            };
            let local = SipAddr::new(Transport::Tls, stack.addr(Transport::Tls).into());
            let remote = SipAddr::new(Transport::Tls, peer.into());
            let made = TlsConnection::from_server_stream(stream, local, remote, Some(end.clone()));
            made.await.ok().map(SipConnection::Tls)
        }
    };
    if let Some(connection) = connection {
        stack.endpoint.transport_layer.add_connection(connection);
        // The stack cancels a connection's token when it closes.
        end.cancelled().await;
    }
}
