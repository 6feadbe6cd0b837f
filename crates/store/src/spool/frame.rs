//! How one entry stands in the spool's file: a mark, its length, its checksum, itself.
//!
//! The checksum covers the length too, so that neither a tail of zeros nor a length cut in half reads as an entry. The
//! mark is what is searched for behind a damaged entry, to tell a tail that was never finished from damage in the middle.

use crc::{CRC_32_ISCSI, Crc, Table};

static CHECKSUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

const MARK: [u8; 4] = *b"TSP1";
/// What stands before an entry, in bytes: mark, length and checksum, each of four.
pub(super) const HEAD: usize = 12;
/// Longest entry, in bytes.
pub(super) const LEN_MAX: usize = 64 << 20;

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// Nothing: the bytes are over.
    End,
    /// A whole entry.
    Entry(&'a [u8]),
    /// No entry, or not all of one.
    Damaged,
}

/// The frame of an entry; `None` where it is empty or too long to be kept.
pub(super) fn encode(entry: &[u8]) -> Option<Vec<u8>> {
    if entry.is_empty() || entry.len() > LEN_MAX {
        return None;
    }
    let len = u32::try_from(entry.len()).ok()?.to_le_bytes();
    let mut frame = Vec::with_capacity(HEAD + entry.len());
    frame.extend(MARK);
    frame.extend(len);
    frame.extend(checksum(len, entry).to_le_bytes());
    frame.extend(entry);
    Some(frame)
}

/// How long the entry behind this head claims to be; `None` where this is no head.
pub(super) fn claimed_len(head: [u8; HEAD]) -> Option<usize> {
    let (mark, len) = (&head[..4], word(&head[4..8])?);
    let len = usize::try_from(u32::from_le_bytes(len)).ok()?;
    (mark == MARK && (1..=LEN_MAX).contains(&len)).then_some(len)
}

/// Reads the first frame of `bytes`.
pub(super) fn decode(bytes: &[u8]) -> Found<'_> {
    if bytes.is_empty() {
        return Found::End;
    }
    entry(bytes).map_or(Found::Damaged, Found::Entry)
}

fn entry(bytes: &[u8]) -> Option<&[u8]> {
    let head = <[u8; HEAD]>::try_from(bytes.get(..HEAD)?).ok()?;
    let entry = bytes.get(HEAD..HEAD + claimed_len(head)?)?;
    let sum = u32::from_le_bytes(word(&head[8..])?);
    (checksum(word(&head[4..8])?, entry) == sum).then_some(entry)
}

/// Whether a whole entry stands anywhere in `bytes`.
pub(super) fn any_entry(bytes: &[u8]) -> bool {
    let marks = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    marks.into_iter().any(|(at, _)| entry(&bytes[at..]).is_some())
}

fn word(bytes: &[u8]) -> Option<[u8; 4]> {
    bytes.try_into().ok()
}

fn checksum(len: [u8; 4], entry: &[u8]) -> u32 {
    let mut digest = CHECKSUM.digest();
    digest.update(&len);
    digest.update(entry);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..8)
    }

    fn framed(entries: &[Vec<u8>]) -> Vec<u8> {
        entries.iter().flat_map(|entry| encode(entry).expect("of a fit length")).collect()
    }

    /// All whole entries from the beginning, and what stands behind them.
    fn read(mut bytes: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
        let mut entries = Vec::new();
        while let Found::Entry(entry) = decode(bytes) {
            entries.push(entry.to_vec());
            bytes = &bytes[HEAD + entry.len()..];
        }
        (entries, bytes)
    }

    proptest! {
        #[test]
        fn entries_are_read_back(entries in entries()) {
            let bytes = framed(&entries);
            prop_assert_eq!(read(&bytes), (entries, &[][..]));
        }

        #[test]
        fn a_tail_cut_anywhere_costs_only_the_entry_that_was_cut(
            entries in entries(), cut: prop::sample::Index,
        ) {
            let whole = framed(&entries);
            let (kept, tail) = read(&whole[..cut.index(whole.len())]);
            prop_assert_eq!(&kept, &entries[..kept.len()]);
            prop_assert_eq!(kept.len() < entries.len() && !any_entry(tail), true);
            prop_assert_eq!(tail.is_empty(), framed(&kept).len() == cut.index(whole.len()));
        }

        #[test]
        fn a_changed_byte_is_noticed_and_what_stands_behind_it_is_found(
            entries in entries(), at: prop::sample::Index, flip in 1_u8..,
        ) {
            let mut bytes = framed(&entries);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (kept, tail) = read(&bytes);
            prop_assert_eq!(&kept, &entries[..kept.len()]);
            prop_assert!(kept.len() < entries.len() && framed(&kept).len() <= at);
            prop_assert_eq!(decode(tail), Found::Damaged);
            prop_assert_eq!(any_entry(tail), kept.len() + 1 < entries.len());
        }
    }

    #[test]
    fn zeros_are_no_entry() {
        assert_eq!(decode(&[0; 64]), Found::Damaged);
        assert_eq!(encode(&[]), None);
    }
}
