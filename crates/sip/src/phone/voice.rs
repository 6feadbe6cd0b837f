//! One call's voice: its media leg and its side of the session description (RFC 3264).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::media::{Media, NoPorts, Remote};
use crate::sdp::{self, Description, Direction, Local, SdpError};

/// An open media leg. Dropping it closes the leg.
pub(super) struct Voice {
    media: Media,
    leg: u64,
    local: Local,
}

impl Voice {
    pub fn open(media: &Media, leg: u64, heard: Arc<AtomicU64>) -> Result<Self, NoPorts> {
        let port = media.open_counted(leg, heard)?;
        let local = Local { id: leg as u32, version: 0, addr: media.address(), port };
        Ok(Self { media: media.clone(), leg, local })
    }

    /// Offers both laws and telephone events.
    pub fn offer(&mut self) -> Vec<u8> {
        self.local.version += 1;
        self.local.offer(Direction::SendRecv).into_bytes()
    }

    /// Answers an offer and talks to whoever made it.
    pub fn answer(&mut self, offer: &Description) -> Vec<u8> {
        self.local.version += 1;
        self.connect(offer);
        self.local.answer(offer).into_bytes()
    }

    /// Takes the answer to our offer.
    pub fn take(&self, answer: &[u8]) -> Result<(), SdpError> {
        self.connect(&sdp::parse(answer)?);
        Ok(())
    }

    fn connect(&self, far: &Description) {
        let at = |port| SocketAddr::new(far.addr, port);
        let remote = Remote {
            rtp: at(far.port),
            rtcp: far.rtcp.map(at),
            codec: far.codec,
            dtmf: far.dtmf,
            sends: far.direction.sends(),
            receives: far.direction.receives(),
        };
        self.media.connect(self.leg, remote);
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.media.close(self.leg);
    }
}
