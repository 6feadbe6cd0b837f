//! The switch from outside: real datagrams, real sipp.

mod calls;
mod carrier;
mod crowds;
mod dialed_voice;
mod dialing;
mod dialing_ways;
mod phone;
mod registration;
mod sessions;
mod sipp;
mod torture;
mod world;
