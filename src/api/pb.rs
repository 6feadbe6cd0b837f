//! The types that `build.rs` compiles from `proto/timbre/v1`.

#![expect(missing_docs, reason = "generated; the protos are documented")]
#![expect(clippy::all, clippy::allow_attributes, reason = "generated")]

tonic::include_proto!("timbre.v1");

/// The compiled protos, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
