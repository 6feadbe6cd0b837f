//! A leg's media session: what was offered, what was agreed, and what it should hear.

use std::net::SocketAddr;

use crate::media::{Media, Play, Remote};
use crate::port::LegId;
use crate::sdp::{self, Description, Direction, Local, SdpError};

/// The media session of a leg.
pub(crate) struct Voice {
    pub local: Local,
    /// Our description as it was sent last; a refresh repeats it.
    pub said: String,
    pub held: bool,
    /// Our offer went out and its answer has not come.
    pub offered: bool,
    connected: bool,
    /// What it should hear once there is somewhere to send it.
    waits: Option<Play>,
}

impl Voice {
    pub fn new(local: Local) -> Self {
        Self {
            local,
            said: String::new(),
            held: false,
            offered: false,
            connected: false,
            waits: None,
        }
    }

    /// Our offer.
    pub fn offer(&mut self) -> String {
        self.offered = true;
        self.said = self.local.offer(Direction::SendRecv);
        self.said.clone()
    }

    /// A later offer within the session, asked for by an empty re-INVITE.
    pub fn offer_again(&mut self) -> String {
        self.local.version += 1;
        self.offer()
    }

    /// Our answer to an offer that was read; media follows it. Whether the hold changed.
    pub fn answer(&mut self, leg: LegId, offer: &Description, media: &Media) -> bool {
        let text = self.local.answer(offer);
        if !self.said.is_empty() && text != self.said {
            self.local.version += 1;
            self.said = self.local.answer(offer);
        } else {
            self.said = text;
        }
        self.take(leg, offer, media)
    }

    /// The far end's answer to our offer. Whether the hold changed.
    pub fn answered(&mut self, leg: LegId, body: &[u8], media: &Media) -> Result<bool, SdpError> {
        self.offered = false;
        let answer = sdp::parse(body)?;
        Ok(self.take(leg, &answer, media))
    }

    fn take(&mut self, leg: LegId, far: &Description, media: &Media) -> bool {
        let at = |port| SocketAddr::new(far.addr, port);
        media.connect(
            leg.0,
            Remote {
                rtp: at(far.port),
                rtcp: far.rtcp.map(at),
                codec: far.codec,
                dtmf: far.dtmf,
                sends: far.direction.sends(),
                receives: far.direction.receives(),
            },
        );
        self.connected = true;
        if let Some(play) = self.waits.take() {
            media.play(leg.0, play);
        }
        let changed = self.held != far.holds();
        self.held = far.holds();
        changed
    }

    /// Lets the far end hear something, as soon as it can.
    pub fn play(&mut self, leg: LegId, what: Play, media: &Media) {
        if self.connected {
            media.play(leg.0, what);
        } else {
            self.waits = Some(what);
        }
    }

    /// It is bridged: what it waited to hear is over.
    pub fn bridged(&mut self) {
        self.waits = None;
    }
}
