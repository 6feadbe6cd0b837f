//! What RFC 3550 §A measures of a stream that comes in: loss from the sequence, jitter from the
//! clocks.

use super::packet::Header;
use super::stream::{MAX_DROPOUT, MAX_MISORDER};

/// The statistics of one received stream; they begin anew with another SSRC.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    source: Option<Source>,
}

#[derive(Debug)]
struct Source {
    ssrc: u32,
    /// Extended sequence numbers: cycles in the upper half (§A.1).
    first: u32,
    newest: u32,
    received: u32,
    /// The arrival clock minus the timestamp of the newest voice packet.
    transit: Option<u32>,
    /// In sixteenths of a sample (§A.8).
    jitter: u32,
    expected_before: u32,
    received_before: u32,
}

/// What one packet says about those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// In order, after `lost` that are missing so far.
    Next {
        /// Packets skipped by the sequence.
        lost: u16,
    },
    /// A number that was skipped or seen before.
    Late,
    /// The first of its stream.
    First,
}

/// A reception report (§6.4.1) before it is put into bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) ssrc: u32,
    /// 256ths of what was expected since the last report.
    pub(crate) fraction_lost: u8,
    /// 24 bits, negative when duplicates outnumber losses.
    pub(crate) lost: i32,
    pub(crate) newest: u32,
    /// In samples.
    pub(crate) jitter: u32,
}

impl Reception {
    /// Takes one packet. `clock` is the media clock at its arrival, in samples.
    pub(crate) fn arrive(&mut self, header: &Header, clock: u32, voice: bool) -> Arrival {
        let mut known = self.source.as_mut().filter(|source| source.ssrc == header.ssrc);
        let arrival = known.as_mut().and_then(|source| source.count(header.sequence));
        let Some(arrival) = arrival else {
            let source = self.source.insert(Source::new(header));
            source.time(header.timestamp, clock, voice);
            return Arrival::First;
        };
        if let Some(source) = known {
            source.time(header.timestamp, clock, voice);
        }
        arrival
    }

    /// Interarrival jitter, samples; `None` before a second packet.
    pub(crate) fn jitter(&self) -> Option<u32> {
        let source = self.source.as_ref().filter(|source| source.received > 1)?;
        Some(source.jitter >> 4)
    }

    /// The report on what came since the last one; `None` when nothing ever came.
    pub(crate) fn report(&mut self) -> Option<Report> {
        self.source.as_mut().map(Source::report)
    }
}

impl Source {
    fn new(header: &Header) -> Self {
        Self {
            ssrc: header.ssrc,
            first: u32::from(header.sequence),
            newest: u32::from(header.sequence),
            received: 1,
            transit: None,
            jitter: 0,
            expected_before: 0,
            received_before: 0,
        }
    }

    fn count(&mut self, sequence: u16) -> Option<Arrival> {
        let newest = self.newest as u16;
        let ahead = sequence.wrapping_sub(newest);
        let behind = newest.wrapping_sub(sequence);
        let arrival = if ahead == 0 || (behind <= MAX_MISORDER && ahead > MAX_DROPOUT) {
            Arrival::Late
        } else if ahead <= MAX_DROPOUT {
            self.newest = self.newest.wrapping_add(u32::from(ahead));
            Arrival::Next { lost: ahead - 1 }
        } else {
            return None;
        };
        self.received = self.received.wrapping_add(1);
        Some(arrival)
    }

    /// §A.8, in integers. The packets of a telephone-event share a timestamp: they tell nothing.
    fn time(&mut self, timestamp: u32, clock: u32, voice: bool) {
        if !voice {
            return;
        }
        let transit = clock.wrapping_sub(timestamp);
        if let Some(last) = self.transit.replace(transit) {
            let apart = (transit.wrapping_sub(last) as i32).unsigned_abs();
            // A source that sets its clock anew would otherwise spoil the mean for minutes.
            let apart = apart.min(8000);
            self.jitter = self.jitter + apart - ((self.jitter + 8) >> 4);
        }
    }

    /// §A.3.
    fn report(&mut self) -> Report {
        let expected = self.newest.wrapping_sub(self.first).wrapping_add(1);
        let lost = expected.wrapping_sub(self.received) as i32;
        let due = expected.wrapping_sub(self.expected_before);
        let came = self.received.wrapping_sub(self.received_before);
        self.expected_before = expected;
        self.received_before = self.received;
        let fraction_lost = match due.saturating_sub(came) {
            0 => 0,
            missing => (u64::from(missing) * 256 / u64::from(due)).min(255) as u8,
        };
        Report {
            ssrc: self.ssrc,
            fraction_lost,
            lost: lost.clamp(-0x80_0000, 0x7f_ffff),
            newest: self.newest,
            jitter: self.jitter >> 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Arrival::{First, Late, Next};

    fn header(sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 1 }
    }

    fn arrivals(reception: &mut Reception, sequences: &[u16]) -> Vec<Arrival> {
        let arrive = |sequence: &u16| {
            let timestamp = u32::from(*sequence) * 160;
            reception.arrive(&header(*sequence, timestamp), timestamp, true)
        };
        sequences.iter().map(arrive).collect()
    }

    #[test]
    fn gaps_are_loss_until_the_late_ones_come() {
        let mut reception = Reception::default();
        let seen = arrivals(&mut reception, &[65_533, 65_534, 1, 65_535, 2, 2]);
        let skipped = |lost| Next { lost };
        assert_eq!(seen, [First, skipped(0), skipped(2), Late, skipped(0), Late]);
        let report = reception.report().unwrap();
        // Six expected (65533..=2 over the wrap), six came, one of them twice.
        assert_eq!((report.newest, report.lost, report.fraction_lost), (0x1_0002, 0, 0));
    }

    #[test]
    fn the_fraction_is_of_the_interval_and_the_sum_of_all() {
        let mut reception = Reception::default();
        arrivals(&mut reception, &[1, 2, 5, 6, 7, 8]);
        let report = reception.report().unwrap();
        assert_eq!((report.fraction_lost, report.lost), (64, 2), "2 of 8");
        arrivals(&mut reception, &[9, 10]);
        let report = reception.report().unwrap();
        assert_eq!((report.fraction_lost, report.lost), (0, 2));
    }

    #[test]
    fn a_leap_is_a_new_stream() {
        let mut reception = Reception::default();
        assert_eq!(
            arrivals(&mut reception, &[1, 2, 40_000, 40_001]),
            [First, Next { lost: 0 }, First, Next { lost: 0 }]
        );
        assert_eq!(reception.report().unwrap().lost, 0);
    }

    #[test]
    fn jitter_follows_the_formula() {
        let mut reception = Reception::default();
        // Packets alternate between on time and 5 ms (40 samples) late: |D| is 40 throughout, and
        // J grows towards it by a sixteenth of the rest each time.
        for index in 0..400_u16 {
            let timestamp = u32::from(index) * 160;
            let late = if index % 2 == 0 { 0 } else { 40 };
            reception.arrive(&header(index, timestamp), timestamp + late, true);
            if index == 1 {
                assert_eq!(reception.jitter(), Some(2), "40/16 after one difference");
            }
        }
        assert!((39..=40).contains(&reception.jitter().unwrap()), "{:?}", reception.jitter());
    }
}
