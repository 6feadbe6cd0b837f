//! gRPC: the only module that sees protobuf.

pub mod client;
pub mod pb;
pub mod wire;
