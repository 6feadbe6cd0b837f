//! What an import is answered with.

use crate::api::pb;

/// What became of a batch's leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportCounts {
    /// New ones.
    pub imported: u64,
    /// Those that replaced a lead.
    pub updated: u64,
    /// Those that were there already.
    pub duplicates: u64,
    /// Those that could not be taken for another reason.
    pub rejected: u64,
}

impl ImportCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.imported + self.updated + self.duplicates + self.rejected
    }
}

/// What was not taken of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReject {
    /// Its line in the client's file.
    pub line: u64,
    /// Which field.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// Why.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
    /// The lead was taken without this.
    pub taken: bool,
}

/// The answer to a part of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportAnswer {
    /// The last chunk that is kept.
    pub chunk: u64,
    /// The batch's counts so far.
    pub counts: ImportCounts,
    /// What was not taken of this chunk.
    pub rejects: Vec<ImportReject>,
    /// The batch's leads may be called.
    pub finished: bool,
}

/// As the wire has it.
pub fn answer_to_wire(answer: ImportAnswer) -> pb::ImportResponse {
    let ImportAnswer { chunk, counts, rejects, finished } = answer;
    let ImportCounts { imported, updated, duplicates, rejected } = counts;
    let reject = |ImportReject { line, field, value, reason, remedy, taken }| pb::ImportReject {
        line,
        field,
        value,
        reason,
        remedy,
        taken,
    };
    pb::ImportResponse {
        chunk,
        counts: Some(pb::ImportCounts { imported, updated, duplicates, rejected }),
        rejects: rejects.into_iter().map(reject).collect(),
        finished,
    }
}

/// Reads it back.
pub fn answer_from_wire(wire: pb::ImportResponse) -> ImportAnswer {
    let pb::ImportResponse { chunk, counts, rejects, finished } = wire;
    let reject = |pb::ImportReject { line, field, value, reason, remedy, taken }| ImportReject {
        line,
        field,
        value,
        reason,
        remedy,
        taken,
    };
    ImportAnswer {
        chunk,
        counts: counts_from_wire(counts.unwrap_or_default()),
        rejects: rejects.into_iter().map(reject).collect(),
        finished,
    }
}

/// Reads a batch's counts.
pub fn counts_from_wire(wire: pb::ImportCounts) -> ImportCounts {
    let pb::ImportCounts { imported, updated, duplicates, rejected } = wire;
    ImportCounts { imported, updated, duplicates, rejected }
}
