//! The switch from outside: real datagrams, real sipp.

mod calls;
mod carrier;
mod dialing;
mod phone;
mod registration;
mod sessions;
mod sipp;
mod torture;
mod world;
