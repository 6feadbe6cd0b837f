//! SIP over UDP: our own reading of the socket, so that what is too large, too much or no SIP never reaches the stack.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rsipstack::platform::net::UdpSocket as StackSocket;
use rsipstack::transport::SipConnection;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::intake::Intake;

/// Datagrams read before others get a turn.
const BATCH: usize = 32;

/// The socket as the stack has it: it sends over it, and never finds anything to read.
pub(super) struct SendHalf(pub Arc<UdpSocket>);

#[async_trait]
impl StackSocket for SendHalf {
    async fn recv_from(&self, _: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        std::future::pending().await
    }

    async fn send_to(&self, buf: &[u8], addr: SocketAddr) -> rsipstack::Result<usize> {
        Ok(self.0.send_to(buf, addr).await?)
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }
}

/// Reads until `end`.
pub(super) async fn serve(
    socket: Arc<UdpSocket>,
    connection: SipConnection,
    intake: Arc<Intake>,
    end: CancellationToken,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            ready = socket.readable() => if ready.is_err() { continue },
        }
        let mut left = BATCH;
        while left > 0 {
            left -= 1;
            match socket.try_recv_from(&mut buffer) {
                Ok((len, from)) => {
                    intake.datagram(&buffer[..len], from, &connection).await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP error of an earlier send; the next read goes on.
                Err(_) => {}
            }
        }
        if left == 0 {
            tokio::task::yield_now().await;
        }
    }
}
