//! The floor's rules as scenarios in text, and random inputs against its invariants.

mod answering;
mod applying;
mod offers;
mod random;
mod scenario;
mod streams;
mod talking;
mod trace;
mod world;
