//! A hash over everything that the engine brought about.

use std::fmt::{self, Write};

use timbre_engine::Effects;

/// FNV-1a over the printed form, eight bytes at a time: no library's default can change it under us.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
}

const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Default for Trace {
    fn default() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Trace {
    pub(crate) fn add(&mut self, at: u64, effects: &Effects) {
        self.mix(at);
        // Events say again what changes and actions say.
        let printed = write!(self, "{:?}{:?}", effects.changes, effects.actions);
        debug_assert!(printed.is_ok(), "a hash takes everything");
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(PRIME);
        self.hash ^= self.hash >> 32;
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }
}

impl Write for Trace {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
        Ok(())
    }
}
