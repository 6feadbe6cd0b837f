//! RTP packets as bytes: parsing what came, writing the header of what goes out (RFC 3550 §5.1).

use std::ops::Range;

/// Bytes of the fixed RTP header, and of every header that we send.
pub(crate) const HEADER: usize = 12;

/// The largest datagram that is taken for RTP, bytes: an Ethernet frame's worth. G.711 at 20 ms
/// needs 172.
pub(crate) const LARGEST: usize = 1500;

/// The fields of the fixed header which differ between packets of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) marker: bool,
    /// 7 bits.
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    /// In samples: 1/8000 s for everything that we carry.
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

/// A parsed packet. The payload is a range, so that the header can be rewritten where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) header: Header,
    /// Where the payload lies in the datagram, without padding. Starts at [`HEADER`] or later.
    pub(crate) payload: Range<usize>,
}

/// The datagram is not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads one datagram. CSRCs, the header extension and padding are skipped: they are the business
/// of the leg on which they came.
pub(crate) fn parse(bytes: &[u8]) -> Result<Packet, Malformed> {
    let fixed = bytes.first_chunk::<HEADER>().ok_or(Malformed)?;
    if bytes.len() > LARGEST || fixed[0] >> 6 != 2 {
        return Err(Malformed);
    }
    let start = HEADER + 4 * usize::from(fixed[0] & 0x0f);
    let start = if fixed[0] & 0x10 == 0 { start } else { after_extension(bytes, start)? };
    let end = if fixed[0] & 0x20 == 0 { bytes.len() } else { before_padding(bytes)? };
    if start > end {
        return Err(Malformed);
    }
    let [_, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *fixed;
    let header = Header {
        marker: second & 0x80 != 0,
        payload_type: second & 0x7f,
        sequence: u16::from_be_bytes([s0, s1]),
        timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        ssrc: u32::from_be_bytes([r0, r1, r2, r3]),
    };
    Ok(Packet { header, payload: start..end })
}

fn after_extension(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let head = bytes.get(at..at + 4).ok_or(Malformed)?;
    Ok(at + 4 + 4 * usize::from(u16::from_be_bytes([head[2], head[3]])))
}

fn before_padding(bytes: &[u8]) -> Result<usize, Malformed> {
    let padding = usize::from(*bytes.last().ok_or(Malformed)?);
    if padding == 0 {
        return Err(Malformed);
    }
    bytes.len().checked_sub(padding).ok_or(Malformed)
}

impl Header {
    /// The header as it goes out: version 2, no CSRC, no extension, no padding.
    pub(crate) fn to_bytes(self) -> [u8; HEADER] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [r0, r1, r2, r3] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        [0x80, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Header = Header {
        marker: true,
        payload_type: 8,
        sequence: 0x1234,
        timestamp: 0x5678_9abc,
        ssrc: 0xdead_beef,
    };

    fn with(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = PLAIN.to_bytes().to_vec();
        bytes[0] = first;
        bytes.extend_from_slice(rest);
        bytes
    }

    #[test]
    fn a_written_header_is_read_back() {
        let packet = parse(&with(0x80, b"voice")).unwrap();
        assert_eq!((packet.header, packet.payload), (PLAIN, 12..17));
    }

    #[test]
    fn everything_around_the_payload_is_skipped() {
        let cases: &[(&str, u8, &[u8], Range<usize>)] = &[
            ("one CSRC", 0x81, b"csrcvoice", 16..21),
            ("an extension of one word", 0x90, b"\x00\x01\x00\x01wordvoice", 20..25),
            ("three bytes of padding", 0xa0, b"voice\x00\x00\x03", 12..17),
            ("nothing but padding", 0xa0, b"\x01", 12..12),
        ];
        for (name, first, rest, payload) in cases {
            let packet = parse(&with(*first, rest)).unwrap();
            assert_eq!(packet.payload, *payload, "{name}");
        }
    }

    #[test]
    fn what_is_not_rtp_is_refused() {
        let cases: &[(&str, Vec<u8>)] = &[
            ("empty", vec![]),
            ("a byte short", PLAIN.to_bytes()[..11].to_vec()),
            ("version 1", with(0x40, b"voice")),
            ("CSRCs beyond the end", with(0x8f, b"voice")),
            ("an extension cut in its head", with(0x90, b"\x00\x01\x00")),
            ("an extension beyond the end", with(0x90, b"\x00\x01\xff\xffvoice")),
            ("padding of zero", with(0xa0, b"voice\x00")),
            ("padding into the header", with(0xa0, b"voice\x07")),
            ("padding beyond the beginning", with(0xa0, b"voice\xff")),
            ("oversize", with(0x80, &[0; LARGEST])),
        ];
        for (name, bytes) in cases {
            assert_eq!(parse(bytes), Err(Malformed), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..LARGEST + 9)) {
            if let Ok(packet) = parse(&bytes) {
                prop_assert!(packet.payload.start >= HEADER);
                prop_assert!(packet.payload.start <= packet.payload.end);
                prop_assert!(packet.payload.end <= bytes.len());
            }
        }
    }
}
