//! What one far end hears from us: a single RTP stream, whatever it is fed from.
//!
//! A phone that sees the SSRC, the sequence or the clock of a stream jump plays a gap or falls
//! silent. So relay, music and silence all go out through one [`Stream`], which keeps its own
//! numbering and marks the first packet after each switch.

use super::packet::Header;

/// Sequence steps forward that still are loss rather than a new stream (RFC 3550 §A.1).
pub(crate) const MAX_DROPOUT: u16 = 3000;
/// Sequence steps backward that still are reordering (RFC 3550 §A.1).
pub(crate) const MAX_MISORDER: u16 = 100;

/// The numbering of one outgoing RTP stream, and what RTCP tells about it.
#[derive(Debug)]
pub(crate) struct Stream {
    ssrc: u32,
    /// Of the newest packet sent.
    sequence: u16,
    timestamp: u32,
    /// Samples in the newest packet.
    samples: u32,
    /// The media clock when the newest packet was sent; `None` before the first.
    sent_at: Option<u32>,
    marker_due: bool,
    relayed: Option<Relayed>,
    /// Packets sent, modulo 2^32 (RFC 3550 §6.4.1).
    pub(crate) packets: u32,
    /// Payload bytes sent, modulo 2^32.
    pub(crate) octets: u32,
}

/// How the numbering of the far end that is heard maps onto ours.
#[derive(Debug)]
struct Relayed {
    ssrc: u32,
    /// The newest sequence number that came.
    newest: u16,
    /// How far `newest` is past the first that was relayed: what is older belongs before the switch.
    span: u16,
    sequence_shift: u16,
    timestamp_shift: u32,
}

impl Stream {
    /// `sequence` and `timestamp` are those of the first packet: random, as the SSRC
    /// (RFC 3550 §5.1).
    pub(crate) fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence: sequence.wrapping_sub(1),
            timestamp,
            samples: 0,
            sent_at: None,
            marker_due: true,
            relayed: None,
            packets: 0,
            octets: 0,
        }
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Something else is heard from now on: the next packet carries the marker bit.
    pub(crate) fn switch(&mut self) {
        self.marker_due = true;
        self.relayed = None;
    }

    /// The header of the next packet of our own making. `clock` is the media clock, in samples.
    pub(crate) fn frame(&mut self, clock: u32, payload_type: u8, samples: u32) -> Header {
        let timestamp = if self.marker_due {
            self.at(clock)
        } else {
            self.timestamp.wrapping_add(self.samples)
        };
        let sequence = self.sequence.wrapping_add(1);
        let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: self.ssrc };
        self.send(clock, samples, header)
    }

    /// The header under which a received packet goes on, or `None` when it is older than the
    /// switch to its sender. Gaps and reordering are kept: they are for the listener to conceal.
    pub(crate) fn relay(
        &mut self,
        clock: u32,
        incoming: &Header,
        payload_type: u8,
        samples: u32,
    ) -> Option<Header> {
        let known = self.relayed.as_mut().and_then(|relayed| relayed.follow(incoming));
        let relayed = match known {
            Some(true) => self.relayed.as_ref()?,
            Some(false) => return None,
            None => self.start_relay(clock, incoming),
        };
        let header = Header {
            marker: incoming.marker,
            payload_type,
            sequence: incoming.sequence.wrapping_add(relayed.sequence_shift),
            timestamp: incoming.timestamp.wrapping_add(relayed.timestamp_shift),
            ssrc: self.ssrc,
        };
        Some(self.send(clock, samples, header))
    }

    /// The timestamp that the media clock has now. RTCP's sender reports need it too.
    pub(crate) fn at(&self, clock: u32) -> u32 {
        let Some(sent_at) = self.sent_at else { return self.timestamp };
        let passed = clock.wrapping_sub(sent_at).max(self.samples);
        self.timestamp.wrapping_add(passed)
    }

    fn start_relay(&mut self, clock: u32, incoming: &Header) -> &Relayed {
        self.marker_due = true;
        let relayed = Relayed {
            ssrc: incoming.ssrc,
            newest: incoming.sequence,
            span: 0,
            sequence_shift: self.sequence.wrapping_add(1).wrapping_sub(incoming.sequence),
            timestamp_shift: self.at(clock).wrapping_sub(incoming.timestamp),
        };
        self.relayed.insert(relayed)
    }

    fn send(&mut self, clock: u32, samples: u32, header: Header) -> Header {
        if header.sequence.wrapping_sub(self.sequence) < 0x8000 {
            self.sequence = header.sequence;
            self.samples = samples;
            // The packets of a telephone-event share the moment at which it began.
            if header.timestamp != self.timestamp || self.sent_at.is_none() {
                self.timestamp = header.timestamp;
                self.sent_at = Some(clock);
            }
        }
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(samples);
        Header { marker: std::mem::take(&mut self.marker_due) || header.marker, ..header }
    }
}

impl Relayed {
    /// Whether a packet belongs to this mapping; `None` when it begins another stream.
    fn follow(&mut self, incoming: &Header) -> Option<bool> {
        if incoming.ssrc != self.ssrc {
            return None;
        }
        let ahead = incoming.sequence.wrapping_sub(self.newest);
        let behind = self.newest.wrapping_sub(incoming.sequence);
        if ahead <= MAX_DROPOUT {
            self.newest = incoming.sequence;
            self.span = self.span.saturating_add(ahead);
            return Some(true);
        }
        (behind <= MAX_MISORDER).then_some(behind <= self.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: u32 = 7;

    fn from(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
    }

    fn seen(header: Option<Header>) -> Seen {
        header.map(|header| {
            assert_eq!(header.ssrc, OURS);
            (header.sequence, header.timestamp, header.marker)
        })
    }

    /// The sequence, timestamp and marker of what went out.
    type Seen = Option<(u16, u32, bool)>;

    /// What happens to a stream.
    enum Step {
        Frame,
        Switch,
        Relay(u32, u16, u32),
    }
    use Step::{Frame, Relay, Switch};

    fn check(first: (u16, u32), steps: &[(u32, Step, Seen)]) {
        let mut stream = Stream::new(OURS, first.0, first.1);
        for (line, (clock, step, expected)) in steps.iter().enumerate() {
            let got = match step {
                Frame => Some(stream.frame(*clock, 8, 160)),
                Switch => {
                    stream.switch();
                    None
                }
                Relay(ssrc, sequence, timestamp) => {
                    stream.relay(*clock, &from(*ssrc, *sequence, *timestamp), 8, 160)
                }
            };
            assert_eq!(seen(got), *expected, "step {line}");
        }
    }

    #[test]
    fn music_relay_and_music_again_are_one_stream() {
        check(
            (100, 5000),
            &[
                (0, Frame, Some((100, 5000, true))),
                // The tick may be late; the samples follow each other all the same.
                (170, Frame, Some((101, 5160, false))),
                (200, Switch, None),
                // 100 ms after the last frame.
                (970, Relay(1, 60_000, 4_000_000_000), Some((102, 5960, true))),
                (1130, Relay(1, 60_001, 4_000_000_160), Some((103, 6120, false))),
                (1200, Switch, None),
                (1200, Frame, Some((104, 6280, true))),
                (1360, Frame, Some((105, 6440, false))),
            ],
        );
    }

    #[test]
    fn sequence_and_clock_wrap() {
        check(
            (65_535, u32::MAX - 79),
            &[
                (u32::MAX - 10, Frame, Some((65_535, u32::MAX - 79, true))),
                (149, Frame, Some((0, 80, false))),
                (149, Switch, None),
                (309, Relay(1, 65_535, u32::MAX), Some((1, 240, true))),
                (469, Relay(1, 0, 159), Some((2, 400, false))),
            ],
        );
    }

    #[test]
    fn loss_and_reordering_pass_through() {
        check(
            (10, 0),
            &[
                (0, Relay(1, 500, 0), Some((10, 0, true))),
                (480, Relay(1, 503, 480), Some((13, 480, false))),
                (490, Relay(1, 502, 320), Some((12, 320, false))),
                (640, Relay(1, 504, 640), Some((14, 640, false))),
            ],
        );
    }

    #[test]
    fn a_packet_from_before_the_switch_is_not_sent_under_a_used_number() {
        check(
            (10, 0),
            &[
                (0, Frame, Some((10, 0, true))),
                (160, Switch, None),
                (160, Relay(1, 500, 0), Some((11, 160, true))),
                (170, Relay(1, 499, 4_294_967_136), None),
                (320, Relay(1, 501, 160), Some((12, 320, false))),
            ],
        );
    }

    #[test]
    fn a_sender_that_starts_anew_is_a_switch() {
        check(
            (10, 0),
            &[
                (0, Relay(1, 500, 0), Some((10, 0, true))),
                (160, Relay(2, 9, 77), Some((11, 160, true))),
                (320, Relay(2, 20_000, 77), Some((12, 320, true))),
            ],
        );
    }

    #[test]
    fn a_long_relay_keeps_its_mapping_after_many_wraps() {
        let mut stream = Stream::new(OURS, 0, 0);
        for index in 0..200_000_u32 {
            let incoming = from(1, index as u16, index.wrapping_mul(160));
            let header = stream.relay(index.wrapping_mul(160), &incoming, 8, 160);
            assert_eq!(seen(header), Some((index as u16, index.wrapping_mul(160), index == 0)));
        }
        let late = stream.relay(0, &from(1, 199_990_u32 as u16, 7), 8, 160);
        assert!(late.is_some(), "reordering is still told from a packet before the switch");
    }
}
