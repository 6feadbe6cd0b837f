//! Compiles `proto/` without a protoc: protox is a compiler of protobuf in Rust.

use std::path::PathBuf;

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let services = [
        "agenda",
        "agent",
        "floor",
        "call",
        "supervisor",
        "lead",
        "campaign",
        "compliance",
        "do_not_call",
        "attempt",
        "customer",
        "disposition",
        "follow_up",
        "case",
        "event",
        "message",
        "report",
    ];
    let files = services.map(|name| format!("proto/timbre/v1/{name}.proto"));
    let descriptors = protox::compile(&files, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    // The RPC `Connect` would collide with the constructor `connect` that this leaves out.
    tonic_prost_build::configure()
        .build_transport(false)
        // Ordered, so that the same message has the same bytes and faults come in the same order.
        .btree_map(".timbre.v1")
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(descriptors)?;
    Ok(())
}
