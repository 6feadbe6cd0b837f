//! RTCP of our own: one report in five seconds to each far end, on the stream that it hears.
//!
//! Relaying the other side's reports would be wrong here: SSRC, sequence and counts are ours,
//! and a far end that hears music has nobody whose reports could be relayed.

use super::reception::Report;

/// What we say about the stream that we send (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// Seconds since 1900 in the upper half, their fraction in the lower.
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// When a sender report came last, for the far end to compute its round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastReport {
    /// The middle 32 bits of its NTP time.
    pub(crate) ntp_middle: u32,
    /// Since its arrival, in units of 1/65536 s.
    pub(crate) delay: u32,
}

/// Room for the longest compound packet that [`write`] makes.
pub(crate) const LONGEST: usize = 80;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;

/// Writes a compound packet: a sender report when something was sent, else a receiver report,
/// then the canonical name (§6.1). Returns its length.
pub(crate) fn write(
    out: &mut [u8; LONGEST],
    ssrc: u32,
    sent: Option<Sent>,
    heard: Option<(Report, Option<LastReport>)>,
) -> usize {
    let mut writer = Writer { out, at: 0 };
    let blocks = u8::from(heard.is_some());
    let kind = if sent.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    let words = 1 + if sent.is_some() { 5 } else { 0 } + 6 * u16::from(blocks);
    writer.head(blocks, kind, words);
    writer.word(ssrc);
    if let Some(sent) = sent {
        writer.word((sent.ntp >> 32) as u32);
        writer.word(sent.ntp as u32);
        writer.word(sent.timestamp);
        writer.word(sent.packets);
        writer.word(sent.octets);
    }
    if let Some((report, last)) = heard {
        writer.word(report.ssrc);
        writer.word(u32::from(report.fraction_lost) << 24 | (report.lost as u32 & 0x00ff_ffff));
        writer.word(report.newest);
        writer.word(report.jitter);
        writer.word(last.map_or(0, |last| last.ntp_middle));
        writer.word(last.map_or(0, |last| last.delay));
    }
    writer.canonical_name(ssrc);
    writer.at
}

struct Writer<'a> {
    out: &'a mut [u8; LONGEST],
    at: usize,
}

impl Writer<'_> {
    fn word(&mut self, word: u32) {
        if let Some(room) = self.out.get_mut(self.at..self.at + 4) {
            room.copy_from_slice(&word.to_be_bytes());
            self.at += 4;
        }
    }

    fn head(&mut self, count: u8, kind: u8, words: u16) {
        self.word(u32::from_be_bytes([0x80 | count, kind, (words >> 8) as u8, words as u8]));
    }

    /// One item of eight characters, random as the SSRC is: a name that tells nothing about the
    /// host or the call (RFC 7022 §4.2).
    fn canonical_name(&mut self, ssrc: u32) {
        let digit = |shift: u32| {
            let nibble = (ssrc >> shift) as u8 & 0x0f;
            if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
        };
        self.head(1, SOURCE_DESCRIPTION, 4);
        self.word(ssrc);
        self.word(u32::from_be_bytes([1, 8, digit(28), digit(24)]));
        self.word(u32::from_be_bytes([digit(20), digit(16), digit(12), digit(8)]));
        self.word(u32::from_be_bytes([digit(4), digit(0), 0, 0]));
    }
}

/// The datagram is not an RTCP compound packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Checks a compound packet (§A.2) and finds the middle 32 bits of a sender report's time.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<u32>, Malformed> {
    let first = bytes.first_chunk::<8>().ok_or(Malformed)?;
    let report = [SENDER_REPORT, RECEIVER_REPORT].contains(&first[1]);
    if first[0] >> 6 != 2 || first[0] & 0x20 != 0 || !report {
        return Err(Malformed);
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let head = rest.first_chunk::<4>().ok_or(Malformed)?;
        let length = 4 + 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
        if head[0] >> 6 != 2 {
            return Err(Malformed);
        }
        rest = rest.get(length..).ok_or(Malformed)?;
    }
    let middle = |time: &[u8; 16]| u32::from_be_bytes([time[10], time[11], time[12], time[13]]);
    let time = bytes.first_chunk::<16>().filter(|_| first[1] == SENDER_REPORT);
    Ok(time.map(middle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REPORT: Report =
        Report { ssrc: 0x0102_0304, fraction_lost: 64, lost: -2, newest: 0x1_0002, jitter: 9 };
    const SENT: Sent = Sent { ntp: 0x1111_2222_3333_4444, timestamp: 160, packets: 2, octets: 320 };

    #[test]
    fn a_sender_report_is_as_the_rfc_draws_it() {
        let mut out = [0; LONGEST];
        let last = LastReport { ntp_middle: 0xaabb_ccdd, delay: 0x1_0000 };
        let length = write(&mut out, 0xdead_beef, Some(SENT), Some((REPORT, Some(last))));
        let expected = b"\x81\xc8\x00\x0c\xde\xad\xbe\xef\x11\x11\x22\x22\x33\x33\x44\x44\
            \x00\x00\x00\xa0\x00\x00\x00\x02\x00\x00\x01\x40\
            \x01\x02\x03\x04\x40\xff\xff\xfe\x00\x01\x00\x02\x00\x00\x00\x09\
            \xaa\xbb\xcc\xdd\x00\x01\x00\x00\
            \x81\xca\x00\x04\xde\xad\xbe\xef\x01\x08deadbeef\x00\x00";
        assert_eq!(&out[..length], expected);
        assert_eq!(parse(&out[..length]), Ok(Some(0x2222_3333)));
    }

    #[test]
    fn who_sent_nothing_reports_as_a_receiver() {
        let mut out = [0; LONGEST];
        let length = write(&mut out, 1, None, Some((REPORT, None)));
        assert_eq!(out[1], RECEIVER_REPORT);
        assert_eq!(parse(&out[..length]), Ok(None));
        let length = write(&mut out, 1, None, None);
        assert_eq!(parse(&out[..length]), Ok(None));
        assert_eq!(parse(&out[..length - 1]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 199_u8..204) {
            let mut bytes = bytes;
            if let [first, second, ..] = bytes.as_mut_slice() {
                (*first, *second) = (0x80 | (*first & 0x3f), kind);
            }
            let _ = parse(&bytes);
        }
    }
}
