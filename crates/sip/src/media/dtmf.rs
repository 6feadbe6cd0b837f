//! Keys pressed by a far end: RFC 4733 telephone-events, each reported once.

/// The newest event of one far end.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    newest: Option<Event>,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    ssrc: u32,
    timestamp: u32,
    code: u8,
    duration: u16,
}

impl Keys {
    /// Takes one packet of an event; a key comes back with the first packet that was seen of it,
    /// whichever of them were lost. `timestamp` is the packet's, which names the event.
    pub(crate) fn heard(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<char> {
        let &[code, _, d0, d1] = payload.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([d0, d1]);
        let event = Event { ssrc, timestamp, code, duration };
        let fresh = self.newest.is_none_or(|newest| event.is_another_than(newest));
        if self.newest.is_none_or(|newest| !event.is_older_than(newest)) {
            self.newest = Some(event);
        }
        if fresh { key(code) } else { None }
    }
}

impl Event {
    fn is_older_than(self, newest: Self) -> bool {
        self.ssrc == newest.ssrc && self.timestamp.wrapping_sub(newest.timestamp) > u32::MAX / 2
    }

    fn is_another_than(self, newest: Self) -> bool {
        if self.ssrc != newest.ssrc {
            return true;
        }
        let later = self.timestamp.wrapping_sub(newest.timestamp);
        // A key held beyond what the duration field can say goes on as a further segment that
        // begins where the last one ended (RFC 4733 §2.5.1.3).
        let continues = self.code == newest.code && later == u32::from(newest.duration);
        later != 0 && !self.is_older_than(newest) && !continues
    }
}

/// The key of an event code (RFC 4733 §3.2); the hook flash and the tones of modems are none.
fn key(code: u8) -> Option<char> {
    "0123456789*#ABCD".chars().nth(usize::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(keys: &mut Keys, timestamp: u32, code: u8, duration: u16) -> Option<char> {
        let [d0, d1] = duration.to_be_bytes();
        keys.heard(1, timestamp, &[code, 0x0a, d0, d1])
    }

    #[test]
    fn a_key_is_reported_once_although_packets_repeat() {
        let mut keys = Keys::default();
        let reports: Vec<_> = [160, 320, 480, 480, 480]
            .into_iter()
            .map(|duration| heard(&mut keys, 1000, 5, duration))
            .collect();
        assert_eq!(reports, [Some('5'), None, None, None, None]);
        assert_eq!(heard(&mut keys, 3000, 5, 160), Some('5'), "the same key again");
        assert_eq!(heard(&mut keys, 1000, 5, 480), None, "a straggler of the first");
        assert_eq!(heard(&mut keys, 3000, 5, 320), None, "which does not confuse the second");
    }

    #[test]
    fn a_key_held_long_stays_one_key() {
        let mut keys = Keys::default();
        assert_eq!(heard(&mut keys, 1000, 11, 0xffff), Some('#'));
        assert_eq!(heard(&mut keys, 1000 + 0xffff, 11, 160), None);
        assert_eq!(heard(&mut keys, 1000 + 0xffff, 11, 320), None);
    }

    #[test]
    fn codes_are_keys_as_the_registry_has_them() {
        let mut keys = Keys::default();
        let all: String =
            (0..=20).filter_map(|code| heard(&mut keys, u32::from(code) * 800, code, 8)).collect();
        assert_eq!(all, "0123456789*#ABCD");
        assert_eq!(keys.heard(1, 90_000, &[1, 0, 0]), None, "cut short");
    }

    #[test]
    fn a_new_source_begins_anew() {
        let mut keys = Keys::default();
        assert_eq!(keys.heard(1, 1000, &[1, 0, 0, 8]), Some('1'));
        assert_eq!(keys.heard(2, 1000, &[1, 0, 0, 8]), Some('1'));
    }
}
