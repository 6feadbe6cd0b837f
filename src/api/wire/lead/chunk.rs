//! Leads on their way to the server.

use prost::Message as _;

use super::raw_to_wire;
use crate::api::{limits, pb};
use crate::leads::RawLead;

/// A lead as a client's file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLead {
    /// Its line in the file, for rejects.
    pub line: u64,
    /// What stands there.
    pub raw: RawLead,
}

/// Leads that are sent, kept and acknowledged together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportChunk {
    leads: Vec<pb::ImportLead>,
    bytes: usize,
}

const _: () = assert!(ImportChunk::BYTES_FULL * 4 <= limits::IMPORT_MESSAGE_MAX);

impl ImportChunk {
    /// Most leads that the server takes at once.
    pub const LEADS_MAX: usize = limits::IMPORT_CHUNK_MAX;
    /// With so many bytes of leads a chunk is full: far from what a message may have.
    pub const BYTES_FULL: usize = 1 << 20;

    /// Adds a lead; how many bytes the chunk's leads now take on the wire.
    pub fn push(&mut self, lead: ClientLead) -> usize {
        let ClientLead { line, raw } = lead;
        let lead = pb::ImportLead { line, person: Some(raw_to_wire(raw)) };
        self.bytes += lead.encoded_len();
        self.leads.push(lead);
        self.bytes
    }

    /// It should be sent before another lead is added.
    pub fn is_full(&self) -> bool {
        self.leads.len() >= Self::LEADS_MAX || self.bytes >= Self::BYTES_FULL
    }

    /// How many leads there are.
    pub fn len(&self) -> usize {
        self.leads.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.leads.is_empty()
    }

    pub(in crate::api) fn into_wire(self, number: u64) -> pb::ImportChunk {
        let Self { leads, bytes: _ } = self;
        pb::ImportChunk { number, leads }
    }
}

impl FromIterator<ClientLead> for ImportChunk {
    fn from_iter<T: IntoIterator<Item = ClientLead>>(leads: T) -> Self {
        let mut chunk = Self::default();
        for lead in leads {
            chunk.push(lead);
        }
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(line: u64, name: &str) -> ClientLead {
        ClientLead { line, raw: RawLead { name: name.to_owned(), ..RawLead::default() } }
    }

    #[test]
    fn a_chunk_is_full_by_leads_or_by_bytes() {
        let mut chunk: ImportChunk = (1..1_000).map(|line| lead(line, "Ana")).collect();
        assert!(!chunk.is_full());
        let wire = chunk.clone().into_wire(7);
        let bytes: usize = wire.leads.iter().map(pb::ImportLead::encoded_len).sum();
        let last = pb::ImportLead { line: 1, person: Some(pb::Person::default()) }.encoded_len();
        assert_eq!(chunk.push(lead(1, "")), bytes + last);
        assert!(chunk.is_full(), "{}", chunk.len());
        let long = lead(1, &"x".repeat(ImportChunk::BYTES_FULL));
        assert!(ImportChunk::from_iter([long]).is_full());
    }
}
