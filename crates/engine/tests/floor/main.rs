//! The floor's rules as scenarios in text, and random inputs against its invariants.

mod answering;
mod applying;
mod bound;
mod campaigns;
mod offers;
mod placing;
mod pooled;
mod random;
mod scenario;
mod streams;
mod surveys;
mod talking;
mod trace;
mod walk;
mod world;
